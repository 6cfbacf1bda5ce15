//! Servers that do not speak HTTP and mean no good: they ask for passwords in the clear, for files of
//! this machine, refer elsewhere, flood and drip.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

use super::common::{Run, password, straykey};

/// A server that plays a part, and keeps what it was sent.
pub struct Played {
    pub port: u16,
    received: Arc<Mutex<Vec<u8>>>,
    connections: Arc<AtomicUsize>,
}

/// What a part works with.
pub struct Stage {
    stream: TcpStream,
    received: Arc<Mutex<Vec<u8>>>,
}

impl Stage {
    pub fn say(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).is_ok()
    }

    /// What comes next, if anything does.
    pub fn hear(&mut self) -> Vec<u8> {
        let mut buffer = vec![0; 65_536];
        let count = self.stream.read(&mut buffer).unwrap_or(0);
        let heard = buffer[..count].to_vec();
        self.received.lock().expect("not poisoned").extend(&heard);
        heard
    }
}

impl Played {
    pub fn new(part: impl Fn(&mut Stage) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let received: Arc<Mutex<Vec<u8>>> = Arc::default();
        let connections: Arc<AtomicUsize> = Arc::default();
        let (kept, counted) = (Arc::clone(&received), Arc::clone(&connections));
        let part = Arc::new(part);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                counted.fetch_add(1, Ordering::AcqRel);
                let _ = stream.set_read_timeout(Some(Duration::from_secs(20)));
                let mut stage = Stage {
                    stream,
                    received: Arc::clone(&kept),
                };
                let part = Arc::clone(&part);
                std::thread::spawn(move || part(&mut stage));
            }
        });
        Self {
            port,
            received,
            connections,
        }
    }

    pub fn heard(&self, text: &str) -> bool {
        let all = self.received.lock().expect("not poisoned");
        all.windows(text.len()).any(|w| w == text.as_bytes())
    }
}

pub fn ran(lines: &str, more: &[&str]) -> (Run, String) {
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("prod.env"), lines).expect("written");
    let mut args = vec![
        "scan", "prod.env", "--verify", "--format", "json", "--audit", "log",
    ];
    args.extend(more);
    let told = straykey(dir.path(), &args);
    let log = fs::read_to_string(dir.path().join("log")).unwrap_or_default();
    (told, log)
}

/// What is said of a password for `scheme` after `server` has played its part.
fn said(scheme: &str, server: &Played, query: &str) -> Value {
    let line = format!("URL={scheme}://app:{}@db/main\n", password(1));
    let provider = match scheme {
        "postgres" => "postgresql",
        other => other,
    };
    let endpoint = format!("{provider}={scheme}://localhost:{}{query}", server.port);
    let (told, log) = ran(
        &line,
        &[
            "--allow-internal",
            "--call-timeout",
            "2",
            "--endpoint",
            &endpoint,
        ],
    );
    let parsed: Value = serde_json::from_str(&told.out).unwrap_or_else(|_| panic!("{}", told.err));
    assert_eq!(server.connections.load(Ordering::Acquire), 1, "one try");
    assert_eq!(log.matches("\"event\":\"call\"").count(), 1, "{log}");
    assert!(!log.contains(&password(1)), "{log}");
    parsed["findings"][0]["verification"].clone()
}

fn unknown(said: &Value, reason: &str) {
    assert_eq!(said["verdict"], "unknown", "{said}");
    let told = said["reason"].as_str().unwrap_or_default();
    assert!(told.contains(reason), "{said}");
}

/// Those that passwords are for.
const PROTOCOLS: [&str; 7] = [
    "amqp", "ldap", "mongodb", "mysql", "postgres", "redis", "smtp",
];

#[test]
fn a_flood_is_cut_off() {
    for scheme in PROTOCOLS {
        // A server that speaks first, and one that is spoken to.
        let server = Played::new(|stage| {
            let _ = stage
                .stream
                .set_read_timeout(Some(Duration::from_millis(200)));
            stage.hear();
            // A gigabyte, and no end of a line in it.
            for _ in 0..16_384 {
                if !stage.say(&vec![b'2'; 65_536]) {
                    return;
                }
            }
        });
        let told = said(scheme, &server, "");
        assert_eq!(told["verdict"], "unknown", "{scheme}: {told}");
        // LDAP begins with the password; all others wait for the server.
        assert!(scheme == "ldap" || !server.heard(&password(1)), "{scheme}");
    }
}

#[test]
fn who_drips_is_not_waited_for() {
    for scheme in PROTOCOLS {
        let server = Played::new(|stage| {
            for _ in 0..200 {
                if !stage.say(b"2") {
                    return;
                }
                std::thread::sleep(Duration::from_millis(100));
            }
        });
        let told = said(scheme, &server, "");
        assert_eq!(told["verdict"], "unknown", "{scheme}: {told}");
    }
    let silent = Played::new(|_| std::thread::sleep(Duration::from_secs(20)));
    unknown(&said("smtp", &silent, ""), "no answer in time");
}

#[test]
fn nonsense_is_no_answer() {
    for scheme in PROTOCOLS {
        let server = Played::new(|stage| {
            stage.say(b"\x00\x00\x00\x00\xff\xff\xff\xffHTTP/1.1 200 OK\r\n\r\n");
            stage.hear();
        });
        let told = said(scheme, &server, "");
        assert_eq!(told["verdict"], "unknown", "{scheme}: {told}");
        // LDAP begins with the password; all others wait for the server.
        assert!(scheme == "ldap" || !server.heard(&password(1)), "{scheme}");
    }
}

/// A message of PostgreSQL's.
fn pg(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind], &(body.len() as u32 + 4).to_be_bytes()[..], body].concat()
}

#[test]
fn a_password_in_the_clear_is_not_given() {
    let server = Played::new(|stage| {
        stage.hear();
        stage.say(&pg(b'R', &[0, 0, 0, 3]));
        stage.hear();
    });
    unknown(&said("postgres", &server, ""), "in the clear");
    assert!(!server.heard(&password(1)));
    // Who has no TLS where TLS is wanted gets nothing, not even the user.
    let server = Played::new(|stage| {
        stage.hear();
        stage.say(b"N");
        stage.hear();
    });
    unknown(&said("postgres", &server, "?tls"), "no TLS");
    assert!(!server.heard("app"));
    // Text behind the agreement to TLS was written by anybody.
    let server = Played::new(|stage| {
        stage.say(b"220 hello\r\n");
        stage.hear();
        stage.say(b"250-me\r\n250 STARTTLS\r\n");
        stage.hear();
        stage.say(b"220 go on\r\n250-me\r\n250 AUTH PLAIN\r\n");
        stage.hear();
    });
    assert_eq!(said("smtp", &server, "?tls")["verdict"], "unknown");
    assert!(!server.heard("AUTH"));
}

#[test]
fn a_proof_that_would_give_the_password_away_is_not_made() {
    // One round: whoever has the answer could guess the password.
    let server = Played::new(|stage| {
        stage.hear();
        stage.say(&pg(b'R', b"\0\0\0\x0aSCRAM-SHA-256\0\0"));
        let first = String::from_utf8_lossy(&stage.hear()).into_owned();
        let nonce = first.rsplit(",r=").next().unwrap_or_default().to_owned();
        let text = format!("r={nonce}x,s=QSXCR+Q6sek8bf92,i=1");
        stage.say(&pg(b'R', &[b"\0\0\0\x0b", text.as_bytes()].concat()));
        stage.hear();
    });
    unknown(&said("postgres", &server, ""), "makes no sense");
    assert!(!server.heard("p="));
    // Whoever lets in without having shown that it knows the password proves nothing.
    let server = Played::new(|stage| {
        stage.hear();
        stage.say(&pg(b'R', b"\0\0\0\x0aSCRAM-SHA-256\0\0"));
        stage.hear();
        stage.say(&pg(b'R', &[0, 0, 0, 0]));
        stage.say(&pg(b'Z', b"I"));
        stage.hear();
    });
    unknown(&said("postgres", &server, ""), "did not show");
}

#[test]
fn a_proof_is_made_once() {
    let server = Played::new(|stage| {
        stage.hear();
        stage.say(&pg(b'R', b"\0\0\0\x0aSCRAM-SHA-256\0\0"));
        let first = String::from_utf8_lossy(&stage.hear()).into_owned();
        let nonce = first.rsplit(",r=").next().unwrap_or_default().to_owned();
        for salt in ["QSXCR+Q6sek8bf92", "W22ZaJ0SNY7soEsUEjb6gQ=="] {
            let text = format!("r={nonce}x,s={salt},i=4096");
            stage.say(&pg(b'R', &[b"\0\0\0\x0b", text.as_bytes()].concat()));
            stage.hear();
        }
    });
    unknown(&said("postgres", &server, ""), "makes no sense");
    let all = server.received.lock().expect("not poisoned");
    assert_eq!(all.windows(3).filter(|w| w == b",p=").count(), 1);
}

/// What a length tells is not made room for, and what lies in each other is not followed for ever.
#[test]
fn lengths_that_lie_and_depths_are_bounded() {
    let cases: &[(&str, &[u8])] = &[
        ("postgres", b"R\x7f\xff\xff\xff"),
        ("postgres", b"R\0\0\0\0"),
        ("mysql", b"\xff\xff\xff\0"),
        (
            "mongodb",
            b"\xff\xff\xff\x7f\x01\0\0\0\x01\0\0\0\xdd\x07\0\0",
        ),
    ];
    for (scheme, begins) in cases {
        let begins = begins.to_vec();
        let server = Played::new(move |stage| {
            if begins[0] != 0xff || begins[3] != 0 {
                stage.hear();
            }
            stage.say(&begins);
            stage.hear();
        });
        unknown(&said(scheme, &server, ""), "too long");
    }
    for begins in [
        b"*1\r\n".repeat(50_000),
        b"|1\r\n".repeat(50_000),
        b"*9223372036854775807\r\n".to_vec(),
        b"%4611686018427387904\r\n:1\r\n".to_vec(),
        b"$9223372036854775807\r\nx".to_vec(),
        b"!-1\r\nx\r\n".to_vec(),
        b"|-1\r\n".to_vec(),
        [b"*100000\r\n".to_vec(), b":1\r\n".repeat(60_000)].concat(),
    ] {
        let server = Played::new(move |stage| {
            stage.hear();
            stage.say(&begins);
        });
        let told = said("redis", &server, "");
        assert_eq!(told["verdict"], "unknown", "{told}");
        assert!(!server.heard("AUTH"));
    }
}

#[test]
fn rows_without_end_are_cut_off() {
    let server = Played::new(|stage| {
        stage.hear();
        stage.say(&pg(b'R', &[0, 0, 0, 5, 1, 2, 3, 4]));
        stage.hear();
        stage.say(&pg(b'R', &[0, 0, 0, 0]));
        stage.say(&pg(b'Z', b"I"));
        stage.hear();
        let row = pg(b'D', &[&[0, 1, 0, 0, 4, 0][..], &[b'x'; 1024]].concat());
        while stage.say(&row) {}
    });
    unknown(&said("postgres", &server, ""), "too long");
}

pub fn my(number: u8, body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u32).to_le_bytes();
    [&length[..3], &[number], body].concat()
}

/// What a server of MySQL begins with, and which way of login it has.
pub fn greeting_of(plugin: &str) -> Vec<u8> {
    let mut body = vec![10];
    body.extend(b"8.0.0\0");
    body.extend([1, 0, 0, 0]);
    body.extend(b"saltsalt\0");
    body.extend([0xff, 0xf7, 45, 2, 0, 0xff, 0xff, 21]);
    body.extend([0; 10]);
    body.extend(b"saltsaltsalt\0");
    body.extend(plugin.as_bytes());
    body.push(0);
    my(0, &body)
}

#[test]
fn no_file_is_given() {
    let server = Played::new(|stage| {
        stage.say(&greeting_of("mysql_native_password"));
        stage.hear();
        stage.say(&my(2, &[0, 0, 0, 2, 0, 0, 0]));
        stage.hear();
        // LOCAL INFILE.
        stage.say(&my(1, b"\xfb/etc/passwd"));
        stage.hear();
    });
    unknown(&said("mysql", &server, ""), "a file of this machine");
    assert!(!server.heard("root:"));
    let server = Played::new(|stage| {
        stage.say(&greeting_of("mysql_native_password"));
        stage.hear();
        stage.say(&my(2, b"\xfemysql_clear_password\0"));
        stage.hear();
    });
    unknown(&said("mysql", &server, ""), "another way of login");
    assert!(!server.heard(&password(1)));
}

#[test]
fn a_referral_is_not_followed() {
    let elsewhere = Played::new(|stage| {
        stage.hear();
    });
    let url = format!("ldap://127.0.0.1:{}/", elsewhere.port);
    let server = Played::new(move |stage| {
        stage.hear();
        let url = [&[4, url.len() as u8][..], url.as_bytes()].concat();
        let referral = [&[0xa3, url.len() as u8][..], &url].concat();
        let result = [&[0x0a, 1, 10, 4, 0, 4, 0][..], &referral].concat();
        let response = [&[0x61, result.len() as u8][..], &result].concat();
        let message = [&[2, 1, 2][..], &response].concat();
        stage.say(&[&[0x30, message.len() as u8][..], &message].concat());
        stage.hear();
    });
    unknown(&said("ldap", &server, ""), "not followed");
    assert_eq!(elsewhere.connections.load(Ordering::Acquire), 0);
}

#[test]
fn nothing_is_sent_to_a_server_that_only_the_text_names() {
    let planted = Played::new(|stage| {
        stage.hear();
    });
    let named = Played::new(|stage| {
        stage.hear();
    });
    let at = |scheme: &str, host: &str| {
        format!(
            "URL={scheme}://app:{}@{host}:{}/main\n",
            password(1),
            planted.port
        )
    };
    for scheme in PROTOCOLS {
        let (told, log) = ran(&at(scheme, "127.0.0.1"), &["--allow-internal"]);
        assert!(
            told.out.contains("any server may be meant"),
            "{scheme}: {}",
            told.out
        );
        assert!(!log.contains("call"), "{log}");
    }
    // Not to the one that was named either, if the text names another.
    let endpoint = format!("redis=redis://localhost:{}", named.port);
    let (told, _) = ran(
        &at("redis", "10.1.2.3"),
        &["--allow-internal", "--endpoint", &endpoint],
    );
    assert!(told.out.contains("another server"), "{}", told.out);
    // Nor to this machine, if that was not allowed.
    let (told, _) = ran(&at("redis", "cache"), &["--endpoint", &endpoint]);
    assert!(told.out.contains("--allow-internal"), "{}", told.out);
    for server in [planted, named] {
        assert_eq!(server.connections.load(Ordering::Acquire), 0);
    }
}

#[test]
fn a_user_is_tried_once() {
    let server = Played::new(|stage| {
        stage.hear();
        stage.say(b"-NOAUTH\r\n");
        stage.hear();
        stage.say(b"-WRONGPASS\r\n");
    });
    let line = |user: &str, seed| format!("URL{seed}=redis://{user}:{}@cache/0\n", password(seed));
    let lines = [line("app", 1), line("app", 2), line("other", 3)].concat();
    let endpoint = format!("redis=redis://localhost:{}", server.port);
    let (told, log) = ran(&lines, &["--allow-internal", "--endpoint", &endpoint]);
    let parsed: Value = serde_json::from_str(&told.out).expect("JSON");
    let all = parsed["findings"].as_array().expect("findings");
    let words: Vec<&str> = all
        .iter()
        .filter_map(|f| f["verification"]["verdict"].as_str())
        .collect();
    assert_eq!(words, ["dead", "not checked", "dead"], "{}", told.out);
    assert!(told.out.contains("could lock somebody out"), "{}", told.out);
    assert_eq!(server.connections.load(Ordering::Acquire), 2);
    assert_eq!(log.matches("\"event\":\"call\"").count(), 2, "{log}");
    let dry = ran(&lines, &["--dry-run", "--endpoint", &endpoint]).0;
    let asked = format!("LOGIN redis://localhost:{} as app", server.port);
    assert!(dry.out.contains(&asked), "{}", dry.out);
    assert_eq!(server.connections.load(Ordering::Acquire), 2);
}

/// What a client of theirs would read of this machine is not read here.
#[test]
fn no_file_and_no_variable_of_another_client_counts() {
    let planted = Played::new(|stage| {
        stage.hear();
    });
    let named = Played::new(|stage| {
        stage.hear();
        stage.say(&pg(b'E', b"SFATAL\0C28P01\0\0"));
    });
    let dir = tempfile::tempdir().expect("a folder");
    let service = format!("[main]\nhost=127.0.0.1\nport={}\nuser=x\n", planted.port);
    fs::write(dir.path().join("service"), service).expect("written");
    let line = format!("URL=postgres://app:{}@db/main\n", password(1));
    fs::write(dir.path().join("prod.env"), line).expect("written");
    let endpoint = format!("postgresql=postgres://localhost:{}", named.port);
    let args = [
        "scan",
        "prod.env",
        "--verify",
        "--allow-internal",
        "--audit",
        "log",
        "--endpoint",
        &endpoint,
    ];
    let ran = super::common::command(dir.path(), &args)
        .env("PGSERVICEFILE", dir.path().join("service"))
        .env("PGSERVICE", "main")
        .env("PGHOST", "127.0.0.1")
        .env("PGPORT", planted.port.to_string())
        .env("PGPASSFILE", dir.path().join("service"))
        .env("SSH_AUTH_SOCK", dir.path().join("agent"))
        .output()
        .expect("it runs");
    let told = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(told.contains("DEAD"), "{told}");
    assert_eq!(named.connections.load(Ordering::Acquire), 1);
    assert_eq!(planted.connections.load(Ordering::Acquire), 0);
}
