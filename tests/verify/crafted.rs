//! Servers whose answers are made for the crates that read them: what nests without end, tells a length that
//! is not there, or asks a client of SSH for what it could give.

use std::fs;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use russh::server::{self, Auth, PublicKeyOffer, Session, VerifiedPublicKey};
use russh::{ChannelId, MethodSet};
use serde_json::Value;
use ssh_key::private::Ed25519Keypair;
use ssh_key::{LineEnding, PrivateKey};

use super::common::{password, straykey};
use super::hostile::{Played, Stage, ran};

/// What is said of a password after a server has played its part.
fn said(scheme: &str, part: impl Fn(&mut Stage) + Send + Sync + 'static) -> Value {
    let server = Played::new(part);
    let line = format!("URL={scheme}://app:{}@db/main\n", password(1));
    let endpoint = format!("{scheme}={scheme}://localhost:{}", server.port);
    let more = ["--allow-internal", "--call-timeout", "5", "--endpoint"];
    let (told, log) = ran(&line, &[&more[..], &[&endpoint]].concat());
    let parsed: Value = serde_json::from_str(&told.out).unwrap_or_else(|_| panic!("{}", told.err));
    assert_eq!(log.matches("\"event\":\"call\"").count(), 1, "{log}");
    assert!(!told.err.contains("panicked"), "{}", told.err);
    parsed["findings"][0]["verification"].clone()
}

fn unknown(said: &Value, reason: &str) {
    assert_eq!(said["verdict"], "unknown", "{said}");
    let told = said["reason"].as_str().unwrap_or_default();
    assert!(told.contains(reason), "{said}");
}

/// A frame of AMQP (its specification, section 2.3.5).
fn frame(content: &[u8]) -> Vec<u8> {
    let length = (content.len() as u32).to_be_bytes();
    [&[1, 0, 0][..], &length, content, &[0xce]].concat()
}

#[test]
fn tables_of_a_broker_do_not_nest_without_end() {
    for kind in [b'A', b'F'] {
        unknown(
            &said("amqp", move |stage| {
                stage.hear();
                let name: &[u8] = if kind == b'F' { &[0] } else { &[] };
                let mut nested = Vec::new();
                while nested.len() < 60_000 {
                    let length = (nested.len() as u32).to_be_bytes();
                    nested = [name, &[kind], &length, &nested].concat();
                }
                let properties = (nested.len() as u32).to_be_bytes();
                stage.say(&frame(
                    &[&[0, 10, 0, 10, 0, 9][..], &properties, &nested].concat(),
                ));
                stage.hear();
            }),
            "too long",
        );
    }
    // A length that nothing follows.
    unknown(
        &said("amqp", |stage| {
            stage.hear();
            stage.say(b"\x01\0\0\xff\xff\xff\xff");
            stage.hear();
        }),
        "too long",
    );
    // A whole frame whose table is longer than it.
    unknown(
        &said("amqp", |stage| {
            stage.hear();
            stage.say(&frame(b"\0\x0a\0\x0a\0\x09\xff\xff\xff\xff"));
            stage.hear();
        }),
        "makes no sense",
    );
}

/// Elements of LDAP in each other, about so many bytes.
fn elements(bytes: usize) -> Vec<u8> {
    let mut nested = Vec::new();
    while nested.len() + 4 < bytes {
        let length = nested.len() as u32;
        let head = match length {
            0..=0x7f => vec![0x30, length as u8],
            0x80..=0xffff => [&[0x30, 0x82][..], &length.to_be_bytes()[2..]].concat(),
            _ => [&[0x30, 0x84][..], &length.to_be_bytes()].concat(),
        };
        nested = [head, nested].concat();
    }
    nested
}

#[test]
fn elements_of_a_directory_do_not_nest_without_end() {
    for (bytes, reason) in [(4_000, "makes no sense"), (60_000, "too long")] {
        unknown(
            &said("ldap", move |stage| {
                stage.hear();
                stage.say(&elements(bytes));
                stage.hear();
            }),
            reason,
        );
    }
    // An element that is longer than the message around it.
    unknown(
        &said("ldap", |stage| {
            stage.hear();
            stage.say(b"\x30\x09\x02\x01\x02\x61\x84\xff\xff\xff\xff");
            stage.hear();
        }),
        "makes no sense",
    );
}

#[test]
fn a_relay_is_not_listened_to_without_end() {
    unknown(
        &said("smtp", |stage| {
            for _ in 0..100_000 {
                if !stage.say(b"220-\r\n") {
                    return;
                }
            }
        }),
        "too long",
    );
    // Offers that are none: the password is not sent.
    unknown(
        &said("smtp", |stage| {
            stage.say(b"220 me\r\n");
            stage.hear();
            stage.say(b"250-me\r\n250-AUTH \xff\xfe PLAINER\r\n250 FUTURERELEASE - -\r\n");
            stage.hear();
        }),
        "no login by a password",
    );
}

/// A key that no server knows, as OpenSSH writes it.
fn key() -> String {
    let key = PrivateKey::from(Ed25519Keypair::from_seed(&[7; 32]));
    key.to_openssh(LineEnding::LF).expect("written").to_string()
}

/// What is said of [`key`] at a port of this machine.
fn offered(port: u16) -> Value {
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("id"), key()).expect("written");
    let endpoint = format!("ssh=ssh://app@localhost:{port}");
    let args = ["scan", "id", "--verify", "--allow-internal", "--format"];
    let more = [
        "json",
        "--audit",
        "log",
        "--call-timeout",
        "5",
        "--endpoint",
    ];
    let told = straykey(dir.path(), &[&args[..], &more, &[&endpoint]].concat());
    let parsed: Value = serde_json::from_str(&told.out).unwrap_or_else(|_| panic!("{}", told.err));
    assert!(!told.err.contains("panicked"), "{}", told.err);
    parsed["findings"][0]["verification"].clone()
}

#[test]
fn what_is_no_server_of_ssh_is_told_so() {
    type Part = fn(&mut Stage);
    let parts: [(Part, &str); 5] = [
        // Lines without end, and one line without end.
        (|stage| while stage.say(b"hello\r\n") {}, "makes no sense"),
        (|stage| while stage.say(&[b'x'; 4096]) {}, "makes no sense"),
        // A packet of four gigabytes.
        (
            |stage| {
                stage.say(b"SSH-2.0-x\r\n\xff\xff\xff\xff");
                stage.hear();
                stage.hear();
            },
            "too long",
        ),
        // Packets to be ignored, without end.
        (
            |stage| {
                stage.say(b"SSH-2.0-x\r\n");
                let ignored = [&[0, 0, 0, 252, 10, 2, 0, 0, 0, 236][..], &[0; 246]].concat();
                while stage.say(&ignored) {}
            },
            "",
        ),
        (
            |stage| {
                stage.say(b"SSH-2.0-x\r\n");
                std::thread::sleep(Duration::from_secs(20));
            },
            "no answer in time",
        ),
    ];
    for (part, reason) in parts {
        let server = Played::new(part);
        unknown(&offered(server.port), reason);
    }
}

/// What a server of SSH does.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Part {
    /// Lets the key in, and opens channels that nobody asked for.
    OpensChannels,
    /// Wants no such key; whether it says what else it takes.
    RefusesOffer { names_others: bool },
    /// Wants the key's signature, and then nothing more of it.
    RefusesSignature,
    /// Wants the key and something else.
    WantsMore,
    /// Ends when the key is offered.
    HangsUp,
}

/// A server of SSH that plays its part.
struct Player {
    part: Part,
    opened: Arc<AtomicBool>,
}

impl Player {
    fn refusal(names_others: bool, partial_success: bool) -> Auth {
        let methods = if names_others {
            MethodSet::server_supported()
        } else {
            MethodSet::empty()
        };
        Auth::Reject {
            proceed_with_methods: Some(methods),
            partial_success,
        }
    }
}

impl server::Handler for Player {
    type Error = russh::Error;

    async fn auth_publickey_offered(
        &mut self,
        user: &str,
        _: PublicKeyOffer<'_>,
    ) -> Result<Auth, Self::Error> {
        assert_eq!(user, "app");
        match self.part {
            Part::RefusesOffer { names_others } => Ok(Self::refusal(names_others, false)),
            Part::HangsUp => Err(russh::Error::Disconnect),
            _ => Ok(Auth::Accept),
        }
    }

    async fn auth_publickey(
        &mut self,
        _: &str,
        _: VerifiedPublicKey<'_>,
    ) -> Result<Auth, Self::Error> {
        Ok(match self.part {
            Part::RefusesSignature => Self::refusal(true, false),
            Part::WantsMore => Self::refusal(true, true),
            _ => Auth::Accept,
        })
    }

    async fn auth_succeeded(&mut self, session: &mut Session) -> Result<(), Self::Error> {
        session.channel_open_agent()?;
        session.channel_open_forwarded_tcpip("localhost", 22, "localhost", 22)?;
        Ok(())
    }

    async fn channel_open_confirmation(
        &mut self,
        _: ChannelId,
        _: u32,
        _: u32,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        self.opened.store(true, Ordering::Release);
        Ok(())
    }
}

/// Where a server plays its part, and whether it could open a channel.
fn playing(part: Part) -> (u16, Arc<AtomicBool>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let opened: Arc<AtomicBool> = Arc::default();
    let told = Arc::clone(&opened);
    std::thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a call");
        stream.set_nonblocking(true).expect("set");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.expect("a runtime").block_on(async {
            let stream = tokio::net::TcpStream::from_std(stream).expect("a stream");
            let config = server::Config {
                keys: vec![PrivateKey::from(Ed25519Keypair::from_seed(&[9; 32]))],
                auth_rejection_time: Duration::ZERO,
                ..server::Config::default()
            };
            let player = Player { part, opened: told };
            if let Ok(running) = server::run_stream(Arc::new(config), stream, player).await {
                let _ = running.await;
            }
        });
    });
    (port, opened)
}

#[test]
fn each_end_of_an_offer_is_told_apart() {
    for (part, verdict, reason) in [
        (Part::OpensChannels, "live", "lets it in"),
        (
            Part::RefusesOffer { names_others: true },
            "dead",
            "no such key",
        ),
        (
            Part::RefusesOffer {
                names_others: false,
            },
            "dead",
            "no such key",
        ),
        (Part::RefusesSignature, "unknown", "does not let it in"),
        (Part::WantsMore, "restricted", "more than a key"),
        // To be gone is no refusal.
        (Part::HangsUp, "unknown", ""),
    ] {
        let (port, opened) = playing(part);
        let told = offered(port);
        assert_eq!(told["verdict"], verdict, "{part:?}: {told}");
        let words = told["reason"].as_str().unwrap_or_default();
        assert!(words.contains(reason), "{part:?}: {told}");
        assert_eq!(words.contains("host key is SHA256:"), verdict != "unknown");
        assert!(!opened.load(Ordering::Acquire), "{part:?}");
    }
}
