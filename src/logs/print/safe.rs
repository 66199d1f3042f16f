//! A container's line for a terminal.

use crate::terminal::{clean_line, with_colours};

/// The line as a terminal may have it: colours may stay. Of a progress bar's states, which a carriage return parts, the last is left.
pub(super) fn line(bytes: &[u8], colour: bool) -> String {
    let bytes = super::without_return(bytes);
    let last = bytes.rsplit(|byte| *byte == b'\r').find(|part| !part.is_empty());
    text(&String::from_utf8_lossy(last.unwrap_or_default()), colour)
}

/// Text without what a terminal would act on.
pub(super) fn text(text: &str, colour: bool) -> String {
    if colour { with_colours(text) } else { clean_line(text) }.into_owned()
}
