//! What the scripts of this repository do where folders belong to another user. The rest of them is tested in `tests/alone/scripts.rs`.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::support::machine::Machine;
use crate::support::not_run::not_run;

fn give(path: &Path, owner: u32) {
    std::os::unix::fs::chown(path, Some(owner), Some(owner)).expect("as root");
}

fn is_root() -> bool {
    fs::metadata("/proc/self").expect("this process").uid() == 0
}

#[test]
fn another_users_folder_is_left_alone() {
    if !is_root() {
        not_run("only root can give a file to another user");
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
