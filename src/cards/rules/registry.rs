//! What a registry, or the way to it, says no with.

use crate::codes;

use super::{AT_IMAGE, At, Condition, Rule, UP, When};

/// What registries say of an image that is not there or not for everybody.
const DENIED: &str = r"(?i)^denied\b|pull access denied for (?P<repository>[^,\s]+)|requested access to the resource is denied|repository does not exist";

pub(super) const RULES: &[Rule] = &[
    Rule {
        code: Some(&codes::RATE_LIMIT),
        when: When::Says(r"(?i)toomanyrequests|\b429\b|rate limit"),
        what: "the pull limit of the registry {registry} is reached",
        why: "it limits the pulls per address and time, with a higher limit after a login; the image's name is fine",
        fix: "log in, which raises the limit, or wait",
        run: &["docker login {login_registry}", "magicctl up"],
        ..UP
    },
    Rule {
        code: Some(&codes::REGISTRY_TLS),
        when: When::Says(r"server gave HTTP response to HTTPS client"),
        what: "the registry {registry} uses plain HTTP",
        why: "the engine uses HTTPS, unless a registry is configured as insecure",
        fix: "add the registry to `insecure-registries` in /etc/docker/daemon.json, then restart the engine",
        run: &["sudo systemctl restart docker", "magicctl up"],
        at: At::Image,
        ..UP
    },
    Rule {
        code: Some(&codes::REGISTRY_TLS),
        when: When::Says(r"x509: (?P<why>.+)"),
        what: "the certificate of the registry {registry} is not trusted: {why}",
        why: "its CA is unknown to this machine, it has expired, or the clock is wrong",
        fix: "install the registry's CA certificate for the engine",
        run: &[
            "sudo install -D ca.crt /etc/docker/certs.d/{registry}/ca.crt",
            "magicctl up",
        ],
        at: At::Image,
        ..UP
    },
    Rule {
        code: Some(&codes::REGISTRY_AWAY),
        when: When::Says(r"lookup (?:registry-1|auth|index)\.docker\.io"),
        only: &[Condition::Recipe],
        what: "Docker Hub can't be reached",
        why: "this machine can't resolve its name: it has no network, no DNS, or needs a proxy",
        fix: "connect this machine to the network, or set the engine's proxy; without a registry, build the images from packages",
        run: &["make images", "magicctl {local_images} up"],
        at: At::Image,
    },
    Rule {
        only: &[Condition::NoRecipe],
        what: "Docker Hub can't be reached",
        why: "this machine can't resolve its name, and images/ has no recipe for {image}",
        fix: "bring up only the other services, or connect this machine to the network",
        run: &["magicctl up {services_without}"],
        at: At::Image,
        ..UP
    },
    Rule {
        what: "Docker Hub can't be reached",
        why: "this machine can't resolve its name: it has no network, no DNS, or needs a proxy",
        fix: "connect this machine to the network, set the engine's proxy, or load the image from another machine (`docker save`, `docker load`)",
        run: &["curl -I https://registry-1.docker.io/v2/", "magicctl up"],
        at: At::Image,
        ..UP
    },
    Rule {
        code: Some(&codes::REGISTRY_AWAY),
        when: When::Says(
            r"lookup (?P<host>[\w.-]+?)(?: on \S+)?: (?:no such host|server misbehaving|Temporary failure|.*i/o timeout)",
        ),
        what: "there is no registry {host}",
        why: "the name doesn't resolve: it is misspelt in {image_key}, or this machine has no DNS",
        fix: "correct the registry's name in {image_key}",
        run: &["getent hosts {host}", "magicctl up"],
        at: At::Image,
        ..UP
    },
    Rule {
        code: Some(&codes::REGISTRY_AWAY),
        when: When::Says(r"dial tcp (?P<address>\S+): (?:connect: )?connection refused"),
        what: "nothing answers at the registry {registry}",
        why: "{address} refuses connections: no registry is running there",
        fix: "start that registry, or correct its address in {image_key}",
        run: &["curl http://{registry}/v2/", "magicctl up"],
        at: At::Image,
        ..UP
    },
    Rule {
        code: Some(&codes::REGISTRY_AWAY),
        when: When::Says(
            r"(?i)Client\.Timeout|i/o timeout|TLS handshake timeout|context deadline exceeded|network is unreachable|no route to host",
        ),
        what: "the registry {registry} does not answer in time",
        why: "this machine can't reach it: it has no network, is blocked by a firewall, or needs a proxy",
        fix: "connect this machine to the network, or set the engine's proxy; to test the connection:",
        run: &["curl -I https://{registry}/v2/", "magicctl up"],
        at: At::Image,
        ..UP
    },
    Rule {
        code: Some(&codes::LOGIN_NEEDED),
        when: When::Says(r"(?i)incorrect username or password|invalid username/password"),
        what: "the registry {registry} refuses the stored login",
        why: "the password was changed or mistyped",
        fix: "log in again",
        run: &["docker login {login_registry}", "magicctl up"],
        ..UP
    },
    Rule {
        code: Some(&codes::LOGIN_NEEDED),
        when: When::Says(r"(?i)no basic auth credentials|unauthorized|authentication required|403 Forbidden"),
        what: "the registry {registry} requires a login for it",
        why: "there is no stored login for that registry, or it has no permission to pull the image",
        fix: "log in",
        run: &["docker login {login_registry}", "magicctl up"],
        at: At::Image,
        ..UP
    },
    Rule {
        code: Some(&codes::NO_SUCH_IMAGE),
        when: When::Says(DENIED),
        only: &[Condition::NoLogin],
        what: "the registry {registry} has no image {image}, or it is private",
        why: "the registry's answer is the same in both cases, and you are not logged in",
        fix: "log in; if it still fails, correct the name in {image_key}",
        run: &["docker login {login_registry}", "magicctl up"],
        at: At::Image,
    },
    Rule {
        only: &[Condition::WithLogin],
        what: "the registry {registry} has no image {image}, or you have no access to it",
        why: "the registry's answer is the same in both cases; you are logged in",
        fix: "correct the name in {image_key}, or ask the owner for permission to pull it",
        ..AT_IMAGE
    },
    Rule {
        what: "the registry {registry} has no image {image}, or it is private",
        why: "the registry's answer is the same in both cases; usually the name is misspelt",
        fix: "correct the name in {image_key}; for a private image, log in first (`{login}`)",
        ..AT_IMAGE
    },
    Rule {
        code: Some(&codes::NO_SUCH_IMAGE),
        when: When::Says(r"(?i)name unknown|repository name not known|repository \S+ not found"),
        what: "the registry {registry} has no image {image}",
        why: "the name is misspelt, or it was never pushed there",
        fix: "correct the name in {image_key}",
        ..AT_IMAGE
    },
    Rule {
        code: Some(&codes::NO_SUCH_IMAGE),
        when: When::Says(r"(?i)manifest unknown|manifest for \S+ not found|failed to resolve reference .*not found"),
        what: "the registry {registry} has no {image}",
        why: "its name or tag is misspelt, or was never pushed there",
        fix: "correct the name or tag in {image_key}",
        ..AT_IMAGE
    },
    Rule {
        code: Some(&codes::OTHER_PLATFORM),
        when: When::Says(r"no matching manifest for (?P<platform>\S+)"),
        what: "{image} is not available for this machine's platform, {platform}",
        why: "the registry has it only for other platforms",
        fix: "use an image for {platform}, or set `platform: linux/amd64` in the service to emulate it",
        ..AT_IMAGE
    },
    Rule {
        code: Some(&codes::OTHER_PLATFORM),
        when: When::Says(r"does not match the specified platform: wanted (?P<wanted>[^,\s]+)"),
        what: "{image} is not available for {wanted}",
        why: "it is set in the service's `platform`",
        fix: "remove `platform` from the service, or use an image for that platform",
        at: At::Key("platform"),
        ..UP
    },
    Rule {
        code: Some(&codes::NO_SUCH_IMAGE),
        when: When::Says(r"invalid reference format"),
        what: "{image} is not a valid image name",
        why: "use lower-case letters, and one colon before the tag",
        fix: "correct the service's `image`",
        ..AT_IMAGE
    },
    Rule {
        code: Some(&codes::REGISTRY_UNWELL),
        when: When::Says(r"(?i)unexpected HTTP status:? (?P<status>[^\n]+)"),
        what: "the registry {registry} answers with an error: {status}",
        why: "the error is in the registry",
        fix: "try again later; if it is your own registry, check its log",
        ..UP
    },
    Rule {
        code: Some(&codes::REGISTRY_UNWELL),
        when: When::Says(r"(?i)unexpected EOF|connection reset by peer|filesystem layer verification failed"),
        what: "the download of {image} was interrupted",
        why: "the connection to {registry} was lost",
        fix: "run the command again: it continues with the missing layers",
        ..UP
    },
];
