//! What would make `up` fail, found beforehand: each check is a function from what was gathered to findings.

mod bind;
mod checklist;
mod finding;
mod port;
mod port_owner;

use std::collections::BTreeSet;

use crate::compose::Stack;
use crate::failure::Failure;
use crate::observed::Observed;

pub use checklist::{Context, run};
pub use finding::{Finding, Severity};

/// The first thing that would make `up` of `services` fail half-way: a missing bind source, a port that is taken.
/// `local`: the engine is on this machine, so its ports and files are ours to look at.
pub fn would_fail(stack: &Stack, services: &BTreeSet<String>, observed: &Observed, local: bool) -> Option<Failure> {
    if !local {
        return None;
    }
    let chosen = || services.iter().filter_map(|name| stack.services.get(name));
    chosen()
        .find_map(|service| bind::missing(stack, service))
        .or_else(|| chosen().find_map(|service| port::taken(stack, service, observed)))
}
