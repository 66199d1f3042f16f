//! What people who know Docker Compose type: its commands over the same layers, each with its flags in one file.

pub(crate) mod attach;
pub(crate) mod build;
pub(crate) mod compose_help;
pub(crate) mod cp;
pub(crate) mod create;
pub(crate) mod events;
pub(crate) mod images;
mod joined;
pub(crate) mod kill;
pub(crate) mod ls;
mod packed;
pub(crate) mod pause;
pub(crate) mod port;
pub(crate) mod project_containers;
pub(crate) mod ps;
pub(crate) mod pull;
pub(crate) mod push;
pub(crate) mod rm;
pub(crate) mod run;
pub(crate) mod scale;
mod signal;
pub(crate) mod stats;
pub(crate) mod top;
mod unpacked;
pub(crate) mod version;
pub(crate) mod volumes;
pub(crate) mod wait;
