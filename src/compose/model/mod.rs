//! The Compose file as resolved values: interpolated, merged, paths absolute, defaults filled in.
//!
//! Serialising a [`Stack`] gives Compose's canonical form (what `docker compose config` prints), so one
//! representation serves `config`, the drift check and the engine. Field meanings are those of the Compose
//! specification (`compose-spec/05-services.md` and following); units are bytes and nanoseconds.

mod build;
mod images;
mod limits;
mod mount;
mod network;
mod object;
mod one_off;
mod service;
mod stack;

use std::collections::BTreeMap;

pub use build::*;
pub use images::*;
pub use limits::*;
pub use mount::*;
pub use network::*;
pub use object::*;
pub use one_off::OneOff;
pub use service::*;
pub use stack::*;

/// A map whose values may be absent (`KEY` without a value: taken from the caller's environment, else dropped).
pub type OptionalMap = BTreeMap<String, Option<String>>;

/// Compose prints byte sizes as text.
mod as_text {
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::ref_option, reason = "serde passes the field by reference")]
    pub(super) fn serialize<S: Serializer>(value: &Option<i64>, serializer: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => serializer.collect_str(value),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| text.parse().map_err(serde::de::Error::custom))
            .transpose()
    }
}
