//! The scripts of this repository: where they keep their locks, and what they refuse to go on without.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, symlink};

use crate::machine::{Machine, set_mode};

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
