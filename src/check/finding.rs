//! What a check found.

use serde::Serialize;

use crate::codes::{Code, Severity};
use crate::failure::{Exit, Failure, Place};
use crate::shell::ShellCommand;

use super::copies::HeldByProject;
use super::repair::Repair;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which kind of thing; says how bad it is, and has the long text.
    pub code: &'static Code,
    /// Where in a file.
    pub place: Option<Place>,
    /// What was found.
    pub what: String,
    /// Why that matters.
    pub why: String,
    /// What to do.
    pub fix: String,
    /// What `--fix` does about it.
    pub repair: Option<Repair>,
    /// What another Compose project holds that is needed here.
    #[serde(skip)]
    pub(super) held: Option<HeldByProject>,
    /// Which exit code it is worth.
    #[serde(skip)]
    pub exit: Exit,
}

/// More findings than this of one check are nobody's to read: a file of a million wrong lines is wrong after the first hundred.
pub(super) const MOST_FINDINGS: usize = 100;

/// What a check gives: findings, or why it could not be made.
pub type CheckResult = Result<Vec<Finding>, Failure>;

impl Finding {
    /// With the code's own lines as why and fix.
    pub fn new(code: &'static Code, what: impl Into<String>) -> Self {
        Self {
            code,
            place: None,
            what: what.into(),
            why: code.why.to_owned(),
            fix: code.fix.to_owned(),
            repair: None,
            held: None,
            exit: Exit::Failed,
        }
    }

    /// A failure as a finding.
    pub fn of(code: &'static Code, failure: &Failure) -> Self {
        let mut finding = Self::new(code, failure.what.clone());
        finding.place.clone_from(&failure.place);
        finding.exit = failure.exit;
        if !failure.why.is_empty() {
            finding.why = failure.why.join(": ");
        }
        if let Some(hint) = &failure.hint {
            finding.fix.clone_from(hint);
        }
        finding
    }

    /// Says where.
    pub fn at(mut self, place: impl Into<Option<Place>>) -> Self {
        self.place = place.into();
        self
    }

    /// Says why in words of its own.
    pub fn because(mut self, why: impl Into<String>) -> Self {
        self.why = why.into();
        self
    }

    /// Says what to do in words of its own.
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = fix.into();
        self
    }

    /// Says what `--fix` does.
    pub fn repaired_by(mut self, repair: Repair) -> Self {
        self.repair = Some(repair);
        self
    }

    /// Says that another Compose project holds what is needed.
    pub(super) fn held_by(mut self, held: Option<HeldByProject>) -> Self {
        self.held = held;
        self
    }

    /// A file is what is wrong: exit 4.
    pub fn in_file(mut self) -> Self {
        self.exit = Exit::InvalidFile;
        self
    }

    /// How bad it is.
    pub fn severity(&self) -> Severity {
        self.code.severity
    }

    /// As the last word of a command that it stops.
    pub fn failure(&self) -> Failure {
        let mut failure = Failure::new(self.exit, self.what.clone())
            .because(self.why.clone())
            .hint(self.fix.clone());
        failure.place.clone_from(&self.place);
        failure
    }
}

/// What to do where a variable of the Compose file has to be `value`.
pub(super) fn with_variable(name: &str, value: &str) -> String {
    let up = ShellCommand::assignment(name, value).map(|set| set.syntax("magicctl up"));
    up.map_or_else(
        || format!("set {name} in .env"),
        |up| format!("`{up}`, or the same line in .env"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_volume_says_is_one_value() {
        for (value, fix) in [
            ("abc", "`KAFKA_CLUSTER_ID=abc magicctl up`, or the same line in .env"),
            (
                "a; reboot",
                "`KAFKA_CLUSTER_ID='a; reboot' magicctl up`, or the same line in .env",
            ),
            (
                "`id`",
                "`KAFKA_CLUSTER_ID='`id`' magicctl up`, or the same line in .env",
            ),
            ("a\u{1b}[2J", "set KAFKA_CLUSTER_ID in .env"),
        ] {
            assert_eq!(with_variable("KAFKA_CLUSTER_ID", value), fix);
        }
    }
}
