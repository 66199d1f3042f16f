//! Python's tracebacks: which files, which line, which exception.

/// A line of code on the way to the exception.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The file, as the process names it.
    pub file: String,
    /// 1-based line.
    pub line: usize,
}

/// The frames of a record in their order, the innermost last. Also those of a `SyntaxError`, which has no traceback.
pub fn frames(text: &str) -> Vec<Frame> {
    let mut frames = Vec::new();
    for line in text.lines() {
        let Some(rest) = line.trim_start().trim_start_matches(['|', ' ']).strip_prefix("File \"") else {
            continue;
        };
        let Some((file, rest)) = rest.split_once("\", line ") else {
            continue;
        };
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        if let Ok(line) = digits.parse() {
            frames.push(Frame {
                file: file.to_owned(),
                line,
            });
        }
    }
    frames
}

/// Whether a file is Python's own or a package's: nothing that the user would mend.
pub fn is_foreign(file: &str) -> bool {
    file.starts_with('<')
        || ["/site-packages/", "/dist-packages/", "/lib/python"]
            .iter()
            .any(|part| file.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_tracebacks_and_syntax_errors() {
        let text = "Traceback (most recent call last):\n  File \"/app/run.py\", line 5, in <module>\n    import x\n  File \"<frozen os>\", line 679, in __getitem__\nKeyError: 'X'";
        let found = frames(text);
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].file.as_str(), found[0].line), ("/app/run.py", 5));
        assert!(is_foreign(&found[1].file));
        assert!(is_foreign("/usr/local/lib/python3.12/site-packages/x.py"));
        assert!(!is_foreign("/app/magic_proxy/x.py"));
        assert_eq!(
            frames("  File \"/app/run.py\", line 3\n    def x(\n         ^\nSyntaxError: x")[0].line,
            3
        );
    }
}
