//! What the same error has in common each time: its text without numbers, ids and addresses.

/// A run of hexadecimal digits of this length is an id, not a word (`deadbeef`, `a1b2c3`).
const SHORTEST_HEX: usize = 6;
/// A run of letters and digits of this length with this many digits is an id.
const SHORTEST_ID: usize = 12;
const DIGITS_OF_AN_ID: usize = 3;
const UUID: &[u8; 36] = b"xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

/// `text` with `#` for each number, hexadecimal number, id, address and time.
pub fn fingerprint(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        if is_uuid(rest.as_bytes()) {
            masked.push('#');
            rest = &rest[UUID.len()..];
            continue;
        }
        let word = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
        if word == 0 {
            let next = rest.chars().next().map_or(1, char::len_utf8);
            masked.push_str(&rest[..next]);
            rest = &rest[next..];
            continue;
        }
        mask_word(&rest[..word], &mut masked);
        rest = &rest[word..];
    }
    collapse(&masked)
}

fn is_uuid(text: &[u8]) -> bool {
    let fits = |(byte, wanted): (&u8, &u8)| match wanted {
        b'-' => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    text.len() >= UUID.len() && text.iter().zip(UUID).all(fits)
}

fn mask_word(word: &str, to: &mut String) {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    if digits == 0 {
        let hex = word.len() >= 2 * SHORTEST_HEX && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        to.push_str(if hex { "#" } else { word });
        return;
    }
    let inside = word.strip_prefix("0x").unwrap_or(word);
    let hex = inside.bytes().all(|byte| byte.is_ascii_hexdigit());
    let id = word.len() >= SHORTEST_ID && digits >= DIGITS_OF_AN_ID;
    if digits == word.len() || (hex && (inside.len() < word.len() || inside.len() >= SHORTEST_HEX)) || id {
        to.push('#');
        return;
    }
    // `worker3`, `250ms`: the number goes, the word stays.
    let mut in_number = false;
    for c in word.chars() {
        if !c.is_ascii_digit() {
            to.push(c);
        } else if !in_number {
            to.push('#');
        }
        in_number = c.is_ascii_digit();
    }
}

/// `#-#-#` (a UUID), `#.#.#.#:#` (an address), `#:#:#` (a time) are one thing.
fn collapse(masked: &str) -> String {
    let mut out = String::with_capacity(masked.len());
    let mut chars = masked.chars().peekable();
    while let Some(c) = chars.next() {
        if matches!(c, '-' | '.' | ':' | ',' | '/') && out.ends_with('#') && chars.peek() == Some(&'#') {
            chars.next();
            continue;
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::fingerprint;

    #[test]
    fn what_differs_from_time_to_time_is_masked() {
        for (text, wanted) in [
            ("timeout after 250ms on worker3", "timeout after #ms on worker#"),
            (
                "request 7d4e8a90-1234-4cde-8f00-0123456789ab failed",
                "request # failed",
            ),
            ("connect 10.0.0.12:9092 refused", "connect # refused"),
            ("object at 0x7f3a2b1c", "object at #"),
            ("2026-11-23 20:00:00,123 gone", "# # gone"),
            ("node kafka-1 (id 12)", "node kafka-# (id #)"),
            ("key error: 'name'", "key error: 'name'"),
            ("commit deadbeefcafebabe", "commit #"),
            ("a face in a cafe", "a face in a cafe"),
            ("über 5 Grad", "über # Grad"),
        ] {
            assert_eq!(fingerprint(text), wanted);
        }
    }
}
