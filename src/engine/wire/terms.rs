//! What is to be expected of an answer, by what was asked. What is not known here is read whole, and soon.

use std::time::Duration;

use hyper::Method;

use super::limits::Patience;

/// What an answer is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// One thing, which is read whole.
    Whole,
    /// A line of JSON each.
    Lines,
    /// A container's log: frames, or lines of a terminal.
    Log,
    /// What a process prints: frames, or what a terminal shows.
    Output,
    /// Bytes.
    Bytes,
}

/// What is to be expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Terms {
    pub form: Form,
    /// How long until an answer is there: all of it, or its head when a stream follows. `None`: any time.
    pub within: Option<Duration>,
    /// How long an error may take that comes instead.
    pub error_within: Duration,
}

/// Of the answer to `request`.
pub(super) fn of<B>(request: &hyper::Request<B>, patience: Patience) -> Terms {
    let mut parts: Vec<&str> = request
        .uri()
        .path()
        .split('/')
        .filter(|part| !part.is_empty())
        .collect();
    if parts.first().is_some_and(|first| is_version(first)) {
        parts.remove(0);
    }
    let (look, change) = (Some(patience.look()), Some(patience.change()));
    let is_get = request.method() == Method::GET;
    let (form, within) = match parts.as_slice() {
        ["events"] => (Form::Lines, look),
        ["containers", _, "logs"] => (Form::Log, change),
        ["containers", _, "archive"] if is_get => (Form::Bytes, change),
        ["containers", _, "attach"] | ["exec", _, "start"] => (Form::Output, change),
        // It takes a sample, and a while later another.
        ["containers", _, "stats"] => (Form::Whole, change),
        // As long as a process takes to end.
        ["containers", _, "stop" | "restart"] => (Form::Whole, None),
        // The same, and as long as the network or the Dockerfile takes; a long silence is reported.
        ["containers", _, "wait"] | ["images", "create"] | ["images", .., "push"] | ["build"] => (Form::Lines, None),
        _ if is_get || request.method() == Method::HEAD => (Form::Whole, look),
        _ => (Form::Whole, change),
    };
    Terms {
        form,
        within,
        error_within: patience.look(),
    }
}

/// `v1.41`.
fn is_version(part: &str) -> bool {
    let numbers = part.strip_prefix('v').unwrap_or_default();
    numbers.starts_with(|c: char| c.is_ascii_digit()) && numbers.chars().all(|c| c.is_ascii_digit() || c == '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_to_be_a_stream_is_one_and_only_what_may_last_may() {
        let patience = Patience(Duration::from_secs(2));
        let (look, change) = (Some(Duration::from_secs(2)), Some(Duration::from_secs(16)));
        for (method, path, form, within) in [
            ("GET", "/containers/json?all=true", Form::Whole, look),
            ("GET", "/v1.41/containers/a/json", Form::Whole, look),
            ("GET", "/v1.41/containers/a/logs?follow=true", Form::Log, change),
            ("GET", "/containers/logs/json", Form::Whole, look),
            ("HEAD", "/containers/a/archive", Form::Whole, look),
            ("GET", "/containers/a/archive", Form::Bytes, change),
            ("PUT", "/containers/a/archive", Form::Whole, change),
            ("POST", "/containers/a/wait", Form::Lines, None),
            ("POST", "/containers/a/start", Form::Whole, change),
            ("POST", "/exec/a/start", Form::Output, change),
            ("POST", "/images/127.0.0.1:5000/a/b/push", Form::Lines, None),
            ("GET", "/images/127.0.0.1:5000/a/b/json", Form::Whole, look),
            ("DELETE", "/images/a", Form::Whole, change),
            ("POST", "/session", Form::Whole, change),
            ("GET", "/whatever/comes", Form::Whole, look),
        ] {
            let request = hyper::Request::builder().method(method).uri(path).body(()).unwrap();
            let terms = of(&request, patience);
            assert_eq!((terms.form, terms.within), (form, within), "{method} {path}");
        }
    }
}
