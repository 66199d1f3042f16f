//! Asks the real Loki.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::http;

/// What Loki gives at most in one answer.
const LIMIT: usize = 5000;

/// Loki at a local port.
#[derive(Clone, Copy)]
pub struct Loki(pub u16);

/// A line of a stream.
#[derive(Debug, Clone)]
pub struct Entry {
    pub time: u128,
    pub labels: BTreeMap<String, String>,
    pub line: String,
}

/// Nanoseconds since 1970.
pub fn now() -> u128 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970")
        .as_nanos()
}

impl Loki {
    /// `GET path` with parameters; the body must be JSON with `status: success`.
    #[track_caller]
    pub fn get(self, path: &str, parameters: &[(&str, &str)]) -> Value {
        let parameters: Vec<String> = parameters
            .iter()
            .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)))
            .collect();
        let (status, body) = http::get(self.0, &format!("{path}?{}", parameters.join("&"))).expect("Loki answers");
        assert_eq!(status, 200, "{parameters:?}: {body}");
        let answer: Value = serde_json::from_str(&body).expect("JSON");
        assert_eq!(answer["status"], "success", "{body}");
        answer["data"].clone()
    }

    /// All lines of the last two days that match, in Loki's order.
    #[track_caller]
    pub fn lines(self, query: &str) -> Vec<Entry> {
        let mut start = now() - 48 * 3600 * 1_000_000_000;
        let end = (now() + 1_000_000_000).to_string();
        let limit = LIMIT.to_string();
        let mut all: Vec<Entry> = Vec::new();
        loop {
            let from = start.to_string();
            let parameters = [
                ("query", query),
                ("start", &from),
                ("end", &end),
                ("limit", &limit),
                ("direction", "forward"),
            ];
            let data = self.get("/loki/api/v1/query_range", &parameters);
            let mut page: Vec<Entry> = Vec::new();
            for stream in data["result"].as_array().expect("streams") {
                let labels: BTreeMap<String, String> =
                    serde_json::from_value(stream["stream"].clone()).expect("labels");
                for value in stream["values"].as_array().expect("values") {
                    page.push(Entry {
                        time: value[0].as_str().expect("a time").parse().expect("a time"),
                        labels: labels.clone(),
                        line: value[1].as_str().expect("a line").to_owned(),
                    });
                }
            }
            // Streams come one after the other, each in its order.
            page.sort_by_key(|entry| entry.time);
            let full = page.len() == LIMIT;
            let last = page.last().map(|entry| entry.time);
            if let (true, Some(last)) = (full, last) {
                // The last moment may go on behind the limit.
                page.retain(|entry| entry.time < last);
                start = last;
            }
            all.extend(page);
            if !full {
                return all;
            }
        }
    }

    /// The result of an expression that gives numbers, or lines, over the last hour.
    #[track_caller]
    pub fn result(self, query: &str) -> Vec<Value> {
        let start = (now() - 3600 * 1_000_000_000).to_string();
        let parameters = [("query", query), ("start", start.as_str()), ("step", "60")];
        let data = self.get("/loki/api/v1/query_range", &parameters);
        data["result"].as_array().expect("a list").clone()
    }

    /// Pushes lines of one stream: (nanoseconds, text).
    #[track_caller]
    pub fn push(self, stream: &Value, lines: &[(u128, &str)]) {
        let values: Vec<[String; 2]> = lines
            .iter()
            .map(|(time, line)| [time.to_string(), (*line).to_owned()])
            .collect();
        let body = serde_json::json!({ "streams": [{ "stream": stream, "values": values }] }).to_string();
        let (status, answer) = http::post(self.0, "/loki/api/v1/push", &body).expect("Loki answers");
        assert_eq!(status, 204, "{answer}");
    }
}
