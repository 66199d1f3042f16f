//! What people who know Docker Compose type: its commands over the same layers, each with its flags in one file.

pub(crate) mod create;
pub(crate) mod scale;
