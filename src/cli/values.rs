//! What options may be given, where the layers below say it: the words, and a line of help for each.

use clap::ValueEnum;
use clap::builder::PossibleValue;

use crate::check::Group;
use crate::logs::Level;
use crate::logs::source::SourceChoice;

fn value(word: &'static str, help: &'static str) -> PossibleValue {
    PossibleValue::new(word).help(help)
}

impl ValueEnum for Group {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Self::Checklist => value("checklist", "The files that the guide requires"),
            Self::Compose => value("compose", "The Compose file: mounts, ports and dependencies"),
            Self::Dockerfile => value("dockerfile", "Dockerfile"),
            Self::Requirements => value("requirements", "requirements.txt"),
            Self::Keys => value("keys", "API key files"),
            Self::Proxy => value("proxy", "`proxy_config.yaml`"),
            Self::Config => value("config", "config/"),
            Self::Engine => value("engine", "The engine"),
            Self::Ports => value("ports", "Host ports"),
            Self::Names => value("names", "Containers' names"),
            Self::Remains => value("remains", "Leftovers of earlier runs"),
        })
    }
}

impl ValueEnum for Level {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Self::Debug => value("debug", "Trace and debug"),
            Self::Info => value("info", "Info and notice"),
            Self::Warning => value("warning", "Warnings").alias("warn"),
            Self::Error => value("error", "Errors"),
            Self::Fatal => value("fatal", "Fatal, critical, panic"),
        })
    }
}

impl ValueEnum for SourceChoice {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Self::Auto => value(
                "auto",
                "The log files if they can be read (faster), otherwise the engine",
            ),
            Self::Engine => value("engine", "The engine's API"),
            Self::Files => value("files", "The engine's log files on this machine"),
            Self::Loki => value("loki", "Loki, including removed containers"),
        })
    }
}
