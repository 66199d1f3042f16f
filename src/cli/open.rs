//! `open`: the address of a page of the stack, in the browser where there is one.

use std::fmt;
use std::time::Duration;

use clap::{Args, ValueEnum};
use tokio::net::TcpStream;

use crate::compose::{Service, Stack};
use crate::failure::Failure;
use crate::ids::ServiceName;
use crate::logs::explore;
use crate::services;
use crate::shell::ShellCommand;
use crate::terminal::stdout_is_terminal;

use super::Ended;
use super::session::Session;

/// `open`.
#[derive(Debug, Clone, Args)]
pub struct OpenArgs {
    /// The page to open
    #[arg(value_enum, default_value_t, value_name = "PAGE")]
    pub page: Page,
    /// For `logs`: the service
    #[arg(value_name = "SERVICE")]
    pub service: Option<ServiceName>,
    /// For `logs`: only errors
    #[arg(long)]
    pub errors: bool,
    /// Only print the address, even if nothing listens there
    #[arg(long)]
    pub print: bool,
}

/// What `open` can open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Page {
    /// Grafana: Explore and the dashboards.
    #[default]
    Grafana,
    /// The gateway, magic-proxy.
    App,
    /// The tool server, mcp-server.
    Mcp,
    /// Loki's API.
    Loki,
    /// A service's logs in Grafana's Explore.
    Logs,
}

impl Page {
    /// As it is typed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Grafana => "grafana",
            Self::App => "app",
            Self::Mcp => "mcp",
            Self::Loki => "loki",
            Self::Logs => "logs",
        }
    }

    /// Its port, as magicctl.yaml calls it.
    fn port(self) -> &'static str {
        match self {
            Self::Grafana | Self::Logs => "grafana",
            Self::App => "magic-proxy",
            Self::Mcp => "mcp-server",
            Self::Loki => "loki",
        }
    }
}

/// Longer is not waited for a connection: what is published on this machine takes it at once.
const CONNECT_WITHIN: Duration = Duration::from_secs(3);

pub(crate) async fn run(session: &Session, args: &OpenArgs) -> Ended {
    let stack = session.stack(&[])?;
    match (args.page, &args.service) {
        (Page::Logs, Some(name)) => {
            stack.select(std::slice::from_ref(name), false)?;
        }
        (Page::Logs, None) => {
            return Err(
                Failure::usage("`open logs` needs a service").hint("add it: `magicctl open logs app-runner --errors`")
            );
        }
        (_, Some(name)) => {
            return Err(Failure::usage(format!("`{name}`: only `open logs` takes a service")));
        }
        (page, None) if args.errors => {
            let open = ShellCommand::of("magicctl open").syntax(page.name());
            return Err(
                Failure::usage("--errors is for `open logs SERVICE`").hint(format!("to open the page: `{open}`"))
            );
        }
        (_, None) => {}
    }
    let (service, _) = services::named(args.page.port());
    let address = published(&stack, args.page.port())?;
    let url = match &args.service {
        Some(name) => {
            let container = stack.services[name].container_name(&stack.name, 1);
            explore::link(&address.to_string(), &explore::query(&container, args.errors))
        }
        None => address.to_string(),
    };
    if !args.print && !address.is_listened_at().await {
        let up = session
            .global
            .again()
            .and_then(|again| again.syntax("up").operand(service));
        return Err(Failure::failed(format!("nothing listens at {address}"))
            .of(&ServiceName::new(service))
            .because(format!("{service} is not running, or doesn't publish that port yet"))
            .hint(format!(
                "start it{}; `--print` prints the address anyway",
                ShellCommand::aside(up)
            )));
    }
    if session.json() {
        session.out.answer(&serde_json::json!({ "url": url }));
    } else {
        session.out.line(&url);
    }
    if !args.print && !session.json() && has_browser() {
        // The address is on the screen already.
        if let Err(error) = open::that_detached(&url) {
            session.warn(&format!("no browser could be started: {error}"));
        }
    }
    Ok(None)
}

/// Where a port of a service is published.
pub(super) struct Address {
    /// A name or an IP address, without brackets.
    host: String,
    port: String,
}

impl Address {
    async fn is_listened_at(&self) -> bool {
        let Ok(port) = self.port.parse::<u16>() else {
            return false;
        };
        let connecting = TcpStream::connect((self.host.as_str(), port));
        matches!(tokio::time::timeout(CONNECT_WITHIN, connecting).await, Ok(Ok(_)))
    }
}

/// Its URL.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "http://[{}]:{}", self.host, self.port)
        } else {
            write!(f, "http://{}:{}", self.host, self.port)
        }
    }
}

/// Where the port that magicctl.yaml calls `name` answers on this machine, as the file publishes it.
pub(super) fn published(stack: &Stack, name: &str) -> Result<Address, Failure> {
    let (service, target) = services::named(name);
    let found = stack.services.get(service);
    let port = found.and_then(|service: &Service| {
        let port = service.ports.iter().find(|port| port.target == target)?;
        Some((port.host_ip.as_deref(), port.published.as_deref()?))
    });
    match port {
        Some((None | Some("0.0.0.0" | "127.0.0.1" | "::" | "::1"), port)) => Ok(Address {
            host: "localhost".to_owned(),
            port: port.to_owned(),
        }),
        Some((Some(ip), port)) => Ok(Address {
            host: ip.to_owned(),
            port: port.to_owned(),
        }),
        None if found.is_none() => Err(Failure::failed(format!("this project has no service {service}")).hint(
            format!(
                "its services are {}",
                stack.services.keys().cloned().collect::<Vec<_>>().join(", ")
            ),
        )),
        None => Err(
            Failure::failed(format!("{service} does not publish its port {target}")).hint(format!(
                "publish it in the Compose file: `ports: [\"127.0.0.1:{target}:{target}\"]`"
            )),
        ),
    }
}

/// Somebody sits in front of a terminal, and there is a screen to show a page on.
fn has_browser() -> bool {
    let screen = cfg!(target_os = "macos")
        || ["DISPLAY", "WAYLAND_DISPLAY", "BROWSER"]
            .iter()
            .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
    screen && stdout_is_terminal()
}
