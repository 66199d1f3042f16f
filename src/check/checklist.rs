//! `check`: the guide's checklist, the file, the engine, ports and names.

use std::path::{Path, PathBuf};

use crate::compose::Stack;
use crate::failure::Failure;
use crate::observed::Observed;
use crate::plan;

use super::{Finding, Severity, bind, collector, port};

/// What was gathered, as far as it could be.
#[derive(Debug)]
pub struct Context<'a> {
    /// The project's root.
    pub root: PathBuf,
    /// The file.
    pub stack: Result<&'a Stack, &'a Failure>,
    /// The engine's objects.
    pub observed: Result<&'a Observed, &'a Failure>,
    /// Of an engine on this machine.
    pub socket: Option<PathBuf>,
    /// What the programs say of their configuration.
    pub config: Vec<Failure>,
}

/// The guide's checklist: path, whether it is a folder, what it is for.
const CHECKLIST: [(&str, bool, &str); 5] = [
    ("Dockerfile", false, "the recipe of the app's image"),
    ("requirements.txt", false, "the app's Python dependencies"),
    ("keys_pool", true, "API keys, one file a provider"),
    ("env", true, "keys of the tools"),
    ("proxy_config.yaml", false, "the gateway's configuration"),
];

/// Looks at everything; the findings in the order that one would fix them.
pub fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Ok(stack) = context.stack else {
        findings.extend(context.stack.err().map(|failure| of_failure("compose-file", failure)));
        findings.push(engine(context));
        return findings;
    };
    if stack.services.values().any(|service| service.build.is_some()) && context.root.join("proxy_config.yaml").exists()
        || stack.services.contains_key("app-runner")
    {
        findings.extend(CHECKLIST.iter().map(|item| present(&context.root, item)));
    }
    let files: Vec<String> = stack.files.iter().map(|file| file.display().to_string()).collect();
    findings.push(well("compose-file", format!("{} is valid", files.join(", "))));
    findings.extend(stack.warnings.iter().map(|text| Finding {
        code: "compose-file",
        severity: Severity::Warning,
        place: None,
        what: text.clone(),
        why: String::new(),
        fix: None,
    }));
    findings.push(engine(context));
    if context.config.is_empty() {
        findings.push(well("config", "every edited file in config/ can be read".to_owned()));
    }
    findings.extend(context.config.iter().map(|failure| of_failure("config", failure)));
    findings.extend(collector::unreadable(stack).into_iter().map(|text| Finding {
        code: "log-driver",
        severity: Severity::Warning,
        place: None,
        what: text,
        why: String::new(),
        fix: None,
    }));
    if let Some(socket) = &context.socket {
        let services = stack.services.values();
        let elsewhere = services.filter_map(|service| collector::socket_elsewhere(stack, service, Some(socket)));
        findings.extend(elsewhere.map(|failure| of_failure("engine-socket", &failure)));
        let missing: Vec<Failure> = stack
            .services
            .values()
            .filter_map(|service| bind::missing(stack, service))
            .collect();
        if missing.is_empty() {
            findings.push(well("bind-source", "every mounted file and folder is there".to_owned()));
        }
        findings.extend(missing.iter().map(|failure| of_failure("bind-source", failure)));
    }
    if let Ok(observed) = context.observed {
        findings.extend(on_the_engine(stack, observed, context.socket.is_some()));
    }
    findings
}

fn engine(context: &Context<'_>) -> Finding {
    match context.observed {
        Ok(_) => well("engine", "the engine answers".to_owned()),
        Err(failure) => of_failure("engine", failure),
    }
}

fn on_the_engine(stack: &Stack, observed: &Observed, local: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    let services = stack.services.values();
    if local {
        let taken: Vec<Failure> = services
            .clone()
            .filter_map(|service| port::taken(stack, service, observed))
            .collect();
        if taken.is_empty() {
            findings.push(well("port", "every port is free or this stack's own".to_owned()));
        }
        findings.extend(taken.iter().map(|failure| of_failure("port", failure)));
    }
    let mut strangers = 0;
    for service in services {
        for number in 1..=service.replicas() {
            let name = service.container_name(&stack.name, number);
            let stranger = observed.containers.iter().find(|container| {
                container.name == name
                    && (container.project() != Some(&stack.name) || container.service() != Some(&service.name))
            });
            if let Some(container) = stranger {
                strangers += 1;
                findings.push(of_failure(
                    "container-name",
                    &plan::name_taken(stack, &service.name, container),
                ));
            }
        }
    }
    if strangers == 0 {
        findings.push(well(
            "container-name",
            "every container name is free or this stack's own".to_owned(),
        ));
    }
    findings
}

fn present(root: &Path, (name, folder, purpose): &(&str, bool, &str)) -> Finding {
    let path = root.join(name);
    let is_right = if *folder { path.is_dir() } else { path.is_file() };
    if is_right {
        return well("checklist", format!("{name} is there"));
    }
    let what = if path.exists() {
        let kind = if *folder { "a folder" } else { "a file" };
        format!("{name} is not {kind}")
    } else {
        format!("{name} is not there")
    };
    Finding {
        code: "checklist",
        severity: Severity::Error,
        place: None,
        what,
        why: format!("it holds {purpose}"),
        fix: Some("`magicctl init` writes what is missing and touches nothing that is there".to_owned()),
    }
}

fn well(code: &'static str, what: String) -> Finding {
    Finding {
        code,
        severity: Severity::Ok,
        place: None,
        what,
        why: String::new(),
        fix: None,
    }
}

fn of_failure(code: &'static str, failure: &Failure) -> Finding {
    Finding {
        code,
        severity: Severity::Error,
        place: failure.place.clone(),
        what: failure.what.clone(),
        why: failure.why.join(": "),
        fix: failure.hint.clone(),
    }
}
