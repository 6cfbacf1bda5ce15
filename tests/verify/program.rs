//! The program: what it asks, what it refuses, what it tells.

use std::fs;
use std::path::Path;

use serde_json::Value;
use straykey::detect::patterns::{Checksum, Sampler, sample_secret};

use super::common::{Run, command, secret, straykey, with_input};
use super::server::{Play, Seen, Server, json};

const DEAD: &str = r#"{"message":"Bad credentials"}"#;

/// Knows the token of seed 1 and no other.
fn honest(call: &Seen) -> Play {
    let own = secret("github.pat-classic", 1);
    match call.header("authorization") {
        Some(bearer) if bearer.ends_with(&own) => {
            let scopes = ("x-oauth-scopes".to_owned(), "repo, admin:org".to_owned());
            Play::Answer(200, vec![scopes], r#"{"login":"octocat","id":1}"#.into())
        }
        _ => json(401, DEAD),
    }
}

/// A folder with a token that works and one that does not.
fn tree() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    let text = |seed| format!("TOKEN={}\n", secret("github.pat-classic", seed));
    fs::write(dir.path().join("live.env"), text(1)).expect("written");
    fs::write(dir.path().join("dead.env"), text(2)).expect("written");
    dir
}

/// The arguments by which a server of ours stands for GitHub.
fn asking(dir: &Path, server: &Server) -> Vec<String> {
    let log = dir.join("log.jsonl");
    vec![
        "--endpoint".into(),
        format!("github={}", server.url()),
        "--allow-internal".into(),
        "--audit".into(),
        log.to_str().expect("text").into(),
    ]
}

fn run(dir: &Path, args: &[&str], server: &Server) -> Run {
    let more = asking(dir, server);
    let mut all: Vec<&str> = args.to_vec();
    all.extend(more.iter().map(String::as_str));
    straykey(dir, &all)
}

fn fingerprint(dir: &Path, file: &str) -> String {
    let told = straykey(dir, &["scan", file, "--format", "json"]);
    let told: Value = serde_json::from_str(&told.out).expect("JSON");
    told["findings"][0]["fingerprint"]
        .as_str()
        .expect("one")
        .to_owned()
}

#[test]
fn a_scan_asks_and_tells_beside_the_findings() {
    let (dir, server) = (tree(), Server::plain(honest));
    let told = run(
        dir.path(),
        &[
            "scan", "live.env", "dead.env", "--verify", "--format", "json",
        ],
        &server,
    );
    assert_eq!(told.code, 1, "as without: {}", told.err);
    let told: Value = serde_json::from_str(&told.out).expect("JSON");
    let of = |path: &str| {
        let all = told["findings"].as_array().expect("findings");
        let found = all.iter().find(|f| f["occurrences"][0]["path"] == path);
        found.expect("it is there")["verification"].clone()
    };
    let live = of("live.env");
    assert_eq!(live["verdict"], "live");
    assert_eq!(live["identity"], "octocat");
    assert_eq!(live["scopes"], serde_json::json!(["repo", "admin:org"]));
    assert_eq!(live["privilege"], "admin");
    assert_eq!(
        (&live["host"], &live["status"]),
        (&"localhost".into(), &200.into())
    );
    assert_eq!(of("dead.env")["verdict"], "dead");
    assert_eq!(server.seen().len(), 3, "two, and a made-up one");

    let people = run(dir.path(), &["scan", "live.env", "--verify"], &server).out;
    for words in [
        "LIVE the service knows it (localhost, 200, ",
        "of octocat; can admin",
        "2 calls sent",
    ] {
        assert!(people.contains(words), "{people}");
    }
    let sarif = run(
        dir.path(),
        &["scan", "live.env", "--verify", "--format", "sarif"],
        &server,
    )
    .out;
    let sarif: Value = serde_json::from_str(&sarif).expect("JSON");
    let bag = &sarif["runs"][0]["results"][0]["properties"]["verification"];
    assert_eq!(bag["verdict"], "live");
    // No secret is in any of it, nor in the log.
    let log = fs::read_to_string(dir.path().join("log.jsonl")).expect("a log");
    let own = secret("github.pat-classic", 1);
    for text in [people, sarif.to_string(), told.to_string(), log] {
        assert!(!text.contains(&own[4..]));
    }
}

#[test]
fn without_the_word_nothing_is_asked() {
    let (dir, server) = (tree(), Server::plain(honest));
    for args in [&["scan", "."][..], &["history", "."]] {
        let told = straykey(dir.path(), args);
        assert!(
            !told.out.contains("sent") || told.out.contains("nothing sent"),
            "{}",
            told.out
        );
    }
    let told = run(dir.path(), &["scan", "."], &server);
    assert_eq!(told.code, 2);
    assert!(told.err.contains("--verify is needed"), "{}", told.err);
    let told = run(dir.path(), &["scan", ".", "--verify", "--dry-run"], &server);
    assert_eq!(told.code, 0, "{}", told.err);
    assert!(
        told.out
            .contains("/user\n    accept: application/vnd.github+json"),
        "{}",
        told.out
    );
    assert!(
        told.out.contains("authorization: Bearer ghp_...."),
        "{}",
        told.out
    );
    assert!(
        told.out.ends_with("dry run: nothing sent\n"),
        "{}",
        told.out
    );
    assert_eq!(server.connections(), 0);
    for command in ["staged", "ci", "hook"] {
        let told = straykey(dir.path(), &[command, "--verify"]);
        assert_eq!(told.code, 2, "{command}");
    }
}

#[test]
fn one_is_asked_for_by_its_fingerprint() {
    let (dir, server) = (tree(), Server::plain(honest));
    let (live, dead) = (
        fingerprint(dir.path(), "live.env"),
        fingerprint(dir.path(), "dead.env"),
    );
    let told = run(dir.path(), &["verify", &live[..8]], &server);
    assert_eq!(told.code, 1, "{}", told.err);
    assert!(
        told.out.contains("LIVE") && !told.out.contains("DEAD"),
        "{}",
        told.out
    );
    let told = run(dir.path(), &["verify", &dead], &server);
    assert_eq!(told.code, 0, "what is dead is no harm: {}", told.out);
    assert!(
        told.out.contains("DEAD the service refuses it"),
        "{}",
        told.out
    );
    let told = run(dir.path(), &["verify", "0123456789abcdef"], &server);
    assert_eq!(told.code, 2);
    assert!(
        told.err.contains("nothing here has that fingerprint"),
        "{}",
        told.err
    );
}

#[test]
fn a_report_holds_no_secret_and_is_enough() {
    let (dir, server) = (tree(), Server::plain(honest));
    for format in ["json", "jsonl", "sarif"] {
        let report = straykey(dir.path(), &["scan", ".", "--format", format]).out;
        let name = format!("report.{format}");
        fs::write(dir.path().join(&name), report).expect("written");
        let told = run(dir.path(), &["verify", &name, "--format", "json"], &server);
        assert_eq!(told.code, 1, "{format}: {}", told.err);
        let told: Value = serde_json::from_str(&told.out).expect("JSON");
        let all = told["findings"].as_array().expect("findings");
        let said: Vec<&Value> = all.iter().map(|f| &f["verification"]["verdict"]).collect();
        assert_eq!(said.len(), 2, "{format}");
        assert!(
            said.contains(&&"live".into()) && said.contains(&&"dead".into()),
            "{said:?}"
        );
        fs::remove_file(dir.path().join(&name)).expect("gone");
    }
    // What is not there any more was not asked, and that is no success.
    let report = straykey(dir.path(), &["scan", ".", "--format", "json"]).out;
    fs::write(dir.path().join("r.json"), report).expect("written");
    fs::remove_file(dir.path().join("live.env")).expect("gone");
    let told = run(dir.path(), &["verify", "r.json"], &server);
    assert_eq!(told.code, 2, "{}", told.out);
    assert!(
        told.err.contains("1 of 2 credentials were not found again"),
        "{}",
        told.err
    );
}

#[test]
fn a_secret_comes_by_standard_input_only() {
    let (dir, server) = (tree(), Server::plain(honest));
    let own = secret("github.pat-classic", 1);
    let more = asking(dir.path(), &server);
    let mut args = vec!["verify", "-"];
    args.extend(more.iter().map(String::as_str));
    let told = with_input(dir.path(), &args, own.as_bytes());
    assert_eq!(told.code, 1, "{}", told.err);
    assert!(told.out.contains("LIVE"), "{}", told.out);
    assert!(!told.out.contains(&own[4..]));

    let before = server.seen().len();
    let told = run(dir.path(), &["verify", &own], &server);
    assert_eq!(told.code, 2);
    assert!(!told.err.contains(&own[4..]), "it is not repeated");
    assert!(told.err.contains("never an argument"), "{}", told.err);
    assert_eq!(server.seen().len(), before);
}

#[test]
fn hooks_and_changes_of_forks_are_refused() {
    let (dir, server) = (tree(), Server::plain(honest));
    let event = dir.path().join("event.json");
    let change = |theirs: &str| {
        format!(
            r#"{{"action":"opened","repository":{{"id":1,"full_name":"o/r"}},"pull_request":{{
               "base":{{"sha":"{0}","repo":{{"id":1,"full_name":"o/r"}}}},
               "head":{{"sha":"{0}","repo":{theirs}}}}}}}"#,
            "0123456789012345678901234567890123456789"
        )
    };
    let github = |event: &str| {
        vec![
            ("GITHUB_ACTIONS".to_owned(), "true".to_owned()),
            ("GITHUB_EVENT_NAME".into(), "pull_request".into()),
            ("GITHUB_EVENT_PATH".into(), event.into()),
            (
                "GITHUB_SHA".into(),
                "0123456789012345678901234567890123456789".into(),
            ),
        ]
    };
    let path = event.to_str().expect("text");
    let hook = |name: &str| vec![(name.to_owned(), "x".to_owned())];
    for (theirs, variables, refused) in [
        (r#"{"id":2,"full_name":"x/r"}"#, github(path), true),
        ("null", github(path), true),
        (r#"{"id":1,"full_name":"o/r"}"#, github(path), false),
        ("null", hook("GIT_INDEX_FILE"), true),
        ("null", hook("GIT_QUARANTINE_PATH"), true),
        ("null", hook("PRE_COMMIT"), true),
        ("null", vec![], false),
    ] {
        fs::write(&event, change(theirs)).expect("written");
        let before = server.connections();
        for args in [
            &["scan", "live.env", "--verify"][..],
            &["verify", "live.json"],
        ] {
            let report = straykey(dir.path(), &["scan", "live.env", "--format", "json"]).out;
            fs::write(dir.path().join("live.json"), report).expect("written");
            let more = asking(dir.path(), &server);
            let mut all: Vec<&str> = args.to_vec();
            all.extend(more.iter().map(String::as_str));
            let done = command(dir.path(), &all).envs(variables.clone()).output();
            let done = done.expect("it ran");
            let err = String::from_utf8_lossy(&done.stderr).into_owned();
            let code = done.status.code();
            assert_eq!(
                code,
                Some(if refused { 2 } else { 1 }),
                "{variables:?} {theirs}: {err}"
            );
            assert_eq!(err.contains("verification is refused"), refused, "{err}");
        }
        assert_eq!(
            server.connections() > before,
            !refused,
            "{variables:?} {theirs}"
        );
    }
}

#[test]
fn what_was_said_is_remembered_for_a_while() {
    let (dir, server) = (tree(), Server::plain(honest));
    let base = [
        "scan",
        ".",
        "--verify",
        "--format",
        "json",
        "--verdicts",
        "store",
    ];
    let first = run(dir.path(), &base, &server);
    assert_eq!(first.code, 1, "{}", first.err);
    let calls = server.seen().len();
    assert_eq!(calls, 3);
    let again = run(dir.path(), &base, &server);
    assert_eq!(server.seen().len(), calls, "nobody was asked again");
    let told: Value = serde_json::from_str(&again.out).expect("JSON");
    for finding in told["findings"].as_array().expect("findings") {
        assert_eq!(finding["verification"]["remembered"], true, "{finding}");
    }
    assert!(again.out.contains("\"octocat\""), "what else was told, too");
    // Whoever is asked at another server is asked anew, and so is what is too old.
    let other = Server::plain(honest);
    run(dir.path(), &base, &other);
    assert_eq!(other.seen().len(), 3);
    let mut anew = base.to_vec();
    anew.extend(["--max-age", "0h"]);
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    run(dir.path(), &anew, &server);
    assert_eq!(server.seen().len(), 6);
    let store = fs::read(dir.path().join("store")).expect("a store");
    for file in ["store", "store-wal"] {
        let Ok(bytes) = fs::read(dir.path().join(file)) else {
            continue;
        };
        for seed in [1, 2] {
            let own = secret("github.pat-classic", seed);
            let inner = &own.as_bytes()[4..];
            assert!(!bytes.windows(inner.len()).any(|w| w == inner), "{file}");
        }
    }
    assert!(store.starts_with(b"SQLite format 3"));
}

/// Hosts that whoever wrote the text put there: none of them is ever called.
#[test]
fn planted_hosts_get_nothing() {
    let (dir, ours) = (tree(), Server::plain(honest));
    let theirs = Server::plain(|_| json(200, r#"{"login":"octocat","id":1}"#));
    let at = format!("localhost:{}", theirs.port);
    let own = secret("github.pat-classic", 1);
    let lab = secret("gitlab.personal-access-token", 3);
    for (name, text) in [
        (
            ".npmrc",
            format!("registry=http://{at}/\n//{at}/:_authToken={own}\n"),
        ),
        (
            "a.env",
            format!("GITHUB_API_URL=http://{at}\nGITHUB_TOKEN={own}\nGH_HOST={at}\n"),
        ),
        (
            "b.yml",
            format!("gitlab:\n  url: http://{at}\n  token: {lab}\n"),
        ),
        (
            "c.sh",
            format!("curl -H 'Authorization: Bearer {own}' http://{at}/user\n"),
        ),
        (
            "d.txt",
            format!("https://x-access-token:{own}@{at}/r.git\n"),
        ),
        (".straykey/config.toml", "severity = \"low\"\n".to_owned()),
        (
            ".netrc",
            format!("machine localhost login x password {own}\n"),
        ),
    ] {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().expect("it has one")).expect("made");
        fs::write(path, text).expect("written");
    }
    // Every provider that has something here is played by ours: the test itself needs no network.
    let gitlab = format!("gitlab={}", ours.url());
    let told = run(
        dir.path(),
        &["scan", ".", "--verify", "--endpoint", &gitlab],
        &ours,
    );
    assert_eq!(told.code, 1, "{}", told.err);
    assert!(!ours.seen().is_empty());
    assert_eq!(theirs.connections(), 0);
    // A configuration of the repository cannot say where to ask.
    for key in [
        "endpoint = { github = \"http://localhost:1\" }",
        "verify = true",
        "[verify]\nendpoint = 1",
    ] {
        fs::write(dir.path().join(".straykey/config.toml"), format!("{key}\n")).expect("written");
        let told = run(dir.path(), &["scan", ".", "--verify"], &ours);
        assert_eq!(told.code, 2, "{key}: {}", told.out);
    }
}

#[test]
fn a_file_of_patterns_sends_nothing_unless_it_is_trusted() {
    let (dir, server) = (tree(), Server::plain(|_| json(200, r#"{"id":1}"#)));
    let file = r#"provider = "acme"
name = "Acme"

[[pattern]]
id = "acme.key"
name = "Acme key"
description = "Opens the shop."
secret = 'acme_[0-9a-f]{32}'
revoke = "Console"
sources = ["made up"]

[[verifier]]
for = ["acme.key"]
hosts = ["api.acme.example"]
basis = "assumed"
reviewed = "2026-11-28"

[[verifier.call]]
url = "https://api.acme.example/me"
bearer = "{secret}"
answer = [{ verdict = "live", status = 200, has = ["/id"] }]
"#;
    fs::write(dir.path().join("acme.toml"), file).expect("written");
    let made = sample_secret("acme_[0-9a-f]{32}", Checksum::None, &mut Sampler::new(5));
    let text = format!("KEY={}\n", String::from_utf8(made).expect("text"));
    fs::write(dir.path().join("acme.env"), text).expect("written");
    let endpoint = format!("acme={}", server.url());
    let base = [
        "scan",
        "acme.env",
        "--patterns",
        "acme.toml",
        "--verify",
        "--allow-internal",
        "--audit",
        "log",
        "--format",
        "json",
    ];
    let told = straykey(dir.path(), &base);
    assert!(
        told.out.contains("\"verdict\": \"not checked\""),
        "{} {}",
        told.out,
        told.err
    );
    assert_eq!(server.connections(), 0);
    let mut all = base.to_vec();
    all.extend(["--trust-patterns", "--endpoint", &endpoint]);
    let told = straykey(dir.path(), &all);
    assert!(
        told.out.contains("nobody has shown"),
        "{} {}",
        told.out,
        told.err
    );
    assert_eq!(server.connections(), 0);
    all.extend(["--also", "acme"]);
    let told = straykey(dir.path(), &all);
    assert!(
        told.out.contains("\"verdict\": \"unknown\""),
        "it welcomes all: {} {}",
        told.out,
        told.err
    );
    assert_eq!(server.seen().len(), 2);
}
