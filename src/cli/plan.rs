//! `plan`: what `up` would do and why, without doing it.

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
    if session.json() {
        let value = serde_json::json!({
            "project": stack.name,
            "steps": plan.announce(),
            "notes": notes,
            "again": plan.again,
        });
        session.out.answer(&value);
        return Ok(None);
    }
    for note in &notes {
        session.out.line(format!("note: {note}"));
    }
    if plan.changes_nothing() {
        session.out.line(format!("nothing to do: {} is as wanted", stack.name));
        return Ok(None);
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
    if plan.again {
        session
            .out
            .line("what follows depends on the new images: `up` looks again once they are there");
    }
    Ok(None)
}
