//! The Dockerfile of each service that is built: what the builder would stop at, and what must not get into an image.

mod base;
mod command;
mod copied;
mod keys;

use std::path::{Path, PathBuf};

use parse_dockerfile::{Dockerfile, Stage};

use crate::codes;
use crate::compose::{Build, Service};
use crate::engine::Ignore;
use crate::files::{self, Refused, Root};

use super::finding::MOST_FINDINGS;
use super::project::Project;
use super::text::{LARGEST, Text, led_out, unreadable};
use super::there::There;
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

/// All that can be said without the engine.
pub(super) fn look(project: &Project) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (service, build) in project.built() {
        if findings.len() >= MOST_FINDINGS {
            break;
        }
        match each(project, service, build, |recipe| {
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
pub(super) fn base_images(project: &Project, there: &There) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (service, build) in project.built() {
        // What is wrong with the file itself is the other check's business.
        let found = each(project, service, build, |recipe| base::absent(recipe, &there.observed));
        findings.extend(found.unwrap_or_default());
    }
    findings
}

/// Hands over the Dockerfile of `service`; `Err` when there is none that could be parsed, with what is to be said about it.
fn each(
    project: &Project,
    service: &Service,
    build: &Build,
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
                "{} is built from {}, which is not there",
                service.name,
                project.shown(&path)
            );
            return Err(Some(
                Finding::new(&codes::MISSING, what)
                    .fix("make it, or correct `build` in the Compose file")
                    .at(project.place_of(&service.name)),
            ));
        }
        Err(finding) => return Err(Some(finding)),
    };
    let context = Root::open(&build.context)
        .map_err(|refused| unreadable(&project.shown(&build.context).to_string(), &refused.to_string()))?;
    let ignore_path = Ignore::file_of(&build.context, &build.dockerfile);
    let ignore = ignore(project, &context, &ignore_path)?;
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

/// The ignore file of a build, as it lies in the context.
fn ignore(project: &Project, context: &Root, path: &Path) -> Result<Ignore, Finding> {
    let shown = project.shown(path).to_string();
    let text = match context.text(path, LARGEST) {
        Ok(text) => text,
        Err(Refused::Missing) => return Ok(Ignore::default()),
        Err(refused @ Refused::Outside) => return Err(led_out(&shown, &context.why(path, &refused))),
        Err(refused) => return Err(unreadable(&shown, &refused.to_string())),
    };
    Ignore::parse(&text).map_err(|why| {
        let quotable = files::lies_below(path, &project.root);
        let line = why.split(':').next().unwrap_or_default();
        Finding::new(&codes::IGNORE_INVALID, format!("{shown} can't be read"))
            .because(if quotable {
                why.clone()
            } else {
                format!("{line} is not a valid pattern")
            })
            .in_file()
    })
}
