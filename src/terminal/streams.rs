//! Whether somebody looks at our streams, and how wide the terminal is.

use std::io::IsTerminal as _;

use console::Term;

/// Whether results go to a terminal.
pub fn stdout_is_terminal() -> bool {
    std::io::stdout().is_terminal()
}

/// Whether progress and diagnostics go to a terminal.
pub fn stderr_is_terminal() -> bool {
    std::io::stderr().is_terminal()
}

/// Columns of the terminal that results go to; `None`: they go elsewhere.
pub fn stdout_columns() -> Option<usize> {
    columns(&Term::stdout())
}

/// Columns of the terminal that diagnostics go to; `None`: they go elsewhere.
pub fn stderr_columns() -> Option<usize> {
    columns(&Term::stderr())
}

fn columns(term: &Term) -> Option<usize> {
    term.size_checked().map(|(_, columns)| usize::from(columns))
}
