//! What is printed for programs (`--output json`): an object that begins with the version of its form. Keys are in `snake_case`, but
//! for those of maps that are somebody else's: labels, variables, fields of a log line, the Compose model.

use serde::Serialize;

/// Goes up when a key is taken away or comes to mean something else; a key that is added leaves it as it is.
pub const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a, T> {
    version: u32,
    #[serde(flatten)]
    content: &'a T,
}

/// `content`, a struct or map, as such an object, on one line.
pub fn text(content: &impl Serialize) -> String {
    let document = Document {
        version: VERSION,
        content,
    };
    // Only a list, or a map whose keys are no texts, can't be written like that, and no command has one.
    serde_json::to_string(&document)
        .unwrap_or_else(|error| serde_json::json!({ "version": VERSION, "unwritable": error.to_string() }).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Event;

    #[test]
    fn the_version_comes_first() {
        let note = Event::Note { text: "x".to_owned() };
        assert_eq!(text(&note), r#"{"version":1,"event":"note","text":"x"}"#);
        assert_eq!(text(&serde_json::json!({ "url": "y" })), r#"{"version":1,"url":"y"}"#);
        assert!(text(&[1]).starts_with(r#"{"version":1,"unwritable":"#));
    }
}
