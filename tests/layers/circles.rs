//! Files that need each other. Two may: a type and its parts. More of them can only be understood together.
//!
//! A file uses another when it names something of it: a path that begins with `crate::`, `super::` or `self::`, followed through
//! what modules show of others (`pub use`). That a module names its own children is no use: they are its parts.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

/// More files than this in one circle are refused.
const MOST: usize = 2;

/// A path in the crate: `["plan", "step", "Action"]`.
pub type Names = Vec<String>;

/// The files of `src/` as modules.
struct Modules<'s> {
    files: BTreeMap<Names, (&'s Path, &'s str)>,
    /// What each shows of others: the name, `*` for all, and where that is.
    shown: BTreeMap<Names, Vec<(String, Names)>>,
}

impl<'s> Modules<'s> {
    fn of(sources: &'s BTreeMap<PathBuf, String>) -> Self {
        let files: BTreeMap<Names, _> = sources
            .iter()
            .map(|(path, code)| (module(path), (path.as_path(), code.as_str())))
            .collect();
        let shown = files
            .iter()
            .map(|(module, (_, code))| (module.clone(), shown(module, code)))
            .collect();
        Self { files, shown }
    }

    /// The file that holds what `path` names.
    fn file(&self, path: &[String]) -> Option<&'s Path> {
        let length = (1..=path.len())
            .rev()
            .find(|end| self.files.contains_key(&path[..*end]))?;
        let (module, rest) = path.split_at(length);
        let own = self.files[module].0;
        let Some(name) = rest.first() else {
            return Some(own);
        };
        let on = |target: &Names| [target, &rest[1..]].concat();
        let by_name = self.shown[module].iter().find(|(shown, _)| shown == name);
        if let Some((_, target)) = by_name {
            return self.file(&on(target));
        }
        let all = self.shown[module].iter().filter(|(shown, _)| shown == "*");
        let mut all = all.filter_map(|(_, target)| self.holding(target, name));
        Some(all.next().unwrap_or(own))
    }

    /// The file of `module`, or of one that it shows all of, that defines `name`.
    fn holding(&self, module: &Names, name: &str) -> Option<&'s Path> {
        let (file, code) = self.files.get(module)?;
        if defines(code, name) {
            return Some(file);
        }
        let mut shown = self.shown[module].iter();
        shown.find_map(|(shown, target)| match shown.as_str() {
            "*" => self.holding(target, name),
            shown if shown == name => self.file(target),
            _ => None,
        })
    }

    /// By file, those of the same layer that it uses.
    fn uses(&self) -> BTreeMap<&'s Path, BTreeSet<&'s Path>> {
        let layer = |path: &'s Path| path.iter().next();
        let of = |(module, (file, code)): (&Names, &(&'s Path, &str))| {
            let used = used(module, code).into_iter().filter_map(|path| self.file(&path));
            let used = used.filter(|used| used != file && layer(used) == layer(file));
            (*file, used.collect())
        };
        self.files.iter().map(of).collect()
    }
}

/// `plan/step.rs` → `plan::step`, `plan/mod.rs` → `plan`.
pub fn module(path: &Path) -> Names {
    let names = path.with_extension("");
    let names = names.iter().map(|name| name.to_string_lossy().into_owned());
    names.filter(|name| name != "mod").collect()
}

/// What a text that begins with a path names: `a::{b, c::d}` are two paths.
fn paths(text: &str) -> Vec<Names> {
    let text = text.trim_start();
    if let Some(inside) = text.strip_prefix('{') {
        return parts(inside).into_iter().flat_map(paths).collect();
    }
    let is_of_a_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '*';
    let end = text.find(|c| !is_of_a_name(c)).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let of_name = |rest: Names| [vec![name.to_owned()], rest].concat();
    match (name, rest.strip_prefix("::")) {
        ("" | "self", _) => vec![Vec::new()],
        (_, Some(rest)) => paths(rest).into_iter().map(of_name).collect(),
        (_, None) => vec![of_name(Vec::new())],
    }
}

/// The parts of a list in braces, up to the one that closes it.
fn parts(inside: &str) -> Vec<&str> {
    let (mut parts, mut begin, mut depth) = (Vec::new(), 0, 0);
    for (at, c) in inside.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                parts.push(&inside[begin..at]);
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&inside[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    parts.retain(|part| !part.trim().is_empty());
    parts
}

/// What `code` names after `prefix` (`console::`).
pub fn named(code: &str, prefix: &str) -> Vec<Names> {
    let is_of_a_path = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let begins = code
        .match_indices(prefix)
        .filter(|(at, _)| !code[..*at].ends_with(is_of_a_path));
    begins.flat_map(|(at, _)| paths(&code[at + prefix.len()..])).collect()
}

/// Paths that `code` of `module` names.
pub fn used(module: &Names, code: &str) -> Vec<Names> {
    static BEGIN: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?:^|[^A-Za-z0-9_:])(crate::|self::|(?:super::)+)").unwrap());
    let of = |begin: regex::Captures<'_>| {
        let begin = begin.get(1).expect("the group");
        let base = match begin.as_str() {
            "crate::" => &[],
            "self::" => &module[..],
            above => &module[..module.len().saturating_sub(above.matches("super").count())],
        };
        let paths = paths(&code[begin.end()..]).into_iter();
        paths.map(|path| [base, &path].concat()).collect::<Vec<_>>()
    };
    BEGIN.captures_iter(code).flat_map(of).collect()
}

/// What `code` of `module` shows of others.
fn shown(module: &Names, code: &str) -> Vec<(String, Names)> {
    static SHOWN: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?m)^\s*pub(?:\([^)]*\))? use ([^;]+);").unwrap());
    let of = |found: regex::Captures<'_>| {
        let text = &found[1];
        let of_path = |path: Names| {
            let name = path.last().cloned().unwrap_or_default();
            let name = other_name(text, &name).unwrap_or(name);
            let ups = path.iter().take_while(|name| *name == "super").count();
            let target = match path.first().map(String::as_str) {
                Some("crate") => path[1..].to_vec(),
                _ => [&module[..module.len() - ups], &path[ups..]].concat(),
            };
            let is_all = target.last().is_some_and(|last| last == "*");
            (name, target[..target.len() - usize::from(is_all)].to_vec())
        };
        paths(text).into_iter().map(of_path).collect::<Vec<_>>()
    };
    SHOWN.captures_iter(code).flat_map(of).collect()
}

/// What `text` calls `name` instead: `c` of `a::{b as c}`.
fn other_name(text: &str, name: &str) -> Option<String> {
    let is_of_a_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words: Vec<&str> = text
        .split(|c| !is_of_a_name(c))
        .filter(|word| !word.is_empty())
        .collect();
    let renamed = words.windows(3).find(|words| words[0] == name && words[1] == "as")?;
    Some(renamed[2].to_owned())
}

fn defines(code: &str, name: &str) -> bool {
    ["struct", "enum", "trait", "fn", "type", "const", "static"]
        .iter()
        .any(|kind| {
            let begins = format!("{kind} {name}");
            code.match_indices(&begins).any(|(at, _)| {
                let after = code[at + begins.len()..].chars().next();
                after.is_none_or(|c| !c.is_ascii_alphanumeric() && c != '_')
            })
        })
}

/// All that can be come to from `file`.
fn reached<'s>(file: &'s Path, uses: &BTreeMap<&'s Path, BTreeSet<&'s Path>>) -> BTreeSet<&'s Path> {
    let mut reached = BTreeSet::new();
    let mut next = vec![file];
    while let Some(file) = next.pop() {
        let new = uses[file].iter().filter(|used| reached.insert(**used));
        next.extend(new.copied());
    }
    reached
}

/// The circles of more files than may be.
fn circles(sources: &BTreeMap<PathBuf, String>) -> BTreeSet<Vec<PathBuf>> {
    let uses = Modules::of(sources).uses();
    let reached: BTreeMap<&Path, _> = uses.keys().map(|file| (*file, reached(file, &uses))).collect();
    let circle = |file: &&Path| -> Vec<PathBuf> {
        let others = reached[file].iter().filter(|other| reached[*other].contains(*file));
        others.map(|file| file.to_path_buf()).collect()
    };
    uses.keys().map(circle).filter(|circle| circle.len() > MOST).collect()
}

#[test]
fn no_more_than_two_files_need_each_other() {
    let circles = circles(&crate::sources());
    assert!(
        circles.is_empty(),
        "these files need each other; move what they share into one of its own: {circles:#?}"
    );
}

#[test]
fn a_circle_is_found_through_what_modules_show() {
    let sources = |c: &str| -> BTreeMap<PathBuf, String> {
        [
            (
                "x/mod.rs",
                "mod a;\nmod b;\nmod c;\npub use a::*;\npub use b::{Of, self};\npub use c::Last as End;",
            ),
            ("x/a.rs", "use super::{Of};\npub struct First;"),
            ("x/b.rs", "pub struct Of(crate::x::End);"),
            ("x/c.rs", c),
        ]
        .map(|(path, code)| (PathBuf::from(path), code.to_owned()))
        .into()
    };
    let files = ["x/a.rs", "x/b.rs", "x/c.rs"].map(PathBuf::from).to_vec();
    for closing in [
        "use super::First;",
        "fn f(x: super::a::First) {}",
        "use crate::{x::{First, other}};",
    ] {
        assert_eq!(circles(&sources(closing)), BTreeSet::from([files.clone()]), "{closing}");
    }
    // Two are none, nor is a name of its own or of another layer.
    for open in [
        "use super::b::Of;",
        "struct First;",
        "use crate::y::First;",
        "// super_::First",
    ] {
        assert!(circles(&sources(open)).is_empty(), "{open}");
    }
}

#[test]
fn names_are_found_alone_in_braces_and_from_above() {
    let module = ["plan", "up"].map(ToOwned::to_owned).to_vec();
    let code = "use crate::{engine::Engine, report::{Out, a::{b, self}}, logs};\nlet x = super::step::X::<T>::new();\n\
                use super::super::files::Root; mycrate::no; let y = self::z;";
    let found: Vec<String> = used(&module, code).iter().map(|path| path.join("::")).collect();
    assert_eq!(
        found,
        [
            "engine::Engine",
            "report::Out",
            "report::a::b",
            "report::a",
            "logs",
            "plan::step::X",
            "files::Root",
            "plan::up::z"
        ]
    );
    let found = named("use console::{Color, style}; a_console::style", "console::");
    assert_eq!(found.concat(), ["Color", "style"]);
}
