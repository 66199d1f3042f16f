//! What Python's exceptions are in plain words.

/// Python's exceptions in plain words, and what fixes them.
const MEANINGS: [(&str, &str, &str); 12] = [
    (
        "AssertionError",
        "an assertion in the code is false",
        "check the assertion",
    ),
    (
        "AttributeError",
        "the object has no such attribute: the name is wrong, or the object is None",
        "correct the attribute's name",
    ),
    (
        "ImportError",
        "the module exists, but not the name imported from it",
        "correct the imported name",
    ),
    (
        "IndexError",
        "the list is shorter than the code expects",
        "check the list's length",
    ),
    (
        "NameError",
        "the name is not defined or imported; it is probably misspelt",
        "correct the name, or import it,",
    ),
    (
        "NotImplementedError",
        "this part of the code is not implemented",
        "implement it",
    ),
    (
        "RecursionError",
        "a function calls itself endlessly",
        "end the recursion",
    ),
    ("TimeoutError", "an operation timed out", "check the operation"),
    (
        "TypeError",
        "an argument is missing, superfluous or of the wrong type (often None)",
        "correct the arguments",
    ),
    (
        "UnicodeDecodeError",
        "the file is not UTF-8",
        "save that file as UTF-8, or specify its encoding",
    ),
    (
        "ValueError",
        "a value has the right type, but is not allowed",
        "correct the value",
    ),
    ("ZeroDivisionError", "the divisor is 0", "check the divisor"),
];

/// The newest of a list that is in order and holds no word: releases, not candidates.
pub(super) fn latest(versions: &str) -> Option<String> {
    let is_release = |version: &&str| !version.is_empty() && version.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    versions
        .split(',')
        .map(str::trim)
        .rfind(is_release)
        .map(ToOwned::to_owned)
}

/// What an exception of Python says in general, and what fixes it.
pub(super) fn meaning(exception: &str) -> Option<(&'static str, &'static str)> {
    let name = exception.rsplit('.').next().unwrap_or(exception);
    let (_, meaning, remedy) = MEANINGS.iter().find(|(known, ..)| *known == name)?;
    Some((*meaning, *remedy))
}
