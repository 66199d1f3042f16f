//! Which lines of a file are never shown: those that give a value to something named like a secret.

/// Parts of names whose values are secrets.
const WORDS: [&str; 10] = [
    "apikey",
    "api_key",
    "api-key",
    "auth",
    "credential",
    "key",
    "passwd",
    "password",
    "secret",
    "token",
];
/// What they also stand in, with values that are no secrets.
const HARMLESS: [&str; 6] = [
    "key_management_settings",
    "keys_pool",
    "secrets",
    "secret",
    "author",
    "authors",
];
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
            .unwrap_or_default()
            .to_lowercase();
        let given = !after.is_empty() && !after.starts_with('#') && !is_variable(after);
        let named = WORDS.iter().any(|word| name.contains(word)) && !HARMLESS.contains(&name.as_str());
        let holds = HOLDERS.contains(&name.as_str()) && !matches!(after, "[]" | "{}" | "|" | ">" | "|-" | ">-");
        if given && (named || holds) {
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
