//! Private keys as files hold them: OpenSSH's own form, PKCS #1, PKCS #8 and SEC 1; not encrypted.

use ring::rand::SystemRandom;
use ring::rsa;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA512,
};

use super::packets::{Reader, mpint, string};
use crate::detect::patterns::base64;

/// A key that can sign.
pub(in super::super) struct Key {
    pair: Pair,
    /// What its public half is known by.
    public: Vec<u8>,
    algorithm: &'static str,
}

enum Pair {
    Ed25519(Ed25519KeyPair),
    Ecdsa(Box<EcdsaKeyPair>, usize),
    Rsa(Box<rsa::KeyPair>),
}

const ENCRYPTED: &str = "the key needs a passphrase, which is not here";
const OTHER: &str = "the key is of a kind that straykey does not sign with";

/// Curves: names of SSH, and how they sign.
const CURVES: [(&str, &str, &EcdsaSigningAlgorithm, usize); 2] = [
    (
        "ecdsa-sha2-nistp256",
        "nistp256",
        &ECDSA_P256_SHA256_FIXED_SIGNING,
        32,
    ),
    (
        "ecdsa-sha2-nistp384",
        "nistp384",
        &ECDSA_P384_SHA384_FIXED_SIGNING,
        48,
    ),
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
        let der = base64(&body(rest)).ok_or(OTHER)?;
        match label {
            b"OPENSSH PRIVATE KEY" => Self::openssh(&der),
            b"RSA PRIVATE KEY" => rsa::KeyPair::from_der(&der)
                .ok()
                .map(Self::rsa)
                .ok_or(OTHER),
            b"EC PRIVATE KEY" => Self::sec1(&der).ok_or(OTHER),
            b"PRIVATE KEY" => Self::pkcs8(&der).ok_or(OTHER),
            _ => Err(OTHER),
        }
    }

    /// How it signs, by SSH's name.
    pub(super) fn algorithm(&self) -> &'static [u8] {
        self.algorithm.as_bytes()
    }

    /// Its public half.
    pub(in super::super) fn public(&self) -> &[u8] {
        &self.public
    }

    /// A signature as SSH writes it.
    pub(super) fn sign(&self, text: &[u8]) -> Option<Vec<u8>> {
        let random = SystemRandom::new();
        let value = match &self.pair {
            Pair::Ed25519(pair) => pair.sign(text).as_ref().to_vec(),
            Pair::Ecdsa(pair, size) => {
                let signed = pair.sign(&random, text).ok()?;
                let (r, s) = signed.as_ref().split_at_checked(*size)?;
                [mpint(r), mpint(s)].concat()
            }
            Pair::Rsa(pair) => {
                let mut out = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA512, &random, text, &mut out).ok()?;
                out
            }
        };
        Some([string(self.algorithm.as_bytes()), string(&value)].concat())
    }

    fn ed25519(pair: Ed25519KeyPair) -> Self {
        let public = [string(b"ssh-ed25519"), string(pair.public_key().as_ref())].concat();
        Self {
            pair: Pair::Ed25519(pair),
            public,
            algorithm: "ssh-ed25519",
        }
    }

    fn ecdsa(curve: usize, pair: EcdsaKeyPair) -> Self {
        let (name, short, _, size) = CURVES[curve];
        let public = [
            string(name.as_bytes()),
            string(short.as_bytes()),
            string(pair.public_key().as_ref()),
        ]
        .concat();
        Self {
            pair: Pair::Ecdsa(Box::new(pair), size),
            public,
            algorithm: name,
        }
    }

    fn rsa(pair: rsa::KeyPair) -> Self {
        let components = rsa::PublicKeyComponents::<Vec<u8>>::from(pair.public());
        let public = [
            string(b"ssh-rsa"),
            mpint(&components.e),
            mpint(&components.n),
        ]
        .concat();
        Self {
            pair: Pair::Rsa(Box::new(pair)),
            public,
            algorithm: "rsa-sha2-512",
        }
    }

    fn pkcs8(der: &[u8]) -> Option<Self> {
        if let Ok(pair) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
            return Some(Self::ed25519(pair));
        }
        if let Ok(pair) = rsa::KeyPair::from_pkcs8(der) {
            return Some(Self::rsa(pair));
        }
        let random = SystemRandom::new();
        CURVES
            .iter()
            .enumerate()
            .find_map(|(curve, (_, _, by, _))| {
                let pair = EcdsaKeyPair::from_pkcs8(by, der, &random).ok()?;
                Some(Self::ecdsa(curve, pair))
            })
    }

    /// `SEQUENCE { 1, OCTET STRING, [0] curve, [1] BIT STRING }` (RFC 5915).
    fn sec1(der: &[u8]) -> Option<Self> {
        let (inner, _) = element(der, 0x30)?;
        let (_, rest) = element(inner, 0x02)?;
        let (private, rest) = element(rest, 0x04)?;
        let rest = element(rest, 0xa0).map_or(rest, |(_, rest)| rest);
        let (wrapped, _) = element(rest, 0xa1)?;
        let (bits, _) = element(wrapped, 0x03)?;
        Self::of_point(private, bits.strip_prefix(&[0])?)
    }

    fn of_point(private: &[u8], point: &[u8]) -> Option<Self> {
        let random = SystemRandom::new();
        let curve = CURVES
            .iter()
            .position(|(_, _, _, size)| point.len() == 2 * size + 1)?;
        let pair =
            EcdsaKeyPair::from_private_key_and_public_key(CURVES[curve].2, private, point, &random);
        Some(Self::ecdsa(curve, pair.ok()?))
    }

    /// `openssh-key-v1` (OpenSSH, `PROTOCOL.key`).
    fn openssh(bytes: &[u8]) -> Result<Self, &'static str> {
        let rest = bytes.strip_prefix(b"openssh-key-v1\0").ok_or(OTHER)?;
        let mut reader = Reader::new(rest);
        if reader.string() != Some(b"none") {
            return Err(ENCRYPTED);
        }
        Self::openssh_inner(&mut reader).ok_or(OTHER)
    }

    fn openssh_inner(reader: &mut Reader<'_>) -> Option<Self> {
        let (_kdf, _options) = (reader.string()?, reader.string()?);
        (reader.word()? == 1).then_some(())?;
        reader.string()?;
        let mut inner = Reader::new(reader.string()?);
        (inner.word()? == inner.word()?).then_some(())?;
        match inner.string()? {
            b"ssh-ed25519" => {
                let public = inner.string()?;
                let seed = inner.string()?.get(..32)?;
                let pair = Ed25519KeyPair::from_seed_and_public_key(seed, public).ok()?;
                Some(Self::ed25519(pair))
            }
            b"ssh-rsa" => {
                let (n, e, exponent) = (inner.number()?, inner.number()?, inner.number()?);
                let (inverse, p, q) = (inner.number()?, inner.number()?, inner.number()?);
                let pair = rsa::KeyPair::from_components(&rsa::KeyPairComponents {
                    public_key: rsa::PublicKeyComponents { n, e },
                    d: exponent,
                    p,
                    q,
                    dP: &remainder(exponent, &less_one(p))[..],
                    dQ: &remainder(exponent, &less_one(q))[..],
                    qInv: inverse,
                });
                Some(Self::rsa(pair.ok()?))
            }
            kind if kind.starts_with(b"ecdsa-") => {
                inner.string()?;
                let point = inner.string()?;
                let private = inner.fixed(point.len().checked_sub(1)? / 2)?;
                Self::of_point(&private, point)
            }
            _ => None,
        }
    }
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

/// An element of DER: what it holds, and what comes behind it.
fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let (length, rest) = rest.split_first()?;
    (*first == tag).then_some(())?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(*length), rest),
        0x81..=0x83 => {
            let (digits, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
            (digits.iter().fold(0, |n, b| n << 8 | usize::from(*b)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

/// An odd number, less one.
fn less_one(odd: &[u8]) -> Vec<u8> {
    let mut out = odd.to_vec();
    if let Some(last) = out.last_mut() {
        *last &= 0xfe;
    }
    out
}

/// `number` modulo `by`, big end first, without zeros before it: bit by bit, as on paper.
fn remainder(number: &[u8], by: &[u8]) -> Vec<u8> {
    let size = by.len() + 1;
    let by: Vec<u8> = [&[0], by].concat();
    let mut left = vec![0_u8; size];
    for bit in number
        .iter()
        .flat_map(|b| (0..8).rev().map(move |i| b >> i & 1))
    {
        let mut carry = bit;
        for byte in left.iter_mut().rev() {
            let next = *byte >> 7;
            *byte = *byte << 1 | carry;
            carry = next;
        }
        if left >= by {
            let mut borrow = 0_i16;
            for (byte, less) in left.iter_mut().zip(&by).rev() {
                let value = i16::from(*byte) - i16::from(*less) - borrow;
                borrow = i16::from(value < 0);
                *byte = value.rem_euclid(256) as u8;
            }
        }
    }
    let start = left.iter().take_while(|b| **b == 0).count();
    left[start..].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remainder_as_on_paper() {
        // 0x123456789abcdef0 mod 0x10001 and mod 0xff, by another calculator.
        let number = 0x1234_5678_9abc_def0_u64;
        for by in [
            0x1_0001_u64,
            0xff,
            0x1234,
            0xffff_ffff_ffff,
            2,
            number,
            number + 1,
        ] {
            let bytes = |n: u64| {
                let all = n.to_be_bytes();
                let start = all.iter().take_while(|b| **b == 0).count();
                all[start..].to_vec()
            };
            assert_eq!(
                remainder(&number.to_be_bytes(), &bytes(by)),
                bytes(number % by)
            );
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
