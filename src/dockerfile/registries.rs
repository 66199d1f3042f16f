//! The registries that a build takes images from.

use std::collections::{BTreeMap, BTreeSet};

use parse_dockerfile::{Dockerfile, Flag, Instruction};

use crate::image::ImageRef;

use super::variables::{expand, global};

/// The argument that names another frontend than the Dockerfile does.
const FRONTEND: &str = "BUILDKIT_SYNTAX";

/// Where a Dockerfile's images come from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Registries {
    /// Their hosts, as [`ImageRef::registry`] has them.
    pub known: BTreeSet<String>,
    /// What is written where only the builder can tell the host.
    pub unknown: Vec<String>,
}

/// The registries of the images that the Dockerfile `text` names, with build arguments `args`: in `FROM`, in `--from` of `COPY` and
/// of the mounts of `RUN`, and its frontend. Stages and `scratch` come from none.
pub fn registries(text: &str, args: &BTreeMap<String, Option<String>>) -> Registries {
    let mut found = Registries::default();
    match parse_dockerfile::parse(text) {
        Ok(file) => {
            let frontend = args.get(FRONTEND).and_then(Option::as_deref);
            let frontend = frontend.or_else(|| file.parser_directives.syntax.as_ref().map(|syntax| syntax.value.value));
            if let Some(frontend) = frontend {
                found.take(frontend);
            }
            found.take_stages(&file, &global(file.global_args(), args));
        }
        // Another frontend may know what the parser doesn't.
        Err(_) => text.lines().for_each(|line| found.take_line(line)),
    }
    found
}

impl Registries {
    fn take_stages(&mut self, file: &Dockerfile<'_>, values: &BTreeMap<String, String>) {
        let mut stages: BTreeSet<String> = BTreeSet::new();
        for stage in file.stages() {
            let written = &stage.from.image.value;
            match expand(written, values) {
                Some(image) if is_stage(&image, &stages) => {}
                Some(image) => self.take(&image),
                None => self.take(written),
            }
            for instruction in stage.instructions {
                let source = match instruction {
                    Instruction::Copy(copy) => copy.options.iter().find_map(from_of),
                    Instruction::Run(run) => run.options.iter().find_map(from_of_mount),
                    _ => None,
                };
                if let Some(source) = source.filter(|source| !is_stage(source, &stages)) {
                    self.take(source);
                }
            }
            if let Some((_, name)) = &stage.from.as_ {
                stages.insert(name.value.to_lowercase());
            }
        }
    }

    /// A `FROM`, or the line that names the frontend, of a file that can't be parsed.
    fn take_line(&mut self, line: &str) {
        if let Some(syntax) = line.trim_start().strip_prefix('#') {
            let value = syntax.split_once('=').filter(|(name, _)| name.trim() == "syntax");
            if let Some((_, image)) = value {
                self.take(image.trim());
            }
            return;
        }
        let mut words = line.split_whitespace();
        if words.next().is_some_and(|word| word.eq_ignore_ascii_case("from"))
            && let Some(image) = words.find(|word| !word.starts_with("--"))
        {
            self.take(image);
        }
    }

    fn take(&mut self, text: &str) {
        if text.eq_ignore_ascii_case("scratch") {
            return;
        }
        let literal = text.split('$').next().unwrap_or_default();
        let image = match literal.split_once('/') {
            // Whatever the variable puts in, it comes after the host.
            Some((first, _)) if literal != text => ImageRef::parse(&format!("{first}/image")),
            _ => ImageRef::parse(text),
        };
        match image {
            Ok(image) => {
                self.known.insert(image.registry().to_owned());
            }
            Err(_) => self.unknown.push(text.to_owned()),
        }
    }
}

/// Stages are named, or numbered from 0.
fn is_stage(name: &str, stages: &BTreeSet<String>) -> bool {
    name.parse::<usize>().is_ok() || stages.contains(&name.to_lowercase())
}

/// `--from=IMAGE`
fn from_of<'f>(flag: &'f Flag<'_>) -> Option<&'f str> {
    let value = flag.value.as_ref().filter(|_| flag.name.value == "from");
    value.map(|value| value.value.as_ref())
}

/// `--mount=type=bind,from=IMAGE,target=/x`
fn from_of_mount<'f>(flag: &'f Flag<'_>) -> Option<&'f str> {
    let value = flag.value.as_ref().filter(|_| flag.name.value == "mount")?;
    value.value.split(',').find_map(|field| field.strip_prefix("from="))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, args: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
        let args = args.iter();
        let args = args.map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned())));
        let found = registries(text, &args.collect());
        (found.known.into_iter().collect(), found.unknown)
    }

    const EVERYWHERE: &str = "# syntax=front.example/docker/dockerfile:1
ARG HOST=one.example
ARG TAG
FROM --platform=$BUILDPLATFORM ${HOST}/a:${TAG:-1} AS Build
RUN --mount=type=bind,from=two.example/b,target=/b true
FROM build AS next
COPY --from=build /x /x
COPY --from=0 /x /x
COPY --from=three.example/c:2 /x /x
FROM scratch
COPY --from=next /x /x
";

    #[test]
    fn of_all_places_with_the_arguments_put_in() {
        let (known, unknown) = found(EVERYWHERE, &[]);
        assert_eq!(known, ["front.example", "one.example", "three.example", "two.example"]);
        assert!(unknown.is_empty(), "{unknown:?}");
        let args = [("HOST", "other.example"), ("BUILDKIT_SYNTAX", "x.example/f")];
        assert_eq!(
            found(EVERYWHERE, &args).0,
            ["other.example", "three.example", "two.example", "x.example"]
        );
        assert_eq!(found("FROM redis", &[]).0, ["docker.io"]);
        assert_eq!(found("FROM scratch", &[]), (Vec::new(), Vec::new()));
    }

    #[test]
    fn what_only_the_builder_knows_is_said_unless_the_host_is_written() {
        let (known, unknown) = found(
            "ARG X\nFROM ${X#y}/a\nFROM r.example/a:$TARGETARCH\nFROM a/$TARGETOS",
            &[],
        );
        assert_eq!(known, ["docker.io", "r.example"]);
        assert_eq!(unknown, ["${X#y}/a"]);
    }

    #[test]
    fn of_a_file_of_another_frontend_the_first_words_are_enough() {
        let text = "# syntax=front.example/f\nFROM --x=y r.example/a AS b\nBREW coffee\n";
        assert_eq!(found(text, &[]).0, ["front.example", "r.example"]);
    }
}
