//! The table behind `magicctl compose-help` against what `docker compose COMMAND --help` lists.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::Project;

/// Each flag of a help text, short and long as listed: `-d, --detach`.
fn flags(help: &str) -> Vec<String> {
    let options = help.split_once("Options:").map_or("", |(_, options)| options);
    let mut flags: Vec<String> = options
        .lines()
        // What is further in is the rest of a description.
        .filter(|line| (2..=6).contains(&(line.len() - line.trim_start().len())))
        .filter_map(|line| {
            let line = line.trim_start();
            let names = line.split("  ").next()?.split(' ').filter(|word| word.starts_with('-'));
            let names: Vec<&str> = names.map(|name| name.trim_end_matches(',')).collect();
            (!names.is_empty()).then(|| names.join(", "))
        })
        .collect();
    flags.sort();
    flags
}

/// The commands that a help text lists.
fn commands(help: &str) -> Vec<String> {
    let lists = help.split_once("Management Commands:").map_or("", |(_, lists)| lists);
    let entries = lists
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let mut commands: Vec<String> = entries
        .filter_map(|line| line.split_whitespace().next().map(ToOwned::to_owned))
        .collect();
    commands.sort();
    commands
}

#[test]
fn every_command_and_flag_of_compose_is_in_the_table_and_no_other() {
    let project = Project::of("help", "services: {}\n");
    let table = project.magicctl(&["--output", "json", "compose-help"]).ok();
    let table: Vec<Value> = serde_json::from_str(&table.stdout).expect("JSON");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let names = |verb: &Value| {
        let flags = verb["flags"].as_array().expect("a list").iter();
        let mut flags: Vec<String> = flags.map(|flag| text(&flag["flag"])).collect();
        flags.sort();
        flags
    };
    let (before, table): (Vec<&Value>, Vec<&Value>) = table.iter().partition(|verb| verb["command"].is_null());
    let table: BTreeMap<String, Vec<String>> = table.iter().map(|verb| (text(&verb["command"]), names(verb))).collect();
    let help = project.compose(&["--help"]).all();
    assert_eq!(before.into_iter().flat_map(names).collect::<Vec<_>>(), flags(&help));
    let known = commands(&help);
    assert!(known.len() > 30, "{known:?}");
    assert_eq!(table.keys().cloned().collect::<Vec<_>>(), known);
    for command in known {
        let help = project.compose(&[&command, "--help"]).all();
        assert_eq!(table[&command], flags(&help), "{command}: {help}");
    }
}

#[test]
fn a_flag_or_command_that_is_not_here_is_answered() {
    let project = Project::of("instead", "services: {}\n");
    let up = project.magicctl(&["up", "--menu"]);
    assert!(up.code == 2 && up.stderr.contains("Ctrl-C"), "{}", up.all());
    let watch = project.magicctl(&["watch"]);
    assert!(
        watch.code == 2 && watch.stderr.contains("magicctl rebuild"),
        "{}",
        watch.all()
    );
    let help = project.magicctl(&["compose-help", "kil"]);
    assert!(
        help.code == 2 && help.stderr.contains("did you mean `kill`?"),
        "{}",
        help.all()
    );
}
