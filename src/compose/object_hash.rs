//! Compose's hashes of networks and volumes, for its label: by them it, and we, see that the file has changed since.
//!
//! A hash is that of the object's JSON as Go writes compose-go's types.

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::model::{Network, Volume};

/// Of a network that is ours.
pub fn network_hash(network: &Network) -> String {
    let mut ipam = Map::new();
    put(&mut ipam, "driver", &network.ipam.driver);
    let pools: Vec<Value> = network
        .ipam
        .config
        .iter()
        .map(|pool| {
            let mut fields = Map::new();
            put(&mut fields, "subnet", &pool.subnet);
            put(&mut fields, "gateway", &pool.gateway);
            put(&mut fields, "ip_range", &pool.ip_range);
            put(&mut fields, "aux_addresses", &pool.aux_addresses);
            Value::Object(fields)
        })
        .collect();
    put(&mut ipam, "config", &pools);
    put(&mut ipam, "options", &network.ipam.options);
    let mut fields = Map::new();
    put(&mut fields, "name", &network.name);
    put(&mut fields, "driver", &network.driver);
    put(&mut fields, "driver_opts", &network.driver_opts);
    fields.insert("ipam".to_owned(), Value::Object(ipam));
    put(&mut fields, "internal", network.internal);
    put(&mut fields, "attachable", network.attachable);
    put(&mut fields, "labels", &network.labels);
    if let Some(enabled) = network.enable_ipv4 {
        fields.insert("enable_ipv4".to_owned(), enabled.into());
    }
    if let Some(enabled) = network.enable_ipv6 {
        fields.insert("enable_ipv6".to_owned(), enabled.into());
    }
    hash(fields)
}

/// Of a volume that is ours.
pub fn volume_hash(volume: &Volume) -> String {
    let mut fields = Map::new();
    put(&mut fields, "name", &volume.name);
    put(&mut fields, "driver", volume.driver.as_deref().unwrap_or("local"));
    put(&mut fields, "driver_opts", &volume.driver_opts);
    put(&mut fields, "labels", &volume.labels);
    hash(fields)
}

/// As Go does with `omitempty`: nothing of what is empty.
fn put(fields: &mut Map<String, Value>, name: &str, value: impl serde::Serialize) {
    let value = serde_json::json!(value);
    let is_empty = match &value {
        Value::Null => true,
        Value::Bool(set) => !set,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Number(_) => false,
    };
    if !is_empty {
        fields.insert(name.to_owned(), value);
    }
}

fn hash(fields: Map<String, Value>) -> String {
    // Go writes what HTML would take for its own as escapes, and so two line ends of Unicode's.
    let text = Value::Object(fields)
        .to_string()
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029");
    hex::encode(Sha256::digest(text))
}
