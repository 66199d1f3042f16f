//! Files of the project that are large or nested out of all proportion: what is found is listed as far as anybody reads it,
//! and no check takes memory or time by the square of what it reads.

use super::*;

/// More than all checks list of one file.
const MOST: usize = 500;

#[track_caller]
fn found(world: &World) -> Vec<Finding> {
    let findings = world.findings();
    assert!(findings.len() < MOST, "{} findings", findings.len());
    findings
}

#[track_caller]
fn told_as(world: &World, code: &str) -> Finding {
    let findings = found(world);
    let wanted = findings.iter().find(|finding| finding.code.id == code);
    wanted.unwrap_or_else(|| panic!("{:#?}", brief(&findings))).clone()
}

#[test]
fn dockerfiles() {
    let world = World::new();
    let from = "FROM python:3.12\n";
    for (text, code) in [
        (format!("{from}{}", "COPY nothing1 x\n".repeat(50_000)), "MC113"),
        (
            format!(
                "{from}{}",
                (0..50_000)
                    .map(|n| format!("COPY no{n} x\n"))
                    .collect::<Vec<_>>()
                    .concat()
            ),
            "MC113",
        ),
        (
            format!("{from}COPY {}x\n", "nothing1 nothing2 ".repeat(50_000)),
            "MC113",
        ),
        ("FROM BAD\n".repeat(50_000), "MC111"),
        (
            (0..20_000)
                .map(|n| format!("FROM s{}:1 AS s{n}\n", n + 7))
                .collect::<Vec<_>>()
                .concat(),
            "MC112",
        ),
        (
            format!(
                "ARG A0=xxxxxxxx\n{}FROM $A99\n",
                (1..100)
                    .map(|n| format!("ARG A{n}=$A{0}$A{0}\n", n - 1))
                    .collect::<Vec<_>>()
                    .concat()
            ),
            "",
        ),
        (format!("{from}RUN {}x\n", "a \\\n".repeat(100_000)), ""),
        (format!("{from}CMD [{}\"x\"]\n", "\"x\",".repeat(100_000)), ""),
        (format!("{from}RUN <<A\n{}", "x\n".repeat(100_000)), "MC110"),
    ] {
        world.write("Dockerfile", &text);
        if code.is_empty() {
            found(&world);
        } else {
            told_as(&world, code);
        }
    }
}

#[test]
fn a_large_dockerfile_of_very_many_services_is_read_a_few_times() {
    let world = World::new();
    world.write("Big", &format!("FROM python:3.12\n{}", "# x\n".repeat(1 << 19)));
    let services = (0..200).map(|n| format!("  s{n}: {{build: {{context: ., dockerfile: Big}}}}\n"));
    let services: Vec<String> = services.collect();
    world.write("docker-compose.yml", &format!("services:\n{}", services.concat()));
    let finding = told_as(&world, "MC100");
    assert!(
        finding.why.contains("the Dockerfiles are larger than 8 MB in total"),
        "{finding:?}"
    );
}

#[test]
fn ignore_files() {
    let world = World::new();
    for text in [
        "a\n".repeat(1_001),
        format!("{}\n", "*".repeat(5_000)),
        "!a\n".repeat(1 << 20),
    ] {
        world.write(".dockerignore", &text);
        assert!(told_as(&world, "MC100").why.contains(".dockerignore"), "{text:.9}");
    }
    world.write(
        ".dockerignore",
        &format!("keys_pool\nenv\n.env\n{}", "a*b/**/c?[d-e]\n".repeat(200)),
    );
    assert!(!world.has("MC100"));
}

#[test]
fn ports() {
    let world = World::new();
    let twice: Vec<String> = (0..1_500)
        .map(|n| format!("'127.0.0.1:{}:{}'", 20_000 + n / 2, 1 + n))
        .collect();
    let file = |ports: &str| format!("services: {{a: {{image: 'x:1', ports: [{ports}]}}}}\n");
    world.write("docker-compose.yml", &file(&twice.join(", ")));
    told_as(&world, "MC236");
    // One port of this machine that is taken, asked for thousands of times.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = listener.local_addr().unwrap().port();
    let same: Vec<String> = (0..1_500).map(|n| format!("'127.0.0.1:{taken}:{}'", 1 + n)).collect();
    world.write("docker-compose.yml", &file(&same.join(", ")));
    told_as(&world, "MC320");
}

#[test]
fn gateways_configurations() {
    let world = World::new();
    let profile =
        |n: usize| format!("  - {{model_name: name{n:060}, provider: openai, model_params: {{model: m{n}}}}}\n");
    let profiles: Vec<String> = (0..1_500).map(profile).collect();
    let models = format!("model_list:\n{}", profiles.concat());
    let chains: Vec<String> = (0..1_500).map(|n| format!("nume{n:060}")).collect();
    let listed: Vec<String> = (0..1_500).map(|n| format!("n{n}")).collect();
    for (text, code) in [
        (
            format!(
                "{models}router_settings: {{model_group_alias: {{x: [{}]}}}}\n",
                chains.join(", ")
            ),
            "MC207",
        ),
        (
            format!("{models}provider_model_lists: {{openai: [{}]}}\n", listed.join(", ")),
            "MC212",
        ),
        (models.replace("provider: openai", "provider: opnai"), "MC205"),
        (models.replace("model: m", "modell: m"), "MC204"),
        (models.clone(), "MC208"),
        (
            format!("definitions: {}{}\n", "[".repeat(100_000), "]".repeat(100_000)),
            "MC201",
        ),
    ] {
        world.write("proxy_config.yaml", &text);
        let finding = told_as(&world, code);
        assert!(finding.what.len() < 4_000, "{code}: {}", finding.what.len());
    }
}

#[test]
fn names_of_containers() {
    let mut world = World::new();
    world.write("docker-compose.yml", "services: {a: {image: 'x:1', scale: 10000}}\n");
    world.there.observed.containers = (0..1_500)
        .map(|n| container(&format!("sample-a-{n}"), "other", "a", State::Created))
        .collect();
    told_as(&world, "MC322");
}
