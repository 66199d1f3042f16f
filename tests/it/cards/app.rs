//! What a user's own program ends with.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::{app, card};

fn exits(name: &str, run_py: &str) {
    card(name, &mut app(name, run_py, ""), &["--quiet", "up"]);
}

#[test]
fn a_module_that_is_missing() {
    let import = "import sys\nimport orjson\n\nprint(orjson.dumps({}))\n";
    exits("app-module", import);
    let mut project = app("app-module-2", import, "");
    project.write("requirements.txt", "orjson==3.10.7\n");
    card(
        "app-module-not-installed",
        &mut project,
        &["--quiet", "up", "--no-check"],
    );
}

#[test]
fn a_module_of_the_project_that_is_not_copied() {
    let mut project = app("app-own", "import tools.search\n", "");
    project.write("tools/search.py", "");
    card("app-own-module", &mut project, &["--quiet", "up"]);
}

#[test]
fn code_that_is_not_valid() {
    exits("app-syntax", "def main()\n    print('hello')\n\nmain()\n");
}

#[test]
fn a_variable_that_is_not_set() {
    exits(
        "app-variable",
        "import os\n\nTOKEN = os.environ['TAVILY_API_KEY']\nprint('starting')\n",
    );
    exits(
        "app-number",
        "import os\n\nport = int(os.environ.get('REDIS_URL', '8001'))\n",
    );
}

#[test]
fn files_that_are_missing_or_may_not_be_read() {
    let open = "from pathlib import Path\n\nkeys = Path('keys_pool/keys_pool_google.env').read_text().split()\nprint(len(keys))\n";
    exits("app-key-file", open);
    exits(
        "app-file",
        "with open('/app/prompts.txt') as file:\n    print(file.read())\n",
    );
    exits("app-write", "open('/var/log/app.log', 'a').write('started')\n");
    let write = "open('/app/keys_pool/used.txt', 'w').write('1')\n";
    exits("app-read-only", write);
    let mut project = app("app-rw", write, "");
    project.edit("docker-compose.yml", "/app/keys_pool:ro", "/app/keys_pool");
    card("app-read-only-no-more", &mut project, &["--quiet", "up"]);

    let mut project = app("app-perm", &open.replace("google", "mistral"), "");
    project.write("keys_pool/keys_pool_mistral.env", "k\n");
    let path = project.path("keys_pool/keys_pool_mistral.env");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("permissions");
    card("app-permission", &mut project, &["--quiet", "up"]);
}

#[test]
fn texts_that_can_not_be_read() {
    exits(
        "app-json",
        "import json\n\nsettings = json.loads('{\"model\": \"gpt\",}')\nprint(settings)\n",
    );
    exits(
        "app-exception",
        "limits = {'rpm': 60}\n\ndef wait(model):\n    return 60 / limits[model]\n\nwait('gemini-pro')\n",
    );
    exits("app-name", "def main():\n    print(verison)\n\nmain()\n");
    exits(
        "app-says-why",
        "import logging\nimport sys\n\nlogging.basicConfig(format='%(asctime)s - %(name)s - %(levelname)s - %(message)s')\n\
         logging.warning('cache is cold')\nlogging.error('license file is expired since 2026-10-31')\nsys.exit(3)\n",
    );
}

#[test]
fn a_port_that_is_used_twice_in_the_container() {
    exits(
        "app-port-twice",
        "import asyncio\n\n\nasync def serve():\n    await asyncio.start_server(print, '0.0.0.0', 8001)\n    \
         await asyncio.start_server(print, '0.0.0.0', 8001)\n\n\nasyncio.run(serve())\n",
    );
}

#[test]
fn other_services_that_can_not_be_reached() {
    let connect = "import asyncio\n\n\nasync def main():\n    await asyncio.open_connection('127.0.0.1', 6379)\n\n\nasyncio.run(main())\n";
    exits("app-refused", connect);
    exits(
        "app-host",
        "import socket\n\nprint(socket.create_connection(('rediss', 6379)))\n",
    );
}

#[test]
fn a_command_that_ends() {
    let mut project = app("app-ends", "print('all done')\n", "    restart: always\n");
    card("app-ends", &mut project, &["--quiet", "up"]);
}

#[test]
fn a_command_that_names_no_file() {
    let mut project = app("app-cmd", "", "");
    project.edit("Dockerfile", "\"run.py\"]", "\"server.py\"]");
    card("app-command", &mut project, &["--quiet", "up"]);
}
