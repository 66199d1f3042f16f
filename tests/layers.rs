//! Each folder of `src/` uses only what the table says. A layer knows nothing of those above it.
//!
//! What breaks the table today is listed as an exception, file by file. The list may only shrink: an exception that no file
//! needs any more fails the test as well.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that can't go on fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Folders and files of `src/`, the lowest first, with what each may use of the others.
const TABLE: [(&str, &[&str]); 35] = [
    ("image", &[]),
    ("dockerfile", &["image"]),
    ("document", &[]),
    ("http", &[]),
    ("labels", &[]),
    ("nearest", &[]),
    ("secrets", &[]),
    ("services", &[]),
    ("shell", &[]),
    ("stamp", &[]),
    ("failure", &["shell"]),
    ("files", &[]),
    ("programs", &[]),
    ("python", &[]),
    ("terminal", &[]),
    ("redact", &["failure", "files", "secrets"]),
    ("codes", &["nearest"]),
    ("yaml", &["failure", "secrets"]),
    ("schema", &["yaml"]),
    (
        "settings",
        &["failure", "files", "image", "nearest", "schema", "services", "yaml"],
    ),
    ("render", &["failure", "files", "services", "settings"]),
    ("observed", &["labels"]),
    ("verdict", &["observed"]),
    (
        "compose",
        &["failure", "files", "image", "nearest", "schema", "secrets", "yaml"],
    ),
    (
        "plan",
        &["compose", "failure", "image", "labels", "observed", "shell", "verdict"],
    ),
    ("content", &["compose", "files", "plan"]),
    ("event", &["failure", "observed", "verdict"]),
    (
        "engine",
        &[
            "compose",
            "dockerfile",
            "failure",
            "files",
            "image",
            "labels",
            "observed",
            "programs",
            "stamp",
        ],
    ),
    ("ready", &["engine", "event", "failure", "http", "observed", "verdict"]),
    (
        "logs",
        &[
            "document", "engine", "failure", "files", "http", "redact", "stamp", "terminal",
        ],
    ),
    (
        "cards",
        &[
            "compose", "engine", "failure", "files", "logs", "nearest", "observed", "python", "redact", "secrets",
            "services", "shell", "terminal",
        ],
    ),
    (
        "execute",
        &[
            "compose", "engine", "event", "failure", "image", "labels", "plan", "ready", "shell",
        ],
    ),
    (
        "check",
        &[
            "codes",
            "compose",
            "dockerfile",
            "engine",
            "failure",
            "files",
            "image",
            "labels",
            "nearest",
            "observed",
            "python",
            "schema",
            "secrets",
            "services",
            "settings",
            "shell",
            "yaml",
        ],
    ),
    (
        "report",
        &[
            "check", "codes", "document", "event", "failure", "observed", "redact", "terminal", "verdict",
        ],
    ),
    ("cli", &["*"]),
];

/// Words of other crates and of the standard library, and the only folders that may use them.
const OUTSIDE: [(&str, &[&str]); 6] = [
    ("bollard::", &["engine"]),
    ("clap::", &["cli"]),
    ("shlex::try_join", &["shell"]),
    ("shlex::try_quote", &["shell"]),
    ("std::env::var", &["cli"]),
    (
        "tokio::",
        &["cli", "engine", "execute", "http", "logs", "programs", "ready", "check"],
    ),
];

/// Whoever has one of these words opens, looks at or changes files in a way of its own. Only `files` may: a repository, whose
/// links, pipes and sizes are anybody's, is read and written through it alone.
const OPENS: [&str; 14] = [
    "std::fs",
    "fs::",
    "File::open",
    "File::create",
    "OpenOptions",
    ".is_file()",
    ".is_dir()",
    ".exists()",
    ".try_exists()",
    ".canonicalize()",
    ".read_dir()",
    ".metadata()",
    ".symlink_metadata()",
    ".read_link()",
];

/// Whoever has this word starts programs in a way of its own: without a time limit, with whatever input and output. Only
/// `programs` may.
const STARTS: &str = "Command::new";

/// Ways to write to a terminal, and the only files that may. All other text goes through `report/out.rs`, which masks keys and leaves
/// out what a terminal acts on; `engine/` hands on the bytes of `exec`, `run` and `attach`, which are meant for the terminal. A file
/// that needs its permission no more fails the test as well.
const SPEAKS: [(&str, &[&str]); 22] = [
    (
        "stdout()",
        &[
            "engine/exec.rs",
            "engine/streams.rs",
            "report/out.rs",
            "terminal/streams.rs",
        ],
    ),
    (
        "stderr()",
        &["engine/streams.rs", "report/out.rs", "terminal/streams.rs"],
    ),
    (
        "io::stdout",
        &[
            "engine/exec.rs",
            "engine/streams.rs",
            "report/out.rs",
            "terminal/streams.rs",
        ],
    ),
    (
        "io::stderr",
        &["engine/streams.rs", "report/out.rs", "terminal/streams.rs"],
    ),
    (
        "Term",
        &[
            "engine/exec.rs",
            "engine/streams.rs",
            "report/out.rs",
            "terminal/streams.rs",
        ],
    ),
    ("print!", &[]),
    ("println!", &[]),
    ("eprint!", &[]),
    ("eprintln!", &[]),
    ("dbg!", &[]),
    // The parser of the command line, which prints by itself if it is let.
    (".print()", &[]),
    (".exit()", &[]),
    ("print_help", &[]),
    ("print_long_help", &[]),
    ("Stdio::inherit", &[]),
    ("/dev/tty", &[]),
    ("/dev/std", &[]),
    ("/proc/self/fd", &[]),
    ("indicatif", &["report/screen.rs"]),
    // Styles are put on text that has been cleaned.
    ("console::style", &[]),
    ("apply_to", &["terminal/line.rs"]),
    (
        // What may know escape sequences: for colours that text has.
        "u{1b}",
        &[
            "compose/print/yaml.rs",
            "terminal/clean.rs",
            "terminal/colours.rs",
            "terminal/cut.rs",
            "terminal/wrap.rs",
        ],
    ),
];

/// Breaches of today: a file, and what it uses all the same.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("check/checklist.rs", "render"),
    ("check/config/mod.rs", "render"),
    ("check/name.rs", "plan"),
    ("check/project.rs", "render"),
    ("check/table.rs", "clap::"),
    ("cli/lock.rs", "opens files"),
    ("cli/verbs/packed.rs", "opens files"),
    ("compose/files.rs", "opens files"),
    ("compose/flags.rs", "std::env::var"),
    ("compose/include.rs", "opens files"),
    ("engine/context.rs", "opens files"),
    ("engine/create.rs", "plan"),
    ("engine/endpoint.rs", "opens files"),
    ("engine/object.rs", "plan"),
    ("execute/act.rs", "cards"),
    ("execute/graph.rs", "cards"),
    ("logs/follow/file.rs", "opens files"),
    ("logs/level.rs", "clap::"),
    ("logs/source/choice.rs", "clap::"),
    ("logs/source/file/at.rs", "opens files"),
    ("logs/source/file/parts.rs", "opens files"),
    ("plan/step.rs", "event"),
    ("ready/page.rs", "plan"),
    ("ready/wait.rs", "plan"),
    ("report/card.rs", "cards"),
    ("report/failures.rs", "cards"),
];

/// The code of each file of `src/` by its path there; without comments and tests.
fn sources() -> BTreeMap<PathBuf, String> {
    fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("a folder of sources") {
            let path = entry.expect("its entry").path();
            if path.is_dir() {
                walk(&path, files);
            } else {
                files.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    walk(&root, &mut files);
    files.retain(|file| file.extension().is_some_and(|extension| extension == "rs"));
    files
        .into_iter()
        .map(|file| {
            let text = fs::read_to_string(&file).expect("a source");
            (file.strip_prefix(&root).expect("below src").to_owned(), code(&text))
        })
        .filter(|(path, _)| !is_test(path))
        .collect()
}

fn is_test(path: &Path) -> bool {
    path.iter().any(|part| {
        let part = part.to_string_lossy();
        let name = part.trim_end_matches(".rs");
        name == "tests" || name.ends_with("_tests")
    })
}

/// Without comments, and without the tests at the end.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    text.lines().filter(is_code).collect::<Vec<_>>().join("\n")
}

/// The folder or file of `src/` that a path there belongs to.
fn layer(path: &Path) -> String {
    let first = path.iter().next().expect("a path").to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// What a text names after `prefix` (`crate::`), alone or in braces.
fn named(code: &str, prefix: &str) -> BTreeSet<String> {
    let is_of_a_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let first = |text: &str| -> String { text.trim_start().chars().take_while(|c| is_of_a_name(*c)).collect() };
    let mut names = BTreeSet::new();
    for (at, word) in code.match_indices(prefix) {
        if code[..at].ends_with(is_of_a_name) {
            continue;
        }
        let rest = &code[at + word.len()..];
        match rest.strip_prefix('{') {
            None => names.extend([first(rest)]),
            Some(inside) => {
                let mut depth = 1;
                let mut starts = true;
                for (at, c) in inside.char_indices() {
                    if starts && depth == 1 && !c.is_whitespace() {
                        names.extend([first(&inside[at..])]);
                        starts = false;
                    }
                    match c {
                        '{' => depth += 1,
                        '}' => depth -= 1,
                        ',' if depth == 1 => starts = true,
                        _ => {}
                    }
                    if depth == 0 {
                        break;
                    }
                }
            }
        }
    }
    names.remove("");
    names
}

/// Each file with what it uses against the table.
fn breaches() -> BTreeSet<(String, String)> {
    let table: BTreeMap<&str, &[&str]> = TABLE.into_iter().collect();
    let mut found = BTreeSet::new();
    for (path, code) in sources() {
        let layer = layer(&path);
        if ["main", "lib"].contains(&layer.as_str()) {
            continue;
        }
        let file = path.to_string_lossy().into_owned();
        let may = table
            .get(layer.as_str())
            .unwrap_or_else(|| panic!("src/{layer} is not in the table"));
        for used in named(&code, "crate::")
            .into_iter()
            .filter(|used| table.contains_key(used.as_str()))
        {
            if used != layer && !may.contains(&"*") && !may.contains(&used.as_str()) {
                found.insert((file.clone(), used));
            }
        }
        if layer != "files" && OPENS.iter().any(|word| code.contains(word)) {
            found.insert((file.clone(), "opens files".to_owned()));
        }
        if layer != "programs" && code.contains(STARTS) {
            found.insert((file.clone(), "starts programs".to_owned()));
        }
        for (word, by) in OUTSIDE {
            if code.contains(word) && !by.contains(&layer.as_str()) {
                found.insert((file.clone(), word.to_owned()));
            }
        }
    }
    found
}

#[test]
fn each_layer_uses_only_what_is_below_it() {
    let exceptions: BTreeSet<(String, String)> = EXCEPTIONS
        .iter()
        .map(|(file, used)| ((*file).to_owned(), (*used).to_owned()))
        .collect();
    let found = breaches();
    let new: Vec<_> = found.difference(&exceptions).collect();
    assert!(new.is_empty(), "these use what the table does not let them: {new:#?}");
    let gone: Vec<_> = exceptions.difference(&found).collect();
    assert!(
        gone.is_empty(),
        "take these exceptions out, nothing needs them: {gone:#?}"
    );
}

/// What it puts into a path is encoded or parsed before: elsewhere that could be forgotten.
#[test]
fn only_the_engines_client_calls_bollard() {
    let word = |line: &str| {
        line.split(|c: char| !c.is_ascii_alphanumeric())
            .any(|word| word == "Docker")
    };
    let imports = |code: &str| {
        code.split(';')
            .any(|line| line.trim_start().starts_with("use bollard") && word(line))
    };
    let others: Vec<PathBuf> = sources()
        .into_iter()
        .filter(|(path, code)| {
            // The last one connects it, and hands it to the first two.
            let own = ["engine/client.rs", "engine/wire/mod.rs"].map(Path::new);
            imports(code) && !path.starts_with("engine/client") && !own.contains(&path.as_path())
        })
        .map(|(path, _)| path)
        .collect();
    assert!(others.is_empty(), "these use bollard's own client: {others:?}");
}

/// A command in a sentence with a text formatted into it: what it is filled with would not be quoted (src/shell.rs).
#[test]
fn no_command_to_copy_is_formatted() {
    let programs = "chmod|chown|curl|docker|echo|getent|git|kill|ls|magicctl|mkdir|mv|printf|rm|rmdir|sed|sudo|touch";
    let formatted = regex::Regex::new(&format!(
        r#"(?:`|(?:fix|hint|run)\(format!\(\s*")(?:{programs}) [^`"]*\{{"#
    ))
    .unwrap();
    for (path, code) in sources() {
        // Templates of rules are no formats: they are taken apart and filled word by word.
        if path.starts_with("cards/rules") {
            continue;
        }
        // The codes are ours.
        let found = formatted
            .find_iter(&code)
            .find(|found| !found.as_str().contains("magicctl explain {"));
        assert!(found.is_none(), "{}: {found:?}", path.display());
    }
    assert!(formatted.is_match(".hint(format!(\"make it (`docker network create {}`)\""));
    assert!(formatted.is_match(".fix(format!(\n    \"chmod o-rwx {shown}\""));
}

#[test]
fn nothing_is_printed_but_by_what_masks_and_cleans() {
    let sources = sources();
    let is_of_a_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    for (word, may) in SPEAKS {
        let is_there = |code: &String| {
            code.match_indices(word).any(|(at, _)| {
                let (before, after) = (&code[..at], &code[at + word.len()..]);
                let whole = |end: bool, text: bool| !(end && text);
                whole(word.starts_with(is_of_a_name), before.ends_with(is_of_a_name))
                    && whole(word.ends_with(is_of_a_name), after.starts_with(is_of_a_name))
            })
        };
        let found: BTreeSet<String> = sources
            .iter()
            .filter(|(_, code)| is_there(code))
            .map(|(path, _)| path.to_string_lossy().into_owned())
            .collect();
        let may: BTreeSet<String> = may.iter().map(|file| (*file).to_owned()).collect();
        assert_eq!(found, may, "these files name `{word}`, and those may");
    }
    for (path, code) in &sources {
        let styles = named(code, "console::").contains("style");
        assert!(!styles, "{} puts styles on text by itself: `Line` does", path.display());
    }
}

#[test]
fn the_table_lets_nothing_use_what_is_above_it() {
    for (index, (layer, may)) in TABLE.iter().enumerate() {
        for used in may.iter().filter(|used| **used != "*") {
            let below = TABLE[..index].iter().any(|(other, _)| other == used);
            assert!(below, "{layer} may use {used}, which is not below it");
        }
    }
}

#[test]
fn names_are_found_alone_and_in_braces() {
    let code = "use crate::plan::{Plan, Step};\nuse crate::{engine::Engine, report::{Out, a}, logs};\nlet x = crate::labels::X; mycrate::no";
    let found = named(code, "crate::");
    let found: Vec<&str> = found.iter().map(String::as_str).collect();
    assert_eq!(found, ["engine", "labels", "logs", "plan", "report"]);
}
