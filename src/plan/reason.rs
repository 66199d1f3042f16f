//! Why a step is done, in values and in words.

use std::fmt;

use crate::ids::{NetworkName, ServiceName, VolumeName};
use crate::verdict::Until;

/// Why a step is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// What it brings is not there.
    Missing,
    /// The container is not as the file wants it.
    Differs(Vec<Difference>),
    /// The network with this key is not as the file wants it.
    NetworkDiffers(String),
    /// The engine was removing the container.
    HalfRemoved,
    /// The container was made a moment ago.
    New,
    /// The container exited with that code.
    Exited(i64),
    /// The container was made and never started.
    NeverStarted,
    /// The container is frozen.
    Paused,
    /// The container does not run, in the engine's words.
    NotRunning(String),
    /// The container that had the name was removed.
    OldRemoved,
    /// It has another name than its own.
    StillNamed(String),
    /// It has the name of another number of its service.
    NumberOf(u32, ServiceName),
    /// A replacement was cut off, and left it.
    Leftover,
    /// The service should have another number of containers.
    Surplus(ServiceName, u32),
    /// The file does not name its service.
    Orphan,
    /// It is one of `run`, and over.
    OneOffEnded,
    /// What it depends on with `restart: true` is started.
    RestartsWith(ServiceName),
    /// The first of the services that wait for it, and what for.
    NeededBy(ServiceName, Until),
    /// It should be ready in the end.
    WantedReady,
    /// A flag asks for it.
    CommandLine,
    /// This flag was given.
    Flag(&'static str),
    /// This is what the command does.
    Command,
    /// So is this, told with the command's name.
    Verb(&'static str),
    /// `pull_policy` of the service.
    PullPolicy(&'static str),
    /// `down` removes all.
    Down,
}

/// How a container differs from what is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// This field of the drift record has another value.
    Changed(String),
    /// It did not have this field.
    Added(String),
    /// It should not have this field.
    Removed(String),
    /// Compose made it, from a configuration with another hash.
    Configuration,
    /// It was taken off this network.
    Network(NetworkName),
    /// It was made with another volume.
    Volume(VolumeName),
    /// From an image of another name.
    Image(String, String),
    /// From an image of that name with another id: before, now.
    ImageId(String, String, String),
    /// It lives in a namespace of a container that is replaced.
    NewNeighbour(ServiceName),
    /// It lives in a namespace of a container that is gone.
    GoneNeighbour(ServiceName),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("it is missing"),
            Self::Differs(differences) => {
                for (index, difference) in differences.iter().enumerate() {
                    write!(f, "{}{difference}", if index == 0 { "" } else { ", " })?;
                }
                Ok(())
            }
            Self::NetworkDiffers(key) => write!(f, "network {key} differs from the Compose file"),
            Self::HalfRemoved => f.write_str("the engine was removing it"),
            Self::New => f.write_str("it is new"),
            Self::Exited(code) => write!(f, "it exited with {code}"),
            Self::NeverStarted => f.write_str("it was created but never started"),
            Self::Paused => f.write_str("it is paused"),
            Self::NotRunning(status) => write!(f, "it is not running ({status})"),
            Self::OldRemoved => f.write_str("the old one was removed"),
            Self::StillNamed(name) => write!(f, "it is still named {name}"),
            Self::NumberOf(number, service) => write!(f, "it is number {number} of {service}"),
            Self::Leftover => f.write_str("left over from an interrupted replacement"),
            Self::Surplus(service, count) => write!(f, "{service} should have {count}"),
            Self::Orphan => f.write_str("it is no longer in the Compose file"),
            Self::OneOffEnded => f.write_str("it was created by run and has exited"),
            Self::RestartsWith(service) => write!(f, "{service} is started, and depends_on has restart: true"),
            Self::NeededBy(service, until) => write!(f, "{service} needs it {}", until.word()),
            Self::WantedReady => f.write_str("wait until ready"),
            Self::CommandLine => f.write_str("requested on the command line"),
            Self::Flag(flag) => write!(f, "{flag} was given"),
            Self::Command => f.write_str("requested by the command"),
            Self::Verb(verb) => write!(f, "requested by {verb}"),
            Self::PullPolicy(policy) => write!(f, "pull_policy is {policy}"),
            Self::Down => f.write_str("the stack is being removed"),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed(field) => write!(f, "{} changed", shown(field)),
            Self::Added(field) => write!(f, "{} added", shown(field)),
            Self::Removed(field) => write!(f, "{} removed", shown(field)),
            Self::Configuration => f.write_str("Compose created it from another configuration"),
            Self::Network(name) => write!(f, "it is not on network {name}"),
            Self::Volume(name) => write!(f, "it does not mount volume {name}"),
            Self::Image(had, wanted) => write!(f, "image {had} → {wanted}"),
            Self::ImageId(image, had, wanted) => write!(f, "image {image}: {had} → {wanted}"),
            Self::NewNeighbour(service) => write!(f, "it shares a namespace with {service}, which is new"),
            Self::GoneNeighbour(service) => write!(f, "it shares a namespace with a removed container of {service}"),
        }
    }
}

fn shown(field: &str) -> String {
    let content = field.strip_prefix("content.");
    content.map_or_else(|| field.to_owned(), |path| format!("the content of {path}"))
}
