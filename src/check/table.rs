//! Every check: its name, the group that `--only` chooses it by, and the function that makes it.

use serde::Serialize;

use super::engine_state::{EngineAnswers, EngineState};
use super::project::Project;
use super::{
    CheckResult, Finding, addresses, checklist, collector, compose, config, dockerfile, engine, keys, name, port,
    proxy, remains, requirements,
};

/// What checks are chosen by, in the order of their findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// The guide's checklist.
    Checklist,
    /// The Compose file and what it mounts, publishes and waits for.
    Compose,
    /// Dockerfile.
    Dockerfile,
    /// requirements.txt.
    Requirements,
    /// `keys_pool`/ and env/.
    Keys,
    /// `proxy_config.yaml`.
    Proxy,
    /// config/.
    Config,
    /// The engine.
    Engine,
    /// Host ports.
    Ports,
    /// Containers' names.
    Names,
    /// What earlier runs left.
    Remains,
}

impl Group {
    /// All of them, in the order of their findings.
    pub const ALL: [Self; 11] = [
        Self::Checklist,
        Self::Compose,
        Self::Dockerfile,
        Self::Requirements,
        Self::Keys,
        Self::Proxy,
        Self::Config,
        Self::Engine,
        Self::Ports,
        Self::Names,
        Self::Remains,
    ];
}

/// One check.
#[derive(Debug)]
pub(super) struct Check {
    /// As `-v` and a check that gave up are reported.
    pub name: &'static str,
    pub group: Group,
    pub look: Look,
}

/// What a check looks at, and so when it can be made.
#[derive(Debug, Clone, Copy)]
pub(super) enum Look {
    /// Files alone.
    Files(fn(&Project) -> Vec<Finding>),
    /// The engine's objects, which `up` knows anyway.
    Engine(fn(&Project, &EngineState) -> Vec<Finding>),
    /// What the engine is asked for `check` alone.
    Asked(fn(&Project, &EngineState, &EngineAnswers) -> CheckResult),
}

use Look::{Asked, Engine, Files};

const fn check(name: &'static str, group: Group, look: Look) -> Check {
    Check { name, group, look }
}

/// All of them, in the order of their findings within a group.
pub(super) static CHECKS: &[Check] = &[
    check("checklist", Group::Checklist, Files(checklist::look)),
    check("compose file", Group::Compose, Files(compose::file)),
    check("health dependencies", Group::Compose, Asked(compose::health::awaited)),
    check("healthchecks' programs", Group::Compose, Asked(compose::health::tools)),
    check("duplicate ports", Group::Compose, Files(compose::ports::twice)),
    check("open ports", Group::Compose, Files(compose::open::look)),
    check("images' tags", Group::Compose, Files(compose::images::look)),
    check("volumes and networks", Group::Compose, Engine(compose::volumes::look)),
    check("mount sources", Group::Compose, Engine(compose::bind::missing)),
    check("engine socket", Group::Compose, Engine(collector::socket_elsewhere)),
    check("log drivers", Group::Compose, Files(collector::unreadable)),
    check("addresses", Group::Compose, Files(addresses::look)),
    check("available images", Group::Compose, Asked(compose::images::to_be_had)),
    check("Dockerfile", Group::Dockerfile, Files(dockerfile::look)),
    check("base images", Group::Dockerfile, Engine(dockerfile::base_images)),
    check("imports", Group::Requirements, Files(dockerfile::imports::look)),
    check("sources", Group::Dockerfile, Engine(dockerfile::newer::look)),
    check("requirements.txt", Group::Requirements, Files(requirements::look)),
    check("keys", Group::Keys, Files(keys::look)),
    check("key permissions", Group::Keys, Files(keys::rights)),
    check("keys in git", Group::Keys, Files(keys::tracked)),
    check("provider keys", Group::Keys, Files(keys::of_providers)),
    check("proxy_config.yaml", Group::Proxy, Files(proxy::look)),
    check("config files", Group::Config, Files(config::files)),
    check("config by program", Group::Config, Asked(config::programs)),
    check("engine", Group::Engine, Asked(engine::kind)),
    check("engine's settings", Group::Engine, Asked(engine::settings)),
    check("architecture", Group::Engine, Asked(engine::architecture)),
    check("memory and disk", Group::Engine, Asked(engine::room)),
    check("features of the engine", Group::Engine, Engine(engine::features)),
    check("kernel", Group::Engine, Engine(engine::kernel)),
    check("DNS between containers", Group::Engine, Asked(engine::names)),
    check("ports", Group::Ports, Engine(port::taken)),
    check("container names", Group::Names, Engine(name::taken)),
    check("leftover containers", Group::Remains, Engine(remains::containers)),
    check("leftover data", Group::Remains, Asked(remains::data)),
];
