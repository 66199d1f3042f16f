//! The last lines of a command: what became of each service, where it answers, what to do next.

use console::Style;

use crate::event::{Event, ServiceSummary};
use crate::ids::ServiceName;
use crate::terminal::Line;

use super::Out;
use super::diagnostic::warning_line;
use super::state::state_word;

/// `2.4 s`, `130 ms`.
pub fn seconds(milliseconds: u64) -> String {
    if milliseconds < 1000 {
        format!("{milliseconds} ms")
    } else {
        format!("{}.{} s", milliseconds / 1000, milliseconds % 1000 / 100)
    }
}

/// The line for [`Event::Interrupted`].
pub fn interrupted_line(services: &[ServiceName]) -> Line {
    let line = warning_line("interrupted; containers are unchanged");
    if services.is_empty() {
        return line;
    }
    line.text(format!(", not finished: {}", services.join(", ")))
}

/// The lines for [`Event::Finished`]; none for other events.
pub fn summary_lines(out: &Out, event: &Event) -> Vec<Line> {
    let Event::Finished {
        command,
        project,
        ok,
        took_ms,
        changed,
        services,
        next,
    } = event
    else {
        return Vec::new();
    };
    let head = || Line::from(format!("{command}: "));
    let took = seconds(*took_ms);
    let mut lines = vec![if *changed == 0 && *ok {
        head().text(format!("nothing to do ({project}, {took})"))
    } else if *ok {
        head().styled(Style::new().green(), "done").text(format!(" in {took}"))
    } else {
        head()
            .styled(Style::new().red(), "failed")
            .text(format!(" after {took}"))
    }];
    let name = |service: &ServiceSummary| out.name(service.service.as_str());
    let width = services.iter().map(|service| name(service).width()).max().unwrap_or(0);
    for service in services {
        let mut line = Line::from("  ").and(name(service).padded(width));
        line = line
            .text("  ")
            .and(state_word(service.state, service.verdict).padded(11));
        let facts = service
            .ready_ms
            .map(seconds)
            .into_iter()
            .chain(service.urls.iter().cloned());
        lines.push(facts.fold(line, |line, fact| line.text("  ").text(fact)));
    }
    for sentence in next {
        let mark = Line::from("  ").styled(Style::new().cyan(), "next:");
        lines.push(mark.text(" ").text(sentence));
    }
    lines
}
