//! The merged tree as types: every key read or refused.

mod build;
mod file;
mod limits;
mod mount;
mod network;
mod object;
mod port;
mod service;

pub(super) use file::read;
pub(super) use mount::mounts;
pub(super) use port::ports;
