//! One `up` leads from whatever was left to what the file says, on an engine. All states of it are played in `src/plan/tests/states.rs`.

use crate::support::{LIGHT_IMAGE, Project, Running, until};

fn service(name: &str, more: &str) -> String {
    format!(
        "  {name}:\n    image: {LIGHT_IMAGE}\n    command: [sleep, infinity]\n    init: true\n    stop_grace_period: 1s\n{more}"
    )
}

fn set(project: &mut Project, name: &str, value: &str) {
    project.env.insert(name.to_owned(), value.to_owned());
}

#[track_caller]
fn up(project: &Project) {
    project.magicctl(&["up"]).ok();
    let plan = project.magicctl(&["plan"]).ok();
    assert!(plan.stdout.contains("nothing to do"), "{}", plan.stdout);
}

fn cat(project: &Project, service: &str, path: &str) -> String {
    project.docker(&["exec", &project.container(service), "cat", path])
}

#[test]
fn sharers_live_in_the_new_container_and_on_its_volumes() {
    let compose = format!(
        "services:\n{}{}",
        service("pause", "    environment: {REV: \"${REV:-1}\"}\n    volumes: [/v]\n"),
        service("side", "    network_mode: service:pause\n    volumes_from: [pause]\n"),
    );
    let mut project = Project::of("shares", &compose);
    let shared = |project: &Project| {
        let id = project.inspect("pause", "{{.Id}}");
        assert_eq!(
            project.inspect("side", "{{.HostConfig.NetworkMode}}"),
            format!("container:{id}")
        );
        project.docker(&["exec", &project.container("pause"), "touch", &format!("/v/{id}")]);
        assert!(cat(project, "side", &format!("/v/{id}")).is_empty());
    };
    up(&project);
    shared(&project);
    set(&mut project, "REV", "2");
    up(&project);
    shared(&project);
    project.magicctl(&["up", "--force-recreate", "-V"]).ok();
    shared(&project);
    // Somebody else removes what it lives in; what is made in its place is another one.
    project.docker(&["rm", "-f", &project.container("pause")]);
    up(&project);
    shared(&project);
    project.magicctl(&["restart", "pause"]).ok();
    shared(&project);
}

#[test]
fn inline_configs_and_secrets_are_written_before_each_start_and_replace_what_is_outdated() {
    let compose = format!(
        "services:\n{}configs:\n  motd: {{content: \"${{GREET}}\"}}\n  named: {{environment: GREET}}\nsecrets:\n  tok: {{environment: TOK}}\n",
        service(
            "app",
            "    configs: [motd, {source: named, target: /etc/named}]\n    secrets: [tok]\n"
        )
    );
    let mut project = Project::of("inline", &compose);
    let say = |project: &mut Project, word: &str| {
        set(project, "GREET", word);
        set(project, "TOK", &format!("key {word}"));
    };
    let says = |project: &Project, word: &str| {
        assert_eq!(cat(project, "app", "/motd"), word);
        assert_eq!(cat(project, "app", "/etc/named"), word);
        assert_eq!(cat(project, "app", "/run/secrets/tok"), format!("key {word}"));
    };
    say(&mut project, "one");
    up(&project);
    says(&project, "one");
    say(&mut project, "two");
    up(&project);
    says(&project, "two");
    for (verb, word) in [(["stop", "start"], "three"), (["stop", "up"], "four")] {
        say(&mut project, word);
        for verb in verb {
            project.magicctl(&[verb]).ok();
        }
        says(&project, word);
    }
    say(&mut project, "five");
    project.magicctl(&["restart"]).ok();
    says(&project, "five");
}

#[test]
fn a_leftover_of_a_killed_replacement_is_no_hindrance_to_a_further_change() {
    let compose = format!(
        "services:\n{}",
        service("web", "    environment: {REV: \"${REV:-1}\"}\n")
    )
    .replace("init: true", "init: false")
    .replace("grace_period: 1s", "grace_period: 3s");
    let mut project = Project::of("leftover", &compose);
    up(&project);
    set(&mut project, "REV", "2");
    let mut running = Running::start(project.command(&["up"]));
    let all = || {
        let filter = format!("label=com.docker.compose.project={}", project.name);
        project.docker(&["ps", "-aq", "--filter", &filter]).lines().count()
    };
    until("the new container is made beside the old one", 20, || all() == 2);
    running.0.kill().expect("SIGKILL");
    drop(running.finish());
    assert_eq!(all(), 2, "the replacement went on");
    set(&mut project, "REV", "3");
    up(&project);
    assert!(project.inspect("web", "{{json .Config.Env}}").contains("REV=3"));
    assert_eq!(project.inspect("web", "{{.Name}}"), format!("/{}-web-1", project.name));
}

#[test]
fn down_with_volumes_takes_only_those_that_the_file_names() {
    let compose = format!(
        "services:\n{}volumes:\n  data: {{name: \"${{VOLUME}}\"}}\n",
        service("app", "    volumes: ['data:/data']\n")
    );
    let mut project = Project::of("named", &compose);
    let (kept, gone) = (format!("{}_kept", project.name), format!("{}_gone", project.name));
    set(&mut project, "VOLUME", &kept);
    up(&project);
    set(&mut project, "VOLUME", &gone);
    up(&project);
    let down = project.magicctl(&["down", "--volumes", "-t", "0s"]).ok();
    assert!(down.all().contains(&kept), "{}", down.all());
    assert_eq!(project.left(), [format!("volume {kept}")]);
    project.docker(&["volume", "rm", &kept]);
}

/// A sample of the states: the same numbers each time.
#[test]
fn a_sample_of_states_converges() {
    let compose = format!(
        "services:\n{}{}{}volumes: {{data: }}\nnetworks:\n  default: {{labels: {{rev: \"${{NET:-1}}\"}}}}\n",
        service(
            "store",
            "    volumes: ['data:/data']\n    environment: {REV: \"${STORE:-1}\"}\n"
        ),
        service(
            "app",
            "    depends_on: [store]\n    environment: {REV: \"${APP:-1}\"}\n"
        ),
        service("side", "    network_mode: service:store\n"),
    );
    let mut project = Project::of("sample", &compose);
    up(&project);
    let mut seed: u32 = 20;
    let mut next = |below: u32| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 16) % below
    };
    for round in 0..6 {
        let mut did = Vec::new();
        for service in ["store", "app", "side"] {
            let container = project.container(service);
            let args: &[&str] = match next(5) {
                0 => &["rm", "-f"],
                1 => &["kill"],
                2 => &["pause"],
                3 => &["rename"],
                _ => continue,
            };
            let name = format!("{}_{service}_{round}", project.name);
            let all: Vec<&str> = args.iter().copied().chain([container.as_str()]).collect();
            let renamed = [all.as_slice(), &[name.as_str()]].concat();
            project.docker(if args == ["rename"] { &renamed } else { &all });
            did.push(format!("{} {service}", args[0]));
        }
        for variable in ["STORE", "APP", "NET"] {
            if next(3) == 0 {
                set(&mut project, variable, &round.to_string());
                did.push(format!("another {variable}"));
            }
        }
        println!("round {round}: {did:?}");
        up(&project);
        for service in ["store", "app", "side"] {
            assert_eq!(project.inspect(service, "{{.State.Running}}"), "true", "{did:?}");
            assert_eq!(
                project.inspect(service, "{{.Name}}"),
                format!("/{}-{service}-1", project.name)
            );
        }
        let app = project.container("app");
        let found = project.docker(&["exec", &app, "getent", "hosts", "store"]);
        assert!(!found.is_empty(), "{did:?}");
    }
}
