//! How go-yaml sorts a mapping's keys: numbers within names by their value, `a2` before `a10`.

use std::cmp::Ordering;

/// Compares two keys.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    if less(a, b) {
        Ordering::Less
    } else if less(b, a) {
        Ordering::Greater
    } else {
        Ordering::Equal
    }
}

fn less(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut digits = false;
    for i in 0..a.len().min(b.len()) {
        if a[i] == b[i] {
            digits = is_digit(a[i]);
            continue;
        }
        return match (a[i].is_alphabetic(), b[i].is_alphabetic()) {
            (true, true) => a[i] < b[i],
            (first, second) if first || second => {
                if digits {
                    first
                } else {
                    second
                }
            }
            _ => numbers(&a, &b, i),
        };
    }
    a.len() < b.len()
}

fn numbers(a: &[char], b: &[char], i: usize) -> bool {
    // A zero that differs counts only after another digit.
    let before = a[..i].iter().rev().take_while(|c| is_digit(**c));
    let start = i64::from((a[i] == '0' || b[i] == '0') && before.into_iter().any(|c| *c != '0'));
    let number = |text: &[char]| {
        text[i..]
            .iter()
            .take_while(|c| is_digit(**c))
            .fold((start, i), |(sum, end), c| {
                let digit = i64::from(u32::from(*c)) - i64::from(u32::from('0'));
                (sum.wrapping_mul(10).wrapping_add(digit), end + 1)
            })
    };
    let ((first, first_end), (second, second_end)) = (number(a), number(b));
    if first != second {
        return first < second;
    }
    if first_end != second_end {
        return first_end < second_end;
    }
    a[i] < b[i]
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}

#[cfg(test)]
mod tests {
    use super::compare;

    #[test]
    fn numbers_in_names_count() {
        let mut names = ["a10", "a2", "b", "a", "B", "a-1", "a_1", "a01", "1", "x10y", "x9y"];
        names.sort_by(|a, b| compare(a, b));
        assert_eq!(
            names,
            ["1", "B", "a", "a-1", "a_1", "a01", "a2", "a10", "b", "x9y", "x10y"]
        );
    }
}
