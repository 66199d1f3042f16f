//! What to do, decided: `Stack` × `Observed` → `Plan`. Pure; nothing here touches the engine.

mod down;
mod fetch;
mod images;
pub mod labels;
mod lifecycle;
mod objects;
mod once;
mod options;
mod page;
mod reason;
mod replica;
mod scope;
mod settle;
mod spec;
mod start_order;
mod step;
mod summary;
mod text;
mod up;
mod waits;
mod weight;

pub use down::{DownOptions, Images, InFile, down};
pub use fetch::{PullOptions, build, pull, push};
pub use lifecycle::{kill, pause, remove, restart, start, stop, unpause};
pub use once::run;
pub use options::{Once, Pull, Recreate, UpOptions};
pub use reason::Reason;
pub use scope::Scope;
pub use settle::settle_of;
pub use spec::{Contents, Spec, mounted_sources, spec};
pub use start_order::start_order;
pub use step::{Action, Plan, Step, StepId, Target, Which};
pub use summary::{Row, rows, total};
pub use up::up;

pub use crate::verdict::Until;

#[cfg(test)]
mod tests;
