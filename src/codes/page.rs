//! The table as text for a terminal and as the page in docs/.

use std::fmt::Write as _;

use super::{Code, Severity, all};

/// The parts of the page: the first digit of the codes, the heading, a line about it.
const PARTS: [(&str, &str, &str); 4] = [
    (
        "1",
        "The project's files",
        "The files that the guide requires, the Dockerfile, requirements.txt and the keys.",
    ),
    ("2", "Configuration", "proxy_config.yaml, config/, docker-compose.yml."),
    (
        "3",
        "The engine and its contents",
        "The engine, ports, names and volumes, and leftover containers.",
    ),
    (
        "5",
        "Failures at run time",
        "What `up`, `rebuild`, `restart` and `status` report.",
    ),
];

/// `code` as `magicctl explain` prints it.
pub fn text(code: &Code) -> Vec<String> {
    let mut lines = vec![
        format!("{} ({}): {}", code.id, code.severity.word(), code.title),
        String::new(),
        format!("why: {}", at_length(code.why, code.more_why)),
        format!("fix: {}", at_length(code.fix, code.more_fix)),
        String::new(),
        "Example".to_owned(),
        String::new(),
    ];
    lines.extend(
        code.example
            .lines()
            .map(|line| format!("    {line}").trim_end().to_owned()),
    );
    lines
}

/// `code` as `magicctl explain --output json` prints it.
pub fn json(code: &Code) -> serde_json::Value {
    serde_json::json!({
        "code": code.id,
        "severity": code.severity,
        "title": code.title,
        "why": at_length(code.why, code.more_why),
        "fix": at_length(code.fix, code.more_fix),
        "example": code.example,
    })
}

/// The line that a finding has, and what there is to add.
fn at_length(line: &str, more: &str) -> String {
    format!("{line}. {more}").trim_end().to_owned()
}

/// The whole table as Markdown.
pub fn markdown() -> String {
    let mut page = String::from(
        "# Errors, warnings and notes\n\nEach finding of `magicctl check` and each failure of the other \
         commands has a code. `magicctl explain CODE` prints its section of this\npage. `up` can't work with an \
         error, but it can with a warning (`check --strict` fails on warnings too); notes are shown with \
         `-v`.\nGenerated from `src/codes/`; do not edit.\n",
    );
    for (digit, heading, about) in PARTS {
        let of_part: Vec<&Code> = all().filter(|code| code.id[2..].starts_with(digit)).collect();
        if of_part.is_empty() {
            continue;
        }
        // Writing to a string can't fail, here and below.
        let _written = write!(page, "\n## {heading}\n\n{about}\n\n| code | | |\n| --- | --- | --- |\n");
        for code in &of_part {
            let _written = writeln!(
                page,
                "| [{id}](#{anchor}) | {word} | {title} |",
                id = code.id,
                anchor = code.id.to_lowercase(),
                word = code.severity.word(),
                title = code.title
            );
        }
        for code in of_part {
            let kind = match code.severity {
                Severity::Error => "An error",
                Severity::Warning => "A warning",
                Severity::Note => "A note",
            };
            let _written = write!(
                page,
                "\n### {}\n\n{kind}: {}.\n\n**Why:** {}\n\n**Fix:** {}\n\n```text\n{}\n```\n",
                code.id,
                code.title,
                at_length(code.why, code.more_why),
                at_length(code.fix, code.more_fix),
                code.example
            );
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_explanation_has_every_part() {
        let code = super::super::find("MC101").unwrap();
        let text = text(code).join("\n");
        for part in [code.title, code.why, code.fix, code.more_why, "Example"] {
            assert!(text.contains(part), "{part}");
        }
    }
}
