//! Tracebacks of Python, Java and Go: which lines belong to one.

/// The language of a traceback that a record holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Trace {
    /// None.
    #[default]
    None,
    /// `Traceback (most recent call last):`, frames, and the exception, which is not indented.
    Python,
    /// A class name that ends in `Exception`, and `at` lines.
    Java,
    /// `panic:`, and goroutines whose frames are not indented.
    Go,
    /// `thread 'main' panicked at src/main.rs:2:5:`, and what it says on the next line.
    Rust,
}

/// The traceback that begins with `line`, if one does.
pub fn begins(line: &[u8]) -> Trace {
    match line.first() {
        Some(b'T') if line.starts_with(b"Traceback (most recent call last)") => Trace::Python,
        Some(b' ') if is_exception_group(line) || is_syntax_error(line) => Trace::Python,
        Some(b'E') if line.starts_with(b"Exception in thread ") => Trace::Java,
        Some(b'p') if line.starts_with(b"panic: ") => Trace::Go,
        Some(b't') if is_rust_panic(line) => Trace::Rust,
        Some(b'f') if line.starts_with(b"fatal error: ") => Trace::Go,
        Some(b'g') if is_goroutine(line) => Trace::Go,
        Some(first) if first.is_ascii_alphabetic() && is_java_exception(line) => Trace::Java,
        _ => Trace::None,
    }
}

/// What stood before a line of a traceback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Before {
    /// The traceback's first line.
    #[default]
    First,
    /// A line that is indented.
    Frame,
    /// A sentence after which another traceback belongs to the same failure, and nothing but empty lines since.
    Chaining,
    /// Another line.
    Other,
}

impl Before {
    /// What stands before the next line once `line` was taken.
    pub fn after(self, line: &[u8]) -> Self {
        match line.first() {
            Some(b' ' | b'\t') => Self::Frame,
            None | Some(b'\r') if self == Self::Chaining => self,
            _ if is_chaining(line) => Self::Chaining,
            _ => Self::Other,
        }
    }
}

/// Whether `line`, which is neither indented nor empty, goes on with a traceback of this kind.
pub fn goes_on(trace: Trace, line: &[u8], before: Before) -> bool {
    match trace {
        Trace::None => false,
        Trace::Python => {
            // Without the sentence it is the next failure: a service that crashes, is started and crashes.
            (before == Before::Chaining && line.starts_with(b"Traceback (most recent call last)"))
                || is_chaining(line)
                || (before == Before::Frame && is_python_exception(line))
        }
        Trace::Rust => {
            (before == Before::First && !is_rust_panic(line))
                || line.starts_with(b"note: ")
                || line.starts_with(b"stack backtrace:")
        }
        Trace::Java => is_caused_by(line),
        Trace::Go => {
            is_goroutine(line)
                || is_go_frame(line)
                || [
                    &b"created by "[..],
                    b"exit status ",
                    b"[signal ",
                    b"[originating ",
                    b"runtime: ",
                ]
                .iter()
                .any(|begin| line.starts_with(begin))
        }
    }
}

/// Java's further causes, which no other line begins like.
pub fn is_caused_by(line: &[u8]) -> bool {
    line.starts_with(b"Caused by: ") || line.starts_with(b"... ")
}

/// `  + Exception Group Traceback (most recent call last):`, which is indented though it begins.
pub fn is_exception_group(line: &[u8]) -> bool {
    line.starts_with(b"  + Exception Group Traceback (most recent call last)")
}

/// `  File "/app/run.py", line 3`: of a syntax error in the program itself Python prints no more than where it is.
fn is_syntax_error(line: &[u8]) -> bool {
    line.starts_with(b"  File \"") && line.last().is_some_and(u8::is_ascii_digit)
}

/// Python's sentences between an exception and the one that followed from it.
fn is_chaining(line: &[u8]) -> bool {
    line.starts_with(b"During handling of the above exception") || line.starts_with(b"The above exception was")
}

/// `thread 'main' panicked at src/main.rs:2:5:`
pub fn is_rust_panic(line: &[u8]) -> bool {
    line.starts_with(b"thread '") && memchr::memmem::find(line, b"' panicked at ").is_some()
}

/// `goroutine 1 [running]:`
fn is_goroutine(line: &[u8]) -> bool {
    line.strip_prefix(b"goroutine ")
        .is_some_and(|rest| rest.first().is_some_and(u8::is_ascii_digit) && rest.contains(&b'['))
}

/// `main.(*Server).run(0xc000012345, {0x1, 0x2})`, `main.main()`
fn is_go_frame(line: &[u8]) -> bool {
    let Some(open) = memchr::memrchr(b'(', line) else {
        return false;
    };
    let name = &line[..open];
    line.ends_with(b")") && name.contains(&b'.') && !name.iter().any(u8::is_ascii_whitespace)
}

/// `java.lang.RuntimeException: no`, `org.apache.kafka.common.errors.TimeoutException`
pub fn is_java_exception(line: &[u8]) -> bool {
    let is_of_a_name = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'$');
    let length = line.iter().take(200).take_while(is_of_a_name).count();
    let name = &line[..length];
    let ends = [&b"Exception"[..], b"Error", b"Throwable"]
        .iter()
        .any(|end| name.ends_with(end));
    ends && name.contains(&b'.') && matches!(line.get(length), None | Some(b':' | b'\r'))
}

/// `ValueError: no`, `asyncio.exceptions.CancelledError`, `KeyboardInterrupt`
fn is_python_exception(line: &[u8]) -> bool {
    let end = memchr::memchr(b':', line).unwrap_or(line.len());
    let name = line[..end].trim_ascii_end();
    let last = name.rsplit(|byte| *byte == b'.').next().unwrap_or(name);
    let is_of_a_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.') || !byte.is_ascii();
    // Some of the oldest have small letters: `socket.gaierror`, `zlib.error`.
    let is_old = last.len() < name.len() && last.ends_with(b"error") && end < line.len();
    name.iter().all(is_of_a_name)
        && last
            .first()
            .is_some_and(|first| first.is_ascii_uppercase() || !first.is_ascii() || is_old)
}
