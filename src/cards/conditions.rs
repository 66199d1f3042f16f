//! Whether what a rule goes by, and what it takes for granted, is so.

use std::path::Path;

use crate::secrets;

use super::fill::Known;
use super::rules::{Condition, When};
use super::symptoms::Symptoms;

impl Symptoms {
    /// Whether `when`, which is not about words, is so.
    pub(super) fn show(&self, when: When) -> bool {
        let ended = self.ended.as_ref();
        let health = self.health.as_ref();
        match when {
            When::AsBefore | When::Says(_) => false,
            When::Exit(codes) => ended.is_some_and(|ended| !ended.oom && codes.contains(&ended.code)),
            When::OutOfMemory { at_limit } => {
                ended.is_some_and(|ended| ended.oom && (self.memory_limit > 0) == at_limit)
            }
            When::Silent => health.is_some_and(|health| health.output.trim().is_empty()),
            When::NoAnswer => health.is_some_and(|health| health.timeout.is_some()),
            When::StepExit(code) => self.step_exit.is_some_and(|exit| code.is_none_or(|code| code == exit)),
            When::DockerfileUnreadable => self.unreadable.is_some(),
        }
    }
}

impl Known<'_> {
    pub(super) fn holds(&self, condition: Condition) -> bool {
        let (symptoms, around) = (self.symptoms, self.around);
        let service = symptoms.service.as_str();
        let open_ports = symptoms.open_ports.as_ref();
        match condition {
            Condition::OfTheSample => around.is_rendered(),
            Condition::Rendered => around.sets_resources(),
            Condition::Recipe => around.has_recipe(service),
            Condition::NoRecipe => around.uses_local_images() && !around.has_recipe(service),
            // A name on Docker Hub without a user's before it is never private.
            Condition::NoLogin => {
                symptoms.has_login == Some(false) && self.image().is_some_and(|image| image.contains('/'))
            }
            Condition::WithLogin => symptoms.has_login == Some(true),
            Condition::NoPort => open_ports.is_some_and(Vec::is_empty),
            Condition::AskedOpen => {
                let asked = self.check_port().and_then(|port| port.parse().ok());
                asked.is_some_and(|asked| open_ports.is_some_and(|open| open.contains(&asked)))
            }
            Condition::FromContext => symptoms.step.as_ref().is_none_or(|step| !step.name.contains("--from=")),
            Condition::Built => around.service(service).is_some_and(|service| service.build.is_some()),
            Condition::InstallsNothing => around.installs_nothing(service),
            Condition::Loki => self.image().is_some_and(|image| image.contains("loki")),
            Condition::HoldsKeys => self
                .caught("path")
                .is_some_and(|path| secrets::are_in(Path::new(&path))),
        }
    }
}
