//! Links into Grafana's Explore with a query filled in.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use super::source::quoted;

/// What a query string carries as it is (RFC 3986, unreserved).
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The `LogQL` of a container's lines, or of those that hold `ERROR`: the queries of the deployment guide.
pub fn query(container: &str, errors: bool) -> String {
    let selector = format!("{{container_name={}}}", quoted(container));
    if errors {
        format!("{selector} |= \"ERROR\"")
    } else {
        selector
    }
}

/// Explore at `grafana` (`http://localhost:3000`) with `query` on the last hour.
pub fn link(grafana: &str, query: &str) -> String {
    let panes = json!({
        "logs": {
            "datasource": "loki",
            "queries": [{
                "refId": "A",
                "datasource": { "type": "loki", "uid": "loki" },
                "expr": query,
                "queryType": "range",
            }],
            "range": { "from": "now-1h", "to": "now" },
        },
    });
    let panes = panes.to_string();
    format!(
        "{grafana}/explore?schemaVersion=1&orgId=1&panes={}",
        utf8_percent_encode(&panes, KEPT)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_links_query_is_what_was_asked_for() {
        let query = query("app-runner", true);
        assert_eq!(query, r#"{container_name="app-runner"} |= "ERROR""#);
        let link = link("http://localhost:3000", &query);
        let (page, panes) = link.split_once("panes=").unwrap();
        assert_eq!(page, "http://localhost:3000/explore?schemaVersion=1&orgId=1&");
        let panes = percent_encoding::percent_decode_str(panes).decode_utf8().unwrap();
        let panes: serde_json::Value = serde_json::from_str(&panes).unwrap();
        assert_eq!(panes["logs"]["queries"][0]["expr"], query);
        assert!(link.is_ascii() && !link.contains(['"', ' ', '{', '|']), "{link}");
    }
}
