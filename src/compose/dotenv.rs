//! `.env`, `--env-file`, `env_file` and `label_file`: Compose's dialect (`05-services.md`, the format of env files),
//! which is what its parser does; and the raw format, which takes each line as it is.

use std::path::Path;

use indexmap::IndexMap;

use crate::failure::{Failure, Place};

use super::budget::OverBudget;
use super::interpolate::{Notes, substitute};
use super::variables::{Origin, Values};

/// Names and values in the order they came; a later value takes an earlier one's place.
pub(super) type Found = IndexMap<String, String>;

/// Adds the variables of `text` to `found`, and gives their places there. A value may use what `outer` has, else what was
/// found before. A name without `=` takes its value from `outer`, and is left out when that has none.
pub(super) fn parse(
    path: &Path,
    text: &str,
    found: &mut Found,
    outer: &dyn Values,
    notes: &mut Notes,
) -> Result<Vec<usize>, Failure> {
    tracing::debug!(file = %path.display(), "parsed");
    let mut reader = Reader::new(path, text);
    let mut set = Vec::new();
    while let Some(name) = reader.name()? {
        let value = match name {
            Name::Alone(name) => match outer.get(&name) {
                Some(value) => (name, value.to_owned()),
                None => continue,
            },
            Name::Given(name) => {
                let line = reader.line;
                let value = match reader.value()? {
                    Raw::Literal(value) => value,
                    Raw::Template(value) => {
                        let values = Layers { outer, found };
                        substitute(&value, &values, notes).map_err(|bad| reader.wrong(line, &bad.why))?
                    }
                };
                (name, value)
            }
        };
        put(found, &mut set, value, notes).map_err(|spent| reader.wrong(reader.line, &too_much(&spent)))?;
    }
    Ok(set)
}

/// Takes a variable into `found`, and notes its place there in `set`.
fn put(
    found: &mut Found,
    set: &mut Vec<usize>,
    (name, value): (String, String),
    notes: &mut Notes,
) -> Result<(), OverBudget> {
    notes.budget.take_text(name.len() + value.len())?;
    set.push(found.insert_full(name, value).0);
    Ok(())
}

fn too_much(spent: &OverBudget) -> String {
    format!("the project has {spent}")
}

/// `format: raw`: nothing is unquoted, unescaped or put in.
pub(super) fn parse_raw(
    path: &Path,
    text: &str,
    found: &mut Found,
    outer: &dyn Values,
    notes: &mut Notes,
) -> Result<Vec<usize>, Failure> {
    let mut set = Vec::new();
    for (index, line) in text.trim_start_matches('\u{feff}').split('\n').enumerate() {
        let line = line.strip_suffix('\r').unwrap_or(line).trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, value) = match line.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (line, outer.get(line)),
        };
        if name.is_empty() || name.contains([' ', '\t']) {
            return Err(wrong(
                path,
                index + 1,
                "the text before the `=` is not a valid variable name",
            ));
        }
        if let Some(value) = value {
            let variable = (name.to_owned(), value.to_owned());
            put(found, &mut set, variable, notes).map_err(|spent| wrong(path, index + 1, &too_much(&spent)))?;
        }
    }
    Ok(set)
}

/// The line may hold a key: only its number is ever shown.
fn wrong(path: &Path, line: usize, why: &str) -> Failure {
    Failure::invalid(format!("{}: {why}", path.display())).at(Place {
        file: path.to_owned(),
        line,
        column: 1,
        width: 1,
        source: None,
    })
}

struct Layers<'l> {
    outer: &'l dyn Values,
    found: &'l Found,
}

impl Values for Layers<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.outer
            .get(name)
            .or_else(|| self.found.get(name).map(String::as_str))
    }

    fn origin(&self, name: &str) -> Option<Origin> {
        self.outer
            .origin(name)
            .or_else(|| self.found.get(name).map(|_| Origin::Default))
    }
}

enum Name {
    Given(String),
    Alone(String),
}

enum Raw {
    Literal(String),
    Template(String),
}

struct Reader<'t> {
    path: &'t Path,
    /// What was not read yet.
    rest: &'t str,
    /// The line that it begins on, from 1.
    line: usize,
    /// Bytes that were counted through for `line`.
    #[cfg(test)]
    counted: usize,
}

/// White space within a line.
fn is_space(c: char) -> bool {
    matches!(c, '\t' | '\u{b}' | '\u{c}' | '\r' | ' ' | '\u{85}' | '\u{a0}')
}

impl<'t> Reader<'t> {
    fn new(path: &'t Path, text: &'t str) -> Self {
        Self {
            path,
            rest: text.trim_start_matches('\u{feff}'),
            line: 1,
            #[cfg(test)]
            counted: 0,
        }
    }

    /// Goes on by `bytes`. Lines are counted on the way, each byte once: an error may name any of them.
    fn advance(&mut self, bytes: usize) {
        let (read, rest) = self.rest.split_at(bytes);
        self.line += memchr::memchr_iter(b'\n', read.as_bytes()).count();
        self.rest = rest;
        #[cfg(test)]
        {
            self.counted += bytes;
        }
    }

    fn wrong(&self, line: usize, why: &str) -> Failure {
        wrong(self.path, line, why)
    }

    fn skip(&mut self, what: impl Fn(char) -> bool) {
        self.advance(self.rest.len() - self.rest.trim_start_matches(what).len());
    }

    /// The next name, if there is one; stands before its value then.
    fn name(&mut self) -> Result<Option<Name>, Failure> {
        loop {
            self.skip(char::is_whitespace);
            if !self.rest.starts_with('#') {
                break;
            }
            self.skip(|c| c != '\n');
        }
        if self.rest.is_empty() {
            return Ok(None);
        }
        if let Some(after) = self.rest.strip_prefix("export")
            && after.starts_with(['\t', '\n', '\u{c}', '\r', ' '])
        {
            self.advance("export".len());
            self.skip(is_space);
        }
        let rest = self.rest;
        let end = rest.char_indices().find(|(_, c)| {
            !(is_space(*c) || c.is_alphabetic() || c.is_numeric() || matches!(c, '_' | '.' | '-' | '[' | ']'))
        });
        let (name, next, alone) = match end {
            Some((end, '=' | ':')) => (&rest[..end], end + 1, false),
            Some((end, '\n')) => (&rest[..end], end + 1, true),
            Some(_) => {
                let why = "a character before the `=` is not valid in a variable name";
                return Err(self.wrong(self.line, why));
            }
            // The last line may lack its end. (Compose takes the name for a value anonymous then.)
            None => (rest, rest.len(), true),
        };
        let name = name.trim_end();
        if name.contains(' ') {
            return Err(self.wrong(self.line, "a variable name can't contain a space"));
        }
        self.advance(next);
        if alone {
            return Ok(Some(Name::Alone(name.to_owned())));
        }
        self.skip(is_space);
        Ok(Some(Name::Given(name.to_owned())))
    }

    fn value(&mut self) -> Result<Raw, Failure> {
        let rest = self.rest;
        if let Some(quote @ ('"' | '\'')) = rest.chars().next() {
            return self.quoted(quote);
        }
        let line = rest.split('\n').next().unwrap_or_default();
        self.advance((line.len() + 1).min(rest.len()));
        let value = line.split(" #").next().unwrap_or_default();
        Ok(Raw::Template(value.trim_end().to_owned()))
    }

    fn quoted(&mut self, quote: char) -> Result<Raw, Failure> {
        let mut value = String::new();
        let mut escaped = false;
        for (index, c) in self.rest.char_indices().skip(1) {
            if c == quote && !escaped {
                self.advance(index + 1);
                return Ok(if quote == '"' {
                    Raw::Template(unescaped(&value))
                } else {
                    Raw::Literal(value)
                });
            }
            if c == quote {
                escaped = false;
            } else if !escaped && c == '\\' {
                escaped = true;
                continue;
            } else if escaped {
                escaped = false;
                value.push('\\');
            }
            value.push(c);
        }
        Err(self.wrong(self.line, "this quote is never closed"))
    }
}

/// `\n`, `\t`, … and `\0123` (octal); `\$` becomes a dollar that begins no variable.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let simple = match after.as_bytes().first() {
            Some(b'a') => Some('\u{7}'),
            Some(b'b') => Some('\u{8}'),
            Some(b'f') => Some('\u{c}'),
            Some(b'n') => Some('\n'),
            Some(b'r') => Some('\r'),
            Some(b't') => Some('\t'),
            Some(b'v') => Some('\u{b}'),
            Some(b'"') => Some('"'),
            Some(b'\\') => Some('\\'),
            _ => None,
        };
        if let Some(c) = simple {
            out.push(c);
            rest = &after[1..];
        } else if let Some(next) = after.strip_prefix('$') {
            out.push_str("$$");
            rest = next;
        } else if let Some(octal) = after.strip_prefix('0') {
            let digits = octal.bytes().take(3).take_while(u8::is_ascii_digit).count();
            let code = (digits == 3).then(|| u8::from_str_radix(&octal[..3], 8).ok()).flatten();
            if let Some(code) = code {
                out.push(char::from(code));
            } else {
                // Compose drops the zero of what it can't read.
                out.push('\\');
                out.push_str(&octal[..digits]);
            }
            rest = &octal[digits..];
        } else {
            out.push('\\');
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::compose::variables::Variables;

    fn read(text: &str) -> Result<Vec<String>, Failure> {
        let mut outer = Variables::default();
        outer.add("HOST", "outer", Origin::Environment);
        let mut found = Found::new();
        parse(Path::new(".env"), text, &mut found, &outer, &mut Notes::default())?;
        Ok(found.iter().map(|(name, value)| format!("{name}={value}")).collect())
    }

    #[test]
    fn the_dialect() {
        let text = "# comment\n\nexport A=1\nB = two words # inline\nC='single $A #x'\nD=\"a\\nb $A\"\nE=${A}-${HOST}\n\
            F=\nG=a#b\nH=\"multi\nline\" # done\nHOST\nI\nJ='it\\'s'\nK=${U:-d}\r\nL=\"cost \\$5\"\nM=# nothing\nN: yaml\n";
        assert_eq!(
            read(text).unwrap(),
            [
                "A=1",
                "B=two words",
                "C=single $A #x",
                "D=a\nb 1",
                "E=1-outer",
                "F=",
                "G=a#b",
                "H=multi\nline",
                "HOST=outer",
                "J=it's",
                "K=d",
                "L=cost $5",
                "M=# nothing",
                "N=yaml",
            ]
        );
    }

    #[test]
    fn raw_takes_lines_as_they_are() {
        let mut found = Found::new();
        let text = "# c\nA='x' # y\n  B=$A \nNOPE\n";
        parse_raw(
            Path::new(".env"),
            text,
            &mut found,
            &Variables::default(),
            &mut Notes::default(),
        )
        .unwrap();
        let told: Vec<String> = found.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(told, ["A='x' # y", "B=$A "]);
    }

    #[test]
    fn errors_name_the_line_and_never_show_it() {
        for (text, line) in [
            ("A=1\nsk-secret key\n", 2),
            ("A=1\nsk-secret key", 2),
            ("A=\"sk-secret\n", 1),
            ("A=${sk-secret\n", 1),
        ] {
            let failure = read(text).unwrap_err();
            let place = failure.place.clone().unwrap();
            assert_eq!(place.line, line, "{text}");
            assert!(!format!("{failure:?}").contains("sk-secret"), "{failure:?}");
        }
    }

    #[test]
    fn values_that_double_come_to_an_end() {
        let text = (0..40).fold("A=xxxxxxxxxxxxxxxx\n".to_owned(), |text, _| format!("{text}A=$A$A\n"));
        assert!(read(&text).unwrap_err().what.contains("more than 500000 values"));
    }

    /// Reads as [`parse`] does, and gives the bytes that were counted through for line numbers.
    fn counted(text: &str) -> usize {
        let mut reader = Reader::new(Path::new(".env"), text);
        let whole = reader.rest;
        while let Ok(Some(name)) = reader.name() {
            if matches!(name, Name::Given(_)) && reader.value().is_err() {
                break;
            }
            let read = &whole[..whole.len() - reader.rest.len()];
            assert_eq!(reader.line, read.matches('\n').count() + 1);
        }
        reader.counted
    }

    #[test]
    fn each_byte_is_counted_through_once() {
        for unit in [
            "A=1\n",
            "A\n",
            "A=\"x\ny\"\n",
            "# c\n\n",
            "export A='1'\n",
            "A : b #\r\n",
            "A=1\nno name\n",
        ] {
            let text = unit.repeat(500);
            assert!(counted(&text) <= text.len(), "{unit}: {}", counted(&text));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_at_a_line_of_it(text in "([A-Z]{0,2}[ \t]?[=:#$\"'\\\\{}\n\r é]{0,3}){0,30}") {
            prop_assert!(counted(&text) <= text.len());
            if let Err(failure) = read(&text) {
                let line = failure.place.unwrap().line;
                prop_assert!((1..=text.matches('\n').count() + 1).contains(&line), "line {}", line);
            }
            let (mut found, outer) = (Found::new(), Variables::default());
            if let Err(failure) = parse_raw(Path::new(".env"), &text, &mut found, &outer, &mut Notes::default()) {
                let line = failure.place.unwrap().line;
                prop_assert!((1..=text.matches('\n').count() + 1).contains(&line), "line {}", line);
            }
        }
    }
}
