//! What a credential says of itself, read offline: its end, its birth, whose it is, what it may do.
//!
//! Nothing is checked here: a claim is what the credential claims. Nothing that is told opens
//! anything: names, numbers of accounts, times.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::record::{Hint, PrivilegeClass, Stamp};
use crate::base::second_of;
use crate::detect::patterns::Class;
use crate::findings::claims::{
    aws_account, certificate, hashed_token, is_token, signed_url, token_claims,
};
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
        if finding.pattern.class == Class::Jwt || is_token(secret) {
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
                Stamp(told.ends),
                "notAfter of the certificate beside it".to_owned(),
            ));
            facts.certified = Some(Stamp(told.begins));
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
        let Some(claims) = token_claims(token) else {
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

    /// What a signed URL on the line says.
    fn signed_url(&mut self, line: &str) {
        let told = signed_url(line);
        let stamped =
            |(seconds, parameter): (i64, &str)| (Stamp(seconds), format!("parameter {parameter}"));
        if told.is_presigned {
            // The URL ends; the key that signed it does not.
            if let Some((end, _)) = told.ends {
                self.hint("signed-url-ends", &format!("{}Z", second_of(end)));
            }
        } else {
            self.expires = self.expires.take().or_else(|| told.ends.map(stamped));
            self.created = self.created.take().or_else(|| told.begins.map(stamped));
        }
        if let Some(allowed) = told.allowed {
            let class = match &allowed {
                a if a.contains(['w', 'd', 'a', 'c', 'x', 'u', 'p']) => PrivilegeClass::Write,
                a if a.contains(['r', 'l']) => PrivilegeClass::Read,
                _ => PrivilegeClass::Unknown,
            };
            self.class = Some((class, "parameter sp".to_owned()));
            self.scopes.push(format!("sp={allowed}"));
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

/// The id of an access key whose finding shows its secret: the run in the text that has the finding's
/// fingerprint.
fn key_id<'t>(finding: &Finding, text: &'t [u8]) -> Option<&'t [u8]> {
    let prefix = finding.pattern.prefix.as_bytes();
    let found = memchr::memmem::find_iter(text, prefix).take(1_000);
    let mut ids = found.filter_map(|at| text.get(at..at + 20));
    ids.find(|id| Fingerprint::new(finding.pattern, id, Path::new("")) == finding.fingerprint)
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(facts.expires, None, "the key goes on");
        let ends = facts.hints.get("signed-url-ends").map(String::as_str);
        assert_eq!(ends, Some("2026-11-24T13:00:00Z"));
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
