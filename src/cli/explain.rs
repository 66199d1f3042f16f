//! `explain`: the long form of a code.

use clap::Args;

use crate::codes;
use crate::failure::Failure;
use crate::report::table;

use super::Ended;
use super::session::Session;

/// `explain`.
#[derive(Debug, Clone, Args)]
pub struct ExplainArgs {
    /// The code, such as MC101
    pub code: Option<String>,
}

pub(crate) fn run(session: &Session, args: &ExplainArgs) -> Ended {
    let named = match &args.code {
        Some(typed) => Some(codes::find(typed).ok_or_else(|| unknown(typed))?),
        None => None,
    };
    match named {
        _ if session.json() => {
            let shown = codes::all().filter(|code| named.is_none_or(|named| named.id == code.id));
            let shown: Vec<_> = shown.map(codes::json).collect();
            session.out.answer(&serde_json::json!({ "codes": shown }))
        }
        None => {
            let rows: Vec<Vec<String>> = codes::all()
                .map(|code| {
                    [code.id, code.severity.word(), code.title]
                        .map(ToOwned::to_owned)
                        .into()
                })
                .collect();
            session.out.lines(table(&session.out, &["CODE", "", "WHAT"], rows))
        }
        Some(code) => session.out.lines(codes::text(code)),
    };
    Ok(None)
}

fn unknown(typed: &str) -> Failure {
    Failure::usage(format!("unknown code `{typed}`")).hint(match codes::similar(typed) {
        Some(near) => format!("did you mean {near}? `magicctl explain` lists all codes"),
        None => "`magicctl explain` lists all codes".to_owned(),
    })
}
