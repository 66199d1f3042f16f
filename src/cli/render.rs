//! `render`: writes docker-compose.yml and config/ from the templates.

use std::time::Duration;

use clap::Args;

use crate::engine::Engine;
use crate::failure::{Exit, Failure};
use crate::image::ImageRef;
use crate::render::{self, State};
use crate::settings::{self, Pins};

use super::Ended;
use super::session::Session;

/// How long a registry may take to say what a tag stands for.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// `render`.
#[derive(Debug, Clone, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct RenderArgs {
    /// Show what would change, write nothing
    #[arg(long, conflicts_with_all = ["check", "force"])]
    pub diff: bool,
    /// Exit 1 if a file is not as it would be rendered, write nothing
    #[arg(long, conflicts_with = "force")]
    pub check: bool,
    /// Overwrite edited files too
    #[arg(long)]
    pub force: bool,
    /// Ask the registries which image each tag stands for, and write the digests beside the tags (`pins` in magicctl.yaml). Exit 1 if
    /// one of them has none then
    #[arg(long, conflicts_with_all = ["diff", "check"])]
    pub pin: bool,
}

pub(crate) async fn run(session: &Session, args: &RenderArgs) -> Ended {
    let root = session.root()?;
    let all_pinned = if args.pin { pin(session).await? } else { true };
    let settings = session.settings()?;
    if args.diff {
        session.out.lines(render::diff(&root, &settings)?.lines());
        return Ok(None);
    }
    if args.check {
        let mut well = true;
        for (file, state) in render::states(&root, &settings)? {
            if state != State::Current {
                well = false;
                session
                    .out
                    .line(format!("{}: {}", file.path.display(), described(&state)));
            }
        }
        return Ok((!well).then_some(Exit::Failed));
    }
    let mut well = true;
    for outcome in render::write(&root, &settings, args.force)? {
        let path = outcome.path.display();
        let text = match (outcome.written, outcome.state) {
            (_, State::Linked { why } | State::Unreadable { why }) => {
                well = false;
                format!("{path}: left alone: {why}")
            }
            (true, State::Missing) => format!("{path}: written"),
            (true, State::Edited) => format!("{path}: overwritten, with what was edited in it"),
            (true, _) => format!("{path}: brought up to date"),
            (false, State::Edited) => {
                format!("{path}: kept, as it was edited (`render --diff` shows how, `render --force` overwrites it)")
            }
            (false, _) => format!("{path}: unchanged"),
        };
        session.out.line(text);
    }
    Ok((!well || !all_pinned).then_some(Exit::Failed))
}

/// Brings the digest of each image that the Compose file names into magicctl.yaml; whether all have one. That of an image whose
/// registry gives no answer stays what it was.
async fn pin(session: &Session) -> Result<bool, Failure> {
    let settings = session.settings()?;
    let images = render::images(&settings)?;
    let engine = session.engine().await?;
    let asked = images.iter().map(|name| digest(session, &engine, name));
    let told = futures_util::future::join_all(asked).await;
    let mut pins = Pins::new();
    for (name, told) in images.iter().zip(told) {
        let before = settings.pins.get(name);
        let text = match (&told, before) {
            (Ok(digest), Some(before)) if digest == before => format!("{name}: is {digest} still"),
            (Ok(digest), Some(before)) => format!("{name}: is {digest} now, was {before}"),
            (Ok(digest), None) => format!("{name}: is {digest}"),
            (Err(why), Some(before)) => format!("{name}: stays {before}; its registry gave no digest: {why}"),
            (Err(why), None) => format!("{name}: stays without a digest; its registry gave none: {why}"),
        };
        session.out.line(text);
        if let Some(digest) = told.ok().or_else(|| before.cloned()) {
            pins.insert(name.clone(), digest);
        }
    }
    settings::write_pins(&session.root()?, &pins)?;
    Ok(pins.len() == images.len())
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
        Ok(Ok(_)) => Err("the answer is not a digest".to_owned()),
        Ok(Err(error)) => Err(error.failure().to_string()),
        Err(_elapsed) => Err(format!("no answer within {} s", ANSWER_WITHIN.as_secs())),
    }
}

fn described(state: &State) -> String {
    match state {
        State::Missing => "is not there".to_owned(),
        State::Current => "is current".to_owned(),
        State::Outdated => "is outdated: `magicctl render` brings it up to date".to_owned(),
        State::Edited => "was edited: `magicctl render --diff` shows how".to_owned(),
        State::Linked { why } | State::Unreadable { why } => format!("is left alone: {why}"),
    }
}
