//! "Did you mean".

use crate::failure::Failure;
use crate::nearest::nearest;

/// Adds what `name` may have been meant to be, when something of `known` is close to it.
pub(super) fn unknown<'k>(failure: Failure, name: &str, known: impl IntoIterator<Item = &'k &'k str>) -> Failure {
    match nearest(name, known.into_iter().copied()) {
        Some(near) => failure.hint(format!("did you mean `{near}`?")),
        None => failure,
    }
}
