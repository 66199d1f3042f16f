//! No card shows a key: not whole, not in parts, wherever a line is broken or a pattern ends.

use super::{app, cards_of};

const KEY: &str = "zq-canary-3f9a.b7c1_d5e8-77aa41c0deadbeef";

#[test]
fn a_key_is_in_no_card() {
    // At every place of a line, so that some break falls into it.
    let run_py = "key = open('keys_pool/keys_pool_openai.env').read().strip()\n\
                  for room in range(0, 60, 3):\n    print('x' * room, 'key is', key, 'and', key)\n\
                  raise KeyError(key)\n";
    let mut project = app("keys", run_py, "");
    project.write("keys_pool/keys_pool_openai.env", &format!("{KEY}\n"));
    project.edit(
        "docker-compose.yml",
        "[CMD, bash, -c, ': </dev/tcp/127.0.0.1/8001']",
        "[CMD-SHELL, 'cat keys_pool/*; exit 1']",
    );
    let up = project.magicctl(&["--quiet", "up"]);
    assert_eq!(up.code, 1, "{}", up.all());
    assert!(
        cards_of(&up).contains("********"),
        "the app was to print its key: {}",
        up.all()
    );
    let mut all = vec![("up", up)];
    all.push(("up as JSON", project.magicctl(&["--output", "json", "up"])));
    all.push(("status", project.magicctl(&["status"])));
    all.push(("status as JSON", project.magicctl(&["--output", "json", "status"])));

    // The healthcheck's output, and a build's.
    project.write("run.py", "import time\n\ntime.sleep(60)\n");
    all.push((
        "a healthcheck",
        project.magicctl(&["up", "--build", "--wait-timeout", "3s"]),
    ));
    project.edit("Dockerfile", "USER", &format!("RUN echo {KEY}; exit 1\nUSER"));
    all.push(("a build", project.magicctl(&["--quiet", "rebuild"])));
    project.env.insert("COLUMNS".to_owned(), "47".to_owned());
    all.push(("a narrow build", project.magicctl(&["--quiet", "rebuild"])));

    for (name, done) in all {
        let text = done.all();
        for part in [&KEY[..12], &KEY[12..24], &KEY[24..]] {
            assert!(!text.contains(part), "{name} shows {part}: {text}");
        }
    }
}
