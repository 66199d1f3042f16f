//! Keys of the specification that are understood and not honoured: refused at their line, with what to use instead.
//! Nothing is ignored.

use crate::failure::Failure;

use super::tree::{Tree, Value, wrong_at};

/// A key that is refused.
#[derive(Debug)]
pub struct Refused {
    /// Where it stands: names, `*` for any, `[]` for each item of a list.
    pub path: &'static str,
    /// Only this value is refused, or with `!` before it all but this one.
    pub value: Option<&'static str>,
    /// Why magicctl doesn't support it.
    pub why: &'static str,
    /// What to use instead.
    pub instead: &'static str,
}

const CLUSTER: &str = "it is for a cluster, but magicctl works with a single engine";
const ATTEST: &str = "the engine's build API makes no attestations";

const fn refused(path: &'static str, why: &'static str, instead: &'static str) -> Refused {
    Refused {
        path,
        value: None,
        why,
        instead,
    }
}

const fn refused_value(path: &'static str, value: &'static str, why: &'static str, instead: &'static str) -> Refused {
    Refused {
        path,
        value: Some(value),
        why,
        instead,
    }
}

/// All of them, the documentation's table too.
pub(super) const REFUSED: &[Refused] = &[
    refused(
        "jobs",
        "magicctl only runs services",
        "make it a service with `restart: \"no\"`, or run it with `docker compose run`",
    ),
    refused(
        "models",
        "it needs Docker Model Runner",
        "run the model as a service, or set its address in `environment`",
    ),
    refused(
        "services.*.models",
        "it needs Docker Model Runner",
        "run the model as a service, or set its address in `environment`",
    ),
    refused(
        "services.*.provider",
        "magicctl doesn't run provider plugins",
        "run it as a service, or set its address in `environment`",
    ),
    refused(
        "services.*.develop",
        "magicctl doesn't watch files",
        "remove it; `magicctl rebuild` builds and replaces changed services",
    ),
    refused(
        "services.*.pre_start",
        "magicctl doesn't run hooks",
        "make it a separate service, and depend on it with `condition: service_completed_successfully`",
    ),
    refused(
        "services.*.post_start",
        "magicctl doesn't run hooks",
        "do it in the image's entrypoint, or with `magicctl exec` after `up`",
    ),
    refused(
        "services.*.pre_stop",
        "magicctl doesn't run hooks",
        "do it in the program when it gets its stop signal (`stop_signal`), or with `magicctl exec` before `down`",
    ),
    refused(
        "services.*.credential_spec",
        "it is for Windows containers",
        "remove it",
    ),
    refused("services.*.isolation", "it is for Windows containers", "remove it"),
    refused("services.*.cpu_count", "it is for Windows containers", "use `cpus`"),
    refused("services.*.cpu_percent", "it is for Windows containers", "use `cpus`"),
    refused(
        "services.*.use_api_socket",
        "it gives the container access to the engine's socket and credentials",
        "if the service needs the socket, mount it in `volumes`",
    ),
    refused(
        "services.*.pull_refresh_after",
        "it has no effect without its own policy",
        "use `pull_policy: always`",
    ),
    refused_value(
        "services.*.pull_policy",
        "daily",
        "magicctl doesn't record when it pulled an image",
        "use `always`, or `missing` and run `magicctl pull` when needed",
    ),
    refused_value(
        "services.*.pull_policy",
        "weekly",
        "magicctl doesn't record when it pulled an image",
        "use `always`, or `missing` and run `magicctl pull` when needed",
    ),
    refused_value(
        "services.*.pull_policy",
        "refresh",
        "magicctl doesn't record when it pulled an image",
        "use `always`, or `missing` and run `magicctl pull` when needed",
    ),
    refused_value(
        "services.*.pull_policy",
        "every_",
        "magicctl doesn't record when it pulled an image",
        "use `always`, or `missing` and run `magicctl pull` when needed",
    ),
    refused(
        "services.*.gpus",
        "magicctl doesn't reserve devices",
        "list the devices in `devices`, or set the engine's default runtime (`runtime`)",
    ),
    refused(
        "services.*.deploy.resources.reservations.devices",
        "magicctl doesn't reserve devices",
        "list the devices in `devices`, or set the engine's default runtime (`runtime`)",
    ),
    refused(
        "services.*.deploy.resources.reservations.generic_resources",
        CLUSTER,
        "remove it",
    ),
    refused("services.*.deploy.endpoint_mode", CLUSTER, "remove it"),
    refused_value(
        "services.*.deploy.mode",
        "!replicated",
        CLUSTER,
        "remove it, or use `replicas`",
    ),
    refused("services.*.deploy.placement", CLUSTER, "remove it"),
    refused("services.*.deploy.rollback_config", CLUSTER, "remove it"),
    refused("services.*.deploy.update_config", CLUSTER, "remove it"),
    refused(
        "services.*.deploy.restart_policy.delay",
        "the engine chooses the delay between restarts",
        "remove it",
    ),
    refused(
        "services.*.deploy.restart_policy.window",
        "the engine decides when a restart has succeeded",
        "remove it",
    ),
    refused(
        "services.*.networks.*.interface_name",
        "it needs an engine with API 1.49",
        "remove it: the engine names interfaces in the order of `priority`",
    ),
    refused(
        "services.*.volumes.[].image",
        "magicctl doesn't mount images",
        "copy what is needed in the Dockerfile (`COPY --from=IMAGE`)",
    ),
    refused_value(
        "services.*.volumes.[].type",
        "image",
        "magicctl doesn't mount images",
        "copy what is needed in the Dockerfile (`COPY --from=IMAGE`)",
    ),
    refused_value(
        "services.*.volumes.[].type",
        "npipe",
        "it is for Windows containers",
        "use `bind` or `volume`",
    ),
    refused_value(
        "services.*.volumes.[].type",
        "cluster",
        CLUSTER,
        "use `volume`, with a volume driver",
    ),
    refused(
        "services.*.volumes.[].volume.labels",
        "a volume's labels belong to its definition",
        "make it a named volume with `labels` under the top-level `volumes`",
    ),
    refused(
        "services.*.build.additional_contexts",
        "the engine's build API takes only one context",
        "copy what is needed into the context, or use a stage of the Dockerfile",
    ),
    refused(
        "services.*.build.cache_to",
        "the engine's build API doesn't export a cache",
        "remove it; `cache_from` is honoured",
    ),
    refused(
        "services.*.build.entitlements",
        "the engine's build API grants none",
        "remove it",
    ),
    refused(
        "services.*.build.isolation",
        "it is for Windows containers",
        "remove it",
    ),
    refused(
        "services.*.build.no_cache_filter",
        "the engine's build API has no such filter",
        "use `no_cache`, or `magicctl rebuild --no-cache`",
    ),
    refused(
        "services.*.build.privileged",
        "the engine's build API grants no privileges",
        "remove it",
    ),
    refused("services.*.build.provenance", ATTEST, "remove it"),
    refused("services.*.build.sbom", ATTEST, "remove it"),
    refused(
        "services.*.build.secrets",
        "magicctl doesn't pass secrets to builds",
        "use them when the container starts (`secrets` of the service)",
    ),
    refused(
        "services.*.build.ssh",
        "magicctl doesn't forward an ssh agent to builds",
        "fetch the files into the context before the build",
    ),
    refused(
        "services.*.build.ulimits",
        "magicctl doesn't set them for builds",
        "remove it",
    ),
    refused(
        "configs.*.external",
        "configs stored in the engine are for a cluster",
        "use `file`, `environment` or `content`",
    ),
    refused("configs.*.labels", "files have no labels", "remove it"),
    refused("configs.*.template_driver", CLUSTER, "remove it"),
    refused(
        "secrets.*.external",
        "secrets stored in the engine are for a cluster",
        "use `file` or `environment`",
    ),
    refused("secrets.*.labels", "files have no labels", "remove it"),
    refused("secrets.*.driver", CLUSTER, "use `file` or `environment`"),
    refused("secrets.*.driver_opts", CLUSTER, "use `file` or `environment`"),
    refused("secrets.*.template_driver", CLUSTER, "remove it"),
];

/// Refuses what of [`REFUSED`] is in `tree`, which stands at `path` (`services.app`, or the whole file).
pub(super) fn check(tree: &Tree, at: &[&str]) -> Result<(), Failure> {
    let mut first: Option<(usize, Failure)> = None;
    for rule in REFUSED {
        let parts: Vec<&str> = rule.path.split('.').collect();
        let below = match at {
            [] => parts.as_slice(),
            _ if parts.len() > at.len() && parts[0] == at[0] => &parts[at.len()..],
            _ => continue,
        };
        if at.is_empty() && parts[0] == "services" {
            continue;
        }
        let path: Vec<String> = at.iter().map(|part| (*part).to_owned()).collect();
        if let Some(failure) = find(tree, None, below, &path, rule) {
            let line = failure.place.as_ref().map_or(0, |place| place.line);
            if first.as_ref().is_none_or(|(other, _)| line < *other) {
                first = Some((line, failure));
            }
        }
    }
    first.map_or(Ok(()), |(_, failure)| Err(failure))
}

fn find(
    tree: &Tree,
    key: Option<&crate::yaml::Span>,
    below: &[&str],
    path: &[String],
    rule: &Refused,
) -> Option<Failure> {
    let Some((part, rest)) = below.split_first() else {
        return refuse(tree, key.unwrap_or(&tree.span), path, rule);
    };
    let next = |name: String, tree: &Tree, key: Option<&crate::yaml::Span>| {
        let path: Vec<String> = path.iter().cloned().chain([name]).collect();
        find(tree, key, rest, &path, rule)
    };
    match (&tree.value, *part) {
        (Value::Map(map), "*") => map
            .iter()
            .find_map(|(name, entry)| next(name.clone(), &entry.tree, Some(&entry.key))),
        (Value::Map(map), name) => {
            let entry = map.get(name)?;
            next(name.to_owned(), &entry.tree, Some(&entry.key))
        }
        (Value::List(items), "[]") => items
            .iter()
            .enumerate()
            .find_map(|(index, item)| next(format!("[{index}]"), item, None)),
        _ => None,
    }
}

fn refuse(tree: &Tree, key: &crate::yaml::Span, path: &[String], rule: &Refused) -> Option<Failure> {
    let span = match (rule.value, tree.text()) {
        // `external: false` and empty keys say nothing.
        (None, _) if tree.is_null() || tree.value == Value::Bool(false) => return None,
        (None, _) => key,
        (Some("every_"), Some(text)) if text.starts_with("every_") => &tree.span,
        (Some(wanted), Some(text)) => match wanted.strip_prefix('!') {
            Some(all_but) if text != all_but => &tree.span,
            None if text == wanted => &tree.span,
            _ => return None,
        },
        (Some(_), None) => return None,
    };
    let what = match tree.text().filter(|_| rule.value.is_some()) {
        Some(text) => format!("`{text}` is not supported: {}", rule.why),
        None => format!("not supported: {}", rule.why),
    };
    let path = path.join(".").replace(".[", "[");
    Some(wrong_at(span, &path, what).hint(rule.instead))
}
