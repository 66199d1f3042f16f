//! docs/benchmarks.md.

use std::fmt::Write as _;
use std::time::Duration;

use crate::parts::{Part, Parts};
use crate::results::{Results, Target, shown};
use crate::stage::Who;

const HEAD: &str = "# Benchmarks

`make bench` made this file: magicctl, Docker Compose and *the floor* bring the same stacks up and down on the same engine with the same images, in
turn. The floor is a small program that knows everything in advance: it sends the very requests that magicctl was seen to send, as many at
once as the engine does well, and asks each service itself every 5 ms whether it answers. It runs no healthcheck, checks nothing and explains nothing.

*Tuned* is Compose at its best: with a probe a second for ever, or with `start_interval: 250ms` on engines that know it; the others run the file as
it is. Compose v1 can't wait for health: its time goes on until the engine says that all is healthy. Times are medians of whole processes, with the
least and the most; memory is the peak of the process. Calls to the engine are counted in a run of its own through a proxy on the socket.

The newer engines keep their data in memory, this machine's own on its disk: compare within a column only.
";

/// What stands in the way of a target where it is missed, by the beginning of its name and what it is held against.
const REASONS: [(&str, &str, &str); 7] = [
    (
        "10 services: up",
        "floor",
        "- *10 services, the floor.* A run of a healthcheck costs 36 ms of a processor (`redis-cli ping | grep -q PONG`; 29 ms of it are the engine's and\n  \
         runc's, for any command), the start of a container 152 ms. The floor runs none. With each healthcheck run once, which is what being healthy means, it takes\n  \
         as long as magicctl: see *floor, healthchecks run*. A run without its output being kept costs the engine as much.\n",
    ),
    (
        "10 services: up",
        "0.40",
        "- *10 services, Compose.* The floor with each healthcheck run once misses it as well: what is left is the engine's work.\n",
    ),
    (
        "real stack under load",
        "0.25",
        "- *Under load, Compose.* Two busy loops take half of both processors from Kafka's boot and the engine, which is all that magicctl waits for; Compose\n  \
         waits for the tick of an interval, which nothing slows.\n",
    ),
    (
        "real stack: up",
        "0.25",
        "- *Real stack, Compose on a newer engine.* How long Compose takes is a matter of which tick of the ten-second interval finds Kafka and then the app\n  \
         healthy: 17 or 22 s for the same work.\n",
    ),
    (
        "40 services: up",
        "floor",
        "- *40 services, the floor.* The same, though a healthcheck that nobody waits for is run only once everything is started: most have been found healthy by the\n  \
         engine by then.\n",
    ),
    (
        "40 services: up",
        "0.40",
        "- *40 services, Compose.* The target was made where Compose v5 took 22.3 s. Where it takes less, the floor itself is above it: the engine starts\n  \
         containers no quicker, four at once or more (2, 3, 4, 6 and 8 were tried).\n",
    ),
    (
        "logs, 1,000 keys",
        "15 %",
        "- *1,000 keys masked.* Every line is looked at in steps of up to thirteen bytes, a look at a table of 64 KiB each, for some 27 ms of a million lines; what is left\n  \
         of the time is so short that this shows.\n",
    ),
];

/// The file's text.
pub fn text(parts: &Parts) -> String {
    let mut text = HEAD.to_owned();
    let _infallible = write!(text, "\n{}\n", machine(parts));
    let mut all = Results::default();
    for part in &parts.all {
        all.entries.extend(part.results.entries.iter().cloned());
        all.targets.extend(part.results.targets.iter().cloned());
    }
    let mut engines: Vec<&str> = Vec::new();
    for target in &all.targets {
        if target.engine != "any" && !engines.contains(&target.engine.as_str()) {
            engines.push(&target.engine);
        }
    }
    targets(&mut text, &all, &engines);
    reasons(&mut text, &all);
    details(&mut text, &all);
    text
}

fn reasons(text: &mut String, results: &Results) {
    let missed = |what: &str, wanted: &str| {
        let fits = |target: &&Target| target.what.starts_with(what) && target.wanted.contains(wanted);
        results.targets.iter().filter(fits).any(|target| !target.met)
    };
    let known: Vec<&str> = REASONS
        .iter()
        .filter(|(what, wanted, _)| missed(what, wanted))
        .map(|(.., reason)| *reason)
        .collect();
    if !known.is_empty() {
        let _infallible = write!(text, "\n## What stands in the way\n\n{}", known.join("\n"));
    }
}

fn targets(text: &mut String, results: &Results, engines: &[&str]) {
    text.push_str("\n## Targets\n\nA figure in **bold** misses its target.\n\n| target | ");
    let heads: Vec<String> = engines.iter().map(|engine| format!("engine {engine}")).collect();
    let _infallible = writeln!(
        text,
        "{} |\n| --- |{}",
        heads.join(" | "),
        " --- |".repeat(engines.len())
    );
    let mut done: Vec<(&str, &str)> = Vec::new();
    for target in &results.targets {
        // A unit may name what was measured in the same run, which differs by engine.
        let key = (target.what.as_str(), target.wanted.as_str());
        if done.contains(&key) {
            continue;
        }
        done.push(key);
        let cells = engines.iter().map(|engine| {
            let found = results.targets.iter().find(|other| {
                (other.what.as_str(), other.wanted.as_str()) == key
                    && (other.engine == *engine || other.engine == "any")
            });
            match found {
                Some(other) if other.met => other.measured.clone(),
                Some(other) => format!("**{}**", other.measured),
                None => "–".to_owned(),
            }
        });
        let cells: Vec<String> = cells.collect();
        let _infallible = writeln!(text, "| {}: {} | {} |", target.what, target.wanted, cells.join(" | "));
    }
}

fn details(text: &mut String, results: &Results) {
    text.push_str("\n## Everything\n");
    let mut place = ("", "", "");
    for entry in &results.entries {
        let here = (entry.engine.as_str(), entry.stack.as_str(), entry.work.as_str());
        if here != place {
            let _infallible = write!(
                text,
                "\n**{}, {}**, engine {}\n\n| who | median | least to most | to the floor | runs | processor | memory | calls (changing) |\n\
                 | --- | --- | --- | --- | --- | --- | --- | --- |\n",
                entry.stack, entry.work, entry.engine
            );
            place = here;
        }
        let [median, least, most] = entry.runs.wall();
        let floor = results.median(&entry.engine, &entry.stack, &entry.work, Who::Floor);
        let ratio = floor.map_or_else(
            || "–".to_owned(),
            |floor| format!("{:.2}", median.as_secs_f64() / floor.as_secs_f64()),
        );
        let calls = entry
            .calls
            .map_or_else(|| "–".to_owned(), |(all, changing)| format!("{all} ({changing})"));
        let _infallible = writeln!(
            text,
            "| {} | {} | {} to {} | {ratio} | {} | {} | {:.1} MB | {calls} |",
            entry.who.name(),
            shown(median),
            shown(least),
            shown(most),
            entry.runs.0.len(),
            shown(entry.runs.cpu()),
            entry.runs.memory() as f64 / f64::from(1 << 20),
        );
    }
}

fn machine(parts: &Parts) -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let field = |file: &str, name: &str| {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split(':').nth(1).unwrap_or_default().trim().to_owned()
    };
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    // What a distribution adds to the version says nothing of the machine's speed.
    let kernel = kernel.split('-').next().unwrap_or_default();
    let mut text = format!(
        "{cores} cores ({}), {} of memory, Linux {}; magicctl {}, as `cargo build --release` makes it.\n\n| part | engine | measured | took |\n\
         | --- | --- | --- | --- |\n",
        field("/proc/cpuinfo", "model name"),
        field("/proc/meminfo", "MemTotal"),
        kernel.trim(),
        env!("CARGO_PKG_VERSION"),
    );
    let mut whole = Duration::ZERO;
    for part in &parts.all {
        let Part {
            name,
            engine,
            date,
            took,
            ..
        } = part;
        let _infallible = writeln!(text, "| {name} | {engine} | {date} | {} |", minutes(*took));
        whole += part.took;
    }
    let _infallible = writeln!(text, "| together | | | {} |", minutes(whole));
    text
}

/// `2 min 5 s`.
fn minutes(time: Duration) -> String {
    format!("{} min {} s", time.as_secs() / 60, time.as_secs() % 60)
}
