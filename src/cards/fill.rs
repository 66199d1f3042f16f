//! Fills what a rule leaves open: `{name}` with what its pattern caught or what is known, `{name:kind}` with what follows
//! from that. A text with a gap that can't be filled is not a text, and its rule does not fit: so a rule that says more stands
//! before one that says less.
//!
//! What fills a gap has a type, and that alone decides how it gets into a command: text is one word of it, a path is one that
//! the command may change, and only a command, which is built of words itself, is more.

use std::cell::Cell;
use std::path::PathBuf;

use regex::Captures;

use crate::compose::Written;
use crate::shell::ShellCommand;

use super::rules::At;
use super::surroundings::Surroundings;
use super::symptoms::Symptoms;
use super::template::{self, Part, Piece};

/// Groups of which a pattern catches one or the other.
pub(super) const ALIASES: [(&str, &str); 10] = [
    ("any_path", "path"),
    ("any_path", "file"),
    ("any_path", "name"),
    ("any_path", "java"),
    ("any_path", "cut"),
    ("found", "stored"),
    ("wanted", "asked"),
    ("number", "port"),
    ("option", "bad"),
    ("driver", "plugin"),
];

/// What has braces of its own.
const LITERALS: [(&str, &str); 3] = [
    ("root", "{{.DockerRootDir}}"),
    ("containers", "{{range .Containers}}{{.Name}} {{end}}"),
    ("architecture", "{{.Architecture}}"),
];

/// What texts are filled from.
pub(super) struct Known<'k> {
    pub symptoms: &'k Symptoms,
    pub around: &'k Surroundings<'k>,
    /// What the card points to.
    pub at: At,
    /// What the pattern caught.
    pub caught: Option<&'k Captures<'k>>,
    /// The text in which it did.
    pub text: &'k str,
    /// Whether a gap was asked for that does not exist; a test finds that out of each rule.
    pub unknown: Cell<bool>,
}

/// What fills a gap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Filled {
    /// Text of whoever's.
    Text(String),
    /// A file or folder of this machine. A command is given it only where it may change it.
    Path(PathBuf),
    /// A command, or words of one.
    Command(ShellCommand),
    /// A command that is known, and that no shell could take or that would change what is not the project's.
    Impossible,
}

impl Filled {
    /// `command`, or that it is impossible.
    pub(super) fn of(command: Option<ShellCommand>) -> Self {
        command.map_or(Self::Impossible, Self::Command)
    }
}

impl Known<'_> {
    /// `template` with its gaps filled; `None` when one can't be.
    pub(super) fn fill(&self, template: &str) -> Option<String> {
        let mut filled = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            let (gap, after) = after.split_once('}')?;
            filled.push_str(before);
            filled.push_str(&self.shown(self.gap(gap)?)?);
            rest = after;
        }
        filled.push_str(rest);
        Some(filled)
    }

    /// The commands of a rule, but for those that no shell could take or that would change what is not the project's, and for
    /// the one that has just been run: the same again, once all is corrected, goes without saying. `None` when a gap of one
    /// can't be filled.
    pub(super) fn commands(&self, templates: &[&'static str]) -> Option<Vec<ShellCommand>> {
        let mut commands = Vec::new();
        for template in templates {
            // Before anything is said of their words.
            for gap in template::gaps(template) {
                self.gap(gap)?;
            }
            let made = self.command(self.rebuilding(template));
            commands.extend(made.filter(|command| !self.was_run(template, command)));
        }
        Some(commands)
    }

    /// Whether that command has just been run. One that leaves out the service that failed has not.
    fn was_run(&self, template: &str, command: &ShellCommand) -> bool {
        let leaves_out = template::gaps(template).any(|gap| gap == "services_without");
        !leaves_out && command.repeats(&self.around.ran)
    }

    /// Without `build` there is nothing to build; and those that wait for a service are not part of its rebuild.
    pub(super) fn rebuilding(&self, template: &'static str) -> &'static str {
        if !template.starts_with("magicctl rebuild ") {
            return template;
        }
        let name = self.symptoms.service.as_str();
        let is_needed = |other: &crate::compose::Service| other.depends_on.contains_key(name);
        if self.around.service(name).is_some_and(|service| service.build.is_none()) {
            "magicctl up"
        } else if self.around.others(name).any(is_needed) {
            "magicctl up --build"
        } else {
            template
        }
    }

    /// The command of a template whose gaps can be filled; nothing when what fills them can't be in a command.
    fn command(&self, template: &'static str) -> Option<ShellCommand> {
        let parts = template::parts(template)?;
        let mut command = ShellCommand::default();
        for (index, part) in parts.iter().enumerate() {
            let before = index.checked_sub(1).and_then(|before| parts.get(before));
            let place = Place {
                before,
                after: &parts[index + 1..],
            };
            command = self.with(command, part, &place)?;
        }
        Some(command)
    }

    /// `command` with one more part.
    fn with(&self, command: ShellCommand, part: &Part, place: &Place<'_>) -> Option<ShellCommand> {
        Some(match part {
            Part::Ours(syntax) => command.syntax(syntax),
            Part::Magicctl => command.then(self.around.again.clone()?),
            Part::Gap(gap) => match self.gap(gap)? {
                Filled::Text(text) => place.operand(command, &text)?,
                Filled::Path(path) if self.around.may_change(&path) => command.path(self.around.typed(&path))?,
                Filled::Path(_) | Filled::Impossible => return None,
                Filled::Command(inner) => command.then(inner),
            },
            Part::Word(pieces) => {
                let text = self.word(pieces)?;
                match pieces.first()? {
                    Piece::Gap(_) => place.operand(command, &text)?,
                    Piece::Text(_) => command.word(&text)?,
                }
            }
            Part::Assignment(name, value) => {
                let name = self.shown(self.gap(name)?)?;
                command.then(ShellCommand::assignment(&name, &self.word(value)?)?)
            }
        })
    }

    /// A word of text of ours and of others; none that climbs out of a folder of ours with `..`.
    fn word(&self, pieces: &[Piece]) -> Option<String> {
        let text = |piece: &Piece| match piece {
            Piece::Text(text) => Some((*text).to_owned()),
            Piece::Gap(gap) => match self.gap(gap)? {
                Filled::Text(text) => Some(text).filter(|text| !climbs(text)),
                Filled::Path(_) | Filled::Command(_) | Filled::Impossible => None,
            },
        };
        let text: String = pieces.iter().map(text).collect::<Option<_>>()?;
        (!climbs(&text)).then_some(text)
    }

    /// What fills a gap, within a sentence.
    fn shown(&self, filled: Filled) -> Option<String> {
        match filled {
            Filled::Text(text) => Some(text),
            Filled::Path(path) => Some(self.around.shown(&path)),
            Filled::Command(command) => Some(command.to_string()),
            Filled::Impossible => None,
        }
    }

    /// The other services that a text names as the reason.
    pub(super) fn blamed(&self, template: &str) -> Vec<String> {
        template::gaps(template)
            .filter(|gap| gap.ends_with(":service") || gap.ends_with(":server"))
            .filter_map(|gap| self.shown(self.gap(gap)?))
            .filter(|name| self.symptoms.service != name.as_str())
            .collect()
    }

    /// The same of another place.
    pub(super) fn pointing_to(&self, at: At) -> Self {
        Self {
            at,
            unknown: Cell::default(),
            ..*self
        }
    }

    /// Nothing, as no gap has that name.
    pub(super) fn no_such<T>(&self) -> Option<T> {
        self.unknown.set(true);
        None
    }

    /// Where the Compose files set what the card points to.
    pub(super) fn written(&self) -> Option<&Written> {
        let service = self.symptoms.service.as_str();
        let key = |key| self.around.key(service, key);
        match self.at {
            At::Command => key("command").or_else(|| key("entrypoint")),
            At::Image => key("image"),
            At::Key(name) => key(name),
            At::Setting(name) | At::Variable(_, name) => self.around.setting_place(service, name),
            At::Nowhere | At::Code | At::Step | At::File | At::Requirement => None,
        }
    }

    pub(super) fn gap(&self, gap: &str) -> Option<Filled> {
        match gap.split_once(':') {
            None => self.value(gap),
            Some(("", literal)) => match LITERALS.iter().find(|(name, _)| *name == literal) {
                Some((_, text)) => Some(Filled::Text((*text).to_owned())),
                None => self.no_such(),
            },
            Some((name, kind)) => self.derived(&self.text(name)?, kind),
        }
    }

    /// What the pattern caught in a group of that name, or in one that stands for it.
    pub(super) fn caught(&self, name: &str) -> Option<String> {
        let others = ALIASES
            .iter()
            .filter(|(alias, _)| *alias == name)
            .map(|(_, group)| *group);
        let groups = self.caught?;
        let mut names = std::iter::once(name).chain(others);
        let caught = names.find_map(|name| groups.name(name))?;
        Some(caught.as_str().trim().to_owned())
    }
}

/// Where in a command a word stands.
struct Place<'p> {
    before: Option<&'p Part>,
    after: &'p [Part],
}

impl Place<'_> {
    /// `command` with text of others as its next word; nothing where that would be taken for an option and `--` is of no use.
    fn operand(&self, command: ShellCommand, text: &str) -> Option<ShellCommand> {
        let follows_an_option = matches!(self.before, Some(Part::Ours(ours)) if ours.split(' ').next_back().is_some_and(|last| last.starts_with('-')));
        let has_options = |part: &Part| match part {
            Part::Ours(ours) => ours.split(' ').any(|word| word.starts_with('-')),
            Part::Word(pieces) => matches!(pieces.first(), Some(Piece::Text(text)) if text.starts_with('-')),
            Part::Magicctl | Part::Gap(_) | Part::Assignment(..) => false,
        };
        let is_like_one = text.starts_with('-');
        if climbs(text) || (is_like_one && (follows_an_option || self.after.iter().any(has_options))) {
            return None;
        }
        command.operand(text)
    }
}

/// Whether a text that may be a path has `..` on its way.
fn climbs(text: &str) -> bool {
    text.split('/').any(|part| part == "..")
}
