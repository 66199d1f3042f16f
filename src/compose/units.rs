//! Sizes and durations as the Compose specification writes them (`11-extension.md`, "Specifying byte values",
//! "Specifying durations").

use super::duration::Nanos;

/// `512`, `512b`, `2k`, `2kb`, `1.5g`: bytes, in powers of 1024; `-1` is for "no limit".
pub(super) fn bytes(text: &str) -> Option<i64> {
    if let Ok(whole) = text.parse() {
        return Some(whole);
    }
    let last = text.rfind(|c: char| c.is_ascii_digit() || matches!(c, '.' | ' '))?;
    let (number, unit) = text.split_at(last + 1);
    let number = number.strip_suffix(' ').unwrap_or(number);
    let power = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 1,
        "m" | "mb" | "mib" => 2,
        "g" | "gb" | "gib" => 3,
        "t" | "tb" | "tib" => 4,
        "p" | "pb" | "pib" => 5,
        _ => return None,
    };
    let value = number.parse::<f64>().ok()? * 1024_f64.powi(power);
    #[expect(clippy::cast_possible_truncation, reason = "in range, and half a byte is none")]
    (0.0..9e18).contains(&value).then_some(value as i64)
}

/// `1h2m3.5s`, `500ms`, `10us`, `10µs`, `5ns`, `2d`, `1w`, `0`. Time that runs backwards makes no sense.
pub fn duration(text: &str) -> Option<Nanos> {
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" {
        return Some(Nanos(0));
    }
    if rest.is_empty() {
        return None;
    }
    let mut total = 0_u64;
    while !rest.is_empty() {
        let (whole, after) = digits(rest);
        let (fraction, after) = match after.strip_prefix('.') {
            Some(after) => digits(after),
            None => ("", after),
        };
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let end = after
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(after.len());
        let unit: u64 = match &after[..end] {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            "d" => 86_400_000_000_000,
            "w" => 604_800_000_000_000,
            _ => return None,
        };
        let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        total = total.checked_add(whole.checked_mul(unit)?)?;
        if !fraction.is_empty() {
            // As many digits as Go keeps.
            let kept = &fraction[..fraction.len().min(18)];
            let scale = 10_f64.powi(i32::try_from(kept.len()).ok()?);
            #[expect(clippy::cast_precision_loss, reason = "less than 1 of a unit")]
            let part = kept.parse::<u64>().ok()? as f64 * (unit as f64 / scale);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "less than a week of nanoseconds"
            )]
            let part = part as u64;
            total = total.checked_add(part)?;
        }
        rest = &after[end..];
    }
    i64::try_from(total).is_ok().then_some(Nanos(total))
}

/// The digits that `text` begins with, and the rest.
fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, wanted) in [
            ("512", Some(512)),
            ("512b", Some(512)),
            ("2k", Some(2048)),
            ("1.5g", Some(1_610_612_736)),
            ("64MB", Some(67_108_864)),
            ("1gib", Some(1_073_741_824)),
            ("-1", Some(-1)),
            ("5 m", Some(5_242_880)),
            ("lots", None),
            ("5x", None),
            ("", None),
            ("99999999999t", None),
            ("-5m", None),
            ("2P", Some(2 << 50)),
        ] {
            assert_eq!(bytes(text), wanted, "{text}");
        }
    }

    #[test]
    fn durations() {
        for (text, wanted) in [
            ("10s", Some(10_000_000_000)),
            ("1m30s", Some(90_000_000_000)),
            ("1.5h", Some(5_400_000_000_000)),
            ("500ms", Some(500_000_000)),
            ("10us", Some(10_000)),
            ("1d2h", Some(93_600_000_000_000)),
            (".5s", Some(500_000_000)),
            ("+1s", Some(1_000_000_000)),
            ("0", Some(0)),
            ("10", None),
            ("-5s", None),
            ("5 s", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(duration(text), wanted.map(Nanos), "{text}");
        }
    }
}
