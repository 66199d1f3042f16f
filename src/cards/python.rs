//! What Python's exceptions are in plain words.

/// Python's exceptions in plain words, and what mends them.
const MEANINGS: [(&str, &str, &str); 12] = [
    (
        "AssertionError",
        "something that the code takes for granted is not so",
        "see what is asserted",
    ),
    (
        "AttributeError",
        "the object has no such attribute: the name is wrong, or the object is None",
        "correct the attribute's name",
    ),
    (
        "ImportError",
        "the module is there, but not what is imported from it",
        "correct what is imported",
    ),
    (
        "IndexError",
        "the list is shorter than the code expects",
        "test the list's length",
    ),
    (
        "NameError",
        "that name was never defined or imported; mostly it is misspelt",
        "correct the name, or import it,",
    ),
    (
        "NotImplementedError",
        "the code leaves this to be written",
        "write what is missing",
    ),
    (
        "RecursionError",
        "a function calls itself without end",
        "end the recursion",
    ),
    (
        "TimeoutError",
        "what it waits for did not come in time",
        "see what is awaited",
    ),
    (
        "TypeError",
        "an argument is missing, too many, or of the wrong type (None, mostly)",
        "correct the arguments",
    ),
    (
        "UnicodeDecodeError",
        "the file that it reads is not UTF-8",
        "save that file as UTF-8, or name its encoding",
    ),
    (
        "ValueError",
        "a value is of the right type, but not allowed there",
        "correct the value",
    ),
    ("ZeroDivisionError", "the divisor is 0", "test the divisor"),
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

/// What an exception of Python says in general, and what mends it.
pub(super) fn meaning(exception: &str) -> Option<(&'static str, &'static str)> {
    let name = exception.rsplit('.').next().unwrap_or(exception);
    let (_, meaning, remedy) = MEANINGS.iter().find(|(known, ..)| *known == name)?;
    Some((*meaning, *remedy))
}
