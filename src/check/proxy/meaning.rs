//! What no single value of the file shows: names that are listed twice, lead nowhere, or are never used.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::check::Finding;
use crate::check::finding::MOST_FINDINGS;
use crate::codes;
use crate::nearest::nearest;
use crate::yaml::{Node, Value};

use super::{keys, place};

/// More profiles than this are counted, not named.
const MOST_NAMES: usize = 10;

/// The profiles and where aliases lead, as far as they are written as they should be.
#[derive(Debug, Default)]
pub(in crate::check) struct Catalogue {
    /// Whose keys a profile uses, by its name: its provider's, or what its `keys` says.
    pub profiles: BTreeMap<String, String>,
    /// What `keys` say.
    pub pools: BTreeSet<String>,
    /// The profiles of each alias.
    pub aliases: BTreeMap<String, Vec<String>>,
}

/// Reads the catalogue out of the tree.
pub(in crate::check) fn catalogue(node: &Node) -> Catalogue {
    let mut catalogue = Catalogue::default();
    for (name, profile) in profiles(node) {
        let pool = profile.get("keys").and_then(Node::text);
        catalogue.pools.extend(pool.map(ToOwned::to_owned));
        let provider = profile.get("provider").and_then(Node::text);
        if let (Some(name), Some(keys)) = (name.text(), pool.or(provider)) {
            catalogue.profiles.insert(name.to_owned(), keys.to_owned());
        }
    }
    for (alias, chain) in aliases(node) {
        let names = list(chain).iter().filter_map(Node::text).map(ToOwned::to_owned);
        catalogue.aliases.insert(alias.to_owned(), names.collect());
    }
    catalogue
}

/// Each profile's name and the profile.
fn profiles(node: &Node) -> Vec<(&Node, &Node)> {
    let all = node.get("model_list").map(list).unwrap_or_default();
    all.iter()
        .filter_map(|profile| Some((profile.get("model_name")?, profile)))
        .collect()
}

fn aliases(node: &Node) -> impl Iterator<Item = (&str, &Node)> {
    let aliases = node
        .get("router_settings")
        .and_then(|router| router.get("model_group_alias"));
    aliases
        .map(Node::entries)
        .unwrap_or_default()
        .iter()
        .map(|(key, chain)| (key.name.as_str(), chain))
}

fn list(node: &Node) -> &[Node] {
    match &node.value {
        Value::List(items) => items,
        _ => &[],
    }
}

pub(super) fn look(node: &Node) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    let listed = Listed::of(node);
    for (name, profile) in profiles(node) {
        if findings.len() >= MOST_FINDINGS {
            return findings;
        }
        let Some(text) = name.text() else { continue };
        if let Some(first) = names.get(text) {
            findings.push(
                Finding::new(&codes::PROXY_TWICE, format!("the model_name `{text}` is used twice"))
                    .because(format!("it is already on line {first}"))
                    .at(place(&name.span))
                    .in_file(),
            );
        } else {
            names.insert(text, name.span.line);
        }
        findings.extend(listed.lacks(profile));
        findings.extend(keys::look(name, profile));
    }
    let mut used: BTreeSet<&str> = BTreeSet::new();
    for (alias, chain) in aliases(node) {
        if matches!(&chain.value, Value::List(items) if items.is_empty()) {
            findings.push(
                Finding::new(
                    &codes::PROXY_EMPTY_CHAIN,
                    format!("the alias `{alias}` lists no profiles"),
                )
                .at(place(&chain.span))
                .in_file(),
            );
        }
        for profile in list(chain) {
            if findings.len() >= MOST_FINDINGS {
                return findings;
            }
            let Some(text) = profile.text() else { continue };
            used.insert(text);
            if !names.contains_key(text) {
                let what = format!("the alias `{alias}` names `{text}`, which is not in model_list");
                let finding = Finding::new(&codes::PROXY_ALIAS, what)
                    .at(place(&profile.span))
                    .in_file();
                findings.push(match nearest(text, names.keys().copied()) {
                    Some(near) => finding.fix(format!("did you mean `{near}`?")),
                    None => finding,
                });
            }
        }
    }
    if names.is_empty() && node.get("model_list").is_none_or(|models| list(models).is_empty()) {
        findings.push(Finding::new(
            &codes::PROXY_NO_MODELS,
            "proxy_config.yaml defines no models",
        ));
    }
    let unused: Vec<&str> = names.keys().copied().filter(|name| !used.contains(name)).collect();
    if !unused.is_empty() {
        let shown = unused.iter().take(MOST_NAMES).copied().collect::<Vec<_>>().join(", ");
        let what = match unused.len().saturating_sub(MOST_NAMES) {
            0 => format!("no alias uses {shown}"),
            more => format!("no alias uses {shown} and {more} more"),
        };
        findings.push(Finding::new(&codes::PROXY_UNUSED, what));
    }
    findings
}

/// `provider_model_lists`.
struct Listed<'n>(HashMap<&'n str, BTreeSet<&'n str>>);

impl<'n> Listed<'n> {
    fn of(node: &'n Node) -> Self {
        let lists = node.get("provider_model_lists").map(Node::entries).unwrap_or_default();
        let models = |node: &'n Node| list(node).iter().filter_map(Node::text).collect();
        Self(
            lists
                .iter()
                .map(|(key, node)| (key.name.as_str(), models(node)))
                .collect(),
        )
    }

    /// A model that its provider's list does not have.
    fn lacks(&self, profile: &Node) -> Option<Finding> {
        let provider = profile.get("provider")?.text()?;
        let model = profile.get("model_params")?.get("model")?;
        let listed = self.0.get(provider)?;
        let text = model.text()?;
        if listed.contains(text) {
            return None;
        }
        let what = format!("`{text}` is not in provider_model_lists.{provider}");
        let finding = Finding::new(&codes::PROXY_NOT_LISTED, what)
            .at(place(&model.span))
            .in_file();
        Some(match nearest(text, listed.iter().copied()) {
            Some(near) => finding.fix(format!("did you mean `{near}`?")),
            None => finding,
        })
    }
}
