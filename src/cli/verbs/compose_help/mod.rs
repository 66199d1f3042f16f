//! `compose-help`: every command and flag of Docker Compose, and what it is here. From the same table come docs/compose-verbs.md
//! and the answer to a flag that magicctl doesn't have.

mod table;

use clap::Args;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::cli::Ended;
use crate::cli::session::Session;
use crate::failure::Failure;
use crate::nearest::nearest;

use table::{BEFORE, BEHAVIOUR, EVERYWHERE, Flag, VERBS, Verb, Verdict};

/// `compose-help`.
#[derive(Debug, Clone, Args)]
pub struct ComposeHelpArgs {
    /// A command of Docker Compose; all by default
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
}

pub(crate) fn run(session: &Session, args: &ComposeHelpArgs) -> Ended {
    let verbs: Vec<&Verb> = match &args.command {
        None => VERBS.iter().collect(),
        Some(name) => vec![find(name).ok_or_else(|| unknown(name))?],
    };
    if session.json() {
        let mut commands: Vec<serde_json::Value> = verbs.into_iter().map(as_json).collect();
        if args.command.is_none() {
            commands.push(serde_json::json!({ "command": null, "flags": flags_as_json(BEFORE.iter()) }));
        }
        session.out.answer(&serde_json::json!({ "commands": commands }));
        return Ok(None);
    }
    let mut all: Vec<String> = verbs.into_iter().flat_map(lines).collect();
    if args.command.is_none() {
        all.extend(
            EVERYWHERE
                .iter()
                .map(|flag| format!("every command: {}: {}", flag.name, flag.verdict.note())),
        );
        all.push("before the command:".to_owned());
        all.extend(flag_lines(BEFORE));
        all.push("The result differs from Compose's on purpose for:".to_owned());
        all.extend(BEHAVIOUR.iter().map(|(what, why)| format!("  {what}: {why}")));
    }
    session.out.lines(all);
    Ok(None)
}

fn find(name: &str) -> Option<&'static Verb> {
    VERBS.iter().find(|verb| verb.name == name)
}

fn unknown(name: &str) -> Failure {
    let names = VERBS.iter().map(|verb| verb.name);
    Failure::usage(format!("Docker Compose has no command `{name}`")).hint(match nearest(name, names) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`magicctl compose-help` lists all commands".to_owned(),
    })
}

fn as_json(verb: &Verb) -> serde_json::Value {
    let flags = flags_as_json(verb.flags.iter().chain(EVERYWHERE));
    serde_json::json!({
        "command": verb.name, "verdict": verb.verdict.word(), "note": verb.verdict.note(), "flags": flags,
    })
}

fn flags_as_json<'f>(flags: impl Iterator<Item = &'f Flag>) -> Vec<serde_json::Value> {
    let one = |flag: &Flag| serde_json::json!({ "flag": flag.name, "verdict": flag.verdict.word(), "note": flag.verdict.note() });
    flags.map(one).collect()
}

fn lines(verb: &Verb) -> Vec<String> {
    let mut lines = vec![match verb.verdict {
        Verdict::Same => format!("docker compose {}: the same", verb.name),
        verdict => format!("docker compose {}: {}: {}", verb.name, verdict.word(), verdict.note()),
    }];
    lines.extend(flag_lines(verb.flags));
    lines
}

fn flag_lines(flags: &[Flag]) -> Vec<String> {
    let width = flags.iter().map(|flag| flag.name.len()).max().unwrap_or(0);
    let one = |flag: &Flag| {
        let (word, note) = (flag.verdict.word(), flag.verdict.note());
        format!("  {:width$}  {word:8}  {note}", flag.name)
            .trim_end()
            .to_owned()
    };
    flags.iter().map(one).collect()
}

/// What a command line that clap refuses meant to Docker Compose, if it is one of Compose's: what is here instead.
pub(crate) fn instead(error: &clap::Error, typed: &[String]) -> Option<Failure> {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        _ => None,
    };
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let name = context(ContextKind::InvalidSubcommand)?;
            let verb = find(&name)?;
            Some(Failure::usage(format!("magicctl has no `{name}`")).hint(verb.verdict.note()))
        }
        ErrorKind::UnknownArgument => {
            let argument = context(ContextKind::InvalidArg)?;
            let flag = argument.split([' ', '=']).next().unwrap_or(&argument);
            let verb = typed.iter().find_map(|word| find(word))?;
            let known = verb.flags.iter().chain(EVERYWHERE).find(|known| known.is(flag))?;
            let name = verb.name;
            Some(if known.verdict.is_here() {
                Failure::usage(format!("{flag} is a flag of `{name}`")).hint(format!("write it after `{name}`"))
            } else {
                Failure::usage(format!("magicctl's `{name}` has no {flag}")).hint(known.verdict.note())
            })
        }
        _ => None,
    }
}

impl Flag {
    /// Whether it is typed as `typed`, long or short.
    fn is(&self, typed: &str) -> bool {
        self.name.split(", ").any(|name| name == typed)
    }
}

/// docs/compose-verbs.md.
#[cfg(test)]
fn document() -> String {
    use std::fmt::Write as _;

    let mut text = String::from(table::INTRODUCTION);
    for (what, why) in BEHAVIOUR {
        writeln!(text, "| {what} | {why} |").unwrap();
    }
    text.push_str(table::SERVICES);
    text.push_str("\n## Commands\n\n| command | magicctl | |\n| --- | --- | --- |\n");
    for verb in VERBS {
        writeln!(
            text,
            "| `{}` | {} | {} |",
            verb.name,
            verb.verdict.word(),
            verb.verdict.note()
        )
        .unwrap();
    }
    let verbs = VERBS.iter().filter(|verb| !verb.flags.is_empty());
    let of_verbs = verbs.map(|verb| (format!("`{}`", verb.name), verb.flags));
    let lists = [
        ("Flags before the command", BEFORE),
        ("Flags of every command", EVERYWHERE),
    ];
    let lists = lists.map(|(title, flags)| (title.to_owned(), flags)).into_iter();
    for (title, flags) in lists.chain(of_verbs) {
        writeln!(text, "\n## {title}\n\n| flag | magicctl | |\n| --- | --- | --- |").unwrap();
        for flag in flags {
            let (word, note) = (flag.verdict.word(), flag.verdict.note());
            writeln!(text, "| `{}` | {word} | {note} |", flag.name).unwrap();
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use clap::Command;

    use super::*;

    #[test]
    fn what_is_said_to_be_the_same_is_there() {
        let mut magicctl = crate::cli::args::command();
        magicctl.build();
        for flag in BEFORE.iter().chain(EVERYWHERE) {
            for name in flag.name.split(", ") {
                assert!(has(&magicctl, name), "there is no {name}");
            }
        }
        let here = VERBS
            .iter()
            .filter(|verb| verb.verdict.is_here() && verb.name != "config");
        for verb in here {
            let command = magicctl
                .find_subcommand(verb.name)
                .unwrap_or_else(|| panic!("there is no {}", verb.name));
            for flag in verb.flags.iter().filter(|flag| flag.verdict.is_here()) {
                for name in flag.name.split(", ") {
                    assert!(has(command, name), "{} has no {name}", verb.name);
                }
            }
            for flag in verb.flags.iter().filter(|flag| !flag.verdict.is_here()) {
                let long = flag.name.split(", ").last().unwrap_or_default();
                assert!(!has(command, long), "{} has {long}", verb.name);
            }
        }
    }

    fn has(command: &Command, flag: &str) -> bool {
        command.get_arguments().any(|argument| match flag.strip_prefix("--") {
            Some(long) => {
                argument.get_long() == Some(long)
                    || argument
                        .get_all_aliases()
                        .is_some_and(|aliases| aliases.contains(&long))
            }
            None => argument.get_short() == flag.chars().nth(1),
        })
    }

    #[test]
    fn what_magicctl_does_not_have_is_answered_with_what_is_there_instead() {
        let answer = |line: &[&str]| -> String {
            let typed: Vec<String> = line.iter().map(|word| (*word).to_owned()).collect();
            let error = crate::cli::args::command().try_get_matches_from(&typed).unwrap_err();
            instead(&error, &typed)
                .and_then(|failure| failure.hint)
                .unwrap_or_default()
        };
        assert!(answer(&["magicctl", "up", "--menu"]).contains("Ctrl-C"));
        assert!(answer(&["magicctl", "-p", "x", "up", "--no-log-prefix"]).contains("logs -f"));
        assert!(answer(&["magicctl", "commit", "web"]).contains("docker commit"));
        assert_eq!(answer(&["magicctl", "up", "--nonsense"]), "");
        assert_eq!(answer(&["magicctl", "nonsense"]), "");
    }

    #[test]
    fn every_difference_says_what_or_why() {
        for flag in VERBS.iter().flat_map(|verb| verb.flags).chain(BEFORE).chain(EVERYWHERE) {
            assert_eq!(
                flag.verdict == Verdict::Same,
                flag.verdict.note().is_empty(),
                "{}",
                flag.name
            );
        }
    }

    #[test]
    fn the_document_is_current() {
        crate::docs_tests::is_current("docs/compose-verbs.md", &document(), "--lib compose_help");
    }
}
