//! The files that magicctl writes into a project: docker-compose.yml and the monitoring's configuration.
//!
//! Each holds a digest of the rest of itself, in its first line or, where the format has no comments, in a description.
//! A file whose digest fits is as some magicctl wrote it and may be written over; any other was edited and is kept.
//!
//! Nothing is read or written outside of the project's folder, whatever links a repository holds: a link that leads out is
//! said and left alone.

mod init;
mod template;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::files::{self, Kind, Refused, Root};
use crate::rendered::{self, Rendered, State};
use crate::settings::{self, Settings};

pub use init::{Initialized, init};

/// The names of a Compose file that is the user's own: the rendered one has the one that is left.
const OWN: [&str; 3] = ["compose.yaml", "compose.yml", "docker-compose.yaml"];
/// The name of the rendered one.
const RENDERED: &str = "docker-compose.yml";

/// A file, what is on disk in its place, and what was or would be done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Relative to the project's root.
    pub path: PathBuf,
    /// What was on disk.
    pub state: State,
    /// Whether it was written.
    pub written: bool,
}

/// Every file, rendered from its template: the same settings give the same bytes.
pub fn files(settings: &Settings) -> Result<Vec<Rendered>, Failure> {
    template::all(settings)
}

/// The images that the Compose file names by tag, base images of builds among them; without the digests of `pins`.
pub fn images(settings: &Settings) -> Result<BTreeSet<String>, Failure> {
    template::images(settings)
}

/// Each of `files` with what is on disk.
pub fn states(root: &Path, files: &[Rendered]) -> Result<Vec<(Rendered, State)>, Failure> {
    let root = settings::folder(root)?;
    Ok(states_in(&root, files)
        .map(|(file, state)| (file.clone(), state))
        .collect())
}

fn states_in<'f>(root: &Root, files: &'f [Rendered]) -> impl Iterator<Item = (&'f Rendered, State)> {
    files.iter().map(|file| (file, State::of(root, file.path, &file.text)))
}

/// Writes those of `files` that are missing or outdated; what was edited only if `force`.
pub fn write(root: &Path, files: &[Rendered], force: bool) -> Result<Vec<Outcome>, Failure> {
    let root = settings::folder(root)?;
    let mut outcomes = Vec::new();
    for (file, mut state) in states_in(&root, files) {
        let mut written = match state {
            State::Current | State::Linked { .. } | State::Unreadable { .. } => false,
            State::Missing | State::Outdated => true,
            State::Edited => force,
        };
        if written {
            match root.write(file.path, file.text.as_bytes()) {
                Ok(()) => {}
                Err(refused @ (Refused::Outside | Refused::Kind(Kind::Link))) => {
                    state = State::refused(&root, file.path, &refused);
                    written = false;
                }
                Err(refused) => return Err(unwritten(&root, file.path, &refused)),
            }
        }
        outcomes.push(Outcome {
            path: file.path.to_owned(),
            state,
            written,
        });
    }
    Ok(outcomes)
}

/// Writes those of `files` that are missing, for a bare checkout; none when the project has a Compose file of its own.
pub fn write_missing<'f>(
    root: &Path,
    files: impl FnOnce() -> Result<&'f [Rendered], Failure>,
) -> Result<Vec<PathBuf>, Failure> {
    if OWN.iter().any(|name| files::is_file(&root.join(name))) {
        return Ok(Vec::new());
    }
    let root = settings::folder(root)?;
    let states: Vec<_> = states_in(&root, files()?).collect();
    if states.first().is_some_and(|(_, state)| state.is_of_the_user()) {
        return Ok(Vec::new());
    }
    let mut written = Vec::new();
    for (file, state) in states {
        if state == State::Missing {
            root.write(file.path, file.text.as_bytes())
                .map_err(|refused| unwritten(&root, file.path, &refused))?;
            written.push(file.path.to_owned());
        }
    }
    Ok(written)
}

/// A file that could not be written, and what to do.
fn unwritten(root: &Root, path: &Path, refused: &Refused) -> Failure {
    let full = root.path().join(path);
    let failure = Failure::failed(format!("{} can't be written", full.display())).because(root.why(path, refused));
    match refused {
        refused if refused.is_denied() => {
            failure.hint("make the project's folder writable for this user, or use a copy of it")
        }
        Refused::Outside | Refused::Kind(_) => {
            failure.hint("replace it with a regular file or folder inside the project")
        }
        _ => failure,
    }
}

/// Whether a Compose file is in `root`, rendered or not.
pub fn has_compose_file(root: &Path) -> bool {
    let mut names = OWN.iter().chain(&[RENDERED]);
    names.any(|name| files::is_file(&root.join(name)))
}

/// What `write` with `force` would change, as a unified diff; empty when nothing. What lies outside of the project is not
/// shown, nor what can't be read: a line says so.
pub fn diff(root: &Path, files: &[Rendered]) -> Result<String, Failure> {
    let root = settings::folder(root)?;
    let mut all = String::new();
    for (file, state) in states_in(&root, files) {
        let path = file.path.display().to_string();
        let before = match state {
            State::Current => continue,
            State::Missing => String::new(),
            State::Outdated | State::Edited => root
                .bytes(file.path, rendered::LARGEST)
                .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
                .unwrap_or_default(),
            State::Linked { why } | State::Unreadable { why, .. } => {
                all.extend(["# ", &path, " is not written: ", &why, "\n"]);
                continue;
            }
        };
        let diff = similar::TextDiff::from_lines(&before, &file.text);
        let (from, to) = (format!("{path} (on disk)"), format!("{path} (rendered)"));
        all.push_str(&diff.unified_diff().header(&from, &to).to_string());
    }
    Ok(all)
}

#[cfg(test)]
mod collectors_tests;
#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;

    use super::*;

    fn settings(root: &Path) -> Settings {
        crate::settings::load(root, &BTreeMap::new(), &[]).unwrap()
    }

    fn rendered(root: &Path) -> Vec<Rendered> {
        files(&settings(root)).unwrap()
    }

    #[test]
    fn the_committed_files_are_current() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        for (file, state) in states(root, &rendered(root)).unwrap() {
            assert_eq!(state, State::Current, "{}: run `magicctl render`", file.path.display());
        }
    }

    #[test]
    fn an_edited_file_is_kept_and_an_untouched_one_follows_the_template() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let all = write(root, &rendered(root), false).unwrap();
        assert!(
            all.iter()
                .all(|outcome| outcome.written && outcome.state == State::Missing)
        );
        let again = write(root, &rendered(root), false).unwrap();
        assert!(
            again
                .iter()
                .all(|outcome| !outcome.written && outcome.state == State::Current)
        );

        // Another setting makes loki's config outdated; the user edits the compose file.
        fs::write(root.join(crate::settings::FILE), "retention: 2d\n").unwrap();
        let compose = root.join("docker-compose.yml");
        let edited = fs::read_to_string(&compose)
            .unwrap()
            .replace("restart: unless-stopped", "restart: always");
        fs::write(&compose, &edited).unwrap();
        let outcomes = write(root, &rendered(root), false).unwrap();
        let changed: Vec<_> = outcomes
            .iter()
            .filter(|outcome| outcome.written)
            .map(|outcome| outcome.path.clone())
            .collect();
        assert_eq!(changed, [PathBuf::from("config/loki/local-config.yaml")]);
        assert_eq!(outcomes[0].state, State::Edited);
        assert_eq!(fs::read_to_string(&compose).unwrap(), edited);
        assert!(diff(root, &rendered(root)).unwrap().contains("-    restart: always"));

        write(root, &rendered(root), true).unwrap();
        assert!(diff(root, &rendered(root)).unwrap().is_empty());
    }

    #[test]
    fn a_project_with_its_own_compose_file_gets_nothing() {
        let written = |root: &Path| {
            let files = rendered(root);
            write_missing(root, || Ok(&files)).unwrap()
        };
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("docker-compose.yml"), "services: {}\n").unwrap();
        assert!(written(folder.path()).is_empty());
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("compose.yaml"), "services: {}\n").unwrap();
        assert!(written(folder.path()).is_empty());
        let folder = tempfile::tempdir().unwrap();
        let written = written(folder.path());
        assert!(written.contains(&PathBuf::from("docker-compose.yml")), "{written:?}");
        assert_eq!(written.len(), rendered(folder.path()).len());
    }

    #[test]
    fn limits_and_further_services_are_rendered() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::write(root.join("more.yml"), "worker:\n  image: \"${WORKER_IMAGE:-x}\"\n").unwrap();
        let text = "resources:\n  kafka: {memory: 1g, cpus: 2}\nservices: [more.yml]\n";
        fs::write(root.join(crate::settings::FILE), text).unwrap();
        write(root, &rendered(root), false).unwrap();
        let request = crate::compose::Request {
            start_dir: root.to_owned(),
            ..Default::default()
        };
        let stack = crate::compose::load(&request).unwrap();
        assert_eq!(stack.services["kafka"].mem_limit, Some(1 << 30));
        assert_eq!(stack.services["kafka"].cpus, Some(2.0));
        assert_eq!(stack.services["worker"].image.as_deref(), Some("x"));
        assert_eq!(stack.services.len(), 7);
    }

    #[test]
    fn every_image_is_rendered_with_its_digest_once_it_has_one() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for collector in ["promtail", "alloy"] {
            let text = format!("collector: {collector}\n");
            fs::write(root.join(crate::settings::FILE), &text).unwrap();
            let images = images(&settings(root)).unwrap();
            assert_eq!(images.len(), 6, "{images:?}");
            let digest = format!("sha256:{}", "1".repeat(64));
            let pins = images.iter().map(|image| (image.clone(), digest.clone())).collect();
            assert!(crate::settings::write_pins(root, &pins).unwrap());
            let compose = rendered(root).remove(0).text;
            for line in compose.lines().filter(|line| line.contains("_IMAGE:-")) {
                assert!(line.ends_with(&format!("@{digest}}}\"")), "{line}");
            }
            // The names themselves stay what they are, so that they can be asked for again.
            assert_eq!(super::images(&settings(root)).unwrap(), images);
        }
        let stale =
            "pins: {\"redis:1\": \"sha256:1111111111111111111111111111111111111111111111111111111111111111\"}\n";
        fs::write(root.join(crate::settings::FILE), stale).unwrap();
        assert!(!rendered(root)[0].text.contains("@sha256:"), "of another tag");
    }

    #[test]
    fn the_app_gets_no_rights_and_nobody_gets_more_than_it_began_with() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let stack = |text: &str| {
            fs::write(root.join(crate::settings::FILE), text).unwrap();
            write(root, &rendered(root), false).unwrap();
            let request = crate::compose::Request {
                start_dir: root.to_owned(),
                ..Default::default()
            };
            crate::compose::load(&request).unwrap()
        };
        for text in ["", "collector: alloy\n"] {
            let stack = stack(text);
            assert_eq!(stack.services.len(), 6);
            for service in stack.services.values() {
                let is_app = service.name == "app-runner";
                assert_eq!(service.security_opt, ["no-new-privileges:true"], "{}", service.name);
                assert_eq!(
                    service.cap_drop,
                    if is_app { vec!["ALL"] } else { vec![] },
                    "{}",
                    service.name
                );
                assert_eq!(service.read_only.or(service.privileged), None, "{}", service.name);
                assert!(service.cap_add.is_empty());
            }
        }
        let app = &stack("read_only: true\n").services["app-runner"];
        assert_eq!(app.read_only, Some(true));
        assert_eq!(app.tmpfs, ["/tmp:size=256m"]);
    }

    #[test]
    fn a_dashboard_follows_the_template_too_until_it_is_edited() {
        let folder = tempfile::tempdir().unwrap();
        let path = Path::new("config/grafana/dashboards/stack.json");
        let file = rendered(folder.path()).into_iter().find(|file| file.path == path);
        let text = file.unwrap().text;
        serde_json::from_str::<serde_json::Value>(&text).unwrap();
        let on_disk = folder.path().join("stack.json");
        let root = Root::open(folder.path()).unwrap();
        let state = |text: &str| State::of(&root, Path::new("stack.json"), text);
        fs::write(&on_disk, &text).unwrap();
        assert_eq!(state(&text), State::Current);
        assert_eq!(state("another"), State::Outdated);
        fs::write(&on_disk, text.replacen("10s", "1m", 1)).unwrap();
        assert_eq!(state(&text), State::Edited);
    }

    #[test]
    fn the_collector_is_chosen_and_narrowed() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::write(
            root.join(crate::settings::FILE),
            "collector: alloy\ncollector_scope: project\nports: {grafana: 3001}\n",
        )
        .unwrap();
        let paths: Vec<_> = write(root, &rendered(root), false)
            .unwrap()
            .into_iter()
            .map(|outcome| outcome.path)
            .collect();
        assert!(paths.contains(&PathBuf::from("config/alloy/config.alloy")), "{paths:?}");
        assert!(
            !paths.iter().any(|path| path.starts_with("config/promtail")),
            "{paths:?}"
        );
        let request = crate::compose::Request {
            start_dir: root.to_owned(),
            project_name: Some("mine".to_owned()),
            ..Default::default()
        };
        let stack = crate::compose::load(&request).unwrap();
        assert!(!stack.services.contains_key("promtail"));
        let alloy = &stack.services["alloy"];
        assert_eq!(alloy.environment["COLLECT_PROJECT"].as_deref(), Some("mine"));
        assert_eq!(stack.services["grafana"].ports[0].published.as_deref(), Some("3001"));
    }

    #[test]
    fn limits_of_an_unknown_service_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(
            folder.path().join(crate::settings::FILE),
            "resources: {kafak: {cpus: 1}}\n",
        )
        .unwrap();
        let failure = files(&settings(folder.path())).unwrap_err();
        assert!(failure.to_string().contains("kafak"), "{failure}");
    }
}
