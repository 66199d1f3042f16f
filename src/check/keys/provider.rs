//! Providers that `proxy_config.yaml` uses, and whether they have keys.

use std::collections::BTreeSet;

use crate::check::project::Project;
use crate::check::{Finding, proxy};
use crate::codes;

use super::PROVIDERS;

pub(in crate::check) fn look(project: &Project) -> Vec<Finding> {
    let Some(Ok(node)) = proxy::tree(project).filter(|_| project.has_app()) else {
        return Vec::new();
    };
    let proxy::Catalogue {
        profiles,
        pools,
        aliases,
    } = proxy::catalogue(node);
    let have: BTreeSet<String> = super::providers(project).into_iter().collect();
    let lacks = |provider: &str| {
        let is_known = PROVIDERS.contains(&provider) || pools.contains(provider);
        provider != "local" && is_known && !have.contains(provider)
    };
    let mut findings = Vec::new();
    let lacking: BTreeSet<&str> = profiles
        .values()
        .map(String::as_str)
        .filter(|provider| lacks(provider))
        .collect();
    for provider in &lacking {
        findings.push(Finding::new(
            &codes::KEYS_NONE_FOR_PROVIDER,
            format!("no key for {provider} in keys_pool/keys_pool_{provider}.env"),
        ));
    }
    // A project without any key is a new one, not one where something was forgotten; and what answers by itself needs none.
    let led_to: BTreeSet<&str> = aliases
        .values()
        .flatten()
        .filter_map(|name| profiles.get(name))
        .map(String::as_str)
        .filter(|provider| *provider != "local")
        .collect();
    if !have.is_empty() && !led_to.is_empty() && led_to.iter().all(|provider| lacks(provider)) {
        let have: Vec<&str> = have.iter().map(String::as_str).collect();
        let led_to: Vec<&str> = led_to.into_iter().collect();
        let what = format!(
            "there are keys for {}, but aliases use only {}",
            have.join(", "),
            led_to.join(", ")
        );
        findings.push(Finding::new(&codes::KEYS_UNUSED, what));
    }
    findings
}
