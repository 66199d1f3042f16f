//! A container's or service's state in one word, for `up`, `status` and the rest.

use console::Style;

use crate::observed::{Health, State};
use crate::terminal::Line;
use crate::verdict::Verdict;

/// The word, in the colour of how that is.
pub(super) fn state_word(state: Option<State>, verdict: Verdict) -> Line {
    let style = match verdict {
        Verdict::Ready | Verdict::Running => Style::new().green(),
        Verdict::Completed | Verdict::Stopped => Style::new().dim(),
        Verdict::Starting | Verdict::Paused => Style::new().yellow(),
        Verdict::Failed(_) => Style::new().red(),
    };
    Line::new().styled(style, word(state, verdict))
}

fn word(state: Option<State>, verdict: Verdict) -> String {
    match (state, verdict) {
        (None, _) => "missing".to_owned(),
        (_, Verdict::Ready | Verdict::Running | Verdict::Completed) => verdict.word().to_owned(),
        (Some(State::Exited { code }), _) => format!("exited ({code})"),
        (
            Some(State::Running {
                health: Health::Unhealthy,
            }),
            _,
        ) => "unhealthy".to_owned(),
        (Some(State::Running { .. }), Verdict::Failed(_)) => "failed".to_owned(),
        (Some(State::Running { .. }), _) => "starting".to_owned(),
        (Some(State::Created), _) => "not started".to_owned(),
        (Some(State::Paused), _) => "paused".to_owned(),
        (Some(State::Restarting), _) => "restarting".to_owned(),
        (Some(State::Removing | State::Dead), _) => "removing".to_owned(),
    }
}
