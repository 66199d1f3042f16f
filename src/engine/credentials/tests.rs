//! Logins of a config file and of helpers that are scripts in a folder of the test's own.

use super::*;

/// The Docker client's folder, with helpers beside it.
struct Client {
    folder: tempfile::TempDir,
}

impl Client {
    fn new(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config.json"), config).unwrap();
        Self { folder }
    }

    /// A helper that runs `script`. It writes into the folder `$0` is in.
    fn helper(self, name: &str, script: &str) -> Self {
        let path = self.folder.path().join(format!("docker-credential-{name}"));
        let text = path.with_extension("sh");
        std::fs::write(&text, format!("#!/bin/sh\n{script}\n")).unwrap();
        // Written here, it could not be run while another test's process still has it open.
        let copied = std::process::Command::new("install")
            .args(["-m", "755"])
            .arg(text)
            .arg(path)
            .status();
        assert!(copied.unwrap().success());
        self
    }

    fn credentials(&self) -> Credentials {
        Credentials {
            path: Some(format!("{}:/usr/bin:/bin", self.folder.path().display()).into()),
            ..Credentials::read(self.folder.path())
        }
    }

    async fn logins(&self, registries: &[&str]) -> Logins {
        let registries = registries.iter().map(|registry| (*registry).to_owned());
        self.credentials().logins(registries.collect()).await
    }

    /// What a helper was asked for, in the order of the alphabet.
    fn asked(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.folder.path().join("asked")).unwrap_or_default();
        let mut asked: Vec<String> = text.lines().map(ToOwned::to_owned).collect();
        asked.sort();
        asked
    }
}

/// Says what requested on the command line, and answers.
const ANSWERS: &str =
    r#"read -r registry; echo "$registry" >>"$(dirname "$0")/asked"; echo '{"Username":"me","Secret":"pass"}'"#;

fn user(logins: &Logins, registry: &str) -> Option<(String, String)> {
    let login = logins.found.get(registry)?;
    Some((login.username.clone()?, login.password.clone()?))
}

#[tokio::test]
async fn reads_user_and_password_from_the_config_file() {
    let auth = base64::engine::general_purpose::STANDARD.encode("me:pass:word");
    let client = Client::new(&format!(
        r#"{{"auths":{{"https://r.example/v2/":{{"auth":"{auth}"}},"empty.example":{{}}}}}}"#
    ));
    let logins = client.logins(&["r.example", "empty.example", HUB]).await;
    assert_eq!(
        user(&logins, "r.example"),
        Some(("me".to_owned(), "pass:word".to_owned()))
    );
    assert_eq!(logins.found.len(), 1);
    assert!(logins.warnings.is_empty());
}

#[tokio::test]
async fn a_config_file_that_cannot_be_read_is_said_without_quoting_it() {
    let client = Client::new(r#"{"auths":{"r.example":{"auth":"c2VjcmV0"}},"credsStore":["c2VjcmV0"]}"#);
    let logins = client.logins(&["r.example"]).await;
    assert!(logins.found.is_empty());
    assert!(logins.warnings[0].contains("config.json can't be read"), "{logins:?}");
    assert!(!logins.warnings[0].contains("c2VjcmV0"), "{logins:?}");
    // A pipe that nobody writes to, a device that never ends, a folder, and more than any client writes.
    for kind in ["pipe", "device", "folder", "bomb"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.json");
        match kind {
            "pipe" => rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::RUSR).unwrap(),
            "device" => std::os::unix::fs::symlink("/dev/zero", &path).unwrap(),
            "folder" => std::fs::create_dir(&path).unwrap(),
            _ => std::fs::write(&path, " ".repeat(2 << 20)).unwrap(),
        }
        let credentials = Credentials::read(folder.path());
        let logins = credentials.logins(BTreeSet::from([HUB.to_owned()])).await;
        assert!(
            logins.warnings[0].contains("config.json can't be read: it is"),
            "{kind}: {logins:?}"
        );
        // The engine is found all the same: nothing of it is needed for the default socket.
        let environment = BTreeMap::from([("DOCKER_CONFIG".to_owned(), folder.path().display().to_string())]);
        assert!(crate::engine::Endpoint::resolve(None, &environment).is_ok());
    }
    // No file: nobody has logged in.
    let folder = tempfile::tempdir().unwrap();
    let logins = Credentials::read(folder.path())
        .logins(BTreeSet::from([HUB.to_owned()]))
        .await;
    assert!(logins.warnings.is_empty() && logins.found.is_empty());
}

#[tokio::test]
async fn helpers_are_asked_for_the_wanted_registries_only() {
    let config = r#"{"auths":{"a.example":{},"b.example":{},"c.example":{}},"credHelpers":{"b.example":"b","c.example":"c"},"credsStore":"store"}"#;
    let client = Client::new(config)
        .helper("b", ANSWERS)
        .helper("c", ANSWERS)
        .helper("store", ANSWERS);
    let logins = client.logins(&["b.example", HUB]).await;
    assert_eq!(client.asked(), ["b.example", HUB_KEY]);
    let keys = logins.by_key();
    let mut keys: Vec<&str> = keys.keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["b.example", HUB_KEY]);
    assert!(logins.warnings.is_empty(), "{logins:?}");
}

#[tokio::test]
async fn a_build_asks_for_the_registries_that_its_dockerfile_and_cache_name() {
    let config = r#"{"auths":{"other.example":{}},"credsStore":"store"}"#;
    let client = Client::new(config).helper("store", ANSWERS);
    let folder = tempfile::tempdir().unwrap();
    let dockerfile = "ARG HOST=wrong.example\nFROM $HOST/a AS one\nFROM ${WHO#x}\nCOPY --from=one / /\nCOPY --from=b.example/b / /\n";
    std::fs::write(folder.path().join("Dockerfile"), dockerfile).unwrap();
    let build = Build {
        context: folder.path().to_owned(),
        dockerfile: "Dockerfile".to_owned(),
        args: BTreeMap::from([("HOST".to_owned(), Some("a.example".to_owned()))]),
        cache_from: ["c.example/c:cache", "type=registry,ref=d.example/d", "type=local,src=x"]
            .map(ToOwned::to_owned)
            .to_vec(),
        ..Build::default()
    };
    let registries = registries_of(&build);
    assert_eq!(registries.unknown, ["${WHO#x}"]);
    client.credentials().logins(registries.known).await;
    assert_eq!(client.asked(), ["a.example", "b.example", "c.example", "d.example"]);
    let inline = Build {
        dockerfile_inline: Some("FROM redis".to_owned()),
        ..Build::default()
    };
    assert_eq!(registries_of(&inline).known, BTreeSet::from([HUB.to_owned()]));
}

#[tokio::test]
async fn a_helper_without_the_login_leaves_it_to_the_config_file() {
    let auth = base64::engine::general_purpose::STANDARD.encode("me:pass");
    let config = format!(r#"{{"auths":{{"r.example":{{"auth":"{auth}"}}}},"credsStore":"none"}}"#);
    let client = Client::new(&config).helper("none", "echo credentials not found in native keychain; exit 1");
    let logins = client.logins(&["r.example", HUB]).await;
    assert_eq!(user(&logins, "r.example"), Some(("me".to_owned(), "pass".to_owned())));
    assert!(logins.warnings.is_empty(), "{logins:?}");
}

#[tokio::test]
async fn a_helper_that_cannot_answer_is_named_and_not_quoted() {
    for (script, why) in [
        (
            "echo s3cret; echo s3cret >&2; exit 7",
            "docker-credential-h failed with exit code 7",
        ),
        ("echo s3cret", "docker-credential-h returned an invalid login"),
        ("exec yes s3cret", "docker-credential-h printed more than 64 kB"),
        ("kill -9 $$", "docker-credential-h was killed"),
    ] {
        let client = Client::new(r#"{"credsStore":"h"}"#).helper("h", script);
        let logins = client.logins(&["r.example"]).await;
        assert_eq!(logins.warnings, [format!("{why}, so no login is sent for r.example")]);
    }
    let client = Client::new(r#"{"credsStore":"gone"}"#);
    let logins = client.logins(&["r.example"]).await;
    assert!(
        logins.warnings[0].starts_with("docker-credential-gone is not installed"),
        "{logins:?}"
    );
}

#[tokio::test]
async fn only_a_plain_word_names_a_helper() {
    for name in [
        "../evil",
        "x/../../evil",
        "/tmp/evil",
        "",
        "a b",
        "x;evil",
        "e\u{1b}vil",
    ] {
        let config = serde_json::json!({ "credsStore": name }).to_string();
        let client = Client::new(&config);
        let logins = client.logins(&["r.example"]).await;
        assert!(
            logins.warnings[0].contains("is not a valid name for a credential helper"),
            "{logins:?}"
        );
        assert!(!logins.warnings[0].contains('\u{1b}'));
    }
}

#[tokio::test]
async fn a_helper_that_hangs_is_killed_with_what_it_started() {
    // It says who it is and what it started; both would live for an hour.
    let script = "sleep 3600 & echo $$ $! >\"$(dirname \"$0\")/asked\"; wait";
    let client = Client::new(r#"{"credsStore":"slow"}"#).helper("slow", script);
    // Under load a shell may take a while to begin: the limit is raised until it was killed after that.
    let mut limit = Duration::from_millis(200);
    let logins = loop {
        let credentials = Credentials {
            within: limit,
            ..client.credentials()
        };
        let logins = credentials.logins(BTreeSet::from(["r.example".to_owned()])).await;
        if !client.asked().is_empty() {
            break logins;
        }
        limit *= 2;
        assert!(limit < Duration::from_secs(120), "the helper never began");
    };
    assert!(
        logins.warnings[0].starts_with("docker-credential-slow did not answer within"),
        "{logins:?}"
    );
    for id in client.asked()[0].split(' ') {
        // The signal was sent; when it takes effect is the kernel's business.
        let since = std::time::Instant::now();
        while is_alive(id) {
            assert!(since.elapsed() < Duration::from_secs(300), "{id} is still alive");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// A process that was killed is gone, or a zombie until its new parent looks.
fn is_alive(id: &str) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let state = state.rsplit_once(") ").map(|(_, rest)| &rest[..1]);
    state.is_some_and(|state| !matches!(state, "Z" | "X"))
}
