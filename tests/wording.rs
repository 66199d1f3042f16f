//! The phrases that readers stumbled over stay out of every text: string literals and doc comments of `src/`, and the documents.
//! docs/style.md says what to write instead.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that can't go on fails by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

/// A phrase as a regular expression, and what to write instead.
type Phrase = (&'static str, &'static str);

/// Banned in all texts. The first one skips "there is no", "is no longer" and "is no more".
const EVERYWHERE: [Phrase; 25] = [
    (
        r"(?:^|[^e]|[^r]e|[^e]re) is no (?:[^lm]|[lm][^o])",
        "say `is not a …`, or `is not a valid …`",
    ),
    (r"(?i)\w\s+behind\b|\bbehind\s+\w", "say `after`"),
    (r"(?i)\banew\b", "say `again`"),
    (r"(?i)\bmend(?:s|ing)?\b", "say `fix`"),
    (r"(?i)\bso many\b", "say the number or the limit"),
    (r"(?i)\bwhat is there\b", "say what exists: files, containers, memory"),
    (r"(?i)\bas wanted\b", "say `up to date`, `unchanged` or `ready`"),
    (r"(?i)\bagain and again\b", "say `crash-looping`, or `repeatedly`"),
    (r"(?i)\bonce more\b", "say `again`"),
    (r"(?i)\bonly waits? for\b", "say `blocked by …`"),
    (r"(?i)\b(?:is|are) told(?:[.;:,]|$)", "say `is reported`"),
    (
        r"(?i)\bthat is all(?: that| which|[.;:,]|$)",
        "say what is missing, or nothing",
    ),
    (r"(?i)\bnothing of (?:its|their) own\b", "say `nothing to fix here`"),
    (r"(?i)\bin vain\b", "say `without success`"),
    (r"(?i)\bis whatever is\b", "say `isn't pinned to a version`"),
    (r"(?i)\bnothing can be started from it\b", "leave it out"),
    (
        r"(?i)\bends? what has it\b",
        "say `stop the process that uses the port`",
    ),
    (r"(?i)\bnothing else needs\b", "say what is enough"),
    (r"(?i)\botherwise than it is\b", "say `differs from the Compose file`"),
    (r"(?i)\bhow progress is told\b", "say `progress output style`"),
    (r"(?i)\b(?:has|have|is|are) there twice\b", "say `is listed twice`"),
    (
        r"(?i)\bin advance\b.*\beverything\b|\beverything in advance\b",
        "name the theoretical minimum",
    ),
    (r"(?i)\bis not looked(?:[.;,]|$)", "name the timeout"),
    (r"(?i)\bas \w+ has it\b", "say `as in …`"),
    (r"OnlyWeRefuse", "say `refused by magicctl only`"),
];

/// Banned in what users read: string literals and documents.
const TO_USERS: [Phrase; 6] = [
    (r"(?i)\bsaid:", "say `output:`"),
    (
        r"(?i)\basks? for (?:no|none|it|this|what)\b",
        "say `needs` or `requires`",
    ),
    (r"(?i)\b(?:is|was) not there\b", "say `is missing` or `doesn't exist`"),
    (
        r"(?i)\bsome(?:body) \w+s? whom\b|\bwho\w* only waits\b",
        "say who, or say it without a person",
    ),
    (r"(?i)\bhands? (?:our|its) standard input\b", "say `keep stdin open`"),
    (r"(?i)\bleave (?:--\S+|`--\S+`) out\b", "say `drop --flag`"),
];

/// "else" for "otherwise". After these words it means "other", which is fine.
const BEFORE_ELSE: [&str; 6] = ["thing", "body", "one", "where", "what", "who"];

#[test]
fn no_text_has_a_phrase_that_readers_stumbled_over() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let everywhere = compiled(&EVERYWHERE);
    let to_users = compiled(&TO_USERS);
    let mut found = Vec::new();
    let mut texts_seen = 0;
    for path in rust_files(&root.join("src")) {
        let source = fs::read_to_string(&path).expect("a source file");
        for text in texts_of(&source) {
            texts_seen += 1;
            let phrases = everywhere.iter().chain(to_users.iter().filter(|_| text.is_literal));
            report(&mut found, root, &path, text.line, &text.words, phrases);
        }
    }
    for path in documents(root) {
        let document = without_quotations(&fs::read_to_string(&path).expect("a document"));
        for (index, line) in document.lines().enumerate() {
            texts_seen += 1;
            let phrases = everywhere.iter().chain(&to_users);
            report(&mut found, root, &path, index + 1, line, phrases);
        }
    }
    assert!(texts_seen > 10_000, "only {texts_seen} texts were found");
    assert!(found.is_empty(), "see docs/style.md:\n{}", found.join("\n"));
}

fn compiled(phrases: &[Phrase]) -> Vec<(Regex, &'static str)> {
    let one = |(pattern, instead): &Phrase| (Regex::new(pattern).expect("a pattern"), *instead);
    phrases.iter().map(one).collect()
}

fn report<'a>(
    found: &mut Vec<String>,
    root: &Path,
    path: &Path,
    line: usize,
    text: &str,
    phrases: impl Iterator<Item = &'a (Regex, &'static str)>,
) {
    let path = path.strip_prefix(root).expect("a file of the repository").display();
    let matched = phrases.filter_map(|(phrase, instead)| Some((phrase.find(text)?.as_str(), *instead)));
    let otherwise = else_for_otherwise(text).map(|words| (words, "begin the clause with `otherwise`"));
    for (words, instead) in matched.chain(otherwise) {
        found.push(format!("{path}:{line}: `{}`: {instead}", words.trim()));
    }
}

/// The word before an "else" that ends a clause, if the "else" means "otherwise".
fn else_for_otherwise(text: &str) -> Option<&str> {
    let (before, after) = text.split_once(" else")?;
    let ends_here = after.is_empty() || after.starts_with(['.', ';', ':', ',']);
    let word = before.rsplit(' ').next().unwrap_or_default();
    let means_other = BEFORE_ELSE.iter().any(|end| word.ends_with(end));
    (ends_here && !means_other).then_some(word)
}

struct Text {
    line: usize,
    words: String,
    is_literal: bool,
}

/// The string literals and doc comments of Rust source. A literal that continues on the next line (`\`) is one text.
fn texts_of(source: &str) -> Vec<Text> {
    let token = Regex::new(concat!(
        r#"(?s)(?P<doc>//[/!][^\n]*)|(?P<comment>//[^\n]*)|(?P<character>b?'(?:\\.[^']*|[^\\'\n])')"#,
        r##"|(?P<raw>\br#+"(?:[^"]|"[^#])*?"#)|(?P<plain>\br"[^"]*")|"(?P<literal>(?:\\.|[^"\\])*)""##
    ))
    .expect("a pattern");
    let continued = Regex::new(r"\\\n\s*").expect("a pattern");
    let mut texts = Vec::new();
    let mut line = 1;
    let mut seen = 0;
    for found in token.captures_iter(source) {
        let whole = found.get(0).expect("the match");
        line += source[seen..whole.start()].matches('\n').count();
        seen = whole.start();
        let (text, is_literal) = match (
            found.name("doc"),
            found.name("literal"),
            found.name("raw").or(found.name("plain")),
        ) {
            (Some(doc), _, _) => (doc.as_str()[3..].to_owned(), false),
            (_, Some(literal), _) => (continued.replace_all(literal.as_str(), "").into_owned(), true),
            (_, _, Some(raw)) => (raw.as_str().to_owned(), true),
            _ => continue,
        };
        texts.push(Text {
            line,
            words: text,
            is_literal,
        });
    }
    texts
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn documents(root: &Path) -> Vec<PathBuf> {
    let docs = fs::read_dir(root.join("docs")).expect("a folder");
    let pages = docs.map(|entry| entry.expect("an entry").path());
    let pages = pages.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let mut all: Vec<PathBuf> = ["CHANGELOG.md", "CONTRIBUTING.md", "README.md", "SECURITY.md"]
        .map(|name| root.join(name))
        .into();
    all.extend(pages);
    all.sort();
    all
}

/// What a document quotes is not its own wording: docs/style.md quotes what not to write.
fn without_quotations(document: &str) -> String {
    let quotation = Regex::new(r#""[^"]{1,60}""#).expect("a pattern");
    let lines = |quoted: &regex::Captures<'_>| "\n".repeat(quoted[0].matches('\n').count());
    quotation.replace_all(document, lines).into_owned()
}
