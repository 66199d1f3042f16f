//! `.env`, `--env-file`, `env_file` and `label_file`: Compose's dialect (`05-services.md`, the format of env files),
//! which is what its parser does; and the raw format, which takes each line as it is.

use std::path::Path;

use indexmap::IndexMap;

use crate::failure::{Failure, Place};

use super::interpolate::{LONGEST, Notes, substitute};
use super::variables::{Origin, Values};

/// Names and values in the order they came; a later value takes an earlier one's place.
pub(super) type Found = IndexMap<String, String>;

/// Adds the variables of `text` to `found`. A value may use what `outer` has, else what was found before. A name
/// without `=` takes its value from `outer`, and is left out when that has none.
pub(super) fn parse(
    path: &Path,
    text: &str,
    found: &mut Found,
    outer: &dyn Values,
    notes: &mut Notes,
) -> Result<(), Failure> {
    let whole = text.trim_start_matches('\u{feff}');
    let mut reader = Reader { path, whole, at: 0 };
    let mut size = 0;
    while let Some(name) = reader.name()? {
        let value = match name {
            Name::Alone(name) => match outer.get(&name) {
                Some(value) => (name, value.to_owned()),
                None => continue,
            },
            Name::Given(name) => {
                let line = reader.line();
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
        size += value.1.len();
        if size > LONGEST {
            return Err(reader.wrong(reader.line(), "the values grow beyond 16 MB"));
        }
        found.insert(value.0, value.1);
    }
    Ok(())
}

/// `format: raw`: nothing is unquoted, unescaped or put in.
pub(super) fn parse_raw(path: &Path, text: &str, found: &mut Found, outer: &dyn Values) -> Result<(), Failure> {
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
            return Err(wrong(path, index + 1, "what is before the `=` is no variable's name"));
        }
        if let Some(value) = value {
            found.insert(name.to_owned(), value.to_owned());
        }
    }
    Ok(())
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
    whole: &'t str,
    at: usize,
}

/// White space within a line.
fn is_space(c: char) -> bool {
    matches!(c, '\t' | '\u{b}' | '\u{c}' | '\r' | ' ' | '\u{85}' | '\u{a0}')
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.whole[self.at..]
    }

    fn line(&self) -> usize {
        self.whole[..self.at].matches('\n').count() + 1
    }

    fn wrong(&self, line: usize, why: &str) -> Failure {
        wrong(self.path, line, why)
    }

    fn skip(&mut self, what: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches(what).len();
    }

    /// The next name, if there is one; stands before its value then.
    fn name(&mut self) -> Result<Option<Name>, Failure> {
        loop {
            self.skip(char::is_whitespace);
            if !self.rest().starts_with('#') {
                break;
            }
            self.skip(|c| c != '\n');
        }
        if self.rest().is_empty() {
            return Ok(None);
        }
        if let Some(after) = self.rest().strip_prefix("export")
            && after.starts_with(['\t', '\n', '\u{c}', '\r', ' '])
        {
            self.at += "export".len();
            self.skip(is_space);
        }
        let rest = self.rest();
        let end = rest.char_indices().find(|(_, c)| {
            !(is_space(*c) || c.is_alphabetic() || c.is_numeric() || matches!(c, '_' | '.' | '-' | '[' | ']'))
        });
        let (name, next, alone) = match end {
            Some((end, '=' | ':')) => (&rest[..end], end + 1, false),
            Some((end, '\n')) => (&rest[..end], end + 1, true),
            Some(_) => {
                let why = "a character stands before the `=` that no variable's name has";
                return Err(self.wrong(self.line(), why));
            }
            // The last line may lack its end. (Compose takes the name for a value without a name then.)
            None => (rest, rest.len(), true),
        };
        let name = name.trim_end();
        if name.contains(' ') {
            return Err(self.wrong(self.line(), "a variable's name holds no space"));
        }
        self.at += next;
        if alone {
            return Ok(Some(Name::Alone(name.to_owned())));
        }
        self.skip(is_space);
        Ok(Some(Name::Given(name.to_owned())))
    }

    fn value(&mut self) -> Result<Raw, Failure> {
        let rest = self.rest();
        if let Some(quote @ ('"' | '\'')) = rest.chars().next() {
            return self.quoted(quote);
        }
        let line = rest.split('\n').next().unwrap_or_default();
        self.at += (line.len() + 1).min(rest.len());
        let value = line.split(" #").next().unwrap_or_default();
        Ok(Raw::Template(value.trim_end().to_owned()))
    }

    fn quoted(&mut self, quote: char) -> Result<Raw, Failure> {
        let mut value = String::new();
        let mut escaped = false;
        for (index, c) in self.rest().char_indices().skip(1) {
            if c == quote && !escaped {
                self.at += index + 1;
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
        Err(self.wrong(self.line(), "a quote is opened here and never closed"))
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
        parse_raw(Path::new(".env"), text, &mut found, &Variables::default()).unwrap();
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
        assert!(read(&text).unwrap_err().what.contains("16 MB"));
    }
}
