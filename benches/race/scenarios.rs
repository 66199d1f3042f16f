//! The work that is raced. Contestants take turns within a round, so that whatever the machine does meets all of them.

use std::time::Duration;

use crate::measure::{Runs, Sample, run};
use crate::parts::Parts;
use crate::proxy::Call;
use crate::results::{Entry, Results};
use crate::stage::{Ground, Stage, Who, has_compose_v1};
use crate::{burden, stacks};

/// How often each contestant runs.
#[derive(Debug, Clone, Copy)]
pub struct Rounds {
    /// The quick ones.
    pub ours: usize,
    /// Compose v5.
    pub v5: usize,
    /// Compose v1.
    pub v1: usize,
}

impl Rounds {
    fn of(self, who: Who) -> usize {
        match who {
            Who::Magicctl | Who::Floor | Who::FloorProved => self.ours,
            Who::ComposeV5 | Who::ComposeV5Tuned => self.v5,
            Who::ComposeV1 if has_compose_v1() => self.v1,
            // The rest races at logs only.
            _ => 0,
        }
    }
}

const ALL: [Who; 5] = [
    Who::Magicctl,
    Who::Floor,
    Who::ComposeV5,
    Who::ComposeV5Tuned,
    Who::ComposeV1,
];

/// Where the file already says what suits Compose best.
const PLAIN: [Who; 4] = [Who::Magicctl, Who::Floor, Who::ComposeV5, Who::ComposeV1];

/// Where healthchecks are most of the work.
const PROVED: [Who; 5] = [
    Who::Magicctl,
    Who::Floor,
    Who::FloorProved,
    Who::ComposeV5,
    Who::ComposeV1,
];

/// Does `work` in turn for each contestant, as often as `rounds` says. Each round begins with another one: what went before
/// (volumes being removed, caches) is not always the same one's burden.
fn take_turns(rounds: Rounds, whos: &[Who], mut work: impl FnMut(Who)) {
    let most = whos.iter().map(|who| rounds.of(*who)).max().unwrap_or(0);
    for round in 0..most {
        let turn = whos.iter().cycle().skip(round % whos.len()).take(whos.len());
        for who in turn.filter(|who| rounds.of(**who) > round) {
            work(*who);
        }
    }
}

/// Collected by contestant.
#[derive(Default)]
struct Collected(Vec<(Who, &'static str, Sample)>);

impl Collected {
    fn into(self, results: &mut Results, engine: &str, stack: &'static str, calls: &[(Who, &'static str, Vec<Call>)]) {
        let mut kinds: Vec<(&'static str, Who)> = self.0.iter().map(|(who, work, _)| (*work, *who)).collect();
        kinds.sort();
        kinds.dedup();
        for (work, who) in kinds {
            let same = |other: &(Who, &'static str, Sample)| other.0 == who && other.1 == work;
            let samples = self.0.iter().filter(|other| same(other)).map(|(.., sample)| *sample);
            let counted = calls.iter().find(|other| other.0 == who && other.1 == work);
            results.add(Entry {
                engine: engine.to_owned(),
                stack: stack.to_owned(),
                work: work.to_owned(),
                who,
                runs: Runs(samples.collect()),
                calls: counted.map(|(.., calls)| counts(calls)),
            });
        }
    }
}

fn counts(calls: &[Call]) -> (usize, usize) {
    let asked = calls.iter().filter(|call| call.method != "UPGRADED");
    (asked.clone().count(), asked.filter(|call| call.changes()).count())
}

/// From nothing to ready, and down again.
pub fn up_and_down(results: &mut Results, stage: &Stage, name: &'static str, whos: &[Who], rounds: Rounds) {
    let mut collected = Collected::default();
    take_turns(rounds, whos, |who| {
        collected.0.push((who, "up", stage.run_up(who)));
        collected.0.push((who, "down", run(stage.down(who))));
        stage.clear();
    });
    let mut calls = Vec::new();
    // The calls are the same on each engine, but for those that a newer one's API saves.
    let counted: &[Who] = match stage.ground.own {
        None => &[Who::Magicctl, Who::Floor],
        Some(_) => &[],
    };
    for who in counted.iter().copied() {
        calls.push((who, "up", stage.recorded(stage.up(who))));
        calls.push((who, "down", stage.recorded(stage.down(who))));
        stage.clear();
    }
    collected.into(results, &stage.ground.name, name, &calls);
}

/// Nothing to do, and a look, on a stack that stands.
pub fn standing(results: &mut Results, stage: &Stage, name: &'static str, rounds: Rounds) {
    run(stage.up(Who::Magicctl));
    stage.settle();
    let mut collected = Collected::default();
    let whos = [Who::Magicctl, Who::Floor, Who::ComposeV5, Who::ComposeV1];
    // Compose would make the containers anew, as they were not its own: it gets a project that it made.
    let look = |who| match who {
        Who::Magicctl => stage.magicctl(&["status"]),
        Who::Floor => stage.floor("look", &[]),
        _ => stage.compose(who, &["ps"]),
    };
    let again = |who| match who {
        Who::Floor => stage.floor("look", &[]),
        _ => stage.up(who),
    };
    let calls = [
        (Who::Magicctl, "again", stage.counted(again(Who::Magicctl))),
        (Who::Magicctl, "status", stage.counted(look(Who::Magicctl))),
    ];
    let (ours, theirs) = whos.split_at(2);
    take_turns(rounds, ours, |who| {
        collected.0.push((who, "again", run(again(who))));
        collected.0.push((who, "status", run(look(who))));
    });
    for who in theirs.iter().copied() {
        if rounds.of(who) == 0 {
            continue;
        }
        stage.clear();
        stage.run_up(who);
        stage.settle();
        for _ in 0..rounds.of(who) {
            collected.0.push((who, "again", run(again(who))));
            collected.0.push((who, "status", run(look(who))));
        }
    }
    stage.clear();
    collected.into(results, &stage.ground.name, name, &calls);
}

/// Beside two busy loops.
pub fn loaded(results: &mut Results, stage: &Stage, name: &'static str, rounds: Rounds) {
    let busy = burden::Busy::loops(2);
    let mut collected = Collected::default();
    take_turns(rounds, &[Who::Magicctl, Who::ComposeV5, Who::ComposeV5Tuned], |who| {
        collected.0.push((who, "up", stage.run_up(who)));
        stage.clear();
    });
    drop(busy);
    collected.into(results, &stage.ground.name, name, &[]);
}

/// What waiting costs: a service that takes ten seconds beside four that are ready at once.
pub fn waiting(results: &mut Results, stage: &Stage) {
    let (sample, calls) = stage.watched(stage.up(Who::Magicctl));
    stage.clear();
    let engine = stage.ground.name.clone();
    let seconds = sample.wall.as_secs_f64();
    let share = 100.0 * sample.cpu.as_secs_f64() / seconds;
    let megabytes = sample.memory as f64 / f64::from(1 << 20);
    results.limit(&engine, "while waiting: processor", share, 3.0, "% of a core");
    results.limit(&engine, "while waiting: peak memory", megabytes, 15.0, "MB");
    results.limit(
        &engine,
        "while waiting: engine calls",
        calls.len() as f64 / seconds,
        10.0,
        "a second",
    );
}

/// The image is built anew after one changed line, and how long the app does not answer meanwhile.
pub fn rebuild(results: &mut Results, stage: &Stage, rounds: Rounds) {
    const STACK: &str = "real stack, one changed line";
    let junk = stage.project.path("junk");
    std::fs::create_dir_all(&junk).expect("a folder");
    for number in 0..500 {
        let file = std::fs::File::create(junk.join(number.to_string())).expect("a file");
        file.set_len(1 << 20).expect("its size");
    }
    let app = format!("{}-app-runner", stage.project.name);
    let port = stage.project.port("MAGIC_PROXY_PORT");
    let change = |number: usize| {
        let text = std::fs::read_to_string(stage.project.path("run.py")).expect("run.py");
        stage.project.write("run.py", &format!("{text}# {number}\n"));
    };
    run(stage.up(Who::Magicctl));
    let mut away: Vec<(Who, Duration)> = Vec::new();
    let mut collected = Collected::default();
    let mut number = 0;
    let mut turn = |who| {
        number += 1;
        change(number);
        let command = match who {
            Who::Magicctl => stage.magicctl(&["rebuild"]),
            Who::Floor => stage.floor("replace", &[&app]),
            _ => stage.compose(who, &["up", "-d", "--wait", "--build", "app-runner"]),
        };
        let watch = burden::Watch::of(port);
        collected.0.push((who, "rebuild", run(command)));
        away.push((who, watch.longest_silence()));
    };
    take_turns(rounds, &[Who::Magicctl, Who::Floor], &mut turn);
    // Each makes the other's containers anew: Compose rebuilds what it made itself.
    stage.clear();
    stage.run_up(Who::ComposeV5);
    take_turns(rounds, &[Who::ComposeV5], &mut turn);
    stage.clear();
    run(stage.up(Who::Magicctl));
    change(0);
    let calls = stage.counted(stage.magicctl(&["rebuild"]));
    let sent: u64 = calls
        .iter()
        .filter(|call| call.path.starts_with("/build"))
        .map(|call| call.sent)
        .sum();
    stage.clear();
    let engine = stage.ground.name.clone();
    let wanted = burden::tar_size(
        &stage.project.dir,
        &[
            "Dockerfile",
            ".dockerignore",
            "requirements.txt",
            "run.py",
            "magic_proxy",
        ],
    )
    .expect("files of the project");
    let median = |who: Who| {
        let mut times: Vec<f64> = away
            .iter()
            .filter(|(other, _)| *other == who)
            .map(|(_, time)| time.as_secs_f64())
            .collect();
        times.sort_by(f64::total_cmp);
        times[times.len() / 2] * 1000.0
    };
    let (ours, floor, compose) = (median(Who::Magicctl), median(Who::Floor), median(Who::ComposeV5));
    collected.into(results, &engine, STACK, &[(Who::Magicctl, "rebuild", calls)]);
    results.limit(
        &engine,
        "rebuild: bytes sent, compared with an archive of the files that aren't ignored",
        sent as f64 / wanted as f64,
        1.05,
        &format!("× {wanted}"),
    );
    results.limit(
        &engine,
        "rebuild: port 8001 down, compared with stop + start + boot",
        ours / floor,
        1.2,
        &format!("× {floor:.0} ms (Compose v5.6.1: {:.1} ×)", compose / floor),
    );
}

/// All that is raced on one engine: everything on the machine's own, less and less often on the newer ones.
pub fn on(parts: &mut Parts, ground: &Ground) {
    let place = Place {
        engine: ground.name.clone(),
        full: ground.own.is_none(),
    };
    let engine = &place.engine;
    if parts.want(&["real", "standing"]) || place.full && parts.want(&["loaded", "rebuild"]) {
        let tuned = if place.full {
            stacks::EVERY_SECOND
        } else {
            stacks::START_INTERVAL
        };
        let stage = stacks::real(ground, Some(tuned));
        parts.measure("real", engine, |results| place.real(results, &stage));
        parts.measure("standing", engine, |results| {
            standing(results, &stage, REAL, place.rounds((9, 3, 0), (5, 1)));
            place.nothing_to_do(results, &REAL_AGAIN);
        });
        if place.full {
            parts.measure("loaded", engine, |results| place.loaded(results, &stage));
            parts.measure("rebuild", engine, |results| {
                rebuild(results, &stage, place.rounds((3, 1, 0), (0, 0)));
            });
        }
    }
    parts.measure("chain", engine, |results| {
        let rounds = place.rounds((3, 1, 1), (1, 1));
        up_and_down(results, &stacks::chain(ground), CHAIN, &PLAIN, rounds);
        results.ratio("chain of stubs: up", (engine, CHAIN, "up"), Who::Floor, 1.10);
    });
    parts.measure("10", engine, |results| {
        let stage = stacks::independent(ground, 10);
        place.independent(results, &stage, &TEN, place.rounds((5, 2, 1), (2, 1)));
        place.status(results);
    });
    parts.measure("40", engine, |results| {
        let stage = stacks::independent(ground, 40);
        place.independent(results, &stage, &FORTY, place.rounds((3, 1, 1), (1, 1)));
        place.nothing_to_do(results, &FORTY_AGAIN);
    });
    if place.full {
        parts.measure("waiting", engine, |results| waiting(results, &stacks::slow(ground)));
    }
}

const REAL: &str = "real stack";
const BUSY: &str = "real stack beside two busy loops";
const CHAIN: &str = "chain of stubs";

/// The names of what is told of a number of independent services.
struct Names {
    stack: &'static str,
    up: &'static str,
    down: &'static str,
}

const TEN: Names = Names {
    stack: "10 services",
    up: "10 services: up",
    down: "10 services: down",
};
const FORTY: Names = Names {
    stack: "40 services",
    up: "40 services: up",
    down: "40 services: down",
};

/// And of a stack where nothing is to be done.
struct Again {
    stack: &'static str,
    title: &'static str,
    calls: &'static str,
    milliseconds: f64,
}

const REAL_AGAIN: Again = Again {
    stack: REAL,
    title: "real stack: nothing to do",
    calls: "real stack: nothing to do: calls that change something",
    milliseconds: 40.0,
};
const FORTY_AGAIN: Again = Again {
    stack: FORTY.stack,
    title: "40 services: nothing to do",
    calls: "40 services: nothing to do: calls that change something",
    milliseconds: 80.0,
};

/// An engine, and how much is done there.
struct Place {
    engine: String,
    full: bool,
}

impl Place {
    /// `full`: ours, Compose v5, Compose v1; `few` on a newer engine, which Compose v1 need not know.
    fn rounds(&self, full: (usize, usize, usize), few: (usize, usize)) -> Rounds {
        let (ours, v5, v1) = if self.full { full } else { (few.0, few.1, 0) };
        Rounds { ours, v5, v1 }
    }

    fn real(&self, results: &mut Results, stage: &Stage) {
        up_and_down(results, stage, REAL, &ALL, self.rounds((5, 1, 1), (2, 1)));
        let up = (self.engine.as_str(), REAL, "up");
        results.ratio("real stack: up", up, Who::Floor, 1.10);
        results.ratio("real stack: up", up, Who::ComposeV5, 0.25);
        if self.full {
            results.ratio(
                "real stack: up, Compose with a probe a second",
                up,
                Who::ComposeV5Tuned,
                0.85,
            );
        } else {
            results.ratio(
                "real stack: up, Compose with start_interval",
                up,
                Who::ComposeV5Tuned,
                0.9,
            );
        }
        results.ratio("real stack: down", (&self.engine, REAL, "down"), Who::Floor, 1.10);
    }

    fn loaded(&self, results: &mut Results, stage: &Stage) {
        loaded(results, stage, BUSY, self.rounds((2, 1, 0), (0, 0)));
        let up = (self.engine.as_str(), BUSY, "up");
        results.ratio("real stack under load: up", up, Who::ComposeV5, 0.25);
        results.ratio(
            "real stack under load: up, Compose with a probe a second",
            up,
            Who::ComposeV5Tuned,
            0.85,
        );
    }

    fn independent(&self, results: &mut Results, stage: &Stage, names: &Names, rounds: Rounds) {
        up_and_down(results, stage, names.stack, &PROVED, rounds);
        let engine = self.engine.as_str();
        results.ratio(names.up, (engine, names.stack, "up"), Who::Floor, 1.10);
        results.ratio(names.up, (engine, names.stack, "up"), Who::FloorProved, 1.10);
        results.ratio(names.up, (engine, names.stack, "up"), Who::ComposeV5, 0.4);
        results.ratio(names.down, (engine, names.stack, "down"), Who::Floor, 1.10);
        standing(results, stage, names.stack, self.rounds((9, 3, 0), (5, 1)));
    }

    fn status(&self, results: &mut Results) {
        let Some(status) = results.find(&self.engine, TEN.stack, "status", Who::Magicctl).cloned() else {
            return;
        };
        let milliseconds = status.runs.median().as_secs_f64() * 1000.0;
        results.limit(&self.engine, "status, 10 containers", milliseconds, 10.0, "ms");
        let megabytes = status.runs.memory() as f64 / f64::from(1 << 20);
        results.limit(
            &self.engine,
            "status, 10 containers: peak memory",
            megabytes,
            12.0,
            "MB",
        );
    }

    fn nothing_to_do(&self, results: &mut Results, names: &Again) {
        let Some(ours) = results.find(&self.engine, names.stack, "again", Who::Magicctl).cloned() else {
            return;
        };
        let milliseconds = ours.runs.median().as_secs_f64() * 1000.0;
        results.limit(&self.engine, names.title, milliseconds, names.milliseconds, "ms");
        results.ratio(names.title, (&self.engine, names.stack, "again"), Who::ComposeV5, 0.1);
        if let Some((_, changing)) = ours.calls {
            results.limit(&self.engine, names.calls, changing as f64, 0.0, "calls");
        }
    }
}
