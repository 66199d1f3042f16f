//! Build arguments in the words of a Dockerfile.

use std::collections::BTreeMap;

use parse_dockerfile::ArgInstruction;

/// What the builder itself knows of the platforms; a Dockerfile uses them without naming them.
const PLATFORM: [&str; 8] = [
    "BUILDPLATFORM",
    "BUILDOS",
    "BUILDARCH",
    "BUILDVARIANT",
    "TARGETPLATFORM",
    "TARGETOS",
    "TARGETARCH",
    "TARGETVARIANT",
];

/// No image's name is as long. Values that hold others twice double with each line.
const LONGEST: usize = 4096;

/// The values of the arguments before the first `FROM`: those `given` win over the defaults.
pub fn global<'a, 't: 'a>(
    args: impl Iterator<Item = &'a ArgInstruction<'t>>,
    given: &BTreeMap<String, Option<String>>,
) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    for arg in args {
        for word in shlex::split(&arg.arguments.value).unwrap_or_default() {
            let (name, default) = match word.split_once('=') {
                Some((name, default)) => (name.to_owned(), expand(default, &values).unwrap_or_default()),
                None => (word, String::new()),
            };
            let given = given.get(&name).and_then(Clone::clone);
            values.insert(name, given.unwrap_or(default));
        }
    }
    values
}

/// `text` with `$NAME`, `${NAME}`, `${NAME:-default}` and `${NAME-default}` replaced; nothing for other forms and for what only
/// the builder knows, which are not ours to judge, and for what becomes too long.
pub fn expand(text: &str, values: &BTreeMap<String, String>) -> Option<String> {
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
            if value.is_none() && PLATFORM.contains(&&body[..name_end]) {
                return None;
            }
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
            match values.get(&rest[..end]) {
                Some(value) => out.push_str(value),
                None if PLATFORM.contains(&&rest[..end]) => return None,
                None => {}
            }
            rest = &rest[end..];
        }
        if out.len() > LONGEST {
            return None;
        }
    }
    out.push_str(rest);
    (out.len() <= LONGEST).then_some(out)
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
            ("x:$TARGETARCH", None),
            ("x:${BUILDOS}", None),
        ] {
            assert_eq!(expand(text, &values).as_deref(), wanted, "{text}");
        }
    }

    #[test]
    fn values_that_double_come_to_an_end() {
        let lines: Vec<String> = (1..60)
            .map(|n| format!("ARG A{n}=$A{}${{A{}}}", n - 1, n - 1))
            .collect();
        let text = format!("ARG A0=xxxxxxxx\n{}\nFROM $A59\n", lines.join("\n"));
        let file = parse_dockerfile::parse(&text).unwrap();
        let values = global(file.global_args(), &BTreeMap::new());
        assert_eq!(values["A5"].len(), 256);
        let longest = values.values().map(String::len).max().unwrap();
        assert!(longest <= LONGEST, "{longest}");
        for long in [
            "$A9".repeat(1 << 20),
            "${A9:-x}".repeat(1 << 20),
            "x".repeat(LONGEST + 1),
        ] {
            assert_eq!(expand(&long, &values), None);
        }
    }
}
