//! Variables in the file (`12-interpolation.md`): `$A`, `${A}`, `${A:-b}`, `${A-b}`, `${A:?e}`, `${A?e}`, `${A:+r}`,
//! `${A+r}`, nested, and `$$` for a dollar. A `$` before anything else stays as it is, as in Compose.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::failure::Failure;
use crate::yaml::Span;

use super::budget::Budget;
use super::cast;
use super::tree::{Tree, Value, holds_values};
use super::variables::{Origin, Values, Variable};

/// Defaults in defaults in defaults; deeper is not a file that a person wrote.
const DEEPEST: usize = 50;
/// A text never grows beyond this, whatever its variables hold.
const LONGEST: usize = 16 << 20;

/// What interpolation found out, over all files of a project.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// Variables used.
    pub used: BTreeMap<String, Variable>,
    /// Those of the text that was interpolated last.
    pub named: BTreeSet<String>,
    /// Variables that are not set and have no default: blank is in their place.
    pub unset: BTreeSet<String>,
    /// What else the user should know.
    pub warnings: BTreeSet<String>,
    /// What the files have come to.
    pub budget: Budget,
}

/// Why a text can't be interpolated, and where in it (in characters).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Bad {
    pub at: usize,
    pub why: String,
    pub hint: Option<String>,
}

/// Puts values in place of variables, in every string below `tree`; keys stay as they are. Strings that stand where a
/// number or a boolean is wanted become one.
pub(super) fn interpolate(tree: &mut Tree, variables: &dyn Values, notes: &mut Notes) -> Result<(), Failure> {
    below(tree, &mut Vec::new(), variables, notes)
}

fn below(tree: &mut Tree, path: &mut Vec<String>, variables: &dyn Values, notes: &mut Notes) -> Result<(), Failure> {
    match &mut tree.value {
        Value::Text(text) => {
            if text.contains('$') {
                let new = substitute(text, variables, notes).map_err(|bad| failure(&tree.span, path, text, bad))?;
                let named = std::mem::take(&mut notes.named);
                notes.budget.take_text(new.len()).map_err(|spent| {
                    super::tree::wrong_at(&tree.span, &dotted(path), format!("the project has {spent}"))
                })?;
                *text = new;
                tree.variables = (!named.is_empty()).then(|| Arc::new(named));
            }
            let parts: Vec<&str> = path.iter().map(String::as_str).collect();
            if let Some(cast) = cast::wanted(&parts) {
                tree.value = cast.apply(text, &mut notes.warnings).ok_or_else(|| {
                    let found = shown(text, tree.variables.is_some());
                    super::tree::wrong_at(
                        &tree.span,
                        &dotted(path),
                        format!("must be {}, not {found}", cast.name()),
                    )
                })?;
            }
        }
        Value::List(items) => {
            path.push("[]".to_owned());
            for item in items {
                below(item, path, variables, notes)?;
            }
            path.pop();
        }
        Value::Map(map) => {
            for (name, entry) in map {
                path.push(name.clone());
                below(&mut entry.tree, path, variables, notes)?;
                path.pop();
            }
        }
        _ => {}
    }
    Ok(())
}

fn dotted(path: &[String]) -> String {
    path.join(".").replace(".[]", "[]")
}

/// A value for a message; not shown when it came out of a variable, which may hold a secret.
pub(super) fn shown(text: &str, from_variable: bool) -> String {
    if from_variable {
        "the variable's value".to_owned()
    } else {
        format!("`{text}`")
    }
}

/// Puts values in place of the variables of one text.
pub(super) fn substitute(text: &str, variables: &dyn Values, notes: &mut Notes) -> Result<String, Bad> {
    notes.named.clear();
    Substitution { variables, notes }.text(text, 0).map_err(|mut bad| {
        bad.at = text.get(..bad.at).map_or(0, |before| before.chars().count());
        bad
    })
}

struct Substitution<'v> {
    variables: &'v dyn Values,
    notes: &'v mut Notes,
}

impl Substitution<'_> {
    /// Errors say where in bytes.
    fn text(&mut self, text: &str, depth: usize) -> Result<String, Bad> {
        if depth > DEEPEST {
            return Err(bad(0, format!("variables are nested more than {DEEPEST} deep")));
        }
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        // Where the line that `at` is in ends, an expression never goes on to the next one; and its last closing brace. Both
        // are looked for once a line, however many expressions it has.
        let (mut line_end, mut last) = (0, None);
        while let Some(found) = text[at..].find('$') {
            let dollar = at + found;
            out.push_str(&text[at..dollar]);
            let rest = &text[dollar + 1..];
            at = dollar + 1;
            match rest.as_bytes().first() {
                Some(b'$') => {
                    out.push('$');
                    at += 1;
                }
                Some(b'{') => {
                    if line_end <= dollar {
                        line_end = text[dollar..].find('\n').map_or(text.len(), |end| dollar + end);
                        last = text[dollar..line_end].rfind('}').map(|last| dollar + last);
                    }
                    let last = last.and_then(|last| last.checked_sub(dollar));
                    let (value, length) = self.braced(&text[dollar..line_end], last, depth).map_err(|mut bad| {
                        bad.at = dollar;
                        bad
                    })?;
                    out.push_str(&value);
                    at = dollar + length;
                }
                Some(b'_' | b'a'..=b'z' | b'A'..=b'Z') => {
                    let name = name_at(rest);
                    out.push_str(&self.value(name, None));
                    at += name.len();
                }
                _ => out.push('$'),
            }
            if out.len() > LONGEST {
                return Err(bad(dollar, "the text grows beyond 16 MB"));
            }
        }
        out.push_str(&text[at..]);
        Ok(out)
    }

    /// The value of the expression that `text` begins with (`${…`), and its length. `last` is the last brace that closes.
    fn braced(&mut self, text: &str, last: Option<usize>, depth: usize) -> Result<(String, usize), Bad> {
        let name = name_at(&text[2..]);
        if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(bad(0, "missing variable name after `${`"));
        }
        let after = &text[2 + name.len()..];
        if after.starts_with('}') {
            return Ok((self.value(name, None), 2 + name.len() + 1));
        }
        let colon = after.starts_with(':');
        let operator = after.chars().nth(usize::from(colon));
        if !matches!(operator, Some('-' | '+' | '?')) {
            let closed = after.contains('}');
            return Err(if closed {
                Bad {
                    hint: Some("the forms are ${A}, ${A:-b}, ${A-b}, ${A:?e}, ${A?e}, ${A:+r} and ${A+r}".to_owned()),
                    ..bad(0, format!("the text after `${{{name}` is not valid"))
                }
            } else {
                bad(0, "this `${` is not closed on its line")
            });
        }
        let Some(last) = last else {
            return Err(bad(0, "this `${` is not closed on its line"));
        };
        let end = closing(&text.as_bytes()[..=last]).unwrap_or(last);
        let begin = 2 + name.len() + usize::from(colon) + 1;
        let operand = &text[begin..end];
        let value = self.operate(name, colon, operator.unwrap_or('-'), operand, depth)?;
        Ok((value, end + 1))
    }

    fn operate(&mut self, name: &str, colon: bool, operator: char, operand: &str, depth: usize) -> Result<String, Bad> {
        let is_set = self
            .variables
            .get(name)
            .is_some_and(|value| !(colon && value.is_empty()));
        match (operator, is_set) {
            ('-', true) => Ok(self.value(name, Some(operand))),
            ('-', false) => {
                let other = self.text(operand, depth + 1)?;
                self.note(name, Some(&other), Some(&other), Origin::Default);
                Ok(other)
            }
            ('+', _) => {
                // Its value is not put in: it may be long, and is copied at its first use only.
                let variables = self.variables;
                let origin = variables.origin(name).unwrap_or(Origin::Unset);
                self.note(name, None, variables.get(name), origin);
                if is_set {
                    self.text(operand, depth + 1)
                } else {
                    Ok(String::new())
                }
            }
            (_, true) => Ok(self.value(name, None)),
            (_, false) => {
                let message = self.text(operand, depth + 1)?;
                let why = if message.is_empty() {
                    format!("{name} must be set")
                } else {
                    format!("{name} must be set: {message}")
                };
                Err(Bad {
                    hint: Some(format!("set {name} in the environment or in .env")),
                    ..bad(0, why)
                })
            }
        }
    }

    fn value(&mut self, name: &str, default: Option<&str>) -> String {
        let value = self.variables.get(name).map(ToOwned::to_owned);
        let origin = self.variables.origin(name).unwrap_or(Origin::Unset);
        if value.is_none() {
            self.notes.unset.insert(name.to_owned());
        }
        self.note(name, default, value.as_deref(), origin);
        value.unwrap_or_default()
    }

    fn note(&mut self, name: &str, default: Option<&str>, value: Option<&str>, origin: Origin) {
        let variable = || Variable {
            name: name.to_owned(),
            default: default.map(ToOwned::to_owned),
            value: value.map(ToOwned::to_owned),
            origin,
        };
        if !self.notes.named.contains(name) {
            self.notes.named.insert(name.to_owned());
        }
        self.notes.used.entry(name.to_owned()).or_insert_with(variable);
    }
}

/// The name that `text` begins with.
fn name_at(text: &str) -> &str {
    let end = text.find(|c: char| c != '_' && !c.is_ascii_alphanumeric());
    &text[..end.unwrap_or(text.len())]
}

/// The brace that closes the first one. What follows an opening brace at once is not looked at: Compose's rule.
fn closing(text: &[u8]) -> Option<usize> {
    let mut open = 0_usize;
    let mut at = 0;
    while at < text.len() {
        match text[at] {
            b'}' if open == 1 => return Some(at),
            b'}' => open = open.saturating_sub(1),
            b'{' => {
                open += 1;
                at += 1;
            }
            _ => {}
        }
        at += 1;
    }
    None
}

fn bad(at: usize, why: impl Into<String>) -> Bad {
    Bad {
        at,
        why: why.into(),
        hint: None,
    }
}

/// The caret goes under the `$`, where the text stands in the file as it is.
fn failure(span: &Span, path: &[String], text: &str, bad: Bad) -> Failure {
    let mut place = span.place(holds_values(&dotted(path)));
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
    Failure {
        hint: bad.hint,
        ..Failure::invalid(bad.why).at(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::variables::Variables;

    fn variables() -> Variables {
        let mut variables = Variables::default();
        variables.add("A", "a", Origin::Environment);
        variables.add("EMPTY", "", Origin::Environment);
        variables
    }

    fn told(text: &str) -> Result<String, Bad> {
        substitute(text, &variables(), &mut Notes::default())
    }

    #[test]
    fn every_form_with_a_set_an_empty_and_an_unset_variable() {
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
            ("5$ $5 $", "5$ $5 $"),
            ("${U:-{x}} ${U:-{x}", "{x} {x"),
            ("${U:-a-b:-c}", "a-b:-c"),
            ("${U:-{{x}}}", "{{x}}"),
        ] {
            assert_eq!(told(text).unwrap(), wanted, "{text}");
        }
    }

    #[test]
    fn bad_forms_say_where() {
        for (text, at, why) in [
            ("x ${A", 2, "not closed"),
            ("ü ${U:-b", 2, "not closed"),
            ("${U:-b\n}", 0, "not closed"),
            ("a ${}", 2, "missing variable name"),
            ("${A!b}", 0, "is not valid"),
            ("${A:}", 0, "is not valid"),
            ("${U:?set me}", 0, "U must be set: set me"),
            ("${EMPTY:?}", 0, "EMPTY must be set"),
        ] {
            let bad = told(text).unwrap_err();
            assert_eq!(bad.at, at, "{text}");
            assert!(bad.why.contains(why), "{text}: {}", bad.why);
        }
    }

    #[test]
    fn long_and_deep_texts_take_no_time() {
        let many = "${U:-x}".repeat(100_000);
        assert_eq!(told(&many).unwrap().len(), 100_000);
        let deep = format!("{}x{}", "${U:-".repeat(100_000), "}".repeat(100_000));
        assert!(told(&deep).unwrap_err().why.contains("nested"));
        // Each looked for its closing brace from the end of the line on: 10¹² bytes.
        let tail = format!("{many}{}", "x".repeat(8 << 20));
        assert_eq!(told(&tail).unwrap().len(), 100_000 + (8 << 20));
        let open = format!("{}{}", "${U:-x}".repeat(100_000), "${A");
        assert!(told(&open).unwrap_err().why.contains("not closed"));
        let mut variables = Variables::default();
        variables.add("BIG", "x".repeat(8 << 20), Origin::Environment);
        // Its value is only asked for: copied each time, it were 10¹² bytes.
        let asked = substitute(&"${BIG:+}".repeat(200_000), &variables, &mut Notes::default());
        assert_eq!(asked.unwrap(), "");
        let mut variables = Variables::default();
        variables.add("BIG", "x".repeat(1 << 20), Origin::Environment);
        let bad = substitute(&"$BIG".repeat(100), &variables, &mut Notes::default()).unwrap_err();
        assert!(bad.why.contains("16 MB"));
    }

    #[test]
    fn remembers_what_was_used_and_where_from() {
        let mut notes = Notes::default();
        substitute("${A:-x} ${U:-y} $V ${W:+z}", &variables(), &mut notes).unwrap();
        let told: Vec<String> = notes
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
                "W=None default None from unset",
            ]
        );
        assert_eq!(notes.unset.into_iter().collect::<Vec<_>>(), ["V"]);
    }
}
