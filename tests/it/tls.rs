//! An engine that is spoken to with TLS: who it is says `ca.pem` alone, and it is told who we are.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use tokio::net::{TcpListener, UnixStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use crate::support::fake_engine::FakeEngine;
use crate::support::{Done, Project};

fn openssl(folder: &Path, line: &str) {
    let made = Command::new("openssl")
        .args(line.split_whitespace())
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output()
        .expect("openssl");
    assert!(
        made.status.success(),
        "{line}: {}",
        String::from_utf8_lossy(&made.stderr)
    );
}

/// An authority, and a certificate of it for `name`, as the Docker client has them: `ca.pem`, `cert.pem`, `key.pem`.
fn certificates(folder: &Path, name: &str) {
    fs::create_dir_all(folder).expect("a folder");
    fs::write(folder.join("names"), format!("subjectAltName=DNS:{name},IP:127.0.0.1")).expect("a file");
    openssl(
        folder,
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=ca -keyout ca-key.pem -out ca.pem",
    );
    signed(folder, folder);
}

/// A certificate in `folder`, by the authority in `by`.
fn signed(folder: &Path, by: &Path) {
    openssl(
        folder,
        "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=me -keyout key.pem -out request.pem",
    );
    let by = by.display();
    openssl(
        folder,
        &format!(
            "x509 -req -in request.pem -CA {by}/ca.pem -CAkey {by}/ca-key.pem -CAcreateserial -days 2 -extfile names -out cert.pem"
        ),
    );
}

/// Takes TLS connections with the certificates in `folder`, from clients that `folder`'s authority knows, and hands them on to `engine`.
/// Gives the port.
fn serve(folder: &Path, engine: &FakeEngine) -> u16 {
    let chain = CertificateDer::pem_file_iter(folder.join("cert.pem")).expect("a certificate");
    let chain: Vec<_> = chain.collect::<Result<_, _>>().expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(folder.join("key.pem")).expect("a key");
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(folder.join("ca.pem")).expect("an authority"))
        .expect("an authority");
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .build()
        .expect("a verifier");
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_client_cert_verifier(clients)
        .with_single_cert(chain, key)
        .expect("a certificate");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let socket = engine.host().trim_start_matches("unix://").to_owned();
    let (ready, port) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            ready
                .send(listener.local_addr().expect("an address").port())
                .expect("the test");
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, socket) = (acceptor.clone(), socket.clone());
                tokio::spawn(async move {
                    if let (Ok(mut stream), Ok(mut engine)) =
                        (acceptor.accept(stream).await, UnixStream::connect(socket).await)
                    {
                        // Whoever hangs up first.
                        let _ended = tokio::io::copy_bidirectional(&mut stream, &mut engine).await;
                    }
                });
            }
        });
    });
    port.recv().expect("a port")
}

#[test]
fn an_engine_is_who_its_certificate_says_and_knows_who_we_are() {
    let project = Project::of("tls", crate::hostile_engine::COMPOSE);
    let engine = crate::hostile_engine::honest_engine(&project);
    let folder = project.path("of-engine");
    certificates(&folder, "localhost");
    let port = serve(&folder, &engine);
    let ours = project.path("ours");
    fs::create_dir(&ours).expect("a folder");
    fs::copy(folder.join("names"), ours.join("names")).expect("a file");
    fs::copy(folder.join("ca.pem"), ours.join("ca.pem")).expect("a file");
    signed(&ours, &folder);
    let stranger = project.path("stranger");
    certificates(&stranger, "localhost");

    let status = |host: &str, certificates: Option<&Path>| -> Done {
        let mut command = project.command(&["-H", host, "status"]);
        if let Some(folder) = certificates {
            command.env("DOCKER_TLS_VERIFY", "1").env("DOCKER_CERT_PATH", folder);
        }
        command.output().expect("it runs").into()
    };
    let host = format!("tcp://localhost:{port}");
    let done = status(&host, Some(&ours)).ok();
    assert!(done.stdout.contains("magictest/app:1"), "{}", done.all());
    status(&format!("https://127.0.0.1:{port}"), Some(&ours)).ok();
    // Not by its own authority; not by one that it knows; not at all; and not by that name.
    for (host, certificates) in [
        (host.as_str(), Some(stranger.as_path())),
        (&host, None),
        (&format!("https://localhost:{port}"), None),
        (&format!("tcp://127.0.0.2:{port}"), Some(&ours)),
    ] {
        let done = status(host, certificates);
        assert_eq!(done.code, 3, "{host} {certificates:?}: {}", done.all());
    }
    // Who we are is not told.
    let silent = project.path("silent");
    fs::create_dir(&silent).expect("a folder");
    fs::copy(folder.join("ca.pem"), silent.join("ca.pem")).expect("a file");
    assert_eq!(status(&host, Some(&silent)).code, 3);
    // A key that is none is named.
    fs::write(ours.join("key.pem"), "no key").expect("a file");
    let done = status(&host, Some(&ours));
    assert!(done.code == 3 && done.stderr.contains("key.pem"), "{}", done.all());
}
