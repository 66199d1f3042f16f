//! `plan`: what `up` would do and why, without doing it. `--dry-run` shows the plans of other commands the same way.

use crate::plan::{self, Plan};
use crate::report::table;

use super::Ended;
use super::args::UpArgs;
use super::session::Session;

pub(crate) async fn run(session: &Session, args: &UpArgs) -> Ended {
    let stack = session.stack(&args.services)?;
    let options = super::up::options(session, &stack, args)?;
    let engine = session.engine().await?;
    let (_, plan) = super::up::decide(&engine, &stack, &options).await?;
    let changed = super::check::changed_since_built(session, &engine, &stack, None).await;
    let notes: Vec<String> = plan.notes.iter().map(ToString::to_string).chain(changed).collect();
    show(session, &stack.name, &plan, &notes);
    if plan.again && !plan.changes_nothing() && !session.json() {
        session
            .out
            .line("what follows depends on the new images: `up` looks again once they are there");
    }
    Ok(None)
}

/// Prints the steps of `plan` for `project`, and `notes`.
pub(super) fn show(session: &Session, project: &str, plan: &Plan, notes: &[String]) {
    if session.json() {
        let value = serde_json::json!({
            "project": project,
            "steps": plan.announce(),
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
        session.out.line(format!("nothing to do: {project} is as wanted"));
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
            row.service.unwrap_or_else(|| "-".to_owned()),
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
