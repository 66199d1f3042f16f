//! `version`: which magicctl this is.

use clap::{Args, ValueEnum};

use crate::cli::session::Session;

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

pub(crate) fn run(session: &Session, args: &VersionArgs) {
    let version = env!("CARGO_PKG_VERSION");
    if session.json() {
        session.out.answer(&serde_json::json!({ "magicctl": version }));
    } else if args.short {
        session.out.line(version);
    } else if args.format == Form::Json {
        session.out.json(&serde_json::json!({ "version": version }));
    } else {
        session.out.line(format!("magicctl {version}"));
    }
}
