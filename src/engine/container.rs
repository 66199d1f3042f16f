//! A container's life after it was made. Doing what is done already is success, and said to be no change.

use std::time::Duration;

use bollard::models::{
    ContainerStateStatusEnum, HealthConfig, HealthStatusEnum, PortMap, RestartPolicy, RestartPolicyNameEnum,
};
use bollard::query_parameters::{
    KillContainerOptions, RemoveContainerOptions, RenameContainerOptions, RestartContainerOptions, StopContainerOptions,
};
use futures_util::StreamExt as _;

use crate::ids::ContainerId;
use crate::observed::{Health, PublishedPort, State};

use super::{Engine, EngineError, kept};

/// The engine's own grace period, for containers that name none.
const GRACE: u64 = 10;

/// What waiting needs to know of one container.
#[derive(Debug, Clone)]
pub struct Detail {
    /// How it is. While the engine is about to start it again that is [`State::Restarting`].
    pub state: State,
    /// Its last exit code; 0 once it has been started again.
    pub exit_code: i64,
    /// When its process was last started, in the engine's words: another start, another text.
    pub started_at: String,
    /// When its process last ended, in the engine's words.
    pub finished_at: String,
    /// What its healthcheck last said.
    pub health: Health,
    /// The healthcheck's command, as `exec` takes it; empty when there is none.
    pub healthcheck: Vec<String>,
    /// How long the healthcheck may take; `None` is the engine's default.
    pub healthcheck_timeout: Option<Duration>,
    /// The last exit was for want of memory.
    pub oom_killed: bool,
    /// Why it could not start, in the engine's words.
    pub error: String,
    /// How often the engine has started it again.
    pub restart_count: u32,
    /// What the healthcheck last printed.
    pub health_output: String,
    /// The exit code of its last run; `None` when that did not end in time.
    pub health_code: Option<i64>,
    /// Most bytes of memory that it may use; 0: any.
    pub memory_limit: u64,
    /// Where its process starts; empty: the root.
    pub workdir: String,
    /// Whom its process runs as; empty: the image's default, mostly root.
    pub user: String,
    /// What it runs: the entrypoint and its arguments.
    pub command: Vec<String>,
    /// The id of its image.
    pub image: String,
    /// Its addresses, as this machine sees them if the engine is here; none while it doesn't run.
    pub addresses: Vec<String>,
    /// The TCP ports that it or its image names.
    pub ports: Vec<u16>,
    restart: RestartPolicy,
}

impl Detail {
    /// Whether it has a process, or will have one again without being asked.
    pub fn is_alive(&self) -> bool {
        matches!(self.state, State::Running { .. } | State::Paused | State::Restarting)
    }

    /// Whether its process runs, and isn't frozen.
    pub fn is_running(&self) -> bool {
        matches!(self.state, State::Running { .. })
    }

    /// Whether the engine starts it again after whatever end that nobody asked for.
    pub fn always_restarts(&self) -> bool {
        matches!(
            self.restart.name,
            Some(RestartPolicyNameEnum::ALWAYS | RestartPolicyNameEnum::UNLESS_STOPPED)
        )
    }
}

impl Engine {
    /// Starts a container; false when it runs already.
    pub async fn start(&self, id: &ContainerId) -> Result<bool, EngineError> {
        let started = self.docker.container(id)?.start().await;
        self.changed(started, 304)
    }

    /// Stops a container, killing it after `timeout` seconds (its own grace period when `None`); false when it
    /// does not run.
    pub async fn stop(&self, id: &ContainerId, timeout: Option<u32>) -> Result<bool, EngineError> {
        let options = StopContainerOptions {
            t: timeout.map(saturated),
            ..StopContainerOptions::default()
        };
        let container = self.docker.container(id)?;
        let stopped = self.graceful(id, timeout, container.stop(options));
        match self.changed(stopped.await?, 304) {
            Err(EngineError::NotFound(_)) => Ok(false),
            other => other,
        }
    }

    /// Stops and starts a container, which is always a change.
    pub async fn restart(&self, id: &ContainerId, timeout: Option<u32>) -> Result<bool, EngineError> {
        let options = RestartContainerOptions {
            t: timeout.map(saturated),
            ..RestartContainerOptions::default()
        };
        let container = self.docker.container(id)?;
        let restarted = self.graceful(id, timeout, container.restart(options));
        restarted.await?.map(|()| true).map_err(|error| self.error(error))
    }

    /// Waits for `stopping`, which takes as long as the container's process is given to end: `timeout` seconds, else what the
    /// container says.
    async fn graceful<T>(
        &self,
        id: &ContainerId,
        timeout: Option<u32>,
        stopping: impl Future<Output = T>,
    ) -> Result<T, EngineError> {
        let mut stopping = std::pin::pin!(stopping);
        let seconds = |seconds| Duration::from_secs(seconds).saturating_add(self.patience.change());
        let within = seconds(timeout.map_or(GRACE, u64::from));
        if let Ok(stopped) = tokio::time::timeout(within, &mut stopping).await {
            return Ok(stopped);
        }
        let silent = |within| EngineError::silent(&self.endpoint, within);
        if timeout.is_some() {
            return Err(silent(within));
        }
        let inspected = self.docker.container(id)?.inspect().await;
        let config = inspected.map_err(|error| self.error(error))?.config.unwrap_or_default();
        let grace = config.stop_timeout.and_then(|seconds| u64::try_from(seconds).ok());
        // A negative one means that it is never killed.
        let longer = seconds(grace.unwrap_or(if config.stop_timeout.is_some() { u64::MAX } else { GRACE }));
        let rest = longer.saturating_sub(within);
        tokio::time::timeout(rest, stopping)
            .await
            .map_err(|_elapsed| silent(longer))
    }

    /// Sends a signal; false when nothing runs there.
    pub async fn kill(&self, id: &ContainerId, signal: &str) -> Result<bool, EngineError> {
        let options = KillContainerOptions {
            signal: signal.to_owned(),
        };
        let killed = self.docker.container(id)?.kill(options).await;
        match killed.map_err(|error| self.error(error)) {
            Ok(()) => Ok(true),
            Err(EngineError::Conflict(message)) if message.contains("is not running") => Ok(false),
            Err(other) => Err(other),
        }
    }

    /// Freezes a container; false when it is frozen already.
    pub async fn pause(&self, id: &ContainerId) -> Result<bool, EngineError> {
        let paused = self.docker.container(id)?.pause().await;
        match paused.map_err(|error| self.error(error)) {
            Ok(()) => Ok(true),
            Err(EngineError::Conflict(message) | EngineError::Refused(message))
                if message.contains("already paused") =>
            {
                Ok(false)
            }
            Err(other) => Err(other),
        }
    }

    /// Unfreezes a container; false when it is not frozen.
    pub async fn unpause(&self, id: &ContainerId) -> Result<bool, EngineError> {
        let unpaused = self.docker.container(id)?.unpause().await;
        match unpaused.map_err(|error| self.error(error)) {
            Ok(()) => Ok(true),
            Err(EngineError::Conflict(message) | EngineError::Refused(message)) if message.contains("not paused") => {
                Ok(false)
            }
            Err(other) => Err(other),
        }
    }

    /// Gives a container another name; false when it has it already.
    pub async fn rename(&self, id: &ContainerId, name: &str) -> Result<bool, EngineError> {
        let options = RenameContainerOptions { name: name.to_owned() };
        let renamed = self.docker.container(id)?.rename(options).await;
        match renamed.map_err(|error| self.error(error)) {
            Ok(()) => Ok(true),
            Err(EngineError::Refused(message)) if message.contains("same name as its current name") => Ok(false),
            Err(other) => Err(other),
        }
    }

    /// Removes a container, by force, with its anonymous volumes if `volumes`; false when it is gone already.
    pub async fn remove_container(&self, id: &ContainerId, volumes: bool) -> Result<bool, EngineError> {
        let options = RemoveContainerOptions {
            v: volumes,
            force: true,
            ..RemoveContainerOptions::default()
        };
        let removed = self.docker.container(id)?.remove(options).await;
        match removed.map_err(|error| self.error(error)) {
            Ok(()) => Ok(true),
            Err(EngineError::NotFound(_)) => Ok(false),
            // Somebody else is at it.
            Err(EngineError::Conflict(message)) if message.contains("already in progress") => Ok(false),
            Err(other) => Err(other),
        }
    }

    /// The exit code of a container, once it has ended.
    pub async fn wait(&self, id: &ContainerId) -> Result<i64, EngineError> {
        let mut waiting = std::pin::pin!(self.docker.container(id)?.wait());
        match waiting.next().await {
            Some(Ok(ended)) => Ok(ended.status_code),
            Some(Err(bollard::errors::Error::DockerContainerWaitError { code, .. })) => Ok(code),
            Some(Err(error)) => Err(self.error(error)),
            None => Err(EngineError::NotFound(format!("{id} is gone"))),
        }
    }

    /// Whether a container has a terminal, and whether its standard input is open.
    pub async fn terminal_of(&self, id: &ContainerId) -> Result<(bool, bool), EngineError> {
        let inspected = self.docker.container(id)?.inspect().await;
        let config = inspected.map_err(|error| self.error(error))?.config.unwrap_or_default();
        Ok((config.tty.unwrap_or(false), config.open_stdin.unwrap_or(false)))
    }

    /// The host ports that a container was made to publish, running or not; none of those that the engine chooses.
    pub async fn bound_ports(&self, id: &ContainerId) -> Result<Vec<PublishedPort>, EngineError> {
        let inspected = self.docker.container(id)?.inspect().await;
        let host_config = inspected.map_err(|error| self.error(error))?.host_config;
        Ok(bound(
            host_config.and_then(|config| config.port_bindings).unwrap_or_default(),
        ))
    }

    /// When a container was last started, in the engine's words.
    pub async fn started_at(&self, id: &ContainerId) -> Result<Option<String>, EngineError> {
        let inspected = self.docker.container(id)?.inspect().await;
        let state = inspected.map_err(|error| self.error(error))?.state;
        Ok(state.and_then(|state| state.started_at))
    }

    /// How one container is.
    pub async fn inspect_state(&self, id: &ContainerId) -> Result<Detail, EngineError> {
        let inspected = self.docker.container(id)?.inspect().await;
        let inspected = inspected.map_err(|error| self.error(error))?;
        let state = inspected.state.unwrap_or_default();
        let host_config = inspected.host_config.unwrap_or_default();
        let in_host_network = host_config.network_mode.as_deref() == Some("host");
        let networks = inspected.network_settings.and_then(|settings| settings.networks);
        let addresses = networks
            .into_iter()
            .flat_map(std::collections::HashMap::into_values)
            .filter_map(|network| network.ip_address.filter(|address| !address.is_empty()))
            .chain(in_host_network.then(|| "127.0.0.1".to_owned()))
            .collect();
        let config = inspected.config.unwrap_or_default();
        let exposed = config.exposed_ports.unwrap_or_default();
        let mut ports: Vec<u16> = exposed
            .iter()
            .filter_map(|port| port.strip_suffix("/tcp")?.parse().ok())
            .collect();
        ports.sort_unstable();
        let healthcheck = config.healthcheck.unwrap_or_default();
        let health = state.health.unwrap_or_default();
        let last = health.log.unwrap_or_default().pop();
        let exit_code = state.exit_code.unwrap_or(0);
        let said = match health.status {
            Some(HealthStatusEnum::HEALTHY) => Health::Healthy,
            // What was counted while it was paused is over with the first run that passes.
            Some(HealthStatusEnum::UNHEALTHY) if last.as_ref().and_then(|run| run.exit_code) == Some(0) => {
                Health::Healthy
            }
            // Without a run nothing was found: the engine says so of what was paused longer than its healthcheck may take.
            Some(HealthStatusEnum::UNHEALTHY) if last.is_none() => Health::Starting,
            Some(HealthStatusEnum::UNHEALTHY) => Health::Unhealthy,
            Some(HealthStatusEnum::STARTING) => Health::Starting,
            _ => Health::None,
        };
        Ok(Detail {
            state: match state.status {
                Some(ContainerStateStatusEnum::RUNNING) => State::Running { health: said },
                Some(ContainerStateStatusEnum::PAUSED) => State::Paused,
                Some(ContainerStateStatusEnum::RESTARTING) => State::Restarting,
                Some(ContainerStateStatusEnum::EXITED) => State::Exited { code: exit_code },
                Some(ContainerStateStatusEnum::REMOVING) => State::Removing,
                Some(ContainerStateStatusEnum::DEAD) => State::Dead,
                _ if state.running.unwrap_or(false) => State::Running { health: said },
                _ => State::Created,
            },
            exit_code,
            started_at: state.started_at.unwrap_or_default(),
            finished_at: state.finished_at.unwrap_or_default(),
            health: said,
            healthcheck_timeout: timeout_of(&healthcheck),
            healthcheck: command_of(healthcheck),
            oom_killed: state.oom_killed.unwrap_or(false),
            error: state.error.unwrap_or_default(),
            restart_count: inspected
                .restart_count
                .and_then(|count| u32::try_from(count).ok())
                .unwrap_or(0),
            // The engine's code for a run that it had to cut off.
            health_code: last
                .as_ref()
                .and_then(|result| result.exit_code)
                .filter(|code| *code >= 0),
            health_output: last
                .and_then(|result| result.output)
                .map(kept::of_engine)
                .unwrap_or_default(),
            memory_limit: host_config
                .memory
                .and_then(|bytes| u64::try_from(bytes).ok())
                .unwrap_or(0),
            workdir: config.working_dir.unwrap_or_default(),
            user: config.user.unwrap_or_default(),
            command: [config.entrypoint, config.cmd]
                .into_iter()
                .flatten()
                .flatten()
                .collect(),
            image: inspected.image.unwrap_or_default(),
            addresses,
            ports,
            restart: host_config.restart_policy.unwrap_or_default(),
        })
    }

    /// `Ok(false)` for the status with which the engine says that there was nothing to do.
    fn changed(&self, result: Result<(), bollard::errors::Error>, unchanged: u16) -> Result<bool, EngineError> {
        match result {
            Ok(()) => Ok(true),
            Err(bollard::errors::Error::DockerResponseServerError { status_code, .. }) if status_code == unchanged => {
                Ok(false)
            }
            Err(error) => Err(self.error(error)),
        }
    }
}

/// `{"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8080"}]}`.
fn bound(map: PortMap) -> Vec<PublishedPort> {
    let mut ports = Vec::new();
    for (key, bindings) in map {
        let (private, protocol) = key.split_once('/').unwrap_or((&key, "tcp"));
        for binding in bindings.into_iter().flatten() {
            let public = binding.host_port.and_then(|port| port.parse().ok());
            if let (Ok(private), Some(public @ 1..)) = (private.parse(), public) {
                ports.push(PublishedPort {
                    ip: binding.host_ip.filter(|ip| !ip.is_empty()),
                    public: Some(public),
                    private,
                    protocol: protocol.to_owned(),
                });
            }
        }
    }
    ports
}

fn saturated(seconds: u32) -> i32 {
    i32::try_from(seconds).unwrap_or(i32::MAX)
}

/// `["CMD", …]` and `["CMD-SHELL", "…"]` as `exec` takes them; nothing for `["NONE"]` and for an image's own.
fn command_of(healthcheck: HealthConfig) -> Vec<String> {
    let mut test = healthcheck.test.unwrap_or_default().into_iter();
    match test.next().as_deref() {
        Some("CMD") => test.collect(),
        Some("CMD-SHELL") => ["/bin/sh".to_owned(), "-c".to_owned()]
            .into_iter()
            .chain(test)
            .collect(),
        _ => Vec::new(),
    }
}

fn timeout_of(healthcheck: &HealthConfig) -> Option<Duration> {
    let nanoseconds = u64::try_from(healthcheck.timeout?).ok()?;
    (nanoseconds > 0).then(|| Duration::from_nanos(nanoseconds))
}
