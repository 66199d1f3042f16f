//! A tar stream put in its place, when all of it has come.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::unpack::{LeftOut, into_folder};

/// Removes a folder when it goes out of scope.
struct Workshop(PathBuf);

impl Drop for Workshop {
    fn drop(&mut self) {
        // It was renamed away, or there is nobody to tell.
        let _gone = fs::remove_dir_all(&self.0);
    }
}

/// Unpacks `stream`, which is somebody else's, into a folder of its own in `beside`, and puts what it is then at `target`, into folders that
/// are there. With `ownership`, users and groups come along. Gives what was left out.
///
/// # Errors
/// It was broken off, leads out of its folder, or can't be written: then nothing is at `target`, but for what was there.
pub fn unpack(stream: impl Read, beside: &Path, target: &Path, ownership: bool) -> io::Result<LeftOut> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let workshop = beside.join(format!(".magicctl-cp-{}-{number}", std::process::id()));
    fs::create_dir(&workshop)?;
    let workshop = Workshop(workshop);
    let left_out = into_folder(stream, &workshop.0, ownership)?;
    let mut roots = fs::read_dir(&workshop.0)?.collect::<io::Result<Vec<_>>>()?;
    match (roots.pop(), roots.is_empty()) {
        (Some(root), true) => place(&root.path(), target)?,
        // The root of a container is a folder without a name.
        (Some(_), false) => place(&workshop.0, target)?,
        (None, _) => match left_out.first() {
            Some(why) => return Err(io::Error::other(why.to_owned())),
            None => return Err(io::Error::other("the engine sent nothing")),
        },
    }
    Ok(left_out)
}

/// Moves `from` to `to`, into folders that are there.
fn place(from: &Path, to: &Path) -> io::Result<()> {
    let source_is_dir = fs::symlink_metadata(from)?.is_dir();
    let target_is_dir = fs::symlink_metadata(to).map(|found| found.is_dir());
    match (source_is_dir, target_is_dir) {
        (true, Ok(true)) => {
            for child in fs::read_dir(from)? {
                let child = child?;
                place(&child.path(), &to.join(child.file_name()))?;
            }
            Ok(())
        }
        (false, Ok(true)) => Err(io::Error::other(format!("{} is a directory", to.display()))),
        (true, Ok(false)) => Err(io::Error::other(format!("{} is not a directory", to.display()))),
        _ => fs::rename(from, to),
    }
}
