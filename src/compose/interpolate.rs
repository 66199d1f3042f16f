//! Variables in the file (`12-interpolation.md`): `$A`, `${A}`, `${A:-b}`, `${A-b}`, `${A:?e}`, `${A?e}`, `${A:+r}`,
//! `${A+r}`, nested, and `$$` for a dollar.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use crate::failure::Failure;
use crate::yaml::{Node, Span, Value};

/// Where a variable's value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The caller's environment.
    Environment,
    /// A file: `.env` or `--env-file`.
    File(PathBuf),
    /// The default in the Compose file.
    Default,
    /// Nowhere.
    Unset,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment => f.write_str("environment"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Default => f.write_str("default"),
            Self::Unset => f.write_str("unset"),
        }
    }
}

/// A variable that the file uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// The default at its first use.
    pub default: Option<String>,
    /// Its value; none when unset.
    pub value: Option<String>,
    /// Where that came from.
    pub origin: Origin,
}

/// Values by name, and where each came from.
#[derive(Debug, Clone, Default)]
pub(super) struct Variables {
    values: BTreeMap<String, (String, Origin)>,
}

impl Variables {
    /// The first value set for a name stays.
    pub fn add(&mut self, name: &str, value: &str, origin: Origin) {
        self.values
            .entry(name.to_owned())
            .or_insert_with(|| (value.to_owned(), origin));
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(|(value, _)| value.as_str())
    }

    fn origin(&self, name: &str) -> Option<Origin> {
        self.values.get(name).map(|(_, origin)| origin.clone())
    }
}

/// Puts values in place of variables, and remembers which were used.
#[derive(Debug)]
pub(super) struct Interpolation<'v> {
    variables: &'v Variables,
    pub used: BTreeMap<String, Variable>,
}

/// Why a text can't be interpolated, and where in it (in characters).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Bad {
    pub at: usize,
    pub why: String,
    pub hint: Option<String>,
}

impl<'v> Interpolation<'v> {
    pub fn new(variables: &'v Variables) -> Self {
        Self {
            variables,
            used: BTreeMap::new(),
        }
    }

    /// Interpolates every scalar of a tree; keys stay as they are.
    pub fn tree(&mut self, node: &mut Node) -> Result<(), Failure> {
        match &mut node.value {
            Value::Scalar { text, .. } => {
                if text.contains('$') {
                    *text = self.text(text).map_err(|bad| failure(&node.span, text, bad))?;
                }
            }
            Value::List(items) => {
                for item in items {
                    self.tree(item)?;
                }
            }
            Value::Map(entries) => {
                for (_, value) in entries {
                    self.tree(value)?;
                }
            }
        }
        Ok(())
    }

    /// Interpolates one text.
    pub fn text(&mut self, text: &str) -> Result<String, Bad> {
        let chars: Vec<char> = text.chars().collect();
        let mut reader = Reader { chars: &chars, at: 0 };
        let out = self.until(&mut reader, None)?;
        Ok(out)
    }

    /// Reads to the end, or to the `}` that closes what began at `open`.
    fn until(&mut self, reader: &mut Reader<'_>, open: Option<usize>) -> Result<String, Bad> {
        let mut out = String::new();
        loop {
            match (reader.next(), open) {
                (None, None) | (Some('}'), Some(_)) => return Ok(out),
                (None, Some(at)) => return Err(bad(at, "this `${` is not closed")),
                (Some('$'), _) => out.push_str(&self.variable(reader)?),
                (Some(c), _) => out.push(c),
            }
        }
    }

    fn variable(&mut self, reader: &mut Reader<'_>) -> Result<String, Bad> {
        let dollar = reader.at - 1;
        match reader.peek() {
            Some('$') => {
                reader.at += 1;
                Ok("$".to_owned())
            }
            Some('{') => {
                reader.at += 1;
                self.braced(reader, dollar)
            }
            Some(c) if c == '_' || c.is_ascii_alphabetic() => {
                let name = reader.name();
                Ok(self.value(&name, None).unwrap_or_default())
            }
            _ => Err(Bad {
                at: dollar,
                why: "a `$` begins a variable".to_owned(),
                hint: Some("write `$$` for a dollar sign".to_owned()),
            }),
        }
    }

    fn braced(&mut self, reader: &mut Reader<'_>, dollar: usize) -> Result<String, Bad> {
        let name = reader.name();
        if name.is_empty() {
            return Err(bad(dollar, "no variable's name after `${`"));
        }
        let colon = reader.peek() == Some(':');
        if colon {
            reader.at += 1;
        }
        let operator = reader.next();
        let set = |value: Option<&str>| value.is_some_and(|value| !(colon && value.is_empty()));
        match operator {
            Some('}') if !colon => Ok(self.value(&name, None).unwrap_or_default()),
            Some('-') => {
                let other = self.until(reader, Some(dollar))?;
                if set(self.variables.get(&name)) {
                    return Ok(self.value(&name, Some(other)).unwrap_or_default());
                }
                self.note(&name, Some(other.clone()), Some(other.clone()), Origin::Default);
                Ok(other)
            }
            Some('?') => {
                let message = self.until(reader, Some(dollar))?;
                if set(self.variables.get(&name)) {
                    return Ok(self.value(&name, None).unwrap_or_default());
                }
                let why = if message.is_empty() {
                    format!("{name} must be set")
                } else {
                    format!("{name} must be set: {message}")
                };
                Err(Bad {
                    at: dollar,
                    why,
                    hint: Some(format!("set {name} in the environment or in .env")),
                })
            }
            Some('+') => {
                let other = self.until(reader, Some(dollar))?;
                let is_set = set(self.variables.get(&name));
                let origin = self.variables.origin(&name).unwrap_or(Origin::Unset);
                let value = self.variables.get(&name).map(ToOwned::to_owned);
                self.note(&name, None, value, origin);
                Ok(if is_set { other } else { String::new() })
            }
            None => Err(bad(dollar, "this `${` is not closed")),
            Some(_) => Err(Bad {
                at: dollar,
                why: format!("`${{{name}` is followed by something that is no form of a variable"),
                hint: Some("the forms are ${A}, ${A:-b}, ${A-b}, ${A:?e}, ${A?e}, ${A:+r} and ${A+r}".to_owned()),
            }),
        }
    }

    fn value(&mut self, name: &str, default: Option<String>) -> Option<String> {
        let value = self.variables.get(name).map(ToOwned::to_owned);
        let origin = self.variables.origin(name).unwrap_or(Origin::Unset);
        self.note(name, default, value.clone(), origin);
        value
    }

    fn note(&mut self, name: &str, default: Option<String>, value: Option<String>, origin: Origin) {
        let variable = Variable {
            name: name.to_owned(),
            default,
            value,
            origin,
        };
        self.used.entry(name.to_owned()).or_insert(variable);
    }
}

struct Reader<'c> {
    chars: &'c [char],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += 1;
        Some(c)
    }

    fn name(&mut self) -> String {
        let start = self.at;
        while self.peek().is_some_and(|c| c == '_' || c.is_ascii_alphanumeric()) {
            self.at += 1;
        }
        self.chars[start..self.at].iter().collect()
    }
}

fn bad(at: usize, why: &str) -> Bad {
    Bad {
        at,
        why: why.to_owned(),
        hint: None,
    }
}

/// The caret goes under the `$`, where the text stands in the file as it is.
fn failure(span: &Span, text: &str, bad: Bad) -> Failure {
    let mut place = span.place(false);
    let dollar: String = text.chars().skip(bad.at).take(2).collect();
    if let Some(line) = &place.source {
        let start = line.char_indices().nth(span.column - 1).map_or(0, |(index, _)| index);
        let nth = text.chars().take(bad.at).filter(|c| *c == '$').count();
        if let Some((offset, _)) = line[start..].match_indices('$').nth(nth)
            && line[start + offset..].starts_with(&dollar)
        {
            place.column = line[..start + offset].chars().count() + 1;
            place.width = 1;
        }
    }
    let failure = Failure::invalid(bad.why).at(place);
    match bad.hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables() -> Variables {
        let mut variables = Variables::default();
        variables.add("A", "a", Origin::Environment);
        variables.add("EMPTY", "", Origin::Environment);
        variables
    }

    #[test]
    fn every_form_with_a_set_an_empty_and_an_unset_variable() {
        let variables = variables();
        for (text, wanted) in [
            ("$A-x ${A}", "a-x a"),
            ("${U}|$U", "|"),
            ("${A:-b} ${A-b}", "a a"),
            ("${EMPTY:-b} ${EMPTY-b}", "b "),
            ("${U:-b} ${U-b}", "b b"),
            ("${A:?e} ${EMPTY?e}", "a "),
            ("[${A:+r}] [${EMPTY:+r}] [${U:+r}]", "[r] [] []"),
            ("[${A+r}] [${EMPTY+r}] [${U+r}]", "[r] [r] []"),
            ("${U:-${A}} ${U:-${V:-deep}} ${U:-$A}", "a deep a"),
            ("$$A $${A} cost: $$5", "$A ${A} cost: $5"),
            ("${U:-http://x:1/?a=b}", "http://x:1/?a=b"),
            ("${U-}", ""),
        ] {
            assert_eq!(Interpolation::new(&variables).text(text).unwrap(), wanted, "{text}");
        }
    }

    #[test]
    fn bad_forms_say_where() {
        let variables = variables();
        for (text, at, why) in [
            ("x ${A", 2, "not closed"),
            ("${U:-b", 0, "not closed"),
            ("a ${}", 2, "no variable's name"),
            ("5$", 1, "begins a variable"),
            ("$5", 0, "begins a variable"),
            ("${A!b}", 0, "no form"),
            ("${A:}", 0, "no form"),
            ("${U:?set me}", 0, "U must be set: set me"),
            ("${EMPTY:?}", 0, "EMPTY must be set"),
        ] {
            let bad = Interpolation::new(&variables).text(text).unwrap_err();
            assert_eq!(bad.at, at, "{text}");
            assert!(bad.why.contains(why), "{text}: {}", bad.why);
        }
    }

    #[test]
    fn remembers_what_was_used_and_where_from() {
        let variables = variables();
        let mut interpolation = Interpolation::new(&variables);
        interpolation.text("${A:-x} ${U:-y} $V").unwrap();
        let told: Vec<String> = interpolation
            .used
            .values()
            .map(|used| {
                format!(
                    "{}={:?} default {:?} from {}",
                    used.name, used.value, used.default, used.origin
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                r#"A=Some("a") default Some("x") from environment"#,
                r#"U=Some("y") default Some("y") from default"#,
                "V=None default None from unset",
            ]
        );
    }
}
