//! What is known of a failure before anybody has thought about it.

use std::path::PathBuf;
use std::time::Duration;

use crate::engine::FailedStep;
use crate::ids::ServiceName;
use crate::logs::LastRecord;

/// Where on its way a service failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// Getting its image.
    Pull {
        /// The image's name as the Compose file has it.
        image: String,
    },
    /// Building its image.
    Build,
    /// Making its container.
    Create,
    /// Starting its container.
    Start,
    /// Its process ended, and isn't started again.
    Exited {
        /// Whether it was ready before, if that is known.
        was_ready: Option<bool>,
    },
    /// Its process ended with an error, and was to end with 0.
    NotCompleted,
    /// Its process ends repeatedly, and the engine starts it each time.
    Loop,
    /// It runs, and was not ready in time.
    TimedOut(Duration),
    /// It runs, and the engine says that it is unhealthy.
    Unhealthy,
    /// Any other step: what could not be done, such as `create network x`.
    Other(String),
}

/// How a process ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ended {
    /// The exit code.
    pub code: i64,
    /// The kernel killed it for want of memory.
    pub oom: bool,
    /// How often the engine has started it.
    pub starts: u32,
}

/// What a container's healthcheck last said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HealthReport {
    /// Its command, as `exec` takes it.
    pub command: Vec<String>,
    /// Its exit code; `None` when it did not end in time.
    pub code: Option<i64>,
    /// What it printed.
    pub output: String,
    /// Of our own run that did not end in time: how long it had.
    pub timeout: Option<Duration>,
}

impl HealthReport {
    /// The command as people write it.
    pub fn shown(&self) -> String {
        match self.command.as_slice() {
            [shell, flag, script] if shell == "/bin/sh" && flag == "-c" => script.clone(),
            words => words.join(" "),
        }
    }
}

/// Everything that is known of one failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symptoms {
    /// The service; empty for what is of no single one.
    pub service: ServiceName,
    /// During which part of the work it failed.
    pub stage: Stage,
    /// What the engine, the registry or the builder answered; empty when nothing was refused.
    pub said: String,
    /// How its process ended.
    pub ended: Option<Ended>,
    /// What its healthcheck said.
    pub health: Option<HealthReport>,
    /// The step of its Dockerfile that failed.
    pub step: Option<FailedStep>,
    /// What that step's program ended with.
    pub step_exit: Option<i64>,
    /// A Dockerfile that can't be read, and why.
    pub unreadable: Option<(PathBuf, String)>,
    /// Its log's last records, oldest first.
    pub records: Vec<LastRecord>,
    /// Most bytes of memory that its container may use; 0: any.
    pub memory_limit: u64,
    /// Whom its process runs as; empty: the image's word, mostly root.
    pub user: String,
    /// Where its process starts; empty: the root.
    pub workdir: String,
    /// Programs that its image has, of those that a healthcheck can do with.
    pub programs: Vec<&'static str>,
    /// What its container runs; empty: not known.
    pub command: Vec<String>,
    /// What its image runs by itself; empty: not known.
    pub image_command: Vec<String>,
    /// The TCP ports that are open in its container, if that could be asked.
    pub open_ports: Option<Vec<u16>>,
    /// Whether there is a login for the registry of the image that was pulled.
    pub has_login: Option<bool>,
}

impl Symptoms {
    /// Of `service` at `stage`, nothing else known.
    pub fn new(service: impl Into<ServiceName>, stage: Stage) -> Self {
        Self {
            service: service.into(),
            stage,
            said: String::new(),
            ended: None,
            health: None,
            step: None,
            step_exit: None,
            unreadable: None,
            records: Vec::new(),
            memory_limit: 0,
            user: String::new(),
            workdir: String::new(),
            programs: Vec::new(),
            command: Vec::new(),
            image_command: Vec::new(),
            open_ports: None,
            has_login: None,
        }
    }

    /// The engine's answer.
    pub fn said(mut self, words: impl Into<String>) -> Self {
        self.said = words.into();
        self
    }

    /// The same with every text of others passed through `mask`.
    pub fn masked(&self, mask: impl Fn(&str) -> String) -> Self {
        let all = |texts: &[String]| texts.iter().map(|text| mask(text)).collect::<Vec<_>>();
        Self {
            said: mask(&self.said),
            user: mask(&self.user),
            workdir: mask(&self.workdir),
            command: all(&self.command),
            image_command: all(&self.image_command),
            health: self.health.as_ref().map(|health| HealthReport {
                command: all(&health.command),
                code: health.code,
                output: mask(&health.output),
                timeout: health.timeout,
            }),
            step: self.step.as_ref().map(|step| FailedStep {
                name: mask(&step.name),
                output: all(&step.output),
            }),
            records: self
                .records
                .iter()
                .map(|record| LastRecord {
                    lines: all(&record.lines),
                    ..record.clone()
                })
                .collect(),
            ..self.clone()
        }
    }
}
