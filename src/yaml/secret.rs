//! Which lines of a file are never shown: those that give a value to something named like a secret.

use crate::secrets;

/// Keys of the Compose specification that hold values of the user's own.
const HOLDERS: [&str; 4] = ["environment", "args", "content", "labels"];

/// Whether `line` may hold a secret: `DB_PASSWORD: x`, `- API_KEY=x`, `{environment: {A: x}}`.
pub fn looks_secret(line: &str) -> bool {
    let mut rest = line;
    while let Some(at) = rest.find([':', '=']) {
        let (before, after) = (&rest[..at], rest[at + 1..].trim_start());
        let name = before
            .trim_end_matches(['"', '\'', ' '])
            .rsplit(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.')))
            .next()
            .unwrap_or_default();
        let given = !after.is_empty() && !after.starts_with('#') && !is_variable(after);
        let holds =
            HOLDERS.contains(&name.to_lowercase().as_str()) && !matches!(after, "[]" | "{}" | "|" | ">" | "|-" | ">-");
        if given && (secrets::is_name(name) || holds) {
            return true;
        }
        rest = &rest[at + 1..];
    }
    false
}

/// `${NAME}` says where the value is, not what it is; a default in it may.
fn is_variable(text: &str) -> bool {
    let text = text.trim_start_matches(['"', '\'']);
    let Some(inside) = text.strip_prefix("${") else {
        return false;
    };
    inside.split_once('}').is_some_and(|(name, after)| {
        name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
            && after.trim_end_matches(['"', '\'', ' ', ',', '}', ']']).is_empty()
    })
}

#[cfg(test)]
mod tests {
    use super::looks_secret;

    #[test]
    fn names_decide() {
        for (line, wanted) in [
            ("      DB_PASSWORD: hunter2", true),
            ("      - API_KEY=abc", true),
            ("    image: x # token: abc", true),
            ("    {image: x, environment: {A: b}}", true),
            ("    environment: {A: b}", true),
            ("      \"github-token\": x", true),
            ("      DB_PASSWORD: ${DB_PASSWORD:-hunter2}", true),
            ("https://user:pass@host", false),
            ("      DB_PASSWORD: ${DB_PASSWORD}", false),
            ("      DB_PASSWORD:", false),
            ("    environment:", false),
            ("    secrets: [db]", false),
            ("    ports: ['80:80']", false),
            ("    image: x", false),
            ("", false),
            ("äöü: ß", false),
        ] {
            assert_eq!(looks_secret(line), wanted, "{line}");
        }
    }
}
