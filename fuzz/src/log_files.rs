//! Files of a log driver, in parts, compressed, cut, with garbage in between: every entry that is whole is read once and in
//! order however many bytes are read at a time, and `--since` and `--tail` begin at or before the place that they mean.

use std::io::Write as _;
use std::path::Path;

use magicctl::logs::source::file::{Driver, History, Start};
use magicctl::logs::{Piece, SECOND, Stamp};

use super::input::Input;

const MOST_PARTS: usize = 4;
/// How the `local` driver's entries begin behind their length. Text that holds it could not be told from an entry.
const ENTRY: &[u8] = b"\x0a\x06std";

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    time: i64,
    stderr: bool,
    ends: bool,
    text: Vec<u8>,
}

pub fn check(input: &[u8]) {
    let mut input = Input(input);
    let how = input.byte();
    let driver = if how & 1 == 1 { Driver::JsonFile } else { Driver::Local };
    let mut written = Vec::new();
    let mut parts = vec![Vec::new()];
    let mut is_clean = true;
    let mut time = SECOND;
    while !input.is_empty() {
        let part = parts.last_mut().expect("one at least");
        match input.byte() {
            what @ 0..192 => {
                time += i64::from(what & 0x07) * SECOND / 4;
                let entry = Entry {
                    time,
                    stderr: what & 0x08 != 0,
                    ends: what & 0x30 != 0,
                    text: text(driver, input.line()),
                };
                match driver {
                    Driver::JsonFile => json_file(&entry, part),
                    Driver::Local => local(&entry, part),
                }
                written.push(entry);
            }
            // Garbage: it may be anything, also an entry.
            what @ 192..216 => {
                part.extend(input.bytes(usize::from(what - 192)));
                is_clean = false;
            }
            // A byte that is another one than was written.
            what @ 216..232 => {
                let back = usize::from(what - 215) * 3;
                if let Some(at) = part.len().checked_sub(back) {
                    part[at] = input.byte();
                    is_clean = false;
                }
            }
            what @ 232..244 => {
                part.truncate(part.len().saturating_sub(usize::from(what - 231)));
                is_clean = false;
            }
            _ if parts.len() < MOST_PARTS => parts.push(Vec::new()),
            _ => {}
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.log");
    let compressed = usize::from(how >> 1) % MOST_PARTS;
    let cut = is_cut(how);
    write(&path, &parts, compressed, cut);
    let history = History::open(driver, &path).expect("its files");
    let chunk = 1 + usize::from(how >> 3) * 5;
    let all = read(&history, Start::default(), 1 << 16);
    if is_clean && !(cut && compressed > 0 && parts.len() > 1) {
        assert_eq!(all, written);
    }
    // Garbage has no lines to speak of; entries have.
    let sum = |entries: &[Entry]| {
        let texts = entries.iter().flat_map(|entry| entry.text.clone());
        texts.filter(|byte| !matches!(byte, 0 | b'\n')).collect::<Vec<u8>>()
    };
    assert_eq!(sum(&read(&history, Start::default(), chunk)), sum(&all));
    let since = Stamp(i64::from(input_time(how)) * SECOND / 4);
    let start = history.seek(since).expect("a place");
    let later = read(&history, start, chunk);
    let end = history.before_the_end(u64::from(how) * 8).expect("a place");
    let tail = read(&history, end, 1 << 16);
    if is_clean {
        assert!(all.ends_with(&later) && all.ends_with(&tail));
        let missing = &all[..all.len() - later.len()];
        assert!(
            missing.iter().all(|entry| entry.time < since.0),
            "{since:?}: {missing:?}"
        );
    }
}

fn is_cut(how: u8) -> bool {
    how & 0x80 != 0
}

fn input_time(how: u8) -> u8 {
    how.rotate_left(3)
}

/// What an entry of the driver can hold.
fn text(driver: Driver, bytes: &[u8]) -> Vec<u8> {
    match driver {
        Driver::JsonFile => String::from_utf8_lossy(bytes).into_owned().into_bytes(),
        Driver::Local if bytes.windows(ENTRY.len()).any(|window| window == ENTRY) => Vec::new(),
        Driver::Local => bytes.to_owned(),
    }
}

fn json_file(entry: &Entry, to: &mut Vec<u8>) {
    let mut text = String::from_utf8_lossy(&entry.text).into_owned();
    if entry.ends {
        text.push('\n');
    }
    let (text, time) = (serde_json::Value::from(text), Stamp(entry.time).utc());
    let stream = if entry.stderr { "stderr" } else { "stdout" };
    writeln!(to, r#"{{"log":{text},"stream":"{stream}","time":"{time}"}}"#).expect("memory");
}

fn local(entry: &Entry, to: &mut Vec<u8>) {
    let mut body = vec![0x0A, 6];
    body.extend(if entry.stderr { b"stderr" } else { b"stdout" });
    body.push(0x10);
    varint(entry.time.cast_unsigned(), &mut body);
    body.push(0x1A);
    varint(entry.text.len() as u64, &mut body);
    body.extend(&entry.text);
    if !entry.ends {
        body.extend([0x20, 1]);
    }
    let length = u32::try_from(body.len()).expect("a short one").to_be_bytes();
    to.extend([&length[..], &body, &length].concat());
}

fn varint(mut value: u64, to: &mut Vec<u8>) {
    while value >= 0x80 {
        to.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    to.push(value.to_le_bytes()[0]);
}

/// The last part is the newest; so many of the oldest are compressed, and of the oldest the end is `cut`.
fn write(path: &Path, parts: &[Vec<u8>], compressed: usize, cut: bool) {
    for (index, bytes) in parts.iter().enumerate() {
        let age = parts.len() - 1 - index;
        if age > 0 && index < compressed {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(bytes).expect("memory");
            let mut packed = encoder.finish().expect("memory");
            if cut && index == 0 {
                packed.truncate(packed.len() / 2);
            }
            std::fs::write(path.with_extension(format!("log.{age}.gz")), packed).expect("a file");
        } else {
            let name = if age == 0 {
                "log".to_owned()
            } else {
                format!("log.{age}")
            };
            std::fs::write(path.with_extension(name), bytes).expect("a file");
        }
    }
}

fn read(history: &History, start: Start, chunk: usize) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut take = |piece: Piece<'_>| {
        entries.push(Entry {
            time: piece.time.0,
            stderr: piece.stderr,
            ends: piece.ends,
            text: piece.bytes.to_owned(),
        });
        true
    };
    // A part whose compression was cut is an error, behind which the others come.
    let _cut = history.read(start, chunk, None, &mut take);
    entries
}
