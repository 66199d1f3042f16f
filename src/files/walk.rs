//! Opening below a folder, where the kernel can't hold a path below it by itself.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Component, Path};

use rustix::fs::{Mode, OFlags, openat, readlinkat};
use rustix::io::Errno;

use super::Refused;

/// More links in one path are a loop; the kernel's own limit.
const MOST_LINKS: usize = 40;

/// Opens `path` below `root`, one part after the other: each link is read and followed by us, so that none leads out.
pub(super) fn open(root: &OwnedFd, path: &Path, flags: OFlags, mode: Mode) -> Result<OwnedFd, Refused> {
    let mut parts = VecDeque::new();
    push_front(&mut parts, path)?;
    // The folders that lead to where we are; empty: at the root.
    let mut folders: Vec<OwnedFd> = Vec::new();
    let mut links = 0;
    while let Some(part) = parts.pop_front() {
        let here = folders.last().unwrap_or(root);
        if part == OsStr::new("..") {
            if folders.pop().is_none() {
                return Err(Refused::Outside);
            }
            continue;
        }
        let is_last = parts.is_empty();
        let follows = !(is_last && flags.contains(OFlags::NOFOLLOW));
        match readlinkat(here, part.as_os_str(), Vec::new()) {
            Ok(target) if follows => {
                links += 1;
                if links > MOST_LINKS {
                    return Err(Errno::LOOP.into());
                }
                let target = OsString::from_vec(target.into_bytes());
                push_front(&mut parts, Path::new(&target))?;
                continue;
            }
            Ok(_) | Err(Errno::INVAL | Errno::NOENT) => {}
            Err(error) => return Err(error.into()),
        }
        if is_last {
            return Ok(openat(here, part.as_os_str(), flags | OFlags::NOFOLLOW, mode)?);
        }
        let folder = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        folders.push(openat(here, part.as_os_str(), folder, Mode::empty())?);
    }
    let here = folders.last().unwrap_or(root);
    Ok(openat(here, ".", flags, mode)?)
}

/// Puts the parts of `path` before those that wait.
fn push_front(parts: &mut VecDeque<OsString>, path: &Path) -> Result<(), Refused> {
    for part in path.components().rev() {
        match part {
            Component::Normal(name) => parts.push_front(name.to_owned()),
            Component::ParentDir => parts.push_front(OsString::from("..")),
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return Err(Refused::Outside),
        }
    }
    Ok(())
}
