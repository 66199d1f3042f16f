//! `open`: the address of a page of the stack, in the browser where there is one.

use clap::{Args, ValueEnum};

use crate::compose::{Service, Stack};
use crate::failure::Failure;
use crate::logs::explore;
use crate::shell::ShellCommand;
use crate::terminal::stdout_is_terminal;

use super::Ended;
use super::session::Session;

/// `open`.
#[derive(Debug, Clone, Args)]
pub struct OpenArgs {
    /// Which page
    #[arg(value_enum, default_value_t, value_name = "PAGE")]
    pub page: Page,
    /// For `logs`: whose
    #[arg(value_name = "SERVICE")]
    pub service: Option<String>,
    /// For `logs`: only its errors
    #[arg(long)]
    pub errors: bool,
    /// Only print the address
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
    /// The tools' server, mcp-server.
    Mcp,
    /// Loki's API.
    Loki,
    /// A service's lines in Grafana's Explore.
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
}

pub(crate) fn run(session: &Session, args: &OpenArgs) -> Ended {
    let stack = session.stack(&[])?;
    let url = match (args.page, &args.service) {
        (Page::Logs, Some(name)) => {
            stack.select(std::slice::from_ref(name), false)?;
            let container = stack.services[name].container_name(&stack.name, 1);
            explore::link(
                &published(&stack, "grafana", 3000)?,
                &explore::query(&container, args.errors),
            )
        }
        (Page::Logs, None) => {
            return Err(Failure::usage("`open logs` needs a service")
                .hint("write it behind: `magicctl open logs app-runner --errors`"));
        }
        (_, Some(name)) => {
            return Err(Failure::usage(format!("`{name}`: only `open logs` takes a service")));
        }
        (page, None) if args.errors => {
            let open = ShellCommand::of("magicctl open").syntax(page.name());
            return Err(
                Failure::usage("--errors is for `open logs SERVICE`").hint(format!("for the page itself: `{open}`"))
            );
        }
        (Page::Grafana, None) => published(&stack, "grafana", 3000)?,
        (Page::App, None) => published(&stack, "app-runner", 8001)?,
        (Page::Mcp, None) => published(&stack, "app-runner", 8002)?,
        (Page::Loki, None) => published(&stack, "loki", 3100)?,
    };
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

/// Where port `target` of `service` answers on this machine, as the file publishes it.
pub(super) fn published(stack: &Stack, service: &str, target: u16) -> Result<String, Failure> {
    let found = stack.services.get(service);
    let port = found.and_then(|service: &Service| {
        let port = service.ports.iter().find(|port| port.target == target)?;
        Some((port.host_ip.as_deref(), port.published.as_deref()?))
    });
    match port {
        Some((None | Some("0.0.0.0" | "127.0.0.1" | "::" | "::1"), port)) => Ok(format!("http://localhost:{port}")),
        Some((Some(ip), port)) if ip.contains(':') => Ok(format!("http://[{ip}]:{port}")),
        Some((Some(ip), port)) => Ok(format!("http://{ip}:{port}")),
        None if found.is_none() => Err(
            Failure::failed(format!("there is no service {service} in this project")).hint(format!(
                "there are: {}",
                stack.services.keys().cloned().collect::<Vec<_>>().join(", ")
            )),
        ),
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
