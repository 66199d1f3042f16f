//! Both collectors give the same labels and texts. Alloy's own parser can't be had, so its file is held against
//! Promtail's, which Promtail runs in the other tests, and against the rules of its syntax that need no parser.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use regex::Regex;

fn rendered(collector: &str, path: &str) -> String {
    let flags = [("collector".to_owned(), collector.to_owned())];
    let folder = tempfile::tempdir().unwrap();
    let settings = crate::settings::load(folder.path(), &BTreeMap::new(), &flags).unwrap();
    let files = super::files(&settings).unwrap();
    let file = files.into_iter().find(|file| file.path == Path::new(path));
    file.unwrap().text
}

/// The values that `pattern` finds, in the order of the file, with Alloy's and YAML's quoting undone.
fn values(text: &str, pattern: &str) -> Vec<String> {
    let pattern = Regex::new(pattern).unwrap();
    let found = pattern.captures_iter(text).map(|found| {
        let value = found[1].trim().trim_end_matches(',');
        let quoted = value.len() > 1 && value.starts_with(['"', '\'', '`']) && value.ends_with(['"', '\'', '`']);
        let bare = if quoted { &value[1..value.len() - 1] } else { value };
        bare.replace("\\u0001", "\\x01").replace("\\\\", "\\")
    });
    found.collect()
}

#[test]
fn both_say_the_same() {
    let promtail = rendered("promtail", "config/promtail/promtail-config.yml");
    let alloy = rendered("alloy", "config/alloy/config.alloy");
    for (what, in_promtail, in_alloy) in [
        (
            "labels",
            r"(?m)^ +target_label: (.*)$",
            r"(?m)^\s+target_label\s+= (.*)$",
        ),
        (
            "their sources",
            r"(?m)source_labels: \[(.*)\]$",
            r#"(?m)source_labels\s+= \["(.*)"\]$"#,
        ),
        (
            "expressions",
            r"(?m)^ +expression: (.*)$",
            r"(?m)^\s+expression\s+= (.*)$",
        ),
        ("selectors", r"(?m)^ +selector: (.*)$", r"(?m)^\s+selector\s+= (.*)$"),
        ("replacements", r"(?m)^ +replace: (.*)$", r"(?m)^\s+replace\s+= (.*)$"),
        (
            "first lines",
            r"(?m)^ +firstline: (.*)$",
            r"(?m)^\s+firstline\s+= (.*)$",
        ),
        (
            "waits",
            r"(?m)^ +max_wait_time: (.*)$",
            r"(?m)^\s+max_wait_time\s+= (.*)$",
        ),
        ("lines", r"(?m)^ +max_lines: (.*)$", r"(?m)^\s+max_lines\s+= (.*)$"),
        ("sources", r"(?m)^ +source: (.*)$", r"(?m)^\s+source\s+= (.*)$"),
        ("templates", r"(?m)^ +template: (.*)$", r"(?m)^\s+template\s+= (.*)$"),
        ("formats", r"(?m)^ +format: (.*)$", r#"(?m)^\s+format\s+= ("RFC.*)$"#),
        ("JSON fields", r"(?m)^ +word: (.*)$", r"(?m)^\s+word\s+= (.*)$"),
        ("Loki's address", r"(?m)^ +- url: (.*)$", r"(?m)^\s+url\s+= (.*)$"),
        (
            "the engine's socket",
            r"(?m)^ +- host: (.*)$",
            r"(?m)^discovery\.docker [^\n]*\n\s+host\s+= ([^\n]*)\n",
        ),
        (
            "shortest pause",
            r"(?m)^ +min_period: (.*)$",
            r"(?m)^\s+min_backoff_period\s+= (.*)$",
        ),
        (
            "longest pause",
            r"(?m)^ +max_period: (.*)$",
            r"(?m)^\s+max_backoff_period\s+= (.*)$",
        ),
        (
            "tries",
            r"(?m)^ +max_retries: (.*)$",
            r"(?m)^\s+max_backoff_retries\s+= (.*)$",
        ),
        ("level", r"(?m)^ +level: (ERROR)$", r#"(?m)^\s+level\s+= "(ERROR)",$"#),
    ] {
        let wanted = values(&promtail, in_promtail);
        assert!(!wanted.is_empty(), "{what}");
        assert_eq!(values(&alloy, in_alloy), wanted, "{what}");
    }
    let stages = |text: &str, pattern: &str| values(text, pattern);
    assert_eq!(
        stages(&alloy, r"(?m)^\s+stage\.(\w+) \{$"),
        stages(
            &promtail,
            r"(?m)^ +- (match|json|regex|template|labels|timestamp|replace|multiline|static_labels):$"
        ),
    );
}

/// What is left of Alloy's file without strings and comments.
fn bare(text: &str) -> String {
    let strings = Regex::new("(?s)\"(?:[^\"\\\\\n]|\\\\.)*\"|`[^`]*`|//[^\n]*").unwrap();
    strings.replace_all(text, "_").into_owned()
}

#[test]
fn alloys_blocks_are_whole_and_its_references_lead_somewhere() {
    let text = rendered("alloy", "config/alloy/config.alloy");
    let rest = bare(&text);
    assert!(!rest.contains(['"', '`', '\'']), "a string that does not end: {rest}");
    let mut open = Vec::new();
    for c in rest.chars() {
        match c {
            '{' | '[' | '(' => open.push(c),
            '}' => assert_eq!(open.pop(), Some('{')),
            ']' => assert_eq!(open.pop(), Some('[')),
            ')' => assert_eq!(open.pop(), Some('(')),
            _ => {}
        }
    }
    assert!(open.is_empty(), "{open:?}");
    // Every line is a block's head, its end, an attribute, a list's item, or empty.
    let line = Regex::new(r"^\s*(|_|[a-z_.]+( _)? \{|\}|[a-z_]+\s+= \S.*)$").unwrap();
    for one in rest.lines() {
        assert!(line.is_match(one), "{one}");
    }
    let blocks: BTreeSet<String> = Regex::new(r#"(?m)^([a-z_.]+) "(\w+)" \{$"#)
        .unwrap()
        .captures_iter(&text)
        .map(|found| format!("{}.{}", &found[1], &found[2]))
        .collect();
    assert_eq!(blocks.len(), 6, "{blocks:?}");
    let exports = ["targets", "output", "rules", "receiver"].join("|");
    let references = Regex::new(&format!(r"\b([a-z_]+(?:\.[a-z_]+)+)\.(?:{exports})\b")).unwrap();
    let named: BTreeSet<String> = references
        .captures_iter(&rest)
        .map(|found| found[1].to_owned())
        .collect();
    assert!(named.len() >= 5, "{named:?}");
    assert!(named.is_subset(&blocks), "{named:?} of {blocks:?}");
}
