//! What `up`, `plan` and `create` take.

#![expect(clippy::doc_markdown, reason = "these comments are the help texts")]

use clap::{Args, ValueEnum};

use crate::cli::{duration, verbs};
use crate::ids::ServiceName;

/// The flags that make `up` stay attached. With -d, `--no-attach` has no effect.
const STAYS: [&str; 5] = [
    "attach",
    "attach_dependencies",
    "abort_on_container_exit",
    "abort_on_container_failure",
    "exit_code_from",
];

/// `up` and `plan`.
#[derive(Debug, Clone, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub struct UpArgs {
    /// Services to include with their dependencies; all by default
    #[arg(value_name = "SERVICE")]
    pub services: Vec<ServiceName>,
    /// The flags that `create` also has
    #[command(flatten)]
    pub make: MakeArgs,
    /// Accepted for compatibility: `up` is detached unless one of the attach flags is given
    #[arg(short, long, conflicts_with_all = STAYS)]
    pub detach: bool,
    /// Stay attached and show the logs of this service until it exits; repeat for several. Ctrl-C stops the services
    #[arg(long, value_name = "SERVICE", conflicts_with = "attach_dependencies")]
    pub attach: Vec<ServiceName>,
    /// Stay attached and also show the logs of dependencies
    #[arg(long)]
    pub attach_dependencies: bool,
    /// Stay attached and show the logs of all services except this one; repeat for several
    #[arg(long, value_name = "SERVICE")]
    pub no_attach: Vec<ServiceName>,
    /// Stay attached until a container exits, stop the others, and exit with its code; jobs that others wait for may exit with 0
    #[arg(long)]
    pub abort_on_container_exit: bool,
    /// Like --abort-on-container-exit, but only for a container that exits with an error
    #[arg(long, conflicts_with = "abort_on_container_exit")]
    pub abort_on_container_failure: bool,
    /// Exit with the code of this service's container; implies --abort-on-container-exit
    #[arg(long, value_name = "SERVICE")]
    pub exit_code_from: Option<ServiceName>,
    /// Show the time of each log line
    #[arg(long)]
    pub timestamps: bool,
    /// Accepted for compatibility: `up` always waits, unless --no-wait is given
    #[arg(long, conflicts_with = "no_wait", conflicts_with_all = STAYS)]
    pub wait: bool,
    /// Skip the checks before the start
    #[arg(long)]
    pub no_check: bool,
    /// Don't wait until services are ready, except for dependencies
    #[arg(long)]
    pub no_wait: bool,
    /// How long a service without a healthcheck or page has to stay alive to count as running [default: 2s, or the service's
    /// label magicctl.settle]
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    pub settle: Option<std::time::Duration>,
    /// How long to wait for each service (90s, 2m)
    #[arg(long, value_name = "DURATION", default_value = "2m", value_parser = duration::parse)]
    pub wait_timeout: std::time::Duration,
    /// Don't start dependencies
    #[arg(long, requires = "services")]
    pub no_deps: bool,
    /// Replace the containers of dependencies too, even if they are unchanged
    #[arg(long, conflicts_with = "no_recreate")]
    pub always_recreate_deps: bool,
    /// Give replaced containers new anonymous volumes; the old volumes stay on the engine
    #[arg(short = 'V', long, conflicts_with = "no_recreate")]
    pub renew_anon_volumes: bool,
    /// Don't show the build output
    #[arg(long)]
    pub quiet_build: bool,
    /// Only create containers, as `create` does
    #[arg(long, conflicts_with = "wait", conflicts_with_all = STAYS)]
    pub no_start: bool,
    /// How long a replaced container may take to stop before it is killed (10s) [default: its own grace period]
    #[arg(short, long, value_name = "DURATION", value_parser = duration::parse_grace, allow_negative_numbers = true)]
    pub timeout: Option<std::time::Duration>,
}

/// What `up` and `create` have in common.
#[derive(Debug, Clone, Default, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub struct MakeArgs {
    /// Build images even if they exist
    #[arg(long, conflicts_with = "no_build")]
    pub build: bool,
    /// Never build, even if an image is missing
    #[arg(long)]
    pub no_build: bool,
    /// When to pull images [default: each service's pull_policy]
    #[arg(long, value_enum, value_name = "WHEN")]
    pub pull: Option<PullWhen>,
    /// Accepted for compatibility: pulls never print more than a line
    #[arg(long)]
    pub quiet_pull: bool,
    /// Replace containers even if they are unchanged
    #[arg(long, conflicts_with = "no_recreate")]
    pub force_recreate: bool,
    /// Don't replace containers that have changed
    #[arg(long)]
    pub no_recreate: bool,
    /// Remove containers of services that are no longer in the Compose file
    #[arg(long)]
    pub remove_orphans: bool,
    /// Set the number of containers of a service (SERVICE=N); repeat for several
    #[arg(long, value_name = "SERVICE=N", value_parser = verbs::scale::parse)]
    pub scale: Vec<(ServiceName, u32)>,
    /// Accepted for compatibility: there are no questions
    #[arg(short, long)]
    pub yes: bool,
}

/// `--pull`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PullWhen {
    /// Even if they exist.
    Always,
    /// If they are missing.
    #[value(alias = "if_not_present")]
    Missing,
    /// Not even if they are missing.
    Never,
    /// By each service's pull_policy.
    Policy,
    /// Build what can be built instead.
    Build,
}
