//! A plan as it is announced before it is carried out.

use crate::event::PlannedStep;
use crate::plan::Plan;

/// The steps of `plan`, in events and as `plan` prints them.
pub fn announced(plan: &Plan) -> Vec<PlannedStep> {
    plan.iter()
        .map(|(id, step)| PlannedStep {
            step: id.index(),
            service: step.service.clone(),
            action: step.action.verb(),
            target: step.action.target().to_owned(),
            reason: step.reason.to_string(),
            needs: step.needs.iter().chain(&step.after).map(|need| need.index()).collect(),
        })
        .collect()
}
