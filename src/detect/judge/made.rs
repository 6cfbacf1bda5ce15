//! Values that are none whatever they are assigned to: numbers, words that stand for a secret, what was
//! made of one.

use super::words::{CLASSES, COMMON};
use crate::detect::Rejection;
use crate::detect::generic;

/// Rejects values that are none whatever they are assigned to.
pub(super) fn no_value(value: &[u8]) -> Result<(), Rejection> {
    let lower = value.to_ascii_lowercase();
    if COMMON.iter().any(|w| w.as_bytes() == lower) {
        return Err(Rejection::Placeholder("a word that stands for a secret"));
    }
    if of_classes(&lower) {
        return Err(Rejection::Placeholder("what a password must be made of"));
    }
    if is_route(value) {
        return Err(Rejection::Reference("a path of names and numbers"));
    }
    if is_number(value) {
        return Err(Rejection::Placeholder("a number"));
    }
    let telling = |b: &&u8| b.is_ascii_alphanumeric() || !b.is_ascii();
    if value.iter().filter(telling).count() < 3 {
        return Err(Rejection::Placeholder("hardly a letter or digit"));
    }
    if value.ends_with(b"...") {
        return Err(Rejection::Placeholder("cut short with dots"));
    }
    let mut escaped = value.split(|b| *b == b'%').skip(1);
    if value[0] == b'%' && escaped.all(|byte| byte.len() == 2) {
        return Err(Rejection::Placeholder("escaped bytes only"));
    }
    Ok(())
}

/// Rejects base64 of words that stand in for a secret: `user:not my real password`.
pub(super) fn stands_in(value: &[u8]) -> Result<(), Rejection> {
    let Some(text) = crate::detect::patterns::base64_text(value) else {
        return Ok(());
    };
    let password = text.rsplit(|b| *b == b':').next().unwrap_or(&text);
    if generic::is_standin(password) {
        return Err(Rejection::Placeholder(
            "base64 of words that stand for a secret",
        ));
    }
    Ok(())
}

/// Whether a value is names and a number that slashes join: `owner/project/15806102004`.
fn is_route(value: &[u8]) -> bool {
    let name = |part: &[u8]| {
        !part.is_empty()
            && part
                .iter()
                .all(|b| b.is_ascii_lowercase() || matches!(b, b'-' | b'_'))
    };
    let number = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    let mut parts = value.split(|b| *b == b'/');
    parts.next_back().is_some_and(number) && parts.clone().count() > 0 && parts.all(name)
}

/// Whether a value is a number or a time: `0x1f`, `-1.5E+10`, `2026-01-31T12:00:00Z`.
fn is_number(value: &[u8]) -> bool {
    let digits = value.strip_prefix(b"0x").or(value.strip_prefix(b"0X"));
    if let Some(digits) = digits {
        return digits.iter().all(u8::is_ascii_hexdigit);
    }
    value.iter().any(|b| matches!(b, b'.' | b'+' | b'-'))
        && value
            .iter()
            .all(|b| b.is_ascii_digit() || b".+-eE:TZ".contains(b))
}

/// Whether a value was made of a secret so that it does not give it away.
pub(super) fn made(value: &[u8]) -> bool {
    const MADE: &[&str] = &[
        "$2a$",
        "$2b$",
        "$2x$",
        "$2y$",
        "$1$",
        "$5$",
        "$6$",
        "$y$",
        "$7$",
        "$apr1$",
        "$argon2",
        "$scrypt$",
        "$pbkdf2",
        "pbkdf2_",
        "pbkdf2:",
        "scrypt:",
        "bcrypt_",
        "argon2$",
        "{SSHA",
        "{SHA",
        "{MD5}",
        "{CRYPT}",
        "{bcrypt}",
        "ssh-rsa",
        "ssh-ed25519",
        "ecdsa-sha2",
        "sha1$",
        "sha256$",
        "sha512$",
        "MFkw",
        "MCow",
        "MHYw",
        "MIGfMA",
        "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS",
        "ENC(",
        "ENC[",
        // ejson: the version, then key, nonce and box.
        "EJ[1:",
        // SealedSecret: the length of a session key under RSA of 4096 bits, and two bits more.
        "AgA",
        "AgB",
        "AgC",
        "AgD",
        // Spring Cloud Config, Vault's transit engine, AWS KMS, dotenvx.
        "{cipher}",
        "vault:v",
        "AQICAH",
        "encrypted:",
        "SCRAM-SHA-",
    ];
    // `admin:$apr1$...`: the user's name before it, and dollars that Compose wants twice.
    let behind = value
        .iter()
        .take(64)
        .position(|b| *b == b':')
        .map(|at| &value[at + 1..]);
    let of_user = behind.is_some_and(|hash| {
        let hash = if hash.starts_with(b"$$") {
            &hash[1..]
        } else {
            hash
        };
        hash.starts_with(b"$")
            && MADE.iter().any(|m| {
                let m = m.as_bytes();
                hash.starts_with(m)
                    || hash.starts_with(&m[..m.len() - 1]) && hash[m.len() - 1..].starts_with(b"$$")
            })
    });
    // DER of a certificate or a public key. A private key's begins with a version number.
    let head = &value[..value.len().min(40)];
    let version = |w: &&[u8]| head.windows(w.len()).any(|h| h == *w);
    let private = [b"IBAAK".as_slice(), b"IBADAN"].iter().any(version);
    head.starts_with(b"MII") && head.len() == 40 && !private
        || MADE.iter().any(|m| value.starts_with(m.as_bytes()))
        || of_user
        || is_point(value)
}

/// Whether a value is a point of the curve P-256, as it is, in base64 for URLs: 65 bytes of which the
/// first is 4 (SEC 1, section 2.3.3). It is a public key, of Web Push (RFC 8292) mostly.
fn is_point(value: &[u8]) -> bool {
    value.len() == 87
        && value[0] == b'B'
        && matches!(value[1], b'A'..=b'P')
        && value
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}

/// Whether a value, in small letters, lists what a password must be made of: `lower,upper,digits`.
fn of_classes(lower: &[u8]) -> bool {
    let mut classes = lower.split(|b| matches!(b, b',' | b'|' | b'+' | b'-' | b'_'));
    lower.iter().any(u8::is_ascii_punctuation)
        && classes.all(|word| CLASSES.iter().any(|class| class.as_bytes() == word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_of_a_secret_does_not_give_it_away() {
        let (salt, hash) = ("Lk2sVb8q", "q9Xm4Wz7Yc1Rt5Np8Gd3Jh");
        let point = format!("BD{}", "Kx7_-".repeat(17));
        for (value, is) in [
            (format!("$apr1${salt}${hash}"), true),
            (format!("admin:$apr1${salt}${hash}"), true),
            (format!("admin:$$apr1$${salt}$${hash}"), true),
            (format!("admin:{hash}"), false),
            (format!("admin:$money${hash}"), false),
            (point.clone(), true),
            (point[..86].to_owned(), false),
            (point.replacen("BD", "BQ", 1), false),
        ] {
            assert_eq!(made(value.as_bytes()), is, "{value}");
        }
    }

    #[test]
    fn names_and_a_number_are_a_path() {
        for (value, is) in [
            ("owner/project/15806102004", true),
            ("jobs/7", true),
            ("15806102004", false),
            ("owner/project", false),
            ("Kx7/2mq/9", false),
            ("/owner/7", false),
        ] {
            assert_eq!(is_route(value.as_bytes()), is, "{value}");
        }
    }

    #[test]
    fn what_a_password_must_be_made_of_is_none() {
        for (value, is) in [
            ("lower,upper", true),
            ("Lower+Upper+Digits", true),
            ("lower", false),
            ("upper,secret", false),
            ("lowerupper1", false),
        ] {
            assert_eq!(
                of_classes(value.to_ascii_lowercase().as_bytes()),
                is,
                "{value}"
            );
        }
    }
}
