//! The containers of `run`.

/// What a container of `run` has that others don't.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OneOff {
    /// The engine removes it, and its anonymous volumes, when it has ended.
    pub auto_remove: bool,
    /// Its standard input is ours.
    pub attach_stdin: bool,
    /// It answers to the service's names, as its other containers do.
    pub use_aliases: bool,
}
