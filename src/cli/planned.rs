//! A plan as `plan` and `--dry-run` show it.

use crate::execute::announced;
use crate::ids::ServiceName;
use crate::plan::{self, Plan};
use crate::report::table;

use super::session::Session;

/// Prints the steps of `plan` for `project`, and `notes`.
pub(super) fn show(session: &Session, project: &str, plan: &Plan, notes: &[String]) {
    if session.json() {
        let value = serde_json::json!({
            "project": project,
            "steps": announced(plan),
            "notes": notes,
            "again": plan.again,
        });
        session.out.answer(&value);
        return;
    }
    for note in notes {
        session.out.line(format!("note: {note}"));
    }
    if plan.changes_nothing() {
        session.out.line(format!("nothing to do: {project} is up to date"));
        return;
    }
    if session.global.verbose > 0 {
        show_steps(session, plan);
    } else {
        show_rows(session, plan);
    }
}

/// A row for each thing that changes, and how many that are.
fn show_rows(session: &Session, plan: &Plan) {
    let changes = plan::rows(plan);
    let total = plan::total(&changes);
    let rows = changes.into_iter().map(|row| {
        vec![
            row.service.as_ref().map_or("-", ServiceName::as_str).to_owned(),
            format!("{} {}", row.verb, row.noun),
            row.target,
            row.reason,
        ]
    });
    let header = ["SERVICE", "ACTION", "TARGET", "WHY"];
    session.out.lines(table(&session.out, &header, rows.collect()));
    session.out.line(format!("total: {total}; `-v` shows every step"));
}

/// Every step, with those that it waits for.
fn show_steps(session: &Session, plan: &Plan) {
    let rows = plan.table().into_iter().map(Vec::from);
    session.out.lines(table(&session.out, &Plan::COLUMNS, rows.collect()));
}
