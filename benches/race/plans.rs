//! Plans of large stacks, without an engine.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use magicctl::compose::{Request, Stack, load};
use magicctl::ids::ContainerId;
use magicctl::observed::{Container, Health, Network, Observed, State};
use magicctl::plan::{Action, Contents, Plan, UpOptions, up};

use crate::results::{Results, Target};

/// A stack of `count` services, each but the first few with three dependencies.
fn stack(count: usize) -> Stack {
    let mut text = String::from("services:\n");
    for number in 0..count {
        let others: Vec<String> = [1, 2, 7]
            .into_iter()
            .filter_map(|back| number.checked_sub(back))
            .map(|other| format!("s{other}"))
            .collect();
        let _infallible = writeln!(
            text,
            "  s{number}: {{image: redis, depends_on: [{}]}}",
            others.join(", ")
        );
    }
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("compose.yaml"), text).expect("a file");
    let request = Request {
        start_dir: folder.path().to_owned(),
        project_name: Some("p".to_owned()),
        ..Request::default()
    };
    load(&request).expect("a stack")
}

fn images() -> Observed {
    Observed {
        images: [("redis:latest".to_owned(), "sha256:r".to_owned())].into(),
        ..Observed::default()
    }
}

fn planned(stack: &Stack, observed: &Observed) -> Plan {
    let options = UpOptions {
        services: stack.services.keys().cloned().collect::<BTreeSet<_>>(),
        ..UpOptions::default()
    };
    up(stack, observed, &Contents::new(), &options).expect("a plan")
}

/// What is there once `plan` has been carried out.
fn all_there(plan: &Plan) -> Observed {
    let mut there = images();
    for (id, step) in plan.iter() {
        match &step.action {
            Action::CreateNetwork { name, .. } => there.networks.push(Network {
                id: name.to_string(),
                name: name.clone(),
                labels: [(magicctl::labels::PROJECT.to_owned(), "p".to_owned())].into(),
            }),
            Action::CreateContainer { name, labels, .. } => there.containers.push(Container {
                id: ContainerId::new(format!("{:064x}", id.index())),
                name: name.clone(),
                image_id: "sha256:r".to_owned(),
                image: "redis".to_owned(),
                service: step.service.clone(),
                state: State::Running {
                    health: Health::Healthy,
                },
                status: "Up (healthy)".to_owned(),
                labels: labels.clone(),
                ports: Vec::new(),
                addresses: [].into(),
                networks: [].into(),
                volumes: [].into(),
                anonymous_volumes: Vec::new(),
                network_of: None,
                created: 0,
            }),
            _ => {}
        }
    }
    there
}

/// The median of seven.
fn median(mut work: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..7)
        .map(|_| {
            let began = Instant::now();
            work();
            began.elapsed()
        })
        .collect();
    times.sort();
    times[3]
}

/// Times of plans from 10 to 10,000 services.
pub fn race(results: &mut Results) {
    let mut per_service = Vec::new();
    for count in [10, 100, 1000, 10_000] {
        let stack = stack(count);
        let nothing = images();
        let plan = planned(&stack, &nothing);
        let there = all_there(&plan);
        assert!(planned(&stack, &there).steps().is_empty(), "nothing is to be done");
        let from_nothing = median(|| drop(planned(&stack, &nothing)));
        let with_all = median(|| drop(planned(&stack, &there)));
        eprintln!("plan     {count:6} services: {from_nothing:?} from nothing, {with_all:?} with all there");
        per_service.push([from_nothing, with_all].map(|time| time.as_secs_f64() * 1e6 / count as f64));
        if count == 1000 {
            for (what, time) in [
                ("plan of 1,000 services, no containers yet", from_nothing),
                ("plan of 1,000 services, all up to date", with_all),
            ] {
                results.limit("any", what, time.as_secs_f64() * 1000.0, 50.0, "ms");
            }
        }
    }
    let shown = |which: usize| {
        let each = per_service.iter().map(|times| format!("{:.0}", times[which]));
        each.collect::<Vec<_>>().join(", ")
    };
    // Linear: a service costs the same, but for the logarithms of maps and the caches of the processor.
    let growth = |which: usize| per_service[3][which] / per_service[2][which];
    for (which, what) in [
        (
            0,
            "plan, no containers yet: time per service, 10,000 compared with 1,000",
        ),
        (1, "plan, all up to date: time per service, 10,000 compared with 1,000"),
    ] {
        results.target(Target {
            engine: "any".to_owned(),
            what: what.to_owned(),
            wanted: "linear: ≤ 2 ×".to_owned(),
            measured: format!(
                "{:.2} × ({} µs per service for 10, 100, 1,000, 10,000)",
                growth(which),
                shown(which)
            ),
            met: growth(which) <= 2.0,
        });
    }
}
