//! Private keys as files hold them: OpenSSH's own form, PKCS #1, PKCS #8 and SEC 1; not encrypted. `russh` reads
//! them; here stands how they are found in text, and what is refused before: whoever wrote the text chose
//! the numbers that are calculated with. Keys of RSA sign with `ring`, whose time tells nothing of them.

use std::ops::RangeInclusive;

use ring::rand::SystemRandom;
use ring::rsa;
use ring::signature::RSA_PKCS1_SHA512;
use russh::keys::signature::{Signer as _, Verifier as _};
use russh::keys::ssh_key::private::KeypairData;
use russh::keys::ssh_key::{Mpint, Signature};
use russh::keys::{
    Algorithm, Error, HashAlg, PrivateKey, PublicKey, decode_secret_key, encode_pkcs8_pem,
};

use crate::detect::patterns::base64;

/// A key that can sign.
pub(in super::super) struct Key {
    key: PrivateKey,
    /// The same, if it is one of RSA.
    rsa: Option<Box<rsa::KeyPair>>,
}

const ENCRYPTED: &str = "the key needs a passphrase, which is not here";
const OTHER: &str = "the key is of a kind that straykey does not sign with";

/// The longest key that is read, in bytes; one of RSA with 4,096 bits has less than this in every form.
const MOST: usize = 8 << 10;
/// How many bits a modulus of RSA may have.
const BITS: RangeInclusive<u32> = 2_048..=4_096;
/// The name of RSA in PKCS #8: 1.2.840.113549.1.1.1 (RFC 8017, appendix A.1).
const RSA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";

/// What a key is written as, if it may be read.
const LABELS: [&str; 4] = [
    "OPENSSH PRIVATE KEY",
    "RSA PRIVATE KEY",
    "EC PRIVATE KEY",
    "PRIVATE KEY",
];

impl Key {
    /// Reads a key from text, however its lines are written.
    ///
    /// # Errors
    ///
    /// Why it cannot sign.
    pub(in super::super) fn read(text: &[u8]) -> Result<Self, &'static str> {
        const BEGIN: &[u8] = b"-----BEGIN ";
        let from = memchr::memmem::find(text, BEGIN).ok_or(OTHER)? + BEGIN.len();
        let label = memchr::memmem::find(&text[from..], b"-----").ok_or(OTHER)?;
        let (label, rest) = text[from..].split_at(label);
        let rest = &rest[5..];
        let end = memchr::memmem::find(rest, b"-----END").unwrap_or(rest.len());
        let rest = &rest[..end];
        let encrypted = |word| memchr::memmem::find(rest, word).is_some();
        if label.starts_with(b"ENCRYPTED") || encrypted(b"Proc-Type") {
            return Err(ENCRYPTED);
        }
        let label = LABELS.iter().find(|l| l.as_bytes() == label).ok_or(OTHER)?;
        let der = base64(&body(rest)).ok_or(OTHER)?;
        // At primes of unlike length the code that reads these forms panics.
        let odd = match *label {
            "OPENSSH PRIVATE KEY" => false,
            "RSA PRIVATE KEY" => rsa::KeyPair::from_der(&der).is_err(),
            _ => {
                memchr::memmem::find(&der, RSA).is_some() && rsa::KeyPair::from_pkcs8(&der).is_err()
            }
        };
        if der.len() > MOST || odd {
            return Err(OTHER);
        }
        let body = crate::base::base64(&der);
        let whole = format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n");
        let key = decode_secret_key(&whole, None).map_err(|error| match error {
            Error::KeyIsEncrypted => ENCRYPTED,
            _ => OTHER,
        })?;
        let rsa = match key.key_data() {
            KeypairData::Ed25519(_) | KeypairData::Ecdsa(_) => None,
            KeypairData::Rsa(pair) => {
                let (p, q) = (length(pair.private().p()), length(pair.private().q()));
                if p != q || !BITS.contains(&pair.key_size()) {
                    return Err(OTHER);
                }
                Some(Box::new(of_rsa(&key).ok_or(OTHER)?))
            }
            _ => return Err(OTHER),
        };
        let read = Self { key, rsa };
        // Both halves must be of one key: what is told of the public one would else be told of another.
        let probe = b"straykey";
        let signature = read.signature(probe).ok_or(OTHER)?;
        let public = read.public_key().key_data();
        public.verify(probe, &signature).map_err(|_| OTHER)?;
        Ok(read)
    }

    /// Its public half.
    pub(super) fn public_key(&self) -> &PublicKey {
        self.key.public_key()
    }

    /// Its public half as lists of keys have it.
    pub(in super::super) fn public(&self) -> Vec<u8> {
        self.public_key().to_bytes().unwrap_or_default()
    }

    /// Which hash it signs with, if there is more than one.
    pub(super) fn hash(&self) -> Option<HashAlg> {
        self.rsa.is_some().then_some(HashAlg::Sha512)
    }

    /// A signature as SSH writes it.
    pub(super) fn sign(&self, text: &[u8]) -> Option<Vec<u8>> {
        Vec::try_from(self.signature(text)?).ok()
    }

    fn signature(&self, text: &[u8]) -> Option<Signature> {
        let Some(pair) = &self.rsa else {
            return self.key.try_sign(text).ok();
        };
        let mut out = vec![0; pair.public().modulus_len()];
        let random = SystemRandom::new();
        pair.sign(&RSA_PKCS1_SHA512, &random, text, &mut out).ok()?;
        let hash = self.hash();
        Signature::new(Algorithm::Rsa { hash }, out).ok()
    }
}

/// The key for `ring`.
fn of_rsa(key: &PrivateKey) -> Option<rsa::KeyPair> {
    let mut text = Vec::new();
    encode_pkcs8_pem(key, &mut text).ok()?;
    let rows = text
        .split(|b| *b == b'\n')
        .filter(|r| !r.starts_with(b"-----"));
    let der = base64(&body(&rows.collect::<Vec<_>>().concat()))?;
    rsa::KeyPair::from_pkcs8(&der).ok()
}

/// How many bits a number has.
fn length(number: &Mpint) -> Option<u32> {
    let bytes = number.as_positive_bytes()?;
    let first = bytes.first()?;
    Some(bytes.len() as u32 * 8 - first.leading_zeros())
}

/// The base64 of a body, whatever stands between its rows: line breaks as they are written in strings
/// among it.
fn body(text: &[u8]) -> Vec<u8> {
    let apart = |at: Option<usize>| {
        let byte = at.and_then(|at| text.get(at)).copied().unwrap_or(b' ');
        byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'`')
    };
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        match text[at] {
            b'\\' => at += 1,
            // What joins pieces of a string.
            b'+' if apart(at.checked_sub(1)) && apart(Some(at + 1)) => {}
            b if b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=') => out.push(b),
            _ => {}
        }
        at += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use russh::keys::ssh_key::LineEnding;
    use russh::keys::ssh_key::private::{Ed25519Keypair, RsaKeypair, RsaPrivateKey};
    use russh::keys::ssh_key::public::RsaPublicKey;

    use super::*;

    fn written(pair: impl Into<KeypairData>) -> String {
        let key = PrivateKey::new(pair.into(), "").expect("a key");
        key.to_openssh(LineEnding::LF).expect("text").to_string()
    }

    #[test]
    fn both_halves_are_of_one_key() {
        let (mut own, other) = (
            Ed25519Keypair::from_seed(&[1; 32]),
            Ed25519Keypair::from_seed(&[2; 32]),
        );
        assert!(Key::read(written(own.clone()).as_bytes()).is_ok());
        own.public = other.public;
        assert_eq!(Key::read(written(own).as_bytes()).err(), Some(OTHER));
    }

    /// Numbers that are no key, however long: they are refused, and soon.
    #[test]
    fn numbers_that_are_no_key_of_rsa_sign_nothing() {
        for length in [1, 8, 256, 1_000, 1_500, 4_000] {
            for byte in [1_u8, 2, 0x7f] {
                let number = || Mpint::from_positive_bytes(&vec![byte; length]);
                let public = RsaPublicKey::new(number(), number()).expect("a half");
                let private = RsaPrivateKey::new(number(), number(), number(), number());
                let pair = RsaKeypair::new(public, private.expect("a half")).expect("a pair");
                assert_eq!(Key::read(written(pair).as_bytes()).err(), Some(OTHER));
            }
        }
    }

    /// 61 and 2^89 - 1 as primes of RSA, in PKCS #1: calculated by other code, which finds nothing amiss.
    #[test]
    fn primes_of_unlike_length_do_not_end_the_program() {
        let hex = concat!(
            "303c020100020c79ffffffffffffffffffffc3020113020c02bca1af286b",
            "ca1af286bc9f020c01ffffffffffffffffffffff02013d02010102010102",
            "0101",
        );
        let digits = hex.as_bytes().chunks(2);
        let byte = |two| u8::from_str_radix(std::str::from_utf8(two).expect("text"), 16);
        let der: Vec<u8> = digits.map(|two| byte(two).expect("hex")).collect();
        let rows = crate::base::base64(&der);
        let text = format!("-----BEGIN RSA PRIVATE KEY-----\n{rows}\n-----END");
        assert_eq!(Key::read(text.as_bytes()).err(), Some(OTHER));
    }

    proptest! {
        /// Whatever stands in a key, it is read or refused.
        #[test]
        fn no_key_is_too_strange(at in 0_usize..300, byte: u8, cut in 0_usize..300, kind in 0..4_usize) {
            let text = written(Ed25519Keypair::from_seed(&[1; 32]));
            let rows: String = text.lines().filter(|l| !l.starts_with("-----")).collect();
            let mut der = base64(rows.as_bytes()).expect("base64");
            let (at, cut) = (at % der.len(), cut % der.len());
            der[at] = byte;
            for der in [&der[..], &der[..cut], &der[cut..]] {
                let label = LABELS[kind];
                let rows = crate::base::base64(der);
                let text = format!("-----BEGIN {label}-----\n{rows}\n-----END {label}-----\n");
                let _ = Key::read(text.as_bytes());
            }
        }
    }

    #[test]
    fn a_body_is_read_however_it_is_written() {
        assert_eq!(body(b"\nAB\\nCD\" +\n  \"EF==\n"), b"ABCDEF==".to_vec());
        assert_eq!(body(b"# AB\r\n# C+D"), b"ABC+D".to_vec());
        // At the end and at the begin of a row it is a digit as any other.
        assert_eq!(body(b"AB+\n+CD\n"), b"AB++CD".to_vec());
    }

    #[test]
    fn what_is_no_key_signs_nothing() {
        for text in [
            &b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----"[..],
            b"-----BEGIN PRIVATE KEY-----\n\n-----END",
            b"-----BEGIN ",
            b"",
        ] {
            assert_eq!(Key::read(text).err(), Some(OTHER));
        }
        let locked = b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END";
        assert_eq!(Key::read(locked).err(), Some(ENCRYPTED));
    }
}
