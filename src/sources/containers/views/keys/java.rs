//! Java's own key stores: JKS, JCEKS, and BKS of Bouncy Castle.
//!
//! The format of JKS is told by the comments of `OpenJDK`'s `sun.security.provider.JavaKeyStore`, that of
//! its keys by `KeyProtector` beside it. Integers are big-endian; a text has its length before it.

use sha1::{Digest, Sha1};

use super::ber::{Item, OID, SEQUENCE};
use super::{CERTIFICATES, DEBUG, DEFAULTS, Steps, Store, is_key};

const JCEKS: u32 = 0xcece_cece;

/// What is hashed between the password and the store.
const WHITENER: &[u8] = b"Mighty Aphrodite";
/// The bytes of a hash, of a salt, and of the sum at the end.
const SUM: usize = 20;
/// How keys of JKS are encrypted: 1.3.6.1.4.1.42.2.17.1.1.
const PROTECTOR: &[u8] = b"\x2b\x06\x01\x04\x01\x2a\x02\x11\x01\x01";

/// Whether a content begins as JKS or JCEKS does: their magic, and version 1 or 2.
pub(super) fn is_one(head: &[u8]) -> bool {
    matches!(
        head,
        [0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 1 | 2, ..] | [0xce, 0xce, 0xce, 0xce, 0, 0, 0, 1 | 2, ..]
    )
}

/// Whether a content begins as BKS does: version 1 or 2, a salt of 20 bytes, and how many rounds.
pub(super) fn is_castle(head: &[u8]) -> bool {
    let rounds = head.get(28..32).and_then(|b| b.try_into().ok());
    let is_usual = |rounds| (1024..=8192).contains(&u32::from_be_bytes(rounds));
    matches!(head, [0, 0, 0, 1 | 2, 0, 0, 0, 20, ..]) && rounds.is_some_and(is_usual)
}

/// What is in JKS or JCEKS, and what opens it.
pub(super) fn read(file: &[u8], steps: &mut Steps) -> Option<Store> {
    let (data, sum) = file.split_at_checked(file.len().checked_sub(SUM)?)?;
    let mut store = Store::default();
    let mut sealed = Vec::new();
    let mut bytes = Bytes(data);
    let magic = bytes.four()?;
    let version = bytes.four()?;
    for _ in 0..bytes.four()? {
        let Some(()) = entry(&mut bytes, (magic, version), &mut store, &mut sealed) else {
            // What comes behind an entry that is not known cannot be told.
            store.is_opaque = true;
            break;
        };
    }
    let blocks = data.len() as u64 / 64 + 1;
    store.opens = DEFAULTS.iter().find(|default| {
        let Some(password) = default.password else {
            return false;
        };
        let Some(()) = steps.take(1, blocks) else {
            return false;
        };
        let hash = Sha1::new_with_prefix(wide(password));
        let told = hash.chain_update(WHITENER).chain_update(data).finalize();
        told[..] == *sum
    });
    for key in sealed {
        let password = store.opens.and_then(|d| d.password);
        match password.and_then(|password| unprotected(key, &wide(password))) {
            Some(key) => store.keys.push(key),
            // Keys of JCEKS are told by the store: who opens it has them, more often than not.
            None if magic == JCEKS && store.opens.is_some() => store.unread += 1,
            None => store.sealed += 1,
        }
    }
    Some(store)
}

/// Reads an entry; keys go to `sealed`, as they stand there.
fn entry<'a>(
    bytes: &mut Bytes<'a>,
    (magic, version): (u32, u32),
    store: &mut Store,
    sealed: &mut Vec<&'a [u8]>,
) -> Option<()> {
    let certificate = |bytes: &mut Bytes<'a>| {
        if version == 2 {
            bytes.text()?;
        }
        bytes.long()
    };
    let kind = bytes.four()?;
    let alias = bytes.text()?;
    bytes.take(8)?;
    match kind {
        1 => {
            store.is_debug |= alias == DEBUG.as_bytes();
            sealed.push(bytes.long()?);
            for _ in 0..bytes.four()? {
                let one = certificate(bytes)?;
                if store.certificates.len() < CERTIFICATES {
                    store.certificates.push(one.to_vec());
                }
            }
        }
        2 => {
            certificate(bytes)?;
        }
        // A secret key, written as Java writes its objects: nothing says how long it is.
        3 if magic == JCEKS => {
            store.unread += 1;
            return None;
        }
        _ => return None,
    }
    Some(())
}

/// Takes away what `KeyProtector` put over a key: a stream of hashes, each of the one before.
fn unprotected(key: &[u8], password: &[u8]) -> Option<Vec<u8>> {
    let mut parts = Item::first(key)?.0.items();
    let id = parts.tagged(SEQUENCE)?.items().tagged(OID)?;
    if id.body != PROTECTOR {
        return None;
    }
    let content = parts.next()?.octets()?;
    let (salt, rest) = content.split_at_checked(SUM)?;
    let (covered, sum) = rest.split_at_checked(rest.len().checked_sub(SUM)?)?;
    let mut plain = Vec::with_capacity(covered.len());
    let mut last = salt.to_vec();
    for piece in covered.chunks(SUM) {
        last = Sha1::new_with_prefix(password)
            .chain_update(&last)
            .finalize()
            .to_vec();
        plain.extend(piece.iter().zip(&last).map(|(a, b)| a ^ b));
    }
    let told = Sha1::new_with_prefix(password)
        .chain_update(&plain)
        .finalize();
    (told[..] == *sum && is_key(&plain)).then_some(plain)
}

fn wide(password: &str) -> Vec<u8> {
    password.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

/// What is in BKS. Its password is not tried.
pub(super) fn castle(file: &[u8]) -> Option<Store> {
    let mut store = Store::default();
    let mut bytes = Bytes(file);
    bytes.take(4)?;
    bytes.long()?;
    bytes.four()?;
    loop {
        let kind = bytes.take(1)?[0];
        if kind == 0 {
            return Some(store);
        }
        bytes.text()?;
        bytes.take(8)?;
        for _ in 0..bytes.four()? {
            bytes.text()?;
            bytes.long()?;
        }
        match kind {
            1 => {
                bytes.text()?;
                bytes.long()?;
            }
            2 => {
                let kind = bytes.take(1)?[0];
                bytes.text()?;
                bytes.text()?;
                let key = bytes.long()?;
                match kind {
                    // A public key.
                    1 => {}
                    _ if is_key(key) => store.keys.push(key.to_vec()),
                    _ => store.unread += 1,
                }
            }
            3 | 4 => {
                bytes.long()?;
                store.sealed += 1;
            }
            _ => {
                store.is_opaque = true;
                return Some(store);
            }
        }
    }
}

/// What is left to read.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn four(&mut self) -> Option<u32> {
        Some(u32::from_be_bytes(self.take(4)?.try_into().ok()?))
    }

    /// Bytes behind their number, which has four.
    fn long(&mut self) -> Option<&'a [u8]> {
        let length = self.four()? as usize;
        self.take(length)
    }

    /// Bytes behind their number, which has two.
    fn text(&mut self) -> Option<&'a [u8]> {
        let length = u16::from_be_bytes(self.take(2)?.try_into().ok()?);
        self.take(usize::from(length))
    }
}
