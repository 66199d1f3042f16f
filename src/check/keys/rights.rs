//! Who can read the key files: other users of this machine should not, the app's user must.

use std::path::Path;

use regex::Regex;

use crate::check::Finding;
use crate::check::project::Project;
use crate::check::repair::Repair;
use crate::check::text::Text;
use crate::codes;
use crate::files::{self, Rights};
use crate::shell::ShellCommand;

/// A right of others.
const READ: u32 = 0o4;
const PASS: u32 = 0o1;

pub(in crate::check) fn look(project: &Project) -> Vec<Finding> {
    if !project.has_app() {
        return Vec::new();
    }
    let reader = Reader::of(project);
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
        let reads = reader.map(|reader| reader.reads(about));
        if is_open && reached {
            let finding = Finding::new(
                &codes::KEYS_OPEN,
                format!("other users of this machine can read {shown}"),
            );
            let repair = project.repairable(Repair::CloseToOthers { path: path.to_owned() });
            findings.push(match (reader, repair) {
                // Whether the app reads it without that right is not known, or it doesn't.
                (Some(reader), _) if is_mounted && reads != Some(true) => {
                    finding.fix(reader.let_in(project.relative(path), "o-rwx"))
                }
                (None, _) if is_mounted => {
                    finding.fix("find out which user the app runs as, give the file to its group, and remove the permissions of others")
                }
                (_, Ok(repair)) => {
                    let close = ShellCommand::of("chmod o-rwx").path(project.relative(path));
                    let close = close.map_or_else(|| "remove that permission".to_owned(), |close| close.to_string());
                    finding.fix(close).repaired_by(repair)
                }
                (_, Err(why)) => finding.fix(format!("change its permissions by hand; `--fix` can't: {why}")),
            });
        }
        if let (false, true, Some(reader), Some(false)) = (is_open, is_mounted, reader, reads) {
            findings.push(
                Finding::new(
                    &codes::KEYS_CLOSED,
                    format!("the app runs as user {}, which can't read {shown}", reader.uid),
                )
                .fix(reader.let_in(project.relative(path), "")),
            );
        }
    }
    findings
}

/// Who reads the files in the app's container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Reader {
    uid: u32,
    /// Nothing where the files don't say it.
    gid: Option<u32>,
    /// Whether it reads what its user may not: root does, unless that right was dropped.
    overrides: bool,
}

impl Reader {
    fn of(project: &Project) -> Option<Self> {
        let app = project.app()?;
        let (uid, gid) = app_user(project)?;
        let names = |list: &[String], wanted: &[&str]| {
            let plain = |name: &String| name.to_uppercase().trim_start_matches("CAP_").to_owned();
            list.iter().map(plain).any(|name| wanted.contains(&name.as_str()))
        };
        let dropped = names(&app.cap_drop, &["ALL", "DAC_OVERRIDE"]);
        let added = names(&app.cap_add, &["ALL", "DAC_OVERRIDE", "DAC_READ_SEARCH"]);
        Some(Self {
            uid,
            gid,
            overrides: uid == 0 && (!dropped || added || app.privileged == Some(true)),
        })
    }

    /// Whether it reads a file that is closed to others.
    fn reads(self, about: Rights) -> bool {
        self.overrides
            || match (self.uid == about.owner, self.gid == Some(about.group)) {
                (true, _) => about.mode & 0o400 != 0,
                (false, true) => about.mode & 0o040 != 0,
                // In a group that the files don't tell of it may be.
                (false, false) => self.gid.is_none() && about.mode & 0o040 != 0,
            }
    }

    /// The commands after which it reads `path`; `also` is done to the rights of others.
    fn let_in(self, path: &Path, also: &str) -> String {
        let rights = if also.is_empty() {
            "g+r".to_owned()
        } else {
            format!("g+r,{also}")
        };
        let commands = || {
            let file = ShellCommand::default().path(path)?;
            Some(match self.gid {
                Some(gid) => format!("sudo chgrp {gid} {file} && chmod {rights} {file}"),
                None if also.is_empty() => format!("setfacl -m u:{}:r {file}", self.uid),
                None => format!("setfacl -m u:{}:r {file} && chmod {also} {file}", self.uid),
            })
        };
        commands()
            .unwrap_or_else(|| "give the file to the group of the app's user, and let the group read it".to_owned())
    }
}

/// Whether others get to `root`: each folder above lets them pass.
fn is_passable(root: &Path) -> bool {
    root.ancestors()
        .all(|folder| files::rights(folder).is_ok_and(|about| about.mode & PASS != 0))
}

/// The numbers of the user that the app's container runs as and of its group, where the files say them.
fn app_user(project: &Project) -> Option<(u32, Option<u32>)> {
    let app = project.app()?;
    let user = app.user.clone();
    let dockerfile = || {
        let build = app.build.as_ref().filter(|build| build.dockerfile_inline.is_none())?;
        Some(
            Text::named(project, &build.context.join(&build.dockerfile))
                .ok()??
                .content,
        )
    };
    // The base image may have one of its own: nothing is known then, though mostly it is root.
    let text = dockerfile();
    let of_file = || {
        let mut lines = text.as_deref()?.lines().rev().map(str::trim);
        lines
            .find_map(|line| line.strip_prefix("USER "))
            .map(|user| user.trim().to_owned())
    };
    let user = user.or_else(of_file)?;
    let (user, group) = match user.split_once(':') {
        Some((user, group)) => (user, Some(group)),
        None => (user.as_str(), None),
    };
    // Made in the same file: with one number there is no doubt whose it is.
    let only = |pattern: &str| {
        let numbers = Regex::new(pattern).ok()?;
        let text = text.as_deref()?;
        let mut numbers = numbers.captures_iter(text).map(|found| found[1].parse().ok());
        numbers.next().flatten().filter(|_| numbers.next().is_none())
    };
    let made = || only(r"(?:useradd|adduser)[^\n]*?(?:--uid|-u)[ =](\d+)");
    let made_group = || only(r"(?:groupadd|addgroup)[^\n]*?(?:--gid|-g)[ =](\d+)");
    let uid = number(user).or_else(made)?;
    let gid = match group {
        Some(group) => number(group).or_else(made_group),
        None if uid == 0 => Some(0),
        None => made_group(),
    };
    Some((uid, gid))
}

fn number(user: &str) -> Option<u32> {
    if user == "root" { Some(0) } else { user.parse().ok() }
}

#[cfg(test)]
mod tests {
    use crate::files::Kind;

    use super::*;

    #[test]
    fn root_without_its_rights_reads_what_its_user_may() {
        let about = |owner, group, mode| Rights {
            kind: Kind::File,
            mode,
            owner,
            group,
            changed_at: 0,
            names: 1,
        };
        let reader = |uid, gid, overrides| Reader { uid, gid, overrides };
        for (reader, about, reads) in [
            (reader(0, Some(0), true), about(1000, 1000, 0o600), true),
            (reader(0, Some(0), false), about(1000, 1000, 0o600), false),
            (reader(0, Some(0), false), about(0, 1000, 0o600), true),
            (reader(0, Some(0), false), about(1000, 0, 0o640), true),
            (reader(10001, Some(10001), false), about(1000, 10001, 0o640), true),
            (reader(10001, Some(10001), false), about(1000, 1000, 0o640), false),
            (reader(10001, None, false), about(1000, 1000, 0o640), true),
            (reader(10001, None, false), about(10001, 1000, 0o040), false),
        ] {
            assert_eq!(reader.reads(about), reads, "{reader:?} {about:?}");
        }
    }

    #[test]
    fn a_key_is_given_to_the_apps_user_and_to_nobody_else() {
        let path = Path::new("keys_pool/x.env");
        let of = |gid| Reader {
            uid: 10001,
            gid,
            overrides: false,
        };
        assert_eq!(
            of(Some(10001)).let_in(path, "o-rwx"),
            "sudo chgrp 10001 keys_pool/x.env && chmod g+r,o-rwx keys_pool/x.env"
        );
        assert_eq!(
            of(None).let_in(path, "o-rwx"),
            "setfacl -m u:10001:r keys_pool/x.env && chmod o-rwx keys_pool/x.env"
        );
    }
}
