//! How records look, by the flags and the terminal.

use std::collections::BTreeSet;
use std::sync::Arc;

use console::{Color, Style};

use crate::cli::args::{Color as ColorChoice, Output};
use crate::cli::session::Session;
use crate::failure::Failure;
use crate::logs::{Around, Clock, Fit, Form, LogOwner, Printer};
use crate::redact::Redactor;
use crate::report::warning_line;
use crate::terminal::{Line, stdout_columns, stdout_is_terminal};

use super::args::LogsArgs;

/// The colours of services' names, in turn.
const COLOURS: [Color; 6] = [
    Color::Cyan,
    Color::Yellow,
    Color::Green,
    Color::Magenta,
    Color::Blue,
    Color::Red,
];
/// A service's name takes at most this many columns: Loki's labels and those of containers are whoever's.
const WIDEST_NAME: usize = 64;
/// The width of a pane that does not report one.
const WIDTH: usize = 80;

pub(super) fn printer(session: &Session, args: &LogsArgs) -> Result<Printer, Failure> {
    if args.no_redact {
        if !stdout_is_terminal() {
            return Err(Failure::usage("--no-redact works on a terminal only")
                .because("otherwise the keys would end up in a file or another program")
                .hint("drop --no-redact: keys are shown as ********"));
        }
        session.warn("keys are shown unmasked (--no-redact): make sure that nobody else can see this terminal");
    }
    let form = match session.global.output {
        Output::Json => Form::Json,
        Output::Raw => Form::Raw,
        // `--color always` is for a pager, which is a terminal in the end.
        Output::Text if stdout_is_terminal() || session.global.color == ColorChoice::Always => Form::Pretty,
        Output::Text => Form::Plain,
    };
    let fit = match (args.wrap, args.cut) {
        (true, _) => Fit::Wrap(width(session)),
        (_, true) => Fit::Cut(width(session)),
        _ => Fit::Whole,
    };
    Ok(Printer {
        form,
        colour: console::colors_enabled(),
        clock: (args.timestamps || args.utc).then(|| if args.utc { Clock::utc() } else { Clock::local() }),
        fit,
        redactor: redactor(session, args),
    })
}

/// What masks, with the keys that are known by now.
pub(super) fn redactor(session: &Session, args: &LogsArgs) -> Option<Arc<Redactor>> {
    (!args.no_redact).then(|| session.out.redactor())
}

/// The terminal's width, else what `COLUMNS` says.
fn width(session: &Session) -> usize {
    let columns = session
        .environment
        .get("COLUMNS")
        .and_then(|columns| columns.parse().ok());
    stdout_columns().or(columns).unwrap_or(WIDTH)
}

pub(super) fn around(session: &Session, args: &LogsArgs) -> Around {
    Around {
        before: args.before_context.or(args.context).unwrap_or(0),
        after: args.after_context.or(args.context).unwrap_or(0),
        parted: session.global.output == Output::Text,
    }
}

/// A service's name, as it may stand before or above its lines.
pub(super) fn name(service: &str, style: Style, printer: &Printer) -> Line {
    let name = Line::new().styled(style, service);
    name.masked(|text| printer.mask_text(text)).cut(WIDEST_NAME)
}

/// The containers' names in one column, each in the colour of its service. One that is not the only one of its service has its
/// number after it, as Compose writes it.
pub(super) struct Names {
    width: usize,
    services: Vec<String>,
    replicated: BTreeSet<String>,
}

impl Names {
    /// Of containers by service and number; several numbers make a service one with replicas.
    pub(super) fn of<'s>(containers: impl IntoIterator<Item = (&'s str, u32)>) -> Self {
        let mut names = Self {
            width: 0,
            services: Vec::new(),
            replicated: BTreeSet::new(),
        };
        let containers: Vec<(&str, u32)> = containers.into_iter().collect();
        for (service, number) in &containers {
            names.position(service);
            if *number != 1 {
                names.replicated.insert((*service).to_owned());
            }
        }
        let labels = containers.iter().map(|(service, number)| names.label(service, *number));
        let widths = labels.map(|label| Line::from(label.as_str()).cut(WIDEST_NAME).width());
        names.width = widths.max().unwrap_or(0);
        names
    }

    fn position(&mut self, service: &str) -> usize {
        if let Some(at) = self.services.iter().position(|known| known == service) {
            return at;
        }
        self.services.push(service.to_owned());
        self.services.len() - 1
    }

    fn label(&self, service: &str, number: u32) -> String {
        if number != 1 || self.replicated.contains(service) {
            format!("{service}-{number}")
        } else {
            service.to_owned()
        }
    }

    pub(super) fn owner(&mut self, service: &str, number: u32, container: &str, printer: &Printer) -> LogOwner {
        let at = self.position(service);
        let style = Style::new().fg(COLOURS[at % COLOURS.len()]);
        let label = self.label(service, number);
        let prefix = name(&label, style, printer).padded(self.width).text(" | ");
        LogOwner {
            service: service.into(),
            container: container.to_owned(),
            prefix: printer.written(&prefix).into_bytes(),
        }
    }
}

/// A word on stderr, also when the output is for programs: what is missing there is never silent.
pub(super) fn say(session: &Session, text: &str) {
    if !session.global.quiet {
        session.out.diagnostic(warning_line(text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replicas_are_told_apart_and_the_only_one_keeps_its_services_name() {
        let printer = Printer::default();
        let prefixes = |containers: &[(&str, u32)]| -> Vec<String> {
            let mut names = Names::of(containers.iter().copied());
            let owner = |(service, number): &(&str, u32)| names.owner(service, *number, "c", &printer);
            let prefixes = containers
                .iter()
                .map(owner)
                .map(|owner| String::from_utf8(owner.prefix).unwrap());
            prefixes.collect()
        };
        assert_eq!(prefixes(&[("app", 1), ("kafka", 1)]), ["app   | ", "kafka | "]);
        assert_eq!(
            prefixes(&[("app", 1), ("app", 2), ("kafka", 1)]),
            ["app-1 | ", "app-2 | ", "kafka | "]
        );
        // The first was removed, or another is looked at alone.
        assert_eq!(prefixes(&[("app", 3)]), ["app-3 | "]);
        // One that comes later.
        let mut names = Names::of([("app", 1)]);
        assert_eq!(names.owner("app", 2, "c", &printer).prefix, b"app-2 | ");
        assert_eq!(names.owner("app", 1, "c", &printer).prefix, b"app | ");
    }
}
