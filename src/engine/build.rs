//! Builds an image: with BuildKit where the engine has it, with the classic builder where not.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bollard::models::{BuildInfo, BuildInfoAux};
use bollard::query_parameters::{BuildImageOptions, BuilderVersion};
use futures_util::StreamExt as _;

use crate::compose::{Build, Service};
use crate::image::ImageRef;
use crate::labels;

use super::context::Context;
use super::credentials::Logins;
use super::kept::{End, left_out};
use super::part::{Object, unusable};
use super::{Builder, Engine, EngineError, FailedStep};

/// How far a build is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BuildProgress {
    /// A step of the Dockerfile began.
    Step {
        /// The step's own text.
        text: String,
        /// Which.
        current: u64,
        /// Of how many, as far as known.
        total: u64,
    },
    /// A line that a step printed.
    Line(String),
}

/// Of what a step prints, the last bytes are kept for when it fails, and of these the last lines.
const KEPT_BYTES: usize = 64 << 10;
const KEPT: usize = 40;
/// That is kept of as many steps: of those that printed last.
const KEPT_STEPS: usize = 64;
/// Steps that are known by their names. A Dockerfile of ten thousand steps no builder takes.
const MOST_STEPS: usize = 10_000;
/// Bytes of all their names together.
const MOST_NAMES: usize = 4 << 20;
/// Bytes of what a step is known by: `sha256:…`.
const LONGEST_DIGEST: usize = 256;
/// Bytes of a line that is reported.
const LONGEST_LINE: usize = 64 << 10;
/// What BuildKit puts after a line that it has cut.
const CLIPPED: &str = "[output clipped, log ";

impl Engine {
    /// Builds `service` of `project` and tags it `image`; `tell` hears what the builder says.
    #[expect(clippy::too_many_arguments, reason = "each is one of the build's")]
    pub async fn build(
        &self,
        project: &str,
        service: &Service,
        image: &ImageRef,
        no_cache: bool,
        pull: bool,
        logins: &Logins,
        tell: &mut dyn FnMut(BuildProgress),
    ) -> Result<(), EngineError> {
        let Some(build) = &service.build else {
            return Err(EngineError::Unsupported {
                what: format!("{} has no `build` section", service.name),
                hint: "it runs a ready-made image, which `magicctl up` pulls".to_owned(),
            });
        };
        let context = Context::of(build)?;
        let mut options = options(project, service, build, image.as_str(), &context.dockerfile);
        options.nocache = no_cache || build.no_cache.unwrap_or(false);
        options.pull = (pull || build.pull.unwrap_or(false)).then(|| "1".to_owned());
        if self.builder().await? == Builder::BuildKit {
            options.version = BuilderVersion::BuilderBuildKit;
            options.session = Some(session_id());
        }
        let body = context.stream()?;
        let tags: Vec<ImageRef> = build.tags.iter().map(|tag| tag_of(tag)).collect::<Result<_, _>>()?;
        let mut stream = std::pin::pin!(self.docker.build(options, logins.by_key(), body));
        let mut progress = Progress::default();
        while let Some(info) = stream.next().await {
            match info.map_err(|error| self.error(error)) {
                Ok(info) => progress.hear(info, tell),
                Err(EngineError::Refused(message)) => return Err(progress.failure(&message)),
                Err(error) => return Err(error),
            }
        }
        // The stream ends without a word when the connection breaks.
        self.image_id(image.as_str()).await?;
        for tag in &tags {
            let tagged = self.docker.image(image).tag(tag).await;
            tagged.map_err(|error| self.error(error))?;
        }
        Ok(())
    }
}

/// A further name of a built image.
fn tag_of(text: &str) -> Result<ImageRef, EngineError> {
    let wrong = |why: &str| unusable(Object::Image, text, why);
    let tag = ImageRef::parse(text).map_err(|bad| wrong(&bad.to_string()))?;
    if tag.is_id() || tag.digest().is_some() {
        return Err(wrong("it is supplied by the builder"));
    }
    Ok(tag)
}

fn options(project: &str, service: &Service, build: &Build, image: &str, dockerfile: &str) -> BuildImageOptions {
    let mut all_labels: HashMap<String, String> = build.labels.clone().into_iter().collect();
    all_labels.insert(labels::PROJECT.to_owned(), project.to_owned());
    all_labels.insert(labels::SERVICE.to_owned(), service.name.to_string());
    let args = build
        .args
        .iter()
        .filter_map(|(name, value)| Some((name.clone(), value.clone()?)))
        .collect();
    BuildImageOptions {
        dockerfile: dockerfile.to_owned(),
        t: Some(image.to_owned()),
        extrahosts: (!build.extra_hosts.is_empty()).then(|| {
            build
                .extra_hosts
                .iter()
                .map(|host| host.replacen('=', ":", 1))
                .collect::<Vec<_>>()
                .join(",")
        }),
        cachefrom: (!build.cache_from.is_empty()).then(|| build.cache_from.clone()),
        rm: true,
        forcerm: true,
        buildargs: Some(args),
        shmsize: build.shm_size.and_then(|size| i32::try_from(size).ok()),
        labels: Some(all_labels),
        networkmode: build.network.clone(),
        platform: service
            .platform
            .clone()
            .or_else(|| build.platforms.first().cloned())
            .unwrap_or_default(),
        target: build.target.clone().unwrap_or_default(),
        ..BuildImageOptions::default()
    }
}

/// The step's command and exit code, whichever way this engine's builder puts it: `` `false` exited with 1 ``.
fn failed_step(message: &str) -> Option<String> {
    let (command, code) = command_and_code(message)?;
    Some(format!("`{command}` exited with {code}"))
}

fn failed_command(message: &str) -> Option<String> {
    command_and_code(message).map(|(command, _)| command)
}

fn command_and_code(message: &str) -> Option<(String, String)> {
    let older = message.strip_prefix("executor failed running [");
    let newer = message.strip_prefix("process \"");
    let (command, code) = match (older, newer) {
        (Some(rest), _) => {
            let (command, code) = rest.rsplit_once("]: exit code: ")?;
            (command.to_owned(), code)
        }
        (_, Some(rest)) => {
            let (command, code) = rest.rsplit_once("\" did not complete successfully: exit code: ")?;
            // Quoted as Go does it, in which JSON's escapes are the common ones.
            let command = serde_json::from_str(&format!("\"{command}\""));
            (command.ok()?, code)
        }
        (None, None) => return None,
    };
    let command = command.strip_prefix("/bin/sh -c ").unwrap_or(&command);
    Some((command.to_owned(), code.to_owned()))
}

/// The engine tells sessions apart by this.
fn session_id() -> String {
    let now = time::OffsetDateTime::now_utc().unix_timestamp_nanos();
    format!("magicctl-{}-{now}", std::process::id())
}

/// What was heard of a build so far.
#[derive(Debug, Default)]
struct Progress {
    /// BuildKit's vertexes that have begun, by digest.
    begun: BTreeSet<String>,
    /// All that it has announced.
    known: BTreeSet<String>,
    /// An unfinished line.
    rest: String,
    /// What is left of a line that is too long.
    skipping: bool,
    /// Name of each that has begun.
    names: HashMap<String, String>,
    /// Bytes of these.
    named: usize,
    /// The last lines of those that printed last, and when that was.
    output: BTreeMap<String, (u64, End)>,
    /// How often something was printed.
    printed: u64,
    /// The one that failed.
    failed: Option<String>,
    /// The one that began last.
    last: String,
}

impl Progress {
    fn hear(&mut self, info: BuildInfo, tell: &mut dyn FnMut(BuildProgress)) {
        if let Some(text) = info.stream {
            self.lines(&text, tell);
        }
        let Some(BuildInfoAux::BuildKit(status)) = info.aux else {
            return;
        };
        for vertex in status.vertexes {
            // The builder's own housekeeping is not a step of the Dockerfile.
            let own = vertex.name.starts_with("[internal]") || vertex.name.starts_with("exporting ");
            if own || !self.may_know(&vertex.digest) {
                continue;
            }
            self.known.insert(vertex.digest.clone());
            if self.named + vertex.name.len() <= MOST_NAMES {
                self.named += vertex.name.len();
                let before = self.names.insert(vertex.digest.clone(), vertex.name.clone());
                self.named -= before.map_or(0, |name| name.len());
            }
            if !vertex.error.is_empty() && !vertex.error.contains("context canceled") {
                self.failed.get_or_insert_with(|| vertex.digest.clone());
            }
            if (vertex.started.is_some() || vertex.cached) && self.begun.insert(vertex.digest.clone()) {
                self.last = vertex.digest;
                tell(BuildProgress::Step {
                    text: vertex.name,
                    current: self.begun.len() as u64,
                    total: self.known.len() as u64,
                });
            }
        }
        for log in status.logs {
            let text = String::from_utf8_lossy(&log.msg).into_owned();
            self.keep(&log.vertex, &text);
            self.lines(&text, tell);
        }
    }

    /// A builder that names ever more steps fills no memory.
    fn may_know(&self, digest: &str) -> bool {
        digest.len() <= LONGEST_DIGEST && (self.known.len() < MOST_STEPS || self.known.contains(digest))
    }

    /// Keeps what a step prints last. It comes in pieces, which may end anywhere.
    fn keep(&mut self, step: &str, text: &str) {
        if step.len() > LONGEST_DIGEST {
            return;
        }
        if self.output.len() >= KEPT_STEPS && !self.output.contains_key(step) {
            let oldest = self.output.iter().min_by_key(|(_, (when, _))| *when);
            if let Some(oldest) = oldest.map(|(step, _)| step.clone()) {
                self.output.remove(&oldest);
            }
        }
        self.printed += 1;
        let kept = self
            .output
            .entry(step.to_owned())
            .or_insert_with(|| (0, End::of(KEPT_BYTES)));
        kept.0 = self.printed;
        kept.1.push(text.as_bytes());
    }

    /// What the builder's last words mean.
    fn failure(mut self, message: &str) -> EngineError {
        let digest = self.failed.take().or_else(|| {
            // Not every engine says which step failed; its own words hold the command.
            let command = failed_command(message)?;
            let mut steps = self.names.iter();
            steps
                .find(|(_, name)| name.ends_with(&command))
                .map(|(digest, _)| digest.clone())
        });
        let step = digest.map(|digest| FailedStep {
            name: self.names.remove(&digest).unwrap_or_default(),
            output: last_lines(
                &self
                    .output
                    .get(&digest)
                    .map_or_else(String::new, |(_, kept)| kept.text()),
            ),
        });
        EngineError::Build {
            message: failed_step(message).unwrap_or_else(|| message.to_owned()),
            exit: command_and_code(message).and_then(|(_, code)| code.parse().ok()),
            step,
        }
    }

    /// Whole lines; the classic builder's `Step 2/7 : RUN x` are steps.
    fn lines(&mut self, text: &str, tell: &mut dyn FnMut(BuildProgress)) {
        let mut pieces = text.split_inclusive('\n').peekable();
        while let Some(piece) = pieces.next() {
            if !self.skipping {
                self.rest.push_str(piece);
            }
            let ends = piece.ends_with('\n');
            if self.rest.len() > LONGEST_LINE {
                self.shorten(ends);
            }
            if !ends {
                continue;
            }
            let line = std::mem::take(&mut self.rest);
            // What is missing of a line may be the second half of a key.
            let is_cut = pieces.peek().is_some_and(|next| next.starts_with(CLIPPED));
            if std::mem::take(&mut self.skipping) || is_cut {
                tell(BuildProgress::Line(left_out(line.len().max(LONGEST_LINE))));
                continue;
            }
            let line = last_state(&line);
            if !line.is_empty() {
                tell(classic_step(line).unwrap_or_else(|| BuildProgress::Line(line.to_owned())));
            }
        }
    }

    /// Of a line that is too long the last state of its progress bar is kept, and nothing when that is too long too.
    fn shorten(&mut self, ends: bool) {
        let state = last_state(&self.rest).to_owned();
        if state.len() > LONGEST_LINE {
            self.rest.clear();
            self.skipping = true;
        } else {
            self.rest = if ends { state + "\n" } else { state };
        }
    }
}

/// A progress bar overwrites its line; only its last state is worth a line.
fn last_state(line: &str) -> &str {
    line.trim_end().rsplit('\r').next().unwrap_or_default()
}

/// The last lines of a step's output; of a progress bar nothing, as it is not a cause, nor what was cut.
fn last_lines(output: &str) -> Vec<String> {
    let all: Vec<&str> = output.lines().collect();
    let is_cut = |number: usize| all.get(number + 1).is_some_and(|next| next.starts_with(CLIPPED));
    let whole = all.iter().enumerate().filter(|(number, _)| !is_cut(*number));
    let states = whole.map(|(_, line)| last_state(line));
    let lines: Vec<&str> = states.filter(|line| !line.is_empty() && !line.contains('━')).collect();
    lines[lines.len().saturating_sub(KEPT)..]
        .iter()
        .map(|line| (*line).to_owned())
        .collect()
}

fn classic_step(line: &str) -> Option<BuildProgress> {
    let (counts, text) = line.strip_prefix("Step ")?.split_once(" : ")?;
    let (current, total) = counts.split_once('/')?;
    Some(BuildProgress::Step {
        text: text.to_owned(),
        current: current.parse().ok()?,
        total: total.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_failed_reads_the_same_from_every_engine() {
        for message in [
            r#"executor failed running [/bin/sh -c echo "a\b" >&2; exit 3]: exit code: 3"#,
            r#"process "/bin/sh -c echo \"a\\b\" >&2; exit 3" did not complete successfully: exit code: 3"#,
        ] {
            assert_eq!(
                failed_step(message).unwrap(),
                r#"`echo "a\b" >&2; exit 3` exited with 3"#
            );
        }
        // Steps without a shell, and what is not known.
        assert_eq!(
            failed_step("executor failed running [make all]: exit code: 2").unwrap(),
            "`make all` exited with 2"
        );
        for message in [
            "process \"x\" was killed",
            "failed to compute cache key: \"/x\": not found",
        ] {
            assert_eq!(failed_step(message), None);
        }
    }

    #[test]
    fn the_classic_builders_lines_come_whole_and_its_steps_as_steps() {
        let mut heard = Vec::new();
        let mut progress = Progress::default();
        for text in ["Step 2/7 : RUN x", "\n", "10%\r100%\nhal", "f\n\n"] {
            let info = BuildInfo {
                stream: Some(text.to_owned()),
                ..BuildInfo::default()
            };
            progress.hear(info, &mut |progress| heard.push(progress));
        }
        let step = BuildProgress::Step {
            text: "RUN x".to_owned(),
            current: 2,
            total: 7,
        };
        let line = |text: &str| BuildProgress::Line(text.to_owned());
        assert_eq!(heard, [step, line("100%"), line("half")]);
    }

    fn told(progress: &mut Progress, text: &str) -> Vec<BuildProgress> {
        let mut heard = Vec::new();
        progress.lines(text, &mut |progress| heard.push(progress));
        heard
    }

    #[test]
    fn a_line_without_an_end_is_said_and_a_progress_bar_is_no_such_line() {
        let mut progress = Progress::default();
        for _ in 0..40 {
            assert_eq!(told(&mut progress, &"key ".repeat(1 << 10)), []);
            assert!(progress.rest.len() <= LONGEST_LINE);
        }
        let line = |text: &str| BuildProgress::Line(text.to_owned());
        assert_eq!(
            told(&mut progress, "its end\nnext\n"),
            [line("(a line of more than 65536 bytes)"), line("next")]
        );
        for percent in 0..20_000 {
            assert_eq!(told(&mut progress, &format!("\r{percent} of 20000")), []);
        }
        assert_eq!(told(&mut progress, "\n"), [line("19999 of 20000")]);
    }

    /// What BuildKit cuts it cuts anywhere: half a key is not a key that would be masked.
    #[test]
    fn what_the_builder_has_cut_is_left_out() {
        let clipped = "one\nthe key is xk-live-01\n[output clipped, log limit 2MiB reached]\ntwo\n";
        let mut progress = Progress::default();
        let told = told(&mut progress, clipped);
        assert!(!format!("{told:?}").contains("xk-"), "{told:?}");
        assert_eq!(told.len(), 4);
        assert_eq!(
            last_lines(clipped),
            ["one", "[output clipped, log limit 2MiB reached]", "two"]
        );
    }

    #[test]
    fn a_builder_that_names_ever_more_steps_fills_no_memory() {
        let mut progress = Progress::default();
        for number in 0..2_000 {
            progress.keep(&format!("sha256:{number}"), &"x\n".repeat(100));
        }
        assert_eq!(progress.output.len(), KEPT_STEPS);
        assert!(progress.output.contains_key("sha256:1999") && !progress.output.contains_key("sha256:0"));
        assert!(!progress.may_know(&"x".repeat(LONGEST_DIGEST + 1)));
        progress.known = (0..MOST_STEPS).map(|number| number.to_string()).collect();
        assert!(progress.may_know("7") && !progress.may_know("new"));
    }
}
