//! Numbers with fractions as Go writes them.

/// Go's `%v` and go-yaml: an exponent from a million on, and below a ten-thousandth.
pub(in crate::compose) fn in_text(value: f64) -> String {
    written(value, -4, 6, 2)
}

/// Go's `encoding/json`: an exponent from 10²¹ on, and below a millionth.
pub(super) fn in_json(value: f64) -> String {
    written(value, -6, 21, 1)
}

fn written(value: f64, lowest: i32, highest: i32, digits: usize) -> String {
    if value == 0.0 {
        return if value.is_sign_negative() { "-0" } else { "0" }.to_owned();
    }
    // `1.5e3`: the shortest that reads back as the same.
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if exponent < lowest || exponent >= highest {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{mantissa}e{sign}{:0digits$}", exponent.abs());
    }
    format!("{value}")
}

#[cfg(test)]
mod tests {
    use super::{in_json, in_text};

    #[test]
    fn as_go_writes_them() {
        for (value, text, json) in [
            (1.0, "1", "1"),
            (0.5, "0.5", "0.5"),
            (1000.0, "1000", "1000"),
            (123_456_789.5, "1.234567895e+08", "123456789.5"),
            (1e21, "1e+21", "1e+21"),
            (1e-7, "1e-07", "1e-7"),
            (0.000_01, "1e-05", "0.00001"),
            (-1.5, "-1.5", "-1.5"),
            (100_000.0, "100000", "100000"),
            (1_000_000.0, "1e+06", "1000000"),
            (-0.0, "-0", "-0"),
        ] {
            assert_eq!((in_text(value).as_str(), in_json(value).as_str()), (text, json));
        }
    }
}
