//! "Did you mean": the known word that is most like what was typed.

/// Nobody mistypes a longer word and nothing else.
const LONGEST: usize = 100;
/// What all comparisons together may cost, each the product of both lengths: 3,000 words of ten letters.
const MOST_WORK: usize = 300_000;

/// The most similar of `known`, if it is similar at all: one slip, and one more for every four letters. Words that are long, or
/// beyond the first few thousand, are not looked at: a file may hold any number of any length.
pub fn nearest<'k>(typed: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    if typed.len() > LONGEST {
        return None;
    }
    let slips = |known: &str| 1 + known.len().min(typed.len()) / 4;
    let mut left = MOST_WORK;
    known
        .into_iter()
        .filter(|known| known.len() <= LONGEST)
        .filter(|known| known.len().abs_diff(typed.len()) <= 4 * slips(known))
        .take_while(|known| match left.checked_sub(known.len() * typed.len() + 1) {
            Some(rest) => {
                left = rest;
                true
            }
            None => false,
        })
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

    #[test]
    fn many_words_and_long_ones_are_not_all_compared() {
        let words: Vec<String> = (0..1_000_000).map(|number| format!("service-{number:092}")).collect();
        let looked = std::cell::Cell::new(0);
        let known = words.iter().map(|word| {
            looked.set(looked.get() + 1);
            word.as_str()
        });
        assert!(nearest(&words[0], known).is_some());
        assert!(looked.get() <= 31, "{} of them", looked.get());
        let long = "x".repeat(1 << 20);
        assert_eq!(nearest(&long, [long.as_str()]), None);
        assert_eq!(nearest("xx", [long.as_str(), "xy"]), Some("xy"));
    }
}
