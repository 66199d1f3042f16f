//! What the app's own code imports, and whether a line of requirements.txt brings it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::check::Finding;
use crate::check::finding::MOST_FINDINGS;
use crate::check::project::Project;
use crate::check::text::Text;
use crate::codes;
use crate::python;

use super::{MOST_BYTES, Recipe, each, walk};

/// As many files of code are read, and as many bytes of one.
const MOST_FILES: usize = 400;
const LARGEST: u64 = 256 << 10;
/// And of all.
const MOST_OF_ALL: usize = 4 << 20;

/// What others bring that people import all the same.
const COMES_ALONG: [(&str, &[&str]); 9] = [
    ("starlette", &["fastapi", "mcp"]),
    ("pydantic", &["fastapi", "openai", "anthropic", "mcp", "langchain"]),
    ("anyio", &["starlette", "fastapi", "httpx", "openai"]),
    ("httpx", &["openai", "anthropic", "mcp"]),
    ("numpy", &["pandas", "scipy", "scikit-learn", "torch"]),
    ("werkzeug", &["flask"]),
    ("jinja2", &["flask", "fastapi"]),
    ("click", &["flask", "typer", "uvicorn", "celery"]),
    ("urllib3", &["requests", "boto3"]),
];

pub(in crate::check) fn look(project: &Project) -> Vec<Finding> {
    let mut left = MOST_BYTES;
    let mut findings = Vec::new();
    if !project.has_app() {
        return findings;
    }
    for (service, build) in project.built() {
        let found = each(project, service, build, &mut left, |recipe| missing(project, recipe));
        findings.extend(found.unwrap_or_default());
    }
    findings.truncate(MOST_FINDINGS);
    findings
}

fn missing(project: &Project, recipe: &Recipe<'_, '_>) -> Vec<Finding> {
    // Only where pip installs that file into a plain image of Python nothing else can bring a module.
    let is_plain =
        recipe.text.content.contains("requirements.txt") && recipe.text.content.to_lowercase().contains("python");
    let path = recipe.build.context.join("requirements.txt");
    let Some(requirements) = Text::named(project, &path).ok().flatten().filter(|_| is_plain) else {
        return Vec::new();
    };
    let Some(packages) = packages(&requirements.content) else {
        return Vec::new();
    };
    let code: Vec<PathBuf> = walk::files(recipe)
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "py"))
        .take(MOST_FILES)
        .collect();
    let own = own_modules(&code);
    let is_hashed = requirements.content.contains("--hash");
    let mut left = MOST_OF_ALL;
    let mut first: BTreeMap<String, (Text, usize)> = BTreeMap::new();
    for path in &code {
        let Ok(content) = recipe.context.text(path, LARGEST) else {
            continue;
        };
        let Some(rest) = left.checked_sub(content.len()) else {
            break;
        };
        left = rest;
        let text = Text::new(recipe.build.context.join(path), content, recipe.text.quotable);
        for (line, module) in imports(&text.content) {
            let is_known = python::is_standard(module)
                || own.contains(module)
                || first.contains_key(module)
                || is_brought(module, &packages)
                || recipe.text.content.contains(module);
            if !is_known {
                first.insert(module.to_owned(), (text.clone(), line));
            }
        }
    }
    let finding = |(module, (text, line)): (String, (Text, usize))| {
        let package = python::package(&module);
        let what = format!(
            "{} imports {module}, but no line of {} installs it",
            project.shown(&text.path),
            project.shown(&path)
        );
        let fix = if is_hashed {
            format!(
                "add {package} to the file that {} is compiled from, compile again, then build",
                project.shown(&path)
            )
        } else {
            format!("add {package} to {}, then build", project.shown(&path))
        };
        Finding::new(&codes::REQUIREMENT_MISSING, what)
            .fix(fix)
            .at(text.line(line))
    };
    first.into_iter().map(finding).collect()
}

/// The modules that the code itself is: each file and each folder above it.
fn own_modules(code: &[PathBuf]) -> BTreeSet<String> {
    let parts = |path: &Path| -> Vec<String> {
        let mut parts: Vec<String> = path
            .components()
            .map(|part| part.as_os_str().to_string_lossy().into_owned())
            .collect();
        if let Some(last) = parts.last_mut() {
            *last = last.trim_end_matches(".py").to_owned();
        }
        parts
    };
    code.iter().flat_map(|path| parts(path)).collect()
}

/// The names of the packages that are asked for, as PEP 503 has them; nothing where other files, folders or addresses may
/// bring more.
fn packages(requirements: &str) -> Option<BTreeSet<String>> {
    let mut packages = BTreeSet::new();
    for line in requirements.trim_start_matches('\u{feff}').lines().map(str::trim) {
        if line.is_empty()
            || line.starts_with(['#', '\\'])
            || line.starts_with("--hash")
            || line.starts_with("--index-url")
        {
            continue;
        }
        if line.starts_with(['-', '.', '/']) || line.contains("://") || line.contains("${") {
            return None;
        }
        let end = line.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')));
        packages.insert(normal(&line[..end.unwrap_or(line.len())]));
    }
    Some(packages)
}

fn normal(package: &str) -> String {
    package.to_lowercase().replace(['_', '.'], "-")
}

/// Whether one of `packages` brings `module`: by its name, or one that has it in it, or as what comes along.
fn is_brought(module: &str, packages: &BTreeSet<String>) -> bool {
    let name = normal(module);
    let package = normal(python::package(module));
    let along = COMES_ALONG
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, bringers)| *bringers);
    packages.contains(&package)
        || packages
            .iter()
            .any(|known| known.contains(&name) || (known.len() > 3 && name.contains(known.as_str())))
        || along.is_some_and(|bringers| bringers.iter().any(|bringer| packages.contains(*bringer)))
}

/// The modules that are imported whatever happens: at the beginning of a line, not in a text over several lines.
fn imports(code: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut quotes: Option<&str> = None;
    let lines = code.lines().enumerate().filter_map(move |(index, line)| {
        let was_inside = quotes.is_some();
        for mark in ["\"\"\"", "'''"] {
            let count = line.matches(mark).count();
            quotes = match quotes {
                Some(open) if open == mark && count % 2 == 1 => None,
                None if count % 2 == 1 => Some(mark),
                unchanged => unchanged,
            };
        }
        (!was_inside).then_some((index + 1, line))
    });
    lines.flat_map(|(number, line)| {
        let modules: Vec<&str> = if let Some(rest) = line.strip_prefix("from ") {
            let module = rest.split_whitespace().next().unwrap_or_default();
            vec![module]
                .into_iter()
                .filter(|module| !module.starts_with('.'))
                .collect()
        } else if let Some(rest) = line.strip_prefix("import ") {
            let rest = rest.split('#').next().unwrap_or_default();
            rest.split(',')
                .filter_map(|part| part.split_whitespace().next())
                .collect()
        } else {
            Vec::new()
        };
        let tops = modules.into_iter().filter_map(|module| module.split('.').next());
        let is_name = |module: &&str| !module.is_empty() && module.chars().all(|c| c.is_alphanumeric() || c == '_');
        tops.filter(is_name)
            .map(move |module| (number, module))
            .collect::<Vec<_>>()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_always_imported_counts() {
        let code = "import os, numpy as np  # both\nfrom a.b import c\nfrom . import own\nif x:\n    import later\n\
                    \"\"\"\nimport in_a_text\n\"\"\"\nimport after\n\"\"\"one line\"\"\"\nimport last\nimportant = 1\n";
        let found: Vec<(usize, &str)> = imports(code).collect();
        assert_eq!(found, [(1, "os"), (1, "numpy"), (2, "a"), (9, "after"), (11, "last")]);
    }

    #[test]
    fn packages_are_known_by_other_names_and_by_what_they_bring() {
        let of = |text: &str| packages(text).unwrap();
        let some =
            of("PyYAML==6 \\\n    --hash=sha256:00\nopentelemetry-sdk>=1\nfastapi[standard]\npython-dotenv; x\n# no\n");
        for (module, is) in [
            ("yaml", true),
            ("opentelemetry", true),
            ("starlette", true),
            ("dotenv", true),
            ("aiokafka", false),
            ("requests", false),
        ] {
            assert_eq!(is_brought(module, &some), is, "{module}");
        }
        for elsewhere in ["-r other.txt\n", "-e .\n", "x @ https://host/x.whl\n", "./local\n"] {
            assert_eq!(packages(elsewhere), None, "{elsewhere}");
        }
    }
}
