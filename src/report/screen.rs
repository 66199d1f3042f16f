//! The live screen: one line a service with what it is doing now, how long so far, and a bar for pulls and builds.

use std::collections::BTreeMap;
use std::time::Duration;

use console::style;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::event::{Event, ReadyBy};

use super::failures::Failures;
use super::summary::{interrupted_line, seconds, summary_lines};
use super::{Out, Reporter};

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

    /// The line of `service`; things without a service share one.
    fn bar(&mut self, service: Option<&str>) -> ProgressBar {
        let name = service.unwrap_or("stack");
        if let Some(bar) = self.bars.get(name) {
            return bar.clone();
        }
        let bar = self.area.add(ProgressBar::new(0));
        bar.set_style(working());
        bar.set_prefix(format!("{name:<width$}", width = self.width));
        bar.enable_steady_tick(Duration::from_millis(100));
        self.bars.insert(name.to_owned(), bar.clone());
        bar
    }

    fn end(&mut self, service: &str, mark: &str, text: String) {
        let bar = self.bar(Some(service));
        bar.set_style(ended(mark));
        bar.finish_with_message(text);
    }

    fn print(&self, lines: Vec<String>) {
        for line in lines {
            let line = self.out.masked(&line);
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
                self.width = services.iter().map(String::len).max().unwrap_or(0).max(5);
                for service in services {
                    let busy = steps.iter().any(|step| step.service.as_ref() == Some(service));
                    if busy {
                        self.bar(Some(service)).set_message("waiting");
                    }
                }
                self.print(notes.iter().map(|note| format!("note: {note}")).collect());
            }
            Event::StepStarted { service, action, .. } => {
                if service.is_some() {
                    self.bar(service.as_deref()).set_message(action.clone());
                }
            }
            Event::Progress {
                service,
                text,
                current,
                total,
                ..
            } => {
                let text = self.out.masked(text);
                let bar = self.bar(service.as_deref());
                if *total > 0 {
                    bar.set_style(measured());
                    bar.set_length(*total);
                    bar.set_position(*current);
                }
                bar.set_message(text);
            }
            Event::Output { service, line, .. } => {
                let line = self.out.masked(line);
                self.bar(service.as_deref()).set_message(line);
            }
            Event::StepDone { service, .. } => {
                if service.is_some() {
                    let bar = self.bar(service.as_deref());
                    bar.set_style(working());
                    bar.set_message("waiting");
                }
            }
            Event::Lost { service, .. } => self.end(service, "✗", style("failed").red().to_string()),
            Event::StepFailed { service, .. } => {
                if let Some(service) = service {
                    self.end(service, "✗", style("failed").red().to_string());
                }
            }
            Event::StepSkipped { service, because, .. } => {
                if let Some(service) = service.as_ref().filter(|service| *service != because) {
                    self.end(service, "-", format!("left out, because {because} failed"));
                }
            }
            Event::Waiting { service, text } => {
                let text = self.out.masked(text);
                self.bar(Some(service)).set_message(text);
            }
            Event::Ready { service, by, after_ms } => {
                let word = if *by == ReadyBy::Completed {
                    "completed"
                } else {
                    "ready"
                };
                self.end(service, "✓", format!("{} {}", style(word).green(), seconds(*after_ms)));
            }
            Event::Note { text } => self.print(vec![format!("note: {text}")]),
            Event::Warning { text } => self.print(vec![format!("{} {text}", style("warning:").yellow())]),
            Event::Interrupted { services } => self.print(vec![interrupted_line(services)]),
            Event::Finished { .. } => {
                self.clear();
                for line in summary_lines(event) {
                    self.out.line(&line);
                }
            }
        }
    }
}

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
