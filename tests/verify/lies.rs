//! Servers that lie, stall, redirect, flood and show the wrong papers. None of it is a verdict.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use straykey::verify::{
    Answer, Audit, HttpOptions, Request, Transport, Trouble, Verdict, Verified, VerifyOptions,
    VerifyProgress, verify,
};

use super::declared::{ask, client, finding, options};
use super::server::{Play, Seen, Server, json};

const LIVE: &str = r#"{"login":"octocat","id":1,"name":"monalisa octocat"}"#;
const DEAD: &str = r#"{"message":"Bad credentials"}"#;

/// What is said of a GitHub token by a server that does this with every call.
fn said(server: &Server, client: &HttpOptions) -> Verified {
    let finding = finding("github.pat-classic", 1);
    let asked = ask(&[&finding], &options("github", server), client);
    asked.verified.into_iter().next().expect("one was asked")
}

/// Live for the token of seed 1, dead for any other.
fn honest(call: &Seen) -> Play {
    let secret = super::common::secret("github.pat-classic", 1);
    match call.header("authorization") {
        Some(bearer) if bearer.ends_with(&secret) => json(200, LIVE),
        _ => json(401, DEAD),
    }
}

#[test]
fn an_honest_server_is_believed() {
    let server = Server::plain(honest);
    let said = said(&server, &client());
    assert_eq!(said.verdict, Verdict::Live, "{said:?}");
    assert_eq!(
        said.facts.identity.as_deref(),
        Some("octocat, monalisa octocat")
    );
    assert_eq!(said.status, Some(200));
    assert_eq!(said.host, "localhost");
    let calls = server.seen();
    assert_eq!(calls.len(), 2, "itself, and a made-up one");
    assert_eq!((&*calls[0].method, &*calls[0].path), ("GET", "/user"));
    // The made-up one has the same form, and is another.
    let secret = super::common::secret("github.pat-classic", 1);
    let made_up = calls[1].header("authorization").expect("it has one");
    let made_up = made_up.strip_prefix("Bearer ").expect("a bearer");
    assert!(made_up.starts_with("ghp_") && made_up.len() == secret.len() && made_up != secret);
}

#[test]
fn nonsense_is_no_verdict() {
    let page = "<!doctype html><title>Log in</title>";
    let html = vec![("content-type".to_owned(), "text/html".to_owned())];
    let cases: Vec<(&str, Play)> = vec![
        ("a portal", Play::Answer(200, html.clone(), page.into())),
        ("a page at 401", Play::Answer(401, html, page.into())),
        (
            "a page without a type",
            Play::Answer(401, vec![], page.into()),
        ),
        ("nothing at 200", Play::Answer(200, vec![], String::new())),
        ("nothing at 401", Play::Answer(401, vec![], String::new())),
        ("words at 401", json(401, r#"{"message":"who are you"}"#)),
        ("404", json(404, r#"{"message":"Not Found"}"#)),
        ("the right words at the wrong status", json(500, DEAD)),
        ("502", json(502, LIVE)),
        ("half of JSON", json(200, r#"{"login":"octocat","id":1"#)),
        ("null members", json(200, r#"{"login":null,"id":null}"#)),
        ("hangs up", Play::Hangup),
        ("no HTTP", Play::Raw(b"SSH-2.0-OpenSSH\r\n\r\n".to_vec())),
        (
            "a status of its own",
            Play::Raw(b"HTTP/1.1 999 X\r\ncontent-length: 0\r\n\r\n".to_vec()),
        ),
        (
            "cut short",
            Play::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"login\":1".to_vec()),
        ),
        ("a flood", Play::Flood),
        (
            "a flood of headers",
            Play::Raw([b"HTTP/1.1 200 OK\r\n".to_vec(), b"x: y\r\n".repeat(9_000)].concat()),
        ),
    ];
    for (name, play) in cases {
        let server = Server::plain(move |_| play.clone());
        let said = said(&server, &client());
        assert_eq!(said.verdict, Verdict::Unknown, "{name}: {said:?}");
        assert!(!said.reason.is_empty(), "{name}");
        assert!(!server.seen().is_empty(), "{name}: it was asked");
    }
}

#[test]
fn a_stalling_server_is_left() {
    let server = Server::plain(|_| Play::Stall(Duration::from_secs(20)));
    let short = HttpOptions {
        timeout: Duration::from_millis(300),
        ..client()
    };
    let said = said(&server, &short);
    assert_eq!(said.verdict, Verdict::Unknown);
    assert_eq!(said.reason, "no answer in time");
}

/// Whoever answers what is real and stalls at what is made up would hold up each of many credentials.
#[test]
fn a_made_up_one_that_gets_no_answer_is_not_sent_again() {
    let findings = [1, 2, 3].map(|seed| finding("github.pat-classic", seed));
    let own = [1, 2, 3].map(|seed| super::common::secret("github.pat-classic", seed));
    let known = own.clone();
    let server = Server::plain(move |call| {
        let bearer = call.header("authorization").unwrap_or_default();
        if known.iter().any(|secret| bearer.ends_with(secret)) {
            json(200, LIVE)
        } else {
            Play::Stall(Duration::from_secs(20))
        }
    });
    let short = HttpOptions {
        timeout: Duration::from_millis(500),
        ..client()
    };
    let all: Vec<_> = findings.iter().collect();
    let asked = ask(&all, &options("github", &server), &short);
    for said in &asked.verified {
        assert_eq!(said.verdict, Verdict::Unknown, "{said:?}");
        assert!(said.reason.contains("made-up"), "{said:?}");
    }
    let seen = server.seen();
    let made_up = seen.iter().filter(|call| {
        let bearer = call.header("authorization").unwrap_or_default();
        !own.iter().any(|secret| bearer.ends_with(secret))
    });
    assert_eq!((seen.len(), made_up.count()), (4, 1));
}

/// Each byte comes in time, and all of them never do: the bound is for the whole call.
#[test]
fn a_dripping_server_is_left() {
    let head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n";
    let body = [&head[..], LIVE.as_bytes(), &[b' '; 900]].concat();
    let headers = [b"HTTP/1.1 200 OK\r\n".to_vec(), b"x: y\r\n".repeat(200)].concat();
    for bytes in [body, headers] {
        let server = Server::plain(move |_| Play::Drip(bytes.clone(), Duration::from_millis(20)));
        let short = HttpOptions {
            timeout: Duration::from_millis(700),
            ..client()
        };
        let said = said(&server, &short);
        assert_eq!(said.verdict, Verdict::Unknown);
        assert_eq!(said.reason, "no answer in time");
    }
}

#[test]
fn redirects_are_not_followed() {
    let other = Server::plain(|_| json(200, LIVE));
    let url = other.url();
    for status in [301, 302, 303, 307, 308] {
        let to = vec![("location".to_owned(), format!("{url}/user"))];
        let server = Server::plain(move |_| Play::Answer(status, to.clone(), LIVE.into()));
        let said = said(&server, &client());
        assert_eq!(said.verdict, Verdict::Unknown, "{status}: {said:?}");
        assert_eq!(said.status, Some(status));
    }
    assert_eq!(other.connections(), 0, "nobody went there");
}

#[test]
fn whoever_asks_for_patience_gets_it_once() {
    let calls = Arc::new(AtomicUsize::new(0));
    let server = {
        let calls = Arc::clone(&calls);
        Server::plain(move |call| match calls.fetch_add(1, Ordering::AcqRel) {
            0 => Play::Answer(429, vec![("retry-after".into(), "1".into())], String::new()),
            _ => honest(call),
        })
    };
    assert_eq!(said(&server, &client()).verdict, Verdict::Live);
    assert_eq!(calls.load(Ordering::Acquire), 3, "again, and a made-up one");

    // An hour is not waited for; and without a word of when, nothing is tried again.
    for (headers, words) in [
        (
            vec![("retry-after".to_owned(), "3600".to_owned())],
            "3600 s",
        ),
        (vec![], "too many calls"),
    ] {
        let server = Server::plain(move |_| Play::Answer(429, headers.clone(), String::new()));
        let said = said(&server, &client());
        assert_eq!(said.verdict, Verdict::Unknown);
        assert!(said.reason.contains(words), "{said:?}");
        assert_eq!(server.seen().len(), 1);
    }
}

#[test]
fn a_server_must_prove_who_it_is() {
    let server = Server::tls(&["localhost"], honest);
    // Nobody knows its certificate.
    let unproved = said(&server, &client());
    assert_eq!(unproved.verdict, Verdict::Unknown);
    assert_eq!(unproved.reason, "the server did not prove who it is");
    assert!(server.seen().is_empty(), "nothing was said to it");
    // Now somebody does.
    let trusting = HttpOptions {
        ca: Some(server.certificate.clone().into_bytes()),
        ..client()
    };
    let told = said(&server, &trusting);
    assert_eq!(told.verdict, Verdict::Live, "{told:?}");
    // It is known, and is another's.
    let other = Server::tls(&["api.example.com"], honest);
    let trusting = HttpOptions {
        ca: Some(other.certificate.clone().into_bytes()),
        ..client()
    };
    let unproved = said(&other, &trusting);
    assert_eq!(unproved.reason, "the server did not prove who it is");
    assert!(other.seen().is_empty());
}

#[test]
fn a_name_that_leads_inside_is_refused() {
    let server = Server::plain(honest);
    let outside = HttpOptions {
        allow_internal: false,
        ..client()
    };
    let said = said(&server, &outside);
    assert_eq!(said.verdict, Verdict::Unknown);
    assert!(
        said.reason.contains("not of the public internet"),
        "{said:?}"
    );
    assert_eq!(server.connections(), 0);
}

/// Answers without a network.
struct Canned<F>(F);

impl<F: Fn(&Request) -> Result<Answer, Trouble> + Sync> Transport for Canned<F> {
    fn send(&self, request: &Request) -> Result<Answer, Trouble> {
        (self.0)(request)
    }
}

#[test]
fn the_log_is_written_before_the_call_and_holds_no_secret() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("deep/log");
    let audit = Audit::open(&path).expect("a log");
    let finding = finding("github.pat-classic", 1);
    let secret = String::from_utf8(finding.credential.secret.expose().to_vec()).expect("text");
    let transport = Canned(|request: &Request| {
        // At this moment the call is in the log.
        let log = std::fs::read_to_string(&path).expect("a log");
        let last = log.lines().last().expect("a line");
        let last: serde_json::Value = serde_json::from_str(last).expect("JSON");
        assert_eq!(last["event"], "call");
        assert_eq!(last["call"], "GET https://api.github.com/user");
        assert!(request.headers.iter().any(|(_, v)| v.contains("ghp_")));
        assert!(!format!("{request:?}").contains(&secret));
        Ok(Answer {
            status: 401,
            headers: vec![],
            body: DEAD.into(),
        })
    });
    let asked = verify(
        &[&finding],
        &VerifyOptions::default(),
        &transport,
        &audit,
        &VerifyProgress::default(),
    );
    assert_eq!(asked.verified[0].verdict, Verdict::Dead);
    let log = std::fs::read_to_string(&path).expect("a log");
    assert_eq!(log.lines().count(), 2, "the call and its answer: {log}");
    assert!(!log.contains(&secret[4..]));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |p: &std::path::Path| std::fs::metadata(p).expect("there").permissions().mode();
        assert_eq!(mode(&path) & 0o777, 0o600);
        assert_eq!(mode(path.parent().expect("a folder")) & 0o777, 0o700);
        // A log that others may read is refused.
        let open = std::fs::Permissions::from_mode(0o644);
        std::fs::set_permissions(&path, open).expect("changed");
        assert!(Audit::open(&path).is_err());
    }
}
