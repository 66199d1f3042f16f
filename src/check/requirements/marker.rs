//! The marker of a requirement: what follows its `;`, by the grammar of
//! <https://packaging.python.org/en/latest/specifications/dependency-specifiers/>.
//!
//! `pep508_rs` reads markers, too, but into a normal form that takes twice the time and memory for each further comparison, by
//! calling itself for each bracket, and with panics on some texts. Here only matters whether one is valid and the same as
//! another.

/// What may be compared, the earlier names that pip still takes among them.
const VARIABLES: [&str; 21] = [
    "dependency_groups",
    "extra",
    "extras",
    "implementation_name",
    "implementation_version",
    "os.name",
    "os_name",
    "platform.machine",
    "platform.python_implementation",
    "platform.version",
    "platform_machine",
    "platform_python_implementation",
    "platform_release",
    "platform_system",
    "platform_version",
    "python_full_version",
    "python_implementation",
    "python_version",
    "sys.platform",
    "sys_platform",
    "platform_node",
];
const OPERATORS: [&str; 8] = ["===", "==", "~=", "!=", "<=", ">=", "<", ">"];

/// What may come next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    /// The first side of a comparison, or an opening bracket.
    First,
    Operator,
    Second,
    /// `and`, `or` or a closing bracket.
    Joint,
}

/// The marker with each word and sign parted by one space: the same for two that are written alike. The error says what is
/// wrong with it.
pub(super) fn normal(marker: &str) -> Result<String, String> {
    let mut words: Vec<String> = Vec::new();
    let mut depth = 0_usize;
    let mut next = Next::First;
    let mut rest = marker.trim_start();
    while !rest.is_empty() {
        let (word, after) = word(rest)?;
        rest = after.trim_start();
        let is_value = word.starts_with(['"', '\'']) || VARIABLES.contains(&word);
        next = match (next, word) {
            (Next::First, "(") => {
                depth += 1;
                Next::First
            }
            (Next::First, _) if is_value => Next::Operator,
            (Next::Operator, "in") => Next::Second,
            (Next::Operator, "not") => {
                rest = match self::word(rest) {
                    Ok(("in", after)) => after.trim_start(),
                    _ => return Err("`not` must be followed by `in`".to_owned()),
                };
                words.push("not".to_owned());
                words.push("in".to_owned());
                next = Next::Second;
                continue;
            }
            (Next::Operator, sign) if OPERATORS.contains(&sign) => Next::Second,
            (Next::Second, _) if is_value => Next::Joint,
            (Next::Joint, "and" | "or") => Next::First,
            (Next::Joint, ")") if depth > 0 => {
                depth -= 1;
                Next::Joint
            }
            (Next::First | Next::Second, _) => return Err(format!("`{}` is not a valid marker variable", shown(word))),
            (Next::Operator, _) => return Err(format!("`{}` is not a comparison operator", shown(word))),
            (Next::Joint, _) => return Err(format!("expected `and` or `or`, found `{}`", shown(word))),
        };
        words.push(word.replace('"', "'"));
    }
    match next {
        Next::Joint if depth == 0 => Ok(words.join(" ")),
        Next::Joint => Err("a bracket in its marker is not closed".to_owned()),
        _ => Err("its marker is incomplete".to_owned()),
    }
}

/// The first word or sign of `text`, which begins with one, and what follows.
fn word(text: &str) -> Result<(&str, &str), String> {
    let first = text.chars().next().unwrap_or(' ');
    let length = match first {
        '(' | ')' => 1,
        '"' | '\'' => {
            let inside = text[1..].find(first).ok_or("a quote in its marker is not closed")?;
            inside + 2
        }
        '=' | '~' | '!' | '<' | '>' => {
            let sign = OPERATORS.iter().find(|sign| text.starts_with(**sign));
            sign.map_or(1, |sign| sign.len())
        }
        first => {
            let is_of_a_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
            text.find(|c| !is_of_a_word(c))
                .unwrap_or(text.len())
                .max(first.len_utf8())
        }
    };
    Ok(text.split_at(length))
}

/// As much of a word as is worth showing.
fn shown(word: &str) -> String {
    word.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::normal;

    #[test]
    fn valid_markers_have_one_form() {
        for (marker, wanted) in [
            ("python_version<'3.9'", "python_version < '3.9'"),
            (" python_version  <  \"3.9\" ", "python_version < '3.9'"),
            ("'linux' in sys_platform", "'linux' in sys_platform"),
            ("extra not  in 'a b'", "extra not in 'a b'"),
            (
                "(os_name=='nt')or(extra=='x'and os.name!='a')",
                "( os_name == 'nt' ) or ( extra == 'x' and os.name != 'a' )",
            ),
            (
                "python_version ~= '3.9' and 'x' === 'x'",
                "python_version ~= '3.9' and 'x' === 'x'",
            ),
        ] {
            assert_eq!(normal(marker).as_deref(), Ok(wanted), "{marker}");
        }
    }

    #[test]
    fn invalid_ones_say_why() {
        for (marker, why) in [
            ("", "incomplete"),
            ("python_version", "incomplete"),
            ("python_version <", "incomplete"),
            ("extra == 'x' and", "incomplete"),
            ("pythonversion < '3'", "`pythonversion` is not a valid marker variable"),
            ("extra = 'x'", "`=` is not a comparison operator"),
            ("extra == x", "`x` is not a valid marker variable"),
            ("extra == 'x' 'y'", "expected `and` or `or`"),
            ("extra == 'x')", "expected `and` or `or`"),
            ("(extra == 'x'", "bracket"),
            ("extra == 'x", "quote"),
            ("extra not 'x'", "`not` must be followed by `in`"),
            ("extra == é", "`é` is not"),
        ] {
            let error = normal(marker).unwrap_err();
            assert!(error.contains(why), "{marker}: {error}");
        }
    }

    #[test]
    fn no_marker_is_too_deep_or_too_long() {
        let deep = |n: usize| format!("{}extra == 'x'{}", "(".repeat(n), ")".repeat(n));
        assert!(normal(&deep(100_000)).is_ok());
        assert!(normal(&deep(100_000).replace(')', "")).is_err());
        let pairs: Vec<String> = (0..10_000)
            .map(|i| format!("(extra == 'a{i}' and extra == 'b{i}')"))
            .collect();
        assert!(normal(&pairs.join(" or ")).is_ok());
        assert!(normal(&"é".repeat(100_000)).unwrap_err().len() < 200);
    }

    proptest! {
        #[test]
        fn what_is_normal_stays_so(marker in "([(]?(extra|os_name|'x'|\"y\")? ?(==|~=|in|not in|<)? ?('z'|extra)?[)]? ?(and|or)? ?){0,5}") {
            if let Ok(form) = normal(&marker) {
                prop_assert_eq!(normal(&form), Ok(form));
            }
        }

        #[test]
        fn any_text_is_valid_or_not(marker in any::<String>()) {
            let _any = normal(&marker);
        }
    }
}
