//! Whatever state each container was left in, one plan leads to what is wanted, and the next one has nothing to do.

use super::*;

#[test]
fn every_state_converges() {
    type Spoil = fn(&mut Observed, &str);
    let spoils: [Spoil; 11] = [
        |_, _| {},
        |observed, service| {
            let id = of(observed, service).id.clone();
            observed.containers.retain(|container| container.id != id);
        },
        |observed, service| of(observed, service).state = State::Created,
        |observed, service| of(observed, service).state = State::Exited { code: 0 },
        |observed, service| of(observed, service).state = State::Exited { code: 137 },
        |observed, service| of(observed, service).state = State::Paused,
        |observed, service| of(observed, service).state = State::Restarting,
        |observed, service| of(observed, service).state = State::Dead,
        |observed, service| {
            of(observed, service).state = State::Running {
                health: Health::Unhealthy,
            }
        },
        // A replacement that was cut off: before the old one was removed, and before the new one got its name.
        |observed, service| {
            let mut new = of(observed, service).clone();
            new.name = format!("tmp_{}", new.name);
            new.id = ContainerId::new(format!("new-{}", new.id));
            new.state = State::Created;
            of(observed, service)
                .labels
                .insert(labels::SPEC.to_owned(), r#"{"environment.A":"old"}"#.to_owned());
            observed.containers.push(new);
        },
        |observed, service| {
            let container = of(observed, service);
            container.name = format!("tmp_{}", container.name);
            container.state = State::Created;
        },
    ];
    for (a, first) in spoils.iter().enumerate() {
        for (b, second) in spoils.iter().enumerate() {
            let (stack, mut observed) = running();
            first(&mut observed, "app");
            second(&mut observed, "kafka");
            let plan = planned(&stack, &observed);
            play(&stack, &plan, &mut observed);
            assert_eq!(
                names(&observed),
                ["p-app-1", "p-kafka-1", "p-redis-1"],
                "app {a}, kafka {b}"
            );
            assert!(
                observed.containers.iter().all(Container::is_running),
                "app {a}, kafka {b}"
            );
            assert_eq!(
                told(&planned(&stack, &observed)),
                Vec::<String>::new(),
                "app {a}, kafka {b}"
            );
        }
    }
}

#[test]
fn of_two_that_are_as_wanted_the_running_one_stays() {
    let (stack, mut observed) = running();
    let mut other = of(&mut observed, "redis").clone();
    other.id = ContainerId::new("000other");
    other.name = "a_p-redis-1".to_owned();
    other.state = State::Created;
    observed.containers.insert(0, other);
    insta::assert_snapshot!(shown(&planned(&stack, &observed)), @r"
    STEP  SERVICE  ACTION            TARGET       AFTER  WHY
    0     redis    remove container  a_p-redis-1         left over from an interrupted replacement
    ");
}
