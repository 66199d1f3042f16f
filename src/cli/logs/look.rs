//! How records look, by the flags and the terminal.

use std::sync::Arc;

use console::{Color, Style};

use crate::cli::args::{Color as ColorChoice, Output};
use crate::cli::session::Session;
use crate::failure::Failure;
use crate::logs::{Around, Clock, Fit, Form, Printer, Who};
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
/// A service's name takes at most so many columns: Loki's labels and those of containers are whoever's.
const WIDEST_NAME: usize = 64;
/// The width of a pane that says nothing of its own.
const WIDTH: usize = 80;

pub(super) fn printer(session: &Session, args: &LogsArgs) -> Result<Printer, Failure> {
    if args.no_redact {
        if !stdout_is_terminal() {
            return Err(Failure::usage("--no-redact works on a terminal only")
                .because("what goes to a file or another program may go further, and keys with it")
                .hint("leave it out: keys are shown as ********"));
        }
        session.warn("keys are shown as they are (--no-redact): mind who looks at this terminal");
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

/// The services' names in one column, each in its colour.
pub(super) struct Names {
    width: usize,
    services: Vec<String>,
}

impl Names {
    pub(super) fn of<'s>(services: impl IntoIterator<Item = &'s str>) -> Self {
        let mut names = Self {
            width: 0,
            services: Vec::new(),
        };
        for service in services {
            names.number(service);
        }
        names.width = names
            .services
            .iter()
            .map(|service| Line::from(service).cut(WIDEST_NAME).width())
            .max()
            .unwrap_or(0);
        names
    }

    fn number(&mut self, service: &str) -> usize {
        if let Some(at) = self.services.iter().position(|known| known == service) {
            return at;
        }
        self.services.push(service.to_owned());
        self.services.len() - 1
    }

    pub(super) fn who(&mut self, service: &str, container: &str, printer: &Printer) -> Who {
        let number = self.number(service);
        let style = Style::new().fg(COLOURS[number % COLOURS.len()]);
        let prefix = name(service, style, printer).padded(self.width).text(" | ");
        Who {
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
