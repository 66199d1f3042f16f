//! `proxy_config.yaml`: against its schema, and what no single value shows.

mod file;
mod fits;
mod keys;
mod meaning;
mod tools;

use std::collections::HashSet;
use std::sync::LazyLock;

use serde_json::Value as Json;

use crate::codes;
use crate::failure::Failure;
use crate::schema::{self, Compiled};
use crate::yaml::{Node, Source, Span, parse};

use super::finding::{Finding, MOST_FINDINGS};
use super::project::Project;
use super::text::Text;

pub use file::ProxyConfig;
pub(super) use meaning::{Catalogue, catalogue};

/// A file that a person wrote is never larger.
const LARGEST: usize = 512 << 10;

/// The file's JSON Schema.
pub fn schema() -> &'static Json {
    static SCHEMA: LazyLock<Json> = LazyLock::new(|| schemars::schema_for!(ProxyConfig).to_value());
    &SCHEMA
}

/// The file as a tree; nothing when there is none, or none that can be read, which the checklist tells.
pub(super) fn tree(project: &Project) -> Option<Result<&Node, &Failure>> {
    let read = project.proxy.get_or_init(|| read(project)).as_ref();
    read.map(Result::as_ref)
}

fn read(project: &Project) -> Option<Result<Node, Failure>> {
    let text = Text::of_project(project, &project.root.join("proxy_config.yaml")).ok()??;
    if text.content.len() > LARGEST {
        let what = format!("proxy_config.yaml is larger than {} kB", LARGEST >> 10);
        return Some(Err(Failure::invalid(what).hint("remove profiles that are not used")));
    }
    Some(parse(&Source::new(&text.path, text.content)))
}

pub(super) fn look(project: &Project) -> Vec<Finding> {
    if !project.has_app() {
        return Vec::new();
    }
    let node = match tree(project) {
        None => return Vec::new(),
        Some(Err(failure)) => return vec![Finding::of(&codes::PROXY_NOT_YAML, failure)],
        Some(Ok(node)) => node,
    };
    let mut findings = match misfits(node) {
        Ok(findings) => findings,
        Err(failure) => return vec![Finding::of(&codes::CHECK_FAILED, &failure)],
    };
    findings.extend(meaning::look(node));
    findings.extend(tools::look(project, node));
    findings
}

/// Everything in `node` that doesn't fit the schema.
fn misfits(node: &Node) -> Result<Vec<Finding>, Failure> {
    static COMPILED: LazyLock<Result<Compiled, String>> = LazyLock::new(|| schema::compile(schema()));
    let compiled = COMPILED.as_ref();
    let compiled =
        compiled.map_err(|error| Failure::failed("the schema of proxy_config.yaml can't be read").because(error))?;
    let mut told = HashSet::new();
    let mut findings = Vec::new();
    for problem in schema::problems(compiled, node, MOST_FINDINGS) {
        let finding = fits::misfit(&problem);
        let span = problem.span;
        // What an anchor holds is wrong once, however often it is merged in.
        if told.insert((finding.code.id, span.line, span.column, span.width)) {
            findings.push(finding);
        }
    }
    Ok(findings)
}

/// The place of a span. The line is shown unless a word of it says that it holds a secret.
fn place(span: &Span) -> crate::failure::Place {
    // A line that is too long is not shown anyway.
    let line = span.place(false).source.unwrap_or_default().to_lowercase();
    let secret = ["api_key", "apikey", "token:", "secret", "password", "sk-", "aiza"]
        .iter()
        .any(|word| line.contains(word));
    span.place(secret)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// `MAGICCTL_WRITE_DOCS=1 cargo test --lib schema` writes it.
    #[test]
    fn the_schema_in_docs_is_current() {
        let text = format!("{:#}\n", schema());
        crate::docs_tests::is_current("docs/schemas/proxy_config.schema.json", &text, "--lib schema");
    }

    fn found(text: &str) -> Vec<String> {
        let node = parse(&Source::new(Path::new("proxy_config.yaml"), text.to_owned())).unwrap();
        misfits(&node)
            .unwrap()
            .into_iter()
            .chain(meaning::look(&node))
            .map(|finding| {
                let line = finding.place.as_ref().map_or(0, |place| place.line);
                format!("{}:{line}: {}", finding.code.id, finding.what)
            })
            .collect()
    }

    const MODELS: &str = "model_list:\n  - {model_name: a, provider: openai, model_params: {model: m}}\n";

    #[test]
    fn a_file_as_people_write_it_fits() {
        for text in [
            "",
            "model_list: []\n",
            MODELS,
            "definitions: {x: &x {temperature: 1}}\nmodel_list:\n  - model_name: a\n    provider: local\n    model_params:\n      <<: *x\n      model: m\n      api_base: http://h:1/v1\n      max_tokens: 5\n    agent_settings: {reasoning_mode: false}\n",
            "key_management_settings: {enable_quarantine: yes}\n",
            "cache_settings: {enabled: true, rules: [{models: ['*'], ttl_seconds: 5}]}\nrouter_settings:\n",
            "provider_model_lists: {openai: [m]}\n",
            "model_list:\n  - {model_name: a, provider: openai_compatible, keys: groq, model_params: {model: m, api_base: 'https://h/v1'}}\n",
        ] {
            let found: Vec<String> = found(text)
                .into_iter()
                .filter(|found| !found.starts_with("MC208") && !found.starts_with("MC211"))
                .collect();
            assert!(found.is_empty(), "{text}: {found:?}");
        }
    }

    #[test]
    fn what_does_not_fit_is_found_at_its_place() {
        for (text, wanted) in [
            ("[]\n", "MC202:1: the file: must be a mapping, not a list"),
            ("modell_list: []\n", "MC203:1: modell_list: unknown key"),
            ("model_list: {}\n", "MC202:1: model_list: must be a list, not a mapping"),
            (
                "model_list:\n  - {model_name: a}\n",
                "MC204:2: model_list[0]: `provider` is missing",
            ),
            (
                "model_list:\n  - {model_name: a, provider: gemini, model_params: {model: m}}\n",
                "MC205:2: model_list[0].provider: `gemini` is not one of google, openai, mistral, anthropic, deepseek, openai_compatible, local",
            ),
            (
                "model_list:\n  - {model_name: a, provider: openai, model_params: {model: 5}}\n",
                "MC202:2: model_list[0].model_params.model: must be a string, not a number",
            ),
            (
                "model_list:\n  - {model_name: a, provider: openai, model_params: {model: m, temperature: warm}}\n",
                "MC202:2: model_list[0].model_params.temperature: must be a number, not a string",
            ),
            (
                "model_list:\n  - {model_name: a, provider: openai, model_params: {model: m, temperature: 3}}\n",
                "MC202:2: model_list[0].model_params.temperature: must be from 0 to 2",
            ),
            (
                "model_list:\n  - {model_name: a, provider: openai_compatible, model_params: {model: m, api_base: 'https://h/v1'}}\n",
                "MC204:2: `a` has no `keys`",
            ),
            (
                "model_list:\n  - {model_name: a, provider: openai_compatible, keys: groq, model_params: {model: m}}\n",
                "MC204:2: `a` has no `model_params.api_base`",
            ),
            (
                "model_list:\n  - {model_name: a, provider: openai, keys: groq, model_params: {model: m}}\n",
                "MC203:2: `keys` of `a`: openai uses keys_pool_openai.env",
            ),
            (
                "model_list:\n  - {model_name: a, provider: openai, model_params: {model: m, api_base: 'http://h.example'}}\n",
                "MC202:2: `a` would send its keys over http:// to another network",
            ),
            (
                "streaming_settings: {typewriter_mode: server}\n",
                "MC202:1: streaming_settings.typewriter_mode: `server` is not one of proxy, client",
            ),
            (
                "agent_settings: {mcp_server_url: localhost}\n",
                "MC202:1: agent_settings.mcp_server_url: must be an address such as http://host:port",
            ),
            (
                "cache_settings: {enabled: 3}\n",
                "MC202:1: cache_settings.enabled: must be true or false, not a number",
            ),
            (
                "router_settings: {model_group_alias: {d: [b]}}\n",
                "MC207:1: the alias `d` names `b`, which is not in model_list",
            ),
            (
                "router_settings: {model_group_alias: {d: []}}\n",
                "MC210:1: the alias `d` lists no profiles",
            ),
            (
                "provider_model_lists: {gemini: [m]}\n",
                "MC203:1: provider_model_lists.gemini: unknown key",
            ),
        ] {
            let found = found(text);
            assert!(found.iter().any(|found| found == wanted), "{text}: {found:?}");
        }
        let twice = format!("{MODELS}  - {{model_name: a, provider: openai, model_params: {{model: m}}}}\n");
        assert!(
            found(&twice).contains(&"MC206:3: the model_name `a` is used twice".to_owned()),
            "{:?}",
            found(&twice)
        );
        let unlisted = format!("{MODELS}provider_model_lists: {{openai: [other]}}\n");
        assert!(
            found(&unlisted).iter().any(|found| found.starts_with("MC212:2")),
            "{:?}",
            found(&unlisted)
        );
    }
}
