//! Columns that line up, for people.

use crate::terminal::Line;

use super::Out;

/// A longer cell is cut where others follow it: all rows would be as wide as it is.
const WIDEST: usize = 200;
/// The last of a row makes no other row longer; the arguments of a Java process fit.
const LONGEST: usize = 32 << 10;

/// Rows under `header`, each column as wide as its widest cell, none trailing.
pub fn table<C: Into<Line>>(out: &Out, header: &[&str], rows: Vec<Vec<C>>) -> Vec<Line> {
    let last = header.len().saturating_sub(1);
    // Masked before it is cut and measured.
    let cell = |(column, cell): (usize, Line)| {
        let room = if column < last { WIDEST } else { LONGEST };
        out.shown_line(cell).spaced().cut(room)
    };
    let row = |cells: Vec<Line>| -> Vec<Line> { cells.into_iter().enumerate().map(cell).collect() };
    let mut all = vec![row(header.iter().map(|title| Line::from(*title)).collect())];
    all.extend(
        rows.into_iter()
            .map(|cells| row(cells.into_iter().map(Into::into).collect())),
    );
    let widths: Vec<usize> = (0..header.len())
        .map(|column| {
            all.iter()
                .filter_map(|cells| cells.get(column))
                .map(Line::width)
                .max()
                .unwrap_or(0)
        })
        .collect();
    all.into_iter()
        .map(|cells| {
            let padded = cells
                .into_iter()
                .zip(&widths)
                .map(|(cell, width)| cell.padded(width + 2));
            padded.fold(Line::new(), Line::and).trimmed()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use console::Style;

    use super::*;
    use crate::redact::Redactor;

    fn shown(rows: Vec<Vec<Line>>) -> Vec<String> {
        let out = Out::new(Redactor::of(vec!["canary-0123456789".to_owned()]));
        let lines = table(&out, &["NAME", "STATE"], rows);
        lines.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn columns_line_up_whatever_is_in_them() {
        let rows = vec![
            vec!["a".into(), Line::new().styled(Style::new().green(), "ready")],
            vec!["b\u{1b}[2J\n".into(), "x\ty".into()],
            vec!["canary-0123456789".into(), "日本".into()],
        ];
        let wanted = ["NAME      STATE", "a         ready", "b␊        x y", "********  日本"];
        assert_eq!(shown(rows), wanted);
    }

    #[test]
    fn a_name_of_a_megabyte_is_cut_and_so_is_one_of_marks_without_a_width() {
        for name in [
            "n".repeat(1 << 20),
            "\u{200b}".repeat(1 << 20),
            "n canary-0123456789".repeat(50),
        ] {
            let lines = shown(vec![
                vec![name.into(), "ready".into()],
                vec!["b".into(), "ready".into()],
            ]);
            assert!(lines.iter().all(|line| line.chars().count() < 10 * WIDEST), "{lines:?}");
            assert!(lines[1].contains("…  "), "{lines:?}");
            assert!(!lines[1].contains("canary"), "{lines:?}");
        }
        let long = "x".repeat(LONGEST + 1);
        assert_eq!(
            shown(vec![vec!["a".into(), long.into()]])[1].chars().count(),
            6 + LONGEST
        );
    }
}
