//! Kafka's log4j layout: `[2026-11-23 20:00:00,123] INFO message (class)`. Flask writes `[…] INFO in module: message`.

use serde_json::{Map, Value};

use super::{Format, Level, Parts, Stated, date_time, text};

pub(super) const FORMAT: Format = Format {
    name: "kafka",
    level,
    parts,
};

/// Time, level word and the rest.
fn split(line: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let inside = line.strip_prefix(b"[")?;
    let end = date_time(inside)?;
    let rest = inside[end..].strip_prefix(b"] ")?;
    let space = rest.iter().position(|byte| *byte == b' ')?;
    let message = rest[space..].trim_ascii_start();
    Some((&inside[..end], &rest[..space], message))
}

fn level(line: &[u8]) -> Option<Stated> {
    let (_, word, _) = split(line)?;
    Some(Stated(Some(Level::of_word(word)?)))
}

fn parts(line: &[u8]) -> Option<Parts> {
    let (time, _, rest) = split(line)?;
    let mut fields = Map::new();
    fields.insert("timestamp".to_owned(), Value::String(text(time)));
    let rest = rest.trim_ascii_end();
    let class = rest.strip_suffix(b")").and_then(|inside| {
        let open = inside.iter().rposition(|byte| *byte == b'(')?;
        let class = &inside[open + 1..];
        let is_class = !class.is_empty() && !class.iter().any(u8::is_ascii_whitespace);
        (is_class && open > 0).then_some((&rest[..open], class))
    });
    let message = match class {
        Some((message, class)) => {
            fields.insert("class".to_owned(), Value::String(text(class)));
            message.trim_ascii_end()
        }
        None => rest,
    };
    Some(Parts {
        message: text(message),
        fields,
        exception: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_class_is_a_field() {
        let parts =
            parts(b"[2026-11-23 20:00:00,123] INFO Kafka Server started (v1) (kafka.server.KafkaRaftServer)").unwrap();
        assert_eq!(parts.message, "Kafka Server started (v1)");
        assert_eq!(parts.fields["class"], "kafka.server.KafkaRaftServer");
    }
}
