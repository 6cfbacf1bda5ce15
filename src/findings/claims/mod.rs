//! What a credential says of itself, read without asking anybody: times, names, numbers of accounts.
//!
//! Nothing is checked: a claim is what the credential claims. Verification tells it before it asks, and
//! the inventory puts it into records; both read it here.

mod certificate;
mod signed;

pub use certificate::{Certificate, certificate, key_der};
pub use signed::{SignedUrl, signed_url};

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::base::base64 as encoded;
use crate::detect::patterns::base64;

/// Whether it has the form of a JSON web token.
pub fn is_token(secret: &[u8]) -> bool {
    secret.starts_with(b"eyJ") && memchr::memchr_iter(b'.', secret).count() == 2
}

/// The claims of a JSON web token (RFC 7519): what it says of itself, unproved.
pub fn token_claims(token: &[u8]) -> Option<Map<String, Value>> {
    let body = token.split(|b| *b == b'.').nth(1)?;
    match serde_json::from_slice(&base64(body)?) {
        Ok(Value::Object(claims)) => Some(claims),
        _ => None,
    }
}

/// The account of an access key: 40 of the bits that its last sixteen characters are in base32. Read
/// out of published pairs of ids and accounts; ids of before 2019 have none.
pub fn aws_account(id: &[u8]) -> Option<String> {
    let body = id.get(4..20)?;
    let mut bits: u128 = 0;
    for byte in body {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'2'..=b'7' => byte - b'2' + 26,
            _ => return None,
        };
        bits = bits << 5 | u128::from(digit);
    }
    // 80 bits; of the first 48 those between the first and the last seven.
    let number = (bits >> 32) as u64;
    let account = (number & 0x7fff_ffff_ff80) >> 7;
    // Older ids begin with `I` or `J` there, which do not set the first bit, and hold no account.
    (number >> 47 & 1 == 1).then(|| format!("{account:012}"))
}

/// How GitHub's audit log names a token: its SHA-256 in base64 (GitHub documentation, "Identifying
/// audit log events performed by an access token").
pub fn hashed_token(token: &[u8]) -> String {
    encoded(&Sha256::digest(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_of_an_access_key() {
        // A pair that was published with the first description of the encoding, in two pieces.
        let id = ["ASIAQNZGKIQ", "Y56JQ7WML"].concat();
        assert_eq!(aws_account(id.as_bytes()).as_deref(), Some("029608264753"));
        assert_eq!(aws_account(b"AKIAI2345672345672ab"), None);
        assert_eq!(aws_account(b"AKIA"), None);
        assert_eq!(aws_account(b"AKIA0000000000000000"), None);
        let older = ["AKIA", "IOSFODNN7EXAMPLE"].concat();
        assert_eq!(aws_account(older.as_bytes()), None);
    }

    #[test]
    fn hashed_tokens_are_those_of_sha256sum() {
        // `printf abc | openssl dgst -sha256 -binary | base64`
        assert_eq!(
            hashed_token(b"abc"),
            "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="
        );
    }

    /// RFC 7519, section 3.1: `exp` is 1300819380, the issuer is joe.
    #[test]
    fn what_a_token_claims() {
        let text = concat!(
            "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9",
            ".",
            "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt",
            "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
            ".",
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        );
        assert!(is_token(text.as_bytes()) && !is_token(b"eyJ.x"));
        let claims = token_claims(text.as_bytes()).expect("claims");
        assert_eq!(
            claims.get("exp").and_then(Value::as_i64),
            Some(1_300_819_380)
        );
        assert_eq!(token_claims(b"eyJ.e30"), Some(Map::new()));
        assert_eq!(token_claims(b"no token"), None);
    }
}
