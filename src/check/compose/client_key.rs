//! Whether the gateway asks its clients for a key: `GATEWAY_API_KEY` in env/gateway.env or clients in env/gateway.yaml, as
//! `magic_proxy/clients.py` reads them.

use std::path::PathBuf;

use crate::check::project::Project;
use crate::check::text::Text;
use crate::compose::{Mount, MountKind, Service};
use crate::files::{self, Kind};

/// The name of the key.
const NAME: &str = "GATEWAY_API_KEY";
/// Where the gateway looks for the folder `env/`, in its container.
const FOLDER: &str = "/app/env";
const FILE: &str = "gateway.env";
/// Where it finds clients with names. Whatever is there, the gateway is not open: it starts with clients only.
const CLIENTS: &str = "gateway.yaml";

/// Whether `service`, the gateway, asks for no key. False when that is not sure.
pub(super) fn is_missing(project: &Project, service: &Service) -> bool {
    let (Some(path), Some(clients)) = (file(project, service, FILE), file(project, service, CLIENTS)) else {
        return false;
    };
    if files::kind(&clients).ok().flatten().is_some() {
        return false;
    }
    // The engine makes a folder in place of a file that is mounted and missing.
    if files::kind(&path).ok().flatten() == Some(Kind::Folder) {
        return true;
    }
    match Text::named(project, &path) {
        Ok(Some(text)) => !has_key(&text.content),
        Ok(None) => true,
        // What can't be read here may be readable there; that it can't is another check's.
        Err(_) => false,
    }
}

/// The file on this machine that the gateway finds in its container; nothing where only the image or a volume has it.
fn file(project: &Project, service: &Service, name: &str) -> Option<PathBuf> {
    if service.environment.contains_key("TOOL_KEYS") {
        return None;
    }
    let mounted = |target: &str| service.volumes.iter().find(|mount| mount.target == target);
    let source = |mount: &Mount| match mount.kind {
        MountKind::Bind => mount.source.as_ref().map(PathBuf::from),
        _ => None,
    };
    if let Some(mount) = mounted(&format!("{FOLDER}/{name}")) {
        return source(mount);
    }
    match mounted(FOLDER) {
        Some(mount) => Some(source(mount)?.join(name)),
        None => Some(project.root.join("env").join(name)),
    }
}

/// Whether `text` has a line with the key: `NAME=key`, or the key alone.
fn has_key(text: &str) -> bool {
    let mut lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
    lines.any(|line| {
        let bare = line.strip_prefix("export ").unwrap_or(line);
        let (name, value) = match bare.split_once('=') {
            Some((name, value)) if is_name(name) => (name, value),
            _ => ("", bare),
        };
        let is_empty = value.trim_matches(['=', '"', '\'', ' ', '\t']).is_empty();
        !line.starts_with('#') && matches!(name, "" | NAME) && !is_empty
    })
}

fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    let begins = chars.next().is_some_and(|c| c.is_ascii_uppercase() || c == '_');
    begins && chars.all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::has_key;

    #[test]
    fn a_line_without_a_value_is_no_key() {
        for (text, has) in [
            ("GATEWAY_API_KEY=secret\n", true),
            ("# mine\nexport GATEWAY_API_KEY=\"secret\"\r\n", true),
            ("\u{feff}GATEWAY_API_KEY='secret'", true),
            ("TAVILY_API_KEY=x\nGATEWAY_API_KEY=secret==\n", true),
            // The key alone; one that ends as base64 does.
            ("secret\n", true),
            ("c2VjcmV0Cg==\n", true),
            // The whole line is the key then.
            ("GATEWAY_API_KEY = secret\n", true),
            ("", false),
            ("# GATEWAY_API_KEY=secret\n\n", false),
            ("GATEWAY_API_KEY=\n", false),
            ("GATEWAY_API_KEY=\"\"\n", false),
            ("export GATEWAY_API_KEY=' '\n", false),
            ("TAVILY_API_KEY=x\n", false),
        ] {
            assert_eq!(has_key(text), has, "{text:?}");
        }
    }
}
