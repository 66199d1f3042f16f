//! The sample project, embedded: the very files of this repository's root.

macro_rules! project {
    ($($path:literal),+ $(,)?) => {
        [$(($path, include_str!(concat!("../", $path)))),+]
    };
}

/// Each file of it: its path from the project's folder, and its text.
pub(crate) const FILES: [(&str, &str); 43] = project![
    ".dockerignore",
    ".gitignore",
    "Dockerfile",
    "requirements.in",
    "requirements.txt",
    "run.py",
    "magic_proxy/__init__.py",
    "magic_proxy/admin.py",
    "magic_proxy/agent.py",
    "magic_proxy/application.py",
    "magic_proxy/bodies.py",
    "magic_proxy/cache.py",
    "magic_proxy/clients.py",
    "magic_proxy/config.py",
    "magic_proxy/errors.py",
    "magic_proxy/events.py",
    "magic_proxy/failures.py",
    "magic_proxy/gate.py",
    "magic_proxy/gateway.py",
    "magic_proxy/keys.py",
    "magic_proxy/limits.py",
    "magic_proxy/local.py",
    "magic_proxy/logs.py",
    "magic_proxy/mcp_server.py",
    "magic_proxy/metrics.py",
    "magic_proxy/outcome.py",
    "magic_proxy/proxy.py",
    "magic_proxy/router.py",
    "magic_proxy/secrets.py",
    "magic_proxy/server.py",
    "magic_proxy/sessions.py",
    "magic_proxy/sockets.py",
    "magic_proxy/spend.py",
    "magic_proxy/stores.py",
    "magic_proxy/tasks.py",
    "magic_proxy/tools.py",
    "magic_proxy/tracing.py",
    "magic_proxy/upstream.py",
    "magic_proxy/worker.py",
    "proxy_config.yaml",
    "keys_pool/README.md",
    "env/README.md",
    "images/local.env",
];

/// The text of a file of the sample project.
pub fn text(path: &str) -> Option<&'static str> {
    FILES.iter().find(|(name, _)| *name == path).map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::FILES;

    #[test]
    fn every_module_of_the_app_is_embedded() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        for entry in std::fs::read_dir(root.join("magic_proxy")).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let path = format!("magic_proxy/{name}");
            let is_module = Path::new(&name).extension().is_some_and(|extension| extension == "py");
            assert!(!is_module || FILES.iter().any(|(file, _)| *file == path), "{path}");
        }
    }
}
