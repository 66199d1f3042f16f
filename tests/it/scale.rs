//! Several containers of a service, and the flags of `up` and `down` that Compose users type.

use crate::support::{LIGHT_IMAGE, Project};

fn compose(worker: &str) -> String {
    format!(
        "services:\n  app:\n    image: {LIGHT_IMAGE}\n    init: true\n    tmpfs: /data\n    command: [sleep, '600']\n    depends_on: [worker]\n  \
         worker:\n    image: {LIGHT_IMAGE}\n    init: true\n    tmpfs: /data\n    command: [sleep, '600']\n{worker}"
    )
}

fn names(project: &Project) -> Vec<String> {
    let label = format!("label=com.docker.compose.project={}", project.name);
    let listed = project.docker(&["ps", "-a", "--format", "{{.Names}} {{.State}}", "--filter", &label]);
    let mut names: Vec<String> = listed
        .lines()
        .map(|line| line.replace(&format!("{}-", project.name), ""))
        .collect();
    names.sort();
    names
}

#[test]
fn so_many_containers_as_asked() {
    let project = Project::of("many", &compose("    deploy: {replicas: 2}\n"));
    project.magicctl(&["up", "-d", "--wait"]).ok();
    assert_eq!(
        names(&project),
        ["app-1 running", "worker-1 running", "worker-2 running"]
    );
    project.magicctl(&["scale", "worker=3"]).ok();
    let ids = project.container("worker");
    assert_eq!(ids.lines().count(), 3, "{ids}");
    let status = project.magicctl(&["ps"]).ok();
    assert_eq!(status.stdout.matches("worker").count(), 3, "{}", status.stdout);
    project.magicctl(&["up", "--scale", "worker=1", "worker"]).ok();
    assert_eq!(names(&project), ["app-1 running", "worker-1 running"]);
    assert!(ids.contains(&project.container("worker")), "the first one stays");
    let up = project.magicctl(&["up"]).ok();
    assert!(up.stdout.contains("done"), "{}", up.all());
    assert_eq!(names(&project).len(), 3, "the file says two again");

    let unknown = project.magicctl(&["scale", "workre=2"]);
    assert!(
        unknown.code == 2 && unknown.stderr.contains("did you mean `worker`?"),
        "{}",
        unknown.all()
    );
    let wrong = project.magicctl(&["up", "--scale", "worker"]);
    assert!(wrong.code == 2 && wrong.stderr.contains("worker=3"), "{}", wrong.all());
    project.edit(
        "docker-compose.yml",
        "deploy: {replicas: 2}",
        "ports: ['127.0.0.1:18099:80']",
    );
    let fixed = project.magicctl(&["scale", "worker=2"]);
    assert!(
        fixed.code == 4 && fixed.stderr.contains("18099-18100:80"),
        "{}",
        fixed.all()
    );
}

#[test]
fn up_makes_replaces_and_leaves_as_asked() {
    let project = Project::of("flags", &compose(""));
    project.magicctl(&["create"]).ok();
    assert_eq!(names(&project), ["app-1 created", "worker-1 created"]);
    project.magicctl(&["up", "--no-deps", "app"]).ok();
    assert_eq!(names(&project), ["app-1 running", "worker-1 created"]);
    project.magicctl(&["up"]).ok();
    let (app, worker) = (project.container("app"), project.container("worker"));
    project.magicctl(&["up", "--force-recreate", "-t", "1", "app"]).ok();
    assert_ne!(app, project.container("app"));
    assert_eq!(worker, project.container("worker"));
    project.magicctl(&["up", "--always-recreate-deps", "app"]).ok();
    assert_ne!(worker, project.container("worker"));
    let app = project.container("app");
    project.edit("docker-compose.yml", "init: true", "init: false");
    project.magicctl(&["up", "--no-recreate"]).ok();
    assert_eq!(app, project.container("app"));
    project.magicctl(&["up", "--no-start"]).ok();
    assert_eq!(names(&project), ["app-1 created", "worker-1 running"]);

    let both = project.magicctl(&["up", "--force-recreate", "--no-recreate"]);
    assert_eq!(both.code, 2, "{}", both.all());
    let missing = project.magicctl(&["up", "--pull", "sometimes"]);
    assert!(
        missing.code == 2 && missing.stderr.contains("always"),
        "{}",
        missing.all()
    );
}

#[test]
fn orphans_go_with_up_when_asked_and_one_service_goes_with_down() {
    let project = Project::of("parts", &compose(""));
    project.magicctl(&["up"]).ok();
    project.magicctl(&["down", "worker"]).ok();
    assert_eq!(names(&project), Vec::<String>::new(), "app depends on it");
    project.magicctl(&["up"]).ok();
    let down = project.magicctl(&["down", "app"]).ok();
    assert_eq!(names(&project), ["worker-1 running"]);
    assert!(down.stderr.contains("_default: "), "{}", down.all());
    project.magicctl(&["up"]).ok();
    let file = compose("");
    project.write(
        "docker-compose.yml",
        &format!("services:\n{}", &file[file.find("  worker:").expect("it")..]),
    );
    project.magicctl(&["up", "--remove-orphans"]).ok();
    assert_eq!(names(&project), ["worker-1 running"]);
    project.magicctl(&["down", "-v"]).ok();
    assert_eq!(project.left(), Vec::<String>::new());
}

#[test]
fn images_that_were_built_go_with_down_rmi() {
    let project = Project::of(
        "rmi",
        "services:\n  app:\n    build: .\n    command: [sleep, '600']\n    init: true\n    tmpfs: /data\n",
    );
    project.write(
        "Dockerfile",
        &format!("FROM {LIGHT_IMAGE}\nLABEL test={}\n", project.name),
    );
    project.magicctl(&["up"]).ok();
    let there = || {
        !project
            .docker(&["images", "-q", &format!("{}-app", project.name)])
            .is_empty()
    };
    assert!(there());
    project.magicctl(&["down"]).ok();
    assert!(there());
    let refused = project.magicctl(&["up", "--no-build"]).ok();
    assert!(
        refused.stderr.is_empty() || !refused.stderr.contains("error"),
        "{}",
        refused.all()
    );
    project.magicctl(&["down", "--rmi", "local"]).ok();
    assert!(!there());
    let missing = project.magicctl(&["up", "--no-build"]);
    assert!(
        missing.code == 1 && missing.stderr.contains("magicctl build app"),
        "{}",
        missing.all()
    );
}

#[test]
fn policies_that_always_bring_the_image_bring_it_once() {
    let project = Project::of(
        "policy",
        "services:\n  app:\n    build: .\n    pull_policy: build\n    command: [sleep, '600']\n    init: true\n    tmpfs: /data\n",
    );
    project.write(
        "Dockerfile",
        &format!("FROM {LIGHT_IMAGE}\nLABEL test={}\n", project.name),
    );
    project.magicctl(&["up"]).ok();
    let again = project.magicctl(&["--output", "json", "up"]).ok();
    assert_eq!(
        again.stdout.matches("\"action\":\"build image\"").count(),
        2,
        "planned and begun once: {}",
        again.stdout
    );
}
