//! `config`: the Compose file as understood.

use crate::compose::{self, Printed, Project, Stack};
use crate::failure::Failure;
use crate::report::table;

use super::Ended;
use super::args::{ConfigArgs, Format};
use super::session::Session;

pub(crate) fn run(session: &Session, args: &ConfigArgs) -> Ended {
    let request = session.request(&[])?;
    let project = if args.no_interpolate {
        compose::template(&request)?
    } else {
        compose::project(&request)?
    };
    let stack = &project.stack;
    for warning in &stack.warnings {
        session.warn(warning);
    }
    if let Some(failure) = project.unusable() {
        session.warn(&format!("this can't be run: {failure}"));
    }
    for line in lines(session, args, &project)? {
        if !session.out.line(&line) {
            break;
        }
    }
    Ok(None)
}

fn lines(session: &Session, args: &ConfigArgs, project: &Project) -> Result<Vec<String>, Failure> {
    let stack = &project.stack;
    Ok(if args.services {
        stack.services.keys().cloned().collect()
    } else if args.images {
        stack
            .services
            .values()
            .map(|service| service.image_ref(&stack.name))
            .collect()
    } else if args.volumes {
        stack.volumes.keys().cloned().collect()
    } else if args.networks {
        stack.networks.keys().cloned().collect()
    } else if args.profiles {
        project.profiles().into_iter().map(ToOwned::to_owned).collect()
    } else if let Some(wanted) = &args.hash {
        hashes(stack, wanted)?
    } else if args.environment {
        project
            .environment()
            .map(|(name, value)| format!("{name}={}", shown(name, value)))
            .collect()
    } else if args.settings {
        settings(session, stack)?
    } else {
        let printed = match args.format {
            Format::Json => Printed::Json,
            Format::Yaml => Printed::Yaml,
        };
        let text = project.printed(printed)?;
        vec![text.strip_suffix('\n').map(ToOwned::to_owned).unwrap_or(text)]
    })
}

/// Compose's own hashes: of all services, or of those named, separated by commas.
fn hashes(stack: &Stack, wanted: &str) -> Result<Vec<String>, Failure> {
    let names: Vec<String> = match wanted {
        "*" => Vec::new(),
        names => names.split(',').map(ToOwned::to_owned).collect(),
    };
    let selected = stack.select(&names, false)?;
    let services = stack.services.iter().filter(|(name, _)| selected.contains(*name));
    Ok(services
        .map(|(name, service)| format!("{name} {}", service.config_hash))
        .collect())
}

/// magicctl's settings, then the variables of the Compose file: value, and where each came from.
fn settings(session: &Session, stack: &Stack) -> Result<Vec<String>, Failure> {
    let mut rows: Vec<Vec<String>> = session
        .settings()?
        .rows()
        .into_iter()
        .map(|row| vec![row.name, row.value, row.variable, row.origin])
        .collect();
    for variable in &stack.interpolation {
        rows.push(vec![
            variable.name.clone(),
            shown(&variable.name, variable.value.as_deref().unwrap_or_default()),
            variable.name.clone(),
            variable.origin.to_string(),
        ]);
    }
    Ok(table(&["SETTING", "VALUE", "VARIABLE", "FROM"], &rows))
}

/// Values of variables that are named like secrets are not shown.
fn shown(name: &str, value: &str) -> String {
    let secret = ["PASSWORD", "SECRET", "TOKEN", "_KEY"]
        .iter()
        .any(|word| name.contains(word));
    if secret && !value.is_empty() {
        "********".to_owned()
    } else {
        value.to_owned()
    }
}
