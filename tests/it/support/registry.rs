//! A registry on loopback that wants a user and a password.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::{Done, free_ports, http, until};

/// `user:open sesame`, as bcrypt has it.
const USERS: &str = "user:$2b$04$fv5lGPTMNLt35WAUvk5OcevIcbPo2gzR0cb6Del8L6v8U6Tn79SXO\n";
/// The same as the Docker client's config file has it.
const AUTH: &str = "dXNlcjpvcGVuIHNlc2FtZQ==";

pub struct Registry {
    pub address: String,
    folder: tempfile::TempDir,
    server: Child,
}

impl Registry {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let port = free_ports(1)[0];
        let address = format!("127.0.0.1:{port}");
        let path = |name: &str| folder.path().join(name).display().to_string();
        let config = format!(
            "version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {}}}}}\nhttp: {{addr: '{address}'}}\n\
             auth: {{htpasswd: {{realm: test, path: {}}}}}\n",
            path("data"),
            path("users"),
        );
        std::fs::write(path("users"), USERS).expect("a file");
        std::fs::write(path("config.yml"), config).expect("a file");
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-tools/registry/usr/bin/docker-registry");
        let server = Command::new(program)
            .args(["serve", &path("config.yml")])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the test tools are installed");
        let registry = Self {
            address,
            folder,
            server,
        };
        until("the registry answers", 20, || http::get(port, "/v2/").is_some());
        registry
    }

    /// A folder for `DOCKER_CONFIG` that holds the password.
    pub fn config_with_password(&self) -> String {
        let text = format!(r#"{{"auths": {{"{}": {{"auth": "{AUTH}"}}}}}}"#, self.address);
        self.config("password", &text)
    }

    /// A folder for `DOCKER_CONFIG` that names a credential helper, and the folder that the helper is in, for `PATH`.
    pub fn config_with_helper(&self) -> (String, String) {
        let config = self.config(
            "helper",
            &format!(r#"{{"credHelpers": {{"{}": "vault"}}}}"#, self.address),
        );
        let helper = format!("{config}/docker-credential-vault");
        let script = format!(
            "#!/bin/sh\nread -r registry\n[ \"$1 $registry\" = \"get {}\" ] || exit 1\necho '{{\"Username\": \"user\", \"Secret\": \"open sesame\"}}'\n",
            self.address
        );
        std::fs::write(&helper, script).expect("a file");
        let made = Command::new("chmod")
            .args(["+x", &helper])
            .status()
            .expect("chmod runs");
        assert!(made.success());
        (config.clone(), config)
    }

    fn config(&self, name: &str, text: &str) -> String {
        let folder = self.folder.path().join(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("config.json"), text).expect("a file");
        folder.display().to_string()
    }

    /// Pushes an image with a layer of `size` random bytes, and forgets it locally. Gives its name.
    pub fn push(&self, name: &str, base: &str, size: usize) -> String {
        let image = format!("{}/{name}:1", self.address);
        let context = self.folder.path().join("context");
        std::fs::create_dir_all(&context).expect("a folder");
        let script = format!(
            "head -c {size} /dev/urandom > {0}/blob && printf 'FROM {base}\\nCOPY blob /blob\\n' > {0}/Dockerfile && \
             docker build -q -t {image} {0} && docker --config {1} push -q {image} && docker rmi -f {image}",
            context.display(),
            self.config_with_password(),
        );
        let done: Done = Command::new("bash")
            .args(["-ec", &script])
            .output()
            .expect("bash runs")
            .into();
        done.ok();
        image
    }
}

impl Registry {
    /// The digest that it gives for an image that was pushed, asked without the engine.
    pub fn digest(&self, name: &str) -> String {
        let script = format!(
            "curl -fsSI --noproxy '*' -u 'user:open sesame' -H 'Accept: application/vnd.docker.distribution.manifest.v2+json' \
             http://{}/v2/{name}/manifests/1 | tr -d '\\r' | sed -n 's/^[Dd]ocker-[Cc]ontent-[Dd]igest: //p'",
            self.address
        );
        let done: Done = Command::new("bash")
            .args(["-ec", &script])
            .output()
            .expect("bash runs")
            .into();
        done.ok().stdout.trim().to_owned()
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.server.kill();
        let _reaped = self.server.wait();
    }
}
