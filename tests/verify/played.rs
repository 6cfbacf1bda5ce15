//! Servers that Debian has none of, played by what their protocols say: MongoDB, and MySQL with
//! `caching_sha2_password`. Each knows one password, and checks what it is shown.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use md5::{Digest as _, Md5};
use ring::{digest, hmac, pbkdf2};
use serde_json::Value;

use super::common::password;
use super::hostile::{Played, Stage, greeting_of, my, ran};

const SALT: &[u8] = b"saltsaltsaltsalt";
/// `SALT` in base64.
const SALT_TEXT: &str = "c2FsdHNhbHRzYWx0c2FsdA==";

fn sha256(text: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, text).as_ref().to_vec()
}

/// What SCRAM is made of.
#[derive(Clone, Copy)]
struct Hash {
    name: &'static str,
    digest: &'static digest::Algorithm,
    mac: hmac::Algorithm,
    salted: pbkdf2::Algorithm,
}

const SHA_256: Hash = Hash {
    name: "SCRAM-SHA-256",
    digest: &digest::SHA256,
    mac: hmac::HMAC_SHA256,
    salted: pbkdf2::PBKDF2_HMAC_SHA256,
};

const SHA_1: Hash = Hash {
    name: "SCRAM-SHA-1",
    digest: &digest::SHA1_FOR_LEGACY_USE_ONLY,
    mac: hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
    salted: pbkdf2::PBKDF2_HMAC_SHA1,
};

impl Hash {
    fn of(self, text: &[u8]) -> Vec<u8> {
        digest::digest(self.digest, text).as_ref().to_vec()
    }

    fn mac(self, key: &[u8], text: &[u8]) -> Vec<u8> {
        hmac::sign(&hmac::Key::new(self.mac, key), text)
            .as_ref()
            .to_vec()
    }

    /// The password of seed 1 as a server keeps it.
    fn salted(self) -> Vec<u8> {
        let mut known = password(1);
        if self.name == "SCRAM-SHA-1" {
            // MongoDB specifications, "Driver Authentication": the password is a hash of it there.
            let hashed = Md5::digest(format!("app:mongo:{known}"));
            let hex: Vec<String> = hashed.iter().map(|b| format!("{b:02x}")).collect();
            known = hex.concat();
        }
        let mut salted = vec![0; self.digest.output_len()];
        let rounds = NonZeroU32::new(15_000).expect("not zero");
        pbkdf2::derive(self.salted, rounds, SALT, known.as_bytes(), &mut salted);
        salted
    }
}

/// A member of a document: kind, name, value.
fn member(kind: u8, name: &str, value: &[u8]) -> Vec<u8> {
    [&[kind], name.as_bytes(), b"\0", value].concat()
}

fn document(members: &[Vec<u8>]) -> Vec<u8> {
    let inner = members.concat();
    let length = (inner.len() as u32 + 5).to_le_bytes();
    [&length[..], &inner, &[0]].concat()
}

fn text(name: &str, value: &str) -> Vec<u8> {
    let length = (value.len() as u32 + 1).to_le_bytes();
    member(2, name, &[&length[..], value.as_bytes(), b"\0"].concat())
}

fn binary(name: &str, value: &str) -> Vec<u8> {
    let length = (value.len() as u32).to_le_bytes();
    member(5, name, &[&length[..], &[0], value.as_bytes()].concat())
}

fn fine() -> Vec<u8> {
    member(1, "ok", &1.0_f64.to_le_bytes())
}

fn reply(stage: &mut Stage, members: &[Vec<u8>]) {
    let body = document(members);
    let length = (body.len() + 21) as u32;
    let head = [length, 1, 1, 2013, 0].map(u32::to_le_bytes).concat();
    stage.say(&[&head[..], &[0], &body].concat());
}

/// The text of a binary member of what was heard.
fn payload(heard: &[u8]) -> String {
    let at = heard.windows(9).position(|w| w == b"\x05payload\0");
    let at = at.expect("a payload") + 9;
    let length = u32::from_le_bytes(heard[at..at + 4].try_into().expect("four")) as usize;
    String::from_utf8(heard[at + 5..at + 5 + length].to_vec()).expect("text")
}

/// The client's part of the nonce; it may hold a `r=` itself.
fn nonce_of(bare: &str) -> &str {
    bare.split_once(",r=").expect("a nonce").1
}

/// Plays MongoDB, which knows the password of seed 1 and shows that it does if `proves`.
fn mongodb(hash: Hash, proves: bool) -> Played {
    Played::new(move |stage| {
        stage.hear();
        let known = document(&[text("0", hash.name)]);
        reply(stage, &[member(4, "saslSupportedMechs", &known), fine()]);
        let first = payload(&stage.hear());
        let bare = first.strip_prefix("n,,").expect("no binding").to_owned();
        assert!(bare.starts_with("n=app,r="));
        let nonce = format!("{}server", nonce_of(&bare));
        let ours = format!("r={nonce},s={SALT_TEXT},i=15000");
        let id = member(0x10, "conversationId", &7_u32.to_le_bytes());
        let open = member(8, "done", &[0]);
        reply(stage, &[id.clone(), open, binary("payload", &ours), fine()]);
        let last = payload(&stage.hear());
        let (without, proof) = last.split_once(",p=").expect("a proof");
        let all = format!("{bare},{ours},{without}");
        let salted = hash.salted();
        // RFC 5802: what was proved, undone, must hash to what is stored.
        let stored = hash.of(&hash.mac(&salted, b"Client Key"));
        let signature = hash.mac(&stored, all.as_bytes());
        let proof = straykey::detect::patterns::base64(proof.as_bytes()).expect("base64");
        let key: Vec<u8> = proof.iter().zip(&signature).map(|(a, b)| a ^ b).collect();
        if hash.of(&key) != stored {
            let code = member(0x10, "code", &18_u32.to_le_bytes());
            let failed = member(1, "ok", &0.0_f64.to_le_bytes());
            reply(
                stage,
                &[failed, code, text("errmsg", "Authentication failed.")],
            );
            return;
        }
        let shown = if proves {
            hash.mac(&hash.mac(&salted, b"Server Key"), all.as_bytes())
        } else {
            sha256(b"nothing")
        };
        let shown = format!("v={}", straykey::base::base64(&shown));
        let done = member(8, "done", &[1]);
        reply(stage, &[id, done, binary("payload", &shown), fine()]);
        stage.hear();
        let role = document(&[text("role", "readWrite"), text("db", "main")]);
        let roles = document(&[member(3, "0", &role)]);
        let info = document(&[member(4, "authenticatedUserRoles", &roles)]);
        reply(stage, &[member(3, "authInfo", &info), fine()]);
        stage.hear();
    })
}

fn asked(scheme: &str, server: &Played, seed: u64) -> Value {
    let line = format!("URL={scheme}://app:{}@db/main\n", password(seed));
    let endpoint = format!("{scheme}={scheme}://localhost:{}", server.port);
    let (told, _) = ran(&line, &["--allow-internal", "--endpoint", &endpoint]);
    let parsed: Value = serde_json::from_str(&told.out).unwrap_or_else(|_| panic!("{}", told.err));
    parsed["findings"][0]["verification"].clone()
}

#[test]
fn mongodb_says_which_roles() {
    for hash in [SHA_256, SHA_1] {
        let live = asked("mongodb", &mongodb(hash, true), 1);
        assert_eq!(live["verdict"], "live", "{}: {live}", hash.name);
        assert_eq!(live["identity"], "app");
        assert_eq!(live["privilege"], "write");
        assert_eq!(live["scopes"], serde_json::json!(["readWrite@main"]));
        let wrong = asked("mongodb", &mongodb(hash, true), 2);
        assert_eq!(wrong["verdict"], "dead", "{wrong}");
        let lying = asked("mongodb", &mongodb(hash, false), 1);
        assert_eq!(lying["verdict"], "unknown", "{lying}");
        assert!(
            lying["reason"].to_string().contains("did not show"),
            "{lying}"
        );
    }
}

/// One round could be guessed from, a nonce without the server's part played again.
#[test]
fn mongodb_gets_no_proof_that_gives_the_password_away() {
    for (added, rounds) in [("server", 1), ("server", 4095), ("", 15_000)] {
        let server = Played::new(move |stage| {
            stage.hear();
            reply(stage, &[fine()]);
            let first = payload(&stage.hear());
            let nonce = nonce_of(&first);
            let ours = format!("r={nonce}{added},s={SALT_TEXT},i={rounds}");
            reply(stage, &[binary("payload", &ours), fine()]);
            stage.hear();
        });
        let said = asked("mongodb", &server, 1);
        assert_eq!(said["verdict"], "unknown", "{said}");
        assert!(said["reason"].to_string().contains("no sense"), "{said}");
        assert!(server.heard("saslStart") && !server.heard("saslContinue"));
    }
}

/// Lengths that lie, and documents in documents as deep as an answer may be long.
#[test]
fn mongodb_documents_that_lie_are_no_answer() {
    let deep = (0..3_000).fold(document(&[]), |inner, _| {
        document(&[member(4, "a", &inner)])
    });
    for body in [
        b"\xff\xff\xff\x7f\0".to_vec(),
        b"\xff\xff\xff\xff\0".to_vec(),
        document(&[member(2, "ok", b"\xff\xff\xff\x7fx")]),
        document(&[member(5, "payload", b"\xff\xff\xff\xff\0")]),
        document(&[member(0x99, "ok", b"")]),
        document(&[member(4, "saslSupportedMechs", &deep)]),
    ] {
        let server = Played::new(move |stage| {
            stage.hear();
            let length = (body.len() + 21) as u32;
            let head = [length, 1, 1, 2013, 0].map(u32::to_le_bytes).concat();
            for _ in 0..3 {
                stage.say(&[&head[..], &[0], &body].concat());
                stage.hear();
            }
        });
        let said = asked("mongodb", &server, 1);
        assert_eq!(said["verdict"], "unknown", "{said}");
        assert!(!server.heard("p="));
    }
}

/// Plays MySQL with the way of login that it has by default since version 8. `knows` is whether it has
/// the password by heart; if not, it wants to see it.
fn mysql(knows: bool) -> Played {
    Played::new(move |stage| {
        stage.say(&greeting_of("caching_sha2_password"));
        let heard = stage.hear();
        let (once, salt) = (sha256(password(1).as_bytes()), b"saltsaltsaltsaltsalt");
        let mask = sha256(&[&sha256(&once)[..], salt].concat());
        let proof: Vec<u8> = once.iter().zip(mask).map(|(a, b)| a ^ b).collect();
        if !heard.windows(32).any(|w| w == proof) {
            stage.say(&my(2, b"\xff\x15\x04#28000Access denied"));
        } else if knows {
            stage.say(&my(2, &[1, 3]));
            stage.say(&my(3, &[0, 0, 0, 2, 0, 0, 0]));
            stage.hear();
            stage.say(&my(1, b"\xff\x7b\x04#42000no such thing"));
            stage.hear();
            stage.say(&my(1, b"\xff\x7b\x04#42000no such thing"));
        } else {
            stage.say(&my(2, &[1, 4]));
        }
        stage.hear();
    })
}

#[test]
fn mysql_is_shown_no_password_in_the_clear() {
    let server = mysql(true);
    let live = asked("mysql", &server, 1);
    assert_eq!(live["verdict"], "live", "{live}");
    let wrong = asked("mysql", &mysql(true), 2);
    assert_eq!(
        (&wrong["verdict"], &wrong["status"]),
        (&"dead".into(), &1045.into()),
        "{wrong}"
    );
    let server = mysql(false);
    let wants = asked("mysql", &server, 1);
    assert_eq!(wants["verdict"], "unknown", "{wants}");
    assert!(
        wants["reason"].to_string().contains("in the clear"),
        "{wants}"
    );
    assert!(!server.heard(&password(1)));
}

/// Without TLS anybody could name a key that the password is to be sealed with, or ask for a second proof.
#[test]
fn mysql_is_shown_nothing_beyond_the_one_proof() {
    for (plugin, asks) in [
        ("caching_sha2_password", vec![1, 4]),
        (
            "mysql_native_password",
            b"\x01tlastlastlastlastlas".to_vec(),
        ),
    ] {
        let more = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&more);
        let server = Played::new(move |stage| {
            stage.say(&greeting_of(plugin));
            stage.hear();
            stage.say(&my(2, &asks));
            counted.fetch_add(stage.hear().len(), Ordering::AcqRel);
        });
        let said = asked("mysql", &server, 1);
        assert_eq!(said["verdict"], "unknown", "{said}");
        assert!(server.heard(plugin));
        // What it hears ends before the program does.
        assert_eq!(more.load(Ordering::Acquire), 0, "{plugin}");
    }
}
