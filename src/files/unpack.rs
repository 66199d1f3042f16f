//! Unpacks a tar stream that may mean ill. What it names stays below the folder that it is unpacked into, whatever it made there before;
//! it makes files, folders and links, and nothing else.

use std::cell::Cell;
use std::collections::VecDeque;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, UNIX_EPOCH};

use tar::{Entry, EntryType};

/// More entries than that no archive may have.
const MOST_ENTRIES: u64 = 1_000_000;
/// Bytes between the content of an entry and that of the next: headers, and names longer than these hold.
const MOST_HEADERS: u64 = 1 << 20;
/// Bytes of the names of all folders together, which are kept until the end.
const MOST_NAMES: usize = 64 << 20;
/// Of what is left out this many are named.
const NAMED: usize = 10;
/// What a file may be for others; never set-user-id and the like.
const RIGHTS: u32 = 0o777;

/// What an archive had that was not unpacked.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    named: Vec<String>,
    count: u64,
}

impl LeftOut {
    fn add(&mut self, path: &Path, kind: EntryType) {
        self.count += 1;
        if self.named.len() < NAMED {
            let kind = match kind {
                EntryType::Char | EntryType::Block => "a device".to_owned(),
                EntryType::Fifo => "a pipe".to_owned(),
                EntryType::GNUSparse => "a sparse file".to_owned(),
                other => format!("an entry of type {:?}", char::from(other.as_byte())),
            };
            self.named.push(format!("{} is skipped: it is {kind}", path.display()));
        }
    }

    /// The first of it, and why.
    pub fn first(&self) -> Option<&str> {
        self.named.first().map(String::as_str)
    }

    /// A line each, and one for those that are not named.
    pub fn lines(&self) -> Vec<String> {
        let more = self.count - self.named.len() as u64;
        let more = (more > 0).then(|| format!("and {more} more skipped"));
        self.named.iter().cloned().chain(more).collect()
    }
}

/// Reads no further than it may.
struct Metered<R> {
    inner: R,
    left: Rc<Cell<Option<u64>>>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        if let Some(left) = self.left.get() {
            let left = left.checked_sub(read as u64);
            self.left.set(left);
            if left.is_none() {
                return Err(refused("the headers of an entry are longer than 1 MiB"));
            }
        }
        Ok(read)
    }
}

fn refused(why: impl Into<String>) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("the container's archive is refused: {}", why.into()),
    )
}

/// A folder, with what it is given when everything is in it.
struct Folder {
    path: PathBuf,
    mode: u32,
    modified: u64,
    owner: Option<(u32, u32)>,
}

/// Unpacks `stream` into the folder `into`, which is there and empty; with `ownership`, users and groups too.
pub(super) fn into_folder(stream: impl Read, into: &Path, ownership: bool) -> io::Result<LeftOut> {
    unpack_at_most(MOST_ENTRIES, stream, into, ownership)
}

fn unpack_at_most(most: u64, stream: impl Read, into: &Path, ownership: bool) -> io::Result<LeftOut> {
    let left = Rc::new(Cell::new(None));
    let mut archive = tar::Archive::new(Metered {
        inner: stream,
        left: left.clone(),
    });
    archive.set_preserve_ownerships(ownership);
    let mut entries = archive.entries()?;
    let mut left_out = LeftOut::default();
    let mut folders = VecDeque::new();
    let mut names = 0;
    let mut count = 0_u64;
    loop {
        left.set(Some(MOST_HEADERS));
        let entry = entries.next();
        left.set(None);
        let Some(entry) = entry else {
            break;
        };
        let mut entry = entry?;
        count += 1;
        if count > most {
            return Err(refused(format!("it has more than {most} entries")));
        }
        let path = below(&entry.path_bytes())?;
        let kind = entry.header().entry_type();
        let is_folder = kind.is_dir() || (kind.is_file() && entry.path_bytes().ends_with(b"/"));
        if path.as_os_str().is_empty() && is_folder {
            // The folder itself is ours.
        } else if path.as_os_str().is_empty() {
            return Err(refused("an entry has no name"));
        } else if is_folder {
            make_folder(into, &path)?;
            names += path.as_os_str().len();
            if names > MOST_NAMES {
                return Err(refused("its folder names take too much memory"));
            }
            folders.push_front(Folder {
                mode: entry.header().mode()? & RIGHTS,
                modified: entry.header().mtime()?,
                owner: owner(&entry, ownership)?,
                path,
            });
        } else {
            match kind {
                EntryType::Regular | EntryType::Continuous | EntryType::Symlink => {
                    make_parent(into, &path)?;
                    if !entry.unpack_in(into)? {
                        return Err(refused(format!("{} leads out of its folder", path.display())));
                    }
                }
                EntryType::Link => link(&entry, into, &path)?,
                EntryType::XGlobalHeader => {}
                other => left_out.add(&path, other),
            }
        }
        // What is left of it is not the header of the next.
        io::copy(&mut entry, &mut io::sink())?;
    }
    for folder in folders {
        finish(into, &folder)?;
    }
    Ok(left_out)
}

/// The path that a name stands for below a folder.
fn below(name: &[u8]) -> io::Result<PathBuf> {
    let mut path = PathBuf::new();
    for part in Path::new(OsStr::from_bytes(name)).components() {
        match part {
            Component::Normal(part) => path.push(part),
            // A container's root is the folder here.
            Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
            Component::ParentDir => {
                let name = String::from_utf8_lossy(name);
                return Err(refused(format!("{name} leads out of its folder")));
            }
        }
    }
    Ok(path)
}

/// Makes the folder `path` below `into`, and those that it is in. None of them may be a link.
fn make_folder(into: &Path, path: &Path) -> io::Result<()> {
    let mut full = into.to_owned();
    for part in path.components() {
        full.push(part);
        match fs::symlink_metadata(&full) {
            Ok(found) if found.is_dir() => {}
            Ok(_) => {
                return Err(refused(format!(
                    "the path of {} contains something other than a folder",
                    path.display()
                )));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => fs::create_dir(&full)?,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn make_parent(into: &Path, path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |parent| make_folder(into, parent))
}

/// A second name for a file that was unpacked before.
fn link<R: Read>(entry: &Entry<'_, R>, into: &Path, path: &Path) -> io::Result<()> {
    let source = below(&entry.link_name_bytes().unwrap_or_default())?;
    make_parent(into, &source)?;
    make_parent(into, path)?;
    let full = into.join(&source);
    if !fs::symlink_metadata(&full).is_ok_and(|found| found.is_file()) {
        return Err(refused(format!(
            "{} is a link to {}, which is not a file",
            path.display(),
            source.display()
        )));
    }
    let target = into.join(path);
    match fs::hard_link(&full, &target) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && source != path => {
            fs::remove_file(&target)?;
            fs::hard_link(&full, &target)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    }
}

fn owner<R: Read>(entry: &Entry<'_, R>, wanted: bool) -> io::Result<Option<(u32, u32)>> {
    if !wanted {
        return Ok(None);
    }
    let number = |number: u64| u32::try_from(number).map_err(|_| refused("it has a user id that is too large"));
    Ok(Some((number(entry.header().uid()?)?, number(entry.header().gid()?)?)))
}

/// Gives a folder what it says of itself; it may have been replaced by a later entry.
fn finish(into: &Path, folder: &Folder) -> io::Result<()> {
    make_folder(into, &folder.path)?;
    let full = into.join(&folder.path);
    if let Some((user, group)) = folder.owner {
        std::os::unix::fs::lchown(&full, Some(user), Some(group))?;
    }
    let opened = fs::File::open(&full)?;
    if let Some(modified) = UNIX_EPOCH.checked_add(Duration::from_secs(folder.modified)) {
        opened.set_times(fs::FileTimes::new().set_modified(modified))?;
    }
    opened.set_permissions(fs::Permissions::from_mode(folder.mode))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};

    use super::*;

    /// An entry of an archive that no well-meaning program writes.
    struct Made<'a> {
        name: &'a str,
        kind: EntryType,
        link: &'a str,
        mode: u32,
        content: &'a [u8],
    }

    fn made(name: &str, kind: EntryType) -> Made<'_> {
        Made {
            name,
            kind,
            link: "",
            mode: 0o755,
            content: b"",
        }
    }

    impl<'a> Made<'a> {
        fn link(self, link: &'a str) -> Self {
            Self { link, ..self }
        }

        fn content(self, content: &'a [u8]) -> Self {
            Self { content, ..self }
        }

        fn mode(self, mode: u32) -> Self {
            Self { mode, ..self }
        }

        /// Names as they are: tar's own builder refuses most of these.
        fn bytes(&self) -> Vec<u8> {
            let mut header = tar::Header::new_gnu();
            header.as_old_mut().name[..self.name.len()].copy_from_slice(self.name.as_bytes());
            header.as_old_mut().linkname[..self.link.len()].copy_from_slice(self.link.as_bytes());
            header.set_entry_type(self.kind);
            header.set_mode(self.mode);
            header.set_uid(0);
            header.set_gid(0);
            header.set_mtime(1_700_000_000);
            header.set_size(self.content.len() as u64);
            header.set_cksum();
            let mut bytes = header.as_bytes().to_vec();
            bytes.extend_from_slice(self.content);
            bytes.resize(bytes.len().next_multiple_of(512), 0);
            bytes
        }
    }

    fn archive(entries: &[Made<'_>]) -> Vec<u8> {
        let mut bytes: Vec<u8> = entries.iter().flat_map(Made::bytes).collect();
        bytes.extend([0; 1024]);
        bytes
    }

    /// A folder to unpack into, beside one with a file that must stay as it is.
    struct Place {
        folder: tempfile::TempDir,
    }

    impl Place {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            fs::create_dir(folder.path().join("into")).unwrap();
            fs::create_dir(folder.path().join("outside")).unwrap();
            fs::write(folder.path().join("outside/file"), "mine").unwrap();
            fs::set_permissions(folder.path().join("outside"), fs::Permissions::from_mode(0o700)).unwrap();
            Self { folder }
        }

        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        fn unpack(&self, entries: &[Made<'_>]) -> io::Result<LeftOut> {
            let unpacked = into_folder(archive(entries).as_slice(), &self.path("into"), false);
            let names = fs::read_dir(self.path("outside")).unwrap().count();
            assert_eq!(names, 1, "something was made outside");
            assert_eq!(fs::read_to_string(self.path("outside/file")).unwrap(), "mine");
            let rights = |name: &str| fs::metadata(self.path(name)).unwrap().permissions().mode() & 0o7777;
            assert_eq!(rights("outside"), 0o700);
            assert_eq!(fs::metadata(self.path("outside/file")).unwrap().nlink(), 1);
            unpacked
        }
    }

    const FILE: EntryType = EntryType::Regular;
    const FOLDER: EntryType = EntryType::Directory;
    const LINK: EntryType = EntryType::Symlink;
    const HARD: EntryType = EntryType::Link;

    #[test]
    fn nothing_leads_out_of_the_folder() {
        let place = Place::new();
        let outside = place.path("outside").display().to_string();
        let file = place.path("outside/file").display().to_string();
        for entries in [
            vec![made("../outside/new", FILE)],
            vec![made("a/../../outside/new", FILE)],
            vec![made("../outside", FOLDER).mode(0o777)],
            vec![made("..", FOLDER).mode(0o777)],
            vec![made("away", LINK).link(&outside), made("away/new", FILE)],
            vec![made("away", LINK).link(&outside), made("away/new/", FOLDER)],
            vec![made("away", LINK).link(&outside), made("away", FOLDER).mode(0o777)],
            vec![made("away", LINK).link("../outside"), made("away/new", LINK).link("x")],
            vec![
                made("a", LINK).link("b"),
                made("b", LINK).link("../outside"),
                made("a/new", FILE),
            ],
            // A folder that becomes a link before it gets its rights.
            vec![made("d", FOLDER).mode(0o777), made("d", LINK).link(&outside)],
            vec![made("h", HARD).link(&file)],
            vec![made("h", HARD).link("../outside/file")],
            vec![made("away", LINK).link(&outside), made("h", HARD).link("away/file")],
            vec![
                made("l", LINK).link(&file),
                made("h", HARD).link("l"),
                made("h", FILE).content(b"theirs"),
            ],
            vec![
                made("away", LINK).link(&outside),
                made("f", FILE),
                made("away/h", HARD).link("f"),
            ],
        ] {
            let place = Place {
                folder: tempfile::tempdir_in(place.folder.path()).unwrap(),
            };
            fs::create_dir_all(place.path("into")).unwrap();
            fs::create_dir_all(place.path("outside")).unwrap();
            fs::write(place.path("outside/file"), "mine").unwrap();
            fs::set_permissions(place.path("outside"), fs::Permissions::from_mode(0o700)).unwrap();
            let names: Vec<&str> = entries.iter().map(|entry| entry.name).collect();
            place.unpack(&entries).expect_err(&format!("{names:?}"));
        }
    }

    #[test]
    fn a_link_is_replaced_and_never_written_through() {
        let place = Place::new();
        let file = place.path("outside/file").display().to_string();
        place
            .unpack(&[made("l", LINK).link(&file), made("l", FILE).content(b"theirs")])
            .unwrap();
        assert_eq!(fs::read_to_string(place.path("into/l")).unwrap(), "theirs");
        assert!(!fs::symlink_metadata(place.path("into/l")).unwrap().is_symlink());
    }

    #[test]
    fn absolute_names_are_below_the_folder() {
        let place = Place::new();
        let entries = [
            made("/", FOLDER),
            made("/bin", FOLDER),
            made("//bin/sh", FILE).content(b"#!"),
            made("/bin/ash", HARD).link("/bin/sh"),
        ];
        place.unpack(&entries).unwrap();
        assert_eq!(fs::read_to_string(place.path("into/bin/ash")).unwrap(), "#!");
    }

    #[test]
    fn what_is_not_a_file_a_folder_or_a_link_is_left_out_and_said() {
        let place = Place::new();
        let left_out = place
            .unpack(&[
                made("d", FOLDER),
                made("d/null", EntryType::Char),
                made("d/sda", EntryType::Block),
                made("d/pipe", EntryType::Fifo),
                made("d/z\u{1b}[2J", EntryType::new(b'Z')),
                made("d/holes", EntryType::Continuous).content(b"none"),
            ])
            .unwrap();
        assert_eq!(
            left_out.lines(),
            [
                "d/null is skipped: it is a device",
                "d/sda is skipped: it is a device",
                "d/pipe is skipped: it is a pipe",
                "d/z\u{1b}[2J is skipped: it is an entry of type 'Z'",
            ]
        );
        let names: Vec<_> = fs::read_dir(place.path("into/d"))
            .unwrap()
            .map(|entry| entry.unwrap())
            .collect();
        assert_eq!(names.len(), 1);
        assert!(names.iter().all(|entry| !entry.file_type().unwrap().is_char_device()));
        let many: Vec<Made<'_>> = (0..25).map(|_| made("pipe", EntryType::Fifo)).collect();
        let lines = place.unpack(&many).unwrap().lines();
        assert_eq!((lines.len(), lines[10].as_str()), (11, "and 15 more skipped"));
    }

    #[test]
    fn no_file_gets_the_rights_of_another_user() {
        let place = Place::new();
        place
            .unpack(&[
                made("d", FOLDER).mode(0o7555),
                made("d/sudo", FILE).mode(0o6755).content(b"x"),
            ])
            .unwrap();
        let rights = |name: &str| fs::metadata(place.path(name)).unwrap().permissions().mode() & 0o7777;
        assert_eq!(rights("into/d"), 0o555);
        assert_eq!(rights("into/d/sudo"), 0o755);
        let modified = fs::metadata(place.path("into/d")).unwrap().modified().unwrap();
        assert_eq!(modified.duration_since(UNIX_EPOCH).unwrap().as_secs(), 1_700_000_000);
    }

    /// Reads as if it went on for ever, and counts.
    struct Endless {
        first: io::Cursor<Vec<u8>>,
        again: Vec<u8>,
        at: usize,
        read: Rc<Cell<u64>>,
    }

    impl Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let mut read = self.first.read(buffer)?;
            if read == 0 {
                read = buffer.len().min(self.again.len() - self.at);
                buffer[..read].copy_from_slice(&self.again[self.at..self.at + read]);
                self.at = (self.at + read) % self.again.len();
            }
            self.read.set(self.read.get() + read as u64);
            Ok(read)
        }
    }

    #[test]
    fn a_name_without_an_end_and_entries_without_an_end_are_given_up() {
        let mut long = tar::Header::new_gnu();
        long.set_entry_type(EntryType::GNULongName);
        long.set_size(1 << 40);
        long.set_cksum();
        let pax = |size: u64| {
            let mut header = tar::Header::new_ustar();
            header.set_entry_type(EntryType::XHeader);
            header.set_size(size);
            header.set_cksum();
            header.as_bytes().to_vec()
        };
        let same = made("f", FILE).bytes();
        let of_long_names = {
            let name = "n".repeat(3000);
            let mut builder = tar::Builder::new(Vec::new());
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(EntryType::Directory);
            header.set_size(0);
            header.set_mode(0o755);
            let path = name
                .as_bytes()
                .chunks(200)
                .map(String::from_utf8_lossy)
                .collect::<Vec<_>>()
                .join("/");
            builder.append_data(&mut header, path, io::empty()).unwrap();
            let mut bytes = builder.into_inner().unwrap();
            bytes.truncate(bytes.len() - 1024);
            bytes
        };
        for (first, again, bytes) in [
            (long.as_bytes().to_vec(), vec![b'a'; 4096], 2 << 20),
            (pax(1 << 40), vec![b'a'; 4096], 2 << 20),
            // Ever more of what only announces an entry.
            (Vec::new(), [pax(512), vec![0; 512]].concat(), 2 << 20),
            (Vec::new(), of_long_names, 200 << 20),
            (Vec::new(), same, 1010 * 512),
        ] {
            let place = Place::new();
            let read = Rc::new(Cell::new(0));
            let stream = Endless {
                first: io::Cursor::new(first),
                again,
                at: 0,
                read: read.clone(),
            };
            let most = if bytes < 1 << 20 { 1000 } else { MOST_ENTRIES };
            unpack_at_most(most, stream, &place.path("into"), false).unwrap_err();
            assert!(read.get() <= bytes, "{} bytes were read", read.get());
        }
    }
}
