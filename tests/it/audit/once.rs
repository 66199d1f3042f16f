//! In one command each file of the project is read once, and what is made of it is made once.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::support::{Done, Project};

use super::gate::Gate;
use super::trace;

/// The last ends at its first call that changes anything, after all has been read.
const COMMANDS: [&[&str]; 4] = [&["config"], &["check"], &["plan"], &["up"]];

/// `text` by its lines that hold `word`.
fn lines_with<'t>(text: &'t str, word: &str) -> Vec<&'t str> {
    text.lines().filter(|line| line.contains(word)).collect()
}

#[test]
fn each_file_is_read_once() {
    let project = Project::sample("once");
    project.write("keys_pool/keys_pool_mistral.env", "a-key-0123456789\n");
    let gate = Gate::at(&project.dir);
    project.write(".env", &format!("DOCKER_SOCKET={}\n", gate.socket.display()));
    let account = project.dir.with_extension("account");
    for args in COMMANDS {
        let line = [
            &["-f", "-qq", "-y", "-e", "trace=read", "-o"][..],
            &[&*account.to_string_lossy(), env!("CARGO_BIN_EXE_magicctl")],
            &["-H", &gate.host(), "-vv"],
            args,
        ];
        let done: Done = project
            .plain("strace", &line.concat())
            .output()
            .expect("strace runs")
            .into();
        let changes = args == ["up"];
        assert_eq!(
            done.stderr.contains("nothing may be changed here"),
            changes,
            "{args:?}: {}",
            done.stderr
        );

        let text = fs::read_to_string(&account).expect("strace's account");
        let folder = project.dir.display().to_string();
        let read: BTreeMap<String, usize> = trace::read_to_the_end(&text)
            .into_iter()
            .filter(|(path, _)| path.starts_with(&folder))
            .collect();
        for name in [
            "docker-compose.yml",
            "magicctl.yaml",
            ".env",
            "keys_pool/keys_pool_mistral.env",
        ] {
            let path = project.path(name).display().to_string();
            assert!(read.contains_key(&path), "{args:?} reads {name}: {read:#?}");
        }
        let more: Vec<_> = read.iter().filter(|(_, times)| **times > 1).collect();
        assert!(more.is_empty(), "{args:?} reads these more than once: {more:#?}");

        let mut told = lines_with(&done.stderr, "parsed file=");
        // What is told begins after the keys are known, and these are looked for with the `.env` that was parsed by then.
        for (name, again) in [("docker-compose.yml", true), ("magicctl.yaml", true), (".env", false)] {
            let file = format!("parsed file={}", project.path(name).display());
            let is_told = told.iter().any(|line| line.ends_with(&file));
            assert_eq!(is_told, again, "{file}: {}", done.stderr);
        }
        told.extend(lines_with(&done.stderr, "templates rendered"));
        assert_eq!(BTreeSet::from_iter(&told).len(), told.len(), "{args:?}: {told:#?}");
    }
}
