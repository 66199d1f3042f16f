//! Who can read the key files: other users of this machine should not, the app's user must.

use std::path::Path;

use regex::Regex;

use crate::check::Finding;
use crate::check::project::Project;
use crate::check::repair::Repair;
use crate::check::text::Text;
use crate::codes;
use crate::files;
use crate::shell::ShellCommand;

/// A right of others.
const READ: u32 = 0o4;
const PASS: u32 = 0o1;

pub(in crate::check) fn look(project: &Project) -> Vec<Finding> {
    if !project.has_app() {
        return Vec::new();
    }
    let user = app_user(project);
    let reached = is_passable(&project.root);
    let mut findings = Vec::new();
    for path in project.keys().files() {
        let Ok(about) = project.folder.rights(path) else {
            continue;
        };
        let is_mounted = path.parent() != Some(project.root.as_path());
        let folder_passes = path.parent().is_some_and(|folder| {
            let mode = project.folder.rights(folder).map_or(0, |about| about.mode);
            !is_mounted || mode & PASS != 0
        });
        let shown = project.shown(path);
        let is_open = about.mode & READ != 0 && folder_passes;
        if is_open && reached {
            let finding = Finding::new(
                &codes::KEYS_OPEN,
                format!("other users of this machine can read {shown}"),
            );
            let keeps_reading = !is_mounted || user.is_some_and(|uid| uid == 0 || uid == about.owner);
            let repair = project.repairable(Repair::CloseToOthers { path: path.to_owned() });
            findings.push(if keeps_reading {
                match repair {
                    Ok(repair) => {
                        let close = ShellCommand::of("chmod o-rwx").path(project.relative(path));
                        let close = close.map_or_else(|| "take that right away".to_owned(), |close| close.to_string());
                        finding.fix(close).repaired_by(repair)
                    }
                    Err(why) => finding.fix(format!("close it where it lies; `--fix` leaves it alone, as {why}")),
                }
            } else {
                finding.fix("chmod o-rwx .   (the project's folder: containers don't pass through it, and the app's user still reads the file)")
            });
        }
        if let (false, true, Some(uid)) = (is_open, is_mounted, user)
            && uid != 0
            && uid != about.owner
            && about.mode & 0o040 == 0
        {
            let open = ShellCommand::of("chmod o+r").path(project.relative(path));
            let open = open.map(|open| open.syntax("&& chmod o-rwx ."));
            findings.push(
                Finding::new(
                    &codes::KEYS_CLOSED,
                    format!("the app runs as user {uid}, which can't read {shown}"),
                )
                .fix(open.map_or_else(|| "let others read it".to_owned(), |open| open.to_string())),
            );
        }
    }
    findings
}

/// Whether others get to `root`: each folder above lets them pass.
fn is_passable(root: &Path) -> bool {
    root.ancestors()
        .all(|folder| files::rights(folder).is_ok_and(|about| about.mode & PASS != 0))
}

/// The number of the user that the app's container runs as, where the files say it.
fn app_user(project: &Project) -> Option<u32> {
    let app = project.app()?;
    let name = |text: &str| text.split(':').next().unwrap_or(text).to_owned();
    if let Some(user) = &app.user {
        return number(&name(user));
    }
    let build = app.build.as_ref()?;
    if build.dockerfile_inline.is_some() {
        return None;
    }
    let text = Text::named(project, &build.context.join(&build.dockerfile))
        .ok()??
        .content;
    let user = text
        .lines()
        .rev()
        .map(str::trim)
        .find_map(|line| line.strip_prefix("USER "));
    let Some(user) = user.map(|user| name(user.trim())) else {
        // The base image may have one of its own: nothing is known, though mostly it is root.
        return None;
    };
    if let Some(number) = number(&user) {
        return Some(number);
    }
    // Made in the same file: with one number there is no doubt whose it is.
    let uids = Regex::new(r"(?:useradd|adduser)[^\n]*?(?:--uid|-u)[ =](\d+)").ok()?;
    let mut uids = uids.captures_iter(&text).map(|found| found[1].parse().ok());
    uids.next().flatten().filter(|_| uids.next().is_none())
}

fn number(user: &str) -> Option<u32> {
    if user == "root" { Some(0) } else { user.parse().ok() }
}
