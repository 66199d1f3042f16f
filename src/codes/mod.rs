//! The one table of what can be wrong: each finding of `check` and each failure at run time has a code here, with the long
//! text that `magicctl explain CODE` prints and that makes `docs/errors.md`.
//!
//! A code is for ever: it may go out of use, but never means another thing. Ranges: `MC1xx` the project's own files, `MC2xx`
//! what configures the stack, `MC3xx` the engine and its contents, `MC5xx` failures at run time.

mod config;
mod machine;
mod page;
mod project;
mod run;

use std::fmt;

use serde::{Serialize, Serializer};

use crate::nearest::nearest;

pub use config::*;
pub use machine::*;
pub use page::{json, markdown, text};
pub use project::*;
pub use run::*;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing; shown with `-v`.
    Note,
    /// `up` works, but look at it.
    Warning,
    /// `up` fails, or what it starts does not work.
    Error,
}

/// One thing that can be wrong. Only the table makes one: fields are private to it. The texts are Markdown, each paragraph one
/// line.
pub struct Code {
    /// `MC101`.
    pub id: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in a few words.
    pub title: &'static str,
    /// What that means, or why it matters, in one line: lower case, no full stop.
    pub why: &'static str,
    /// What to do, in one line of the same form.
    pub fix: &'static str,
    /// What `explain` adds to `why`: whole sentences.
    more_why: &'static str,
    /// What `explain` adds to `fix`: whole sentences.
    more_fix: &'static str,
    /// What one sees, or how the right thing is written: printed as it is.
    example: &'static str,
}

/// In JSON and in a debugger a code is its id.
impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}

impl PartialEq for Code {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Code {}

impl Severity {
    /// As it is printed: `error`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A part of the table: each code as a static of its own, and all of them in order.
macro_rules! codes {
    ($all:ident; $($name:ident: Code {
        id: $id:literal,
        severity: $severity:expr,
        title: $title:literal,
        why: $why:literal,
        $(more_why: $more_why:literal,)?
        fix: $fix:literal,
        $(more_fix: $more_fix:literal,)?
        example: $example:literal,
    })*) => {
        $(
            #[doc = concat!("`", stringify!($name), "`, as its title says.")]
            pub static $name: Code = Code {
                id: $id,
                severity: $severity,
                title: $title,
                why: $why,
                fix: $fix,
                more_why: concat!($($more_why)?),
                more_fix: concat!($($more_fix)?),
                example: $example,
            };
        )*
        pub(super) static $all: &[&Code] = &[$(&$name),*];
    };
}
use codes;

/// Every code, in order.
pub fn all() -> impl Iterator<Item = &'static Code> {
    [project::ALL, config::ALL, machine::ALL]
        .into_iter()
        .chain(run::PARTS)
        .flatten()
        .copied()
}

/// The code that `typed` names, in any case and with or without `MC`.
pub fn find(typed: &str) -> Option<&'static Code> {
    let wanted = normal(typed);
    all().find(|code| code.id == wanted)
}

/// The code most like `typed`, when there is none of that name.
pub fn similar(typed: &str) -> Option<&'static str> {
    nearest(&normal(typed), all().map(|code| code.id))
}

fn normal(typed: &str) -> String {
    let upper = typed.trim().to_uppercase();
    if upper.starts_with(|c: char| c.is_ascii_digit()) {
        format!("MC{upper}")
    } else {
        upper
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_code_is_well_formed_and_there_once() {
        let ids: Vec<&str> = all().map(|code| code.id).collect();
        let sorted: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids, sorted.into_iter().collect::<Vec<_>>());
        for code in all() {
            let digits = code.id.strip_prefix("MC").unwrap();
            assert!(digits.len() == 3 && digits.parse::<u16>().is_ok(), "{}", code.id);
            for line in [code.title, code.why, code.fix] {
                assert!(!line.is_empty() && !line.contains('\n'), "{}: {line}", code.id);
                assert!(!line.ends_with(['.', ';', ' ']), "{}: {line}", code.id);
            }
            for sentences in [code.more_why, code.more_fix] {
                let ends = sentences.trim_end_matches(['`', ')']).ends_with('.');
                assert!(sentences.is_empty() || ends, "{}: {sentences}", code.id);
            }
            assert!(!code.example.trim().is_empty(), "{} lacks its example", code.id);
        }
    }

    #[test]
    fn a_code_is_found_however_it_is_typed() {
        for typed in ["MC101", "mc101", "101", " Mc101 "] {
            assert_eq!(find(typed).map(|code| code.id), Some("MC101"), "{typed}");
        }
        assert_eq!(find("MC000"), None);
        assert!(similar("MC10l").is_some());
        assert_eq!(similar("nothing-like-it"), None);
    }

    /// `MAGICCTL_WRITE_DOCS=1 cargo test --lib codes` writes it.
    #[test]
    fn the_page_in_docs_is_current() {
        crate::docs_tests::is_current("docs/errors.md", &markdown(), "--lib codes");
    }
}
