//! Runs a command against an engine, and sees how it ended.

use std::io::Read;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use wait4::Wait4 as _;

use crate::support::Project;

/// After that long a command that may last is interrupted. Calls that don't are given up after `IMPATIENT`, or eight times that.
const INTERRUPT_AFTER: Duration = Duration::from_secs(5);
/// How many interrupts end whatever it is.
const INTERRUPTS: u32 = 3;
const SIGINT: i32 = 2;
/// A command that has not ended by then never does.
const HANGS_AFTER: Duration = Duration::from_secs(90);
/// How long an engine may take to answer that means ill, and one that doesn't.
pub const IMPATIENT: &str = "300ms";
pub const PATIENT: &str = "15s";
/// Most bytes of memory.
const MOST_MEMORY: u64 = 200 << 20;
/// Of what is printed, so much is looked at.
const LOOKED_AT: u64 = 1 << 20;

/// How a command ended.
#[derive(Debug)]
pub struct Ran {
    /// `None`: by a signal that is none of ours.
    pub code: Option<i32>,
    pub interrupted: bool,
    pub hung: bool,
    /// At its peak, in bytes.
    pub memory: u64,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// Both outputs.
    pub fn all(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    /// What no answer may lead to.
    pub fn wrong(&self, may_last: bool) -> Option<String> {
        let codes: &[i32] = if self.interrupted { &[0, 1, 3, 130] } else { &[0, 1, 3] };
        if self.hung {
            return Some("it hangs".to_owned());
        }
        if self.interrupted && !may_last {
            return Some("it lasts".to_owned());
        }
        if self.code.is_none_or(|code| !codes.contains(&code)) {
            return Some(format!("its exit code is {:?}", self.code));
        }
        if self.memory > MOST_MEMORY {
            return Some(format!("it takes {} MB", self.memory >> 20));
        }
        if self.stderr.contains("panicked at") || self.stderr.contains("RUST_BACKTRACE") {
            return Some("it panics".to_owned());
        }
        // A command that failed says so.
        let failed = !self.interrupted && self.code != Some(0);
        (failed && self.stdout.is_empty() && self.stderr.is_empty()).then(|| "it says nothing".to_owned())
    }
}

/// The beginning of what comes, and the end of it thrown away.
fn beginning(mut pipe: impl Read + Send + 'static) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = pipe.by_ref().take(LOOKED_AT).read_to_end(&mut bytes);
        read.and_then(|_| std::io::copy(&mut pipe, &mut std::io::sink()))
            .expect("a pipe");
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// The most memory of a process, looked at until it has ended.
fn sampled(pid: u32) -> std::thread::JoinHandle<u64> {
    std::thread::spawn(move || {
        let mut most = 0;
        while let Ok(status) = std::fs::read_to_string(format!("/proc/{pid}/status")) {
            let field = |name: &str| {
                let line = status.lines().find_map(|line| line.strip_prefix(name));
                line.and_then(|line| line.split_whitespace().next())
            };
            let Some(kilobytes) = field("VmHWM:").and_then(|number| number.parse::<u64>().ok()) else {
                break;
            };
            // Until it is what it will be, it has our memory.
            if field("Name:") == Some("magicctl") {
                most = most.max(kilobytes << 10);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        most
    })
}

fn signal(name: &str, pid: u32) {
    // It may have ended meanwhile.
    let _sent = Command::new("kill")
        .args([name, &pid.to_string()])
        .stderr(Stdio::null())
        .status();
}

/// Runs `args` in `project` on the engine at `host`, which may take `patience` to answer.
pub fn run(project: &Project, host: &str, patience: &str, args: &[&str], may_last: bool) -> Ran {
    // Whoever runs the tests in the background may have had this signal ignored, and what is ignored is handed on.
    let program = ["--default-signal=INT", env!("CARGO_BIN_EXE_magicctl")];
    let options = ["-H", host, "--engine-timeout", patience];
    let mut command = project.plain("env", &[&program[..], &options, args].concat());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    let pid = child.id();
    let peak = sampled(pid);
    let stdout = beginning(child.stdout.take().expect("its stdout"));
    let stderr = beginning(child.stderr.take().expect("its stderr"));
    let (ended, end) = channel::<()>();
    let watchdog = std::thread::spawn(move || {
        let (mut interrupted, mut hung) = (false, false);
        let mut after = INTERRUPT_AFTER;
        // What joins a container hands the first ones on to it.
        for _ in 0..INTERRUPTS {
            if may_last && end.recv_timeout(after) == Err(RecvTimeoutError::Timeout) {
                interrupted = true;
                signal("-INT", pid);
                after = Duration::from_secs(1);
            }
        }
        if end.recv_timeout(HANGS_AFTER) == Err(RecvTimeoutError::Timeout) {
            hung = true;
            signal("-KILL", pid);
        }
        (interrupted, hung)
    });
    let used = child.wait4().expect("its end");
    let peak = peak.join().expect("the samples");
    drop(ended);
    let (interrupted, hung) = watchdog.join().expect("the watchdog");
    let is_ours = interrupted && used.status.signal() == Some(SIGINT);
    Ran {
        code: used.status.code().or(is_ours.then_some(130)),
        interrupted,
        hung,
        // What the system counts begins with what this process took when it started the other.
        memory: if used.rusage.maxrss > MOST_MEMORY {
            peak
        } else {
            used.rusage.maxrss
        },
        stdout: stdout.join().expect("its stdout"),
        stderr: stderr.join().expect("its stderr"),
    }
}
