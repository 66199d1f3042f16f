//! Lists in which what exists already is not added again.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash as _, Hasher as _, RandomState};

use super::tree::{Tree, Value};

/// A list that knows what it holds by digest, so that adding to a long one doesn't compare with all of it.
#[derive(Debug, Default)]
pub(super) struct Distinct {
    items: Vec<Tree>,
    by_digest: HashMap<u64, Vec<usize>>,
    state: RandomState,
    /// Comparisons of two items.
    #[cfg(test)]
    compared: usize,
}

impl Distinct {
    /// Adds `item`, whatever is there.
    pub fn push(&mut self, item: Tree) {
        if let Some(digest) = digest(&item, &self.state) {
            self.by_digest.entry(digest).or_default().push(self.items.len());
        }
        self.items.push(item);
    }

    /// Adds `item` unless it is there.
    pub fn insert(&mut self, item: Tree) {
        let alike = digest(&item, &self.state).and_then(|digest| self.by_digest.get(&digest));
        for index in alike.into_iter().flatten() {
            #[cfg(test)]
            {
                self.compared += 1;
            }
            if self.items[*index] == item {
                return;
            }
        }
        self.push(item);
    }

    pub fn into_items(self) -> Vec<Tree> {
        self.items
    }
}

/// The same for equal trees; none for those that equal nothing, not even themselves.
fn digest(tree: &Tree, state: &RandomState) -> Option<u64> {
    let mut hasher = state.build_hasher();
    std::mem::discriminant(&tree.value).hash(&mut hasher);
    match &tree.value {
        Value::Null => {}
        Value::Bool(value) => value.hash(&mut hasher),
        Value::Int(value) => value.hash(&mut hasher),
        Value::Uint(value) => value.hash(&mut hasher),
        Value::Float(value) if value.is_nan() => return None,
        // Both zeros are equal.
        Value::Float(value) => (value + 0.0).to_bits().hash(&mut hasher),
        Value::Time(value) => value.hash(&mut hasher),
        Value::Text(value) => value.hash(&mut hasher),
        Value::List(items) => {
            for item in items {
                digest(item, state)?.hash(&mut hasher);
            }
        }
        Value::Map(map) => {
            // Mappings are equal in any order.
            let mut sum = 0_u64;
            for (name, entry) in map {
                sum = sum.wrapping_add(state.hash_one((name, digest(&entry.tree, state)?)));
            }
            sum.hash(&mut hasher);
        }
    }
    Some(hasher.finish())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::compose::tree::from_yaml;
    use crate::yaml::{Source, parse};

    fn items(text: &str) -> Vec<Tree> {
        let node = parse(&Source::new(Path::new("f.yml"), text.to_owned())).unwrap();
        from_yaml(node).unwrap().0.list().unwrap().to_vec()
    }

    #[test]
    fn what_is_equal_is_there_once() {
        let all = "[a, 'a', 1, 1.0, '1', {x: 1, y: [2]}, {y: [2], x: 1}, {x: 1}, [1, 2], [2, 1], 0.0, -0.0, ~, ~, true,
            2026-01-01, 2026-01-01, .nan, .nan]";
        let mut distinct = Distinct::default();
        let mut wanted: Vec<Tree> = Vec::new();
        for item in items(all) {
            if !wanted.contains(&item) {
                wanted.push(item.clone());
            }
            distinct.insert(item);
        }
        let printed = |items: &[Tree]| format!("{:?}", items.iter().map(|item| &item.value).collect::<Vec<_>>());
        assert_eq!(printed(&distinct.into_items()), printed(&wanted));
    }

    #[test]
    fn a_long_list_is_not_compared_with_itself() {
        let all: Vec<String> = (0..20_000)
            .map(|number| format!("{{a: {number}, b: .nan}}, {number}"))
            .collect();
        let all = items(&format!("[{}]", all.join(", ")));
        let mut distinct = Distinct::default();
        for item in all.clone().into_iter().chain(all) {
            distinct.insert(item);
        }
        assert!(distinct.compared <= 40_000, "{}", distinct.compared);
        // What holds `.nan` equals nothing.
        assert_eq!(distinct.into_items().len(), 60_000);
    }
}
