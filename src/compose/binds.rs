//! Questions that checks ask of a stack.

use crate::failure::Place;

use super::model::{MountKind, Service, Stack, Written};

impl Stack {
    /// The bind mounts of `service` with where each was written, when the file says.
    pub fn binds_of<'s>(&'s self, service: &'s Service) -> impl Iterator<Item = (&'s str, Option<Place>)> {
        let places = self.places.mounts.get(&service.name);
        service
            .volumes
            .iter()
            .enumerate()
            .filter(|(_, mount)| mount.kind == MountKind::Bind)
            .filter_map(move |(index, mount)| {
                let place = places.and_then(|places| places.get(index)).map(Written::place);
                Some((mount.source.as_deref()?, place))
            })
    }

    /// The variable of the file that moves a host port of `service`, the one at `index` of its ports.
    pub fn port_variable(&self, service: &Service, index: usize) -> Option<&str> {
        let port = service.ports.get(index)?.published.as_deref();
        let names = self.places.ports.get(&service.name)?.get(index)?.variables();
        let mut variables = self.interpolation.iter();
        let variable = variables.find(|it| it.value.as_deref() == port && names.contains(it.name.as_str()))?;
        Some(&variable.name)
    }
}
