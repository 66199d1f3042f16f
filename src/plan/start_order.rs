//! The order of starts: dependencies before dependents, otherwise by name.

use std::collections::{BTreeSet, HashSet};

use crate::compose::Stack;
use crate::ids::ServiceName;

/// The services of `selected`, each after what it depends on. The file has no cycle: `compose` refuses one.
pub fn start_order(stack: &Stack, selected: &BTreeSet<ServiceName>) -> Vec<ServiceName> {
    let needs_of = |name: &ServiceName| {
        let service = stack.services.get(name);
        service.into_iter().flat_map(|service| service.depends_on.keys())
    };
    let mut seen: HashSet<&ServiceName> = HashSet::new();
    let mut order = Vec::new();
    for name in selected {
        if !seen.insert(name) {
            continue;
        }
        // Depth first, without recursion: a chain may be as long as the file.
        let mut way = vec![(name, needs_of(name))];
        while let Some((name, needs)) = way.last_mut() {
            if let Some(needed) = needs.next() {
                if selected.contains(needed) && seen.insert(needed) {
                    way.push((needed, needs_of(needed)));
                }
                continue;
            }
            if stack.services.contains_key(*name) {
                order.push((*name).clone());
            }
            way.pop();
        }
    }
    order
}
