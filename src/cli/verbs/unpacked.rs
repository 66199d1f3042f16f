//! What `cp` unpacks, and under which name: the rules of the Docker client's `cp`.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use tokio::sync::mpsc;

use crate::failure::Failure;

use super::entries::{LeftOut, unpack};

/// Pieces ahead of the disk.
const AHEAD: usize = 16;

/// A file or folder of a container on its way here.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unpacked {
    /// Where it is unpacked first: beside where it goes, so that giving it over is a rename.
    beside: PathBuf,
    /// What it becomes.
    target: PathBuf,
}

/// Removes a folder when it goes out of scope.
struct Workshop(PathBuf);

impl Drop for Workshop {
    fn drop(&mut self) {
        // It was renamed away, or there is nobody to tell.
        let _gone = fs::remove_dir_all(&self.0);
    }
}

impl Unpacked {
    /// `path` of a container, typed as `typed`, goes to `to`, seen from `here`.
    pub(super) fn plan(typed: &str, path: &str, is_dir: bool, here: &Path, to: &str) -> Result<Self, Failure> {
        let cant = |why: String| Failure::failed(format!("{typed} can't be copied to {to}")).because(why);
        let destination = here.join(to);
        let only_content = typed.ends_with("/.");
        let name = Path::new(path).file_name().map(std::ffi::OsStr::to_owned);
        match fs::metadata(&destination) {
            Ok(found) if found.is_dir() => Ok(Self {
                beside: destination.clone(),
                target: match name.filter(|_| !only_content) {
                    Some(name) => destination.join(name),
                    None => destination,
                },
            }),
            Ok(found) if !found.is_file() => Err(cant(format!("{to} is neither a file nor a directory"))),
            Ok(_) if is_dir => Err(cant(format!("it is a directory, and {to} is a file"))),
            Ok(_) if to.ends_with('/') => Err(cant(format!("{to} is no directory"))),
            Err(_) if to.ends_with('/') && !is_dir => {
                Err(cant(format!("there is no directory {to}"))
                    .hint("without the last slash it is the file's new name"))
            }
            _ => {
                let parent = destination.parent().unwrap_or(here).to_owned();
                if !parent.is_dir() {
                    return Err(cant(format!("there is no directory {}", parent.display())));
                }
                Ok(Self {
                    beside: parent,
                    target: destination,
                })
            }
        }
    }

    /// Takes the tar stream piece by piece; the future completes when all of it is where it goes, or nothing is.
    pub(super) fn begin(self, ownership: bool) -> (Feed, impl Future<Output = Result<LeftOut, Failure>>) {
        let (sender, receiver) = mpsc::channel(AHEAD);
        let name = self.target.display().to_string();
        let unpacking = tokio::task::spawn_blocking(move || self.unpack(Pieces::new(receiver), ownership));
        let done = async move {
            let failed = |why: String| Failure::failed(format!("{name} can't be written")).because(why);
            match unpacking.await {
                Ok(Ok(left_out)) => Ok(left_out),
                Ok(Err(error)) => Err(failed(error.to_string())),
                Err(error) => Err(failed(error.to_string())),
            }
        };
        (Feed(sender), done)
    }

    /// The stream is somebody else's: it is unpacked into a folder that it can't lead out of, and only then put in its place.
    fn unpack(self, stream: impl Read, ownership: bool) -> io::Result<LeftOut> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let workshop = self
            .beside
            .join(format!(".magicctl-cp-{}-{number}", std::process::id()));
        fs::create_dir(&workshop)?;
        let workshop = Workshop(workshop);
        let left_out = unpack(stream, &workshop.0, ownership)?;
        let mut roots = fs::read_dir(&workshop.0)?.collect::<io::Result<Vec<_>>>()?;
        match (roots.pop(), roots.is_empty()) {
            (Some(root), true) => place(&root.path(), &self.target)?,
            // The root of a container is a folder without a name.
            (Some(_), false) => place(&workshop.0, &self.target)?,
            (None, _) => match left_out.first() {
                Some(why) => return Err(io::Error::other(why.to_owned())),
                None => return Err(io::Error::other("the engine sent nothing")),
            },
        }
        Ok(left_out)
    }
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
        (true, Ok(false)) => Err(io::Error::other(format!("{} is no directory", to.display()))),
        _ => fs::rename(from, to),
    }
}

/// Where the stream is put in.
pub(super) struct Feed(mpsc::Sender<Option<Bytes>>);

impl Feed {
    /// False when no more is wanted.
    pub(super) async fn give(&self, piece: Bytes) -> bool {
        self.0.send(Some(piece)).await.is_ok()
    }

    /// It was all. A stream that is dropped without that was broken off.
    pub(super) async fn end(self) {
        // Who has what it wants listens no more.
        let _enough = self.0.send(None).await;
    }
}

/// Reads pieces as they come.
struct Pieces {
    receiver: mpsc::Receiver<Option<Bytes>>,
    rest: Bytes,
    ended: bool,
}

impl Pieces {
    fn new(receiver: mpsc::Receiver<Option<Bytes>>) -> Self {
        Self {
            receiver,
            rest: Bytes::new(),
            ended: false,
        }
    }
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.rest.is_empty() && !self.ended {
            match self.receiver.blocking_recv() {
                Some(Some(piece)) => self.rest = piece,
                Some(None) => self.ended = true,
                None => {
                    return Err(io::Error::new(
                        io::ErrorKind::UnexpectedEof,
                        "the stream was broken off",
                    ));
                }
            }
        }
        let taken = self.rest.split_to(self.rest.len().min(buffer.len()));
        buffer[..taken.len()].copy_from_slice(&taken);
        Ok(taken.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(entries: &[(&str, &str)]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (name, content) in entries {
            let mut header = tar::Header::new_gnu();
            header.set_mode(0o755);
            if let Some(target) = content.strip_prefix("-> ") {
                header.set_entry_type(tar::EntryType::Symlink);
                header.set_size(0);
                builder.append_link(&mut header, name, target).unwrap();
            } else if name.ends_with('/') {
                header.set_entry_type(tar::EntryType::Directory);
                header.set_size(0);
                builder.append_data(&mut header, name, &[][..]).unwrap();
            } else {
                header.set_size(content.len() as u64);
                builder.append_data(&mut header, name, content.as_bytes()).unwrap();
            }
        }
        builder.into_inner().unwrap()
    }

    #[test]
    fn what_comes_out_is_merged_into_folders_that_are_there() {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path();
        fs::create_dir_all(here.join("out/d")).unwrap();
        fs::write(here.join("out/d/mine"), "mine").unwrap();
        let stream = archive(&[("d/", ""), ("d/new", "new"), ("d/link", "-> new")]);
        let plan = Unpacked::plan("app:/x/d", "/x/d", true, here, "out").unwrap();
        plan.unpack(stream.as_slice(), false).unwrap();
        let names = |path: &str| {
            let mut names: Vec<String> = fs::read_dir(here.join(path))
                .unwrap()
                .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
                .collect();
            names.sort();
            names
        };
        assert_eq!(names("out/d"), ["link", "mine", "new"]);
        assert_eq!(names("out"), ["d"]);
        let plan = Unpacked::plan("app:/x/d/.", "/x/d/.", true, here, "out").unwrap();
        plan.unpack(stream.as_slice(), false).unwrap();
        assert_eq!(names("out"), ["d", "link", "new"]);
        let plan = Unpacked::plan("app:/x/d", "/x/d", true, here, "other").unwrap();
        plan.unpack(stream.as_slice(), false).unwrap();
        assert_eq!(names("other"), ["link", "new"]);
    }

    #[test]
    fn a_stream_leads_nowhere_else() {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path();
        fs::create_dir_all(here.join("safe")).unwrap();
        fs::create_dir_all(here.join("out")).unwrap();
        let target = format!("-> {}", here.join("safe").display());
        let stream = archive(&[("d/", ""), ("d/away", &target), ("d/away/x", "x")]);
        let plan = Unpacked::plan("app:/d", "/d", true, here, "out").unwrap();
        plan.unpack(stream.as_slice(), false).unwrap_err();
        assert_eq!(fs::read_dir(here.join("safe")).unwrap().count(), 0);
        assert_eq!(fs::read_dir(here.join("out")).unwrap().count(), 0);
    }

    #[test]
    fn what_can_not_come_out_is_refused_before_anything_is_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("f"), "x").unwrap();
        for (is_dir, to, why) in [
            (true, "f", "f is a file"),
            (false, "new/", "no directory new/"),
            (false, "f/", "no directory"),
            (false, "gone/new", "no directory"),
            (false, "/dev/null", "neither a file nor a directory"),
        ] {
            let error = Unpacked::plan("app:/x", "/x", is_dir, folder.path(), to).unwrap_err();
            assert!(error.to_string().contains(why), "{to}: {error}");
        }
    }
}
