//! logfmt, as Loki, Promtail, Grafana and many Go programs write it: `level=error ts=… caller=… msg="…"`.

use serde_json::{Map, Value};

use super::{Format, Level, Parts, Stated, text};

pub(super) const FORMAT: Format = Format {
    name: "logfmt",
    level,
    parts,
};

const LEVEL_KEYS: [&[u8]; 4] = [b"level", b"lvl", b"severity", b"t"];

/// Whether the line begins with `key=`.
fn begins_with_a_pair(line: &[u8]) -> bool {
    let key = line.iter().take(40).take_while(|byte| is_of_a_key(**byte)).count();
    key > 0 && line.get(key) == Some(&b'=') && line.get(key + 1).is_some_and(|byte| *byte != b'=')
}

fn is_of_a_key(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/')
}

fn level(line: &[u8]) -> Option<Stated> {
    if !begins_with_a_pair(line) {
        return None;
    }
    let mut pairs = Pairs { rest: line };
    let mut count = 0;
    for (key, value) in &mut pairs {
        count += 1;
        // Grafana's `t=` is a time, which is not a level's word.
        if LEVEL_KEYS.contains(&key)
            && let Some(level) = Level::of_word(value)
        {
            return Some(Stated(Some(level)));
        }
    }
    (count >= 2).then_some(Stated(None))
}

struct Pairs<'l> {
    rest: &'l [u8],
}

impl<'l> Iterator for Pairs<'l> {
    type Item = (&'l [u8], &'l [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            self.rest = self.rest.trim_ascii_start();
            if self.rest.is_empty() {
                return None;
            }
            let key = self.rest.iter().take_while(|byte| is_of_a_key(**byte)).count();
            let (name, after) = self.rest.split_at(key);
            if key > 0 && after.first() == Some(&b'=') {
                let value = &after[1..];
                let (value, rest) = if value.first() == Some(&b'"') {
                    let inside = &value[1..];
                    let end = end_of_quotes(inside);
                    (&inside[..end], inside.get(end + 1..).unwrap_or_default())
                } else {
                    let end = value.iter().position(u8::is_ascii_whitespace).unwrap_or(value.len());
                    value.split_at(end)
                };
                self.rest = rest;
                return Some((name, value));
            }
            // A word without a value is stepped over.
            let end = self
                .rest
                .iter()
                .position(u8::is_ascii_whitespace)
                .unwrap_or(self.rest.len());
            self.rest = &self.rest[end..];
        }
    }
}

fn end_of_quotes(inside: &[u8]) -> usize {
    let mut escaped = false;
    for (at, byte) in inside.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at,
            _ => {}
        }
    }
    inside.len()
}

#[expect(clippy::unnecessary_wraps, reason = "the signature of the table")]
fn parts(line: &[u8]) -> Option<Parts> {
    let mut parts = Parts::default();
    for (key, value) in (Pairs { rest: line }) {
        let value = unescaped(value);
        match key {
            b"msg" | b"message" if parts.message.is_empty() => parts.message = value,
            b"level" | b"lvl" | b"severity" if Level::of_word(value.as_bytes()).is_some() => {}
            _ => {
                parts.fields.insert(text(key), Value::String(value));
            }
        }
    }
    if parts.message.is_empty() {
        // Without a message the line is the message.
        parts = Parts {
            message: text(line),
            fields: Map::new(),
            exception: None,
        };
    }
    Some(parts)
}

fn unescaped(value: &[u8]) -> String {
    let value = text(value);
    if !value.contains('\\') {
        return value;
    }
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match (c, chars.as_str().chars().next()) {
            ('\\', Some(escaped @ ('"' | '\\' | 'n' | 't'))) => {
                chars.next();
                out.push(match escaped {
                    'n' => '\n',
                    't' => '\t',
                    other => other,
                });
            }
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_is_a_pair_of_its_own() {
        for (line, wanted) in [
            (
                r#"ts=2026-11-23T20:00:00Z caller=x level=warn msg="level=error""#,
                Some(Some(Level::Warning)),
            ),
            (r#"msg="a level=error inside" n=1"#, Some(None)),
            ("a=1", None),
            ("no pair level=error", None),
        ] {
            assert_eq!(level(line.as_bytes()).map(|stated| stated.0), wanted, "{line}");
        }
        let parts = parts(br#"level=error ts=2026 caller=a.go:1 msg="said \"no\"" err="x y""#).unwrap();
        assert_eq!(parts.message, "said \"no\"");
        assert_eq!(parts.fields["err"], "x y");
        let parts = super::parts(br#"level=odd msg="C:\\new\nline""#).unwrap();
        assert_eq!(
            (parts.message.as_str(), &parts.fields["level"]),
            ("C:\\new\nline", &"odd".into())
        );
    }
}
