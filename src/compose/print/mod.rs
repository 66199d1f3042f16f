//! The canonical form as text, byte for byte as Compose prints it: JSON as Go's `encoding/json`, YAML as go-yaml.

mod float;
mod json;
mod yaml;

pub(super) use float::in_text as float_in_text;
pub(super) use json::{compact as compact_json, pretty as pretty_json};
pub(super) use yaml::to_yaml;

/// Every dollar doubled: what is printed can be read again without putting anything in.
pub(super) fn escaped(text: &str) -> String {
    text.replace('$', "$$")
}
