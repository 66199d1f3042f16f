//! A service's `volumes`, short and long forms.

use crate::compose::at::At;
use crate::compose::model::{BindOptions, Mount, MountKind, TmpfsOptions, VolumeOptions};
use crate::failure::Failure;

const KNOWN: [&str; 8] = [
    "type",
    "source",
    "target",
    "read_only",
    "consistency",
    "bind",
    "volume",
    "tmpfs",
];
const REFUSED: [(&str, &str); 1] = [("image", "magicctl does not mount images")];

/// Reads `volumes` of the service at `at`.
pub(in crate::compose) fn mounts(at: &At<'_>) -> Result<Vec<Mount>, Failure> {
    let mut mounts: Vec<Mount> = Vec::new();
    for item in at.get("volumes").map_or_else(|| Ok(Vec::new()), |at| at.list())? {
        let mount = if item.is_map() { long(&item)? } else { short(&item)? };
        if mounts.iter().any(|other| other.target == mount.target) {
            return Err(item.wrong(format!("something is mounted at {} already", mount.target)));
        }
        mounts.push(mount);
    }
    Ok(mounts)
}

/// `[SOURCE:]TARGET[:OPTIONS]`.
fn short(at: &At<'_>) -> Result<Mount, Failure> {
    let text = at.string()?;
    let parts: Vec<&str> = text.split(':').collect();
    let (source, target, options) = match parts.as_slice() {
        [target] => (None, *target, ""),
        // `/data:ro` would otherwise be a mount of /data at `ro`.
        [target, options] if !options.starts_with('/') && options.split(',').all(is_option) => {
            (None, *target, *options)
        }
        [source, target] => (Some(*source), *target, ""),
        [source, target, options] => (Some(*source), *target, *options),
        _ => {
            return Err(at
                .wrong(format!("`{text}` has too many colons"))
                .hint("a mount is written `SOURCE:TARGET` or `SOURCE:TARGET:OPTIONS`"));
        }
    };
    let target = target_path(at, target)?;
    let is_path = |source: &str| source.starts_with(['.', '/', '~']);
    let mut mount = match source {
        Some(source) if is_path(source) => Mount {
            source: Some(at.resolve(source).to_string_lossy().into_owned()),
            bind: Some(BindOptions {
                create_host_path: Some(true),
                ..BindOptions::default()
            }),
            ..empty(MountKind::Bind, target)
        },
        Some("") => return Err(at.wrong("there is nothing before the first colon")),
        Some(source) if source.contains('/') => {
            return Err(at
                .wrong(format!("`{source}` is neither a path nor a volume's name"))
                .hint(format!("a path begins with `./`, `/` or `~`: `./{source}`")));
        }
        source => Mount {
            source: source.map(ToOwned::to_owned),
            volume: Some(VolumeOptions::default()),
            ..empty(MountKind::Volume, target)
        },
    };
    for option in options.split(',').filter(|option| !option.is_empty()) {
        apply(at, &mut mount, option)?;
    }
    Ok(mount)
}

fn is_option(word: &str) -> bool {
    matches!(
        word,
        "ro" | "rw"
            | "z"
            | "Z"
            | "nocopy"
            | "cached"
            | "delegated"
            | "consistent"
            | "rprivate"
            | "private"
            | "rshared"
            | "shared"
            | "rslave"
            | "slave"
    )
}

fn apply(at: &At<'_>, mount: &mut Mount, option: &str) -> Result<(), Failure> {
    match (option, &mut mount.bind, &mut mount.volume) {
        ("ro", ..) => mount.read_only = true,
        ("rw", ..) => mount.read_only = false,
        ("cached" | "delegated" | "consistent", ..) => mount.consistency = Some(option.to_owned()),
        ("z" | "Z", Some(bind), _) => bind.selinux = Some(option.to_owned()),
        ("nocopy", _, Some(volume)) => volume.nocopy = true,
        ("rprivate" | "private" | "rshared" | "shared" | "rslave" | "slave", Some(bind), _) => {
            bind.propagation = Some(option.to_owned());
        }
        _ => {
            return Err(at
                .wrong(format!("`{option}` is no option of this mount"))
                .hint("`ro` is read-only"));
        }
    }
    Ok(())
}

fn long(at: &At<'_>) -> Result<Mount, Failure> {
    at.only(&KNOWN, &REFUSED)?;
    let kind_at = at.get("type").ok_or_else(|| at.wrong("`type` is missing"))?;
    let kind = match kind_at.string()?.as_str() {
        "bind" => MountKind::Bind,
        "volume" => MountKind::Volume,
        "tmpfs" => MountKind::Tmpfs,
        other => return Err(kind_at.wrong(format!("`{other}` is none of bind, volume, tmpfs"))),
    };
    let target = at.get("target").ok_or_else(|| at.wrong("`target` is missing"))?;
    let source = match (kind, at.get("source")) {
        (MountKind::Bind, None) => return Err(at.wrong("`source` is missing")),
        (MountKind::Bind, Some(at)) => Some(at.path()?.to_string_lossy().into_owned()),
        (_, source) => source.map(|at| at.string()).transpose()?,
    };
    Ok(Mount {
        source,
        read_only: at.get("read_only").map_or(Ok(false), |at| at.bool())?,
        consistency: at.get("consistency").map(|at| at.string()).transpose()?,
        bind: at.get("bind").map(|at| bind(&at)).transpose()?,
        volume: at.get("volume").map(|at| volume(&at)).transpose()?,
        tmpfs: at.get("tmpfs").map(|at| tmpfs(&at)).transpose()?,
        ..empty(kind, target_path(&target, &target.string()?)?)
    })
}

fn empty(kind: MountKind, target: String) -> Mount {
    Mount {
        kind,
        source: None,
        target,
        read_only: false,
        consistency: None,
        bind: None,
        volume: None,
        tmpfs: None,
    }
}

fn target_path(at: &At<'_>, text: &str) -> Result<String, Failure> {
    if text.starts_with('/') {
        return Ok(if text.len() > 1 {
            text.trim_end_matches('/').to_owned()
        } else {
            text.to_owned()
        });
    }
    Err(at
        .wrong(format!("`{text}` is no path in the container"))
        .hint("it must be absolute: it begins with `/`"))
}

fn bind(at: &At<'_>) -> Result<BindOptions, Failure> {
    at.only(&["propagation", "create_host_path", "selinux", "recursive"], &[])?;
    Ok(BindOptions {
        propagation: at
            .get("propagation")
            .map(|at| at.one_of(&["private", "rprivate", "shared", "rshared", "slave", "rslave"]))
            .transpose()?,
        create_host_path: at.get("create_host_path").map(|at| at.bool()).transpose()?,
        selinux: at.get("selinux").map(|at| at.one_of(&["z", "Z"])).transpose()?,
        recursive: at
            .get("recursive")
            .map(|at| at.one_of(&["enabled", "disabled", "writable", "readonly"]))
            .transpose()?,
    })
}

fn volume(at: &At<'_>) -> Result<VolumeOptions, Failure> {
    at.only(
        &["nocopy", "subpath"],
        &[("labels", "labels of anonymous volumes are not set")],
    )?;
    Ok(VolumeOptions {
        nocopy: at.get("nocopy").map_or(Ok(false), |at| at.bool())?,
        subpath: at.get("subpath").map(|at| at.string()).transpose()?,
    })
}

fn tmpfs(at: &At<'_>) -> Result<TmpfsOptions, Failure> {
    at.only(&["size", "mode"], &[])?;
    let mode = match at.get("mode") {
        Some(at) => {
            let text = at.string()?;
            let digits = text.trim_start_matches("0o");
            Some(
                u32::from_str_radix(digits, 8)
                    .map_err(|_| at.wrong(format!("`{text}` is no file mode such as 1777")))?,
            )
        }
        None => None,
    };
    Ok(TmpfsOptions {
        size: at.get("size").map(|at| at.bytes()).transpose()?,
        mode,
    })
}
