//! `config`: the Compose file as understood.

use clap::{Args, ValueEnum};

use crate::compose::{self, Printed, Project, Stack};
use crate::failure::Failure;
use crate::report::table;
use crate::secrets;
use crate::terminal::Line;

use super::Ended;
use super::session::Session;

/// `config`.
#[derive(Debug, Clone, Args)]
#[group(skip)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub struct ConfigArgs {
    /// Only these services, with what they depend on and use; all by default
    #[arg(value_name = "SERVICE")]
    pub named: Vec<String>,
    /// How to print the whole file
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    pub format: Format,
    /// Only the services' names
    #[arg(long, group = "what")]
    pub services: bool,
    /// Only the images' names
    #[arg(long, group = "what")]
    pub images: bool,
    /// Only the volumes' names
    #[arg(long, group = "what")]
    pub volumes: bool,
    /// Only the networks' names
    #[arg(long, group = "what")]
    pub networks: bool,
    /// Only the names of the profiles
    #[arg(long, group = "what")]
    pub profiles: bool,
    /// Only the hash of the configuration of each service, or of the one named
    #[arg(long, group = "what", num_args = 0..=1, default_missing_value = "*", value_name = "SERVICE")]
    pub hash: Option<String>,
    /// Only the environment that variables are looked up in; values of what looks like a secret are masked
    #[arg(long, group = "what")]
    pub environment: bool,
    /// Leave variables as they are
    #[arg(long, conflicts_with_all = ["hash", "images", "environment", "settings"])]
    pub no_interpolate: bool,
    /// magicctl's settings and the file's variables: value, and where it came from
    #[arg(long, group = "what")]
    pub settings: bool,
}

/// `config --format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// YAML.
    #[default]
    Yaml,
    /// JSON.
    Json,
}

impl ConfigArgs {
    /// The flag with which all of the file is looked at, whatever services are named; as with Compose.
    fn whole(&self) -> Option<&'static str> {
        let flags = [
            ("--services", self.services),
            ("--volumes", self.volumes),
            ("--networks", self.networks),
            ("--profiles", self.profiles),
            ("--hash", self.hash.is_some()),
            ("--environment", self.environment),
            ("--no-interpolate", self.no_interpolate),
            ("--settings", self.settings),
        ];
        flags.into_iter().find_map(|(flag, given)| given.then_some(flag))
    }
}

pub(crate) fn run(session: &Session, args: &ConfigArgs) -> Ended {
    let named = match args.whole() {
        Some(flag) if !args.named.is_empty() => {
            session.warn(&format!(
                "{flag} is about the whole file: {} has no effect",
                args.named.join(", ")
            ));
            &[]
        }
        _ => args.named.as_slice(),
    };
    let request = session.request(named)?;
    let project = if args.no_interpolate {
        compose::template(&request)?
    } else {
        compose::project(&request)?.only(named)?
    };
    let stack = &project.stack;
    for warning in &stack.warnings {
        session.warn(warning);
    }
    if let Some(failure) = project.unusable() {
        session.warn(&format!("this can't be run: {failure}"));
    }
    for (service, failure) in &stack.unmakeable {
        session.warn(&format!("{service} can't be run: {failure}"));
    }
    let bad = &stack.bad_images;
    for (service, failure) in bad.images.iter().chain(&bad.tags) {
        session.warn(&format!("{service} can't be run: {failure}"));
    }
    if args.settings {
        session.out.lines(settings(session, stack)?);
    } else if let Some(lines) = lines(args, &project)? {
        session.out.lines(lines);
    } else if session.global.quiet {
        // Only whether it makes sense is asked.
        project.printed(Printed::Yaml)?;
    } else {
        match args.format {
            Format::Json => session.out.json_text(&project.printed(Printed::Json)?),
            Format::Yaml => {
                let text = project.printed(Printed::Yaml)?;
                session.out.document(text.strip_suffix('\n').unwrap_or(&text))
            }
        };
    }
    Ok(None)
}

/// The one thing that is asked for; `None`: the whole file.
fn lines(args: &ConfigArgs, project: &Project) -> Result<Option<Vec<String>>, Failure> {
    let stack = &project.stack;
    Ok(Some(if args.services {
        stack.services.keys().cloned().collect()
    } else if args.images {
        stack
            .services
            .values()
            .map(|service| service.image_ref(&stack.name))
            .collect()
    } else if args.volumes {
        stack.volumes.keys().cloned().collect()
    } else if args.networks {
        stack.networks.keys().cloned().collect()
    } else if args.profiles {
        project.profiles().into_iter().map(ToOwned::to_owned).collect()
    } else if let Some(wanted) = &args.hash {
        hashes(stack, wanted)?
    } else if args.environment {
        project
            .environment()
            .map(|(name, value)| format!("{name}={}", shown(name, value)))
            .collect()
    } else {
        return Ok(None);
    }))
}

/// Compose's own hashes: of all services, or of those named, separated by commas.
fn hashes(stack: &Stack, wanted: &str) -> Result<Vec<String>, Failure> {
    let names: Vec<String> = match wanted {
        "*" => Vec::new(),
        names => names.split(',').map(ToOwned::to_owned).collect(),
    };
    let selected = stack.select(&names, false)?;
    let services = stack.services.iter().filter(|(name, _)| selected.contains(*name));
    Ok(services
        .map(|(name, service)| format!("{name} {}", service.config_hash))
        .collect())
}

/// magicctl's settings, then the variables of the Compose file: value, and where each came from.
fn settings(session: &Session, stack: &Stack) -> Result<Vec<Line>, Failure> {
    let mut rows: Vec<Vec<String>> = session
        .settings()?
        .rows()
        .into_iter()
        .map(|row| vec![row.name, row.value, row.variable, row.origin])
        .collect();
    for variable in &stack.interpolation {
        rows.push(vec![
            variable.name.clone(),
            shown(&variable.name, variable.value.as_deref().unwrap_or_default()),
            variable.name.clone(),
            variable.origin.to_string(),
        ]);
    }
    Ok(table(&session.out, &["SETTING", "VALUE", "VARIABLE", "FROM"], rows))
}

/// Values of variables that are named like secrets are not shown.
fn shown(name: &str, value: &str) -> String {
    if secrets::is_name(name) && !value.is_empty() {
        "********".to_owned()
    } else {
        value.to_owned()
    }
}
