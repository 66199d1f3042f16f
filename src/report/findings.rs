//! How what `check` found is printed.

use console::style;

use crate::check::{Finding, Item, ItemState};
use crate::codes::Severity;

use super::diagnostic::place_lines;

/// The guide's checklist, a line each.
pub fn checklist_lines(items: &[Item]) -> Vec<String> {
    let widest = items.iter().map(|item| item.path.len()).max().unwrap_or_default();
    let mark = |state| match state {
        ItemState::There => style("ok").green(),
        ItemState::ToBeRendered => style("up writes it").dim(),
        ItemState::Missing => style("not there").red(),
        ItemState::WrongKind => style("wrong kind").red(),
        ItemState::Unreadable => style("not readable").red(),
        ItemState::LeadsOut => style("leads out").yellow(),
    };
    items
        .iter()
        .map(|item| format!("{:<12}  {:widest$}  {}", mark(item.state), item.path, item.purpose))
        .collect()
}

/// One finding: what, where with a caret, why, and what to do.
pub fn finding_lines(finding: &Finding) -> Vec<String> {
    let word = format!("{}[{}]:", finding.severity().word(), finding.code.id);
    let word = match finding.severity() {
        Severity::Note => style(word).dim(),
        Severity::Warning => style(word).yellow().bold(),
        Severity::Error => style(word).red().bold(),
    };
    let mut lines = vec![format!("{word} {}", finding.what)];
    if let Some(place) = &finding.place {
        lines.extend(place_lines(place));
    }
    for (name, text) in [("why:", &finding.why), ("fix:", &finding.fix)] {
        let mut parts = text.lines();
        lines.push(format!("  {} {}", style(name).bold(), parts.next().unwrap_or_default()));
        lines.extend(parts.map(|part| format!("       {part}")));
    }
    lines
}

/// How many there are, and what to do next; nothing when nothing was found.
pub fn verdict(findings: &[&Finding]) -> Option<String> {
    let worst = findings.iter().max_by_key(|finding| finding.severity())?;
    let counts = [Severity::Error, Severity::Warning, Severity::Note].map(|severity| {
        let count = findings.iter().filter(|finding| finding.severity() == severity).count();
        match count {
            0 => None,
            1 => Some(format!("1 {}", severity.word())),
            _ => Some(format!("{count} {}s", severity.word())),
        }
    });
    let counts: Vec<String> = counts.into_iter().flatten().collect();
    let mut parts = vec![counts.join(", ")];
    match findings.iter().filter(|finding| finding.repair.is_some()).count() {
        0 => {}
        1 => parts.push("`magicctl check --fix` mends 1 of them".to_owned()),
        count => parts.push(format!("`magicctl check --fix` mends {count} of them")),
    }
    parts.push(format!("`magicctl explain {}` says more", worst.code.id));
    Some(parts.join("; "))
}
