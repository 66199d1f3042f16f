//! Names of images: magicctl refuses those that Compose refuses, at the same command, and no other; and whatever the name, no other
//! call is made.

use crate::support::fake_engine::FakeEngine;
use crate::support::{Done, Project};

const DIGEST: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// What Compose pulls. `@` stands for a digest.
const GOOD: [&str; 38] = [
    "redis",
    "redis:8",
    "redis:8.0-alpine_X",
    "redis:_x",
    "library/redis",
    "docker.io/redis",
    "index.docker.io/redis:1",
    "FOO/bar",
    "Foo/bar/baz",
    "localhost/x",
    "LOCALHOST/x",
    "localhost:5000/x:1",
    "localhost:5000",
    "127.0.0.1:5000/a/b/c:tag",
    "[::1]/x",
    "[::1]:5000/x:1",
    "my_host/x",
    "my_host.example/x",
    "host.example:99999/x",
    "xn--n3h.example/x",
    "EXAMPLE.COM/x",
    "a__b",
    "a--b",
    "a---b",
    "a.b",
    "a.b_c-d/e__f",
    "a@",
    "a:1@",
    "r.example:5000/a/b:1@",
    "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "a/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:1",
    "aaaaaaaaaaaa",
    "0",
    "1.2.3.4/x",
    "a/b/c/d/e/f",
    "scratch",
    "none",
];

/// What it does not.
const BAD: [&str; 54] = [
    "../volumes/prune?",
    "..",
    ".",
    "a/..",
    "a/../b",
    "a/./b",
    "a/%2e%2e/b",
    "%2e%2e/volumes/prune?",
    "..\\volumes\\prune?",
    "a%2fb",
    "a?b",
    "a?",
    "a#b",
    "a b",
    " a",
    "a ",
    "a\tb",
    "a\\b",
    "a;b",
    "a&b",
    "$$(x)",
    "ä",
    "a:ä",
    "redis:",
    ":8",
    "a:.b",
    "a:-b",
    "a:b:c",
    "a:b/c",
    "Redis",
    "redis/Foo",
    "foo/BAR:1",
    "Example.com:5000/X",
    "a..b",
    "a___b",
    "a-_b",
    "a._b",
    ".a",
    "a.",
    "-a",
    "a-",
    "_a",
    "a_",
    "a/b_/c",
    "a//b",
    "/a",
    "a/",
    "[::g]/x",
    "host-.example/x",
    "example.com:/x",
    "example.com:port/x",
    "https://e.example/x",
    "user@host/x",
    "a@md5:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
];

fn written(image: &str) -> String {
    let image = image
        .strip_suffix('@')
        .map_or_else(|| image.to_owned(), |name| format!("{name}@{DIGEST}"));
    serde_json::to_string(&image).expect("JSON is YAML too")
}

/// A project with a service for each of `images`, on `engine`.
fn project(engine: &FakeEngine, images: &[&str]) -> Project {
    let services = images.iter().enumerate();
    let services: Vec<String> = services
        .map(|(index, image)| format!("  s{index}: {{image: {}}}\n", written(image)))
        .collect();
    let mut project = Project::of("references", &format!("services:\n{}", services.concat()));
    project.env.insert("DOCKER_HOST".to_owned(), engine.host());
    // Nobody's logins.
    project
        .env
        .insert("DOCKER_CONFIG".to_owned(), project.dir.display().to_string());
    project
}

/// By both, each with what `--source engine` was given.
fn by_both(engine: &FakeEngine, images: &[&str], args: &[&str]) -> [(Done, Vec<String>); 2] {
    let project = project(engine, images);
    engine.take();
    let compose = (project.compose(args), engine.take());
    let ours = (project.magicctl(args), engine.take());
    [compose, ours]
}

#[test]
fn what_compose_pulls_is_pulled() {
    let engine = FakeEngine::with_nothing();
    let [(compose, theirs), (ours, asked)] = by_both(&engine, &GOOD, &["pull"]);
    assert_eq!(compose.code, 0, "{}", compose.all());
    assert_eq!(ours.code, 0, "{}", ours.all());
    let pulls = |asked: &[String]| asked.iter().filter(|line| *line == "POST /images/create").count();
    assert_eq!(
        (pulls(&theirs), pulls(&asked)),
        (GOOD.len(), GOOD.len()),
        "{theirs:?}\n{asked:?}"
    );
    assert_eq!(asked.len(), GOOD.len(), "{asked:?}");
}

#[test]
fn what_compose_refuses_when_it_is_pulled_is_refused_then_and_asks_for_nothing() {
    let engine = FakeEngine::with_nothing();
    for image in BAD
        .into_iter()
        .chain([&*"x".repeat(248), &*format!("a:{}", "t".repeat(129)), &DIGEST[7..]])
    {
        let [(compose, _), (ours, asked)] = by_both(&engine, &[image], &["pull"]);
        assert_ne!(compose.code, 0, "{image:?}");
        assert!(asked.is_empty(), "{image:?}: {asked:?}");
        // An id is a good name for an image that is there.
        let code = if image == &DIGEST[7..] { 1 } else { 4 };
        assert_eq!(ours.code, code, "{image:?}: {}", ours.all());
        if code == 4 {
            let stderr = &ours.stderr;
            assert!(
                stderr.contains("docker-compose.yml:2:") && stderr.contains('^'),
                "{image:?}: {stderr}"
            );
        }
    }
    // The file as a whole is printed, by both in the same way.
    let [(compose, _), (ours, asked)] = by_both(&engine, &BAD, &["config"]);
    assert_eq!((compose.code, ours.code), (0, 0), "{}", ours.all());
    assert_eq!(compose.stdout, ours.stdout);
    assert!(asked.is_empty(), "{asked:?}");
}

#[test]
fn no_command_makes_another_call_of_an_image_name() {
    let engine = FakeEngine::with_nothing();
    for image in ["../volumes/prune?", "x/../../volumes/prune?a=", "%2e%2e/volumes/prune?"] {
        let project = project(&engine, &[image]);
        let build = format!(
            "services:\n  s0:\n    image: {0}\n    build: {{context: ., dockerfile_inline: FROM scratch, tags: [{0}]}}\n  good:\n    image: good\n    build: .\n",
            written(image)
        );
        for (args, code) in [
            (vec!["up"], 4),
            (vec!["up", "--no-check"], 4),
            (vec!["create"], 4),
            (vec!["run", "--rm", "s0"], 4),
            (vec!["pull"], 4),
            (vec!["pull", "--ignore-pull-failures"], 0),
            (vec!["plan"], 4),
            (vec!["images"], 0),
            (vec!["ps"], 0),
            (vec!["down", "--rmi", "all"], 0),
        ] {
            engine.take();
            let done = project.magicctl(&args);
            assert_eq!(done.code, code, "{image} {args:?}: {}", done.all());
            assert_eq!(engine.take(), Vec::<String>::new(), "{image} {args:?}");
        }
        project.write("docker-compose.yml", &build);
        for (args, code) in [
            (vec!["push"], 4),
            (vec!["push", "--ignore-push-failures", "s0"], 0),
            (vec!["build"], 4),
            (vec!["rebuild"], 4),
            (vec!["up", "--build"], 4),
        ] {
            let done = project.magicctl(&args);
            assert_eq!(done.code, code, "{image} {args:?}: {}", done.all());
            assert_eq!(engine.take(), Vec::<String>::new(), "{image} {args:?}");
        }
        // The others of the file can be used.
        let done = project.magicctl(&["push", "good"]);
        assert_eq!(done.code, 0, "{}", done.all());
        assert_eq!(engine.take(), ["POST /images/good/push"]);
    }
}

#[test]
fn names_on_the_command_line_are_words() {
    let engine = FakeEngine::with_nothing();
    let project = project(&engine, &["redis"]);
    for args in [
        ["-p", "../volumes/prune?", "ps"].as_slice(),
        &["-p", "a/b", "down"],
        &["-p", "a%2fb", "logs"],
        &["run", "--name", "../x", "s0"],
        &["run", "--name", "x?force=1", "s0"],
        &["run", "--name", "x\n", "s0"],
    ] {
        engine.take();
        let done = project.magicctl(args);
        assert_eq!(done.code, 2, "{args:?}: {}", done.all());
        assert_eq!(engine.take(), Vec::<String>::new(), "{args:?}");
    }
}
