//! `stats`: what the running containers use.

use clap::Args;

use crate::cli::Ended;
use crate::cli::session::Session;
use crate::engine::Usage;
use crate::failure::{Exit, Failure};
use crate::ids::ServiceName;
use crate::report::table;

use super::images::{Form, size};
use super::project_containers::ProjectContainers;

/// `stats`.
#[derive(Debug, Clone, Args)]
pub struct StatsArgs {
    /// Services; all by default
    #[arg(value_name = "SERVICE")]
    services: Vec<ServiceName>,
    /// Print the stats once and exit
    #[arg(long)]
    no_stream: bool,
    /// As a table or as JSON
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Form,
}

pub(crate) async fn run(session: &Session, args: &StatsArgs) -> Ended {
    let mut project = ProjectContainers::of(session, &args.services).await?;
    loop {
        let shown = tokio::select! {
            shown = show(session, args, &project) => shown?,
            () = crate::cli::plan_run::interrupted() => return Ok(Some(Exit::Interrupted)),
        };
        // Without a container there is nothing to wait for.
        if args.no_stream || !shown || project.running(&args.services).is_empty() {
            return Ok(None);
        }
        project.look().await?;
    }
}

/// A sample takes the engine a second or two. False when nobody reads any more.
async fn show(session: &Session, args: &StatsArgs, project: &ProjectContainers) -> Result<bool, Failure> {
    let running = project.running(&args.services);
    let samples = running.iter().map(|container| project.engine.usage(&container.id));
    let samples = futures_util::future::join_all(samples).await;
    let mut rows = Vec::new();
    for (container, usage) in running.iter().zip(samples) {
        match usage {
            Ok(usage) => rows.push((container.name.clone(), usage)),
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error.into()),
        }
    }
    if session.json() || args.format == Form::Json {
        return Ok(rows
            .iter()
            .all(|(name, usage)| session.out.answer(&as_json(name, usage))));
    }
    let cells: Vec<Vec<String>> = rows.iter().map(|(name, usage)| cells(name, usage)).collect();
    if !args.no_stream {
        let cleared = session.out.clear_screen();
        cleared.map_err(|error| Failure::failed("the terminal can't be cleared").because(error.to_string()))?;
    }
    let header = [
        "NAME",
        "CPU %",
        "MEM USAGE / LIMIT",
        "MEM %",
        "NET I/O",
        "BLOCK I/O",
        "PIDS",
    ];
    Ok(session.out.lines(table(&session.out, &header, cells)))
}

fn cells(name: &str, usage: &Usage) -> Vec<String> {
    let bytes = |value: u64| size(i64::try_from(value).unwrap_or(i64::MAX));
    vec![
        name.to_owned(),
        format!("{:.2}%", usage.cpu_percent),
        format!("{} / {}", bytes(usage.memory), bytes(usage.memory_limit)),
        format!("{:.2}%", usage.memory_percent()),
        format!("{} / {}", bytes(usage.received), bytes(usage.sent)),
        format!("{} / {}", bytes(usage.read), bytes(usage.written)),
        usage.pids.to_string(),
    ]
}

fn as_json(name: &str, usage: &Usage) -> serde_json::Value {
    serde_json::json!({
        "container": name,
        "cpu_percent": usage.cpu_percent,
        "memory": usage.memory,
        "memory_limit": usage.memory_limit,
        "received": usage.received,
        "sent": usage.sent,
        "read": usage.read,
        "written": usage.written,
        "pids": usage.pids,
    })
}
