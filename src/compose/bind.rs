//! The canonical form: a normalised tree by the shapes of Compose's types. What is printed, hashed and run is this.

use crate::failure::Failure;

use super::cast::{Cast, shortest};
use super::interpolate::shown;
use super::natural;
use super::shape::{Kind, Shape};
use super::shell_words;
use super::tree::{Entry, Map, Tree, Value, holds_values};
use super::units;

/// Compose's two printed forms differ in what they leave out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Json,
    Yaml,
}

/// `tree`, at `path` of the file, as in `shape`.
pub(super) fn bind(tree: &Tree, path: &str, shape: &Shape, form: Form) -> Result<Tree, Failure> {
    let mut bound = Map::new();
    for (name, kind) in shape.fields {
        let at = tree.get(name);
        let path = if path.is_empty() {
            (*name).to_owned()
        } else {
            format!("{path}.{name}")
        };
        let value = Field { path: &path, form }.bind(at, *kind, &tree.span)?;
        if let Some(value) = value {
            let key = tree
                .map()
                .and_then(|map| map.get(*name))
                .map_or(&tree.span, |entry| &entry.key);
            bound.insert(
                (*name).to_owned(),
                Entry {
                    key: key.clone(),
                    tree: value,
                },
            );
        }
    }
    if shape.extensions && form == Form::Yaml {
        let mut own: Vec<(&String, &Entry)> = tree
            .map()
            .into_iter()
            .flatten()
            .filter(|(key, _)| key.starts_with("x-"))
            .collect();
        own.sort_by(|(a, _), (b, _)| natural::compare(a, b));
        for (key, entry) in own {
            bound.insert(key.clone(), sorted_entry(entry, form));
        }
    }
    Ok(Tree::new(Value::Map(bound), &tree.span))
}

/// An extension's value, its mappings sorted.
pub(super) fn sorted(tree: &Tree, form: Form) -> Tree {
    let value = match &tree.value {
        Value::Map(map) => {
            let mut entries: Vec<(&String, &Entry)> = map.iter().collect();
            entries.sort_by(|(a, _), (b, _)| order(a, b, form));
            Value::Map(
                entries
                    .into_iter()
                    .map(|(key, entry)| (key.clone(), sorted_entry(entry, form)))
                    .collect(),
            )
        }
        Value::List(items) => Value::List(items.iter().map(|item| sorted(item, form)).collect()),
        other => other.clone(),
    };
    Tree::new(value, &tree.span)
}

fn sorted_entry(entry: &Entry, form: Form) -> Entry {
    Entry {
        key: entry.key.clone(),
        tree: sorted(&entry.tree, form),
    }
}

/// How names are sorted: byte by byte in JSON, numbers in names by their value in YAML.
pub(super) fn order(a: &str, b: &str, form: Form) -> std::cmp::Ordering {
    match form {
        Form::Json => a.cmp(b),
        Form::Yaml => natural::compare(a, b),
    }
}

struct Field<'p> {
    path: &'p str,
    form: Form,
}

type Bound = Result<Option<Tree>, Failure>;

impl Field<'_> {
    /// The field's value; none when it is left out.
    fn bind(&self, at: Option<&Tree>, kind: Kind, around: &crate::yaml::Span) -> Bound {
        let at = at.filter(|tree| !tree.is_null());
        let Some(tree) = at else {
            return Ok(match kind {
                Kind::Command if self.form == Form::Json => Some(Tree::null_at(around)),
                Kind::Required | Kind::OptOut => Some(Tree::bool_at(false, around)),
                Kind::Always(shape) if self.form == Form::Json => {
                    Some(bind(&Tree::map_at([], around), self.path, shape, self.form)?)
                }
                _ => None,
            });
        };
        let span = &tree.span;
        let given = |value: Value| Some(Tree::new(value, span));
        Ok(match kind {
            Kind::Text => given(Value::Text(self.text(tree)?)).filter(|tree| tree.text() != Some("")),
            Kind::Bool => self.bool(tree)?.then(|| Tree::bool_at(true, span)),
            Kind::MaybeBool | Kind::Required => given(Value::Bool(self.bool(tree)?)),
            // In YAML the rule is Go's for booleans, in JSON the type's own.
            Kind::OptOut => match (self.bool(tree)?, self.form) {
                (true, _) => None,
                (false, _) => given(Value::Bool(false)),
            },
            Kind::Int => given(Value::Int(self.int(tree)?)).filter(|tree| tree.value != Value::Int(0)),
            Kind::Natural => given(Value::Int(self.natural(tree)?)).filter(|tree| tree.value != Value::Int(0)),
            Kind::MaybeInt => given(Value::Int(self.int(tree)?)),
            Kind::MaybeNatural => given(Value::Int(self.natural(tree)?)),
            Kind::Float => given(Value::Float(self.float(tree)?)).filter(|tree| tree.value != Value::Float(0.0)),
            Kind::Bytes => match self.bytes(tree)? {
                0 => None,
                bytes => given(Value::Text(bytes.to_string())),
            },
            Kind::Duration => given(Value::Text(self.duration(tree)?)),
            Kind::Command => given(self.command(tree)?),
            Kind::Test => match tree.text() {
                Some(text) => given(texts(["CMD-SHELL", text], span)),
                None => given(self.texts(tree)?).filter(not_empty),
            },
            Kind::Texts => given(self.texts(tree)?).filter(not_empty),
            Kind::TextsOrNumbers => {
                let items = tree.list().unwrap_or(std::slice::from_ref(tree));
                let items = items.iter().map(|item| Tree::text_at(item.printed(), &item.span));
                given(Value::List(items.collect())).filter(not_empty)
            }
            Kind::Mapping => given(self.mapping(tree, false)?).filter(not_empty),
            Kind::MaybeMapping => given(self.mapping(tree, true)?).filter(not_empty),
            Kind::Hosts => given(self.hosts(tree)?).filter(not_empty),
            Kind::FileMode => given(Value::Text(self.mode(tree)?)),
            Kind::Count => given(Value::Int(self.count(tree)?)).filter(|tree| tree.value != Value::Int(0)),
            Kind::Ulimits => self.ulimits(tree)?,
            Kind::Struct(shape) => Some(bind(tree, self.path, shape, self.form)?),
            Kind::Always(shape) => {
                let bound = bind(tree, self.path, shape, self.form)?;
                Some(bound).filter(|bound| self.form == Form::Json || not_empty(bound))
            }
            Kind::Structs(shape) => {
                let mut items = Vec::new();
                for (index, item) in tree.list().into_iter().flatten().enumerate() {
                    items.push(bind(item, &format!("{}[{index}]", self.path), shape, self.form)?);
                }
                given(Value::List(items)).filter(not_empty)
            }
            Kind::ByName(shape) => self.by_name(tree, shape, false)?,
            Kind::MaybeByName(shape) => self.by_name(tree, shape, true)?,
            Kind::Throttles(weights) => self.throttles(tree, weights)?,
        })
    }

    fn wrong(&self, tree: &Tree, what: &str) -> Failure {
        let printed = tree.printed();
        let kind = tree.kind();
        let why = if printed.is_empty() || holds_values(self.path) {
            format!("must be {what}, not {kind}")
        } else {
            format!(
                "must be {what}, not {kind} ({})",
                shown(&printed, tree.is_from_variable())
            )
        };
        tree.wrong(self.path, why)
    }

    fn text(&self, tree: &Tree) -> Result<String, Failure> {
        match &tree.value {
            Value::Text(text) => Ok(text.clone()),
            Value::Int(number) => Ok(number.to_string()),
            _ => Err(self.wrong(tree, "a string")),
        }
    }

    fn bool(&self, tree: &Tree) -> Result<bool, Failure> {
        let value = match &tree.value {
            Value::Bool(value) => return Ok(*value),
            Value::Text(text) => Cast::Bool.apply(text, &mut std::collections::BTreeSet::new()),
            _ => None,
        };
        match value {
            Some(Value::Bool(value)) => Ok(value),
            _ => Err(self.wrong(tree, "true or false")),
        }
    }

    fn int(&self, tree: &Tree) -> Result<i64, Failure> {
        match &tree.value {
            Value::Int(number) => Ok(*number),
            #[expect(clippy::cast_possible_truncation, reason = "Compose drops the fraction")]
            Value::Float(number) if number.abs() < 9e18 => Ok(*number as i64),
            Value::Text(text) => text.parse().map_err(|_| self.wrong(tree, "a whole number")),
            _ => Err(self.wrong(tree, "a whole number in range")),
        }
    }

    fn natural(&self, tree: &Tree) -> Result<i64, Failure> {
        let number = self.int(tree)?;
        if number < 0 {
            return Err(self.wrong(tree, "a whole number from 0"));
        }
        Ok(number)
    }

    fn float(&self, tree: &Tree) -> Result<f64, Failure> {
        match &tree.value {
            #[expect(clippy::cast_precision_loss, reason = "Compose keeps 32 bits of it")]
            Value::Int(number) => Ok(shortest(*number as f64)),
            Value::Float(number) => Ok(shortest(*number)),
            Value::Text(text) => text
                .parse()
                .ok()
                .filter(|number: &f64| number.is_finite())
                .map(shortest)
                .ok_or_else(|| self.wrong(tree, "a number")),
            _ => Err(self.wrong(tree, "a number")),
        }
    }

    fn bytes(&self, tree: &Tree) -> Result<i64, Failure> {
        let bytes = match &tree.value {
            Value::Int(bytes) => Some(*bytes),
            Value::Text(text) => units::bytes(text),
            _ => None,
        };
        bytes.ok_or_else(|| self.wrong(tree, "a size such as 512m or 1g"))
    }

    fn duration(&self, tree: &Tree) -> Result<String, Failure> {
        units::duration(&tree.printed())
            .map(|nanos| nanos.to_string())
            .ok_or_else(|| self.wrong(tree, "a duration such as 10s or 1m30s"))
    }

    fn command(&self, tree: &Tree) -> Result<Value, Failure> {
        let Some(text) = tree.text() else {
            return self.texts(tree);
        };
        let words = shell_words::split(text).map_err(|why| tree.wrong(self.path, why))?;
        Ok(texts(words.words.iter().map(String::as_str), &tree.span))
    }

    fn texts(&self, tree: &Tree) -> Result<Value, Failure> {
        let items = match &tree.value {
            Value::List(items) => items.as_slice(),
            _ => std::slice::from_ref(tree),
        };
        let items = items.iter().enumerate().map(|(index, item)| {
            let path = format!("{}[{index}]", self.path);
            let text = Field { path: &path, ..*self }.text(item)?;
            Ok(Tree::text_at(text, &item.span))
        });
        Ok(Value::List(items.collect::<Result<_, Failure>>()?))
    }

    /// `NAME=value` entries or a mapping.
    fn mapping(&self, tree: &Tree, maybe: bool) -> Result<Value, Failure> {
        let mut entries: Vec<(String, Tree)> = Vec::new();
        match &tree.value {
            Value::Map(map) => {
                for (name, entry) in map {
                    let value = match &entry.tree.value {
                        Value::Null if maybe => Value::Null,
                        Value::Map(_) | Value::List(_) => {
                            let path = format!("{}.{name}", self.path);
                            return Err(Field { path: &path, ..*self }.wrong(&entry.tree, "a string"));
                        }
                        _ => Value::Text(entry.tree.printed()),
                    };
                    entries.push((name.clone(), Tree::new(value, &entry.tree.span)));
                }
            }
            Value::List(items) => {
                for item in items {
                    let text = item.printed();
                    let (name, value) = match text.split_once('=') {
                        Some((name, value)) => (name, Value::Text(value.to_owned())),
                        None if maybe => (text.as_str(), Value::Null),
                        None => (text.as_str(), Value::Text(String::new())),
                    };
                    if maybe && name.ends_with(char::is_whitespace) {
                        return Err(item.wrong(self.path, "the variable's name ends with a space"));
                    }
                    entries.push((name.to_owned(), Tree::new(value, &item.span)));
                }
            }
            _ => return Err(self.wrong(tree, "a list or a mapping")),
        }
        // Of a name given twice the last one counts.
        let map: std::collections::BTreeMap<String, Tree> = entries.into_iter().collect();
        Ok(Value::Map(
            self.ordered(map.into_iter().map(|(name, tree)| (name, tree.entry()))),
        ))
    }

    fn ordered(&self, entries: impl Iterator<Item = (String, Entry)>) -> Map {
        let mut entries: Vec<(String, Entry)> = entries.collect();
        entries.sort_by(|(a, _), (b, _)| order(a, b, self.form));
        entries.into_iter().collect()
    }

    /// `host=address`, sorted.
    fn hosts(&self, tree: &Tree) -> Result<Value, Failure> {
        let mut lines: Vec<(String, &crate::yaml::Span)> = Vec::new();
        let bare = |address: &str| {
            let inside = address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
            inside.filter(|inside| !inside.is_empty()).unwrap_or(address).to_owned()
        };
        let well = |host: &str, at: &Tree| {
            if host.is_empty() || host.contains([':', '=']) {
                return Err(at.wrong(self.path, format!("`{host}` is not a valid host name")));
            }
            Ok(())
        };
        match &tree.value {
            Value::Map(map) => {
                for (host, entry) in map {
                    well(host, &entry.tree)?;
                    let items = entry.tree.list().unwrap_or(std::slice::from_ref(&entry.tree));
                    for item in items {
                        lines.push((format!("{host}={}", bare(&item.printed())), &item.span));
                    }
                }
            }
            Value::List(items) => {
                for item in items {
                    let text = item.printed();
                    let (host, addresses) = text
                        .split_once('=')
                        .or_else(|| text.split_once(':'))
                        .ok_or_else(|| item.wrong(self.path, "must be `host=address`"))?;
                    well(host, item)?;
                    for address in addresses.split(',') {
                        lines.push((format!("{host}={}", bare(address)), &item.span));
                    }
                }
            }
            _ => return Err(self.wrong(tree, "a list or a mapping")),
        }
        lines.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(Value::List(
            lines
                .into_iter()
                .map(|(line, span)| Tree::text_at(line, span))
                .collect(),
        ))
    }

    /// Permission bits: a number as it is, a string as octal.
    fn mode(&self, tree: &Tree) -> Result<String, Failure> {
        let bits = match &tree.value {
            Value::Int(bits) => Some(*bits),
            Value::Text(text) => i64::from_str_radix(text, 8).ok(),
            _ => None,
        };
        bits.filter(|bits| (0..=0o7777).contains(bits))
            .map(|bits| format!("0{bits:o}"))
            .ok_or_else(|| self.wrong(tree, "a file mode such as 0440"))
    }

    fn count(&self, tree: &Tree) -> Result<i64, Failure> {
        match tree.text() {
            Some(text) if text.eq_ignore_ascii_case("all") => Ok(-1),
            _ => self.int(tree).map_err(|_| self.wrong(tree, "`all` or a number")),
        }
    }

    fn ulimits(&self, tree: &Tree) -> Bound {
        let mut limits = Vec::new();
        for (name, entry) in tree.map().into_iter().flatten() {
            let path = format!("{}.{name}", self.path);
            let field = Field { path: &path, ..*self };
            let at = &entry.tree;
            let (soft, hard) = match &at.value {
                Value::Map(_) => {
                    let part = |key: &str| at.get(key).map_or(Ok(0), |at| field.int(at));
                    (part("soft")?, part("hard")?)
                }
                Value::Text(_) => return Err(field.wrong(at, "a whole number, or `soft` and `hard`")),
                _ => match field.int(at)? {
                    0 => (0, 0),
                    single => {
                        limits.push((name.clone(), Tree::new(Value::Int(single), &at.span).entry()));
                        continue;
                    }
                },
            };
            let number = |key: &'static str, number: i64| (key, Tree::new(Value::Int(number), &at.span));
            // JSON leaves out zeros, YAML does not: Compose's own rules.
            let both = [number("soft", soft), number("hard", hard)];
            let kept = both
                .into_iter()
                .filter(|(_, tree)| self.form == Form::Yaml || tree.value != Value::Int(0));
            limits.push((name.clone(), Tree::map_at(kept, &at.span).entry()));
        }
        Ok(Some(Tree::new(Value::Map(self.ordered(limits.into_iter())), &tree.span)).filter(not_empty))
    }

    fn by_name(&self, tree: &Tree, shape: &Shape, maybe: bool) -> Bound {
        let mut bound = Vec::new();
        for (name, entry) in tree.map().into_iter().flatten() {
            let value = if maybe && entry.tree.is_null() {
                Tree::null_at(&entry.tree.span)
            } else {
                bind(&entry.tree, &format!("{}.{name}", self.path), shape, self.form)?
            };
            let key = entry.key.clone();
            bound.push((name.clone(), Entry { key, tree: value }));
        }
        Ok(Some(Tree::new(Value::Map(self.ordered(bound.into_iter())), &tree.span)).filter(not_empty))
    }

    fn throttles(&self, tree: &Tree, weights: bool) -> Bound {
        let (path_key, rate_key) = match (self.form, weights) {
            (Form::Json, true) => ("Path", "Weight"),
            (Form::Json, false) => ("Path", "Rate"),
            (Form::Yaml, true) => ("path", "weight"),
            (Form::Yaml, false) => ("path", "rate"),
        };
        let mut items = Vec::new();
        for (index, item) in tree.list().into_iter().flatten().enumerate() {
            let path = format!("{}[{index}]", self.path);
            let field = Field { path: &path, ..*self };
            let device = item
                .get("path")
                .map_or_else(|| Ok(String::new()), |at| field.text(at))?;
            let rate = if weights {
                Value::Int(item.get("weight").map_or(Ok(0), |at| field.natural(at))?)
            } else {
                Value::Text(item.get("rate").map_or(Ok(0), |at| field.bytes(at))?.to_string())
            };
            let span = &item.span;
            items.push(Tree::map_at(
                [
                    (path_key, Tree::text_at(device, span)),
                    (rate_key, Tree::new(rate, span)),
                ],
                span,
            ));
        }
        Ok(Some(Tree::new(Value::List(items), &tree.span)).filter(not_empty))
    }
}

fn texts<'t>(items: impl IntoIterator<Item = &'t str>, span: &crate::yaml::Span) -> Value {
    Value::List(items.into_iter().map(|item| Tree::text_at(item, span)).collect())
}

fn not_empty(tree: &Tree) -> bool {
    match &tree.value {
        Value::List(items) => !items.is_empty(),
        Value::Map(map) => !map.is_empty(),
        _ => true,
    }
}
