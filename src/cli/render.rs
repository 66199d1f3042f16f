//! `render`: writes docker-compose.yml and config/ from the templates.

use clap::Args;

use crate::failure::Exit;
use crate::render::{self, State};

use super::Ended;
use super::session::Session;

/// `render`.
#[derive(Debug, Clone, Args)]
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
}

pub(crate) fn run(session: &Session, args: &RenderArgs) -> Ended {
    let root = session.root()?;
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
    Ok((!well).then_some(Exit::Failed))
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
