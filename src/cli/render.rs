//! `render`: writes docker-compose.yml and config/ from the templates.

use std::path::Path;
use std::time::Duration;

use clap::Args;
use serde::Serialize;
use serde_json::{Value, json};

use crate::engine::Engine;
use crate::failure::{Exit, Failure};
use crate::image::ImageRef;
use crate::render::{self, Outcome};
use crate::rendered::{Rendered, State};
use crate::settings;

use super::Ended;
use super::session::Session;

/// How long a registry may take to say what a tag stands for.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// `render`.
#[derive(Debug, Clone, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct RenderArgs {
    /// Show what would change, without writing anything
    #[arg(long, conflicts_with_all = ["check", "force"])]
    pub diff: bool,
    /// Exit 1 if a file differs from its template, without writing anything
    #[arg(long, conflicts_with = "force")]
    pub check: bool,
    /// Also overwrite edited files
    #[arg(long)]
    pub force: bool,
    /// Get the digest of each image tag from its registry, and write it to `pins` in magicctl.yaml. Exit 1 if
    /// an image has no digest
    #[arg(long, conflicts_with_all = ["diff", "check"])]
    pub pin: bool,
}

pub(crate) async fn run(session: &Session, args: &RenderArgs) -> Ended {
    let root = session.root()?;
    let (pins, files) = if args.pin {
        pin(session, &root).await?
    } else {
        (Vec::new(), session.rendered()?.to_vec())
    };
    if args.diff {
        let diff = render::diff(&root, &files)?;
        if session.json() {
            session.out.answer(&json!({ "diff": diff }));
        } else {
            session.out.lines(diff.lines());
        }
        return Ok(None);
    }
    if args.check {
        let states = render::states(&root, &files)?;
        let well = states.iter().all(|(_, state)| *state == State::Current);
        if session.json() {
            let files = states.iter().map(|(file, state)| as_json(file.path, state));
            let files: Vec<_> = files.collect();
            session.out.answer(&json!({ "ok": well, "files": files }));
        } else {
            let other = states.iter().filter(|(_, state)| *state != State::Current);
            session
                .out
                .lines(other.map(|(file, state)| format!("{}: {}", file.path.display(), described(state))));
        }
        return Ok((!well).then_some(Exit::Failed));
    }
    let outcomes = render::write(&root, &files, args.force)?;
    let is_left = |outcome: &Outcome| matches!(outcome.state, State::Linked { .. } | State::Unreadable { .. });
    let well = !outcomes.iter().any(is_left) && pins.iter().all(|pin| pin.digest.is_some());
    if session.json() {
        let files = outcomes.iter().map(|outcome| {
            let mut file = as_json(&outcome.path, &outcome.state);
            file["written"] = json!(outcome.written);
            file
        });
        let files: Vec<_> = files.collect();
        session.out.answer(&json!({ "ok": well, "files": files, "pins": pins }));
    } else {
        tell(session, &outcomes);
    }
    Ok((!well).then_some(Exit::Failed))
}

/// A file and what was on disk in its place.
fn as_json(path: &Path, state: &State) -> Value {
    let (word, why) = match state {
        State::Missing => ("missing", None),
        State::Current => ("current", None),
        State::Outdated => ("outdated", None),
        State::Edited => ("edited", None),
        State::Linked { why } => ("linked", Some(why)),
        State::Unreadable { why, .. } => ("unreadable", Some(why)),
    };
    json!({ "file": path, "state": word, "why": why })
}

fn tell(session: &Session, outcomes: &[Outcome]) {
    for outcome in outcomes {
        let path = outcome.path.display();
        let text = match (outcome.written, &outcome.state) {
            (_, State::Linked { why } | State::Unreadable { why, .. }) => format!("{path}: not written: {why}"),
            (true, State::Missing) => format!("{path}: written"),
            (true, State::Edited) => format!("{path}: overwritten, including its edits"),
            (true, _) => format!("{path}: updated"),
            (false, State::Edited) => {
                format!(
                    "{path}: kept because it was edited (`render --diff` shows how, `render --force` overwrites it)"
                )
            }
            (false, _) => format!("{path}: unchanged"),
        };
        session.out.line(text);
    }
}

/// An image and the digest that stands beside its tag in magicctl.yaml.
#[derive(Debug, Serialize)]
struct Pin {
    image: String,
    digest: Option<String>,
    before: Option<String>,
    /// Why its registry gave none.
    why: Option<String>,
}

/// Brings the digest of each image that the Compose file names into magicctl.yaml. That of an image whose registry gives no answer
/// stays what it was. With the files as they are rendered then.
async fn pin(session: &Session, root: &Path) -> Result<(Vec<Pin>, Vec<Rendered>), Failure> {
    let settings = session.settings()?;
    let images = render::images(settings)?;
    let engine = session.engine().await?;
    let asked = images.iter().map(|name| digest(session, &engine, name));
    let told = futures_util::future::join_all(asked).await;
    let mut all = Vec::new();
    for (name, told) in images.iter().zip(told) {
        let before = settings.pins.get(name);
        let text = match (&told, before) {
            (Ok(digest), Some(before)) if digest == before => format!("{name}: still {digest}"),
            (Ok(digest), Some(before)) => format!("{name}: now {digest} (was {before})"),
            (Ok(digest), None) => format!("{name}: {digest}"),
            (Err(why), Some(before)) => {
                format!("{name}: stays at {before}; can't get its digest from the registry: {why}")
            }
            (Err(why), None) => format!("{name}: stays without a digest; can't get it from the registry: {why}"),
        };
        if !session.json() {
            session.out.line(text);
        }
        let (digest, why) = told.map_or_else(|why| (None, Some(why)), |digest| (Some(digest), None));
        all.push(Pin {
            image: name.clone(),
            digest: digest.or_else(|| before.cloned()),
            before: before.cloned(),
            why,
        });
    }
    let pins = all
        .iter()
        .filter_map(|pin| Some((pin.image.clone(), pin.digest.clone()?)));
    let mut settings = settings.clone();
    settings.pins = pins.collect();
    settings::write_pins(root, &settings.pins)?;
    Ok((all, render::files(&settings)?))
}

/// What the registry says that `name` is; else why it doesn't.
async fn digest(session: &Session, engine: &Engine, name: &str) -> Result<String, String> {
    let image = ImageRef::parse(name).map_err(|bad| bad.to_string())?;
    let logins = engine.logins_of(&image).await;
    for warning in &logins.warnings {
        session.warn(warning);
    }
    let asked = tokio::time::timeout(ANSWER_WITHIN, engine.registry_digest(&image, &logins));
    match asked.await {
        // It goes into a file: no more than a digest may.
        Ok(Ok(digest)) if ImageRef::parse(&format!("{name}@{digest}")).is_ok() => Ok(digest),
        Ok(Ok(_)) => Err("the registry's answer is not a valid digest".to_owned()),
        Ok(Err(error)) => Err(error.failure().to_string()),
        Err(_elapsed) => Err(format!("no answer within {} s", ANSWER_WITHIN.as_secs())),
    }
}

fn described(state: &State) -> String {
    match state {
        State::Missing => "is missing".to_owned(),
        State::Current => "is current".to_owned(),
        State::Outdated => "is outdated: `magicctl render` brings it up to date".to_owned(),
        State::Edited => "was edited: `magicctl render --diff` shows how".to_owned(),
        State::Linked { why } | State::Unreadable { why, .. } => format!("can't be written: {why}"),
    }
}
