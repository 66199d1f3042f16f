//! The variables of the Compose file: where each has its value from, and how it gets another.

use std::path::{Path, PathBuf};

use crate::compose::{Origin, Variable, Written};
use crate::failure::Place;
use crate::secrets;
use crate::shell::ShellCommand;
use crate::terminal::clean;

use super::reach::{named, whole_line};
use super::surroundings::{Surroundings, words};
use super::values::place_text;

/// A shorter value would be found everywhere.
const SHORTEST_SECRET: usize = 6;

impl<'a> Surroundings<'a> {
    /// `text` without keys, and without what the Compose file takes from a variable that is called like a secret.
    pub(super) fn mask(&self, text: &str) -> String {
        let mut masked = self.redactor.mask(text).into_owned();
        for variable in self.stack.into_iter().flat_map(|stack| &stack.interpolation) {
            let value = variable.value.as_deref().filter(|value| value.len() >= SHORTEST_SECRET);
            if let Some(value) = value.filter(|_| secrets::is_name(&variable.name)) {
                masked = masked.replace(value, &format!("${{{}}}", variable.name));
            }
        }
        masked
    }

    /// The same, also of a key that only shows once control characters are taken out of `text`.
    pub(super) fn mask_whole(&self, text: &str) -> String {
        let masked = self.mask(text);
        let cleaned = clean(&masked);
        let again = self.mask(&cleaned);
        if again == *cleaned { masked } else { again }
    }

    /// The command that gives a variable of the Compose file another value, where it has its value from.
    pub(super) fn set_variable(&self, name: &str, value: &str) -> Option<ShellCommand> {
        let variable = self.variable(name)?;
        let line = format!("{name}={value}");
        match (&variable.origin, self.variable_place(name)) {
            // The default that it hides is the right one.
            (Origin::Environment, _) if variable.default.as_deref() == Some(value) => {
                ShellCommand::of("unset").value(name)
            }
            (Origin::Environment, _) => ShellCommand::of("export").value(&line),
            (_, Some(place)) => self.replace_line(&place.file, place.line, &line),
            _ => self.append(&line, &self.env_file()?),
        }
    }

    /// Where the value of a variable of the Compose file comes from, in words.
    pub(super) fn origin(&self, name: &str) -> Option<String> {
        Some(match (&self.variable(name)?.origin, self.variable_place(name)) {
            (Origin::Environment, _) => "your shell, which overrides .env and the default".to_owned(),
            (_, Some(place)) => format!(
                "{}:{}, which overrides the default",
                self.shown(&place.file),
                place.line
            ),
            _ => "the default in the Compose file".to_owned(),
        })
    }

    /// Where a value of the Compose file is to be changed: there, or where the variable is set that it comes from. Of several
    /// variables it is the one whose value stands in `said`.
    pub(super) fn where_set(&self, written: &Written, said: &str) -> String {
        let file = self.shown(&written.place().file);
        let names = written.variables();
        let is_said = |name: &&str| {
            let value = self.variable(name).and_then(|variable| variable.value.as_deref());
            value.is_some_and(|value| words(said).any(|word| word == value))
        };
        let mut likely = names.iter().copied().filter(|name| names.len() == 1 || is_said(name));
        let (Some(name), None) = (likely.next(), likely.next()) else {
            return file;
        };
        match (
            self.variable(name).map(|variable| &variable.origin),
            self.variable_place(name),
        ) {
            (Some(Origin::Environment), _) => format!("your shell ({name}, which {file} uses)"),
            (_, Some(place)) => format!("{} ({name}, which {file} uses)", place_text(self, &place)),
            (Some(Origin::Default), _) => format!("{file} (the default of {name})"),
            _ => format!("{file} (the value of {name})"),
        }
    }

    /// The line of `.env` that gives a variable of the Compose file its value.
    pub(super) fn variable_place(&self, name: &str) -> Option<Place> {
        let Origin::File(path) = &self.variable(name)?.origin else {
            return None;
        };
        line_that_sets(path, name)
    }

    /// How to give a variable to a service without a secret in the Compose file: what to write into `.env`.
    pub(super) fn env_line(&self, name: &str) -> String {
        let mut read = self.stack.into_iter().flat_map(|stack| stack.env_files.iter().rev());
        let there = read.find_map(|file| line_that_sets(file, name));
        match (self.env_file(), there) {
            (_, Some(place)) => format!("its value is in {}:{}", self.shown(&place.file), place.line),
            (Some(file), None) => format!("its value to {}: `{name}=…`", self.shown(&file)),
            (None, None) => format!("its value to .env: `{name}=…`"),
        }
    }

    fn env_file(&self) -> Option<PathBuf> {
        let stack = self.stack?;
        let file = stack.env_files.last().cloned();
        Some(file.unwrap_or_else(|| stack.env_dir.join(".env")))
    }

    fn variable(&self, name: &str) -> Option<&'a Variable> {
        let mut variables = self.stack?.interpolation.iter();
        variables.find(|variable| variable.name == name)
    }

    /// Whether the Compose file uses a variable, such as `KAFKA_CLUSTER_ID`.
    pub(super) fn has_variable(&self, name: &str) -> bool {
        self.variable(name).is_some()
    }
}

/// The last line of a `.env` file that sets `name`: it is the one that counts.
fn line_that_sets(file: &Path, name: &str) -> Option<Place> {
    let text = named(file)?;
    let lines: Vec<&str> = text.lines().collect();
    let sets = |line: &&str| {
        let line = line.trim_start();
        let rest = line.strip_prefix("export ").unwrap_or(line).strip_prefix(name);
        rest.is_some_and(|rest| rest.trim_start().starts_with('='))
    };
    let index = lines.iter().rposition(sets)?;
    Some(whole_line(file, index + 1, lines[index]))
}
