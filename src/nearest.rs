//! "Did you mean": the known word that is most like what was typed.

/// The most similar of `known`, if it is similar at all: one slip, and one more for every four letters.
pub fn nearest<'k>(typed: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let slips = |known: &str| 1 + known.len().min(typed.len()) / 4;
    known
        .into_iter()
        // What was typed may be any length, and the comparison takes time and memory by it.
        .filter(|known| known.len().abs_diff(typed.len()) <= 4 * slips(known))
        .map(|known| (strsim::damerau_levenshtein(typed, known), known))
        .filter(|(distance, known)| *distance <= slips(known))
        .min()
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn one_slip_is_forgiven_another_word_is_not() {
        let known = ["app-runner", "kafka", "redis"];
        for (typed, wanted) in [
            ("kafak", Some("kafka")),
            ("app_runer", Some("app-runner")),
            ("reddis", Some("redis")),
            ("postgres", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, known), wanted, "{typed}");
        }
    }
}
