//! A plan as text: every step, what it comes after, and why.

use std::fmt;

use crate::ids::ServiceName;

use super::step::{Plan, Step};

impl Plan {
    /// What the cells of [`Self::table`] are.
    pub const COLUMNS: [&'static str; 6] = ["STEP", "SERVICE", "ACTION", "TARGET", "AFTER", "WHY"];

    /// A row for each step, in the plan's order. In AFTER are the numbers of the steps before it.
    pub fn table(&self) -> Vec<[String; 6]> {
        self.iter().map(|(id, step)| row(id.index(), step)).collect()
    }
}

fn row(number: usize, step: &Step) -> [String; 6] {
    let earlier = step.needs.iter().chain(&step.after);
    let earlier: Vec<String> = earlier.map(|id| id.index().to_string()).collect();
    [
        number.to_string(),
        step.service.as_ref().map_or("-", ServiceName::as_str).to_owned(),
        step.action.verb(),
        step.action.target().to_owned(),
        earlier.join(","),
        step.reason.to_string(),
    ]
}

/// The notes, and the rows of [`Plan::table`] under their columns. Names and reasons hold text of others as it is: what goes to a terminal goes
/// through `report`.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for note in &self.notes {
            writeln!(f, "note: {note}")?;
        }
        if self.steps().is_empty() {
            return f.write_str("nothing to do");
        }
        let mut rows = vec![Self::COLUMNS.map(ToOwned::to_owned)];
        rows.extend(self.table());
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..Self::COLUMNS.len()).map(width).collect();
        let line = |row: &[String; 6]| -> String {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        f.write_str(&rows.iter().map(line).collect::<Vec<_>>().join("\n"))
    }
}
