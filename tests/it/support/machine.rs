//! A machine on which the scripts of this repository are tried.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::done::Done;

/// A machine's folders for one test: a home, a runtime folder, `/tmp` as another user may have prepared it, and programs that stand in
/// for the machine's. The scripts are a copy: what they write beside themselves goes with it.
pub struct Machine {
    folder: tempfile::TempDir,
}

impl Machine {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for name in ["home", "run", "tmp", "bin", "clone"] {
            fs::create_dir(folder.path().join(name)).expect("a folder");
        }
        set_mode(&folder.path().join("run"), 0o700);
        set_mode(&folder.path().join("tmp"), 0o1777);
        let copied = Command::new("cp")
            .args(["-r", "scripts", "images", "Cargo.toml"])
            .arg(folder.path().join("clone"))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status()
            .expect("cp runs");
        assert!(copied.success());
        Self { folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A program that is found before the machine's own.
    pub fn program(&self, name: &str, script: &str) {
        let path = self.path("bin").join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("a program");
        set_mode(&path, 0o755);
    }

    pub fn run(&self, script: &str, args: &[&str], variables: &[(&str, &str)]) -> Done {
        let search = std::env::var("PATH").expect("PATH");
        Command::new(self.path("clone").join(script))
            .args(args)
            .current_dir(self.path("home"))
            .env("PATH", format!("{}:{search}", self.path("bin").display()))
            .env("HOME", self.path("home"))
            .env("TMPDIR", self.path("tmp"))
            .env("XDG_RUNTIME_DIR", self.path("run"))
            .env_remove("XDG_CACHE_HOME")
            .envs(variables.iter().copied())
            .output()
            .expect("the script runs")
            .into()
    }
}

pub fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("its mode");
}
