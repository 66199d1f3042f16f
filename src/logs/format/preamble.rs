//! What stands before the text of a line: times, numbers, names in brackets, and among them a level. `PostgreSQL`, `MySQL`,
//! nginx, gunicorn, logback, zap, serilog, Envoy and most others differ only in the order and the brackets. A level counts
//! only there: in the text it is a word like others.

use super::Level;

/// A preamble is not longer than this, in bytes and in words.
const LONGEST: usize = 160;
const MOST_WORDS: usize = 9;

/// The level that the preamble of `line` states.
pub(super) fn level(line: &[u8]) -> Option<Level> {
    let mut rest = line;
    // Numbers alone don't make what follows a level: `3 ERROR lines were found`.
    let mut is_anchored = false;
    for index in 0..MOST_WORDS {
        let skipped = line.len() - rest.len();
        if skipped > LONGEST {
            return None;
        }
        let after_tab = skipped > 0 && line[skipped - 1] == b'\t';
        let first = *rest.first()?;
        let length = match first {
            b'[' | b'<' | b'{' | b'(' => {
                let end = closing(rest, first)?;
                let inside = &rest[1..end];
                if let Some(level) = in_brackets(first, inside, is_anchored) {
                    return Some(level);
                }
                is_anchored |= first == b'[';
                end + 1
            }
            b'0'..=b'9' => {
                let length = word_length(rest);
                is_anchored |= is_time(&rest[..length]);
                length
            }
            b'-' | b'|' | b':' | b'#' | b'+' => match word_length(rest) {
                length if length <= 3 || first == b'+' => length,
                _ => return None,
            },
            _ => {
                let length = word_length(rest);
                let word = &rest[..length];
                if index == 0 || is_anchored {
                    let before_tab = rest.get(length) == Some(&b'\t');
                    if let Some(level) = of_word(word, after_tab && before_tab, index == 0, &rest[length..]) {
                        return Some(level);
                    }
                }
                let goes_on = if is_anchored {
                    is_zone(word) || is_month_or_day(word) || is_of_a_database(word)
                } else {
                    // `Thu Jan 01 …`, `nginx: [emerg] …`, Ruby's `E, […`.
                    is_month_or_day(word) || (index == 0 && is_a_name_before_brackets(word, &rest[length..]))
                };
                if !goes_on {
                    return None;
                }
                length
            }
        };
        // Brackets may follow one another without a space.
        rest = rest[length..].trim_ascii_start();
        rest = rest.strip_prefix(b":").map_or(rest, <[u8]>::trim_ascii_start);
    }
    None
}

/// A date, a time of day, or `12:00AM`.
fn is_time(word: &[u8]) -> bool {
    let parts = word.iter().filter(|byte| matches!(byte, b':' | b'-' | b'/' | b'.'));
    parts.count() >= 2 || (word.contains(&b':') && (word.ends_with(b"AM") || word.ends_with(b"PM")))
}

/// Up to a space or an opening bracket.
fn word_length(rest: &[u8]) -> usize {
    let is_end = |byte: &u8| byte.is_ascii_whitespace() || *byte == b'[';
    rest.iter().take(LONGEST).position(is_end).unwrap_or(rest.len())
}

fn closing(rest: &[u8], open: u8) -> Option<usize> {
    let close = match open {
        b'[' => b']',
        b'<' => b'>',
        b'{' => b'}',
        _ => b')',
    };
    memchr::memchr(close, &rest[..rest.len().min(LONGEST)])
}

/// `[ERROR]`, `[error]`, `<Error>`, Apache's `[core:error]`, serilog's `[10:00:00 ERR]`, celery's `[…: ERROR/MainProcess]`.
fn in_brackets(open: u8, inside: &[u8], is_anchored: bool) -> Option<Level> {
    let inside = inside.trim_ascii();
    match open {
        b'[' => {}
        b'<' if is_anchored => return Level::of_word(inside),
        _ => return None,
    }
    if let Some(level) = Level::of_word(inside) {
        return Some(level);
    }
    if let Some((module, word)) = split_at(inside, b':')
        && module.first().is_some_and(u8::is_ascii_alphabetic)
        && module.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
    {
        // `[Error: ENOENT: no such file]`, as Node shows an error as a value.
        return match Level::of_word(word) {
            Some(level) => Some(level),
            None => Level::of_word(module).filter(|_| word.first() == Some(&b' ')),
        };
    }
    if !inside.first()?.is_ascii_digit() {
        return None;
    }
    let mut words = inside
        .split(|byte| matches!(byte, b' ' | b'/'))
        .filter(|word| !word.is_empty());
    words.find_map(|word| word.iter().all(u8::is_ascii_uppercase).then(|| Level::of_word(word))?)
}

fn split_at(text: &[u8], byte: u8) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr(byte, text)?;
    Some((&text[..at], &text[at + 1..]))
}

/// A word outside of brackets: capitals (`ERROR`), a word and a colon (`error: …`), one between tabs (zap), a channel's
/// (`local.ERROR:`), Telegraf's `E!`.
fn of_word(word: &[u8], between_tabs: bool, is_first: bool, rest: &[u8]) -> Option<Level> {
    if let [letter, b'!'] = word {
        return of_letter(*letter).filter(|_| !is_first);
    }
    let (name, has_colon) = match word.strip_suffix(b":") {
        Some(name) => (name, true),
        None => (word, false),
    };
    let name = match name.iter().rposition(|byte| *byte == b'.') {
        Some(point) if has_colon && !is_first => &name[point + 1..],
        _ => name,
    };
    let is_upper = name.iter().all(u8::is_ascii_uppercase);
    if is_upper && has_colon && matches!(name, b"LOG" | b"STATEMENT" | b"DETAIL" | b"HINT" | b"CONTEXT") && !is_first {
        return Some(Level::Info);
    }
    if !is_upper && !has_colon && !between_tabs {
        return None;
    }
    // Of a table or a summary: `error: 0`, `errors: none`.
    let is_count = has_colon && matches!(rest.trim_ascii(), b"0" | b"none" | b"null" | b"nil" | b"false" | b"-");
    Level::of_word(name).filter(|_| !is_count)
}

fn of_letter(letter: u8) -> Option<Level> {
    Some(match letter {
        b'D' | b'T' => Level::Debug,
        b'I' => Level::Info,
        b'W' => Level::Warning,
        b'E' => Level::Error,
        b'F' | b'C' => Level::Fatal,
        _ => return None,
    })
}

/// klog and glog: `E0102 12:00:00.000000       1 main.go:10] …`.
pub(super) fn klog(line: &[u8]) -> Option<Level> {
    let fits = line.len() > 14
        && line[1..5].iter().all(u8::is_ascii_digit)
        && line[5] == b' '
        && line[8] == b':'
        && line[11] == b':';
    if fits { of_letter(line[0]) } else { None }
}

fn is_zone(word: &[u8]) -> bool {
    let zones: [&[u8]; 16] = [
        b"UTC", b"GMT", b"CET", b"CEST", b"EST", b"EDT", b"CST", b"CDT", b"MST", b"MDT", b"PST", b"PDT", b"BST",
        b"IST", b"JST", b"MSK",
    ];
    zones.contains(&word)
}

fn is_month_or_day(word: &[u8]) -> bool {
    let names: [&[u8]; 19] = [
        b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec", b"Mon", b"Tue",
        b"Wed", b"Thu", b"Fri", b"Sat", b"Sun",
    ];
    names.contains(&word)
}

/// `PostgreSQL`'s `user@database`, where `log_line_prefix` has it.
fn is_of_a_database(word: &[u8]) -> bool {
    memchr::memchr(b'@', word).is_some_and(|at| at > 0)
}

/// `nginx: [emerg] …`, Ruby's `E, [2026-…`.
fn is_a_name_before_brackets(word: &[u8], rest: &[u8]) -> bool {
    let Some((last, name)) = word.split_last() else {
        return false;
    };
    rest.starts_with(b" [")
        && !name.is_empty()
        && name
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        && (*last == b':' || (*last == b',' && name.len() == 1))
}
