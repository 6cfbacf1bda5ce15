//! What is tried where: a credential, the URL that it stands in, and the server that the user named.

use std::fmt;

use super::super::Unchecked;
use super::super::endpoint::{Endpoint, Endpoints, Target};
use super::super::request::{MASK, Shown};
use crate::base::Secret;
use crate::findings::{BESIDE_URL, Finding};

/// What a server speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// AMQP 0-9-1: message brokers.
    Amqp,
    /// LDAP 3: directories.
    Ldap,
    /// MongoDB.
    MongoDb,
    /// MySQL and MariaDB.
    MySql,
    /// PostgreSQL, and what speaks like it.
    PostgreSql,
    /// Redis, and what speaks like it.
    Redis,
    /// SMTP: sending mail.
    Smtp,
    /// SSH 2, by key.
    Ssh,
}

/// When TLS begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// Never: the server is on this machine.
    None,
    /// With the first byte.
    First,
    /// After both sides agreed to it.
    Upgrade,
}

impl Protocol {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Amqp,
        Self::Ldap,
        Self::MongoDb,
        Self::MySql,
        Self::PostgreSql,
        Self::Redis,
        Self::Smtp,
        Self::Ssh,
    ];

    /// By what the user names its server: `--endpoint postgresql=...`.
    pub const fn provider(self) -> &'static str {
        match self {
            Self::Amqp => "amqp",
            Self::Ldap => "ldap",
            Self::MongoDb => "mongodb",
            Self::MySql => "mysql",
            Self::PostgreSql => "postgresql",
            Self::Redis => "redis",
            Self::Smtp => "smtp",
            Self::Ssh => "ssh",
        }
    }

    /// Whether it encrypts by itself.
    pub(super) const fn has_its_own(self) -> bool {
        matches!(self, Self::Ssh)
    }

    /// Of a URL's scheme, and whether that means TLS from the first byte. `postgresql+psycopg` and such
    /// name a driver.
    fn of_scheme(scheme: &str) -> Option<(Self, bool)> {
        let scheme = scheme.to_ascii_lowercase();
        let base = match scheme.split_once('+') {
            Some((base, _)) => base,
            None => &scheme,
        };
        Some(match base {
            "amqp" | "celery" => (Self::Amqp, false),
            "amqps" => (Self::Amqp, true),
            "ldap" => (Self::Ldap, false),
            "ldaps" => (Self::Ldap, true),
            "mongodb" => (Self::MongoDb, false),
            "mysql" | "mariadb" => (Self::MySql, false),
            "postgres" | "postgresql" | "cockroachdb" => (Self::PostgreSql, false),
            "redis" => (Self::Redis, false),
            "rediss" => (Self::Redis, true),
            "smtp" => (Self::Smtp, false),
            "smtps" => (Self::Smtp, true),
            "ssh" => (Self::Ssh, false),
            _ => return None,
        })
    }

    /// Ports as IANA has them, or as their servers do.
    const fn port(self, tls: bool) -> u16 {
        match (self, tls) {
            (Self::Amqp, false) => 5672,
            (Self::Amqp, true) => 5671,
            (Self::Ldap, false) => 389,
            (Self::Ldap, true) => 636,
            (Self::MongoDb, _) => 27017,
            (Self::MySql, _) => 3306,
            (Self::PostgreSql, _) => 5432,
            (Self::Redis, _) => 6379,
            (Self::Smtp, false) => 587,
            (Self::Smtp, true) => 465,
            (Self::Ssh, _) => 22,
        }
    }

    /// How TLS begins where a scheme does not say that it does so with the first byte.
    const fn upgrade(self) -> Option<Tls> {
        match self {
            Self::Ldap | Self::MySql | Self::PostgreSql | Self::Smtp => Some(Tls::Upgrade),
            Self::MongoDb => Some(Tls::First),
            Self::Ssh => Some(Tls::None),
            Self::Amqp | Self::Redis => None,
        }
    }
}

/// What a named server's URL tells beside its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Server {
    pub(in super::super) protocol: Protocol,
    tls: Tls,
    user: String,
    path: String,
}

/// Reads `scheme://[user@]host[:port][/path][?tls]`; `None` if the scheme is not of such a server.
/// `?tls` wants TLS on this machine, too.
///
/// # Errors
///
/// What is wrong with it, in words that do not quote it.
pub(in super::super) fn server(text: &str) -> Option<Result<(Target, Server), String>> {
    let (scheme, rest) = text.split_once("://")?;
    let (protocol, first) = Protocol::of_scheme(scheme)?;
    Some(named(protocol, first, rest))
}

fn named(protocol: Protocol, first: bool, rest: &str) -> Result<(Target, Server), String> {
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    if !matches!(query, "" | "tls") || rest.chars().any(char::is_control) || rest.contains('#') {
        return Err("after the path stands nothing but ?tls".into());
    }
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    if user.contains(':') {
        return Err("a password is never an argument: user@host is enough".into());
    }
    let has_port = host
        .rsplit_once(':')
        .is_some_and(|(_, port)| !port.contains(']'));
    let at = if has_port {
        host.to_owned()
    } else {
        format!("{host}:{}", protocol.port(first))
    };
    let mut target = Target::of(&format!("https://{at}"))
        .ok_or("scheme://host, and a user, a port and a path if they are needed")?;
    let tls = match protocol.upgrade() {
        _ if first => Tls::First,
        Some(how) if query == "tls" || !target.is_here() => how,
        None if query == "tls" || !target.is_here() => {
            return Err(
                "without TLS only a server on this machine is asked: amqps or rediss is needed"
                    .into(),
            );
        }
        _ => Tls::None,
    };
    target.tls = tls != Tls::None;
    let text = |part: &str| decoded(part).ok_or("a part of it is not text");
    Ok((
        target,
        Server {
            protocol,
            tls,
            user: text(user)?,
            path: text(path)?,
        },
    ))
}

/// A login that is to be tried. Its `Debug` shows no secret.
pub struct Login {
    /// What the server speaks.
    pub protocol: Protocol,
    /// When TLS begins.
    pub tls: Tls,
    /// Where it is.
    pub target: Target,
    /// Who logs in; empty for the server's default user.
    pub user: String,
    /// The password.
    pub secret: Secret,
    /// Database, virtual host, or where users are kept; empty for the default.
    pub path: String,
    /// The login as it may be shown.
    pub shown: Shown,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shown.fmt(f)
    }
}

impl Login {
    /// Whom a server would lock out; nobody is for a key.
    pub(in super::super) fn account(&self) -> Option<(Protocol, &str, u16, &str)> {
        let target = &self.target;
        let account = (self.protocol, &*target.host, target.port, &*self.user);
        (self.protocol != Protocol::Ssh).then_some(account)
    }

    /// The password, if it is text.
    pub(super) fn text(&self) -> Option<&str> {
        std::str::from_utf8(self.secret.expose()).ok()
    }
}

/// The login for a finding; `None` if it is not of such a server.
///
/// # Errors
///
/// Why none is tried.
pub(in super::super) fn plan(
    finding: &Finding,
    endpoints: &Endpoints,
) -> Option<Result<Login, Unchecked>> {
    let found = Found::of(finding)?;
    Some(found.and_then(|found| found.login(endpoints)))
}

/// What the text tells of a login.
struct Found {
    protocol: Protocol,
    user: String,
    host: String,
    path: String,
    secret: Secret,
}

impl Found {
    fn of(finding: &Finding) -> Option<Result<Self, Unchecked>> {
        let secret = finding.credential.secret.expose();
        if finding.pattern.id == "private-key.pem" {
            return Some(Ok(Self {
                protocol: Protocol::Ssh,
                user: String::new(),
                host: String::new(),
                path: String::new(),
                secret: finding.credential.secret.clone(),
            }));
        }
        let beside = finding.credential.parts.iter();
        let url = beside
            .clone()
            .find(|(name, _)| *name == BESIDE_URL)
            .and_then(|(_, url)| std::str::from_utf8(url.expose()).ok());
        let Some(url) = url else {
            // Where the URL could not be read, its protocol is not known either.
            return None;
        };
        let (scheme, rest) = url.split_once("://")?;
        let (protocol, _) = Protocol::of_scheme(scheme)?;
        if protocol == Protocol::Ssh {
            // Nobody proves who an SSH server is: it would be told the password.
            let why = "a password is not told to a server of SSH, only keys are tried";
            return Some(Err(Unchecked::Unfit(why.into())));
        }
        let rest = &rest[..rest.find(['?', '#']).unwrap_or(rest.len())];
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
        let secret = match finding.pattern.id {
            "postgresql.pgpass" => unescaped(secret),
            "redis.acl-password" | "postfix.sasl-password" => secret.to_vec(),
            _ => percent_decoded(secret),
        };
        let unfit = || Unchecked::Unfit("what stands beside it is not text".into());
        let read = || {
            Ok(Self {
                protocol,
                user: decoded(user).ok_or_else(unfit)?,
                host: host_of(host).to_ascii_lowercase(),
                path: decoded(path).ok_or_else(unfit)?,
                secret: Secret::new(&secret),
            })
        };
        Some(read())
    }

    fn login(self, endpoints: &Endpoints) -> Result<Login, Unchecked> {
        let provider = self.protocol.provider();
        let endpoint = endpoints.get(provider);
        let Some((endpoint, server)) = endpoint.and_then(|e| Some((e, e.server()?))) else {
            return Err(Unchecked::NoEndpoint(provider));
        };
        if server.protocol != self.protocol {
            return Err(Unchecked::NoEndpoint(provider));
        }
        // A password of one server is no business of another.
        let target = endpoint.target();
        if is_elsewhere(&self.host, &target.host) {
            return Err(Unchecked::OtherServer);
        }
        let or = |own: String, named: &str| {
            if own.is_empty() {
                named.to_owned()
            } else {
                own
            }
        };
        let (user, path) = (or(self.user, &server.user), or(self.path, &server.path));
        if user.is_empty() && self.protocol != Protocol::Redis {
            return Err(Unchecked::NoPart("user".into()));
        }
        if user.contains('\0') || path.contains('\0') || self.secret.expose().contains(&0) {
            return Err(Unchecked::Unfit("it holds a zero byte".into()));
        }
        if self.secret.expose().is_empty() {
            return Err(Unchecked::Unfit("it is empty".into()));
        }
        let what = if self.protocol == Protocol::Ssh {
            "key"
        } else {
            "password"
        };
        let line = shown_line(endpoint, self.protocol, &user);
        Ok(Login {
            protocol: self.protocol,
            tls: server.tls,
            target: target.clone(),
            user,
            secret: self.secret,
            path,
            shown: Shown {
                line,
                headers: vec![(what.into(), MASK.into())],
                body: None,
            },
        })
    }
}

fn shown_line(endpoint: &Endpoint, protocol: Protocol, user: &str) -> String {
    let target = endpoint.target();
    let (host, port) = (&target.host, target.port);
    let name = protocol.provider();
    if user.is_empty() {
        format!("LOGIN {name}://{host}:{port}")
    } else {
        format!("LOGIN {name}://{host}:{port} as {user}")
    }
}

/// Whether a text names another server than the user did. Names without a dot are of a private network
/// (`db`, `localhost`): the user says which one is meant.
fn is_elsewhere(in_text: &str, named: &str) -> bool {
    let whole = in_text.contains('.') || in_text.starts_with('[');
    let written = !in_text.contains(['$', '{', '}', '%', '<', '>']);
    whole && written && in_text != named
}

/// Without its port.
fn host_of(authority: &str) -> &str {
    // Several servers of one database: the first stands for all.
    let one = authority.split(',').next().unwrap_or_default();
    match one.rfind(':') {
        Some(at) if !one[at..].contains(']') => &one[..at],
        _ => one,
    }
}

/// RFC 3986, section 2.1. What is no code stays as it is.
fn percent_decoded(text: &[u8]) -> Vec<u8> {
    let digit = |at: usize| text.get(at).and_then(|b| char::from(*b).to_digit(16));
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        match (text[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
            }
            (byte, _, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}

fn decoded(text: &str) -> Option<String> {
    String::from_utf8(percent_decoded(text.as_bytes())).ok()
}

/// Of a password file of PostgreSQL, where `\` stands before `:` and `\`.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => out.extend(bytes.next()),
            _ => out.push(*byte),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_that_can_be_named() {
        let local = |text| server(text).map(|s| s.map(|(t, s)| (t.host, t.port, s.tls)));
        let ok = |host: &str, port, tls| Some(Some((host.to_owned(), port, tls)));
        for (text, want) in [
            (
                "postgres://db.example.org",
                ok("db.example.org", 5432, Tls::Upgrade),
            ),
            (
                "postgresql://app@db.example.org:6432/main",
                ok("db.example.org", 6432, Tls::Upgrade),
            ),
            ("postgres://localhost", ok("localhost", 5432, Tls::None)),
            (
                "postgres://localhost/?tls",
                ok("localhost", 5432, Tls::Upgrade),
            ),
            ("mysql://[::1]:1", ok("[::1]", 1, Tls::None)),
            (
                "rediss://cache.example.org",
                ok("cache.example.org", 6379, Tls::First),
            ),
            (
                "mongodb://db.example.org",
                ok("db.example.org", 27017, Tls::First),
            ),
            (
                "ldaps://dir.example.org",
                ok("dir.example.org", 636, Tls::First),
            ),
            (
                "smtp://mail.example.org",
                ok("mail.example.org", 587, Tls::Upgrade),
            ),
            ("redis://cache.example.org", Some(None)),
            ("amqp://10.0.0.1", Some(None)),
            (
                concat!("postgres://app:", "word@db.example.org"),
                Some(None),
            ),
            ("postgres://db.example.org?sslmode=disable", Some(None)),
            ("postgres://", Some(None)),
            ("https://example.org", None),
            ("ftp://example.org", None),
        ] {
            assert_eq!(local(text).map(Result::ok), want, "{text}");
        }
    }

    #[test]
    fn a_text_that_names_another_server_is_not_asked_here() {
        for (in_text, named, elsewhere) in [
            ("db.example.org", "db.example.org", false),
            ("db.example.org", "db2.example.org", true),
            ("10.0.0.1", "127.0.0.1", true),
            ("db", "db.example.org", false),
            ("localhost", "127.0.0.1", false),
            ("${HOST}.example.org", "db.example.org", false),
            ("", "db.example.org", false),
        ] {
            assert_eq!(is_elsewhere(in_text, named), elsewhere, "{in_text} {named}");
        }
        assert_eq!(host_of("a.example:5432,b.example:5432"), "a.example");
        assert_eq!(host_of("[::1]:5432"), "[::1]");
    }

    #[test]
    fn what_is_coded_is_decoded_once() {
        assert_eq!(percent_decoded(b"a%40b%2525%zz%"), b"a@b%25%zz%");
        assert_eq!(unescaped(br"a\:b\\c"), br"a:b\c");
    }
}
