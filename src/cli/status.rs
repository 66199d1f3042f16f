//! `status`: what runs, since when, where it answers.

use clap::Args;

use crate::cards::{self, SeenOfContainer, Stage};
use crate::compose::Stack;
use crate::engine::{Detail, Engine};
use crate::failure::Failure;
use crate::ids::{ContainerId, ServiceName};
use crate::labels;
use crate::observed::{Container, Health, State};
use crate::plan::settle_of;
use crate::ready::{Answer, ask};
use crate::ready_page::ReadyPage;
use crate::report::{FailureQueue, Load, StatusRow, print_failure, status_table};
use crate::terminal::stdout_columns;
use crate::verdict::{Asks, Evidence, Failed, Verdict, is_of_a_stop, judge};

use super::Ended;
use super::session::Session;
use super::verbs::images::{Form, size};
use super::verbs::ps;

/// `status`.
#[derive(Debug, Clone, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub struct StatusArgs {
    /// Services; all by default
    #[arg(value_name = "SERVICE")]
    pub services: Vec<ServiceName>,
    /// With `--format json`, include stopped containers and those of `run`; the table always shows them
    #[arg(short, long)]
    pub all: bool,
    /// Print only the services' names (-q: only the containers' ids)
    #[arg(long = "services")]
    pub only_services: bool,
    /// Only containers in this state (running, exited, paused…); repeat for several
    #[arg(long, value_name = "STATE")]
    pub status: Vec<String>,
    /// Like --status, written `status=STATE`
    #[arg(long, value_name = "FILTER", value_parser = of_filter)]
    pub filter: Vec<String>,
    /// `table`, or `json`: Compose's fields, one container per line; stopped ones only with -a
    #[arg(long, value_name = "FORM", value_parser = super::verbs::ps::form)]
    pub format: Option<Form>,
    /// Don't truncate ids, commands and mounts in `--format json`; the table never truncates
    #[arg(long)]
    pub no_trunc: bool,
    /// Update the table whenever something changes, until interrupted
    #[arg(short, long, conflicts_with = "format")]
    pub watch: bool,
}

impl StatusArgs {
    /// The states that are asked for, however that was said; any when there are none.
    pub(super) fn states(&self) -> impl Iterator<Item = &String> {
        self.status.iter().chain(&self.filter)
    }
}

/// `--filter`: the state that it is about.
fn of_filter(text: &str) -> Result<String, String> {
    let state = text.strip_prefix("status=").map(ToOwned::to_owned);
    state.ok_or_else(|| "only status can be filtered; use status=running".to_owned())
}

/// How often `--watch` looks when nothing is said to have changed: the up times go on.
const WATCH_EVERY: std::time::Duration = std::time::Duration::from_secs(1);

/// As the engine names them.
const STATES: [&str; 7] = [
    "created",
    "running",
    "paused",
    "restarting",
    "exited",
    "removing",
    "dead",
];

pub(crate) async fn run(session: &Session, args: &StatusArgs) -> Ended {
    let (project, stack) = session.project_with(&args.services)?;
    if let Some(stack) = stack.as_ref().filter(|_| !args.services.is_empty()) {
        stack.select(&args.services, false)?;
    }
    for state in args.states() {
        if !STATES.contains(&state.as_str()) {
            return Err(Failure::usage(format!("--status {state}: unknown state"))
                .hint(format!("the states are {}", STATES.join(", "))));
        }
    }
    let engine = session.engine().await?;
    if args.only_services && session.json() {
        let containers = chosen(&engine, &project, args).await?;
        let mut services: Vec<&ServiceName> = containers.iter().filter_map(Container::service).collect();
        services.dedup();
        session
            .out
            .answer(&serde_json::json!({ "project": project, "services": services }));
        return Ok(None);
    }
    if (session.global.quiet && !session.json()) || args.only_services {
        let mut lines: Vec<String> = chosen(&engine, &project, args)
            .await?
            .into_iter()
            .filter_map(|container| {
                if args.only_services {
                    container.service().map(ToString::to_string)
                } else {
                    Some(container.id.to_string())
                }
            })
            .collect();
        lines.dedup();
        session.out.lines(lines);
        return Ok(None);
    }
    if args.format == Some(Form::Json) {
        return ps::run(session, &engine, &project, args).await;
    }
    if !args.watch {
        let rows = rows(&engine, &project, args).await?;
        let failures = failures(session, &engine, stack.as_ref(), &rows).await?;
        let notes = match &stack {
            Some(stack) => super::check::changed_since_built(session, &engine, stack, None).await,
            None => Vec::new(),
        };
        for note in &notes {
            session.warn(note);
        }
        let said = Said {
            failures: &failures,
            notes: &notes,
        };
        show(session, args, &project, &rows, &[], &said);
        return Ok(None);
    }
    loop {
        let rows = rows(&engine, &project, args).await?;
        let load = load(&engine, &rows).await;
        session
            .out
            .clear_screen()
            .map_err(|error| Failure::failed("the terminal can't be cleared").because(error.to_string()))?;
        if !show(session, args, &project, &rows, &load, &Said::default()) {
            return Ok(None);
        }
        tokio::time::sleep(WATCH_EVERY).await;
    }
}

/// Whether `container` is in a state that is asked for.
pub(super) fn takes_state(args: &StatusArgs, container: &Container) -> bool {
    args.states().next().is_none() || args.states().any(|state| state == container.state.word())
}

/// The containers that are to be shown, by service and number.
async fn chosen(engine: &Engine, project: &str, args: &StatusArgs) -> Result<Vec<Container>, Failure> {
    let mut containers = engine.observe_containers(project).await?;
    containers.retain(|container| {
        let service = container.service();
        service.is_some_and(|service| args.services.is_empty() || args.services.iter().any(|name| name == service))
            && takes_state(args, container)
    });
    containers.sort_by(|a, b| (a.service(), a.number()).cmp(&(b.service(), b.number())));
    Ok(containers)
}

/// A container as it is shown, and how it was found when the list did not say enough.
struct Looked {
    row: StatusRow,
    id: ContainerId,
    detail: Option<Detail>,
}

async fn rows(engine: &Engine, project: &str, args: &StatusArgs) -> Result<Vec<Looked>, Failure> {
    let containers = chosen(engine, project, args).await?;
    let looks = containers.iter().map(|container| look(engine, project, container));
    Ok(futures_util::future::join_all(looks).await)
}

async fn look(engine: &Engine, project: &str, container: &Container) -> Looked {
    let mut evidence = Evidence {
        up: container.up_for(),
        settle: settle_of(&container.labels),
        ..Evidence::of(container.state)
    };
    if evidence.asks == Asks::Nothing {
        (evidence.asks, evidence.proven) = page(engine, container).await;
    }
    let mut verdict = judge(&evidence);
    let mut row = StatusRow::of(container, verdict);
    let mut detail = None;
    // The list says neither how often the engine has started it again nor what its healthcheck says this moment.
    if !matches!(verdict, Verdict::Ready | Verdict::Running) && container.state != State::Created {
        detail = engine.inspect_state(&container.id).await.ok();
    }
    if let Some(detail) = &mut detail {
        evidence.state = detail.state;
        evidence.always_restarts = detail.always_restarts();
        evidence.ends = detail.restart_count;
        evidence.exit = last_exit(engine, project, &container.id, detail).await;
        detail.exit_code = evidence.exit.unwrap_or(detail.exit_code);
        if let State::Running { health } = detail.state
            && evidence.asks == Asks::Healthcheck
        {
            evidence.proven = health == Health::Healthy || passes_now(engine, &container.id, detail).await;
        }
        verdict = judge(&evidence);
        row.state = detail.state;
        row.verdict = verdict;
        row.ready = verdict == Verdict::Ready;
    }
    Looked {
        row,
        id: container.id.clone(),
        detail,
    }
}

/// How a container last ended; of one that runs again only the engine's events say that.
async fn last_exit(engine: &Engine, project: &str, id: &ContainerId, detail: &Detail) -> Option<i64> {
    if !detail.is_running() {
        return Some(detail.exit_code);
    }
    if detail.restart_count == 0 {
        return None;
    }
    engine.last_exit(project, id, &detail.finished_at).await
}

/// Why containers are not well: those that ended with an error, end repeatedly, or are unhealthy.
async fn failures(
    session: &Session,
    engine: &Engine,
    stack: Option<&Stack>,
    looked: &[Looked],
) -> Result<Vec<Failure>, Failure> {
    let around = session.surroundings(stack);
    let mut order = FailureQueue::default();
    let mut told = Vec::new();
    for Looked { row, id, detail } in looked {
        let Some(stage) = stage(row) else {
            told.extend(order.well(&row.service));
            continue;
        };
        let seen = SeenOfContainer {
            detail: detail.clone(),
            ..SeenOfContainer::default()
        };
        let symptoms = cards::look(engine, id, &row.service, stage, seen).await;
        // Somebody stopped it, and it took no harm.
        let stopped = symptoms
            .ended
            .as_ref()
            .is_some_and(|ended| is_of_a_stop(ended.code) && !ended.oom && symptoms.stage != Stage::Loop);
        if !stopped {
            told.extend(order.failed(cards::card(&symptoms, &around)));
        }
    }
    told.extend(order.end().0);
    Ok(told)
}

/// What its card is about.
fn stage(row: &StatusRow) -> Option<Stage> {
    match (row.verdict, row.state) {
        (Verdict::Failed(Failed::Loop), _) => Some(Stage::Loop),
        (Verdict::Failed(_), _) => Some(Stage::Exited { was_ready: None }),
        (
            Verdict::Starting,
            State::Running {
                health: Health::Unhealthy,
            },
        ) => Some(Stage::Unhealthy),
        _ => None,
    }
}

/// What `up` asks of a container without a healthcheck: the page that it names, if it can be asked from here.
async fn page(engine: &Engine, container: &Container) -> (Asks, bool) {
    let label = container.labels.get(labels::READY);
    let Some(page) = label.and_then(|label| ReadyPage::parse(label)) else {
        return (Asks::Nothing, false);
    };
    let addresses: Vec<String> = container.addresses.values().cloned().collect();
    match ask(&page, if engine.is_local() { &addresses } else { &[] }).await {
        Answer::Ready => (Asks::Page, true),
        Answer::NotYet(_) => (Asks::Page, false),
        Answer::Unreachable => (Asks::Nothing, false),
    }
}

/// Until its first probe the engine says `starting` of a service that `up` found ready long ago. Its own
/// healthcheck, run once, tells.
async fn passes_now(engine: &Engine, id: &ContainerId, detail: &Detail) -> bool {
    if detail.health != Health::Starting {
        return false;
    }
    let timeout = std::time::Duration::from_secs(2);
    let outcome = engine.exec_probe(id, &detail.healthcheck, timeout).await;
    outcome.is_ok_and(|outcome| outcome.exit_code == Some(0))
}

/// What the containers of `rows` use; a sample takes the engine a second or two, all together.
async fn load(engine: &Engine, rows: &[Looked]) -> Vec<Load> {
    let samples = rows.iter().map(|Looked { row, id, .. }| async move {
        let state = engine.inspect_state(id).await.ok();
        let restarts = state.map_or_else(|| "-".to_owned(), |state| state.restart_count.to_string());
        let runs = matches!(row.state, State::Running { .. });
        let usage = if runs { engine.usage(id).await.ok() } else { None };
        let bytes = |bytes: u64| size(i64::try_from(bytes).unwrap_or(i64::MAX));
        Load {
            processor: usage
                .as_ref()
                .map_or_else(|| "-".to_owned(), |usage| format!("{:.2}%", usage.cpu_percent)),
            memory: usage
                .as_ref()
                .map_or_else(|| "-".to_owned(), |usage| bytes(usage.memory)),
            restarts,
        }
    });
    futures_util::future::join_all(samples).await
}

/// What is said beside the table.
#[derive(Default)]
struct Said<'a> {
    /// Why containers are not well.
    failures: &'a [Failure],
    /// What was changed after images were built.
    notes: &'a [String],
}

/// False when nobody reads any more.
fn show(
    session: &Session,
    args: &StatusArgs,
    project: &str,
    looked: &[Looked],
    load: &[Load],
    said: &Said<'_>,
) -> bool {
    let rows: Vec<StatusRow> = looked.iter().map(|looked| looked.row.clone()).collect();
    if session.json() {
        return session.out.answer(&serde_json::json!({
            "project": project,
            "containers": rows,
            "failures": said.failures,
            "notes": said.notes,
        }));
    }
    if rows.is_empty() {
        return session.out.line(if args.states().next().is_some() {
            format!("project {project} has no container in that state")
        } else {
            format!("project {project} has no containers; `magicctl up` creates them")
        });
    }
    let told = session
        .out
        .lines(status_table(&session.out, &rows, load, stdout_columns()));
    for failure in said.failures {
        session.out.diagnostic("");
        print_failure(&session.out, failure);
    }
    told
}
