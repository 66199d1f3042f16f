//! What follows an escape character (ECMA-48): the sequence goes as a whole, and what is none stays as text.

use std::iter::Peekable;
use std::str::Chars;

use super::clean::ESCAPE;

/// Reads what follows an escape; gives the parameters when it sets colours (SGR).
pub(super) fn skip(chars: &mut Peekable<Chars<'_>>) -> Option<String> {
    let is_intermediate = |c: &char| matches!(c, ' '..='/');
    match chars.peek()? {
        '[' => {
            chars.next();
            control_sequence(chars)
        }
        // An operating system command (title, link, clipboard), a device control string, and their like.
        ']' | 'P' | '^' | '_' | 'X' => {
            chars.next();
            string(chars);
            None
        }
        // Such as the choice of a character set: `ESC ( B`.
        ' '..='~' => {
            while chars.next_if(is_intermediate).is_some() {}
            chars.next_if(|c| matches!(c, '0'..='~'));
            None
        }
        _ => None,
    }
}

/// Parameters, intermediates, a final character. Anything else ends it and is not swallowed with it.
fn control_sequence(chars: &mut Peekable<Chars<'_>>) -> Option<String> {
    let mut parameters = String::new();
    while let Some(c) = chars.next_if(|c| matches!(c, '0'..='?')) {
        parameters.push(c);
    }
    let mut is_plain = true;
    while chars.next_if(|c| matches!(c, ' '..='/')).is_some() {
        is_plain = false;
    }
    let last = chars.next_if(|c| matches!(c, '@'..='~'))?;
    // `ESC [ > … m` is none of colours: it tells the terminal how to send keys.
    let sets_colours = last == 'm' && is_plain && !parameters.contains(['<', '=', '>', '?']);
    sets_colours.then_some(parameters)
}

/// Up to a bell or a string terminator. One without an end hides nothing: its text stays.
fn string(chars: &mut Peekable<Chars<'_>>) {
    let mut ahead = chars.clone();
    while let Some(c) = ahead.next_if(|c| !matches!(c, '\n' | '\u{18}' | '\u{1a}')) {
        match c {
            '\u{7}' | '\u{9c}' => {
                *chars = ahead;
                return;
            }
            ESCAPE => {
                // Another escape breaks it off, and is read as one.
                if ahead.next_if_eq(&'\\').is_some() {
                    *chars = ahead;
                }
                return;
            }
            _ => {}
        }
    }
}
