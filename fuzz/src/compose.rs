//! Compose files: whatever they say, reading them comes to an end, and what `config` prints means the same when it is
//! read again.

use std::fs;
use std::path::Path;

use magicctl::compose::{Printed, Request, project};

/// Parts the input: the file, one over it, and variables.
const SEPARATOR: u8 = 0xFF;

pub fn check(input: &[u8]) {
    let Ok(folder) = tempfile::tempdir() else {
        return;
    };
    let names = ["compose.yaml", "compose.override.yaml", ".env"];
    for (name, part) in names.iter().zip(input.split(|byte| *byte == SEPARATOR)) {
        fs::write(folder.path().join(name), part).expect("the file is written");
    }
    let Ok(first) = project(&request(folder.path())) else {
        return;
    };
    for printed in [Printed::Yaml, Printed::Json] {
        let text = first.printed(printed).expect("what was read is printed");
        fs::write(folder.path().join("again.yaml"), &text).expect("the file is written");
        let _ = fs::remove_file(folder.path().join(".env"));
        let mut again = request(folder.path());
        again.files = vec!["again.yaml".into()];
        let again = project(&again).unwrap_or_else(|failure| panic!("{failure:?}\n{text}"));
        assert_eq!(again.printed(printed).ok().as_deref(), Some(text.as_str()));
    }
}

fn request(folder: &Path) -> Request {
    Request {
        start_dir: folder.to_owned(),
        project_name: Some("p".to_owned()),
        profiles: vec!["*".to_owned()],
        ..Request::default()
    }
}
