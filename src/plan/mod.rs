//! What to do, decided: `Stack` × `Observed` → `Plan`. Pure; nothing here touches the engine.

mod conflict;
mod down;
mod images;
pub mod labels;
mod objects;
mod order;
mod page;
mod spec;
mod step;
mod up;
mod waits;

pub use conflict::name_taken;
pub use down::{DownOptions, down, restart, start, stop};
pub use order::start_order;
pub use page::ReadyPage;
pub use spec::{Contents, Spec, config_hash, mounted_sources, spec};
pub use step::{Action, Plan, Reason, Step, StepId, Target, Until, Which};
pub use up::{UpOptions, up};

#[cfg(test)]
mod tests;
