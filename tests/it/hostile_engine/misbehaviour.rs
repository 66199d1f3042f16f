//! How an answer can be wrong.

use std::io;
use std::time::Duration;

use base64::Engine as _;
use serde_json::{Value, json};

use super::honest::{Body, Reply, frame};
use crate::support::fake_engine::{Answer, Wire};

/// More than this is never sent: a client that reads so much has no limit.
const ENOUGH: u64 = 3 << 30;
/// Text that does something to a terminal: a title, a cleared screen, a colour in one byte, a carriage return, a bell.
const CONTROLS: &str = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{1b}[31m\u{9b}5m\r\u{8}\u{7f}x";

/// What an answer is instead of what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misbehaviour {
    /// Bytes that are not HTTP.
    Garbage,
    /// HTTP, and text that is not JSON.
    NotJson,
    /// JSON of another shape.
    Null,
    Number,
    OtherObject,
    ListOfLists,
    /// `200` and no body.
    NoBody,
    /// `204` where a body is due.
    NoContent,
    /// A status that says that something else is spoken from now on.
    Switched,
    /// A body without an end: one string.
    Endless,
    /// The same in pieces of one byte.
    EndlessInBytes,
    /// A body without an end, of line ends only.
    EndlessLineEnds,
    /// A body without an end: small JSON objects, a line each.
    EndlessObjects,
    /// A body without an end: frames of a log, whole lines.
    EndlessLines,
    /// Frames of a log that never end a line.
    EndlessLine,
    /// Frames of one record that never ends.
    EndlessRecord,
    /// The header of a frame of four gigabytes, and its beginning.
    HugeFrame,
    /// Lines of BuildKit's, as long as they may be, of steps that have no name.
    ManySteps,
    /// Ever more steps and layers, each with a name of its own.
    EndlessSteps,
    /// Headers without an end.
    EndlessHead,
    /// `100 Continue` without an end.
    EndlessContinue,
    /// 300 MB of one string.
    Huge,
    /// 120 MB of empty objects in a list.
    ManyObjects,
    /// A hundred thousand lists in each other.
    Nested,
    /// The head at once, and then a byte a second.
    Drip,
    /// A byte a second from the first on.
    DripHead,
    /// Nothing at all.
    Silent,
    /// The head, and then nothing.
    SilentBody,
    /// Closed at once.
    Closed,
    /// Closed after the head.
    ClosedAfterHead,
    /// Half of the body.
    Half,
    /// Half of the body, as if it were all.
    HalfAsWhole,
    /// What a terminal obeys, in every string that is not a word of the API's own.
    Escapes,
    /// The same in every string.
    EscapesEverywhere,
    /// Ids and names that lead elsewhere.
    Ids,
    /// The largest numbers.
    Largest,
    /// The smallest.
    Smallest,
    /// Numbers with a fraction, larger than any integer.
    Floats,
    /// What is in a list comes a thousand times.
    Thousands,
    /// What is in a list comes three times.
    Doubles,
    /// Strings of a megabyte.
    LongTexts,
    /// Somewhere else.
    Redirect,
    /// An error with 300 MB of text.
    HugeError,
    /// An error with text that a terminal obeys.
    EscapesInError,
    /// An error without a word.
    WordlessError,
    /// Not found, whatever it is.
    NotFound,
    /// In conflict, whatever it is.
    Conflict,
    /// API versions that there are not.
    VersionTooNew,
    VersionNegative,
    VersionText,
    VersionZero,
}

use Misbehaviour as M;

/// All of them.
pub const ALL: [Misbehaviour; 51] = [
    M::Garbage,
    M::NotJson,
    M::Null,
    M::Number,
    M::OtherObject,
    M::ListOfLists,
    M::NoBody,
    M::NoContent,
    M::Switched,
    M::Endless,
    M::EndlessInBytes,
    M::EndlessLineEnds,
    M::EndlessObjects,
    M::EndlessLines,
    M::EndlessLine,
    M::EndlessRecord,
    M::HugeFrame,
    M::ManySteps,
    M::EndlessSteps,
    M::EndlessHead,
    M::EndlessContinue,
    M::Huge,
    M::ManyObjects,
    M::Nested,
    M::Drip,
    M::DripHead,
    M::Silent,
    M::SilentBody,
    M::Closed,
    M::ClosedAfterHead,
    M::Half,
    M::HalfAsWhole,
    M::Escapes,
    M::EscapesEverywhere,
    M::Ids,
    M::Largest,
    M::Smallest,
    M::Floats,
    M::Thousands,
    M::Doubles,
    M::LongTexts,
    M::Redirect,
    M::HugeError,
    M::EscapesInError,
    M::WordlessError,
    M::NotFound,
    M::Conflict,
    M::VersionTooNew,
    M::VersionNegative,
    M::VersionText,
    M::VersionZero,
];

impl Misbehaviour {
    /// `reply`, spoilt.
    pub fn answer(self, reply: Reply) -> Answer {
        let json = |value: Value| Reply::json(reply.status, value).answer();
        let error = |status: u16, text: &str| Reply::json(status, json!({ "message": text })).answer();
        match self {
            M::Garbage => raw(b"\x00\x01\xff\xfe not HTTP at all\r\n\r\n\x1b[2J".to_vec()),
            M::NotJson => ok(b"<html>welcome</html>".to_vec()),
            M::Null => json(Value::Null),
            M::Number => json(json!(7)),
            M::OtherObject => {
                json(json!({"Id": {"a": []}, "Names": 5, "State": [], "Volumes": "x", "StatusCode": "no"}))
            }
            M::ListOfLists => json(json!([[], [[]]])),
            M::NoBody => ok(Vec::new()),
            M::NoContent => raw(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()),
            M::Switched => {
                raw(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n".to_vec())
            }
            M::EndlessHead => Box::new(|wire| {
                wire.write(b"HTTP/1.1 200 OK\r\n")?;
                repeat(
                    wire,
                    |wire| wire.write(&b"X-A: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n".repeat(1 << 10)),
                    1 << 15,
                )
            }),
            M::EndlessContinue => Box::new(|wire| {
                repeat(
                    wire,
                    |wire| wire.write(&b"HTTP/1.1 100 Continue\r\n\r\n".repeat(1 << 10)),
                    1 << 14,
                )
            }),
            M::Huge => large(
                reply.status,
                b"[{\"Id\":\"".to_vec(),
                vec![b'a'; 1 << 20],
                300,
                b"\"}]".to_vec(),
            ),
            M::ManyObjects => large(
                reply.status,
                b"[{}".to_vec(),
                b",{}".repeat(400_000),
                100,
                b"]".to_vec(),
            ),
            M::Nested => ok(["[".repeat(100_000), "]".repeat(100_000)].concat().into_bytes()),
            M::Drip => drip(reply, true),
            M::DripHead => drip(reply, false),
            M::Silent => Box::new(Wire::hold),
            M::SilentBody => Box::new(move |wire| {
                wire.write(format!("{}Transfer-Encoding: chunked\r\n\r\n", reply.head()).as_bytes())?;
                wire.hold()
            }),
            M::Closed => raw(Vec::new()),
            M::ClosedAfterHead => raw(format!("{}Content-Length: 100\r\n\r\n", reply.head()).into_bytes()),
            M::Half | M::HalfAsWhole => {
                let bytes = reply.bytes();
                let half = &bytes[..bytes.len() / 2];
                let length = if self == M::Half { bytes.len() } else { half.len() };
                let mut all = format!("{}Content-Length: {length}\r\n\r\n", reply.head()).into_bytes();
                all.extend_from_slice(half);
                raw(all)
            }
            M::Redirect => raw(
                b"HTTP/1.1 301 Moved Permanently\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
                    .to_vec(),
            ),
            M::HugeError => large(
                500,
                b"{\"message\":\"".to_vec(),
                vec![b'a'; 1 << 20],
                300,
                b"\"}".to_vec(),
            ),
            M::EscapesInError => error(500, CONTROLS),
            M::WordlessError => raw(b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n".to_vec()),
            M::NotFound => error(404, "no such thing"),
            M::Conflict => error(409, "already in use"),
            M::VersionTooNew => version(reply, "999.9"),
            M::VersionNegative => version(reply, "-1"),
            M::VersionText => version(reply, "\u{1b}[2Jnew"),
            M::VersionZero => version(reply, "0.0"),
            _ => self.endless(reply),
        }
    }

    /// A body without an end.
    fn endless(self, reply: Reply) -> Answer {
        match self {
            M::Endless => endless(reply, b"[{\"Id\":\"".to_vec(), vec![b'a'; 1 << 16]),
            M::EndlessInBytes => endless(reply, b"{\"status\":\"".to_vec(), vec![b'a']),
            M::EndlessLineEnds => endless(reply, b"{".to_vec(), vec![b'\n'; 1 << 14]),
            M::EndlessObjects => endless(reply, Vec::new(), b"{\"status\":\"x\",\"id\":\"y\"}\n".repeat(1 << 9)),
            M::EndlessLines => endless(reply, Vec::new(), frame(1, b"2026-01-01T00:00:00Z x\n").repeat(1 << 9)),
            M::EndlessLine => {
                let part = [&b"2026-01-01T00:00:00Z "[..], &vec![b'x'; 16 << 10]].concat();
                endless(reply, Vec::new(), frame(1, &part))
            }
            M::EndlessRecord => {
                let first = frame(1, b"2026-01-01T00:00:00Z Traceback (most recent call last):\n");
                endless(
                    reply,
                    first,
                    frame(1, b"2026-01-01T00:00:00Z   File x, line 1\n").repeat(1 << 9),
                )
            }
            M::HugeFrame => endless(reply, vec![1, 0, 0, 0, 255, 255, 255, 255], vec![b'a'; 1 << 16]),
            M::ManySteps => endless(reply, Vec::new(), build_line(&[0x0a, 0].repeat(585_000))),
            M::EndlessSteps => Box::new(move |wire| {
                wire.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
                (0..1_000_000).try_for_each(|number| wire.chunk(&step(number)))
            }),
            _ => self.spoilt(reply),
        }
    }

    /// The right body with something wrong in it.
    fn spoilt(self, reply: Reply) -> Answer {
        match self {
            M::Escapes => spoilt(reply, &|key, value| match value {
                Value::String(text) if !is_word_of_the_api(key) => Some(json!(format!("{text}{CONTROLS}"))),
                _ => None,
            }),
            M::EscapesEverywhere => spoilt(reply, &|_, value| {
                value.as_str().map(|text| json!(format!("{CONTROLS}{text}")))
            }),
            M::Ids => spoilt(reply, &|key, value| {
                let is_id = matches!(
                    key,
                    "Id" | "ID" | "Name" | "Names" | "ImageID" | "Image" | "NetworkID" | "RepoTags" | "LogPath" | "id"
                );
                (is_id && value.is_string()).then(|| json!("../../volumes/prune?all=1#\u{0}/etc/passwd"))
            }),
            M::Largest => spoilt(reply, &|_, value| value.is_number().then(|| json!(i64::MAX))),
            M::Smallest => spoilt(reply, &|_, value| value.is_number().then(|| json!(i64::MIN))),
            M::Floats => spoilt(reply, &|_, value| value.is_number().then(|| json!(1.5e300))),
            M::Thousands => repeated(reply, 1000),
            M::Doubles => repeated(reply, 3),
            M::LongTexts => {
                let long = "long ".repeat(200_000);
                spoilt(reply, &|key, value| match value {
                    Value::String(text) if !is_word_of_the_api(key) => Some(json!(format!("{text}{long}"))),
                    _ => None,
                })
            }
            other => unreachable!("{other:?} is one of the others"),
        }
    }
}

/// Words that mean something to a program: changed, they only make the answer one that can't be read.
fn is_word_of_the_api(key: &str) -> bool {
    matches!(
        key,
        "State"
            | "Type"
            | "Status"
            | "Created"
            | "StartedAt"
            | "FinishedAt"
            | "Start"
            | "End"
            | "read"
            | "preread"
            | "Action"
            | "SystemTime"
            | "ApiVersion"
            | "MinAPIVersion"
            | "Id"
            | "ID"
            | "Os"
            | "CreatedAt"
            | "Scope"
            | "scope"
    ) || key.starts_with("com.docker.compose.project")
}

/// A line of a build by BuildKit, with a message of its own in it.
fn build_line(status: &[u8]) -> Vec<u8> {
    let aux = base64::engine::general_purpose::STANDARD.encode(status);
    format!("{}\n", json!({"id": "moby.buildkit.trace", "aux": aux})).into_bytes()
}

/// A step that began, and what it prints, in BuildKit's words; and a layer with progress.
fn step(number: u32) -> Vec<u8> {
    let field = |field: u8, bytes: &[u8]| {
        let length = u8::try_from(bytes.len()).expect("less than 128");
        [&[(field << 3) | 2, length], bytes].concat()
    };
    let digest = format!("sha256:{number}");
    let name = format!("[{number}/9] RUN {}", "x".repeat(50));
    // Digest, name, cached; and of the output the step and the text.
    let vertex = [field(1, digest.as_bytes()), field(3, name.as_bytes()), vec![4 << 3, 1]].concat();
    let log = [field(1, digest.as_bytes()), field(4, &b"printed\n".repeat(6))].concat();
    let layer =
        json!({"status": "Downloading", "id": digest, "progressDetail": {"current": i64::MAX, "total": i64::MAX}});
    [
        build_line(&[field(1, &vertex), field(3, &log)].concat()),
        format!("{layer}\n").into_bytes(),
    ]
    .concat()
}

fn raw(bytes: Vec<u8>) -> Answer {
    Box::new(move |wire| wire.write(&bytes))
}

fn ok(body: Vec<u8>) -> Answer {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    raw([head.into_bytes(), body].concat())
}

fn repeat(wire: &mut Wire, write: impl Fn(&mut Wire) -> io::Result<()>, times: u64) -> io::Result<()> {
    for _ in 0..times {
        if wire.is_over() {
            break;
        }
        write(wire)?;
    }
    Ok(())
}

/// `first`, and then `again` until the client hangs up.
fn endless(reply: Reply, first: Vec<u8>, again: Vec<u8>) -> Answer {
    Box::new(move |wire| {
        let times = ENOUGH / again.len() as u64;
        if matches!(reply.body, Body::Upgraded(..)) {
            wire.write(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n")?;
            wire.write(&first)?;
            return repeat(wire, |wire| wire.write(&again), times);
        }
        wire.write(format!("HTTP/1.1 {} OK\r\nTransfer-Encoding: chunked\r\n\r\n", reply.status).as_bytes())?;
        if !first.is_empty() {
            wire.chunk(&first)?;
        }
        repeat(wire, |wire| wire.chunk(&again), times)
    })
}

/// A body with a length: `first`, `times` the middle, and `last`.
fn large(status: u16, first: Vec<u8>, middle: Vec<u8>, times: u64, last: Vec<u8>) -> Answer {
    Box::new(move |wire| {
        let length = first.len() as u64 + middle.len() as u64 * times + last.len() as u64;
        wire.write(format!("HTTP/1.1 {status} Status\r\nContent-Length: {length}\r\n\r\n").as_bytes())?;
        wire.write(&first)?;
        repeat(wire, |wire| wire.write(&middle), times)?;
        wire.write(&last)
    })
}

fn drip(reply: Reply, head_at_once: bool) -> Answer {
    Box::new(move |wire| {
        let bytes = reply.bytes();
        let head = format!("{}Content-Length: {}\r\n\r\n", reply.head(), bytes.len() + 1000);
        let (at_once, slowly) = if head_at_once {
            (head.into_bytes(), bytes)
        } else {
            (Vec::new(), [head.into_bytes(), bytes].concat())
        };
        wire.write(&at_once)?;
        for byte in slowly.chunks(1) {
            wire.write(byte)?;
            for _ in 0..10 {
                if wire.is_over() {
                    return Ok(());
                }
                // Slowness is what is tested.
                std::thread::sleep(Duration::from_millis(100));
            }
        }
        wire.hold()
    })
}

/// The same with values replaced by what `with` gives, by the key that they are under.
fn spoilt(reply: Reply, with: &dyn Fn(&str, &Value) -> Option<Value>) -> Answer {
    fn walk(key: &str, value: &mut Value, with: &dyn Fn(&str, &Value) -> Option<Value>) {
        if let Some(other) = with(key, value) {
            *value = other;
            return;
        }
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| walk(key, item, with)),
            Value::Object(fields) => fields.iter_mut().for_each(|(key, value)| walk(key, value, with)),
            _ => {}
        }
    }
    let spoil = |bytes: &[u8]| {
        let mut value: Value = serde_json::from_slice(bytes).ok()?;
        walk("", &mut value, with);
        Some(value)
    };
    let body = match reply.body {
        Body::Json(mut value) => {
            walk("", &mut value, with);
            Body::Json(value)
        }
        Body::Stream(bytes, holds) => {
            let lines = bytes.split_inclusive(|byte| *byte == b'\n');
            let lines = lines.flat_map(|line| match spoil(line) {
                Some(value) => format!("{value}\r\n").into_bytes(),
                // Frames of a log.
                None => text_of_frame(line),
            });
            Body::Stream(lines.collect(), holds)
        }
        Body::Upgraded(..) => Body::Upgraded(frame(2, format!("{CONTROLS}\n").as_bytes()), false),
        Body::None => Body::None,
    };
    Reply { body, ..reply }.answer()
}

/// A line of a log with what a terminal obeys in it.
fn text_of_frame(line: &[u8]) -> Vec<u8> {
    match line {
        [stream @ 1..=2, 0, 0, 0, _, _, _, _, text @ ..] => {
            let text = text.strip_suffix(b"\n").unwrap_or(text);
            frame(*stream, &[text, CONTROLS.as_bytes(), b"\n"].concat())
        }
        other => other.to_vec(),
    }
}

fn repeated(reply: Reply, times: usize) -> Answer {
    let list = |items: &Vec<Value>| -> Vec<Value> {
        let again = |number: usize| {
            items.iter().cloned().map(move |mut item| {
                let id = format!("{number:064x}");
                if times > 3 && item.get("Id").is_some() {
                    item["Id"] = json!(id);
                }
                if let Some(label) = item.pointer_mut("/Labels/com.docker.compose.container-number") {
                    *label = json!((number + 1).to_string());
                }
                item
            })
        };
        (0..times).flat_map(again).collect()
    };
    let body = match &reply.body {
        Body::Json(Value::Array(items)) => Body::Json(Value::Array(list(items))),
        Body::Json(Value::Object(fields)) => {
            let fields = fields.iter().map(|(key, value)| match value {
                Value::Array(items) => (key.clone(), Value::Array(list(items))),
                other => (key.clone(), other.clone()),
            });
            Body::Json(Value::Object(fields.collect()))
        }
        Body::Stream(bytes, holds) => Body::Stream(bytes.repeat(times), *holds),
        other => other.clone(),
    };
    Reply { body, ..reply }.answer()
}

/// Says another version wherever one is said.
fn version(reply: Reply, version: &'static str) -> Answer {
    let is_said = matches!(&reply.body, Body::Json(value) if value.get("ApiVersion").is_some());
    if is_said {
        return spoilt(reply, &|key, value| {
            (matches!(key, "ApiVersion" | "MinAPIVersion") && value.is_string()).then(|| json!(version))
        });
    }
    let bytes = reply.bytes();
    let head = format!(
        "HTTP/1.1 200 OK\r\nApi-Version: {version}\r\nContent-Length: {}\r\n\r\n",
        bytes.len()
    );
    raw([head.into_bytes(), bytes].concat())
}
