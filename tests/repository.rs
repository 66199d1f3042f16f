//! What the files of this repository keep to, beside what they do.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that can't go on fails by panicking"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

/// Lines of a snapshot. Nobody reads the difference of a longer one.
const LONGEST_SNAPSHOT: usize = 150;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// All files below `folder` whose names end so, built ones left out.
fn files(folder: &Path, end: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if path.is_symlink() || name == "target" || name == ".git" {
            continue;
        }
        if path.is_dir() {
            found.extend(files(&path, end));
        } else if name.ends_with(end) {
            found.push(path);
        }
    }
    found
}

/// Where the links of a Markdown text lead, those into the web left out.
fn links(text: &str) -> Vec<String> {
    let pattern = Regex::new(r"\]\(([^)\s]+)\)").expect("a pattern");
    let found = pattern.captures_iter(text).map(|link| link[1].to_owned());
    found.filter(|link| !link.contains("://")).collect()
}

/// What GitHub and others make of a heading: `## make audit` is `#make-audit`.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| -> String {
        let words = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
        words
            .chars()
            .filter(|c| c.is_alphanumeric() || "-_".contains(*c))
            .collect()
    };
    headings.map(anchor).collect()
}

/// Links of the page at `path` that lead nowhere.
fn broken(path: &Path, text: &str) -> Vec<String> {
    let leads = |link: &String| {
        let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
        if file.is_empty() {
            return anchors(text).contains(anchor);
        }
        let target = path.parent().expect("a folder").join(file);
        let is_there = |text: String| anchors(&text).contains(anchor);
        target.exists() && (anchor.is_empty() || fs::read_to_string(&target).is_ok_and(is_there))
    };
    links(text).into_iter().filter(|link| !leads(link)).collect()
}

#[test]
fn links_lead_somewhere() {
    let mut looked = 0;
    for page in files(&root(), ".md") {
        let text = fs::read_to_string(&page).expect("a page");
        assert_eq!(broken(&page, &text), Vec::<String>::new(), "{}", page.display());
        looked += links(&text).len();
    }
    assert!(looked > 40, "{looked} links");
    let page = root().join("README.md");
    let wrong = "# Two words\n[a](#two-words) [b](docs/nope.md) [c](#nope) [d](CONTRIBUTING.md#nope)";
    assert_eq!(broken(&page, wrong), ["docs/nope.md", "#nope", "CONTRIBUTING.md#nope"]);
}

#[test]
fn decisions_are_listed_with_their_titles_and_gaps() {
    let folder = root().join("docs/decisions");
    let index = fs::read_to_string(folder.join("README.md")).expect("the index");
    let mut numbers = Vec::new();
    let mut rows = Vec::new();
    for path in files(&folder, ".md") {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if name == "README.md" {
            continue;
        }
        let number: usize = name[..4].parse().expect("a number");
        let text = fs::read_to_string(&path).expect("a decision");
        let title = text.lines().next().and_then(|line| line.strip_prefix("# "));
        rows.push(format!("| [{}]({name}) | {} | ", &name[..4], title.expect("a title")));
        numbers.push(number);
    }
    let row = Regex::new(r"(?m)^(\| \[\d{4}\].* \| )(in force|replaced by \d{4}) \|$").expect("a pattern");
    let listed: Vec<String> = row.captures_iter(&index).map(|row| row[1].to_owned()).collect();
    rows.sort();
    assert_eq!(listed, rows, "docs/decisions/README.md");

    numbers.sort_unstable();
    let (_, rest) = index.split_once("The numbers in between (").expect("the gaps");
    let (said, _) = rest.split_once(')').expect("the gaps");
    let mut gaps = Vec::new();
    for part in said.split(", ") {
        let (first, last) = part.split_once(" to ").unwrap_or((part, part));
        gaps.extend(first.parse::<usize>().expect("a number")..=last.parse().expect("a number"));
    }
    let last = *numbers.last().expect("a decision");
    let missing: Vec<usize> = (1..last).filter(|number| !numbers.contains(number)).collect();
    assert_eq!(gaps, missing, "docs/decisions/README.md");
}

#[test]
fn a_snapshot_is_short_enough_to_be_read() {
    let snapshots = files(&root(), ".snap");
    assert!(snapshots.len() > 100, "{}", snapshots.len());
    for path in snapshots {
        let lines = fs::read_to_string(&path).expect("a snapshot").lines().count();
        assert!(lines <= LONGEST_SNAPSHOT, "{} has {lines} lines", path.display());
    }
}

/// What `make test` leaves out has a target that does it; what can't run where it is says so (`tests/it/support/not_run.rs`).
#[test]
fn a_test_that_is_left_out_names_the_target_that_does_it() {
    let makefile = fs::read_to_string(root().join("Makefile")).expect("the Makefile");
    let ignored = Regex::new(r"#\[ignore(.*)\]").expect("a pattern");
    let target = Regex::new("`make ([a-z-]+)`").expect("a pattern");
    let names_one = |reason: &str| {
        let named = target.captures(reason);
        named.is_some_and(|named| makefile.contains(&format!("\n{}: ", &named[1])))
    };
    let mut looked = 0;
    for path in [files(&root().join("tests"), ".rs"), files(&root().join("src"), ".rs")].concat() {
        if path.ends_with("tests/repository.rs") {
            continue;
        }
        let text = fs::read_to_string(&path).expect("a file");
        for reason in ignored.captures_iter(&text) {
            assert!(names_one(&reason[1]), "{}: {}", path.display(), &reason[0]);
            looked += 1;
        }
    }
    assert!(looked > 0);
    assert!(!names_one("") && !names_one(r#" = "slow: `make nothing`""#));
    let skips = Regex::new(r"pytest\.(skip|xfail|importorskip|mark\.(skip|skipif|xfail))\b").expect("a pattern");
    for path in files(&root().join("tests/gateway"), ".py") {
        let text = fs::read_to_string(&path).expect("a file");
        assert!(!skips.is_match(&text), "{}", path.display());
    }
    assert!(skips.is_match("@pytest.mark.skipif(True)"));
}
