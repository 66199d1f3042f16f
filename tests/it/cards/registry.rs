//! Pulls that fail, each cause: from a real registry, and from one that answers what it is told to.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use crate::support::registry::Registry;

use super::{LIGHT_IMAGE, Project, card, card_but, light};

fn with_image(image: &str) -> String {
    light("[sleep, '60']", "").replace(LIGHT_IMAGE, image)
}

#[test]
fn a_registry_that_is_away() {
    card(
        "pull-away",
        &mut Project::of("pull-away", &with_image("127.0.0.1:1/none/such:1")),
        &["--quiet", "up"],
    );
    card_but(
        "pull-no-host",
        &mut Project::of("pull-host", &with_image("registry.magicproxy.invalid/app:1")),
        &["--quiet", "up"],
        |text| {
            let regex = regex::Regex::new(r"lookup registry.magicproxy.invalid[^\n]*").expect("a pattern");
            regex
                .replace_all(&text, "lookup registry.magicproxy.invalid <why not>")
                .into_owned()
        },
    );
}

#[test]
fn what_a_real_registry_refuses() {
    let registry = Registry::start();
    let image = registry.push("light", LIGHT_IMAGE, 1000);
    card(
        "pull-login",
        &mut Project::of("pull-login", &with_image(&image)),
        &["--quiet", "up"],
    );
    for (name, wrong) in [
        ("pull-tag", image.replace("light:1", "light:2")),
        ("pull-name", image.replace("light:1", "lihgt:1")),
    ] {
        let mut project = Project::of(name, &with_image(&wrong));
        project
            .env
            .insert("DOCKER_CONFIG".to_owned(), registry.config_with_password());
        card(name, &mut project, &["--quiet", "up"]);
    }
}

/// A registry that answers every request for an image with `status` and `body`.
fn that_answers(status: &'static str, body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut request = [0; 4096];
            let length = stream.read(&mut request).unwrap_or(0);
            let asks_for_version = request[..length].starts_with(b"GET /v2/ ");
            let (status, body) = if asks_for_version {
                ("200 OK", "{}")
            } else {
                (status, body)
            };
            // The engine may have gone: then nobody reads it.
            let _unread = write!(
                stream,
                "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nDocker-Distribution-Api-Version: registry/2.0\r\n\
                 Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    address
}

#[test]
fn what_registries_answer() {
    let cases = [
        (
            "pull-rate-limit",
            "429 Too Many Requests",
            r#"{"errors":[{"code":"TOOMANYREQUESTS","message":"You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit"}]}"#,
        ),
        (
            "pull-denied",
            "401 Unauthorized",
            r#"{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}"#,
        ),
        ("pull-not-well", "503 Service Unavailable", "no backend"),
    ];
    for (name, status, body) in cases {
        let address = that_answers(status, body);
        card(
            name,
            &mut Project::of(name, &with_image(&format!("{address}/team/app:1"))),
            &["--quiet", "up"],
        );
    }
}
