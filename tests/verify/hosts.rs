//! Hosts that whoever wrote a text put there: one table over all declared verifiers, and the files by
//! which the user, and nobody else, names servers.

use std::fs;
use std::path::Path;
use std::sync::Mutex;

use straykey::base::Secret;
use straykey::findings::{Credential, Finding};
use straykey::verify::{
    Answer, Audit, Endpoint, Request, Transport, Trouble, Verdict, VerifyOptions, VerifyProgress,
    verify,
};

use super::common::{Run, command, secret};
use super::declared::{ask, client, declared, finding, options};
use super::server::{Server, json};

/// Remembers where calls would have gone to, and leads each answer's reader elsewhere.
struct Remembering {
    hosts: Mutex<Vec<String>>,
    status: u16,
}

impl Transport for Remembering {
    fn send(&self, request: &Request) -> Result<Answer, Trouble> {
        let mut hosts = self.hosts.lock().expect("not poisoned");
        hosts.push(request.target.to_string());
        let evil = "https://evil.example/token";
        Ok(Answer {
            status: self.status,
            headers: vec![
                (
                    "www-authenticate".into(),
                    format!("Bearer realm=\"{evil}\",service=\"x\""),
                ),
                ("location".into(), evil.into()),
            ],
            body: format!(r#"{{"access_token":"x","token":"x","url":"{evil}"}}"#).into_bytes(),
        })
    }
}

/// What a part may be made to hold by whoever writes the text.
const PLANTED: &[&str] = &[
    "evil.example",
    "evil.example/",
    "evil.example?",
    "evil.example#",
    "localhost:8080/",
    "169.254.169.254/",
    "me@evil.example/",
    "evil.example\\@",
    "a.evil.example:443/x?",
    "..",
    "//evil.example/",
    "\r\nhost: evil.example",
    "%2f%2fevil.example%2f",
    "evil\u{3002}example",
    "",
];

#[test]
fn no_verifier_calls_a_host_that_is_not_its_own() {
    let (mut calls, mut tried) = (0, 0);
    for verifier in declared() {
        let own = finding(verifier.patterns[0], 7);
        let names: Vec<&str> = own.credential.parts.iter().map(|(name, _)| *name).collect();
        let mut planted = vec![own.clone()];
        for value in PLANTED {
            for name in &names {
                let mut one = own.clone();
                for (other, part) in &mut one.credential.parts {
                    if other == name {
                        *part = Secret::new(value.as_bytes());
                    }
                }
                planted.push(one);
            }
            // A secret that holds one, too: what is cut of it, and what is a URL.
            let mut one = own.clone();
            let text = String::from_utf8_lossy(own.credential.secret.expose()).into_owned();
            let text = format!("{text}-{value}");
            one.credential = Credential {
                secret: Secret::new(text.as_bytes()),
                parts: own.credential.parts.clone(),
            };
            planted.push(one);
        }
        tried += planted.len();
        let all: Vec<&Finding> = planted.iter().collect();
        for (status, endpoint) in [(200, false), (401, false), (401, true)] {
            let named = Endpoint::parse("https://named.example.org").expect("a server");
            let options = VerifyOptions {
                named: vec![verifier.provider.to_owned()],
                endpoints: if endpoint {
                    [(verifier.provider.to_owned(), named)].into()
                } else {
                    [].into()
                },
                rate_host: 0.0,
                rate_total: 0.0,
                workers: 2,
                ..VerifyOptions::default()
            };
            let dir = tempfile::tempdir().expect("a folder");
            let audit = Audit::open(&dir.path().join("log")).expect("a log");
            let transport = Remembering {
                hosts: Mutex::default(),
                status,
            };
            verify(
                &all,
                &options,
                &transport,
                &audit,
                &VerifyProgress::default(),
            );
            let hosts = transport.hosts.into_inner().expect("not poisoned");
            calls += hosts.len();
            for host in hosts {
                let name = host.strip_prefix("https://").unwrap_or("not over TLS");
                let named = endpoint && name == "named.example.org";
                assert!(
                    named || verifier.allows(name),
                    "{} would have called {host}",
                    verifier.patterns[0]
                );
                assert!(!name.ends_with("evil.example"), "{host}");
            }
        }
    }
    assert!(calls > 500 && tried > 2_500, "{calls} of {tried}");
}

/// A registry that sends the password's bearer to another host.
#[test]
fn a_realm_elsewhere_gets_nothing() {
    let theirs = Server::plain(|_| json(200, r#"{"token":"x"}"#));
    let at = format!("http://localhost:{}/token", theirs.port);
    let ours = Server::plain(move |_| {
        let challenge = format!("Bearer realm=\"{at}\",service=\"registry\"");
        super::server::Play::Answer(
            401,
            vec![("www-authenticate".into(), challenge)],
            r#"{"errors":[{"code":"UNAUTHORIZED"}]}"#.into(),
        )
    });
    let own = finding("docker.registry-auth", 3);
    let options = super::declared::options("docker", &ours);
    let asked = super::declared::ask(&[&own], &options, &super::declared::client());
    assert_eq!(asked.verified[0].verdict, Verdict::NotChecked, "{asked:?}");
    assert_eq!(ours.seen().len(), 1, "who is asked for the token");
    assert!(ours.seen()[0].header("authorization").is_none());
    assert_eq!(theirs.connections(), 0);
}

/// One that names itself is asked there, with what stands in the file.
#[test]
fn a_registry_is_asked_for_a_token() {
    let port = Mutex::new(0);
    let port = std::sync::Arc::new(port);
    let own = finding("docker.registry-auth", 3);
    let coded = String::from_utf8(own.credential.secret.expose().to_vec()).expect("text");
    let ours = {
        let port = std::sync::Arc::clone(&port);
        Server::plain(move |call| match &*call.path {
            "/v2/" => {
                let port = port.lock().expect("not poisoned");
                let challenge = format!(
                    "Bearer realm=\"http://localhost:{port}/token\",service=\"registry.example\""
                );
                super::server::Play::Answer(
                    401,
                    vec![("www-authenticate".into(), challenge)],
                    r#"{"errors":[{"code":"UNAUTHORIZED"}]}"#.into(),
                )
            }
            "/token?service=registry.example"
                if call.header("authorization") == Some(&format!("Basic {coded}")) =>
            {
                json(200, r#"{"token":"abc"}"#)
            }
            _ => json(401, r#"{"details":"incorrect username or password"}"#),
        })
    };
    *port.lock().expect("not poisoned") = ours.port;
    let options = super::declared::options("docker", &ours);
    let asked = super::declared::ask(&[&own], &options, &super::declared::client());
    assert_eq!(asked.verified[0].verdict, Verdict::Live, "{asked:?}");
}

fn run(dir: &Path, home: &Path, args: &[&str]) -> Run {
    let done = command(dir, args).env("HOME", home).output();
    let done = done.expect("it ran");
    Run {
        out: String::from_utf8_lossy(&done.stdout).into_owned(),
        err: String::from_utf8_lossy(&done.stderr).into_owned(),
        code: done.status.code().expect("it ended"),
    }
}

/// A folder with a token of Vault's and one of npm's: both may be anywhere.
fn tree() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    let text = format!(
        "VAULT_TOKEN={}\nNPM_TOKEN={}\n",
        secret("hashicorp-vault.service-token", 3),
        secret("npm.access-token", 3)
    );
    fs::write(dir.path().join("a.env"), text).expect("written");
    dir
}

fn write(home: &Path, name: &str, text: &str) {
    let path = home.join(name);
    fs::create_dir_all(path.parent().expect("it has one")).expect("made");
    fs::write(&path, text).expect("written");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("changed");
    }
}

#[test]
fn the_users_own_files_name_servers() {
    let (dir, home) = (tree(), tempfile::tempdir().expect("a folder"));
    let (vault, npm) = (
        Server::plain(|_| json(401, "{}")),
        Server::plain(|_| json(401, "{}")),
    );
    let args = [
        "scan",
        "a.env",
        "--verify",
        "--also",
        "hashicorp-vault",
        "--also",
        "npm",
        "--allow-internal",
        "--audit",
        "log",
    ];
    // Without a file nobody is asked: no registry is built in, and a Vault may be anywhere.
    let told = run(dir.path(), home.path(), &args);
    assert_eq!(
        (vault.connections(), npm.connections()),
        (0, 0),
        "{}",
        told.out
    );

    let servers = format!("[endpoint]\nhashicorp-vault = \"{}\"\n", vault.url());
    write(home.path(), ".config/straykey/verify.toml", &servers);
    write(home.path(), ".npmrc", &format!("registry={}/\n", npm.url()));
    let told = run(dir.path(), home.path(), &args);
    assert!(
        !vault.seen().is_empty() && !npm.seen().is_empty(),
        "{}",
        told.err
    );
    assert_eq!(npm.seen()[0].path, "/-/whoami");
    assert!(told.err.contains("verify.toml says so"), "{}", told.err);
    assert!(told.err.contains(".npmrc says so"), "{}", told.err);

    // What is named on the command line comes first.
    let other = Server::plain(|_| json(401, "{}"));
    let before = vault.seen().len();
    let named = format!("hashicorp-vault={}", other.url());
    let mut all = args.to_vec();
    all.extend(["--endpoint", &named]);
    run(dir.path(), home.path(), &all);
    assert_eq!(vault.seen().len(), before);
    assert!(!other.seen().is_empty());

    // Mistakes are told with their line.
    for (text, words) in [
        (
            "[endpoint]\n\nhashicorp-vaul = \"https://x.example\"\n",
            "verify.toml:3",
        ),
        (
            "[endpoint]\nhashicorp-vault = \"http://x.example\"\n",
            "without TLS",
        ),
        ("[servers]\n", "verify.toml:1"),
    ] {
        write(home.path(), ".config/straykey/verify.toml", text);
        let told = run(dir.path(), home.path(), &args);
        assert_eq!(told.code, 2, "{text}");
        assert!(told.err.contains(words), "{text}: {}", told.err);
    }
}

/// A file in a repository is written by whoever opened the pull request, whatever leads there.
#[test]
fn files_that_others_can_write_name_nothing() {
    let (dir, home) = (tree(), tempfile::tempdir().expect("a folder"));
    let theirs = Server::plain(|_| json(200, "{}"));
    let servers = format!("[endpoint]\nhashicorp-vault = \"{}\"\n", theirs.url());
    let registry = format!("registry={}/\n", theirs.url());
    let args = [
        "scan",
        "a.env",
        "--verify",
        "--also",
        "npm",
        "--allow-internal",
        "--audit",
        "log",
    ];
    // In the tree that is scanned.
    for name in [
        ".npmrc",
        "verify.toml",
        ".config/straykey/verify.toml",
        ".straykey/verify.toml",
    ] {
        write(
            dir.path(),
            name,
            if name == ".npmrc" {
                &registry
            } else {
                &servers
            },
        );
    }
    run(dir.path(), home.path(), &args);
    // The home folder is a repository.
    write(home.path(), ".npmrc", &registry);
    write(home.path(), ".config/straykey/verify.toml", &servers);
    fs::create_dir(home.path().join(".git")).expect("made");
    let told = run(dir.path(), home.path(), &args);
    assert!(told.err.contains("lies in a repository"), "{}", told.err);
    fs::remove_dir(home.path().join(".git")).expect("gone");
    #[cfg(unix)]
    {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let file = home.path().join(".npmrc");
        let list = home.path().join(".config/straykey/verify.toml");
        for path in [&file, &list] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o666)).expect("changed");
        }
        let told = run(dir.path(), home.path(), &args);
        assert!(
            told.err.contains("can be written by others"),
            "{}",
            told.err
        );
        // A link into a repository.
        let repository = tempfile::tempdir().expect("a folder");
        fs::create_dir(repository.path().join(".git")).expect("made");
        write(repository.path(), ".npmrc", &registry);
        write(repository.path(), "verify.toml", &servers);
        for (path, name) in [(&file, ".npmrc"), (&list, "verify.toml")] {
            fs::remove_file(path).expect("gone");
            symlink(repository.path().join(name), path).expect("linked");
        }
        let told = run(dir.path(), home.path(), &args);
        assert!(told.err.contains("lies in a repository"), "{}", told.err);
    }
    assert_eq!(theirs.connections(), 0);
}

/// A secret that is a URL of its provider goes to the server that the user named for that provider, and one
/// that is a URL of somebody else's goes nowhere.
#[test]
fn a_webhook_goes_to_the_server_that_stands_for_its_provider() {
    let server = Server::plain(|_| json(404, r#"{"message":"Unknown Webhook","code":10015}"#));
    let own = finding("discord.webhook", 3);
    let mut planted = own.clone();
    planted.credential.secret = Secret::new(b"https://evil.example/api/webhooks/1/x");
    let asked = ask(&[&own, &planted], &options("discord", &server), &client());
    let verdicts: Vec<Verdict> = asked.verified.iter().map(|v| v.verdict).collect();
    assert_eq!(verdicts, [Verdict::Dead, Verdict::NotChecked]);
    let seen = server.seen();
    assert_eq!(seen.len(), 1);
    let text = String::from_utf8_lossy(own.credential.secret.expose()).into_owned();
    assert!(text.ends_with(&seen[0].path), "its path, and no other host");
    let here = format!("localhost:{}", server.port);
    assert_eq!(seen[0].header("host"), Some(&*here));
}
