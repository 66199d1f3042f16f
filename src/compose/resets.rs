//! What `!reset` and `!override` of a document take out of what was there before.

use std::collections::HashMap;

use super::tree::{Tree, Value};

/// Paths, as the tree that they make: taking them all out of a file takes time in proportion to the file, not to the file
/// times the paths.
#[derive(Debug, Clone, Default)]
pub(super) struct Resets {
    is_taken: bool,
    below: HashMap<String, Resets>,
}

impl Resets {
    /// Adds what is at `path`.
    pub fn add(&mut self, path: &[String]) {
        let end = path
            .iter()
            .fold(self, |at, name| at.below.entry(name.clone()).or_default());
        end.is_taken = true;
    }

    /// What is below `path`, if anything is.
    pub fn below(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |at, name| at.below.get(*name))
    }

    /// Takes all of it out of `tree`.
    pub fn take_out_of(&self, tree: &mut Tree) {
        let Value::Map(map) = &mut tree.value else {
            return;
        };
        if self.below.is_empty() {
            return;
        }
        map.retain(|name, entry| match self.below.get(name) {
            Some(below) if below.is_taken => false,
            Some(below) => {
                below.take_out_of(&mut entry.tree);
                true
            }
            None => true,
        });
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;
    use crate::compose::tree::from_yaml;
    use crate::yaml::{Source, parse};

    /// Takes what is at `path` out of `tree`.
    fn remove(tree: &mut Tree, path: &[String]) {
        let (Some(map), Some((first, rest))) = (tree.map_mut(), path.split_first()) else {
            return;
        };
        if rest.is_empty() {
            map.shift_remove(first);
        } else if let Some(entry) = map.get_mut(first) {
            remove(&mut entry.tree, rest);
        }
    }

    proptest! {
        #[test]
        fn all_at_once_is_one_after_the_other(paths in proptest::collection::vec(proptest::collection::vec("[a-d0]", 0..4), 0..6)) {
            let text = "a: {a: 1, b: {a: 1, b: [1], c: {d: 1}}, c: 2}\nb: [{a: 1}]\nc: {a: {a: {a: 1}}, d: 1}\nd: 1\n";
            let node = parse(&Source::new(Path::new("f.yml"), text.to_owned())).unwrap();
            let (mut all, _) = from_yaml(node).unwrap();
            let mut each = all.clone();
            let mut resets = Resets::default();
            for path in &paths {
                resets.add(path);
                remove(&mut each, path);
            }
            resets.take_out_of(&mut all);
            prop_assert_eq!(all.to_json().to_string(), each.to_json().to_string());
        }
    }
}
