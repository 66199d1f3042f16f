//! Which process listens on a port of this machine, from `/proc`; only root sees those of other users.

use std::fs;

/// `nginx (pid 42)`.
pub(super) fn of(port: u16, protocol: &str) -> Option<String> {
    let inodes: Vec<String> = ["", "6"]
        .iter()
        .filter_map(|family| fs::read_to_string(format!("/proc/net/{protocol}{family}")).ok())
        .flat_map(|table| {
            table
                .lines()
                .skip(1)
                .filter_map(|line| listening(line, port))
                .collect::<Vec<_>>()
        })
        .collect();
    let holds = |pid: &u32| {
        let descriptors = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
        descriptors
            .filter_map(|descriptor| fs::read_link(descriptor.path()).ok())
            .any(|target| {
                inodes
                    .iter()
                    .any(|inode| target.to_string_lossy() == format!("socket:[{inode}]"))
            })
    };
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let holders: Vec<u32> = processes
        .filter_map(|process| process.file_name().to_str()?.parse().ok())
        .filter(holds)
        .collect();
    // Children have what their parent had open: the parent is the one to stop.
    let pid = holders
        .iter()
        .find(|pid| parent(**pid).is_none_or(|parent| !holders.contains(&parent)))?;
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    Some(format!("{} (pid {pid})", name.trim()))
}

fn parent(pid: u32) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
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
        assert!(named.unwrap().ends_with(&format!("(pid {})", std::process::id())));
        drop(listener);
        assert_eq!(super::of(port, "tcp"), None);
    }
}
