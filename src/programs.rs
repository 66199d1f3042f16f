//! The one way to run a program of this machine: one that magicctl itself names, found where the user's `PATH` says, that gets no
//! input but what it is handed, and that is ended, with all that it started, when it takes too long, says too much, or nobody
//! waits for it any longer.

use std::ffi::OsStr;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};

/// How long the output of a program that has ended is waited for where somebody else still holds it open.
const DRAINED_WITHIN: Duration = Duration::from_millis(500);

/// What to run.
#[derive(Debug, Clone, Copy)]
pub struct Program<'a> {
    /// Its name alone, without a folder.
    pub name: &'a str,
    /// Its arguments.
    pub arguments: &'a [&'a str],
    /// What it reads.
    pub input: &'a [u8],
    /// Where it is looked for; `None`: the `PATH` of this process.
    pub path: Option<&'a OsStr>,
    /// How long it may take.
    pub within: Duration,
    /// How many bytes it may print.
    pub largest: u64,
}

/// What a program did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// Its exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// What it printed on stdout. What it prints on stderr is dropped.
    pub output: Vec<u8>,
}

/// Why there is nothing to be said of a program. It quotes nothing that the program printed.
#[derive(Debug, thiserror::Error)]
pub enum NotRun {
    /// It is not installed.
    #[error("it is not installed (not found on the PATH)")]
    Missing,
    /// Its name has a folder in it, or is empty: it could be a file of anybody's.
    #[error("it is not a valid program name")]
    Name,
    /// It took too long.
    #[error("it did not end within {} s", within.as_secs_f32())]
    Slow {
        /// How long it was given.
        within: Duration,
    },
    /// It printed too much.
    #[error("it printed more than {} kB", largest >> 10)]
    Long {
        /// How many bytes it may print.
        largest: u64,
    },
    /// The system refused.
    #[error("it can't be run: {0}")]
    System(#[from] io::Error),
}

/// Runs `program` to its end.
pub async fn run(program: &Program<'_>) -> Result<Ran, NotRun> {
    if program.name.is_empty() || program.name.contains('/') {
        return Err(NotRun::Name);
    }
    let mut command = Command::new(program.name);
    command
        .args(program.arguments)
        // So that a `.` in PATH, or what the program looks for itself, is not what lies where the user happens to stand.
        .current_dir("/")
        // It may start others: they are ended with it.
        .process_group(0)
        .kill_on_drop(true)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    if let Some(path) = program.path {
        command.env("PATH", path);
    }
    let child = command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => NotRun::Missing,
        _ => NotRun::System(error),
    })?;
    let mut started = Started { child };
    let ended = tokio::time::timeout(program.within, started.finish(program)).await;
    let ended = ended.unwrap_or(Err(NotRun::Slow { within: program.within }));
    if ended.is_err() {
        started.end().await;
    }
    ended
}

/// A program that runs. It is ended when it goes out of scope.
struct Started {
    child: Child,
}

impl Started {
    async fn finish(&mut self, program: &Program<'_>) -> Result<Ran, NotRun> {
        let stdin = self.child.stdin.take();
        let hand = async {
            if let Some(mut stdin) = stdin {
                // One that does not read all of it has heard enough.
                let _unread = stdin.write_all(program.input).await;
            }
        };
        let mut output = Vec::new();
        let mut stdout = self.child.stdout.take();
        let (status, drained): (ExitStatus, bool) = {
            let hear = read(stdout.as_mut(), &mut output, program.largest);
            let talk = futures_util::future::join(hand, hear);
            tokio::select! {
                // The end of its output mostly comes first.
                biased;
                ((), heard) = talk => {
                    heard?;
                    too_long(&output, program.largest)?;
                    (self.child.wait().await?, true)
                }
                status = self.child.wait() => (status?, false),
            }
        };
        if !drained {
            // What it had printed by its end lies in the pipe; others that hold it open are not waited for.
            let rest = read(stdout.as_mut(), &mut output, program.largest);
            if let Ok(heard) = tokio::time::timeout(DRAINED_WITHIN, rest).await {
                heard?;
            }
            too_long(&output, program.largest)?;
        }
        Ok(Ran {
            code: status.code(),
            output,
        })
    }

    /// Ends it and what it started, and waits until it is gone.
    async fn end(&mut self) {
        self.kill();
        if let Err(error) = self.child.wait().await {
            tracing::debug!(%error, "can't wait for a program");
        }
    }

    fn kill(&self) {
        let id = self.child.id().and_then(|id| i32::try_from(id).ok());
        if let Some(group) = id.and_then(Pid::from_raw)
            && let Err(error) = kill_process_group(group, Signal::KILL)
        {
            tracing::debug!(%error, "can't stop a program");
        }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // One that has ended and was waited for has no id any more.
        self.kill();
    }
}

/// Reads to the end, but little more than `largest` bytes in all.
async fn read(from: Option<&mut (impl AsyncRead + Unpin)>, output: &mut Vec<u8>, largest: u64) -> io::Result<()> {
    let Some(from) = from else { return Ok(()) };
    let room = (largest + 1).saturating_sub(output.len() as u64);
    from.take(room).read_to_end(output).await.map(|_| ())
}

fn too_long(output: &[u8], largest: u64) -> Result<(), NotRun> {
    if output.len() as u64 > largest {
        Err(NotRun::Long { largest })
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Instant;

    use super::*;

    /// More than any of these takes, unless it is not ended at all.
    const LONG: Duration = Duration::from_secs(60);

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
    }

    fn program<'a>(arguments: &'a [&'a str], input: &'a [u8], within: Duration, largest: u64) -> Program<'a> {
        Program {
            name: "sh",
            arguments,
            input,
            path: None,
            within,
            largest,
        }
    }

    fn shell(script: &str, input: &[u8], within: Duration, largest: u64) -> Result<Ran, NotRun> {
        runtime().block_on(run(&program(&["-c", script], input, within, largest)))
    }

    /// Waits until the process whose id the file holds is gone, or nobody but its new parent knows of it.
    fn until_gone(path: &Path) {
        let id: i32 = std::fs::read_to_string(path).unwrap().trim().parse().unwrap();
        let began = Instant::now();
        let is_there = || std::fs::read_to_string(format!("/proc/{id}/stat")).is_ok_and(|stat| !stat.contains(") Z "));
        while is_there() {
            assert!(began.elapsed() < LONG, "{id} is still there");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn input_output_and_exit_code() {
        let ran = shell("cat; echo lost >&2; exit 3", b"handed", LONG, 100).unwrap();
        assert_eq!((ran.code, ran.output.as_slice()), (Some(3), b"handed".as_slice()));
        // More than a pipe holds, both ways at once.
        let input = vec![b'x'; 1 << 20];
        let ran = shell("cat", &input, LONG, 1 << 20).unwrap();
        assert_eq!(ran.output.len(), 1 << 20);
        // One that does not read what it is handed.
        assert_eq!(shell("exit 0", &input, LONG, 1).unwrap().code, Some(0));
        assert_eq!(shell("pwd", b"", LONG, 9).unwrap().output, b"/\n");
        assert_eq!(shell("kill -9 $$", b"", LONG, 9).unwrap().code, None);
    }

    #[test]
    fn one_that_does_not_end_is_ended_with_what_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("id");
        let script = format!("sleep 600 & echo $! >'{}'; wait", path.display());
        let slow = shell(&script, b"", Duration::from_secs(1), 9).unwrap_err();
        assert!(matches!(slow, NotRun::Slow { .. }), "{slow}");
        until_gone(&path);
    }

    #[test]
    fn one_that_nobody_waits_for_is_ended_with_what_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("id");
        let script = format!(
            "sleep 600 & echo $! >'{0}.new'; mv '{0}.new' '{0}'; wait",
            path.display()
        );
        runtime().block_on(async {
            let arguments = ["-c", script.as_str()];
            let program = program(&arguments, b"", LONG, 9);
            let until_started = async {
                while !path.exists() {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            };
            tokio::select! {
                ran = run(&program) => panic!("{ran:?}"),
                () = until_started => {}
            }
        });
        until_gone(&path);
    }

    #[test]
    fn one_that_prints_without_end_is_ended() {
        let long = shell("while :; do echo y; done", b"", LONG, 1 << 16).unwrap_err();
        assert!(matches!(long, NotRun::Long { largest: 65536 }), "{long}");
    }

    #[test]
    fn what_holds_its_output_open_is_not_waited_for() {
        let began = Instant::now();
        let ran = shell("sleep 300 & echo said $!", b"", LONG, 99).unwrap();
        assert!(began.elapsed() < LONG);
        let said = String::from_utf8(ran.output).unwrap();
        let left: i32 = said.trim().strip_prefix("said ").unwrap().parse().unwrap();
        rustix::process::kill_process(Pid::from_raw(left).unwrap(), Signal::KILL).unwrap();
    }

    #[test]
    fn what_is_not_a_program_of_the_path_is_not_run() {
        let named = |name| Program {
            name,
            ..program(&[], b"", LONG, 0)
        };
        for name in ["", "./sh", "/bin/sh", "../sh"] {
            assert!(
                matches!(runtime().block_on(run(&named(name))), Err(NotRun::Name)),
                "{name}"
            );
        }
        let missing = runtime().block_on(run(&named("magicctl-none-of-that-name")));
        assert!(matches!(missing, Err(NotRun::Missing)), "{missing:?}");
        // Not what lies where the user stands.
        let here = Program {
            path: Some(OsStr::new(".")),
            ..named("Cargo.toml")
        };
        assert!(matches!(runtime().block_on(run(&here)), Err(NotRun::Missing)));
    }
}
