//! `plan`: what `up` would do and why, without doing it.

use super::Ended;
use super::args::UpArgs;
use super::planned;
use super::session::Session;

pub(crate) async fn run(session: &Session, args: &UpArgs) -> Ended {
    let stack = session.stack(&args.services)?;
    let options = super::up::options(session, &stack, args)?;
    let engine = session.engine().await?;
    let (_, plan) = super::up::decide(&engine, &stack, &options).await?;
    let changed = super::check::changed_since_built(session, &engine, &stack, None).await;
    let notes: Vec<String> = plan.notes.iter().map(ToString::to_string).chain(changed).collect();
    planned::show(session, &stack.name, &plan, &notes);
    if plan.again && !plan.changes_nothing() && !session.json() {
        session
            .out
            .line("further steps depend on the new images: `up` plans them after the build or pull");
    }
    Ok(None)
}
