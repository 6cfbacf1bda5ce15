//! What a credential tells of itself: nothing is sent for it.

use serde_json::Value;

use crate::base::second_of;
use crate::detect::patterns::{Class, base64};
use crate::findings::claims::{
    aws_account, certificate, hashed_token, is_token, key_der, signed_url, token_claims,
};
use crate::findings::{CERTIFICATE, Finding, FrameLine, KEYS_CERTIFICATE, Strength, strength};

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
            && text.len() == 20
            && let Some(account) = aws_account(secret)
        {
            out.notes
                .push(format!("of the AWS account {account}, which its id says"));
        }
    }
    // Once more in base64, as Secrets of a cluster hold it.
    if finding.pattern.class == Class::Jwt
        && let Some(inner) = base64(secret).filter(|inner| is_token(inner))
    {
        token(&String::from_utf8_lossy(&inner), &mut out);
    }
    certified(finding, &mut out);
    // A hash of something that can be guessed would be a way to guess it.
    if finding.pattern.provider == "github" && strength(finding.pattern, secret) == Strength::Strong
    {
        let hashed = hashed_token(secret);
        out.notes.push(format!(
            "in the audit log of an organisation: hashed_token:\"{hashed}\""
        ));
    }
    if out.expires.is_none() {
        beside(finding, &mut out);
    }
    out
}

/// The days of the certificate that belongs to a private key. Where both are one credential it ends with
/// the certificate; a key by itself may have got another since.
fn certified(finding: &Finding, out: &mut Offline) {
    let part = |name: &str| {
        let mut parts = finding.credential.parts.iter();
        parts.find(|(n, _)| *n == name).map(|(_, value)| value)
    };
    if let Some(shown) = part(CERTIFICATE)
        && let Some(told) = base64(shown.expose()).and_then(|pem| certificate(&pem))
    {
        let (begin, end) = (second_of(told.begins), second_of(told.ends));
        out.notes
            .push(format!("its certificate is good from {begin}Z to {end}Z"));
        // Of another key it would say nothing of this one.
        if base64(finding.credential.secret.expose())
            .and_then(|pem| key_der(&pem))
            .is_some_and(|key| told.is_of(&key))
        {
            (out.created, out.expires) = (Some(told.begins), Some(told.ends));
        }
    } else if let Some(told) = part(KEYS_CERTIFICATE).and_then(|pem| certificate(pem.expose())) {
        let end = second_of(told.ends);
        let serial = told.serial;
        out.notes.push(format!(
            "the certificate beside it (serial number {serial}) ends at {end}Z; another may be of the same key"
        ));
    }
}

/// What stands beside it on its line, if it is the signature of a URL: whoever may use that until when.
fn beside(finding: &Finding, out: &mut Offline) {
    let Some(place) = finding.occurrences.first() else {
        return;
    };
    let own = |line: &&FrameLine| line.line == place.start.line;
    let Some(line) = place.frame.iter().find(own) else {
        return;
    };
    let told = signed_url(&line.text);
    if told.is_presigned {
        // The URL ends; the key that signed it does not.
        if let Some((end, _)) = told.ends {
            let end = second_of(end);
            out.notes
                .push(format!("the signed URL that it stands in ends at {end}Z"));
        }
    } else if finding.pattern.id == "azure.sas-token" {
        // Another secret may stand on the line: only of what signs such URLs is it told.
        out.expires = told.ends.map(|t| t.0);
        out.created = told.begins.map(|t| t.0);
        if let Some(allowed) = told.allowed {
            out.notes
                .push(format!("allows {allowed} (its parameter sp)"));
        }
    }
}

/// The dates of a JSON web token, and who gave it (RFC 7519, section 4.1).
fn token(text: &str, out: &mut Offline) {
    let Some(at) = text.find("eyJ") else { return };
    let Some(claims) = token_claims(&text.as_bytes()[at..]) else {
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

#[cfg(test)]
mod tests {
    use super::*;

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
