//! What a run opened, wrote, removed and started, by the system's own account.

use std::collections::BTreeMap;
use std::path::Path;

/// Calls that change what they name.
const CHANGES: &str = "creat,unlink,unlinkat,rename,renameat,renameat2,mkdir,mkdirat,rmdir,link,linkat,symlink,symlinkat,chmod,fchmod,fchmodat,\
truncate,ftruncate,chown,fchown,lchown,fchownat,mknod,mknodat,setxattr,lsetxattr,fsetxattr,utimensat";

/// The arguments for strace that write such an account to `file`.
pub fn arguments(file: &Path) -> Vec<String> {
    let calls = format!("trace=open,openat,openat2,execve,{CHANGES}");
    let words = ["-f", "-qq", "-y", "-s", "4096", "-e", &calls, "-o"];
    words
        .into_iter()
        .map(ToOwned::to_owned)
        .chain([file.display().to_string()])
        .collect()
}

/// What of an account is not as it should be.
pub fn violations(account: &str, may_read: impl Fn(&str) -> bool, may_write: impl Fn(&str) -> bool) -> Vec<String> {
    let is_fine = |line: &str| {
        let Some((call, result)) = line.rsplit_once(" = ") else {
            return true;
        };
        if result.starts_with("-1") || result.starts_with('?') {
            return true;
        }
        let name = call
            .split('(')
            .next()
            .and_then(|head| head.rsplit(' ').next())
            .unwrap_or_default();
        match name {
            "execve" => quoted(call).is_some_and(|program| program.ends_with("/magicctl") || program.ends_with("/git")),
            "open" | "openat" | "openat2" => {
                let Some(path) = result
                    .split_once('<')
                    .and_then(|(_, rest)| rest.rsplit_once('>'))
                    .map(|(path, _)| path)
                else {
                    return false;
                };
                let writes = ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC"]
                    .iter()
                    .any(|flag| call.contains(flag));
                let only_looks = call.contains("O_PATH");
                if writes {
                    may_write(path)
                } else {
                    only_looks || may_read(path)
                }
            }
            // `-y` names the folder or the file that a descriptor is of.
            _ => {
                let folder = call
                    .split_once('<')
                    .and_then(|(_, rest)| rest.split_once('>'))
                    .map(|(path, _)| path);
                match (folder, quoted(call)) {
                    (_, Some(path)) if path.starts_with('/') => may_write(path),
                    (Some(folder), _) => may_write(&format!("{folder}/")),
                    _ => false,
                }
            }
        }
    };
    whole_calls(account).into_iter().filter(|line| !is_fine(line)).collect()
}

/// How often each file was read to its end, by an account of `read` with the paths of its descriptors (`-y`).
pub fn read_to_the_end(account: &str) -> BTreeMap<String, usize> {
    let mut read = BTreeMap::new();
    for line in whole_calls(account) {
        let file = line
            .strip_suffix(" = 0")
            .and_then(|call| call.split_once('<')?.1.split_once('>'));
        if let Some((path, _)) = file {
            *read.entry(path.to_owned()).or_default() += 1;
        }
    }
    read
}

/// The calls of an account, each in one line: one that another process interrupted is told in two parts.
fn whole_calls(account: &str) -> Vec<String> {
    let mut begun: BTreeMap<&str, &str> = BTreeMap::new();
    let mut calls = Vec::new();
    for line in account.lines() {
        let (process, call) = line.split_once(' ').unwrap_or_default();
        let call = call.trim_start();
        if let Some(beginning) = call.strip_suffix("<unfinished ...>") {
            begun.insert(process, beginning);
        } else if let Some((_, end)) = call.strip_prefix("<... ").and_then(|rest| rest.split_once("resumed>")) {
            calls.push(format!("{process} {}{end}", begun.remove(process).unwrap_or_default()));
        } else {
            calls.push(line.to_owned());
        }
    }
    calls
}

/// The first text in quotes.
fn quoted(call: &str) -> Option<&str> {
    call.split('"').nth(1)
}

#[test]
fn reads_are_counted_by_their_ends() {
    let account = "\
12 read(3</a>, \"x = 1\", 32) = 5
12 read(3</a>, \"\", 27) = 0
12 read(3</a>, <unfinished ...>
13 read(4</b>, \"y\", 32) = 1
12 <... read resumed>\"\", 32) = 0
";
    assert_eq!(read_to_the_end(account), BTreeMap::from([("/a".to_owned(), 2)]));
}

#[test]
fn an_account_is_understood() {
    let account = "\
12 execve(\"/x/magicctl\", [\"magicctl\"], 0x1 /* 3 vars */) = 0
12 execve(\"/bin/sh\", [\"sh\"], 0x1 /* 3 vars */) = 0
12 openat(AT_FDCWD</clone>, \"link\", O_RDONLY|O_CLOEXEC) = 3</outside/secret>
12 openat(AT_FDCWD</clone>, \"link\", O_RDONLY|O_PATH|O_CLOEXEC) = 3</outside/secret>
12 openat2(3</clone>, \"link\", {flags=O_RDONLY, resolve=RESOLVE_BENEATH}, 24) = -1 EXDEV (Invalid cross-device link)
12 openat(3</clone>, \"a\", O_WRONLY|O_CREAT, 0666) = 4</outside/a>
12 renameat(3</clone>, \"a\", 3</clone>, \"b\") = 0
12 unlinkat(3</outside>, \"a\", 0) = 0
12 chmod(\"/outside/a\", 0640) = 0
12 openat(3</clone>, \"a\", O_RDONLY <unfinished ...>
13 openat(3</clone>, \"b\", O_RDONLY) = 4</clone/b>
12 <... openat resumed>) = 4</outside/a>
";
    let inside = |path: &str| path.starts_with("/clone");
    let found = violations(account, inside, inside);
    let lines: Vec<&str> = account.lines().collect();
    let joined = "12 openat(3</clone>, \"a\", O_RDONLY ) = 4</outside/a>";
    assert_eq!(found, [lines[1], lines[2], lines[5], lines[7], lines[8], joined]);
}
