//! Builds an image: with BuildKit where the engine has it, with the classic builder where not.

use std::collections::{BTreeSet, HashMap};

use bollard::models::{BuildInfo, BuildInfoAux};
use bollard::query_parameters::{BuildImageOptions, BuilderVersion};
use futures_util::StreamExt as _;

use crate::compose::{Build, Service};
use crate::image::ImageRef;
use crate::labels;

use super::context::Context;
use super::credentials::Logins;
use super::part::{Object, unusable};
use super::{Engine, EngineError};

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

/// A step of a Dockerfile that failed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FailedStep {
    /// Its text, as the builder has it: `[2/5] RUN pip install x`.
    pub name: String,
    /// What it printed last.
    pub output: Vec<String>,
}

/// Of what a step prints, the last bytes are kept for when it fails, and of these the last lines.
const KEPT_BYTES: usize = 64 << 10;
const KEPT: usize = 40;

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
                what: format!("{} has no build section", service.name),
                hint: "it runs an image as it comes: `magicctl up` pulls it".to_owned(),
            });
        };
        let context = Context::of(build)?;
        let buildkit = self.has_buildkit().await?;
        let mut options = options(project, service, build, image.as_str(), &context.dockerfile);
        options.nocache = no_cache || build.no_cache.unwrap_or(false);
        options.pull = (pull || build.pull.unwrap_or(false)).then(|| "1".to_owned());
        if buildkit {
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

    /// Every Docker Engine that we support has it; Podman's socket doesn't.
    async fn has_buildkit(&self) -> Result<bool, EngineError> {
        let version = self.docker.version().await.map_err(|error| self.error(error))?;
        let podman = version
            .components
            .unwrap_or_default()
            .iter()
            .any(|component| component.name.to_lowercase().contains("podman"));
        Ok(!podman && version.os.as_deref() == Some("linux"))
    }
}

/// A further name of a built image.
fn tag_of(text: &str) -> Result<ImageRef, EngineError> {
    let wrong = |why: &str| unusable(Object::Image, text, why);
    let tag = ImageRef::parse(text).map_err(|bad| wrong(&bad.to_string()))?;
    if tag.is_id() || tag.digest().is_some() {
        return Err(wrong("it is given by the builder"));
    }
    Ok(tag)
}

fn options(project: &str, service: &Service, build: &Build, image: &str, dockerfile: &str) -> BuildImageOptions {
    let mut all_labels: HashMap<String, String> = build.labels.clone().into_iter().collect();
    all_labels.insert(labels::PROJECT.to_owned(), project.to_owned());
    all_labels.insert(labels::SERVICE.to_owned(), service.name.clone());
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
    /// Name of each that has begun.
    names: HashMap<String, String>,
    /// The last lines of each.
    output: HashMap<String, String>,
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
            // The builder's own housekeeping is no step of the Dockerfile.
            let own = vertex.name.starts_with("[internal]") || vertex.name.starts_with("exporting ");
            if own {
                continue;
            }
            self.known.insert(vertex.digest.clone());
            self.names.insert(vertex.digest.clone(), vertex.name.clone());
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

    /// Keeps what a step prints last. It comes in pieces, which may end anywhere.
    fn keep(&mut self, step: &str, text: &str) {
        let kept = self.output.entry(step.to_owned()).or_default();
        kept.push_str(text);
        if kept.len() > 2 * KEPT_BYTES {
            let from = (kept.len() - KEPT_BYTES..kept.len()).find(|from| kept.is_char_boundary(*from));
            kept.drain(..from.unwrap_or_default());
        }
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
            output: last_lines(&self.output.remove(&digest).unwrap_or_default()),
        });
        EngineError::Build {
            message: failed_step(message).unwrap_or_else(|| message.to_owned()),
            step,
        }
    }

    /// Whole lines; the classic builder's `Step 2/7 : RUN x` are steps.
    fn lines(&mut self, text: &str, tell: &mut dyn FnMut(BuildProgress)) {
        self.rest.push_str(text);
        while let Some(end) = self.rest.find('\n') {
            let line: String = self.rest.drain(..=end).collect();
            // A progress bar overwrites its line; only its last state is worth a line.
            let line = line.trim_end().rsplit('\r').next().unwrap_or_default().to_owned();
            if line.is_empty() {
                continue;
            }
            tell(classic_step(&line).unwrap_or(BuildProgress::Line(line)));
        }
    }
}

/// The last lines of a step's output; of a progress bar nothing, as it is no cause.
fn last_lines(output: &str) -> Vec<String> {
    let whole = output
        .lines()
        .map(|line| line.trim_end().rsplit('\r').next().unwrap_or_default());
    let lines: Vec<&str> = whole.filter(|line| !line.is_empty() && !line.contains('━')).collect();
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
}
