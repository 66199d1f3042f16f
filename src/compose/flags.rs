//! What of the file can be written on the command line: ports, mounts, variables from a file.

use std::path::Path;

use crate::failure::{Exit, Failure};
use crate::yaml::{Source, Span};

use super::budget::Budget;
use super::canonical::canonical;
use super::defaults;
use super::dotenv::{self, Found};
use super::interpolate::Notes;
use super::model::{Mount, Port, Service};
use super::normalize::normalize;
use super::open::{self, LARGEST_ENV};
use super::paths::{self, Base};
use super::tree::{Map, Tree, Value};
use super::typed;
use super::variables::{Origin, Variables};

/// `8080:80`, as under `ports`.
pub fn ports_of(text: &str) -> Result<Vec<Port>, Failure> {
    let nowhere = Base {
        dir: Path::new("/"),
        home: None,
    };
    Ok(with("ports", nowhere, text)?.ports)
}

/// `./data:/data:ro`, as under `volumes`; relative to `dir`. `home` is what `~` stands for, the user's `HOME`.
pub fn mounts_of(dir: &Path, home: Option<&str>, text: &str) -> Result<Vec<Mount>, Failure> {
    Ok(with("volumes", Base { dir, home }, text)?.volumes)
}

/// A service that has `text` as the one entry of its list `key`.
fn with(key: &'static str, base: Base<'_>, text: &str) -> Result<Service, Failure> {
    let span = Span {
        source: Source::new(Path::new(key), String::new()),
        line: 1,
        column: 1,
        width: 1,
    };
    let list = Tree::new(Value::List(vec![Tree::text_at(text, &span)]), &span);
    let service = Tree::map_at([(key, list)], &span);
    let services = Map::from_iter([("run".to_owned(), service.entry())]);
    let mut root = Tree::map_at([("services", Tree::new(Value::Map(services), &span))], &span);
    let mut read = || {
        canonical(&mut root, false, &mut Budget::default())?;
        defaults::fill(&mut root);
        defaults::check(&root)?;
        paths::resolve(&mut root, base)?;
        normalize(&mut root, "run", &Variables::default());
        let services = root.get("services").and_then(Tree::map).cloned().unwrap_or_default();
        typed::check(&services)?;
        typed::service("run", &services["run"].tree)
    };
    read().map_err(|failure| Failure {
        exit: Exit::Usage,
        place: None,
        what: failure.what.replacen(&format!("services.run.{key}[0]: "), "", 1),
        ..failure
    })
}

/// The variables of a file in the dialect of `env_file`. A name without a value is taken from `environment`, or left out.
pub fn env_file(
    path: &Path,
    environment: &std::collections::BTreeMap<String, String>,
) -> Result<Vec<(String, String)>, Failure> {
    let text = open::text(path, LARGEST_ENV)
        .map_err(|unreadable| Failure::usage(format!("{} can't be read", path.display())).because(unreadable.why))?;
    let mut outer = Variables::default();
    for (name, value) in environment {
        outer.add(name.as_str(), value.as_str(), Origin::Environment);
    }
    let mut found = Found::new();
    dotenv::parse(path, &text, &mut found, &outer, &mut Notes::default())?;
    Ok(found.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_as_in_the_file() {
        let ports = ports_of("127.0.0.1:8080:80/udp").unwrap();
        assert_eq!(
            (
                ports[0].target,
                ports[0].published.as_deref(),
                ports[0].protocol.as_str()
            ),
            (80, Some("8080"), "udp")
        );
        let mounts = mounts_of(Path::new("/here"), None, "./data:/data:ro").unwrap();
        assert_eq!(
            (mounts[0].source.as_deref(), mounts[0].read_only),
            (Some("/here/data"), true)
        );
    }

    #[test]
    fn what_makes_no_sense_is_a_usage_error_without_a_place() {
        for failure in [
            ports_of("x:y").unwrap_err(),
            mounts_of(Path::new("/"), None, "aa:bb:cc:dd").unwrap_err(),
        ] {
            assert_eq!((failure.exit, failure.place), (Exit::Usage, None), "{}", failure.what);
        }
    }
}
