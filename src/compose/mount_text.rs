//! The short form of a mount: `[SOURCE:]TARGET[:OPTIONS]`.

/// A mount's parts.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct MountText {
    pub source: String,
    pub target: String,
    pub read_only: bool,
    pub no_copy: bool,
    pub propagation: Option<String>,
    pub selinux: Option<String>,
    /// Options that mean nothing; Compose ignores them.
    pub unknown: Vec<String>,
}

impl MountText {
    /// Whether the source is a path of the host.
    pub fn is_bind(&self) -> bool {
        let mut chars = self.source.chars();
        match (chars.next(), chars.next()) {
            (Some('.' | '/' | '~'), _) | (Some('\\'), Some('\\')) => true,
            // A drive of Windows.
            (Some(drive), Some(':')) => drive.is_alphabetic(),
            _ => false,
        }
    }

    /// Whether it has options that only a bind mount has.
    pub fn has_bind_options(&self) -> bool {
        self.propagation.is_some() || self.selinux.is_some()
    }
}

/// Takes `text` apart; the error says why it can't be.
pub(super) fn parse(text: &str) -> Result<MountText, String> {
    let mut mount = MountText::default();
    match text.len() {
        0 => return Err("the mount is empty".to_owned()),
        1 | 2 => {
            text.clone_into(&mut mount.target);
            return Ok(mount);
        }
        _ => {}
    }
    let mut part = String::new();
    let mut braces = 0_usize;
    let mut chars = text.chars().peekable();
    loop {
        let c = chars.next();
        match c {
            Some('$') if chars.peek() == Some(&'{') => braces += 1,
            Some('}') if braces > 0 => braces -= 1,
            Some(':') if is_drive(&part) => {}
            Some(':') | None if braces == 0 => {
                set(&mut mount, &part, c.is_none())?;
                part.clear();
                if c.is_none() {
                    return Ok(mount);
                }
                continue;
            }
            None => return Ok(mount),
            _ => {}
        }
        part.extend(c);
    }
}

fn is_drive(part: &str) -> bool {
    let mut chars = part.chars();
    chars.next().is_some_and(char::is_alphabetic) && chars.next().is_none()
}

fn set(mount: &mut MountText, part: &str, last: bool) -> Result<(), String> {
    if part.is_empty() {
        return Err("nothing between two colons".to_owned());
    }
    if mount.source.is_empty() && last {
        part.clone_into(&mut mount.target);
    } else if mount.source.is_empty() {
        part.clone_into(&mut mount.source);
    } else if mount.target.is_empty() {
        part.clone_into(&mut mount.target);
    } else if !last {
        return Err("too many colons".to_owned());
    } else {
        for option in part.split(',') {
            match option {
                "ro" => mount.read_only = true,
                "rw" => mount.read_only = false,
                "nocopy" => mount.no_copy = true,
                "rprivate" | "private" | "rshared" | "shared" | "rslave" | "slave" => {
                    mount.propagation = Some(option.to_owned());
                }
                "z" | "Z" => mount.selinux = Some(option.to_owned()),
                "" => {}
                other => mount.unknown.push(other.to_owned()),
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_is_a_mount_or_none(text in "(\\$\\{)?[a-c/.~\\\\é}{:$,]{0,12}(:(ro|rw|z|nocopy|x),?){0,2}") {
            if let Ok(mount) = parse(&text) {
                prop_assert!(text.contains(&mount.source) && text.contains(&mount.target));
                let _any = (mount.is_bind(), mount.has_bind_options());
            }
        }
    }

    #[test]
    fn parts() {
        let told = |text: &str| parse(text).map(|mount| (mount.source.clone(), mount.target.clone(), mount.is_bind()));
        let parts = |source: &str, target: &str, bind| Ok((source.to_owned(), target.to_owned(), bind));
        assert_eq!(told("/x"), parts("", "/x", false));
        assert_eq!(told("./a:/b:ro"), parts("./a", "/b", true));
        assert_eq!(told("data:/b"), parts("data", "/b", false));
        assert_eq!(told("c:\\a:/b"), parts("c:\\a", "/b", true));
        assert_eq!(told("${A:-b}:/c"), parts("${A:-b}", "/c", false));
        assert!(told("aa:bb:cc:dd").unwrap_err().contains("too many"));
        assert!(told("aa::b").unwrap_err().contains("nothing"));
        assert!(told("").is_err());
    }
}
