//! `RabbitMQ`, and a relay of mail.

use std::fs;
use std::process::Command;

use super::{Real, asked, certificate, folder, is_root, port, program, says, word};

fn rabbitmq() -> Option<Real> {
    let server = program("rabbitmq-server")?;
    let (dir, port, dist, epmd) = (folder(), port(), port(), port());
    let at = dir.path().to_owned();
    let settings = format!(
        "listeners.tcp.1 = 127.0.0.1:{port}\ndefault_user = app\ndefault_pass = {}\n\
         default_vhost = main\nlog.console = true\nlog.file = false\n",
        word(1)
    );
    fs::write(at.join("rabbitmq.conf"), settings).expect("written");
    fs::write(at.join("plugins"), "[].\n").expect("written");
    // The script of the package, without its change of user.
    let inner = fs::read_dir("/usr/lib/rabbitmq/lib").ok()?;
    let inner = inner
        .flatten()
        .map(|e| e.path().join("sbin/rabbitmq-server"));
    let server = inner.into_iter().find(|p| p.is_file()).unwrap_or(server);
    let mut command = Command::new(server);
    command
        .env("HOME", &at)
        .env("RABBITMQ_CONFIG_FILE", at.join("rabbitmq.conf"))
        .env("RABBITMQ_ENABLED_PLUGINS_FILE", at.join("plugins"))
        .env("RABBITMQ_CONF_ENV_FILE", at.join("none"))
        .env("RABBITMQ_MNESIA_BASE", at.join("data"))
        .env("RABBITMQ_LOG_BASE", at.join("log"))
        .env("RABBITMQ_PID_FILE", at.join("pid"))
        .env("RABBITMQ_NODENAME", format!("t{port}@localhost"))
        .env("RABBITMQ_DIST_PORT", dist.to_string())
        .env("ERL_EPMD_PORT", epmd.to_string())
        .env("ERL_EPMD_ADDRESS", "127.0.0.1")
        .current_dir(&at);
    // It leaves a register of names behind.
    let mut after = Command::new("epmd");
    after
        .args(["-port", &epmd.to_string(), "-kill"])
        .env("ERL_EPMD_RELAXED_COMMAND_CHECK", "1");
    Some(Real::start_then(dir, port, command, Some(after)))
}

#[test]
fn a_broker_says_who_may_open_what() {
    let Some(server) = rabbitmq() else { return };
    let endpoint = format!("amqp=amqp://localhost:{}", server.port);
    let line =
        |user: &str, seed, host: &str| format!("URL=amqp://{user}:{}@mq:5672{host}", word(seed));
    let live = asked(&line("app", 1, "/main"), &endpoint, &[]);
    says(&live, "live", Some("app"), None);
    assert_eq!(live["scopes"], serde_json::json!(["virtual host main"]));
    let wrong = asked(&line("app", 99, "/main"), &endpoint, &[]);
    says(&wrong, "dead", None, None);
    assert_eq!(wrong["status"], 403);
    // The virtual host that is not there is told after the password was.
    let said = asked(&line("app", 1, "/other"), &endpoint, &[]);
    says(&said, "restricted", Some("app"), None);
}

fn exim() -> Option<Real> {
    let exim = program("exim4")?;
    if !is_root() {
        eprintln!("NOT RUN: exim4 takes another configuration of root only");
        return None;
    }
    let (dir, port) = (folder(), port());
    let at = dir.path().display();
    certificate(dir.path());
    let settings = format!(
        "exim_user = root\nexim_group = root\nnever_users =\nspool_directory = {at}/spool\n\
         log_file_path = {at}/log-%s\npid_file_path = {at}/pid\nprimary_hostname = localhost\n\
         daemon_smtp_ports = {port}\nlocal_interfaces = 127.0.0.1\ntls_advertise_hosts = *\n\
         tls_certificate = {at}/cert.pem\ntls_privatekey = {at}/key.pem\nhost_lookup =\n\
         begin authenticators\nplain:\n  driver = plaintext\n  public_name = PLAIN\n\
         \x20 server_prompts = :\n\
         \x20 server_condition = ${{if and{{{{eq{{$auth2}}{{me}}}}{{eq{{$auth3}}{{{}}}}}}}}}\n\
         \x20 server_set_id = $auth2\n",
        word(1)
    );
    let file = dir.path().join("exim.conf");
    fs::write(&file, settings).expect("written");
    let mut command = Command::new(exim);
    command.arg("-bdf").arg("-C").arg(&file);
    Some(Real::start(dir, port, command))
}

#[test]
fn a_relay_takes_a_login_and_no_mail() {
    let Some(server) = exim() else { return };
    let line = |seed| format!("URL=smtp://me:{}@mail:587", word(seed));
    let endpoint = format!("smtp=smtp://localhost:{}", server.port);
    let ca = server.dir.path().join("cert.pem");
    let trusting = ["--ca-file", ca.to_str().expect("text")];
    let tls = format!("{endpoint}?tls");
    for (endpoint, more) in [(&endpoint, &[][..]), (&tls, &trusting[..])] {
        let live = asked(&line(1), endpoint, more);
        says(&live, "live", Some("me"), Some("write"));
        assert_eq!(live["status"], 235);
        let wrong = asked(&line(99), endpoint, more);
        says(&wrong, "dead", None, None);
        assert_eq!(wrong["status"], 535);
    }
    says(&asked(&line(1), &tls, &[]), "unknown", None, None);
}
