//! What would make `up` fail, found beforehand: each check is a function from what was gathered to findings.

mod bind;
mod checklist;
mod collector;
mod config_file;
mod finding;
mod port;
mod port_owner;
mod program;

use std::collections::BTreeSet;
use std::path::Path;

use crate::compose::Stack;
use crate::failure::Failure;
use crate::observed::Observed;

pub use checklist::{Context, run};
pub use collector::unreadable;
pub use config_file::syntax;
pub use finding::{Finding, Severity};
pub use program::Verification;

/// The first thing that would make `up` of `services` fail half-way: a missing bind source, a port that is taken.
/// `socket` is that of an engine on this machine, whose ports and files are ours to look at.
pub fn would_fail(
    stack: &Stack,
    services: &BTreeSet<String>,
    observed: &Observed,
    socket: Option<&Path>,
) -> Option<Failure> {
    socket?;
    let chosen = || services.iter().filter_map(|name| stack.services.get(name));
    chosen()
        .find_map(|service| collector::socket_elsewhere(stack, service, socket))
        .or_else(|| chosen().find_map(|service| bind::missing(stack, service)))
        .or_else(|| chosen().find_map(|service| port::taken(stack, service, observed)))
}
