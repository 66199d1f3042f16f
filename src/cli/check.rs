//! `check`: what would make `up` fail, each with its fix.

use std::collections::BTreeSet;
use std::sync::Arc;

use clap::Args;

use crate::check::{self, EngineState, Finding, Group, Options, Project, Report};
use crate::codes::{self, Code, Severity};
use crate::compose::Stack;
use crate::engine::Engine;
use crate::failure::Failure;
use crate::ids::ServiceName;
use crate::render;
use crate::report::{checklist_lines, finding_lines, table, verdict};
use crate::settings;
use crate::terminal::Line;

use super::Ended;
use super::session::Session;

/// `check`.
#[derive(Debug, Clone, Args)]
pub struct CheckArgs {
    /// Fix what can be fixed without loss: make missing files and folders, take rights away, add ignore lines
    #[arg(long)]
    pub fix: bool,
    /// Run only these checks; repeat for several
    #[arg(long, value_enum, value_name = "GROUP")]
    pub only: Vec<Group>,
    /// Also fail on warnings
    #[arg(long)]
    pub strict: bool,
    /// Also run slow checks that start containers: Loki and the collector read their edited files, and containers resolve each
    /// other's names
    #[arg(long)]
    pub deep: bool,
}

/// Warnings that `up` leaves to `check`.
static ONLY_IN_CHECK: [&Code; 3] = [
    &codes::COMPOSE_ADVICE,
    &codes::UNPINNED_IMAGE,
    &codes::REQUIREMENT_UNPINNED,
];

/// More warnings than this before an `up` are not read.
const MOST_WARNINGS: usize = 5;

pub(crate) async fn run(session: &Session, args: &CheckArgs) -> Ended {
    let options = Options {
        only: args.only.iter().copied().collect(),
        deep: args.deep,
    };
    let mut report = Box::pin(look(session, &options)).await?;
    let mut fixed = Vec::new();
    if args.fix {
        fixed = fix(session, &report.findings)?;
        if !fixed.is_empty() {
            report = Box::pin(look(session, &options)).await?;
        }
    }
    let shown = |finding: &&Finding| finding.severity() > Severity::Note || session.global.verbose > 0;
    let findings: Vec<&Finding> = report.findings.iter().filter(shown).collect();
    let fails = if args.strict {
        Severity::Warning
    } else {
        Severity::Error
    };
    // That a check gave up says nothing about the project.
    let failing = report
        .findings
        .iter()
        .filter(|finding| finding.severity() >= fails && finding.code != &codes::CHECK_FAILED);
    let exit = failing.map(|finding| finding.exit).max_by_key(|exit| exit.code());
    if session.json() {
        print_json(session, &report, &fixed, exit.is_none());
    } else {
        print(session, &report, &findings, options.only.is_empty());
    }
    Ok(exit)
}

async fn look(session: &Session, options: &Options) -> Result<Report, Failure> {
    let project = project(session, session.stack_to_be(), None)?;
    // It holds all the calls that checks may make.
    let checked = Box::pin(check::run(Arc::new(project), session.engine(), options));
    Ok(checked.await)
}

/// The project for checks of `services`, or of all.
pub(crate) fn project(
    session: &Session,
    stack: Result<Stack, Failure>,
    services: Option<&BTreeSet<ServiceName>>,
) -> Result<Project, Failure> {
    let root = crate::compose::normal(&session.root()?);
    let rendered = session.rendered().and_then(|files| render::states(&root, files));
    Project::new(root, stack, rendered, services, session.environment.clone())
}

/// What was changed after the images of `services` of `stack`, or of all, were built, a sentence each: for commands that would otherwise
/// say that all is well. Nothing where that can't be found out.
pub(crate) async fn changed_since_built(
    session: &Session,
    engine: &Engine,
    stack: &Stack,
    services: Option<&BTreeSet<ServiceName>>,
) -> Vec<String> {
    let is_built = stack.services.values().any(|service| service.build.is_some());
    let project = project(session, Ok(stack.clone()), services);
    let (true, Ok(project), Ok(observed)) = (is_built, project, engine.observe().await) else {
        return Vec::new();
    };
    let Ok(state) = EngineState::of(engine, observed, &stack.name).await else {
        return Vec::new();
    };
    let findings = check::newer(&project, &state);
    findings
        .iter()
        .map(|finding| format!("{} ({}: {})", finding.what, finding.code.id, finding.fix))
        .collect()
}

/// Does what is safe, and says each thing.
fn fix(session: &Session, findings: &[Finding]) -> Result<Vec<String>, Failure> {
    let root = crate::compose::normal(&session.root()?);
    let folder = settings::folder(&root)?;
    let mut done = Vec::new();
    let mut repairs = Vec::new();
    for repair in findings.iter().filter_map(|finding| finding.repair.as_ref()) {
        // Several findings may be fixed by the same step.
        if repairs.contains(&repair) {
            continue;
        }
        repairs.push(repair);
        match repair.apply(&folder) {
            Ok(Some(said)) => {
                if !session.json() {
                    session.out.line(format!("fixed: {said}"));
                }
                done.push(said);
            }
            Ok(None) => {}
            Err(failure) if session.json() => return Err(failure),
            Err(failure) => session.print_failure(&failure),
        }
    }
    Ok(done)
}

fn print(session: &Session, report: &Report, findings: &[&Finding], whole: bool) {
    let mut blocks: Vec<Vec<Line>> = Vec::new();
    if !session.global.quiet && !report.checklist.is_empty() {
        blocks.push(checklist_lines(&report.checklist));
    }
    blocks.extend(findings.iter().map(|finding| finding_lines(finding)));
    let looked_at = report.looked_at.as_ref().filter(|_| !session.global.quiet);
    let mut last: Vec<Line> = looked_at
        .map(|looked_at| looked_at.to_string().into())
        .into_iter()
        .collect();
    last.push(verdict(findings, whole).into());
    blocks.push(last);
    if session.global.verbose > 0 {
        let mut took: Vec<_> = report.took.iter().filter(|took| took.ms > 0).collect();
        took.sort_by_key(|took| std::cmp::Reverse(took.ms));
        let took: Vec<String> = took
            .iter()
            .map(|took| format!("{} {} ms", took.check, took.ms))
            .collect();
        if let Some(can) = report
            .looked_at
            .as_ref()
            .and_then(|looked_at| looked_at.capabilities.as_ref())
        {
            let rows = can
                .rows()
                .into_iter()
                .map(|(what, how)| vec![what.to_owned(), how])
                .collect();
            blocks.push(table(&session.out, &["THE ENGINE", ""], rows));
        }
        blocks.push(vec![format!("took: {}", took.join(", ")).into()]);
    }
    for (index, block) in blocks.into_iter().enumerate() {
        let blank = (index > 0).then(Line::new);
        if !session.out.lines(blank.into_iter().chain(block)) {
            break;
        }
    }
}

fn print_json(session: &Session, report: &Report, fixed: &[String], ok: bool) {
    let findings: Vec<serde_json::Value> = report
        .findings
        .iter()
        .map(|finding| {
            let mut value = serde_json::json!(finding);
            value["severity"] = serde_json::json!(finding.severity());
            value
        })
        .collect();
    let value = serde_json::json!({
        "ok": ok,
        "checklist": report.checklist,
        "findings": findings,
        "looked_at": report.looked_at,
        "fixed": fixed,
        "took": report.took,
    });
    session.out.answer(&value);
}

/// What keeps `up` from working: the last is the command's failure, the others are reported before it.
pub(crate) fn refuse(session: &Session, findings: &[Finding]) -> Result<(), Failure> {
    let mut errors: Vec<Failure> = findings
        .iter()
        .filter(|finding| finding.severity() == Severity::Error)
        .map(Finding::failure)
        .collect();
    let Some(last) = errors.pop() else {
        warn(session, findings);
        return Ok(());
    };
    for failure in &errors {
        session.print_failure(failure);
    }
    Err(last)
}

/// What does not keep `up` from working, a line each. What the Compose file's reader has to say was said when it was read; what isn't
/// pinned to a version is for `check` to say, not for every `up`.
fn warn(session: &Session, findings: &[Finding]) {
    let warnings: Vec<&Finding> = findings
        .iter()
        .filter(|finding| finding.severity() == Severity::Warning && !ONLY_IN_CHECK.contains(&finding.code))
        .collect();
    for finding in warnings.iter().take(MOST_WARNINGS) {
        let place = finding.place.as_ref().map_or_else(String::new, |place| {
            let name = place.file.file_name().unwrap_or_default().display();
            format!("{name}:{}: ", place.line)
        });
        session.warn(&format!(
            "{place}{} ({}: {})",
            finding.what, finding.code.id, finding.fix
        ));
    }
    if warnings.len() > MOST_WARNINGS {
        let more = warnings.len() - MOST_WARNINGS;
        session.warn(&format!("and {more} more: `magicctl check` shows all"));
    }
}
