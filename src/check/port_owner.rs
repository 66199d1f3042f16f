//! Which process listens on a port of this machine, from `/proc`; only root sees those of other users.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::files::{Kind, Root};

/// More of a table of sockets is not read.
const LARGEST: u64 = 16 << 20;
/// More processes, and more open files of one, are not looked at.
const MOST: usize = 1 << 16;

/// A process that holds a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Process {
    name: String,
    pid: u32,
}

/// What the engine runs, or is, to hold a container's ports.
const OF_ENGINE: [&str; 5] = ["docker-proxy", "dockerd", "rootlesskit", "rootlessport", "conmon"];

impl Process {
    #[cfg(test)]
    pub(super) fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            pid: 42,
        }
    }

    /// Whether it holds the port for a container.
    pub(super) fn is_of_engine(&self) -> bool {
        OF_ENGINE.contains(&self.name.as_str())
    }
}

impl fmt::Display for Process {
    /// `nginx (pid 42)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (pid {})", self.name, self.pid)
    }
}

/// The process that holds `port`; of several the parent.
pub(super) fn of(port: u16, protocol: &str) -> Option<Process> {
    let proc = Root::open(Path::new("/proc")).ok()?;
    let inodes: Vec<String> = ["", "6"]
        .iter()
        .filter_map(|family| text(&proc, &format!("net/{protocol}{family}"), LARGEST))
        .flat_map(|table| {
            table
                .lines()
                .skip(1)
                .filter_map(|line| listening(line, port))
                .collect::<Vec<_>>()
        })
        .collect();
    let holds = |pid: &u32| {
        let folder = PathBuf::from(format!("{pid}/fd"));
        let descriptors = proc.entries(&folder, MOST).unwrap_or_default().all;
        descriptors
            .iter()
            .filter_map(|descriptor| proc.link(&folder.join(&descriptor.name)).ok())
            .any(|target| {
                inodes
                    .iter()
                    .any(|inode| target.to_string_lossy() == format!("socket:[{inode}]"))
            })
    };
    let all = proc.entries(Path::new(""), MOST).ok()?.all;
    let holders: Vec<u32> = all
        .iter()
        .filter(|entry| entry.kind == Kind::Folder)
        .filter_map(|process| process.name.to_str()?.parse().ok())
        .filter(holds)
        .collect();
    // Children have what their parent had open: the parent is the one to stop.
    let pid = holders
        .iter()
        .find(|pid| parent(&proc, **pid).is_none_or(|parent| !holders.contains(&parent)))?;
    let name = text(&proc, &format!("{pid}/comm"), 256).unwrap_or_default();
    Some(Process {
        name: name.trim().to_owned(),
        pid: *pid,
    })
}

fn text(proc: &Root, path: &str, largest: u64) -> Option<String> {
    let bytes = proc.bytes(Path::new(path), largest).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn parent(proc: &Root, pid: u32) -> Option<u32> {
    let status = text(proc, &format!("{pid}/status"), 1 << 16)?;
    status
        .lines()
        .find_map(|line| line.strip_prefix("PPid:"))?
        .trim()
        .parse()
        .ok()
}

/// The inode of a line of `/proc/net/tcp` whose local port is `port` and whose state is listening (TCP) or bound (UDP).
fn listening(line: &str, port: u16) -> Option<String> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let local = fields.get(1)?.rsplit_once(':')?.1;
    let state = *fields.get(3)?;
    let same = u16::from_str_radix(local, 16).ok()? == port;
    (same && matches!(state, "0A" | "07")).then(|| (*fields.get(9).unwrap_or(&"")).to_owned())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::os::fd::OwnedFd;
    use std::process::{Command, Stdio};

    #[test]
    fn of_a_process_and_its_child_the_process_is_named() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let inherited = Stdio::from(OwnedFd::from(listener.try_clone().unwrap()));
        let mut child = Command::new("sleep").arg("60").stdin(inherited).spawn().unwrap();
        let named = super::of(port, "tcp");
        child.kill().unwrap();
        child.wait().unwrap();
        let named = named.unwrap();
        assert!(!named.is_of_engine());
        assert!(named.to_string().ends_with(&format!("(pid {})", std::process::id())));
        drop(listener);
        // A program that another test starts holds it too, until it has become that program.
        while super::of(port, "tcp").is_some() {
            std::thread::yield_now();
        }
    }
}
