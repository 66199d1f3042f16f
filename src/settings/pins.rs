//! `pins`: the digest of each image that the rendered Compose file names by tag. `render --pin` writes them, so that a later
//! `render` keeps them; an image with another tag is another image and has none.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use crate::failure::Failure;
use crate::files::{Refused, Root};
use crate::image::ImageRef;
use crate::yaml::{Key, Node, Source, Value, parse};

use super::FILE;

/// Bytes of the largest magicctl.yaml that is edited.
const LARGEST: u64 = 1 << 20;

/// Digests by image: `redis:8.10-alpine` to `sha256:…`.
pub type Pins = BTreeMap<String, String>;

/// What stands above the pins that we write.
const COMMENT: &str = "# The digest of each image tag, written by `magicctl render --pin`.";

/// An entry of `pins`; the error says what it is instead.
pub(super) fn check(image: &str, digest: &str) -> Result<(), String> {
    let named = ImageRef::parse(image).is_ok_and(|image| image.tag().is_some() && image.digest().is_none());
    if !named {
        return Err(format!(
            "`{image}` is not an image with a tag, as in docker-compose.yml"
        ));
    }
    ImageRef::parse(&format!("{image}@{digest}"))
        .map(drop)
        .map_err(|_| format!("`{digest}` is not a valid digest"))
}

/// Writes `pins` into the magicctl.yaml of `root`, in place of those that are there; all else stays as it is written.
/// False when nothing changes.
pub fn write_pins(root: &Path, pins: &Pins) -> Result<bool, Failure> {
    let path = root.join(FILE);
    let cant = |why: Refused| Failure::failed(format!("{} can't be written", path.display())).because(why.to_string());
    let folder = Root::open(root).map_err(cant)?;
    let text = match folder.text(Path::new(FILE), LARGEST) {
        Ok(text) => text,
        Err(Refused::Missing) => String::new(),
        Err(why) => return Err(cant(why)),
    };
    let edited = with_pins(&path, &text, pins)?;
    if edited != text {
        folder.write(Path::new(FILE), edited.as_bytes()).map_err(cant)?;
    }
    Ok(edited != text)
}

/// `text` with these pins. What was edited is read again: a form of YAML in which that fails is left to the user.
fn with_pins(path: &Path, text: &str, pins: &Pins) -> Result<String, Failure> {
    let before = entries(path, text)?;
    if pins_of(&before) == *pins {
        return Ok(text.to_owned());
    }
    let block = block(pins);
    let at = before.iter().position(|(key, _)| key.name == "pins");
    let edited = match at {
        None => format!("{}{COMMENT}\n{block}", with_end(text)),
        Some(at) => {
            let lines: Vec<&str> = text.split_inclusive('\n').collect();
            let begin = before[at].0.span.line - 1;
            let next = before.get(at + 1).map_or(lines.len(), |(key, _)| key.span.line - 1);
            let is_of_next = |line: &&&str| line.trim().is_empty() || line.starts_with('#');
            let kept = lines[begin..next].iter().rev().take_while(is_of_next).count();
            [&lines[..begin].concat(), &block, &lines[next - kept..].concat()]
                .map(String::as_str)
                .concat()
        }
    };
    let names = |entries: &[(Key, Node)]| -> Vec<String> {
        let others = entries.iter().filter(|(key, _)| key.name != "pins");
        others.map(|(key, _)| key.name.clone()).collect()
    };
    match entries(path, &edited) {
        Ok(after) if pins_of(&after) == *pins && names(&after) == names(&before) => Ok(edited),
        _ => Err(
            Failure::failed(format!("{} can't be edited automatically", path.display()))
                .hint(format!("add this by hand:\n{block}")),
        ),
    }
}

fn entries(path: &Path, text: &str) -> Result<Vec<(Key, Node)>, Failure> {
    match parse(&Source::new(path, text.to_owned()))?.value {
        Value::Map(entries) => Ok(entries),
        _ => Ok(Vec::new()),
    }
}

fn pins_of(entries: &[(Key, Node)]) -> Pins {
    let pins = entries.iter().find(|(key, _)| key.name == "pins");
    let Some(Value::Map(pins)) = pins.map(|(_, node)| &node.value) else {
        return Pins::new();
    };
    let text = |node: &Node| node.text().unwrap_or_default().to_owned();
    pins.iter().map(|(key, node)| (key.name.clone(), text(node))).collect()
}

fn block(pins: &Pins) -> String {
    let mut block = "pins:\n".to_owned();
    for (image, digest) in pins {
        // Writing into a string can't fail.
        let _written = writeln!(block, "  {image}: {digest}");
    }
    block
}

/// With an end of its last line, and an empty line after it.
fn with_end(text: &str) -> String {
    match text.trim_end() {
        "" => String::new(),
        text => format!("{text}\n\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(digit: char) -> String {
        format!("sha256:{}", digit.to_string().repeat(64))
    }

    fn pins(entries: &[(&str, char)]) -> Pins {
        let entries = entries.iter();
        entries
            .map(|(image, digit)| ((*image).to_owned(), digest(*digit)))
            .collect()
    }

    fn edited(text: &str, pins: &Pins) -> Result<String, Failure> {
        with_pins(Path::new("magicctl.yaml"), text, pins)
    }

    #[test]
    fn all_else_stays_as_it_is_written() {
        let one = pins(&[("redis:8", '1'), ("127.0.0.1:5000/a/b:2", '2')]);
        let block = format!(
            "pins:\n  127.0.0.1:5000/a/b:2: {}\n  redis:8: {}\n",
            digest('2'),
            digest('1')
        );
        let fresh = format!("{COMMENT}\n{block}");
        assert_eq!(edited("", &one).unwrap(), fresh);
        assert_eq!(edited("# mine\n", &one).unwrap(), format!("# mine\n\n{fresh}"));
        assert_eq!(
            edited("retention: 3d # long", &one).unwrap(),
            format!("retention: 3d # long\n\n{fresh}")
        );
        // In place, between others; the comments above the next key are that key's.
        let before =
            "# mine\nretention: 3d\npins:\n  # old\n  redis:7: sha256:00\n\n# of the ports\nports: {grafana: 3001}\n";
        let after = format!("# mine\nretention: 3d\n{block}\n# of the ports\nports: {{grafana: 3001}}\n");
        assert_eq!(edited(before, &one).unwrap(), after);
        assert_eq!(edited(&after, &one).unwrap(), after);
        assert_eq!(
            edited("pins: {redis:7: x}\nlog_level: info", &one).unwrap(),
            format!("{block}log_level: info")
        );
        assert_eq!(
            edited("pins:\r\n  a: b\r\nlog_level: info\r\n", &one).unwrap(),
            format!("{block}log_level: info\r\n")
        );
        // None where there were none: not even a comment.
        assert_eq!(edited("log_level: info\n", &Pins::new()).unwrap(), "log_level: info\n");
    }

    #[test]
    fn a_form_that_cannot_be_edited_is_left_to_the_user() {
        for text in [
            "{log_level: info}\n",
            "log_level: info\n...\n",
            "{pins: {a: b}, log_level: info}\n",
        ] {
            let failure = edited(text, &pins(&[("redis:8", '1')])).unwrap_err();
            assert!(
                failure.hint.as_ref().unwrap().contains("redis:8: sha256:1111"),
                "{text}: {failure:?}"
            );
        }
        edited("log_level: [\n", &Pins::new()).unwrap_err();
    }

    #[test]
    fn an_entry_is_an_image_with_a_tag_and_a_digest() {
        check("redis:8", &digest('a')).unwrap();
        for (image, digest) in [
            ("redis", digest('a')),
            ("redis:8", "sha256:12".to_owned()),
            ("redis:8", "latest".to_owned()),
            ("redis:8", "sha256:\u{1b}[2J".to_owned()),
            ("redis:8}\"\n    privileged: true", digest('a')),
            (&format!("redis:8@{}", digest('b')), digest('a')),
        ] {
            check(image, &digest).unwrap_err();
        }
    }

    #[test]
    fn a_link_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let outside = tempfile::NamedTempFile::new().unwrap();
        std::os::unix::fs::symlink(outside.path(), folder.path().join(FILE)).unwrap();
        write_pins(folder.path(), &pins(&[("redis:8", '1')])).unwrap_err();
        assert_eq!(std::fs::read_to_string(outside.path()).unwrap(), "");
        let folder = tempfile::tempdir().unwrap();
        assert!(write_pins(folder.path(), &pins(&[("redis:8", '1')])).unwrap());
        assert!(!write_pins(folder.path(), &pins(&[("redis:8", '1')])).unwrap());
    }
}
