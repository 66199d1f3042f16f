//! Where the two readings differ, and why that is right.

/// In what way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Differs {
    OnlyWeRefuse,
    OnlyTheyRefuse,
}

/// Case, way, reason.
pub const DIFFERENCES: &[(&str, Differs, &str)] = &[
    (
        "units/size-1e3.yaml",
        Differs::OnlyWeRefuse,
        "a size written as a number with a fraction or an exponent (`mem_limit: 1e3`): Compose silently takes it for no limit at all",
    ),
    (
        "yaml/escaped-slash.yaml",
        Differs::OnlyTheyRefuse,
        "`\\/` in double quotes: part of YAML 1.2 (so that JSON is YAML), unknown to Compose's parser",
    ),
    (
        "yaml/tabs-after-values.yaml",
        Differs::OnlyWeRefuse,
        "a tab instead of a space behind a key's colon: refused at its place by our parser",
    ),
];

/// The table's line about `case`.
pub fn of(case: &str) -> Option<Differs> {
    let line = DIFFERENCES.iter().find(|(name, ..)| *name == case);
    line.map(|(_, differs, _)| *differs)
}
