//! The build context as a tar stream: packed while it is sent, never in a file or in memory as a whole.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::Stream;
use tokio::sync::mpsc;

use crate::compose::Build;
use crate::files::{self, Kind, Refused, Root};

use super::EngineError;
use super::ignore::Ignore;
use super::pipe::{AHEAD, Pipe};

/// No Dockerfile and no ignore file that a person wrote is larger.
pub(super) const LARGEST: u64 = 4 << 20;
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
        if files::kind(&root).ok().flatten() != Some(Kind::Folder) {
            return Err(local(
                "the build context can't be used",
                format!("{}: the folder doesn't exist", root.display()),
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
        let text = files::text(&path, LARGEST).map_err(|refused| EngineError::Dockerfile {
            path: path.clone(),
            why: refused.to_string(),
        })?;
        let inside = files::from(&path, &root).map(|path| path.to_string_lossy().into_owned());
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
        let cant = |why: String| {
            local(
                "the build context can't be packed",
                format!("{}: {why}", path.display()),
            )
        };
        match files::text(&path, LARGEST) {
            Ok(text) => Ignore::parse(&text).map_err(|why| cant(why.to_string())),
            Err(Refused::Missing) => Ok(Ignore::default()),
            Err(refused) => Err(cant(refused.to_string())),
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
        let root = Root::open(&self.root).map_err(|refused| named(&self.root, &refused))?;
        self.pack_folder(&mut builder, ignore, &root, Path::new(""))?;
        builder.into_inner()?.flush()
    }

    fn pack_folder(
        &self,
        builder: &mut tar::Builder<Pipe>,
        ignore: &Ignore,
        root: &Root,
        folder: &Path,
    ) -> io::Result<()> {
        let named = |refused: Refused| named(&self.root.join(folder), &refused);
        // In order: the same context gives the same stream.
        for entry in root.entries(folder, usize::MAX).map_err(named)?.all {
            let path = folder.join(&entry.name);
            // The builder itself needs these two, whatever the patterns say.
            let needed = path == Path::new(&self.dockerfile) || path == Path::new(".dockerignore");
            let out = ignore.leaves_out(&path) && !needed;
            let append = |builder: &mut tar::Builder<Pipe>| {
                let packed = root.pack_one(builder, &path, entry.kind);
                packed.map_err(|refused| self::named(&self.root.join(&path), &refused))
            };
            match entry.kind {
                Kind::Folder => {
                    let leads = Path::new(&self.dockerfile).starts_with(&path);
                    if !out {
                        append(builder)?;
                    }
                    if !out || leads || ignore.may_want_of(&path) {
                        self.pack_folder(builder, ignore, root, &path)?;
                    }
                }
                Kind::File | Kind::Link if !out => append(builder)?,
                _ => {}
            }
        }
        Ok(())
    }
}

fn named(path: &Path, refused: &Refused) -> io::Error {
    let kind = match refused {
        Refused::Io(error) => error.kind(),
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, format!("{}: {refused}", path.display()))
}

fn local(what: &str, why: String) -> EngineError {
    EngineError::Local {
        what: what.to_owned(),
        why,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

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
