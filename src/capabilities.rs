//! What an engine can do. Only here is a version of the Engine API compared with another.

use std::fmt;

use serde::{Serialize, Serializer};

/// A version of the Engine API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ApiVersion(pub usize, pub usize);

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

impl Serialize for ApiVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The oldest version that we speak: Engine 20.10's.
pub const OLDEST_API: ApiVersion = ApiVersion(1, 41);

/// What came later than that. An older engine ignores it without a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Feature {
    /// A healthcheck has an interval of its own for the start.
    StartInterval,
    /// A container is made in several networks at once; before, it is connected to one after the other.
    NetworksAtCreate,
    /// A mount shows one folder of a volume.
    VolumeSubpath,
    /// A network has no IPv4 addresses.
    NetworkWithoutIpv4,
    /// A container says which of its networks has the default route.
    GatewayPriority,
}

impl Feature {
    /// All of them, the oldest first.
    pub const ALL: [Self; 5] = [
        Self::StartInterval,
        Self::NetworksAtCreate,
        Self::VolumeSubpath,
        Self::NetworkWithoutIpv4,
        Self::GatewayPriority,
    ];

    /// Since which version of the API (its version history), and with which release of the engine that came.
    const fn since(self) -> (ApiVersion, &'static str) {
        match self {
            Self::StartInterval | Self::NetworksAtCreate => (ApiVersion(1, 44), "25.0"),
            Self::VolumeSubpath => (ApiVersion(1, 45), "26.0"),
            Self::NetworkWithoutIpv4 | Self::GatewayPriority => (ApiVersion(1, 48), "28.0"),
        }
    }

    /// As an upgrade is advised: `Docker Engine 26.0 (API 1.45)`.
    pub fn engine(self) -> String {
        let (api, release) = self.since();
        format!("Docker Engine {release} (API {api})")
    }

    /// As it stands in a table.
    pub const fn label(self) -> &'static str {
        match self {
            Self::StartInterval => "healthcheck.start_interval",
            Self::NetworksAtCreate => "several networks when a container is created",
            Self::VolumeSubpath => "volume.subpath",
            Self::NetworkWithoutIpv4 => "enable_ipv4",
            Self::GatewayPriority => "gw_priority",
        }
    }
}

/// What the version of the API that is spoken with an engine allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    api: ApiVersion,
}

impl Capabilities {
    /// Those of an engine that speaks `api`; `None` when that is older than what we speak.
    pub fn of(api: ApiVersion) -> Option<Self> {
        (api >= OLDEST_API).then_some(Self { api })
    }

    /// The version that is spoken.
    pub const fn api(self) -> ApiVersion {
        self.api
    }

    /// Whether the engine knows it.
    pub fn can(self, feature: Feature) -> bool {
        self.api >= feature.since().0
    }
}

/// An engine that can do everything.
impl Default for Capabilities {
    fn default() -> Self {
        let api = Feature::ALL.into_iter().map(|feature| feature.since().0).max();
        Self {
            api: api.unwrap_or(OLDEST_API),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_can_do_what_its_api_has() {
        let can = |api| -> Vec<Feature> {
            let there = Capabilities::of(api).unwrap();
            Feature::ALL.into_iter().filter(|feature| there.can(*feature)).collect()
        };
        assert_eq!(Capabilities::of(ApiVersion(1, 40)), None);
        assert_eq!(can(ApiVersion(1, 41)), []);
        assert_eq!(can(ApiVersion(1, 45)), Feature::ALL[..3]);
        assert_eq!(can(ApiVersion(1, 56)), Feature::ALL);
        assert_eq!(can(ApiVersion(2, 0)), Feature::ALL);
        assert!(
            Feature::ALL
                .into_iter()
                .all(|feature| Capabilities::default().can(feature))
        );
    }
}
