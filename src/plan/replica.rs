//! The containers of one service: which of those that are there stay, and under which numbers others are made.

use std::collections::BTreeMap;

use crate::compose::{MOST_REPLICAS, Service, Stack};
use crate::failure::Failure;
use crate::observed::Container;

use super::reason::Reason;

/// Whether a container is up to date, and if not, why not.
pub(super) enum Fit {
    AsWanted,
    Differs(Reason),
}

/// The containers of one number, the one to keep first.
pub(super) type Candidates<'a> = Vec<(&'a Container, Fit)>;

/// The `count` numbers that a service has in the end. Those that are there stay, containers up to date before others and low
/// numbers before high; what is missing takes the lowest free numbers.
pub(super) fn numbers(there: &BTreeMap<u32, Candidates<'_>>, count: u32) -> Vec<u32> {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let outdated = |candidates: &Candidates<'_>| !matches!(candidates.first(), Some((_, Fit::AsWanted)));
    let mut stay: Vec<(bool, u32)> = there
        .iter()
        .map(|(number, candidates)| (outdated(candidates), *number))
        .collect();
    stay.sort_unstable();
    let mut numbers: Vec<u32> = stay.into_iter().take(count).map(|(_, number)| number).collect();
    let missing = count - numbers.len();
    let free: Vec<u32> = (1..)
        .filter(|number| !there.contains_key(number))
        .take(missing)
        .collect();
    numbers.extend(free);
    numbers.sort_unstable();
    numbers
}

/// More containers than one service may have, however that was asked for.
pub(super) fn refuse_too_many(stack: &Stack, service: &Service, count: u32) -> Result<(), Failure> {
    if count <= MOST_REPLICAS {
        return Ok(());
    }
    let failure = Failure::invalid(format!("{} can't have {count} containers", service.name))
        .because(format!("a service can have at most {MOST_REPLICAS}"));
    Err(failure.at(stack.places.services.get(&service.name).cloned()))
}

/// Several containers of a service can't share what only one can have.
pub(super) fn refuse_sharing(stack: &Stack, service: &Service, count: u32) -> Result<(), Failure> {
    if count < 2 {
        return Ok(());
    }
    let name = &service.name;
    let cant = |what: String, hint: String| {
        let failure = Failure::invalid(format!("{name} can't have {count} containers"))
            .because(what)
            .hint(hint);
        Err(failure.at(stack.places.services.get(name).cloned()))
    };
    if let Some(fixed) = &service.container_name {
        return cant(
            format!("its container_name is {fixed}, and names are unique"),
            format!(
                "remove container_name: the containers are then named {}-{name}-1 and so on",
                stack.name
            ),
        );
    }
    let fixed_port = |published: &str| published.parse::<u16>().ok().filter(|port| *port != 0);
    let port = service
        .ports
        .iter()
        .find_map(|port| Some((fixed_port(port.published.as_deref()?)?, port.target)));
    if let Some((published, target)) = port {
        let range = u32::from(published)
            .checked_add(count - 1)
            .filter(|last| u16::try_from(*last).is_ok())
            .map(|last| format!("publish a range (`{published}-{last}:{target}`), or "));
        return cant(
            format!("its port {target} is published on host port {published}, which only one container can use"),
            format!("{}remove the host port (`{target}`)", range.unwrap_or_default()),
        );
    }
    let address = service.networks.iter().find_map(|(key, attachment)| {
        Some((
            key,
            attachment
                .as_ref()?
                .ipv4_address
                .as_ref()
                .or(attachment.as_ref()?.ipv6_address.as_ref())?,
        ))
    });
    if let Some((network, address)) = address {
        return cant(
            format!("it has the fixed address {address} in the network {network}"),
            "remove the address: the service's name resolves to all of its containers".to_owned(),
        );
    }
    Ok(())
}
