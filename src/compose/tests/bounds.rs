//! Files of a few kilobytes that stand for gigabytes or for days: each comes to an end, with an error at its line.

use std::fmt::Write as _;

use super::{Request, loaded, stack};
use crate::failure::Failure;

/// The line that an error is at, and all that it says.
fn told(failure: &Failure) -> (usize, String) {
    let place = failure.place.as_ref().unwrap_or_else(|| panic!("{failure:?}"));
    (place.line, failure.to_string())
}

#[track_caller]
fn refused(text: &str, line: usize, what: &str) {
    let (at, said) = told(&stack(text).unwrap_err());
    assert!(at == line && said.contains(what), "line {at}, not {line}: {said}");
}

fn many(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).fold(String::new(), |mut all, number| {
        writeln!(all, "{}", line(number)).unwrap();
        all
    })
}

#[test]
fn a_service_has_at_most_ten_thousand_containers() {
    for (key, count) in [
        ("scale: ", "10001"),
        ("scale: ", "4000000000"),
        ("scale: ", "4294967297"),
        ("scale: ", "9223372036854775807"),
        ("scale: ", "18446744073709551615"),
        ("scale: ", "1e10"),
        ("scale: ", "'${N:-4000000000}'"),
        ("deploy: {replicas: ", "4000000000}"),
        ("deploy: {replicas: ", "1e300}"),
    ] {
        let text = format!("services:\n  a:\n    image: i\n    {key}{count}\n");
        refused(&text, 4, "must be at most 10000");
    }
    for fine in ["scale: 10000", "scale: 0", "deploy: {replicas: 10000}"] {
        let stack = stack(&format!("services: {{a: {{image: i, {fine}}}}}")).unwrap();
        assert!([0, 10_000].contains(&stack.services["a"].replicas()));
    }
}

#[test]
fn ports_are_counted_before_they_are_written_out() {
    let file = |ports: &str| format!("services:\n  a:\n    image: i\n    ports:\n{ports}");
    for (ports, line, what) in [
        ("    - 1-65535:1-65535\n", 5, "more than 20000 ports"),
        ("    - 0-65535\n", 5, "more than 20000 ports"),
        ("    - 1-4294967295:80\n", 5, "port"),
        ("    - 80:1-99999999999999999999\n", 5, "port"),
        ("    - 9000-8000:80\n", 5, "ends before it begins"),
        ("    - 80:9000-8000\n", 5, "ends before it begins"),
        (
            "    - 1-10000:1-10000\n    - 1-10000:1-10000/udp\n    - 20000:20000\n",
            7,
            "more than 20000 ports",
        ),
    ] {
        refused(&file(ports), line, what);
    }
    let each = many(20_001, |number| {
        format!("    - 127.0.{}.{}::80", number >> 8, number & 255)
    });
    refused(&file(&each), 20_005, "more than 20000 ports");
    // Media servers are like this.
    let stack = stack(&file("    - 16384-32768:16384-32768/udp\n")).unwrap();
    assert_eq!(stack.services["a"].ports.len(), 16_385);
}

#[test]
fn the_ports_of_all_services_are_counted_too() {
    let services = many(100, |number| {
        format!("  s{number}: {{image: i, ports: ['1-20000:1-20000']}}")
    });
    let (line, said) = told(&stack(&format!("services:\n{services}")).unwrap_err());
    assert!(
        (2..10).contains(&line) && said.contains("more than 500000 values"),
        "line {line}: {said}"
    );
}

#[test]
fn an_env_file_of_four_megabytes_is_read_in_one_pass() {
    // From the beginning for each variable, these were 10¹² bytes: hours.
    let text = many(340_000, |number| format!("V{number:06}=x$U"));
    assert!((3 << 20..4 << 20).contains(&text.len()));
    let stack = loaded(
        &[
            ("compose.yaml", "services: {a: {image: 'i:$V339999'}}"),
            (".env", &text),
        ],
        |_| {},
    );
    assert_eq!(stack.unwrap().services["a"].image.as_deref(), Some("i:x"));
    let wrong = format!("{text}no name\n");
    let stack = loaded(
        &[("compose.yaml", "services: {a: {image: i}}"), (".env", &wrong)],
        |_| {},
    );
    assert_eq!(told(&stack.unwrap_err()).0, 340_001);
}

#[test]
fn an_env_file_of_every_service_is_counted_each_time() {
    let env = many(1_000, |number| format!("V{number}=x"));
    for key in [
        "env_file: big.env",
        "label_file: big.env",
        "env_file: [{path: big.env, format: raw}]",
    ] {
        let services = many(1_000, |number| format!("  s{number}: {{image: i, {key}}}"));
        let files = [("compose.yaml", &*format!("services:\n{services}")), ("big.env", &env)];
        let said = loaded(&files, |_| {}).unwrap_err().to_string();
        assert!(said.contains("more than 500000 values"), "{key}: {said}");
    }
    // Comments are no values, and are read all the same.
    let comments = many(50_000, |_| "# ".repeat(10));
    let services = many(1_000, |number| format!("  s{number}: {{image: i, env_file: big.env}}"));
    let files = [
        ("compose.yaml", &*format!("services:\n{services}")),
        ("big.env", &comments),
    ];
    let said = loaded(&files, |_| {}).unwrap_err().to_string();
    assert!(said.contains("more than 500000 values"), "{said}");
}

#[test]
fn values_put_in_are_counted_over_the_whole_file() {
    let services = many(1_000, |number| format!("  s{number}: {{image: i, command: ['$BIG']}}"));
    let big = format!("BIG={}\n", "x".repeat(1 << 20));
    let files = [("compose.yaml", &*format!("services:\n{services}")), (".env", &big)];
    let (line, said) = told(&loaded(&files, |_| {}).unwrap_err());
    assert!(
        line < 50 && said.contains("more than 500000 values"),
        "line {line}: {said}"
    );
}

/// `levels` files, each of which includes the next one twice.
fn includes(levels: usize, entry: impl Fn(usize, usize) -> String) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = (0..levels)
        .map(|level| {
            let name = if level == 0 {
                "compose.yaml".to_owned()
            } else {
                format!("f{level}.yaml")
            };
            let twice = many(2, |side| format!("  - {}", entry(level, side)));
            (name, format!("include:\n{twice}services: {{s{level}: {{image: i}}}}\n"))
        })
        .collect();
    files.push((format!("f{levels}.yaml"), "services: {last: {image: i}}\n".to_owned()));
    for level in 0..levels {
        for side in 0..2 {
            files.push((format!("{level}-{side}.env"), format!("V{level}={side}\n")));
        }
    }
    files.push(("same.env".to_owned(), "SAME=1\n".to_owned()));
    files
}

fn load_of(files: &[(String, String)]) -> Result<super::Stack, Failure> {
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    loaded(&files, |_| {})
}

#[test]
fn two_includes_a_level_are_not_two_to_the_power_of_the_levels() {
    // Each on its own way has other variables.
    let other = includes(40, |level, side| {
        format!("{{path: f{}.yaml, env_file: {level}-{side}.env}}", level + 1)
    });
    let (line, said) = told(&load_of(&other).unwrap_err());
    assert!(
        (2..4).contains(&line) && said.contains("more than 1000 files are included"),
        "{line}: {said}"
    );
}

#[test]
fn what_is_reached_on_two_ways_is_read_once() {
    for entry in [
        |level: usize, _| format!("f{}.yaml", level + 1),
        |level, _| format!("{{path: f{}.yaml, env_file: same.env}}", level + 1),
        |level, side| {
            let from = if level == 0 { "." } else { ".." };
            format!(
                "{{path: {from}/f{}.yaml, project_directory: ./{level}-{side}}}",
                level + 1
            )
        },
    ] {
        let stack = load_of(&includes(49, entry)).unwrap();
        assert_eq!(stack.services.len(), 50);
    }
    let (_, said) = told(&load_of(&includes(60, |level, _| format!("f{}.yaml", level + 1))).unwrap_err());
    assert!(said.contains("50 levels deep"), "{said}");
}

#[test]
fn a_wide_include_is_counted_by_what_it_names() {
    let list = many(1_001, |_| "  - part.yaml".to_owned());
    let main = format!("include:\n{list}");
    let files = [
        ("compose.yaml", main.as_str()),
        ("part.yaml", "services: {a: {image: i}}"),
    ];
    let (line, said) = told(&loaded(&files, |_| {}).unwrap_err());
    assert!(line == 1_002 && said.contains("more than 1000 files"), "{line}: {said}");
    // Env files count, too: each is read again.
    let list = many(1_001, |_| "      - part.env".to_owned());
    let main = format!("include:\n  - path: part.yaml\n    env_file:\n{list}");
    let files = [
        ("compose.yaml", main.as_str()),
        ("part.yaml", "services: {a: {image: i}}"),
        ("part.env", "A=1\n"),
    ];
    let (line, said) = told(&loaded(&files, |_| {}).unwrap_err());
    assert!(line == 2 && said.contains("more than 1000 files"), "{line}: {said}");
    // And a large file that many take over.
    let large = format!(
        "services:\n{}",
        many(3_000, |number| format!("  s{number}: {{image: i}}"))
    );
    let list = many(200, |_| "  - large.yaml".to_owned());
    let main = format!("include:\n{list}");
    let files = [("compose.yaml", main.as_str()), ("large.yaml", large.as_str())];
    let (_, said) = told(&loaded(&files, |_| {}).unwrap_err());
    assert!(said.contains("more than 500000 values"), "{said}");
}

#[test]
fn a_large_service_that_many_extend_is_counted_each_time() {
    let environment = many(2_000, |number| format!("      V{number}: x"));
    let extending = many(2_000, |number| format!("  s{number}: {{extends: base}}"));
    let text = format!("services:\n  base:\n    image: i\n    environment:\n{environment}{extending}");
    let (line, said) = told(&stack(&text).unwrap_err());
    assert!(
        line > 2_004 && said.contains("extends: the project has more than 500000 values"),
        "{line}: {said}"
    );
    // From a file that is read again for each: two that take from each other.
    let from = |file: &str| {
        many(2_000, |number| {
            format!("  s{number}: {{extends: {{file: {file}, service: t{number}}}}}")
        })
    };
    let other = |file: &str| {
        many(2_000, |number| {
            format!("  t{number}: {{extends: {{file: {file}, service: s{number}}}}}")
        })
    };
    let base = format!("services:\n{}  base: {{image: i}}\n", from("c.yaml"));
    let back = format!(
        "services:\n{}{}",
        other("b.yaml").replace("service: s", "service: u"),
        many(10, |number| format!("  u{number}: {{image: i}}"))
    );
    let main = format!("services:\n{}", from("b.yaml").replace("service: t", "service: s"));
    let files = [("compose.yaml", &*main), ("b.yaml", &*base), ("c.yaml", &*back)];
    assert!(loaded(&files, |_| {}).is_err());
}

#[test]
fn what_is_merged_again_and_again_is_counted() {
    let services = many(3_000, |number| format!("  s{number}: {{image: i}}"));
    let documents = many(2_000, |number| format!("---\nx-a{number}: 1"));
    let text = format!("services:\n{services}{documents}");
    let said = stack(&text).unwrap_err().to_string();
    assert!(said.contains("more than 500000 values"), "{said}");
    let names = "a.yaml:".repeat(1_001);
    let files = [
        ("a.yaml", "services: {a: {image: i}}"),
        (".env", &*format!("COMPOSE_FILE={names}\n")),
    ];
    let said = loaded(&files, |_| {}).unwrap_err().to_string();
    assert!(said.contains("1001 Compose files"), "{said}");
}

#[test]
fn lists_of_two_files_are_merged_without_comparing_all_with_all() {
    let list = |from: usize| {
        many(20_000, |number| {
            format!("  - {{n: {}, deep: [{{x: y}}]}}", from + number)
        })
    };
    let first = format!("services: {{a: {{image: i}}}}\nx-list:\n{}", list(0));
    let second = format!("x-list:\n{}", list(10_000));
    let stack = loaded(&[("compose.yaml", &first), ("compose.override.yaml", &second)], |_| {}).unwrap();
    assert_eq!(stack.services.len(), 1);
    // Address pools are not hashed, but nobody has thousands.
    let pools = |from: usize| {
        many(2_000, |number| {
            format!("        - {{subnet: 10.{}.0.0/24}}", from + number)
        })
    };
    let network = |from| format!("networks:\n  n:\n    ipam:\n      config:\n{}", pools(from));
    let first = format!("services: {{a: {{image: i, networks: [n]}}}}\n{}", network(0));
    let files = [("compose.yaml", &*first), ("compose.override.yaml", &*network(9_000))];
    let (_, said) = told(&loaded(&files, |_| {}).unwrap_err());
    assert!(said.contains("too many address pools"), "{said}");
}

#[test]
fn thousands_of_services_may_depend_on_each_other_in_a_row() {
    let chain = |last: &str| {
        let services = many(5_000, |number| {
            format!("  s{number:05}: {{image: i, depends_on: [s{:05}]}}", number + 1)
        });
        format!("services:\n{services}  s05000: {{image: i{last}}}\n")
    };
    let stack = stack(&chain("")).unwrap();
    let all = stack.select(&["s00000".into()], true).unwrap();
    let order = crate::plan::start_order(&stack, &all);
    assert_eq!((order.len(), order[0].as_str()), (5_001, "s05000"));
    let (_, said) = told(&super::stack(&chain(", depends_on: [s00000]")).unwrap_err());
    assert!(said.contains("circle") && said.len() < 1_000, "{said}");
}

#[test]
fn nothing_is_nested_without_end() {
    let deep = 100_000;
    for (begin, unit, end) in [
        ("a: ", "[", "]"),
        ("", "{a: ", "}"),
        ("", "[{a: ", "}]"),
        ("", "- ", ""),
        ("", "? ", ""),
        ("", "- ? ", ""),
        ("a: ", "!!seq [", "]"),
        ("a: ", "&a [", "]"),
        ("services: {a: {image: i, x-a: ", "[", "]}}"),
    ] {
        for closed in [true, false] {
            let ends = if closed { end.repeat(deep) } else { String::new() };
            let text = format!("{begin}{}{ends}\n", unit.repeat(deep));
            let said = stack(&text).unwrap_err().to_string();
            assert!(said.contains("nested") || said.contains("YAML"), "{unit}: {said}");
        }
    }
    let mut indented = String::new();
    for level in 0..1_000 {
        writeln!(indented, "{}a:", " ".repeat(level)).unwrap();
    }
    assert!(stack(&indented).unwrap_err().to_string().contains("nested"));
    for (unit, end) in [("${A:-", "}"), ("${A+", "}"), ("${A:-${B:?", "}}"), ("${A-{", "}")] {
        let text = format!(
            "services: {{a: {{image: '{}x{}'}}}}",
            unit.repeat(deep),
            end.repeat(deep)
        );
        // `+` of what is not set is not looked into.
        let result = stack(&text);
        assert!(
            unit.contains('+') || result.unwrap_err().to_string().contains("nested"),
            "{unit}"
        );
    }
    for quote in ["\\\"", "'", "(", "$(", "`", "\\\\\\\\"] {
        let text = format!("services: {{a: {{image: i, command: \"{}\"}}}}", quote.repeat(deep));
        let _any = stack(&text);
    }
}

#[test]
fn what_is_as_deep_as_it_may_be_goes_all_the_way() {
    let text = format!(
        "services: {{a: {{image: i}}}}\nx-a: {}x{}\n",
        "[{a: ".repeat(24),
        "}]".repeat(24)
    );
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("compose.yaml"), &text).unwrap();
    std::fs::write(folder.path().join("compose.override.yaml"), &text).unwrap();
    let request = Request {
        start_dir: folder.path().to_owned(),
        ..Request::default()
    };
    for read in [super::project, super::super::template] {
        let project = read(&request).unwrap();
        for printed in [super::Printed::Json, super::Printed::Yaml] {
            assert!(project.printed(printed).unwrap().contains("x-a"));
        }
    }
    // Each from the next file, and each within one.
    let mut files: Vec<(String, String)> = (0..99)
        .map(|number| {
            let next = format!("{{file: f{}.yaml, service: a}}", number + 1);
            let name = if number == 0 {
                "compose.yaml".to_owned()
            } else {
                format!("f{number}.yaml")
            };
            (name, format!("services: {{a: {{extends: {next}}}}}\n"))
        })
        .collect();
    files.push(("f99.yaml".to_owned(), text.replace("}}\nx-a", "}}\nx-b")));
    assert_eq!(load_of(&files).unwrap().services["a"].image.as_deref(), Some("i"));
    let chain = many(99, |number| format!("  s{number}: {{extends: s{}}}", number + 1));
    assert_eq!(
        stack(&format!("services:\n{chain}  s99: {{image: i}}\n"))
            .unwrap()
            .services
            .len(),
        100
    );
}

#[test]
fn anchors_within_anchors_are_counted() {
    let items = "x, ".repeat(20_000);
    let text = format!(
        "x-a: {}{items}{}\nservices: {{a: {{image: i}}}}\n",
        "&a [".repeat(40),
        "]".repeat(40)
    );
    let (line, said) = told(&stack(&text).unwrap_err());
    assert!(line == 1 && said.contains("more than 200000 values"), "{line}: {said}");
    // Long keys count like long texts.
    let key = "k".repeat(1 << 20);
    let text = format!(
        "x-a: &a {{? {key} : 1}}\nx-b: [{}]\nservices: {{a: {{image: i}}}}\n",
        "*a, ".repeat(10_000)
    );
    let (line, said) = told(&stack(&text).unwrap_err());
    assert!(line == 2 && said.contains("more than 200000 values"), "{line}: {said}");
}

#[test]
fn a_file_as_large_as_one_can_be_is_read() {
    // What is long and harmless stays what it was.
    let services = many(1_000, |number| {
        format!(
            "  s{number}: {{image: i, environment: [A=1, B=2], depends_on: [], ports: ['{}:80']}}",
            10_000 + number
        )
    });
    let content = "x".repeat(1 << 20);
    let text = format!("services:\n{services}configs: {{c: {{content: '{content}'}}}}\n");
    let whole = loaded(&[("compose.yaml", &text)], |request: &mut Request| {
        request.project_name = Some("p".to_owned());
    });
    assert_eq!(whole.unwrap().services.len(), 1_000);
}
