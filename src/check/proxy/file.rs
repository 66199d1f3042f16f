//! `proxy_config.yaml` as types. Its JSON Schema is made from them, and the file is checked against that schema.

use std::collections::BTreeMap;

use schemars::JsonSchema;

/// The gateway's configuration.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields, title = "proxy_config.yaml")]
pub struct ProxyConfig {
    /// YAML anchors, merged elsewhere with `<<: *name`.
    pub definitions: Option<serde_json::Value>,
    /// The catalogue of model profiles: each name once.
    pub model_list: Option<Vec<Profile>>,
    /// What a client may ask for, and where it leads.
    pub router_settings: Option<RouterSettings>,
    /// The tools.
    pub agent_settings: Option<AgentSettings>,
    /// How answers are streamed.
    pub streaming_settings: Option<StreamingSettings>,
    /// The cache of answers.
    pub cache_settings: Option<CacheSettings>,
    /// What happens to keys that a provider refuses.
    pub key_management_settings: Option<KeyManagementSettings>,
    /// Which models of a provider may be used.
    pub provider_model_lists: Option<BTreeMap<Provider, Vec<String>>>,
}

/// One entry of the catalogue.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Profile {
    /// What aliases and clients call it.
    #[schemars(length(min = 1))]
    pub model_name: String,
    /// Whose model it is, and whose keys it uses.
    pub provider: Provider,
    /// Of `openai_compatible` only: the file `keys_pool_<keys>.env` whose keys it uses.
    #[schemars(length(min = 1))]
    pub keys: Option<String>,
    /// What is sent with each request.
    pub model_params: ModelParams,
    /// How it is used with tools.
    pub agent_settings: Option<ProfileAgent>,
}

/// Whom the gateway speaks to; `openai_compatible` is anything else that speaks `OpenAI`'s protocol, with `api_base` and `keys`;
/// `local` is the same without keys.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub enum Provider {
    Google,
    Openai,
    Mistral,
    Anthropic,
    Deepseek,
    OpenaiCompatible,
    Local,
}

/// `model_params`.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ModelParams {
    /// The provider's name of the model.
    #[schemars(length(min = 1))]
    pub model: String,
    /// Another address than the provider's own.
    #[schemars(regex(pattern = r"^https?://[^\s/]+"))]
    pub api_base: Option<String>,
    /// 0 to 2.
    #[schemars(range(min = 0, max = 2))]
    pub temperature: Option<f64>,
    /// 0 to 1.
    #[schemars(range(min = 0, max = 1))]
    pub top_p: Option<f64>,
    /// At most this many tokens are answered.
    #[schemars(range(min = 1))]
    pub max_tokens: Option<i64>,
    /// The same, as newer models call it.
    #[schemars(range(min = 1))]
    pub max_completion_tokens: Option<i64>,
}

/// `agent_settings` of a profile.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ProfileAgent {
    /// Whether, or how, the model reasons.
    pub reasoning_mode: Option<ReasoningMode>,
}

/// A word of the provider's, or yes or no.
#[derive(Debug, JsonSchema)]
#[schemars(untagged)]
pub enum ReasoningMode {
    Word(String),
    Switch(bool),
}

/// `router_settings`.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct RouterSettings {
    /// A client's model name, and the profiles to try, in this order.
    pub model_group_alias: Option<BTreeMap<String, Vec<String>>>,
    /// Seconds that a provider may be silent.
    #[schemars(range(min = 0))]
    pub timeout: Option<f64>,
    /// Seconds until an answer must have begun, however many are asked for it.
    #[schemars(range(min = 0))]
    pub total_timeout: Option<f64>,
    /// How many requests of clients may be answered at once.
    #[schemars(range(min = 1))]
    pub max_parallel_requests: Option<i64>,
}

/// `agent_settings`.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct AgentSettings {
    /// Where mcp-server is, as the gateway's container sees it.
    #[schemars(regex(pattern = r"^https?://[^\s/]+"))]
    pub mcp_server_url: Option<String>,
}

/// `streaming_settings`.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct StreamingSettings {
    /// The text comes as the provider sends it, whichever this says.
    pub typewriter_mode: Option<TypewriterMode>,
}

/// Who shows the text at a reader's pace.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub enum TypewriterMode {
    /// As `client`: the gateway paces nothing any more.
    Proxy,
    /// Whoever shows it, if anyone.
    Client,
}

/// `cache_settings`.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct CacheSettings {
    /// Whether answers are kept.
    pub enabled: Option<bool>,
    /// How long, in seconds.
    #[schemars(range(min = 1))]
    pub ttl_seconds: Option<i64>,
    /// Which answers; the first rule that matches decides.
    pub rules: Option<Vec<CacheRule>>,
}

/// One rule of the cache.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct CacheRule {
    /// Patterns of what clients ask for (`*` and `?`).
    pub models: Option<Vec<String>>,
    /// The fields of a request that tell answers apart.
    pub include: Option<Vec<String>>,
    /// How long, in seconds.
    #[schemars(range(min = 1))]
    pub ttl_seconds: Option<i64>,
}

/// `key_management_settings`.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct KeyManagementSettings {
    /// Whether a key that a provider refuses rests for a while.
    pub enable_quarantine: Option<bool>,
    /// How long, in seconds.
    #[schemars(range(min = 0))]
    pub quarantine_seconds: Option<f64>,
}
