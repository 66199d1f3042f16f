//! What a plan may come to: each container of a service waits for each of its dependencies', and carries all labels.

use crate::compose::{Service, Stack};
use crate::failure::Failure;

use super::spec::Spec;

/// Most bytes that the containers' labels and waits of a plan come to: 1,000 containers that wait for 1,000 are half of it.
const MOST: usize = 64 << 20;
/// What one container's waiting for another takes, in the plan and in its schedule.
const BYTES_A_WAIT: usize = 32;

/// What a label takes beside its text.
const BYTES_A_LABEL: usize = 64;

/// Counts what a plan comes to.
#[derive(Debug, Default)]
pub(super) struct Weight {
    bytes: usize,
}

/// What one more container of a service comes to.
#[derive(Debug, Clone, Copy)]
pub(super) struct OfContainer {
    /// How many steps it waits for.
    pub waits: usize,
    /// Bytes of its labels.
    pub labels: usize,
}

impl OfContainer {
    /// Of a container of `service`, made from `spec`.
    pub(super) fn of(service: &Service, spec: &Spec, waits: usize) -> Self {
        let labels = service.labels.iter().map(|(name, value)| name.len() + value.len());
        // The spec is one label, with a hash for each field.
        let fields = spec.iter().map(|(field, hash)| field.len() + hash.len());
        Self {
            waits,
            labels: labels.chain(fields).map(|bytes| bytes + BYTES_A_LABEL).sum(),
        }
    }
}

impl Weight {
    /// Counts `count` containers of `service`.
    pub(super) fn add(
        &mut self,
        stack: &Stack,
        service: &Service,
        count: usize,
        each: OfContainer,
    ) -> Result<(), Failure> {
        let bytes = each.waits.saturating_mul(BYTES_A_WAIT).saturating_add(each.labels);
        self.bytes = self.bytes.saturating_add(bytes.saturating_mul(count));
        if self.bytes <= MOST {
            return Ok(());
        }
        let failure = Failure::invalid(format!("{count} containers of {} are too many", service.name))
            .because(format!(
                "each waits for {} steps and has {} bytes of labels, together more than {} MB",
                each.waits,
                each.labels,
                MOST >> 20
            ))
            .hint("use fewer containers of this service, or of its dependencies");
        Err(failure.at(stack.places.services.get(&service.name).cloned()))
    }
}
