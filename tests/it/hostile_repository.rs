//! Repositories that mean ill, given to the built program: no program of theirs is run, and nothing outside of them is read into
//! what is printed, written or changed.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Done, LIGHT_IMAGE, Project};

const KEY: &str = "sk-canary-0123456789abcdefghij";
/// Stands in the files outside; nothing may print it.
const SECRET: &str = "c2VjcmV0-of-somebody-else";

/// A project with the services that `check` and `render` know, and a folder beside it that is nobody's business.
fn project(hint: &str) -> Project {
    let project = Project::of(
        hint,
        &format!(
            "services:\n  app-runner:\n    image: {LIGHT_IMAGE}\n    user: '0'\n    volumes: ['./keys_pool:/app/keys_pool:ro']\n"
        ),
    );
    fs::create_dir(outside(&project)).expect("a folder");
    project
}

fn outside(project: &Project) -> PathBuf {
    project.dir.with_file_name("outside")
}

fn write_outside(project: &Project, name: &str, text: &str) -> PathBuf {
    let path = outside(project).join(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(&path, text).expect("a file");
    path
}

fn link(project: &Project, name: &str, target: impl AsRef<Path>) {
    let path = project.path(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    symlink(target, path).expect("a link");
}

fn pipe(path: &Path) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    assert!(
        Command::new("mkfifo")
            .arg(path)
            .status()
            .expect("mkfifo runs")
            .success()
    );
}

/// Everything in the folder outside: rights and content by name.
fn state(folder: &Path) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let about = fs::symlink_metadata(&path).expect("what is known of it");
        if about.is_dir() {
            all.extend(state(&path));
        }
        let content = if about.is_file() {
            fs::read(&path).expect("a file")
        } else {
            Vec::new()
        };
        all.insert(path, (about.mode(), content));
    }
    all
}

/// What a command does that may have three gigabytes of addresses and a minute: one that wants all memory, or waits for a pipe,
/// ends in another way than it should.
fn bounded(project: &Project, args: &[&str]) -> Done {
    let limits = ["60", "sh", "-c", "ulimit -v 3000000; exec \"$@\"", "sh"];
    let program = env!("CARGO_BIN_EXE_magicctl");
    let all = [limits.as_slice(), &[program], args].concat();
    let done: Done = project.plain("timeout", &all).output().expect("timeout runs").into();
    assert!(
        !matches!(done.code, 124 | 134 | -1),
        "{args:?} ended with {}: {}",
        done.code,
        done.all()
    );
    assert!(!done.all().contains(SECRET), "{args:?}: {}", done.all());
    done
}

/// A folder for PATH with a `git` that leaves a trace, and the trace.
fn trap(project: &mut Project) -> PathBuf {
    let folder = project.dir.with_file_name("trap");
    fs::create_dir(&folder).expect("a folder");
    let trace = folder.join("trace");
    let git = folder.join("git");
    fs::write(&git, format!("#!/bin/sh\ntouch '{}'\n", trace.display())).expect("a script");
    fs::set_permissions(&git, fs::Permissions::from_mode(0o755)).expect("its rights");
    let path = std::env::var("PATH").unwrap_or_default();
    project
        .env
        .insert("PATH".to_owned(), format!("{}:{path}", folder.display()));
    trace
}

fn git(folder: &Path, args: &[&str]) {
    let done = Command::new("git")
        .args(["-c", "user.name=x", "-c", "user.email=x@localhost", "-C"])
        .arg(folder)
        .args(args)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .expect("git runs");
    assert!(done.status.success(), "{args:?}: {done:?}");
}

#[test]
fn a_repository_inside_a_clone_names_programs_in_vain() {
    let mut project = project("git-embedded");
    let mark = outside(&project).join("PWNED");
    // What a clone brings along: a folder that looks like a repository without a checkout, with a configuration.
    let origin = project.dir.with_file_name("origin");
    let app = origin.join("app");
    for folder in ["objects", "refs", "keys_pool"] {
        fs::create_dir_all(app.join(folder)).expect("a folder");
    }
    fs::write(app.join("objects/.k"), "").expect("a file");
    fs::write(app.join("refs/.k"), "").expect("a file");
    fs::write(app.join("HEAD"), "ref: refs/heads/main\n").expect("a file");
    let config = format!(
        "[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = .\n\tfsmonitor = \"touch {}; false\"\n",
        mark.display()
    );
    fs::write(app.join("config"), config).expect("a file");
    fs::write(app.join("keys_pool/keys_pool_openai.env"), KEY).expect("a file");
    fs::copy(project.path("docker-compose.yml"), app.join("docker-compose.yml")).expect("a file");
    git(&origin, &["init", "-q"]);
    git(&origin, &["add", "-A", "."]);
    git(&origin, &["commit", "-qm", "x"]);
    let clone = project.dir.with_file_name("clone");
    git(&origin, &["clone", "-q", ".", &clone.display().to_string()]);
    project.dir = clone.join("app");
    let check = bounded(&project, &["check", "--only", "keys"]);
    assert!(!mark.exists(), "{}", check.all());
    // It is said all the same, of the repository that the clone really is.
    assert!(check.stdout.contains("MC143"), "{}", check.all());
    let trace = trap(&mut project);
    bounded(&project, &["check", "--only", "keys"]);
    assert!(!trace.exists(), "git was run");
}

#[test]
fn a_repository_of_an_archive_names_programs_in_vain() {
    type Change = fn(&Project, &str);
    let changes: [(&str, Change); 4] = [
        ("fsmonitor", |project, command| {
            git(&project.dir, &["config", "core.fsmonitor", command]);
        }),
        ("included", |project, command| {
            git(&project.dir, &["config", "include.path", "../more"]);
            project.write("more", &format!("[core]\n\tfsmonitor = \"{command}\"\n"));
        }),
        ("elsewhere", |project, command| {
            // A file in place of the folder leads to one that the archive brought too.
            git(&project.dir, &["config", "core.fsmonitor", command]);
            fs::rename(project.path(".git"), project.path("kept")).expect("a folder");
            project.write(".git", "gitdir: kept\n");
        }),
        ("partial", |project, command| {
            // Objects that are missing are fetched by whatever program the remote names.
            git(&project.dir, &["config", "extensions.partialClone", "origin"]);
            git(
                &project.dir,
                &["config", "remote.origin.url", &format!("ext::sh -c '{command}'")],
            );
            git(&project.dir, &["config", "remote.origin.promisor", "true"]);
            git(&project.dir, &["config", "protocol.ext.allow", "always"]);
            git(&project.dir, &["config", "core.fsmonitor", command]);
        }),
    ];
    for (name, change) in changes {
        let mut project = project(&format!("git-{name}"));
        let mark = outside(&project).join("PWNED");
        project.write("keys_pool/keys_pool_openai.env", KEY);
        git(&project.dir, &["init", "-q"]);
        git(&project.dir, &["add", "-f", "keys_pool/keys_pool_openai.env"]);
        change(&project, &format!("touch {}; false", mark.display()));
        // `git add` of the test's own may have run it.
        let _none = fs::remove_file(&mark);
        let check = bounded(&project, &["check", "--only", "keys"]);
        assert!(!mark.exists(), "{name}: {}", check.all());
        assert!(check.stdout.contains("MC143"), "{name}: {}", check.all());
        let trace = trap(&mut project);
        bounded(&project, &["check", "--only", "keys"]);
        assert!(!trace.exists(), "{name}: git was run");
    }
}

#[test]
fn check_fix_changes_nothing_that_a_link_leads_to() {
    type Change = fn(&Project);
    let changes: [(&str, Change); 6] = [
        ("key", |project| {
            link(
                project,
                "keys_pool/keys_pool_openai.env",
                outside(project).join("victim"),
            );
        }),
        ("relative", |project| {
            link(project, "keys_pool/keys_pool_openai.env", "../../outside/victim");
        }),
        ("folder", |project| link(project, "keys_pool", "../outside")),
        ("hard", |project| {
            fs::create_dir(project.path("keys_pool")).expect("a folder");
            fs::hard_link(
                outside(project).join("victim"),
                project.path("keys_pool/keys_pool_openai.env"),
            )
            .expect("a link");
        }),
        ("patterns", |project| {
            project.write("keys_pool/keys_pool_openai.env", KEY);
            link(project, ".gitignore", "../outside/rc");
            link(project, ".dockerignore", outside(project).join("rc"));
        }),
        ("context", |project| {
            project.write("keys_pool/keys_pool_openai.env", KEY);
            fs::write(project.dir.with_file_name("Dockerfile"), "FROM scratch\nCOPY . /\n").expect("a file");
            fs::write(project.dir.with_file_name(".dockerignore"), "# theirs\n").expect("a file");
            project.edit("docker-compose.yml", "build: .", "build: ..");
        }),
    ];
    for (name, change) in changes {
        let project = project(&format!("fix-{name}"));
        // The project's folder must be one that others pass through, or nothing of this is found.
        let parent = project.dir.parent().expect("a folder");
        fs::set_permissions(parent, fs::Permissions::from_mode(0o755)).expect("its rights");
        let victim = write_outside(&project, "victim", &format!("{KEY}\n"));
        fs::set_permissions(&victim, fs::Permissions::from_mode(0o644)).expect("its rights");
        write_outside(&project, "keys_pool_openai.env", &format!("{KEY}\n"));
        write_outside(&project, "rc", "# theirs\n");
        project.write("Dockerfile", "FROM scratch\nCOPY . /\n");
        project.edit("docker-compose.yml", "    image:", "    build: .\n    image:");
        change(&project);
        git(&project.dir, &["init", "-q"]);
        let before = state(&outside(&project));
        let fixed = bounded(
            &project,
            &[
                "check",
                "--only",
                "keys",
                "--only",
                "dockerfile",
                "--only",
                "checklist",
                "--fix",
            ],
        );
        assert_eq!(state(&outside(&project)), before, "{name}: {}", fixed.all());
        if name == "context" {
            let beside = fs::read_to_string(project.dir.with_file_name(".dockerignore")).expect("a file");
            assert_eq!(beside, "# theirs\n", "{}", fixed.all());
            assert!(fixed.stdout.contains("outside the project"), "{}", fixed.all());
        }
        if name == "hard" {
            assert!(fixed.stdout.contains("hard link"), "{}", fixed.all());
        }
        if matches!(name, "key" | "relative" | "folder" | "patterns") {
            assert!(fixed.stdout.contains("symbolic link"), "{name}: {}", fixed.all());
        }
    }
}

/// How many containers of the project were started since `began` (as the engine tells the time).
fn started(project: &Project, began: &str) -> usize {
    let label = format!("label=com.docker.compose.project={}", project.name);
    let now = project.docker(&["info", "--format", "{{.SystemTime}}"]);
    let events = [
        "events",
        "--since",
        began,
        "--until",
        &now,
        "--filter",
        "type=container",
        "--filter",
        "event=start",
        "--filter",
        &label,
    ];
    project.docker(&events).lines().count()
}

#[test]
fn check_starts_nothing_and_deep_only_what_is_known() {
    let command = "[sh, -c, 'base64 -w0 /c; exit 1', '-config.file=/c']";
    let hostile = |service: &str, image: &str| {
        format!(
            "services:\n  {service}:\n    image: {image}\n    command: {command}\n    volumes: ['./config/loki/local-config.yaml:/c:ro']\n"
        )
    };
    let project = Project::of("check-runs", &hostile("loki", LIGHT_IMAGE));
    fs::create_dir(outside(&project)).expect("a folder");
    write_outside(&project, "secret", &format!("{{\"auths\": \"{SECRET}\"}}\n"));
    link(&project, "config/loki/local-config.yaml", "../../../outside/secret");
    let encoded = "c2VjcmV0LW9mL";
    let began = project.docker(&["info", "--format", "{{.SystemTime}}"]);
    for round in 0..3 {
        if round == 1 {
            // Not a link, and a text that somebody edited.
            fs::remove_file(project.path("config/loki/local-config.yaml")).expect("a file");
            project.write("config/loki/local-config.yaml", &format!("a: {SECRET}\n"));
        }
        if round == 2 {
            // The name of a known image, from elsewhere.
            let image = "localhost:1/grafana/loki:3.7.8";
            project.docker(&["tag", LIGHT_IMAGE, image]);
            project.write("docker-compose.yml", &hostile("loki", image));
        }
        for args in [
            ["check", "--only", "config"].as_slice(),
            &["check", "--only", "config", "--deep"],
        ] {
            let done = project.magicctl(args);
            assert!(!done.all().contains(encoded), "{round}: {}", done.all());
        }
    }
    project.docker(&["rmi", "localhost:1/grafana/loki:3.7.8"]);
    assert_eq!(started(&project, &began), 0);
    assert_eq!(project.left(), Vec::<String>::new());

    // Loki itself, whose file was edited, is asked with `--deep` alone, and never about a link.
    let project = Project::sample("check-asks");
    project.edit("config/loki/local-config.yaml", "retention_period:", "retention_perid:");
    let began = project.docker(&["info", "--format", "{{.SystemTime}}"]);
    let check = project.magicctl(&["check", "--only", "config"]);
    assert_eq!((started(&project, &began), check.code), (0, 0), "{}", check.all());
    let deep = project.magicctl(&["check", "--only", "config", "--deep"]);
    assert_eq!(deep.code, 4, "{}", deep.all());
    assert!(deep.stdout.contains("retention_perid not found"), "{}", deep.all());
    assert!(started(&project, &began) > 0);
    assert_eq!(project.left(), Vec::<String>::new());
}

#[test]
fn neither_pipes_nor_devices_nor_floods_take_time_or_memory() {
    type Change = fn(&Project);
    let changes: [(&str, Change); 8] = [
        ("zero", |project| {
            link(project, "config/loki/local-config.yaml", "/dev/zero");
        }),
        ("fifo", |project| pipe(&project.path("config/loki/local-config.yaml"))),
        ("many", |project| {
            link(project, "keys_pool", "/usr/lib/x86_64-linux-gnu");
        }),
        ("settings", |project| pipe(&project.path("magicctl.yaml"))),
        ("service", |project| {
            pipe(&project.path("more.yml"));
            project.write("magicctl.yaml", "services: [more.yml]\n");
        }),
        ("dockerfile", |project| {
            pipe(&project.path("Dockerfile"));
            project.edit("docker-compose.yml", "    image:", "    build: .\n    image:");
        }),
        ("patterns", |project| {
            project.write("keys_pool/keys_pool_openai.env", KEY);
            git(&project.dir, &["init", "-q"]);
            pipe(&project.path(".gitignore"));
            fs::remove_file(project.path(".git/config")).expect("a file");
            pipe(&project.path(".git/config"));
        }),
        ("index", |project| {
            project.write("keys_pool/keys_pool_openai.env", KEY);
            git(&project.dir, &["init", "-q"]);
            pipe(&project.path(".git/index"));
        }),
    ];
    for (name, change) in changes {
        let project = project(&format!("odd-{name}"));
        change(&project);
        for args in [
            [
                "check",
                "--only",
                "compose",
                "--only",
                "config",
                "--only",
                "keys",
                "--only",
                "dockerfile",
            ]
            .as_slice(),
            &["render", "--check"],
            &["render", "--diff"],
            &["render"],
            &["config", "--services"],
        ] {
            let done = bounded(&project, args);
            if name == "settings" && args[0] == "render" {
                assert!(done.stderr.contains("magicctl.yaml can't be read"), "{}", done.all());
                assert_eq!(done.code, 4, "{}", done.all());
            }
        }
        bounded(&project, &["init"]);
    }
}

#[test]
fn what_is_rendered_is_written_below_the_project_alone() {
    type Change = fn(&Project);
    let changes: [(&str, Change); 5] = [
        ("folder", |project| link(project, "config", "../outside/config")),
        ("absolute", |project| {
            link(project, "config", outside(project).join("config"));
        }),
        ("deep", |project| link(project, "config/loki", "../../outside/config")),
        ("file", |project| {
            link(project, "config/loki/local-config.yaml", "../../../outside/victim");
        }),
        ("dangling", |project| {
            link(project, "config/loki/local-config.yaml", "../../../outside/new");
        }),
    ];
    for (name, change) in changes {
        for args in [
            ["render"].as_slice(),
            &["render", "--force"],
            &["init"],
            &["render", "--diff"],
        ] {
            let project = project(&format!("write-{name}"));
            fs::create_dir(outside(&project).join("config")).expect("a folder");
            write_outside(&project, "victim", &format!("{SECRET}\n"));
            fs::remove_file(project.path("docker-compose.yml")).expect("a file");
            project.write("magicctl.yaml", "retention: 7d\n");
            change(&project);
            let before = state(&outside(&project));
            let done = bounded(&project, args);
            assert_eq!(state(&outside(&project)), before, "{name} {args:?}: {}", done.all());
            let is_kept = args == ["init"] && matches!(name, "file" | "dangling");
            if !is_kept {
                assert!(done.stdout.contains("symbolic link"), "{name} {args:?}: {}", done.all());
                assert_eq!(
                    done.code != 0,
                    args != ["render", "--diff"],
                    "{name} {args:?}: {}",
                    done.all()
                );
            }
            // The rest is written.
            let is_written = args != ["render", "--diff"];
            assert_eq!(
                project.path("docker-compose.yml").exists(),
                is_written,
                "{name} {args:?}"
            );
        }
    }
}

#[test]
fn no_name_beside_a_file_can_be_foreseen_and_rights_are_kept() {
    let project = project("write-beside");
    let victim = write_outside(&project, "victim", "mine\n");
    fs::remove_file(project.path("docker-compose.yml")).expect("a file");
    project.write("magicctl.yaml", "retention: 7d\n");
    // The process ids that the next thousands of processes may have.
    for number in 1..=20_000_u32 {
        let number = (std::process::id() + number) % 4_194_304;
        link(&project, &format!(".docker-compose.yml.{number}"), "../outside/victim");
    }
    bounded(&project, &["render"]);
    assert_eq!(fs::read_to_string(&victim).expect("a file"), "mine\n");
    let compose = project.path("docker-compose.yml");
    fs::set_permissions(&compose, fs::Permissions::from_mode(0o640)).expect("its rights");
    project.write("magicctl.yaml", "retention: 7d\nports: {loki: 3111}\n");
    bounded(&project, &["render"]).ok();
    assert!(fs::read_to_string(&compose).expect("a file").contains("3111"));
    let about = fs::metadata(&compose).expect("what is known of it");
    assert_eq!(about.mode() & 0o7777, 0o640);
}

#[test]
fn further_services_come_from_the_project_alone() {
    type Named = fn(&Project) -> String;
    let absolute = |project: &Project| outside(project).join("f").display().to_string();
    let ways: [(&str, Named); 5] = [
        ("parent", |_| "../outside/f".to_owned()),
        ("absolute", absolute),
        ("link", |project| {
            link(project, "near.yml", "../outside/f");
            "near.yml".to_owned()
        }),
        ("folder", |project| {
            link(project, "near", "../outside");
            "near/f".to_owned()
        }),
        ("kernel", |_| "/proc/self/environ".to_owned()),
    ];
    for (name, way) in ways {
        let mut project = project(&format!("services-{name}"));
        project.env.insert("CANARY".to_owned(), SECRET.to_owned());
        write_outside(&project, "f", &format!("x: [{SECRET}\n"));
        let named = way(&project);
        project.write("magicctl.yaml", &format!("services: [{named}]\n"));
        for args in [
            ["render"].as_slice(),
            &["render", "--diff"],
            &["config"],
            &["check", "--only", "compose"],
        ] {
            let done = bounded(&project, args);
            assert_eq!(done.code, 4, "{name} {args:?}: {}", done.all());
            assert!(
                done.all().contains("magicctl.yaml:1:12"),
                "{name} {args:?}: {}",
                done.all()
            );
        }
        let compose = fs::read_to_string(project.path("docker-compose.yml")).expect("a file");
        assert!(!compose.contains(SECRET));
    }
}

#[test]
fn no_line_of_a_dockerfile_elsewhere_is_quoted() {
    for (name, build) in [
        ("context", "context: .."),
        ("file", "{context: ., dockerfile: ../outside/netrc}"),
        ("link", "{context: ., dockerfile: near}"),
    ] {
        let project = project(&format!("quote-{name}"));
        let text = format!("machine example.org login me password {SECRET}\n");
        write_outside(&project, "netrc", &text);
        fs::write(project.dir.with_file_name("Dockerfile"), &text).expect("a file");
        link(&project, "near", "../outside/netrc");
        let build = if build.starts_with('{') {
            build.to_owned()
        } else {
            format!("{{{build}}}")
        };
        project.edit(
            "docker-compose.yml",
            "    image:",
            &format!("    build: {build}\n    image:"),
        );
        let check = bounded(&project, &["check", "--only", "dockerfile"]);
        assert!(check.stdout.contains("MC110"), "{name}: {}", check.all());
    }
}
