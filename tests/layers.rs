//! Each folder of `src/` uses only what the table of docs/architecture.md says. A layer knows nothing of those above it. There are
//! no exceptions.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that can't go on fails by panicking"
)]

#[path = "layers/circles.rs"]
mod circles;
#[path = "layers/page.rs"]
mod page;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use page::Layer;

/// Words of other crates and of the standard library, and the only folders that may use them.
const OUTSIDE: [(&str, &[&str]); 6] = [
    ("bollard::", &["engine"]),
    ("clap::", &["cli"]),
    ("shlex::try_join", &["shell"]),
    ("shlex::try_quote", &["shell"]),
    ("env::var", &["cli"]),
    (
        "tokio::",
        &["cli", "engine", "execute", "http", "logs", "programs", "ready", "check"],
    ),
];

/// Whoever has one of these words opens, looks at or changes files in a way of its own. Only `files` may: a repository, whose
/// links, pipes and sizes are anybody's, is read and written through it alone.
const OPENS: [&str; 16] = [
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
    // The archive's own way to open them.
    "append_path",
    "append_dir_all",
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

/// By layer, which others its files use, and which of them do.
fn uses() -> BTreeMap<String, BTreeMap<String, BTreeSet<PathBuf>>> {
    let sources = sources();
    let layers: BTreeSet<String> = sources.keys().map(|path| layer(path)).collect();
    let mut uses: BTreeMap<String, BTreeMap<String, BTreeSet<PathBuf>>> = BTreeMap::new();
    for (path, code) in sources {
        let own = layer(&path);
        let of_layer = uses.entry(own.clone()).or_default();
        let names = circles::used(&circles::module(&path), &code).into_iter();
        for used in names.filter_map(|path| path.into_iter().next()) {
            if used != own && layers.contains(&used) {
                of_layer.entry(used).or_default().insert(path.clone());
            }
        }
    }
    // They declare the others.
    uses.retain(|layer, _| !["main", "lib"].contains(&layer.as_str()));
    uses
}

#[test]
fn each_layer_uses_only_what_the_table_says() {
    let table: BTreeMap<&str, Layer> = page::table().into_iter().map(|layer| (layer.name, layer)).collect();
    for (layer, uses) in uses() {
        let Some(may) = table.get(layer.as_str()) else {
            panic!("src/{layer} is not in the table of docs/architecture.md");
        };
        for (used, files) in &uses {
            let well = may.uses_all || may.uses.contains(used.as_str());
            assert!(well, "{layer} may not use {used}, but these files do: {files:?}");
        }
        let unused: Vec<_> = may.uses.iter().filter(|used| !uses.contains_key(**used)).collect();
        assert!(
            unused.is_empty(),
            "take these out of the table, {layer} uses them no more: {unused:?}"
        );
    }
}

/// What the table makes sure of as long as it is in order, seen in the code itself.
#[test]
fn no_two_layers_need_each_other() {
    let uses = uses();
    let reached = |layer: &str| {
        let mut reached = BTreeSet::new();
        let mut next = vec![layer.to_owned()];
        while let Some(layer) = next.pop() {
            let others = uses.get(&layer).into_iter().flat_map(BTreeMap::keys);
            next.extend(others.filter(|other| reached.insert((*other).clone())).cloned());
        }
        reached
    };
    for layer in uses.keys() {
        assert!(!reached(layer).contains(layer), "{layer} needs what needs {layer}");
    }
}

#[test]
fn what_only_one_layer_may_do_the_others_leave_to_it() {
    for (path, code) in sources() {
        let layer = layer(&path);
        let file = path.display();
        if layer != "files"
            && let Some(word) = OPENS.iter().find(|word| code.contains(**word))
        {
            panic!("{file} opens files in a way of its own: {word}");
        }
        assert!(
            layer == "programs" || !code.contains(STARTS),
            "{file} starts programs in a way of its own"
        );
        for (word, by) in OUTSIDE {
            assert!(
                !code.contains(word) || by.contains(&layer.as_str()),
                "{file} names {word}, and only {by:?} may"
            );
        }
    }
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
        let styles = circles::named(code, "console::")
            .iter()
            .any(|path| path.first().is_some_and(|name| name == "style"));
        assert!(!styles, "{} puts styles on text by itself: `Line` does", path.display());
    }
}
