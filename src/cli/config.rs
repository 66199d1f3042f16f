//! `config`: the Compose file as understood.

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::compose::{self, Printed, Project, Stack};
use crate::failure::Failure;
use crate::ids::ServiceName;
use crate::report::{table, warning_line};
use crate::secrets;

use super::Ended;
use super::session::Session;

/// `config`.
#[derive(Debug, Clone, Args)]
#[group(skip)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub struct ConfigArgs {
    /// Only these services and what they depend on or use; all by default
    #[arg(value_name = "SERVICE")]
    pub named: Vec<ServiceName>,
    /// The format of the whole file
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    pub format: Format,
    /// Print only the services' names
    #[arg(long, group = "what")]
    pub services: bool,
    /// Print only the images' names
    #[arg(long, group = "what")]
    pub images: bool,
    /// Print only the volumes' names
    #[arg(long, group = "what")]
    pub volumes: bool,
    /// Print only the networks' names
    #[arg(long, group = "what")]
    pub networks: bool,
    /// Print only the profiles' names
    #[arg(long, group = "what")]
    pub profiles: bool,
    /// Print only the configuration hash of each service, or of one
    #[arg(long, group = "what", num_args = 0..=1, default_missing_value = "*", value_name = "SERVICE")]
    pub hash: Option<String>,
    /// Print only the variables used for interpolation; secrets are masked
    #[arg(long, group = "what")]
    pub environment: bool,
    /// Don't interpolate variables
    #[arg(long, conflicts_with_all = ["hash", "images", "environment", "settings"])]
    pub no_interpolate: bool,
    /// Print magicctl's settings and the file's variables: each value and where it comes from
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
                "{flag} applies to the whole file: {} has no effect",
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
    let list = list(args, &project)?;
    // Of what the file can't be printed for, the failure itself tells.
    let told = project.incomplete().filter(|_| list.is_none() && !args.settings);
    let warnings = warnings(&project, told.map(|(service, _)| service));
    if !session.json() {
        for warning in &warnings {
            // `-q` leaves out what is asked for, and not what is wrong with it.
            session.out.diagnostic(warning_line(warning));
        }
    }
    if session.json() {
        let (what, value) = answer(session, args, &project, list)?;
        session.out.answer(&json!({ what: value, "warnings": warnings }));
    } else if args.settings {
        session.out.lines(table(
            &session.out,
            &["SETTING", "VALUE", "VARIABLE", "FROM"],
            settings(session, stack)?.into_iter().map(Vec::from).collect(),
        ));
    } else if let Some((_, list)) = list {
        session.out.lines(list.lines());
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

/// What is odd about the files, a sentence each, but for the service `told`.
fn warnings(project: &Project, told: Option<&ServiceName>) -> Vec<String> {
    let stack = &project.stack;
    let mut all = stack.warnings.clone();
    all.extend(project.unusable().map(|failure| format!("can't be run: {failure}")));
    let bad = &stack.bad_images;
    let unmakeable = stack.unmakeable.iter().filter(|(service, _)| Some(*service) != told);
    let of_services = unmakeable.chain(&bad.images).chain(&bad.tags);
    all.extend(of_services.map(|(service, failure)| format!("{service} can't be run: {failure}")));
    all
}

/// What is asked for as a list.
enum List {
    /// Names.
    Names(Vec<String>),
    /// Names with a value each, and what stands between the two in text.
    Values(char, Vec<(String, String)>),
}

impl List {
    fn lines(&self) -> Vec<String> {
        match self {
            Self::Names(names) => names.clone(),
            Self::Values(between, values) => {
                let line = |(name, value): &(String, String)| format!("{name}{between}{value}");
                values.iter().map(line).collect()
            }
        }
    }

    fn json(self) -> Value {
        match self {
            Self::Names(names) => json!(names),
            Self::Values(_, values) => values.into_iter().collect(),
        }
    }
}

/// The one thing that is asked for, and what it is; `None`: the whole file.
fn list(args: &ConfigArgs, project: &Project) -> Result<Option<(&'static str, List)>, Failure> {
    let stack = &project.stack;
    Ok(Some(if args.services {
        let names = stack.services.keys().map(ToString::to_string);
        ("services", List::Names(names.collect()))
    } else if args.images {
        let images = stack.services.values().map(|service| service.image_ref(&stack.name));
        ("images", List::Names(images.collect()))
    } else if args.volumes {
        ("volumes", List::Names(stack.volumes.keys().cloned().collect()))
    } else if args.networks {
        ("networks", List::Names(stack.networks.keys().cloned().collect()))
    } else if args.profiles {
        let profiles = project.profiles().into_iter().map(ToOwned::to_owned);
        ("profiles", List::Names(profiles.collect()))
    } else if let Some(wanted) = &args.hash {
        ("hashes", List::Values(' ', hashes(stack, wanted)?))
    } else if args.environment {
        let variables = project.environment();
        let variables = variables.map(|(name, value)| (name.to_owned(), shown(name, value)));
        ("environment", List::Values('=', variables.collect()))
    } else {
        return Ok(None);
    }))
}

/// The same for programs, the whole file as Compose names its keys.
fn answer(
    session: &Session,
    args: &ConfigArgs,
    project: &Project,
    list: Option<(&'static str, List)>,
) -> Result<(&'static str, Value), Failure> {
    if args.settings {
        let object = |[name, value, variable, from]: [String; 4]| json!({ "name": name, "value": value, "variable": variable, "from": from });
        let rows = settings(session, &project.stack)?.into_iter().map(object);
        return Ok(("settings", rows.collect()));
    }
    if let Some((what, list)) = list {
        return Ok((what, list.json()));
    }
    let printed = project.printed(Printed::Json)?;
    let config = serde_json::from_str(&printed)
        .map_err(|error| Failure::failed("the file can't be printed as JSON").because(error.to_string()))?;
    Ok(("config", config))
}

/// Compose's own hashes: of all services, or of those named, separated by commas.
fn hashes(stack: &Stack, wanted: &str) -> Result<Vec<(String, String)>, Failure> {
    let names: Vec<ServiceName> = match wanted {
        "*" => Vec::new(),
        names => names.split(',').map(ServiceName::new).collect(),
    };
    let selected = stack.select(&names, false)?;
    let services = stack.services.iter().filter(|(name, _)| selected.contains(*name));
    Ok(services
        .map(|(name, service)| (name.to_string(), service.config_hash.clone()))
        .collect())
}

/// magicctl's settings, then the variables of the Compose file: value, and where each came from.
fn settings(session: &Session, stack: &Stack) -> Result<Vec<[String; 4]>, Failure> {
    let mut rows: Vec<[String; 4]> = session
        .settings()?
        .rows()
        .into_iter()
        .map(|row| [row.name, row.value, row.variable, row.origin])
        .collect();
    for variable in &stack.interpolation {
        rows.push([
            variable.name.clone(),
            shown(&variable.name, variable.value.as_deref().unwrap_or_default()),
            variable.name.clone(),
            variable.origin.to_string(),
        ]);
    }
    Ok(rows)
}

/// Values of variables that are named like secrets are not shown.
fn shown(name: &str, value: &str) -> String {
    if secrets::is_name(name) && !value.is_empty() {
        "********".to_owned()
    } else {
        value.to_owned()
    }
}
