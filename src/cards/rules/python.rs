//! What Python programs end with.

use super::{AT_CODE, AT_COMMAND, At, If, Rule, UP, When};

/// A module that is nowhere.
const NO_MODULE: &str = r"ModuleNotFoundError: No module named '(?P<module>[\w.]+)'";
/// A name that a module does not have.
const NO_NAME_IN_MODULE: &str =
    r"ImportError: cannot import name '(?P<name>\w+)' from (?:partially initialized module )?'(?P<module>[\w.]+)'";
/// What the interpreter says of a script that is not there.
const NO_SCRIPT: &str = r"can't open file '(?P<path>[^']+)': \[Errno 2\]";
/// A file that the code opens and that is not there.
const NO_FILE: &str = r"FileNotFoundError: \[Errno 2\] No such file or directory: '(?P<path>[^']+)'";
/// A file that the process may not open.
const DENIED: &str = r"PermissionError: \[Errno 13\] Permission denied: '(?P<path>[^']+)'";
/// The container's own address, as clients' errors have it.
const OWN_ADDRESS: &str = r#"(?:connect(?:ing)? to |[Bb]ootstrap from \[\(|connect to \\?"?|host=)['"\\]*(?P<peer>localhost|127\.0\.0\.1)\\?['"]?(?::|, (?:port=)?)(?P<port>\d+)"#;
/// The same, as asyncio has it.
const OWN_ADDRESS_REFUSED: &str = r"Connect call failed \('(?P<peer>127\.0\.0\.1)', (?P<port>\d+)";
/// A host and its port, as clients' errors have them.
const PEER: &str = r#"(?:connect(?:ing)? to |[Bb]ootstrap from \[\(|connect to \\?"?|host=)['"\\]*(?P<peer>[A-Za-z][\w.-]*)\\?['"]?(?::|, (?:port=)?)(?P<port>\d+)"#;
/// A host that has no address, by the line of code that names it.
const PEER_UNKNOWN: &str = r#"(?s)\(['"](?P<peer>[A-Za-z][\w.-]*)['"], \d+\).*gaierror: \[Errno -\d\]"#;
/// The last line of any traceback.
const EXCEPTION: &str =
    r"(?m)^\s*(?P<kind>[A-Za-z_][\w.]*(?:Error|Exception|Unreachable|Exit|Interrupt))(?:: (?P<why>[^\n]*))?$";
/// What a provider says of a key.
const KEY_REFUSED: &str = r"(?i)invalid_api_key|incorrect api key|API key not valid|AuthenticationError";

pub(super) const RULES: &[Rule] = &[
    Rule {
        code: "MC562",
        when: When::Says(r"(?i)kafka"),
        what: "Kafka can't be used by the address in {kafka_setting}",
        why: "{kafka_setting} names Kafka's listener for the host: the first connection works, then Kafka sends the client on to localhost, which in a container is the container itself",
        fix: "name the listener for containers: {kafka_setting}: {kafka_inside}",
        at: At::Key("environment"),
        ..UP
    },
    Rule {
        code: "MC550",
        when: When::Says(NO_MODULE),
        what: "{module:module_file} is in the project, but not in its image",
        why: "{at} imports it, and the image was built without it",
        fix: "let {dockerfile} copy it above its CMD ({module:copy_module}), then rebuild",
        ..AT_CODE
    },
    Rule {
        only: &[If::InstallsNothing],
        what: "the Python module `{module}` is not in its image",
        why: "{at} imports it, and {module:requirement} asks for its package, but no step of {dockerfile} installs what {requirements} names",
        fix: "add a step after the line of {dockerfile} that copies {requirements}: RUN pip install --no-cache-dir -r requirements.txt",
        ..AT_CODE
    },
    Rule {
        what: "the Python module `{module}` is not in its image",
        why: "{at} imports it, and {module:requirement} asks for its package, but the image was built before that",
        fix: "rebuild it",
        ..AT_CODE
    },
    Rule {
        what: "the Python module `{module}` is not in its image",
        why: "{at} imports it, and {requirements} names no package that brings it",
        fix: "name its package{with_hashes} in {requirements}, then rebuild",
        run: &["{module:add_requirement}", "magicctl rebuild {service}"],
        at: At::Code,
        ..UP
    },
    Rule {
        what: "the Python module `{module}` is not in its image",
        why: "{at} imports it",
        fix: "install it where the image is made: {module:pip_install}",
        ..AT_CODE
    },
    Rule {
        code: "MC550",
        when: When::Says(NO_NAME_IN_MODULE),
        what: "{module:module_file} defines no `{name}`",
        why: "{at} imports it from there; two files that import each other do the same",
        fix: "define it there, or correct the name in {at}; then rebuild",
        ..AT_CODE
    },
    Rule {
        what: "the package {module:top} in its image has no `{name}`",
        why: "{at} imports it; another version of {module:package} has it",
        fix: "ask for that version in requirements.txt, then rebuild",
        ..AT_CODE
    },
    Rule {
        code: "MC551",
        when: When::Says(r"(?m)^\s*(?P<kind>SyntaxError|IndentationError|TabError): (?P<why>[^\n]+)"),
        what: "{at} is not valid Python: {why}",
        why: "Python can't read the file, so nothing of it runs",
        fix: "correct that line (or the one above it), then rebuild",
        ..AT_CODE
    },
    Rule {
        code: "MC552",
        when: When::Says(
            r"(?s)(?:os\.environ|getenv|environ\[|frozen os>|/os\.py).*KeyError: '(?P<name>[A-Za-z_]\w*)'",
        ),
        what: "the variable {name} is not set in its container",
        why: "{at} reads it",
        fix: "write `{name}: {name:reference}` under `environment:` of {service} in {compose}, and {name:env_line}",
        at: At::Code,
        ..UP
    },
    Rule {
        code: "MC552",
        when: When::Says(r"(?P<count>\d+) validation errors? for (?P<model>\w+)\n(?P<field>[\w.]+)\n\s+Field required"),
        what: "the setting {field} of {model} has no value",
        why: "{at} wants it, from the variable {field:upper} or a file",
        fix: "set {field:upper} under `environment:` of {service} in {compose}",
        at: At::Code,
        ..UP
    },
    Rule {
        code: "MC552",
        when: When::Says(
            r"(?P<count>\d+) validation errors? for (?P<model>\w+)\n(?P<field>[\w.]+)\n\s+(?P<why>[^\[\n]+)",
        ),
        what: "the value of {field} is wrong for {model}: {why}",
        why: "{at} reads it and refuses it",
        fix: "correct {field} where it is set: {field:upper} under `environment:`, or the file that is read there",
        at: At::Code,
        ..UP
    },
    Rule {
        code: "MC552",
        when: When::Says(r"ValueError: invalid literal for int\(\) with base 10: '(?P<value>[^']*)'"),
        what: "{at} makes a number of {value:setting}, which is `{value}`",
        why: "int() takes nothing but digits",
        fix: "if another variable is meant, name that one in {at}; if it is {value:setting}, set it to a number under `environment:` of {service}",
        ..AT_CODE
    },
    Rule {
        code: "MC553",
        when: When::Says(NO_SCRIPT),
        what: "{path} is not in its image",
        why: "its command runs it; {path:copied} is in the project, but the Dockerfile doesn't copy it there",
        fix: "let {dockerfile} copy it above its CMD (`{path:copy}`), then rebuild",
        ..AT_COMMAND
    },
    Rule {
        what: "{path} is not in its image",
        why: "its command runs it, and neither the image nor the project has such a file; the project has {scripts}",
        fix: "name the file that is meant in the command, or write {path:name} and let {dockerfile} copy it; then rebuild",
        ..AT_COMMAND
    },
    Rule {
        what: "{path} is not in its image",
        why: "its command runs it, and neither the image nor the project has such a file",
        fix: "correct the file's name in the command, then rebuild",
        ..AT_COMMAND
    },
    Rule {
        code: "MC553",
        when: When::Says(
            r"(?s)_execute_child.*FileNotFoundError: \[Errno 2\] No such file or directory: '(?P<program>[^'/]+)'",
        ),
        what: "there is no program {program} in its image",
        why: "{at} runs it",
        fix: "install it in {dockerfile} (`RUN apt-get update && apt-get install -y …`), or name the program that is meant in {at}",
        ..AT_CODE
    },
    Rule {
        code: "MC553",
        when: When::Says(
            r"FileNotFoundError: \[Errno 2\] No such file or directory: '(?P<path>[^']*keys_pool_(?P<provider>\w+)\.env)'",
        ),
        what: "the key file {path:mounted} is not there",
        why: "{at} reads the keys for {provider} from it",
        fix: "write your {provider} key into it, one a line",
        run: &["echo 'YOUR-KEY' > {path:mounted}", "magicctl up"],
        at: At::Code,
        ..UP
    },
    Rule {
        code: "MC553",
        when: When::Says(NO_FILE),
        what: "the file {path:mounted} is not there",
        why: "{at} opens {path}, which is mounted from there",
        fix: "put that file there, or correct the name in {at}",
        at: At::Code,
        ..UP
    },
    Rule {
        only: &[If::HoldsKeys],
        what: "there is no {path} in its container",
        why: "{at} opens it, and it is not mounted; it holds keys, which belong in no image",
        fix: "mount it under `volumes:` of {service}, read-only: `./…:{path}:ro`",
        at: At::Code,
        ..UP
    },
    Rule {
        what: "{path:left_out} is in the project, but .dockerignore keeps it out of its image",
        why: "{at} opens {path}",
        fix: "let it in with a line of .dockerignore; where no COPY of {dockerfile} brings it yet, add `{path:copy}`",
        run: &["{path:let_in_left_out}", "magicctl rebuild {service}"],
        at: At::Code,
        ..UP
    },
    Rule {
        what: "there is no {path} in its container",
        why: "{at} opens it; the project has such a file, and {dockerfile} doesn't copy it there",
        fix: "let {dockerfile} copy it above its CMD (`{path:copy}`), then rebuild",
        ..AT_CODE
    },
    Rule {
        what: "there is no {path} in its container",
        why: "{at} opens it, and nothing called {path:name} is mounted, in the image or in the project",
        fix: "correct the name in {at}; or write {path:name} into the build context ({context}) and let {dockerfile} copy it (`{path:copy_named}`)",
        ..AT_CODE
    },
    Rule {
        what: "there is no {path} in its container",
        why: "{at} opens it, and it is neither in the image nor mounted",
        fix: "copy it in the Dockerfile or mount it (`volumes:` of {service}), or correct the name in {at}",
        ..AT_CODE
    },
    Rule {
        code: "MC553",
        when: When::Says(r"IsADirectoryError: \[Errno 21\] Is a directory: '(?P<path>[^']+)'"),
        what: "{path:mounted_folder} is a folder, and must be a file",
        why: "{at} opens {path}, which is mounted from there; Compose makes such a folder when the file is missing",
        fix: "remove the folder and put the file there",
        run: &["rmdir {path:mounted_folder}", "magicctl up"],
        at: At::Code,
        ..UP
    },
    Rule {
        code: "MC554",
        when: When::Says(DENIED),
        what: "its user may not write in {path:mounted_into}",
        why: "{at} opens {path}, which is not there yet; that folder of this machine is mounted into the service, whose process runs as `{user}`",
        fix: "give the folder to that user",
        run: &["sudo chown {user:owner} {path:mounted_into}", "magicctl up"],
        at: At::Code,
        ..UP
    },
    Rule {
        what: "its user may not create {path:mounted_new}",
        why: "{at} opens {path}, which is not there yet; the project's folder is mounted into the service, whose process runs as `{user}`",
        fix: "create that file and give it to that user, or write into a folder that is only the service's",
        run: &[
            "touch {path:mounted_new}",
            "sudo chown {user:owner} {path:mounted_new}",
            "magicctl up",
        ],
        at: At::Code,
        ..UP
    },
    Rule {
        what: "its user may not open {path:mounted}",
        why: "{at} opens {path}, which is mounted from there; the process runs as `{user}`, to whom the file does not belong",
        fix: "give it to that user",
        run: &["sudo chown -R {user:owner} {path:mounted}", "magicctl up"],
        at: At::Code,
        ..UP
    },
    Rule {
        what: "its user may not write in the volume {path:volume}",
        why: "{at} opens {path}; the process runs as `{user}`, and the volume belongs to somebody else",
        fix: "give the volume to that user; its data stays",
        run: &[
            "docker run --rm -u 0 -v {path:volume}:/v busybox chown -R {user:owner} /v",
            "magicctl up",
        ],
        at: At::Code,
        ..UP
    },
    Rule {
        what: "its user may not open {path}",
        why: "{at} opens it; the process runs as `{user}`, and in the image it belongs to somebody else",
        fix: "in the Dockerfile, before USER: RUN {path:give_parent}; or write elsewhere, such as /tmp",
        ..AT_CODE
    },
    Rule {
        code: "MC554",
        when: When::Says(r"OSError: \[Errno 30\] Read-only file system: '(?P<path>[^']+)'"),
        what: "{path} can't be written: it is mounted read-only",
        why: "{at} writes there; `read_only`, or `:ro` of the mount, forbids it",
        fix: "take `:ro` off that mount in {compose}, or write elsewhere",
        at: At::Key("volumes"),
        ..UP
    },
    Rule {
        code: "MC555",
        when: When::Says(OWN_ADDRESS),
        what: "it looks for {port:offering} at {peer}:{port}, which is its own container",
        why: "in a container {peer} means the container itself, not the machine or another service",
        fix: "let {peer:setting} say {port:offering} instead of {peer}: services reach each other by name",
        at: At::Key("environment"),
        ..UP
    },
    Rule {
        what: "it looks for something at {peer}:{port}, which is its own container",
        why: "in a container {peer} means the container itself, not the machine or another service",
        fix: "let it connect to the service that has port {port} by its name: {others}",
        ..AT_CODE
    },
    Rule {
        code: "MC555",
        when: When::Says(OWN_ADDRESS_REFUSED),
        what: "it looks for {port:offering} at {peer}:{port}, which is its own container",
        why: "in a container {peer} means the container itself, not the machine or another service",
        fix: "let {at} connect to {port:offering} instead: services reach each other by name",
        ..AT_CODE
    },
    Rule {
        what: "nothing answers at {peer}:{port}, which is its own container",
        why: "in a container {peer} means the container itself, not the machine or another service, and nothing listens on port {port} there",
        fix: "let {at} connect to the service that has port {port} by its name, not to {peer}: {others}",
        ..AT_CODE
    },
    Rule {
        code: "MC562",
        when: When::Says(r"Unable connect to node with id \d+: .*?\('(?P<ip>[\d.]+)', (?P<port>\d+)"),
        what: "Kafka sends it to {ip}:{port}, where no broker answers",
        why: "the first connection works; then a client goes where `KAFKA_ADVERTISED_LISTENERS` of kafka says, and nothing listens there",
        fix: "advertise the port that Kafka listens on for containers, such as INTERNAL://kafka:9093",
        ..UP
    },
    Rule {
        code: "MC555",
        when: When::Says(PEER),
        what: "{peer:service} does not answer on port {port}",
        why: "it needs {peer} at its start, and does not wait for it: `depends_on` has no `condition: service_healthy` for {peer:unawaited}",
        fix: "let it wait, in {compose}: under `depends_on:` of {service}, `{peer}:` with `condition: service_healthy`",
        at: At::Code,
        ..UP
    },
    Rule {
        what: "{peer:service} does not answer on port {port}",
        why: "{peer} was ready before {service} was started, so the port is the wrong one ({peer:setting} says {port}), or {peer} has ended since",
        fix: "correct the port in {peer:setting}; if {peer} has ended, start it",
        run: &["magicctl status", "magicctl up"],
        at: At::Key("environment"),
        ..UP
    },
    Rule {
        what: "{peer:service} does not answer on port {port}",
        why: "{peer} has ended, or listens on another port",
        fix: "see whether it is ready; else correct the port",
        run: &["magicctl status", "magicctl up"],
        at: At::Code,
        ..UP
    },
    Rule {
        what: "it can't reach `{peer}`: no service of this stack has that name",
        why: "{peer:setting} names it as a host, and inside the stack hosts are services' names",
        fix: "correct the name in {peer:setting}: `{peer:near}` is one",
        at: At::Key("environment"),
        ..UP
    },
    Rule {
        what: "it can't reach {peer}:{port}",
        why: "no service of this stack is called {peer}; outside, the host is not there or has nothing on that port",
        fix: "correct the address where it is set, or connect the machine",
        run: &["magicctl exec {service} getent hosts {peer}"],
        at: At::Code,
        ..UP
    },
    Rule {
        code: "MC555",
        when: When::Says(PEER_UNKNOWN),
        what: "it can't reach {peer:service}, which does not run",
        why: "{at} connects to it; a service has a name for others only while it runs",
        fix: "let {service} wait for it in {compose}: `depends_on:` with `condition: service_healthy`",
        run: &["magicctl status", "magicctl up"],
        at: At::Code,
        ..UP
    },
    Rule {
        what: "it can't reach `{peer}`: no service of this stack has that name",
        why: "{at} connects to it; inside the stack a service is reached by its name",
        fix: "write `{peer:near}` there, then rebuild",
        ..AT_CODE
    },
    Rule {
        what: "it can't reach `{peer}`: nothing has that name",
        why: "{at} connects to it; inside the stack a service is reached by its name, outside a host by its name in the DNS",
        fix: "correct `{peer}` there, then rebuild",
        ..AT_CODE
    },
    Rule {
        code: "MC555",
        when: When::Says(r"Connect call failed \('(?P<ip>[\d.]+)', (?P<port>\d+)"),
        what: "{port:server} does not answer on port {port}",
        why: "{port:server} has ended, is not ready, or listens on another port",
        fix: "let {service} wait for it in {compose}: `depends_on:` with `condition: service_healthy`",
        run: &["magicctl status", "magicctl up"],
        at: At::Code,
        ..UP
    },
    Rule {
        code: "MC555",
        when: When::Says(r"(?s)gaierror: \[Errno -\d\] (?P<why>[^\n]+)"),
        what: "it can't resolve a host's name: {why}",
        why: "{at} connects to a host that has no address: its name is misspelt, or no such service runs in this stack",
        fix: "correct the host's name where it is set (inside the stack: the service's name)",
        ..AT_CODE
    },
    Rule {
        code: "MC555",
        when: When::Says(r"ConnectionRefusedError: \[Errno 111\]"),
        what: "nothing answers where it connects to",
        why: "{at} connects to an address that refuses: what it needs is not running, not ready, or listens on another port; localhost is the container itself",
        fix: "correct the address in that line (inside the stack: the service's name and its port in the container)",
        ..AT_CODE
    },
    Rule {
        code: "MC556",
        when: When::Says(
            r"(?s)(?:\('(?P<ip>[\d.:]+)', (?P<port>\d+)[^)]*\): |port (?P<number>\d+) can't be used: )[Aa]ddress already in use",
        ),
        what: "port {number} is used twice in its container",
        why: "two servers of {service} listen on the same port: {number:settings}",
        fix: "give one of them another port",
        at: At::Key("environment"),
        ..UP
    },
    Rule {
        code: "MC556",
        when: When::Says(r"(?s)(?:\('(?P<ip>[\d.:]+)', |port )(?P<port>\d+).*[Aa]ddress already in use"),
        what: "port {port} is used twice in its container",
        why: "something else in the same container listens on it; ports of this machine have nothing to do with it",
        fix: "let one of its servers listen on another port, or start only one",
        ..AT_CODE
    },
    Rule {
        code: "MC557",
        when: When::Says(
            r"(?s)(?P<path>[\w./-]+\.ya?ml) is not valid YAML: (?P<why>[^\n]+).*?line (?P<line>\d+), column (?P<column>\d+)",
        ),
        what: "{path:host} is not valid YAML at line {line}: {why}",
        why: "the app can't read it",
        fix: "correct that line",
        at: At::File,
        ..UP
    },
    Rule {
        code: "MC557",
        when: When::Says(
            r#"(?s)yaml\.\w+\.\w+Error: (?P<why>[^\n]+).*in "(?P<path>[^"]+)", line (?P<line>\d+), column (?P<column>\d+)"#,
        ),
        what: "{path:host} is not valid YAML at line {line}: {why}",
        why: "{at} can't read it",
        fix: "correct that line",
        at: At::File,
        ..UP
    },
    Rule {
        code: "MC557",
        when: When::Says(r"(?m)^(?:ERROR\s+)?(?P<path>[\w./-]*proxy_config\.yaml): (?P<why>[^\n]+?)(?:  name=\S+)?$"),
        what: "{path:host} is wrong: {why}",
        why: "the app reads it at its start, and refuses it",
        fix: "correct that in {path:host}; `magicctl check` shows the line",
        run: &["magicctl check", "magicctl up"],
        ..UP
    },
    Rule {
        code: "MC557",
        when: When::Says(r"JSONDecodeError: (?P<why>[^\n]+)"),
        what: "a JSON text that it reads is invalid: {why}",
        why: "{at} reads it; line and column count in that text, and `char 0` means that it is empty or no JSON at all",
        fix: "correct that JSON text (or the file that it comes from)",
        ..AT_CODE
    },
    Rule {
        code: "MC558",
        when: When::Says(r#"(?:Error loading ASGI app\. )?Could not import module "(?P<module>[\w.]+)""#),
        what: "there is no module `{module}` to serve",
        why: "its command gives it to uvicorn as FILE:NAME, and there is no such file in the image, or it fails when it is imported",
        fix: "correct it in the command: for {module}.py in the working directory it is {module}:app",
        ..AT_COMMAND
    },
    Rule {
        code: "MC558",
        when: When::Says(r#"Attribute "(?P<name>[\w.]+)" not found in module "(?P<module>[\w.]+)""#),
        what: "the module `{module}` has no `{name}` to serve",
        why: "its command gives `{module}:{name}` to uvicorn",
        fix: "let the command name the variable that holds the app",
        ..AT_COMMAND
    },
    Rule {
        code: "MC559",
        when: When::Says(KEY_REFUSED),
        only: &[If::OfTheSample],
        what: "a provider refuses its API key",
        why: "the key is wrong, expired or another provider's: the log names the provider",
        fix: "put a valid key into keys_pool/keys_pool_<provider>.env, one a line",
        at: At::Code,
        ..UP
    },
    Rule {
        what: "a provider refuses its API key",
        why: "the key is wrong, expired or another provider's: the log names the provider",
        fix: "put a valid key where {service} reads it",
        at: At::Code,
        ..UP
    },
];

/// Any exception.
pub(super) const ANY: &[Rule] = &[
    Rule {
        code: "MC558",
        when: When::Says(r"(?m)^KeyError: (?P<key>[^\n]+)$"),
        what: "KeyError: {key}",
        why: "{at} looks up {key} in a dictionary that has no such entry",
        fix: "add {key} to that dictionary, or look it up with `.get()` and a default in {at}",
        ..AT_CODE
    },
    Rule {
        code: "MC558",
        when: When::Says(EXCEPTION),
        only: &[If::Built],
        what: "{kind}: {why}",
        why: "{at} raised it: {kind:meaning}",
        fix: "{kind:remedy} in {at}, then rebuild",
        ..AT_CODE
    },
    Rule {
        what: "{kind}: {why}",
        why: "{at} raised it, and nothing caught it",
        fix: "fix {at}",
        ..AT_CODE
    },
];
