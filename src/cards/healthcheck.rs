//! What follows from a service's healthcheck: the port that it asks, and what could stand in its place.

use std::sync::LazyLock;

use regex::Regex;

use super::fill::Known;

impl Known<'_> {
    /// The port that the healthcheck asks.
    pub(super) fn check_port(&self) -> Option<String> {
        let command = self.symptoms.health.as_ref()?.command.join(" ");
        let of_host = ["localhost:", "127.0.0.1:", "127.0.0.1/", "localhost/", "-p "];
        of_host.iter().find_map(|host| {
            let digits: String = command
                .split(host)
                .nth(1)?
                .chars()
                .take_while(char::is_ascii_digit)
                .collect();
            Some(digits).filter(|digits| !digits.is_empty())
        })
    }

    /// A healthcheck that its image has what it takes for.
    pub(super) fn check_test(&self) -> Option<String> {
        let has = |program| self.symptoms.programs.contains(&program);
        let port = self.check_port();
        if has("redis-cli") && port.as_ref().is_none_or(|port| port == "6379") {
            return Some("test: [\"CMD-SHELL\", \"redis-cli ping | grep -q PONG\"]".to_owned());
        }
        let port = port?;
        if has("bash") {
            return Some(format!(
                "test: [\"CMD\", \"bash\", \"-c\", \": </dev/tcp/127.0.0.1/{port}\"]"
            ));
        }
        let url = self.check_url();
        let url = url.map_or_else(|| format!("http://127.0.0.1:{port}/"), ToOwned::to_owned);
        let programs = [
            ("wget", format!("\"wget\", \"-q\", \"-O\", \"/dev/null\", \"{url}\"")),
            ("curl", format!("\"curl\", \"-sf\", \"{url}\"")),
            (
                "python",
                format!("\"python\", \"-c\", \"import urllib.request as r; r.urlopen('{url}')\""),
            ),
        ];
        let (_, words) = programs.into_iter().find(|(program, _)| has(program))?;
        Some(format!("test: [\"CMD\", {words}]"))
    }

    /// The label that lets magicctl ask the page from outside, where nobody waits for the healthcheck.
    pub(super) fn check_page(&self) -> Option<String> {
        let service = self.symptoms.service.as_str();
        if self.around.is_awaited(service) {
            return None;
        }
        let (_, path) = self.check_url()?.split_once("://")?.1.split_once('/')?;
        Some(format!("labels: [magicctl.ready={}/{path}]", self.check_port()?))
    }

    /// The address that the healthcheck asks; none with a character that would end it where it is quoted in YAML or Python.
    fn check_url(&self) -> Option<&str> {
        let words = self.symptoms.health.as_ref()?.command.iter();
        let url = words
            .flat_map(|word| word.split_whitespace())
            .find(|word| word.starts_with("http"))?;
        let is_of_it = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#@&=+%".contains(c);
        url.chars().all(is_of_it).then_some(url)
    }

    /// The port that is open, or that its log says it listens on, when the healthcheck asks another.
    pub(super) fn listens(&self) -> Option<String> {
        static SAYS: LazyLock<Option<Regex>> = LazyLock::new(|| {
            Regex::new(r"(?i)(?:running|listen(?:s|ing)?|serving\b.*?)(?: on| at)? (?:port |\S*?:)(\d{2,5})\b").ok()
        });
        let asked = self.check_port()?;
        let open = self.symptoms.open_ports.as_ref();
        if let Some([open]) = open.map(Vec::as_slice) {
            return Some(open.to_string()).filter(|open| *open != asked);
        }
        let said = self.symptoms.records.iter().rev().find_map(|record| {
            let text = record.lines.join("\n");
            Some(SAYS.as_ref()?.captures(&text)?[1].to_owned())
        })?;
        let is_open = open.is_none_or(|open| open.iter().any(|open| open.to_string() == said));
        (said != asked && is_open).then_some(said)
    }
}
