//! `revoke`: what it tells, where it is refused, who is asked, and what proves that it was done.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use super::common::{Run, command, secret, straykey, with_input};
use super::server::{Play, Seen, Server, json};

/// How the server takes a revocation.
#[derive(Clone, Copy, PartialEq)]
enum Mood {
    Honest,
    /// Says yes and does nothing.
    Lazy,
    /// Says no.
    Unwilling,
}

/// Plays GitHub, which knows the token of seed 1.
fn server(mood: Mood) -> (Server, Arc<AtomicBool>) {
    let alive = Arc::new(AtomicBool::new(true));
    let lives = Arc::clone(&alive);
    let play = move |call: &Seen| {
        let own = secret("github.pat-classic", 1);
        if call.method == "POST" && call.path == "/credentials/revoke" {
            assert!(call.header("authorization").is_none());
            let body: Value = serde_json::from_str(&call.body).expect("JSON");
            assert_eq!(body, serde_json::json!({"credentials": [own]}));
            return match mood {
                Mood::Unwilling => json(422, r#"{"message":"Validation failed"}"#),
                Mood::Lazy => json(202, ""),
                Mood::Honest => {
                    lives.store(false, Ordering::Release);
                    json(202, "")
                }
            };
        }
        match call.header("authorization") {
            Some(bearer) if bearer.ends_with(&own) && lives.load(Ordering::Acquire) => {
                Play::Answer(200, Vec::new(), r#"{"login":"octocat","id":1}"#.into())
            }
            _ => json(401, r#"{"message":"Bad credentials"}"#),
        }
    };
    (Server::plain(play), alive)
}

fn tree() -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().expect("a folder");
    let text = format!("TOKEN={}\n", secret("github.pat-classic", 1));
    fs::write(dir.path().join("prod.env"), &text).expect("written");
    fs::write(dir.path().join("copy.env"), format!("# a copy\n{text}")).expect("written");
    let told = straykey(dir.path(), &["scan", ".", "--format", "json"]);
    let told: Value = serde_json::from_str(&told.out).expect("JSON");
    let id = told["findings"][0]["fingerprint"].as_str().expect("one");
    let id = id[..8].to_owned();
    (dir, id)
}

fn words<'a>(id: &'a str, endpoint: &'a str) -> Vec<&'a str> {
    let mut all = vec!["revoke", id, "--endpoint", endpoint, "--allow-internal"];
    all.extend(["--audit", "log", "--wait", "1"]);
    all
}

fn endpoint(server: &Server) -> String {
    format!("github={}", server.url())
}

fn tries(server: &Server) -> usize {
    let all = server.seen();
    all.iter().filter(|call| call.method == "POST").count()
}

/// Runs it at a terminal of its own, and types an answer when it asks.
fn typed(dir: &Path, args: &[&str], answer: &str) -> Run {
    let program = env!("CARGO_BIN_EXE_straykey");
    let line: Vec<String> = std::iter::once(program)
        .chain(args.iter().copied())
        .map(|word| format!("'{word}'"))
        .collect();
    let mut child = Command::new("script")
        .args(["-qefc", &line.join(" "), "/dev/null"])
        .current_dir(dir)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", dir)
        .env("SHELL", "/bin/sh")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("script is needed for this test (util-linux)");
    let mut stdin = child.stdin.take().expect("a pipe");
    let mut stdout = child.stdout.take().expect("a pipe");
    let mut out = Vec::new();
    let mut buffer = [0; 4096];
    let mut asked = false;
    loop {
        let count = stdout.read(&mut buffer).unwrap_or(0);
        if count == 0 {
            break;
        }
        out.extend(&buffer[..count]);
        let question = b"to revoke it: ";
        if !asked && out.windows(question.len()).any(|w| w == question) {
            asked = true;
            // What is typed before the question can be read is forgotten: a person is slower.
            std::thread::sleep(std::time::Duration::from_millis(500));
            stdin.write_all(answer.as_bytes()).expect("typed");
            stdin.flush().expect("typed");
        }
    }
    let ended = child.wait().expect("it ends");
    Run {
        out: String::from_utf8_lossy(&out).into_owned(),
        err: String::new(),
        code: ended.code().expect("no signal"),
    }
}

fn log(dir: &Path) -> String {
    fs::read_to_string(dir.join("log")).unwrap_or_default()
}

#[test]
fn by_default_the_steps_are_told_and_nothing_is_sent() {
    let (dir, id) = tree();
    let (server, _) = server(Mood::Honest);
    let endpoint = endpoint(&server);
    let told = straykey(dir.path(), &words(&id, &endpoint));
    assert_eq!(told.code, 0, "{}", told.err);
    for part in [
        "copy.env:2:7",
        "prod.env:1:7",
        "1. replace: make a new one",
        "2. revoke: straykey revoke",
        "/credentials/revoke",
        r#"{"credentials":["ghp_...."#,
        "dry run: nothing sent",
    ] {
        assert!(told.out.contains(part), "{part}: {}", told.out);
    }
    assert!(!told.out.contains(&secret("github.pat-classic", 1)[4..]));
    let input = format!("TOKEN={}\n", secret("github.pat-classic", 1));
    let of_input = with_input(dir.path(), &["revoke", "-"], input.as_bytes());
    assert!(
        of_input
            .out
            .contains("POST https://api.github.com/credentials/revoke")
    );
    assert_eq!(server.connections(), 0);
    assert_eq!(log(dir.path()), "");
}

#[test]
fn what_no_call_revokes_is_revoked_by_hand() {
    let dir = tempfile::tempdir().expect("a folder");
    let text = format!("STRIPE={}\n", secret("stripe.secret-key", 1));
    fs::write(dir.path().join("prod.env"), text).expect("written");
    let told = straykey(dir.path(), &["scan", ".", "--format", "json"]);
    let parsed: Value = serde_json::from_str(&told.out).expect("JSON");
    let id = parsed["findings"][0]["fingerprint"].as_str().expect("one");
    let told = straykey(dir.path(), &["revoke", id]);
    assert_eq!(told.code, 0, "{}", told.err);
    assert!(told.out.contains("2. revoke, by hand: "), "{}", told.out);
    assert!(told.out.contains("no call is known"), "{}", told.out);
    let told = straykey(dir.path(), &["revoke", id, "--execute", "--audit", "log"]);
    assert_eq!(told.code, 2);
    assert!(told.err.contains("cannot revoke it"), "{}", told.err);
}

#[test]
fn one_at_a_time_and_never_as_an_argument() {
    let (dir, id) = tree();
    let own = secret("github.pat-classic", 1);
    let told = straykey(dir.path(), &["revoke", &own]);
    assert_eq!(told.code, 2);
    assert!(
        !told.err.contains(&own) && told.err.contains("never an argument"),
        "{}",
        told.err
    );
    let two = [1, 2].map(|seed| format!("T={}\n", secret("github.pat-classic", seed)));
    let told = with_input(dir.path(), &["revoke", "-"], two.concat().as_bytes());
    assert_eq!(told.code, 2);
    assert!(
        told.err.contains("one credential is revoked at a time"),
        "{}",
        told.err
    );
    let told = straykey(dir.path(), &["revoke", "0123456789abcdef"]);
    assert_eq!(told.code, 2);
    assert_ne!(id, "01234567");
}

#[test]
fn it_is_refused_where_no_person_sits() {
    let (dir, id) = tree();
    let (server, _) = server(Mood::Honest);
    let endpoint = endpoint(&server);
    let mut args = words(&id, &endpoint);
    args.push("--execute");
    for (name, value) in [
        ("CI", "true"),
        ("GITHUB_ACTIONS", "true"),
        ("JENKINS_URL", "http://x"),
        ("GIT_INDEX_FILE", "x"),
        ("PRE_COMMIT", "1"),
    ] {
        let ran = command(dir.path(), &args).env(name, value).output();
        let ran = ran.expect("it runs");
        let told = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert_eq!(ran.status.code(), Some(2), "{name}: {told}");
        assert!(told.contains("refused") && told.contains(name), "{told}");
    }
    assert_eq!(server.connections(), 0);
    // Standard input is no terminal, whatever it says.
    let mut alone = Command::new("setsid");
    alone
        .arg("-w")
        .arg(env!("CARGO_BIN_EXE_straykey"))
        .args(&args);
    alone.current_dir(dir.path()).env_clear();
    alone.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    alone.stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut child = alone
        .spawn()
        .expect("setsid is needed for this test (util-linux)");
    let mut stdin = child.stdin.take().expect("a pipe");
    let _ = stdin.write_all(format!("{id}\n").as_bytes());
    drop(stdin);
    let ran = child.wait_with_output().expect("it ends");
    let told = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert_eq!(ran.status.code(), Some(2), "{told}");
    assert!(told.contains("there is no terminal"), "{told}");
    assert_eq!(tries(&server), 0);
}

#[test]
fn a_person_confirms_and_it_is_proved_dead() {
    let (dir, id) = tree();
    let (server, alive) = server(Mood::Honest);
    let endpoint = endpoint(&server);
    let mut args = words(&id, &endpoint);
    args.push("--execute");
    // Another word is a no.
    let told = typed(dir.path(), &args, "yes\n");
    assert_eq!(told.code, 2, "{}", told.out);
    assert!(told.out.contains("nothing was revoked"), "{}", told.out);
    assert_eq!(tries(&server), 0);
    assert!(alive.load(Ordering::Acquire));

    let told = typed(dir.path(), &args, &format!("{id}\n"));
    assert_eq!(told.code, 0, "{}", told.out);
    for part in [
        "LIVE the service knows it",
        "of octocat",
        "stands in 2 places",
        "It cannot be undone",
        "revoked: its provider says so",
        "DEAD the service refuses it",
    ] {
        assert!(told.out.contains(part), "{part}: {}", told.out);
    }
    assert_eq!(tries(&server), 1);
    assert!(!alive.load(Ordering::Acquire));
    let log = log(dir.path());
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let call = |line: &Value| line["call"].as_str().unwrap_or_default().contains("revoke");
    let made = lines.iter().position(call).expect("the call is there");
    let proof = lines.last().expect("a line");
    assert_eq!(proof["event"], "revoked");
    assert_eq!(proof["verdict"], "dead");
    assert!(made < lines.len() - 1 && proof["time"].is_string());
    assert!(!log.contains(&secret("github.pat-classic", 1)[4..]));
    // What is dead is not revoked again, and nobody is asked.
    let again = straykey(dir.path(), &args);
    assert_eq!(again.code, 0, "{}", again.err);
    assert!(again.err.contains("out of use already"), "{}", again.err);
    assert_eq!(tries(&server), 1);
}

#[test]
fn what_still_works_afterwards_is_no_success() {
    let (dir, id) = tree();
    let (lazy, _) = server(Mood::Lazy);
    let of_lazy = endpoint(&lazy);
    let mut args = words(&id, &of_lazy);
    args.push("--execute");
    let told = typed(dir.path(), &args, &format!("{id}\n"));
    assert_eq!(told.code, 1, "{}", told.out);
    assert!(told.out.contains("it still works"), "{}", told.out);
    assert!(log(dir.path()).contains(r#""verdict":"live""#));

    let (unwilling, _) = server(Mood::Unwilling);
    let of_unwilling = endpoint(&unwilling);
    let mut args = words(&id, &of_unwilling);
    args.push("--execute");
    let told = typed(dir.path(), &args, &format!("{id}\n"));
    assert_eq!(told.code, 2, "{}", told.out);
    assert!(
        told.out.contains("nobody can say that it was revoked"),
        "{}",
        told.out
    );
    assert_eq!(tries(&unwilling), 1);
}
