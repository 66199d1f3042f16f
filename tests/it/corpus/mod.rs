//! The corpus of Compose files, held against the real Docker Compose: what both accept is the same, byte for byte, and
//! what one refuses the other refuses too, ours at its place. What differs is a line in a table, with its reason.

pub mod case;
mod compatibility;
pub mod differences;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Mutex;

use magicctl::compose::{self, Printed};
use magicctl::redact::Redactor;
use magicctl::report::{Out, failure_lines};

use crate::support::share::{every_case, share};

use case::{Case, Compose, cases};
use differences::{Differs, of};

/// Groups of files that magicctl refuses: because they are wrong, and by choice.
pub const REFUSED: [&str; 2] = ["refused", "refused-here"];

/// What is said of each case that is refused, a file each.
const SNAPSHOTS: &str = "snapshots/refused";

/// Does `work` for each case, on two processors.
fn each(cases: &[Case], work: impl Fn(&Case) + Sync) {
    share(2, |_| (), cases, |(), case| work(case));
}

#[test]
fn what_both_accept_is_the_same() {
    let cases: Vec<Case> = cases()
        .into_iter()
        .filter(|case| !REFUSED.contains(&case.group.as_str()))
        .collect();
    assert!(cases.len() >= 500, "{} cases", cases.len());
    let found: Mutex<Vec<String>> = Mutex::default();
    let every = every_case();
    each(&cases, |case| {
        // Compose takes a tenth of a second each time.
        let wholly = every || case.name.len() % 4 == 0;
        if let Some(what) = difference(case, wholly) {
            found.lock().unwrap().push(what);
        }
    });
    let mut found = found.into_inner().unwrap();
    found.sort();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// What differs between the two readings of a case and is not in the table, or is there and does not differ. Only `wholly` looks
/// at hashes and JSON, too, which come from what the YAML shows.
fn difference(case: &Case, wholly: bool) -> Option<String> {
    let known = of(&case.name);
    let ours = compose::project(&case.request());
    let theirs = case.compose(Compose::Yaml);
    let what = match (&ours, &theirs) {
        (Err(failure), Err(_)) if failure.place.is_some() => None,
        (Err(failure), Err(_)) => Some(format!("refused without a place: {failure}")),
        (Err(failure), Ok(_)) => return expect(case, known, Differs::OnlyWeRefuse, &failure.to_string()),
        (Ok(_), Err(why)) => return expect(case, known, Differs::OnlyTheyRefuse, why),
        (Ok(project), Ok(theirs)) if !wholly => {
            let yaml = project.printed(Printed::Yaml).unwrap();
            (yaml != *theirs).then(|| "the YAML differs".to_owned())
        }
        (Ok(project), Ok(theirs)) => {
            let mut hashes: Vec<String> = project
                .stack
                .services
                .iter()
                .map(|(name, service)| format!("{name} {}", service.config_hash))
                .collect();
            hashes.sort();
            let mut wanted: Vec<String> = case
                .compose(Compose::Hash)
                .unwrap()
                .lines()
                .map(ToOwned::to_owned)
                .collect();
            wanted.sort();
            if project.printed(Printed::Yaml).unwrap() != *theirs {
                Some("the YAML differs".to_owned())
            } else if hashes != wanted {
                Some("a hash differs".to_owned())
            } else if project.printed(Printed::Json).unwrap() != case.compose(Compose::Json).unwrap() {
                Some("the JSON differs".to_owned())
            } else {
                None
            }
        }
    };
    match (what, known) {
        (Some(what), _) => Some(format!("{}: {what}", case.name)),
        (None, Some(_)) => Some(format!("{}: agrees, and is in the table of differences", case.name)),
        (None, None) => None,
    }
}

fn expect(case: &Case, known: Option<Differs>, found: Differs, why: &str) -> Option<String> {
    (known != Some(found)).then(|| format!("{}: {found:?}: {why}", case.name))
}

#[test]
fn what_is_refused_is_refused_at_its_place() {
    let mut names = BTreeSet::new();
    for group in REFUSED {
        let cases: Vec<Case> = cases().into_iter().filter(|case| case.group == group).collect();
        let told: Mutex<BTreeMap<String, String>> = Mutex::default();
        each(&cases, |case| {
            let theirs = case.compose(Compose::Yaml);
            // When the file is read, or when the containers of its services are to be made.
            let makeable = |stack: compose::Stack| stack.services.keys().try_for_each(|name| stack.makeable(name));
            let text = match compose::load(&case.request()).and_then(makeable) {
                Ok(()) => "ACCEPTED".to_owned(),
                Err(failure) => {
                    assert!(!format!("{failure:?}").contains("sk-secret"), "{}", case.name);
                    let lines = failure_lines(&Out::new(Redactor::default()), &failure);
                    lines.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
                }
            };
            let compose = if theirs.is_ok() { "prints it" } else { "refuses it" };
            let text = format!("{} (Compose {compose})\n{text}", case.name);
            told.lock().unwrap().insert(case.name.clone(), text);
        });
        let told = told.into_inner().unwrap();
        assert!(group != "refused" || told.len() >= 80, "{}", told.len());
        for (name, text) in told {
            assert!(!text.contains("ACCEPTED"), "{text}");
            let name = name.trim_end_matches(".yaml").replace('/', "__");
            let text = text.replace(&format!("{}/", env!("CARGO_MANIFEST_DIR")), "");
            insta::with_settings!({snapshot_path => SNAPSHOTS, prepend_module_to_snapshot => false, omit_expression => true}, {
                insta::assert_snapshot!(name.as_str(), text);
            });
            names.insert(format!("{name}.snap"));
        }
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/it/corpus")
        .join(SNAPSHOTS);
    let kept = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(
        kept.collect::<BTreeSet<_>>(),
        names,
        "a snapshot of a case that is gone"
    );
}

#[test]
fn files_before_their_variables_are_put_in() {
    let cases: Vec<Case> = cases()
        .into_iter()
        .filter(|case| matches!(case.group.as_str(), "interpolation" | "apps" | "build"))
        .collect();
    let found: Mutex<Vec<String>> = Mutex::default();
    each(&cases, |case| {
        let ours = compose::template(&case.request()).and_then(|project| project.printed(Printed::Yaml));
        let theirs = case.compose(Compose::Template);
        // Compose itself breaks on variables where it wants a boolean.
        let broke = theirs.as_ref().is_err_and(|why| why.starts_with("panic:"));
        if !broke && ours.as_ref().ok() != theirs.as_ref().ok() {
            found
                .lock()
                .unwrap()
                .push(format!("{}: {ours:?}\n{theirs:?}", case.name));
        }
    });
    let found = found.into_inner().unwrap();
    assert!(found.is_empty(), "{}", found.join("\n"));
}
