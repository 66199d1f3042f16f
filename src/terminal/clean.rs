//! Text without what a terminal would act on.

use std::borrow::Cow;
use std::iter::Peekable;
use std::str::Chars;

const ESCAPE: char = '\u{1b}';
const RESET: &str = "\u{1b}[0m";

/// `text` without control characters (C0, DEL, C1) but tab and line feed, and without the characters that turn the direction
/// of what follows. An escape sequence goes as a whole; of any other character a visible sign takes the place.
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.contains(|c| acts(c) && c != '\n') {
        Cow::Owned(cleaned(text, |c| c == '\n', false))
    } else {
        Cow::Borrowed(text)
    }
}

/// The same, and a line feed is shown as a sign too: text of others stays on the line that it is put into.
pub fn clean_line(text: &str) -> Cow<'_, str> {
    if text.contains(acts) {
        Cow::Owned(cleaned(text, |_| false, false))
    } else {
        Cow::Borrowed(text)
    }
}

/// The same as [`clean_line`], with the colours that the text sets for itself (ECMA-48, SGR): those that hide text are left out, and
/// they end where the text ends.
pub fn with_colours(text: &str) -> Cow<'_, str> {
    if text.contains(acts) {
        Cow::Owned(cleaned(text, |_| false, true))
    } else {
        Cow::Borrowed(text)
    }
}

/// Whether a terminal acts on it, but for a tab.
fn acts(c: char) -> bool {
    (c.is_control() && c != '\t') || turns(c)
}

/// Whether it changes the direction of the text after it (Unicode Bidirectional Algorithm, explicit formatting).
fn turns(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn cleaned(text: &str, stays: impl Fn(char) -> bool, colours: bool) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut coloured = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            ESCAPE => {
                if let Some(colours) = sequence(&mut chars).filter(|_| colours).and_then(|set| visible(&set)) {
                    clean.push_str(&colours);
                    coloured = true;
                }
            }
            c if !acts(c) || stays(c) => clean.push(c),
            // Unicode's own signs for them.
            '\0'..='\u{1f}' => clean.push(char::from_u32(0x2400 + u32::from(c)).unwrap_or('·')),
            '\u{7f}' => clean.push('␡'),
            _ => clean.push('·'),
        }
    }
    if coloured {
        clean.push_str(RESET);
    }
    clean
}

/// Reads what follows an escape; gives the parameters when it sets colours.
fn sequence(chars: &mut Peekable<Chars<'_>>) -> Option<String> {
    match chars.next_if(|c| !c.is_control())? {
        '[' => {
            let mut parameters = String::new();
            // A control character in it is shown, not swallowed with it.
            while let Some(c) = chars.next_if(|c| !c.is_control()) {
                match c {
                    'm' => return Some(parameters),
                    '0'..='9' | ';' | ':' => parameters.push(c),
                    '@'..='~' => return None,
                    _ => {}
                }
            }
            None
        }
        // A title or link: up to a bell or `ESC \`.
        ']' | 'P' | '^' | '_' | 'X' => {
            while let Some(c) = chars.next_if(|c| *c != '\n') {
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

/// The sequence that sets `parameters`, unless one of them hides text (ECMA-48: 8 conceals; 5 and 6 blink; 7 swaps the colours).
fn visible(parameters: &str) -> Option<String> {
    let mut kept = Vec::new();
    let mut all = parameters.split(';');
    while let Some(parameter) = all.next() {
        match parameter {
            "5" | "6" | "7" | "8" => {}
            // A colour by number or by its parts: what follows belongs to it.
            "38" | "48" => {
                let kind = all.next()?;
                let count = match kind {
                    "5" => 1,
                    "2" => 3,
                    _ => return None,
                };
                let parts: Vec<&str> = all.by_ref().take(count).collect();
                kept.extend([parameter, kind]);
                kept.extend(parts);
            }
            other => kept.push(other),
        }
    }
    (!kept.is_empty()).then(|| format!("{ESCAPE}[{}m", kept.join(";")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_a_terminal_acts_on_goes_and_the_rest_stays() {
        for (text, wanted) in [
            ("plain\ttext", "plain\ttext"),
            ("two\nlines", "two\nlines"),
            ("\u{1b}]52;c;aGk=\u{7}after", "after"),
            ("\u{1b}]0;title\u{1b}\\after", "after"),
            ("\u{1b}[1A\u{1b}[2Khidden", "hidden"),
            ("\u{1b}[31mred\u{1b}[0m", "red"),
            ("a\rb\u{8}c\u{7f}", "a␍b␈c␡"),
            ("\u{9b}31mC1\u{9d}0;t\u{9c}", "·31mC1·0;t·"),
            ("\u{1b}", ""),
            ("\u{1b}[3\r1m", "␍1m"),
            ("\u{1b}Pq#0\u{1b}\\x", "x"),
            ("abc\u{202e}fed", "abc·fed"),
        ] {
            assert_eq!(clean(text), wanted, "{text:?}");
        }
        assert_eq!(clean_line("a\nerror: b"), "a␊error: b");
    }

    #[test]
    fn colours_stay_where_they_are_wanted_and_none_hides_text() {
        for (text, wanted) in [
            ("\u{1b}[31mred", "\u{1b}[31mred\u{1b}[0m"),
            ("\u{1b}[8mhidden", "hidden"),
            ("\u{1b}[1;8;31mx", "\u{1b}[1;31mx\u{1b}[0m"),
            ("\u{1b}[38;5;8mx", "\u{1b}[38;5;8mx\u{1b}[0m"),
            ("\u{1b}[38;2;1;7;8;4mx", "\u{1b}[38;2;1;7;8;4mx\u{1b}[0m"),
            ("\u{1b}[2Jx", "x"),
        ] {
            assert_eq!(with_colours(text), wanted, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_acts_is_left(mut text in "(\\PC|[\u{1b}\\[\\]0-9;m\r\n\t\u{7}\u{9b}\u{9d}\u{202e}\u{7f}]){0,60}") {
            let left = |text: &str, newline: bool| text.contains(|c| acts(c) && (c != '\n' || !newline));
            prop_assert!(!left(&clean(&text), true));
            prop_assert!(!left(&clean_line(&text), false));
            let coloured = with_colours(&text).into_owned();
            prop_assert!(!left(&console::strip_ansi_codes(&coloured), false), "{coloured:?}");
            // What has nothing of the kind is not touched.
            text.retain(|c| !acts(c));
            prop_assert_eq!(clean_line(&text), text.as_str());
        }
    }
}
