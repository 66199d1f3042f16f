//! What follows from a value, by the kind that a gap asks for.

use std::path::{Path, PathBuf};

use crate::files::Kind;
use crate::shell::ShellCommand;

use super::dockerfile::copy_instruction;
use super::fill::{Filled, Known};
use super::python::{latest, meaning};
use super::reach::climbs;
use crate::python::package;

impl Known<'_> {
    /// What follows from a value.
    pub(super) fn derived(&self, value: &str, kind: &str) -> Option<Filled> {
        if let Some(to) = kind.strip_prefix("set_to ") {
            let to = self.caught(to).unwrap_or_else(|| to.to_owned());
            return self
                .around
                .has_variable(value)
                .then(|| Filled::of(self.around.set_variable(value, &to)));
        }
        match kind {
            "host" | "mounted" | "mounted_folder" | "mounted_into" | "mounted_new" | "bind" | "copied" | "shown"
            | "folder_shown" | "file_shown" | "empty_folder" | "context" | "elsewhere" => {
                self.path(value, kind).map(Filled::Path)
            }
            "let_in"
            | "let_in_left_out"
            | "ask_for_latest"
            | "add_requirement"
            | "owner"
            | "apt_install"
            | "apt_install_with_lists"
            | "pip_install"
            | "give_parent" => self.command_for(value, kind),
            _ => self.text_for(value, kind).map(Filled::Text),
        }
    }

    /// Where `path` is in the container.
    fn inside(&self, path: &str) -> PathBuf {
        Path::new("/").join(&self.symptoms.workdir).join(path)
    }

    /// A file or folder of this machine.
    fn path(&self, value: &str, kind: &str) -> Option<PathBuf> {
        let service = self.symptoms.service.as_str();
        let around = self.around;
        let absolute = self.inside(value);
        let inside = absolute.to_string_lossy();
        let path = Path::new(value);
        let is_source = |wanted: fn(Kind) -> bool| around.kind_of_source(service, path).is_some_and(wanted);
        match kind {
            "host" => around.host(service, &inside),
            "mounted" => around.mounted(service, &inside),
            "mounted_folder" => around.mounted_folder(service, &inside),
            // The project's folder itself stays its owner's.
            "mounted_into" => around
                .mounted_into(service, &inside)
                .filter(|folder| around.stack.is_none_or(|stack| *folder != stack.working_dir)),
            "mounted_new" => {
                let folder = around.mounted_into(service, &inside)?;
                around
                    .mounted(service, &inside)
                    .filter(|path| path.parent() == Some(&folder))
            }
            "bind" => around.bind(service, &inside),
            "copied" => around.copied(service, &inside),
            "shown" => Some(path.to_owned()),
            "folder_shown" => is_source(|kind| kind == Kind::Folder).then(|| path.to_owned()),
            "file_shown" => is_source(|kind| kind != Kind::Folder).then(|| path.to_owned()),
            "empty_folder" => around.is_empty_source(service, path).then(|| path.to_owned()),
            "context" => around.in_context(service, value),
            "elsewhere" => around.elsewhere(value),
            _ => self.no_such(),
        }
    }

    /// A command, or words of one.
    fn command_for(&self, value: &str, kind: &str) -> Option<Filled> {
        let service = self.symptoms.service.as_str();
        let around = self.around;
        let absolute = self.inside(value);
        let inside = absolute.to_string_lossy();
        match kind {
            "let_in" => around.let_in(service, value),
            "let_in_left_out" => around.let_in(service, &around.left_out(service, &inside)?),
            "ask_for_latest" => {
                let latest = latest(&self.caught("versions")?)?;
                around.requirement(service, package(value))?;
                Some(Filled::of(around.ask_for_version(service, package(value), &latest)))
            }
            "add_requirement" => {
                let file = around.in_context(service, "requirements.txt")?;
                Some(Filled::of(around.add_requirement(package(value), &file)))
            }
            "owner" => Some(self.owner(value)),
            "apt_install" => Some(Filled::of(apt_install(value))),
            "apt_install_with_lists" => {
                let step = &self.symptoms.step.as_ref()?.name;
                let has_lists = step.contains("apt-get update") || step.contains("apt update");
                (!has_lists).then(|| Filled::of(apt_install(value)))
            }
            "pip_install" => Some(Filled::of(ShellCommand::of("pip install").operand(package(value)))),
            "give_parent" => {
                let make = ShellCommand::of("mkdir -p").path(absolute.parent()?)?;
                let give = make.syntax("&& chown").operand(&self.text("user")?);
                Some(Filled::of(give.and_then(|give| give.path(absolute.parent()?))))
            }
            _ => self.no_such(),
        }
    }

    /// The number of the user that a process runs as, as a word for `chown`: the image says which that is for a name.
    fn owner(&self, user: &str) -> Filled {
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if user.split(':').count() <= 2 && user.split(':').all(is_number) {
            return Filled::Text(user.to_owned());
        }
        let image = self.image();
        let asks = ShellCommand::of("docker run --rm --entrypoint id");
        let asks = image.and_then(|image| asks.operand(&image));
        Filled::of(asks.map(|asks| ShellCommand::default().output_of(asks.syntax("-u"))))
    }

    fn text_for(&self, value: &str, kind: &str) -> Option<String> {
        let service = self.symptoms.service.as_str();
        let around = self.around;
        let absolute = self.inside(value);
        let inside = absolute.to_string_lossy();
        let path = Path::new(value);
        match kind {
            "volume" => around.volume(service, &inside),
            "left_out" => around.left_out(service, &inside),
            "copy" => around.copy_line(service, &inside),
            "copy_here" => copy_instruction(value, "./").filter(|_| !climbs(path)),
            "copy_named" => copy_instruction(path.file_name()?.to_str()?, value).filter(|_| !climbs(path)),
            "copy_module" => {
                let file = around.module_file(service, value)?;
                copy_instruction(&file, &format!("./{file}"))
            }
            "elsewhere_in_context" => around.elsewhere_in_context(service, value),
            "named_in" => around.named_in(service, value),
            "module_file" => around.module_file(service, value),
            "package" => Some(package(value).to_owned()),
            "requirement" => around
                .requirement(service, package(value))
                .map(|(path, line)| format!("{}:{line}", around.shown(&path))),
            "service" => around.service_called(value).filter(|name| name != service),
            "server" => around.service_on(service, value).filter(|name| name != service),
            "unawaited" => (!around.awaits(service, value)).then(|| value.to_owned()),
            "near" => around.nearest_service(value),
            "offering" => around.offering(service, value),
            "origin" => around.origin(value),
            "reference" => Some(format!("${{{value}}}")),
            "env_line" => Some(around.env_line(value)),
            "begin_with" => begin_with(value),
            "setting" => around.setting(service, value).into_iter().next(),
            "settings" => Some(around.setting(service, value))
                .filter(|all| all.len() > 1)
                .map(|all| all.join(" and ")),
            "port_variable" => around.port_variable(service, value),
            "other_port" => {
                let number: u16 = value.parse().ok()?;
                Some(
                    number
                        .checked_add(10_000)
                        .unwrap_or_else(|| number - 10_000)
                        .to_string(),
                )
            }
            "upper" => Some(value.to_uppercase()),
            "kafka_variable" => Some(format!("KAFKA_{}", value.to_uppercase().replace('.', "_"))),
            "top" => value.split('.').next().map(ToOwned::to_owned),
            "name" => path.file_name().map(|name| name.to_string_lossy().into_owned()),
            "latest" => latest(value),
            "meaning" => meaning(value).map(|(meaning, _)| meaning.to_owned()),
            "remedy" => meaning(value).map(|(_, remedy)| remedy.to_owned()),
            _ => self.no_such(),
        }
    }
}

/// Programs that Debian has in a package of another name.
const PACKAGES: [(&str, &str); 12] = [
    ("dig", "dnsutils"),
    ("ffprobe", "ffmpeg"),
    ("ip", "iproute2"),
    ("nc", "netcat-openbsd"),
    ("node", "nodejs"),
    ("nslookup", "dnsutils"),
    ("ping", "iputils-ping"),
    ("pip", "python3-pip"),
    ("ps", "procps"),
    ("psql", "postgresql-client"),
    ("python", "python3"),
    ("redis-cli", "redis-tools"),
];

/// What a RUN step installs a program or package with.
fn apt_install(name: &str) -> Option<ShellCommand> {
    let package = PACKAGES.iter().find(|(program, _)| *program == name);
    let package = package.map_or(name, |(_, package)| package);
    ShellCommand::of("apt-get update && apt-get install -y").operand(package)
}

/// What a command can begin with so that `script` is run, in words.
fn begin_with(script: &str) -> Option<String> {
    let interpreter = match Path::new(script).extension().and_then(|end| end.to_str()) {
        Some("sh") => "sh",
        Some("py") => "python",
        _ => return Some("a program".to_owned()),
    };
    let command = ShellCommand::of(interpreter).operand(script)?;
    Some(format!("`{command}`"))
}
