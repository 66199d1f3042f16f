//! Sources of bind mounts: the engine would refuse a missing one, or make a folder in its place.

use std::path::Path;

use crate::check::collector::is_socket;
use crate::check::engine_state::EngineState;
use crate::check::project::Project;
use crate::check::{Finding, checklist};
use crate::codes;
use crate::compose::FileSource;
use crate::files;
use crate::shell::ShellCommand;

/// Sources that are not there. Those of an engine elsewhere are not ours to look for.
pub(in crate::check) fn missing(project: &Project, there: &EngineState) -> Vec<Finding> {
    let (Some(stack), Some(_)) = (project.stack(), &there.socket) else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    for service in project.services() {
        for (source, place) in stack.binds_of(service) {
            let path = Path::new(source);
            // An engine's socket and the lines of the checklist have checks of their own.
            let is_told = is_socket(source) || checklist::tells_of(project, path);
            if is_there(path) || is_told || project.is_to_be_rendered(path) {
                continue;
            }
            findings.push(
                Finding::new(
                    &codes::BIND_MISSING,
                    format!("{} mounts {source}, which doesn't exist", service.name),
                )
                .because("Compose would create an empty folder with that name and mount it instead")
                .fix(how_to_make(source).map_or_else(|| "create it".to_owned(), |make| format!("create it: `{make}`")))
                .at(place),
            );
        }
        let configs = service.configs.iter().map(|reference| (&stack.configs, reference));
        let secrets = service.secrets.iter().map(|reference| (&stack.secrets, reference));
        for (objects, reference) in configs.chain(secrets) {
            if let Some(FileSource::File(path)) = objects.get(&reference.source).map(|object| &object.source)
                && !is_there(path)
            {
                findings.push(
                    Finding::new(
                        &codes::BIND_MISSING,
                        format!(
                            "{} uses {}, whose file {} doesn't exist",
                            service.name,
                            reference.source,
                            path.display()
                        ),
                    )
                    .fix("create the file, or remove the entry"),
                );
            }
        }
    }
    findings
}

/// What can't be looked at for want of rights is not said to be missing.
fn is_there(path: &Path) -> bool {
    !matches!(files::kind(path), Ok(None))
}

fn how_to_make(source: &str) -> Option<ShellCommand> {
    let path = Path::new(source);
    match (path.extension(), path.parent()) {
        (Some(_), Some(parent)) if !is_there(parent) => {
            ShellCommand::of("mkdir -p").path(parent)?.syntax("&& touch").path(path)
        }
        (Some(_), _) => ShellCommand::of("touch").path(path),
        (None, _) => ShellCommand::of("mkdir -p").path(path),
    }
}

#[cfg(test)]
mod tests {
    use super::how_to_make;

    #[test]
    fn a_source_is_one_word() {
        for (source, made) in [
            ("/srv/a b", Some("mkdir -p '/srv/a b'")),
            (
                "/nowhere/`id`/x.txt",
                Some("mkdir -p '/nowhere/`id`' && touch '/nowhere/`id`/x.txt'"),
            ),
            ("/$(reboot).yml", Some("touch '/$(reboot).yml'")),
            ("-rf", Some("mkdir -p ./-rf")),
            ("/srv/../../etc", None),
            ("/srv/a\nb", None),
        ] {
            let command = how_to_make(source).map(|command| command.to_string());
            assert_eq!(command.as_deref(), made, "{source:?}");
        }
    }
}
