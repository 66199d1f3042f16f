//! The live screen: one line a service with what it is doing now, how long so far, and a bar for pulls and builds.

use std::collections::BTreeMap;
use std::time::Duration;

use console::Style;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::event::Event;
use crate::ids::ServiceName;
use crate::terminal::Line;

use super::diagnostic::warning_line;
use super::failures::Failures;
use super::summary::{interrupted_line, seconds, summary_lines};
use super::{Out, Reporter};

/// More than a terminal has columns.
const LONGEST: usize = 500;

pub(super) struct Screen {
    out: Out,
    area: MultiProgress,
    bars: BTreeMap<String, ProgressBar>,
    width: usize,
    failures: Failures,
}

impl Screen {
    pub(super) fn new(out: Out) -> Self {
        Self {
            out,
            area: MultiProgress::new(),
            bars: BTreeMap::new(),
            width: 8,
            failures: Failures::default(),
        }
    }

    /// What may stand on a line of the screen: one that is drawn ten times a second, of which a terminal shows what fits.
    fn drawn(&self, line: impl Into<Line>) -> String {
        self.out.for_stderr(self.out.shown_line(line).cut(LONGEST))
    }

    /// The line of `service`; things without a service share one.
    fn bar(&mut self, service: Option<&ServiceName>) -> ProgressBar {
        let name = service.map_or("stack", ServiceName::as_str);
        if let Some(bar) = self.bars.get(name) {
            return bar.clone();
        }
        let bar = self.area.add(ProgressBar::new(0));
        bar.set_style(working());
        bar.set_prefix(self.drawn(self.out.name(name).padded(self.width)));
        bar.enable_steady_tick(Duration::from_millis(100));
        self.bars.insert(name.to_owned(), bar.clone());
        bar
    }

    fn say(&mut self, service: Option<&ServiceName>, text: impl Into<Line>) {
        let text = self.drawn(text);
        self.bar(service).set_message(text);
    }

    fn end(&mut self, service: &ServiceName, mark: &str, text: impl Into<Line>) {
        let text = self.drawn(text);
        let bar = self.bar(Some(service));
        bar.set_style(ended(mark));
        bar.finish_with_message(text);
    }

    fn print<L: Into<Line>>(&self, lines: impl IntoIterator<Item = L>) {
        for line in lines {
            let line = self.out.for_stderr(line);
            // The terminal is gone: there is nowhere to say so.
            let _unseen = self.area.println(line);
        }
    }
}

impl Reporter for Screen {
    fn clear(&mut self) {
        for bar in self.bars.values() {
            bar.finish_and_clear();
        }
    }

    fn event(&mut self, event: &Event) {
        let lines = self.failures.lines(event, &self.out);
        self.print(lines);
        match event {
            Event::Planned {
                services, steps, notes, ..
            } => {
                let widths = services.iter().map(|service| self.out.name(service.as_str()).width());
                self.width = widths.max().unwrap_or(0).max(5);
                for service in services {
                    let busy = steps.iter().any(|step| step.service.as_ref() == Some(service));
                    if busy {
                        self.say(Some(service), "waiting");
                    }
                }
                self.print(notes.iter().map(|note| format!("note: {note}")));
            }
            Event::StepStarted { service, action, .. } => {
                if service.is_some() {
                    self.say(service.as_ref(), action);
                }
            }
            Event::Progress {
                service,
                text,
                current,
                total,
                ..
            } => {
                let bar = self.bar(service.as_ref());
                if *total > 0 {
                    bar.set_style(measured());
                    bar.set_length(*total);
                    bar.set_position(*current);
                }
                self.say(service.as_ref(), text);
            }
            Event::Output { service, line, .. } => self.say(service.as_ref(), line),
            Event::StepDone { service, .. } => {
                if service.is_some() {
                    let bar = self.bar(service.as_ref());
                    bar.set_style(working());
                    self.say(service.as_ref(), "waiting");
                }
            }
            Event::Lost { service, .. } => self.end(service, "✗", failed()),
            Event::StepFailed { service, .. } => {
                if let Some(service) = service {
                    self.end(service, "✗", failed());
                }
            }
            Event::StepSkipped { service, because, .. } => {
                if let Some(service) = service.as_ref().filter(|service| **service != because.as_str()) {
                    self.end(service, "-", format!("skipped, because {because} failed"));
                }
            }
            Event::Waiting { service, text } => self.say(Some(service), text),
            Event::Ready { service, by, after_ms } => {
                let word = by.verdict().word();
                let text = Line::new().styled(Style::new().green(), word).text(" ");
                self.end(service, "✓", text.text(seconds(*after_ms)));
            }
            Event::Note { text } => self.print([format!("note: {text}")]),
            Event::Warning { text } => self.print([warning_line(text)]),
            Event::Interrupted { services } => {
                // What each service was doing stays on the screen, and nothing is drawn over what follows.
                for bar in self.bars.values().filter(|bar| !bar.is_finished()) {
                    bar.abandon();
                }
                self.out.diagnostic(interrupted_line(services));
            }
            Event::Finished { .. } => {
                self.clear();
                self.out.lines(summary_lines(&self.out, event));
            }
        }
    }
}

fn failed() -> Line {
    Line::new().styled(Style::new().red(), "failed")
}

/// `text` is ours: what stands in braces is a part of the line. What those parts are filled with is not looked at for braces.
fn template(text: &str) -> ProgressStyle {
    ProgressStyle::with_template(text).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

fn working() -> ProgressStyle {
    template("{spinner} {prefix} {elapsed:>4} {wide_msg}")
}

fn measured() -> ProgressStyle {
    template("{spinner} {prefix} {elapsed:>4} {bar:12} {wide_msg}")
}

fn ended(mark: &str) -> ProgressStyle {
    template(&format!("{mark} {{prefix}} {{elapsed:>4}} {{wide_msg}}"))
}
