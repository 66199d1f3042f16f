//! `-vv`: our own tracing on stderr.

use std::io;

use tracing_subscriber::fmt::MakeWriter;

use crate::report::Out;

use super::session::Session;

/// Shows it from now on, if asked for; never that of the HTTP client, whose bodies hold environments. It goes where all text goes,
/// keys masked: before there is something that masks them, and where not all of them can be, nothing is shown.
pub(crate) fn show(session: &Session) {
    if session.global.verbose >= 2 && session.refused.is_none() {
        let filter = tracing_subscriber::EnvFilter::new("off,magicctl=debug");
        tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(Events(session.out.clone()))
            .without_time()
            .init();
    }
}

/// Gives each event a writer of its own.
struct Events(Out);

impl<'a> MakeWriter<'a> for Events {
    type Writer = Event<'a>;

    fn make_writer(&'a self) -> Event<'a> {
        Event {
            out: &self.0,
            text: Vec::new(),
        }
    }
}

/// What is reported of one event, until it is whole: a key may come in pieces.
struct Event<'a> {
    out: &'a Out,
    text: Vec<u8>,
}

impl io::Write for Event<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Event<'_> {
    fn drop(&mut self) {
        let text = String::from_utf8_lossy(&self.text);
        // One line, whatever it quotes.
        self.out.diagnostic(text.trim_end_matches('\n'));
    }
}
