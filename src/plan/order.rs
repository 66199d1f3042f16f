//! The order of starts: dependencies before dependents, otherwise by name.

use std::collections::BTreeSet;

use crate::compose::Stack;

/// The services of `selected`, each after what it depends on. The file has no cycle: `compose` refuses one.
pub fn start_order(stack: &Stack, selected: &BTreeSet<String>) -> Vec<String> {
    fn visit(
        stack: &Stack,
        selected: &BTreeSet<String>,
        name: &str,
        seen: &mut BTreeSet<String>,
        order: &mut Vec<String>,
    ) {
        if !selected.contains(name) || !seen.insert(name.to_owned()) {
            return;
        }
        if let Some(service) = stack.services.get(name) {
            for needed in service.depends_on.keys() {
                visit(stack, selected, needed, seen, order);
            }
            order.push(name.to_owned());
        }
    }
    let mut seen = BTreeSet::new();
    let mut order = Vec::new();
    for name in selected {
        visit(stack, selected, name, &mut seen, &mut order);
    }
    order
}
