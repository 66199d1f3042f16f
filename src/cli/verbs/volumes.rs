//! `volumes`: those of the project.

use clap::Args;
use serde_json::json;

use crate::cli::Ended;
use crate::cli::session::Session;
use crate::labels;
use crate::report::table;

use super::images::Form;

/// `volumes`.
#[derive(Debug, Clone, Args)]
pub struct VolumesArgs {
    /// Services whose volumes are meant; all by default
    #[arg(value_name = "SERVICE")]
    services: Vec<String>,
    /// As a table or as JSON (with -q only the names)
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Form,
}

pub(crate) async fn run(session: &Session, args: &VolumesArgs) -> Ended {
    let (project, stack) = session.project_with(&args.services)?;
    if let Some(stack) = &stack {
        stack.select(&args.services, false)?;
    }
    let engine = session.engine().await?;
    let observed = engine.observe().await.map_err(|error| error.failure())?;
    let users = |name: &str| -> Vec<&str> {
        let mut users: Vec<&str> = observed
            .of_project(&project)
            .filter(|container| container.volumes.iter().any(|volume| volume == name))
            .filter_map(|container| container.service())
            .collect();
        users.sort_unstable();
        users.dedup();
        users
    };
    let mut rows: Vec<(&str, &str, Vec<&str>)> = observed
        .volumes
        .iter()
        .filter(|volume| volume.labels.get(labels::PROJECT) == Some(&project))
        .map(|volume| (volume, users(&volume.name)))
        .filter(|(_, users)| {
            args.services.is_empty() || users.iter().any(|user| args.services.iter().any(|name| name == user))
        })
        .map(|(volume, users)| (volume.driver.as_str(), volume.name.as_str(), users))
        .collect();
    rows.sort_by(|a, b| a.1.cmp(b.1));
    let rows = rows.into_iter();
    if session.json() {
        let object = |(driver, name, services)| json!({ "name": name, "driver": driver, "services": services });
        let volumes: Vec<_> = rows.map(object).collect();
        session.out.answer(&json!({ "project": project, "volumes": volumes }));
    } else if args.format == Form::Json {
        let object = |(driver, name, users): (_, _, Vec<&str>)| json!({ "Driver": driver, "Name": name, "Services": users.join(", ") });
        session.out.json(&rows.map(object).collect::<Vec<_>>());
    } else if session.global.quiet {
        session.out.lines(rows.map(|(_, name, _)| name));
    } else {
        let rows = rows.map(|(driver, name, users)| vec![driver.to_owned(), name.to_owned(), users.join(", ")]);
        let rows: Vec<Vec<String>> = rows.collect();
        let header = ["DRIVER", "VOLUME NAME", "SERVICES"];
        session.out.lines(table(&session.out, &header, rows));
    }
    Ok(None)
}
