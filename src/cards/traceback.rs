//! Python's tracebacks: which files, which line, which exception.

/// A line of code on the way to the exception.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The file, as the process names it.
    pub file: String,
    /// 1-based line.
    pub line: usize,
    /// What that line said when it ran, without its indent.
    pub source: Option<String>,
}

/// As many frames as matter, the innermost. A log may hold any number, and a file is looked for for each.
const MOST: usize = 100;
/// No system has longer paths.
const LONGEST_PATH: usize = 4096;

/// The last frames of a record in their order, the innermost last. Also those of a `SyntaxError`, which has no traceback.
pub fn frames(text: &str) -> Vec<Frame> {
    let mut frames = Vec::new();
    let mut next = "";
    for line in text.lines().rev() {
        let full = line;
        let below = std::mem::replace(&mut next, line);
        if frames.len() == MOST {
            break;
        }
        let Some(rest) = line.trim_start().trim_start_matches(['|', ' ']).strip_prefix("File \"") else {
            continue;
        };
        let Some((file, rest)) = rest.split_once("\", line ") else {
            continue;
        };
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if let Ok(line) = rest[..digits].parse()
            && file.len() <= LONGEST_PATH
        {
            frames.push(Frame {
                file: file.to_owned(),
                line,
                source: source(full, below),
            });
        }
    }
    frames.reverse();
    frames
}

/// The line of code that stands `below` a frame's own line: deeper.
fn source(frame: &str, below: &str) -> Option<String> {
    let depth = |line: &str| line.len() - line.trim_start_matches(['|', ' ']).len();
    let code = below.trim_start_matches(['|', ' ']).trim_end();
    let is_code = depth(below) > depth(frame) && !code.is_empty() && !code.starts_with(['^', '~']);
    is_code.then(|| code.to_owned())
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
        assert_eq!(found[0].source.as_deref(), Some("import x"));
        assert_eq!(found[1].source, None, "the exception is not code");
        assert_eq!(
            frames("  File \"/app/run.py\", line 3\n    def x(\n         ^\nSyntaxError: x")[0].line,
            3
        );
    }

    #[test]
    fn of_an_endless_traceback_the_innermost_frames_count() {
        let line = |number: usize| format!("  File \"/app/{number}.py\", line {number}, in f\n");
        let text: String = (1..=100_000).map(line).collect();
        let found = frames(&text);
        assert_eq!(found.len(), MOST);
        assert_eq!((found[0].line, found[MOST - 1].line), (100_001 - MOST, 100_000));
        // Neither a path of a megabyte nor a line number that no file has.
        assert_eq!(frames(&format!("File \"{}\", line 1", "/a".repeat(1 << 19))), []);
        assert_eq!(frames(&format!("File \"a\", line {}", "9".repeat(1 << 20))), []);
    }
}
