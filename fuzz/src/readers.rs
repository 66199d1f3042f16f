//! What is read beside Compose files: env files, and ports and mounts of the command line. Whatever they say, reading them comes
//! to an end, and gives the same again.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use magicctl::compose::{env_file, mounts_of, ports_of};

/// More ports than one text may stand for.
const MOST_PORTS: usize = 20_000;

pub fn check(input: &[u8]) {
    let Ok(folder) = tempfile::tempdir() else {
        return;
    };
    let path = folder.path().join("some.env");
    fs::write(&path, input).expect("the file is written");
    let outer = BTreeMap::from([("HOST".to_owned(), "outer".to_owned())]);
    let lines = input.split(|byte| *byte == b'\n').count();
    match env_file(&path, &outer) {
        Ok(found) => {
            // A value ends at its line's end or at its closing quote, after which Compose reads another one.
            let quotes = input.iter().filter(|byte| matches!(byte, b'\'' | b'"')).count();
            assert!(found.len() <= lines + quotes / 2);
            assert_eq!(env_file(&path, &outer).ok(), Some(found));
        }
        Err(failure) => {
            assert!(failure.place.is_none_or(|place| (1..=lines).contains(&place.line)));
        }
    }
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    for line in text.lines() {
        if let Ok(ports) = ports_of(line) {
            assert!(ports.len() <= MOST_PORTS);
            assert!(ports.iter().all(|port| port.target > 0));
        }
        if let Ok(mounts) = mounts_of(Path::new("/here"), None, line) {
            assert!(
                mounts
                    .iter()
                    .all(|mount| mount.target.starts_with('/') || mount.target.contains(':'))
            );
        }
    }
}
