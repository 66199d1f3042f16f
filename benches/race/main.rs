//! The race: magicctl, Docker Compose and the floor bring the same stacks up and down on the same engine with the same
//! images, in turn. `make bench` runs all of it and writes docs/benchmarks.md.

#![expect(clippy::expect_used, reason = "a race that can't go on ends by panicking")]
#![expect(clippy::cast_precision_loss, reason = "bytes and counts of this size are exact")]

mod burden;
mod client;
mod floor;
mod logs;
mod measure;
mod page;
mod parts;
mod plans;
mod proxy;
mod report;
mod results;
mod scenarios;
mod stacks;
mod stage;
#[path = "../../tests/it/support/mod.rs"]
#[expect(dead_code, reason = "the tests use the rest")]
mod support;

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use floor::Recipe;
use parts::Parts;
use stage::Ground;
use support::Project;
use support::own_engine::OwnEngine;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["floor", what, file, more @ ..] => floor(what, file, more),
        _ => race(),
    }
}

fn floor(what: &str, file: &str, more: &[&str]) -> Result<()> {
    // A thread that fails ends the whole: the others would wait for it for ever.
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        tell(panic);
        std::process::exit(1);
    }));
    let text = std::fs::read_to_string(file).context("no recipe")?;
    let recipe: Recipe = serde_json::from_str(&text).context("no recipe")?;
    match (what, more) {
        ("up", _) => recipe.up(false),
        ("up-proved", _) => recipe.up(true),
        ("down", _) => recipe.down(),
        ("look", _) => recipe.look(),
        ("replace", [name]) => recipe.replace(name),
        _ => bail!("the floor knows no {what}"),
    }
    Ok(())
}

/// All of it, or the parts that `RACE=real,chain,…` names, beside what is known of the others; on the machine's engine, and on
/// the newer ones that `scripts/engines` has unpacked, or on those that `ENGINES=machine,trixie,forky` names.
fn race() -> Result<()> {
    let mut parts = Parts::wanted();
    let engines = std::env::var("ENGINES").unwrap_or_else(|_| "machine,trixie,forky".to_owned());
    for name in engines.split(',') {
        if name == "machine" {
            let ground = Ground::of_the_machine();
            scenarios::on(&mut parts, &ground);
            parts.measure("logs", &ground.name, |results| logs::race(results, &ground));
        } else if let Some(ground) = newer(name) {
            scenarios::on(&mut parts, &ground);
        }
    }
    // Last: a process counts the memory of the one that it came from, too, and plans take some.
    parts.measure("plan", "any", plans::race);
    let targets = || parts.all.iter().flat_map(|part| &part.results.targets);
    let missed = targets().filter(|target| !target.met).count();
    println!("{} targets, {missed} missed", targets().count());
    let text = report::text(&parts);
    if parts.is_whole() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/benchmarks.md");
        std::fs::write(&file, text).context("docs/benchmarks.md can't be written")?;
        println!("written: docs/benchmarks.md");
    } else {
        println!("{text}");
    }
    Ok(())
}

/// A newer engine with the images; none when there is none, or this user may not start one.
fn newer(name: &str) -> Option<Ground> {
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/engines").join(name);
    if !programs.exists() {
        eprintln!("{name} is left out: `scripts/engines` unpacks it");
        return None;
    }
    let name = ["trixie", "forky", "29"].into_iter().find(|known| *known == name)?;
    let engine = OwnEngine::newer(name)?;
    let sample = Project::sample("images");
    for (name, image) in &sample.env {
        if name.ends_with("_IMAGE") && !name.starts_with("GRAFANA") {
            engine.load(image);
        }
    }
    Some(Ground::new(engine.path("docker.sock"), Some(engine)))
}
