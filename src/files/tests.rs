use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;

use proptest::prelude::*;
use rustix::fs::{CWD, Mode, OFlags, mkfifoat};

use super::*;

/// A folder with a project and something outside of it.
fn ground() -> (tempfile::TempDir, Root) {
    let ground = tempfile::tempdir().unwrap();
    fs::create_dir_all(ground.path().join("project/sub")).unwrap();
    fs::create_dir(ground.path().join("outside")).unwrap();
    fs::write(ground.path().join("outside/secret"), "outside").unwrap();
    fs::write(ground.path().join("project/a.txt"), "inside").unwrap();
    let root = Root::open(&ground.path().join("project")).unwrap();
    (ground, root)
}

fn pipe(path: &Path) {
    mkfifoat(CWD, path, Mode::from_raw_mode(0o666)).unwrap();
}

#[test]
fn nothing_outside_is_read() {
    let (ground, root) = ground();
    let project = ground.path().join("project");
    symlink("../outside/secret", project.join("link")).unwrap();
    symlink(ground.path().join("outside/secret"), project.join("absolute")).unwrap();
    symlink("../outside", project.join("folder")).unwrap();
    symlink("/proc/self/cwd", project.join("magic")).unwrap();
    symlink("sub/../../outside/secret", project.join("around")).unwrap();
    for path in [
        "link",
        "absolute",
        "folder/secret",
        "../outside/secret",
        "sub/../../outside/secret",
        "around",
        "magic/Cargo.toml",
    ] {
        let read = root.bytes(Path::new(path), 100);
        assert!(matches!(read, Err(Refused::Outside)), "{path}: {read:?}");
        assert!(matches!(root.kind(Path::new(path)), Err(Refused::Outside)), "{path}");
    }
    let outside = ground.path().join("outside/secret");
    assert!(matches!(root.bytes(&outside, 100), Err(Refused::Outside)));
    assert!(matches!(root.entries(Path::new("folder"), 9), Err(Refused::Outside)));
}

#[test]
fn a_link_that_stays_inside_is_followed() {
    let (ground, root) = ground();
    let project = ground.path().join("project");
    symlink("../a.txt", project.join("sub/up")).unwrap();
    symlink("sub", project.join("alias")).unwrap();
    for path in ["a.txt", "sub/up", "alias/up", "./sub/../a.txt"] {
        assert_eq!(root.text(Path::new(path), 100).unwrap(), "inside", "{path}");
    }
    assert_eq!(root.text(&project.join("a.txt"), 100).unwrap(), "inside");
    assert!(matches!(root.text(Path::new("none"), 1), Err(Refused::Missing)));
    assert!(matches!(root.text(Path::new("a.txt/x"), 1), Err(Refused::Missing)));
}

#[test]
fn only_regular_files_of_a_size_are_read_and_nobody_waits_for_a_pipe() {
    let (ground, root) = ground();
    let project = ground.path().join("project");
    pipe(&project.join("pipe"));
    symlink("loop", project.join("loop")).unwrap();
    fs::File::create(project.join("large"))
        .unwrap()
        .set_len(1 << 40)
        .unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(project.join("socket")).unwrap();
    let kind = |path: &str| match root.bytes(Path::new(path), 100) {
        Err(Refused::Kind(kind)) => kind,
        other => panic!("{path}: {other:?}"),
    };
    assert_eq!(kind("pipe"), Kind::Pipe);
    assert_eq!(kind("socket"), Kind::Socket);
    assert_eq!(kind("sub"), Kind::Folder);
    assert!(matches!(root.bytes(Path::new("loop"), 1), Err(Refused::Io(_))));
    assert!(matches!(
        root.bytes(Path::new("large"), 100),
        Err(Refused::Large { largest: 100 })
    ));
    assert!(matches!(root.bytes(Path::new("a.txt"), 5), Err(Refused::Large { .. })));
    assert_eq!(root.bytes(Path::new("a.txt"), 6).unwrap(), b"inside");
    // The same of files that are named.
    assert!(matches!(
        bytes(&project.join("pipe"), 1),
        Err(Refused::Kind(Kind::Pipe))
    ));
    assert!(matches!(
        bytes(Path::new("/dev/zero"), 1),
        Err(Refused::Kind(Kind::Device))
    ));
    assert!(matches!(
        bytes(Path::new("/proc/self/environ"), 1 << 20),
        Err(Refused::Kernel)
    ));
    symlink("/proc/self/environ", project.join("kernel")).unwrap();
    assert!(matches!(bytes(&project.join("kernel"), 1 << 20), Err(Refused::Kernel)));
    assert!(of_kernel("/proc/self/environ", 1 << 20).unwrap().contains('='));
    assert_eq!(bytes(&ground.path().join("outside/secret"), 100).unwrap(), b"outside");
}

#[test]
fn bytes_that_are_no_text_are_placed() {
    let (ground, root) = ground();
    fs::write(ground.path().join("project/b"), b"one\ntwo\n\xff").unwrap();
    assert!(matches!(
        root.text(Path::new("b"), 100),
        Err(Refused::NotText { line: 3 })
    ));
}

#[test]
fn a_folder_is_listed_up_to_a_number() {
    let (ground, root) = ground();
    let folder = ground.path().join("project/sub");
    for name in ["c", "a", "b"] {
        fs::write(folder.join(name), "").unwrap();
    }
    symlink("a", folder.join("d")).unwrap();
    let all = root.entries(Path::new("sub"), 4).unwrap();
    let seen: Vec<_> = all
        .all
        .iter()
        .map(|entry| (entry.name.to_str().unwrap(), entry.kind))
        .collect();
    assert_eq!(
        seen,
        [
            ("a", Kind::File),
            ("b", Kind::File),
            ("c", Kind::File),
            ("d", Kind::Link)
        ]
    );
    assert!(!all.more);
    let some = root.entries(Path::new("sub"), 3).unwrap();
    assert_eq!((some.all.len(), some.more), (3, true));
}

#[test]
fn a_file_is_written_whole_with_its_folders_and_keeps_its_rights() {
    let (ground, root) = ground();
    let project = ground.path().join("project");
    root.write(Path::new("x/y/z.yml"), b"new").unwrap();
    assert_eq!(fs::read(project.join("x/y/z.yml")).unwrap(), b"new");
    fs::set_permissions(project.join("a.txt"), fs::Permissions::from_mode(0o640)).unwrap();
    root.write(Path::new("a.txt"), b"changed").unwrap();
    assert_eq!(fs::read(project.join("a.txt")).unwrap(), b"changed");
    assert_eq!(fs::metadata(project.join("a.txt")).unwrap().mode() & 0o7777, 0o640);
    assert!(root.create(Path::new("new"), b"1").unwrap());
    assert!(!root.create(Path::new("new"), b"2").unwrap());
    assert_eq!(fs::read(project.join("new")).unwrap(), b"1");
    assert!(root.make_folder(Path::new("m/n")).unwrap());
    assert!(!root.make_folder(Path::new("m/n")).unwrap());
    let mut left: Vec<_> = fs::read_dir(&project)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    left.sort();
    assert_eq!(left, ["a.txt", "m", "new", "sub", "x"]);
}

#[test]
fn nothing_is_written_or_changed_through_a_link() {
    let (ground, root) = ground();
    let project = ground.path().join("project");
    let secret = ground.path().join("outside/secret");
    symlink("../outside", project.join("config")).unwrap();
    symlink("../outside/secret", project.join("link")).unwrap();
    symlink("../outside/none", project.join("dangling")).unwrap();
    symlink("a.txt", project.join("near")).unwrap();
    fs::hard_link(&secret, project.join("hard")).unwrap();
    let mode = fs::metadata(&secret).unwrap().mode();
    assert!(matches!(
        root.write(Path::new("config/loki.yml"), b"x"),
        Err(Refused::Outside)
    ));
    assert!(matches!(
        root.create(Path::new("config/loki.yml"), b"x"),
        Err(Refused::Outside)
    ));
    assert!(matches!(root.make_folder(Path::new("config/x")), Err(Refused::Outside)));
    assert!(matches!(
        root.write(Path::new("../outside/y"), b"x"),
        Err(Refused::Outside)
    ));
    for path in ["link", "dangling", "near"] {
        assert!(
            matches!(root.write(Path::new(path), b"x"), Err(Refused::Kind(Kind::Link))),
            "{path}"
        );
        assert!(
            matches!(root.take_rights(Path::new(path), 7), Err(Refused::Kind(Kind::Link))),
            "{path}"
        );
        assert!(!root.create(Path::new(path), b"x").unwrap(), "{path}");
    }
    assert!(matches!(root.take_rights(Path::new("hard"), 7), Err(Refused::HardLink)));
    // The other name keeps what it had.
    root.write(Path::new("hard"), b"mine").unwrap();
    assert_eq!(fs::read(&secret).unwrap(), b"outside");
    assert_eq!(fs::metadata(&secret).unwrap().mode(), mode);
    assert_eq!(fs::read_dir(ground.path().join("outside")).unwrap().count(), 1);
    assert_eq!(fs::read(project.join("a.txt")).unwrap(), b"inside");
}

#[test]
fn a_private_folder_is_nobody_elses() {
    let ground = tempfile::tempdir().unwrap();
    let path = ground.path().join("cache/magicctl");
    let folder = private(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o700);
    folder.own_file("a.lock").unwrap();
    assert_eq!(fs::metadata(path.join("a.lock")).unwrap().mode() & 0o7777, 0o600);
    let victim = ground.path().join("victim");
    fs::write(&victim, "whole").unwrap();
    symlink(&victim, path.join("b.lock")).unwrap();
    fs::hard_link(&victim, path.join("c.lock")).unwrap();
    pipe(&path.join("d.lock"));
    for name in ["b.lock", "c.lock", "d.lock"] {
        assert!(folder.own_file(name).is_err(), "{name}");
    }
    assert_eq!(fs::read(&victim).unwrap(), b"whole");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o750)).unwrap();
    assert!(matches!(private(&path), Err(Refused::NotPrivate)));
    let link = ground.path().join("link");
    symlink(&path, &link).unwrap();
    assert!(private(&link).is_err());
}

#[test]
fn rights_are_taken_away_once() {
    let (ground, root) = ground();
    let file = ground.path().join("project/a.txt");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o646)).unwrap();
    assert!(root.take_rights(Path::new("a.txt"), 0o007).unwrap());
    assert!(!root.take_rights(Path::new("a.txt"), 0o007).unwrap());
    assert_eq!(fs::metadata(&file).unwrap().mode() & 0o7777, 0o640);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// The kernel's way and ours come to the same, whatever the links are.
    #[test]
    fn both_ways_to_stay_below_agree(
        links in proptest::collection::vec(("[ab]{1,2}", "(/|\\.\\./|[ab]/|\\./){0,4}(\\.\\.|[abs]{1,2}|a\\.txt)"), 0..6),
        paths in proptest::collection::vec("(\\.\\./|[ab]{1,2}/|sub/|\\./){0,4}(\\.\\.|[ab]{1,2}|a\\.txt|sub)", 1..6),
    ) {
        let (ground, root) = ground();
        for (name, target) in &links {
            for folder in ["project", "project/sub"] {
                // Two of one name: the first one stays.
                let _first = symlink(target, ground.path().join(folder).join(name));
            }
        }
        for path in &paths {
            let path = Path::new(path);
            let ours = walk::open(&root.folder, path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty());
            let kernel = root.open_below(path, OFlags::PATH, Mode::empty());
            let identity = |opened: Result<std::os::fd::OwnedFd, Refused>| match opened {
                Ok(opened) => {
                    let about = fs::File::from(opened).metadata().unwrap();
                    Ok((about.dev(), about.ino()))
                }
                Err(refused) => Err(refused.to_string()),
            };
            prop_assert_eq!(identity(ours), identity(kernel), "{} with {:?}", path.display(), links);
        }
    }
}

#[test]
fn the_link_that_is_the_reason_is_named() {
    let (ground, root) = ground();
    let project = ground.path().join("project");
    symlink("sub", project.join("alias")).unwrap();
    symlink("../../outside", project.join("sub/out")).unwrap();
    symlink("nowhere", project.join("dangling")).unwrap();
    symlink("a.txt", project.join("near")).unwrap();
    let why = |path: &str| {
        let path = Path::new(path);
        root.why(path, &root.bytes(path, 100).unwrap_err())
    };
    assert_eq!(
        why("alias/out/secret"),
        "alias/out is a symbolic link that leads out of the project's folder"
    );
    assert_eq!(why("dangling"), "dangling is a broken symbolic link");
    assert_eq!(why("none"), "it does not exist");
    assert_eq!(why("sub"), "it is a folder");
    let linked = root.write(Path::new("near"), b"x").unwrap_err();
    assert_eq!(root.why(Path::new("near"), &linked), "near is a symbolic link");
    assert_eq!(root.link_on(Path::new("sub/none")), None);
    assert_eq!(
        root.link_on(&project.join("alias")).as_deref(),
        Some(Path::new("alias"))
    );
    assert_eq!(root.own_kind(Path::new("near")).unwrap(), Some(Kind::Link));
    assert_eq!(root.own_kind(Path::new("none")).unwrap(), None);
}

#[test]
fn what_opens_is_a_file_or_folder_that_may_be_read() {
    let (ground, root) = ground();
    let project = ground.path().join("project");
    pipe(&project.join("pipe"));
    symlink("../outside/secret", project.join("out")).unwrap();
    assert_eq!(root.opens(Path::new("a.txt")).unwrap(), Kind::File);
    assert_eq!(root.opens(Path::new("sub")).unwrap(), Kind::Folder);
    assert!(matches!(root.opens(Path::new("none")), Err(Refused::Missing)));
    assert!(matches!(root.opens(Path::new("out")), Err(Refused::Outside)));
    assert!(matches!(root.opens(Path::new("pipe")), Err(Refused::Kind(Kind::Pipe))));
    assert_eq!(opens(&project.join("out")).unwrap(), Kind::File);
    assert!(is_file(&project.join("out")) && !is_file(&project.join("pipe")) && !is_folder(&project.join("pipe")));
    assert!(free_bytes(&project).unwrap() > 0);
}

#[test]
fn lines_are_added_to_the_file_itself() {
    let (ground, root) = ground();
    let project = ground.path().join("project");
    let path = project.join("a.txt");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o604)).unwrap();
    let before = fs::metadata(&path).unwrap();
    root.append(Path::new("a.txt"), b", and more").unwrap();
    let after = fs::metadata(&path).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"inside, and more");
    assert_eq!((after.ino(), after.mode()), (before.ino(), before.mode()));
    root.append(Path::new("new/b.txt"), b"first").unwrap();
    assert_eq!(fs::read(project.join("new/b.txt")).unwrap(), b"first");
    pipe(&project.join("pipe"));
    symlink("a.txt", project.join("near")).unwrap();
    fs::hard_link(ground.path().join("outside/secret"), project.join("hard")).unwrap();
    assert!(matches!(
        root.append(Path::new("pipe"), b"x"),
        Err(Refused::Kind(Kind::Pipe))
    ));
    assert!(matches!(
        root.append(Path::new("near"), b"x"),
        Err(Refused::Kind(Kind::Link))
    ));
    assert!(matches!(root.append(Path::new("hard"), b"x"), Err(Refused::HardLink)));
    assert_eq!(fs::read(ground.path().join("outside/secret")).unwrap(), b"outside");
}

#[test]
fn what_is_written_in_anothers_place_keeps_its_owner_and_runs_as_nobody_else() {
    let (ground, root) = ground();
    let path = ground.path().join("project/a.txt");
    // Only root may give a file away.
    let owner = if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(&path, Some(65534), Some(65534)).unwrap();
        65534
    } else {
        rustix::process::geteuid().as_raw()
    };
    fs::set_permissions(&path, fs::Permissions::from_mode(0o6755)).unwrap();
    root.write(Path::new("a.txt"), b"changed").unwrap();
    let about = fs::metadata(&path).unwrap();
    assert_eq!((about.uid(), about.mode() & 0o7777), (owner, 0o755));
    assert_eq!(rights(&path).unwrap().mode, 0o755);
}
