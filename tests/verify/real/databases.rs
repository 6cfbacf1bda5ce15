//! PostgreSQL, MariaDB, Redis.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use super::super::common::{Run, straykey};
use super::{Real, as_nobody, asked, certificate, folder, port, program, says, word};

/// With roles of different powers, each by another way of login.
fn postgresql() -> Option<Real> {
    let (initdb, postgres) = (program("initdb")?, program("postgres")?);
    let (dir, port) = (folder(), port());
    let data = dir.path().join("data");
    let made = as_nobody(&initdb)
        .args(["--no-sync", "-U", "boss", "-A", "reject", "-D"])
        .arg(&data)
        .current_dir("/")
        .output()
        .expect("it runs");
    assert!(made.status.success(), "{made:?}");
    certificate(dir.path());
    fs::write(
        data.join("pg_hba.conf"),
        "host all old 127.0.0.1/32 md5\nhost all open 127.0.0.1/32 trust\n\
         hostssl all plain 127.0.0.1/32 password\nhostnossl all plain 127.0.0.1/32 password\n\
         host all away 127.0.0.1/32 reject\nhost all all 127.0.0.1/32 scram-sha-256\n",
    )
    .expect("written");
    let cert = dir.path().join("cert.pem");
    let key = dir.path().join("key.pem");
    let settings = format!(
        "port = {port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\nfsync = off\n\
         ssl = on\nssl_cert_file = '{}'\nssl_key_file = '{}'\n",
        cert.display(),
        key.display()
    );
    fs::write(data.join("postgresql.conf"), settings).expect("written");
    // One statement a line.
    let sql = format!(
        "ALTER ROLE boss PASSWORD '{}';\n\
         CREATE ROLE writer LOGIN PASSWORD '{}' VALID UNTIL '2040-01-02 03:04:05+00';\n\
         CREATE ROLE reader LOGIN PASSWORD '{}';\nCREATE ROLE plain LOGIN PASSWORD '{}';\n\
         CREATE ROLE away LOGIN PASSWORD '{}';\nCREATE ROLE open LOGIN;\nCREATE ROLE team;\n\
         GRANT team TO writer;\nSET password_encryption = 'md5';\n\
         CREATE ROLE old LOGIN PASSWORD '{}';\nCREATE TABLE public.things (id int);\n\
         GRANT INSERT ON public.things TO team;\nGRANT SELECT ON public.things TO reader;\n\
         CREATE DATABASE closed;\nREVOKE CONNECT ON DATABASE closed FROM PUBLIC;\n",
        word(1),
        word(2),
        word(3),
        word(4),
        word(5),
        word(6)
    );
    let mut single = as_nobody(&postgres)
        .args(["--single", "-D"])
        .arg(&data)
        .arg("postgres")
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    let stdin = single.stdin.take();
    stdin
        .expect("a pipe")
        .write_all(sql.as_bytes())
        .expect("fed");
    let done = single.wait_with_output().expect("it ends");
    let told = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success() && !told.contains("ERROR"), "{told}");
    let mut command = as_nobody(&postgres);
    command.arg("-D").arg(&data).current_dir("/");
    Some(Real::start(dir, port, command))
}

#[test]
fn postgresql_says_who_and_what_may_be_done() {
    let Some(server) = postgresql() else { return };
    let endpoint = format!("postgresql=postgres://localhost:{}/postgres", server.port);
    let line = |user: &str, seed, database: &str| {
        format!("URL=postgres://{user}:{}@db/{database}", word(seed))
    };
    let boss = asked(&line("boss", 1, "postgres"), &endpoint, &[]);
    says(&boss, "live", Some("boss"), Some("admin"));
    assert!(boss["scopes"].to_string().contains("superuser"), "{boss}");
    // By membership of a role that may insert.
    let writer = asked(&line("writer", 2, "postgres"), &endpoint, &[]);
    says(&writer, "live", Some("writer"), Some("write"));
    assert_eq!(writer["expires"], "2040-01-02T03:04:05Z");
    assert!(
        writer["scopes"].to_string().contains("role team"),
        "{writer}"
    );
    let reader = asked(&line("reader", 3, "postgres"), &endpoint, &[]);
    says(&reader, "live", Some("reader"), Some("read"));
    says(
        &asked(&line("old", 6, ""), &endpoint, &[]),
        "live",
        Some("old"),
        None,
    );
    // A wrong password, and a user that is not there.
    for line in [
        line("boss", 99, "postgres"),
        line("old", 99, ""),
        line("nobody", 99, ""),
    ] {
        says(&asked(&line, &endpoint, &[]), "dead", None, None);
    }
    says(
        &asked(&line("boss", 1, "none"), &endpoint, &[]),
        "live",
        None,
        None,
    );
    says(
        &asked(&line("reader", 3, "closed"), &endpoint, &[]),
        "restricted",
        None,
        None,
    );
    says(
        &asked(&line("away", 5, "postgres"), &endpoint, &[]),
        "unknown",
        None,
        None,
    );
    // Where any password is welcome, none was proved.
    let open = asked(&line("open", 99, "postgres"), &endpoint, &[]);
    says(&open, "unknown", None, None);
    assert_eq!(open["reason"], "the server asks for no password");
    // A password in the clear needs TLS.
    let plain = asked(&line("plain", 4, "postgres"), &endpoint, &[]);
    says(&plain, "unknown", None, None);
    assert!(
        plain["reason"].to_string().contains("in the clear"),
        "{plain}"
    );
    let endpoint = format!("{endpoint}?tls");
    let ca = server.dir.path().join("cert.pem");
    let trusting = ["--ca-file", ca.to_str().expect("text")];
    let plain = line("plain", 4, "postgres");
    says(
        &asked(&plain, &endpoint, &trusting),
        "live",
        Some("plain"),
        None,
    );
    let scram = line("boss", 1, "postgres");
    says(
        &asked(&scram, &endpoint, &trusting),
        "live",
        Some("boss"),
        Some("admin"),
    );
    let untrusted = asked(&scram, &endpoint, &[]);
    says(&untrusted, "unknown", None, None);
    assert_eq!(untrusted["reason"], "the server did not prove who it is");
    // What a password file says of a user.
    let pgpass = format!("db:5432:postgres:boss:{}", word(1));
    let endpoint = format!("postgresql=postgres://localhost:{}", server.port);
    let told = scanned(".pgpass", &pgpass, &endpoint);
    assert!(told.out.contains("\"live\""), "{}{}", told.out, told.err);
}

/// A scan of one file that holds one line, which verifies at an endpoint.
fn scanned(name: &str, line: &str, endpoint: &str) -> Run {
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join(name), format!("{line}\n")).expect("written");
    straykey(
        dir.path(),
        &[
            "scan",
            name,
            "--verify",
            "--allow-internal",
            "--format",
            "json",
            "--audit",
            "log",
            "--endpoint",
            endpoint,
        ],
    )
}

fn mariadb() -> Option<Real> {
    let (install, mariadbd) = (program("mariadb-install-db")?, program("mariadbd")?);
    let (dir, port) = (folder(), port());
    let data = dir.path().join("data");
    let folder = format!("--datadir={}", data.display());
    let made = as_nobody(&install)
        .args([
            "--no-defaults",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        ])
        .args([&folder, "--innodb-log-file-size=4M"])
        .current_dir("/")
        .output()
        .expect("it runs");
    assert!(made.status.success(), "{made:?}");
    certificate(dir.path());
    let sql = format!(
        "DELETE FROM mysql.global_priv WHERE User = '';\nFLUSH PRIVILEGES;\n\
         CREATE DATABASE app;\nCREATE USER boss@'%' IDENTIFIED BY '{}';\n\
         GRANT ALL PRIVILEGES ON *.* TO boss@'%' WITH GRANT OPTION;\n\
         CREATE USER reader@'%' IDENTIFIED BY '{}';\nGRANT SELECT ON app.* TO reader@'%';\n\
         CREATE USER safe@'%' IDENTIFIED BY '{}' REQUIRE SSL;\n\
         CREATE USER ended@'%' IDENTIFIED BY '{}' PASSWORD EXPIRE;\n",
        word(1),
        word(2),
        word(3),
        word(4)
    );
    let file = dir.path().join("init.sql");
    fs::write(&file, sql).expect("written");
    let socket = dir.path().join("s");
    let mut command = as_nobody(&mariadbd);
    command
        .args(["--no-defaults", &folder, &format!("--port={port}")])
        .args([
            "--bind-address=127.0.0.1",
            "--innodb-flush-log-at-trx-commit=0",
        ])
        .arg(format!("--socket={}", socket.display()))
        .arg(format!("--init-file={}", file.display()))
        .arg(format!(
            "--ssl-cert={}",
            dir.path().join("cert.pem").display()
        ))
        .arg(format!(
            "--ssl-key={}",
            dir.path().join("key.pem").display()
        ))
        .arg("--disconnect-on-expired-password=ON")
        .current_dir("/");
    Some(Real::start(dir, port, command))
}

#[test]
fn mariadb_says_who_and_what_was_granted() {
    let Some(server) = mariadb() else { return };
    let endpoint = format!("mysql=mysql://localhost:{}", server.port);
    let line = |user: &str, seed| format!("URL=mysql://{user}:{}@db/app", word(seed));
    says(
        &asked(&line("boss", 1), &endpoint, &[]),
        "live",
        Some("boss@%"),
        Some("admin"),
    );
    let reader = asked(&line("reader", 2), &endpoint, &[]);
    says(&reader, "live", Some("reader@%"), Some("read"));
    assert!(
        reader["scopes"].to_string().contains("SELECT ON `app`.*"),
        "{reader}"
    );
    assert!(!reader.to_string().contains("IDENTIFIED"), "{reader}");
    let wrong = asked(&line("boss", 99), &endpoint, &[]);
    says(&wrong, "dead", None, None);
    assert_eq!(wrong["status"], 1045);
    says(
        &asked(&line("ended", 4), &endpoint, &[]),
        "expired",
        None,
        None,
    );
    let ca = server.dir.path().join("cert.pem");
    let trusting = ["--ca-file", ca.to_str().expect("text")];
    let tls = format!("mysql=mariadb://localhost:{}?tls", server.port);
    says(
        &asked(&line("safe", 3), &tls, &trusting),
        "live",
        Some("safe@%"),
        None,
    );
    says(&asked(&line("safe", 3), &tls, &[]), "unknown", None, None);
}

fn redis(settings: &str) -> Option<Real> {
    let redis = program("redis-server")?;
    let (dir, port, tls) = (folder(), port(), port());
    certificate(dir.path());
    let file = dir.path().join("redis.conf");
    let at = dir.path().display();
    let text = format!(
        "port {port}\nbind 127.0.0.1\nsave \"\"\ndir {at}\ntls-port {tls}\n\
         tls-cert-file {at}/cert.pem\ntls-key-file {at}/key.pem\ntls-auth-clients no\n{settings}"
    );
    fs::write(&file, text).expect("written");
    fs::write(dir.path().join("tls"), tls.to_string()).expect("written");
    let mut command = as_nobody(&redis);
    command.arg(&file);
    Some(Real::start(dir, port, command))
}

#[test]
fn redis_says_who_and_which_commands() {
    let settings = format!(
        "requirepass {}\nuser worker on >{} ~app:* -@all +@read +acl|whoami\n\
         user self on >{} ~* -@all +set +acl|whoami +acl|getuser\nuser any on nopass ~* +@all\n",
        word(1),
        word(2),
        word(3)
    );
    let Some(server) = redis(&settings) else {
        return;
    };
    let endpoint = format!("redis=redis://localhost:{}", server.port);
    let line = |user: &str, seed| format!("URL=redis://{user}:{}@cache:6379/0", word(seed));
    let boss = asked(&line("", 1), &endpoint, &[]);
    says(&boss, "live", Some("default"), Some("admin"));
    // Whoever may not read the rules still has a name.
    says(
        &asked(&line("worker", 2), &endpoint, &[]),
        "live",
        Some("worker"),
        None,
    );
    let own = asked(&line("self", 3), &endpoint, &[]);
    says(&own, "live", Some("self"), Some("write"));
    assert!(own["scopes"].to_string().contains("+set"), "{own}");
    for (user, seed) in [("", 99), ("worker", 1), ("none", 99)] {
        says(
            &asked(&line(user, seed), &endpoint, &[]),
            "dead",
            None,
            None,
        );
    }
    // Its rules in a file of Redis's own.
    let rules = format!("user any on >{} ~* +@all", word(4));
    let told = scanned("users.acl", &rules, &endpoint);
    assert!(
        told.out.contains("lets this user in with any password"),
        "{}",
        told.out
    );
    let tls = fs::read_to_string(server.dir.path().join("tls")).expect("a port");
    let endpoint = format!("redis=rediss://localhost:{tls}");
    let ca = server.dir.path().join("cert.pem");
    let trusting = ["--ca-file", ca.to_str().expect("text")];
    says(
        &asked(&line("", 1), &endpoint, &trusting),
        "live",
        Some("default"),
        Some("admin"),
    );
    says(&asked(&line("", 1), &endpoint, &[]), "unknown", None, None);
}

#[test]
fn a_server_that_asks_for_no_password_proves_none() {
    let Some(server) = redis("") else { return };
    let endpoint = format!("redis=redis://localhost:{}", server.port);
    let said = asked(&format!("URL=redis://:{}@cache/0", word(1)), &endpoint, &[]);
    says(&said, "unknown", None, None);
    assert_eq!(said["reason"], "the server asks for no password");
}
