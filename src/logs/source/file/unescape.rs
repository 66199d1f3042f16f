//! The inside of a JSON string as bytes.

use memchr::memchr;

/// Appends the text that `escaped` means to `to`. What is not an escape of JSON is kept as it is.
pub(super) fn unescape(escaped: &[u8], to: &mut Vec<u8>) {
    let mut rest = escaped;
    while let Some(at) = memchr(b'\\', rest) {
        to.extend_from_slice(&rest[..at]);
        let Some(escape) = rest.get(at + 1) else {
            to.push(b'\\');
            return;
        };
        rest = &rest[at + 2..];
        match escape {
            b'"' | b'\\' | b'/' => to.push(*escape),
            b'n' => to.push(b'\n'),
            b'r' => to.push(b'\r'),
            b't' => to.push(b'\t'),
            b'b' => to.push(8),
            b'f' => to.push(12),
            b'u' => rest = unicode(rest, to),
            other => to.extend_from_slice(&[b'\\', *other]),
        }
    }
    to.extend_from_slice(rest);
}

/// Appends the character of `XXXX…`, with the second half of a pair if there is one, and gives what follows.
fn unicode<'t>(text: &'t [u8], to: &mut Vec<u8>) -> &'t [u8] {
    let Some(first) = hex(text) else {
        to.extend_from_slice(b"\\u");
        return text;
    };
    let mut rest = &text[4..];
    let mut code = first;
    if (0xD800..0xDC00).contains(&first)
        && let Some(second) = rest.strip_prefix(b"\\u").and_then(hex)
        && (0xDC00..0xE000).contains(&second)
    {
        code = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
        rest = &rest[6..];
    }
    let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    to.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    rest
}

fn hex(text: &[u8]) -> Option<u32> {
    text.get(..4)?
        .iter()
        .try_fold(0, |code, byte| Some(code << 4 | char::from(*byte).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// `serde_json` agrees, whatever the text.
        #[test]
        fn is_what_was_escaped(text in any::<String>(), ascii in any::<bool>()) {
            let mut json = serde_json::Value::String(text.clone()).to_string();
            if ascii {
                json = json.chars().flat_map(|c| {
                    let mut units = [0; 2];
                    let escaped = if c.is_ascii() { vec![c.to_string()] } else {
                        c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04X}")).collect()
                    };
                    escaped.concat().chars().collect::<Vec<_>>()
                }).collect();
            }
            let mut got = Vec::new();
            unescape(&json.as_bytes()[1..json.len() - 1], &mut got);
            prop_assert_eq!(got, text.into_bytes());
        }

        #[test]
        fn never_panics(text in r#"[\\u0-9a-fDd"n]{0,30}"#) {
            unescape(text.as_bytes(), &mut Vec::new());
        }
    }
}
