//! A service's own word that it can be used, where it has no healthcheck: an HTTP page.

/// `GET path` at `port` of the container is answered with 200 once the service can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadyPage {
    /// In the container.
    pub port: u16,
    /// With its slash: `/ready`.
    pub path: String,
}

impl ReadyPage {
    /// Reads the label [`READY`](crate::labels::READY): `9080/ready`. `None` when it makes no sense.
    pub fn parse(label: &str) -> Option<Self> {
        let (port, path) = label.split_once('/')?;
        let well = !path.contains(|c: char| c.is_whitespace() || c.is_control());
        Some(Self {
            port: port.parse().ok().filter(|port| *port > 0 && well)?,
            path: format!("/{path}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::ReadyPage;

    #[test]
    fn reads_port_and_path() {
        let page = |port, path: &str| {
            Some(ReadyPage {
                port,
                path: path.to_owned(),
            })
        };
        assert_eq!(ReadyPage::parse("9080/ready"), page(9080, "/ready"));
        assert_eq!(ReadyPage::parse("12345/-/ready"), page(12345, "/-/ready"));
        for wrong in [
            "",
            "9080",
            "/ready",
            "0/ready",
            "70000/ready",
            "9080/a b",
            "9080/a\r\nX: y",
        ] {
            assert_eq!(ReadyPage::parse(wrong), None, "{wrong}");
        }
    }
}
