//! Builds the tree from the parser's events: aliases resolved, merge keys (`<<`) applied, doubled keys refused.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use base64::Engine as _;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span as Range, Tag as YamlTag};

use crate::failure::Failure;

use super::{Key, Node, Source, Span, Tag, Value};

/// Deeper than any Compose file, and far from the end of the stack.
const DEEPEST: usize = 50;
/// More nodes than any Compose file has once its aliases are written out ("billion laughs").
const MOST_NODES: usize = 200_000;

/// How many bytes of a text count as one more value.
const BYTES_A_NODE: usize = 256;

/// Reads the one document of `source`; an empty file is an empty mapping.
pub fn parse(source: &Arc<Source>) -> Result<Node, Failure> {
    let mut documents = parse_all(source)?;
    match documents.len() {
        0 => Ok(Node {
            value: Value::Map(Vec::new()),
            span: Span {
                source: Arc::clone(source),
                line: 1,
                column: 1,
                width: 1,
            },
            tag: None,
        }),
        1 => Ok(documents.remove(0)),
        _ => Err(Failure::invalid("a second YAML document starts here")
            .at(documents[1].span.place(false))
            .hint("use a single document: remove the `---` line")),
    }
}

/// Reads the documents of `source`; none in an empty file.
pub fn parse_all(source: &Arc<Source>) -> Result<Vec<Node>, Failure> {
    if let Some(at) = source
        .text
        .find(|c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}'))
    {
        let before = &source.text[..at];
        return Err(Failure::invalid("not valid YAML")
            .at(Span {
                source: Arc::clone(source),
                line: before.matches('\n').count() + 1,
                column: before.chars().rev().take_while(|c| *c != '\n').count() + 1,
                width: 1,
            }
            .place(true))
            .because("control characters are not allowed"));
    }
    let mut reader = Reader {
        source,
        events: Parser::new_from_str(source.text.trim_start_matches('\u{feff}')),
        anchors: HashMap::new(),
        nodes: 0,
    };
    reader.documents()
}

struct Reader<'s> {
    source: &'s Arc<Source>,
    events: Parser<'s, saphyr_parser::StrInput<'s>>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
}

impl<'s> Reader<'s> {
    fn documents(&mut self) -> Result<Vec<Node>, Failure> {
        let mut documents = Vec::new();
        loop {
            let (event, range) = self.next()?;
            match event {
                Event::StreamEnd => return Ok(documents),
                Event::DocumentStart(_) => self.anchors.clear(),
                Event::StreamStart | Event::DocumentEnd | Event::Nothing => {}
                event => documents.push(self.node(event, range)?),
            }
        }
    }

    fn next(&mut self) -> Result<(Event<'s>, Range), Failure> {
        match self.events.next() {
            Some(Ok(next)) => Ok(next),
            Some(Err(error)) => Err(self.broken(&error)),
            None => Ok((Event::StreamEnd, Range::default())),
        }
    }

    /// The value that `event` begins. Without recursion: an unoptimised build would need a lot of the stack for each level.
    fn node(&mut self, event: Event<'s>, range: Range) -> Result<Node, Failure> {
        let mut open: Vec<Open> = Vec::new();
        let mut next = (event, range);
        loop {
            let (event, range) = next;
            if let Some((node, range)) = self.step(event, range, &mut open)? {
                match open.last_mut() {
                    None => return Ok(node),
                    Some(inside) => self.put(node, &range, inside)?,
                }
            }
            next = self.next()?;
        }
    }

    /// Opens a sequence or a mapping, or gives a value that is complete, and where it began.
    fn step(&mut self, event: Event<'s>, range: Range, open: &mut Vec<Open>) -> Result<Option<(Node, Range)>, Failure> {
        if let Event::SequenceEnd | Event::MappingEnd = event {
            let Some(closed) = open.pop() else {
                return Err(self.wrong("not a value", &range));
            };
            let (anchor, tag, range) = (closed.anchor, closed.tag, closed.range);
            let value = match closed.inside {
                Inside::List(items) => Value::List(items),
                Inside::Map(map) => Value::Map(map.merged()?),
            };
            let node = self.complete(value, anchor, tag.as_ref(), &range)?;
            return Ok(Some((node, range)));
        }
        if open.len() > DEEPEST {
            return Err(self.wrong(&format!("nested more than {DEEPEST} levels deep"), &range));
        }
        self.count(1, &range)?;
        let (inside, anchor, tag) = match event {
            Event::Alias(id) => {
                let node = self
                    .anchors
                    .get(&id)
                    .cloned()
                    .ok_or_else(|| self.wrong("this alias refers to an anchor that contains it", &range))?;
                self.count(size(&node), &range)?;
                return Ok(Some((node, range)));
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.count(text.len() / BYTES_A_NODE, &range)?;
                let value = self.scalar(text, style, tag.as_deref(), &range)?;
                let node = self.complete(value, anchor, tag.as_deref(), &range)?;
                return Ok(Some((node, range)));
            }
            Event::SequenceStart(anchor, tag) => (Inside::List(Vec::new()), anchor, tag),
            Event::MappingStart(anchor, tag) => (Inside::Map(Mapping::default()), anchor, tag),
            _ => return Err(self.wrong("not a value", &range)),
        };
        open.push(Open {
            inside,
            anchor,
            tag: tag.map(Cow::into_owned),
            range,
        });
        Ok(None)
    }

    fn complete(&mut self, value: Value, anchor: usize, tag: Option<&YamlTag>, range: &Range) -> Result<Node, Failure> {
        let tag = match tag {
            Some(tag) => self.tag(tag, range)?,
            None => None,
        };
        let node = Node {
            value,
            span: self.span(range),
            tag,
        };
        if anchor != 0 {
            // It is kept beside the tree, and again for each anchor around it.
            self.count(size(&node), range)?;
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    /// Adds a value to the sequence or mapping that it is in; in a mapping every first one is a key.
    fn put(&self, node: Node, range: &Range, open: &mut Open) -> Result<(), Failure> {
        let map = match &mut open.inside {
            Inside::List(items) => {
                items.push(node);
                return Ok(());
            }
            Inside::Map(map) => map,
        };
        let Some(key) = map.key.take() else {
            let Value::Scalar { text: name, plain } = node.value else {
                return Err(self.wrong("a key must be a string", range));
            };
            map.key = Some(Key {
                name,
                plain,
                span: node.span,
            });
            return Ok(());
        };
        map.add(key, node)
    }

    fn scalar(
        &self,
        text: Cow<'s, str>,
        style: ScalarStyle,
        tag: Option<&YamlTag>,
        range: &Range,
    ) -> Result<Value, Failure> {
        let core = tag.filter(|tag| tag.handle == "tag:yaml.org,2002:");
        let (text, plain) = match core.map(|tag| tag.suffix.as_str()) {
            Some("str") => (text.into_owned(), false),
            Some("binary") => {
                let packed: String = text.split_whitespace().collect();
                let bytes = base64::engine::general_purpose::STANDARD.decode(packed).ok();
                let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
                (text.ok_or_else(|| self.wrong("not valid base64", range))?, false)
            }
            Some("int" | "float" | "bool" | "null" | "timestamp") => (text.into_owned(), true),
            _ => (text.into_owned(), style == ScalarStyle::Plain),
        };
        Ok(Value::Scalar { text, plain })
    }

    fn tag(&self, tag: &YamlTag, range: &Range) -> Result<Option<Tag>, Failure> {
        match (tag.handle.as_str(), tag.suffix.as_str()) {
            ("!", "reset") => Ok(Some(Tag::Reset)),
            ("!", "override") => Ok(Some(Tag::Override)),
            ("tag:yaml.org,2002:", _) => Ok(None),
            (handle, suffix) => Err(self
                .wrong(&format!("the tag {handle}{suffix} is not supported"), range)
                .hint("the Compose specification has !reset and !override")),
        }
    }

    fn count(&mut self, more: usize, range: &Range) -> Result<(), Failure> {
        self.nodes += more;
        if self.nodes > MOST_NODES {
            return Err(self.wrong(&format!("more than {MOST_NODES} values after expanding aliases"), range));
        }
        Ok(())
    }

    fn span(&self, range: &Range) -> Span {
        let one_line = range.start.line() == range.end.line();
        let width = if one_line {
            range.end.col().saturating_sub(range.start.col())
        } else {
            1
        };
        Span {
            source: Arc::clone(self.source),
            line: range.start.line(),
            column: range.start.col() + 1,
            width: width.max(1),
        }
    }

    fn wrong(&self, what: &str, range: &Range) -> Failure {
        Failure::invalid(what).at(self.span(range).place(false))
    }

    fn broken(&self, error: &ScanError) -> Failure {
        let mark = error.marker();
        let mut span = Span {
            source: Arc::clone(self.source),
            line: mark.line(),
            column: mark.col() + 1,
            width: 1,
        };
        // The scanner names the beginning of the value that the tab ended.
        if error.info().contains("found a tab")
            && let Some((line, column)) = tab_after(&self.source.text, mark.line())
        {
            (span.line, span.column) = (line, column);
        }
        if error.info().contains("recursion limit") {
            return Failure::invalid(format!("nested more than {DEEPEST} levels deep")).at(span.place(false));
        }
        Failure::invalid("not valid YAML")
            .at(span.place(false))
            .because(error.info())
    }
}

/// The first tab among the blanks that a line begins with, from the line after `line` on (1-based): its line and column.
fn tab_after(text: &str, line: usize) -> Option<(usize, usize)> {
    let lines = text.lines().enumerate().skip(line);
    lines.into_iter().find_map(|(index, text)| {
        let blank = text.len() - text.trim_start().len();
        let tab = text[..blank].find('\t')?;
        Some((index + 1, tab + 1))
    })
}

/// A sequence or mapping that has begun.
struct Open {
    inside: Inside,
    anchor: usize,
    tag: Option<YamlTag>,
    /// Where it began.
    range: Range,
}

enum Inside {
    List(Vec<Node>),
    Map(Mapping),
}

/// A mapping as far as it was read.
#[derive(Default)]
struct Mapping {
    entries: Vec<(Key, Node)>,
    names: HashSet<String>,
    /// What `<<` merges in.
    merged: Option<Node>,
    /// The key whose value comes next.
    key: Option<Key>,
}

impl Mapping {
    fn add(&mut self, key: Key, value: Node) -> Result<(), Failure> {
        if !self.names.insert(key.name.clone()) {
            let first = self.entries.iter().find(|(first, _)| first.name == key.name);
            let failure = Failure::invalid(format!("the key `{}` is set twice", key.name)).at(key.span.place(false));
            return Err(match first {
                Some((first, _)) => failure.because(format!("it was first set on line {}", first.span.line)),
                None => failure,
            }
            .hint("keep one of them"));
        }
        if key.name == "<<" && key.plain {
            self.merged = Some(value);
        } else {
            self.entries.push((key, value));
        }
        Ok(())
    }

    /// With what is merged in: what is written here wins over it, and an earlier merge over a later one.
    fn merged(mut self) -> Result<Vec<(Key, Node)>, Failure> {
        let sources = match self.merged {
            None => return Ok(self.entries),
            Some(node) => match node.value {
                Value::List(items) => items,
                _ => vec![node],
            },
        };
        for source in sources {
            let Value::Map(more) = source.value else {
                return Err(Failure::invalid("`<<` can only merge mappings").at(source.span.place(false)));
            };
            for (key, value) in more {
                if self.names.insert(key.name.clone()) {
                    self.entries.push((key, value));
                }
            }
        }
        Ok(self.entries)
    }
}

fn size(node: &Node) -> usize {
    1 + match &node.value {
        Value::Scalar { text, .. } => text.len() / BYTES_A_NODE,
        Value::List(items) => items.iter().map(size).sum(),
        Value::Map(entries) => entries
            .iter()
            .map(|(key, node)| 1 + key.name.len() / BYTES_A_NODE + size(node))
            .sum(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Result<Node, Failure> {
        parse(&Source::new(Path::new("f.yml"), text.to_owned()))
    }

    #[test]
    fn a_tab_is_shown_where_it_is() {
        for (text, line, column) in [
            ("a:\n  b: x\n\tc: y\n", 3, 1),
            ("a:\n  b: x\n  \tc: y\n", 3, 3),
            ("a:\n  - x\n\n\t- y\n", 4, 1),
            ("a:\n\tb: x\n", 2, 2),
        ] {
            let place = read(text).unwrap_err().place.unwrap();
            assert_eq!((place.line, place.column), (line, column), "{text:?}");
        }
    }

    #[test]
    fn scalars_follow_the_core_schema_and_quotes_make_strings() {
        let node = read("a: 1\nb: 1.5\nc: true\nd: ~\ne: 'true'\nf: yes\ng: 0x10\nh: 1e3\ni: 1.2.3\nj: !!str 5\nk:\n")
            .unwrap();
        let wanted = json!({"a": 1, "b": 1.5, "c": true, "d": null, "e": "true", "f": "yes", "g": 16, "h": 1000.0,
            "i": "1.2.3", "j": "5", "k": null});
        assert_eq!(node.to_json(), wanted);
    }

    #[test]
    fn anchors_and_merge_keys() {
        let node = read("a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc: {<<: [*a, *b], x: 0}\nd: *a\n").unwrap();
        assert_eq!(node.get("c").unwrap().to_json(), json!({"x": 0, "y": 1, "z": 2}));
        assert_eq!(node.get("d").unwrap().to_json(), json!({"x": 1, "y": 1}));
    }

    #[test]
    fn every_node_knows_its_place() {
        let node = read("services:\n  kafka:\n    image: x:1\n").unwrap();
        let image = node
            .get("services")
            .unwrap()
            .get("kafka")
            .unwrap()
            .get("image")
            .unwrap();
        assert_eq!((image.span.line, image.span.column, image.span.width), (3, 12, 3));
    }

    #[test]
    fn bad_yaml_is_an_error_at_its_place() {
        let bomb = (1..20).fold("a0: &a0 [1, 1]\n".to_owned(), |text, n| {
            let before = n - 1;
            format!("{text}a{n}: &a{n} [*a{before}, *a{before}, *a{before}]\n")
        });
        let deep = "[".repeat(DEEPEST + 2);
        for (text, what, line) in [
            ("a: 1\na: 2\n", "twice", 2),
            ("a: [1\nb: 2\n", "YAML", 2),
            ("a: 1\n---\nb: 1\n", "second", 3),
            ("a: !nope 1\n", "tag", 1),
            ("a: {<<: 1}\n", "only merge mappings", 1),
            ("? [a]\n: 1\n", "key must be", 1),
            (&bomb, "aliases", 0),
            (&deep, "deep", 1),
            ("a: *nope\n", "YAML", 1),
        ] {
            let failure = read(text).unwrap_err();
            let whole = failure.to_string();
            assert!(whole.contains(what), "{text:.40}: {whole}");
            let place = failure.place.unwrap();
            assert!(line == 0 || place.line == line, "{text:.40}: line {}", place.line);
        }
    }
}
