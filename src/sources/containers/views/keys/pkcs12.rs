//! PKCS #12: RFC 7292 (2014).
//!
//! What opens a store is told by its own sum, or by a key that comes out whole. Certificates are taken
//! as they are. What an unknown password costs is bounded: iterations are a number in the file.

use cbc::cipher::{BlockModeDecrypt, KeyIvInit, block_padding::Pkcs7};
use des::{TdesEde2, TdesEde3};
use hmac::{Hmac, KeyInit, Mac};
use pkcs5::EncryptionScheme;
use pkcs5::pbes2::Kdf;
use sha1::Sha1;
use sha2::digest::block_api::BlockSizeUser;
use sha2::digest::{Digest, Output};
use sha2::{Sha224, Sha256, Sha384, Sha512};

use super::ber::{INTEGER, Item, Items, OCTETS, OID, SEQUENCE, ZERO, head};
use super::{CERTIFICATES, DEBUG, DEFAULTS, Default, Steps, Store, is_key};

/// Object identifiers of PKCS #7: data, encrypted data.
const DATA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
const SIGNED: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
const ENCRYPTED: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x06";
/// What the identifiers of bags begin with; the last byte says which.
const BAG: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01";
/// What those of the ciphers of PKCS #12 begin with.
const CIPHER: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01";
/// Object identifiers of hashes: SHA-1, and what those of SHA-2 begin with.
const SHA1: &[u8] = b"\x2b\x0e\x03\x02\x1a";
const SHA2: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x02";

/// What a bag of a certificate says of X.509.
const X509: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x16\x01";
/// How deep bags lie in bags.
const DEPTH: usize = 4;
/// Bags of one store that are looked at.
const BAGS: usize = 10_000;

/// Whether a content begins as such a store does.
pub(super) fn is_one(start: &[u8]) -> bool {
    let Some((SEQUENCE, _, at)) = head(start) else {
        return false;
    };
    let Some(rest) = start[at..].strip_prefix(b"\x02\x01\x03") else {
        return false;
    };
    let Some((SEQUENCE, _, at)) = head(rest) else {
        return false;
    };
    let mut inside = Items(&rest[at..]);
    let id = inside.tagged(OID);
    id.is_some_and(|id| id.body == DATA || id.body == SIGNED)
}

/// What is in a store that can be read without a password, and what opens it.
pub(super) fn read(file: &[u8], steps: &mut Steps) -> Option<Store> {
    let (store, _) = Item::first(file)?;
    let mut parts = store.items();
    parts.tagged(INTEGER)?;
    let safe = parts.tagged(SEQUENCE)?;
    let (id, content) = content_of(safe)?;
    let sum = parts.tagged(SEQUENCE).and_then(Sum::read);
    if id != DATA {
        // Signed: who may read it is not a matter of a password.
        return Some(Store::opaque());
    }
    let content = content?.octets()?;
    let (all, _) = Item::first(&content)?;
    let mut bags = Bags::default();
    let mut closed = Vec::new();
    for part in all.items() {
        match content_of(part) {
            Some((DATA, Some(content))) => {
                let content = content.octets()?;
                let called: Vec<u8> = DEBUG.encode_utf16().flat_map(u16::to_be_bytes).collect();
                bags.is_debug |= memchr::memmem::find(&content, &called).is_some();
                bags.take(&content, DEPTH);
            }
            Some((ENCRYPTED, Some(content))) => closed.push(content),
            _ => bags.is_opaque = true,
        }
    }
    let opens = DEFAULTS.iter().find(|d| {
        let by_sum = sum
            .as_ref()
            .map(|sum| sum.holds(&content, d.password, steps));
        match by_sum.flatten() {
            Some(holds) => holds,
            // No sum, or one that is not known: a key that comes out tells.
            None => bags.opened(d.password, steps).next().is_some(),
        }
    });
    let Some(opens) = opens else {
        let mut store = bags.closed();
        // What stands encrypted beside no key is certificates, more often than not.
        store.is_opaque |= !closed.is_empty() && store.sealed == 0;
        return Some(store);
    };
    for part in closed {
        match unlocked(part, opens.password, steps) {
            Some(content) => bags.take(&content, DEPTH),
            None => bags.is_opaque |= bags.is_empty(),
        }
    }
    Some(bags.open(opens, steps))
}

/// What a content is, and the content.
fn content_of(info: Item<'_>) -> Option<(&[u8], Option<Item<'_>>)> {
    let mut parts = info.items();
    let id = parts.tagged(OID)?.body;
    let content = parts.tagged(ZERO).and_then(|c| c.items().next());
    Some((id, content))
}

/// The content of encrypted data.
fn unlocked(data: Item<'_>, password: Option<&str>, steps: &mut Steps) -> Option<Vec<u8>> {
    let mut parts = data.items();
    parts.tagged(INTEGER)?;
    let mut info = parts.tagged(SEQUENCE)?.items();
    info.tagged(OID)?;
    let cipher = info.tagged(SEQUENCE)?;
    let content = info.next().filter(|c| matches!(c.tag, 0x80 | ZERO))?;
    let content = decrypted(cipher, &content.octets()?, password, steps)?;
    is_sequence(&content).then_some(content)
}

fn is_sequence(content: &[u8]) -> bool {
    Item::first(content).is_some_and(|(item, rest)| item.tag == SEQUENCE && rest.is_empty())
}

/// The bags of a store that hold keys.
#[derive(Default)]
struct Bags {
    /// Keys that stand there as they are.
    bare: Vec<Vec<u8>>,
    /// Keys that are encrypted.
    shrouded: Vec<Vec<u8>>,
    certificates: Vec<Vec<u8>>,
    /// Whether there are secrets of another kind, or what is not known.
    is_opaque: bool,
    is_debug: bool,
    count: usize,
}

impl Bags {
    fn is_empty(&self) -> bool {
        self.bare.is_empty() && self.shrouded.is_empty()
    }

    /// Takes over what a content holds.
    fn take(&mut self, content: &[u8], depth: usize) {
        let Some((all, _)) = Item::first(content) else {
            self.is_opaque = true;
            return;
        };
        for bag in all.items() {
            self.count += 1;
            let mut parts = bag.items();
            let id = parts.tagged(OID).and_then(|id| id.body.strip_prefix(BAG));
            let value = parts.tagged(ZERO).and_then(|v| v.items().next());
            match (id, value) {
                _ if self.count > BAGS => self.is_opaque = true,
                (Some([1]), Some(key)) if is_key(key.whole) => self.bare.push(key.whole.to_vec()),
                (Some([2]), Some(key)) => self.shrouded.push(key.whole.to_vec()),
                (Some([3]), Some(bag)) if self.certificates.len() < CERTIFICATES => {
                    self.certificates.extend(certificate(bag));
                }
                // More of them, a list of revoked ones.
                (Some([3 | 4]), _) => {}
                (Some([6]), Some(bags)) if depth > 0 => self.take(bags.whole, depth - 1),
                _ => self.is_opaque = true,
            }
        }
    }

    /// The keys that a password opens.
    fn opened<'s>(
        &'s self,
        password: Option<&'s str>,
        steps: &'s mut Steps,
    ) -> impl Iterator<Item = Vec<u8>> + 's {
        self.shrouded
            .iter()
            .filter_map(move |key| unshrouded(key, password, steps))
    }

    fn closed(self) -> Store {
        Store {
            keys: self.bare,
            certificates: self.certificates,
            sealed: self.shrouded.len(),
            is_opaque: self.is_opaque,
            ..Store::default()
        }
    }

    fn open(self, opens: &'static Default, steps: &mut Steps) -> Store {
        let keys: Vec<Vec<u8>> = self.opened(opens.password, steps).collect();
        let sealed = self.shrouded.len() - keys.len();
        Store {
            keys: [self.bare, keys].concat(),
            certificates: self.certificates,
            sealed,
            is_opaque: self.is_opaque,
            is_debug: self.is_debug,
            opens: Some(opens),
            ..Store::default()
        }
    }
}

/// The certificate of a bag.
fn certificate(bag: Item<'_>) -> Option<Vec<u8>> {
    let mut parts = bag.items();
    parts.tagged(OID).filter(|id| id.body == X509)?;
    let content = parts.tagged(ZERO)?.items().next()?.octets()?;
    is_sequence(&content).then_some(content.to_vec())
}

fn unshrouded(key: &[u8], password: Option<&str>, steps: &mut Steps) -> Option<Vec<u8>> {
    let mut parts = Item::first(key)?.0.items();
    let cipher = parts.tagged(SEQUENCE)?;
    let content = parts.next()?.octets()?;
    let key = decrypted(cipher, &content, password, steps)?;
    is_key(&key).then_some(key)
}

/// Decrypts by a cipher of PKCS #5 or #12. A wrong password gives nothing, or nonsense.
fn decrypted(
    cipher: Item<'_>,
    content: &[u8],
    password: Option<&str>,
    steps: &mut Steps,
) -> Option<Vec<u8>> {
    let mut parts = cipher.items();
    let id = parts.tagged(OID)?;
    if let Some(kind) = id.body.strip_prefix(CIPHER) {
        let mut given = parts.tagged(SEQUENCE)?.items();
        let salt = given.tagged(OCTETS)?.body;
        let rounds = given.next()?.number()?;
        let password = wide(password);
        let mut derive = |purpose, length| {
            let blocks = length as u64 / 20 + 1;
            steps.take(rounds, blocks)?;
            Some(derived::<Sha1>(&password, salt, purpose, rounds, length))
        };
        let iv = derive(2, 8)?;
        let mut out = content.to_vec();
        let length = match kind {
            [3] => {
                let mode = cbc::Decryptor::<TdesEde3>::new_from_slices(&derive(1, 24)?, &iv);
                mode.ok()?.decrypt_padded::<Pkcs7>(&mut out).ok()?.len()
            }
            [4] => {
                let mode = cbc::Decryptor::<TdesEde2>::new_from_slices(&derive(1, 16)?, &iv);
                mode.ok()?.decrypt_padded::<Pkcs7>(&mut out).ok()?.len()
            }
            _ => return None,
        };
        out.truncate(length);
        return Some(out);
    }
    let scheme = EncryptionScheme::try_from(cipher.whole).ok()?;
    match &scheme.pbes2()?.kdf {
        Kdf::Pbkdf2(given) => steps.take(u64::from(given.iteration_count), 4)?,
        // It would take as much memory as the file says.
        _ => return None,
    }
    scheme.decrypt(password.unwrap_or_default(), content).ok()
}

/// The sum over a store, which tells whether a password is right.
struct Sum<'a> {
    hash: &'a [u8],
    told: &'a [u8],
    salt: &'a [u8],
    rounds: u64,
}

impl<'a> Sum<'a> {
    fn read(item: Item<'a>) -> Option<Self> {
        let mut parts = item.items();
        let mut digest = parts.tagged(SEQUENCE)?.items();
        let hash = digest.tagged(SEQUENCE)?.items().tagged(OID)?.body;
        Some(Self {
            hash,
            told: digest.tagged(OCTETS)?.body,
            salt: parts.tagged(OCTETS)?.body,
            rounds: parts.next().map_or(Some(1), Item::number)?,
        })
    }

    /// Whether it is that of `content` with a password; `None` if that cannot be told.
    fn holds(&self, content: &[u8], password: Option<&str>, steps: &mut Steps) -> Option<bool> {
        let password = wide(password);
        macro_rules! by {
            ($hash:ty) => {{
                steps.take(self.rounds, 1)?;
                let length = <$hash as Digest>::output_size();
                let key = derived::<$hash>(&password, self.salt, 3, self.rounds, length);
                let mut mac = Hmac::<$hash>::new_from_slice(&key).ok()?;
                mac.update(content);
                Some(mac.verify_slice(self.told).is_ok())
            }};
        }
        match self.hash {
            SHA1 => by!(Sha1),
            _ => match self.hash.strip_prefix(SHA2)? {
                [1] => by!(Sha256),
                [2] => by!(Sha384),
                [3] => by!(Sha512),
                [4] => by!(Sha224),
                _ => None,
            },
        }
    }
}

/// A password as it goes into a key: UTF-16 and a NUL; none at all is no bytes.
fn wide(password: Option<&str>) -> Vec<u8> {
    let units = password.map(|p| p.encode_utf16().chain([0]).flat_map(u16::to_be_bytes));
    units.into_iter().flatten().collect()
}

/// The key derivation of PKCS #12: RFC 7292, appendix B.
fn derived<H: Digest + BlockSizeUser>(
    password: &[u8],
    salt: &[u8],
    purpose: u8,
    rounds: u64,
    length: usize,
) -> Vec<u8> {
    let block = H::block_size();
    let filled = |text: &[u8]| -> Vec<u8> {
        let length = text.len().div_ceil(block) * block;
        text.iter().copied().cycle().take(length).collect()
    };
    let mut state = [filled(salt), filled(password)].concat();
    let mut key = Vec::with_capacity(length + block);
    loop {
        let first = H::new_with_prefix(vec![purpose; block]).chain_update(&state);
        let mut hash: Output<H> = first.finalize();
        for _ in 1..rounds {
            hash = H::digest(&hash);
        }
        key.extend_from_slice(&hash);
        if key.len() >= length {
            key.truncate(length);
            return key;
        }
        // Each block of the state plus the hash and one, as a number.
        for piece in state.chunks_exact_mut(block) {
            let mut carry = 1u16;
            let added = hash.iter().cycle().take(block).collect::<Vec<_>>();
            for (byte, more) in piece.iter_mut().zip(added).rev() {
                carry += u16::from(*byte) + u16::from(*more);
                *byte = carry as u8;
                carry >>= 8;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From RFC 7292's reference: values that OpenSSL's `PKCS12_key_gen_utf8` gives.
    #[test]
    fn keys_are_derived_as_others_do() {
        let salt = [1, 2, 3, 4, 5, 6, 7, 8];
        let hex = |bytes: Vec<u8>| {
            let digits = bytes.iter().map(|b| format!("{b:02x}"));
            digits.collect::<Vec<_>>().concat()
        };
        let given = wide(Some("ge@\u{e4}heim"));
        assert_eq!(
            hex(derived::<Sha256>(&given, &salt, 1, 100, 32)),
            "fae4d4957a3cc781e1180b9d4fb79c1e0c8579b746a3177e5b0768a3118bf863"
        );
        assert_eq!(
            hex(derived::<Sha256>(&given, &salt, 3, 100, 32)),
            "136355ed9434516682534f46d63956db5ff06b844702c2c1f3b46321e2524a4d"
        );
    }

    #[test]
    fn what_is_no_store_is_none() {
        assert!(!is_one(b""));
        assert!(!is_one(b"\x30\x82\x01\x00\x02\x01\x03"));
        assert!(is_one(
            b"\x30\x80\x02\x01\x03\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01\xa0\x80"
        ));
        assert!(read(b"\x30\x03\x02\x01\x03", &mut Steps::new()).is_none());
    }
}
