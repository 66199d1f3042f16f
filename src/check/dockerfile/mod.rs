//! The Dockerfile of each service that is built: what the builder would stop at, and what must not get into an image.

mod base;
mod command;
mod copied;
pub(super) mod imports;
mod keys;
pub(super) mod newer;
mod walk;

use std::path::{Path, PathBuf};

use parse_dockerfile::{Dockerfile, Stage};

use crate::codes;
use crate::compose::{Build, Service};
use crate::engine::{Ignore, NotTaken};
use crate::files::{self, Refused, Root};

use super::engine_state::EngineState;
use super::finding::MOST_FINDINGS;
use super::project::Project;
use super::text::{LARGEST, Text, led_out, unreadable};
use super::{Finding, checklist};

/// A Dockerfile, parsed, with the build that it is for.
struct Recipe<'a, 't> {
    service: &'a Service,
    build: &'a Build,
    /// The build context: what lies in it is looked at below it.
    context: &'a Root,
    text: &'a Text,
    file: &'a Dockerfile<'t>,
    ignore: &'a Ignore,
    /// The ignore file that counts.
    ignore_path: &'a PathBuf,
}

impl<'a, 't> Recipe<'a, 't> {
    /// The stages that are built: up to the wanted one.
    fn stages(&self) -> Vec<Stage<'t, 'a>> {
        let mut stages: Vec<Stage<'t, 'a>> = self.file.stages().collect();
        if let Some(target) = &self.build.target {
            let named = |stage: &Stage<'_, '_>| {
                stage
                    .from
                    .as_
                    .as_ref()
                    .is_some_and(|(_, name)| name.value.eq_ignore_ascii_case(target))
            };
            if let Some(at) = stages.iter().position(named) {
                stages.truncate(at + 1);
            }
        }
        stages
    }
}

/// More of all Dockerfiles is not read: any number of services may be built from one that is large.
const MOST_BYTES: usize = 8 << 20;

/// All that can be said without the engine.
pub(super) fn look(project: &Project) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut left = MOST_BYTES;
    for (service, build) in project.built() {
        if findings.len() >= MOST_FINDINGS {
            break;
        }
        match each(project, service, build, &mut left, |recipe| {
            let mut findings = base::named(recipe);
            findings.extend(copied::look(project, recipe));
            findings.extend(command::look(project, recipe));
            findings.extend(keys::look(project, recipe));
            findings
        }) {
            Ok(found) => findings.extend(found),
            Err(finding) => findings.extend(finding),
        }
    }
    findings
}

/// Base images that the builder has to pull.
pub(super) fn base_images(project: &Project, there: &EngineState) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut left = MOST_BYTES;
    for (service, build) in project.built() {
        if findings.len() >= MOST_FINDINGS {
            break;
        }
        // What is wrong with the file itself is the other check's business.
        let found = each(project, service, build, &mut left, |recipe| {
            base::absent(recipe, &there.observed)
        });
        findings.extend(found.unwrap_or_default());
    }
    findings
}

/// Hands over the Dockerfile of `service`; `Err` when there is none that could be parsed, with what is to be said about it.
fn each(
    project: &Project,
    service: &Service,
    build: &Build,
    left: &mut usize,
    look: impl FnOnce(&Recipe<'_, '_>) -> Vec<Finding>,
) -> Result<Vec<Finding>, Option<Finding>> {
    if build.dockerfile_inline.is_some() {
        return Ok(Vec::new());
    }
    let path = crate::compose::normal(&build.context.join(&build.dockerfile));
    let text = match Text::named(project, &path) {
        Ok(Some(text)) => text,
        Ok(None) | Err(_) if checklist::tells_of(project, &path) => return Err(None),
        Ok(None) => {
            let what = format!(
                "{} is built from {}, which doesn't exist",
                service.name,
                project.shown(&path)
            );
            return Err(Some(
                Finding::new(&codes::MISSING, what)
                    .fix("create it, or correct `build` in the Compose file")
                    .at(project.place_of(&service.name)),
            ));
        }
        Err(finding) => return Err(Some(finding)),
    };
    let context = Root::open(&build.context).map_err(|refused| {
        unreadable(
            &project.shown(&build.context).to_string(),
            &refused.to_string(),
            refused.is_denied(),
        )
    })?;
    let ignore_path = Ignore::file_of(&build.context, &build.dockerfile);
    let unchecked = |why: String| {
        let what = format!("{}: its Dockerfile is not checked", service.name);
        Some(Finding::new(&codes::CHECK_FAILED, what).because(why))
    };
    let Some(ignore) = ignore(project, &context, &ignore_path)? else {
        return Err(unchecked(format!(
            "of {}: {}",
            project.shown(&ignore_path),
            NotTaken::TooLong
        )));
    };
    match left.checked_sub(text.content.len()) {
        Some(rest) => *left = rest,
        None => {
            return Err(unchecked(format!(
                "the Dockerfiles are larger than {} MB in total",
                MOST_BYTES >> 20
            )));
        }
    }
    let file = match parse_dockerfile::parse(&text.content) {
        Ok(file) => file,
        // Another frontend may know more instructions than the parser.
        Err(_)
            if text.content.trim_start().starts_with("# syntax=")
                && !text.content.contains("# syntax=docker/dockerfile:1") =>
        {
            return Err(None);
        }
        Err(error) => {
            let said = error.to_string();
            let why = if text.quotable {
                said.split(" at line ").next().unwrap_or(&said).to_owned()
            } else {
                "the line is not an instruction".to_owned()
            };
            let what = format!("{} can't be parsed", project.shown(&path));
            return Err(Some(
                Finding::new(&codes::DOCKERFILE_INVALID, what)
                    .because(why)
                    .at(text.line(error.line()))
                    .in_file(),
            ));
        }
    };
    Ok(look(&Recipe {
        service,
        build,
        context: &context,
        text: &text,
        file: &file,
        ignore: &ignore,
        ignore_path: &ignore_path,
    }))
}

/// The ignore file of a build, as it lies in the context; none if it is too long to be looked at.
fn ignore(project: &Project, context: &Root, path: &Path) -> Result<Option<Ignore>, Finding> {
    let shown = project.shown(path).to_string();
    let text = match context.text(path, LARGEST) {
        Ok(text) => text,
        Err(Refused::Missing) => return Ok(Some(Ignore::default())),
        Err(refused @ Refused::Outside) => return Err(led_out(&shown, &context.why(path, &refused))),
        Err(refused) => return Err(unreadable(&shown, &refused.to_string(), refused.is_denied())),
    };
    let (line, why) = match Ignore::parse(&text) {
        Ok(ignore) => return Ok(Some(ignore)),
        Err(NotTaken::TooLong) => return Ok(None),
        Err(why @ NotTaken::Line(line, _)) => (line, why),
    };
    let quotable = files::lies_below(path, &project.root);
    Err(Finding::new(&codes::IGNORE_INVALID, format!("{shown} can't be read"))
        .because(if quotable {
            why.to_string()
        } else {
            format!("line {line} is not a valid pattern")
        })
        .in_file())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;

    /// Looks at a Dockerfile with all that doesn't ask for the rest of a project.
    fn look_at(dockerfile: &str, target: Option<&str>, ignore: &str) {
        let Ok(ignore) = Ignore::parse(ignore) else {
            return;
        };
        let text = Text::new(PathBuf::from("Dockerfile"), dockerfile.to_owned(), true);
        let Ok(file) = parse_dockerfile::parse(&text.content) else {
            return;
        };
        let (service, build) = (
            Service::default(),
            Build {
                target: target.map(ToOwned::to_owned),
                ..Build::default()
            },
        );
        let folder = tempfile::tempdir().unwrap();
        let recipe = Recipe {
            context: &Root::open(folder.path()).unwrap(),
            service: &service,
            build: &build,
            text: &text,
            file: &file,
            ignore: &ignore,
            ignore_path: &PathBuf::from(".dockerignore"),
        };
        let lines = text.content.lines().count();
        for finding in base::named(&recipe) {
            assert!((1..=lines).contains(&finding.place.unwrap().line));
        }
        for copied in copied::sources(&recipe) {
            let place = text.place(&copied.span);
            assert!(
                place
                    .source
                    .is_none_or(|line| line.contains(&copied.written) || line.ends_with('\\'))
            );
            let _any = ignore.leaves_out(&copied.path);
            let _any = ignore.may_want_of(&copied.path);
        }
    }

    proptest! {
        #[test]
        fn any_dockerfile_is_looked_at(
            lines in proptest::collection::vec(
                "(FROM|ARG|COPY|ADD|RUN|ENV|CMD|from) [a-z$.{}:=/\"' -]{0,12}( [a-z.*/-]{1,5}){0,2}( AS [a-z]{1,2})?( \\\\)?",
                0..8,
            ),
            target in proptest::option::of("[a-z]{1,2}"),
            ignore in "([!*a-c/.?]{0,5}\n){0,4}",
        ) {
            look_at(&format!("FROM x\n{}", lines.join("\n")), target.as_deref(), &ignore);
            look_at(&lines.join("\n"), target.as_deref(), &ignore);
        }

        #[test]
        fn any_ignore_file_is_read_or_refused(text in "([!#]?[ a-c*?/.\\[\\]^\\\\&~|(){}+$é-]{0,8}\n){0,6}", path in "[a-c/.é]{0,8}") {
            match Ignore::parse(&text) {
                Ok(ignore) => {
                    let out = ignore.leaves_out(Path::new(&path));
                    // What the last line takes back is not left out.
                    if let Ok(more) = Ignore::parse(&format!("{text}\n!**")) {
                        prop_assert!(!more.leaves_out(Path::new(&path)), "{} {}", out, path);
                    }
                    let _any = ignore.may_want_of(Path::new(&path));
                }
                Err(why) => prop_assert!(matches!(why, NotTaken::Line(..)), "{}", why),
            }
        }
    }
}
