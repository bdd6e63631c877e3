//! Servers that insist on TLS: whoever comes without it is told so, certificates are checked where the URL says so, and no
//! secret is shown.

use std::path::Path;
use std::process::Command;

use lockstep::ErrorKind;

use super::{at, whole_story};
use crate::invariants;
use crate::support::{Database, Engine, Folder, MariaServer, Server, until};

/// A certificate authority and a certificate for `localhost`, made by openssl.
fn certificates(folder: &Path) {
    let openssl = |arguments: &str| {
        let told = Command::new("openssl")
            .args(arguments.split(' '))
            .current_dir(folder)
            .output()
            .expect("openssl is installed");
        assert!(
            told.status.success(),
            "openssl {arguments}: {}",
            String::from_utf8_lossy(&told.stderr)
        );
    };
    let authority = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -addext basicConstraints=critical,CA:TRUE";
    for name in ["ca", "other"] {
        openssl(&format!(
            "{authority} -subj /CN={name} -keyout {name}.key -out {name}.crt"
        ));
    }
    for (name, host) in [("server", "localhost"), ("stranger", "db.example")] {
        std::fs::write(folder.join("names"), format!("subjectAltName=DNS:{host}\n")).expect("a file");
        openssl(&format!(
            "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN={host} -keyout {name}.key -out {name}.csr"
        ));
        openssl(&format!(
            "x509 -req -in {name}.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile names -out {name}.crt"
        ));
    }
}

/// A port that nobody has, and that nobody gets by chance until a server of ours has it: not one of those that the kernel
/// gives away by itself.
fn free_port() -> u16 {
    use std::sync::atomic::{AtomicU16, Ordering};
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Another run beside this one begins elsewhere.
    let first = u16::try_from(std::process::id() % 1_000).expect("below it") * 16;
    for _ in 0..1_000 {
        let port = 12_000 + (first + NEXT.fetch_add(1, Ordering::Relaxed)) % 18_000;
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no port is free");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_insists_on_tls_gets_it_and_certificates_are_checked() {
    let made = tempfile::tempdir().expect("a temporary folder");
    certificates(made.path());
    let read = |name: &str| std::fs::read_to_string(made.path().join(name)).expect("made");
    let mut server = Server::new();
    server.write("server.crt", &read("server.crt"));
    server.write("server.key", &read("server.key"));
    server.write(
        "pg_hba.conf",
        "local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n",
    );
    let port = free_port();
    server.configure("ssl = on\nlisten_addresses = '127.0.0.1'");
    server.listens_at(port);
    server.start().await;
    let database = Database::on(&server.url("postgres"), "").await;
    let name = database.rows("SELECT current_database()::text").await[0][0].clone();
    database.execute(&format!("CREATE ROLE app LOGIN PASSWORD 'hush1'; GRANT ALL ON DATABASE {name} TO app; GRANT ALL ON SCHEMA public TO app")).await;
    let folder = Folder::users();
    let ca = |name: &str| made.path().join(name).display().to_string();
    let url = |more: &str| format!("postgres://app:hush1@localhost:{port}/{name}?{more}");

    // Without it: the server's own words, and what to write into the URL.
    let error = at(&url("sslmode=disable"), &folder).await.expect_err("refused");
    let told = format!("{error} {}", error.next_step().unwrap_or_default());
    assert_eq!(error.kind(), ErrorKind::Operator, "{error:?}");
    assert!(
        told.contains("no encryption") && told.contains("sslmode=require"),
        "{told}"
    );
    assert!(!format!("{told} {error:?}").contains("hush1"), "{told}");

    for good in [
        "sslmode=require".to_owned(),
        format!("sslmode=verify-ca&sslrootcert={}", ca("ca.crt")),
        format!("sslmode=verify-full&sslrootcert={}", ca("ca.crt")),
    ] {
        let runtime = at(&url(&good), &folder).await.unwrap_or_else(|e| panic!("{good}: {e}"));
        whole_story(&runtime).await;
        runtime.shutdown().await;
    }
    let wrong = at(
        &url(&format!("sslmode=verify-full&sslrootcert={}", ca("other.crt"))),
        &folder,
    )
    .await;
    refused_certificate(&wrong.expect_err("another authority"), "sslrootcert");

    // A good certificate of another host.
    server.write("server.crt", &read("stranger.crt"));
    server.write("server.key", &read("stranger.key"));
    database.execute("SELECT pg_reload_conf()").await;
    let full = format!("sslmode=verify-full&sslrootcert={}", ca("ca.crt"));
    // The server's processes hear of it one after another.
    let mut other = None;
    until("the server shows the other certificate", async || {
        match at(&url(&full), &folder).await {
            Ok(runtime) => runtime.shutdown().await,
            Err(error) => other = Some(error),
        }
        other.is_some()
    })
    .await;
    refused_certificate(&other.expect("another name"), "sslrootcert");
    let wrong = at(&url(&full).replace("hush1", "hush2"), &folder)
        .await
        .expect_err("refused");
    assert!(!format!("{wrong} {wrong:?}").contains("hush2"), "{wrong}");
    invariants::check(&database, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mariadb_that_insists_on_tls_gets_it_and_certificates_are_checked() {
    let made = tempfile::tempdir().expect("a temporary folder");
    certificates(made.path());
    let read = |name: &str| std::fs::read_to_string(made.path().join(name)).expect("made");
    let mut server = MariaServer::new();
    for (option, name) in [("ssl-cert", "server.crt"), ("ssl-key", "server.key")] {
        let path = server.write(name, &read(name));
        server.option(&format!("--{option}={}", path.display()));
    }
    server.option("--require-secure-transport=ON");
    let port = free_port();
    server.listens_at(port);
    server.start().await;
    let database = Database::on_server(Engine::Mysql, &server.url("mysql"), "").await;
    let name = database.rows("SELECT DATABASE()").await[0][0].clone();
    database
        .execute(&format!(
            "CREATE USER app@localhost IDENTIFIED BY 'hush1'; GRANT ALL ON {name}.* TO app@localhost"
        ))
        .await;
    let folder = Folder::users();
    let ca = |name: &str| made.path().join(name).display().to_string();
    let url = |more: &str| format!("mysql://app:hush1@localhost:{port}/{name}?{more}");

    // Without it: the server's own words, and what to write into the URL.
    let error = at(&url("ssl-mode=disabled"), &folder).await.expect_err("refused");
    let told = format!("{error} {}", error.next_step().unwrap_or_default());
    assert_eq!(error.kind(), ErrorKind::Operator, "{error:?}");
    assert!(
        told.contains("Access denied") && told.contains("ssl-mode=required"),
        "{told}"
    );
    assert!(!format!("{told} {error:?}").contains("hush1"), "{told}");

    for good in [
        "ssl-mode=required".to_owned(),
        format!("ssl-mode=verify_ca&ssl-ca={}", ca("ca.crt")),
        format!("ssl-mode=verify_identity&ssl-ca={}", ca("ca.crt")),
    ] {
        let runtime = at(&url(&good), &folder).await.unwrap_or_else(|e| panic!("{good}: {e}"));
        whole_story(&runtime).await;
        runtime.shutdown().await;
    }
    let wrong = at(
        &url(&format!("ssl-mode=verify_identity&ssl-ca={}", ca("other.crt"))),
        &folder,
    )
    .await;
    refused_certificate(&wrong.expect_err("another authority"), "ssl-ca");

    // A good certificate of another host.
    server.write("server.crt", &read("stranger.crt"));
    server.write("server.key", &read("stranger.key"));
    database.execute("FLUSH SSL").await;
    let full = format!("ssl-mode=verify_identity&ssl-ca={}", ca("ca.crt"));
    let other = at(&url(&full), &folder).await;
    refused_certificate(&other.expect_err("another name"), "ssl-ca");
    let wrong = at(&url("ssl-mode=required").replace("hush1", "hush2"), &folder)
        .await
        .expect_err("refused");
    assert!(!format!("{wrong} {wrong:?}").contains("hush2"), "{wrong}");
    invariants::check(&database, true).await;
}

/// `parameter` is the one of the URL that names the authorities.
fn refused_certificate(error: &lockstep::Error, parameter: &str) {
    println!("{error} — {}", error.next_step().unwrap_or_default());
    let told = format!("{error} {}", error.next_step().unwrap_or_default());
    assert_eq!(error.kind(), ErrorKind::Operator, "{error:?}");
    assert!(told.contains("certificate"), "{told}");
    assert!(told.contains(parameter), "{told}");
    assert!(!format!("{told} {error:?}").contains("hush1"), "{told}");
}
