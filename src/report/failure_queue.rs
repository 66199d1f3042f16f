//! Which failure is reported when: a root cause before what only follows from it, and that in one line.

use std::collections::{BTreeMap, BTreeSet};

use crate::failure::Failure;
use crate::ids::ServiceName;

/// The failures of a command on their way to the user.
#[derive(Debug, Default)]
pub struct FailureQueue {
    /// Services that are over: whether they failed.
    over: BTreeMap<ServiceName, bool>,
    /// Failures that another service, not over yet, may explain.
    held: Vec<Failure>,
    /// Who only follows from whom.
    follows: BTreeMap<String, BTreeSet<ServiceName>>,
}

impl FailureQueue {
    /// `service` is ready. Gives what may be told now.
    pub fn well(&mut self, service: &ServiceName) -> Vec<Failure> {
        self.over.insert(service.clone(), false);
        self.release(false)
    }

    /// A failure. Gives what may be told now, in order.
    pub fn failed(&mut self, failure: Failure) -> Vec<Failure> {
        if let Some(service) = &failure.service {
            self.over.insert(service.clone(), true);
        }
        self.held.push(failure);
        self.release(false)
    }

    /// `service` was left out because `root` failed.
    pub fn left_out(&mut self, service: &ServiceName, root: &str) {
        self.follows.entry(root.to_owned()).or_default().insert(service.clone());
    }

    /// Nothing more will come. Gives what is left to tell, and for each root who only follows from it.
    pub fn end(&mut self) -> (Vec<Failure>, Vec<(String, Vec<ServiceName>)>) {
        let mut told = self.release(false);
        told.extend(self.release(true));
        let follows = std::mem::take(&mut self.follows);
        let follows = follows
            .into_iter()
            .map(|(root, services)| (root, services.into_iter().collect()))
            .collect();
        (told, follows)
    }

    /// What no service that is still on its way can explain; with `all`, whatever is held.
    fn release(&mut self, all: bool) -> Vec<Failure> {
        let mut told = Vec::new();
        let mut kept = Vec::new();
        for failure in std::mem::take(&mut self.held) {
            let root = failure.blames.iter().find(|name| self.over.get(*name) == Some(&true));
            if let (Some(root), Some(service)) = (root, &failure.service) {
                // Two that blame each other are both told.
                let mutual = self
                    .follows
                    .get(service.as_str())
                    .is_some_and(|services| services.contains(root));
                if !mutual {
                    self.follows
                        .entry(root.to_string())
                        .or_default()
                        .insert(service.clone());
                    continue;
                }
            }
            let open = failure.blames.iter().any(|name| !self.over.contains_key(name));
            if open && !all {
                kept.push(failure);
            } else {
                told.push(failure);
            }
        }
        self.held = kept;
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(service: &str, blames: &[&str]) -> Failure {
        let mut failure = Failure::failed(format!("{service} failed")).of(&service.into());
        failure.blames = blames.iter().map(|name| ServiceName::new(*name)).collect();
        failure
    }

    fn names(failures: &[Failure]) -> Vec<&str> {
        failures
            .iter()
            .filter_map(|failure| Some(failure.service.as_ref()?.as_str()))
            .collect()
    }

    #[test]
    fn a_failure_that_another_may_explain_waits_for_it() {
        let mut order = FailureQueue::default();
        assert!(order.failed(failure("app", &["kafka"])).is_empty());
        assert_eq!(names(&order.failed(failure("kafka", &[]))), ["kafka"]);
        order.left_out(&"grafana".into(), "kafka");
        let (told, follows) = order.end();
        assert!(told.is_empty());
        assert_eq!(follows, [("kafka".to_owned(), vec!["app".into(), "grafana".into()])]);
    }

    #[test]
    fn what_nobody_explains_is_told_at_once_or_when_the_other_is_well() {
        let mut order = FailureQueue::default();
        assert_eq!(names(&order.failed(failure("redis", &[]))), ["redis"]);
        assert!(order.failed(failure("app", &["kafka"])).is_empty());
        assert_eq!(names(&order.well(&"kafka".into())), ["app"]);
        // Not even begun, as it belongs to no plan: told at the end.
        assert!(order.failed(failure("promtail", &["loki"])).is_empty());
        assert_eq!(names(&order.end().0), ["promtail"]);
    }

    #[test]
    fn two_that_blame_each_other_are_not_both_hidden() {
        let mut order = FailureQueue::default();
        assert!(order.failed(failure("a", &["b"])).is_empty());
        assert_eq!(names(&order.failed(failure("b", &["a"]))), ["b"]);
    }
}
