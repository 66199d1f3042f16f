//! A repository that means ill: every trick at once, and a folder outside of it that is nobody's business.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::LIGHT_IMAGE;

/// What a terminal would act on, in the middle of a word.
pub const ESCAPES: &str = "x\u{1b}]52;c;aGk=\u{7}\u{1b}[2J\u{1b}[8m\u{9b}1A\u{7f}\u{8}y";
/// In every file that may not be read.
pub const CANARY: &str = "canary-of-the-outside";

/// The repository, and what lies beside it.
pub struct Fixture {
    folder: tempfile::TempDir,
}

/// One file that keeps the project from being read as it is otherwise.
pub struct Trap {
    pub name: &'static str,
    pub lay: fn(&Fixture),
}

pub const TRAPS: [Trap; 13] = [
    Trap {
        name: "a pipe for magicctl.yaml",
        lay: |at| at.pipe("magicctl.yaml"),
    },
    Trap {
        name: "magicctl.yaml from outside",
        lay: |at| at.link("../outside/forbidden/a", "magicctl.yaml"),
    },
    Trap {
        name: "a service's template from outside",
        lay: |at| at.write("magicctl.yaml", "services: [../outside/forbidden/a]\n"),
    },
    Trap {
        name: "a service's template by a link",
        lay: |at| {
            at.link("../outside/forbidden/a", "more.yml");
            at.write("magicctl.yaml", "services: [more.yml]\n");
        },
    },
    Trap {
        name: "a pipe for the Compose file",
        lay: |at| at.pipe("compose.yaml"),
    },
    Trap {
        name: "a device for the Compose file",
        lay: |at| at.link("/dev/zero", "compose.yaml"),
    },
    Trap {
        name: "a billion laughs",
        lay: |at| {
            let line = |n: usize| format!("x{n}: &x{n} [{}]\n", vec![format!("*x{}", n - 1); 10].join(", "));
            let lines: String = (1..12).map(line).collect();
            at.write(
                "compose.yaml",
                &format!("x0: &x0 [a, b]\n{lines}services: {{a: {{image: a}}}}\n"),
            );
        },
    },
    Trap {
        name: "a deep nesting",
        lay: |at| at.write("compose.yaml", &format!("services: {}", "[".repeat(1_000_000))),
    },
    Trap {
        name: "four billion containers",
        lay: |at| at.write("compose.yaml", "services: {a: {image: a, scale: 4000000000}}\n"),
    },
    Trap {
        name: "a large .env",
        lay: |at| {
            let lines: Vec<String> = (0..40_000)
                .map(|n| format!("VARIABLE_{n}=a value of some length"))
                .collect();
            at.write(".env", &lines.join("\n"));
        },
    },
    Trap {
        name: "a pipe for .env",
        lay: |at| at.pipe(".env"),
    },
    Trap {
        name: "files that include each other, each twice",
        lay: |at| {
            for n in 0..40 {
                let next = n + 1;
                at.write(
                    &format!("i{n}.yml"),
                    &format!(
                        "include:\n- {{path: i{next}.yml, env_file: a.env}}\n- {{path: i{next}.yml, env_file: b.env}}\nservices: {{}}\n"
                    ),
                );
            }
            at.write("i40.yml", "services: {z: {image: z}}\n");
            at.write("a.env", "A=1\n");
            at.write("b.env", "B=1\n");
            at.write("compose.yaml", "include: [i0.yml]\nservices: {a: {image: a}}\n");
        },
    },
    Trap {
        name: "a Compose file from outside by .env",
        lay: |at| at.write(".env", "COMPOSE_FILE=../outside/named/lines\n"),
    },
];

impl Fixture {
    pub fn new() -> Self {
        let this = Self {
            folder: tempfile::tempdir().expect("a folder"),
        };
        fs::create_dir(this.root()).expect("the repository");
        for folder in ["forbidden/folder", "named"] {
            fs::create_dir_all(this.outside().join(folder)).expect("a folder outside");
        }
        for name in ["a", "b.env", "rc", "folder/local-config.yaml", "folder/x.env"] {
            let text = format!("{CANARY}-{name}\n");
            fs::write(this.outside().join("forbidden").join(name), text).expect("a file outside");
        }
        fs::write(this.outside().join("named/by-the-file.env"), "NAMED=by-the-file\n").expect("a file outside");
        // Compose reads it when it is named; its lines are nobody's business all the same.
        fs::write(this.outside().join("named/lines"), format!("{CANARY}-lines\n")).expect("a file outside");
        this.files();
        this.git();
        this.everybody_may_look();
        this
    }

    pub fn root(&self) -> PathBuf {
        self.folder.path().join("clone")
    }

    pub fn outside(&self) -> PathBuf {
        self.folder.path().join("outside")
    }

    /// What a program of the repository would leave behind.
    pub fn pwned(&self) -> PathBuf {
        self.folder.path().join("PWNED")
    }

    /// A folder for what a command keeps for its user.
    pub fn user(&self, name: &str) -> PathBuf {
        let folder = self.folder.path().join(name);
        fs::create_dir_all(&folder).expect("a folder");
        folder
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.fresh(name);
        fs::write(path, text).expect(name);
    }

    fn link(&self, target: &str, name: &str) {
        symlink(target, self.fresh(name)).expect(name);
    }

    fn pipe(&self, name: &str) {
        let made = Command::new("mkfifo").arg(self.fresh(name)).status();
        assert!(made.expect("mkfifo").success());
    }

    /// The path of `name`, with nothing there.
    fn fresh(&self, name: &str) -> PathBuf {
        let path = self.root().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        if path.symlink_metadata().is_ok_and(|there| !there.is_dir()) {
            fs::remove_file(&path).expect("what was there");
        }
        path
    }

    fn files(&self) {
        let escape = |c: char| {
            if c.is_control() {
                format!("\\x{:02x}", u32::from(c))
            } else {
                c.to_string()
            }
        };
        let escaped = format!("\"{}\"", ESCAPES.chars().map(escape).collect::<String>());
        self.write(
            "compose.yaml",
            &format!(
                "name: hostile\nservices:\n  app-runner:\n    image: {LIGHT_IMAGE}\n    build: .\n    command: [sleep, {escaped}]\n    \
                 hostname: h\n    labels: {{ {escaped}: {escaped} }}\n    environment: {{ TEXT: {escaped} }}\n    \
                 env_file: [../outside/named/by-the-file.env]\n    ports: ['127.0.0.1:0:8001']\n    \
                 volumes: ['./keys_pool:/app/keys_pool:ro', './config/loki/local-config.yaml:/etc/loki/local-config.yaml:ro', './zero:/zero:ro', './kmsg:/kmsg:ro']\n  \
                 loki:\n    image: {LIGHT_IMAGE}\n    command: [sh, -c, 'cat config.file=/etc/loki/local-config.yaml']\n    \
                 volumes: ['./config/loki/local-config.yaml:/etc/loki/local-config.yaml:ro']\n    profiles: [{escaped}]\n"
            ),
        );
        self.write(
            "Dockerfile",
            &format!("FROM {LIGHT_IMAGE}\nCOPY {ESCAPES} /\nRUN pip install -r requirements.txt\n"),
        );
        self.write(
            "proxy_config.yaml",
            &format!("model_list: [{{ model_name: {escaped} }}]\n"),
        );
        self.write(
            "requirements.txt",
            &format!("{ESCAPES}==1\n-r ../outside/forbidden/a\n"),
        );
        self.write("run.py", "import x\n");
        self.write(&format!("keys_pool/keys_pool_{ESCAPES}.env"), "key-of-the-fixture\n");
        self.write("keys_pool/keys_pool_openai.env", "key-of-the-fixture\n");
        self.link("../../outside/forbidden/b.env", "keys_pool/keys_pool_mistral.env");
        self.link("/dev/zero", "keys_pool/keys_pool_google.env");
        self.link("/proc/kmsg", "keys_pool/keys_pool_local.env");
        self.pipe("keys_pool/keys_pool_deepseek.env");
        self.link("../outside/forbidden/folder", "env");
        self.link("../outside/forbidden/folder", "config/loki");
        self.link("../../outside/forbidden", "config/promtail");
        self.link("/dev/zero", "zero");
        self.link("/proc/kmsg", "kmsg");
        self.link("../outside/forbidden/rc", ".gitignore");
        self.pipe(".dockerignore");
        // What a run of magicctl might write beside a file, by its number.
        for process in 1..2000 {
            self.link("../outside/forbidden/rc", &format!(".docker-compose.yml.{process}"));
        }
    }

    /// A program in the configuration of the repository, and of one that is embedded in it.
    fn git(&self) {
        let git = |args: &[&str], folder: &Path| {
            let done = Command::new("git")
                .args(args)
                .current_dir(folder)
                .output()
                .expect("git");
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        };
        let program = format!("touch {}", self.pwned().display());
        let root = self.root();
        git(&["init", "-q"], &root);
        git(&["config", "core.fsmonitor", &program], &root);
        git(&["config", "core.pager", &program], &root);
        git(&["config", "core.sshCommand", &program], &root);
        git(&["config", "diff.external", &program], &root);
        git(&["config", "include.path", "more.config"], &root);
        fs::write(
            root.join(".git/more.config"),
            format!("[core]\n\tfsmonitor = {program}\n"),
        )
        .expect("a file");
        let hooks = root.join(".git/hooks");
        fs::create_dir_all(&hooks).expect("the hooks");
        for hook in ["post-index-change", "pre-commit", "fsmonitor-watchman"] {
            let path = hooks.join(hook);
            fs::write(&path, format!("#!/bin/sh\n{program}\n")).expect(hook);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect(hook);
        }
        // A bare repository that a clone brings, in a folder with a project of its own.
        let embedded = root.join("embedded");
        fs::create_dir(&embedded).expect("a folder");
        git(&["init", "-q", "--bare", "."], &embedded);
        git(&["config", "core.bare", "false"], &embedded);
        git(&["config", "core.worktree", "."], &embedded);
        git(&["config", "core.fsmonitor", &program], &embedded);
        for name in [
            "compose.yaml",
            "proxy_config.yaml",
            "Dockerfile",
            "requirements.txt",
            "run.py",
        ] {
            fs::copy(root.join(name), embedded.join(name)).expect(name);
        }
        fs::create_dir(embedded.join("keys_pool")).expect("a folder");
        fs::write(embedded.join("keys_pool/keys_pool_openai.env"), "key-of-the-fixture\n").expect("a key");
    }

    /// Also one who is nobody here.
    fn everybody_may_look(&self) {
        let opened = Command::new("chmod")
            .args(["-R", "a+rwX"])
            .arg(self.folder.path())
            .status();
        assert!(opened.expect("chmod").success());
    }

    /// All that lies outside: names, contents, rights.
    pub fn state_of_the_outside(&self) -> Vec<String> {
        let listed = Command::new("find")
            .arg(self.outside())
            .args(["-printf", "%P %m %s %T@ %l\n"])
            .output()
            .expect("find");
        let mut lines: Vec<String> = String::from_utf8_lossy(&listed.stdout)
            .lines()
            .map(ToOwned::to_owned)
            .collect();
        lines.sort();
        lines
    }
}
