//! The table of `status`.

use serde::Serialize;

use crate::ids::ServiceName;
use crate::observed::{Container, State};
use crate::terminal::Line;
use crate::verdict::Verdict;

use super::state::state_word;
use super::{Out, table};

/// One container, as `status` shows it.
#[derive(Debug, Clone, Serialize)]
pub struct StatusRow {
    /// The service.
    pub service: ServiceName,
    /// The container's name.
    pub container: String,
    /// How it is, with its exit code or what its healthcheck says.
    #[serde(flatten)]
    pub state: State,
    /// What became of it: `ready`, `running`, `completed`, `starting`, `paused`, `stopped`, `failed`.
    pub verdict: Verdict,
    /// Whether it has been proven ready: its healthcheck or page says so.
    pub ready: bool,
    /// The engine's words, with the up time.
    pub status: String,
    /// `127.0.0.1:8001->8001/tcp`.
    pub ports: Vec<String>,
    /// Image as named at create.
    pub image: String,
}

impl StatusRow {
    /// What the list call says of `container`, of which that became.
    pub fn of(container: &Container, verdict: Verdict) -> Self {
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
            service: container.service().cloned().unwrap_or_else(|| ServiceName::new("-")),
            container: container.name.clone(),
            state: container.state,
            verdict,
            ready: verdict == Verdict::Ready,
            status: container.status.clone(),
            ports,
            image: container.image.clone(),
        }
    }
}

/// What a container uses, for `--watch`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Load {
    /// `1.25%`.
    pub processor: String,
    /// `12.5MB`.
    pub memory: String,
    /// How often the engine has started it again.
    pub restarts: String,
}

/// An image's name in fewer columns says nothing.
const LEAST_OF_AN_IMAGE: usize = 12;

/// The rows as a table: service, state, since when, ports, image; of a service with several containers their names. With
/// `load`, one for each row, what they use stands in place of the image. In a terminal of `columns` each further port has a line
/// of its own, and the image what room is left: nothing wraps.
pub fn status_table(out: &Out, rows: &[StatusRow], load: &[Load], columns: Option<usize>) -> Vec<Line> {
    let is_replica = |row: &StatusRow| rows.iter().filter(|other| other.service == row.service).count() > 1;
    let mut header = vec!["SERVICE", "STATE", "SINCE"];
    if load.is_empty() {
        header.extend(["PORTS", "IMAGE"]);
    } else {
        header.extend(["CPU", "MEMORY", "RESTARTS", "PORTS"]);
    }
    let mut cells: Vec<Vec<Line>> = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let (container, service) = (row.container.as_str(), row.service.as_str());
        let name = if is_replica(row) { container } else { service };
        let mut line = vec![
            Line::from(name),
            state_word(Some(row.state), row.verdict),
            Line::from(uptime(&row.status)),
        ];
        if let Some(load) = load.get(index) {
            line.extend([&load.processor, &load.memory, &load.restarts].map(Line::from));
        }
        let ports = match columns {
            Some(_) => row.ports.clone(),
            None => vec![row.ports.join(", ")],
        };
        let at = line.len();
        line.push(Line::from(ports.first().map_or("", String::as_str)));
        if load.is_empty() {
            line.push(Line::from(&row.image));
        }
        let width = line.len();
        cells.push(line);
        for port in ports.iter().skip(1) {
            let mut line = vec![Line::new(); width];
            line[at] = Line::from(port);
            cells.push(line);
        }
    }
    match columns {
        Some(columns) if load.is_empty() => fit_images(&mut cells, &mut header, columns),
        // What is used says more than since when.
        Some(columns)
            if (0..header.len())
                .map(|column| width(&cells, &header, column))
                .sum::<usize>()
                > columns + GAP =>
        {
            header.remove(SINCE);
            for cells in &mut cells {
                cells.remove(SINCE);
            }
        }
        _ => {}
    }
    table(out, &header, cells)
}

/// Which column says since when.
const SINCE: usize = 2;
/// Between two columns, and after the last, where it is trimmed.
const GAP: usize = 2;

/// How wide a column is, with the gap after it.
fn width(cells: &[Vec<Line>], header: &[&str], column: usize) -> usize {
    let widths = cells.iter().filter_map(|cells| cells.get(column)).map(Line::width);
    widths.chain([header[column].len()]).max().unwrap_or(0) + GAP
}

/// Cuts the last column, or leaves it out where nearly no room is left for it.
fn fit_images(cells: &mut [Vec<Line>], header: &mut Vec<&str>, columns: usize) {
    let last = header.len() - 1;
    let taken: usize = (0..last).map(|column| width(cells, header, column)).sum();
    let room = columns.saturating_sub(taken);
    if room < LEAST_OF_AN_IMAGE {
        header.pop();
    }
    for cells in cells {
        if let Some(image) = cells.pop().filter(|_| room >= LEAST_OF_AN_IMAGE) {
            cells.push(image.cut(room));
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observed::Health;
    use crate::redact::Redactor;

    fn row(service: &str, container: &str, ports: &[&str]) -> StatusRow {
        StatusRow {
            service: service.into(),
            container: container.to_owned(),
            state: State::Running {
                health: Health::Healthy,
            },
            verdict: Verdict::Ready,
            ready: true,
            status: "Up 5 minutes (healthy)".to_owned(),
            ports: ports.iter().map(|port| (*port).to_owned()).collect(),
            image: "registry.example.com/a/long/path/of/an/image:1.2.3".to_owned(),
        }
    }

    fn shown(load: &[Load], columns: Option<usize>) -> Vec<String> {
        let rows = [
            row(
                "app-runner",
                "app-runner",
                &["127.0.0.1:8001->8001/tcp", "127.0.0.1:8002->8002/tcp"],
            ),
            row("worker", "mine-worker-1", &[]),
            row("worker", "mine-worker-2", &[]),
        ];
        let out = Out::new(Redactor::default());
        status_table(&out, &rows, load, columns)
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn nothing_is_wider_than_the_terminal_and_replicas_have_their_names() {
        for columns in [60, 72, 80, 120] {
            let lines = shown(&[], Some(columns));
            assert!(
                lines.iter().all(|line| line.chars().count() <= columns),
                "{columns}: {lines:#?}"
            );
            assert!(lines[1].contains("127.0.0.1:8001->8001/tcp") && lines[2].trim() == "127.0.0.1:8002->8002/tcp");
            assert!(lines[3].starts_with("mine-worker-1") && lines[4].starts_with("mine-worker-2"));
        }
        // In a pipe a container is a line.
        let lines = shown(&[], None);
        assert_eq!(lines.len(), 4);
        assert!(lines[1].contains("8001/tcp, 127.0.0.1:8002") && lines[1].ends_with("image:1.2.3"));
    }

    #[test]
    fn what_containers_use_stands_in_place_of_their_images() {
        let load = Load {
            processor: "1.25%".to_owned(),
            memory: "12.5MB".to_owned(),
            restarts: "3".to_owned(),
        };
        let lines = shown(&[load.clone(), load.clone(), load], Some(80));
        assert!(lines[0].contains("CPU") && lines[0].contains("RESTARTS") && !lines[0].contains("IMAGE"));
        assert!(
            lines[1].contains("1.25%  12.5MB  3") && lines.iter().all(|line| line.chars().count() <= 80),
            "{lines:#?}"
        );
    }
}
