//! `ls`: the projects that have containers on the engine.

use std::collections::BTreeMap;

use clap::Args;
use serde_json::json;

use crate::cli::Ended;
use crate::cli::session::Session;
use crate::failure::Failure;
use crate::labels;
use crate::observed::Container;
use crate::report::table;

use super::images::Form;

/// `ls`.
#[derive(Debug, Clone, Args)]
pub struct LsArgs {
    /// Include projects without running containers
    #[arg(short, long)]
    all: bool,
    /// Only projects whose name matches a regular expression (name=RE)
    #[arg(long, value_name = "name=RE")]
    filter: Vec<String>,
    /// As a table or as JSON (with -q only the names)
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Form,
}

pub(crate) async fn run(session: &Session, args: &LsArgs) -> Ended {
    let filters = args
        .filter
        .iter()
        .map(|text| filter(text))
        .collect::<Result<Vec<_>, _>>()?;
    let engine = session.engine().await?;
    let observed = engine.observe().await?;
    let mut projects: BTreeMap<&str, Vec<&Container>> = BTreeMap::new();
    for container in observed.containers.iter().filter(|container| !container.is_one_off()) {
        if let Some(project) = container.project() {
            projects.entry(project).or_default().push(container);
        }
    }
    projects.retain(|name, containers| {
        (args.all || containers.iter().any(|container| container.is_running()))
            && (filters.is_empty() || filters.iter().any(|filter| filter.is_match(name)))
    });
    if session.json() {
        let object = |(name, containers): (&&str, &Vec<&Container>)| json!({ "name": name, "containers": counts(containers), "config_files": files(containers) });
        let projects: Vec<_> = projects.iter().map(object).collect();
        session.out.answer(&json!({ "projects": projects }));
        return Ok(None);
    }
    let rows: Vec<[String; 3]> = projects
        .iter()
        .map(|(name, containers)| [(*name).to_owned(), states(containers), files(containers).join(",")])
        .collect();
    if args.format == Form::Json {
        let rows: Vec<_> = rows
            .iter()
            .map(|[name, status, files]| json!({ "Name": name, "Status": status, "ConfigFiles": files }))
            .collect();
        session.out.json(&rows);
    } else if session.global.quiet {
        session.out.lines(rows.iter().map(|[name, ..]| name));
    } else {
        let rows: Vec<Vec<String>> = rows.into_iter().map(Into::into).collect();
        let header = ["NAME", "STATUS", "CONFIG FILES"];
        session.out.lines(table(&session.out, &header, rows));
    }
    Ok(None)
}

fn filter(text: &str) -> Result<regex::Regex, Failure> {
    let wrong = |why: String| {
        Failure::usage(format!("--filter {text}"))
            .because(why)
            .hint("use `name=^app`")
    };
    let expression = text
        .strip_prefix("name=")
        .ok_or_else(|| wrong("only name can be filtered".to_owned()))?;
    regex::Regex::new(expression).map_err(|error| wrong(error.to_string()))
}

/// How many containers are in which state.
fn counts(containers: &[&Container]) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for container in containers {
        *counts.entry(container.state.word()).or_default() += 1;
    }
    counts
}

/// `exited(1), running(2)`.
fn states(containers: &[&Container]) -> String {
    let counts = counts(containers);
    let parts: Vec<String> = counts.iter().map(|(word, count)| format!("{word}({count})")).collect();
    parts.join(", ")
}

fn files<'c>(containers: &[&'c Container]) -> Vec<&'c str> {
    let mut files: Vec<&str> = containers
        .iter()
        .filter_map(|container| container.labels.get(labels::CONFIG_FILES))
        .flat_map(|label| label.split(','))
        .collect();
    files.sort_unstable();
    files.dedup();
    files
}
