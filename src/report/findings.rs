//! How what `check` found is printed.

use console::Style;

use crate::check::{Finding, Item, ItemState};
use crate::codes::Severity;
use crate::terminal::Line;

use super::diagnostic::place_lines;

/// The guide's checklist, a line each.
pub fn checklist_lines(items: &[Item]) -> Vec<Line> {
    let widest = items.iter().map(|item| item.path.len()).max().unwrap_or_default();
    let mark = |state| match state {
        ItemState::There => (Style::new().green(), "ok"),
        ItemState::ToBeRendered => (Style::new().dim(), "up writes it"),
        ItemState::Missing => (Style::new().red(), "missing"),
        ItemState::WrongKind => (Style::new().red(), "wrong kind"),
        ItemState::Unreadable => (Style::new().red(), "unreadable"),
        ItemState::LeadsOut => (Style::new().yellow(), "leads out"),
    };
    let line = |item: &Item| {
        let (style, word) = mark(item.state);
        let mark = Line::new().styled(style, word).padded(12);
        mark.text(format!("  {:widest$}  {}", item.path, item.purpose))
    };
    items.iter().map(line).collect()
}

/// One finding: what, where with a caret, why, and what to do.
pub fn finding_lines(finding: &Finding) -> Vec<Line> {
    let style = match finding.severity() {
        Severity::Note => Style::new().dim(),
        Severity::Warning => Style::new().yellow().bold(),
        Severity::Error => Style::new().red().bold(),
    };
    let word = format!("{}[{}]:", finding.severity().word(), finding.code.id);
    let mut lines = vec![Line::new().styled(style, word).text(" ").text(&finding.what)];
    if let Some(place) = &finding.place {
        lines.extend(place_lines(place));
    }
    for (name, text) in [("why:", &finding.why), ("fix:", &finding.fix)] {
        let mut parts = text.lines();
        let first = Line::from("  ").styled(Style::new().bold(), name).text(" ");
        lines.push(first.text(parts.next().unwrap_or_default()));
        lines.extend(parts.map(|part| Line::from(format!("       {part}"))));
    }
    lines
}

/// How many there are, and what to do next; nothing when nothing was found.
///
/// `whole`: all of the checks were made, so that nothing is left that `up` would stop at.
pub fn verdict(findings: &[&Finding], whole: bool) -> String {
    let is_ready = findings.iter().all(|finding| finding.severity() < Severity::Error);
    let good = if whole {
        "ready for up"
    } else {
        "no errors in what was checked"
    };
    let Some(worst) = findings.iter().max_by_key(|finding| finding.severity()) else {
        return good.to_owned();
    };
    let counts = [Severity::Error, Severity::Warning, Severity::Note].map(|severity| {
        let count = findings.iter().filter(|finding| finding.severity() == severity).count();
        match count {
            0 => None,
            1 => Some(format!("1 {}", severity.word())),
            _ => Some(format!("{count} {}s", severity.word())),
        }
    });
    let counts: Vec<String> = counts.into_iter().flatten().collect();
    let mut parts = vec![if is_ready {
        format!("{good}, {}", counts.join(", "))
    } else {
        counts.join(", ")
    }];
    match findings.iter().filter(|finding| finding.repair.is_some()).count() {
        0 => {}
        1 => parts.push("`magicctl check --fix` fixes 1 of them".to_owned()),
        count => parts.push(format!("`magicctl check --fix` fixes {count} of them")),
    }
    parts.push(format!("more: `magicctl explain {}`", worst.code.id));
    parts.join("; ")
}
