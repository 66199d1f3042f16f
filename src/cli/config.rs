//! `config`: the Compose file as understood.

use crate::compose;
use crate::failure::Failure;
use crate::plan;
use crate::report::table;

use super::Ended;
use super::args::{ConfigArgs, Format};
use super::session::Session;

pub(crate) fn run(session: &Session, args: &ConfigArgs) -> Ended {
    let stack = session.stack(&[])?;
    for warning in &stack.warnings {
        session.warn(warning);
    }
    let mut lines: Vec<String> = Vec::new();
    if args.services {
        lines.extend(stack.services.keys().cloned());
    } else if args.images {
        lines.extend(stack.services.values().map(|service| service.image_ref(&stack.name)));
    } else if args.volumes {
        lines.extend(stack.volumes.keys().cloned());
    } else if args.hash {
        for (name, service) in &stack.services {
            let spec = plan::spec(&stack, service, &plan::Contents::new());
            let hash = plan::config_hash(&spec, &service.image_ref(&stack.name));
            lines.push(format!("{name} {hash}"));
        }
    } else if args.settings {
        lines = settings(session, &stack)?;
    } else {
        let value = serde_json::to_value(&stack)
            .map_err(|error| Failure::failed("the file can't be printed").because(error.to_string()))?;
        let text = match args.format {
            Format::Json => serde_json::to_string_pretty(&value).unwrap_or_default(),
            Format::Yaml => compose::to_yaml(&value).trim_end().to_owned(),
        };
        lines.push(text);
    }
    for line in lines {
        if !session.out.line(&line) {
            break;
        }
    }
    Ok(None)
}

/// magicctl's settings, then the variables of the Compose file: value, and where each came from.
fn settings(session: &Session, stack: &compose::Stack) -> Result<Vec<String>, Failure> {
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
