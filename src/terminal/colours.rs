//! Which of the colours that a program sets for itself may stay (ECMA-48, SGR; ISO 8613-6 for the larger palettes).

/// The sequence that sets those of `parameters` that leave text readable; `None`: none does. A list of what may stay, since terminals
/// have more than the standard: 8 conceals, 5 and 6 blink, 7 swaps the colours, 10 to 19 take other fonts.
pub(super) fn visible(parameters: &str) -> Option<String> {
    let mut kept: Vec<&str> = Vec::new();
    let mut all = parameters.split(';');
    while let Some(parameter) = all.next() {
        if let Some((first, _)) = parameter.split_once(':') {
            if matches!(first, "4" | "38" | "48") {
                kept.push(parameter);
            }
            continue;
        }
        // Terminals read numbers: `08` conceals as well.
        let number: u16 = match parameter {
            "" => 0,
            digits => digits.parse().ok()?,
        };
        match number {
            // A colour by number or by its parts: what follows belongs to it.
            38 | 48 | 58 => {
                let kind = all.next()?;
                let count = match kind {
                    "5" => 1,
                    "2" => 3,
                    _ => return None,
                };
                let parts: Vec<&str> = all.by_ref().take(count).collect();
                if parts.len() < count || parts.iter().any(|part| part.parse::<u8>().is_err()) {
                    return None;
                }
                // 58, a line's colour, is not known everywhere, and who doesn't know it takes what follows for parameters.
                if number != 58 {
                    kept.extend([parameter, kind]);
                    kept.extend(parts);
                }
            }
            0..=4 | 9 | 21..=25 | 27..=37 | 39..=47 | 49 | 53 | 55 | 90..=97 | 100..=107 => kept.push(parameter),
            _ => {}
        }
    }
    (!kept.is_empty()).then(|| format!("\u{1b}[{}m", kept.join(";")))
}
