//! What a registry, or the way to it, says no with.

use super::{AT_IMAGE, At, If, Rule, UP, When};

/// What registries say of an image that is not there or not for everybody.
const DENIED: &str = r"(?i)^denied\b|pull access denied for (?P<repository>[^,\s]+)|requested access to the resource is denied|repository does not exist";

pub(super) const RULES: &[Rule] = &[
    Rule {
        code: "MC523",
        when: When::Says(r"(?i)toomanyrequests|\b429\b|rate limit"),
        what: "the registry {registry} has had too many pulls from this address",
        why: "it allows so many in some hours, more to those who log in; nothing is wrong with the image's name",
        fix: "log in, which raises the limit, or wait until it allows more",
        run: &["docker login {login_registry}", "magicctl up"],
        ..UP
    },
    Rule {
        code: "MC525",
        when: When::Says(r"server gave HTTP response to HTTPS client"),
        what: "the registry {registry} speaks plain HTTP",
        why: "the engine talks HTTPS to every registry that its configuration doesn't name as insecure",
        fix: "name it under `insecure-registries` in /etc/docker/daemon.json, then restart the engine",
        run: &["sudo systemctl restart docker", "magicctl up"],
        at: At::Image,
        ..UP
    },
    Rule {
        code: "MC525",
        when: When::Says(r"x509: (?P<why>.+)"),
        what: "the certificate of the registry {registry} is not trusted: {why}",
        why: "it is signed by somebody whom this machine doesn't know, or is out of date; a wrong clock looks the same",
        fix: "give the engine the registry's CA certificate",
        run: &[
            "sudo install -D ca.crt /etc/docker/certs.d/{registry}/ca.crt",
            "magicctl up",
        ],
        at: At::Image,
        ..UP
    },
    Rule {
        code: "MC520",
        when: When::Says(r"lookup (?:registry-1|auth|index)\.docker\.io"),
        only: &[If::Recipe],
        what: "Docker Hub can't be reached",
        why: "this machine can't resolve its name: it has no network, no DNS, or needs a proxy",
        fix: "connect the machine, or give the engine its proxy; where no registry can be reached, build the images from packages",
        run: &["make images", "magicctl {local_images} up"],
        at: At::Image,
    },
    Rule {
        only: &[If::NoRecipe],
        what: "Docker Hub can't be reached",
        why: "this machine can't resolve its name, and no recipe of images/ builds {image}",
        fix: "bring up the others: name them; or connect the machine",
        run: &["magicctl up {services_without}"],
        at: At::Image,
        ..UP
    },
    Rule {
        what: "Docker Hub can't be reached",
        why: "this machine can't resolve its name: it has no network, no DNS, or needs a proxy",
        fix: "connect the machine, or give the engine its proxy; or load the image from a machine that has it (`docker save`, `docker load`)",
        run: &["curl -I https://registry-1.docker.io/v2/", "magicctl up"],
        at: At::Image,
        ..UP
    },
    Rule {
        code: "MC520",
        when: When::Says(
            r"lookup (?P<host>[\w.-]+?)(?: on \S+)?: (?:no such host|server misbehaving|Temporary failure|.*i/o timeout)",
        ),
        what: "there is no registry called {host}",
        why: "no address is known for that name: it is misspelt in {image_key}, or this machine has no DNS",
        fix: "correct the registry's name in {image_key}",
        run: &["getent hosts {host}", "magicctl up"],
        at: At::Image,
        ..UP
    },
    Rule {
        code: "MC520",
        when: When::Says(r"dial tcp (?P<address>\S+): (?:connect: )?connection refused"),
        what: "nothing answers at the registry {registry}",
        why: "{address} refuses connections: no registry runs there",
        fix: "start that registry, or correct its address in {image_key}",
        run: &["curl http://{registry}/v2/", "magicctl up"],
        at: At::Image,
        ..UP
    },
    Rule {
        code: "MC520",
        when: When::Says(
            r"(?i)Client\.Timeout|i/o timeout|TLS handshake timeout|context deadline exceeded|network is unreachable|no route to host",
        ),
        what: "the registry {registry} does not answer in time",
        why: "this machine has no way to it: no network, a firewall, or a proxy that the engine does not know",
        fix: "connect the machine, or give the engine its proxy; see what it answers here",
        run: &["curl -I https://{registry}/v2/", "magicctl up"],
        at: At::Image,
        ..UP
    },
    Rule {
        code: "MC522",
        when: When::Says(r"(?i)incorrect username or password|invalid username/password"),
        what: "the registry {registry} refuses the login that is stored for it",
        why: "the password was changed or mistyped",
        fix: "log in again",
        run: &["docker login {login_registry}", "magicctl up"],
        ..UP
    },
    Rule {
        code: "MC522",
        when: When::Says(r"(?i)no basic auth credentials|unauthorized|authentication required|403 Forbidden"),
        what: "the registry {registry} wants a login for it",
        why: "no login, or one without the right to it, is stored for that registry",
        fix: "log in there",
        run: &["docker login {login_registry}", "magicctl up"],
        at: At::Image,
        ..UP
    },
    Rule {
        code: "MC521",
        when: When::Says(DENIED),
        only: &[If::NoLogin],
        what: "there is no image {image} at {registry}, or it is private",
        why: "the registry says the same in both cases, and you are not logged in there",
        fix: "log in; if it says the same then, the name in {image_key} is misspelt",
        run: &["docker login {login_registry}", "magicctl up"],
        at: At::Image,
    },
    Rule {
        only: &[If::WithLogin],
        what: "there is no image {image} at {registry}, or you have no right to it",
        why: "the registry says the same in both cases; you are logged in there",
        fix: "correct the name in {image_key}, or have its owner give your account the right to pull it",
        ..AT_IMAGE
    },
    Rule {
        what: "there is no image {image} at {registry}, or it is private",
        why: "the registry says the same in both cases; mostly the name is misspelt",
        fix: "correct the name in {image_key}; only if it is a private one, log in first (`{login}`)",
        ..AT_IMAGE
    },
    Rule {
        code: "MC521",
        when: When::Says(r"(?i)name unknown|repository name not known|repository \S+ not found"),
        what: "the registry {registry} has no image of that name, {image}",
        why: "the name is misspelt, or it was never pushed there",
        fix: "correct the name in {image_key}",
        ..AT_IMAGE
    },
    Rule {
        code: "MC521",
        when: When::Says(r"(?i)manifest unknown|manifest for \S+ not found|failed to resolve reference .*not found"),
        what: "the registry {registry} has no {image}",
        why: "its name, or its tag behind the last colon, is misspelt or was never pushed there",
        fix: "correct name and tag in {image_key}",
        ..AT_IMAGE
    },
    Rule {
        code: "MC524",
        when: When::Says(r"no matching manifest for (?P<platform>\S+)"),
        what: "{image} is not made for this machine, {platform}",
        why: "the registry has it for other processors only",
        fix: "take an image that is made for {platform}, or emulate: `platform: linux/amd64` for the service",
        ..AT_IMAGE
    },
    Rule {
        code: "MC524",
        when: When::Says(r"does not match the specified platform: wanted (?P<wanted>[^,\s]+)"),
        what: "{image} is not there for {wanted}",
        why: "`platform` of the service asks for it",
        fix: "take `platform` out of the service, or take an image that is made for it",
        at: At::Key("platform"),
        ..UP
    },
    Rule {
        code: "MC521",
        when: When::Says(r"invalid reference format"),
        what: "{image} is no image's name",
        why: "a name has lower-case letters, and one colon before its tag",
        fix: "correct `image` of the service",
        ..AT_IMAGE
    },
    Rule {
        code: "MC526",
        when: When::Says(r"(?i)unexpected HTTP status:? (?P<status>[^\n]+)"),
        what: "the registry {registry} is not well: it answers {status}",
        why: "that is an error of its own",
        fix: "try again later; if it is your own registry, see its log",
        ..UP
    },
    Rule {
        code: "MC526",
        when: When::Says(r"(?i)unexpected EOF|connection reset by peer|filesystem layer verification failed"),
        what: "the download of {image} broke off",
        why: "the connection to {registry} was lost",
        fix: "the same again goes on with what is missing",
        ..UP
    },
];
