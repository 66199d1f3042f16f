//! What is found in more forms than the table of codes has, and what is let pass.

use super::*;

const COMPOSE: &str = "docker-compose.yml";
const BROKER: &str = "KAFKA_BROKER: kafka:9093";

/// What is changed, the code, and words that the finding has; no code: nothing but notes.
type Form = (
    &'static str,
    Option<&'static str>,
    &'static [&'static str],
    fn(&mut World),
);

const FORMS: &[Form] = &[
    (
        "the listener for the host",
        Some("MC244"),
        &["kafka:9092", "`KAFKA_BROKER: kafka:9093`"],
        |world| {
            world.edit(COMPOSE, BROKER, "KAFKA_BROKER: kafka:9092");
        },
    ),
    (
        "the container itself",
        Some("MC244"),
        &["the container itself", "`KAFKA_SERVERS: kafka:9093`"],
        |world| {
            world.edit(COMPOSE, BROKER, "KAFKA_SERVERS: localhost:9092");
        },
    ),
    (
        "one of several brokers",
        Some("MC243"),
        &["kafak:9093", "did you mean `kafka:9093`?"],
        |world| {
            world.edit(COMPOSE, BROKER, "KAFKA_BROKERS: kafka:9093,kafak:9093");
        },
    ),
    (
        "a URL with a password",
        Some("MC243"),
        &["redsi:6379", "did you mean `redis:6379`?"],
        |world| {
            world.edit(
                COMPOSE,
                "REDIS_URL: redis://redis:6379/0",
                "REDIS_URL: redis://u:1234@redsi:6379/0",
            );
        },
    ),
    (
        "a collector that pushes elsewhere",
        Some("MC243"),
        &["loky:3100", "promtail-config.yml", "`loki:3100`"],
        |world| {
            world.edit(
                "config/promtail/promtail-config.yml",
                "http://loki:3100",
                "http://loky:3100",
            );
        },
    ),
    (
        "a push to no service at all",
        Some("MC243"),
        &["collector:3100"],
        |world| {
            world.edit(
                "config/promtail/promtail-config.yml",
                "http://loki:3100",
                "http://collector:3100",
            );
        },
    ),
    (
        "a data source that reads elsewhere",
        Some("MC243"),
        &["lokii:3100"],
        |world| {
            world.edit(
                "config/grafana/provisioning/datasources/loki.yml",
                "http://loki:3100",
                "http://lokii:3100",
            );
        },
    ),
    ("a host outside of the stack, and a time", None, &[], |world| {
        world.edit(
            COMPOSE,
            BROKER,
            "KAFKA_BROKER: kafka:9093\n      OTHER: http://mainframe:8080/x\n      AT: 'noon:1230'",
        );
    }),
    ("a name that extra_hosts gives", None, &[], |world| {
        world.edit(
            COMPOSE,
            BROKER,
            "KAFKA_BROKER: kafka:9093\n      OTHER: http://rediss:8080/x",
        );
        world.edit(
            COMPOSE,
            "    init: true\n",
            "    init: true\n    extra_hosts: ['rediss:10.0.0.1']\n",
        );
    }),
    (
        "a module that nothing brings",
        Some("MC125"),
        &["aiokafka", "compile"],
        |world| {
            world.edit("requirements.txt", "aiokafka==", "orjson==");
        },
    ),
    (
        "a module of a file that is copied, without hashes",
        Some("MC125"),
        &["magic_proxy/extra.py imports requests", "add requests to"],
        |world| {
            world.write("requirements.txt", "aiokafka==1\nhttptools==1\nhttpx2==1\nmcp==1\nopentelemetry-sdk==1\npydantic==1\nPyYAML==1\nredis==1\nstarlette==1\nuvicorn==1\n");
            world.write("magic_proxy/extra.py", "import requests\n");
        },
    ),
    (
        "a module that need not be there, one of the project and one of Python",
        None,
        &[],
        |world| {
            world.write("magic_proxy/extra.py", "try:\n    import orjson\nexcept ImportError:\n    orjson = None\nimport tomllib\nfrom magic_proxy import secrets\n");
        },
    ),
    (
        "a value with half a quote",
        Some("MC140"),
        &["TAVILY_API_KEY", "quote on one side"],
        |world| {
            world.write("env/tavily.env", "TAVILY_API_KEY=\"tvly-0123456789abcdef\n");
        },
    ),
    (
        "a key with half a quote",
        Some("MC136"),
        &["quote on one side"],
        |world| {
            world.write("keys_pool/keys_pool_openai.env", "'sk-0123456789abcdef\n");
        },
    ),
    (
        "an image that is never pulled",
        Some("MC245"),
        &["`pull_policy` is never"],
        |world| {
            world.edit(
                COMPOSE,
                "    image: \"${REDIS_IMAGE",
                "    pull_policy: never\n    image: \"${REDIS_IMAGE",
            );
        },
    ),
];

#[test]
fn every_form_is_found_and_what_is_well_is_let_pass() {
    for (form, code, words, change) in FORMS {
        let mut world = World::new();
        change(&mut world);
        let findings = world.findings();
        let loud: Vec<&Finding> = findings
            .iter()
            .filter(|finding| finding.severity() > Severity::Note)
            .collect();
        let told = |finding: &Finding| {
            let place = finding.place.as_ref().map(|place| place.file.display().to_string());
            format!(
                "{} {} {} {}",
                finding.what,
                finding.why,
                finding.fix,
                place.unwrap_or_default()
            )
        };
        let is_it = |finding: &&Finding| Some(finding.code.id) == *code;
        if code.is_none() {
            assert!(loud.is_empty(), "{form}: {:#?}", brief(&findings));
            continue;
        }
        let found: Vec<String> = findings.iter().filter(is_it).map(told).collect();
        let is_told = |text: &String| words.iter().all(|word| text.contains(word));
        assert!(
            found.iter().any(is_told),
            "{form}: {found:#?} of {:#?}",
            brief(&findings)
        );
    }
}

#[test]
fn a_setting_is_shown_at_its_own_line() {
    let world = World::new();
    world.edit(COMPOSE, BROKER, "KAFKA_BROKER: kafak:9093");
    let findings = world.findings();
    let found = findings.iter().find(|finding| finding.code.id == "MC243").unwrap();
    let line = found.place.as_ref().unwrap().source.clone();
    assert_eq!(line.as_deref().map(str::trim), Some("KAFKA_BROKER: kafak:9093"));
}

/// What a build has put in ends the warning; what it doesn't copy never begins it.
#[test]
fn only_what_is_copied_makes_an_image_old() {
    let mut world = World::new();
    let built = |world: &mut World, at: i64| {
        world
            .there
            .observed
            .images
            .insert("sample-app-runner:latest".to_owned(), "sha256:app".to_owned());
        world.there.built_at.insert("sha256:app".to_owned(), at);
    };
    built(&mut world, i64::MAX);
    assert!(!world.has("MC119"));
    built(&mut world, 1);
    assert!(world.has("MC119"));
    let changed_at = |world: &World, name: &str| {
        let about = crate::files::Root::open(&world.root())
            .unwrap()
            .rights(Path::new(name))
            .unwrap();
        about.changed_at
    };
    let run_py = changed_at(&world, "run.py");
    built(&mut world, i64::MAX - 1);
    for name in [
        "README.md",
        "keys_pool/keys_pool_openai.env",
        "magic_proxy/__pycache__/x.pyc",
    ] {
        world.write(name, "x");
    }
    let latest = [
        "README.md",
        "keys_pool/keys_pool_openai.env",
        "magic_proxy/__pycache__/x.pyc",
    ];
    let before = latest.iter().map(|name| changed_at(&world, name)).min().unwrap() - 1;
    assert!(before >= run_py);
    built(&mut world, before);
    assert!(!world.has("MC119"), "{:#?}", brief(&world.findings()));
    // On another machine times say nothing.
    built(&mut world, 1);
    world.there.socket = None;
    assert!(!world.has("MC119"));
}
