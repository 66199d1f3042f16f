//! A JSON line for people: level, message, fields; its traceback below, indented.

use console::Style;
use serde_json::Value;

use super::safe;
use crate::logs::{Level, format};

/// Fields that repeat what the line says anyhow.
const TIMES: [&str; 4] = ["timestamp", "time", "ts", "@timestamp"];

/// The lines that a JSON line makes; `None`: it is no JSON line.
pub(super) fn json_line(line: &[u8], colour: bool) -> Option<Vec<String>> {
    if line.first() != Some(&b'{') {
        return None;
    }
    let parts = (format::FORMATS[0].parts)(line)?;
    let level = format::level(line);
    if parts.message.is_empty() && level.is_none() {
        return None;
    }
    let painted = |style: Style, text: &str| {
        if colour {
            style.force_styling(true).apply_to(text).to_string()
        } else {
            text.to_owned()
        }
    };
    let mut message = parts.message.lines().map(|line| safe::text(line, colour));
    let mut head = String::new();
    if let Some(level) = level {
        let name = format!("{:<7} ", level.name().to_uppercase());
        head.push_str(&painted(style(level), &name));
    }
    head.push_str(&message.next().unwrap_or_default());
    let fields = parts.fields.iter().filter(|(key, _)| !TIMES.contains(&key.as_str()));
    for (key, value) in fields {
        let value = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let field = format!("{key}={value}").replace('\n', "\\n");
        head.push_str("  ");
        head.push_str(&painted(Style::new().dim(), &safe::text(&field, false)));
    }
    let mut lines = vec![head];
    lines.extend(message);
    let exception = parts.exception.unwrap_or_default();
    lines.extend(
        exception
            .lines()
            .map(|line| format!("    {}", safe::text(line, colour))),
    );
    Some(lines)
}

fn style(level: Level) -> Style {
    match level {
        Level::Debug => Style::new().dim(),
        Level::Info => Style::new().green(),
        Level::Warning => Style::new().yellow(),
        Level::Error | Level::Fatal => Style::new().red().bold(),
    }
}
