//! What a credential tells of itself: nothing is sent for it.

use ring::digest;
use serde_json::Value;

use crate::base::{self, second_of};
use crate::detect::patterns::base64;
use crate::findings::{Finding, Strength, strength};

/// What was read of a credential without asking anybody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offline {
    /// When it ends by its own word, in seconds since 1970-01-01 UTC.
    pub expires: Option<i64>,
    /// When it was made by its own word.
    pub created: Option<i64>,
    /// What else, in words: whose it is, and by what the provider's audit log can be searched.
    pub notes: Vec<String>,
}

/// Reads a credential.
pub fn offline(finding: &Finding) -> Offline {
    let secret = finding.credential.secret.expose();
    let mut out = Offline::default();
    if let Ok(text) = std::str::from_utf8(secret) {
        token(text, &mut out);
        if finding.pattern.provider == "aws"
            && let Some(account) = aws_account(text)
        {
            out.notes
                .push(format!("of the AWS account {account}, which its id says"));
        }
    }
    // A hash of something that can be guessed would be a way to guess it.
    if finding.pattern.provider == "github" && strength(finding.pattern, secret) == Strength::Strong
    {
        let hashed = base::base64(digest::digest(&digest::SHA256, secret).as_ref());
        out.notes.push(format!(
            "in the audit log of an organisation: hashed_token:\"{hashed}\""
        ));
    }
    out
}

/// The dates of a JSON web token, and who gave it (RFC 7519, section 4.1).
fn token(text: &str, out: &mut Offline) {
    let Some(at) = text.find("eyJ") else { return };
    let mut parts = text[at..].split('.');
    let (Some(_), Some(payload)) = (parts.next(), parts.next()) else {
        return;
    };
    let decoded = base64(payload.as_bytes());
    let Some(Value::Object(claims)) = decoded.and_then(|d| serde_json::from_slice(&d).ok()) else {
        return;
    };
    let number = |name: &str| claims.get(name).and_then(Value::as_f64).map(|n| n as i64);
    out.expires = number("exp");
    out.created = number("iat");
    for (name, told) in [
        ("iss", "given by"),
        ("sub", "for"),
        ("aud", "to be shown to"),
    ] {
        if let Some(text) = claims.get(name).and_then(Value::as_str) {
            let cut: String = text.chars().take(100).collect();
            out.notes.push(format!("{told} {cut}"));
        }
    }
    if let Some(from) = number("nbf") {
        out.notes.push(format!("good from {}Z", second_of(from)));
    }
}

/// The account that an access key id of AWS names: the id is base32, of which 40 bits after the first
/// are the account. Ids that begin with `I` or `J` are older than that.
fn aws_account(id: &str) -> Option<String> {
    let body = id
        .get(4..20)
        .filter(|_| id.len() == 20 && (id.starts_with('A')))?;
    if body.starts_with(['I', 'J']) {
        return None;
    }
    let mut bits: u128 = 0;
    for c in body.bytes() {
        let digit = match c {
            b'A'..=b'Z' => c - b'A',
            b'2'..=b'7' => c - b'2' + 26,
            _ => return None,
        };
        bits = bits << 5 | u128::from(digit);
    }
    // 80 bits: the first is not of the account, the next 40 are.
    let account = (bits >> 39) & 0xff_ffff_ffff;
    (account < 1_000_000_000_000).then(|| format!("{account:012}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example with which the coding was published (T. Be'ery, "A short note on AWS KEY ID",
    /// 2023-10).
    #[test]
    fn an_id_names_its_account() {
        let id = concat!("ASIA", "QNZGKIQY56JQ7WML");
        assert_eq!(aws_account(id).as_deref(), Some("029608264753"));
        assert_eq!(
            aws_account(concat!("AKIA", "IOSFODNN7EXAMPLE")),
            None,
            "older"
        );
        assert_eq!(aws_account("AKIA"), None);
        assert_eq!(aws_account("AKIA0000000000000000"), None);
    }

    /// RFC 7519, section 3.1: `exp` is 1300819380, the issuer is joe.
    #[test]
    fn a_token_says_when_it_ends() {
        let text = concat!(
            "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9",
            ".",
            "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt",
            "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
            ".",
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        );
        let mut out = Offline::default();
        token(text, &mut out);
        assert_eq!(out.expires, Some(1_300_819_380));
        assert_eq!(out.notes, ["given by joe"]);
        let mut none = Offline::default();
        token("eyJ.e30", &mut none);
        token("no token", &mut none);
        assert_eq!(none, Offline::default());
    }
}
