//! What to do, decided: `Stack` × `Observed` → `Plan`. Pure; nothing here touches the engine.

mod step;

pub use step::{Action, Plan, Reason, Step, StepId, Target, Until, Which};
