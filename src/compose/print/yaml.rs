//! YAML as go-yaml's emitter writes it: two spaces a level, lists indented under their key, lines folded after the
//! eightieth column, and quotes where a reader of YAML 1.1 or 1.2 would take a string for something else.

use std::fmt::Write as _;

use crate::compose::tree::{Tree, Value, scalar};

use super::float;

/// Lines are folded at the first space after it.
const WIDTH: usize = 80;

/// `tree` as a YAML document.
pub(in crate::compose) fn to_yaml(tree: &Tree) -> String {
    let mut out = Out {
        text: String::new(),
        column: 0,
    };
    match &tree.value {
        Value::Map(map) if !map.is_empty() => out.block(tree, 0),
        _ => {
            out.inline(tree, 0, false);
            out.line();
        }
    }
    out.text
}

struct Out {
    text: String,
    column: usize,
}

/// How a string is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

impl Out {
    fn push(&mut self, c: char) {
        self.text.push(c);
        self.column += 1;
    }

    fn push_str(&mut self, text: &str) {
        self.text.push_str(text);
        self.column += text.chars().count();
    }

    fn line(&mut self) {
        self.text.push('\n');
        self.column = 0;
    }

    fn pad(&mut self, indent: usize) {
        self.text.extend(std::iter::repeat_n(' ', indent));
        self.column += indent;
    }

    /// A mapping or a list that is not empty, its first line begun already.
    fn block(&mut self, tree: &Tree, indent: usize) {
        match &tree.value {
            Value::Map(map) => {
                for (index, (name, entry)) in map.iter().enumerate() {
                    if index > 0 {
                        self.pad(indent);
                    }
                    self.key(name, indent);
                    self.value(&entry.tree, indent);
                }
            }
            Value::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        self.pad(indent);
                    }
                    self.push_str("- ");
                    if is_block(item) {
                        self.block(item, indent + 2);
                    } else {
                        self.inline(item, indent + 2, false);
                        self.line_unless_there();
                    }
                }
            }
            _ => {}
        }
    }

    fn key(&mut self, name: &str, indent: usize) {
        let simple = name.len() <= 128 && !name.contains(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']);
        if simple {
            self.string(name, indent, true);
            self.push(':');
        } else {
            self.push_str("? ");
            self.string(name, indent + 2, false);
            self.line_unless_there();
            self.pad(indent);
            self.push(':');
        }
    }

    fn value(&mut self, tree: &Tree, indent: usize) {
        if is_block(tree) {
            self.line();
            self.pad(indent + 2);
            self.block(tree, indent + 2);
        } else {
            self.push(' ');
            self.inline(tree, indent + 2, false);
            self.line_unless_there();
        }
    }

    /// A literal block that keeps all its line ends has its own.
    fn line_unless_there(&mut self) {
        if self.column > 0 || !self.text.ends_with('\n') {
            self.line();
        }
    }

    fn inline(&mut self, tree: &Tree, indent: usize, key: bool) {
        match &tree.value {
            Value::Null => self.push_str("null"),
            Value::Bool(value) => self.push_str(if *value { "true" } else { "false" }),
            Value::Int(value) => self.push_str(&value.to_string()),
            Value::Uint(value) => self.push_str(&value.to_string()),
            Value::Float(value) => self.push_str(&float::in_text(*value)),
            Value::Time(time) => self.push_str(&time.rfc3339()),
            Value::Text(text) => self.string(text, indent, key),
            Value::List(_) => self.push_str("[]"),
            Value::Map(_) => self.push_str("{}"),
        }
    }

    /// `indent` is where the lines of a folded or literal string begin.
    fn string(&mut self, text: &str, indent: usize, key: bool) {
        match style(text, key) {
            Style::Plain => self.plain(text, indent, !key),
            Style::Single => self.single(text, indent, !key),
            Style::Double => self.double(text, indent, !key),
            Style::Literal => self.literal(text, indent),
        }
    }

    fn fold(&mut self, indent: usize) {
        self.line();
        self.pad(indent);
    }

    fn plain(&mut self, text: &str, indent: usize, breaks: bool) {
        let mut spaces = false;
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            if c == ' ' && breaks && !spaces && self.column > WIDTH && chars.peek() != Some(&' ') {
                self.fold(indent);
            } else {
                self.push(c);
            }
            spaces = c == ' ';
        }
    }

    fn single(&mut self, text: &str, indent: usize, breaks: bool) {
        self.push('\'');
        let mut spaces = false;
        let mut line_break = false;
        let mut chars = text.chars().enumerate().peekable();
        while let Some((index, c)) = chars.next() {
            if is_break(c) {
                if !line_break && c == '\n' {
                    self.line();
                }
                self.line();
                line_break = true;
                continue;
            }
            if line_break {
                self.pad(indent);
                line_break = false;
            }
            let next = chars.peek().map(|(_, next)| *next);
            if c == ' ' && breaks && !spaces && self.column > WIDTH && index > 0 && next.is_some_and(|next| next != ' ')
            {
                self.fold(indent);
            } else {
                if c == '\'' {
                    self.push('\'');
                }
                self.push(c);
            }
            spaces = c == ' ';
        }
        self.push('\'');
    }

    fn double(&mut self, text: &str, indent: usize, breaks: bool) {
        self.push('"');
        let mut spaces = false;
        let mut chars = text.chars().enumerate().peekable();
        while let Some((index, c)) = chars.next() {
            if !is_printable(c) || c == '\u{feff}' || is_break(c) || matches!(c, '"' | '\\') {
                self.escape(c);
                spaces = false;
                continue;
            }
            let next = chars.peek().map(|(_, next)| *next);
            if c == ' ' && breaks && !spaces && self.column > WIDTH && index > 0 && next.is_some() {
                self.fold(indent);
                if next == Some(' ') {
                    self.push('\\');
                }
            } else {
                self.push(c);
            }
            spaces = c == ' ';
        }
        self.push('"');
    }

    fn escape(&mut self, c: char) {
        let short = match c {
            '\0' => '0',
            '\u{7}' => 'a',
            '\u{8}' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\u{b}' => 'v',
            '\u{c}' => 'f',
            '\r' => 'r',
            '\u{1b}' => 'e',
            '"' => '"',
            '\\' => '\\',
            '\u{85}' => 'N',
            '\u{a0}' => '_',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            other => {
                let code = u32::from(other);
                let mut text = String::new();
                // A String takes everything.
                let _infallible = match code {
                    0..=0xff => write!(text, "\\x{code:02X}"),
                    0x100..=0xffff => write!(text, "\\u{code:04X}"),
                    _ => write!(text, "\\U{code:08X}"),
                };
                self.push_str(&text);
                return;
            }
        };
        self.push('\\');
        self.push(short);
    }

    fn literal(&mut self, text: &str, indent: usize) {
        self.push('|');
        if text.starts_with(' ') {
            self.push('2');
        }
        let mut from_end = text.chars().rev();
        match (from_end.next(), from_end.next()) {
            (Some(last), _) if !is_break(last) => self.push('-'),
            (Some(_), None) => self.push('+'),
            (Some(_), Some(before)) if is_break(before) => self.push('+'),
            _ => {}
        }
        self.line();
        let mut at_start = true;
        for c in text.chars() {
            if c == '\n' {
                self.line();
                at_start = true;
                continue;
            }
            if at_start {
                self.pad(indent);
                at_start = false;
            }
            self.push(c);
            if is_break(c) {
                at_start = true;
                self.column = 0;
            }
        }
    }
}

fn is_block(tree: &Tree) -> bool {
    match &tree.value {
        Value::Map(map) => !map.is_empty(),
        Value::List(items) => !items.is_empty(),
        _ => false,
    }
}

fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// What may stand as it is. go-yaml also prints the separators of lines and paragraphs, and the characters that turn the direction of
/// what follows (Unicode Bidirectional Algorithm, explicit formatting); here they are escaped: a file that is looked at on a terminal
/// has to look like what it says.
fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}')
        && !matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The emitter's choice, after the representer's and the "desolver's".
fn style(text: &str, key: bool) -> Style {
    let facts = Facts::of(text);
    let style = if text.contains('\n') {
        if text.len() > 1 && text.chars().any(|c| !c.is_whitespace()) {
            Style::Literal
        } else {
            Style::Double
        }
    } else if old_boolean(text) || text == "<<" || base_60(text) {
        Style::Single
    } else if matches!(scalar(text.to_owned()), Value::Text(_)) {
        Style::Plain
    } else {
        // It would be read as something else.
        Style::Double
    };
    let style = match style {
        Style::Literal if key || !facts.block => Style::Double,
        _ if key && facts.multiline => Style::Double,
        Style::Plain if !facts.plain => Style::Single,
        other => other,
    };
    if style == Style::Single && !facts.single {
        return Style::Double;
    }
    style
}

/// Which styles a string can have.
#[expect(clippy::struct_excessive_bools, reason = "four independent facts")]
struct Facts {
    plain: bool,
    single: bool,
    block: bool,
    multiline: bool,
}

impl Facts {
    fn of(text: &str) -> Self {
        let mut indicators = text.starts_with("---") || text.starts_with("...");
        let (mut multiline, mut special, mut tab) = (false, false, false);
        let (mut break_space, mut space_break) = (false, false);
        let (mut previous_space, mut previous_break) = (false, false);
        let mut preceded = true;
        let mut chars = text.chars().peekable();
        let mut first = true;
        while let Some(c) = chars.next() {
            let followed = chars.peek().is_none_or(|next| matches!(next, ' ' | '\t'));
            indicators |= match c {
                '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`'
                    if first =>
                {
                    true
                }
                '?' | '-' if first => followed,
                ':' => followed,
                '#' => preceded,
                _ => false,
            };
            if c == '\t' {
                tab = true;
            } else if !is_printable(c) {
                special = true;
            }
            if c == ' ' {
                break_space |= previous_break;
                (previous_space, previous_break) = (true, false);
            } else if is_break(c) {
                multiline = true;
                space_break |= previous_space;
                (previous_space, previous_break) = (false, true);
            } else {
                (previous_space, previous_break) = (false, false);
            }
            preceded = matches!(c, ' ' | '\t' | '\0') || is_break(c);
            first = false;
        }
        let edge = |c: Option<char>| c.is_some_and(|c| c == ' ' || is_break(c));
        let edges = edge(text.chars().next()) || edge(text.chars().next_back());
        let bad = break_space || space_break || tab || special;
        // How far a block is indented is read from its first line that isn't empty, unless it is written, and it only is when the text
        // begins with a space. go-yaml writes such blocks and can't read them.
        let unclear = !text.starts_with(' ') && text.trim_start_matches(is_break).starts_with([' ', '\t']);
        Self {
            plain: !(edges || bad || multiline || indicators),
            single: !bad,
            block: !text.is_empty() && !text.ends_with(' ') && !space_break && !special && !unclear,
            multiline,
        }
    }
}

/// Booleans of YAML 1.1.
fn old_boolean(text: &str) -> bool {
    matches!(
        text,
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" | "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF"
    )
}

/// Numbers to the base of 60 of YAML 1.1: `12:30:45.5`.
fn base_60(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = whole.split(':');
    let number = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_digit()) && text.bytes().all(|b| b.is_ascii_digit() || b == b'_')
    };
    let sixty = |text: &str| matches!(text.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']);
    whole.contains(':')
        && parts.next().is_some_and(number)
        && parts.all(sixty)
        && fraction.bytes().all(|b| b.is_ascii_digit() || b == b'_')
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::compose::tree::from_yaml;
    use crate::terminal::escaped_json;
    use crate::yaml::{Source, parse};

    fn read(text: &str) -> Tree {
        from_yaml(parse(&Source::new(Path::new("f.yml"), text.to_owned())).unwrap())
            .unwrap()
            .0
    }

    fn tree(value: &Json) -> Tree {
        // Control characters are refused unless they are escaped.
        read(&escaped_json(&value.to_string()))
    }

    #[test]
    fn looks_like_composes_own() {
        let long = "aaaaaaaaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbbbbbbbbb cccccccccccccccccccccc ddddddddddddddddddd eeeeee";
        let value = json!({"a": null, "ports": [{"target": 80, "published": "8001"}], "expose": ["80"],
            "list": [[1, 2], "x"], "empty": {}, "none": [], "texts": ["y", "12:30", "- x", "~", "<<", "it's: #1", "x\ny",
            " x\ny\n\n", "\t", "x \ny", "2001-01-01", "", "=", long, format!("{long}: x")], "1": {"true": 1}});
        insta::assert_snapshot!(to_yaml(&tree(&value)));
    }

    #[test]
    fn what_is_printed_reads_back_as_the_same() {
        let texts = [
            "",
            " x",
            "x ",
            "yes",
            "0x1F",
            "1e3",
            "1.5",
            "-",
            "- a",
            "a: b",
            "a #b",
            "#a",
            "*a",
            "&a",
            "!a",
            "{a}",
            "[a]",
            "a\nb",
            "tab\t",
            "\tx\ny",
            "\n\tx",
            "\n  \tx",
            "\t\n!",
            "\n x",
            "\"q\"",
            "it's",
            "back\\slash",
            "12:30",
            "~",
            "null",
            "ünï",
            "@a",
            "`a`",
            "%a",
            "a:",
            ":a",
            "\u{1}",
            "$$x",
            "2026-01-01",
            "? a",
            "| a",
            "> a",
            "=",
            "<<",
            "a, b",
            "(x)",
            "a\n\n",
            "\n",
            "a \nb",
            "---",
            "...x",
            "y",
            "0o7",
            "a\u{a0}b",
            "🦀",
        ];
        for text in texts {
            let value = json!({ "k": text, "l": [text], format!("{text}k"): 1 });
            let printed = to_yaml(&tree(&value));
            assert_eq!(read(&printed).to_json(), value, "{printed}");
        }
    }

    fn acts(c: char) -> bool {
        (c.is_control() && !matches!(c, '\n' | '\t'))
            || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    }

    #[test]
    fn what_a_terminal_acts_on_is_escaped_where_it_stands() {
        for text in [
            "\u{1b}]52;c;eA==\u{7}",
            "\u{9b}2J",
            "a\u{7f}b\tc",
            "a\u{202e}b",
            "a\u{2028}b",
            "a\nb\u{2029}c\n",
            "a\u{85}b\n",
            "yes\u{2066}",
        ] {
            let value = json!({ text: [text], "k": { "x": text } });
            let printed = to_yaml(&tree(&value));
            assert!(!printed.contains(acts), "{printed:?}");
            assert_eq!(read(&printed).to_json(), value, "{printed}");
        }
    }

    proptest! {
        /// Keys and values of whatever characters, also long ones, which are folded.
        #[test]
        fn any_text_reads_back_as_the_same_and_holds_nothing_that_a_terminal_acts_on(
            key in "(\\PC|[\u{0}-\u{20}\u{7f}-\u{a0}\u{2028}-\u{202e}\u{2066}-\u{2069}\u{feff}:#\\-'\"\\\\\n ]){0,60}",
            value in "([a-z]{1,9} ?|\\PC|[\u{0}-\u{20}\u{7f}-\u{a0}\u{2028}-\u{202e}\u{2066}-\u{2069}\u{feff}:#\\-'\"\\\\\n ]){0,60}",
        ) {
            let value = json!({ "k": { key.as_str(): value.as_str(), "l": [value.as_str(), [value.as_str()]] } });
            let printed = to_yaml(&tree(&value));
            prop_assert!(!printed.contains(acts), "{printed:?}");
            prop_assert_eq!(read(&printed).to_json(), value, "{}", printed);
        }
    }
}
