//! `MC1xx`.

use super::*;

const KEY: &str = "sk-0123456789abcdefghijklmn";
const POOL: &str = "keys_pool/keys_pool_openai.env";

pub(super) const ROWS: &[Row] = &[
    ("MC101", |world| world.remove("requirements.txt"), nothing),
    (
        "MC102",
        |world| {
            world.remove("proxy_config.yaml");
            fs::create_dir(world.root().join("proxy_config.yaml")).unwrap();
        },
        |world| {
            world.remove("proxy_config.yaml");
            world.write("proxy_config.yaml", "model_list: []\n");
        },
    ),
    (
        "MC103",
        |world| {
            world.remove("proxy_config.yaml");
            // For root every file can be read: a loop of links for nobody.
            std::os::unix::fs::symlink("proxy_config.yaml", world.root().join("proxy_config.yaml")).unwrap();
        },
        |world| {
            fs::remove_file(world.root().join("proxy_config.yaml")).unwrap();
            world.write("proxy_config.yaml", "model_list: []\n");
        },
    ),
    (
        "MC104",
        |world| world.remove("config/loki/local-config.yaml"),
        |world| {
            let settings = crate::settings::load(&world.root(), &world.environment, &[]).unwrap();
            render::write(&world.root(), &render::files(&settings).unwrap(), false).unwrap();
        },
    ),
    (
        "MC105",
        |world| {
            world.remove("env");
            std::os::unix::fs::symlink(world.folder.path(), world.root().join("env")).unwrap();
        },
        |world| {
            fs::remove_file(world.root().join("env")).unwrap();
            fs::create_dir(world.root().join("env")).unwrap();
        },
    ),
    (
        "MC110",
        |world| world.edit("Dockerfile", "COPY run.py", "COPPY run.py"),
        |world| world.edit("Dockerfile", "COPPY", "COPY"),
    ),
    (
        "MC111",
        |world| {
            world.edit("Dockerfile", "ARG PYTHON_IMAGE=python:3.12-slim", "ARG PYTHON_IMAGE");
            world.edit("docker-compose.yml", "${PYTHON_IMAGE:-python:3.12-slim}", "");
        },
        |world| {
            world.edit(
                "docker-compose.yml",
                "PYTHON_IMAGE: \"\"",
                "PYTHON_IMAGE: python:3.12-slim",
            );
        },
    ),
    ("MC112", nothing, |world| {
        let images = &mut world.there.observed.images;
        images.insert("python:3.12-slim".to_owned(), "sha256:1".to_owned());
    }),
    (
        "MC113",
        |world| world.edit("Dockerfile", "COPY run.py", "COPY rum.py"),
        |world| world.edit("Dockerfile", "COPY rum.py", "COPY run.py"),
    ),
    (
        "MC114",
        |world| world.edit(".dockerignore", "!run.py\n", ""),
        |world| world.edit(".dockerignore", "*\n", "*\n!run.py\n"),
    ),
    (
        "MC115",
        |world| {
            world.write(POOL, KEY);
            world.write(".dockerignore", "");
            world.edit("Dockerfile", "COPY run.py ./", "COPY . .");
        },
        nothing,
    ),
    (
        "MC116",
        |world| {
            world.edit(
                "Dockerfile",
                "[\"python\", \"run.py\"]",
                "[\"uvicorn\", \"magic_proxy.proxy:app\"]",
            );
        },
        |world| {
            world.edit(
                "Dockerfile",
                "[\"uvicorn\", \"magic_proxy.proxy:app\"]",
                "[\"python\", \"run.py\"]",
            );
        },
    ),
    (
        "MC117",
        |world| {
            world.edit("Dockerfile", "COPY run.py ./", "COPY . .");
            world.remove("run.py");
        },
        |world| world.write("run.py", ""),
    ),
    (
        "MC118",
        |world| world.edit(".dockerignore", "*\n", "*\n[a\n"),
        |world| world.edit(".dockerignore", "[a\n", ""),
    ),
    (
        "MC120",
        |world| world.edit("requirements.txt", "\nredis==", "\nredis="),
        |world| world.edit("requirements.txt", "\nredis=", "\nredis=="),
    ),
    (
        "MC121",
        |world| world.write("requirements.txt", "redis\nuvicorn==0.54.0\n"),
        |world| world.edit("requirements.txt", "redis", "redis==8.1.0"),
    ),
    (
        "MC122",
        |world| world.edit("requirements.txt", "redis==", "Redis==7.0.0 --hash=sha256:00\nredis=="),
        |world| world.edit("requirements.txt", "Redis==7.0.0 --hash=sha256:00\n", ""),
    ),
    (
        "MC123",
        |world| world.edit("requirements.txt", "redis==", "-r base.txt\nredis=="),
        |world| world.write("base.txt", ""),
    ),
    (
        "MC124",
        |world| world.edit("requirements.txt", "redis==", "flask==3.1.0\nredis=="),
        |world| world.edit("requirements.txt", "flask==3.1.0\n", ""),
    ),
    (
        "MC130",
        |world| world.write("keys_pool/openai.env", KEY),
        |world| fs::rename(world.root().join("keys_pool/openai.env"), world.root().join(POOL)).unwrap(),
    ),
    (
        "MC131",
        |world| fs::create_dir(world.root().join(POOL)).unwrap(),
        |world| world.remove(POOL),
    ),
    (
        "MC132",
        |world| {
            world.write(POOL, KEY);
            let file = fs::OpenOptions::new()
                .write(true)
                .open(world.root().join(POOL))
                .unwrap();
            // A hole in the file takes no room on the disk.
            file.set_len(1 << 30).unwrap();
        },
        |world| world.write(POOL, KEY),
    ),
    (
        "MC133",
        |world| world.write(POOL, "# none yet\n\n"),
        |world| world.write(POOL, KEY),
    ),
    (
        "MC134",
        |world| world.write(POOL, "your-api-key-here\n"),
        |world| world.write(POOL, KEY),
    ),
    (
        "MC135",
        |world| world.write(POOL, "sk-0123456789abcdef the first\n"),
        |world| world.write(POOL, "# the first\nsk-0123456789abcdef\n"),
    ),
    (
        "MC136",
        |world| world.write(POOL, "\"sk-0123456789abcdef\"\n"),
        |world| world.write(POOL, KEY),
    ),
    (
        "MC137",
        |world| world.write(POOL, "OPENAI_API_KEY=sk-0123456789abcdef\n"),
        |world| world.write(POOL, KEY),
    ),
    (
        "MC138",
        |world| world.write(POOL, "sk-0123456789abcdef\r\n"),
        |world| world.write(POOL, KEY),
    ),
    (
        "MC139",
        |world| world.write(POOL, "sk-0123456789abcdef\n\nsk-0123456789abcdef\n"),
        |world| world.write(POOL, KEY),
    ),
    (
        "MC140",
        |world| world.write("env/tavily.env", "tvly-0123456789abcdef\n"),
        |world| world.write("env/tavily.env", "TAVILY_API_KEY=tvly-0123456789abcdef\n"),
    ),
    (
        "MC119",
        |world| {
            world
                .there
                .observed
                .images
                .insert("sample-app-runner:latest".to_owned(), "sha256:app".to_owned());
            world.there.built_at.insert("sha256:app".to_owned(), 1);
        },
        |world| {
            world.there.built_at.insert("sha256:app".to_owned(), i64::MAX);
        },
    ),
    (
        "MC125",
        |world| world.edit("requirements.txt", "aiokafka==", "orjson=="),
        |world| world.edit("requirements.txt", "orjson==", "aiokafka=="),
    ),
    (
        "MC141",
        |world| {
            fs::set_permissions(world.folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
            world.write(POOL, KEY);
            world.mode(POOL, 0o644);
            world.mode("keys_pool", 0o755);
            let uid = std::os::unix::fs::MetadataExt::uid(&fs::metadata(world.root().join(POOL)).unwrap());
            world.edit(
                "docker-compose.yml",
                "    init: true\n",
                &format!("    init: true\n    user: \"{uid}\"\n"),
            );
        },
        nothing,
    ),
    (
        "MC142",
        |world| {
            world.write(POOL, KEY);
            world.mode(POOL, 0o600);
        },
        |world| world.mode(POOL, 0o644),
    ),
    (
        "MC143",
        |world| {
            world.git(&["init", "-q"]);
            world.write(POOL, KEY);
            world.git(&["add", "-f", POOL]);
        },
        |world| world.git(&["rm", "-q", "--cached", POOL]),
    ),
    (
        "MC144",
        |world| {
            world.git(&["init", "-q"]);
            world.write(POOL, KEY);
            world.remove(".gitignore");
        },
        nothing,
    ),
    (
        "MC145",
        |world| {
            world.write("env/tavily.env", "TAVILY_API_KEY=tvly-0123456789abcdef\n");
            world.edit(".dockerignore", "*\n", "");
        },
        nothing,
    ),
    (
        "MC147",
        |world| world.write("keys_pool/keys_pool_mistral.env", KEY),
        |world| world.write(POOL, KEY),
    ),
    ("MC148", nothing, |world| {
        for provider in ["google", "openai", "anthropic"] {
            world.write(
                &format!("keys_pool/keys_pool_{provider}.env"),
                &format!("{KEY}-{provider}"),
            );
        }
    }),
    (
        "MC149",
        |world| {
            let name = std::ffi::OsStr::from_bytes(b"keys_pool_\xff.env");
            fs::write(world.root().join("keys_pool").join(name), KEY).unwrap();
        },
        |world| {
            let name = std::ffi::OsStr::from_bytes(b"keys_pool_\xff.env");
            fs::remove_file(world.root().join("keys_pool").join(name)).unwrap();
        },
    ),
];

#[test]
fn what_is_wrong_with_the_projects_files() {
    told("project_files", ROWS);
}
