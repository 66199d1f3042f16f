//! How long a container that can't be asked whether it is ready has to be alive.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::compose::{Nanos, parse_duration};
use crate::failure::Failure;
use crate::ids::ServiceName;
use crate::labels;
use crate::verdict::SETTLE;

/// What the label [`labels::SETTLE`] says, among `labels`; the usual time when there is none or it makes no sense.
pub fn settle_of(labels: &BTreeMap<String, String>) -> Duration {
    let label = labels.get(labels::SETTLE).and_then(|label| parse_duration(label));
    label.map_or(SETTLE, Nanos::duration)
}

/// That of `service`, whose label has to make sense.
pub(super) fn wanted(service: &ServiceName, labels: &BTreeMap<String, String>) -> Result<Duration, Failure> {
    match labels.get(labels::SETTLE) {
        Some(label) if parse_duration(label).is_none() => Err(Failure::invalid(format!(
            "{service}: the label {} is `{label}`",
            labels::SETTLE
        ))
        .because("it sets how long the service has to stay alive to count as running")
        .hint("use a duration such as `5s` or `500ms`")),
        _ => Ok(settle_of(labels)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_label_says() {
        let labels = |value: &str| BTreeMap::from([(labels::SETTLE.to_owned(), value.to_owned())]);
        for (label, time) in [("5s", 5000), ("500ms", 500), ("0s", 0), ("1m30s", 90_000)] {
            let time = Duration::from_millis(time);
            assert_eq!(wanted(&"app".into(), &labels(label)).ok(), Some(time), "{label}");
        }
        assert_eq!(wanted(&"app".into(), &BTreeMap::new()).ok(), Some(SETTLE));
        for label in ["", "soon", "-1s", "5"] {
            let refused = wanted(&"app".into(), &labels(label)).unwrap_err();
            assert!(refused.what.contains(&format!("`{label}`")), "{refused:?}");
            assert_eq!(settle_of(&labels(label)), SETTLE, "of a container that is there");
        }
    }
}
