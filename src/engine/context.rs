//! The build context as a tar stream: packed while it is sent, never in a file or in memory as a whole.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::Stream;
use tokio::sync::mpsc;

use crate::compose::Build;

use super::EngineError;
use super::ignore::Ignore;
use super::pipe::{AHEAD, Pipe};

/// The Dockerfile's name in the context when it is not a file of the context.
const OWN_DOCKERFILE: &str = ".magicctl.Dockerfile";

/// What is to be packed.
#[derive(Debug)]
pub(super) struct Context {
    root: PathBuf,
    /// Its name inside the context.
    pub(super) dockerfile: String,
    /// Its content, when it comes from elsewhere.
    own_dockerfile: Option<String>,
}

impl Context {
    /// Looks at what `build` names and refuses what is not there, before the engine is asked for anything.
    pub(super) fn of(build: &Build) -> Result<Self, EngineError> {
        let root = build.context.clone();
        if !root.is_dir() {
            return Err(local(
                "the build context can't be used",
                format!("{}: there is no such folder", root.display()),
            ));
        }
        if let Some(text) = &build.dockerfile_inline {
            return Ok(Self {
                root,
                dockerfile: OWN_DOCKERFILE.to_owned(),
                own_dockerfile: Some(text.clone()),
            });
        }
        let path = root.join(&build.dockerfile);
        let text = fs::read_to_string(&path)
            .map_err(|error| local("the Dockerfile can't be read", format!("{}: {error}", path.display())))?;
        let inside = fs::canonicalize(&path)
            .ok()
            .zip(fs::canonicalize(&root).ok())
            .and_then(|(path, root)| Some(path.strip_prefix(root).ok()?.to_string_lossy().into_owned()));
        Ok(match inside {
            Some(dockerfile) => Self {
                root,
                dockerfile,
                own_dockerfile: None,
            },
            None => Self {
                root,
                dockerfile: OWN_DOCKERFILE.to_owned(),
                own_dockerfile: Some(text),
            },
        })
    }

    /// The tar stream. An unreadable file ends it with an error that names the file.
    pub(super) fn stream(self) -> Result<impl Stream<Item = io::Result<Bytes>> + Send + use<>, EngineError> {
        let ignore = self.ignore()?;
        let (sender, mut receiver) = mpsc::channel(AHEAD);
        tokio::task::spawn_blocking(move || {
            let failed = sender.clone();
            let pipe = Pipe::new(sender);
            if let Err(error) = self.pack(&ignore, pipe) {
                // Nobody listens when the engine gave up first.
                let _unheard = failed.blocking_send(Err(error));
            }
        });
        Ok(futures_util::stream::poll_fn(move |context| {
            receiver.poll_recv(context)
        }))
    }

    fn ignore(&self) -> Result<Ignore, EngineError> {
        let path = Ignore::file_of(&self.root, &self.dockerfile);
        match fs::read_to_string(&path) {
            Ok(text) => Ignore::parse(&text).map_err(|why| {
                local(
                    "the build context can't be packed",
                    format!("{}: {why}", path.display()),
                )
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Ignore::default()),
            Err(error) => Err(local(
                "the build context can't be packed",
                format!("{}: {error}", path.display()),
            )),
        }
    }

    fn pack(&self, ignore: &Ignore, pipe: Pipe) -> io::Result<()> {
        let mut builder = tar::Builder::new(pipe);
        builder.follow_symlinks(false);
        if let Some(text) = &self.own_dockerfile {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_mode(0o644);
            builder.append_data(&mut header, OWN_DOCKERFILE, text.as_bytes())?;
        }
        self.pack_folder(&mut builder, ignore, Path::new(""))?;
        builder.into_inner()?.flush()
    }

    fn pack_folder(&self, builder: &mut tar::Builder<Pipe>, ignore: &Ignore, folder: &Path) -> io::Result<()> {
        let full = self.root.join(folder);
        let mut names: Vec<_> = fs::read_dir(&full)
            .map_err(|error| named(&full, &error))?
            .collect::<Result<_, _>>()
            .map_err(|error| named(&full, &error))?;
        // The same context gives the same stream.
        names.sort_by_key(fs::DirEntry::file_name);
        for entry in names {
            let path = folder.join(entry.file_name());
            // The builder itself needs these two, whatever the patterns say.
            let needed = path == Path::new(&self.dockerfile) || path == Path::new(".dockerignore");
            let out = ignore.leaves_out(&path) && !needed;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                let leads = Path::new(&self.dockerfile).starts_with(&path);
                if !out {
                    append(builder, &self.root.join(&path), &path)?;
                }
                if !out || leads || ignore.may_want_of(&path) {
                    self.pack_folder(builder, ignore, &path)?;
                }
            } else if !out && (kind.is_file() || kind.is_symlink()) {
                append(builder, &self.root.join(&path), &path)?;
            }
        }
        Ok(())
    }
}

/// Appends one entry. Owner and time stay out of it, as they are nobody's business in the image.
fn append(builder: &mut tar::Builder<Pipe>, full: &Path, path: &Path) -> io::Result<()> {
    let meta = fs::symlink_metadata(full).map_err(|error| named(full, &error))?;
    let mut header = tar::Header::new_gnu();
    header.set_metadata(&meta);
    header.set_uid(0);
    header.set_gid(0);
    if meta.is_symlink() {
        let target = fs::read_link(full).map_err(|error| named(full, &error))?;
        header.set_size(0);
        builder.append_link(&mut header, path, target)
    } else if meta.is_dir() {
        header.set_size(0);
        builder.append_data(&mut header, path, io::empty())
    } else {
        let file = fs::File::open(full).map_err(|error| named(full, &error))?;
        // A file that grows meanwhile must not run over what its header says; one that shrinks is an error of tar's.
        builder.append_data(&mut header, path, io::Read::take(file, meta.len()))
    }
    .map_err(|error| named(full, &error))
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

fn local(what: &str, why: String) -> EngineError {
    EngineError::Local {
        what: what.to_owned(),
        why,
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt as _;

    use super::*;

    fn packed(build: &Build) -> Vec<String> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let bytes = runtime.block_on(async {
            let mut stream = Context::of(build).unwrap().stream().unwrap();
            let mut all = Vec::new();
            while let Some(piece) = stream.next().await {
                all.extend(piece.unwrap());
            }
            all
        });
        let mut archive = tar::Archive::new(bytes.as_slice());
        let entries = archive.entries().unwrap();
        entries
            .map(|entry| entry.unwrap().path().unwrap().display().to_string())
            .collect()
    }

    #[test]
    fn packs_what_the_allow_list_lets_through_and_the_dockerfile() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for (path, text) in [
            ("Dockerfile", "FROM scratch"),
            (".dockerignore", "*\n!run.py\n!magic_proxy/\n**/__pycache__"),
            ("run.py", ""),
            ("keys_pool/keys.env", "sk-canary"),
            ("magic_proxy/a.py", ""),
            ("magic_proxy/__pycache__/a.pyc", ""),
        ] {
            fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
            fs::write(root.join(path), text).unwrap();
        }
        let build = Build {
            context: root.to_owned(),
            dockerfile: "Dockerfile".to_owned(),
            ..Build::default()
        };
        let names = packed(&build);
        assert_eq!(
            names,
            [
                ".dockerignore",
                "Dockerfile",
                "magic_proxy",
                "magic_proxy/a.py",
                "run.py"
            ]
        );
    }

    #[test]
    fn a_dockerfile_from_elsewhere_comes_along() {
        let folder = tempfile::tempdir().unwrap();
        let context = folder.path().join("context");
        fs::create_dir(&context).unwrap();
        fs::write(folder.path().join("Other"), "FROM scratch").unwrap();
        let build = Build {
            context,
            dockerfile: "../Other".to_owned(),
            ..Build::default()
        };
        assert_eq!(packed(&build), [OWN_DOCKERFILE]);
    }

    #[test]
    fn a_missing_dockerfile_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let build = Build {
            context: folder.path().to_owned(),
            dockerfile: "Nope".to_owned(),
            ..Build::default()
        };
        let failure = Context::of(&build).unwrap_err().failure();
        assert!(failure.why[0].contains("Nope"), "{failure:?}");
    }
}
