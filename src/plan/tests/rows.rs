//! What `plan` shows.

use super::*;
use crate::plan::{Row, rows, total};

fn shown(rows: &[Row]) -> Vec<String> {
    rows.iter()
        .map(|row| format!("{} {} {}: {}", row.verb, row.noun, row.target, row.reason))
        .collect()
}

#[test]
fn a_replaced_container_is_one_row() {
    let before = stack("services: {a: {image: redis}, b: {image: redis, depends_on: [a]}, gone: {image: redis}}\n");
    let mut observed = images();
    let plan = planned(&before, &observed);
    assert_eq!(total(&rows(&plan)), "create 1 network, create 3 containers");
    play(&before, &plan, &mut observed);

    let after = stack("services: {a: {image: redis, environment: {A: x}}, b: {image: redis, depends_on: [a]}}\n");
    let asked = UpOptions {
        remove_orphans: true,
        ..options(&after)
    };
    let plan = up(&after, &observed, &Contents::new(), &asked).unwrap();
    assert!(plan.steps().len() > 6, "{:?}", told(&plan));
    let rows = rows(&plan);
    assert_eq!(
        shown(&rows),
        [
            "replace container p-a-1: environment.A added",
            "remove container p-gone-1: it is no longer in the Compose file",
        ]
    );
    assert_eq!(total(&rows), "replace 1 container, remove 1 container");
}
