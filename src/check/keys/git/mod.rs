//! Whether git has the keys, or would take them. No git is run: a repository's configuration can name programs that git starts
//! at the most harmless command. What decides is read here: the index, and the files of patterns.

mod ignored;
mod index;
mod repository;

use std::path::{Path, PathBuf};

use crate::check::Finding;
use crate::check::project::Project;
use crate::check::repair::Repair;
use crate::codes;
use crate::shell::ShellCommand;

use ignored::Patterns;
use repository::Repository;

pub(in crate::check) fn look(project: &Project) -> Vec<Finding> {
    if !project.has_app() {
        return Vec::new();
    }
    // Only real files: an empty folder leaks nothing.
    let files: Vec<&Path> = project
        .keys()
        .files()
        .filter_map(|path| path.strip_prefix(&project.root).ok())
        .collect();
    if files.is_empty() {
        return Vec::new();
    }
    let Some(repository) = Repository::around(&project.root) else {
        return Vec::new();
    };
    let mut findings = tracked(&repository, &files).unwrap_or_else(|why| {
        vec![Finding::new(&codes::CHECK_FAILED, "can't check whether git tracks key files").because(why)]
    });
    match not_ignored(&repository, &files) {
        Ok(open) => findings.extend(open_files(project, &open)),
        Err(why) => {
            findings.push(Finding::new(&codes::CHECK_FAILED, "can't check whether git ignores key files").because(why));
        }
    }
    findings
}

/// A finding for each of `files` that git tracks.
fn tracked(repository: &Repository, files: &[&Path]) -> Result<Vec<Finding>, String> {
    let from_top = files.iter().map(|path| repository.prefix.join(path)).collect();
    let tracked = repository.tracked(&from_top)?;
    Ok(files
        .iter()
        .filter(|path| tracked.contains(&repository.prefix.join(path)))
        .map(|path| {
            let shown = path.display();
            let remove = untrack(path).map_or_else(|| "remove it from git".to_owned(), |remove| remove.to_string());
            Finding::new(&codes::KEYS_TRACKED, format!("git tracks {shown}")).fix(format!(
                "{remove}, and replace its keys if anyone else has the repository"
            ))
        })
        .collect())
}

/// Those of `files` that the next `git add` would take.
fn not_ignored<'f>(repository: &Repository, files: &[&'f Path]) -> Result<Vec<&'f Path>, String> {
    let mut patterns = Patterns::of(repository)?;
    let mut open = Vec::new();
    for path in files {
        if !patterns.leave_out(&repository.prefix.join(path))? {
            open.push(*path);
        }
    }
    Ok(open)
}

fn open_files(project: &Project, open: &[&Path]) -> Option<Finding> {
    let first = open.first()?;
    let lines: Vec<String> = [("keys_pool", "/keys_pool/*"), ("env", "/env/*"), (".env", ".env")]
        .into_iter()
        .filter(|(name, _)| open.iter().any(|path| path.starts_with(name)))
        .flat_map(|(name, line)| {
            let readme = format!("{name}/README.md");
            let keep = project
                .folder
                .is_file(Path::new(&readme))
                .then(|| format!("!/{readme}"));
            [Some(line.to_owned()), keep]
        })
        .flatten()
        .collect();
    let what = match open.len() {
        1 => format!("git does not ignore {}", first.display()),
        count => format!("git does not ignore {} and {} more", first.display(), count - 1),
    };
    let finding = Finding::new(&codes::KEYS_NOT_IGNORED, what);
    let by_hand = format!("add {} to .gitignore", lines.join(", "));
    let path: PathBuf = project.root.join(".gitignore");
    Some(match project.repairable(Repair::AddLines { path, lines }) {
        Ok(repair) => finding.repaired_by(repair),
        Err(why) => finding.fix(format!("{by_hand}; `--fix` can't: {why}")),
    })
}

/// The command that takes the file at `path` out of git and leaves it where it is.
fn untrack(path: &Path) -> Option<ShellCommand> {
    // Git would take other names for patterns (gitglossary, pathspec).
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    let remove = if path.to_str()?.chars().all(is_plain) {
        ShellCommand::of("git rm --cached")
    } else {
        ShellCommand::of("git --literal-pathspecs rm --cached")
    };
    remove.path(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_is_one_word_and_no_pattern() {
        for (path, remove) in [
            ("keys_pool/a.env", "git rm --cached keys_pool/a.env"),
            (
                "keys_pool/*.env",
                "git --literal-pathspecs rm --cached 'keys_pool/*.env'",
            ),
            ("env/`id`", "git --literal-pathspecs rm --cached 'env/`id`'"),
            ("-x.env", "git rm --cached ./-x.env"),
        ] {
            assert_eq!(untrack(Path::new(path)).unwrap().to_string(), remove);
        }
        assert_eq!(untrack(Path::new("env/a\nb")), None);
    }
}
