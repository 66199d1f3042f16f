//! Files under config/ that the user edited: whether they can be read at all.

use std::path::{Path, PathBuf};

use crate::check::text::LARGEST;
use crate::failure::{Failure, Place};
use crate::files::Root;
use crate::yaml;

/// Reads `path` in the project's folder as what its name says it is; `None` when that works, or nobody can tell.
pub(super) fn syntax(root: &Root, path: &Path) -> Option<Failure> {
    of(path, &root.text(path, LARGEST).ok()?)
}

/// The same of a `text` that was read.
pub(super) fn of(path: &Path, text: &str) -> Option<Failure> {
    match path.extension()?.to_str()? {
        "yml" | "yaml" => yaml::parse(&yaml::Source::new(path, text.to_owned())).err(),
        "json" => json(path, text),
        _ => None,
    }
}

fn json(path: &Path, text: &str) -> Option<Failure> {
    let error = serde_json::from_str::<serde::de::IgnoredAny>(text).err()?;
    let words = error.to_string();
    let why = words.split(" at line ").next().unwrap_or(&words).to_owned();
    Some(Failure::invalid("not valid JSON").because(why).at(Place {
        file: PathBuf::from(path),
        line: error.line(),
        column: error.column().max(1),
        width: 1,
        source: text.lines().nth(error.line().saturating_sub(1)).map(ToOwned::to_owned),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_file_is_found_at_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path()).unwrap();
        for (name, text, line) in [("a.yml", "a: 1\nb: [\n", 2), ("b.json", "{\n  \"a\": 1,\n}\n", 3)] {
            std::fs::write(folder.path().join(name), text).unwrap();
            let failure = syntax(&root, Path::new(name)).unwrap();
            assert!(failure.place.clone().unwrap().line >= line, "{failure:?}");
            assert_eq!(failure.place.unwrap().file, Path::new(name));
        }
        std::fs::write(folder.path().join("c.yml"), "a: 1\n").unwrap();
        assert_eq!(syntax(&root, Path::new("c.yml")), None);
        assert_eq!(syntax(&root, Path::new("missing.yml")), None);
    }
}
