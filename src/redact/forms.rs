//! How a key may look where it is printed: as it is, and as programs write it into JSON, an address or a header.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What an address keeps as it is (RFC 3986, unreserved).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// `key` in all the forms that are looked for.
pub(super) fn of(key: &str) -> Vec<String> {
    let mut all = vec![key.to_owned()];
    all.extend(in_json(key));
    all.extend(in_an_address(key));
    all.extend(in_base64(key));
    all
}

/// Inside a JSON string, with and without the escapes that some writers give to slashes, that Go gives to what HTML has, and
/// that Python gives to what ASCII has not; and again inside a JSON text that is itself a string.
fn in_json(key: &str) -> Vec<String> {
    let inside = |text: &str| {
        let quoted = serde_json::Value::String(text.to_owned()).to_string();
        quoted[1..quoted.len() - 1].to_owned()
    };
    let once = inside(key);
    vec![
        once.replace('/', "\\/"),
        escaped(&once, |c| matches!(c, '&' | '<' | '>')),
        escaped(&once, |c| !c.is_ascii()),
        inside(&once),
        once,
    ]
}

/// In a path, a query or a form: `%2F`, `%2f`, and `+` for a space.
fn in_an_address(key: &str) -> Vec<String> {
    let upper = utf8_percent_encode(key, RESERVED).to_string();
    if upper == key {
        return Vec::new();
    }
    let mut lower = String::with_capacity(upper.len());
    let mut parts = upper.split('%');
    lower.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let (code, rest) = part.split_at(part.len().min(2));
        // Writing to a string can't fail.
        let _written = write!(lower, "%{}{rest}", code.to_lowercase());
    }
    // Who keeps the slashes of a path.
    let path = upper.replace("%2F", "/");
    vec![upper.replace("%20", "+"), path, lower, upper]
}

/// Anywhere in a longer text that was encoded as a whole, such as the `user:key` of a header: its place there decides between
/// three forms. What its first and last letters are depends on what stands beside it, so they are left out.
fn in_base64(key: &str) -> Vec<String> {
    let mut all = Vec::new();
    for before in 0..3 {
        let mut bytes = vec![0; before];
        bytes.extend_from_slice(key.as_bytes());
        // Letters that hold a bit of what stands before, and after.
        let first = [0, 2, 3][before];
        let last = usize::from(bytes.len() % 3 != 0);
        for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            let text = engine.encode(&bytes);
            all.push(text[first..text.len() - last].to_owned());
        }
    }
    all
}

/// `text` with those characters as `\uXXXX`.
fn escaped(text: &str, which: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if which(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                // Writing to a string can't fail.
                let _written = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    use proptest::prelude::*;

    proptest! {
        /// Whatever stands around the key, its encoded form is found.
        #[test]
        fn a_key_is_found_inside_of_what_was_encoded(
            key in "\\PC{8,24}", before in "[ -~]{0,7}", after in "[ -~]{0,7}",
        ) {
            let whole = format!("{before}{key}{after}");
            let forms = of(&key);
            let found = |text: &str| forms.iter().any(|form| text.contains(form.as_str()));
            prop_assert!(found(&STANDARD.encode(&whole)));
            prop_assert!(found(&URL_SAFE.encode(&whole)));
            let json = serde_json::json!([whole]).to_string();
            prop_assert!(found(&json));
            prop_assert!(found(&serde_json::json!([json]).to_string()));
            let address: String = url::form_urlencoded::byte_serialize(key.as_bytes()).collect();
            // It writes `*` as it is and `~` as a code, which RFC 3986 has the other way round.
            prop_assume!(!key.contains(['*', '~']));
            let address = format!("?a=1&key={address}&b=2");
            prop_assert!(found(&address), "{}", address);
        }
    }
}
