//! `.env`, `--env-file` and `env_file`: Compose's dialect (`05-services.md`, the format of env files).

use std::path::Path;

use crate::failure::{Failure, Place};

use super::interpolate::{Interpolation, Origin, Variables};

/// The variables of `text` in order. A later line may use an earlier one; `outer` wins over both. A name without
/// `=` has no value: it is taken from the environment by whoever reads the file.
pub(super) fn parse(path: &Path, text: &str, outer: &Variables) -> Result<Vec<(String, Option<String>)>, Failure> {
    let mut found: Vec<(String, Option<String>)> = Vec::new();
    let mut lines = text.trim_start_matches('\u{feff}').split('\n').enumerate();
    while let Some((index, line)) = lines.next() {
        // The line may hold a key: only its number is ever shown.
        let wrong = |why: &str| {
            Failure::invalid(format!("{}: {why}", path.display())).at(Place {
                file: path.to_owned(),
                line: index + 1,
                column: 1,
                width: 1,
                source: None,
            })
        };
        let line = line.trim_end_matches('\r').trim_start();
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").map_or(line, str::trim_start);
        let Some((name, rest)) = line.split_once('=') else {
            let name = line.split('#').next().unwrap_or_default().trim();
            if !is_name(name) {
                return Err(wrong("this line is no `NAME=value`"));
            }
            found.push((name.to_owned(), None));
            continue;
        };
        let name = name.trim();
        if !is_name(name) {
            return Err(wrong("what is before the `=` is no variable's name"));
        }
        let rest = rest.trim_start();
        let value = if let Some(quote @ ('"' | '\'')) = rest.chars().next() {
            let mut body = rest[1..].to_owned();
            let end = loop {
                if let Some(end) = closing(&body, quote) {
                    break end;
                }
                let Some((_, more)) = lines.next() else {
                    return Err(wrong("a quote is opened here and never closed"));
                };
                body.push('\n');
                body.push_str(more.trim_end_matches('\r'));
            };
            let after = body[end + 1..].trim_start();
            if !after.is_empty() && !after.starts_with('#') {
                return Err(wrong("something follows the closing quote"));
            }
            if quote == '\'' {
                body[..end].replace("\\'", "'")
            } else {
                interpolated(&unescaped(&body[..end]), &found, outer).map_err(|why| wrong(&why))?
            }
        } else {
            let end = rest.find(" #").unwrap_or(rest.len());
            let plain = if rest.starts_with('#') {
                ""
            } else {
                rest[..end].trim_end()
            };
            interpolated(plain, &found, outer).map_err(|why| wrong(&why))?
        };
        found.push((name.to_owned(), Some(value)));
    }
    Ok(found)
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))
}

/// Where the quote that is not escaped stands.
fn closing(body: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (index, c) in body.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return Some(index),
            _ => {}
        }
    }
    None
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some('$') => out.push_str("$$"),
            Some(other @ ('"' | '\\' | '\'')) => out.push(other),
            Some(other) => {
                out.push('\\');
                out.push(other);
            }
            None => out.push('\\'),
        }
    }
    out
}

fn interpolated(text: &str, found: &[(String, Option<String>)], outer: &Variables) -> Result<String, String> {
    if !text.contains('$') {
        return Ok(text.to_owned());
    }
    let mut variables = outer.clone();
    for (name, value) in found.iter().rev() {
        if let Some(value) = value {
            variables.add(name, value, Origin::Default);
        }
    }
    Interpolation::new(&variables).text(text).map_err(|bad| bad.why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dialect() {
        let mut outer = Variables::default();
        outer.add("HOST", "outer", Origin::Environment);
        let text = "# comment\n\nexport A=1\nB = two words # inline\nC='single $A #x'\nD=\"a\\nb $A\"\nE=${A}-${HOST}\n\
            F=\nG=a#b\nH=\"multi\nline\" # done\nI\nJ='it\\'s'\nK=${U:-d}\r\nL=\"cost \\$5\"\nM=# nothing\n";
        let found = parse(Path::new(".env"), text, &outer).unwrap();
        let told: Vec<String> = found
            .iter()
            .map(|(name, value)| format!("{name}={}", value.as_deref().unwrap_or("<none>")))
            .collect();
        assert_eq!(
            told,
            [
                "A=1",
                "B=two words",
                "C=single $A #x",
                "D=a\nb 1",
                "E=1-outer",
                "F=",
                "G=a#b",
                "H=multi\nline",
                "I=<none>",
                "J=it's",
                "K=d",
                "L=cost $5",
                "M=",
            ]
        );
    }

    #[test]
    fn errors_name_the_line_and_never_show_it() {
        for (text, line) in [
            ("A=1\nsk-secret key\n", 2),
            ("A=\"sk-secret\n", 1),
            ("A='x' sk-secret\n", 1),
            ("=sk-secret\n", 1),
            ("A=${sk-secret\n", 1),
        ] {
            let failure = parse(Path::new(".env"), text, &Variables::default()).unwrap_err();
            let place = failure.place.clone().unwrap();
            assert_eq!(place.line, line, "{text}");
            assert!(!format!("{failure:?}").contains("sk-secret"), "{failure:?}");
        }
    }
}
