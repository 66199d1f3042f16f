//! A command written as one string, split as Compose splits it (go-shellwords): quotes and backslashes as in a shell,
//! nothing put in, and an end at the first `;`, `&`, `|`, `<` or `>` outside of quotes.

/// The words of a command.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Words {
    pub words: Vec<String>,
    /// What was cut off, from the sign that only a shell understands.
    pub cut: Option<String>,
}

/// What has been gathered of the word at hand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Got {
    Nothing,
    Plain,
    /// Quoted: a word even when empty.
    Quoted,
}

/// Splits `text`; the error says why it can't be.
pub(super) fn split(text: &str) -> Result<Words, &'static str> {
    const UNEVEN: &str = "a quote, a backslash or a bracket is not closed";
    let mut all = Words::default();
    let mut word = String::new();
    let mut got = Got::Nothing;
    let (mut escaped, mut double, mut single, mut back, mut dollar) = (false, false, false, false, false);
    for (index, c) in text.char_indices() {
        if escaped {
            escaped = false;
            if back || dollar {
                word.push('\\');
                word.push(c);
            } else {
                word.push(match c {
                    't' => '\t',
                    'n' => '\n',
                    other => other,
                });
            }
            got = Got::Plain;
            continue;
        }
        let quoted = single || double || back || dollar;
        match c {
            '\\' => {
                if single {
                    word.push('\\');
                } else {
                    escaped = true;
                }
                continue;
            }
            ' ' | '\t' | '\r' | '\n' => {
                if quoted {
                    word.push(c);
                } else {
                    flush(&mut all, &mut word, &mut got);
                }
                continue;
            }
            '`' if !single && !double && !dollar => back = !back,
            ')' if !single && !double && !back => {
                if !dollar {
                    return Err("`)` outside of quotes is not supported");
                }
                dollar = false;
            }
            '(' if !single && !double && !back => {
                if dollar || !word.ends_with('$') || word.ends_with("\\$") {
                    return Err("`(` outside of quotes is not supported");
                }
                dollar = true;
                word.push('(');
                continue;
            }
            '"' if !single && !dollar && !back => {
                if double {
                    got = Got::Quoted;
                }
                double = !double;
                continue;
            }
            '\'' if !double && !dollar && !back => {
                if single {
                    got = Got::Quoted;
                }
                single = !single;
                continue;
            }
            ';' | '&' | '|' | '<' | '>' if !quoted => {
                if c == '>' && !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit()) {
                    got = Got::Nothing;
                }
                all.cut = Some(text[index..].to_owned());
                break;
            }
            _ => {}
        }
        got = Got::Plain;
        word.push(c);
    }
    flush(&mut all, &mut word, &mut got);
    if escaped || single || double || back || dollar {
        return Err(UNEVEN);
    }
    Ok(all)
}

fn flush(all: &mut Words, word: &mut String, got: &mut Got) {
    let done = std::mem::take(word);
    if *got == Got::Quoted || *got == Got::Plain && !done.is_empty() {
        all.words.push(done);
    }
    *got = Got::Nothing;
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::split;

    proptest! {
        #[test]
        fn words_never_hold_more_than_the_text(text in "[a-c'\"\\\\`$() ;|&<>\t\né0-9]{0,24}") {
            if let Ok(found) = split(&text) {
                let all: usize = found.words.iter().map(String::len).sum();
                prop_assert!(all + found.cut.map_or(0, |cut| cut.len()) <= text.len());
            }
        }
    }

    #[test]
    fn words_and_what_is_cut_off() {
        for (text, words, cut) in [
            ("echo 'a b' c", vec!["echo", "a b", "c"], None),
            ("a \"b\\\"c\" ''", vec!["a", "b\"c", ""], None),
            ("a\\ b\\tc", vec!["a b\tc"], None),
            ("a; b", vec!["a"], Some("; b")),
            ("a 2>&1", vec!["a"], Some(">&1")),
            ("a x>y", vec!["a", "x"], Some(">y")),
            ("a '|' b", vec!["a", "|", "b"], None),
            ("a $(b c) d", vec!["a", "$(b c)", "d"], None),
            ("a `b c` d", vec!["a", "`b c`", "d"], None),
            ("  ", vec![], None),
            ("a #b", vec!["a", "#b"], None),
        ] {
            let found = split(text).unwrap();
            assert_eq!(found.words, words, "{text}");
            assert_eq!(found.cut.as_deref(), cut, "{text}");
        }
        for text in ["'a", "\"a", "a\\", "(a)", "a)", "`a", "$(a"] {
            assert!(split(text).is_err(), "{text}");
        }
    }
}
