//! docs/architecture.md: its table is the one that the code is held to, and what it names is there.

use std::collections::BTreeSet;
use std::path::Path;

/// The page.
pub const PAGE: &str = include_str!("../../docs/architecture.md");
/// The section of the table.
const SECTION: &str = "\n## The layers\n";
/// What stands for all layers in its last column.
const EVERYTHING: &str = "everything";

/// A folder or file of `src/`.
#[derive(Debug)]
pub struct Layer {
    /// Its name there, without `.rs`.
    pub name: &'static str,
    /// What it may use of the others.
    pub uses: BTreeSet<&'static str>,
    /// It may use all that is above it in the table.
    pub uses_all: bool,
}

/// The table, the lowest layer first.
pub fn table() -> Vec<Layer> {
    let (_, section) = PAGE.split_once(SECTION).expect("the section of the table");
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [name, _holds, uses] = cells[..] else {
            panic!("three columns: {row}");
        };
        Layer {
            name: name.trim_matches('`'),
            uses: quoted(uses).collect(),
            uses_all: uses == EVERYTHING,
        }
    })
    .collect()
}

/// What stands between backquotes.
fn quoted(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.split('`').skip(1).step_by(2)
}

/// Files and folders that the page names: between backquotes from the repository's root, in links from `docs/`.
fn named() -> Vec<String> {
    let is_of_a_path = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
    let is_path = |word: &&str| {
        let has_end = [".rs", ".md", ".toml", ".py"].iter().any(|end| word.ends_with(end));
        (word.contains('/') || has_end) && word.chars().all(is_of_a_path)
    };
    let links = PAGE.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let links = links.filter(|link| !link.contains("://") && !link.starts_with('#'));
    quoted(PAGE)
        .filter(is_path)
        .map(ToOwned::to_owned)
        .chain(links.map(|link| format!("docs/{link}")))
        .collect()
}

#[test]
fn every_file_that_the_page_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let named = named();
    assert!(named.len() > 40, "{named:?}");
    let gone: Vec<&String> = named.iter().filter(|path| !root.join(path).exists()).collect();
    assert!(
        gone.is_empty(),
        "docs/architecture.md names what is not there: {gone:#?}"
    );
}

#[test]
fn every_layer_of_the_table_is_a_folder_or_file_of_src() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for Layer { name, .. } in table() {
        let is_there = src.join(name).join("mod.rs").is_file() || src.join(format!("{name}.rs")).is_file();
        assert!(is_there, "src/ has no {name}");
    }
}

#[test]
fn the_table_lets_nothing_use_what_is_above_it() {
    let table = table();
    for (index, layer) in table.iter().enumerate() {
        for used in &layer.uses {
            let is_below = table[..index].iter().any(|other| other.name == *used);
            assert!(is_below, "{} may use {used}, which is not below it", layer.name);
        }
        assert!(!layer.uses_all || index + 1 == table.len(), "only the last may use all");
    }
}
