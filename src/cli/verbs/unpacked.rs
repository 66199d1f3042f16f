//! What `cp` unpacks, and under which name: the rules of the Docker client's `cp`.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use tokio::sync::mpsc;

use crate::failure::Failure;
use crate::files::{self, Kind, LeftOut};

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

impl Unpacked {
    /// `path` of a container, typed as `typed`, goes to `to`, seen from `here`.
    pub(super) fn plan(typed: &str, path: &str, is_dir: bool, here: &Path, to: &str) -> Result<Self, Failure> {
        let cant = |why: String| Failure::failed(format!("{typed} can't be copied to {to}")).because(why);
        let destination = here.join(to);
        let only_content = typed.ends_with("/.");
        let name = Path::new(path).file_name().map(std::ffi::OsStr::to_owned);
        match files::kind(&destination) {
            Ok(Some(Kind::Folder)) => Ok(Self {
                beside: destination.clone(),
                target: match name.filter(|_| !only_content) {
                    Some(name) => destination.join(name),
                    None => destination,
                },
            }),
            Ok(Some(Kind::File)) if is_dir => Err(cant(format!("it is a directory, but {to} is a file"))),
            Ok(Some(Kind::File)) if to.ends_with('/') => Err(cant(format!("{to} is not a directory"))),
            Ok(Some(kind)) if kind != Kind::File => Err(cant(format!("{to} is neither a file nor a directory"))),
            Ok(None) | Err(_) if to.ends_with('/') && !is_dir => Err(cant(format!("there is no directory {to}"))
                .hint("leave out the trailing slash to use that as the file's name")),
            _ => {
                let parent = destination.parent().unwrap_or(here).to_owned();
                if !files::is_folder(&parent) {
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
        let unpacking = tokio::task::spawn_blocking(move || {
            files::unpack(Pieces::new(receiver), &self.beside, &self.target, ownership)
        });
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
    use std::fs;

    use super::*;

    fn unpack(plan: &Unpacked, stream: &[u8]) -> io::Result<LeftOut> {
        files::unpack(stream, &plan.beside, &plan.target, false)
    }

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
        unpack(&plan, &stream).unwrap();
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
        unpack(&plan, &stream).unwrap();
        assert_eq!(names("out"), ["d", "link", "new"]);
        let plan = Unpacked::plan("app:/x/d", "/x/d", true, here, "other").unwrap();
        unpack(&plan, &stream).unwrap();
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
        unpack(&plan, &stream).unwrap_err();
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
