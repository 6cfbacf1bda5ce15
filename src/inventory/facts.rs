//! What a credential says of itself, read offline: its end, its birth, whose it is, what it may do.
//!
//! Nothing is checked here: a claim is what the credential claims. Nothing that is told opens
//! anything: names, numbers of accounts, times.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::certificate::certificate;
use super::record::{Hint, PrivilegeClass, Stamp};
use crate::base::{base64, time_of};
use crate::detect::patterns::Class;
use crate::findings::{Finding, Fingerprint};

/// The longest token that is taken apart, in bytes.
const MOST: usize = 64 << 10;
/// The longest value of a hint.
const HINT: usize = 200;

/// What a credential says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// When it was made, and the field that says so.
    pub created: Option<(Stamp, String)>,
    /// When it ends, and the field that says so.
    pub expires: Option<(Stamp, String)>,
    /// Whose it is.
    pub hints: BTreeMap<String, String>,
    /// Scopes, roles or permissions.
    pub scopes: Vec<String>,
    /// What they amount to, and the field that shows it.
    pub class: Option<(PrivilegeClass, String)>,
    /// The certificate beside a private key: when it begins.
    pub certified: Option<Stamp>,
}

impl Facts {
    /// Reads a finding, and `around`: the line it stands on, and the text of its file.
    pub fn read(finding: &Finding, line: &[u8], text: &[u8]) -> Self {
        let mut facts = Self::default();
        let secret = finding.secret.expose();
        if secret.len() > MOST {
            return facts;
        }
        if finding.pattern.class == Class::Jwt || is_jwt(secret) {
            facts.jwt(secret);
        }
        let pattern = finding.pattern;
        if pattern.provider == "aws"
            && pattern.class == Class::Identifier
            && let Some(account) = key_id(finding, text).and_then(aws_account)
        {
            facts.hint("account", &account);
        }
        if pattern.class == Class::PrivateKey
            && let Some(told) = certificate(text)
        {
            facts.hint("certificate-serial", &told.serial);
            facts.expires = Some((
                told.ends,
                "notAfter of the certificate beside it".to_owned(),
            ));
            facts.certified = Some(told.begins);
        }
        if finding.pattern.provider == "github" && finding.pattern.class == Class::Token {
            facts.hint("hashed-token", &hashed_token(secret));
        }
        let line = String::from_utf8_lossy(&line[..line.len().min(MOST)]);
        facts.signed_url(&line);
        if memchr::memmem::find(text, b"\"service_account\"").is_some() {
            facts.service_account(text, secret);
        }
        // Nothing that holds the secret itself.
        let shown = String::from_utf8_lossy(secret);
        facts.hints.retain(|_, value| !value.contains(&*shown));
        facts
    }

    /// The hints in the form of a record.
    pub fn hints(&self) -> Vec<Hint> {
        let all = self.hints.iter().map(|(name, value)| Hint {
            name: name.clone(),
            value: value.clone(),
        });
        all.collect()
    }

    fn hint(&mut self, name: &str, value: &str) {
        let value: String = value.chars().take(HINT).collect();
        if !value.is_empty() {
            self.hints.entry(name.to_owned()).or_insert(value);
        }
    }

    /// RFC 7519, section 4.1; `scope` is RFC 8693's, section 4.2; `scp` and `roles` are those of
    /// Microsoft's identity platform.
    fn jwt(&mut self, token: &[u8]) {
        let Some(claims) = claims(token) else {
            return;
        };
        let time = |name: &str| {
            let value = claims.get(name)?;
            let seconds = value.as_i64().or_else(|| value.as_f64().map(|f| f as i64));
            seconds.map(|seconds| (Stamp(seconds), format!("claim {name}")))
        };
        self.expires = time("exp");
        self.created = time("iat").or_else(|| time("nbf"));
        for (claim, name) in [
            ("iss", "issuer"),
            ("sub", "subject"),
            ("aud", "audience"),
            ("jti", "token-id"),
            ("client_id", "client"),
            ("azp", "client"),
            ("appid", "client"),
            ("tid", "tenant"),
            ("ref", "project"),
        ] {
            match claims.get(claim) {
                Some(Value::String(value)) => self.hint(name, value),
                Some(Value::Array(all)) => {
                    let all: Vec<&str> = all.iter().filter_map(Value::as_str).collect();
                    self.hint(name, &all.join(" "));
                }
                _ => {}
            }
        }
        for claim in ["scope", "scp", "scopes", "roles", "role", "permissions"] {
            let mut words: Vec<String> = match claims.get(claim) {
                Some(Value::String(value)) => value.split(' ').map(str::to_owned).collect(),
                Some(Value::Array(all)) => all
                    .iter()
                    .filter_map(Value::as_str)
                    .map(str::to_owned)
                    .collect(),
                _ => continue,
            };
            words.retain(|w| !w.is_empty() && w.len() <= HINT);
            words.truncate(64);
            if let Some(class) = class_of(&words) {
                let evidence = format!("claim {claim}");
                if self.class.as_ref().is_none_or(|(known, _)| *known < class) {
                    self.class = Some((class, evidence));
                }
            }
            self.scopes.append(&mut words);
        }
        self.scopes.sort();
        self.scopes.dedup();
    }

    /// Shared access signatures of Azure Storage (`se`, `st`, `sp`: service SAS and account SAS in
    /// its REST reference), and presigned URLs (`X-Amz-Date` and `X-Amz-Expires` of AWS Signature
    /// Version 4, `X-Goog-...` of Cloud Storage).
    fn signed_url(&mut self, line: &str) {
        let value = |name: &str| parameter(line, name);
        if value("sig").is_some() && value("sv").is_some() {
            let time = |name: &str| {
                let text = value(name)?;
                let text = if text.len() == 17 && text.ends_with('Z') {
                    format!("{}:00Z", &text[..16])
                } else {
                    text
                };
                time_of(&text).map(|t| (Stamp(t.0), format!("parameter {name}")))
            };
            self.expires = self.expires.take().or_else(|| time("se"));
            self.created = self.created.take().or_else(|| time("st"));
            if let Some(allowed) = value("sp") {
                let class = match &allowed {
                    a if a.contains(['w', 'd', 'a', 'c', 'x', 'u', 'p']) => PrivilegeClass::Write,
                    a if a.contains(['r', 'l']) => PrivilegeClass::Read,
                    _ => PrivilegeClass::Unknown,
                };
                self.class = Some((class, "parameter sp".to_owned()));
                self.scopes.push(format!("sp={allowed}"));
            }
        }
        for cloud in ["X-Amz", "X-Goog"] {
            let date = value(&format!("{cloud}-Date")).and_then(|d| basic_time(&d));
            let lasts = value(&format!("{cloud}-Expires")).and_then(|e| e.parse::<i64>().ok());
            if let (Some(date), Some(lasts)) = (date, lasts)
                && (0..=604_800).contains(&lasts)
            {
                let end = Stamp(date.saturating_add(lasts));
                self.expires = Some((end, format!("parameter {cloud}-Expires")));
                self.created = Some((Stamp(date), format!("parameter {cloud}-Date")));
            }
        }
    }

    /// A key file of a Google service account: the fields beside the key.
    fn service_account(&mut self, text: &[u8], secret: &[u8]) {
        let Ok(Value::Object(file)) = serde_json::from_slice::<Value>(text) else {
            return;
        };
        if file.get("type").and_then(Value::as_str) != Some("service_account") {
            return;
        }
        for (field, name) in [
            ("project_id", "project"),
            ("client_email", "account"),
            ("private_key_id", "key-id"),
        ] {
            if let Some(value) = file.get(field).and_then(Value::as_str)
                && value.as_bytes() != secret
            {
                self.hint(name, value);
            }
        }
    }
}

fn is_jwt(secret: &[u8]) -> bool {
    secret.starts_with(b"eyJ") && memchr::memchr_iter(b'.', secret).count() == 2
}

/// The claims of a token.
fn claims(token: &[u8]) -> Option<serde_json::Map<String, Value>> {
    let body = token.split(|b| *b == b'.').nth(1)?;
    match serde_json::from_slice(&base64_of(body)?) {
        Ok(Value::Object(claims)) => Some(claims),
        _ => None,
    }
}

/// RFC 4648, sections 4 and 5, padded or not; what is left of a group that is not whole is nothing.
pub(super) fn base64_of(text: &[u8]) -> Option<Vec<u8>> {
    let (mut bits, mut held, mut out) = (0u32, 0, Vec::new());
    for byte in text.iter().filter(|b| **b != b'=') {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'-' | b'+' => 62,
            b'_' | b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(digit)) & 0xfff_ffff;
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
        }
    }
    Some(out)
}

/// What words such as `repo:write`, `admin` or `service_role` amount to: the most of them. Names
/// that tell nothing are nothing.
fn class_of(words: &[String]) -> Option<PrivilegeClass> {
    let of = |word: &String| {
        let word = word.to_ascii_lowercase();
        let parts: Vec<&str> = word.split(|c: char| !c.is_ascii_alphanumeric()).collect();
        let has = |all: &[&str]| parts.iter().any(|p| all.contains(p));
        if word == "service_role" || has(&["admin", "administrator", "owner", "root"]) {
            Some(PrivilegeClass::Admin)
        } else if has(&[
            "write",
            "readwrite",
            "edit",
            "editor",
            "create",
            "update",
            "delete",
            "manage",
            "all",
            "publish",
            "full",
        ]) {
            Some(PrivilegeClass::Write)
        } else if word == "anon" || has(&["read", "readonly", "view", "viewer", "list", "get"]) {
            Some(PrivilegeClass::Read)
        } else {
            None
        }
    };
    words.iter().filter_map(of).max()
}

/// The value of a parameter of a URL, percent-decoded.
fn parameter(line: &str, name: &str) -> Option<String> {
    let found = line.match_indices(name).find(|(at, _)| {
        let before = line[..*at].chars().next_back();
        let behind = line[at + name.len()..].starts_with('=');
        behind && matches!(before, Some('?' | '&' | ';'))
    });
    let rest = &line[found?.0 + name.len() + 1..];
    let is_end =
        |c: char| matches!(c, '&' | '"' | '\'' | '`' | '<' | '>' | '#') || c.is_whitespace();
    let raw = &rest[..rest.find(is_end).unwrap_or(rest.len())];
    let mut out = Vec::new();
    let mut bytes = raw.as_bytes();
    while let Some((first, rest)) = bytes.split_first() {
        let hex = rest.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let code = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match code {
            Some(code) if *first == b'%' => {
                out.push(code);
                bytes = &rest[2..];
            }
            _ => {
                out.push(*first);
                bytes = rest;
            }
        }
    }
    String::from_utf8(out)
        .ok()
        .filter(|v| !v.is_empty() && v.len() <= HINT)
}

/// `20261124T120000Z`, ISO 8601's basic form.
fn basic_time(text: &str) -> Option<i64> {
    let digits = text.is_ascii() && text.len() == 16;
    digits
        .then(|| {
            format!(
                "{}-{}-{}T{}:{}:{}Z",
                &text[..4],
                &text[4..6],
                &text[6..8],
                &text[9..11],
                &text[11..13],
                &text[13..15]
            )
        })
        .and_then(|text| time_of(&text))
        .map(|t| t.0)
}

/// The id of an access key whose finding shows its secret: the run in the text that has the finding's
/// fingerprint.
fn key_id<'t>(finding: &Finding, text: &'t [u8]) -> Option<&'t [u8]> {
    let prefix = finding.pattern.prefix.as_bytes();
    let found = memchr::memmem::find_iter(text, prefix).take(1_000);
    let mut ids = found.filter_map(|at| text.get(at..at + 20));
    ids.find(|id| Fingerprint::new(finding.pattern, id, Path::new("")) == finding.fingerprint)
}

/// The account of an access key: 40 of the bits that its last sixteen characters are in base32. Read
/// out of published pairs of ids and accounts; ids of before 2019 have none.
fn aws_account(id: &[u8]) -> Option<String> {
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
    base64(&Sha256::digest(token))
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
    }

    #[test]
    fn hashed_tokens_are_those_of_sha256sum() {
        // `printf abc | openssl dgst -sha256 -binary | base64`
        assert_eq!(
            hashed_token(b"abc"),
            "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="
        );
    }

    #[test]
    fn parameters_of_urls() {
        let line =
            "x \"https://a.blob.invalid/c?sv=2022-11-02&se=2027-01-31T08%3A00Z&sp=rw&sig=ab%2B\" y";
        let mut facts = Facts::default();
        facts.signed_url(line);
        // `date -u -d 2027-01-31T08:00Z +%s`
        assert_eq!(
            facts.expires,
            Some((Stamp(1_801_382_400), "parameter se".to_owned()))
        );
        assert_eq!(facts.class.map(|c| c.0), Some(PrivilegeClass::Write));
        let line = "GET https://b.invalid/k?X-Amz-Date=20261124T120000Z&X-Amz-Expires=3600&X-Amz-Signature=00";
        let mut facts = Facts::default();
        facts.signed_url(line);
        // `date -u -d 2026-11-24T13:00:00Z +%s`
        assert_eq!(facts.expires.map(|e| e.0), Some(Stamp(1_795_525_200)));
        assert_eq!(basic_time("2026112XT120000Z"), None);
    }

    #[test]
    fn what_words_amount_to() {
        let of = |all: &[&str]| class_of(&all.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>());
        assert_eq!(
            of(&["repo:read", "repo:write"]),
            Some(PrivilegeClass::Write)
        );
        assert_eq!(of(&["service_role"]), Some(PrivilegeClass::Admin));
        assert_eq!(of(&["openid", "profile"]), None);
        assert_eq!(of(&["thread"]), None, "a part of a word is none");
    }
}
