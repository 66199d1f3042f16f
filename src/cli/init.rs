//! `init`: the sample project, in a folder of the user's.

use std::path::PathBuf;

use clap::Args;

use crate::failure::{Exit, Failure};
use crate::files::{self, Kind};
use crate::render;

use super::Ended;
use super::session::Session;

/// `init`.
#[derive(Debug, Clone, Args)]
pub struct InitArgs {
    /// The project's directory; the current one by default
    pub directory: Option<PathBuf>,
}

pub(crate) fn run(session: &Session, args: &InitArgs) -> Ended {
    let start = session.start_dir()?;
    let root = match &args.directory {
        Some(directory) => start.join(directory),
        None => start,
    };
    if !matches!(files::kind(&root), Ok(None | Some(Kind::Folder))) {
        return Err(Failure::usage(format!("{} is not a folder", root.display())));
    }
    let done = render::init(&root)?;
    let ended = (!done.left.is_empty()).then_some(Exit::Failed);
    if session.json() {
        let left = done.left.iter();
        let left = left.map(|(file, why)| serde_json::json!({ "file": file, "why": why }));
        session.out.answer(&serde_json::json!({
            "directory": root,
            "written": done.written,
            "kept": done.kept,
            "left_alone": left.collect::<Vec<_>>(),
        }));
        return Ok(ended);
    }
    for path in &done.written {
        session.out.line(format!("{}: written", path.display()));
    }
    for path in &done.kept {
        session.out.line(format!("{}: kept, it exists already", path.display()));
    }
    for (path, why) in &done.left {
        session.out.line(format!("{}: not written: {why}", path.display()));
    }
    let go = match &args.directory {
        // Where the user is already.
        Some(directory) if directory.components().eq([std::path::Component::CurDir]) => String::new(),
        Some(directory) => format!("cd {} && ", directory.display()),
        None => String::new(),
    };
    session.out.line(format!(
        "next: put keys into keys_pool/ and env/, then `{go}magicctl up`"
    ));
    Ok(ended)
}
