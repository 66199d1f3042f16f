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
    fs::read_dir("/proc").ok()?.flatten().find_map(|process| {
        let pid: u32 = process.file_name().to_str()?.parse().ok()?;
        let holds = fs::read_dir(process.path().join("fd"))
            .ok()?
            .flatten()
            .any(|descriptor| {
                fs::read_link(descriptor.path()).is_ok_and(|target| {
                    inodes
                        .iter()
                        .any(|inode| target.to_string_lossy() == format!("socket:[{inode}]"))
                })
            });
        if !holds {
            return None;
        }
        let name = fs::read_to_string(process.path().join("comm")).unwrap_or_default();
        Some(format!("{} (pid {pid})", name.trim()))
    })
}

/// The inode of a line of `/proc/net/tcp` whose local port is `port` and whose state is listening (TCP) or bound (UDP).
fn listening(line: &str, port: u16) -> Option<String> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let local = fields.get(1)?.rsplit_once(':')?.1;
    let state = *fields.get(3)?;
    let same = u16::from_str_radix(local, 16).ok()? == port;
    (same && matches!(state, "0A" | "07")).then(|| (*fields.get(9).unwrap_or(&"")).to_owned())
}
