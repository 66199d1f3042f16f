//! How a failure is printed: what failed, where with a caret, why, what to do.

use std::fmt::Display;
use std::path::Path;

use console::Style;

use crate::failure::{Failure, Place};
use crate::terminal::{Line, clean_line};

use super::Out;
use super::card::{card_lines, columns};

/// Prints `failure` as the last word of a command.
pub fn print_failure(out: &Out, failure: &Failure) {
    for line in failure_lines(out, failure) {
        out.diagnostic(line);
    }
}

/// Something to look at.
pub fn warning_line(text: impl Display) -> Line {
    Line::new()
        .styled(Style::new().yellow().bold(), "warning:")
        .text(" ")
        .text(text)
}

/// `failure` as lines: a card when it has a code, else `error:`, the place, each cause, `hint:`.
pub fn failure_lines(out: &Out, failure: &Failure) -> Vec<Line> {
    let failure = &shown(out, failure);
    if let Some(code) = failure.code {
        return card_lines(out, code, failure, columns(out));
    }
    let label = |style: Style, word: &str| Line::new().styled(style, word).text(" ");
    let mut lines = vec![label(Style::new().red().bold(), "error:").text(&failure.what)];
    if let Some(place) = &failure.place {
        lines.extend(place_lines(place));
    }
    for why in &failure.why {
        let mut parts = why.lines();
        let first = Line::from("  ").and(label(Style::new().bold(), "why:"));
        lines.push(first.text(parts.next().unwrap_or_default()));
        lines.extend(parts.map(|part| Line::from(format!("       {part}"))));
    }
    if let Some(hint) = &failure.hint {
        lines.push(label(Style::new().cyan().bold(), "hint:").text(hint));
    }
    lines
}

/// `failure` with texts that can be broken and cut: without keys, and without what takes no room on a terminal.
fn shown(out: &Out, failure: &Failure) -> Failure {
    let mut shown = failure.masked(|text| out.shown(text));
    // The caret counts the characters of the line as it is in the file.
    shown.place.clone_from(&failure.place);
    shown
}

pub(super) fn place_lines(place: &Place) -> Vec<Line> {
    let gutter = place.line.to_string().len();
    let mut lines = vec![Line::from(format!(
        "{:gutter$}--> {}:{}:{}",
        "",
        from_here(&place.file).display(),
        place.line,
        place.column
    ))];
    if let Some(source) = &place.source {
        let before: String = source.chars().take(place.column.saturating_sub(1)).collect();
        let marked: String = source
            .chars()
            .skip(place.column.saturating_sub(1))
            .take(place.width)
            .collect();
        // Tabs and wide characters keep the caret below what it points at.
        let before: String = clean_line(&before)
            .split_inclusive('\t')
            .map(|part| match part.strip_suffix('\t') {
                Some(part) => " ".repeat(console::measure_text_width(part)) + "\t",
                None => " ".repeat(console::measure_text_width(part)),
            })
            .collect();
        let carets = "^".repeat(clean_line(&marked).chars().count().max(1));
        let bar = || Line::from(format!("{:gutter$} |", ""));
        lines.push(bar());
        lines.push(Line::from(format!("{} | {source}", place.line)));
        lines.push(bar().text(" ").text(before).styled(Style::new().red(), carets));
    }
    lines
}

/// A path as the user would type it: relative where it is below the current directory.
fn from_here(path: &Path) -> &Path {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(&here).unwrap_or(path)
}
