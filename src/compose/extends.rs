//! `extends`: a service made from another one, of this file or of another (`05-services.md`, "extends").

use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::nearest::nearest;
use crate::yaml::Span;

use super::loader::{Depth, Loader, Place};
use super::merge::merge;
use super::paths::{self, Base};
use super::resets::Resets;
use super::tree::{Map, Tree, Value, wrong_at};

/// A longer chain is not a file that a person wrote.
const LONGEST: usize = 100;

/// Whose services are extended: what a file is called in messages, and what it resets.
struct File<'f> {
    path: &'f Path,
    resets: &'f Resets,
}

/// The services on the way, with the files that they are in.
type Seen = Vec<(PathBuf, String)>;

impl Loader {
    /// Replaces every service of `root` that extends another by the two merged.
    pub fn extend(&mut self, root: &mut Tree, path: &Path, place: &Place<'_>, resets: &Resets) -> Result<(), Failure> {
        let Some(services) = root.get_mut("services") else {
            return Ok(());
        };
        let kind = services.kind();
        let span = services.span.clone();
        let Value::Map(map) = &mut services.value else {
            return Err(wrong_at(&span, "services", format!("must be a mapping, not {kind}")));
        };
        let names: Vec<String> = map
            .iter()
            .filter(|(_, entry)| entry.tree.get("extends").is_some())
            .map(|(name, _)| name.clone())
            .collect();
        let file = File { path, resets };
        for name in names {
            self.extended(&name, map, &file, place, &Seen::new())?;
        }
        Ok(())
    }

    /// Makes the service called `name` of `services` whole, and everything that it extends.
    fn extended(
        &mut self,
        name: &str,
        services: &mut Map,
        file: &File<'_>,
        place: &Place<'_>,
        seen: &Seen,
    ) -> Result<Option<Tree>, Failure> {
        let extending = match looked_up(name, services, file, place, seen)? {
            Looked::Whole(service) => return Ok(service),
            Looked::Extending(extending) => extending,
        };
        let (reference, seen) = (extending.reference.as_str(), &extending.seen);
        let base = match &extending.other {
            None => {
                extending.check(services, file.path)?;
                self.extended(reference, services, file, place, seen)?
            }
            Some(other) => {
                let (mut map, resets) = self.base_of(&extending, other, place)?;
                let inner = File {
                    path: other,
                    resets: &resets,
                };
                let base = self.extended(reference, &mut map, &inner, place, seen)?;
                self.bases.insert(other.clone(), (map, resets));
                base
            }
        };
        let Some(base) = base else {
            return Ok(Some(extending.service));
        };
        let merged = self.over(base, *extending, name, file)?;
        if let Some(entry) = services.get_mut(name) {
            entry.tree = merged.clone();
        }
        Ok(Some(merged))
    }

    // Chains may be long, and an unoptimised build gives each function all that it ever needs of the stack at once: what doesn't
    // lead to the next service is a function of its own.

    fn base_of(&mut self, extending: &Extending, other: &Path, place: &Place<'_>) -> Result<(Map, Resets), Failure> {
        let (map, resets) = self.base(other, place).map_err(|failure| match failure.place {
            Some(_) => failure,
            None => failure.at(extending.file_at().place(false)),
        })?;
        extending.check(&map, other)?;
        Ok((map, resets))
    }

    /// A service over what it extends.
    fn over(&mut self, mut base: Tree, extending: Extending, name: &str, file: &File<'_>) -> Result<Tree, Failure> {
        base.take_of(&mut self.notes.budget).map_err(|spent| {
            let extends = &extending.extends;
            extends.wrong(&extending.at, format!("the project has {spent}"))
        })?;
        if let Some(resets) = file.resets.below(&["services", name]) {
            resets.take_out_of(&mut base);
        }
        let mut merged = merge(
            base,
            extending.service,
            &mut vec!["services".to_owned(), name.to_owned()],
        )?;
        if let Some(map) = merged.map_mut() {
            map.shift_remove("extends");
        }
        Ok(merged)
    }

    /// The services of another file in their long form, with absolute paths.
    fn base(&mut self, path: &Path, place: &Place<'_>) -> Result<(Map, Resets), Failure> {
        if let Some(base) = self.bases.remove(path) {
            return Ok(base);
        }
        let (tree, resets) = self.file(path, place, None, Depth::Base)?;
        let none = || Failure::invalid(format!("{} defines no services", path.display()));
        let mut tree = tree.ok_or_else(none)?;
        let folder = paths::normal(path.parent().unwrap_or(Path::new("/")));
        let home = self.home.clone();
        paths::resolve(
            &mut tree,
            Base {
                dir: &folder,
                home: home.as_deref(),
            },
        )?;
        match tree
            .get_mut("services")
            .map(|services| std::mem::replace(&mut services.value, Value::Null))
        {
            Some(Value::Map(services)) => Ok((services, resets)),
            _ => Err(none()),
        }
    }
}

/// What a service is before anything is made of it.
enum Looked {
    /// All that it is; none if it is nothing.
    Whole(Option<Tree>),
    Extending(Box<Extending>),
}

/// A service that extends another.
struct Extending {
    service: Tree,
    extends: Tree,
    /// Where it stands: `services.a.extends`.
    at: String,
    /// The other's name.
    reference: String,
    /// The other's file, if that is another one.
    other: Option<PathBuf>,
    seen: Seen,
}

impl Extending {
    fn file_at(&self) -> &Span {
        self.extends.get("file").map_or(&self.extends.span, |file| &file.span)
    }

    /// That the other is one of `services`, which are those of `file`.
    fn check(&self, services: &Map, file: &Path) -> Result<(), Failure> {
        let target = self.extends.get("service").unwrap_or(&self.extends);
        known(services, &self.reference, target, &self.at, file)
    }
}

fn looked_up(name: &str, services: &Map, file: &File<'_>, place: &Place<'_>, seen: &Seen) -> Result<Looked, Failure> {
    let path = format!("services.{name}");
    let service = services.get(name).map(|entry| entry.tree.clone());
    let Some(service) = service.filter(|tree| !tree.is_null()) else {
        return Ok(Looked::Whole(None));
    };
    if service.map().is_none() {
        return Err(service.wrong(&path, format!("must be a mapping, not {}", service.kind())));
    }
    let Some(extends) = service.get("extends").cloned() else {
        return Ok(Looked::Whole(Some(service)));
    };
    let at = format!("{path}.extends");
    let target = extends.get("service").unwrap_or(&extends);
    let Some(reference) = target.text().map(ToOwned::to_owned) else {
        return Err(extends.wrong(&at, "`service` is missing"));
    };
    let other = match extends.get("file") {
        Some(other) if !other.is_null() => {
            let text = other.text().ok_or_else(|| other.wrong(&at, "`file` must be a path"))?;
            Some(paths::normal(&place.resources.join(text)))
        }
        _ => None,
    };
    let in_file = other.as_deref().unwrap_or(file.path);
    let seen = step(seen, in_file, name, &extends, &at)?;
    Ok(Looked::Extending(Box::new(Extending {
        service,
        extends,
        at,
        reference,
        other,
        seen,
    })))
}

/// One further on the way; again where it was before is a circle.
fn step(seen: &Seen, file: &Path, name: &str, extends: &Tree, at: &str) -> Result<Seen, Failure> {
    let here = (file.to_owned(), name.to_owned());
    let mut seen = seen.clone();
    if seen.contains(&here) || seen.len() >= LONGEST {
        let names: Vec<&str> = seen.iter().map(|(_, name)| name.as_str()).chain([name]).collect();
        return Err(if seen.contains(&here) {
            extends.wrong(
                at,
                format!("services extend each other in a circle: {}", names.join(" → ")),
            )
        } else {
            extends.wrong(at, format!("more than {LONGEST} services extend each other in a chain"))
        });
    }
    seen.push(here);
    Ok(seen)
}

fn known(services: &Map, name: &str, target: &Tree, at: &str, file: &Path) -> Result<(), Failure> {
    if services.contains_key(name) {
        return Ok(());
    }
    let names: Vec<&str> = services.keys().map(String::as_str).collect();
    let failure = target.wrong(at, format!("there is no service `{name}` in {}", file.display()));
    Err(failure.meant(nearest(name, names)))
}
