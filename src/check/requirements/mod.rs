//! requirements.txt: each line as pip would read it. With the first `--hash` pip wants one in every line.

mod marker;

use std::borrow::Cow;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
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

/// A longer requirement is not looked at, its marker and its hashes aside: a name, some extras and versions are far shorter.
const LONGEST: usize = 2_000;
/// As many characters of a line are shown in a sentence.
const SHOWN: usize = 100;

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
    // By name and marker, the first line.
    let mut seen: HashMap<String, HashMap<String, usize>> = HashMap::new();
    // By name, the line that is one too many and the one before.
    let mut twice: BTreeMap<String, (usize, usize)> = BTreeMap::new();
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
        match requirement(bare) {
            Ok((requirement, marker)) => {
                let name = requirement.name.to_string();
                if !is_hashed || !is_exact(&requirement) {
                    unheld.push((number, name.clone()));
                }
                if requirement.version_or_url.is_none() {
                    unpinned.push((number, name.clone()));
                }
                match seen.entry(name.clone()).or_default().entry(marker) {
                    Entry::Occupied(first) if twice.len() < MOST_FINDINGS => {
                        twice.entry(name).or_insert((number, *first.get()));
                    }
                    Entry::Occupied(_) => {}
                    Entry::Vacant(slot) => {
                        slot.insert(number);
                    }
                }
            }
            Err(Refused::Wrong(why)) => findings.push(
                Finding::new(
                    &codes::REQUIREMENT_INVALID,
                    format!("`{}` is not a valid requirement", shown(bare)),
                )
                .because(why)
                .fix("write it as `name==1.2.3`, or `name>=1,<2`")
                .at(text.line(number))
                .in_file(),
            ),
            Err(Refused::TooLong) => findings.push(
                Finding::new(
                    &codes::CHECK_FAILED,
                    format!("line {number} of requirements.txt is not checked"),
                )
                .because(format!("the text before its marker is longer than {LONGEST} bytes"))
                .at(text.line(number)),
            ),
        }
    }
    // Two lines for one package; those for different machines or versions of Python are no two.
    findings.extend(twice.into_iter().map(|(name, (number, first))| {
        Finding::new(&codes::REQUIREMENT_TWICE, format!("{name} is listed twice"))
            .because(format!(
                "it is already on line {first}; pip refuses two requirements that contradict each other"
            ))
            .at(text.line(number))
    }));
    // What other files hold may be what is missing here.
    if let (Some((number, _)), true, false) = (unheld.first(), hashes, included) {
        let what = format!(
            "some requirements have hashes, but these have no hash or no exact version: {}",
            listed(&unheld)
        );
        findings.push(
            Finding::new(&codes::REQUIREMENT_UNHASHED, what)
                .at(text.line(*number))
                .in_file(),
        );
    } else if let (Some((number, _)), false) = (unpinned.first(), constrained) {
        let what = format!("requirements without a version: {}", listed(&unpinned));
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

/// As much of a line as is worth showing.
fn shown(line: &str) -> Cow<'_, str> {
    match line.char_indices().nth(SHOWN) {
        Some((end, _)) => Cow::Owned(format!("{}…", &line[..end])),
        None => Cow::Borrowed(line),
    }
}

/// Why a line is not taken for a requirement.
enum Refused {
    Wrong(String),
    TooLong,
}

/// A line without its hashes, and its marker.
fn requirement(line: &str) -> Result<(Requirement<VerbatimUrl>, String), Refused> {
    // After a URL a marker is parted by a space; a URL itself may hold semicolons.
    let parts = if line.contains('@') {
        line.split_once(" ;")
    } else {
        line.split_once(';')
    };
    let (bare, marker) = parts.map_or((line, None), |(bare, marker)| (bare.trim(), Some(marker)));
    if bare.len() > LONGEST {
        return Err(Refused::TooLong);
    }
    // The parser takes these for granted, and panics.
    if !bare.is_ascii() {
        return Err(Refused::Wrong("names and versions must be ASCII".to_owned()));
    }
    if !names_end_well(bare) {
        return Err(Refused::Wrong("a name must end with a letter or a digit".to_owned()));
    }
    let requirement =
        Requirement::from_str(bare).map_err(|error| Refused::Wrong(error.message.to_string().replace('\n', " ")))?;
    let marker = marker
        .map_or_else(|| Ok(String::new()), marker::normal)
        .map_err(Refused::Wrong)?;
    Ok((requirement, marker))
}

/// Whether the name, and those of the extras, end with a letter or a digit, as far as they are there.
fn names_end_well(requirement: &str) -> bool {
    let is_of_a_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let ends_well = |text: &str| {
        let text = text.trim_start();
        let rest = text.trim_start_matches(is_of_a_name);
        !text[..text.len() - rest.len()].ends_with(['.', '-', '_'])
    };
    let extras = requirement.split_once('[').map_or("", |(_, extras)| extras);
    ends_well(requirement) && extras.split(',').all(ends_well)
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
            format!("requirements.txt includes {name}, which doesn't exist"),
        )
        .at(text.line(number))
        .in_file(),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(text: &str) -> Vec<(&'static str, usize)> {
        let folder = tempfile::tempdir().unwrap();
        let text = Text::new(folder.path().join("requirements.txt"), text.to_owned(), true);
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
    fn what_would_take_the_parser_for_ever_is_left_to_pip() {
        let extras = |n: usize| format!("a[{}]", (0..n).map(|i| format!("e{i}")).collect::<Vec<_>>().join(","));
        for (text, code) in [
            (extras(300_000), "MC100"),
            (format!("a {}", "==1,".repeat(100_000)), "MC100"),
            ("x".repeat(1 << 20), "MC100"),
            (format!("a[{}", "(".repeat(1_000)), "MC120"),
            // The parser panics on these.
            ("a-[x]".to_owned(), "MC120"),
            ("a[b.".to_owned(), "MC120"),
            ("a_ ==1".to_owned(), "MC120"),
            ("2.*".to_owned(), "MC120"),
            ("é==1".to_owned(), "MC120"),
            ("a==1; 'x' ~= os_name < é".to_owned(), "MC120"),
            ("a==1; extra > 'x'é".to_owned(), "MC120"),
            // And overflows its stack, or takes hours.
            (format!("a==1; {}extra == 'x'", "(".repeat(100_000)), "MC120"),
        ] {
            assert_eq!(found(&format!("# 1\n{text}\nb==1\n")), [(code, 2)], "{text:.80}");
        }
        let deep = format!("{}python_version == '3'{}", "(".repeat(100_000), ")".repeat(100_000));
        let pair = |i: usize| format!("(extra == 'a{i}' and extra == 'b{i}')");
        let pairs = (0..1_000).map(pair).collect::<Vec<_>>().join(" or ");
        assert_eq!(found(&format!("a==1; {deep}\na==1; {pairs}\n")), []);
        assert_eq!(
            found(&format!("a==1; {deep}\na==1; {pairs}\na==2 ;{deep}\n")),
            [("MC122", 3)]
        );
        assert_eq!(
            found("a @ https://host/x;y.whl ; extra == 'x'\nb @ https://host/x;y.whl\n"),
            []
        );
    }

    #[test]
    fn of_very_many_lines_the_first_findings_are_listed() {
        for line in ["=\n", "-r nothing\n", "a b\n"] {
            assert_eq!(found(&line.repeat(100_000)).len(), MOST_FINDINGS, "{line}");
        }
        let markers: String = (0..3_000).fold(String::new(), |all, n| format!("{all}a==1; extra == 'e{n}'\n"));
        assert_eq!(found(&markers), []);
        assert_eq!(found(&format!("{markers}a==2; extra == 'e0'\n")), [("MC122", 3_001)]);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "([a-z]{0,3}[ \\[\\](),;=<>~!'\"@#\\\\$:-]{0,3}(extra|and|or|-r|1\\.0)?\n?){0,20}") {
            let lines = text.lines().count();
            prop_assert!(found(&text).iter().all(|(_, line)| (1..=lines).contains(line)));
        }
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
