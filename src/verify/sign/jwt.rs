//! A JSON web token that asks for an access token: the grant of RFC 7523 as service accounts use it.

use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::json;

use crate::base::base64;
use crate::detect::patterns::base64 as decoded;

/// How long an assertion holds, in seconds. Google allows an hour.
const HOLDS: i64 = 600;

/// What an assertion says.
pub(in crate::verify) struct Claims<'a> {
    /// The private key: PEM, whole or with `\n` for its ends of lines as JSON writes it.
    pub(in crate::verify) key: &'a str,
    /// The key's id; empty for none.
    pub(in crate::verify) key_id: &'a str,
    pub(in crate::verify) issuer: &'a str,
    pub(in crate::verify) audience: &'a str,
    /// Empty for none.
    pub(in crate::verify) subject: &'a str,
    /// Empty for none.
    pub(in crate::verify) scope: &'a str,
    /// Seconds since 1970-01-01 UTC.
    pub(in crate::verify) now: i64,
}

/// The assertion, signed with RS256 (RFC 7515 and RFC 7518, section 3.3); `None` if the key is none
/// of RSA with 2,048 bits and more.
pub(in crate::verify) fn jwt(with: &Claims<'_>) -> Option<String> {
    let mut head = json!({ "alg": "RS256", "typ": "JWT" });
    if !with.key_id.is_empty() {
        head["kid"] = with.key_id.into();
    }
    let mut claims = json!({
        "iss": with.issuer, "aud": with.audience, "iat": with.now, "exp": with.now + HOLDS,
    });
    for (name, value) in [("sub", with.subject), ("scope", with.scope)] {
        if !value.is_empty() {
            claims[name] = value.into();
        }
    }
    let part = |value: &serde_json::Value| url_safe(value.to_string().as_bytes());
    let text = format!("{}.{}", part(&head), part(&claims));
    let signature = rs256(&private_key(with.key)?, text.as_bytes())?;
    Some(format!("{text}.{signature}"))
}

/// The key's DER. Of a body that is not base64 nothing is left.
fn private_key(pem: &str) -> Option<Vec<u8>> {
    let begin = pem.find("PRIVATE KEY-----")? + "PRIVATE KEY-----".len();
    let rest = &pem[begin..];
    let body = rest[..rest.find("-----END")?]
        .replace("\\n", "")
        .replace("\\r", "");
    let body: Vec<u8> = body.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    decoded(&body)
}

fn rs256(der: &[u8], text: &[u8]) -> Option<String> {
    // PKCS #8 as PEM has it in files of service accounts, or PKCS #1.
    let key = RsaKeyPair::from_pkcs8(der).or_else(|_| RsaKeyPair::from_der(der));
    let key = key.ok()?;
    let mut signature = vec![0; key.public().modulus_len()];
    let random = SystemRandom::new();
    key.sign(&RSA_PKCS1_SHA256, &random, text, &mut signature)
        .ok()?;
    Some(url_safe(&signature))
}

/// RFC 4648, section 5, without padding.
fn url_safe(bytes: &[u8]) -> String {
    let text = base64(bytes).replace('+', "-").replace('/', "_");
    text.trim_end_matches('=').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A number of RFC 7515, appendix A.2.
    fn number(name: &str) -> Vec<u8> {
        decoded(field(name).as_bytes()).expect("base64")
    }

    fn field(name: &str) -> String {
        let text = include_str!("../../../testdata/rfc7515-a2.txt");
        let mut lines = text.lines();
        let line = lines.find_map(|l| l.strip_prefix(name)?.strip_prefix(": "));
        line.expect("it is there").replace(' ', "")
    }

    fn element(tag: u8, inner: &[u8]) -> Vec<u8> {
        let length = inner.len();
        let mut out = vec![tag];
        match length {
            0..128 => out.push(length as u8),
            128..256 => out.extend([0x81, length as u8]),
            _ => out.extend([0x82, (length >> 8) as u8, length as u8]),
        }
        out.extend(inner);
        out
    }

    fn integer(bytes: &[u8]) -> Vec<u8> {
        let sign = bytes.first().is_some_and(|b| *b >= 0x80);
        element(2, &[&vec![0; usize::from(sign)][..], bytes].concat())
    }

    /// The key of the RFC in PKCS #1 (RFC 8017, appendix A.1.2).
    fn key() -> Vec<u8> {
        let mut inner = integer(&[0]);
        for name in ["n", "e", "d", "p", "q", "dp", "dq", "qi"] {
            inner.extend(integer(&number(name)));
        }
        element(0x30, &inner)
    }

    /// The same in PKCS #8 (RFC 5958), as PEM.
    fn pem(between: &str) -> String {
        let rsa = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0];
        let all = [integer(&[0]), element(0x30, &rsa), element(4, &key())].concat();
        let body = base64(&element(0x30, &all));
        let lines: Vec<&str> = (0..body.len())
            .step_by(64)
            .map(|at| &body[at..body.len().min(at + 64)])
            .collect();
        let kind = "PRIVATE KEY";
        format!(
            "-----BEGIN {kind}-----{between}{}{between}-----END {kind}-----{between}",
            lines.join(between)
        )
    }

    #[test]
    fn the_vector_of_rfc_7515() {
        let text = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6\
                    Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let want = field("signed");
        assert_eq!(rs256(&key(), text.as_bytes()).as_deref(), Some(&*want));
        for between in ["\n", "\r\n", "\\n"] {
            let der = private_key(&pem(between)).expect("a key");
            assert_eq!(rs256(&der, text.as_bytes()).as_deref(), Some(&*want));
        }
        assert_eq!(rs256(b"no key", b""), None);
        assert_eq!(private_key("no key"), None);
    }

    #[test]
    fn what_an_assertion_says() {
        let key = pem("\\n");
        let with = Claims {
            key: &key,
            key_id: "1",
            issuer: "a@p.iam.gserviceaccount.com",
            audience: "https://oauth2.googleapis.com/token",
            subject: "",
            scope: "openid",
            now: 1_700_000_000,
        };
        let made = jwt(&with).expect("signed");
        let parts: Vec<&str> = made.split('.').collect();
        let part = |i: usize| -> serde_json::Value {
            let bytes = decoded(parts[i].as_bytes()).expect("base64");
            serde_json::from_slice(&bytes).expect("JSON")
        };
        assert_eq!(part(0), json!({ "alg": "RS256", "typ": "JWT", "kid": "1" }));
        assert_eq!(
            part(1),
            json!({ "iss": "a@p.iam.gserviceaccount.com", "scope": "openid",
                    "aud": "https://oauth2.googleapis.com/token",
                    "iat": 1_700_000_000, "exp": 1_700_000_600 })
        );
        assert_eq!(decoded(parts[2].as_bytes()).map(|s| s.len()), Some(256));
    }
}
