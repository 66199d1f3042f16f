//! Plans without an engine: what a plan does to what exists is played on plain values.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::compose::{self, Stack, network_hash};
use crate::conflict::{NamedBy, name_taken};
use crate::failure::Failure;
use crate::labels;
use crate::observed::{Container, Health, Network, Observed, State, Volume};

use super::{
    Action, Contents, DownOptions, InFile, Plan, Scope, StepId, Target, UpOptions, Which, down, kill, pause, remove,
    restart, start, stop, up,
};

mod asked;
mod bounds;
mod image_names;
mod rows;
mod several;
mod states;

/// Reads `services` (YAML) of a project called `p`.
fn stack(services: &str) -> Stack {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("compose.yaml"), services).unwrap();
    std::fs::write(folder.path().join(".env"), "KEY=one\nOTHER_KEY=two\nGREET=hey\n").unwrap();
    let request = compose::Request {
        start_dir: folder.path().to_owned(),
        project_name: Some("p".to_owned()),
        ..compose::Request::default()
    };
    compose::load(&request).unwrap()
}

const CORE: &str = "services:\n  app:\n    build: .\n    depends_on: {kafka: {condition: service_healthy}, redis: {condition: service_healthy}}\n    \
    environment: {A: '1'}\n  kafka: {image: kafka, volumes: ['data:/data'], healthcheck: {test: [CMD, 'true']}}\n  \
    redis: {image: redis, healthcheck: {test: [CMD, 'true']}}\nvolumes: {data: }\n";

/// Images that are there, nothing else.
fn images() -> Observed {
    let images = [
        ("p-app:latest", "sha256:a"),
        ("kafka:latest", "sha256:k"),
        ("redis:latest", "sha256:r"),
    ];
    Observed {
        images: images
            .iter()
            .map(|(name, id)| ((*name).to_owned(), (*id).to_owned()))
            .collect(),
        ..Observed::default()
    }
}

fn options(stack: &Stack) -> UpOptions {
    UpOptions {
        services: stack.services.keys().cloned().collect(),
        ..UpOptions::default()
    }
}

fn planned(stack: &Stack, observed: &Observed) -> Plan {
    up(stack, observed, &Contents::new(), &options(stack)).unwrap()
}

/// `verb target <- needs` a step.
fn told(plan: &Plan) -> Vec<String> {
    let name = |id: &StepId| {
        let action = &plan.steps()[id.index()].action;
        format!("{} {}", action.verb(), action.target())
    };
    plan.iter()
        .map(|(id, step)| {
            let needs: Vec<String> = step.needs.iter().map(name).collect();
            let after: Vec<String> = step.after.iter().map(|id| format!("({})", name(id))).collect();
            let all = [needs, after].concat().join(", ");
            if all.is_empty() {
                name(&id)
            } else {
                format!("{} <- {all}", name(&id))
            }
        })
        .collect()
}

/// No id is given twice.
static NEXT: AtomicUsize = AtomicUsize::new(1);

/// What the steps of `plan` make of `observed`, when all goes well; `made` holds ids of containers that steps made.
#[expect(clippy::too_many_lines, reason = "one arm an action")]
fn play(stack: &Stack, plan: &Plan, observed: &mut Observed) {
    let mut made: BTreeMap<StepId, String> = BTreeMap::new();
    let find = |made: &BTreeMap<StepId, String>, target: &Target| match &target.which {
        Which::Id(id) => id.clone(),
        Which::MadeBy(step) => made[step].clone(),
    };
    for (id, step) in plan.iter() {
        let mut set = |made: &BTreeMap<StepId, String>, target: &Target, state: State| {
            let wanted = find(made, target);
            let container = observed.containers.iter_mut().find(|container| container.id == wanted);
            container.expect("a step is about a container that is there").state = state;
        };
        let running = State::Running {
            health: Health::Healthy,
        };
        match &step.action {
            Action::StartContainer { container } => {
                set(&made, container, running);
                join(observed, &find(&made, container));
            }
            Action::UnpauseContainer { container } | Action::RestartContainer { container, .. } => {
                set(&made, container, running);
            }
            Action::StopContainer { container, .. } => set(&made, container, State::Exited { code: 143 }),
            Action::Await { container, .. } => set(&made, container, running),
            Action::CreateContainer {
                name, labels, shares, ..
            } => {
                let service = &stack.services[step.service.as_ref().unwrap()];
                assert!(
                    observed.containers.iter().all(|container| container.name != *name),
                    "{name} is taken"
                );
                let mut labels = labels.clone();
                let shared: Vec<String> = shares
                    .iter()
                    .map(|(other, target)| format!("{other}={}", find(&made, target)))
                    .collect();
                if !shared.is_empty() {
                    labels.insert(labels::SHARES.to_owned(), shared.join(","));
                }
                let networks: BTreeSet<&String> = (service.networks.keys())
                    .filter_map(|key| Some(&stack.networks.get(key)?.name))
                    .collect();
                if networks.len() > 1 {
                    let is_there = |name: &&String| observed.networks.iter().any(|network| network.name == **name);
                    assert!(networks.iter().all(is_there), "{networks:?}");
                }
                let container = Container {
                    id: format!("{:012}", NEXT.fetch_add(1, Ordering::Relaxed)),
                    name: name.clone(),
                    image_id: observed.image_id(&service.image_ref("p")).unwrap().to_owned(),
                    labels,
                    // Until its first start it has only the names.
                    networks: (networks.into_iter())
                        .map(|name| (name.clone(), String::new()))
                        .collect(),
                    network_of: (service.network_mode.as_deref())
                        .and_then(|mode| Some(find(&made, &shares[mode.strip_prefix("service:")?]))),
                    volumes: service
                        .volumes
                        .iter()
                        .filter_map(|mount| stack.volumes.get(mount.source.as_ref()?))
                        .map(|volume| volume.name.clone())
                        .collect(),
                    ..container("", "", State::Created)
                };
                made.insert(id, container.id.clone());
                observed.containers.push(container);
            }
            Action::RemoveContainer { container, .. } => {
                let wanted = find(&made, container);
                observed.containers.retain(|container| container.id != wanted);
            }
            Action::RenameContainer { container, name } => {
                assert!(
                    observed.containers.iter().all(|container| container.name != *name),
                    "{name} is taken"
                );
                let wanted = find(&made, container);
                observed
                    .containers
                    .iter_mut()
                    .find(|container| container.id == wanted)
                    .unwrap()
                    .name
                    .clone_from(name);
            }
            Action::CreateNetwork { name, key } => {
                let mut labels = ours();
                labels.insert(labels::CONFIG_HASH.to_owned(), network_hash(&stack.networks[key]));
                let id = format!("{name}-{}", NEXT.fetch_add(1, Ordering::Relaxed));
                observed.networks.push(Network {
                    id,
                    name: name.clone(),
                    labels,
                });
            }
            Action::CreateVolume { name, .. } => observed.volumes.push(Volume {
                name: name.clone(),
                driver: String::new(),
                mountpoint: String::new(),
                scope: String::new(),
                labels: ours(),
            }),
            Action::RemoveNetwork { name, .. } => {
                let on_it = |container: &Container| container.has_process() && container.networks.contains_key(name);
                assert!(!observed.containers.iter().any(on_it), "{name} is in use");
                observed.networks.retain(|network| network.name != *name);
            }
            Action::RemoveImage { image } => observed.images.retain(|name, _| name != image),
            Action::KillContainer { container, .. } => set(&made, container, State::Exited { code: 137 }),
            Action::PauseContainer { container } => set(&made, container, State::Paused),
            Action::PushImage { .. } => {}
            Action::DisconnectNetwork { container, network } => {
                let wanted = find(&made, container);
                let off = observed.containers.iter_mut().find(|container| container.id == wanted);
                off.expect("it is there").networks.remove(network);
            }
            Action::ConnectNetwork { container, network, .. } => {
                let wanted = find(&made, container);
                let on = observed.containers.iter_mut().find(|container| container.id == wanted);
                let id = observed.networks.iter().find(|there| there.name == *network);
                let id = id.expect("only containers that exist are joined").id.clone();
                on.expect("it is there").networks.insert(network.clone(), id);
            }
            Action::RemoveVolume { name } => observed.volumes.retain(|volume| volume.name != *name),
            Action::BuildImage { image, .. } | Action::PullImage { image, .. } => {
                observed
                    .images
                    .insert(format!("{image}:latest"), format!("sha256:new-{image}"));
            }
        }
    }
}

/// A container that starts joins the networks that are called as it says, and the namespaces of the very containers.
fn join(observed: &mut Observed, id: &str) {
    let there: BTreeMap<String, String> = (observed.networks.iter())
        .map(|network| (network.name.clone(), network.id.clone()))
        .collect();
    let ids: BTreeSet<String> = (observed.containers.iter())
        .map(|container| container.id.clone())
        .collect();
    let container = observed.containers.iter_mut().find(|container| container.id == id);
    let container = container.expect("it is there");
    for (name, joined) in &mut container.networks {
        let now = there.get(name).unwrap_or_else(|| panic!("network {name} is gone"));
        assert!(joined.is_empty() || joined == now, "its network {name} is gone");
        joined.clone_from(now);
    }
    assert!(
        container.network_of.iter().all(|of| ids.contains(of)),
        "it lives in a container that is gone"
    );
}

fn ours() -> BTreeMap<String, String> {
    BTreeMap::from([(labels::PROJECT.to_owned(), "p".to_owned())])
}

fn container(id: &str, name: &str, state: State) -> Container {
    Container {
        id: id.to_owned(),
        name: name.to_owned(),
        image_id: String::new(),
        image: String::new(),
        state,
        status: String::new(),
        labels: BTreeMap::new(),
        ports: Vec::new(),
        addresses: BTreeMap::new(),
        networks: BTreeMap::new(),
        volumes: Vec::new(),
        anonymous_volumes: Vec::new(),
        network_of: None,
        created: 0,
    }
}

/// The core stack, up.
fn running() -> (Stack, Observed) {
    let stack = stack(CORE);
    let mut observed = images();
    let plan = planned(&stack, &observed);
    play(&stack, &plan, &mut observed);
    (stack, observed)
}

fn of<'o>(observed: &'o mut Observed, service: &str) -> &'o mut Container {
    let found = observed
        .containers
        .iter_mut()
        .find(|container| container.service() == Some(service));
    found.expect("it has a container")
}

#[test]
fn from_nothing_everything_is_made_at_once_and_only_starts_wait() {
    let plan = planned(&stack(CORE), &images());
    insta::assert_snapshot!(told(&plan).join("\n"), @r"
    create network p_default
    create volume p_data
    create container p-kafka-1 <- create volume p_data
    start container p-kafka-1 <- create container p-kafka-1, create network p_default
    wait until healthy p-kafka-1 <- start container p-kafka-1
    create container p-redis-1
    start container p-redis-1 <- create container p-redis-1, create network p_default
    wait until healthy p-redis-1 <- start container p-redis-1
    create container p-app-1
    start container p-app-1 <- create container p-app-1, create network p_default, wait until healthy p-kafka-1, wait until healthy p-redis-1
    wait until ready p-app-1 <- start container p-app-1
    ");
}

#[test]
fn what_is_as_wanted_is_left_alone() {
    let (stack, observed) = running();
    assert_eq!(told(&planned(&stack, &observed)), Vec::<String>::new());
}

#[test]
fn a_changed_field_replaces_that_container_and_is_named() {
    let (_, observed) = running();
    let changed = stack(&CORE.replace("A: '1'", "A: '2', B: x"));
    let plan = planned(&changed, &observed);
    insta::assert_snapshot!(told(&plan).join("\n").replace(|c: char| c.is_ascii_digit(), "0"), @r"
    create container 000000000000_p-app-0
    stop container p-app-0 <- create container 000000000000_p-app-0
    remove container p-app-0 <- stop container p-app-0
    rename container p-app-0 <- remove container p-app-0
    start container p-app-0 <- rename container p-app-0, create container 000000000000_p-app-0
    wait until ready p-app-0 <- start container p-app-0
    ");
    assert_eq!(plan.steps()[0].reason.0, "environment.A changed, environment.B added");
}

#[test]
fn a_new_image_and_a_changed_mounted_file_are_reasons_too() {
    let (core, mut observed) = running();
    observed
        .images
        .insert("redis:latest".to_owned(), "sha256:0123456789abcdef".to_owned());
    let reason = planned(&core, &observed).steps()[0].reason.0.clone();
    assert_eq!(reason, "image redis: r → 0123456789ab");

    let mounted = stack("services: {a: {image: redis, volumes: ['/etc/x:/x:ro']}}\n");
    let contents = |digest: &str| Contents::from([("/etc/x".to_owned(), digest.to_owned())]);
    let mut observed = images();
    let first = up(&mounted, &observed, &contents("1"), &options(&mounted)).unwrap();
    play(&mounted, &first, &mut observed);
    assert!(
        up(&mounted, &observed, &contents("1"), &options(&mounted))
            .unwrap()
            .steps()
            .is_empty()
    );
    let plan = up(&mounted, &observed, &contents("2"), &options(&mounted)).unwrap();
    assert_eq!(plan.steps()[0].reason.0, "the content of /etc/x changed");
}

/// Whatever state each container was left in, one plan leads to what is wanted, and the next one has nothing to do.
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
            new.id = format!("new-{}", new.id);
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
            let mut names: Vec<&str> = observed
                .containers
                .iter()
                .map(|container| container.name.as_str())
                .collect();
            names.sort_unstable();
            assert_eq!(names, ["p-app-1", "p-kafka-1", "p-redis-1"], "app {a}, kafka {b}");
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
    other.id = "000other".to_owned();
    other.name = "a_p-redis-1".to_owned();
    other.state = State::Created;
    observed.containers.insert(0, other);
    assert_eq!(told(&planned(&stack, &observed)), ["remove container a_p-redis-1"]);
}

#[test]
fn an_image_to_build_comes_first_when_a_container_may_depend_on_its_id() {
    let (stack, mut observed) = running();
    let mut options = options(&stack);
    options.build.insert("app".to_owned());
    let plan = up(&stack, &observed, &Contents::new(), &options).unwrap();
    assert!(plan.again);
    assert_eq!(told(&plan), ["build image p-app"]);
    play(&stack, &plan, &mut observed);
    options.build.clear();
    let plan = up(&stack, &observed, &Contents::new(), &options).unwrap();
    assert_eq!(plan.steps()[0].reason.0, "image p-app: a → new-p-app");
}

#[test]
fn a_container_of_several_networks_is_made_once_they_are_there() {
    let wanted = stack("services: {app: {image: redis, networks: [a, b]}}\nnetworks: {a: {}, b: {}}\n");
    let create = told(&planned(&wanted, &images())).remove(2);
    assert_eq!(
        create,
        "create container p-app-1 <- create network p_a, create network p_b"
    );
}

#[test]
fn conditions_become_waits() {
    let text = "services:\n  app: {image: redis, depends_on: {once: {condition: service_completed_successfully}, \
        soft: {condition: service_healthy, required: false}, base: {condition: service_started, restart: true}}}\n  \
        once: {image: redis}\n  soft: {image: redis, healthcheck: {test: [CMD, 'true']}}\n  base: {image: redis}\n";
    let wanted = stack(text);
    let plan = planned(&wanted, &images());
    let start = told(&plan)
        .into_iter()
        .find(|line| line.starts_with("start container p-app-1"))
        .unwrap();
    assert_eq!(
        start,
        "start container p-app-1 <- create container p-app-1, create network p_default, start container p-base-1, wait until completed p-once-1, \
         (wait until healthy p-soft-1)"
    );
    // A new `base` restarts what says `restart: true`.
    let mut observed = images();
    play(&wanted, &plan, &mut observed);
    of(&mut observed, "once").state = State::Exited { code: 0 };
    assert_eq!(told(&planned(&wanted, &observed)), Vec::<String>::new());
    let changed = stack(&text.replace("base: {image: redis}", "base: {image: redis, hostname: h}"));
    let plan = planned(&changed, &observed);
    let restarted = plan
        .steps()
        .iter()
        .find(|step| matches!(step.action, Action::RestartContainer { .. }))
        .unwrap();
    assert_eq!(restarted.reason.0, "base is started, and depends_on has restart: true");
}

#[test]
fn what_can_not_be_had_is_refused() {
    let refused = |services: &str, observed: &Observed| -> Failure {
        let stack = stack(services);
        up(&stack, observed, &Contents::new(), &options(&stack)).unwrap_err()
    };
    let external = "services: {a: {image: redis, networks: [n], volumes: ['vol:/v']}}\nnetworks: {n: {external: true}}\nvolumes: {vol: {external: true}}\n";
    assert!(refused(external, &images()).what.contains("network n doesn't exist"));
    let mut observed = images();
    observed.networks.push(Network {
        id: "n".to_owned(),
        name: "n".to_owned(),
        labels: BTreeMap::new(),
    });
    assert!(refused(external, &observed).what.contains("volume vol doesn't exist"));
    observed.networks[0].name = "p_default".to_owned();
    assert!(
        refused("services: {a: {image: redis}}\n", &observed)
            .what
            .contains("belongs to another project")
    );
    observed.networks.clear();
    observed.containers.push(container("x", "mine", State::Created));
    assert!(
        refused("services: {a: {image: redis, container_name: mine}}\n", &observed)
            .what
            .contains("is already in use")
    );
}

#[test]
fn replicas_beyond_what_is_wanted_go_and_orphans_are_told() {
    let three = stack("services: {a: {image: redis, scale: 3}}\n");
    let mut observed = images();
    let plan = planned(&three, &observed);
    play(&three, &plan, &mut observed);
    let one = stack("services: {a: {image: redis}}\n");
    assert_eq!(
        told(&planned(&one, &observed)),
        [
            "stop container p-a-2",
            "remove container p-a-2 <- stop container p-a-2",
            "stop container p-a-3",
            "remove container p-a-3 <- stop container p-a-3",
        ]
    );
    let other = stack("services: {b: {image: redis}}\n");
    assert!(planned(&other, &observed).notes[0].contains("no longer in the Compose file: a"));
}

#[test]
fn down_stops_dependents_first_and_leaves_volumes_unless_told() {
    let (_, observed) = running();
    let plan = down("p", &observed, &DownOptions::default());
    insta::assert_snapshot!(told(&plan).join("\n"), @r"
    stop container p-app-1
    stop container p-redis-1 <- (stop container p-app-1)
    stop container p-kafka-1 <- (stop container p-app-1)
    remove container p-kafka-1 <- stop container p-kafka-1
    remove container p-redis-1 <- stop container p-redis-1
    remove container p-app-1 <- stop container p-app-1
    remove network p_default <- remove container p-kafka-1, remove container p-redis-1, remove container p-app-1
    ");
    assert_eq!(plan.notes, ["keeping volumes: p_data"]);
    let all = DownOptions {
        volumes: true,
        ..DownOptions::default()
    };
    let plan = down("p", &observed, &all);
    assert!(told(&plan).last().unwrap().starts_with("remove volume p_data"));
    assert!(down("other", &observed, &all).steps().is_empty());
}

#[test]
fn down_names_what_the_file_no_longer_does() {
    let (_, observed) = running();
    let options = DownOptions {
        file: Some(InFile {
            services: BTreeSet::from(["app".to_owned(), "redis".to_owned()]),
            volumes: BTreeSet::new(),
        }),
        ..DownOptions::default()
    };
    let plan = down("p", &observed, &options);
    let orphan = plan
        .steps()
        .iter()
        .find(|step| step.reason.0 == "it is no longer in the Compose file")
        .unwrap();
    assert_eq!(orphan.action.target(), "p-kafka-1");
}

fn scope(services: &[&str]) -> Scope {
    Scope::Services(services.iter().map(|name| (*name).to_owned()).collect())
}

#[test]
fn verbs_act_on_the_services_of_the_file_and_of_active_profiles() {
    let (stack, mut observed) = running();
    let narrow = |text: &str| self::stack(&format!("services:\n  redis: {{image: redis}}\n{text}"));
    let file = narrow("  app: {image: redis, profiles: [x]}\n");
    let scope = Scope::of(Some(&file), &[]).unwrap();
    let touched =
        |plan: &Plan| -> BTreeSet<String> { plan.steps().iter().filter_map(|step| step.service.clone()).collect() };
    let redis = BTreeSet::from(["redis".to_owned()]);
    let plans = |observed: &Observed| {
        [
            stop("p", observed, &scope, None),
            restart("p", observed, &scope, Some(&scope), None),
            kill("p", observed, &scope, "KILL"),
            pause("p", observed, &scope),
            remove("p", observed, &scope, true, false),
        ]
    };
    for plan in plans(&observed) {
        assert_eq!(touched(&plan), redis, "{:?}", told(&plan));
    }
    play(&stack, &stop("p", &observed, &Scope::Everything, None), &mut observed);
    assert_eq!(touched(&start("p", &observed, &scope)), redis);
    assert_eq!(touched(&remove("p", &observed, &scope, false, false)), redis);
    // A file of which no profile is active names nothing to act on, which is not the same as everything.
    let none = self::stack("services:\n  redis: {image: redis, profiles: [x]}\n");
    let none = Scope::of(Some(&none), &[]).unwrap();
    assert!(start("p", &observed, &none).steps().is_empty());
    assert_eq!(Scope::of(None, &[]).unwrap(), Scope::Everything);
    assert_eq!(Scope::of(None, &["a".to_owned()]).unwrap(), self::scope(&["a"]));
    Scope::of(Some(&file), &["kafka".to_owned()]).unwrap_err();
}

#[test]
fn down_leaves_services_of_inactive_profiles_and_their_networks() {
    let (_, mut observed) = running();
    for container in &mut observed.containers {
        container
            .addresses
            .insert("p_default".to_owned(), "10.0.0.2".to_owned());
    }
    for services in [BTreeSet::new(), BTreeSet::from(["redis".to_owned()])] {
        let options = DownOptions {
            // It depends on both others.
            inactive: BTreeSet::from(["app".to_owned()]),
            services: services.clone(),
            ..DownOptions::default()
        };
        let plan = down("p", &observed, &options);
        let touched: BTreeSet<&str> = plan.steps().iter().filter_map(|step| step.service.as_deref()).collect();
        let others = if services.is_empty() {
            vec!["kafka", "redis"]
        } else {
            vec!["redis"]
        };
        assert_eq!(touched, others.into_iter().collect());
        assert!(
            plan.notes
                .iter()
                .any(|note| note.contains("keeping network p_default: p-")),
            "{:?}",
            plan.notes
        );
    }
}

#[test]
fn stop_start_and_restart_keep_the_order() {
    let (stack, mut observed) = running();
    let all = Scope::Everything;
    let plan = stop("p", &observed, &all, None);
    play(&stack, &plan, &mut observed);
    assert!(stop("p", &observed, &all, None).steps().is_empty());
    let plan = start("p", &observed, &all);
    let app = told(&plan)
        .into_iter()
        .find(|line| line.starts_with("start container p-app-1"))
        .unwrap();
    assert!(
        app.contains("wait until ready p-kafka-1") && app.contains("wait until ready p-redis-1"),
        "{app}"
    );
    play(&stack, &plan, &mut observed);
    assert!(start("p", &observed, &all).steps().is_empty());
    let plan = restart("p", &observed, &scope(&["redis"]), Some(&all), None);
    assert_eq!(
        told(&plan),
        [
            "restart container p-redis-1",
            "wait until ready p-redis-1 <- restart container p-redis-1"
        ]
    );
}

#[test]
fn a_job_is_started_again_until_it_has_ended() {
    let text = "services:\n  app: {image: kafka, depends_on: {job: {condition: service_completed_successfully}}}\n  job: {image: redis}\n";
    let stack = stack(text);
    let mut observed = images();
    let plan = up(&stack, &observed, &Contents::new(), &options(&stack)).unwrap();
    play(&stack, &plan, &mut observed);
    let all = Scope::Everything;
    play(&stack, &stop("p", &observed, &all, None), &mut observed);
    for plan in [
        start("p", &observed, &all),
        restart("p", &observed, &all, Some(&all), None),
    ] {
        let waits: Vec<String> = told(&plan)
            .iter()
            .filter(|step| step.starts_with("wait"))
            .filter_map(|step| step.split(" <- ").next().map(ToOwned::to_owned))
            .collect();
        assert_eq!(waits, ["wait until completed p-job-1", "wait until ready p-app-1"]);
    }
}

#[test]
fn a_job_is_one_also_when_only_it_is_brought_up() {
    let text = "services:\n  app: {image: kafka, depends_on: {job: {condition: service_completed_successfully}}}\n  job: {image: redis}\n";
    let stack = stack(text);
    let asked = UpOptions {
        services: BTreeSet::from(["job".to_owned()]),
        ..options(&stack)
    };
    let plan = up(&stack, &images(), &Contents::new(), &asked).unwrap();
    let last = told(&plan).pop().unwrap();
    assert!(last.starts_with("wait until completed p-job-1"), "{last}");
}

#[test]
fn names_of_others_are_words_of_a_command() {
    let stack = stack("services: {a: {image: redis}}\n");
    let hint = |project: Option<&str>, name: &str| {
        let mut held = container("1", name, State::Created);
        let labels = project.map(|project| (labels::PROJECT.to_owned(), project.to_owned()));
        held.labels.extend(labels);
        name_taken(&stack, "a", &held, NamedBy::File).hint.unwrap()
    };
    // A name of `run --name` is given on the command line, not in the file.
    let mut held = container("1", "mine", State::Created);
    held.labels.insert(labels::PROJECT.to_owned(), stack.name.clone());
    let failure = name_taken(&stack, "a", &held, NamedBy::Run);
    assert_eq!(
        failure.hint.as_deref(),
        Some("remove it if you don't need it (`docker rm -f mine`), or choose another name with `--name`")
    );
    assert_eq!(failure.place, None);
    for (project, name, part) in [
        (Some("other"), "a", "(`magicctl -p other down`)"),
        (Some("x; reboot #"), "a", "(`magicctl -p 'x; reboot #' down`)"),
        (None, "a $(reboot)", "(`docker rm -f 'a $(reboot)'`)"),
        (None, "--all", "(`docker rm -f -- --all`)"),
        // No option, and nothing that a terminal would act on.
        (Some("--help"), "a", "stop that project, or"),
        (None, "a\u{1b}]0;x\u{7}", "if you don't need it, or"),
    ] {
        let hint = hint(project, name);
        assert!(hint.contains(part), "{hint}");
    }
}
