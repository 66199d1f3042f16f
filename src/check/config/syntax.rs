//! Files under config/ that the user edited: whether they can be read at all.

use std::path::{Path, PathBuf};

use crate::failure::{Failure, Place};
use crate::yaml;

/// Reads `path` of the project in `root` as what its name says it is; `None` when that works, or nobody can tell.
pub(super) fn syntax(root: &Path, path: &Path) -> Option<Failure> {
    let text = std::fs::read_to_string(root.join(path)).ok()?;
    match path.extension()?.to_str()? {
        "yml" | "yaml" => yaml::parse(&yaml::Source::new(path, text)).err(),
        "json" => json(path, &text),
        _ => None,
    }
}

fn json(path: &Path, text: &str) -> Option<Failure> {
    let error = serde_json::from_str::<serde::de::IgnoredAny>(text).err()?;
    let words = error.to_string();
    let why = words.split(" at line ").next().unwrap_or(&words).to_owned();
    Some(Failure::invalid("this is no JSON").because(why).at(Place {
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
        for (name, text, line) in [("a.yml", "a: 1\nb: [\n", 2), ("b.json", "{\n  \"a\": 1,\n}\n", 3)] {
            std::fs::write(folder.path().join(name), text).unwrap();
            let failure = syntax(folder.path(), Path::new(name)).unwrap();
            assert!(failure.place.clone().unwrap().line >= line, "{failure:?}");
            assert_eq!(failure.place.unwrap().file, Path::new(name));
        }
        std::fs::write(folder.path().join("c.yml"), "a: 1\n").unwrap();
        assert_eq!(syntax(folder.path(), Path::new("c.yml")), None);
        assert_eq!(syntax(folder.path(), Path::new("missing.yml")), None);
    }
}
