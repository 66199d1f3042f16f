//! `completions` and `man`, made from the same definitions as `--help`.

use std::io::Write as _;

use crate::failure::Failure;

use super::Ended;
use super::args;

pub(crate) fn shell(shell: clap_complete::Shell) {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut args::command(), "magicctl", &mut text);
    write(&text);
}

pub(crate) fn man() -> Ended {
    let mut text = Vec::new();
    clap_mangen::Man::new(args::command())
        .render(&mut text)
        .map_err(|error| Failure::failed("the manual page can't be made").because(error.to_string()))?;
    write(&text);
    Ok(None)
}

fn write(text: &[u8]) {
    // A reader that stops early has read enough.
    let _unread = std::io::stdout().write_all(text);
}
