//! `--source`.

/// Where lines come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SourceChoice {
    /// The log files where they can be read, else the engine: the same lines, sooner.
    #[default]
    Auto,
    /// The engine's API.
    Engine,
    /// The engine's log files on this machine.
    Files,
    /// Loki, also for containers that are long gone.
    Loki,
}

impl SourceChoice {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Auto, Self::Engine, Self::Files, Self::Loki];
}
