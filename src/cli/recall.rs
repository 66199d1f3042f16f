//! How the stack in hand was brought up, which the labels of its containers say: the env files that were named then are read again
//! when none is named now; other Compose files and profiles are only told.
//!
//! Labels are written by strangers. What one names is read below the project's folder and nowhere else, and only if it is a file of the
//! size of an env file.

use std::path::{Path, PathBuf};

use crate::compose::{self, Identity, LARGEST_ENV};
use crate::files::{self, Refused, Root};
use crate::labels;
use crate::logs::source::SourceChoice;
use crate::observed::Container;

use super::args::Command;
use super::recalled::Recalled;
use super::session::Session;

/// Nobody names more env files than this.
const MOST_FILES: usize = 16;
/// Columns that a name out of a label may take.
const WIDEST_NAME: usize = 200;

/// Whether `command` is about a stack on an engine. The others say what the files say, whatever runs.
fn meets_a_stack(command: &Command) -> bool {
    match command {
        Command::Init(_)
        | Command::Check(_)
        | Command::Explain(_)
        | Command::Config(_)
        | Command::Render(_)
        | Command::Open(_)
        | Command::Ls(_)
        | Command::ComposeHelp(_)
        | Command::Version(_)
        | Command::Completions { .. }
        | Command::Man => false,
        Command::Logs(args) => args.source != SourceChoice::Loki,
        Command::Plan(_)
        | Command::Up(_)
        | Command::Status(_)
        | Command::Rebuild(_)
        | Command::Restart(_)
        | Command::Stop(_)
        | Command::Start(_)
        | Command::Exec(_)
        | Command::Down(_)
        | Command::Create(_)
        | Command::Scale(_)
        | Command::Run(_)
        | Command::Rm(_)
        | Command::Build(_)
        | Command::Pull(_)
        | Command::Push(_)
        | Command::Images(_)
        | Command::Top(_)
        | Command::Port(_)
        | Command::Events(_)
        | Command::Kill(_)
        | Command::Pause(_)
        | Command::Unpause(_)
        | Command::Wait(_)
        | Command::Cp(_)
        | Command::Volumes(_)
        | Command::Stats(_)
        | Command::Attach(_) => true,
    }
}

/// Looks at the containers of the project that `command` is about. Where that can't be done there is nothing to recall; what is wrong
/// with the files or the engine the command finds itself.
pub(crate) async fn recall(session: &mut Session, command: &Command) {
    if !meets_a_stack(command) {
        return;
    }
    let identity = session.request(&[]).and_then(|request| compose::identity(&request));
    let Ok(identity) = identity else {
        return;
    };
    let engine = match session.engine().await {
        Ok(engine) => engine,
        Err(failure) => return session.connected.set(Some(Err(failure))),
    };
    let containers = match engine.observe_containers(&identity.name).await {
        Ok(containers) => containers,
        // It would not answer the command either, and has had its time.
        Err(error) => return session.connected.set(Some(Err(error.failure()))),
    };
    session.connected.set(Some(Ok(engine)));
    // One that an earlier command made and the last one left alone says how it was then.
    let made = containers.iter().filter(|container| container.service().is_some());
    let Some(last) = made.max_by_key(|container| container.created) else {
        return;
    };
    tell_files(session, &identity, last);
    let recalled = Recalled {
        env_files: if session.names_env_files() {
            Vec::new()
        } else {
            env_files(session, &identity, last)
        },
        services: containers
            .iter()
            .filter_map(Container::service)
            .map(ToOwned::to_owned)
            .collect(),
    };
    session.take(recalled);
}

/// Says which Compose files the stack was brought up with, if they are others.
fn tell_files(session: &Session, identity: &Identity, container: &Container) {
    let of_label = named(container, labels::CONFIG_FILES);
    let then: Vec<String> = of_label.map(|file| shown(session, identity, Path::new(file))).collect();
    let now: Vec<String> = identity
        .files
        .iter()
        .map(|file| shown(session, identity, file))
        .collect();
    if !then.is_empty() && then != now {
        session.warn(&format!(
            "the stack was brought up with {}, but this command uses {}",
            then.join(", "),
            now.join(", ")
        ));
    }
}

/// The env files that `container` was made with, as far as they lie in the project; of each it is said whether it is read.
fn env_files(session: &Session, identity: &Identity, container: &Container) -> Vec<(PathBuf, String)> {
    let mut read = Vec::new();
    for file in named(container, labels::ENVIRONMENT_FILE) {
        let name = shown(session, identity, Path::new(file));
        match text_of(&identity.working_dir, Path::new(file)) {
            Ok((path, text)) => {
                session.say(&format!(
                    "note: using {name}, the env file that the stack was brought up with (override it with `--env-file`)"
                ));
                read.push((path, text));
            }
            Err(why) => session.warn(&format!(
                "the stack was brought up with the env file {name}, which can't be used: {why} (set one with `--env-file`)"
            )),
        }
    }
    read
}

/// A file below `folder`: its path as in the project, and its text. Else why it is not read.
fn text_of(folder: &Path, file: &Path) -> Result<(PathBuf, String), String> {
    let inside = inside(folder, file).ok_or("it is outside the project")?;
    let root = Root::open(folder).map_err(|refused| refused.to_string())?;
    let text = root.text(&inside, LARGEST_ENV).map_err(|refused| match refused {
        Refused::Missing => "it doesn't exist".to_owned(),
        refused => root.why(&inside, &refused),
    })?;
    Ok((folder.join(inside), text))
}

/// `file` from `folder`, which may be named by a link.
fn inside(folder: &Path, file: &Path) -> Option<PathBuf> {
    let file = compose::normal(&folder.join(file));
    let below = |folder: &Path| file.strip_prefix(folder).ok().map(Path::to_owned);
    below(folder).or_else(|| below(&files::real(folder).ok()?))
}

/// The files that a label of `container` names.
fn named<'c>(container: &'c Container, label: &str) -> impl Iterator<Item = &'c str> {
    let names = container
        .labels
        .get(label)
        .into_iter()
        .flat_map(|names| names.split(','));
    names.filter(|name| !name.is_empty()).take(MOST_FILES)
}

/// A file as it is reported: from the project's folder, if it lies there.
fn shown(session: &Session, identity: &Identity, file: &Path) -> String {
    let inside = inside(&identity.working_dir, file);
    let name = inside.as_deref().unwrap_or(file).to_string_lossy();
    session.out.shown_line(name.as_ref()).cut(WIDEST_NAME).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(folder: &Path, file: &str) -> String {
        text_of(folder, Path::new(file)).unwrap_err()
    }

    #[test]
    fn only_files_of_the_project_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let project = folder.path().join("project");
        let write = |name: &str, text: &str| std::fs::write(project.join(name), text).unwrap();
        std::fs::create_dir(&project).unwrap();
        write("prod.env", "A=b\n");
        std::fs::write(folder.path().join("secret.env"), "A=secret\n").unwrap();
        let link = |to: &str, name: &str| std::os::unix::fs::symlink(to, project.join(name)).unwrap();
        link("../secret.env", "out.env");
        link("prod.env", "in.env");
        std::os::unix::fs::symlink(&project, folder.path().join("linked")).unwrap();
        let pipe = project.join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR).unwrap();
        let huge = std::fs::File::create(project.join("huge.env")).unwrap();
        huge.set_len(1 << 30).unwrap();
        std::fs::write(project.join("bytes.env"), b"A=\xff\n").unwrap();

        let absolute = project.join("prod.env");
        for (dir, name) in [
            (project.clone(), "prod.env"),
            (project.clone(), "in.env"),
            (project.clone(), absolute.to_str().unwrap()),
            (folder.path().join("linked"), absolute.to_str().unwrap()),
        ] {
            let (path, text) = text_of(&dir, Path::new(name)).unwrap();
            assert!(text == "A=b\n" && path.starts_with(&dir), "{name}: {}", path.display());
        }
        for name in ["../secret.env", "/etc/passwd", "a/../../secret.env", "/"] {
            assert!(refused(&project, name).contains("outside"), "{name}");
        }
        assert!(refused(&project, "out.env").contains("leads out"));
        assert!(refused(&project, "none.env").contains("doesn't exist"));
        assert!(refused(&project, "pipe").contains("pipe"));
        assert!(refused(&project, "huge.env").contains("larger than 4 MB"));
        assert!(refused(&project, "bytes.env").contains("UTF-8"));
        assert!(refused(&project, ".").contains("folder"));
    }
}
