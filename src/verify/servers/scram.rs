//! SCRAM (RFC 5802, RFC 7677): the server learns nothing of the password that it did not know, and has
//! to prove that it knew it.

use std::num::NonZeroU32;

use ring::hmac as keyed;
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::{digest, pbkdf2};

use crate::base;
use crate::detect::patterns::base64;

/// The fewest rounds that are answered: with less, whoever plays the server could guess the password
/// of the answer (RFC 5802, section 5.1).
const FEWEST: u32 = 4096;
/// The most: what a server could make us count is bounded.
const MOST: u32 = 200_000;

/// By which hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    Sha1,
    Sha256,
}

impl Hash {
    const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SCRAM-SHA-1",
            Self::Sha256 => "SCRAM-SHA-256",
        }
    }

    fn mac(self, key: &[u8], text: &[u8]) -> keyed::Tag {
        let algorithm = match self {
            Self::Sha1 => keyed::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => keyed::HMAC_SHA256,
        };
        keyed::sign(&keyed::Key::new(algorithm, key), text)
    }

    fn digest(self, text: &[u8]) -> digest::Digest {
        match self {
            Self::Sha1 => digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, text),
            Self::Sha256 => digest::digest(&digest::SHA256, text),
        }
    }

    fn salted(self, password: &[u8], salt: &[u8], rounds: NonZeroU32) -> Vec<u8> {
        let (algorithm, length) = match self {
            Self::Sha1 => (pbkdf2::PBKDF2_HMAC_SHA1, 20),
            Self::Sha256 => (pbkdf2::PBKDF2_HMAC_SHA256, 32),
        };
        let mut out = vec![0; length];
        pbkdf2::derive(algorithm, rounds, salt, password, &mut out);
        out
    }
}

/// One exchange.
pub(super) struct Scram<'a> {
    hash: Hash,
    password: &'a [u8],
    nonce: String,
    bare: String,
    /// What the server must say in the end.
    proof: Vec<u8>,
}

impl<'a> Scram<'a> {
    /// For a user; `None` without randomness.
    pub(super) fn new(hash: Hash, user: &str, password: &'a [u8]) -> Option<Self> {
        let mut nonce = [0; 18];
        SystemRandom::new().fill(&mut nonce).ok()?;
        Some(Self::with(hash, user, password, base::base64(&nonce)))
    }

    fn with(hash: Hash, user: &str, password: &'a [u8], nonce: String) -> Self {
        let user = user.replace('=', "=3D").replace(',', "=2C");
        Self {
            hash,
            password,
            bare: format!("n={user},r={nonce}"),
            nonce,
            proof: Vec::new(),
        }
    }

    /// The name of the mechanism.
    pub(super) const fn mechanism(&self) -> &'static str {
        self.hash.name()
    }

    /// What is sent first.
    pub(super) fn first(&self) -> String {
        format!("n,,{}", self.bare)
    }

    /// The answer to what the server sends first; `None` if that makes no sense.
    pub(super) fn answer(&mut self, server: &[u8]) -> Option<String> {
        let server = std::str::from_utf8(server).ok()?;
        let mut parts = server.split(',');
        let nonce = parts.next()?.strip_prefix("r=")?;
        let salt = base64(parts.next()?.strip_prefix("s=")?.as_bytes())?;
        let rounds: u32 = parts.next()?.strip_prefix("i=")?.parse().ok()?;
        let fresh = nonce.len() > self.nonce.len() && nonce.starts_with(&self.nonce);
        if !fresh || !(FEWEST..=MOST).contains(&rounds) {
            return None;
        }
        let hash = self.hash;
        let salted = hash.salted(self.password, &salt, NonZeroU32::new(rounds)?);
        let key = hash.mac(&salted, b"Client Key");
        let stored = hash.digest(key.as_ref());
        // "biws" is "n,," in base64: no binding to the channel.
        let without = format!("c=biws,r={nonce}");
        let all = format!("{},{server},{without}", self.bare);
        let signature = hash.mac(stored.as_ref(), all.as_bytes());
        let pairs = key.as_ref().iter().zip(signature.as_ref());
        let proof: Vec<u8> = pairs.map(|(a, b)| a ^ b).collect();
        let server_key = hash.mac(&salted, b"Server Key");
        self.proof = hash
            .mac(server_key.as_ref(), all.as_bytes())
            .as_ref()
            .to_vec();
        Some(format!("{without},p={}", base::base64(&proof)))
    }

    /// Whether the server's last word proves that it knew the password.
    pub(super) fn is_proved(&self, server: &[u8]) -> bool {
        let told = std::str::from_utf8(server).ok();
        let told = told.and_then(|t| t.split(',').next()?.strip_prefix("v="));
        let told = told.and_then(|t| base64(t.as_bytes()));
        !self.proof.is_empty() && told.is_some_and(|t| t == self.proof)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 5802, section 5, and RFC 7677, section 3.
    #[test]
    fn exchanges_of_the_standards() {
        for (hash, nonce, server, want, last) in [
            (
                Hash::Sha1,
                "fyko+d2lbbFgONRv9qkxdawL",
                "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
                "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
                "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
            ),
            (
                Hash::Sha256,
                "rOprNGfwEbeRWgbNEkqO",
                "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
                "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
                "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
            ),
        ] {
            let mut scram = Scram::with(hash, "user", b"pencil", nonce.to_owned());
            assert_eq!(scram.first(), format!("n,,n=user,r={nonce}"));
            assert_eq!(scram.answer(server.as_bytes()).as_deref(), Some(want));
            assert!(scram.is_proved(last.as_bytes()));
            assert!(!scram.is_proved(b"v=AAAA"));
        }
    }

    #[test]
    fn what_a_server_must_not_ask_for() {
        for server in [
            "r=abcx,s=QSXCR+Q6sek8bf92,i=1",
            "r=abcx,s=QSXCR+Q6sek8bf92,i=2000000000",
            "r=abc,s=QSXCR+Q6sek8bf92,i=4096",
            "r=other,s=QSXCR+Q6sek8bf92,i=4096",
            "e=other-error",
            "",
        ] {
            let mut scram = Scram::with(Hash::Sha256, "user", b"pencil", "abc".into());
            assert_eq!(scram.answer(server.as_bytes()), None, "{server}");
            assert!(!scram.is_proved(b"v="));
        }
    }
}
