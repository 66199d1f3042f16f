//! Makes the checks side by side, each within its time; one that fails is a finding, and the others go on.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::codes;
use crate::engine::Engine;
use crate::failure::Failure;

use super::checklist::{self, Item};
use super::finding::MOST_FINDINGS;
use super::gather;
use super::project::Project;
use super::table::{CHECKS, Check, Group, Look};
use super::there::There;
use super::{Finding, Looked, copies};

/// How long one check may take.
const CHECKS_WITHIN: Duration = Duration::from_millis(1500);

/// What is wanted.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Only these; empty: all.
    pub only: BTreeSet<Group>,
    /// What takes seconds, and starts containers, too.
    pub deep: bool,
}

/// What came of it.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// The guide's checklist; empty for other stacks.
    pub checklist: Vec<Item>,
    /// What is wrong, in the order that one would mend it.
    pub findings: Vec<Finding>,
    /// How long each check took.
    pub took: Vec<Took>,
}

/// How long a check took.
#[derive(Debug, Clone, Serialize)]
pub struct Took {
    /// The check.
    pub check: &'static str,
    /// Milliseconds.
    pub ms: u64,
}

/// Everything, for `check`. Files are looked at while the engine is asked.
pub async fn run(
    project: Arc<Project>,
    engine: impl Future<Output = Result<Engine, Failure>>,
    options: &Options,
) -> Report {
    let wanted = |group: Group| options.only.is_empty() || options.only.contains(&group);
    let chosen: Vec<&'static Check> = CHECKS.iter().filter(|check| wanted(check.group)).collect();
    let asks = chosen.iter().any(|check| !matches!(check.look, Look::Files(_)));
    let files = start(&chosen, &project, |project, look| match look {
        Look::Files(look) => Some(Box::new(move || Ok(look(&project)))),
        _ => None,
    });
    let mut report = Report::default();
    if asks || wanted(Group::Engine) {
        let engine_group = wanted(Group::Engine);
        match gather::all(engine, &project, options.deep, &mut report.took).await {
            Ok((there, more)) => {
                let there = Arc::new((there, more));
                let rest = start(
                    &chosen,
                    &project,
                    |project, look| -> Option<Box<dyn FnOnce() -> Looked + Send>> {
                        let there = Arc::clone(&there);
                        match look {
                            Look::Files(_) => None,
                            Look::Engine(look) => Some(Box::new(move || Ok(look(&project, &there.0)))),
                            Look::More(look) => Some(Box::new(move || look(&project, &there.0, &there.1))),
                        }
                    },
                );
                finish(files, &mut report).await;
                finish(rest, &mut report).await;
            }
            Err(failure) => {
                finish(files, &mut report).await;
                if engine_group {
                    report.findings.push(gather::unreachable(&failure));
                }
            }
        }
    } else {
        finish(files, &mut report).await;
    }
    if wanted(Group::Checklist) && project.has_app() {
        report.checklist = checklist::items(&project);
    }
    report.findings = copies::together(report.findings);
    sort(&mut report.findings);
    report
}

/// The quick ones, for `up`: files, and the engine's objects that it knows already.
pub async fn quick(project: Arc<Project>, there: There) -> Vec<Finding> {
    let there = Arc::new(there);
    let chosen: Vec<&'static Check> = CHECKS.iter().collect();
    let started = start(
        &chosen,
        &project,
        |project, look| -> Option<Box<dyn FnOnce() -> Looked + Send>> {
            let there = Arc::clone(&there);
            match look {
                Look::Files(look) => Some(Box::new(move || Ok(look(&project)))),
                Look::Engine(look) => Some(Box::new(move || Ok(look(&project, &there)))),
                Look::More(_) => None,
            }
        },
    );
    let mut report = Report::default();
    finish(started, &mut report).await;
    let mut findings = copies::together(report.findings);
    sort(&mut findings);
    findings
}

type Started = Vec<(&'static Check, tokio::task::JoinHandle<(Looked, Duration)>)>;

fn start<F>(chosen: &[&'static Check], project: &Arc<Project>, work: F) -> Started
where
    F: Fn(Arc<Project>, Look) -> Option<Box<dyn FnOnce() -> Looked + Send>>,
{
    chosen
        .iter()
        .filter_map(|check| {
            let work = work(Arc::clone(project), check.look)?;
            let handle = tokio::task::spawn_blocking(move || {
                let began = Instant::now();
                (work(), began.elapsed())
            });
            Some((*check, handle))
        })
        .collect()
}

async fn finish(started: Started, report: &mut Report) {
    let end = tokio::time::Instant::now() + CHECKS_WITHIN;
    for (check, handle) in started {
        // A thread can't be stopped: one that gave no answer in time is left behind and ends with the process.
        let (looked, took) = match tokio::time::timeout_at(end, handle).await {
            Ok(Ok(made)) => made,
            Ok(Err(broken)) => (Err(Failure::failed(broken.to_string())), Duration::ZERO),
            Err(_elapsed) => {
                let what = format!("it gave up after {} s", CHECKS_WITHIN.as_secs_f32());
                (Err(Failure::failed(what)), CHECKS_WITHIN)
            }
        };
        report.took.push(Took {
            check: check.name,
            ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        });
        match looked {
            Ok(findings) => report.findings.extend(limited(check.name, findings)),
            Err(failure) => report.findings.push(
                Finding::new(
                    &codes::CHECK_FAILED,
                    format!("the check `{}` could not be made", check.name),
                )
                .because(failure.to_string()),
            ),
        }
    }
}

/// The worst of `findings`, and that there were more.
fn limited(check: &str, mut findings: Vec<Finding>) -> Vec<Finding> {
    if findings.len() >= MOST_FINDINGS {
        sort(&mut findings);
        findings.truncate(MOST_FINDINGS);
        let what = format!("the check `{check}` stopped after {MOST_FINDINGS} findings");
        findings.push(
            Finding::new(&codes::CHECK_FAILED, what)
                .because("what follows is not looked at")
                .fix("fix those, and check again"),
        );
    }
    findings
}

/// Errors first; within a severity as the table has them.
fn sort(findings: &mut [Finding]) {
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity()));
}
