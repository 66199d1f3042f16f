//! What would make `up` fail, found beforehand: each check is a function from what was gathered to findings.

mod addresses;
mod checklist;
mod collector;
mod compose;
mod config;
mod copies;
mod dockerfile;
mod engine;
mod engine_state;
mod finding;
mod gather;
mod keys;
mod lookup;
mod name;
mod port;
mod port_owner;
mod project;
mod proxy;
mod remains;
mod repair;
mod requirements;
mod run;
mod table;
#[cfg(test)]
mod tests;
mod text;

pub use checklist::{Item, ItemState};
pub use config::verify;
pub use engine_state::EngineState;
pub use finding::{CheckResult, Finding};
pub use project::Project;
pub use proxy::{ProxyConfig, schema as proxy_schema};
pub use repair::Repair;
pub use run::{LookedAt, Options, Report, Took, newer, quick, run};
pub use table::Group;
