//! Which networks a service joins.

use std::collections::BTreeMap;

use crate::compose::at::At;
use crate::compose::model::Attachment;
use crate::failure::Failure;

const KNOWN: [&str; 8] = [
    "aliases",
    "ipv4_address",
    "ipv6_address",
    "link_local_ips",
    "mac_address",
    "driver_opts",
    "gw_priority",
    "priority",
];

/// Reads `networks` of the service at `at`: by key, `default` when nothing is said and there is no `network_mode`.
pub(super) fn attachments(at: &At<'_>) -> Result<BTreeMap<String, Option<Attachment>>, Failure> {
    match (at.get("networks"), at.get("network_mode")) {
        (Some(_), Some(mode)) => Err(mode.wrong("can't be beside `networks`")),
        (None, Some(_)) => Ok(BTreeMap::new()),
        (None, None) => Ok(BTreeMap::from([("default".to_owned(), None)])),
        (Some(at), None) if at.is_list() => at.list()?.iter().map(|item| Ok((item.string()?, None))).collect(),
        (Some(at), None) => at
            .map()?
            .into_iter()
            .map(|(key, at)| {
                let attachment = if at.node.is_null() {
                    None
                } else {
                    Some(attachment(&at)?)
                };
                Ok((key.name.clone(), attachment))
            })
            .collect(),
    }
}

fn attachment(at: &At<'_>) -> Result<Attachment, Failure> {
    at.only(
        &KNOWN,
        &[(
            "interface_name",
            "it needs a newer engine than magicctl supports everywhere",
        )],
    )?;
    let string = |key: &str| at.get(key).map(|at| at.string()).transpose();
    let address = |key: &str| {
        at.get(key)
            .map(|at| {
                let text = at.string()?;
                match text.parse::<std::net::IpAddr>() {
                    Ok(_) => Ok(text),
                    Err(_) => Err(at.wrong(format!("`{text}` is no IP address"))),
                }
            })
            .transpose()
    };
    Ok(Attachment {
        aliases: at.get("aliases").map_or_else(|| Ok(Vec::new()), |at| at.strings())?,
        ipv4_address: address("ipv4_address")?,
        ipv6_address: address("ipv6_address")?,
        link_local_ips: at
            .get("link_local_ips")
            .map_or_else(|| Ok(Vec::new()), |at| at.strings())?,
        mac_address: string("mac_address")?,
        driver_opts: at
            .get("driver_opts")
            .map(|at| at.string_map())
            .transpose()?
            .unwrap_or_default(),
        gw_priority: at.get("gw_priority").map(|at| at.int()).transpose()?,
        priority: at.get("priority").map(|at| at.int()).transpose()?,
    })
}
