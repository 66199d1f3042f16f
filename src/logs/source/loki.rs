//! Loki's HTTP API: what was shipped, also of containers that are long gone.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::Span;
use crate::failure::Failure;
use crate::logs::Stamp;
use crate::stamp::SECOND;

/// What Loki gives at most in one answer, unless it is configured otherwise.
const PAGE: usize = 5000;
const CONNECT_WITHIN: Duration = Duration::from_secs(2);
/// Loki itself gives up a query after a minute.
const ANSWER_WITHIN: Duration = Duration::from_secs(65);
/// Loki refuses longer stretches of time (30 days and an hour) in one query; nothing is kept so long by default.
const LONGEST: i64 = 30 * 24 * 3600 * SECOND;

/// Loki.
#[derive(Debug, Clone)]
pub struct Loki {
    /// Host and port.
    address: String,
}

/// A container that Loki knows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Known {
    /// Its service.
    pub service: String,
    /// Its name.
    pub container: String,
}

/// A line, or several of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LokiEntry {
    /// When.
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
        }
    }

    /// The containers of `project` that said something in `span`.
    ///
    /// # Errors
    /// Loki is away or doesn't understand.
    pub async fn containers(&self, project: &str, span: Span) -> Result<Vec<Known>, Failure> {
        let matching = format!("{{project=\"{project}\"}}");
        let (start, end) = bounds(span);
        let path = path("series", &[("match[]", &matching), ("start", &start), ("end", &end)]);
        let Answer { data } = self.get::<Vec<BTreeMap<String, String>>>(&path).await?;
        let mut known: Vec<Known> = data
            .into_iter()
            .filter_map(|mut labels| {
                Some(Known {
                    service: labels.remove("service")?,
                    container: labels.remove("container_name")?,
                })
            })
            .collect();
        known.sort_unstable();
        known.dedup();
        Ok(known)
    }

    /// The next entries of a container from `span.since` on, and where to go on behind them.
    ///
    /// # Errors
    /// Loki is away or doesn't understand.
    pub async fn forward(
        &self,
        project: &str,
        container: &str,
        span: Span,
    ) -> Result<(Vec<LokiEntry>, Option<Span>), Failure> {
        let mut page = self.page(project, container, span, Direction::Forward).await?;
        page.sort_by_key(|entry| entry.time);
        if page.len() < PAGE {
            return Ok((page, None));
        }
        // The last moment may go on behind the limit; it is asked for again, unless it is all there is.
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
        let mut page = self.page(project, container, span, Direction::Backward).await?;
        page.sort_by_key(|entry| entry.time);
        if page.len() < PAGE {
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

    async fn page(
        &self,
        project: &str,
        container: &str,
        span: Span,
        direction: Direction,
    ) -> Result<Vec<LokiEntry>, Failure> {
        // Names of projects and containers have no character that would need an escape.
        let query = format!("{{project=\"{project}\",container_name=\"{container}\"}}");
        let (start, end) = bounds(span);
        let direction = match direction {
            Direction::Forward => "forward",
            Direction::Backward => "backward",
        };
        let limit = PAGE.to_string();
        let parameters = [
            ("query", query.as_str()),
            ("start", &start),
            ("end", &end),
            ("limit", &limit),
            ("direction", direction),
        ];
        let Answer { data } = self.get::<Streams>(&path("query_range", &parameters)).await?;
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
        Ok(entries)
    }

    async fn get<T: for<'de> Deserialize<'de>>(&self, path: &str) -> Result<Answer<T>, Failure> {
        let away = |why: String| {
            Failure::failed(format!("Loki at {} can't be asked", self.address))
                .because(why)
                .hint("`magicctl up loki` starts it; without `--source loki` the engine's own logs are shown")
        };
        let asked = tokio::time::timeout(ANSWER_WITHIN, ask(&self.address, path)).await;
        let (status, body) = match asked {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return Err(away(error.to_string())),
            Err(_elapsed) => return Err(away(format!("no answer within {} s", ANSWER_WITHIN.as_secs()))),
        };
        if status != 200 {
            let said = String::from_utf8_lossy(&body);
            return Err(away(format!("it answered {status}: {}", said.trim())));
        }
        serde_json::from_slice(&body).map_err(|error| away(format!("its answer is not understood: {error}")))
    }
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

/// Status and body of `GET path`. In HTTP 1.0 the body ends with the connection.
async fn ask(address: &str, path: &str) -> io::Result<(u16, Vec<u8>)> {
    let connecting = TcpStream::connect(address);
    let mut stream = tokio::time::timeout(CONNECT_WITHIN, connecting)
        .await
        .map_err(|_elapsed| io::Error::from(ErrorKind::TimedOut))??;
    let request = format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let wrong = || io::Error::new(ErrorKind::InvalidData, "the answer is no HTTP");
    let end = memchr::memmem::find(&answer, b"\r\n\r\n").ok_or_else(wrong)?;
    let head = std::str::from_utf8(&answer[..end]).map_err(|_| wrong())?;
    let status = head
        .split_whitespace()
        .nth(1)
        .and_then(|status| status.parse().ok())
        .ok_or_else(wrong)?;
    Ok((status, answer.split_off(end + 4)))
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

    #[test]
    fn one_that_is_away_or_refuses_says_what_else_to_do() {
        let (loki, server) = loki(vec!["HTTP/1.0 400 Bad Request\r\n\r\nparse error\n".to_owned()]);
        let failure = run(loki.containers("p", Span::default())).unwrap_err();
        assert!(failure.why[0].contains("400: parse error"), "{failure:?}");
        server.join().unwrap();
        let failure = run(loki.containers("p", Span::default())).unwrap_err();
        assert!(failure.hint.unwrap().contains("the engine's own logs"));
    }
}
