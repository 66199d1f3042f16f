//! Loki's HTTP API: what was shipped, also of containers that are long gone.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use tokio::net::TcpStream;

use super::{Span, quoted};
use crate::failure::Failure;
use crate::http;
use crate::ids::ServiceName;
use crate::logs::Stamp;
use crate::stamp::SECOND;

/// What Loki gives at most in one answer, unless it is configured otherwise.
const PAGE: usize = 5000;
const CONNECT_WITHIN: Duration = Duration::from_secs(2);
/// Loki itself gives up a query after a minute.
const ANSWER_WITHIN: Duration = Duration::from_secs(65);
/// Loki refuses longer stretches of time (30 days and an hour) in one query; nothing is kept so long by default.
const LONGEST: i64 = 30 * 24 * 3600 * SECOND;

/// More than this is not read of one answer. A page of entries that is longer is asked for in smaller pages.
const LARGEST_ANSWER: u64 = 32 << 20;
/// How much smaller.
const SMALLER: usize = 8;
/// As much of what it says instead of an answer is shown.
const MOST_SHOWN: usize = 300;

/// Loki.
#[derive(Debug, Clone)]
pub struct Loki {
    /// Host and port.
    address: String,
    /// How many entries are asked for at once.
    page: Arc<AtomicUsize>,
}

/// A container that Loki knows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LokiContainer {
    /// Its service.
    pub service: ServiceName,
    /// Its name.
    pub container: String,
}

/// A line, or several of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LokiEntry {
    /// When it was written.
    pub time: Stamp,
    /// Written to stderr.
    pub stderr: bool,
    /// The text.
    pub text: String,
}

#[derive(Deserialize)]
struct Answer<T> {
    data: T,
}

#[derive(Deserialize)]
struct Streams {
    result: Vec<StreamOf>,
}

#[derive(Deserialize)]
struct StreamOf {
    stream: BTreeMap<String, String>,
    values: Vec<(String, String)>,
}

/// From which end a stretch of time is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Forward,
    Backward,
}

impl Loki {
    /// At `url`, `http://localhost:3100`.
    pub fn at(url: &str) -> Self {
        Self {
            address: url.trim_start_matches("http://").trim_end_matches('/').to_owned(),
            page: Arc::new(AtomicUsize::new(PAGE)),
        }
    }

    /// The containers of `project` that said something in `span`.
    ///
    /// # Errors
    /// Loki is away or doesn't understand.
    pub async fn containers(&self, project: &str, span: Span) -> Result<Vec<LokiContainer>, Failure> {
        let matching = format!("{{project={}}}", quoted(project));
        let (start, end) = bounds(span);
        let path = path("series", &[("match[]", &matching), ("start", &start), ("end", &end)]);
        let answer = self.get::<Vec<BTreeMap<String, String>>>(&path).await;
        let data = answer.map_err(|wrong| self.failure(wrong))?.data;
        let mut known: Vec<LokiContainer> = data
            .into_iter()
            .filter_map(|mut labels| {
                Some(LokiContainer {
                    service: ServiceName::new(labels.remove("service")?),
                    container: labels.remove("container_name")?,
                })
            })
            .collect();
        known.sort_unstable();
        known.dedup();
        Ok(known)
    }

    /// The next entries of a container from `span.since` on, and where to go on after them.
    ///
    /// # Errors
    /// Loki is away or doesn't understand.
    pub async fn forward(
        &self,
        project: &str,
        container: &str,
        span: Span,
    ) -> Result<(Vec<LokiEntry>, Option<Span>), Failure> {
        let (mut page, is_full) = self.page(project, container, span, Direction::Forward).await?;
        if !is_full {
            return Ok((page, None));
        }
        // The last moment may go on after the limit; it is asked for again, unless it is all there is.
        let last = page.last().map_or(span.since, |entry| entry.time);
        let since = if page.first().is_some_and(|first| first.time < last) {
            page.retain(|entry| entry.time < last);
            last
        } else {
            last.plus(1)
        };
        Ok((page, Some(Span { since, ..span })))
    }

    /// The entries of a container before `span.until`, and where to go on before them.
    ///
    /// # Errors
    /// Loki is away or doesn't understand.
    pub async fn backward(
        &self,
        project: &str,
        container: &str,
        span: Span,
    ) -> Result<(Vec<LokiEntry>, Option<Span>), Failure> {
        let (mut page, is_full) = self.page(project, container, span, Direction::Backward).await?;
        if !is_full {
            return Ok((page, None));
        }
        let first = page.first().map_or(span.until, |entry| entry.time);
        let until = if page.last().is_some_and(|last| last.time > first) {
            page.retain(|entry| entry.time > first);
            first
        } else {
            first.plus(-1)
        };
        Ok((page, Some(Span { until, ..span })))
    }

    /// The entries of `span` from one of its ends, in the order of time, and whether there may be more.
    async fn page(
        &self,
        project: &str,
        container: &str,
        span: Span,
        direction: Direction,
    ) -> Result<(Vec<LokiEntry>, bool), Failure> {
        let query = format!("{{project={},container_name={}}}", quoted(project), quoted(container));
        let (start, end) = bounds(span);
        let direction = match direction {
            Direction::Forward => "forward",
            Direction::Backward => "backward",
        };
        let (data, limit) = loop {
            let limit = self.page.load(Ordering::Relaxed);
            let asked_for = limit.to_string();
            let parameters = [
                ("query", query.as_str()),
                ("start", &start),
                ("end", &end),
                ("limit", &asked_for),
                ("direction", direction),
            ];
            match self.get::<Streams>(&path("query_range", &parameters)).await {
                Ok(answer) => break (answer.data, limit),
                Err(NoAnswer::TooLong) if limit > 1 => self.page.store((limit / SMALLER).max(1), Ordering::Relaxed),
                Err(wrong) => return Err(self.failure(wrong)),
            }
        };
        let mut entries = Vec::new();
        for stream in data.result {
            let stderr = stream.stream.get("stream").is_some_and(|stream| stream == "stderr");
            // Equal times keep their order, which backward is the other way round.
            let mut values = stream.values;
            if direction == "backward" {
                values.reverse();
            }
            for (time, text) in values {
                let Ok(nanos) = time.parse() else {
                    continue;
                };
                entries.push(LokiEntry {
                    time: Stamp(nanos),
                    stderr,
                    text,
                });
            }
        }
        let is_full = entries.len() >= limit;
        // What was not asked for would lead the next question astray, and perhaps without end.
        entries.retain(|entry| span.contains(entry.time));
        entries.sort_by_key(|entry| entry.time);
        let may_go_on = is_full && !entries.is_empty();
        Ok((entries, may_go_on))
    }

    async fn get<T: for<'de> Deserialize<'de>>(&self, path: &str) -> Result<Answer<T>, NoAnswer> {
        let asked = tokio::time::timeout(ANSWER_WITHIN, ask(&self.address, path)).await;
        let (status, body) = match asked {
            Ok(Ok(Some(answer))) => answer,
            Ok(Ok(None)) => return Err(NoAnswer::TooLong),
            Ok(Err(error)) => return Err(NoAnswer::Because(error.to_string())),
            Err(_elapsed) => {
                return Err(NoAnswer::Because(format!(
                    "no answer within {} s",
                    ANSWER_WITHIN.as_secs()
                )));
            }
        };
        if status != 200 {
            let said = String::from_utf8_lossy(&body);
            let shown: String = said.trim().chars().take(MOST_SHOWN).collect();
            return Err(NoAnswer::Because(format!("it answered {status}: {shown}")));
        }
        serde_json::from_slice(&body).map_err(|error| NoAnswer::Because(format!("its answer is not valid: {error}")))
    }

    fn failure(&self, wrong: NoAnswer) -> Failure {
        Failure::failed(format!("Loki at {} can't be queried", self.address))
            .because(match wrong {
                NoAnswer::TooLong => format!("its answer is longer than {} MB", LARGEST_ANSWER >> 20),
                NoAnswer::Because(why) => why,
            })
            .hint("`magicctl up loki` starts it; without `--source loki` the engine's logs are shown")
    }
}

/// Why there is no answer.
enum NoAnswer {
    /// It is longer than is read.
    TooLong,
    Because(String),
}

fn path(what: &str, parameters: &[(&str, &str)]) -> String {
    let parameters: Vec<String> = parameters
        .iter()
        .map(|(name, value)| {
            let name = utf8_percent_encode(name, NON_ALPHANUMERIC);
            format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC))
        })
        .collect();
    format!("/loki/api/v1/{what}?{}", parameters.join("&"))
}

/// Nanoseconds as Loki wants them; the end is not included there.
fn bounds(span: Span) -> (String, String) {
    let now = time::OffsetDateTime::now_utc().unix_timestamp_nanos();
    let soon = Stamp(i64::try_from(now).unwrap_or(i64::MAX)).plus(60 * SECOND);
    let end = span.until.min(soon).plus(1);
    let start = span.since.max(end.plus(-LONGEST));
    (start.0.to_string(), end.0.to_string())
}

/// Status and body of `GET path`; none if the answer is too long.
async fn ask(address: &str, path: &str) -> io::Result<Option<(u16, Vec<u8>)>> {
    let connecting = TcpStream::connect(address);
    let stream = tokio::time::timeout(CONNECT_WITHIN, connecting)
        .await
        .map_err(|_elapsed| io::Error::from(ErrorKind::TimedOut))??;
    let answer = http::get(stream, address, path).await?;
    let status = answer.status;
    Ok(answer.body(LARGEST_ANSWER).await?.map(|body| (status, body)))
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use super::*;

    /// Gives each of `answers` to one request; the requests.
    fn loki(answers: Vec<String>) -> (Loki, std::thread::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let loki = Loki::at(&format!("http://{}", listener.local_addr().unwrap()));
        let server = std::thread::spawn(move || {
            let mut requests = Vec::new();
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = [0; 4096];
                let read = stream.read(&mut request).unwrap();
                requests.push(String::from_utf8_lossy(&request[..read]).into_owned());
                stream.write_all(answer.as_bytes()).unwrap();
            }
            requests
        });
        (loki, server)
    }

    fn run<T>(asking: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(asking)
    }

    #[test]
    fn streams_of_one_container_are_one_in_time_order() {
        let body = r#"{"status":"success","data":{"result":[
            {"stream":{"stream":"stdout"},"values":[["5","five"],["9","nine"]]},
            {"stream":{"stream":"stderr"},"values":[["7","seven\nmore"]]}]}}"#;
        let (loki, server) = loki(vec![format!("HTTP/1.0 200 OK\r\n\r\n{body}")]);
        let (entries, more) = run(loki.forward("p", "p-app-1", Span::default())).unwrap();
        let seen: Vec<(i64, bool, &str)> = entries.iter().map(|e| (e.time.0, e.stderr, e.text.as_str())).collect();
        assert_eq!(seen, [(5, false, "five"), (7, true, "seven\nmore"), (9, false, "nine")]);
        assert_eq!(more, None);
        let request = &server.join().unwrap()[0];
        assert!(
            request.contains("%7Bproject%3D%22p%22%2Ccontainer%5Fname%3D%22p%2Dapp%2D1%22%7D"),
            "{request}"
        );
    }

    /// What is asked for under `name` by a request.
    fn parameter(request: &str, name: &str) -> String {
        let query = request.split_whitespace().nth(1).unwrap().split_once('?').unwrap().1;
        let mut pairs = query.split('&').map(|pair| pair.split_once('=').unwrap());
        let (_, value) = pairs.find(|(found, _)| decoded(found) == name).unwrap();
        decoded(value)
    }

    fn decoded(text: &str) -> String {
        percent_encoding::percent_decode_str(text)
            .decode_utf8()
            .unwrap()
            .into_owned()
    }

    #[test]
    fn labels_that_others_pushed_stay_one_string_of_the_query() {
        let empty = "HTTP/1.0 200 OK\r\n\r\n{\"data\":{\"result\":[]}}".to_owned();
        for (label, written) in [
            (r#"a" } or {job=~".+"#, r#""a\" } or {job=~\".+""#),
            (r"a\", r#""a\\""#),
            ("a\n} | line_format `x`", r#""a\n} | line_format `x`""#),
            ("größe", "\"größe\""),
        ] {
            let (loki, server) = loki(vec![empty.clone(), empty.clone(), empty.clone()]);
            run(loki.forward(label, label, Span::default())).unwrap();
            run(loki.backward("p", label, Span::default())).unwrap();
            // This answer holds no list of series.
            run(loki.containers(label, Span::default())).unwrap_err();
            let requests = server.join().unwrap();
            let both = format!("{{project={written},container_name={written}}}");
            assert_eq!(parameter(&requests[0], "query"), both);
            assert!(parameter(&requests[1], "query").ends_with(&format!(",container_name={written}}}")));
            assert_eq!(parameter(&requests[2], "match[]"), format!("{{project={written}}}"));
        }
    }

    #[test]
    fn an_answer_without_end_is_not_read_to_its_end() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endless = Loki::at(&format!("http://{}", listener.local_addr().unwrap()));
        let server = std::thread::spawn(move || {
            let mut limits = Vec::new();
            for connection in listener.incoming().take(6) {
                let mut stream = connection.unwrap();
                let mut request = [0; 4096];
                let read = stream.read(&mut request).unwrap();
                let request = String::from_utf8_lossy(&request[..read]).into_owned();
                let is_page = request.contains("query_range");
                limits.push(if is_page {
                    parameter(&request, "limit")
                } else {
                    String::new()
                });
                stream.write_all(b"HTTP/1.0 200 OK\r\n\r\n").unwrap();
                // Until the other side has had enough.
                while stream.write_all(&[b' '; 1 << 13]).is_ok() {}
            }
            limits
        });
        let failure = run(endless.containers("p", Span::default())).unwrap_err();
        assert!(failure.why[0].contains("longer than 32 MB"), "{failure:?}");
        let failure = run(endless.forward("p", "c", Span::default())).unwrap_err();
        assert!(failure.why[0].contains("longer than 32 MB"), "{failure:?}");
        // A page that is only too large is asked for in smaller ones.
        assert_eq!(server.join().unwrap(), ["", "5000", "625", "78", "9", "1"]);
        let (loki, server) = loki(vec!["HTTP/1.0 500 No\r\n\r\n".to_owned() + &"no ".repeat(1 << 20)]);
        let failure = run(loki.containers("p", Span::default())).unwrap_err();
        assert!(failure.why[0].len() < 400, "{}", failure.why[0].len());
        server.join().unwrap();
    }

    #[test]
    fn entries_that_were_not_asked_for_lead_nowhere() {
        let value = |time: i64| format!("[\"{time}\",\"x\"]");
        let page = |times: Vec<i64>| {
            let values: Vec<String> = times.into_iter().map(value).collect();
            let streams = format!("{{\"stream\":{{}},\"values\":[{}]}}", values.join(","));
            format!("HTTP/1.0 200 OK\r\n\r\n{{\"data\":{{\"result\":[{streams}]}}}}")
        };
        let many = i64::try_from(PAGE).unwrap();
        // All before, all after, all at one moment, and as asked for.
        let pages = [
            vec![5; PAGE],
            vec![2_000; PAGE],
            vec![100; PAGE],
            (0..many).map(|time| 90 + time).collect(),
        ];
        let span = Span {
            since: Stamp(100),
            until: Stamp(1_000),
        };
        for backward in [false, true] {
            let (loki, server) = loki(pages.iter().cloned().map(page).collect());
            let mut left = Vec::new();
            for _ in &pages {
                let asked = if backward {
                    run(loki.backward("p", "c", span))
                } else {
                    run(loki.forward("p", "c", span))
                };
                let (entries, next) = asked.unwrap();
                assert!(entries.iter().all(|entry| span.contains(entry.time)));
                // Where it goes on, less is left.
                assert!(next.is_none_or(|next| next.since > span.since || next.until < span.until));
                left.push(next.is_some());
            }
            assert_eq!(left, [false, false, true, true]);
            server.join().unwrap();
        }
    }

    #[test]
    fn one_that_is_away_or_refuses_says_what_else_to_do() {
        let (loki, server) = loki(vec!["HTTP/1.0 400 Bad Request\r\n\r\nparse error\n".to_owned()]);
        let failure = run(loki.containers("p", Span::default())).unwrap_err();
        assert!(failure.why[0].contains("400: parse error"), "{failure:?}");
        server.join().unwrap();
        let failure = run(loki.containers("p", Span::default())).unwrap_err();
        assert!(failure.hint.unwrap().contains("the engine's logs"));
    }
}
