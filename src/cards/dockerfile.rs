//! Which line of a Dockerfile a step of the builder stands on.

/// The 1-based line of the instruction that the builder calls `step` (`[2/5] RUN pip install x`), and its text.
pub fn line_of<'t>(dockerfile: &'t str, step: &str) -> Option<(usize, &'t str)> {
    let (place, text) = match step.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
        Some((place, text)) => (place, text),
        None => ("", step),
    };
    let instructions = instructions(dockerfile);
    let wanted = squeezed(text);
    // BuildKit writes variables out, in all but RUN.
    let same: Vec<_> = instructions
        .iter()
        .filter(|(_, text)| squeezed(text) == wanted)
        .collect();
    if let [(number, _)] = same.as_slice() {
        return source(dockerfile, *number);
    }
    // Else by its number: FROM is the first of its stage, and only these make steps.
    let (stage, counts) = place.rsplit_once(' ').unwrap_or(("", place));
    let index: usize = counts.split_once('/')?.0.trim().parse().ok()?;
    let stages = stages(&instructions);
    let chosen = match stages.iter().find(|(name, _)| name.eq_ignore_ascii_case(stage.trim())) {
        Some((_, steps)) => steps,
        None => &stages.last()?.1,
    };
    source(dockerfile, *chosen.get(index.checked_sub(1)?)?)
}

/// Whether `line` begins an instruction that is one of `words`.
pub(super) fn is_instruction(line: &str, words: &[&str]) -> bool {
    let first = line.split_whitespace().next().unwrap_or_default();
    words.iter().any(|word| first.eq_ignore_ascii_case(word))
}

/// The instruction that copies `from` of the build context to `to` in the image; nothing when they can't be written in one line.
pub(super) fn copy_instruction(from: &str, to: &str) -> Option<String> {
    let is_plain = |path: &str| {
        let is_of_it = |c: char| c.is_ascii_alphanumeric() || "-_./+@".contains(c);
        !path.starts_with('-') && !path.is_empty() && path.chars().all(is_of_it)
    };
    if is_plain(from) && is_plain(to) {
        return Some(format!("COPY {from} {to}"));
    }
    // As JSON a path may hold spaces; `$` begins a variable there, too.
    if [from, to]
        .iter()
        .any(|path| path.contains(|c: char| c.is_control() || c == '$'))
    {
        return None;
    }
    let paths = serde_json::to_string(&[from, to]).ok()?;
    Some(format!("COPY {paths}"))
}

fn source(dockerfile: &str, number: usize) -> Option<(usize, &str)> {
    Some((number, dockerfile.lines().nth(number - 1)?))
}

/// Each instruction with the line that it begins on, its continuation lines joined.
fn instructions(dockerfile: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut goes_on = false;
    for (index, line) in dockerfile.lines().enumerate() {
        let text = line.trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let (text, continues) = match text.strip_suffix('\\') {
            Some(text) => (text, true),
            None => (text, false),
        };
        match found.last_mut().filter(|_| goes_on) {
            Some((_, whole)) => {
                whole.push(' ');
                whole.push_str(text);
            }
            None => found.push((index + 1, text.to_owned())),
        }
        goes_on = continues;
    }
    found
}

/// The lines of each stage's steps, by the stage's name.
fn stages(instructions: &[(usize, String)]) -> Vec<(String, Vec<usize>)> {
    let mut stages: Vec<(String, Vec<usize>)> = Vec::new();
    for (number, text) in instructions {
        let words: Vec<&str> = text.split_whitespace().collect();
        match words.first().map(|word| word.to_ascii_uppercase()).as_deref() {
            Some("FROM") => {
                let name = words
                    .iter()
                    .position(|word| word.eq_ignore_ascii_case("as"))
                    .and_then(|at| words.get(at + 1));
                let name = name.map_or_else(|| format!("stage-{}", stages.len()), |name| (*name).to_owned());
                stages.push((name, vec![*number]));
            }
            Some("RUN" | "COPY" | "ADD" | "WORKDIR") => {
                if let Some((_, steps)) = stages.last_mut() {
                    steps.push(*number);
                }
            }
            _ => {}
        }
    }
    stages
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_step_is_a_line_of_the_file_or_none(
            file in "((FROM|RUN|COPY|#) [a-c]{0,3}( as [a-c])?( \\\\)?\n){0,8}",
            step in "(\\[([a-c] )?[0-9]{0,12}/[0-9]\\] )?(FROM|RUN|COPY) [a-c]{0,3}|[\\[\\]/ 0-9é]{0,8}",
        ) {
            if let Some((number, line)) = line_of(&file, &step) {
                prop_assert_eq!(file.lines().nth(number - 1), Some(line));
            }
        }
    }

    /// Each is looked through once.
    #[test]
    fn a_large_file_has_its_line_too() {
        let file = format!("FROM a\n{}RUN last\n", "RUN a \\\n  b\n".repeat(100_000));
        assert_eq!(line_of(&file, "[3/9] RUN last"), Some((200_002, "RUN last")));
        assert_eq!(line_of(&file, "[99999999999999999999/2] RUN x"), None);
    }

    const FILE: &str = "ARG BASE=python:3.12\nFROM ${BASE} AS build\n# a word\nRUN a \\\n    && b\n\nFROM ${BASE}\nWORKDIR /app\nCOPY ${X} ./\nRUN false\n";

    #[test]
    fn what_is_copied_stays_one_path() {
        let copy = |from, to| copy_instruction(from, to);
        assert_eq!(copy("a.py", "/app/a.py").as_deref(), Some("COPY a.py /app/a.py"));
        assert_eq!(copy("a b", "/\"x").as_deref(), Some(r#"COPY ["a b","/\"x"]"#));
        assert_eq!(copy("a\nRUN id", "/x"), None);
        assert_eq!(copy("${HOME}", "/x"), None);
        assert_eq!(copy("--from=x", "/x").as_deref(), Some(r#"COPY ["--from=x","/x"]"#));
    }

    #[test]
    fn by_its_text_and_by_its_number() {
        assert_eq!(line_of(FILE, "[build 2/2] RUN a     && b"), Some((4, "RUN a \\")));
        assert_eq!(line_of(FILE, "[stage-1 3/4] COPY y ./"), Some((9, "COPY ${X} ./")));
        assert_eq!(line_of(FILE, "[3/4] COPY y ./"), Some((9, "COPY ${X} ./")));
        assert_eq!(line_of(FILE, "RUN false"), Some((10, "RUN false")));
        assert_eq!(
            line_of(FILE, "[build 1/2] FROM docker.io/library/python:3.12"),
            Some((2, "FROM ${BASE} AS build"))
        );
        assert_eq!(line_of(FILE, "[internal] load x"), None);
    }
}
