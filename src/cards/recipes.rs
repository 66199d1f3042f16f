//! The images that a clone of MagicProxy builds itself (`make images`), and what is left of a stack without one of them.

use std::collections::BTreeSet;

use crate::compose::Written;
use crate::shell::ShellCommand;

use super::surroundings::Surroundings;

/// The file that names the images which `make images` builds.
const LOCAL_IMAGES: &str = "images/local.env";

impl Surroundings<'_> {
    /// Whether this command runs with those images.
    pub(super) fn uses_local_images(&self) -> bool {
        let stack = self.stack;
        stack.is_some_and(|stack| stack.env_files.iter().any(|file| file.ends_with(LOCAL_IMAGES)))
    }

    /// Whether `make images` is of use for the image of `service`: the project has the recipes, and one of them makes that image
    /// or one to take in its place.
    pub(super) fn has_recipe(&self, service: &str) -> bool {
        let Some(stack) = self.stack else {
            return false;
        };
        let read = |name: &str| self.read(&stack.working_dir.join(name));
        let (Some(names), Some(makefile)) = (read(LOCAL_IMAGES), read("Makefile")) else {
            return false;
        };
        let image = self.image_of(service);
        let variables = self.key(service, "image").map(Written::variables).unwrap_or_default();
        makefile.lines().any(|line| line.starts_with("images:"))
            && names
                .lines()
                .filter_map(|line| line.split_once('='))
                .any(|(name, made)| image.as_deref() == Some(made.trim()) || variables.contains(name))
    }

    /// The services that come up without `service`, as words of a command; none that waits for it.
    pub(super) fn without(&self, service: &str) -> Option<ShellCommand> {
        let stack = self.stack?;
        let mut left_out = BTreeSet::from([service]);
        loop {
            let waits = stack.services.values().filter(|other| {
                !left_out.contains(other.name.as_str())
                    && other.depends_on.keys().any(|needed| left_out.contains(needed.as_str()))
            });
            let more: Vec<&str> = waits.map(|other| other.name.as_str()).collect();
            if more.is_empty() {
                break;
            }
            left_out.extend(more);
        }
        let mut names = stack
            .services
            .keys()
            .filter(|name| !left_out.contains(name.as_str()))
            .peekable();
        names.peek()?;
        names.try_fold(ShellCommand::default(), ShellCommand::operand)
    }
}
