//! `top`: the processes of the running containers.

use std::collections::BTreeMap;

use clap::Args;
use serde_json::json;

use crate::cli::Ended;
use crate::cli::session::Session;
use crate::failure::Failure;
use crate::ids::ServiceName;
use crate::observed::Container;
use crate::report::table;

use super::project_containers::ProjectContainers;

/// `ps` has ten columns or so.
const MOST_COLUMNS: usize = 64;
/// All cells of all rows: a container has hundreds of processes at most.
const MOST_CELLS: usize = 500_000;

/// `top`.
#[derive(Debug, Clone, Args)]
pub struct TopArgs {
    /// Services; all by default
    #[arg(value_name = "SERVICE")]
    services: Vec<ServiceName>,
}

pub(crate) async fn run(session: &Session, args: &TopArgs) -> Ended {
    let project = ProjectContainers::of(session, &args.services).await?;
    // The columns are those of the engine's `ps`.
    let mut titles: Vec<String> = Vec::new();
    let mut rows: Vec<(&Container, Vec<String>)> = Vec::new();
    let mut cells = 0;
    for container in project.running(&args.services) {
        let top = project.engine.top(&container.id).await?;
        if top.titles.len() > MOST_COLUMNS {
            return Err(too_many(top.titles.len(), rows.len()));
        }
        for process in top.processes {
            let mut row = Vec::new();
            for (title, cell) in top.titles.iter().zip(process) {
                let column = titles.iter().position(|known| known == title).unwrap_or_else(|| {
                    titles.push(title.clone());
                    titles.len() - 1
                });
                row.resize(row.len().max(column + 1), "-".to_owned());
                row[column] = cell;
            }
            cells += row.len();
            if titles.len() > MOST_COLUMNS || cells > MOST_CELLS {
                return Err(too_many(titles.len(), rows.len()));
            }
            rows.push((container, row));
        }
    }
    if session.json() {
        let object = |(container, row): &(&Container, Vec<String>)| {
            let fields: BTreeMap<&String, &String> = titles.iter().zip(row).collect();
            json!({
                "service": container.service(), "container": container.name, "number": container.number(), "fields": fields,
            })
        };
        let processes: Vec<_> = rows.iter().map(object).collect();
        session
            .out
            .answer(&json!({ "project": project.name, "processes": processes }));
        return Ok(None);
    }
    let header: Vec<&str> = ["SERVICE", "#"]
        .into_iter()
        .chain(titles.iter().map(String::as_str))
        .collect();
    let whole = |(container, row): (&Container, Vec<String>)| -> Vec<String> {
        let service = container.service().map_or("", ServiceName::as_str).to_owned();
        [service, container.number().to_string()]
            .into_iter()
            .chain(row)
            .collect()
    };
    if !rows.is_empty() {
        let rows = rows.into_iter().map(whole).collect();
        session.out.lines(table(&session.out, &header, rows));
    }
    Ok(None)
}

fn too_many(columns: usize, processes: usize) -> Failure {
    Failure::failed("there are more processes than can be shown")
        .because(format!("{columns} columns, after {processes} processes"))
        .hint("name the services that you want to see")
}
