//! What `up`, `plan` and `create` take.

#![expect(clippy::doc_markdown, reason = "these comments are the help texts")]

use clap::{Args, ValueEnum};

use crate::cli::{duration, verbs};

/// The flags with which `up` stays. With -d, `--no-attach` has no effect.
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
    /// Services, with what they depend on; all by default
    #[arg(value_name = "SERVICE")]
    pub services: Vec<String>,
    /// What `create` has too
    #[command(flatten)]
    pub make: MakeArgs,
    /// Accepted as with Compose; `up` is detached unless one of the flags below says otherwise
    #[arg(short, long, conflicts_with_all = STAYS)]
    pub detach: bool,
    /// Stay, and show the logs of this service only, until it has ended; repeat for several. Ctrl-C stops the services
    #[arg(long, value_name = "SERVICE", conflicts_with = "attach_dependencies")]
    pub attach: Vec<String>,
    /// Stay, and show the logs of what the services depend on, too
    #[arg(long)]
    pub attach_dependencies: bool,
    /// Stay, and show the logs of all but this service; repeat for several
    #[arg(long, value_name = "SERVICE")]
    pub no_attach: Vec<String>,
    /// Stay until a container ends, stop the others, and exit with its code; a job that others wait for may end with 0
    #[arg(long)]
    pub abort_on_container_exit: bool,
    /// The same for the first container that ends with another code than 0
    #[arg(long, conflicts_with = "abort_on_container_exit")]
    pub abort_on_container_failure: bool,
    /// Exit with the code of this service's container; implies --abort-on-container-exit
    #[arg(long, value_name = "SERVICE")]
    pub exit_code_from: Option<String>,
    /// Show the time of each line of the logs
    #[arg(long)]
    pub timestamps: bool,
    /// Accepted as with Compose; `up` always waits, unless --no-wait is given
    #[arg(long, conflicts_with = "no_wait", conflicts_with_all = STAYS)]
    pub wait: bool,
    /// Leave out the checks that would refuse it beforehand
    #[arg(long)]
    pub no_check: bool,
    /// Don't wait until services are ready, beyond what others depend on
    #[arg(long)]
    pub no_wait: bool,
    /// How long a service that has no healthcheck and no page has to stay alive before it counts as running [default: 2s, or
    /// what its label magicctl.settle says]
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    pub settle: Option<std::time::Duration>,
    /// How long to wait for one service (90s, 2m)
    #[arg(long, value_name = "DURATION", default_value = "2m", value_parser = duration::parse)]
    pub wait_timeout: std::time::Duration,
    /// Leave out what the services depend on
    #[arg(long, requires = "services")]
    pub no_deps: bool,
    /// Replace containers of what the services depend on, too, though they are as wanted
    #[arg(long, conflicts_with = "no_recreate")]
    pub always_recreate_deps: bool,
    /// Give replaced containers new anonymous volumes; the old ones stay on the engine
    #[arg(short = 'V', long, conflicts_with = "no_recreate")]
    pub renew_anon_volumes: bool,
    /// Leave out what the builder says
    #[arg(long)]
    pub quiet_build: bool,
    /// Only make containers, as `create` does
    #[arg(long, conflicts_with = "wait", conflicts_with_all = STAYS)]
    pub no_start: bool,
    /// How long a container that is replaced may take to stop (10s) before it is killed; else its own grace period
    #[arg(short, long, value_name = "DURATION", value_parser = duration::parse_grace, allow_negative_numbers = true)]
    pub timeout: Option<std::time::Duration>,
}

/// What `up` and `create` have in common.
#[derive(Debug, Clone, Default, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub struct MakeArgs {
    /// Build images even when they are there
    #[arg(long, conflicts_with = "no_build")]
    pub build: bool,
    /// Build nothing, also what is missing
    #[arg(long)]
    pub no_build: bool,
    /// When to pull images, instead of what each service's pull_policy says
    #[arg(long, value_enum, value_name = "WHEN")]
    pub pull: Option<PullWhen>,
    /// Accepted as with Compose; a pull is one line
    #[arg(long)]
    pub quiet_pull: bool,
    /// Replace containers though they are as wanted
    #[arg(long, conflicts_with = "no_recreate")]
    pub force_recreate: bool,
    /// Leave containers alone though they are not as wanted
    #[arg(long)]
    pub no_recreate: bool,
    /// Remove containers of services that the file no longer names
    #[arg(long)]
    pub remove_orphans: bool,
    /// So many containers of a service, instead of what the file says; repeat for several
    #[arg(long, value_name = "SERVICE=N", value_parser = verbs::scale::parse)]
    pub scale: Vec<(String, u32)>,
    /// Accepted as with Compose; nothing is asked
    #[arg(short, long)]
    pub yes: bool,
}

/// `--pull`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PullWhen {
    /// Also when they are there.
    Always,
    /// When they are not there.
    #[value(alias = "if_not_present")]
    Missing,
    /// Not even then.
    Never,
    /// As each service's pull_policy says.
    Policy,
    /// Build what can be built instead.
    Build,
}
