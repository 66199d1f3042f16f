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
    let proxy::Catalogue { profiles, aliases } = proxy::catalogue(&node);
    let have: BTreeSet<String> = super::providers(&project.root).into_iter().collect();
    let lacks = |provider: &str| provider != "local" && PROVIDERS.contains(&provider) && !have.contains(provider);
    let mut findings = Vec::new();
    let lacking: BTreeSet<&str> = profiles
        .values()
        .map(String::as_str)
        .filter(|provider| lacks(provider))
        .collect();
    for provider in &lacking {
        findings.push(Finding::new(
            &codes::KEYS_NONE_FOR_PROVIDER,
            format!("no key for {provider}: keys_pool/keys_pool_{provider}.env has none"),
        ));
    }
    // A project without any key is a new one, not one where something was forgotten.
    if have.is_empty() {
        return findings;
    }
    for (alias, chain) in &aliases {
        let leads_to: Vec<&str> = chain
            .iter()
            .filter_map(|name| profiles.get(name))
            .map(String::as_str)
            .collect();
        if !leads_to.is_empty() && leads_to.iter().all(|provider| lacks(provider)) {
            let providers: BTreeSet<&str> = leads_to.into_iter().collect();
            let providers: Vec<&str> = providers.into_iter().collect();
            let what = format!(
                "the alias `{alias}` leads only to {}, for which there is no key",
                providers.join(", ")
            );
            findings.push(Finding::new(&codes::KEYS_NONE_FOR_ALIAS, what));
        }
    }
    findings
}
