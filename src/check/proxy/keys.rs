//! Where a profile sends keys, and which: as in `magic_proxy/config.py`.

use url::{Host, Url};

use crate::check::Finding;
use crate::codes;
use crate::yaml::Node;

use super::place;

/// What the gateway refuses of the profile called `name`.
pub(super) fn look(name: &Node, profile: &Node) -> Vec<Finding> {
    let text = |key: &str| profile.get(key).and_then(Node::text);
    let base = profile.get("model_params").and_then(|params| params.get("api_base"));
    let (Some(called), Some(provider)) = (name.text(), text("provider")) else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    if provider == "openai_compatible" {
        for (key, is_there) in [
            ("keys", text("keys").is_some()),
            ("model_params.api_base", base.is_some()),
        ] {
            let finding = || Finding::new(&codes::PROXY_MISSING_KEY, format!("`{called}` has no `{key}`"));
            let because = "for an openai_compatible provider, the profile has to set both the address and the keys";
            findings.extend((!is_there).then(|| finding().because(because).at(place(&name.span)).in_file()));
        }
    } else if let Some(keys) = profile.get("keys") {
        let what = format!("`keys` of `{called}`: {provider} uses keys_pool_{provider}.env");
        let finding = Finding::new(&codes::PROXY_UNKNOWN_KEY, what).at(place(&keys.span));
        findings.push(finding.in_file());
    }
    if let Some(base) = base.filter(|base| provider != "local" && base.text().is_some_and(is_in_the_clear)) {
        let what = format!("`{called}` would send its keys over http:// to another network");
        let finding = Finding::new(&codes::PROXY_TYPE, what).because("the gateway refuses it");
        let fix = "use https://, or a host in your own network";
        findings.push(finding.fix(fix).at(place(&base.span)).in_file());
    }
    findings
}

/// Whether what is sent there can be read on the way. Only what surely can.
fn is_in_the_clear(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let is_far = match url.host() {
        Some(Host::Domain(name)) => {
            let near = [".localhost", ".local", ".internal", ".lan", ".home.arpa"];
            name.contains('.') && !near.iter().any(|end| name.ends_with(end))
        }
        Some(Host::Ipv4(ip)) => !(ip.is_loopback() || ip.is_private()),
        Some(Host::Ipv6(ip)) => !(ip.is_loopback() || ip.is_unique_local()),
        None => false,
    };
    url.scheme() == "http" && is_far
}

#[cfg(test)]
mod tests {
    use super::is_in_the_clear;

    #[test]
    fn keys_stay_near_without_tls() {
        for (url, wanted) in [
            ("https://api.example.com/v1", false),
            ("http://api.example.com/v1", true),
            ("http://8.8.8.8:8000", true),
            ("http://169.254.169.254/v1", true),
            ("http://localhost@8.8.8.8/v1", true),
            ("http://[2001:db8::1]/v1", true),
            ("http://127.0.0.1:8000/v1", false),
            ("http://10.1.2.3/v1", false),
            ("http://[::1]:8000", false),
            ("http://vllm:8000/v1", false),
            ("http://host.docker.internal:8000", false),
            ("http:///", false),
            ("nothing", false),
        ] {
            assert_eq!(is_in_the_clear(url), wanted, "{url}");
        }
    }
}
