//! A failure with all that it is known by: what failed, where, the evidence, why, and the fix as commands to copy.

use console::Style;

use crate::codes::Code;
use crate::failure::{Evidence, Failure};
use crate::python::is_foreign;
use crate::terminal::{self, Line, LongWord};

use super::Out;
use super::diagnostic::place_lines;

/// Lines as long as this are read with ease; wider terminals gain nothing by longer ones.
const COLUMNS: usize = 80;
const NARROWEST: usize = 40;
/// What stands before each text: two spaces, a label, spaces.
const INDENT: usize = 10;
/// Lines of one piece of evidence.
const LINES: usize = 14;
/// Rows of one of its lines.
const ROWS: usize = 3;

/// How wide a card may be: as the terminal is, up to a line that is read with ease; elsewhere what `COLUMNS` says.
pub(super) fn columns(out: &Out) -> usize {
    match terminal::stderr_columns() {
        Some(columns) => COLUMNS.min(columns),
        None => out.stated_columns().unwrap_or(COLUMNS),
    }
}

/// `failure`, whose texts have been masked and cleaned, as a card of this many columns.
pub(super) fn card_lines(out: &Out, code: &Code, failure: &Failure, columns: usize) -> Vec<Line> {
    let width = columns.max(NARROWEST);
    let mut card = Card {
        width,
        lines: Vec::new(),
    };
    card.headline(code, failure);
    if let Some(place) = &failure.place {
        let lines = place_lines(place).into_iter();
        card.lines.extend(lines.map(|line| out.shown_line(line).cut(width)));
    }
    for evidence in &failure.evidence {
        card.evidence(evidence);
    }
    for why in &failure.why {
        card.text("why", why);
    }
    if let Some(hint) = &failure.hint {
        card.text("fix", hint);
    } else if !failure.run.is_empty() {
        card.text("fix", "");
    }
    for command in &failure.run {
        // Whole, however long: it is to be copied.
        let prompt = Line::from(format!("{:INDENT$}$ ", ""));
        card.lines.push(prompt.styled(Style::new().bold(), command));
    }
    card.text("more", &format!("magicctl explain {}", code.id));
    card.lines
}

struct Card {
    width: usize,
    lines: Vec<Line>,
}

impl Card {
    fn headline(&mut self, code: &Code, failure: &Failure) {
        let label = format!("error[{}]:", code.id);
        let mut lines = wrapped(&format!("{label} {}", failure.what), self.width, 2).into_iter();
        let first = lines.next().unwrap_or_default();
        let rest = first.strip_prefix(&label).unwrap_or_default().to_owned();
        self.lines
            .push(Line::new().styled(Style::new().red().bold(), label).text(rest));
        self.lines.extend(lines.map(Line::from));
    }

    fn evidence(&mut self, evidence: &Evidence) {
        match evidence {
            Evidence::Said { text } => {
                let lines: Vec<&str> = text.lines().collect();
                self.block("engine", &lines);
            }
            Evidence::Exit { code, meaning, starts } => {
                let starts = match starts {
                    Some(starts) => format!("; the engine has started it {starts} times"),
                    None => String::new(),
                };
                self.text("exit", &format!("{code}: {meaning}{starts}"));
            }
            Evidence::Healthcheck { command, code, output } => {
                let ended = match code {
                    Some(code) => format!("exit {code}"),
                    None => "did not exit by itself".to_owned(),
                };
                let mut lines = vec![command.as_str(), ended.as_str()];
                let output: Vec<&str> = output.lines().collect();
                lines.extend(&output[output.len().saturating_sub(5)..]);
                self.block("health", &lines);
            }
            Evidence::BuildStep { step, output } => {
                let mut lines = vec![step.as_str()];
                lines.extend(output[output.len().saturating_sub(LINES)..].iter().map(String::as_str));
                self.block("step", &lines);
            }
            Evidence::Error { lines } => {
                let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
                self.block("said", &decisive(lines));
            }
            Evidence::Log { records } => {
                let heads: Vec<String> = records
                    .iter()
                    .filter_map(|record| Some(cut(record.first()?, self.width - INDENT, record.len() > 1)))
                    .collect();
                let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
                self.block("log", &heads);
            }
        }
    }

    /// Text of ours, between words.
    fn text(&mut self, label: &str, text: &str) {
        let lines = wrapped(text, self.width - INDENT, 0);
        self.labelled(label, lines);
    }

    /// Text of others, line by line.
    fn block(&mut self, label: &str, texts: &[&str]) {
        let lines = texts
            .iter()
            .flat_map(|text| wrapped(&shortened(text, ROWS * (self.width - INDENT)), self.width - INDENT, 2))
            .collect();
        self.labelled(label, lines);
    }

    fn labelled(&mut self, label: &str, lines: Vec<String>) {
        let lines = if lines.is_empty() { vec![String::new()] } else { lines };
        for (index, line) in lines.iter().enumerate() {
            let label = if index == 0 { format!("{label}:") } else { String::new() };
            let label = Line::from("  ").styled(Style::new().bold(), label).padded(INDENT);
            self.lines.push(label.text(line).trimmed());
        }
    }
}

/// The lines of a record that say most: Java's exceptions with the first frames of each, Python's with the frames of the
/// user's own files; of others the head and the end.
fn decisive(lines: Vec<&str>) -> Vec<&str> {
    let is_java = |line: &str| line.trim_start().starts_with("at ") || line.trim_start().starts_with("... ");
    let lines = if lines.iter().any(|line| is_java(line)) {
        let mut frames = 0;
        let few = lines.into_iter().filter(|line| {
            frames = if is_java(line) { frames + 1 } else { 0 };
            frames <= 2
        });
        few.collect()
    } else if lines.iter().any(|line| line.starts_with("Traceback ")) {
        own_frames(lines)
    } else {
        lines
    };
    match lines.len() {
        0..=LINES => lines,
        count => [&lines[..1], &["…"], &lines[count - (LINES - 2)..]].concat(),
    }
}

/// A traceback of Python without the frames of libraries, where there are others, and without marks below the lines.
fn own_frames(lines: Vec<&str>) -> Vec<&str> {
    let file = |line: &str| Some(line.trim_start().strip_prefix("File \"")?.split_once('"')?.0.to_owned());
    let has_own = lines
        .iter()
        .any(|line| file(line).is_some_and(|file| !is_foreign(&file)));
    let is_mark = |line: &str| !line.trim().is_empty() && line.trim().chars().all(|c| matches!(c, '^' | '~'));
    let mut foreign = false;
    let kept = lines.into_iter().filter(|line| {
        if let Some(file) = file(line) {
            foreign = has_own && is_foreign(&file);
        } else if !line.starts_with(' ') {
            foreign = false;
        }
        !foreign && !is_mark(line)
    });
    kept.collect()
}

/// A text of at most `most` characters: its middle says least.
fn shortened(text: &str, most: usize) -> std::borrow::Cow<'_, str> {
    let count = text.chars().count();
    if count <= most {
        return text.into();
    }
    let end = most / 3;
    let head: String = text.chars().take(most - end).collect();
    let tail: String = text.chars().skip(count - end).collect();
    format!("{head} … {tail}").into()
}

/// One line of at most `width` columns; `…` says that it goes on, here or in the lines after it.
fn cut(text: &str, width: usize, goes_on: bool) -> String {
    let text = text.trim_end();
    if goes_on {
        terminal::cut(&format!("{text}…"), width).into_owned()
    } else {
        terminal::cut(text, width).into_owned()
    }
}

/// `text` in lines of at most `width` columns; those after the first are indented as the first is, and by `hang` more.
fn wrapped(text: &str, width: usize, hang: usize) -> Vec<String> {
    let indent = text.chars().map_while(|c| match c {
        ' ' => Some(1),
        '\t' => Some(4),
        _ => None,
    });
    let indent = indent.sum::<usize>().min(width / 2);
    let words: Vec<&str> = text.split_whitespace().collect();
    terminal::wrapped(&words.join(" "), width, (indent, indent + hang), LongWord::Whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::EXITED;
    use crate::redact::Redactor;

    #[test]
    fn text_is_broken_between_words_and_long_words_stay_whole() {
        assert_eq!(wrapped("a bc def", 5, 2), ["a bc", "  def"]);
        assert_eq!(wrapped("  File \"x\"", 40, 2), ["  File \"x\""]);
        assert_eq!(
            wrapped("see /a/very/long/path now", 8, 0),
            ["see /a/very/long/path", "now"]
        );
        assert_eq!(cut("abcdef", 4, false), "abc…");
        assert_eq!(cut("abc", 4, true), "abc…");
    }

    #[test]
    fn no_line_of_a_card_is_wider_than_the_terminal() {
        let mut failure = Failure::failed("app exited with 1: a long reason that goes on and on and does not end yet")
            .because("one two three four five six seven eight nine ten eleven twelve thirteen fourteen")
            .hint("do this and that and then the other, and look whether it is well at the end of all")
            .run("magicctl up");
        failure.evidence = vec![
            Evidence::Exit {
                code: 1,
                meaning: "exited with an error".to_owned(),
                starts: Some(3),
            },
            Evidence::Log {
                records: vec![vec!["x ".repeat(200)], vec!["y".repeat(200), "z".to_owned()]],
            },
        ];
        for columns in [20, 40, 80, 200] {
            for line in card_lines(&Out::new(Redactor::default()), &EXITED, &failure, columns) {
                assert!(line.width() <= columns.max(NARROWEST), "{line}");
            }
        }
    }
}
