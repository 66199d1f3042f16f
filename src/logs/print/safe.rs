//! A container's line for a terminal: colours may stay, what moves the cursor or sets a title may not.

use std::iter::Peekable;
use std::str::Chars;

const ESCAPE: char = '\u{1b}';
const RESET: &str = "\u{1b}[0m";

/// The line as a terminal may have it. Of a progress bar's states, which a carriage return parts, the last is left.
pub(super) fn line(bytes: &[u8], colour: bool) -> String {
    let bytes = super::without_return(bytes);
    let last = bytes.rsplit(|byte| *byte == b'\r').find(|part| !part.is_empty());
    text(&String::from_utf8_lossy(last.unwrap_or_default()), colour)
}

/// Text without what a terminal would act on.
pub(super) fn text(text: &str, colour: bool) -> String {
    if !text.contains(|c: char| c.is_control() && c != '\t') {
        return text.to_owned();
    }
    let mut safe = String::with_capacity(text.len());
    let mut coloured = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            ESCAPE => {
                if let Some(colours) = sequence(&mut chars).filter(|_| colour) {
                    safe.push_str(&colours);
                    coloured = true;
                }
            }
            '\t' => safe.push(c),
            '\0'..='\u{1f}' => safe.push(char::from_u32(0x2400 + u32::from(c)).unwrap_or('·')),
            '\u{7f}' => safe.push('␡'),
            c if c.is_control() => {}
            c => safe.push(c),
        }
    }
    if coloured {
        safe.push_str(RESET);
    }
    safe
}

/// Reads what follows an escape; gives it when it sets colours.
fn sequence(chars: &mut Peekable<Chars<'_>>) -> Option<String> {
    match chars.next()? {
        '[' => {
            let mut parameters = String::new();
            for c in chars.by_ref() {
                match c {
                    'm' => return Some(format!("{ESCAPE}[{parameters}m")),
                    '0'..='9' | ';' | ':' => parameters.push(c),
                    '@'..='~' => return None,
                    _ => {}
                }
            }
            None
        }
        // A title or link: up to a bell or `ESC \`.
        ']' | 'P' | '^' | '_' => {
            while let Some(c) = chars.next() {
                if c == '\u{7}' {
                    break;
                }
                if c == ESCAPE {
                    chars.next_if_eq(&'\\');
                    break;
                }
            }
            None
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn nothing_but_colours_is_left(bytes in proptest::collection::vec(any::<u8>(), 0..60), escapes in proptest::collection::vec(0..60usize, 0..8)) {
            let mut bytes = bytes;
            for at in escapes {
                bytes.insert(at.min(bytes.len()), 0x1b);
            }
            let plain = line(&bytes, false);
            prop_assert!(!plain.contains(|c: char| c.is_control() && c != '\t'), "{plain:?}");
            let coloured = console::strip_ansi_codes(&line(&bytes, true)).into_owned();
            prop_assert!(!coloured.contains(|c: char| c.is_control() && c != '\t'), "{coloured:?}");
        }
    }
}
