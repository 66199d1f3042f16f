//! The engine's own record of what was done to it.

use super::{Project, Running};

/// The engine's events about a project while something runs.
pub struct Events {
    running: Running,
    project: String,
}

impl Events {
    /// Begins to listen.
    pub fn listen(project: &Project) -> Self {
        let mut command = std::process::Command::new("docker");
        let format = "{{.Type}} {{.Action}} {{.Actor.ID}} {{json .Actor.Attributes}}";
        command.args(["events", "--since", "0s", "--format", format]);
        Self {
            running: Running::start(command),
            project: project.name.clone(),
        }
    }

    /// What changed something since: execs and health reports, which change nothing, left out. A throw-away network
    /// marks the end.
    pub fn changes(self) -> Vec<String> {
        use std::io::{BufRead as _, BufReader};
        let Self { mut running, project } = self;
        let mark = format!("{project}-mark");
        let docker = |args: &[&str]| {
            let done = std::process::Command::new("docker")
                .args(args)
                .output()
                .expect("docker runs");
            assert!(done.status.success(), "{done:?}");
        };
        docker(&["network", "create", &mark]);
        docker(&["network", "rm", &mark]);
        let pipe = running.0.stdout.take().expect("its stdout");
        let mut changes = Vec::new();
        for line in BufReader::new(pipe).lines() {
            let line = line.expect("a line");
            if line.contains(&mark) {
                break;
            }
            let quiet = line.contains(" exec_") || line.contains(" health_status");
            if !quiet && line.contains(&project) {
                changes.push(line);
            }
        }
        changes
    }
}
