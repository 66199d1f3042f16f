//! What only shows in the whole: cycles, dependencies on what is not enabled, services without an image.

use std::collections::BTreeSet;

use crate::failure::Failure;

use super::model::{MountKind, Service, Stack};

/// Checks the enabled services; drops dependencies that are not required and not enabled.
pub(super) fn check(stack: &mut Stack) -> Result<(), Failure> {
    let enabled: BTreeSet<String> = stack.services.keys().cloned().collect();
    for service in stack.services.values_mut() {
        service
            .depends_on
            .retain(|name, dependency| dependency.required || enabled.contains(name));
        implied(service);
    }
    for (name, service) in &stack.services {
        let wrong = |why: String| {
            let failure = Failure::invalid(format!("services.{name}: {why}"));
            match stack.places.services.get(name) {
                Some(place) => failure.at(place.clone()),
                None => failure,
            }
        };
        if service.image.is_none() && service.build.is_none() {
            return Err(wrong("it has neither `image` nor `build`".to_owned()).hint("name the image that it runs"));
        }
        if service.container_name.is_some() && service.replicas() > 1 {
            return Err(wrong(format!(
                "{} containers can't share one container_name",
                service.replicas()
            ))
            .hint("leave container_name out"));
        }
        if let Some(other) = service
            .depends_on
            .keys()
            .find(|other| stack.disabled.contains_key(*other))
        {
            let profiles = stack.disabled[other].profiles.join(", ");
            return Err(
                wrong(format!("it depends on {other}, which is not enabled")).hint(format!(
                    "enable its profile (--profile {profiles}), or say `required: false`"
                )),
            );
        }
    }
    refuse_shared_names(stack)?;
    refuse_cycles(stack)
}

/// Living in another's namespace or using its volumes means depending on it.
fn implied(service: &mut Service) {
    let started = super::model::Dependency {
        condition: super::model::Condition::ServiceStarted,
        restart: true,
        required: true,
    };
    let shared: Vec<String> = [&service.network_mode, &service.ipc, &service.pid]
        .into_iter()
        .filter_map(|mode| Some(mode.as_deref()?.strip_prefix("service:")?.to_owned()))
        .collect();
    let used = service
        .volumes_from
        .iter()
        .filter(|from| !from.starts_with("container:"))
        .chain(&service.links)
        .map(|text| text.split(':').next().unwrap_or(text).to_owned());
    for name in used.chain(shared) {
        service.depends_on.entry(name).or_insert_with(|| started.clone());
    }
}

fn refuse_shared_names(stack: &Stack) -> Result<(), Failure> {
    let mut seen = std::collections::BTreeMap::new();
    for (name, service) in &stack.services {
        let Some(container) = &service.container_name else {
            continue;
        };
        if let Some(other) = seen.insert(container, name) {
            return Err(Failure::invalid(format!(
                "services {other} and {name} have the same container_name {container}"
            ))
            .hint("give each its own, or leave container_name out"));
        }
    }
    Ok(())
}

fn refuse_cycles(stack: &Stack) -> Result<(), Failure> {
    fn visit<'s>(
        stack: &'s Stack,
        name: &'s str,
        path: &mut Vec<&'s str>,
        done: &mut BTreeSet<&'s str>,
    ) -> Option<Vec<&'s str>> {
        if let Some(start) = path.iter().position(|other| *other == name) {
            let mut cycle = path[start..].to_vec();
            cycle.push(name);
            return Some(cycle);
        }
        if done.contains(name) {
            return None;
        }
        path.push(name);
        let dependencies = stack
            .services
            .get(name)
            .into_iter()
            .flat_map(|service| service.depends_on.keys());
        for next in dependencies {
            if let Some(cycle) = visit(stack, next, path, done) {
                return Some(cycle);
            }
        }
        path.pop();
        done.insert(name);
        None
    }
    let mut done = BTreeSet::new();
    for name in stack.services.keys() {
        if let Some(cycle) = visit(stack, name, &mut Vec::new(), &mut done) {
            let failure = Failure::invalid(format!(
                "services depend on each other in a circle: {}",
                cycle.join(" → ")
            ))
            .hint("take one of these dependencies out");
            return Err(match stack.places.services.get(cycle[0]) {
                Some(place) => failure.at(place.clone()),
                None => failure,
            });
        }
    }
    Ok(())
}

impl Stack {
    /// The bind mounts of `service` with where each was written, when the file says.
    pub fn binds_of<'s>(
        &'s self,
        service: &'s Service,
    ) -> impl Iterator<Item = (&'s str, Option<crate::failure::Place>)> {
        let places = self.places.mounts.get(&service.name);
        service
            .volumes
            .iter()
            .enumerate()
            .filter(|(_, mount)| mount.kind == MountKind::Bind)
            .filter_map(move |(index, mount)| {
                let place = places.and_then(|places| places.get(index)).cloned();
                Some((mount.source.as_deref()?, place))
            })
    }
}
