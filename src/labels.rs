//! The labels on every object we make: Compose's own, so that Compose sees our stack, and one of ours.

/// The project's name.
pub const PROJECT: &str = "com.docker.compose.project";
/// The service's name.
pub const SERVICE: &str = "com.docker.compose.service";
/// The container's number within its service, from 1.
pub const CONTAINER_NUMBER: &str = "com.docker.compose.container-number";
/// `True` for containers of `run`, `False` otherwise.
pub const ONEOFF: &str = "com.docker.compose.oneoff";
/// What tells containers of `run` apart.
pub const SLUG: &str = "com.docker.compose.slug";
/// Which container it took the place of, as `SERVICE-NUMBER`.
pub const REPLACE: &str = "com.docker.compose.replace";
/// A hash of the service's configuration.
pub const CONFIG_HASH: &str = "com.docker.compose.config-hash";
/// The project's directory.
pub const WORKING_DIR: &str = "com.docker.compose.project.working_dir";
/// The Compose files, separated by commas.
pub const CONFIG_FILES: &str = "com.docker.compose.project.config_files";
/// The environment files, separated by commas.
pub const ENVIRONMENT_FILE: &str = "com.docker.compose.project.environment_file";
/// Dependencies as `service:condition:restart`, separated by commas.
pub const DEPENDS_ON: &str = "com.docker.compose.depends_on";
/// The id of the image that the container was made from.
pub const IMAGE: &str = "com.docker.compose.image";
/// The version of what made it; Compose parses it as a version.
pub const VERSION: &str = "com.docker.compose.version";
/// What we write as Compose's version: Compose parses it and takes over what a recent one made.
pub const COMPOSE_VERSION: &str = "5.6.1";
/// The network's key in the file.
pub const NETWORK: &str = "com.docker.compose.network";
/// The volume's key in the file.
pub const VOLUME: &str = "com.docker.compose.volume";
/// Ours: what was wanted when the container was made, as JSON of field → short hash of its value (see `plan::spec`).
pub const SPEC: &str = "magicctl.spec";
/// Ours: the containers whose namespaces or volumes this one was given at its making, as `SERVICE=ID`, separated by commas.
pub const SHARES: &str = "magicctl.shares";
/// Ours, in a Compose file: `9080/ready` says that a service without a healthcheck can be used once `GET /ready` at its
/// port 9080 is answered with 200. Found out from the host, for images that have nothing to ask with.
pub const READY: &str = "magicctl.ready";
/// Ours, in a Compose file: how long a container that can't be asked whether it is ready has to be alive before it counts as
/// running, `5s`.
pub const SETTLE: &str = "magicctl.settle";
