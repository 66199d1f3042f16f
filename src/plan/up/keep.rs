//! A container that stays: renamed, started, restarted or let go on, as its state asks for.

use crate::compose::Service;
use crate::observed::{Container, Health, State};
use crate::plan::reason::Reason;
use crate::plan::step::{Action, StepId, Target, Which};

use super::{Planned, Planner, Standing};

impl<'a> Planner<'a> {
    pub(super) fn keep(
        &mut self,
        service: &'a Service,
        container: &Container,
        name: &str,
        gone: Vec<StepId>,
        planned: &mut Planned,
    ) {
        let target = Target {
            name: name.to_owned(),
            which: Which::Id(container.id.clone()),
        };
        let mut needs = gone;
        needs.extend(self.joined.get(&container.id).into_iter().flatten());
        needs.extend(service.networks.keys().filter_map(|key| self.networks.get(key)));
        if container.name != name {
            let action = Action::RenameContainer {
                container: target.clone(),
                name: name.to_owned(),
            };
            let reason = Reason::StillNamed(container.name.clone());
            needs = vec![self.plan.push(Some(&service.name), action, reason, needs)];
        }
        let standing = match container.state {
            State::Running {
                health: Health::Healthy | Health::None,
            } => match self.restarted_dependency(service) {
                Some((dependency, steps)) => {
                    let action = Action::RestartContainer {
                        container: target.clone(),
                        timeout: self.options.timeout,
                    };
                    let reason = Reason::RestartsWith(dependency);
                    needs.extend(steps);
                    let step = self.plan.push(Some(&service.name), action, reason, needs);
                    planned.started.push(step);
                    Standing::Pending(Some(step))
                }
                // That it runs says nothing yet.
                None if container.state == (State::Running { health: Health::None })
                    && (planned.page.is_some() || container.up_for() < planned.settle) =>
                {
                    Standing::Pending(None)
                }
                None => Standing::Ready,
            },
            State::Running { .. } | State::Restarting => Standing::Pending(None),
            State::Paused if self.options.no_start => Standing::Pending(None),
            State::Paused => {
                let action = Action::UnpauseContainer {
                    container: target.clone(),
                };
                let step = self.plan.push(Some(&service.name), action, Reason::Paused, needs);
                planned.started.push(step);
                Standing::Pending(Some(step))
            }
            State::Exited { code: 0 } if self.runs_to_completion(&service.name) => Standing::Completed,
            State::Exited { code } => self.start(service, &target, Reason::Exited(code), needs, planned),
            State::Created | State::Dead | State::Removing => {
                self.start(service, &target, Reason::NeverStarted, needs, planned)
            }
        };
        planned.containers.push((target, standing));
    }
}
