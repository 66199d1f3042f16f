//! The command of a rule, taken apart: what is ours in it, and where text of others goes.
//!
//! What stands in a template is shell syntax: programs, flags, operators. A gap alone is a word or what its type makes of it; a
//! gap with text around it (`{volume}:/v`, `'sport = :{port}'`) is one word with that text; `{name}={value}` before a program
//! sets a variable. Quotes hold a word with spaces together and are not part of it.

/// A part of a command, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// Syntax of ours.
    Ours(&'static str),
    /// `magicctl`, which takes the flags of the command that is running along.
    Magicctl,
    /// A gap alone.
    Gap(&'static str),
    /// One word.
    Word(Vec<Piece>),
    /// `{name}={value}`.
    Assignment(&'static str, Vec<Piece>),
}

/// A piece of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece {
    /// Text of ours.
    Text(&'static str),
    /// What fills a gap.
    Gap(&'static str),
}

/// The parts of `template`; nothing when a brace or a quote is not closed.
pub(super) fn parts(template: &'static str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    // Where the syntax that is being read begins.
    let mut ours: Option<usize> = None;
    let mut done = 0;
    for (start, end) in tokens(template)? {
        let token = &template[start..end];
        let part = match token {
            "magicctl" => Part::Magicctl,
            token if token.contains('{') => with_gaps(token)?,
            _ => {
                ours.get_or_insert(start);
                done = end;
                continue;
            }
        };
        parts.extend(ours.take().map(|start| Part::Ours(&template[start..done])));
        parts.push(part);
    }
    parts.extend(ours.map(|start| Part::Ours(&template[start..done])));
    Some(parts)
}

/// The name in each gap of a text.
pub(super) fn gaps(text: &str) -> impl Iterator<Item = &str> {
    text.split('{').skip(1).filter_map(|part| Some(part.split_once('}')?.0))
}

fn with_gaps(token: &'static str) -> Option<Part> {
    let inner = token.strip_prefix('\'').and_then(|inner| inner.strip_suffix('\''));
    let pieces = pieces(inner.unwrap_or(token))?;
    Some(match pieces.as_slice() {
        [Piece::Gap(gap)] if inner.is_none() => Part::Gap(gap),
        [Piece::Gap(name), Piece::Text("="), value @ ..] => Part::Assignment(name, value.to_vec()),
        _ => Part::Word(pieces),
    })
}

fn pieces(text: &'static str) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (gap, after) = after.split_once('}')?;
        pieces.extend((!before.is_empty()).then_some(Piece::Text(before)));
        pieces.push(Piece::Gap(gap));
        rest = after;
    }
    pieces.extend((!rest.is_empty()).then_some(Piece::Text(rest)));
    Some(pieces)
}

/// Where each token begins and ends: spaces part them, but for those in quotes and in gaps.
fn tokens(template: &str) -> Option<Vec<(usize, usize)>> {
    let mut tokens = Vec::new();
    let mut start = None;
    let (mut quoted, mut in_gap) = (false, false);
    for (at, c) in template.char_indices() {
        match c {
            '\'' if !in_gap => quoted = !quoted,
            '{' => in_gap = true,
            '}' => in_gap = false,
            ' ' if !quoted && !in_gap => {
                tokens.extend(start.take().map(|start| (start, at)));
                continue;
            }
            _ => {}
        }
        start.get_or_insert(at);
    }
    tokens.extend(start.map(|start| (start, template.len())));
    (!quoted && !in_gap).then_some(tokens)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_taken_apart() {
        use Piece::{Gap, Text};
        assert_eq!(
            parts("sudo chown -R {user:owner} {path}").unwrap(),
            [Part::Ours("sudo chown -R"), Part::Gap("user:owner"), Part::Gap("path")]
        );
        assert_eq!(
            parts("{A:set_to -a -b}; docker run -v {v}:/v x sh -c 'a b' | magicctl up").unwrap(),
            [
                Part::Word(vec![Gap("A:set_to -a -b"), Text(";")]),
                Part::Ours("docker run -v"),
                Part::Word(vec![Gap("v"), Text(":/v")]),
                Part::Ours("x sh -c 'a b' |"),
                Part::Magicctl,
                Part::Ours("up"),
            ]
        );
        assert_eq!(
            parts("ss 'sport = :{port}' -f '{:root}'").unwrap(),
            [
                Part::Ours("ss"),
                Part::Word(vec![Text("sport = :"), Gap("port")]),
                Part::Ours("-f"),
                Part::Word(vec![Gap(":root")]),
            ]
        );
        assert_eq!(
            parts("{a}={b}0 magicctl up").unwrap(),
            [
                Part::Assignment("a", vec![Gap("b"), Text("0")]),
                Part::Magicctl,
                Part::Ours("up")
            ]
        );
        assert_eq!(parts("a '{b}"), None);
        assert_eq!(parts("a {b"), None);
        assert_eq!(gaps("x {a} y {b:c d}").collect::<Vec<_>>(), ["a", "b:c d"]);
    }
}
