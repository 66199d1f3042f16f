//! How a failure is printed: what failed, where with a caret, why, what to do.

use std::path::Path;

use console::style;

use crate::failure::{Failure, Place};

use super::Out;
use super::card::{card_lines, columns};

/// Prints `failure` as the last word of a command.
pub fn print_failure(out: &Out, failure: &Failure) {
    for line in failure_lines(&failure.masked(|text| out.masked(text))) {
        out.diagnostic(&line);
    }
}

/// `failure` as lines: a card when it has a code, else `error:`, the place, each cause, `hint:`.
pub fn failure_lines(failure: &Failure) -> Vec<String> {
    if failure.code.is_some() {
        return card_lines(failure, columns());
    }
    let mut lines = vec![format!(
        "{} {}",
        style("error:").red().bold().for_stderr(),
        failure.what
    )];
    if let Some(place) = &failure.place {
        lines.extend(place_lines(place));
    }
    for why in &failure.why {
        let mut parts = why.lines();
        lines.push(format!(
            "  {} {}",
            style("why:").bold().for_stderr(),
            parts.next().unwrap_or_default()
        ));
        lines.extend(parts.map(|part| format!("       {part}")));
    }
    if let Some(hint) = &failure.hint {
        lines.push(format!("{} {hint}", style("hint:").cyan().bold().for_stderr()));
    }
    lines
}

pub(super) fn place_lines(place: &Place) -> Vec<String> {
    let gutter = place.line.to_string().len();
    let mut lines = vec![format!(
        "{:gutter$}--> {}:{}:{}",
        "",
        from_here(&place.file).display(),
        place.line,
        place.column
    )];
    if let Some(source) = &place.source {
        // Tabs and wide characters keep the caret below what it points at.
        let before: String = source
            .chars()
            .take(place.column.saturating_sub(1))
            .map(|c| if c == '\t' { '\t' } else { ' ' })
            .collect();
        let room = source
            .chars()
            .count()
            .saturating_sub(place.column.saturating_sub(1))
            .max(1);
        let carets = "^".repeat(place.width.clamp(1, room));
        lines.push(format!("{:gutter$} |", ""));
        lines.push(format!("{} | {source}", place.line));
        lines.push(format!("{:gutter$} | {before}{}", "", style(carets).red().for_stderr()));
    }
    lines
}

/// A path as the user would type it: relative where it is below the current directory.
fn from_here(path: &Path) -> &Path {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(&here).unwrap_or(path)
}
