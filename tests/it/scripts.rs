//! The scripts of this repository: where they keep their locks, and what they refuse to go on without.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::Done;

/// A machine's folders for one test: a home, a runtime folder, `/tmp` as another user may have prepared it, and programs that stand in
/// for the machine's. The scripts are a copy: what they write beside themselves goes with it.
struct Machine {
    folder: tempfile::TempDir,
}

impl Machine {
    fn new() -> Self {
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

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A program that is found before the machine's own.
    fn program(&self, name: &str, script: &str) {
        let path = self.path("bin").join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("a program");
        set_mode(&path, 0o755);
    }

    fn run(&self, script: &str, args: &[&str], variables: &[(&str, &str)]) -> Done {
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

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("its mode");
}

fn give(path: &Path, owner: u32) {
    std::os::unix::fs::chown(path, Some(owner), Some(owner)).expect("as root");
}

fn is_root() -> bool {
    fs::metadata("/proc/self").expect("this process").uid() == 0
}

#[test]
fn locks_lie_in_a_folder_of_the_users_alone() {
    let machine = Machine::new();
    let folder = |variables: &[(&str, &str)]| machine.run("scripts/private-folder", &[], variables);
    let home = format!("{}\n", machine.path("home/.cache/magicctl").display());

    let first = folder(&[]).ok();
    assert_eq!(first.stdout, format!("{}\n", machine.path("run/magicctl").display()));
    let mode = fs::metadata(machine.path("run/magicctl")).expect("it is made").mode();
    assert_eq!(mode & 0o7777, 0o700);
    // It was made wider by an earlier run.
    set_mode(&machine.path("run/magicctl"), 0o755);
    folder(&[]).ok();
    let mode = fs::metadata(machine.path("run/magicctl")).expect("it is there").mode();
    assert_eq!(mode & 0o7777, 0o700);

    // Without the first, the cache; a folder that all may write, one that is not absolute and a link are not taken.
    assert_eq!(folder(&[("XDG_RUNTIME_DIR", "")]).ok().stdout, home);
    let mode = fs::metadata(machine.path("home/.cache")).expect("it is made").mode();
    assert_eq!(mode & 0o7777, 0o700);
    let shared = machine.path("tmp").display().to_string();
    assert_eq!(folder(&[("XDG_RUNTIME_DIR", &shared)]).ok().stdout, home);
    assert!(!machine.path("tmp/magicctl").exists());
    assert_eq!(folder(&[("XDG_RUNTIME_DIR", "run")]).ok().stdout, home);
    fs::remove_dir(machine.path("run/magicctl")).expect("it is empty");
    symlink(machine.path("tmp"), machine.path("run/magicctl")).expect("a link");
    assert_eq!(folder(&[]).ok().stdout, home);
    let cache = machine.path("cache");
    fs::create_dir(&cache).expect("a folder");
    let named = [
        ("XDG_RUNTIME_DIR", ""),
        ("XDG_CACHE_HOME", &cache.display().to_string()),
    ];
    assert_eq!(folder(&named).ok().stdout, format!("{}/magicctl\n", cache.display()));
}

#[test]
fn another_users_folder_is_left_alone() {
    if !is_root() {
        return;
    }
    let machine = Machine::new();
    // Root's own home, from the list of users.
    machine.program(
        "getent",
        &format!("echo root:x:0:0::{}:/bin/sh", machine.path("own").display()),
    );
    fs::create_dir(machine.path("own")).expect("a folder");
    let own = format!("{}\n", machine.path("own/.cache/magicctl").display());

    // sudo that keeps HOME: nothing of root's is made in it.
    give(&machine.path("home"), 1234);
    give(&machine.path("run"), 1234);
    assert_eq!(machine.run("scripts/private-folder", &[], &[]).ok().stdout, own);
    assert!(!machine.path("home/.cache").exists() && !machine.path("run/magicctl").exists());
    // A folder of that name that another user made first.
    give(&machine.path("run"), 0);
    fs::create_dir(machine.path("run/magicctl")).expect("a folder");
    give(&machine.path("run/magicctl"), 1234);
    assert_eq!(machine.run("scripts/private-folder", &[], &[]).ok().stdout, own);

    // Nowhere at all.
    give(&machine.path("own"), 1234);
    fs::remove_dir_all(machine.path("own/.cache")).expect("a folder");
    let refused = machine.run("scripts/private-folder", &[], &[]);
    assert_eq!((refused.code, refused.stdout.as_str()), (1, ""));
    assert!(
        refused.stderr.contains("hint: set XDG_RUNTIME_DIR"),
        "{}",
        refused.stderr
    );
}

/// What another user planted in the folder that all may write: links under the names that the locks once had.
#[test]
fn no_script_opens_or_makes_anything_through_a_link_in_tmp() {
    let machine = Machine::new();
    machine.program("apt-get", "exit 0");
    machine.program("docker", "exit 1");
    machine.program("id", "[ \"$1\" = -u ] && echo 1000 || echo somebody");
    let victim = machine.path("victim");
    fs::write(&victim, "precious\n").expect("a file");
    let dangling = machine.path("not-yet-there");
    for (name, target) in [
        ("magicctl-images.lock", &victim),
        ("magicctl-packages.lock", &dangling),
        ("magicctl", &victim),
    ] {
        symlink(target, machine.path("tmp").join(name)).expect("a link");
    }

    machine.run("scripts/packages", &["download", "hello"], &[]).ok();
    let built = machine.run("scripts/build-images", &["redis"], &[]);
    assert!(built.stderr.contains("debootstrap needs root"), "{}", built.all());

    assert_eq!(fs::read_to_string(&victim).expect("it is still there"), "precious\n");
    assert!(!dangling.exists(), "a file was made through a link");
    for lock in ["packages.lock", "images.lock"] {
        let lock = fs::metadata(machine.path("run/magicctl").join(lock)).expect("the lock");
        assert_eq!(lock.len(), 0);
    }
}

#[test]
fn a_recipes_name_is_a_name() {
    let machine = Machine::new();
    machine.program("docker", "exit 1");
    for name in ["nope", "../redis", "redis/w /etc/x", "", "s/x/y/e"] {
        let refused = machine.run("scripts/build-images", &[name], &[]);
        assert_eq!(refused.code, 2, "{name}: {}", refused.all());
        assert!(
            refused.stderr.contains("there is no recipe for"),
            "{name}: {}",
            refused.stderr
        );
    }
}

#[test]
fn the_base_image_is_never_made_of_what_is_not_verified() {
    let machine = Machine::new();
    let told = machine.path("told");
    machine.program("id", "[ \"$1\" = -u ] && echo 0 || echo root");
    machine.program("apt-get", "exit 0");
    machine.program("debootstrap", &format!("echo \"$@\" >'{}'; exit 1", told.display()));
    machine.program("gpgv", "exit 0");
    let build = |keyring: &str| {
        let variables = [("DEBIAN_KEYRING", keyring)];
        machine.run("images/base/build", &["magicproxy-test/base:never", "x=y"], &variables)
    };

    let missing = machine.path("no-keys.gpg").display().to_string();
    let refused = build(&missing);
    assert_eq!(refused.code, 1, "{}", refused.all());
    assert!(
        refused.stderr.contains("no-keys.gpg can't be read"),
        "{}",
        refused.stderr
    );
    assert!(
        refused.stderr.contains("hint: install debian-archive-keyring"),
        "{}",
        refused.stderr
    );
    assert!(!told.exists(), "debootstrap was started");

    let keyring = machine.path("keys.gpg").display().to_string();
    fs::write(&keyring, "").expect("a file");
    build(&keyring);
    let told = fs::read_to_string(&told).expect("debootstrap is started");
    assert!(
        told.contains("--force-check-gpg") && told.contains(&format!("--keyring={keyring} ")),
        "{told}"
    );
}
