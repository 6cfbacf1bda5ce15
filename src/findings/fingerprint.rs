//! The identity of a finding: what it tells of the secret, and what it does not.
//!
//! A secret worth 64 bits of guessing or more gets a keyed BLAKE3 hash: the same secret has the
//! same fingerprint in a tree, an index and a history. A weaker secret is named by pattern, path
//! and 12 bits of hash only, so that no list of words can be tried against a report: of a million
//! words some 244 share each value. The 12 bits do not depend on the place, so that reuse of a
//! password narrows it no further.

use std::fmt;
use std::path::Path;

use crate::base::path_text;
use crate::detect::is_known;
use crate::detect::patterns::{Class, Pattern};

/// BLAKE3 contexts. Published constants: changing one changes every fingerprint there is.
const STRONG: &str = "straykey 2026-11 fingerprint of a strong secret";
const WEAK_PLACE: &str = "straykey 2026-11 place of a weak secret";
const WEAK_SECRET: &str = "straykey 2026-11 twelve bits of a weak secret";
const PLACE: &str = "straykey 2026-11 place of a finding";

/// The identity of a finding.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fingerprint {
    /// Of a secret that cannot be guessed.
    Strong([u8; 16]),
    /// Of one that can: a hash of pattern and path, and 12 bits of the secret's.
    Weak {
        /// Of pattern id and path.
        place: u32,
        /// Of the secret.
        bits: u16,
    },
}

/// Whether a secret can be guessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strength {
    /// Worth 64 bits of guessing or more.
    Strong,
    /// Anything a person may have chosen, and what is too short.
    Weak,
}

/// Judges a secret's strength by its pattern's class and its own bytes. What a person may have
/// chosen is weak whatever it looks like.
pub fn strength(pattern: &Pattern, secret: &[u8]) -> Strength {
    match pattern.class {
        Class::Password | Class::ConnectionString => Strength::Weak,
        Class::PrivateKey | Class::Jwt | Class::Identifier => Strength::Strong,
        Class::Token => {
            let body = secret.get(pattern.prefix.len()..).unwrap_or_default();
            let digits = body.iter().filter(|b| b.is_ascii_digit()).count();
            let named_only = !pattern.names.is_empty();
            let bits = crate::detect::entropy(body) * body.len() as f32;
            let strong = if named_only {
                body.len() >= 24 && digits >= 3 && bits >= 24.0 * 3.5
            } else {
                bits >= 64.0
            };
            if strong {
                Strength::Strong
            } else {
                Strength::Weak
            }
        }
    }
}

impl Fingerprint {
    /// The fingerprint of `secret` (its canonical bytes), found by `pattern` in the file that is
    /// called `path` from the top of its repository ([`Names`](crate::sources::Names)).
    pub fn new(pattern: &Pattern, secret: &[u8], path: &Path) -> Self {
        match strength(pattern, secret) {
            Strength::Strong => {
                let mut hasher = blake3::Hasher::new_derive_key(STRONG);
                hasher
                    .update(pattern.id.as_bytes())
                    .update(&[0])
                    .update(secret);
                let mut out = [0; 16];
                out.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
                Self::Strong(out)
            }
            Strength::Weak => {
                let mut place = blake3::Hasher::new_derive_key(WEAK_PLACE);
                place.update(pattern.id.as_bytes()).update(&[0]);
                if !is_known(pattern) {
                    place.update(path_text(path).as_bytes());
                }
                let place = place.finalize();
                let place = place.as_bytes();
                let of_secret = blake3::Hasher::new_derive_key(WEAK_SECRET)
                    .update(secret)
                    .finalize();
                let of_secret = of_secret.as_bytes();
                Self::Weak {
                    place: u32::from_be_bytes([place[0], place[1], place[2], place[3]]),
                    bits: u16::from(of_secret[0]) << 4 | u16::from(of_secret[1]) >> 4,
                }
            }
        }
    }

    /// Whether `text` is a whole fingerprint, as [`Display`](fmt::Display) writes it.
    pub fn is_whole(text: &str) -> bool {
        let (digits, count) = match text.strip_prefix("w:") {
            Some(digits) => (digits, 11),
            None => (text, 32),
        };
        let hex = |b: u8| b.is_ascii_digit() || matches!(b, b'a'..=b'f');
        digits.len() == count && digits.bytes().all(hex)
    }

    /// Whether it is that of a weak secret.
    pub fn is_weak(&self) -> bool {
        matches!(self, Self::Weak { .. })
    }

    /// The short form that people type: the first eight digits, or all of a weak one.
    pub fn short(&self) -> String {
        let full = self.to_string();
        full[..self.least(&full)].to_owned()
    }

    /// How much of it names it, in bytes.
    fn least(&self, full: &str) -> usize {
        if self.is_weak() { full.len() } else { 8 }
    }

    /// Whether `typed` names this fingerprint: a whole one, or at least the first eight digits.
    pub fn matches(&self, typed: &str) -> bool {
        let full = self.to_string();
        typed.len() >= self.least(&full) && full.starts_with(&typed.to_ascii_lowercase())
    }

    /// Every text that names it, in lower case: for one look-up among many, where
    /// [`matches`](Self::matches) would be held against each.
    pub fn names(&self) -> impl Iterator<Item = String> {
        let full = self.to_string();
        (self.least(&full)..=full.len()).map(move |end| full[..end].to_owned())
    }
}

/// The identity of a place in which a finding stands, for systems that want one for each: it is made
/// of what reports tell anyhow, and not of the line. `nth` counts the finding's places in that file
/// before this one.
pub fn place_id(fingerprint: &Fingerprint, path: &str, nth: u64) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new_derive_key(PLACE);
    hasher
        .update(fingerprint.to_string().as_bytes())
        .update(&[0])
        .update(path.as_bytes())
        .update(&[0])
        .update(nth.to_string().as_bytes());
    let mut out = [0; 16];
    out.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    out
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Strong(bytes) => bytes.iter().try_for_each(|b| write!(f, "{b:02x}")),
            Self::Weak { place, bits } => write!(f, "w:{place:08x}{bits:03x}"),
        }
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}
