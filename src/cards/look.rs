//! Asks the engine about a container that is not well.

use std::time::Duration;

use crate::engine::{Detail, Engine, ExecOutcome};
use crate::logs::last_records;
use crate::observed::Health;

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
const ASKED_WITHIN: Duration = Duration::from_secs(2);

/// What was seen of a container when it failed; it may be different by now.
#[derive(Debug, Default)]
pub struct Seen {
    /// How it was when its process had ended.
    pub detail: Option<Detail>,
    /// What our own run of its healthcheck said, which is newer than the engine's.
    pub probe: Option<ExecOutcome>,
}

/// What is known of container `id` of `service`, which failed at `stage`.
pub async fn look(engine: &Engine, id: &str, service: &str, stage: Stage, seen: Seen) -> Symptoms {
    let inspect = async {
        match seen.detail {
            Some(detail) => Some(detail),
            None => engine.inspect_state(id).await.ok(),
        }
    };
    let (detail, records) = futures_util::future::join(inspect, last_records(engine, id, RECORDS)).await;
    let mut symptoms = Symptoms::new(service, stage);
    symptoms.records = records;
    if let Some(detail) = detail {
        of_detail(&mut symptoms, &detail, seen.probe);
    }
    let said = symptoms
        .health
        .as_ref()
        .map(|health| health.output.as_str())
        .unwrap_or_default();
    if said.contains("not found") || said.contains("no such file") {
        symptoms.programs = programs(engine, id).await;
    }
    symptoms
}

/// What container `id` has that a healthcheck can do with.
async fn programs(engine: &Engine, id: &str) -> Vec<&'static str> {
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

fn of_detail(symptoms: &mut Symptoms, detail: &Detail, probe: Option<ExecOutcome>) {
    symptoms.user.clone_from(&detail.user);
    symptoms.workdir.clone_from(&detail.workdir);
    symptoms.memory_limit = detail.memory_limit;
    let of_a_process = matches!(symptoms.stage, Stage::Exited { .. } | Stage::NotCompleted | Stage::Loop);
    if of_a_process {
        symptoms.ended = Some(Ended {
            code: detail.exit_code,
            oom: detail.oom_killed,
            starts: detail.restart_count + 1,
        });
        // What the runtime could not even begin has no log.
        symptoms.said.clone_from(&detail.error);
        return;
    }
    let (code, output) = match probe {
        Some(probe) => (probe.exit_code, probe.output),
        None if detail.health_output.is_empty() && detail.health_code.is_none() => return,
        None => (detail.health_code, detail.health_output.clone()),
    };
    if !detail.healthcheck.is_empty() && detail.health != Health::Healthy {
        symptoms.health = Some(HealthReport {
            command: detail.healthcheck.clone(),
            code,
            output,
        });
    }
}
