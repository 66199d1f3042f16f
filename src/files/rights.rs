//! Whose a file is and who may do what with it.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;

use super::Kind;

/// What the system says of a file or folder beside what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rights {
    /// What it is.
    pub kind: Kind,
    /// The rights of its owner, its group and others: `0o644`.
    pub mode: u32,
    /// The number of the user that it belongs to.
    pub owner: u32,
    /// The number of the group that it belongs to.
    pub group: u32,
    /// When its content was changed, in nanoseconds since 1970.
    pub changed_at: i64,
    /// How many names (hard links) it has.
    pub names: u64,
}

impl From<Metadata> for Rights {
    fn from(about: Metadata) -> Self {
        Self {
            kind: Kind::of(about.file_type()),
            mode: about.mode() & 0o7777,
            owner: about.uid(),
            group: about.gid(),
            changed_at: about
                .mtime()
                .saturating_mul(1_000_000_000)
                .saturating_add(about.mtime_nsec()),
            names: about.nlink(),
        }
    }
}
