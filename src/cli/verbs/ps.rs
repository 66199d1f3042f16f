//! `ps --format json`: containers as Compose prints them, for programs that read its `ps`.

use std::collections::BTreeMap;

use serde::Serialize;
use time::OffsetDateTime;

use crate::cli::Ended;
use crate::cli::session::Session;
use crate::cli::status::{StatusArgs, takes_state};
use crate::engine::{Engine, Listed};
use crate::ids::NetworkName;
use crate::labels;
use crate::observed::{Container, Health, PublishedPort, State};

use super::images::Form;

/// This many characters of a command are left, and this many of a mount's name and of an id.
const COMMAND: usize = 20;
const MOUNT: usize = 15;
const ID: usize = 12;

/// `--format`.
///
/// # Errors
/// What would do instead.
pub(crate) fn form(text: &str) -> Result<Form, String> {
    match text {
        "table" => Ok(Form::Table),
        "json" => Ok(Form::Json),
        _ if text.contains("{{") => {
            Err("Go templates are not supported; `--format json` has the same fields: `| jq -r .Name`".to_owned())
        }
        _ => Err("possible values: table, json".to_owned()),
    }
}

/// A container: Compose's fields, by name.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    command: String,
    created_at: String,
    engine: &'static str,
    exit_code: i64,
    health: &'static str,
    #[serde(rename = "ID")]
    id: String,
    image: String,
    labels: String,
    local_volumes: String,
    mounts: String,
    name: String,
    names: String,
    networks: String,
    ports: String,
    project: String,
    publishers: Vec<Publisher>,
    running_for: String,
    service: String,
    size: &'static str,
    state: &'static str,
    status: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Publisher {
    #[serde(rename = "URL")]
    url: String,
    target_port: u16,
    published_port: u16,
    protocol: String,
}

pub(crate) async fn run(session: &Session, engine: &Engine, project: &str, args: &StatusArgs) -> Ended {
    let mut listed = engine.list(project).await?;
    listed.retain(|listed| takes(args, &listed.container));
    listed.sort_by(|a, b| a.container.name.cmp(&b.container.name));
    let now = OffsetDateTime::now_utc();
    for listed in listed {
        if !session.out.json(&row(project, &listed, args.no_trunc, now)) {
            break;
        }
    }
    Ok(None)
}

/// Without `-a` and without a state those that have not ended, and none of `run`.
fn takes(args: &StatusArgs, container: &Container) -> bool {
    let label = container.service.as_ref();
    let is_named = args.services.is_empty() || label.is_some_and(|name| args.services.contains(name));
    let goes_on = matches!(
        container.state,
        State::Running { .. } | State::Paused | State::Restarting
    );
    let is_of_all = args.all || args.states().next().is_some() || (goes_on && !container.is_one_off());
    is_named && is_of_all && takes_state(args, container)
}

fn row(project: &str, listed: &Listed, whole: bool, now: OffsetDateTime) -> Row {
    let container = &listed.container;
    let cut = |text: &str, most: usize| {
        if whole { text.to_owned() } else { cut(text, most) }
    };
    let labels: Vec<String> = container
        .labels
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let mounts: Vec<String> = listed.mounts.iter().map(|name| cut(name, MOUNT)).collect();
    let networks: Vec<&str> = container.networks.keys().map(NetworkName::as_str).collect();
    let id = container.id.as_str();
    let created = OffsetDateTime::from_unix_timestamp(container.created).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    Row {
        command: format!("{:?}", cut(&listed.command, COMMAND)),
        created_at: in_go(created),
        engine: "",
        exit_code: match container.state {
            State::Exited { code } => code,
            _ => 0,
        },
        health: match container.state {
            State::Running { health } => match health {
                Health::None => "",
                Health::Starting => "starting",
                Health::Healthy => "healthy",
                Health::Unhealthy => "unhealthy",
            },
            _ => "",
        },
        id: id.get(..ID).filter(|_| !whole).unwrap_or(id).to_owned(),
        image: container.image.clone(),
        labels: labels.join(","),
        local_volumes: listed.local_volumes.to_string(),
        mounts: mounts.join(","),
        name: container.name.clone(),
        names: container.name.clone(),
        networks: networks.join(","),
        ports: ports(&container.ports),
        project: project.to_owned(),
        publishers: container.ports.iter().map(publisher).collect(),
        running_for: format!("{} ago", for_people((now - created).whole_seconds())),
        service: container.labels.get(labels::SERVICE).cloned().unwrap_or_default(),
        size: "0B",
        state: container.state.word(),
        status: container.status.clone(),
    }
}

fn publisher(port: &PublishedPort) -> Publisher {
    Publisher {
        url: port.ip.clone().unwrap_or_default(),
        target_port: port.private,
        published_port: port.public.unwrap_or_default(),
        protocol: port.protocol.clone(),
    }
}

/// The first characters of `text`, `most` with the sign that some are left out.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

/// As Go prints a time.
fn in_go(time: OffsetDateTime) -> String {
    let (hour, minute, second) = time.to_hms();
    format!("{} {hour:02}:{minute:02}:{second:02} +0000 UTC", time.date())
}

/// A time span in the Docker client's words (go-units, `HumanDuration`).
fn for_people(seconds: i64) -> String {
    let (minutes, hours) = (seconds / 60, (seconds + 1800) / 3600);
    match seconds {
        ..1 => "Less than a second".to_owned(),
        1 => "1 second".to_owned(),
        2..60 => format!("{seconds} seconds"),
        60..120 => "About a minute".to_owned(),
        120..3600 => format!("{minutes} minutes"),
        _ if hours == 1 => "About an hour".to_owned(),
        _ if hours < 48 => format!("{hours} hours"),
        _ if hours < 24 * 7 * 2 => format!("{} days", hours / 24),
        _ if hours < 24 * 30 * 2 => format!("{} weeks", hours / 24 / 7),
        _ if hours < 24 * 365 * 2 => format!("{} months", hours / 24 / 30),
        _ => format!("{} years", seconds / 3600 / 24 / 365),
    }
}

/// Ports in the Docker client's words: neighbours that are published as they are, or not at all, as one range
/// (docker/cli, `DisplayablePorts`).
fn ports(ports: &[PublishedPort]) -> String {
    let mut sorted: Vec<&PublishedPort> = ports.iter().collect();
    sorted.sort_by_key(|port| (port.private, port.ip.clone(), port.public, port.protocol.clone()));
    let mut shown = Vec::new();
    let mut moved = Vec::new();
    // In the order in which they were first seen.
    let mut order: Vec<(Option<&str>, &str)> = Vec::new();
    let mut ranges: BTreeMap<(Option<&str>, &str), (u16, u16)> = BTreeMap::new();
    for port in sorted {
        let ip = port.ip.as_deref().filter(|ip| !ip.is_empty());
        if let (Some(ip), Some(public)) = (ip, port.public)
            && public != port.private
        {
            moved.push(format!(
                "{}->{}/{}",
                address(ip, &public.to_string()),
                port.private,
                port.protocol
            ));
            continue;
        }
        let key = (ip, port.protocol.as_str());
        match ranges.get_mut(&key) {
            None => {
                order.push(key);
                ranges.insert(key, (port.private, port.private));
            }
            Some((_, last)) if last.checked_add(1) == Some(port.private) => *last = port.private,
            Some(range) => {
                shown.push(ported(key, *range));
                *range = (port.private, port.private);
            }
        }
    }
    shown.extend(order.into_iter().map(|key| ported(key, ranges[&key])));
    shown.extend(moved);
    shown.join(", ")
}

fn ported((ip, protocol): (Option<&str>, &str), (first, last): (u16, u16)) -> String {
    let range = if first == last {
        first.to_string()
    } else {
        format!("{first}-{last}")
    };
    match ip {
        Some(ip) => format!("{}->{range}/{protocol}", address(ip, &range)),
        None => format!("{range}/{protocol}"),
    }
}

fn address(ip: &str, port: &str) -> String {
    if ip.contains(':') {
        format!("[{ip}]:{port}")
    } else {
        format!("{ip}:{port}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(ip: &str, public: u16, private: u16, protocol: &str) -> PublishedPort {
        PublishedPort {
            ip: (!ip.is_empty()).then(|| ip.to_owned()),
            public: (public > 0).then_some(public),
            private,
            protocol: protocol.to_owned(),
        }
    }

    #[test]
    fn ports_read_as_the_docker_client_writes_them() {
        for (given, wanted) in [
            (vec![port("", 0, 6379, "tcp")], "6379/tcp"),
            (
                vec![
                    port("127.0.0.1", 32769, 80, "tcp"),
                    port("127.0.0.1", 32768, 81, "udp"),
                    port("", 0, 6379, "tcp"),
                ],
                "6379/tcp, 127.0.0.1:32769->80/tcp, 127.0.0.1:32768->81/udp",
            ),
            (
                vec![
                    port("::", 81, 81, "tcp"),
                    port("::", 80, 80, "tcp"),
                    port("0.0.0.0", 80, 80, "tcp"),
                ],
                "0.0.0.0:80->80/tcp, [::]:80-81->80-81/tcp",
            ),
            (
                vec![port("", 0, 1, "tcp"), port("", 0, 2, "tcp"), port("", 0, 65535, "tcp")],
                "1-2/tcp, 65535/tcp",
            ),
            (vec![], ""),
        ] {
            assert_eq!(ports(&given), wanted);
        }
    }

    #[test]
    fn spans_read_as_the_docker_client_writes_them() {
        const HOUR: i64 = 3600;
        for (seconds, wanted) in [
            (-1, "Less than a second"),
            (1, "1 second"),
            (59, "59 seconds"),
            (119, "About a minute"),
            (3599, "59 minutes"),
            (HOUR, "About an hour"),
            (2 * HOUR, "2 hours"),
            (47 * HOUR, "47 hours"),
            (48 * HOUR, "2 days"),
            (14 * 24 * HOUR, "2 weeks"),
            (60 * 24 * HOUR, "2 months"),
            (730 * 24 * HOUR, "2 years"),
        ] {
            assert_eq!(for_people(seconds), wanted, "{seconds}");
        }
    }

    #[test]
    fn a_template_is_refused_with_what_to_use() {
        assert_eq!((form("json"), form("table")), (Ok(Form::Json), Ok(Form::Table)));
        assert!(form("{{.Name}}").unwrap_err().contains("jq -r .Name"));
        assert!(form("table {{.Name}}").unwrap_err().contains("jq"));
        assert!(form("JSON").unwrap_err().contains("table, json"));
    }
}
