//! OpenSSH, with keys as its own tool and OpenSSL write them.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::super::common::straykey;
use super::{Real, folder, port, program, says};

/// A key pair of OpenSSH's tool; its private half stands at the path.
fn pair(at: &Path, kind: &[&str]) {
    let done = Command::new("ssh-keygen")
        .args(["-q", "-N", "", "-C", "test", "-f"])
        .arg(at)
        .args(kind)
        .output()
        .expect("ssh-keygen runs");
    assert!(done.status.success(), "{done:?}");
}

const KINDS: [(&str, &[&str]); 7] = [
    ("ed25519", &["-t", "ed25519"]),
    ("rsa", &["-t", "rsa", "-b", "3072"]),
    ("ecdsa", &["-t", "ecdsa", "-b", "384"]),
    ("ecdsa-521", &["-t", "ecdsa", "-b", "521"]),
    ("rsa-pem", &["-t", "rsa", "-b", "2048", "-m", "PEM"]),
    ("rsa-pkcs8", &["-t", "rsa", "-b", "2048", "-m", "PKCS8"]),
    ("ecdsa-pem", &["-t", "ecdsa", "-b", "256", "-m", "PEM"]),
];

fn sshd(host_key: &[&str]) -> Option<Real> {
    let sshd = program("sshd")?;
    program("ssh-keygen")?;
    let (dir, port) = (folder(), port());
    let at = dir.path().to_owned();
    pair(&at.join("host"), host_key);
    let mut allowed = String::new();
    for (name, kind) in KINDS {
        pair(&at.join(name), kind);
        let public = fs::read_to_string(at.join(format!("{name}.pub"))).expect("a half");
        // A command that must never run.
        allowed.extend(
            [
                "command=\"touch ",
                &at.display().to_string(),
                "/ran\" ",
                &public,
            ]
            .map(str::to_owned),
        );
    }
    fs::write(at.join("allowed"), allowed).expect("written");
    let settings = format!(
        "Port {port}\nListenAddress 127.0.0.1\nHostKey {0}/host\nPidFile {0}/pid\n\
         AuthorizedKeysFile {0}/allowed\nStrictModes no\nUsePAM no\nPermitRootLogin yes\n\
         PasswordAuthentication no\nKbdInteractiveAuthentication no\n",
        at.display()
    );
    fs::write(at.join("config"), settings).expect("written");
    // Where it changes its root to before anybody is known.
    let _ = fs::create_dir_all("/run/sshd");
    let mut command = Command::new(sshd);
    command.args(["-D", "-e", "-f"]).arg(at.join("config"));
    Some(Real::start(dir, port, command))
}

/// What is said of the key in a file.
fn asked(key: &Path, endpoint: &str) -> Value {
    let dir = tempfile::tempdir().expect("a folder");
    fs::copy(key, dir.path().join("id")).expect("copied");
    let args = [
        "scan",
        "id",
        "--verify",
        "--allow-internal",
        "--format",
        "json",
    ];
    let more = ["--audit", "log", "--endpoint", endpoint];
    let told = straykey(dir.path(), &[&args[..], &more].concat());
    let parsed: Value = serde_json::from_str(&told.out).unwrap_or_else(|_| panic!("{}", told.err));
    parsed["findings"][0]["verification"].clone()
}

#[test]
fn a_key_is_offered_and_no_command_is_run() {
    let user = Command::new("id").arg("-un").output().expect("id runs");
    let user = String::from_utf8_lossy(&user.stdout).trim().to_owned();
    for host_key in [
        &["-t", "ed25519"][..],
        &["-t", "ecdsa", "-b", "256"],
        &["-t", "rsa", "-b", "3072"],
    ] {
        let Some(server) = sshd(host_key) else { return };
        let at = server.dir.path();
        let endpoint = format!("ssh=ssh://{user}@localhost:{}", server.port);
        let print = Command::new("ssh-keygen")
            .arg("-lf")
            .arg(at.join("host.pub"))
            .output();
        let print = String::from_utf8_lossy(&print.expect("it runs").stdout).into_owned();
        let print = print.split(' ').nth(1).expect("a fingerprint").to_owned();
        let power = (user == "root").then_some("admin");
        for (name, _) in KINDS {
            let live = asked(&at.join(name), &endpoint);
            says(&live, "live", Some(&user), power);
            assert!(
                live["reason"].to_string().contains(&print),
                "{live} {print}"
            );
        }
        // A key that is not allowed, and one that is locked.
        pair(&at.join("other"), &["-t", "ed25519"]);
        says(&asked(&at.join("other"), &endpoint), "dead", None, None);
        let done = Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "not empty", "-f"])
            .arg(at.join("locked"))
            .status();
        assert!(done.expect("it runs").success());
        let locked = asked(&at.join("locked"), &endpoint);
        says(&locked, "unknown", None, None);
        assert!(
            locked["reason"].to_string().contains("passphrase"),
            "{locked}"
        );
        assert!(!at.join("ran").exists(), "no command is run");
    }
}

/// A list of public keys, as forges publish them: what stands there is known without the key being used.
#[test]
fn a_key_is_looked_for_among_those_that_are_published() {
    use std::collections::BTreeSet;

    use super::super::declared::{ask, client};
    use super::super::server::{Play, Server};
    use straykey::scan::{ScanOptions, scan};
    use straykey::verify::{Endpoint, Verdict, VerifyOptions, dry_run};

    if program("ssh-keygen").is_none() {
        return;
    }
    let dir = folder();
    let mut lines = Vec::new();
    for (name, kind) in KINDS {
        let at = dir.path().join(name);
        pair(&at, kind);
        let public = at.with_extension("pub");
        let line = fs::read_to_string(&public).expect("a half");
        fs::remove_file(public).expect("removed");
        // As forges do: without the words at the end.
        let words: Vec<&str> = line.split_ascii_whitespace().take(2).collect();
        lines.push(words.join(" "));
    }
    let found = scan(&ScanOptions {
        targets: vec![dir.path().to_owned()],
        threads: 1,
        ..ScanOptions::default()
    });
    let found = found.expect("scanned").findings;
    let found: Vec<_> = found
        .iter()
        .filter(|f| f.pattern.id == "private-key.pem")
        .collect();
    assert_eq!(found.len(), KINDS.len(), "{found:?}");
    let secrets: BTreeSet<String> = found
        .iter()
        .map(|f| String::from_utf8_lossy(f.credential.secret.expose()).into_owned())
        .collect();
    let list = lines.join("\n") + "\n";
    let others = format!("{}\n", lines[0]);
    for (body, status, live, unknown) in [
        (list.clone(), 200, KINDS.len(), 0),
        (others, 200, 1, KINDS.len() - 1),
        // A page for people, nothing, and a list that is none of this user's any more.
        (format!("<html>\n{list}</html>"), 200, 0, KINDS.len()),
        (String::new(), 200, 0, KINDS.len()),
        (list, 404, 0, KINDS.len()),
    ] {
        let server = Server::plain(move |_| Play::Answer(status, Vec::new(), body.clone()));
        let url = format!("{}/octocat.keys", server.url());
        let options = VerifyOptions {
            endpoints: [("ssh".to_owned(), Endpoint::parse(&url).expect("a list"))].into(),
            rate_host: 0.0,
            rate_total: 0.0,
            ..VerifyOptions::default()
        };
        let shown = dry_run(found[0], &options).expect("a call");
        assert_eq!(shown[0].line, format!("GET {url}"));
        assert_eq!(server.seen().len(), 0);
        let asked = ask(&found, &options, &client());
        let count = |verdict| {
            let all = asked.verified.iter();
            all.filter(|said| said.verdict == verdict).count()
        };
        let told = (count(Verdict::Live), count(Verdict::Unknown));
        assert_eq!(told, (live, unknown), "{status}: {:?}", asked.verified);
        for said in &asked.verified {
            let whose = (said.verdict == Verdict::Live).then_some("octocat");
            assert_eq!(said.facts.identity.as_deref(), whose);
        }
        let seen = server.seen();
        assert_eq!(seen.len(), KINDS.len());
        for call in seen {
            assert_eq!((&*call.method, &*call.path), ("GET", "/octocat.keys"));
            let whole = call.whole();
            let lines = secrets.iter().flat_map(|s| s.lines());
            let long = lines.filter(|l| l.len() > 16 && !l.starts_with("-----"));
            assert_eq!(long.filter(|l| whole.contains(l)).count(), 0);
        }
    }
}
