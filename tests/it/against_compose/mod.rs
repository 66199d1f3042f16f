//! The same done by Docker Compose and by magicctl, on two projects from the same files: what is there afterwards must be the
//! same. Where ours is meant to be better, the step says why.

mod containers;
pub mod corpus;
mod fields;
mod files;
mod flags;
mod help;
mod references;
mod sequence;
mod started;
mod state;
mod verbs;
