//! Texts in `LogQL`, the query language of Loki.

use std::fmt::Write as _;

/// `text` as a string of `LogQL`, whatever it holds: in double quotes, with the escapes of Go's strings, which are `LogQL`'s too
/// (<https://grafana.com/docs/loki/latest/query/>).
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // A query is one line, and whoever reads it on a terminal reads all of it.
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                // A String takes everything.
                let _infallible = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::quoted;

    /// What a reader of Go's strings makes of one; none if it ends early or late.
    fn unquoted(text: &str) -> Option<String> {
        let mut chars = text.strip_prefix('"')?.chars();
        let mut out = String::new();
        loop {
            match chars.next()? {
                '"' => return chars.next().is_none().then_some(out),
                '\n' => return None,
                '\\' => out.push(match chars.next()? {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    'u' => {
                        let digits: String = chars.by_ref().take(4).collect();
                        char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?
                    }
                    c @ ('"' | '\\') => c,
                    _ => return None,
                }),
                c => out.push(c),
            }
        }
    }

    #[test]
    fn nothing_in_a_label_ends_its_string() {
        for (text, wanted) in [
            ("app-runner", r#""app-runner""#),
            (r#"a" } or {b=~".+"#, r#""a\" } or {b=~\".+""#),
            (r"a\", r#""a\\""#),
            ("a\nb\r\tc", r#""a\nb\r\tc""#),
            ("a`b", "\"a`b\""),
            ("\u{1b}[2J\u{0}\u{85}", r#""\u001b[2J\u0000\u0085""#),
            ("größe 😀", "\"größe 😀\""),
            ("", r#""""#),
        ] {
            assert_eq!(quoted(text), wanted);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_one_string_of_one_line(text in any::<String>()) {
            let written = quoted(&text);
            prop_assert!(!written.contains(char::is_control), "{}", written);
            prop_assert_eq!(unquoted(&written), Some(text));
        }
    }
}
