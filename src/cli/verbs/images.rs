//! `images`: what the containers were made from.

use std::collections::BTreeMap;

use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::cli::Ended;
use crate::cli::session::Session;
use crate::ids::ServiceName;
use crate::report::table;

use super::project_containers::ProjectContainers;

/// `images`.
#[derive(Debug, Clone, Args)]
pub struct ImagesArgs {
    /// Services; all by default
    #[arg(value_name = "SERVICE")]
    services: Vec<ServiceName>,
    /// As a table or as JSON (with -q only the images' ids)
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Form,
}

/// `--format` of commands that print a table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// Columns.
    #[default]
    Table,
    /// JSON.
    Json,
}

/// As Compose names the fields.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    #[serde(rename = "ID")]
    id: String,
    container_name: String,
    repository: String,
    tag: String,
    platform: String,
    size: i64,
    created: Option<String>,
    last_tag_time: Option<String>,
}

impl Row {
    /// As magicctl names them everywhere.
    fn ours(&self) -> serde_json::Value {
        serde_json::json!({
            "container": self.container_name,
            "id": self.id,
            "repository": self.repository,
            "tag": self.tag,
            "platform": self.platform,
            "size": self.size,
            "created": self.created,
        })
    }
}

pub(crate) async fn run(session: &Session, args: &ImagesArgs) -> Ended {
    let project = ProjectContainers::of(session, &args.services).await?;
    let mut known = BTreeMap::new();
    let mut rows = Vec::new();
    for container in project.chosen(&args.services) {
        if !known.contains_key(&container.image_id) {
            let image = project.engine.image(&container.image_id).await?;
            known.insert(container.image_id.clone(), image);
        }
        let image = &known[&container.image_id];
        let (repository, tag) = split(&container.image);
        rows.push(Row {
            id: container.image_id.clone(),
            container_name: container.name.clone(),
            repository: repository.to_owned(),
            tag: tag.to_owned(),
            platform: image.platform.clone(),
            size: image.size,
            created: image.created.clone(),
            last_tag_time: image.tagged.clone(),
        });
    }
    if session.json() {
        let images: Vec<_> = rows.iter().map(Row::ours).collect();
        session.out.answer(&serde_json::json!({ "images": images }));
        return Ok(None);
    }
    if args.format == Form::Json {
        session.out.json(&rows);
        return Ok(None);
    }
    if session.global.quiet {
        let mut ids: Vec<&str> = known.keys().map(|id| id.trim_start_matches("sha256:")).collect();
        ids.dedup();
        session.out.lines(ids);
        return Ok(None);
    }
    let cells: Vec<Vec<String>> = rows
        .into_iter()
        .map(|row| {
            let id = row.id.trim_start_matches("sha256:");
            vec![
                row.container_name,
                row.repository,
                row.tag,
                row.platform,
                id.get(..12).unwrap_or(id).to_owned(),
                size(row.size),
                row.created.unwrap_or_default(),
            ]
        })
        .collect();
    let header = [
        "CONTAINER",
        "REPOSITORY",
        "TAG",
        "PLATFORM",
        "IMAGE ID",
        "SIZE",
        "CREATED",
    ];
    session.out.lines(table(&session.out, &header, cells));
    Ok(None)
}

/// `registry:5000/redis:7` → (`registry:5000/redis`, `7`).
fn split(image: &str) -> (&str, &str) {
    match image.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') && !repository.ends_with("@sha256") && repository != "sha256" => {
            (repository, tag)
        }
        _ => (image, "latest"),
    }
}

/// Bytes for people, in powers of a thousand as the Docker client writes images.
pub(in crate::cli) fn size(bytes: i64) -> String {
    let mut value = bytes.max(0);
    let mut tenths = 0;
    for unit in ["B", "kB", "MB", "GB"] {
        if value < 1000 {
            let text = if unit == "B" || value >= 100 {
                value.to_string()
            } else {
                format!("{value}.{tenths}")
            };
            return format!("{text}{unit}");
        }
        tenths = value % 1000 / 100;
        value /= 1000;
    }
    format!("{value}.{tenths}TB")
}

#[cfg(test)]
mod tests {
    use super::{size, split};

    #[test]
    fn splits_a_reference_and_writes_a_size() {
        assert_eq!(split("r:5000/a/b:1"), ("r:5000/a/b", "1"));
        assert_eq!(split("r:5000/a/b"), ("r:5000/a/b", "latest"));
        assert_eq!(split("redis"), ("redis", "latest"));
        for (bytes, text) in [
            (0, "0B"),
            (999, "999B"),
            (1500, "1.5kB"),
            (170_123_456, "170MB"),
            (2_040_000_000, "2.0GB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }
}
