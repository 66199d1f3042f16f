//! Writes the sample project into a folder.

use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::files::{self, Refused};
use crate::rendered::State;
use crate::sample;
use crate::settings;

use super::{OWN, RENDERED, unwritten};

/// What became of the sample project's files, each from the project's folder.
#[derive(Debug, Default)]
pub struct Initialized {
    /// Written.
    pub written: Vec<PathBuf>,
    /// Something lay in their place, and still does.
    pub kept: Vec<PathBuf>,
    /// A folder on the way to them is a link that leads out of the project: not written, and why.
    pub left: Vec<(PathBuf, String)>,
}

/// Writes the sample project into `folder`, the rendered files included.
///
/// # Errors
/// When a Compose file of another name lies there: of two of them one would not be read.
pub fn init(folder: &Path) -> Result<Initialized, Failure> {
    refuse_second_compose_file(folder)?;
    files::make_folder(folder).map_err(|refused| {
        Failure::failed(format!("{} can't be created", folder.display())).because(refused.to_string())
    })?;
    let settings = settings::load(folder, &std::collections::BTreeMap::new(), &[])?;
    let root = settings::folder(folder)?;
    let rendered = super::files(&settings)?;
    let sample = sample::FILES.iter().map(|(path, text)| (Path::new(*path), *text));
    let all = sample.chain(rendered.iter().map(|file| (file.path, file.text.as_str())));
    let mut done = Initialized::default();
    for (path, text) in all {
        // Asked first, so that a folder that is not writable is not a fault where nothing is to be written.
        if State::of(&root, path, text) != State::Missing && root.link_on(path).is_none() {
            done.kept.push(path.to_owned());
            continue;
        }
        match root.create(path, text.as_bytes()) {
            Ok(true) => done.written.push(path.to_owned()),
            Ok(false) => done.kept.push(path.to_owned()),
            Err(Refused::Outside) => done.left.push((path.to_owned(), root.why(path, &Refused::Outside))),
            Err(refused) => return Err(unwritten(&root, path, &refused)),
        }
    }
    Ok(done)
}

/// Compose reads one file of a folder. Beside one of the user's own the rendered one would be ignored, or would take its place.
fn refuse_second_compose_file(folder: &Path) -> Result<(), Failure> {
    let lies_there = |name: &str| !matches!(files::kind(&folder.join(name)), Ok(None));
    let Some(own) = OWN
        .iter()
        .find(|name| lies_there(name))
        .filter(|_| !lies_there(RENDERED))
    else {
        return Ok(());
    };
    let why = if *own == "docker-compose.yaml" {
        format!("init would write {RENDERED}, which would replace {own}")
    } else {
        format!("init would write {RENDERED}, which would be ignored because of {own}")
    };
    Err(
        Failure::failed(format!("{} already has a Compose file: {own}", folder.display()))
            .because(why)
            .hint(format!(
                "use another folder (`magicctl init FOLDER`), or move {own} away"
            )),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_project_is_complete_and_nothing_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("run.py"), "mine").unwrap();
        let Initialized { written, kept, left } = init(folder.path()).unwrap();
        assert_eq!(kept, [PathBuf::from("run.py")]);
        assert!(left.is_empty(), "{left:?}");
        let settings = settings::load(folder.path(), &std::collections::BTreeMap::new(), &[]).unwrap();
        let rendered = crate::render::files(&settings).unwrap().len();
        assert_eq!(written.len(), sample::FILES.len() - 1 + rendered);
        assert_eq!(std::fs::read_to_string(folder.path().join("run.py")).unwrap(), "mine");
        assert!(init(folder.path()).unwrap().written.is_empty());
    }

    #[test]
    fn a_compose_file_of_another_name_is_never_given_a_second() {
        for name in OWN {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join(name), "services: {}\n").unwrap();
            let failure = init(folder.path()).unwrap_err();
            assert!(
                failure.what.ends_with(name) && failure.why[0].contains(RENDERED),
                "{failure}"
            );
            let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
            assert_eq!(left.len(), 1, "{left:?}");
            // Who has both knows which one is read.
            std::fs::write(folder.path().join(RENDERED), "services: {}\n").unwrap();
            assert!(init(folder.path()).unwrap().kept.contains(&PathBuf::from(RENDERED)));
        }
    }
}
