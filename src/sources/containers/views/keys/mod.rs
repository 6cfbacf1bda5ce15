//! Files that are credentials themselves: key stores, private keys in binary, databases of passwords.
//!
//! A store that opens without a password, or with one that everybody knows, holds its keys for all
//! to read: they are told as text, in PEM, so that they are found as they are elsewhere; certificates
//! of the same store stand behind them, for what they say of the keys. Of a store
//! that stays shut a line of text is told, which says what it is and ends with the SHA-256 of the
//! file; patterns find that. A store with certificates alone is nothing.
//!
//! What they are is told by their first bytes, never by their name. Passwords are tried from a
//! short list, and what that may cost is bounded, whatever a file asks for.

mod ber;
mod java;
mod loose;
mod pkcs12;

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::base::base64;
use crate::base::limits::{KEY_ROUNDS, KEY_STEPS};

/// A password that everybody knows.
#[derive(Debug)]
struct Default {
    /// `None` is no password at all, which for PKCS #12 is not the empty one.
    password: Option<&'static str>,
    /// What is said of it.
    words: &'static str,
}

/// What is tried, most frequent first.
const DEFAULTS: [Default; 8] = [
    // `keytool`, and Java's own store of authorities (keytool's manual, "Certificates").
    default(
        Some("changeit"),
        "a default password, that of Java's tools,",
    ),
    default(Some(""), "an empty password"),
    default(None, "no password"),
    // Android's build tools, "Sign your debug build".
    default(Some("android"), "the password of Android's debug keys"),
    // Google Cloud, "Create service account keys": the P12 form.
    default(
        Some("notasecret"),
        "a default password, that of Google's key files,",
    ),
    // WebSphere Application Server, "Default key stores".
    default(Some("WebAS"), "a default password, that of WebSphere,"),
    default(Some("password"), "a password that is tried first"),
    default(Some("changeme"), "a password that is tried first"),
];

const fn default(password: Option<&'static str>, words: &'static str) -> Default {
    Default { password, words }
}

/// What Android's tools call the key that they make for debugging.
const DEBUG: &str = "androiddebugkey";

/// Certificates of one store that are told.
const CERTIFICATES: usize = 32;

/// What is left of the work that passwords may cost.
pub(in super::super) struct Steps(u64);

impl Steps {
    pub(in super::super) fn new() -> Self {
        Self(KEY_STEPS)
    }

    /// Takes so many rounds of so many hashes each, if they may be done.
    fn take(&mut self, rounds: u64, hashes: u64) -> Option<()> {
        let all = rounds.checked_mul(hashes)?;
        if rounds > KEY_ROUNDS || all > self.0 {
            return None;
        }
        self.0 -= all;
        Some(())
    }
}

/// What is in a key store.
#[derive(std::default::Default)]
struct Store {
    /// Keys, in PKCS #8.
    keys: Vec<Vec<u8>>,
    /// Certificates that stand beside them.
    certificates: Vec<Vec<u8>>,
    /// Keys that its password opens, in a form that is not read here.
    unread: usize,
    /// Keys behind a password that is not known.
    sealed: usize,
    /// Whether something is in it of which nothing is known.
    is_opaque: bool,
    /// Whether its key is called as Android's tools call the one that they make for debugging.
    is_debug: bool,
    /// What opens it.
    opens: Option<&'static Default>,
}

impl Store {
    fn opaque() -> Self {
        Self {
            is_opaque: true,
            ..Self::default()
        }
    }
}

/// What else is known by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    KeePass,
    PasswordSafe,
    Keychain,
    Keytab,
    Tickets,
}

/// What such a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Pkcs12,
    Java,
    Castle,
    /// A private key in DER, with its label in PEM.
    Der(&'static str),
    OpenPgp,
    Other(Known),
}

impl Kind {
    /// What begins with `head`, if it is such a file.
    pub(in super::super) fn of(head: &[u8]) -> Option<Self> {
        // Cheap things first: this is asked of all files.
        match head.first()? {
            0xfe | 0xce if java::is_one(head) => Some(Self::Java),
            0 if java::is_castle(head) => Some(Self::Castle),
            0x30 if pkcs12::is_one(head) => Some(Self::Pkcs12),
            0x30 => loose::label(head).map(Self::Der),
            0x95 | 0x96 | 0xc5 if loose::is_openpgp(head) => Some(Self::OpenPgp),
            _ => loose::known(head).map(Self::Other),
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Pkcs12 => "PKCS #12 key store",
            Self::Java => "Java key store",
            Self::Castle => "Bouncy Castle key store",
            Self::Der(_) => "private key in DER",
            Self::OpenPgp => "OpenPGP key ring",
            Self::Other(Known::KeePass) => "KeePass database",
            Self::Other(Known::PasswordSafe) => "Password Safe database",
            Self::Other(Known::Keychain) => "keychain",
            Self::Other(Known::Keytab) => "Kerberos keytab",
            Self::Other(Known::Tickets) => "Kerberos ticket cache",
        }
    }
}

/// What is told of a file: text, or nothing if it holds no key. What cannot be read may hold some.
pub(in super::super) fn text(file: &[u8], kind: Kind, steps: &mut Steps) -> String {
    let store = match kind {
        Kind::Pkcs12 => pkcs12::read(file, steps),
        Kind::Java => java::read(file, steps),
        Kind::Castle => java::castle(file),
        // What only begins like a key is none.
        Kind::Der(_) if !loose::is_all(file) => return String::new(),
        Kind::Der(label) => return pem(label, file.trim_ascii_end()),
        Kind::OpenPgp => return loose::armoured(file),
        Kind::Other(known) => {
            let words = match known {
                Known::Keytab => "holds the keys of its services",
                Known::Tickets => "holds tickets of a session",
                _ => "holds passwords behind one of its own",
            };
            return line(file, kind, words);
        }
    };
    told(file, kind, &store.unwrap_or_else(Store::opaque))
}

/// What is told of a store.
fn told(file: &[u8], kind: Kind, store: &Store) -> String {
    let mut out = String::new();
    if store.is_debug && store.opens.is_some_and(|d| d.password == Some("android")) {
        return line(file, kind, "holds a key of Android's tools for debugging");
    }
    if !store.keys.is_empty() {
        let opens = store.opens.map_or("no password", |d| d.words);
        let _ = writeln!(out, "{}: {opens} opens it", kind.word());
        for key in &store.keys {
            out.push_str(&pem("PRIVATE KEY", key));
        }
        for certificate in &store.certificates {
            out.push_str(&pem("CERTIFICATE", certificate));
        }
    }
    if let (Some(opens), 1..) = (store.opens, store.unread) {
        let words = format!("{} opens it, and keys are in it", opens.words);
        out.push_str(&line(file, kind, &words));
    } else if store.unread > 0 && store.keys.is_empty() {
        out.push_str(&line(file, kind, "holds keys behind a password"));
    }
    if store.sealed > 0 {
        out.push_str(&line(file, kind, "holds keys behind a password"));
    } else if store.is_opaque && out.is_empty() {
        out.push_str(&line(file, kind, "may hold keys behind a password"));
    }
    out
}

/// Whether bytes are a whole private key in PKCS #8.
fn is_key(bytes: &[u8]) -> bool {
    loose::is_pkcs8(bytes) && ber::Item::first(bytes).is_some_and(|(_, rest)| rest.is_empty())
}

/// A key in PEM: RFC 7468.
fn pem(label: &str, key: &[u8]) -> String {
    let body = lines(key);
    format!("-----BEGIN {label}-----\n{body}-----END {label}-----\n")
}

/// Base64 in lines of 64.
fn lines(bytes: &[u8]) -> String {
    bytes.chunks(48).map(|l| base64(l) + "\n").collect()
}

/// What is known of a file that stays shut. Its end is what patterns find.
fn line(file: &[u8], kind: Kind, words: &str) -> String {
    let mut out = format!("{}: it {words}; SHA-256 of the file: ", kind.word());
    for byte in Sha256::digest(file) {
        let _ = write!(out, "{byte:02x}");
    }
    out.push('\n');
    out
}
