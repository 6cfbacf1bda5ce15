//! What stands right beside a credential and is needed to use it, though it is no part of it: the URL
//! that a password stands in, the certificate of a key. Who may be asked is never taken from there
//! alone: text in a repository is written by whoever opened the pull request.

use crate::base::{Secret, Span};
use crate::detect::patterns::Pattern;

/// The name by which a password's URL, without the password, stands among a credential's parts.
pub const BESIDE_URL: &str = "url beside it";
/// The name of the part that is a client's certificate.
const CERTIFICATE: &str = "client certificate";

/// How far a URL reaches to the front and to the back, in bytes.
const URL: usize = 256;
/// How far the certificate of a kubeconfig may stand from its key.
const FAR: usize = 16 << 10;

/// What stands beside a secret of `pattern`, with its name; `has` says which parts it has already.
pub(super) fn beside(
    pattern: &Pattern,
    text: &[u8],
    secret: Span,
    has: impl Fn(&str) -> bool,
) -> Option<(&'static str, Secret)> {
    match pattern.id {
        "connection.database-url" | "connection.broker-url" | "connection.url" => {
            url(text, secret).map(|url| (BESIDE_URL, Secret::new(&url)))
        }
        "postgresql.pgpass" => pgpass(text, secret).map(|url| (BESIDE_URL, Secret::new(&url))),
        "redis.acl-password" => acl(text, secret).map(|url| (BESIDE_URL, Secret::new(&url))),
        "postfix.sasl-password" => relay(text, secret).map(|url| (BESIDE_URL, Secret::new(&url))),
        "kubernetes.client-key-data" if !has(CERTIFICATE) => {
            certificate(text, secret).map(|found| (CERTIFICATE, Secret::new(found)))
        }
        _ => None,
    }
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
    let before = memchr::memmem::rfind(&text[low..key.start], NAME).map(|at| low + at);
    let after = memchr::memmem::find(&text[key.end..high], NAME).map(|at| key.end + at);
    let near = before.or(after)?;
    let rest = &text[near + NAME.len()..high];
    let at = memchr::memmem::find(&rest[..rest.len().min(64)], BEGIN)?;
    let coded = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
    let length = rest[at..].iter().take_while(|b| coded(b)).count();
    Some(&rest[at..at + length])
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
