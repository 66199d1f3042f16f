//! Top-level networks, volumes, configs and secrets (`06-networks.md` to `09-secrets.md`).

use std::collections::BTreeMap;

use crate::compose::at::At;
use crate::compose::interpolate::Variables;
use crate::compose::model::{FileObject, FileSource, FromEnvironment, Ipam, IpamPool, Network, Volume};
use crate::failure::Failure;

/// An object's name on the engine, and whether it is external.
fn name_of(project: &str, key: &str, at: &At<'_>) -> Result<(String, bool), Failure> {
    let mut name = at.get("name").map(|at| at.string()).transpose()?;
    let external = match at.get("external") {
        None => false,
        Some(at) if at.is_map() => {
            // `external: {name: X}` of the older format.
            at.only(&["name"], &[])?;
            if let Some(old) = at.get("name") {
                name = Some(old.string()?);
            }
            true
        }
        Some(at) => at.bool()?,
    };
    let name = name.unwrap_or_else(|| {
        if external {
            key.to_owned()
        } else {
            format!("{project}_{key}")
        }
    });
    Ok((name, external))
}

fn map(at: &At<'_>, key: &str) -> Result<BTreeMap<String, String>, Failure> {
    at.get(key).map_or_else(|| Ok(BTreeMap::new()), |at| at.string_map())
}

pub(super) fn network(project: &str, key: &str, at: &At<'_>) -> Result<Network, Failure> {
    at.only(
        &[
            "name",
            "driver",
            "driver_opts",
            "ipam",
            "external",
            "internal",
            "attachable",
            "enable_ipv4",
            "enable_ipv6",
            "labels",
        ],
        &[],
    )?;
    let (name, external) = name_of(project, key, at)?;
    let boolean = |key: &str| at.get(key).map(|at| at.bool()).transpose();
    Ok(Network {
        name,
        driver: at.get("driver").map(|at| at.string()).transpose()?,
        driver_opts: map(at, "driver_opts")?,
        ipam: at.get("ipam").map(|at| ipam(&at)).transpose()?.unwrap_or_default(),
        external,
        internal: boolean("internal")?.unwrap_or(false),
        attachable: boolean("attachable")?.unwrap_or(false),
        enable_ipv4: boolean("enable_ipv4")?,
        enable_ipv6: boolean("enable_ipv6")?,
        labels: map(at, "labels")?,
    })
}

fn ipam(at: &At<'_>) -> Result<Ipam, Failure> {
    at.only(&["driver", "config", "options"], &[])?;
    let mut config = Vec::new();
    for item in at.get("config").map_or_else(|| Ok(Vec::new()), |at| at.list())? {
        item.only(&["subnet", "ip_range", "gateway", "aux_addresses"], &[])?;
        let string = |key: &str| item.get(key).map(|at| at.string()).transpose();
        config.push(IpamPool {
            subnet: string("subnet")?,
            ip_range: string("ip_range")?,
            gateway: string("gateway")?,
            aux_addresses: map(&item, "aux_addresses")?,
        });
    }
    Ok(Ipam {
        driver: at.get("driver").map(|at| at.string()).transpose()?,
        config,
        options: map(at, "options")?,
    })
}

pub(super) fn volume(project: &str, key: &str, at: &At<'_>) -> Result<Volume, Failure> {
    at.only(&["name", "driver", "driver_opts", "external", "labels"], &[])?;
    let (name, external) = name_of(project, key, at)?;
    Ok(Volume {
        name,
        driver: at.get("driver").map(|at| at.string()).transpose()?,
        driver_opts: map(at, "driver_opts")?,
        external,
        labels: map(at, "labels")?,
    })
}

/// A config or a secret; `content` is for configs only.
pub(super) fn file_object(
    project: &str,
    key: &str,
    at: &At<'_>,
    content: bool,
    variables: &Variables,
) -> Result<FileObject, Failure> {
    let refused = [
        (
            "external",
            "configs and secrets kept by an engine are for a cluster; magicctl drives one engine",
        ),
        ("labels", "a file has no labels"),
        ("driver", "it is for a cluster; magicctl drives one engine"),
        ("template_driver", "it is for a cluster; magicctl drives one engine"),
    ];
    let known: &[&str] = if content {
        &["name", "file", "environment", "content"]
    } else {
        &["name", "file", "environment"]
    };
    at.only(known, &refused)?;
    let source = match (at.get("file"), at.get("environment"), at.get("content")) {
        (Some(at), None, None) => FileSource::File(at.path()?),
        (None, Some(at), None) => {
            let name = at.string()?;
            match variables.get(&name) {
                Some(value) => FileSource::Environment(FromEnvironment {
                    value: value.to_owned(),
                    name,
                }),
                None => {
                    return Err(at
                        .wrong(format!("{name} is not set"))
                        .hint(format!("set {name} in the environment or in .env")));
                }
            }
        }
        (None, None, Some(at)) => FileSource::Content(at.string()?),
        _ => return Err(at.wrong(format!("needs exactly one of {}", known[1..].join(", ")))),
    };
    let (name, _) = name_of(project, key, at)?;
    Ok(FileObject { name, source })
}
