//! Sizes and durations as the Compose specification writes them (`11-extension.md`, "Specifying byte values",
//! "Specifying durations").

use super::duration::Nanos;

/// `512`, `512b`, `2k`, `2kb`, `1.5g`: bytes, in powers of 1024; `-1` is for "no limit".
pub(super) fn bytes(text: &str) -> Option<i64> {
    let text = text.trim().to_ascii_lowercase();
    let end = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number = number.trim();
    let shift = match unit {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        "t" | "tb" | "tib" => 40,
        _ => return None,
    };
    if let Ok(whole) = number.parse::<i64>() {
        return whole.checked_mul(1 << shift);
    }
    let value = number.parse::<f64>().ok()? * f64::from(1_u32 << (shift / 2)) * f64::from(1_u32 << (shift / 2));
    #[expect(clippy::cast_possible_truncation, reason = "in range, and half a byte is none")]
    (value.is_finite() && value.abs() < 9e18).then_some(value as i64)
}

/// `1h2m3.5s`, `500ms`, `10us`, `10µs`, `5ns`, `0`.
pub(super) fn duration(text: &str) -> Option<Nanos> {
    if text == "0" {
        return Some(Nanos(0));
    }
    let mut rest = text.trim();
    let mut total = 0.0_f64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let value: f64 = rest[..digits].parse().ok()?;
        let end = rest[digits..]
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .map_or(rest.len(), |end| digits + end);
        let unit = match &rest[digits..end] {
            "h" => 3.6e12,
            "m" => 6e10,
            "s" => 1e9,
            "ms" => 1e6,
            "us" | "µs" | "μs" => 1e3,
            "ns" => 1.0,
            "d" => 8.64e13,
            "w" => 6.048e14,
            _ => return None,
        };
        total += value * unit;
        rest = &rest[end..];
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative, checked against the range"
    )]
    (total < 9e18).then_some(Nanos(total.round() as u64))
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
