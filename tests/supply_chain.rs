//! What we build on is named exactly, and scripts and recipes fetch and keep nothing in a way that others can turn against us. The part
//! of `make audit` that needs neither a tool nor the network.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that can't go on fails by panicking"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every file below the folders, links not followed.
fn files_below(folders: &[&str]) -> Vec<PathBuf> {
    let mut open: Vec<PathBuf> = folders.iter().map(|folder| root().join(folder)).collect();
    let mut files = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let entry = entry.expect("an entry");
            if entry.file_type().expect("its kind").is_dir() {
                open.push(entry.path());
            } else {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    files
}

/// What of `text` is a shell's or a builder's to read, by line: comments left out.
fn code(text: &str) -> Vec<(usize, &str)> {
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    lines.filter(|(_, line)| !line.trim_start().starts_with('#')).collect()
}

/// The packages of a Cargo.lock, each with its lines by name.
fn packages(lock: &str) -> Vec<BTreeMap<&str, &str>> {
    let parts = lock.split("[[package]]\n").skip(1);
    parts
        .map(|part| {
            let lines = part.lines().filter_map(|line| line.split_once(" = "));
            lines.map(|(name, value)| (name, value.trim_matches('"'))).collect()
        })
        .collect()
}

/// What is wrong with a Cargo.lock: packages from elsewhere than crates.io, or without a checksum. `own` are this repository's.
fn foreign(lock: &str, own: &[&str]) -> Vec<String> {
    let all = packages(lock);
    let is_well = |package: &BTreeMap<&str, &str>| match package.get("source") {
        None => own.contains(&package["name"]),
        Some(source) => {
            *source == "registry+https://github.com/rust-lang/crates.io-index"
                && package.get("checksum").is_some_and(|sum| sum.len() == 64)
        }
    };
    let wrong = all.iter().filter(|package| !is_well(package));
    wrong.map(|package| package["name"].to_owned()).collect()
}

#[test]
fn every_crate_comes_from_crates_io_with_a_checksum() {
    for (lock, own) in [
        ("Cargo.lock", &["magicctl"] as &[&str]),
        ("fuzz/Cargo.lock", &["magicctl", "magicctl-fuzz"]),
    ] {
        let text = read(lock);
        assert!(packages(&text).len() > 50, "{lock}");
        assert_eq!(foreign(&text, own), Vec::<String>::new(), "{lock}");
    }
    // The test itself tells them apart.
    for wrong in [
        "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"git+https://example.com/a\"\n",
        "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"registry+https://example.com/index\"\nchecksum = \"00\"\n",
        "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n",
    ] {
        assert_eq!(foreign(wrong, &["magicctl"]), ["a"], "{wrong}");
    }
}

/// The packages of a requirements file that pip would not hold to an exact version and a hash.
fn loose(text: &str) -> Vec<String> {
    let joined = text.replace("\\\n", " ");
    let lines = joined.lines().map(str::trim);
    let packages = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let exact = Regex::new(r"^[A-Za-z0-9._-]+==[A-Za-z0-9.!+]+( ;[^#]*)?( +--hash=sha256:[0-9a-f]{64})+$").unwrap();
    packages
        .filter(|line| !exact.is_match(line))
        .map(ToOwned::to_owned)
        .collect()
}

#[test]
fn every_python_package_has_a_version_and_hashes() {
    for file in [
        "requirements.txt",
        "scripts/python/tests.txt",
        "scripts/python/audit.txt",
        "scripts/python/litellm.txt",
    ] {
        let text = read(file);
        assert!(text.matches("\n    --hash=sha256:").count() > 20, "{file}");
        assert_eq!(loose(&text), Vec::<String>::new(), "{file}: make requirements");
    }
    let hash = format!("--hash=sha256:{}", "0".repeat(64));
    for wrong in [
        "redis==8.1.0",
        "redis>=8 HASH",
        "redis HASH",
        "redis==8.* HASH",
        "-e . HASH",
    ] {
        let line = wrong.replace("HASH", &hash);
        assert_eq!(loose(&line), [line.as_str()]);
    }
}

#[test]
fn what_the_app_names_is_what_is_installed() {
    let installed = read("requirements.txt").to_lowercase();
    let named = read("requirements.in");
    let named: Vec<&str> = named.lines().filter(|line| !line.starts_with('#')).collect();
    assert!(named.len() > 5, "{named:?}");
    for line in named {
        let line = format!("\n{} \\\n", line.to_lowercase());
        assert!(installed.contains(&line), "{line}: make requirements");
    }
}

/// What a script or recipe may not hold, and why.
fn risks() -> Vec<(&'static str, Regex)> {
    let rule = |why, pattern: &str| (why, Regex::new(pattern).unwrap());
    vec![
        rule(
            "a name that anybody can know, in a folder that all can write",
            r"TMPDIR|/tmp/[a-z]|/var/tmp/[A-Za-z._-]*(\s|$)|/dev/shm",
        ),
        rule(
            "a name of mktemp's that another may be quicker to take",
            r"mktemp\s+(-\S*\s+)*-\S*u|tempnam|mktemp\(\)",
        ),
        rule(
            "a program is fetched and run unseen",
            r"(curl|wget)\b.*\|\s*(sudo\s+)?(ba|da|z)?sh\b|<\((curl|wget)",
        ),
        rule("text is run as a program", r"\beval\b"),
        rule(
            "a signature or certificate is not checked",
            r"--no-check-gpg|allow-unauthenticated|trusted=yes|--insecure|curl\s+(\S+\s+)*-\w*k|--no-check-certificate|--trusted-host|GONOSUMDB|GONOSUMCHECK|GOINSECURE|GOFLAGS=\S*-insecure|GOSUMDB=off|--allow-releaseinfo-change",
        ),
        rule("a module is taken at whatever sum it has", r"-mod=mod\b|@latest\b"),
    ]
}

fn found(text: &str) -> Vec<String> {
    let rules = risks();
    let lines = code(text);
    let hits = lines.iter().flat_map(|(number, line)| {
        let broken = rules.iter().filter(|(_, pattern)| pattern.is_match(line));
        broken.map(move |(why, _)| format!("{number}: {why}: {}", line.trim()))
    });
    hits.collect()
}

#[test]
fn scripts_and_recipes_keep_nothing_where_others_can_reach_it_and_run_nothing_unseen() {
    let mut looked = 0;
    for file in files_below(&["scripts", "images", "tests/doubles", "tests/tools", ".ci"]) {
        let Ok(text) = fs::read_to_string(&file) else { continue };
        let is_recipe = file.file_name().is_some_and(|name| name == "Dockerfile");
        if !is_recipe && !text.starts_with("#!") {
            continue;
        }
        looked += 1;
        assert_eq!(found(&text), Vec::<String>::new(), "{}", file.display());
    }
    assert!(looked > 20, "{looked}");
    assert_eq!(found(&read("Dockerfile")), Vec::<String>::new());
    for wrong in [
        "exec 9>\"${TMPDIR:-/tmp}/magicctl-images.lock\"",
        "echo x >/tmp/state",
        "name=$(mktemp -u)",
        "curl -fsSL https://example.com/install | sh",
        "bash <(curl https://example.com)",
        "eval \"$line\"",
        "debootstrap --no-check-gpg bookworm root",
        "curl -sk https://example.com",
        "pip install --trusted-host example.com x",
        "RUN go build -mod=mod ./cmd",
    ] {
        assert_eq!(found(wrong).len(), 1, "{wrong}");
    }
}

#[test]
fn a_recipe_that_downloads_names_what_the_download_adds_up_to() {
    for file in files_below(&["images", "tests/doubles", "tests/tools"]) {
        if file.file_name().is_none_or(|name| name != "Dockerfile") {
            continue;
        }
        let text = fs::read_to_string(&file).expect("a recipe");
        let lines: Vec<String> = code(&text).into_iter().map(|(_, line)| line.to_string()).collect();
        let code = lines.join("\n");
        let folder = file.parent().expect("its folder");
        // Each module by name: its sum stands beside it. `go mod download` alone reads the go.sum of the folder.
        let by_name = code.matches("go mod download -json \"").count();
        assert_eq!(
            code.matches("| grep -F \"\\\"Sum\\\": ").count(),
            by_name,
            "{}",
            file.display()
        );
        let others = code.matches("go mod download").count() - by_name;
        assert!(others == 0 || folder.join("go.sum").is_file(), "{}", file.display());
        if code.contains("mvn ") {
            assert!(
                code.contains("sha256sum --quiet --check /build/libs.sha256"),
                "{}",
                file.display()
            );
            let sums = fs::read_to_string(folder.join("libs.sha256")).expect("the jars' sums");
            assert!(sums.lines().count() > 50, "{}", file.display());
        }
        assert!(
            !code.contains("pip install") && !code.contains("npm "),
            "{}",
            file.display()
        );
    }
}

/// The tests that SECURITY.md names: `tests/it/names.rs: a_test`, `src/files/tests.rs: a_test`.
fn named_tests(text: &str) -> Vec<(String, String)> {
    let pattern = Regex::new(r"`((?:src|tests|magic_proxy)/[\w./-]+): (\w+)`").unwrap();
    let found = pattern.captures_iter(text);
    found.map(|found| (found[1].to_owned(), found[2].to_owned())).collect()
}

#[test]
fn every_test_that_the_security_page_names_is_there() {
    let named = named_tests(&read("SECURITY.md"));
    assert!(named.len() > 10, "{named:?}");
    for (file, test) in named {
        let text = read(&file);
        let definitions = [format!("fn {test}("), format!("def {test}("), format!("fn {test}<")];
        assert!(
            definitions.iter().any(|line| text.contains(line)),
            "SECURITY.md names {file}: {test}"
        );
    }
}
