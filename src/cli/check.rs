//! `check`: what would make `up` fail, each with its fix.

use crate::check::{self, Context, Severity};
use crate::failure::{Exit, Failure};
use crate::report::finding_lines;

use super::Ended;
use super::edited;
use super::session::Session;

pub(crate) async fn run(session: &Session) -> Ended {
    let root = session.root()?;
    let stack = session.stack(&[]);
    let observed = match session.engine().await {
        Ok(engine) => match engine.observe().await {
            Ok(observed) => Ok((engine, observed)),
            Err(error) => Err(error.failure()),
        },
        Err(failure) => Err(failure),
    };
    let there = observed.as_ref().ok().map(|(engine, observed)| (engine, observed));
    let config = match &stack {
        Ok(stack) => {
            let services = stack.services.keys().cloned().collect();
            edited::failures(session, stack, &services, there).await?
        }
        Err(_) => Vec::new(),
    };
    let findings = check::run(&Context {
        root,
        stack: stack.as_ref(),
        observed: observed.as_ref().map(|(_, observed)| observed),
        socket: there.and_then(|(engine, _)| engine.socket()).map(ToOwned::to_owned),
        config,
    });
    let worst = findings.iter().map(|finding| finding.severity).max();
    if session.json() {
        let value = serde_json::to_value(&findings)
            .map_err(|error| Failure::failed("the findings can't be printed").because(error.to_string()))?;
        session.out.line(&value.to_string());
    } else {
        for finding in &findings {
            if !finding_lines(finding).iter().all(|line| session.out.line(line)) {
                break;
            }
        }
    }
    Ok((worst == Some(Severity::Error)).then(|| exit(stack.as_ref().err(), observed.as_ref().err())))
}

/// The file's or the engine's own exit code, when that is what is wrong.
fn exit(file: Option<&Failure>, engine: Option<&Failure>) -> Exit {
    file.or(engine).map_or(Exit::Failed, |failure| failure.exit)
}
