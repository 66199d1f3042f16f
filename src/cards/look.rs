//! Asks the engine about a container that is not well.

use std::time::Duration;

use crate::engine::{Detail, Engine, ExecOutcome};
use crate::ids::{ContainerId, ServiceName};
use crate::logs::{SECOND, Stamp, last_records};
use crate::observed::{Health, State};

use super::symptoms::{Ended, HealthReport, Stage, Symptoms};

/// Records of the log that are looked through for the cause.
const RECORDS: usize = 60;

/// What a healthcheck can ask with, and a use of it that always works.
const PROGRAMS: [(&str, &[&str]); 5] = [
    ("bash", &["-c", "true"]),
    ("curl", &["--version"]),
    ("wget", &["--help"]),
    ("python", &["-V"]),
    ("redis-cli", &["--version"]),
];
/// A busy machine takes its time, and what did not answer would count as missing.
const ASKED_WITHIN: Duration = Duration::from_secs(10);

/// How long a run of a healthcheck has when it does not say (Compose specification, `healthcheck.timeout`).
const CHECKED_WITHIN: Duration = Duration::from_secs(30);

/// What was seen of a container when it failed; it may be different by now.
#[derive(Debug, Default)]
pub struct SeenOfContainer {
    /// How it was when its process had ended.
    pub detail: Option<Detail>,
    /// What our own run of its healthcheck said, which is newer than the engine's.
    pub probe: Option<ExecOutcome>,
}

/// What is known of container `id` of `service`, which failed at `stage`.
pub async fn look(
    engine: &Engine,
    id: &ContainerId,
    service: &ServiceName,
    stage: Stage,
    seen: SeenOfContainer,
) -> Symptoms {
    let detail = match seen.detail {
        Some(detail) => Some(detail),
        None => engine.inspect_state(id).await.ok(),
    };
    let run = detail.as_ref().filter(|_| is_of_a_process(&stage)).map(run);
    let mut records = last_records(engine, id, RECORDS, run.unwrap_or_default()).await;
    if records.is_empty() && detail.as_ref().is_some_and(|detail| detail.restart_count > 0) {
        // Its earlier runs ended alike.
        records = last_records(engine, id, RECORDS, (None, None)).await;
    }
    let mut symptoms = Symptoms::new(service.clone(), stage);
    symptoms.records = records;
    // In a network of somebody else the open ports are not its own.
    let is_of_its_own = |detail: &Detail| detail.addresses.iter().any(|address| address != "127.0.0.1");
    let has_network = detail.as_ref().is_some_and(is_of_its_own);
    if let Some(detail) = detail {
        of_detail(&mut symptoms, &detail, seen.probe);
        if matches!(symptoms.ended, Some(Ended { code: 126 | 127, .. })) {
            symptoms.image_command = command_of_image(engine, &detail.image).await;
        }
    }
    let said = symptoms
        .health
        .as_ref()
        .map(|health| health.output.as_str())
        .unwrap_or_default();
    if said.contains("not found") || said.contains("no such file") {
        symptoms.programs = programs(engine, id).await;
    } else if has_network && said.to_lowercase().contains("connect") {
        symptoms.open_ports = open_ports(engine, id).await;
    }
    symptoms
}

/// What `image` runs when no `command` is given; empty: not known.
pub async fn command_of_image(engine: &Engine, image: &str) -> Vec<String> {
    let facts = engine.image_facts(image).await;
    facts.map(|facts| facts.command).unwrap_or_default()
}

/// The TCP ports that are open in container `id`; `None` when it has nothing to say that with.
async fn open_ports(engine: &Engine, id: &ContainerId) -> Option<Vec<u16>> {
    let words = ["cat", "/proc/net/tcp", "/proc/net/tcp6"].map(ToOwned::to_owned);
    let table = engine.exec_probe(id, &words, ASKED_WITHIN).await.ok()?.output;
    // A table without its head is none, one that is cut off may lack what matters.
    let is_whole = table.contains("local_address") && table.ends_with('\n');
    is_whole.then(|| listening(&table))
}

/// The ports of the lines of `/proc/net/tcp` that listen.
fn listening(table: &str) -> Vec<u16> {
    let port = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (address, port) = fields.get(1)?.rsplit_once(':')?;
        // 127.0.0.11 is the engine's name server.
        let is_open = *fields.get(3)? == "0A" && address != "0B00007F";
        u16::from_str_radix(port, 16).ok().filter(|_| is_open)
    };
    let mut ports: Vec<u16> = table.lines().filter_map(port).collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}

/// What container `id` has that a healthcheck can do with.
async fn programs(engine: &Engine, id: &ContainerId) -> Vec<&'static str> {
    let asked = PROGRAMS.iter().map(|(name, arguments)| async move {
        let words: Vec<String> = [*name]
            .iter()
            .chain(*arguments)
            .map(|word| (*word).to_owned())
            .collect();
        let outcome = engine.exec_probe(id, &words, ASKED_WITHIN).await;
        outcome
            .is_ok_and(|outcome| outcome.exit_code == Some(0))
            .then_some(*name)
    });
    futures_util::future::join_all(asked)
        .await
        .into_iter()
        .flatten()
        .collect()
}

/// Whether the failure is a process's end.
fn is_of_a_process(stage: &Stage) -> bool {
    matches!(stage, Stage::Exited { .. } | Stage::NotCompleted | Stage::Loop)
}

/// When the run began and ended that `detail` is of, for its log: its exit code and its words are to be of one run. The engine
/// notes a start once the process runs, which may have printed by then, and starts it again a tenth of a second after an end at the
/// earliest.
fn run(detail: &Detail) -> (Option<Stamp>, Option<Stamp>) {
    log_of(
        detail.state,
        detail.restart_count,
        &detail.started_at,
        &detail.finished_at,
    )
}

/// The same of a run that began and ended then, in the engine's words.
fn log_of(state: State, restarts: u32, started: &str, finished: &str) -> (Option<Stamp>, Option<Stamp>) {
    let started = Stamp::parse(started.as_bytes());
    let finished = Stamp::parse(finished.as_bytes());
    let early = if restarts > 0 { SECOND / 4 } else { SECOND };
    let since = started.map(|at| Stamp(at.0.saturating_sub(early)));
    // What is over for good is followed by no other run: on a busy machine the engine stamps its last words late.
    let is_over = matches!(state, State::Exited { .. });
    let until = finished.filter(|_| !is_over);
    let until = until.map(|at| Stamp(at.0.saturating_add(SECOND / 10)));
    match (started, finished) {
        (Some(started), Some(finished)) if started < finished => (since, until),
        _ => (None, None),
    }
}

fn of_detail(symptoms: &mut Symptoms, detail: &Detail, probe: Option<ExecOutcome>) {
    symptoms.user.clone_from(&detail.user);
    symptoms.workdir.clone_from(&detail.workdir);
    symptoms.command.clone_from(&detail.command);
    symptoms.memory_limit = detail.memory_limit;
    if is_of_a_process(&symptoms.stage) {
        symptoms.ended = Some(Ended {
            code: detail.exit_code,
            oom: detail.oom_killed,
            starts: detail.restart_count + 1,
        });
        // What the runtime could not even begin has no log.
        symptoms.said.clone_from(&detail.error);
        return;
    }
    let (code, output, timeout) = match probe {
        Some(probe) => {
            let had = detail.healthcheck_timeout.unwrap_or(CHECKED_WITHIN);
            (probe.exit_code, probe.output, probe.exit_code.is_none().then_some(had))
        }
        None if detail.health_output.is_empty() && detail.health_code.is_none() => return,
        None => (detail.health_code, detail.health_output.clone(), None),
    };
    if !detail.healthcheck.is_empty() && detail.health != Health::Healthy {
        symptoms.health = Some(HealthReport {
            command: detail.healthcheck.clone(),
            code,
            output,
            timeout,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a run of three seconds.
    fn log(state: State) -> (Option<Stamp>, Option<Stamp>) {
        log_of(state, 0, "2026-01-01T00:00:00Z", "2026-01-01T00:00:03Z")
    }

    #[test]
    fn the_last_words_of_what_is_over_are_its_own_however_late() {
        let (since, until) = log(State::Exited { code: 1 });
        assert!(since.is_some() && until.is_none());
        // Another run follows.
        let (since, until) = log(State::Restarting);
        assert!(since.is_some() && until.is_some());
    }

    #[test]
    fn what_listens_but_not_the_engines_name_server() {
        let table = "  sl  local_address rem_address   st tx_queue\n   \
                     0: 0B00007F:9E1D 00000000:0000 0A 00000000:00000000\n   \
                     1: 00000000:1F40 00000000:0000 0A 00000000:00000000\n   \
                     2: 0100007F:1F41 0100007F:9C40 01 00000000:00000000\n  sl  local_address\n   \
                     0: 00000000000000000000000000000000:1F40 00000000000000000000000000000000:0000 0A\n";
        assert_eq!(listening(table), [8000]);
    }
}
