//! `version`: which magicctl this is.

use clap::{Args, ValueEnum};

use crate::cli::session::Session;
use crate::engine::Table;
use crate::failure::Failure;

/// `version`.
#[derive(Debug, Clone, Args)]
pub struct VersionArgs {
    /// Text or JSON
    #[arg(short, long, value_enum, default_value_t, value_name = "FORM")]
    format: Form,
    /// Print only the version number
    #[arg(long)]
    short: bool,
}

/// `version --format`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Form {
    /// `magicctl 0.1.0`.
    #[default]
    Pretty,
    /// `{"version":"0.1.0"}`.
    Json,
}

pub(crate) async fn run(session: &Session, args: &VersionArgs) {
    let version = env!("CARGO_PKG_VERSION");
    if session.json() {
        let (table, why) = match engine(session).await {
            Ok(table) => (Some(table), None),
            Err(failure) => (None, Some(failure.what)),
        };
        let value = serde_json::json!({ "magicctl": version, "engine": table, "why": why });
        session.out.answer(&value);
    } else if args.short {
        session.out.line(version);
    } else if args.format == Form::Json {
        session.out.json(&serde_json::json!({ "version": version }));
    } else {
        session.out.line(format!("magicctl {version}"));
    }
}

/// What the engine can do. Which magicctl this is can be told without one.
async fn engine(session: &Session) -> Result<Table, Failure> {
    let engine = session.engine().await?;
    let about = engine.about().await.map_err(|error| error.failure())?;
    Ok(Table::of(&about, engine.capabilities()))
}
