//! The whole way from files to a stack, and what bad files say.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::{Condition, Printed, Request, Stack, load, project};
use crate::failure::Failure;
use crate::ids::ServiceName;

mod bounds;

/// Loads `files` (name, text) from a folder called `proj`; the first is found by itself.
fn loaded(files: &[(&str, &str)], change: impl FnOnce(&mut Request)) -> Result<Stack, Failure> {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("proj");
    for (name, text) in files {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let mut request = Request {
        start_dir: root,
        ..Request::default()
    };
    change(&mut request);
    load(&request)
}

fn stack(text: &str) -> Result<Stack, Failure> {
    loaded(&[("compose.yaml", text)], |_| {})
}

/// One service's field in canonical form.
fn field(service: &str, name: &str) -> Value {
    let text = format!("services:\n  a:\n    image: i\n    {service}\nvolumes: {{vol: }}\nnetworks: {{n: }}\n");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("compose.yaml"), text).unwrap();
    let request = Request {
        start_dir: folder.path().to_owned(),
        project_name: Some("proj".to_owned()),
        ..Request::default()
    };
    let project = project(&request).unwrap_or_else(|failure| panic!("{service}: {failure:?}"));
    let whole: Value = serde_json::from_str(&project.printed(Printed::Json).unwrap()).unwrap();
    whole["services"]["a"][name].clone()
}

#[test]
fn short_forms_mean_their_long_ones() {
    for (text, name, wanted) in [
        (
            "ports: ['8001:80']",
            "ports",
            json!([{"mode": "ingress", "target": 80, "published": "8001", "protocol": "tcp"}]),
        ),
        (
            "ports: ['127.0.0.1:53:53/udp']",
            "ports",
            json!([{"mode": "ingress", "host_ip": "127.0.0.1", "target": 53, "published": "53", "protocol": "udp"}]),
        ),
        (
            "ports: ['[::1]:1:2']",
            "ports",
            json!([{"mode": "ingress", "host_ip": "::1", "target": 2, "published": "1", "protocol": "tcp"}]),
        ),
        (
            "ports: [80]",
            "ports",
            json!([{"mode": "ingress", "target": 80, "protocol": "tcp"}]),
        ),
        (
            "ports: ['127.0.0.1::80']",
            "ports",
            json!([{"mode": "ingress", "host_ip": "127.0.0.1", "target": 80, "protocol": "tcp"}]),
        ),
        (
            "ports: ['8000-8001:80-81']",
            "ports",
            json!([{"mode": "ingress", "target": 80, "published": "8000", "protocol": "tcp"}, {"mode": "ingress", "target": 81, "published": "8001", "protocol": "tcp"}]),
        ),
        (
            "ports: ['8000-8010:80']",
            "ports",
            json!([{"mode": "ingress", "target": 80, "published": "8000-8010", "protocol": "tcp"}]),
        ),
        (
            "volumes: ['vol:/data:ro']",
            "volumes",
            json!([{"type": "volume", "source": "vol", "target": "/data", "read_only": true, "volume": {}}]),
        ),
        (
            "volumes: ['/data']",
            "volumes",
            json!([{"type": "volume", "target": "/data", "volume": {}}]),
        ),
        (
            "volumes: ['/etc/x:/x:ro,z']",
            "volumes",
            json!([{"type": "bind", "source": "/etc/x", "target": "/x", "read_only": true, "bind": {"selinux": "z"}}]),
        ),
        ("command: echo 'a b' c", "command", json!(["echo", "a b", "c"])),
        ("command: []", "command", json!([])),
        ("entrypoint: /x", "entrypoint", json!(["/x"])),
        (
            "healthcheck: {test: redis-cli ping, interval: 90s}",
            "healthcheck",
            json!({"test": ["CMD-SHELL", "redis-cli ping"], "interval": "1m30s"}),
        ),
        ("healthcheck: {test: [NONE]}", "healthcheck", json!({"test": ["NONE"]})),
        (
            "environment: [A=1, 'B=x=y', C=]",
            "environment",
            json!({"A": "1", "B": "x=y", "C": ""}),
        ),
        (
            "environment: {A: 1, B: true, C: 1.50}",
            "environment",
            json!({"A": "1", "B": "true", "C": "1.5"}),
        ),
        ("mem_limit: 512m", "mem_limit", json!("536870912")),
        ("networks: [n]", "networks", json!({"n": null})),
        (
            "extra_hosts: ['h:1.2.3.4', 'g=::1']",
            "extra_hosts",
            json!(["g=::1", "h=1.2.3.4"]),
        ),
        (
            "ulimits: {nofile: 5, core: {soft: 1, hard: 2}}",
            "ulimits",
            json!({"core": {"soft": 1, "hard": 2}, "nofile": 5}),
        ),
        ("dns: 1.1.1.1", "dns", json!(["1.1.1.1"])),
        (
            "devices: ['/dev/a:/dev/b']",
            "devices",
            json!([{"source": "/dev/a", "target": "/dev/b", "permissions": "rwm"}]),
        ),
        ("scale: 3", "scale", json!(3)),
    ] {
        assert_eq!(field(text, name), wanted, "{text}");
    }
}

#[test]
fn variables_come_from_the_environment_then_the_env_file_then_the_default() {
    let files = [
        (
            "compose.yaml",
            "services:\n  a: {image: '${A:-d}-${B:-d}-${C:-d}-${COMPOSE_PROJECT_NAME}', environment: [B, NOPE]}\n",
        ),
        (".env", "A=file\nB=file\n"),
    ];
    let stack = loaded(&files, |request| {
        request.environment.insert("A".to_owned(), "env".to_owned());
    })
    .unwrap();
    assert_eq!(stack.services["a"].image.as_deref(), Some("env-file-d-proj"));
    assert_eq!(stack.services["a"].environment["B"].as_deref(), Some("file"));
    assert_eq!(stack.services["a"].environment["NOPE"], None);
    let told: Vec<String> = stack
        .interpolation
        .iter()
        .map(|variable| format!("{} {}", variable.name, variable.origin))
        .collect();
    assert_eq!(told[0], "A environment");
    assert!(told[1].starts_with("B /") && told[1].ends_with("/.env"), "{told:?}");
    assert_eq!(told[2], "C default");
}

#[test]
fn the_override_file_is_merged_and_paths_start_at_the_first_file() {
    let files = [
        (
            "docker-compose.yml",
            "services:\n  a: {image: i, volumes: ['./x:/x'], ports: ['1:1'], command: [a]}\n",
        ),
        (
            "docker-compose.override.yml",
            "services:\n  a: {volumes: ['./y:/x'], ports: ['2:2'], command: [b]}\n  b: {image: j}\n",
        ),
    ];
    let stack = loaded(&files, |_| {}).unwrap();
    let a = &stack.services["a"];
    assert_eq!(a.command.as_deref(), Some(&["b".to_owned()][..]));
    assert_eq!(a.ports.len(), 2);
    let source = a.volumes[0].source.as_deref().unwrap();
    assert!(source.ends_with("/proj/y"), "{source}");
    assert!(stack.services.contains_key("b"));
    assert_eq!(stack.files.len(), 2);
}

#[test]
fn extends_takes_a_service_of_another_file_with_its_paths() {
    let files = [
        (
            "compose.yaml",
            "services:\n  a: {extends: {service: base, file: common/c.yml}, environment: {B: 2}}\n",
        ),
        (
            "common/c.yml",
            "services:\n  base: {extends: root, environment: {A: 1, B: 1}, volumes: ['./d:/d']}\n  root: {image: i}\n",
        ),
    ];
    let stack = loaded(&files, |_| {}).unwrap();
    let a = &stack.services["a"];
    assert_eq!(a.image.as_deref(), Some("i"));
    assert_eq!(
        (a.environment["A"].as_deref(), a.environment["B"].as_deref()),
        (Some("1"), Some("2"))
    );
    assert!(a.volumes[0].source.as_deref().unwrap().ends_with("/proj/common/d"));
}

#[test]
fn env_files_are_layered_under_environment() {
    let files = [
        (
            "compose.yaml",
            "services:\n  a: {image: i, env_file: [one.env, {path: none.env, required: false}, two.env], environment: {C: here}}\n",
        ),
        ("one.env", "A=1\nB=1\nC=1\n"),
        ("two.env", "B=2\nFROM_OUTSIDE\nMISSING\n"),
    ];
    let stack = loaded(&files, |request| {
        request.environment.insert("FROM_OUTSIDE".to_owned(), "o".to_owned());
    })
    .unwrap();
    let environment = serde_json::to_value(&stack.services["a"].environment).unwrap();
    assert_eq!(
        environment,
        json!({"A": "1", "B": "2", "C": "here", "FROM_OUTSIDE": "o"})
    );
}

#[test]
fn profiles_and_targets_enable_services() {
    let text = "services:\n  a: {image: i}\n  b: {image: i, profiles: [extra]}\n  c: {image: i, profiles: [other]}\n";
    let names = |change: &dyn Fn(&mut Request)| {
        let stack = loaded(&[("compose.yaml", text)], |request| change(request)).unwrap();
        stack.services.keys().cloned().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names(&|_| {}), "a");
    assert_eq!(names(&|request| request.profiles = vec!["extra".to_owned()]), "a b");
    assert_eq!(names(&|request| request.profiles = vec!["*".to_owned()]), "a b c");
    assert_eq!(names(&|request| request.targets = vec!["c".into()]), "a c");
    assert_eq!(
        names(&|request| drop(
            request
                .environment
                .insert("COMPOSE_PROFILES".to_owned(), "extra,other".to_owned())
        )),
        "a b c"
    );
}

#[test]
fn dependencies_selection_and_names() {
    let text = "services:\n  app: {image: i, depends_on: {kafka: {condition: service_healthy}, redis: {condition: service_started, restart: true}}}\n  \
        kafka: {image: i}\n  redis: {image: i}\n  loki: {image: i, network_mode: 'service:redis', volumes: ['data:/d']}\nvolumes: {data: , unused: }\n";
    let stack = stack(text).unwrap();
    assert_eq!(
        stack.services["app"].depends_on["kafka"].condition,
        Condition::ServiceHealthy
    );
    assert!(stack.services["app"].depends_on["redis"].restart);
    assert!(stack.services["loki"].depends_on.contains_key("redis"));
    let selected = stack.select(&["app".into()], true).unwrap();
    assert_eq!(selected.into_iter().collect::<Vec<_>>(), ["app", "kafka", "redis"]);
    assert_eq!(stack.networks["default"].name, "proj_default");
    assert_eq!(stack.volumes.keys().collect::<Vec<_>>(), ["data"]);
    assert_eq!(stack.volumes["data"].name, "proj_data");
    let failure = stack.select(&["kafak".into()], true).unwrap_err();
    assert_eq!(
        (failure.exit.code(), failure.hint.as_deref()),
        (2, Some("did you mean `kafka`?"))
    );
}

#[test]
fn the_projects_name() {
    let named = |text: &str, change: &dyn Fn(&mut Request)| {
        loaded(&[("compose.yaml", text)], |request| change(request)).map(|stack| stack.name)
    };
    let plain = "services: {a: {image: i}}";
    let with_name = "name: ${N:-in-file}\nservices: {a: {image: i}}";
    assert_eq!(named(plain, &|_| {}).unwrap(), "proj");
    assert_eq!(named(with_name, &|_| {}).unwrap(), "in-file");
    let by_variable = |request: &mut Request| {
        let _before = request
            .environment
            .insert("COMPOSE_PROJECT_NAME".to_owned(), "env".to_owned());
    };
    assert_eq!(named(with_name, &by_variable).unwrap(), "env");
    assert_eq!(
        named(with_name, &|request| request.project_name = Some("flag".to_owned())).unwrap(),
        "flag"
    );
    assert!(named(plain, &|request| request.project_name = Some("Not Good".to_owned())).is_err());
}

/// `what | hint` with the place's line, column and whether the line is shown.
fn told(failure: &Failure) -> String {
    let place = failure.place.as_ref().map_or_else(
        || "nowhere".to_owned(),
        |place| {
            let name = place
                .file
                .file_name()
                .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
            let shown = if place.source.is_some() { "" } else { " (hidden)" };
            format!("{name}:{}:{}+{}{shown}", place.line, place.column, place.width)
        },
    );
    let text = format!("{place} {}", failure.what);
    failure
        .hint
        .as_ref()
        .map_or_else(|| text.clone(), |hint| format!("{text} [{hint}]"))
}

#[test]
fn bad_files_are_refused_at_their_place() {
    let bad = [
        "services:\n  a: {image: i, prots: ['1:1']}\n",
        "services:\n  a: {image: i, ports: ['70000:1']}\n",
        "services:\n  a: {image: i, ports: ['localhost:1:1']}\n",
        "services:\n  a: {image: i, ports: {a: b}}\n",
        "services:\n  a: {image: [i]}\n",
        "services:\n  a: {image: i, privileged: maybe}\n",
        "services:\n  a: {image: i, cpus: many}\n",
        "services:\n  a: {image: i, mem_limit: lots}\n",
        "services:\n  a: {image: i, healthcheck: {interval: 10}}\n",
        "services:\n  a: {image: i, restart: sometimes}\n",
        "services:\n  a: {image: i, depends_on: [b]}\n",
        "services:\n  a: {image: i, depends_on: [kafak]}\n  kafka: {image: i}\n",
        "services:\n  a: {image: i, depends_on: [b]}\n  b: {image: i, depends_on: [a]}\n",
        "services:\n  a: {image: i, depends_on: {b: {condition: service_heathy}}}\n  b: {image: i}\n",
        "services:\n  a: {image: i, volumes: ['data:/d']}\n",
        "services:\n  a: {image: i, volumes: ['conf/x:/d']}\n",
        "services:\n  a: {image: i, volumes: ['./x:d']}\n",
        "services:\n  a: {image: i, networks: [nope]}\n",
        "services:\n  a: {image: i, networks: [n], network_mode: host}\nnetworks: {n: }\n",
        "services:\n  a: {image: i, env_file: nope.env}\n",
        "services:\n  a: {}\n",
        "services:\n  a: {image: i, container_name: cc, scale: 2}\n",
        "services:\n  a: {image: i, container_name: 'a b'}\n",
        "services:\n  a: {image: i, develop: {watch: []}}\n",
        "services:\n  a: {image: i, deploy: {mode: global}}\n",
        "services:\n  a: {build: {context: ., ssh: [default]}}\n",
        "services:\n  a: {image: '${A:?say which}'}\n",
        "services:\n  a: {image: 'x-${A'}\n",
        "services:\n  a: {image: i, environment: {A: [sk-secret]}}\n",
        "services:\n  a: {image: i, environment: ['=sk-secret']}\n",
        "services:\n  a: {image: i, profiles: [p]}\n  b: {image: i, depends_on: [a]}\n",
        "services:\n  a: {image: i, extends: a}\n",
        "services: [a]\n",
        "service:\n  a: {image: i}\n",
        "services:\n  a:\n   image: i\n  image: j\n",
        "services:\n  a:\n\timage: i\n",
        "include: [x.yml]\nservices:\n  a: {image: i}\n",
        "include: x.yml\nservices:\n  a: {image: i}\n",
        "",
    ];
    let lines: Vec<String> = bad
        .iter()
        .map(|text| match stack(text).and_then(|stack| stack.makeable(&"a".into())) {
            Ok(()) => panic!("accepted: {text:?}"),
            Err(failure) => {
                assert_eq!(failure.exit.code(), 4, "{failure:?}");
                assert!(!format!("{failure:?}").contains("sk-secret"), "{failure:?}");
                told(&failure)
            }
        })
        .collect();
    insta::with_settings!({filters => vec![(r"/\S*/proj/", "PROJ/")]}, {
        insta::assert_snapshot!(lines.join("\n"));
    });
}

#[test]
fn files_that_are_not_there() {
    let missing = |change: &dyn Fn(&mut Request)| {
        let failure = loaded(&[("x.txt", "")], |request| change(request)).unwrap_err();
        (failure.exit.code(), failure.what)
    };
    let (code, what) = missing(&|request| request.files = vec!["nope.yml".into()]);
    assert!(code == 2 && what.contains("nope.yml"), "{what}");
    let (code, what) = missing(&|request| request.env_files = vec!["nope.env".into()]);
    assert!(code == 2 && what.contains("nope.env"), "{what}");
    let (code, what) = missing(&|_| {});
    assert!(code == 4 && what.contains("no Compose file"), "{what}");
}

/// What a project says of itself, read from the folder `here` below one with `files`: its name, `V` of its service, its services.
#[track_caller]
fn read_in(files: &[(&str, &str)], here: &str, change: impl FnOnce(&mut Request)) -> String {
    let ground = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = ground.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let mut request = Request {
        start_dir: ground.path().join(here),
        ..Request::default()
    };
    change(&mut request);
    let stack = load(&request).unwrap();
    let services: Vec<&str> = stack.services.keys().map(ServiceName::as_str).collect();
    let value = stack
        .services
        .values()
        .find_map(|service| service.environment.get("V").cloned().flatten());
    format!(
        "{} | {} | {}",
        stack.name,
        value.unwrap_or_default(),
        services.join(" ")
    )
}

#[test]
fn an_env_file_names_the_files_before_any_is_searched() {
    let variable = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let main = "services: {main: {image: x, environment: {V: '${FROM_WORK:-none}/${FROM_SUB:-none}'}}}\n";
    let files = [
        ("compose.yaml", "services: {decoy: {image: x}}\n"),
        ("work/.env", "COMPOSE_FILE=sub/main.yaml\nFROM_WORK=w\n"),
        ("work/sub/main.yaml", main),
        ("work/sub/.env", "FROM_SUB=s\nFROM_WORK=loses\n"),
    ];
    let sub = "sub | w/s | main";
    assert_eq!(read_in(&files, "work", |_| {}), sub);
    // Also where the folders above have no file of their own.
    assert_eq!(read_in(&files[1..], "work", |_| {}), sub);
    let named = |request: &mut Request| request.environment.extend([variable("COMPOSE_FILE", "sub/main.yaml")]);
    assert_eq!(read_in(&files, "work", named), sub);
    let from_above = |request: &mut Request| {
        request
            .environment
            .extend([variable("COMPOSE_FILE", "work/sub/main.yaml")]);
    };
    assert_eq!(read_in(&files, "", from_above), "sub | loses/s | main");
    // With -f only the file's folder counts.
    let flag = |request: &mut Request| request.files.push("sub/main.yaml".into());
    assert_eq!(read_in(&files, "work", flag), "sub | loses/s | main");
    let directory = |request: &mut Request| {
        request.files.push("sub/main.yaml".into());
        request.project_dir = Some(request.start_dir.clone());
    };
    assert_eq!(read_in(&files, "work", directory), "work | w/none | main");
}

#[test]
fn the_env_file_where_the_user_is_wins_over_that_of_the_project() {
    let text = "services:\n  a: {image: x, environment: {V: '${X:-none}/${Y:-none}/${Z:-none}'}}\n  p: {image: x, profiles: [pp]}\n";
    let child = "X=child\nZ=child\nCOMPOSE_PROJECT_NAME=kid\nCOMPOSE_PROFILES=pp\n";
    let files = [
        ("up1/compose.yaml", text),
        ("up1/.env", "X=parent\nY=parent\n"),
        ("up1/child/.env", child),
        ("up1/other/x", ""),
    ];
    let kid = "kid | child/parent/child | a p";
    assert_eq!(read_in(&files, "up1/child", |_| {}), kid);
    assert_eq!(read_in(&files, "up1/other", |_| {}), "up1 | parent/parent/none | a");
    let environment = |name: &str, value: &str| {
        let pair = (name.to_owned(), value.to_owned());
        move |request: &mut Request| request.environment.extend([pair])
    };
    assert_eq!(
        read_in(&files, "up1/child", environment("COMPOSE_FILE", "../compose.yaml")),
        kid,
    );
    assert_eq!(
        read_in(&files, "up1/child", environment("COMPOSE_ENV_FILES", ".env")),
        "kid | child/none/child | a p",
    );
    assert_eq!(
        read_in(&files, "up1/child", environment("COMPOSE_DISABLE_ENV_FILE", "1")),
        "up1 | none/none/none | a",
    );
    let flag = |request: &mut Request| request.files.push("../compose.yaml".into());
    assert_eq!(read_in(&files, "up1/child", flag), "up1 | parent/parent/none | a");
}

#[test]
fn only_where_none_was_asked_for_and_none_was_found_is_there_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let request = Request {
        start_dir: folder.path().to_owned(),
        ..Request::default()
    };
    assert!(super::is_without_file(&request));
    for asked in [
        Request {
            files: vec!["typo.yaml".into()],
            ..request.clone()
        },
        Request {
            environment: [("COMPOSE_FILE".to_owned(), "typo.yaml".to_owned())].into(),
            ..request.clone()
        },
    ] {
        assert!(!super::is_without_file(&asked), "{asked:?}");
    }
    fs::write(folder.path().join(".env"), "COMPOSE_FILE=typo.yaml").unwrap();
    assert!(!super::is_without_file(&request));
    // An env file that can't be read may have named one.
    fs::write(folder.path().join(".env"), "A='").unwrap();
    assert!(!super::is_without_file(&request));
    fs::remove_file(folder.path().join(".env")).unwrap();
    fs::write(folder.path().join("compose.yaml"), "services: {web: {nonsense: 1}}").unwrap();
    assert!(!super::is_without_file(&request));
}

#[test]
fn a_file_that_is_not_utf8_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("compose.yaml"), b"services:\n  a: {image: \xff}\n").unwrap();
    let request = Request {
        start_dir: Path::new(folder.path()).to_owned(),
        ..Request::default()
    };
    let failure = load(&request).unwrap_err();
    assert!(failure.to_string().contains("UTF-8"), "{failure}");
}

/// A folder `proj` beside an `outside` with a file that is nobody's business, and what loading the project there says.
fn refused_beside(files: &[(&str, &str)], secret: &str, change: impl FnOnce(&mut Request, &Path)) -> Failure {
    let ground = tempfile::tempdir().unwrap();
    let root = ground.path().join("proj");
    fs::create_dir_all(&root).unwrap();
    fs::create_dir(ground.path().join("outside")).unwrap();
    fs::write(ground.path().join("outside/f"), secret).unwrap();
    for (name, text) in files {
        match text.strip_prefix("-> ") {
            Some(target) => std::os::unix::fs::symlink(target, root.join(name)).unwrap(),
            None => fs::write(root.join(name), text).unwrap(),
        }
    }
    let mut request = Request {
        start_dir: root,
        ..Request::default()
    };
    change(&mut request, ground.path());
    load(&request).unwrap_err()
}

#[test]
fn a_line_of_a_file_outside_the_project_is_never_quoted() {
    const WEB: &str = "services: {web: {image: i}}\n";
    let nothing = |_: &mut Request, _: &Path| {};
    let included = format!("include: [../outside/f]\n{WEB}");
    let extended = "services: {web: {extends: {file: ../outside/f, service: x}}}";
    let linked = format!("include: [near.yml]\n{WEB}");
    for (files, secret) in [
        (vec![("compose.yaml", included.as_str())], "hunter2:is:no:mapping\n"),
        (vec![("compose.yaml", included.as_str())], "a: [hunter2\n"),
        (
            vec![("compose.yaml", included.as_str())],
            "services: {x: {hunter2: 1}}\n",
        ),
        (vec![("compose.yaml", extended)], "services: {x: {image: [hunter2]}}\n"),
        (vec![("compose.yaml", extended)], "a: b: hunter2\n"),
        (
            vec![("compose.yaml", linked.as_str()), ("near.yml", "-> ../outside/f")],
            "x hunter2 y\n",
        ),
        (vec![("compose.yaml", "-> ../outside/f")], "x hunter2 y\n"),
        (
            vec![("compose.override.yml", "-> ../outside/f"), ("compose.yaml", WEB)],
            "x hunter2 y\n",
        ),
        (
            vec![(".env", "COMPOSE_FILE=../outside/f"), ("compose.yaml", WEB)],
            "x hunter2 y\n",
        ),
    ] {
        let failure = refused_beside(&files, secret, nothing);
        let source = failure.place.and_then(|place| place.source);
        assert_eq!(source, None, "{files:?}");
    }
}

#[test]
fn a_line_of_the_project_or_of_a_named_file_is_quoted() {
    let failure = refused_beside(&[("compose.yaml", "services: 5\n")], "", |_, _| {});
    assert_eq!(failure.place.unwrap().source.as_deref(), Some("services: 5"));
    let failure = refused_beside(&[], "services: 6\n", |request, ground| {
        request.files.push(ground.join("outside/f"));
    });
    assert_eq!(failure.place.unwrap().source.as_deref(), Some("services: 6"));
}
