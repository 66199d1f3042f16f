//! Symptoms → the failure as the user reads it.

use std::cell::Cell;

use crate::codes::{self, Code};
use crate::failure::{Evidence, Failure, Place};
use crate::ids::ServiceName;
use crate::logs::LastRecord;
use crate::shell::ShellCommand;

use super::dockerfile;
use super::fill::Known;
use super::rules::{self, At, HeldAgainst, Rule, When};
use super::surroundings::Surroundings;
use super::symptoms::{Ended, Stage, Symptoms};

/// How many records of the log a card shows.
const RECORDS: usize = 10;
/// Bytes of one record, or of one answer, in which a cause is looked for.
const MOST_LOOKED_AT: usize = 64 << 10;

/// What shows more of a log, and what starts a service again after a change.
const LOGS: &str = "magicctl logs {service} --tail 50";
const REBUILD: &str = "magicctl rebuild {service}";

/// A cause that was recognised.
struct Cause {
    code: &'static Code,
    what: String,
    why: String,
    fix: String,
    run: Vec<ShellCommand>,
    place: Option<Place>,
    /// The record of the log that decides, by its index.
    record: Option<usize>,
    blames: Vec<String>,
}

/// What `symptoms` mean, with all that they are known by.
pub fn card(symptoms: &Symptoms, around: &Surroundings<'_>) -> Failure {
    // Before a pattern can catch a part of a key.
    let symptoms = &symptoms.masked(|text| around.mask_whole(text));
    let cause = recognised(symptoms, around).unwrap_or_else(|| unknown(symptoms, around));
    let stage = phrase(symptoms);
    let mut failure = Failure::failed(if cause.what.is_empty() {
        stage
    } else {
        format!("{stage}: {}", cause.what)
    })
    .coded(cause.code)
    .because(cause.why)
    .hint(cause.fix);
    failure.service = Some(symptoms.service.clone()).filter(|name| *name != "");
    failure.run = cause.run;
    failure.place = cause.place.map(|place| around.as_shown(place));
    failure.blames = cause.blames.into_iter().map(ServiceName::new).collect();
    failure.evidence = evidence(symptoms, cause.record);
    failure
}

/// Whether a rule says what `symptoms` mean.
pub fn knows(symptoms: &Symptoms, around: &Surroundings<'_>) -> bool {
    recognised(&symptoms.masked(|text| around.mask_whole(text)), around).is_some()
}

/// The first rule of the table that fits.
fn recognised(symptoms: &Symptoms, around: &Surroundings<'_>) -> Option<Cause> {
    rules::TABLE.iter().find_map(|(on, rules)| match on {
        HeldAgainst::Exit => first(symptoms, around, rules, ""),
        HeldAgainst::Said if symptoms.said.is_empty() => None,
        HeldAgainst::Said => first(symptoms, around, rules, &symptoms.said),
        HeldAgainst::Build if symptoms.stage != Stage::Build => None,
        HeldAgainst::Build => first(symptoms, around, rules, &build_words(symptoms)),
        HeldAgainst::Health if symptoms.ended.is_some() => None,
        HeldAgainst::Health => first(symptoms, around, rules, symptoms.health.as_ref()?.output.trim()),
        HeldAgainst::Log => newest_first(&symptoms.records)
            .find_map(|(index, record)| {
                let cause = first(symptoms, around, rules, &record.lines.join("\n"))?;
                Some(Cause {
                    record: Some(index),
                    ..cause
                })
            })
            // What a program prints line by line makes many records.
            .or_else(|| first(symptoms, around, rules, &last_lines(&symptoms.records))),
    })
}

/// The last records as one text.
fn last_lines(records: &[LastRecord]) -> String {
    let last = &records[records.len().saturating_sub(2 * RECORDS)..];
    let lines = last.iter().flat_map(|record| record.lines.iter().map(String::as_str));
    lines.collect::<Vec<_>>().join("\n")
}

/// Records that say that something went wrong first.
fn newest_first(records: &[LastRecord]) -> impl Iterator<Item = (usize, &LastRecord)> {
    let of_kind = |wanted: bool| {
        let all = records.iter().enumerate().rev();
        all.filter(move |(_, record)| record.is_error == wanted)
    };
    of_kind(true).chain(of_kind(false))
}

fn first(symptoms: &Symptoms, around: &Surroundings<'_>, rules: &'static [Rule], text: &str) -> Option<Cause> {
    let text = end_of(text);
    rules::outcomes(rules).find_map(|outcomes| {
        let head = outcomes.first()?;
        let caught = match head.when {
            // Of several exceptions the last is the one that ended it.
            When::Says(pattern) => Some(rules::pattern(pattern)?.captures_iter(text).last()?),
            when if symptoms.show(when) => None,
            _ => return None,
        };
        let code = head.code?;
        let fitting = |rule: &Rule| {
            fitting(
                code,
                rule,
                &Known {
                    symptoms,
                    around,
                    at: rule.at,
                    caught: caught.as_ref(),
                    text,
                    unknown: Cell::default(),
                },
            )
        };
        outcomes.iter().find_map(fitting)
    })
}

/// The end of `text`, where the cause is: what a container writes may be any length, and every rule looks through it.
fn end_of(text: &str) -> &str {
    let mut from = text.len().saturating_sub(MOST_LOOKED_AT);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    &text[from..]
}

fn fitting(code: &'static Code, rule: &Rule, known: &Known<'_>) -> Option<Cause> {
    if !rule.only.iter().all(|condition| known.holds(*condition)) {
        return None;
    }
    let texts = [rule.what, rule.why, rule.fix]
        .into_iter()
        .chain(rule.run.iter().copied());
    let mut blames: Vec<String> = texts.flat_map(|text| known.blamed(text)).collect();
    blames.dedup();
    Some(Cause {
        code,
        what: known.fill(rule.what)?,
        why: known.fill(rule.why)?,
        fix: known.fill(rule.fix)?,
        run: known.commands(rule.run)?,
        place: place(known),
        record: None,
        blames,
    })
}

fn place(known: &Known<'_>) -> Option<Place> {
    let around = known.around;
    let service = known.symptoms.service.as_str();
    let caught = |name: &str| Some(known.caught?.name(name)?.as_str());
    match known.at {
        At::Nowhere => None,
        At::Code => known.user_frame(),
        At::Image if known.symptoms.stage == Stage::Build => around.in_dockerfile(service, &["FROM"]),
        At::Command if known.written().is_none() => around
            .in_dockerfile(service, &["CMD", "ENTRYPOINT"])
            .or_else(|| around.begin(service)),
        At::Command | At::Image | At::Key(_) | At::Setting(_) => match known.written() {
            Some(written) => Some(around.place_of(written)),
            None => around.begin(service),
        },
        At::Variable(variable, setting) => around.variable_place(variable).or_else(|| {
            let at = At::Setting(setting);
            place(&known.pointing_to(at))
        }),
        At::Step => step_place(known.symptoms, around, caught("line")),
        At::File => {
            let path = caught("path")?;
            let absolute = std::path::Path::new("/").join(&known.symptoms.workdir).join(path);
            let file = around
                .host(service, &absolute.to_string_lossy())
                .or_else(|| around.in_context(service, path))?;
            around.line(&file, caught("line")?.parse().ok()?)
        }
        At::Requirement => {
            let (file, line) = around.requirement(service, caught("name")?)?;
            around.line(&file, line)
        }
    }
}

/// The line of the Dockerfile: the one that the builder names, or that of the failed step.
fn step_place(symptoms: &Symptoms, around: &Surroundings<'_>, line: Option<&str>) -> Option<Place> {
    let file = around.dockerfile(symptoms.service.as_str())?;
    if let Some(number) = line.and_then(|line| line.parse().ok()) {
        return around.line(&file, number);
    }
    let text = around.read(&file)?;
    let (number, _) = dockerfile::line_of(&text, &symptoms.step.as_ref()?.name)?;
    around.line(&file, number)
}

/// A cause that no rule knows: what there is to see, and where to look further.
fn unknown(symptoms: &Symptoms, around: &Surroundings<'_>) -> Cause {
    let known = Known {
        symptoms,
        around,
        at: At::Command,
        caught: None,
        text: "",
        unknown: Cell::default(),
    };
    let last = |is_wanted: fn(&LastRecord) -> bool| symptoms.records.iter().rposition(is_wanted);
    let is_said = |record: &LastRecord| record.lines.first().is_some_and(|line| !line.trim().is_empty());
    let last_error = last(|record| record.is_error);
    let last_words = last_error
        .or_else(|| last(|record| record.is_stderr))
        .or_else(|| last(is_said));
    let said = last_words.and_then(|index| symptoms.records[index].lines.first());
    let (code, what, why, fix, run, at): (_, _, _, _, &[&'static str], _) =
        match (&symptoms.stage, symptoms.said.as_str()) {
            (Stage::TimedOut(_), _) => (
                &codes::NOT_READY,
                said.map_or_else(|| "it has printed nothing".to_owned(), |said| message(said)),
                match last_error {
                    Some(_) => "this is its last error; it is still running and starting".to_owned(),
                    None => "it is running and reports no error; it may just be slow".to_owned(),
                },
                "check its log; if it is just slow, wait longer".to_owned(),
                &[LOGS, "magicctl up --wait-timeout {longer}s"],
                At::Nowhere,
            ),
            (_, "") => {
                let what = said.map_or_else(|| "it printed nothing".to_owned(), |said| message(said));
                let (why, fix, run) = own_reason(&known, last_words, last_error.is_some());
                let at = if symptoms.stage == Stage::Build {
                    At::Step
                } else {
                    At::Command
                };
                (&codes::EXITED, what, why, fix, run, at)
            }
            (Stage::Build, said) => (
                &codes::BUILD_STEP,
                one_line(said),
                "this message comes from the builder; magicctl doesn't know the cause".to_owned(),
                known
                    .fill("fix what the message names in {dockerfile}, then rebuild")
                    .unwrap_or_else(|| "fix what the message names, then rebuild".to_owned()),
                &[REBUILD],
                At::Step,
            ),
            (_, said) => (
                &codes::REFUSED,
                one_line(said),
                "this message comes from the engine; magicctl doesn't know the cause".to_owned(),
                "fix what the message names; the engine's log may have details".to_owned(),
                &["sudo journalctl -u docker -n 30", "magicctl up"],
                At::Nowhere,
            ),
        };
    Cause {
        code,
        what,
        why,
        fix,
        run: known.commands(run).unwrap_or_default(),
        place: place(&known.pointing_to(at)),
        record: last_words,
        blames: Vec::new(),
    }
}

/// Of a program that ended for its own reason: why, what to do, and the commands. Its log is only sent for when the card
/// does not show all of it.
fn own_reason(
    known: &Known<'_>,
    last_words: Option<usize>,
    is_error: bool,
) -> (String, String, &'static [&'static str]) {
    let service = known.symptoms.service.as_str();
    if last_words.is_none() {
        let image = known.image();
        let shell = image.and_then(|image| ShellCommand::of("docker run --rm -it").operand(&image));
        let shell = shell.map_or_else(String::new, |shell| format!(": `{}`", shell.syntax("sh")));
        return (
            "the program exited without printing anything".to_owned(),
            format!("run its command by hand to see why{shell}"),
            &[REBUILD],
        );
    }
    let others = others(known.symptoms, last_words).len();
    let why = match is_error {
        _ if others == 0 => "it printed nothing else; the cause is in the program, not in the stack",
        true => "this is its last error; the cause is in the program, not in the stack",
        false => "this is its last output; the cause is in the program, not in the stack",
    };
    // What a file says is shown from there.
    let is_shown = known.written().is_some() || known.around.dockerfile(service).is_some();
    let ran = known.fill(" (`{ran}`)").filter(|_| !is_shown).unwrap_or_default();
    let fix = format!("fix what the message names, in its command{ran} or in the config it reads, then start it again");
    if others <= RECORDS {
        return (why.to_owned(), fix, &[REBUILD]);
    }
    (
        why.to_owned(),
        format!("{fix}; to see its earlier output:"),
        &[LOGS, REBUILD],
    )
}

/// What failed, up to the colon.
fn phrase(symptoms: &Symptoms) -> String {
    let service = &symptoms.service;
    let code = symptoms.ended.as_ref().map(|ended| ended.code).unwrap_or_default();
    match &symptoms.stage {
        Stage::Pull { .. } => format!("{service} has no image"),
        Stage::Build => format!("{service} can't be built"),
        Stage::Create => format!("{service} can't be created"),
        Stage::Start => format!("{service} can't start"),
        Stage::Exited { was_ready: None } => format!("{service} exited with {code}"),
        Stage::Exited { was_ready: Some(false) } => format!("{service} exited with {code} before it was ready"),
        Stage::Exited { was_ready: Some(true) } => format!("{service} exited with {code} soon after it was ready"),
        Stage::NotCompleted => format!("{service} did not complete: it exited with {code}"),
        Stage::Loop => format!("{service} is crash-looping (exit code {code})"),
        Stage::TimedOut(time) => format!("{service} was not ready within {} s", time.as_secs_f64()),
        Stage::Unhealthy => format!("{service} is unhealthy"),
        Stage::Other(what) => format!("can't {what}"),
    }
}

fn build_words(symptoms: &Symptoms) -> String {
    let output = symptoms
        .step
        .as_ref()
        .map(|step| step.output.join("\n"))
        .unwrap_or_default();
    format!("{output}\n{}", symptoms.said)
}

fn evidence(symptoms: &Symptoms, decisive: Option<usize>) -> Vec<Evidence> {
    let mut evidence = Vec::new();
    let said = symptoms.said.trim();
    if let Some(step) = &symptoms.step {
        evidence.push(Evidence::BuildStep {
            step: step.name.clone(),
            output: step.output.clone(),
        });
    }
    // Of a step that ran, its own last words say more than that it failed.
    if !said.is_empty() && symptoms.step.as_ref().is_none_or(|step| step.output.is_empty()) {
        evidence.push(Evidence::Said { text: said.to_owned() });
    }
    if let Some(ended) = &symptoms.ended {
        evidence.push(Evidence::Exit {
            code: ended.code,
            meaning: meaning(ended, symptoms.memory_limit),
            starts: (ended.starts > 1).then_some(ended.starts),
        });
    } else if let Some(health) = &symptoms.health {
        evidence.push(Evidence::Healthcheck {
            command: health.shown(),
            code: health.code,
            output: health.output.trim().to_owned(),
        });
    }
    if let Some(record) = decisive.and_then(|index| symptoms.records.get(index)) {
        evidence.push(Evidence::Error {
            lines: record.lines.clone(),
        });
    }
    let mut records = others(symptoms, decisive);
    records.drain(..records.len().saturating_sub(RECORDS));
    if !records.is_empty() {
        evidence.push(Evidence::Log { records });
    }
    evidence
}

/// What its log says besides the record that decides. A loop says the same each time, in one record or several: once is
/// enough.
fn others(symptoms: &Symptoms, decisive: Option<usize>) -> Vec<Vec<String>> {
    let decisive = decisive.and_then(|index| symptoms.records.get(index));
    let mut records: Vec<Vec<String>> = symptoms.records.iter().map(|record| record.lines.clone()).collect();
    records.retain(|lines| decisive.is_none_or(|record| record.lines != *lines));
    let is_said_twice = |records: &Vec<Vec<String>>, last: usize| {
        let before = &records[..records.len() - last];
        before.ends_with(&records[before.len()..])
    };
    while let Some(last) = (1..=records.len() / 2).find(|last| is_said_twice(&records, *last)) {
        records.truncate(records.len() - last);
    }
    records.dedup();
    records
}

/// What an exit code means.
fn meaning(ended: &Ended, limit: u64) -> String {
    match ended.code {
        _ if ended.oom && limit > 0 => "killed by the kernel: it used more memory than its limit".to_owned(),
        _ if ended.oom => "killed by the kernel: the machine ran out of memory".to_owned(),
        0 => "exited without an error".to_owned(),
        1 | 2 => "exited with an error".to_owned(),
        126 => "the command can't be executed".to_owned(),
        127 => "the command was not found".to_owned(),
        137 => "killed with SIGKILL, but not because of its memory limit".to_owned(),
        139 => "crashed with SIGSEGV, a segmentation fault".to_owned(),
        143 => "stopped with SIGTERM, as `docker stop` does".to_owned(),
        code @ 129..=159 => format!("killed by signal {}", code - 128),
        _ => "exited with a program-specific exit code".to_owned(),
    }
}

/// Of a log line for people: without its level and its fields.
fn message(line: &str) -> String {
    let text = ["ERROR", "FATAL"]
        .iter()
        .find_map(|level| line.strip_prefix(level))
        .unwrap_or(line)
        .trim();
    let text = text.split("  name=").next().unwrap_or(text);
    one_line(text)
}

fn one_line(text: &str) -> String {
    text.lines()
        .next()
        .unwrap_or_default()
        .trim()
        .trim_end_matches('.')
        .to_owned()
}
