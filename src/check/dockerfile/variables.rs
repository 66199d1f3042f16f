//! Build arguments in the words of a Dockerfile.

use std::collections::BTreeMap;

use parse_dockerfile::ArgInstruction;

use crate::compose::Build;

/// The values of the arguments before the first `FROM`: the Compose file's win over the defaults.
pub(super) fn global<'a, 't: 'a>(
    args: impl Iterator<Item = &'a ArgInstruction<'t>>,
    build: &Build,
) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    for arg in args {
        for word in shlex::split(&arg.arguments.value).unwrap_or_default() {
            let (name, default) = match word.split_once('=') {
                Some((name, default)) => (name.to_owned(), expand(default, &values).unwrap_or_default()),
                None => (word, String::new()),
            };
            let given = build.args.get(&name).and_then(Clone::clone);
            values.insert(name, given.unwrap_or(default));
        }
    }
    values
}

/// `text` with `$NAME`, `${NAME}`, `${NAME:-default}` and `${NAME-default}` replaced; nothing for other forms, which are not ours to judge.
pub(super) fn expand(text: &str, values: &BTreeMap<String, String>) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if let Some(inner) = rest.strip_prefix('{') {
            let end = inner.find('}')?;
            let (body, after) = (&inner[..end], &inner[end + 1..]);
            let name_end = body.find(|c| !is_name(c)).unwrap_or(body.len());
            let value = values.get(&body[..name_end]).map(String::as_str);
            let default = match &body[name_end..] {
                "" => None,
                rest => Some(rest.strip_prefix(":-").or_else(|| rest.strip_prefix('-'))?),
            };
            out.push_str(value.filter(|value| !value.is_empty()).or(default).unwrap_or_default());
            rest = after;
        } else {
            let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
            if end == 0 {
                return None;
            }
            out.push_str(values.get(&rest[..end]).map_or("", String::as_str));
            rest = &rest[end..];
        }
    }
    out.push_str(rest);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_a_variable() {
        let values = BTreeMap::from([("A".to_owned(), "x".to_owned()), ("E".to_owned(), String::new())]);
        for (text, wanted) in [
            ("$A-y", Some("x-y")),
            ("${A}y", Some("xy")),
            ("${B:-z}", Some("z")),
            ("${E:-z}", Some("z")),
            ("${A:-z}", Some("x")),
            ("$B", Some("")),
            ("plain", Some("plain")),
            ("${A#x}", None),
            ("${A", None),
            ("$", None),
        ] {
            assert_eq!(expand(text, &values).as_deref(), wanted, "{text}");
        }
    }
}
