//! The signals that a container can be sent, by name or number.

use crate::nearest::nearest;

/// The names that engines on Linux know, without `SIG`, beside `RTMIN+N` and `RTMAX-N`.
const NAMES: &[&str] = &[
    "ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT", "KILL", "PIPE", "POLL",
    "PROF", "PWR", "QUIT", "SEGV", "STKFLT", "STOP", "SYS", "TERM", "TRAP", "TSTP", "TTIN", "TTOU", "URG", "USR1",
    "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ", "RTMIN", "RTMAX",
];

/// The last signal of Linux.
const LAST: u8 = 64;

/// How far `RTMIN+N` and `RTMAX-N` go: RTMIN is 34, RTMAX 64.
const REAL_TIME: (u8, u8) = (15, 14);

/// `typed` if an engine takes it. An error says what would do.
pub(super) fn signal(typed: &str) -> Result<String, String> {
    let upper = typed.to_ascii_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    let within = |text: &str, last: u8| {
        text.starts_with(|first: char| first.is_ascii_digit())
            && text.parse().is_ok_and(|number: u8| (1..=last).contains(&number))
    };
    let known = within(typed, LAST)
        || NAMES.contains(&name)
        || name
            .strip_prefix("RTMIN+")
            .is_some_and(|more| within(more, REAL_TIME.0))
        || name
            .strip_prefix("RTMAX-")
            .is_some_and(|less| within(less, REAL_TIME.1));
    if known {
        return Ok(typed.to_owned());
    }
    let meant = nearest(name, NAMES.iter().copied()).map(|name| format!("; did you mean SIG{name}?"));
    Err(format!(
        "unknown signal; use a name such as SIGTERM or HUP, or a number from 1 to {LAST}{}",
        meant.unwrap_or_default()
    ))
}

#[cfg(test)]
mod tests {
    use super::signal;

    #[test]
    fn what_engines_know() {
        for typed in [
            "SIGTERM",
            "HUP",
            "sigint",
            "15",
            "1",
            "64",
            "RTMIN",
            "SIGRTMIN+3",
            "RTMAX-14",
        ] {
            assert_eq!(signal(typed).as_deref(), Ok(typed));
        }
    }

    #[test]
    fn what_they_do_not_know() {
        for typed in [
            "NONSENSE", "", "SIG", "0", "65", "-9", "+9", "9.0", "RTMIN+16", "RTMAX-15", "RTMIN-1",
        ] {
            assert!(signal(typed).unwrap_err().contains("SIGTERM or HUP"), "{typed}");
        }
        assert!(signal("SIGTREM").unwrap_err().contains("did you mean SIGTERM?"));
    }
}
