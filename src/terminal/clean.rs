//! Text without what a terminal would act on.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::{colours, sequence};

pub(super) const ESCAPE: char = '\u{1b}';
const RESET: &str = "\u{1b}[0m";
/// As many bytes are looked at before it is asked whether one of them was suspicious: the processor takes them together.
const AT_ONCE: usize = 64;

/// `text` without control characters (C0, DEL, C1) but tab and line feed, and without the characters that turn the direction
/// of what follows. An escape sequence goes as a whole; of any other character a visible sign takes the place.
pub fn clean(text: &str) -> Cow<'_, str> {
    if !is_plain(text.as_bytes()) && text.contains(|c| acts(c) && c != '\n') {
        Cow::Owned(cleaned(text, |c| c == '\n', false))
    } else {
        Cow::Borrowed(text)
    }
}

/// The same, and a line feed is shown as a sign too: text of others stays on the line that it is put into.
pub fn clean_line(text: &str) -> Cow<'_, str> {
    if !is_plain(text.as_bytes()) && text.contains(acts) {
        Cow::Owned(cleaned(text, |_| false, false))
    } else {
        Cow::Borrowed(text)
    }
}

/// The same as [`clean_line`], with the colours that the text sets for itself (ECMA-48, SGR): those that hide text are left out, and
/// they end where the text ends.
pub fn with_colours(text: &str) -> Cow<'_, str> {
    if !is_plain(text.as_bytes()) && text.contains(acts) {
        Cow::Owned(cleaned(text, |_| false, true))
    } else {
        Cow::Borrowed(text)
    }
}

/// The same as [`clean_line`] of bytes that may be no text: those that are none stay, but for the ones that an 8-bit terminal takes for
/// control characters.
pub fn clean_bytes(line: &[u8]) -> Cow<'_, [u8]> {
    if is_plain(line) {
        return Cow::Borrowed(line);
    }
    if let Ok(text) = std::str::from_utf8(line) {
        return match clean_line(text) {
            Cow::Borrowed(_) => Cow::Borrowed(line),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        };
    }
    let mut clean = Vec::with_capacity(line.len());
    for chunk in line.utf8_chunks() {
        clean.extend_from_slice(clean_line(chunk.valid()).as_bytes());
        for byte in chunk.invalid() {
            match byte {
                0x80..=0x9f => clean.extend_from_slice("·".as_bytes()),
                byte => clean.push(*byte),
            }
        }
    }
    Cow::Owned(clean)
}

/// JSON whose strings hold nothing that a terminal acts on: what JSON lets stand as it is (DEL, C1, marks of direction) is written as
/// `\uXXXX`, which means the same.
pub fn escaped_json(json: &str) -> Cow<'_, str> {
    // The rest is escaped by whoever writes JSON, or is white space between its parts.
    let is_left = |c: char| c >= '\u{7f}' && acts(c);
    if is_plain(json.as_bytes()) || !json.contains(is_left) {
        return Cow::Borrowed(json);
    }
    let mut escaped = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if is_left(c) {
            // A String takes everything; none of these has more than four digits.
            let _infallible = write!(escaped, "\\u{:04x}", u32::from(c));
        } else {
            escaped.push(c);
        }
    }
    Cow::Owned(escaped)
}

/// Whether it has printable ASCII and tabs only: then there is nothing to look for.
fn is_plain(text: &[u8]) -> bool {
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~' | b'\t');
    // Without a way out in the middle: such a loop is done for many bytes at once.
    let all = |part: &[u8]| part.iter().fold(true, |all, byte| all & is_plain(byte));
    text.chunks(AT_ONCE).all(all)
}

/// Whether a terminal acts on it, but for a tab. The separators of lines and paragraphs begin a line for many who read the text later.
fn acts(c: char) -> bool {
    (c.is_control() && c != '\t') || turns(c) || matches!(c, '\u{2028}' | '\u{2029}')
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
                let set = sequence::skip(&mut chars).filter(|_| colours);
                if let Some(colours) = set.and_then(|set| colours::visible(&set)) {
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
            ("\u{1b}]0;title\u{9c}after", "after"),
            ("\u{1b}[1A\u{1b}[2Khidden", "hidden"),
            ("\u{1b}[31mred\u{1b}[0m", "red"),
            ("a\rb\u{8}c\u{7f}", "a␍b␈c␡"),
            ("\u{9b}31mC1\u{9d}0;t\u{9c}", "·31mC1·0;t·"),
            ("\u{1b}", ""),
            ("\u{1b}[3\r1m", "␍1m"),
            ("\u{1b}Pq#0\u{1b}\\x", "x"),
            ("abc\u{202e}fed", "abc·fed"),
            ("a\u{2028}b", "a·b"),
            ("\u{1b}(B\u{1b}[mtput", "tput"),
        ] {
            assert_eq!(clean(text), wanted, "{text:?}");
        }
        assert_eq!(clean_line("a\nerror: b"), "a␊error: b");
    }

    #[test]
    fn what_is_no_sequence_hides_no_text() {
        for (text, wanted) in [
            // Without an end, they would swallow all that follows.
            ("\u{1b}]0;the rest", "0;the rest"),
            ("\u{1b}Pthe rest", "the rest"),
            ("\u{1b}]0;t\nnext", "0;t\nnext"),
            ("\u{1b}]0;\u{1b}[31mred", "0;red"),
            ("\u{1b}[日本", "日本"),
            ("\u{1b}é", "é"),
        ] {
            assert_eq!(clean(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn colours_stay_where_they_are_wanted_and_none_hides_text() {
        for (text, wanted) in [
            ("\u{1b}[31mred", "\u{1b}[31mred\u{1b}[0m"),
            ("\u{1b}[mx", "\u{1b}[mx\u{1b}[0m"),
            ("\u{1b}[8mhidden", "hidden"),
            ("\u{1b}[08mhidden", "hidden"),
            ("\u{1b}[008;31mx", "\u{1b}[31mx\u{1b}[0m"),
            ("\u{1b}[8:1mhidden", "hidden"),
            ("\u{1b}[65544mx", "x"),
            ("\u{1b}[1;8;31mx", "\u{1b}[1;31mx\u{1b}[0m"),
            ("\u{1b}[38;5;8mx", "\u{1b}[38;5;8mx\u{1b}[0m"),
            ("\u{1b}[38:5:8mx", "\u{1b}[38:5:8mx\u{1b}[0m"),
            ("\u{1b}[38;2;1;7;8;4mx", "\u{1b}[38;2;1;7;8;4mx\u{1b}[0m"),
            ("\u{1b}[38;5mx", "x"),
            ("\u{1b}[58;5;8mx", "x"),
            ("\u{1b}[>4;2mx", "x"),
            ("\u{1b}[?8mx", "x"),
            ("\u{1b}[2Jx", "x"),
        ] {
            assert_eq!(with_colours(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_stay_and_those_of_an_8_bit_terminal_do_not() {
        for (bytes, wanted) in [
            (&b"caf\xe9 \xff"[..], &b"caf\xe9 \xff"[..]),
            (b"a\x9b31mb", "a·31mb".as_bytes()),
            (b"\xff\x1b[2Jx", b"\xffx"),
            // Parts that would be one character without what stands between them.
            (b"\xc2\x1b[0m\x9b2J", b"\xc2\xc2\xb72J"),
            (b"\xe2\x80\x1b[0m\xae", b"\xe2\xc2\xb7\xae"),
            ("é日".as_bytes(), "é日".as_bytes()),
        ] {
            assert_eq!(&*clean_bytes(bytes), wanted, "{bytes:?}");
        }
        assert!(matches!(clean_bytes("é日".as_bytes()), Cow::Borrowed(_)));
    }

    #[test]
    fn json_means_the_same() {
        let value = serde_json::json!({ "a\u{7f}": "b\u{9b}\u{202e}\u{2028}é\n\u{1b}" });
        let text = value.to_string();
        let escaped = escaped_json(&text);
        assert!(!escaped.contains(acts), "{escaped}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&escaped).unwrap(), value);
    }

    proptest! {
        #[test]
        fn nothing_that_acts_is_left(mut text in "(\\PC|[\u{1b}\\[\\]P()0-9;:m\r\n\t\u{7}\u{9b}\u{9c}\u{9d}\u{202e}\u{2028}\u{7f}]){0,60}") {
            let left = |text: &str, newline: bool| text.contains(|c| acts(c) && (c != '\n' || !newline));
            let once = clean(&text).into_owned();
            prop_assert!(!left(&once, true));
            prop_assert_eq!(&*clean(&once), once.as_str());
            prop_assert!(!left(&clean_line(&text), false));
            let coloured = with_colours(&text).into_owned();
            prop_assert!(!left(&console::strip_ansi_codes(&coloured), false), "{coloured:?}");
            // What is coloured is the same text.
            prop_assert_eq!(&*console::strip_ansi_codes(&coloured), &*clean_line(&text));
            // What has nothing of the kind is not touched.
            text.retain(|c| !acts(c));
            prop_assert_eq!(clean_line(&text), text.as_str());
        }

        #[test]
        fn no_byte_that_acts_is_left(bytes in proptest::collection::vec(prop_oneof![
            Just(0x1b), Just(b'['), Just(b'm'), Just(0xc2), Just(0xe2), 0x80..=0xaeu8, any::<u8>(),
        ], 0..40)) {
            let cleaned = clean_bytes(&bytes);
            for chunk in cleaned.utf8_chunks() {
                prop_assert!(!chunk.valid().contains(acts));
                prop_assert!(!chunk.invalid().iter().any(|byte| matches!(byte, 0x80..=0x9f)), "{cleaned:?}");
            }
        }
    }
}
