//! Keys in lines that come in pieces: however they are cut, whatever is around them, and in whatever form they are printed, no
//! key is in what is printed, and what is printed does not depend on the pieces.

use std::sync::Arc;

use magicctl::logs::{Form, Piece, Pipeline, Printer, Stamp, Wanted};
use magicctl::redact::Redactor;
use serde_json::Value;

use super::input::Input;

/// What keys are made of; the mask's own sign is not, because a mask would then look like a key.
const LETTERS: [&str; 24] = [
    "a", "b", "c", "1", "2", "-", "_", ".", "/", "\\", "\"", "&", "<", ">", "'", "=", "+", " ", "%", "u", "n", "ä",
    "日", "😀",
];
const MOST_KEYS: usize = 6;
const SHORTEST: usize = 8;
/// Nobody's keys, but they look like some.
const LOOKALIKES: [&str; 3] = [
    "sk-abcdefghijklmnop0123",
    "AIzaSyA0123456789abcdefghijklmnopqrstuv",
    "Bearer 0123456789abcdef",
];
/// What of those may never be seen.
const SECRETS: [&str; 3] = ["klmnop0123", "SyA0123456789", "0123456789abcdef"];

pub fn check(input: &[u8]) {
    let mut input = Input(input);
    let keys: Vec<String> = (0..=input.below(MOST_KEYS)).map(|_| key(&mut input)).collect();
    let redactor = Arc::new(Redactor::of(keys.clone()));
    let mut text = Vec::new();
    let mut cuts = Vec::new();
    let mut lookalikes = false;
    while !input.is_empty() {
        match input.byte() {
            what @ 0..64 => text.extend(keys[usize::from(what) % keys.len()].as_bytes()),
            what @ 64..96 => text.extend(in_json(&keys[usize::from(what) % keys.len()]).as_bytes()),
            what @ 96..104 => {
                // Apart from a word before it: inside one it is no key.
                text.extend(b" ");
                text.extend(LOOKALIKES[usize::from(what) % LOOKALIKES.len()].as_bytes());
                text.extend(b" ");
                lookalikes = true;
            }
            104..112 => text.extend(b"{\"level\":\"error\",\"message\":\""),
            112..120 => text.extend(b"\"}"),
            // Somewhere behind the last cut, and in the middle of whatever stands there.
            what @ 120..160 => cuts.push(text.len().saturating_sub(usize::from(what - 120))),
            what => text.extend(
                input
                    .bytes(usize::from(what - 160) / 4)
                    .iter()
                    .filter(|byte| **byte != b'\n'),
            ),
        }
    }
    cuts.sort_unstable();
    let mut pieces = Vec::new();
    let mut from = 0;
    for cut in cuts {
        pieces.push(&text[from..cut]);
        from = cut;
    }
    pieces.push(&text[from..]);
    for form in [Form::Plain, Form::Pretty, Form::Json, Form::Raw] {
        let shown = printed(form, &redactor, &pieces);
        assert_eq!(
            shown,
            printed(form, &redactor, &[&text]),
            "{form:?} depends on the pieces"
        );
        let decoded = match form {
            Form::Json => texts(&shown),
            _ => Vec::new(),
        };
        for shown in decoded.iter().map(String::as_bytes).chain([&shown[..]]) {
            for key in &keys {
                assert!(
                    !holds(shown, key),
                    "{key:?} is in {form:?}: {:?}",
                    String::from_utf8_lossy(shown)
                );
            }
            if lookalikes {
                for secret in SECRETS {
                    assert!(
                        !holds(shown, secret),
                        "{secret} is in {form:?}: {:?}",
                        String::from_utf8_lossy(shown)
                    );
                }
            }
        }
    }
}

fn key(input: &mut Input<'_>) -> String {
    let count = SHORTEST + input.below(12);
    let key: String = (0..count).map(|_| LETTERS[input.below(LETTERS.len())]).collect();
    // A line of a file is taken without the spaces around it.
    let key = key.trim().replace(' ', "-");
    if key.chars().count() < SHORTEST {
        "canary-0123".to_owned()
    } else {
        key
    }
}

fn in_json(key: &str) -> String {
    let quoted = Value::from(key).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

fn holds(text: &[u8], key: &str) -> bool {
    text.windows(key.len()).any(|window| window == key.as_bytes())
}

fn printed(form: Form, redactor: &Arc<Redactor>, pieces: &[&[u8]]) -> Vec<u8> {
    let printer = Printer {
        form,
        redactor: Some(redactor.clone()),
        ..Printer::default()
    };
    let wanted = Wanted {
        printer,
        ..Wanted::default()
    };
    let mut pipeline = Pipeline::new(Arc::new(wanted), Arc::default(), true);
    for (number, bytes) in pieces.iter().enumerate() {
        let ends = number + 1 == pieces.len();
        pipeline.push(Piece {
            time: Stamp(1),
            stderr: false,
            bytes,
            ends,
        });
    }
    pipeline.finish(true);
    pipeline.take().bytes
}

/// All texts of the objects, names and values.
fn texts(lines: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        // What is masked may be a part of the object's own names.
        if let Ok(value) = serde_json::from_slice::<Value>(line) {
            collect(&value, &mut found);
        }
    }
    found
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
        Value::Object(fields) => {
            for (name, value) in fields {
                found.push(name.clone());
                collect(value, found);
            }
        }
        _ => {}
    }
}
