//! A JSON line for people: level, message, fields; its traceback below, indented.

use console::Style;
use serde_json::Value;

use crate::logs::{Level, format};
use crate::terminal::Line;

/// Fields that repeat what the line says anyhow.
const TIMES: [&str; 4] = ["timestamp", "time", "ts", "@timestamp"];

/// The lines that a JSON line makes; `None`: it is not a JSON line.
pub(super) fn json_line(line: &[u8]) -> Option<Vec<Line>> {
    if line.first() != Some(&b'{') {
        return None;
    }
    let parts = (format::FORMATS[0].parts)(line)?;
    let level = format::level(line);
    if parts.message.is_empty() && level.is_none() {
        return None;
    }
    let mut message = parts.message.lines().map(|line| Line::new().coloured(line));
    let mut head = Line::new();
    if let Some(level) = level {
        head = head.styled(style(level), format!("{:<7} ", level.name().to_uppercase()));
    }
    head = head.and(message.next().unwrap_or_default());
    let fields = parts.fields.iter().filter(|(key, _)| !TIMES.contains(&key.as_str()));
    for (key, value) in fields {
        let value = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let field = format!("{key}={value}").replace('\n', "\\n");
        head = head.text("  ").styled(Style::new().dim(), field);
    }
    let mut lines = vec![head];
    lines.extend(message);
    let exception = parts.exception.unwrap_or_default();
    lines.extend(exception.lines().map(|line| Line::from("    ").coloured(line)));
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
