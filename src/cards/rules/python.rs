//! What Python programs end with.

use crate::codes;

use super::{AT_CODE, AT_COMMAND, At, Condition, Rule, UP, When};

/// A module that is nowhere.
const NO_MODULE: &str = r"ModuleNotFoundError: No module named '(?P<module>[\w.]+)'";
/// A name that a module does not have.
const NO_NAME_IN_MODULE: &str =
    r"ImportError: cannot import name '(?P<name>\w+)' from (?:partially initialized module )?'(?P<module>[\w.]+)'";
/// What the interpreter prints about a missing script.
const NO_SCRIPT: &str = r"can't open file '(?P<path>[^']+)': \[Errno 2\]";
/// A missing file that the code opens.
const NO_FILE: &str = r"FileNotFoundError: \[Errno 2\] No such file or directory: '(?P<path>[^']+)'";
/// A file that the process may not open.
const DENIED: &str = r"PermissionError: \[Errno 13\] Permission denied: '(?P<path>[^']+)'";
/// The container's own address, as clients' errors have it.
const OWN_ADDRESS: &str = r#"(?:connect(?:ing)? to |[Bb]ootstrap from \[\(|connect to \\?"?|host=)['"\\]*(?P<peer>localhost|127\.0\.0\.1)\\?['"]?(?::|, (?:port=)?)(?P<port>\d+)"#;
/// The same, as in asyncio.
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
        code: Some(&codes::LISTENERS),
        when: When::Says(r"(?i)kafka"),
        what: "Kafka can't be reached at the address in {kafka_setting}",
        why: "{kafka_setting} is set to Kafka's listener for the host: the first connection works, but then Kafka redirects the client to localhost, which in a container is the container itself",
        fix: "use the listener for containers: {kafka_setting}: {kafka_inside}",
        at: At::Key("environment"),
        ..UP
    },
    Rule {
        code: Some(&codes::MODULE),
        when: When::Says(NO_MODULE),
        what: "{module:module_file} is in the project, but not in its image",
        why: "{at} imports it, but the image was built without it",
        fix: "copy it in {dockerfile} before CMD ({module:copy_module}), then rebuild",
        ..AT_CODE
    },
    Rule {
        only: &[Condition::InstallsNothing],
        what: "the Python module `{module}` is not in its image",
        why: "{at} imports it and {module:requirement} lists its package, but {dockerfile} doesn't install {requirements}",
        fix: "in {dockerfile}, after the line that copies {requirements}, add: RUN pip install --no-cache-dir -r requirements.txt",
        ..AT_CODE
    },
    Rule {
        what: "the Python module `{module}` is not in its image",
        why: "{at} imports it and {module:requirement} lists its package, but the image is older than that",
        fix: "rebuild it",
        ..AT_CODE
    },
    Rule {
        what: "the Python module `{module}` is not in its image",
        why: "{at} imports it, but {requirements} doesn't list its package",
        fix: "add its package{with_hashes} to {requirements}, then rebuild",
        run: &["{module:add_requirement}", "magicctl rebuild {service}"],
        at: At::Code,
        ..UP
    },
    Rule {
        what: "the Python module `{module}` is not in its image",
        why: "{at} imports it",
        fix: "install it when the image is built: {module:pip_install}",
        ..AT_CODE
    },
    Rule {
        code: Some(&codes::MODULE),
        when: When::Says(NO_NAME_IN_MODULE),
        what: "{module:module_file} defines no `{name}`",
        why: "{at} imports it from there; two files that import each other have the same effect",
        fix: "define it there, or correct the name in {at}; then rebuild",
        ..AT_CODE
    },
    Rule {
        what: "the package {module:top} in its image has no `{name}`",
        why: "{at} imports it; another version of {module:package} contains it",
        fix: "set that version in requirements.txt, then rebuild",
        ..AT_CODE
    },
    Rule {
        code: Some(&codes::NOT_PYTHON),
        when: When::Says(r"(?m)^\s*(?P<kind>SyntaxError|IndentationError|TabError): (?P<why>[^\n]+)"),
        what: "{at} is not valid Python: {why}",
        why: "Python can't parse the file",
        fix: "correct that line (or the one above it), then rebuild",
        ..AT_CODE
    },
    Rule {
        code: Some(&codes::VARIABLE),
        when: When::Says(
            r"(?s)(?:os\.environ|getenv|environ\[|frozen os>|/os\.py).*KeyError: '(?P<name>[A-Za-z_]\w*)'",
        ),
        what: "the variable {name} is not set in its container",
        why: "{at} reads it",
        fix: "add `{name}: {name:reference}` under `environment:` of {service} in {compose}, and {name:env_line}",
        at: At::Code,
        ..UP
    },
    Rule {
        code: Some(&codes::VARIABLE),
        when: When::Says(r"(?P<count>\d+) validation errors? for (?P<model>\w+)\n(?P<field>[\w.]+)\n\s+Field required"),
        what: "the setting {field} of {model} has no value",
        why: "{at} needs it, from the variable {field:upper} or a file",
        fix: "set {field:upper} under `environment:` of {service} in {compose}",
        at: At::Code,
        ..UP
    },
    Rule {
        code: Some(&codes::VARIABLE),
        when: When::Says(
            r"(?P<count>\d+) validation errors? for (?P<model>\w+)\n(?P<field>[\w.]+)\n\s+(?P<why>[^\[\n]+)",
        ),
        what: "the value of {field} is not valid for {model}: {why}",
        why: "{at} reads it",
        fix: "correct {field} where it is set: {field:upper} under `environment:`, or a file",
        at: At::Code,
        ..UP
    },
    Rule {
        code: Some(&codes::VARIABLE),
        when: When::Says(r"ValueError: invalid literal for int\(\) with base 10: '(?P<value>[^']*)'"),
        what: "{at} expects a number in {value:setting}, which is `{value}`",
        why: "int() accepts only digits",
        fix: "if {value:setting} is the right variable, set it to a number under `environment:` of {service}; otherwise correct the variable in {at}",
        ..AT_CODE
    },
    Rule {
        code: Some(&codes::FILE_MISSING),
        when: When::Says(NO_SCRIPT),
        what: "{path} is not in its image",
        why: "its command runs it; {path:copied} is in the project, but the Dockerfile doesn't copy it there",
        fix: "copy it in {dockerfile} before CMD (`{path:copy}`), then rebuild",
        ..AT_COMMAND
    },
    Rule {
        what: "{path} is not in its image",
        why: "its command runs it, but neither the image nor the project contains it; the project contains {scripts}",
        fix: "correct the file's name in the command, or create {path:name} and copy it in {dockerfile}; then rebuild",
        ..AT_COMMAND
    },
    Rule {
        what: "{path} is not in its image",
        why: "its command runs it, but neither the image nor the project contains it",
        fix: "correct the file's name in the command, then rebuild",
        ..AT_COMMAND
    },
    Rule {
        code: Some(&codes::FILE_MISSING),
        when: When::Says(
            r"(?s)_execute_child.*FileNotFoundError: \[Errno 2\] No such file or directory: '(?P<program>[^'/]+)'",
        ),
        what: "the program {program} is not in its image",
        why: "{at} runs it",
        fix: "install it in {dockerfile} (`RUN apt-get update && apt-get install -y …`), or correct the program's name in {at}",
        ..AT_CODE
    },
    Rule {
        code: Some(&codes::FILE_MISSING),
        when: When::Says(
            r"FileNotFoundError: \[Errno 2\] No such file or directory: '(?P<path>[^']*keys_pool_(?P<provider>\w+)\.env)'",
        ),
        what: "the key file {path:mounted} is missing",
        why: "{at} reads the keys for {provider} from it",
        fix: "create it with your {provider} keys, one per line",
        run: &["echo 'YOUR-KEY' > {path:mounted}", "magicctl up"],
        at: At::Code,
        ..UP
    },
    Rule {
        code: Some(&codes::FILE_MISSING),
        when: When::Says(NO_FILE),
        what: "the file {path:mounted} is missing",
        why: "{at} opens {path}, which the Compose file mounts",
        fix: "create that file, or correct the name in {at}",
        at: At::Code,
        ..UP
    },
    Rule {
        only: &[Condition::HoldsKeys],
        what: "{path} is not in its container",
        why: "{at} opens it, but it is not mounted; it contains keys, which don't belong in an image",
        fix: "mount it read-only under `volumes:` of {service}: `./…:{path}:ro`",
        at: At::Code,
        ..UP
    },
    Rule {
        what: "{path:left_out} is in the project, but .dockerignore excludes it from the image",
        why: "{at} opens {path}",
        fix: "add an exception to .dockerignore; if no COPY in {dockerfile} includes it yet, add `{path:copy}`",
        run: &["{path:let_in_left_out}", "magicctl rebuild {service}"],
        at: At::Code,
        ..UP
    },
    Rule {
        what: "{path} is not in its container",
        why: "{at} opens it; the file is in the project, but {dockerfile} doesn't copy it there",
        fix: "copy it in {dockerfile} before CMD (`{path:copy}`), then rebuild",
        ..AT_CODE
    },
    Rule {
        what: "{path} is not in its container",
        why: "{at} opens it, but {path:name} is neither mounted nor in the image or the project",
        fix: "correct the name in {at}, or add {path:name} to the build context ({context}) and copy it in {dockerfile} (`{path:copy_named}`)",
        ..AT_CODE
    },
    Rule {
        what: "{path} is not in its container",
        why: "{at} opens it, but it is neither in the image nor mounted",
        fix: "copy it in the Dockerfile or mount it (`volumes:` of {service}), or correct the name in {at}",
        ..AT_CODE
    },
    Rule {
        code: Some(&codes::FILE_MISSING),
        when: When::Says(r"IsADirectoryError: \[Errno 21\] Is a directory: '(?P<path>[^']+)'"),
        what: "{path:mounted_folder} is a folder, but must be a file",
        why: "{at} opens {path}, which the Compose file mounts; Compose creates such a folder if the file is missing",
        fix: "remove the folder and put the file there",
        run: &["rmdir {path:mounted_folder}", "magicctl up"],
        at: At::Code,
        ..UP
    },
    Rule {
        code: Some(&codes::PERMISSION),
        when: When::Says(DENIED),
        what: "its user can't write to {path:mounted_into}",
        why: "{at} creates {path}; the folder is mounted from this machine, and the process runs as `{user}`",
        fix: "make that user the owner of the folder",
        run: &["sudo chown {user:owner} {path:mounted_into}", "magicctl up"],
        at: At::Code,
        ..UP
    },
    Rule {
        what: "its user can't create {path:mounted_new}",
        why: "{at} creates {path}; the project's folder is mounted into the service, and the process runs as `{user}`",
        fix: "create that file and make that user its owner, or write to a separate folder of the service",
        run: &[
            "touch {path:mounted_new}",
            "sudo chown {user:owner} {path:mounted_new}",
            "magicctl up",
        ],
        at: At::Code,
        ..UP
    },
    Rule {
        what: "its user can't open {path:mounted}",
        why: "{at} opens {path}, which the Compose file mounts; the process runs as `{user}`, which is not the file's owner",
        fix: "make that user its owner",
        run: &["sudo chown -R {user:owner} {path:mounted}", "magicctl up"],
        at: At::Code,
        ..UP
    },
    Rule {
        what: "its user can't write to the volume {path:volume}",
        why: "{at} opens {path}; the process runs as `{user}`, but the volume belongs to another user",
        fix: "make that user the owner of the volume; its data is kept",
        run: &[
            "docker run --rm -u 0 -v {path:volume}:/v busybox chown -R {user:owner} /v",
            "magicctl up",
        ],
        at: At::Code,
        ..UP
    },
    Rule {
        what: "its user can't open {path}",
        why: "{at} opens it; the process runs as `{user}`, but in the image the file belongs to another user",
        fix: "add to the Dockerfile, before USER: RUN {path:give_parent}; or write to another path, such as /tmp",
        ..AT_CODE
    },
    Rule {
        code: Some(&codes::PERMISSION),
        when: When::Says(r"OSError: \[Errno 30\] Read-only file system: '(?P<path>[^']+)'"),
        what: "{path} can't be written: it is mounted read-only",
        why: "{at} writes there, but the mount has `read_only` or `:ro`",
        fix: "remove `:ro` from that mount in {compose}, or write to another path",
        at: At::Key("volumes"),
        ..UP
    },
    Rule {
        code: Some(&codes::UNREACHABLE),
        when: When::Says(OWN_ADDRESS),
        what: "it connects to {peer}:{port} for {port:offering}, but that is its own container",
        why: "in a container {peer} means the container itself, not the machine or another service",
        fix: "in {peer:setting}, use {port:offering} instead of {peer}: services reach each other by name",
        at: At::Key("environment"),
        ..UP
    },
    Rule {
        what: "it connects to {peer}:{port}, which is its own container",
        why: "in a container {peer} means the container itself, not the machine or another service",
        fix: "connect to the service with port {port} by its name: {others}",
        ..AT_CODE
    },
    Rule {
        code: Some(&codes::UNREACHABLE),
        when: When::Says(OWN_ADDRESS_REFUSED),
        what: "it connects to {peer}:{port} for {port:offering}, but that is its own container",
        why: "in a container {peer} means the container itself, not the machine or another service",
        fix: "in {at}, connect to {port:offering} instead: services reach each other by name",
        ..AT_CODE
    },
    Rule {
        what: "nothing answers at {peer}:{port}, which is its own container",
        why: "in a container {peer} means the container itself, not the machine or another service, and nothing listens on port {port} there",
        fix: "in {at}, connect to the service with port {port} by its name, not to {peer}: {others}",
        ..AT_CODE
    },
    Rule {
        code: Some(&codes::LISTENERS),
        when: When::Says(r"Unable connect to node with id \d+: .*?\('(?P<ip>[\d.]+)', (?P<port>\d+)"),
        what: "Kafka redirects it to {ip}:{port}, where no broker answers",
        why: "the first connection works; then the client uses the address in kafka's `KAFKA_ADVERTISED_LISTENERS`, where nothing listens",
        fix: "advertise the port that Kafka listens on for containers, such as INTERNAL://kafka:9093",
        ..UP
    },
    Rule {
        code: Some(&codes::UNREACHABLE),
        when: When::Says(PEER),
        what: "{peer:service} does not answer on port {port}",
        why: "it needs {peer} at its start, but doesn't wait for it: `depends_on` has no `condition: service_healthy` for {peer:unawaited}",
        fix: "make it wait: in {compose}, under `depends_on:` of {service}, add `{peer}:` with `condition: service_healthy`",
        at: At::Code,
        ..UP
    },
    Rule {
        what: "{peer:service} does not answer on port {port}",
        why: "{peer} was ready before {service} was started, so the port is wrong ({peer:setting} has {port}), or {peer} has stopped since",
        fix: "correct the port in {peer:setting}; if {peer} has stopped, start it",
        run: &["magicctl status", "magicctl up"],
        at: At::Key("environment"),
        ..UP
    },
    Rule {
        what: "{peer:service} does not answer on port {port}",
        why: "{peer} has stopped, or listens on another port",
        fix: "check whether {peer} is ready; if it is, correct the port in {at}",
        run: &["magicctl status", "magicctl up"],
        at: At::Code,
        ..UP
    },
    Rule {
        what: "it can't reach `{peer}`: no service of this stack has that name",
        why: "{peer:setting} uses it as a host name; inside the stack, the host names are the services' names",
        fix: "correct the name in {peer:setting}; did you mean `{peer:near}`?",
        at: At::Key("environment"),
        ..UP
    },
    Rule {
        what: "it can't reach {peer}:{port}",
        why: "this stack has no service {peer}; if it is an external host, it is down or doesn't listen on that port",
        fix: "correct the address where it is set, or connect this machine to the network",
        run: &["magicctl exec {service} getent hosts {peer}"],
        at: At::Code,
        ..UP
    },
    Rule {
        code: Some(&codes::UNREACHABLE),
        when: When::Says(PEER_UNKNOWN),
        what: "it can't reach {peer:service}, which is not running",
        why: "{at} connects to it; a service's name resolves only while it is running",
        fix: "make {service} wait for it in {compose}: `depends_on:` with `condition: service_healthy`",
        run: &["magicctl status", "magicctl up"],
        at: At::Code,
        ..UP
    },
    Rule {
        what: "it can't reach `{peer}`: no service of this stack has that name",
        why: "{at} connects to it; inside the stack, services are reached by name",
        fix: "use `{peer:near}`, then rebuild",
        ..AT_CODE
    },
    Rule {
        what: "it can't reach `{peer}`: the name doesn't resolve",
        why: "{at} connects to it; inside the stack, services are reached by name, other hosts by DNS",
        fix: "correct the host name `{peer}` in {at}, then rebuild",
        ..AT_CODE
    },
    Rule {
        code: Some(&codes::UNREACHABLE),
        when: When::Says(r"Connect call failed \('(?P<ip>[\d.]+)', (?P<port>\d+)"),
        what: "{port:server} does not answer on port {port}",
        why: "{port:server} has stopped, is not ready, or listens on another port",
        fix: "make {service} wait for it in {compose}: `depends_on:` with `condition: service_healthy`",
        run: &["magicctl status", "magicctl up"],
        at: At::Code,
        ..UP
    },
    Rule {
        code: Some(&codes::UNREACHABLE),
        when: When::Says(r"(?s)gaierror: \[Errno -\d\] (?P<why>[^\n]+)"),
        what: "it can't resolve a host name: {why}",
        why: "{at} connects to a host that doesn't resolve: its name is misspelt, or no such service is running in this stack",
        fix: "correct the host name where it is set (inside the stack: the service's name)",
        ..AT_CODE
    },
    Rule {
        code: Some(&codes::UNREACHABLE),
        when: When::Says(r"ConnectionRefusedError: \[Errno 111\]"),
        what: "its connection is refused",
        why: "{at} connects to something that is not running, not ready, or listens on another port; localhost is the container itself",
        fix: "correct the address in that line (inside the stack: the service's name and its port in the container)",
        ..AT_CODE
    },
    Rule {
        code: Some(&codes::PORT_TWICE_INSIDE),
        when: When::Says(
            r"(?s)(?:\('(?P<ip>[\d.:]+)', (?P<port>\d+)[^)]*\): |port (?P<number>\d+) can't be used: )[Aa]ddress already in use",
        ),
        what: "port {number} is used twice in its container",
        why: "two servers of {service} listen on the same port: {number:settings}",
        fix: "set another port for one of them",
        at: At::Key("environment"),
        ..UP
    },
    Rule {
        code: Some(&codes::PORT_TWICE_INSIDE),
        when: When::Says(r"(?s)(?:\('(?P<ip>[\d.:]+)', |port )(?P<port>\d+).*[Aa]ddress already in use"),
        what: "port {port} is used twice in its container",
        why: "another process in the same container listens on it; ports of this machine don't matter here",
        fix: "make one of its servers listen on another port, or start only one",
        ..AT_CODE
    },
    Rule {
        code: Some(&codes::APP_CONFIG),
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
        code: Some(&codes::APP_CONFIG),
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
        code: Some(&codes::APP_CONFIG),
        when: When::Says(r"(?m)^(?:ERROR\s+)?(?P<path>[\w./-]*proxy_config\.yaml): (?P<why>[^\n]+?)(?:  name=\S+)?$"),
        what: "{path:host} is not valid: {why}",
        why: "the app reads it at its start",
        fix: "correct that in {path:host}; `magicctl check` shows the line",
        run: &["magicctl check", "magicctl up"],
        ..UP
    },
    Rule {
        code: Some(&codes::APP_CONFIG),
        when: When::Says(r"JSONDecodeError: (?P<why>[^\n]+)"),
        what: "it reads invalid JSON: {why}",
        why: "{at} reads it; the line and column refer to that text, and `char 0` means that it is empty or not JSON",
        fix: "correct that JSON (or the file that it comes from)",
        ..AT_CODE
    },
    Rule {
        code: Some(&codes::EXCEPTION),
        when: When::Says(r#"(?:Error loading ASGI app\. )?Could not import module "(?P<module>[\w.]+)""#),
        what: "the module `{module}` doesn't exist",
        why: "its command passes it to uvicorn as FILE:NAME, but the image doesn't contain the file, or importing it fails",
        fix: "correct it in the command: for {module}.py in the working directory, use {module}:app",
        ..AT_COMMAND
    },
    Rule {
        code: Some(&codes::EXCEPTION),
        when: When::Says(r#"Attribute "(?P<name>[\w.]+)" not found in module "(?P<module>[\w.]+)""#),
        what: "the module `{module}` has no `{name}`",
        why: "its command passes `{module}:{name}` to uvicorn",
        fix: "in the command, use the name of the variable that holds the app",
        ..AT_COMMAND
    },
    Rule {
        code: Some(&codes::KEY_REFUSED),
        when: When::Says(KEY_REFUSED),
        only: &[Condition::OfTheSample],
        what: "a provider refuses its API key",
        why: "the key is wrong, expired or for another provider; the log names the provider",
        fix: "put valid keys into keys_pool/keys_pool_<provider>.env, one per line",
        at: At::Code,
        ..UP
    },
    Rule {
        what: "a provider refuses its API key",
        why: "the key is wrong, expired or for another provider; the log names the provider",
        fix: "put a valid key where {service} reads it",
        at: At::Code,
        ..UP
    },
];

/// Any exception.
pub(super) const ANY: &[Rule] = &[
    Rule {
        code: Some(&codes::EXCEPTION),
        when: When::Says(r"(?m)^KeyError: (?P<key>[^\n]+)$"),
        what: "KeyError: {key}",
        why: "{at} looks up {key} in a dictionary that doesn't contain it",
        fix: "add {key} to that dictionary, or look it up with `.get()` and a default in {at}",
        ..AT_CODE
    },
    Rule {
        code: Some(&codes::EXCEPTION),
        when: When::Says(EXCEPTION),
        only: &[Condition::Built],
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
