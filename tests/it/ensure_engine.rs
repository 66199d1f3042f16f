//! `scripts/ensure-engine` where an engine was killed: on a machine of its own (its processes, mounts and network), so that no
//! other engine is touched.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// `/run` and the engine's data are empty at first; everything is gone when the first process ends.
const MACHINE: &str = r#"
mount --make-rprivate /
for folder in /run /var/lib/docker /var/log; do mount -t tmpfs tmpfs "$folder"; done
ip link set lo up
{
    scripts/ensure-engine && cp /run/docker.pid "$OUT/first" &&
        kill -9 "$(cat /run/docker.pid)" "$(cat /run/docker/containerd/containerd.pid)" &&
        for _ in $(seq 400); do
            grep State "/proc/$(cat "$OUT/first")/status" >"$OUT/state"
            ! grep -q zombie "$OUT/state" || break
            sleep 0.05
        done
    scripts/ensure-engine && cp /run/docker.pid "$OUT/second"
    touch "$OUT/end"
} >"$OUT/output" 2>&1 &
# A first process that reaps nobody: what was killed stays a zombie.
exec sleep 300
"#;

/// Its id stays taken and its name too until somebody reaps it, and dockerd refuses to start beside the id in its pid file.
#[test]
fn an_engine_that_was_killed_but_not_reaped_is_started_again() {
    let out = tempfile::tempdir().expect("a temporary folder");
    let mut machine = Command::new("unshare")
        .args(["--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"])
        .args(["sh", "-c", MACHINE])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("OUT", out.path())
        .env_remove("DOCKER_HOST")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("unshare");
    let give_up = Instant::now() + Duration::from_secs(250);
    while !out.path().join("end").exists() && Instant::now() < give_up {
        std::thread::sleep(Duration::from_millis(50));
    }
    machine.kill().expect("the machine's end");
    machine.wait().expect("the machine's end");

    let said = fs::read_to_string(out.path().join("output")).unwrap_or_default();
    let read = |name: &str| fs::read_to_string(Path::new(out.path()).join(name)).unwrap_or_default();
    assert!(read("state").contains("zombie"), "{said}");
    assert!(!read("second").is_empty(), "{said}");
    assert_ne!(read("first"), read("second"), "{said}");
}
