//! `logs --errors --summary`: what one wants to read at two in the morning.

use std::io::Write;

use console::Style;

use crate::cli::session::Session;
use crate::logs::{Clock, Form, Group, Output, Wanted, json_entry};
use crate::terminal::Line;

use super::look;

/// Of a long example the beginning and the end say most.
const LINES: usize = 12;

pub(super) fn show<W: Write>(session: &Session, wanted: &Wanted, groups: Vec<Group>, output: &mut Output<W>) {
    if wanted.printer.form == Form::Json {
        for group in groups {
            let (owner, record) = &group.example;
            let mut line = Vec::new();
            wanted
                .printer
                .answer(&group.json(&json_entry(owner, record)), &mut line);
            if !output.text(&line) {
                return;
            }
        }
        return;
    }
    if groups.is_empty() {
        if !session.global.quiet {
            session.out.diagnostic("no errors");
        }
        return;
    }
    let clock = wanted.printer.clock.clone().unwrap_or_else(Clock::local);
    for group in groups {
        let mut when = Vec::new();
        clock.write(group.first, &mut when);
        if group.count > 1 {
            when.extend_from_slice(b" .. ");
            clock.write(group.last, &mut when);
        }
        let mut head = Line::new().styled(Style::new().red().bold(), format!("{}x", group.count));
        for (index, service) in group.services.iter().enumerate() {
            let name = look::name(service, Style::new().bold(), &wanted.printer);
            head = head.text(if index == 0 { " " } else { ", " }).and(name);
        }
        let head = wanted
            .printer
            .written(&head.text(format!("  {}", String::from_utf8_lossy(&when))));
        if !(output.text(head.as_bytes()) && output.text(b"\n")) {
            return;
        }
        let (owner, record) = &group.example;
        let mut example = crate::logs::Printer {
            clock: None,
            ..wanted.printer.clone()
        };
        if example.form == Form::Plain {
            // One line of JSON says its message best when it is taken apart, also in a file.
            example.form = Form::Pretty;
        }
        let owner = crate::logs::LogOwner {
            prefix: b"    ".to_vec(),
            ..(**owner).clone()
        };
        let mut text = Vec::new();
        example.print(&owner, record, &mut text);
        let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
        let shown = if lines.len() > LINES {
            let left_out = format!("    … {} more lines …\n", lines.len() - LINES);
            let (begin, end) = (&lines[..LINES / 2], &lines[lines.len() - LINES / 2..]);
            [begin.concat(), left_out.into_bytes(), end.concat()].concat()
        } else {
            lines.concat()
        };
        if !output.text(&shown) {
            return;
        }
    }
}
