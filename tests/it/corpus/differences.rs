//! Where the two readings differ, and why that is right.

/// In what way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Differs {
    OnlyWeRefuse,
    OnlyTheyRefuse,
}

impl Differs {
    /// As the page says it.
    pub fn words(self) -> &'static str {
        match self {
            Self::OnlyWeRefuse => "refused by magicctl only",
            Self::OnlyTheyRefuse => "refused by Compose only",
        }
    }
}

/// Case, way, reason.
pub const DIFFERENCES: &[(&str, Differs, &str)] = &[
    (
        "units/size-1e3.yaml",
        Differs::OnlyWeRefuse,
        "a size with a fraction or an exponent (`mem_limit: 1e3`): Compose silently applies no limit",
    ),
    (
        "yaml/escaped-slash.yaml",
        Differs::OnlyTheyRefuse,
        "`\\/` in double quotes: part of YAML 1.2 (so that JSON is YAML), but unknown to Compose's parser",
    ),
    (
        "yaml/tabs-after-values.yaml",
        Differs::OnlyWeRefuse,
        "a tab instead of a space after a key's colon: magicctl's parser refuses it, with the place",
    ),
];

/// The table's line about `case`.
pub fn of(case: &str) -> Option<Differs> {
    let line = DIFFERENCES.iter().find(|(name, ..)| *name == case);
    line.map(|(_, differs, _)| *differs)
}
