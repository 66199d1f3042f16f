//! Sources of bind mounts: the engine would refuse a missing one, or make a folder in its place.

use std::path::Path;

use crate::compose::{FileSource, Service, Stack};
use crate::failure::Failure;

/// The first source of `service` that is not there.
pub(super) fn missing(stack: &Stack, service: &Service) -> Option<Failure> {
    for (source, place) in stack.binds_of(service) {
        // An engine's socket has a check of its own.
        if Path::new(source).exists() || super::collector::is_socket(source) {
            continue;
        }
        let failure = Failure::failed(format!("{} mounts {source}, which is not there", service.name))
            .because("Compose would make an empty folder of that name, and the service would find that instead")
            .hint(format!("make it: `{}`", how_to_make(source)));
        return Some(match place {
            Some(place) => failure.at(place),
            None => failure,
        });
    }
    let configs = service.configs.iter().map(|reference| (&stack.configs, reference));
    let secrets = service.secrets.iter().map(|reference| (&stack.secrets, reference));
    configs.chain(secrets).find_map(|(objects, reference)| {
        let FileSource::File(path) = &objects.get(&reference.source)?.source else {
            return None;
        };
        (!path.exists()).then(|| {
            Failure::failed(format!(
                "{} uses {}, whose file {} is not there",
                service.name,
                reference.source,
                path.display()
            ))
            .hint("make the file, or take the entry out")
        })
    })
}

fn how_to_make(source: &str) -> String {
    let path = Path::new(source);
    match (path.extension(), path.parent()) {
        (Some(_), Some(parent)) if !parent.exists() => format!("mkdir -p {} && touch {source}", parent.display()),
        (Some(_), _) => format!("touch {source}"),
        (None, _) => format!("mkdir -p {source}"),
    }
}
