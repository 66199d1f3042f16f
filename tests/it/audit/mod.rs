//! A repository that means ill, given to every command, as root and as nobody: nothing outside of it is read into any output,
//! written or changed, no program of it is run, the terminal gets no control character, and each command ends.

mod fixture;
mod gate;
mod once;
mod trace;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use wait4::Wait4 as _;

use fixture::{CANARY, Fixture, TRAPS};
use gate::Gate;

/// Each reads, or changes the engine only after it has read all.
const COMMANDS: [&[&str]; 46] = [
    &["check"],
    &["check", "--strict"],
    &["--output", "json", "check"],
    &["plan"],
    &["config"],
    &["config", "--services"],
    &["config", "--images"],
    &["config", "--hash"],
    &["config", "--settings"],
    &["config", "--format", "json"],
    &["status"],
    &["logs"],
    &["logs", "--errors"],
    &["images"],
    &["ls"],
    &["volumes"],
    &["top"],
    &["port", "app-runner", "8001"],
    &["stats", "--no-stream"],
    &["open", "--print"],
    &["render", "--diff"],
    &["render", "--check"],
    &["explain", "MC101"],
    &["-vv", "up"],
    &["up", "--no-check"],
    &["create"],
    &["build"],
    &["rebuild"],
    &["pull"],
    &["push"],
    &["run", "-T", "app-runner", "true"],
    &["exec", "-T", "app-runner", "true"],
    &["cp", "app-runner:/etc/hostname", "."],
    &["scale", "app-runner=2"],
    &["start"],
    &["restart"],
    &["stop"],
    &["kill"],
    &["rm", "-f"],
    &["pause"],
    &["wait", "app-runner"],
    &["down"],
    &["check", "--deep"],
    // These write, last: what they may change, they have changed then.
    &["check", "--fix"],
    &["render", "--force"],
    &["init"],
];
/// Those that are tried on each trap.
const FEW: [&[&str]; 5] = [&["check"], &["plan"], &["config"], &["render", "--diff"], &["up"]];
/// Far beyond what any of them takes; what hangs is told as such.
const WITHIN: Duration = Duration::from_secs(60);
/// Bytes that a command may need at most.
const MEMORY: u64 = 200 << 20;

/// Who runs the command.
#[derive(Debug, Clone, Copy, PartialEq)]
enum User {
    Root,
    Nobody,
}

struct Run {
    code: Option<i32>,
    output: Vec<u8>,
    memory: u64,
}

/// Runs magicctl in `folder`, under strace when there is a file for its account.
fn run(fixture: &Fixture, gate: &Gate, user: User, folder: &Path, args: &[&str], account: Option<&Path>) -> Run {
    let mut line: Vec<String> = Vec::new();
    if user == User::Nobody {
        line.extend(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"].map(ToOwned::to_owned));
    }
    if let Some(account) = account {
        line.push("strace".to_owned());
        line.extend(trace::arguments(account));
    }
    line.push(env!("CARGO_BIN_EXE_magicctl").to_owned());
    line.extend(["-H".to_owned(), gate.host()]);
    line.extend(args.iter().map(|arg| (*arg).to_owned()));
    let home = fixture.user(if user == User::Root { "root" } else { "nobody" });
    // Whoever runs it keeps something there.
    drop(Command::new("chmod").arg("a+rwx").arg(&home).status());
    let said = home.join("said");
    let to = |name: &str| {
        let path = said.with_extension(name);
        // It may be the other user's.
        drop(fs::remove_file(&path));
        (fs::File::create(&path).expect("a file for its output"), path)
    };
    let ((out, out_path), (err, err_path)) = (to("out"), to("err"));
    let mut child = Command::new(&line[0])
        .args(&line[1..])
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", &home)
        .env("XDG_RUNTIME_DIR", &home)
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(err)
        .spawn()
        .expect("it starts");
    let (ended, killer) = (std::sync::mpsc::channel::<()>(), child.id());
    let (done, waits) = ended;
    let watch = std::thread::spawn(move || {
        if waits.recv_timeout(WITHIN).is_err() {
            // Its children too would hold the test up.
            drop(
                Command::new("pkill")
                    .args(["-KILL", "-P", &killer.to_string()])
                    .status(),
            );
            drop(Command::new("kill").args(["-KILL", &killer.to_string()]).status());
        }
    });
    let outcome = child.wait4().expect("its end");
    // The watch has given up waiting when it had to kill.
    let _told = done.send(());
    watch.join().expect("the watch");
    Run {
        code: outcome.status.code(),
        output: [
            fs::read(out_path).expect("its output"),
            fs::read(err_path).expect("its output"),
        ]
        .concat(),
        memory: outcome.rusage.maxrss,
    }
}

/// What is wrong with a run.
fn wrong(args: &[&str], run: &Run) -> Vec<String> {
    let mut wrong = Vec::new();
    let text = String::from_utf8_lossy(&run.output);
    match run.code {
        Some(0..=4) => {}
        code => wrong.push(format!("it ended with {code:?}")),
    }
    if text.contains("panicked") {
        wrong.push("it panicked".to_owned());
    }
    if text.contains(CANARY) {
        wrong.push("a line from outside was printed".to_owned());
    }
    let acts = |c: char| c.is_control() && c != '\n' && c != '\t';
    if !args.contains(&"json") && text.contains(acts) {
        let line = text.lines().find(|line| line.contains(acts)).unwrap_or_default();
        wrong.push(format!("a control character was printed: {line:?}"));
    }
    wrong.iter().map(|what| format!("{args:?}: {what}\n{text}")).collect()
}

/// Runs `args` twice, once with an account of what it did; says what was wrong.
fn audited(fixture: &Fixture, gate: &Gate, user: User, folder: &Path, args: &[&str]) -> Vec<String> {
    let plain = run(fixture, gate, user, folder, args, None);
    let mut found = wrong(args, &plain);
    if plain.memory > MEMORY {
        found.push(format!("{args:?}: it took {} MB", plain.memory >> 20));
    }
    let file = fixture.user("accounts").join(format!("{user:?}"));
    drop(fs::remove_file(&file));
    drop(
        Command::new("chmod")
            .arg("a+rwx")
            .arg(fixture.user("accounts"))
            .status(),
    );
    found.extend(wrong(args, &run(fixture, gate, user, folder, args, Some(&file))));
    let account = fs::read_to_string(&file).expect("the account");
    assert!(account.contains("execve("), "strace has seen nothing of {args:?}");
    let forbidden = fixture.outside().join("forbidden").display().to_string();
    let own = fixture.root().parent().expect("its folder").display().to_string();
    let may_read = |path: &str| !path.starts_with(&forbidden) && path != "/dev/zero" && path != "/proc/kmsg";
    let outside = fixture.outside().display().to_string();
    let may_write = |path: &str| {
        let is_own = path.starts_with(&own) && !path.starts_with(&outside);
        is_own || path == "/dev/null" || path == "/dev/tty"
    };
    let violations = trace::violations(&account, may_read, may_write);
    found.extend(violations.into_iter().map(|line| format!("{args:?}: {line}")));
    if fixture.pwned().exists() {
        found.push(format!("{args:?}: a program of the repository was run"));
        fs::remove_file(fixture.pwned()).expect("its mark");
    }
    found
}

fn users() -> Vec<User> {
    let is_root = fs::metadata("/proc/self").is_ok_and(|about| std::os::unix::fs::MetadataExt::uid(&about) == 0);
    if is_root {
        vec![User::Nobody, User::Root]
    } else {
        vec![User::Nobody]
    }
}

#[test]
fn a_hostile_repository_can_do_nothing() {
    let every = crate::support::share::every_case();
    for user in users() {
        let fixture = Fixture::new();
        let gate = Gate::at(&fixture.user("gate"));
        let before = fixture.state_of_the_outside();
        let mut found = Vec::new();
        for (number, args) in COMMANDS.iter().enumerate() {
            // What only asks the engine reads the same files as its like.
            if every || number % 2 == usize::from(user == User::Root) || number >= COMMANDS.len() - 4 {
                found.extend(audited(&fixture, &gate, user, &fixture.root(), args));
            }
        }
        for args in [&["check"], &["plan"]] {
            found.extend(audited(&fixture, &gate, user, &fixture.root().join("embedded"), args));
        }
        assert!(found.is_empty(), "as {user:?}:\n{}", found.join("\n"));
        assert_eq!(fixture.state_of_the_outside(), before);
    }
}

#[test]
fn a_trap_ends_each_command() {
    let every = crate::support::share::every_case();
    for (number, trap) in TRAPS.iter().enumerate() {
        let user = users()[number % users().len()];
        let fixture = Fixture::new();
        let gate = Gate::at(&fixture.user("gate"));
        (trap.lay)(&fixture);
        let before = fixture.state_of_the_outside();
        let mut found = Vec::new();
        for (place, args) in FEW.iter().enumerate() {
            if every || place < 2 || place % FEW.len() == number % FEW.len() {
                found.extend(audited(&fixture, &gate, user, &fixture.root(), args));
            }
        }
        assert!(found.is_empty(), "{}, as {user:?}:\n{}", trap.name, found.join("\n"));
        assert_eq!(fixture.state_of_the_outside(), before, "{}", trap.name);
    }
}
