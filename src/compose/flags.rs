//! What of the file can be written on the command line: ports, mounts, variables from a file.

use std::path::Path;

use crate::failure::{Exit, Failure};
use crate::yaml::{Source, parse};

use super::at::At;
use super::dotenv;
use super::interpolate::{Origin, Variables};
use super::model::{Mount, Port};
use super::read;

/// `8080:80`, as under `ports`.
pub fn ports_of(text: &str) -> Result<Vec<Port>, Failure> {
    with("ports", Path::new("/"), text, read::ports)
}

/// `./data:/data:ro`, as under `volumes`; relative to `base`.
pub fn mounts_of(base: &Path, text: &str) -> Result<Vec<Mount>, Failure> {
    with("volumes", base, text, read::mounts)
}

/// Reads `text` as the one entry of list `key`.
fn with<T>(key: &str, base: &Path, text: &str, read: impl Fn(&At<'_>) -> Result<T, Failure>) -> Result<T, Failure> {
    let file = serde_json::json!({ key: [text] }).to_string();
    let source = Source::based(Path::new(key), base.to_owned(), file);
    let typed = |failure: Failure| Failure {
        exit: Exit::Usage,
        place: None,
        ..failure
    };
    let node = parse(&source).map_err(typed)?;
    read(&At::root(&node)).map_err(typed)
}

/// The variables of a file in the dialect of `env_file`. A name without a value is taken from `environment`, or left out.
pub fn env_file(
    path: &Path,
    environment: &std::collections::BTreeMap<String, String>,
) -> Result<Vec<(String, String)>, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("{} can't be read", path.display())).because(error.to_string()))?;
    let mut outer = Variables::default();
    for (name, value) in environment {
        outer.add(name, value, Origin::Environment);
    }
    let found = dotenv::parse(path, &text, &outer)?;
    Ok(found
        .into_iter()
        .filter_map(|(name, value)| {
            let value = value.or_else(|| environment.get(&name).cloned())?;
            Some((name, value))
        })
        .collect())
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
        let mounts = mounts_of(Path::new("/here"), "./data:/data:ro").unwrap();
        assert_eq!(
            (mounts[0].source.as_deref(), mounts[0].read_only),
            (Some("/here/data"), true)
        );
    }

    #[test]
    fn what_makes_no_sense_is_a_usage_error_without_a_place() {
        for failure in [
            ports_of("x:y").unwrap_err(),
            mounts_of(Path::new("/"), "a:b:c:d").unwrap_err(),
        ] {
            assert_eq!((failure.exit, failure.place), (Exit::Usage, None), "{}", failure.what);
        }
    }
}
