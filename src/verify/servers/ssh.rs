//! SSH 2 (RFC 4253, 4252): offers the public key and proves that the private one is here. No command is
//! run, no channel is opened, no agent is asked and no file of the user's is read.
//!
//! One way of each kind is spoken, which servers have had for ten years: X25519 (RFC 8731) and
//! AES-256-GCM (RFC 5647). Who the server is nobody proves; but what is signed holds for this very
//! connection, so that nobody in between could use it.

mod key;
mod packets;

pub(super) use key::Key;

use ring::agreement::{self, EphemeralPrivateKey, UnparsedPublicKey, X25519};
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature as sig;

use super::super::{Trouble, Verdict};
use super::wire::Wire;
use super::{Login, Said};
use crate::base::base64;
use crate::detect::patterns::Power;
use packets::{Packets, Reader, mpint, string};

const KEX: &str = "curve25519-sha256,curve25519-sha256@libssh.org";
const HOST_KEYS: &str = "ssh-ed25519,ecdsa-sha2-nistp256,rsa-sha2-512,rsa-sha2-256";
const CIPHER: &str = "aes256-gcm@openssh.com";
/// Not used with this cipher, and named all the same.
const MAC: &str = "hmac-sha2-256";

/// Lines that a server may say before it says who it is (RFC 4253, section 4.2).
const LINES: usize = 50;
/// Packets that may come in between.
const BETWEEN: usize = 50;

// Numbers of messages.
const DISCONNECT: u8 = 1;
const SERVICE_REQUEST: u8 = 5;
const SERVICE_ACCEPT: u8 = 6;
const KEXINIT: u8 = 20;
const NEWKEYS: u8 = 21;
const ECDH_INIT: u8 = 30;
const ECDH_REPLY: u8 = 31;
const USERAUTH_REQUEST: u8 = 50;
const USERAUTH_FAILURE: u8 = 51;
const USERAUTH_SUCCESS: u8 = 52;
const PK_OK: u8 = 60;

pub(super) fn ask(wire: Wire, login: &Login) -> Result<Said, Trouble> {
    let key = match Key::read(login.secret.expose()) {
        Ok(key) => key,
        Err(why) => return Ok(Said::unknown(why)),
    };
    let mut packets = Packets::new(wire);
    let Some(session) = exchange(&mut packets)? else {
        return Ok(Said::unknown(
            "the server and straykey have no way in common",
        ));
    };
    let name = b"ssh-userauth";
    packets.send(&[&[SERVICE_REQUEST][..], &string(name)].concat())?;
    let (kind, _) = answer(&mut packets)?;
    if kind != SERVICE_ACCEPT {
        return Err(Trouble::Nonsense);
    }
    let mut said = offer(&mut packets, login, &key, &session)?;
    let mut bye = vec![DISCONNECT, 0, 0, 0, 11];
    bye.extend([string(b"done"), string(b"")].concat());
    let _ = packets.send(&bye);
    if said.verdict != Verdict::Unknown {
        let print = base64(&session.host_print);
        let print = print.trim_end_matches('=');
        said.reason = format!("{}; its host key is SHA256:{print}", said.reason);
    }
    Ok(said)
}

/// Offers the public key, and signs if the server would take it.
fn offer(
    packets: &mut Packets,
    login: &Login,
    key: &Key,
    session: &Session,
) -> Result<Said, Trouble> {
    let request = |signed: bool| {
        [
            &[USERAUTH_REQUEST][..],
            &string(login.user.as_bytes()),
            &string(b"ssh-connection"),
            &string(b"publickey"),
            &[u8::from(signed)],
            &string(key.algorithm()),
            &string(key.public()),
        ]
        .concat()
    };
    packets.send(&request(false))?;
    match answer(packets)? {
        (PK_OK, _) => {}
        (USERAUTH_FAILURE, _) => {
            return Ok(Said::new(
                Verdict::Dead,
                "the server takes no such key for this user",
            ));
        }
        (USERAUTH_SUCCESS, _) => {
            return Ok(Said::unknown("the server lets this user in without a key"));
        }
        _ => return Err(Trouble::Nonsense),
    }
    let request = request(true);
    let signed = [&string(&session.id)[..], &request].concat();
    let signature = key.sign(&signed).ok_or(Trouble::Nonsense)?;
    packets.send(&[&request[..], &string(&signature)].concat())?;
    match answer(packets)? {
        (USERAUTH_SUCCESS, _) => {
            let mut said = Said::live();
            said.whose(&login.user);
            said.may(["log in"]);
            said.facts.power = (login.user == "root").then_some(Power::Admin);
            Ok(said)
        }
        // More ways to go on, and whether this one was right.
        (USERAUTH_FAILURE, body) => {
            let mut reader = Reader::new(&body);
            reader.string();
            Ok(if reader.byte() == Some(1) {
                Said::new(
                    Verdict::Restricted,
                    "the key is right, and the server wants more than a key",
                )
            } else {
                Said::unknown("the server knows the key and does not let it in")
            })
        }
        _ => Err(Trouble::Nonsense),
    }
}

/// The next packet that is an answer.
fn answer(packets: &mut Packets) -> Result<(u8, Vec<u8>), Trouble> {
    for _ in 0..BETWEEN {
        let packet = packets.next()?;
        match packet.split_first() {
            // To be ignored, debugging, what was not understood, what else is known, words for people.
            Some((2 | 3 | 4 | 7 | 53, _)) => {}
            Some((&DISCONNECT, _)) | None => return Err(Trouble::Connection),
            Some((kind, rest)) => return Ok((*kind, rest.to_vec())),
        }
    }
    Err(Trouble::TooBig)
}

/// What a connection is known by.
struct Session {
    id: Vec<u8>,
    host_print: Vec<u8>,
}

/// Agrees on keys; `None` if there is no way in common.
fn exchange(packets: &mut Packets) -> Result<Option<Session>, Trouble> {
    let ours = format!("SSH-2.0-straykey_{}", env!("CARGO_PKG_VERSION"));
    packets.wire.write(format!("{ours}\r\n").as_bytes())?;
    let mut theirs = Vec::new();
    for _ in 0..LINES {
        let line = packets.wire.line()?;
        if line.starts_with(b"SSH-") {
            theirs = line;
            break;
        }
    }
    if !theirs.starts_with(b"SSH-2.0-") && !theirs.starts_with(b"SSH-1.99-") {
        return Err(Trouble::Nonsense);
    }
    let mut cookie = [0; 16];
    let random = SystemRandom::new();
    ring::rand::SecureRandom::fill(&random, &mut cookie).map_err(|_| Trouble::Nonsense)?;
    let mut init = vec![KEXINIT];
    init.extend(cookie);
    for list in [
        KEX, HOST_KEYS, CIPHER, CIPHER, MAC, MAC, "none", "none", "", "",
    ] {
        init.extend(string(list.as_bytes()));
    }
    init.extend([0; 5]);
    packets.send(&init)?;
    let their_init = packets.next()?;
    if !agrees(&their_init) {
        return Ok(None);
    }
    let own = EphemeralPrivateKey::generate(&X25519, &random).map_err(|_| Trouble::Nonsense)?;
    let public = own.compute_public_key().map_err(|_| Trouble::Nonsense)?;
    packets.send(&[&[ECDH_INIT][..], &string(public.as_ref())].concat())?;
    let reply = packets.next()?;
    let mut reader = Reader::new(&reply);
    if reader.byte() != Some(ECDH_REPLY) {
        return Err(Trouble::Nonsense);
    }
    let parts = (reader.string(), reader.string(), reader.string());
    let (Some(host_key), Some(peer), Some(signature)) = parts else {
        return Err(Trouble::Nonsense);
    };
    let peer_key = UnparsedPublicKey::new(&X25519, peer);
    let shared = agreement::agree_ephemeral(own, &peer_key, <[u8]>::to_vec);
    let shared = mpint(&shared.map_err(|_| Trouble::Nonsense)?);
    let all = [
        string(ours.as_bytes()),
        string(&theirs),
        string(&init),
        string(&their_init),
        string(host_key),
        string(public.as_ref()),
        string(peer),
        shared.clone(),
    ]
    .concat();
    let hash = digest(&SHA256, &all).as_ref().to_vec();
    if !is_signed(host_key, signature, &hash) {
        return Err(Trouble::Tls);
    }
    packets.send(&[NEWKEYS])?;
    if packets.next()? != [NEWKEYS] {
        return Err(Trouble::Nonsense);
    }
    let derived = |letter: u8| {
        let text = [&shared[..], &hash, &[letter], &hash].concat();
        digest(&SHA256, &text).as_ref().to_vec()
    };
    packets
        .encrypt(
            &derived(b'C'),
            &derived(b'A'),
            &derived(b'D'),
            &derived(b'B'),
        )
        .ok_or(Trouble::Nonsense)?;
    Ok(Some(Session {
        id: hash,
        host_print: digest(&SHA256, host_key).as_ref().to_vec(),
    }))
}

/// Whether the server speaks what we do.
fn agrees(init: &[u8]) -> bool {
    let mut reader = Reader::new(init);
    if reader.byte() != Some(KEXINIT) || reader.take(16).is_none() {
        return false;
    }
    let lists = [KEX, HOST_KEYS, CIPHER, CIPHER];
    lists.iter().all(|ours| {
        let theirs = String::from_utf8_lossy(reader.string().unwrap_or_default()).into_owned();
        ours.split(',')
            .any(|one| theirs.split(',').any(|other| other == one))
    })
}

/// Whether the host's key signed the exchange.
fn is_signed(host_key: &[u8], signature: &[u8], hash: &[u8]) -> bool {
    let checked = || {
        let (mut key, mut signed) = (Reader::new(host_key), Reader::new(signature));
        let kind = key.string()?;
        let how = signed.string()?;
        let value = signed.string()?;
        let done = match (kind, how) {
            (b"ssh-ed25519", b"ssh-ed25519") => {
                sig::UnparsedPublicKey::new(&sig::ED25519, key.string()?).verify(hash, value)
            }
            (b"ecdsa-sha2-nistp256", b"ecdsa-sha2-nistp256") => {
                key.string()?;
                let point = key.string()?;
                let mut value = Reader::new(value);
                let fixed = [value.fixed(32)?, value.fixed(32)?].concat();
                sig::UnparsedPublicKey::new(&sig::ECDSA_P256_SHA256_FIXED, point)
                    .verify(hash, &fixed)
            }
            (b"ssh-rsa", b"rsa-sha2-512" | b"rsa-sha2-256") => {
                let e = key.number()?;
                let n = key.number()?;
                let by = if how == b"rsa-sha2-512" {
                    &sig::RSA_PKCS1_2048_8192_SHA512
                } else {
                    &sig::RSA_PKCS1_2048_8192_SHA256
                };
                sig::RsaPublicKeyComponents { n, e }.verify(by, hash, value)
            }
            _ => return None,
        };
        done.ok()
    };
    checked().is_some()
}
