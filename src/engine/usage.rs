//! What a container runs and what it uses.

use bollard::models::{ContainerCpuStats, ContainerStatsResponse};
use bollard::query_parameters::StatsOptions;
use futures_util::StreamExt as _;

use crate::ids::ContainerId;

use super::{Engine, EngineError};

/// The processes of a container, as `ps` on the engine's machine shows them.
#[derive(Debug, Clone, Default)]
pub struct Top {
    /// The columns.
    pub titles: Vec<String>,
    /// A row a process.
    pub processes: Vec<Vec<String>>,
}

/// What a container uses.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Usage {
    /// Of one processor, so that two used in full are 200.
    pub cpu_percent: f64,
    /// Bytes, without the page cache that can be given up.
    pub memory: u64,
    /// Bytes.
    pub memory_limit: u64,
    /// Bytes over all networks since its start.
    pub received: u64,
    /// Bytes over all networks since its start.
    pub sent: u64,
    /// Bytes read from disks since its start.
    pub read: u64,
    /// Bytes written to disks since its start.
    pub written: u64,
    /// How many processes and threads.
    pub pids: u64,
}

impl Usage {
    /// Memory as a part of its limit.
    #[expect(clippy::cast_precision_loss, reason = "a percentage for people")]
    pub fn memory_percent(&self) -> f64 {
        if self.memory_limit == 0 {
            return 0.0;
        }
        self.memory as f64 / self.memory_limit as f64 * 100.0
    }
}

impl Engine {
    /// The processes of a running container.
    pub async fn top(&self, id: &ContainerId) -> Result<Top, EngineError> {
        let top = self.docker.container(id)?.top().await;
        let top = top.map_err(|error| self.error(error))?;
        Ok(Top {
            titles: top.titles.unwrap_or_default(),
            processes: top.processes.unwrap_or_default(),
        })
    }

    /// What a container uses, sampled over a second.
    pub async fn usage(&self, id: &ContainerId) -> Result<Usage, EngineError> {
        let options = StatsOptions {
            stream: false,
            one_shot: false,
        };
        let mut samples = std::pin::pin!(self.docker.container(id)?.stats(options));
        match samples.next().await {
            Some(sample) => Ok(usage(sample.map_err(|error| self.error(error))?)),
            None => Ok(Usage::default()),
        }
    }
}

fn sum(values: impl Iterator<Item = u64>) -> u64 {
    values.fold(0, u64::saturating_add)
}

fn usage(sample: ContainerStatsResponse) -> Usage {
    let memory = sample.memory_stats.unwrap_or_default();
    let details = memory.stats.unwrap_or_default();
    // As the Docker client does: cgroup v1 names it one way, v2 the other.
    let cache = details
        .get("total_inactive_file")
        .or_else(|| details.get("inactive_file"));
    let networks = sample.networks.unwrap_or_default();
    let disks = sample.blkio_stats.and_then(|stats| stats.io_service_bytes_recursive);
    let on_disk = |what: &str| -> u64 {
        let entries = disks.iter().flatten();
        let meant = entries.filter(|entry| entry.op.as_deref().is_some_and(|op| op.eq_ignore_ascii_case(what)));
        sum(meant.filter_map(|entry| entry.value))
    };
    Usage {
        cpu_percent: cpu_percent(
            &sample.precpu_stats.clone().unwrap_or_default(),
            &sample.cpu_stats.clone().unwrap_or_default(),
        ),
        memory: memory.usage.unwrap_or(0).saturating_sub(cache.copied().unwrap_or(0)),
        memory_limit: memory.limit.unwrap_or(0),
        received: sum(networks.values().filter_map(|network| network.rx_bytes)),
        sent: sum(networks.values().filter_map(|network| network.tx_bytes)),
        read: on_disk("read"),
        written: on_disk("write"),
        pids: sample.pids_stats.and_then(|stats| stats.current).unwrap_or(0),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a percentage for people")]
fn cpu_percent(before: &ContainerCpuStats, now: &ContainerCpuStats) -> f64 {
    let used = |stats: &ContainerCpuStats| {
        stats
            .cpu_usage
            .as_ref()
            .and_then(|usage| usage.total_usage)
            .unwrap_or(0)
    };
    let system = |stats: &ContainerCpuStats| stats.system_cpu_usage.unwrap_or(0);
    let passed = system(now).saturating_sub(system(before));
    if passed == 0 {
        return 0.0;
    }
    let processors = f64::from(now.online_cpus.unwrap_or(1).max(1));
    used(now).saturating_sub(used(before)) as f64 / passed as f64 * processors * 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_processors_in_full_are_two_hundred_percent() {
        let stats = |used, system| ContainerCpuStats {
            cpu_usage: Some(bollard::models::ContainerCpuUsage {
                total_usage: Some(used),
                ..Default::default()
            }),
            system_cpu_usage: Some(system),
            online_cpus: Some(4),
            ..ContainerCpuStats::default()
        };
        let percent = cpu_percent(&stats(100, 1_000), &stats(600, 2_000));
        assert!((percent - 200.0).abs() < 0.001, "{percent}");
        assert!(cpu_percent(&stats(1, 1), &stats(2, 1)) < 0.001);
    }
}
