//! Files on their way into a tar stream.

use std::fs::{self, Metadata};
use std::io::{self, Write};
use std::path::Path;

use super::{Kind, Refused, Root};

/// Packs what the user named, the file or folder at `source`, as `name`. Links in a folder are packed as links, and
/// `source` itself, if it is one, is followed only if `follow`. Sockets are left out.
///
/// # Errors
/// One that can't be read, by its path.
pub fn pack(source: &Path, name: &str, follow: bool, writer: impl Write) -> io::Result<()> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", source.display()));
    let found = if follow {
        fs::metadata(source)
    } else {
        fs::symlink_metadata(source)
    };
    let mut builder = tar::Builder::new(writer);
    builder.follow_symlinks(false);
    if found.map_err(named)?.is_dir() {
        builder.append_dir_all(name, source).map_err(named)?;
    } else {
        builder.follow_symlinks(follow);
        builder.append_path_with_name(source, name).map_err(named)?;
    }
    builder.finish()
}

impl Root {
    /// Packs the one file, folder or link at `path`, a folder without what is in it, under that name. Owner and time stay out of it.
    pub fn pack_one(&self, builder: &mut tar::Builder<impl Write>, path: &Path, kind: Kind) -> Result<(), Refused> {
        let mut header = tar::Header::new_gnu();
        let mut of = |about: &Metadata| {
            header.set_metadata(about);
            header.set_uid(0);
            header.set_gid(0);
        };
        match kind {
            Kind::File => {
                let (file, about) = self.opened(path)?;
                of(&about);
                // A file that grows meanwhile must not run over what its header says; one that shrinks is an error of tar's.
                builder.append_data(&mut header, path, io::Read::take(file, about.len()))?;
            }
            Kind::Link => {
                of(&self.about_link(path)?);
                header.set_size(0);
                builder.append_link(&mut header, path, self.link(path)?)?;
            }
            _ => {
                of(&self.about_link(path)?);
                header.set_size(0);
                builder.append_data(&mut header, path, io::empty())?;
            }
        }
        Ok(())
    }
}
