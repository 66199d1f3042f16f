//! Top-level networks, volumes, configs and secrets.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::ids::{NetworkName, VolumeName};

/// A top-level config or secret.
#[derive(Debug, Clone, PartialEq)]
pub struct FileObject {
    /// Its full name (`PROJECT_KEY` unless named).
    pub name: String,
    /// Where its content comes from.
    pub source: FileSource,
}

/// Where a config's or secret's content comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum FileSource {
    /// A file, absolute: bind-mounted.
    File(PathBuf),
    /// An environment variable of the caller.
    Environment(FromEnvironment),
    /// Inline content (configs only).
    Content(String),
}

impl FileObject {
    /// Whether its content is a variable's that isn't set.
    pub fn is_unset(&self) -> bool {
        matches!(&self.source, FileSource::Environment(variable) if variable.value.is_none())
    }

    /// Its content, where that lies in no file of the host: it is written into containers.
    pub fn inline(&self) -> Option<&str> {
        match &self.source {
            FileSource::File(_) => None,
            FileSource::Environment(variable) => variable.value.as_deref(),
            FileSource::Content(text) => Some(text),
        }
    }
}

/// A value that is never printed: the file says only the variable's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FromEnvironment {
    /// The variable.
    pub name: String,
    /// Its value, if it is set.
    pub value: Option<String>,
}

/// A top-level network.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Network {
    /// Its name on the engine (`PROJECT_KEY` unless named or external).
    pub name: NetworkName,
    /// Driver; `None` is the engine's default, `bridge`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
    /// Driver options.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub driver_opts: BTreeMap<String, String>,
    /// Address management.
    #[serde(skip_serializing_if = "Ipam::is_empty")]
    pub ipam: Ipam,
    /// Not ours: must be there, is never made or removed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub external: bool,
    /// Without a way out.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub internal: bool,
    /// Standalone containers may join (swarm).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub attachable: bool,
    /// `enable_ipv4` (API 1.48).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_ipv4: Option<bool>,
    /// `enable_ipv6`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_ipv6: Option<bool>,
    /// Labels.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

/// `networks.*.ipam`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Ipam {
    /// IPAM driver.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
    /// Subnets.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub config: Vec<IpamPool>,
    /// Driver options.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
}

impl Ipam {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// `networks.*.ipam.config[]`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct IpamPool {
    /// CIDR.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subnet: Option<String>,
    /// CIDR that containers' addresses are taken from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_range: Option<String>,
    /// Gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway: Option<String>,
    /// Reserved addresses by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub aux_addresses: BTreeMap<String, String>,
}

/// A top-level volume.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Volume {
    /// Its name on the engine (`PROJECT_KEY` unless named or external).
    pub name: VolumeName,
    /// Driver; `None` is `local`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
    /// Driver options.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub driver_opts: BTreeMap<String, String>,
    /// Not ours: must be there, is never made or removed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub external: bool,
    /// Labels.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}
