//! Questions that checks ask of a stack.

use super::model::{MountKind, Service, Stack};

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
