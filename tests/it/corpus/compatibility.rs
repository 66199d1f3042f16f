//! Writes docs/compose-compatibility.md, and checks that it is current: what magicctl makes of every key of the
//! specification, and what the corpus shows.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use magicctl::compose::{Key, keys};

use super::REFUSED;
use super::case::cases;
use super::differences::DIFFERENCES;
use crate::against_compose::corpus::{ACCEPTED, CAME_OF_ALL, ONLY_WE_REFUSE};

/// Where we do more than Compose, and why.
const BETTER: &[(&str, &str)] = &[
    (
        "services.*.command",
        "said when Compose cuts a command off at a sign that only a shell understands (`;`, `|`, `>`)",
    ),
    (
        "services.*.entrypoint",
        "said when Compose cuts it off at a sign that only a shell understands (`;`, `|`, `>`)",
    ),
    (
        "services.*.container_name",
        "a name of two services, or one that no engine takes, is told at its line before anything is made",
    ),
    (
        "services.*.image",
        "a name that no image can have is told at its line before anything is made",
    ),
    (
        "services.*.build.tags",
        "a name that no image can have is told at its line before anything is built",
    ),
    (
        "services.*.restart",
        "a word that no engine knows is told at its line before anything is made",
    ),
    (
        "services.*.networks.*.ipv4_address",
        "what is no address is told at its line before anything is made",
    ),
    (
        "services.*.networks.*.ipv6_address",
        "what is no address is told at its line before anything is made",
    ),
    (
        "services.*.mem_limit",
        "a number with a fraction is refused; Compose silently takes it for no limit",
    ),
    (
        "services.*.mem_reservation",
        "a number with a fraction is refused; Compose silently takes it for none",
    ),
    (
        "services.*.memswap_limit",
        "a number with a fraction is refused; Compose silently takes it for no limit",
    ),
    (
        "services.*.shm_size",
        "a number with a fraction is refused; Compose silently takes it for none",
    ),
    (
        "services.*.ports",
        "a port that doesn't exist is told at its line before anything is made",
    ),
    (
        "services.*.volumes",
        "a target that is no absolute path is told at its line before anything is made",
    ),
    (
        "secrets.*.environment",
        "a variable that isn't set is told at its line before anything is made",
    ),
    (
        "configs.*.environment",
        "a variable that isn't set is told at its line before anything is made; works in an included file too",
    ),
    (
        "services.*.env_file",
        "an error names the file's line and never shows it; a last line without an end is read like any other",
    ),
    ("services.*.environment", "values are never shown in an error"),
];

#[path = "../../../src/docs_tests.rs"]
mod docs_tests;

#[test]
fn the_page_is_current() {
    docs_tests::is_current(
        "docs/compose-compatibility.md",
        &page(),
        "--test it the_page_is_current",
    );
}

fn page() -> String {
    let mut page = String::new();
    let mut line = |text: String| {
        page.push_str(&text);
        page.push('\n');
    };
    let mut groups: BTreeMap<String, usize> = BTreeMap::new();
    for case in cases() {
        *groups.entry(case.group).or_default() += 1;
    }
    let count = |refused: bool| -> usize {
        let of = groups
            .iter()
            .filter(|(group, _)| REFUSED.contains(&group.as_str()) == refused);
        of.map(|(_, count)| *count).sum()
    };
    let (accepted, differing) = (count(false), DIFFERENCES.len());
    line("# Compose, exactly".to_owned());
    line(String::new());
    line("What magicctl makes of a Compose file, held against Docker Compose v5.6.1. Made by `tests/it/corpus/`, which runs both.".to_owned());
    line(String::new());
    line("## The corpus".to_owned());
    line(String::new());
    line(format!(
        "{} of {accepted} files mean the same: `magicctl config` prints what `docker compose config` prints, byte for byte, in YAML and\nJSON, and the hash of each service is Compose's own. So a stack that Compose started is taken over without replacing a container,\nand the other way round. {} files are refused, each with its line.",
        accepted - differing,
        count(true)
    ));
    line(String::new());
    line("| group | files |".to_owned());
    line("| --- | --- |".to_owned());
    for (group, count) in &groups {
        line(format!("| {group} | {count} |"));
    }
    line(String::new());
    line(
        "U+2028, U+2029 and the characters that turn the direction of text are escaped in the YAML (`\\L`, `\\u202E`), where Compose prints them as they are: what is\n\
         looked at on a terminal has to look like what it says. A text whose lines begin with an empty one and then a space or a tab, which Compose prints in a form that\n\
         it can't read itself, is escaped, too. It reads back as the same.\n"
            .to_owned(),
    );
    line("What differs, and why:".to_owned());
    line(String::new());
    line("| file | | reason |".to_owned());
    line("| --- | --- | --- |".to_owned());
    for (name, differs, why) in DIFFERENCES {
        line(format!("| {name} | {differs:?} | {why} |"));
    }
    line(String::new());
    line("## The containers".to_owned());
    line(String::new());
    line("`docker inspect` of the containers, networks and volumes that both make of each accepted file, every field, is the same but for:".to_owned());
    line(String::new());
    line("| file | | reason |".to_owned());
    line("| --- | --- | --- |".to_owned());
    for (name, field, why) in ACCEPTED {
        let name = if name.is_empty() { "any" } else { name };
        line(format!("| {name} | {} | {why} |", field.trim_start_matches('.')));
    }
    for (name, why) in ONLY_WE_REFUSE {
        line(format!("| {name} | only we refuse | {why} |"));
    }
    line(String::new());
    line("`EVERY_CASE=1 cargo test --locked --test it against_compose` has made all of them, and done every sequence of commands; `make test`\nmakes a part of them each time.".to_owned());
    line(String::new());
    line("| engine | the same | but for the above | made by neither: this engine refuses them (four processors on two, a plugin that isn't there) | left out (would write outside of their folder) |".to_owned());
    line("| --- | --- | --- | --- | --- |".to_owned());
    for (engine, [same, but, neither, left_out]) in CAME_OF_ALL {
        line(format!("| {engine} | {same} | {but} | {neither} | {left_out} |"));
    }
    line(String::new());
    line("## Every key".to_owned());
    line(String::new());
    line("*same*: as Compose. *better*: as Compose, and more. *refused*: an error at its line, with what to use instead. Nothing is ignored.".to_owned());
    line(String::new());
    line("| key | | |".to_owned());
    line("| --- | --- | --- |".to_owned());
    let mut text = page;
    for key in keys().unwrap() {
        row(&mut text, &key);
    }
    text
}

fn row(page: &mut String, key: &Key) {
    let whole = key.refused.iter().find(|refused| refused.value.is_none());
    let better = BETTER.iter().find(|(path, _)| *path == key.path);
    let (what, mut why) = match (whole, better) {
        (Some(refused), _) => ("refused", format!("{}: {}", refused.why, refused.instead)),
        (None, Some((_, why))) => ("better", (*why).to_owned()),
        (None, None) => ("same", String::new()),
    };
    for refused in key.refused.iter().filter(|refused| refused.value.is_some()) {
        let value = refused.value.unwrap_or_default();
        let value = match value.strip_prefix('!') {
            Some(other) => format!("all but `{other}`"),
            None => format!("`{value}`"),
        };
        if !why.is_empty() {
            why.push_str("; ");
        }
        let _infallible = write!(why, "{value} is refused: {}: {}", refused.why, refused.instead);
    }
    let _infallible = writeln!(page, "| `{}` | {what} | {why} |", key.path);
}

#[test]
fn every_line_of_the_table_is_about_a_key() {
    let known = keys().unwrap();
    for (path, _) in BETTER {
        assert!(known.iter().any(|key| key.path == *path), "{path}");
    }
}
