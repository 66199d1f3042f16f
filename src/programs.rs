//! The one way to run a program of this machine: one that magicctl itself names, found where the user's `PATH` says, that gets no
//! input but what it is handed, and that is ended when it takes too long or says too much.

use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process_group};

/// How long it takes at most to see that a program has ended whose output somebody else still holds open.
const LOOKS_EVERY: Duration = Duration::from_millis(20);

/// What to run.
#[derive(Debug, Clone, Copy)]
pub struct Program<'a> {
    /// Its name alone, without a folder.
    pub name: &'a str,
    /// Its arguments.
    pub arguments: &'a [&'a str],
    /// What it reads.
    pub input: &'a [u8],
    /// How long it may take.
    pub within: Duration,
    /// How many bytes it may print.
    pub largest: usize,
}

/// What a program did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// Its exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// What it printed on stdout. What it prints on stderr is dropped.
    pub output: Vec<u8>,
}

/// Why there is nothing to be said of a program.
#[derive(Debug, thiserror::Error)]
pub enum NotRun {
    /// It is not installed.
    #[error("{name} is not installed")]
    Missing {
        /// Its name.
        name: String,
    },
    /// Its name has a folder in it, or is empty: it could be a file of anybody's.
    #[error("`{name}` is not a program's name")]
    Name {
        /// What was given.
        name: String,
    },
    /// It took too long and was ended, with all that it had started.
    #[error("{name} did not end within {} s", within.as_secs_f32())]
    Slow {
        /// Its name.
        name: String,
        /// How long it was given.
        within: Duration,
    },
    /// It printed too much and was ended, with all that it had started.
    #[error("{name} printed more than {largest} bytes")]
    Long {
        /// Its name.
        name: String,
        /// How much it may print.
        largest: usize,
    },
    /// The system refused.
    #[error("{name} can't be run: {why}")]
    System {
        /// Its name.
        name: String,
        /// Its reason.
        why: io::Error,
    },
}

/// Runs `program` to its end.
pub fn run(program: &Program<'_>) -> Result<Ran, NotRun> {
    let name = || program.name.to_owned();
    if program.name.is_empty() || program.name.contains('/') {
        return Err(NotRun::Name { name: name() });
    }
    let started = Command::new(program.name)
        .args(program.arguments)
        // So that a `.` in PATH, or what the program looks for itself, is not what lies where the user happens to stand.
        .current_dir("/")
        // It may start others: they are ended with it.
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut child = started.map_err(|why| match why.kind() {
        io::ErrorKind::NotFound => NotRun::Missing { name: name() },
        _ => NotRun::System { name: name(), why },
    })?;
    let ended = to_its_end(program, &mut child);
    if ended.is_err() {
        end(&mut child);
    }
    ended
}

/// Ends a program that was not waited for, and all that it started.
fn end(child: &mut Child) {
    // Both fail only for one that has ended by itself meanwhile.
    if let Ok(Some(id)) = i32::try_from(child.id()).map(Pid::from_raw) {
        let _gone = kill_process_group(id, Signal::KILL);
    }
    let _reaped = child.wait();
}

fn to_its_end(program: &Program<'_>, child: &mut Child) -> Result<Ran, NotRun> {
    let name = || program.name.to_owned();
    let system = |why: io::Error| NotRun::System { name: name(), why };
    let end = Instant::now() + program.within;
    let (mut to, mut from) = (child.stdin.take(), child.stdout.take());
    for pipe in [to.as_ref().map(AsFd::as_fd), from.as_ref().map(AsFd::as_fd)] {
        pipe.map_or(Ok(()), never_wait).map_err(system)?;
    }
    let mut unwritten = program.input;
    let mut output = Vec::new();
    let mut status: Option<ExitStatus> = None;
    loop {
        if unwritten.is_empty() {
            // It sees the end of its input.
            to = None;
        }
        if let Some(pipe) = &mut to {
            match pipe.write(unwritten) {
                Ok(written) => unwritten = &unwritten[written..],
                Err(error) if would_wait(&error) => {}
                // It does not want to know more.
                Err(_) => unwritten = &[],
            }
        }
        let mut is_open = false;
        if let Some(pipe) = &mut from {
            is_open = drained(pipe, &mut output, program.largest).map_err(system)?;
            if output.len() > program.largest {
                return Err(NotRun::Long {
                    name: name(),
                    largest: program.largest,
                });
            }
        }
        // What it had printed by its end was read above; others that hold its output are not waited for.
        if let Some(status) = status {
            return Ok(Ran {
                code: status.code(),
                output,
            });
        }
        status = child.try_wait().map_err(system)?;
        let left = end.saturating_duration_since(Instant::now());
        if status.is_none() {
            if left.is_zero() {
                return Err(NotRun::Slow {
                    name: name(),
                    within: program.within,
                });
            }
            let reads = from.as_ref().filter(|_| is_open);
            wait(
                to.as_ref().map(AsFd::as_fd),
                reads.map(AsFd::as_fd),
                left.min(LOOKS_EVERY),
            )
            .map_err(system)?;
        }
    }
}

/// Waits until one of the pipes can go on, but not longer than `most`.
fn wait(to: Option<BorrowedFd<'_>>, from: Option<BorrowedFd<'_>>, most: Duration) -> io::Result<()> {
    let writes = to.map(|pipe| PollFd::from_borrowed_fd(pipe, PollFlags::OUT));
    let reads = from.map(|pipe| PollFd::from_borrowed_fd(pipe, PollFlags::IN));
    let mut pipes: Vec<PollFd<'_>> = writes.into_iter().chain(reads).collect();
    let most = Timespec {
        tv_sec: most.as_secs().cast_signed(),
        tv_nsec: most.subsec_nanos().into(),
    };
    match poll(&mut pipes, Some(&most)) {
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Reads what is there, up to a little more than `largest` bytes; false at the end.
fn drained(pipe: &mut impl io::Read, output: &mut Vec<u8>, largest: usize) -> io::Result<bool> {
    let room = (largest + 1).saturating_sub(output.len()) as u64;
    match pipe.take(room).read_to_end(output) {
        Ok(_) => Ok(false),
        Err(error) if would_wait(&error) => Ok(true),
        Err(error) => Err(error),
    }
}

fn would_wait(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

fn never_wait(pipe: BorrowedFd<'_>) -> io::Result<()> {
    Ok(rustix::io::ioctl_fionbio(pipe, true)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// More than any of these takes, unless it is not ended at all.
    const LONG: Duration = Duration::from_secs(60);

    fn shell(script: &str, input: &[u8], within: Duration, largest: usize) -> Result<Ran, NotRun> {
        run(&Program {
            name: "sh",
            arguments: &["-c", script],
            input,
            within,
            largest,
        })
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
        let path = folder.path().join("pid");
        let script = format!("sleep 600 & echo $! >'{}'; wait", path.display());
        let slow = shell(&script, b"", Duration::from_secs(1), 9).unwrap_err();
        assert!(matches!(slow, NotRun::Slow { .. }), "{slow}");
        let started: i32 = std::fs::read_to_string(&path).unwrap().trim().parse().unwrap();
        // It goes, or waits for whoever adopted it to look.
        let gone = || match std::fs::read_to_string(format!("/proc/{started}/stat")) {
            Ok(stat) => stat.contains(") Z "),
            Err(_) => true,
        };
        let began = Instant::now();
        while !gone() {
            assert!(began.elapsed() < LONG, "{started} is still there");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn one_that_prints_without_end_is_ended() {
        let long = shell("while :; do echo y; done", b"", LONG, 1 << 16).unwrap_err();
        assert!(matches!(long, NotRun::Long { largest: 65536, .. }), "{long}");
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
        for name in ["", "./sh", "/bin/sh", "../sh"] {
            let program = Program {
                name,
                arguments: &[],
                input: b"",
                within: LONG,
                largest: 0,
            };
            assert!(matches!(run(&program), Err(NotRun::Name { .. })), "{name}");
        }
        let program = Program {
            name: "magicctl-none-of-that-name",
            arguments: &[],
            input: b"",
            within: LONG,
            largest: 0,
        };
        assert!(matches!(run(&program), Err(NotRun::Missing { .. })));
    }
}
