//! The last lines of a command: what became of each service, where it answers, what to do next.

use console::style;

use crate::event::{Event, ServiceSummary};
use crate::observed::{Health, State};

/// `2.4 s`, `130 ms`.
pub fn seconds(milliseconds: u64) -> String {
    if milliseconds < 1000 {
        format!("{milliseconds} ms")
    } else {
        format!("{}.{} s", milliseconds / 1000, milliseconds % 1000 / 100)
    }
}

/// The line for [`Event::Interrupted`].
pub fn interrupted_line(services: &[String]) -> String {
    let mark = style("warning:").yellow().bold().for_stderr();
    let mut line = format!("{mark} interrupted; containers are left as they are");
    if !services.is_empty() {
        line.push_str(", not finished: ");
        line.push_str(&services.join(", "));
    }
    line
}

/// The lines for [`Event::Finished`]; none for other events.
pub fn summary_lines(event: &Event) -> Vec<String> {
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
    let mut lines = Vec::new();
    if *changed == 0 && *ok {
        lines.push(format!("{command}: nothing to do ({project}, {})", seconds(*took_ms)));
    } else if *ok {
        lines.push(format!("{command}: {} in {}", style("done").green(), seconds(*took_ms)));
    } else {
        lines.push(format!(
            "{command}: {} after {}",
            style("failed").red(),
            seconds(*took_ms)
        ));
    }
    let width = services.iter().map(|service| service.service.len()).max().unwrap_or(0);
    for service in services {
        let mut parts = vec![format!("  {:width$}", service.service), state_word(service)];
        parts.extend(service.ready_ms.map(seconds));
        parts.extend(service.urls.iter().cloned());
        lines.push(parts.join("  "));
    }
    for sentence in next {
        lines.push(format!("  {} {sentence}", style("next:").cyan()));
    }
    lines
}

fn state_word(service: &ServiceSummary) -> String {
    let word = match service.state {
        None => "not there".to_owned(),
        Some(State::Exited { code: 0 }) if service.ready => "completed".to_owned(),
        Some(State::Exited { code }) => format!("exited ({code})"),
        Some(State::Running { .. }) if service.ready => "ready".to_owned(),
        Some(State::Running {
            health: Health::Unhealthy,
        }) => "unhealthy".to_owned(),
        Some(State::Running { .. }) => "starting".to_owned(),
        Some(State::Created) => "not started".to_owned(),
        Some(State::Paused) => "paused".to_owned(),
        Some(State::Restarting) => "restarting".to_owned(),
        Some(State::Removing | State::Dead) => "going away".to_owned(),
    };
    let padded = format!("{word:<11}");
    if service.ready {
        style(padded).green().to_string()
    } else {
        style(padded).red().to_string()
    }
}
