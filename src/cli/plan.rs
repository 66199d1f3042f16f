//! `plan`: what `up` would do and why, without doing it. `--dry-run` shows the plans of other commands the same way.

use crate::plan::Plan;
use crate::report::table;

use super::Ended;
use super::args::UpArgs;
use super::session::Session;

pub(crate) async fn run(session: &Session, args: &UpArgs) -> Ended {
    let stack = session.stack(&args.services)?;
    let options = super::up::options(session, &stack, args)?;
    let engine = session.engine().await?;
    let (_, plan) = super::up::decide(&engine, &stack, &options).await?;
    let changed = super::check::changed_since_built(session, &engine, &stack).await;
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
        session.out.json(&value);
        return;
    }
    for note in notes {
        session.out.line(format!("note: {note}"));
    }
    if plan.changes_nothing() {
        session.out.line(format!("nothing to do: {project} is as wanted"));
        return;
    }
    let rows: Vec<Vec<String>> = plan
        .announce()
        .into_iter()
        .map(|step| {
            let after = step.needs.iter().map(usize::to_string).collect::<Vec<_>>().join(",");
            vec![
                step.step.to_string(),
                step.service.unwrap_or_else(|| "-".to_owned()),
                step.action,
                step.target,
                after,
                step.reason,
            ]
        })
        .collect();
    let header = ["STEP", "SERVICE", "ACTION", "TARGET", "AFTER", "WHY"];
    session.out.lines(table(&session.out, &header, rows));
}
