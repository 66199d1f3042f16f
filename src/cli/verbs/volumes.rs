//! `volumes`: those of the project.

use clap::Args;

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
    let mut rows: Vec<Vec<String>> = observed
        .volumes
        .iter()
        .filter(|volume| volume.labels.get(labels::PROJECT) == Some(&project))
        .map(|volume| (volume, users(&volume.name)))
        .filter(|(_, users)| {
            args.services.is_empty() || users.iter().any(|user| args.services.iter().any(|name| name == user))
        })
        .map(|(volume, users)| vec![volume.driver.clone(), volume.name.clone(), users.join(", ")])
        .collect();
    rows.sort_by(|a, b| a[1].cmp(&b[1]));
    if session.json() || args.format == Form::Json {
        let object = |row: &Vec<String>| serde_json::json!({ "Driver": row[0], "Name": row[1], "Services": row[2] });
        let rows: Vec<serde_json::Value> = rows.iter().map(object).collect();
        session.out.json(&rows);
    } else if session.global.quiet {
        session.out.lines(rows.iter().map(|row| &row[1]));
    } else {
        let header = ["DRIVER", "VOLUME NAME", "SERVICES"];
        session.out.lines(table(&session.out, &header, rows));
    }
    Ok(None)
}
