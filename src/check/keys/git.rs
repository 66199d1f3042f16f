//! Whether git has the keys, or would take them.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::check::Finding;
use crate::check::project::Project;
use crate::check::repair::Repair;
use crate::codes;

use super::files_with_keys;

pub(in crate::check) fn look(project: &Project) -> Vec<Finding> {
    let root = &project.root;
    // Only real files: an empty folder leaks nothing.
    let files = if project.has_app() {
        files_with_keys(root)
    } else {
        Vec::new()
    };
    let relative: Vec<PathBuf> = files
        .iter()
        .filter_map(|path| path.strip_prefix(root).ok().map(Path::to_owned))
        .collect();
    if relative.is_empty() {
        return Vec::new();
    }
    let Some(tracked) = git(root, &["ls-files", "-z", "--cached"], &relative) else {
        return Vec::new();
    };
    let mut findings: Vec<Finding> = relative
        .iter()
        .filter(|path| tracked.contains(*path))
        .map(|path| {
            let shown = path.display();
            Finding::new(&codes::KEYS_TRACKED, format!("git tracks {shown}")).fix(format!(
                "git rm --cached {shown}, and replace its keys if anybody else has the repository"
            ))
        })
        .collect();
    let ignored = git(root, &["check-ignore", "-z", "--no-index"], &relative).unwrap_or_default();
    let open: Vec<&PathBuf> = relative.iter().filter(|path| !ignored.contains(*path)).collect();
    if let Some(first) = open.first() {
        let lines = [("keys_pool", "/keys_pool/*"), ("env", "/env/*"), (".env", ".env")]
            .into_iter()
            .filter(|(name, _)| open.iter().any(|path| path.starts_with(name)))
            .flat_map(|(name, line)| {
                let readme = format!("{name}/README.md");
                let keep = root.join(&readme).is_file().then(|| format!("!/{readme}"));
                [Some(line.to_owned()), keep]
            })
            .flatten()
            .collect();
        let what = match open.len() {
            1 => format!("git does not ignore {}", first.display()),
            count => format!("git does not ignore {} and {} more", first.display(), count - 1),
        };
        findings.push(
            Finding::new(&codes::KEYS_NOT_IGNORED, what).repaired_by(Repair::AddLines {
                path: root.join(".gitignore"),
                lines,
            }),
        );
    }
    findings
}

/// The paths that git names of `paths`; nothing where there is no git, no repository, or one that git won't look at.
fn git(root: &Path, args: &[&str], paths: &[PathBuf]) -> Option<BTreeSet<PathBuf>> {
    use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
    let asks = args[0] == "check-ignore";
    let mut command = Command::new("git");
    command.arg("-C").arg(root).args(args);
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"] {
        command.env_remove(name);
    }
    if asks {
        command.arg("--stdin").stdin(Stdio::piped());
    } else {
        command.arg("--").args(paths).stdin(Stdio::null());
    }
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
    if let Some(mut stdin) = child.stdin.take() {
        for path in paths {
            stdin.write_all(path.as_os_str().as_bytes()).ok()?;
            stdin.write_all(b"\0").ok()?;
        }
    }
    let output = child.wait_with_output().ok()?;
    // `check-ignore` gives 1 when nothing is ignored, 128 when it can't say.
    let well = output.status.success() || (asks && output.status.code() == Some(1));
    well.then(|| {
        output
            .stdout
            .split(|byte| *byte == 0)
            .filter(|name| !name.is_empty())
            .map(|name| PathBuf::from(std::ffi::OsString::from_vec(name.to_vec())))
            .collect()
    })
}
