//! Repositories that mean ill: links out of the project, pipes, devices and floods in place of what the checks look at.

use std::os::unix::fs::symlink;

use rustix::fs::{CWD, Mode, mkfifoat};

use super::*;

/// What no finding may say.
const SECRET: &str = "hunter2";
const KEY: &str = "sk-0123456789abcdefghijklmn";
const POOL: &str = "keys_pool/keys_pool_openai.env";

impl World {
    /// A file beside the project.
    fn outside(&self, name: &str, text: &str) -> std::path::PathBuf {
        let folder = self.folder.path().join("outside");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name), text).unwrap();
        folder.join(name)
    }

    /// A link in place of what lies at `name`.
    fn link(&self, name: &str, target: impl AsRef<Path>) {
        let path = self.root().join(name);
        if fs::symlink_metadata(&path).is_ok() {
            self.remove(name);
        }
        symlink(target, path).unwrap();
    }

    fn pipe(&self, name: &str) {
        let path = self.root().join(name);
        if path.exists() {
            self.remove(name);
        }
        mkfifoat(CWD, path, Mode::from_raw_mode(0o644)).unwrap();
    }

    #[track_caller]
    fn found(&self, code: &str) -> Vec<Finding> {
        let all = self.findings();
        let found: Vec<Finding> = all.iter().filter(|finding| finding.code.id == code).cloned().collect();
        assert!(!found.is_empty(), "{code}: {:#?}", brief(&all));
        found
    }

    /// No finding says anything of what lies outside.
    #[track_caller]
    fn says_nothing_of_it(&self) {
        for finding in self.findings() {
            let json = serde_json::to_string(&finding).unwrap();
            assert!(!json.contains(SECRET), "{json}");
        }
    }
}

#[test]
fn what_the_checks_choose_is_not_read_where_a_link_leads_out() {
    for (name, code) in [
        ("proxy_config.yaml", "MC105"),
        ("requirements.txt", "MC105"),
        ("config/loki/local-config.yaml", "MC105"),
        (".dockerignore", "MC105"),
        ("keys_pool", "MC105"),
        ("env", "MC105"),
        ("config", "MC105"),
        (POOL, "MC131"),
    ] {
        let world = World::new();
        let file = world.outside("f", &format!("{SECRET}\n[{SECRET}\n"));
        let is_folder = matches!(name, "keys_pool" | "env" | "config");
        world.link(name, if is_folder { file.parent().unwrap() } else { &file });
        let found = world.found(code);
        assert!(
            found.iter().all(|finding| finding.severity() == Severity::Warning),
            "{name}: {found:#?}"
        );
        assert_eq!(found.len(), 1, "{name}: {:#?}", brief(&found));
        assert!(found[0].why.contains(name), "{name}: {found:#?}");
        assert!(found[0].repair.is_none(), "{name}");
        world.says_nothing_of_it();
    }
}

#[test]
fn nobody_waits_for_a_pipe_or_reads_a_device() {
    for (name, code) in [
        ("proxy_config.yaml", "MC102"),
        ("requirements.txt", "MC102"),
        ("Dockerfile", "MC102"),
        (".dockerignore", "MC103"),
        ("config/loki/local-config.yaml", "MC103"),
        (POOL, "MC131"),
    ] {
        let world = World::new();
        world.pipe(name);
        assert!(
            world.found(code).iter().any(|finding| finding.what.contains(name)),
            "{name}"
        );
        let world = World::new();
        world.link(name, "/dev/zero");
        world.findings();
    }
    let world = World::new();
    world.git(&["init", "-q"]);
    world.write(POOL, KEY);
    world.pipe(".gitignore");
    assert!(world.found("MC100")[0].why.contains("named pipe"));
    let world = World::new();
    world.write(POOL, KEY);
    world.git(&["init", "-q"]);
    world.git(&["add", "-f", POOL]);
    world.pipe(".git/index");
    assert!(world.found("MC100")[0].why.contains("named pipe"));
}

#[test]
fn a_flood_of_keys_is_cut_and_said() {
    let world = World::new();
    for number in 0..1100 {
        world.write(&format!("keys_pool/{number}.env"), KEY);
    }
    let found = world.found("MC132");
    assert!(found[0].what.contains("keys_pool/ contains more than"), "{found:#?}");

    let world = World::new();
    for number in 0..6 {
        world.write(&format!("env/{number}.env"), &"A=b\n".repeat(250_000));
    }
    let found = world.found("MC132");
    assert!(found[0].what.contains("env/4.env and later files"), "{found:#?}");

    // A folder of the system's libraries.
    let world = World::new();
    world.link("keys_pool", "/usr/lib");
    assert!(world.found("MC105")[0].what.contains("keys_pool"));
    assert!(!world.has("MC132"));
}

#[test]
fn a_repair_is_offered_only_for_the_projects_own_file() {
    // The container's user is whoever owns the file.
    let user = format!("    user: \"{}\"\n", rustix::process::geteuid().as_raw());
    let shared = |world: &World| {
        fs::set_permissions(world.folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        world.mode("keys_pool", 0o755);
        world.edit(
            "docker-compose.yml",
            "    init: true\n",
            &format!("    init: true\n{user}"),
        );
    };
    // A key file that has another name outside.
    let world = World::new();
    shared(&world);
    let file = world.outside("victim", KEY);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    fs::hard_link(&file, world.root().join(POOL)).unwrap();
    let found = world.found("MC141");
    assert_eq!(found[0].repair, None);
    assert!(found[0].fix.contains("hard link"), "{found:#?}");
    // One that a link inside of the project leads to.
    let world = World::new();
    shared(&world);
    world.write("near", KEY);
    world.mode("near", 0o644);
    world.link(POOL, "../near");
    assert_eq!(world.found("MC141")[0].repair, None);
    // Files of patterns.
    let world = World::new();
    world.git(&["init", "-q"]);
    world.write(POOL, KEY);
    let file = world.outside("rc", "# theirs\n");
    world.link(".gitignore", &file);
    let found = world.found("MC144");
    assert_eq!(found[0].repair, None);
    assert!(found[0].fix.contains(".gitignore is a symbolic link"), "{found:#?}");
    let world = World::new();
    world.write(POOL, KEY);
    world.edit(".dockerignore", "*\n", "");
    fs::rename(world.root().join(".dockerignore"), world.root().join("patterns")).unwrap();
    world.link(".dockerignore", "patterns");
    assert_eq!(world.found("MC145")[0].repair, None);
    // A context outside of the project.
    let world = World::new();
    world.write(POOL, KEY);
    fs::write(world.folder.path().join("Dockerfile"), "FROM scratch\nCOPY sample /\n").unwrap();
    world.edit("docker-compose.yml", "context: .\n", "context: ..\n");
    let found = world.found("MC115");
    assert_eq!(found[0].repair, None);
    assert!(!world.folder.path().join(".dockerignore").exists());
}

#[test]
fn no_finding_quotes_a_dockerfile_or_an_ignore_file_outside() {
    for (dockerfile, ignored, code) in [
        (format!("machine {SECRET}\n"), String::new(), "MC110"),
        (format!("FROM {SECRET}:{SECRET}:x\n"), String::new(), "MC111"),
        (format!("FROM scratch\nCOPY {SECRET} /\n"), String::new(), "MC113"),
        (format!("FROM {SECRET}\n"), String::new(), "MC112"),
        ("FROM scratch\n".to_owned(), format!("[{SECRET}\n"), "MC118"),
        (
            "FROM scratch\nCOPY docker.sock /\n".to_owned(),
            format!("*\n# {SECRET}\n"),
            "MC114",
        ),
    ] {
        let world = World::new();
        fs::write(world.folder.path().join("Dockerfile"), &dockerfile).unwrap();
        fs::write(world.folder.path().join(".dockerignore"), ignored).unwrap();
        world.edit("docker-compose.yml", "context: .\n", "context: ..\n");
        let found = world.found(code);
        let source = found[0].place.as_ref().and_then(|place| place.source.clone());
        assert_eq!(source, None, "{code}");
        world.says_nothing_of_it();
    }
    // One in the project that is a link, and one that the Compose file names elsewhere.
    for by_link in [true, false] {
        let world = World::new();
        let file = world.outside("netrc", &format!("machine {SECRET}\n"));
        if by_link {
            world.link("Dockerfile", &file);
        } else {
            let named = format!("context: .\n      dockerfile: {}\n", file.display());
            world.edit("docker-compose.yml", "context: .\n", &named);
        }
        world.found("MC110");
        world.says_nothing_of_it();
    }
    // The project's own lines are quoted.
    let world = World::new();
    world.edit("Dockerfile", "COPY run.py", "COPPY run.py");
    assert!(world.found("MC110")[0].place.as_ref().unwrap().source.is_some());
}

#[test]
fn a_file_that_git_keeps_elsewhere_or_makes_up_is_no_fault() {
    // Files that name a git folder which is none, and a bare repository around the project.
    let world = World::new();
    world.write(POOL, KEY);
    world.write(".git", "gitdir: /proc/self\n");
    assert!(!world.has("MC100"));
    world.write(".git", "gitdir: .\n");
    assert!(!world.has("MC100"));
    let world = World::new();
    world.write(POOL, KEY);
    let around = world.folder.path();
    fs::write(around.join("HEAD"), "ref: refs/heads/main\n").unwrap();
    fs::write(around.join("config"), "[core]\n\tworktree = .\n").unwrap();
    fs::create_dir_all(around.join("objects")).unwrap();
    fs::create_dir_all(around.join("refs")).unwrap();
    assert!(!world.has("MC100") && !world.has("MC144"));
}

#[test]
fn a_file_of_a_million_wrong_lines_is_left_after_the_first_hundred() {
    let numbered: Vec<String> = (0..30_000).map(|number| format!("k{number}: 1")).collect();
    let copies: Vec<String> = (0..50_000).map(|number| format!("COPY nope{number} /")).collect();
    for (name, text) in [
        ("requirements.txt", "a=b\n".repeat(900_000)),
        (POOL, "your-key\n".repeat(100_000)),
        ("env/tavily.env", "A=b\n".repeat(250_000)),
        ("proxy_config.yaml", numbered.join("\n")),
        ("Dockerfile", "FROM scratch\n".to_owned() + &copies.join("\n")),
    ] {
        let world = World::new();
        world.write(name, &text);
        let found = world.findings();
        assert!((90..400).contains(&found.len()), "{name}: {}", found.len());
    }
    // Markers whose meaning would be larger than any memory.
    let world = World::new();
    let pair = |n| format!("(extra == 'a{n:02}' and extra == 'b{n:02}')");
    let pairs: Vec<String> = (0..40).map(pair).collect();
    world.write("requirements.txt", &format!("a==1 ; {}\n", pairs.join(" or ")));
    assert!(!world.has("MC120"));
}
