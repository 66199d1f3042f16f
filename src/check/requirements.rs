//! requirements.txt: each line as pip would read it. With the first `--hash` pip wants one in every line.

use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr as _;

use pep508_rs::pep440_rs::Operator;
use pep508_rs::{Requirement, VerbatimUrl, VersionOrUrl};

use crate::codes;
use crate::files::Root;

use super::Finding;
use super::finding::MOST_FINDINGS;
use super::project::Project;
use super::text::Text;

/// Options of a line of its own that name no requirement. <https://pip.pypa.io/en/stable/reference/requirements-file-format/>
const INCLUDES: [&str; 4] = ["-r", "--requirement", "-c", "--constraint"];

/// A marker of more comparisons is not judged: what it comes to may be larger than any memory.
const MOST_CONDITIONS: usize = 12;
/// More lines for one package are not held against each other.
const MOST_OF_ONE: usize = 500;

pub(super) fn look(project: &Project) -> Vec<Finding> {
    let is_used = project.has_app() && project.built().any(|(_, build)| build.context == project.root);
    if !is_used {
        return Vec::new();
    }
    match Text::of_project(project, &project.root.join("requirements.txt")) {
        // The checklist has told it when it can't be read.
        Ok(Some(text)) => read(&project.folder, &text),
        Ok(None) | Err(_) => Vec::new(),
    }
}

fn read(root: &Root, text: &Text) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut seen: BTreeMap<String, Vec<(usize, Requirement<VerbatimUrl>)>> = BTreeMap::new();
    let mut unpinned: Vec<(usize, String)> = Vec::new();
    let mut unheld: Vec<(usize, String)> = Vec::new();
    let mut hashes = false;
    let (mut constrained, mut included) = (false, false);
    for (number, line) in logical_lines(&text.content) {
        if findings.len() >= MOST_FINDINGS {
            break;
        }
        let first = line.split([' ', '=', '\t']).next().unwrap_or_default();
        if INCLUDES
            .iter()
            .any(|option| first == *option || (option.len() == 2 && line.starts_with(option)))
        {
            constrained |= first.starts_with("-c") || first == "--constraint";
            included = true;
            findings.extend(include(root, text, number, &line));
            continue;
        }
        hashes |= first == "--require-hashes";
        // Other options; URLs and paths of packages; variables that pip fills in.
        let is_elsewhere = line.starts_with('-')
            || line.starts_with(['.', '/'])
            || line.contains("${")
            || line.split(['@', ' ']).next().is_some_and(|word| word.contains("://"))
            || [".whl", ".tar.gz", ".zip"].iter().any(|end| line.ends_with(end));
        if is_elsewhere {
            continue;
        }
        let (bare, options) = parted(&line);
        let is_hashed = options.contains("--hash");
        hashes |= is_hashed;
        if conditions(bare) > MOST_CONDITIONS {
            continue;
        }
        match Requirement::<VerbatimUrl>::from_str(bare) {
            Ok(requirement) => {
                if !is_hashed || !is_exact(&requirement) {
                    unheld.push((number, requirement.name.to_string()));
                }
                if requirement.version_or_url.is_none() {
                    unpinned.push((number, requirement.name.to_string()));
                }
                seen.entry(requirement.name.to_string())
                    .or_default()
                    .push((number, requirement));
            }
            Err(error) => findings.push(
                Finding::new(&codes::REQUIREMENT_INVALID, format!("`{bare}` is no requirement"))
                    .because(error.message.to_string().replace('\n', " "))
                    .fix("write it as `name==1.2.3`, or `name>=1,<2`")
                    .at(text.line(number))
                    .in_file(),
            ),
        }
    }
    findings.extend(seen.values().filter_map(|all| twice(text, all)));
    // What other files hold may be what is missing here.
    if let (Some((number, _)), true, false) = (unheld.first(), hashes, included) {
        let what = format!(
            "requirements.txt has hashes, but not for all: without a hash or an exact version: {}",
            listed(&unheld)
        );
        findings.push(
            Finding::new(&codes::REQUIREMENT_UNHASHED, what)
                .at(text.line(*number))
                .in_file(),
        );
    } else if let (Some((number, _)), false) = (unpinned.first(), constrained) {
        let what = format!("without a version: {}", listed(&unpinned));
        findings.push(Finding::new(&codes::REQUIREMENT_UNPINNED, what).at(text.line(*number)));
    }
    findings
}

/// Their names, the first few of many.
fn listed(requirements: &[(usize, String)]) -> String {
    let names: Vec<&str> = requirements.iter().map(|(_, name)| name.as_str()).collect();
    match names.len() {
        0..=5 => names.join(", "),
        count => format!("{} and {} more", names[..4].join(", "), count - 4),
    }
}

/// A line's requirement, and the options after it.
fn parted(line: &str) -> (&str, &str) {
    let options = line
        .match_indices("--")
        .find(|(at, _)| line[..*at].ends_with(char::is_whitespace));
    match options {
        Some((at, _)) => (line[..at].trim(), &line[at..]),
        None => (line, ""),
    }
}

/// Whether one version alone fits, as pip wants it of what has a hash: `==` or `===` without a wildcard.
fn is_exact(requirement: &Requirement<VerbatimUrl>) -> bool {
    match &requirement.version_or_url {
        Some(VersionOrUrl::VersionSpecifier(specifiers)) => specifiers
            .iter()
            .any(|specifier| matches!(specifier.operator(), Operator::Equal | Operator::ExactEqual)),
        Some(VersionOrUrl::Url(_)) => true,
        None => false,
    }
}

/// How many comparisons the marker of a requirement has: each has a text in quotes.
fn conditions(requirement: &str) -> usize {
    let marker = requirement.split_once(';').map_or("", |(_, marker)| marker);
    marker.matches(['"', '\'']).count() / 2
}

/// Lines as pip joins them, with the number of the first; comments and blank lines left out.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let (number, mut all) = open.take().unwrap_or((index + 1, String::new()));
        let is_comment = line.trim_start().starts_with('#');
        if let Some(begin) = line.strip_suffix('\\').filter(|_| !is_comment) {
            all.push_str(begin);
            open = Some((number, all));
            continue;
        }
        if !is_comment {
            all.push_str(line.split(" #").next().unwrap_or_default());
        }
        let all = all.trim();
        if !all.is_empty() {
            lines.push((number, all.to_owned()));
        }
    }
    if let Some((number, all)) = open.filter(|(_, all)| !all.trim().is_empty()) {
        lines.push((number, all.trim().to_owned()));
    }
    lines
}

/// `-r` and `-c` of a file that is not there.
fn include(root: &Root, text: &Text, number: usize, line: &str) -> Option<Finding> {
    let name = line
        .trim_start_matches("--requirement")
        .trim_start_matches("--constraint")
        .trim_start_matches("-r")
        .trim_start_matches("-c")
        .trim_start_matches('=')
        .trim();
    let is_there = || !matches!(root.kind(Path::new(name)), Ok(None));
    if name.is_empty() || name.contains("://") || name.contains('$') || is_there() {
        return None;
    }
    Some(
        Finding::new(
            &codes::REQUIREMENTS_INCLUDE,
            format!("requirements.txt includes {name}, which is not there"),
        )
        .at(text.line(number))
        .in_file(),
    )
}

/// Two lines for one package; those for different machines or versions of Python are no two.
fn twice(text: &Text, all: &[(usize, Requirement<VerbatimUrl>)]) -> Option<Finding> {
    let (number, first, again) =
        all.iter()
            .enumerate()
            .take(MOST_OF_ONE)
            .skip(1)
            .find_map(|(index, (number, again))| {
                let (first, _) = all[..index].iter().find(|(_, first)| first.marker == again.marker)?;
                Some((*number, *first, again))
            })?;
    Some(
        Finding::new(&codes::REQUIREMENT_TWICE, format!("{} is there twice", again.name))
            .because(format!(
                "it is in line {first} already; pip refuses two that can't both hold"
            ))
            .at(text.line(number)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(&'static str, usize)> {
        let folder = tempfile::tempdir().unwrap();
        let text = Text {
            path: folder.path().join("requirements.txt"),
            content: text.to_owned(),
            quotable: true,
        };
        read(&Root::open(folder.path()).unwrap(), &text)
            .iter()
            .map(|finding| (finding.code.id, finding.place.as_ref().unwrap().line))
            .collect()
    }

    #[test]
    fn what_pip_takes_is_taken() {
        let fine = "# a comment\n\nredis==8.1.0\nuvicorn[standard]>=0.30,<1 ; python_version >= \"3.9\"\n\
            a==1 ; sys_platform == 'win32'\na==2 ; sys_platform != 'win32'\n--index-url https://pypi.org/simple\n\
            -e .\n./local\ngit+https://host/x.git@main#egg=x\nname @ https://host/x.whl\nx.whl\n\
            b~=1.4 # why\nc===1\nd==1.*\n${PRIVATE}\n";
        assert_eq!(found(fine), []);
        let hashed = "hashed==1 \\\n    --hash=sha256:abc \\\n    --hash=sha256:def\n    # via other\nc===1 ; python_version < '3.12' \\\n\
            \t--hash=sha256:00\nd[extra]==2 --hash sha256:00\nname @ https://host/x.whl --hash=sha256:00\n-e .\n";
        assert_eq!(found(hashed), []);
        assert_eq!(found(&hashed.replace('\n', "\r\n")), []);
        // What is missing may be in the other file.
        assert_eq!(found("-c https://host/c.txt\na==1 --hash=sha256:00\nb==1\n"), []);
        assert_eq!(found("\u{feff}redis==1\r\n"), []);
        assert_eq!(found("-c https://host/c.txt\nredis\n"), []);
    }

    #[test]
    fn what_pip_refuses_or_takes_by_chance_is_found() {
        for (text, wanted) in [
            ("redis=8.1.0\n", vec![("MC120", 1)]),
            ("a==1\nredis 8\n", vec![("MC120", 2)]),
            ("a>=1.x\n", vec![("MC120", 1)]),
            ("a==1\nb\nc\n", vec![("MC121", 2)]),
            ("a==1 --hash=sha256:00\nb==1\n", vec![("MC124", 2)]),
            (
                "a==1 \\\n    --hash=sha256:00 \\\n    --hash=sha256:01\n    # via x\nb==1\n",
                vec![("MC124", 5)],
            ),
            ("b==1\na==1\t--hash sha256:00\n", vec![("MC124", 1)]),
            ("a --hash=sha256:00\n", vec![("MC124", 1)]),
            ("a>=1,<2 --hash=sha256:00\n", vec![("MC124", 1)]),
            ("a==1.* --hash=sha256:00\n", vec![("MC124", 1)]),
            ("--require-hashes\na==1\n", vec![("MC124", 2)]),
            ("a==1\nA>=1\n", vec![("MC122", 2)]),
            ("typing_extensions==1\nTyping.Extensions==2\n", vec![("MC122", 2)]),
            ("-r base.txt\n", vec![("MC123", 1)]),
            ("-rbase.txt\n", vec![("MC123", 1)]),
            ("--requirement=base.txt\n", vec![("MC123", 1)]),
        ] {
            assert_eq!(found(text), wanted, "{text}");
        }
    }
}
