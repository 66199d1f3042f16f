//! `completions` and `man`, made from the same definitions as `--help`.

use crate::failure::Failure;

use super::Ended;
use super::args;
use super::session::Session;

pub(crate) fn shell(session: &Session, shell: clap_complete::Shell) {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut args::command(), "magicctl", &mut text);
    write(session, "script", &text);
}

pub(crate) fn man(session: &Session) -> Ended {
    let mut text = Vec::new();
    clap_mangen::Man::new(args::command())
        .render(&mut text)
        .map_err(|error| Failure::failed("the manual page can't be generated").because(error.to_string()))?;
    write(session, "page", &text);
    Ok(None)
}

fn write(session: &Session, what: &str, text: &[u8]) {
    let text = String::from_utf8_lossy(text);
    if session.json() {
        session.out.answer(&serde_json::json!({ what: text }));
    } else {
        session.out.document(text.strip_suffix('\n').unwrap_or(&text));
    }
}
