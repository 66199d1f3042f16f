//! A file of the corpus, or a folder of files with a `case` that says how they are read: `args:` and `env:`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use magicctl::compose::Request;

/// What every case sees of the caller's environment.
const ENVIRONMENT: [(&str, &str); 4] = [
    ("HOME", "/home/someone"),
    ("HOST_A", "from host"),
    ("EMPTY", ""),
    ("PORT", "8080"),
];

/// One reading of files.
#[derive(Debug)]
pub struct Case {
    /// `group/name`.
    pub name: String,
    pub group: String,
    /// Where it is read.
    dir: PathBuf,
    args: Vec<String>,
    environment: BTreeMap<String, String>,
}

/// What Compose is asked for.
#[derive(Debug, Clone, Copy)]
pub enum Compose {
    Yaml,
    Json,
    Hash,
    Template,
}

/// All cases of `tests/corpus`.
pub fn cases() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut cases = Vec::new();
    for group in sorted(&root) {
        for path in sorted(&group) {
            cases.extend(case(&group, &path));
        }
    }
    cases
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths
}

fn case(group: &Path, path: &Path) -> Option<Case> {
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    let mut case = Case {
        name: format!("{}/{}", name(group), name(path)),
        group: name(group),
        dir: path.to_owned(),
        args: Vec::new(),
        environment: ENVIRONMENT
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
    };
    if path.is_file() {
        // Lone files beside folders of cases belong to those.
        if path.extension().is_none_or(|extension| extension != "yaml") {
            return None;
        }
        group.clone_into(&mut case.dir);
        case.args = vec!["-f".to_owned(), name(path)];
    } else if let Ok(said) = fs::read_to_string(path.join("case")) {
        for line in said.lines() {
            let (key, value) = line.split_once(": ").expect("`args: …` or `env: …`");
            let words = shlex::split(value).expect("words");
            match key {
                "args" => case.args = words,
                "env" => case.environment.extend(words.iter().map(|word| {
                    let (name, value) = word.split_once('=').expect("NAME=value");
                    (name.to_owned(), value.to_owned())
                })),
                other => panic!("{}: {other}", case.name),
            }
        }
    }
    Some(case)
}

impl Case {
    /// The same case, read from a copy of its folder in `into`, where its reader is at home, too.
    pub fn copied(&self, into: &Path) -> Self {
        let dir = into.join(self.dir.file_name().expect("a folder's name"));
        let done = Command::new("cp").arg("-a").arg(&self.dir).arg(&dir).status();
        assert!(done.is_ok_and(|done| done.success()), "{} can't be copied", self.name);
        let mut environment = self.environment.clone();
        environment.insert("HOME".to_owned(), into.join("home").display().to_string());
        Self {
            name: self.name.clone(),
            group: self.group.clone(),
            dir,
            args: self.args.clone(),
            environment,
        }
    }

    /// Where it is read.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// What stands before the command.
    pub fn args(&self) -> &[String] {
        &self.args
    }

    /// The caller's variables.
    pub fn environment(&self) -> &BTreeMap<String, String> {
        &self.environment
    }

    /// As magicctl would be asked for it.
    pub fn request(&self) -> Request {
        let mut request = Request {
            start_dir: self.dir.clone(),
            environment: self.environment.clone(),
            ..Request::default()
        };
        let mut args = self.args.iter().cloned();
        while let Some(flag) = args.next() {
            let value = args.next().expect("a value");
            match flag.as_str() {
                "-f" => request.files.push(value.into()),
                "-p" => request.project_name = Some(value),
                "--profile" => request.profiles.push(value),
                "--env-file" => request.env_files.push(value.into()),
                other => panic!("{}: {other}", self.name),
            }
        }
        request
    }

    /// What Compose prints, or why it refuses.
    pub fn compose(&self, what: Compose) -> Result<String, String> {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-tools/bin/docker-compose");
        assert!(program.exists(), "scripts/test-tools has not been run");
        let config: &[&str] = match what {
            Compose::Yaml => &["config"],
            Compose::Json => &["config", "--format", "json"],
            Compose::Hash => &["config", "--hash", "*"],
            Compose::Template => &["config", "--no-interpolate"],
        };
        let done = Command::new(program)
            .args(&self.args)
            .args(config)
            .current_dir(&self.dir)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .envs(&self.environment)
            .stdin(Stdio::null())
            .output()
            .expect("Compose runs");
        if done.status.success() {
            Ok(String::from_utf8(done.stdout).expect("text"))
        } else {
            Err(String::from_utf8_lossy(&done.stderr).into_owned())
        }
    }
}
