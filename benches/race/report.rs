//! docs/benchmarks.md.

use std::fmt::Write as _;
use std::time::Duration;

use crate::parts::{Part, Parts};
use crate::results::{Results, Target, shown};
use crate::stage::Who;

const HEAD: &str = "# Benchmarks

Written by `make bench`. magicctl, Docker Compose and *the floor* start and stop the same stacks on the same engine with the same images, in turn. The
floor is a small program that knows everything in advance: it sends exactly the requests that magicctl was seen to send, as many in parallel as the
engine handles well, and asks each service every 5 ms whether it answers. It runs no healthcheck, checks nothing and explains nothing.

*Tuned* is Compose at its best: the healthcheck runs every second, or with `start_interval: 250ms` on engines that support it. The others use the file
unchanged. Compose v1 can't wait for healthy services: its time ends when the engine says that all are healthy. Times are medians of whole processes,
with minimum and maximum; memory is the peak of the process. Calls to the engine are counted in a separate run, through a proxy on the socket.

The newer engines keep their data in memory, this machine's own engine on its disk: compare only within a column.
";

/// Why a target is missed, by the beginning of its name and by what it is compared with.
const REASONS: [(&str, &str, &str); 7] = [
    (
        "10 services: up",
        "floor",
        "- *10 services, the floor.* Running a healthcheck costs 36 ms of processor time (`redis-cli ping | grep -q PONG`; the engine and runc use 29 ms of\n  \
         it, for any command), starting a container 152 ms. The floor runs no healthcheck. If it runs each of them once, which is what healthy means, it takes\n  \
         as long as magicctl: see *floor, healthchecks run*. Discarding the output of a healthcheck saves the engine nothing.\n",
    ),
    (
        "10 services: up",
        "0.40",
        "- *10 services, Compose.* The floor misses this target, too, if it runs each healthcheck once: the rest is the engine's work.\n",
    ),
    (
        "real stack under load",
        "0.25",
        "- *Under load, Compose.* Two busy loops take half of both processors. That slows down the start of Kafka and the engine, which is all that magicctl\n  \
         waits for. Compose waits for the end of an interval, which nothing slows down.\n",
    ),
    (
        "real stack: up",
        "0.25",
        "- *Real stack, Compose on a newer engine.* Compose's time depends on which run of the healthcheck, at ten-second intervals, finds Kafka and then the\n  \
         app healthy: 17 or 22 s for the same work.\n",
    ),
    (
        "40 services: up",
        "floor",
        "- *40 services, the floor.* As with 10 services, but healthchecks for which nothing waits are run only after everything has started. By then, the\n  \
         engine itself has found most services healthy.\n",
    ),
    (
        "40 services: up",
        "0.40",
        "- *40 services, Compose.* The target was set on a machine where Compose v5 took 22.3 s. Where Compose takes less, the floor misses the target, too: the\n  \
         engine starts containers no faster if there are more than four at a time (2, 3, 4, 6 and 8 were tried).\n",
    ),
    (
        "logs, 1,000 keys",
        "15 %",
        "- *1,000 keys masked.* Every line is examined in steps of up to thirteen bytes, each with a look at a table of 64 KiB. That takes some 27 ms for a\n  \
         million lines, which is noticeable because the rest takes so little time.\n",
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
        let _infallible = write!(text, "\n## Why targets are missed\n\n{}", known.join("\n"));
    }
}

fn targets(text: &mut String, results: &Results, engines: &[&str]) {
    text.push_str("\n## Targets\n\nResults in **bold** miss their target.\n\n| target | ");
    let heads: Vec<String> = engines.iter().map(|engine| format!("engine {engine}")).collect();
    let _infallible = writeln!(
        text,
        "{} |\n| --- |{}",
        heads.join(" | "),
        " --- |".repeat(engines.len())
    );
    let mut done: Vec<(&str, &str)> = Vec::new();
    for target in &results.targets {
        // A unit may contain a result of the same run, which differs by engine.
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
    text.push_str("\n## All results\n");
    let mut place = ("", "", "");
    for entry in &results.entries {
        let here = (entry.engine.as_str(), entry.stack.as_str(), entry.work.as_str());
        if here != place {
            let _infallible = write!(
                text,
                "\n**{}, {}**, engine {}\n\n| program | median | minimum to maximum | relative to the floor | runs | processor time | memory | calls (that change something) |\n\
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
    // What a distribution adds to the version says nothing about the machine's speed.
    let kernel = kernel.split('-').next().unwrap_or_default();
    let mut text = format!(
        "{cores} cores ({}), {} of memory, Linux {}; magicctl {}, built with `cargo build --release`.\n\n| part | engine | measured | took |\n\
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
    let _infallible = writeln!(text, "| total | | | {} |", minutes(whole));
    text
}

/// `2 min 5 s`.
fn minutes(time: Duration) -> String {
    format!("{} min {} s", time.as_secs() / 60, time.as_secs() % 60)
}
