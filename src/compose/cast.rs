//! Strings where the specification wants a number or a boolean: what a variable gives is a string.

use std::collections::BTreeSet;

use super::tree::Value;

/// What a string becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cast {
    Bool,
    Int,
    Float,
    /// With the precision of 32 bits, as Compose keeps it.
    Float32,
}

/// What the string at `path` becomes, if anything.
pub(super) fn wanted(path: &[&str]) -> Option<Cast> {
    match path {
        [
            "networks",
            _,
            "external" | "internal" | "attachable" | "enable_ipv4" | "enable_ipv6",
        ]
        | ["volumes" | "secrets" | "configs", _, "external"] => Some(Cast::Bool),
        ["services", _, rest @ ..] => of_service(rest),
        _ => None,
    }
}

fn of_service(path: &[&str]) -> Option<Cast> {
    match path {
        [
            "cpu_count" | "cpu_period" | "cpu_quota" | "cpu_rt_period" | "cpu_rt_runtime" | "cpu_shares"
            | "oom_score_adj" | "pids_limit" | "scale",
        ]
        | ["ulimits", _]
        | ["ulimits", _, "hard" | "soft"]
        | ["healthcheck", "retries"]
        | ["ports", "[]", "target"]
        | ["deploy", "replicas"]
        | ["deploy", "update_config" | "rollback_config", "parallelism"]
        | ["deploy", "restart_policy", "max_attempts"]
        | ["deploy", "placement", "max_replicas_per_node"] => Some(Cast::Int),
        ["init" | "oom_kill_disable" | "privileged" | "read_only" | "stdin_open" | "tty"]
        | ["volumes", "[]", "read_only"]
        | ["volumes", "[]", "volume", "nocopy"]
        | ["depends_on", _, "required" | "restart"]
        | ["healthcheck", "disable"] => Some(Cast::Bool),
        ["cpu_percent"] | ["deploy", "update_config" | "rollback_config", "max_failure_ratio"] => Some(Cast::Float),
        ["cpus"] => Some(Cast::Float32),
        _ => None,
    }
}

impl Cast {
    /// `text` as the type, if it can be read so.
    pub fn apply(self, text: &str, warnings: &mut BTreeSet<String>) -> Option<Value> {
        match self {
            Self::Int => text.parse().ok().map(Value::Int),
            Self::Float => float(text).map(Value::Float),
            Self::Float32 => float(text).map(|value| Value::Float(shortest(value))),
            Self::Bool => {
                let value = match text.to_lowercase().as_str() {
                    "true" => return Some(Value::Bool(true)),
                    "false" => return Some(Value::Bool(false)),
                    "y" | "yes" | "on" => true,
                    "n" | "no" | "off" => false,
                    _ => return None,
                };
                warnings.insert(format!("`{text}` is not a boolean in YAML 1.2; use `{value}`"));
                Some(Value::Bool(value))
            }
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Bool => "true or false",
            Self::Int => "a whole number",
            Self::Float | Self::Float32 => "a number",
        }
    }
}

fn float(text: &str) -> Option<f64> {
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

/// The number with the fewest digits that is the same in 32 bits: `0.1`, not `0.10000000149011612`.
pub(super) fn shortest(value: f64) -> f64 {
    #[expect(clippy::cast_possible_truncation, reason = "Compose keeps 32 bits of it")]
    let single = value as f32;
    single.to_string().parse().unwrap_or(value)
}
