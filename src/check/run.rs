//! Makes the checks side by side, each within its time; one that fails is a finding, and the others go on.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::codes;
use crate::engine::{Engine, Table};
use crate::failure::Failure;

use super::checklist::{self, Item};
use super::engine_state::{EngineAnswers, EngineState};
use super::finding::MOST_FINDINGS;
use super::gather;
use super::project::Project;
use super::table::{CHECKS, Check, Group, Look};
use super::{CheckResult, Finding, copies, dockerfile};

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
    /// What is wrong, in the order that one would fix it.
    pub findings: Vec<Finding>,
    /// What of the engine was looked at; nothing when it was not asked.
    pub looked_at: Option<LookedAt>,
    /// How long each check took.
    pub took: Vec<Took>,
}

/// What the checks had before them, for a reader who wonders whether the right thing was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LookedAt {
    /// The engine: its version, and its address with how that was found.
    pub engine: String,
    /// How many images the services want.
    pub images: usize,
    /// How many of them are here.
    pub images_here: usize,
    /// How many host ports the services publish.
    pub ports: usize,
    /// What the engine can do; nothing when it did not say.
    pub capabilities: Option<Table>,
}

impl LookedAt {
    fn of(project: &Project, there: &EngineState, more: &EngineAnswers) -> Self {
        let name = project.stack().map(|stack| stack.name.as_str()).unwrap_or_default();
        let images: BTreeSet<String> = project.services().map(|service| service.image_ref(name)).collect();
        let is_here = |image: &&String| there.observed.image_id(image).is_some();
        let version = more.about.as_ref().map_or("", |about| about.version.as_str());
        let published = project.services().flat_map(|service| &service.ports);
        Self {
            engine: format!("{version} at {}", there.address).trim_start().to_owned(),
            images_here: images.iter().filter(is_here).count(),
            images: images.len(),
            ports: published.filter(|port| port.published.is_some()).count(),
            capabilities: more
                .about
                .as_ref()
                .ok()
                .map(|about| Table::of(about, there.observed.capabilities)),
        }
    }
}

impl std::fmt::Display for LookedAt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            engine,
            images,
            images_here,
            ports,
            ..
        } = self;
        write!(
            f,
            "checked against engine {engine}: {images_here} of {images} images present, {ports} host ports"
        )
    }
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
                report.looked_at = Some(LookedAt::of(&project, &there, &more));
                let there = Arc::new((there, more));
                let rest = start(
                    &chosen,
                    &project,
                    |project, look| -> Option<Box<dyn FnOnce() -> CheckResult + Send>> {
                        let there = Arc::clone(&there);
                        match look {
                            Look::Files(_) => None,
                            Look::Engine(look) => Some(Box::new(move || Ok(look(&project, &there.0)))),
                            Look::Asked(look) => Some(Box::new(move || look(&project, &there.0, &there.1))),
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
pub async fn quick(project: Arc<Project>, there: EngineState) -> Vec<Finding> {
    let there = Arc::new(there);
    let chosen: Vec<&'static Check> = CHECKS.iter().collect();
    let started = start(
        &chosen,
        &project,
        |project, look| -> Option<Box<dyn FnOnce() -> CheckResult + Send>> {
            let there = Arc::clone(&there);
            match look {
                Look::Files(look) => Some(Box::new(move || Ok(look(&project)))),
                Look::Engine(look) => Some(Box::new(move || Ok(look(&project, &there)))),
                Look::Asked(_) => None,
            }
        },
    );
    let mut report = Report::default();
    finish(started, &mut report).await;
    let mut findings = copies::together(report.findings);
    sort(&mut findings);
    findings
}

/// What was changed after an image was built, for whoever only wants that.
pub fn newer(project: &Project, there: &EngineState) -> Vec<Finding> {
    dockerfile::newer::look(project, there)
}

type Started = Vec<(&'static Check, tokio::task::JoinHandle<(CheckResult, Duration)>)>;

fn start<F>(chosen: &[&'static Check], project: &Arc<Project>, work: F) -> Started
where
    F: Fn(Arc<Project>, Look) -> Option<Box<dyn FnOnce() -> CheckResult + Send>>,
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
        // A thread can't be stopped: one that gave no answer in time is left alone and ends with the process.
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
                    format!("the check `{}` could not run", check.name),
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
                .because("the rest was not checked")
                .fix("fix these, then check again"),
        );
    }
    findings
}

/// Errors first; within a severity as the table has them.
fn sort(findings: &mut [Finding]) {
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity()));
}
