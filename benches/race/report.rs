//! docs/benchmarks.md.

use std::fmt::Write as _;

use crate::results::{Results, shown};
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

/// The file's text.
pub fn text(results: &Results, took: std::time::Duration) -> String {
    let mut text = HEAD.to_owned();
    let _infallible = write!(text, "\n{}\n", machine(took));
    let mut engines: Vec<&str> = Vec::new();
    for target in &results.targets {
        if target.engine != "any" && !engines.contains(&target.engine.as_str()) {
            engines.push(&target.engine);
        }
    }
    targets(&mut text, results, &engines);
    details(&mut text, results);
    text
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
        let key = (target.what, target.wanted.as_str());
        if done.contains(&key) {
            continue;
        }
        done.push(key);
        let cells = engines.iter().map(|engine| {
            let found = results.targets.iter().find(|other| {
                (other.what, other.wanted.as_str()) == key && (other.engine == *engine || other.engine == "any")
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
    let mut place = (String::new(), "", "");
    for entry in &results.entries {
        let here = (entry.engine.clone(), entry.stack, entry.work);
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
        let floor = results.median(&entry.engine, entry.stack, entry.work, Who::Floor);
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

fn machine(took: std::time::Duration) -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let field = |file: &str, name: &str| {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split(':').nth(1).unwrap_or_default().trim().to_owned()
    };
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let date = time::OffsetDateTime::now_utc().date();
    format!(
        "{date}, {cores} cores ({}), {} of memory, Linux {}; magicctl {}; the whole took {} min {} s.",
        field("/proc/cpuinfo", "model name"),
        field("/proc/meminfo", "MemTotal"),
        kernel.trim(),
        env!("CARGO_PKG_VERSION"),
        took.as_secs() / 60,
        took.as_secs() % 60,
    )
}
