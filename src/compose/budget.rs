//! What a project may come to. A few lines can stand for gigabytes: a file included a thousand times, a large service
//! extended by each of the others, a long variable in every string.

/// More than any project has once its files are included, extended and filled in. 1,000 services come to about 30,000.
const MOST: usize = 500_000;
/// How many bytes of a text count as one more value.
const BYTES_A_VALUE: usize = 64;

/// Each document is merged into what came before, and the whole is checked again. This many values are, all documents
/// together: those of 1,000 services 60 times.
const MOST_CHECKED: usize = 2_000_000;

/// Counts the values of a project as they are made.
#[derive(Debug, Default)]
pub(super) struct Budget {
    taken: usize,
    checked: usize,
}

/// The project comes to more than it may.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct OverBudget;

impl std::fmt::Display for OverBudget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "more than {MOST} values after merging, `include`, `extends` and interpolation (each \
             {BYTES_A_VALUE} bytes of text count as one)"
        )
    }
}

impl Budget {
    /// Counts `values` more.
    pub fn take(&mut self, values: usize) -> Result<(), OverBudget> {
        self.taken = self.taken.saturating_add(values);
        if self.taken > MOST { Err(OverBudget) } else { Ok(()) }
    }

    /// Counts the values of a whole that is looked through.
    pub fn check(&mut self, values: usize) -> Result<(), OverBudget> {
        self.checked = self.checked.saturating_add(values);
        if self.checked > MOST_CHECKED {
            Err(OverBudget)
        } else {
            Ok(())
        }
    }

    /// Counts one value, which is a text of `bytes`.
    pub fn take_text(&mut self, bytes: usize) -> Result<(), OverBudget> {
        self.take(1 + bytes / BYTES_A_VALUE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_values_and_long_texts() {
        let mut budget = Budget::default();
        assert_eq!(budget.take(MOST - 1), Ok(()));
        assert_eq!(budget.take_text(10), Ok(()));
        assert_eq!(budget.take(1), Err(OverBudget));
        assert_eq!(budget.take(usize::MAX), Err(OverBudget));
        assert_eq!(Budget::default().take_text(MOST * BYTES_A_VALUE), Err(OverBudget));
        let mut budget = Budget::default();
        assert!((0..10).all(|_| budget.check(MOST_CHECKED / 10).is_ok()));
        assert_eq!(budget.check(1), Err(OverBudget));
    }
}
