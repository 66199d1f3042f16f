//! Which file or volume of this machine a path of a container is.

use std::path::{Component, Path, PathBuf};

use crate::compose::{Mount, MountKind};
use crate::files::{Kind, Refused, Root};

use super::reach::climbs;
use super::surroundings::Surroundings;

/// No system has longer paths. A log may, and each of its ends is looked for.
const LONGEST_PATH: usize = 4096;

impl<'a> Surroundings<'a> {
    /// What is mounted at `path` of the container, by a bind mount: there or not. Nothing when the path leads out of what is
    /// mounted.
    pub(super) fn mounted(&self, service: &str, path: &str) -> Option<PathBuf> {
        let nearest = self.mount(service, path, MountKind::Bind)?;
        let rest = Path::new(path).strip_prefix(&nearest.target).ok()?;
        let source = PathBuf::from(nearest.source.as_ref()?);
        if rest.as_os_str().is_empty() {
            return Some(source);
        }
        // By a link, too, which the container may have made.
        let leads_out = Root::open(&source).is_ok_and(|root| matches!(root.kind(rest), Err(Refused::Outside)));
        (!leads_out).then(|| source.join(rest))
    }

    /// The same, when it is a folder.
    pub(super) fn mounted_folder(&self, service: &str, path: &str) -> Option<PathBuf> {
        let mounted = self.mounted(service, path)?;
        let source = self.bind(service, path)?;
        (below(&source, &mounted) == Some(Kind::Folder)).then_some(mounted)
    }

    /// The folder of this machine in which `path` of the container would be created: nothing when it is there already.
    pub(super) fn mounted_into(&self, service: &str, path: &str) -> Option<PathBuf> {
        let mounted = self.mounted(service, path)?;
        let source = self.bind(service, path)?;
        if below(&source, &mounted).is_some() {
            return None;
        }
        let mut above = mounted
            .ancestors()
            .skip(1)
            .take_while(|folder| folder.starts_with(&source));
        let folder = above.find(|folder| below(&source, folder) == Some(Kind::Folder))?;
        Some(folder.to_owned())
    }

    /// The source of the bind mount at or above `path` of the container.
    pub(super) fn bind(&self, service: &str, path: &str) -> Option<PathBuf> {
        let nearest = self.mount(service, path, MountKind::Bind)?;
        nearest.source.as_ref().map(PathBuf::from)
    }

    /// What lies at `source`, when `service` mounts that: nothing else is looked at because an engine names it.
    pub(super) fn kind_of_source(&self, service: &str, source: &Path) -> Option<Kind> {
        let mut mounts = self.service(service)?.volumes.iter();
        let is_it =
            |mount: &Mount| mount.kind == MountKind::Bind && mount.source.as_deref().map(Path::new) == Some(source);
        mounts.find(|mount| is_it(mount))?;
        below(source, source)
    }

    /// Whether `service` mounts the folder `source`, and there is nothing in it.
    pub(super) fn is_empty_source(&self, service: &str, source: &Path) -> bool {
        let is_folder = self.kind_of_source(service, source) == Some(Kind::Folder);
        let entries = Root::open(source).and_then(|root| root.entries(Path::new(""), 1));
        is_folder && entries.is_ok_and(|entries| entries.all.is_empty())
    }

    /// The named volume that is mounted at `path` of the container.
    pub(super) fn volume(&self, service: &str, path: &str) -> Option<String> {
        self.volume_name(self.mount(service, path, MountKind::Volume)?)
    }

    /// The first named volume of `service`.
    pub(super) fn data_volume(&self, service: &str) -> Option<String> {
        let mut mounts = self.service(service)?.volumes.iter();
        self.volume_name(mounts.find(|mount| mount.kind == MountKind::Volume && mount.source.is_some())?)
    }

    /// Nothing for what an engine would not take for a volume's name, such as a path: in `-v` that is a folder of this machine.
    fn volume_name(&self, mount: &Mount) -> Option<String> {
        let key = mount.source.as_ref()?;
        let volume = self.stack?.volumes.get(key);
        let name = volume.map_or(key.as_str(), |volume| volume.name.as_str());
        let is_of_a_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        let is_name = name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(is_of_a_name);
        is_name.then(|| name.to_owned())
    }

    /// The mount at or above `path` of the container, when it is of `kind`.
    fn mount(&self, service: &str, path: &str, kind: MountKind) -> Option<&'a Mount> {
        if climbs(Path::new(path)) {
            return None;
        }
        let mounts = self.service(service)?.volumes.iter();
        let above = mounts.filter(|mount| Path::new(path).starts_with(&mount.target));
        let nearest = above.max_by_key(|mount| mount.target.len())?;
        (nearest.kind == kind).then_some(nearest)
    }

    /// The file of the build context that became `path` of the image: the one with the longest end in common.
    pub(super) fn copied(&self, service: &str, path: &str) -> Option<PathBuf> {
        let path = Path::new(path);
        if climbs(path) || path.as_os_str().len() > LONGEST_PATH {
            return None;
        }
        let context = Root::open(&self.service(service)?.build.as_ref()?.context).ok()?;
        let parts: Vec<_> = path.components().skip_while(|part| !is_name(part)).collect();
        let ends = (0..parts.len()).map(|from| parts[from..].iter().collect::<PathBuf>());
        let found = ends.into_iter().find(|end| matches!(context.kind(end), Ok(Some(_))))?;
        Some(self.service(service)?.build.as_ref()?.context.join(found))
    }

    /// A file of the build context, if it is there.
    pub(super) fn in_context(&self, service: &str, name: &str) -> Option<PathBuf> {
        let context = &self.service(service)?.build.as_ref()?.context;
        let name = Path::new(name.trim_start_matches('/'));
        let is_there = matches!(Root::open(context).ok()?.kind(name), Ok(Some(_)));
        (is_there && !climbs(name)).then(|| context.join(name))
    }

    /// The file of this machine that `path` of the container is.
    pub(super) fn host(&self, service: &str, path: &str) -> Option<PathBuf> {
        self.mounted(service, path).or_else(|| self.copied(service, path))
    }
}

/// What lies at `path`, which is `source` of a mount or below it.
fn below(source: &Path, path: &Path) -> Option<Kind> {
    let rest = path.strip_prefix(source).ok()?;
    match Root::open(source) {
        Ok(root) => root.kind(rest).ok().flatten(),
        // No folder: its name is looked up in the one that holds it.
        Err(_) if rest.as_os_str().is_empty() => {
            let name = source.file_name()?;
            Root::open(source.parent()?).ok()?.kind(Path::new(name)).ok().flatten()
        }
        Err(_) => None,
    }
}

fn is_name(part: &Component<'_>) -> bool {
    matches!(part, Component::Normal(_))
}
