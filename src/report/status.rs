//! The table of `status`.

use console::Style;
use serde::Serialize;

use crate::observed::{Container, Health, State};
use crate::terminal::Line;

use super::{Out, table};

/// One container, as `status` shows it.
#[derive(Debug, Clone, Serialize)]
pub struct StatusRow {
    /// The service.
    pub service: String,
    /// The container's name.
    pub container: String,
    /// State.
    #[serde(flatten)]
    pub state: State,
    /// Whether it can be used now.
    pub ready: bool,
    /// The engine's words, with the up time.
    pub status: String,
    /// `127.0.0.1:8001->8001/tcp`.
    pub ports: Vec<String>,
    /// Image as named at create.
    pub image: String,
}

impl StatusRow {
    /// What the list call says of `container`.
    pub fn of(container: &Container) -> Self {
        let health = match container.state {
            State::Running { health } => Some(health),
            _ => None,
        };
        let mut ports: Vec<String> = container
            .ports
            .iter()
            .filter_map(|port| {
                let public = port.public?;
                let ip = port.ip.as_deref().unwrap_or("0.0.0.0");
                Some(format!("{ip}:{public}->{}/{}", port.private, port.protocol))
            })
            .collect();
        ports.sort();
        Self {
            service: container.service().unwrap_or("-").to_owned(),
            container: container.name.clone(),
            state: container.state,
            ready: matches!(health, Some(Health::Healthy | Health::None)),
            status: container.status.clone(),
            ports,
            image: container.image.clone(),
        }
    }
}

/// The rows as a table: service, state, since when, ports, image.
pub fn status_table(out: &Out, rows: &[StatusRow]) -> Vec<Line> {
    let cells: Vec<Vec<Line>> = rows
        .iter()
        .map(|row| {
            let style = if row.ready {
                Style::new().green()
            } else if matches!(row.state, State::Exited { code: 0 }) {
                Style::new().dim()
            } else {
                Style::new().yellow()
            };
            vec![
                Line::from(&row.service),
                Line::new().styled(style, word(row)),
                Line::from(uptime(&row.status)),
                Line::from(row.ports.join(", ")),
                Line::from(&row.image),
            ]
        })
        .collect();
    table(out, &["SERVICE", "STATE", "SINCE", "PORTS", "IMAGE"], cells)
}

fn word(row: &StatusRow) -> String {
    match row.state {
        State::Running { .. } if row.ready => "ready".to_owned(),
        State::Running {
            health: Health::Unhealthy,
        } => "unhealthy".to_owned(),
        State::Running { .. } => "starting".to_owned(),
        State::Created => "not started".to_owned(),
        State::Paused => "paused".to_owned(),
        State::Restarting => "restarting".to_owned(),
        State::Exited { code } => format!("exited ({code})"),
        State::Removing | State::Dead => "going away".to_owned(),
    }
}

/// `Up 5 minutes (healthy)` → `5 minutes`; `Exited (1) 3 seconds ago` → `3 seconds ago`.
fn uptime(status: &str) -> &str {
    let rest = status.strip_prefix("Up ").unwrap_or(status);
    let rest = match rest.strip_prefix("Exited (").and_then(|rest| rest.split_once(") ")) {
        Some((_, ago)) => ago,
        None => rest,
    };
    rest.split(" (").next().unwrap_or(rest)
}
