//! What stands right beside a credential and is needed to use it, though it is no part of it: the URL
//! that a password stands in, the certificate of a key. Who may be asked is never taken from there
//! alone: text in a repository is written by whoever opened the pull request.

use serde_json::Value;

use super::claims::{self, is_token, key_der, token_claims};
use crate::base::{Secret, Span};
use crate::detect::patterns::{AROUND, Class, Pattern, base64, is_signature};

/// The name by which a password's URL, without the password, stands among a credential's parts.
pub const BESIDE_URL: &str = "url beside it";
/// The name of the part that is a client's certificate.
pub const CERTIFICATE: &str = "client certificate";
/// The name of the part that is a token of a Kubernetes cluster, as it is sent: what the secret is, or what
/// it is the base64 of.
pub const CLUSTER_TOKEN: &str = "cluster token";
/// The name of the part that is the certificate, in PEM, of a private key that stands in the same text.
pub const KEYS_CERTIFICATE: &str = "certificate of the key";
/// The name of the part that is where it may do something.
const NAMESPACE: &str = "namespace";

/// How far a URL reaches to the front and to the back, in bytes.
const URL: usize = 256;
/// How far a signed URL reaches to the front and to the back of its signature.
const SIGNED: usize = 2 << 10;
/// How far the certificate of a kubeconfig may stand from its key.
const FAR: usize = 16 << 10;
/// The certificates that are held against a key.
const SEVERAL: usize = 32;

/// What stands beside a secret of `pattern`, with its name; `has` says which parts it has already.
pub(super) fn beside(
    pattern: &Pattern,
    text: &[u8],
    secret: Span,
    has: impl Fn(&str) -> bool,
) -> Vec<(&'static str, Secret)> {
    let found = match pattern.id {
        "connection.database-url" | "connection.broker-url" | "connection.url" => {
            url(text, secret).map(|url| (BESIDE_URL, Secret::new(&url)))
        }
        "postgresql.pgpass" => pgpass(text, secret).map(|url| (BESIDE_URL, Secret::new(&url))),
        "redis.acl-password" => acl(text, secret).map(|url| (BESIDE_URL, Secret::new(&url))),
        "postfix.sasl-password" => relay(text, secret).map(|url| (BESIDE_URL, Secret::new(&url))),
        "kubernetes.client-key-data" if !has(CERTIFICATE) => {
            certificate(text, secret).map(|found| (CERTIFICATE, Secret::new(found)))
        }
        _ if is_signature(pattern) => return around(text, secret),
        _ if pattern.class == Class::PrivateKey => {
            of_key(text, secret).map(|found| (KEYS_CERTIFICATE, Secret::new(found)))
        }
        _ if of_kubeconfig(text, secret) && claimed(secret.of(text)).is_none() => {
            return vec![
                (CLUSTER_TOKEN, Secret::new(secret.of(text))),
                (NAMESPACE, Secret::new(b"default")),
            ];
        }
        _ => None,
    };
    found.into_iter().collect()
}

/// What a secret says of itself, wherever it stands: that it is a token of a Kubernetes cluster.
pub(super) fn by_itself(pattern: &Pattern, secret: &[u8]) -> Vec<(&'static str, Secret)> {
    if pattern.class != Class::Jwt && !is_token(secret) {
        return Vec::new();
    }
    let Some((token, namespace)) = claimed(secret) else {
        return Vec::new();
    };
    vec![
        (CLUSTER_TOKEN, Secret::new(&token)),
        (NAMESPACE, Secret::new(namespace.as_bytes())),
    ]
}

/// The token and the namespace of a service account's token, or of what it is the base64 of (Kubernetes
/// documentation, "Managing Service Accounts": the claims of bound tokens, and of those in Secrets).
fn claimed(secret: &[u8]) -> Option<(Vec<u8>, String)> {
    let token = if is_token(secret) {
        secret.to_vec()
    } else {
        base64(secret).filter(|inner| is_token(inner))?
    };
    let claims = token_claims(&token)?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let bound = claims
        .get("kubernetes.io")
        .and_then(|own| own.get("namespace"));
    let kept = claims.get("kubernetes.io/serviceaccount/namespace");
    let namespace = bound.or(kept).and_then(text)?;
    Some((token, namespace))
}

/// Whether a secret is the `token` of a user in a kubeconfig, in YAML or JSON.
fn of_kubeconfig(text: &[u8], secret: Span) -> bool {
    let before = line(text, secret).trim_ascii_end();
    let before = before.strip_suffix(b"\"").unwrap_or(before);
    let before = before.strip_suffix(b"'").unwrap_or(before).trim_ascii_end();
    let Some(key) = before.strip_suffix(b":") else {
        return false;
    };
    let key = key.trim_ascii_end();
    let key = key.strip_suffix(b"\"").unwrap_or(key);
    let is_key = key.strip_suffix(b"token").is_some_and(|rest| {
        rest.last()
            .is_none_or(|b| b.is_ascii_whitespace() || b"\"{,".contains(b))
    });
    let low = secret.start.saturating_sub(FAR);
    let around = &text[low..text.len().min(secret.end + FAR)];
    let has = |word: &str| memchr::memmem::find(around, word.as_bytes()).is_some();
    is_key && ["clusters", "users", "server"].into_iter().all(has)
}

/// `scheme://user@host/path` of `scheme://user:password@host/path`.
fn url(text: &[u8], secret: Span) -> Option<Vec<u8>> {
    let low = secret.start.saturating_sub(URL);
    let before = &text[low..secret.start];
    let colons = memchr::memmem::rfind(before, b"://")?;
    let scheme = before[..colons]
        .iter()
        .rposition(|b| !b.is_ascii_alphanumeric() && !matches!(b, b'+' | b'.' | b'-'))
        .map_or(0, |at| at + 1);
    let head = before[scheme..].strip_suffix(b":")?;
    let after = text.get(secret.end..)?;
    let tail = after
        .iter()
        .take(URL)
        .take_while(|b| b.is_ascii_graphic() && !b"\"'`<>\\|,;)]}".contains(b))
        .count();
    after.first().filter(|b| **b == b'@')?;
    Some([head, &after[..tail]].concat())
}

/// The URL of which the secret is the signature: what stands before it, and behind it.
fn around(text: &[u8], secret: Span) -> Vec<(&'static str, Secret)> {
    const BEGIN: &[u8] = b"https://";
    let is_url = |b: &u8| b.is_ascii_graphic() && !b"\"'`<>\\,;)]}".contains(b);
    let before = &text[secret.start.saturating_sub(SIGNED)..secret.start];
    let Some(at) = memchr::memmem::rfind(before, BEGIN) else {
        return Vec::new();
    };
    let behind = &text[secret.end..text.len().min(secret.end + SIGNED)];
    let length = behind.iter().take_while(|b| is_url(b)).count();
    // What is cut off would be another URL.
    if !before[at..].iter().all(is_url) || length == SIGNED {
        return Vec::new();
    }
    let parts = [&before[at..], &behind[..length]].map(Secret::new);
    AROUND.into_iter().zip(parts).collect()
}

/// The line up to the secret.
fn line(text: &[u8], secret: Span) -> &[u8] {
    let low = secret.start.saturating_sub(URL * 2);
    let before = &text[low..secret.start];
    let start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
    &before[start..]
}

/// Of `host:port:database:user:password`.
fn pgpass(text: &[u8], secret: Span) -> Option<Vec<u8>> {
    let line = line(text, secret).strip_suffix(b":")?;
    let mut fields = line.rsplitn(4, |b| *b == b':');
    let (user, database, _port, host) = (
        fields.next()?,
        fields.next()?,
        fields.next()?,
        fields.next()?,
    );
    let named = |field: &[u8]| {
        if field == b"*" {
            Vec::new()
        } else {
            percent(field)
        }
    };
    let host = if host == b"*" { &b""[..] } else { host };
    Some(
        [
            b"postgres://",
            &named(user)[..],
            b"@",
            host,
            b"/",
            &named(database),
        ]
        .concat(),
    )
}

/// Of `user NAME on ~* +@all >password`.
fn acl(text: &[u8], secret: Span) -> Option<Vec<u8>> {
    let line = line(text, secret).strip_suffix(b">")?;
    let mut words = line
        .split(|b| matches!(b, b' ' | b'\t'))
        .filter(|w| !w.is_empty());
    words.find(|w| w.eq_ignore_ascii_case(b"user") || w.eq_ignore_ascii_case(b"setuser"))?;
    let user = percent(words.next()?);
    Some([b"redis://", &user[..], b"@"].concat())
}

/// Of `[relay]:port user:password`.
fn relay(text: &[u8], secret: Span) -> Option<Vec<u8>> {
    let line = line(text, secret).strip_suffix(b":")?;
    let mut words = line
        .split(|b| matches!(b, b' ' | b'\t'))
        .filter(|w| !w.is_empty());
    let (host, user) = (words.next()?, words.next()?);
    // In brackets: the host itself, not its mail exchanger.
    let host = host.strip_prefix(b"[").unwrap_or(host);
    let end = host.iter().position(|b| matches!(b, b']' | b':'));
    let host = &host[..end.unwrap_or(host.len())];
    Some([b"smtp://", &percent(user)[..], b"@", host].concat())
}

/// What `client-certificate-data` holds, nearest to its key.
fn certificate(text: &[u8], key: Span) -> Option<&[u8]> {
    const NAME: &[u8] = b"client-certificate-data";
    /// Base64 of `-----BEGIN CERTIFICATE`.
    const BEGIN: &[u8] = b"LS0tLS1CRUdJTiBDRVJUSUZJQ0FUR";
    let low = key.start.saturating_sub(FAR);
    let high = text.len().min(key.end + FAR);
    let value = |near: usize| {
        let rest = &text[near + NAME.len()..high];
        let at = memchr::memmem::find(&rest[..rest.len().min(64)], BEGIN)?;
        let coded = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
        let length = rest[at..].iter().take_while(|b| coded(b)).count();
        Some(&rest[at..at + length])
    };
    let before = memchr::memmem::rfind(&text[low..key.start], NAME).map(|at| low + at);
    let after = memchr::memmem::find(&text[key.end..high], NAME).map(|at| key.end + at);
    // Of several users each has one: the one that is of this key, else the nearest.
    let own = private_key(key.of(text)).and_then(|key| {
        let all = memchr::memmem::find_iter(&text[low..high], NAME).take(SEVERAL);
        let mut all = all.filter_map(|at| value(low + at));
        all.find(|one| {
            let pem = base64(one).unwrap_or_default();
            claims::certificate(&pem).is_some_and(|told| told.is_of(&key))
        })
    });
    own.or_else(|| before.or(after).and_then(value))
}

/// The certificate of a private key in PEM, if it is in the same text: near it, and of no other key.
fn of_key(text: &[u8], key: Span) -> Option<&[u8]> {
    const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
    const END: &[u8] = b"-----END CERTIFICATE-----";
    let low = key.start.saturating_sub(FAR);
    let around = &text[low..text.len().min(key.end + FAR)];
    let mut all = memchr::memmem::find_iter(around, BEGIN)
        .take(SEVERAL)
        .peekable();
    all.peek()?;
    let der = key_der(key.of(text))?;
    all.filter_map(|at| {
        let end = memchr::memmem::find(&around[at..], END)? + END.len();
        Some(&around[at..at + end])
    })
    .find(|one| claims::certificate(one).is_some_and(|told| told.is_of(&der)))
}

/// The DER of a key in base64 of PEM.
fn private_key(coded: &[u8]) -> Option<Vec<u8>> {
    key_der(&base64(coded)?)
}

/// So that it can stand in a URL.
fn percent(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            out.push(*byte);
        } else {
            out.extend(format!("%{byte:02X}").bytes());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The made-up password that the texts hold.
    const WORD: &str = "aaaaaaaa";

    fn told(find: impl Fn(&[u8], Span) -> Option<Vec<u8>>, text: &str) -> Option<String> {
        let start = text.find(WORD).unwrap();
        let found = find(text.as_bytes(), Span::new(start, start + WORD.len()));
        found.map(|f| String::from_utf8(f).unwrap())
    }

    #[test]
    fn the_url_around_a_password() {
        for (text, want) in [
            (
                "X=\"postgres://app:aaaaaaaa@db.example/main?x=1\"",
                Some("postgres://app@db.example/main?x=1"),
            ),
            (
                "redis://:aaaaaaaa@cache:6379/0\n",
                Some("redis://@cache:6379/0"),
            ),
            ("see amqp://u:aaaaaaaa@a, b", Some("amqp://u@a")),
            ("http://x u:aaaaaaaa", None),
        ] {
            assert_eq!(told(url, text).as_deref(), want, "{text}");
        }
    }

    #[test]
    fn users_in_the_files_of_servers() {
        assert_eq!(
            told(pgpass, "x\ndb.example:5432:*:app:aaaaaaaa\n").as_deref(),
            Some("postgres://app@db.example/")
        );
        assert_eq!(
            told(acl, "user worker on +@read ~* >aaaaaaaa\n").as_deref(),
            Some("redis://worker@")
        );
        assert_eq!(
            told(relay, "[mail.example]:587 me@mail.example:aaaaaaaa\n").as_deref(),
            Some("smtp://me%40mail.example@mail.example")
        );
    }
}
