//! Files of a container as a tar stream, both ways.

use std::io::{self, Read, Write};

use bollard::query_parameters::{ContainerArchiveInfoOptions, DownloadFromContainerOptions, UploadToContainerOptions};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use tokio::sync::mpsc;

use crate::ids::ContainerId;

use super::client::stream_or_error;
use super::pipe::{AHEAD, Pipe};
use super::{Engine, EngineError};

/// Go's `os.ModeDir` and `os.ModeSymlink`, in which the engine writes a file's kind.
const DIRECTORY: u32 = 1 << 31;
const SYMLINK: u32 = 1 << 27;
/// Go's bits for devices, pipes, sockets and what is none of the known kinds.
const SPECIAL: u32 = 1 << 26 | 1 << 25 | 1 << 24 | 1 << 21 | 1 << 19;

/// What a path in a container is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathInfo {
    /// A directory.
    pub is_dir: bool,
    /// Neither a directory nor a plain file nor a link to one.
    pub is_special: bool,
    /// Where it leads, if it is a symbolic link.
    pub link: Option<String>,
}

impl Engine {
    /// What `path` in a container is; `None` when it is not there.
    pub async fn path_info(&self, id: &ContainerId, path: &str) -> Result<Option<PathInfo>, EngineError> {
        let options = ContainerArchiveInfoOptions { path: path.to_owned() };
        let info = self.docker.container(id)?.path_info(options).await;
        match info.map_err(|error| self.error(error)) {
            Ok(info) => Ok(Some(PathInfo {
                is_dir: info.file_mode & DIRECTORY != 0,
                is_special: info.file_mode & SPECIAL != 0,
                link: (info.file_mode & SYMLINK != 0).then_some(info.link_target),
            })),
            Err(EngineError::NotFound(_)) => Ok(None),
            Err(other) => Err(other),
        }
    }

    /// `path` in a container as a tar stream, whose entries begin with the last part of `path`.
    pub fn download(&self, id: &ContainerId, path: &str) -> impl Stream<Item = Result<Bytes, EngineError>> {
        let options = DownloadFromContainerOptions { path: path.to_owned() };
        let pieces = self.docker.container(id).map(|container| container.download(options));
        stream_or_error(pieces.map(|pieces| pieces.map(|piece| piece.map_err(|error| self.error(error)))))
    }

    /// Unpacks the tar stream that `write` writes into directory `path` of a container. With `ownership` files belong to the
    /// user that the stream names, as far as the container knows it.
    pub async fn upload(
        &self,
        id: &ContainerId,
        path: &str,
        ownership: bool,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()> + Send + 'static,
    ) -> Result<(), EngineError> {
        let options = UploadToContainerOptions {
            path: path.to_owned(),
            no_overwrite_dir_non_dir: Some("true".to_owned()),
            copy_uidgid: ownership.then(|| "true".to_owned()),
        };
        let container = self.docker.container(id)?;
        let (sender, mut receiver) = mpsc::channel::<io::Result<Bytes>>(AHEAD);
        let writer = tokio::task::spawn_blocking(move || {
            let mut pipe = Pipe::new(sender.clone());
            let written = write(&mut pipe).and_then(|()| pipe.flush());
            if let Err(error) = &written {
                // An upload that is broken off is unpacked no further; the engine has gone if it can't be told.
                let _unheard = sender.blocking_send(Err(io::Error::new(error.kind(), error.to_string())));
            }
            written
        });
        let stream = futures_util::stream::poll_fn(move |context| receiver.poll_recv(context));
        let uploaded = container.upload_stream(options, stream).await;
        // What could not be read says more than the connection that was broken off for it.
        if let Ok(Err(error)) = writer.await
            && error.kind() != io::ErrorKind::BrokenPipe
        {
            return Err(EngineError::Local {
                what: "it can't be copied".to_owned(),
                why: error.to_string(),
            });
        }
        uploaded.map_err(|error| self.error(error))
    }
}

/// Copies what a reader gives into a tar stream as it is.
pub fn pass(mut reader: impl Read, writer: &mut dyn Write) -> io::Result<()> {
    io::copy(&mut reader, writer).map(|_| ())
}
