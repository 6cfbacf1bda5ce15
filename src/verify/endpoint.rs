//! Where calls go to: hosts, and servers that the user named.

use std::collections::BTreeMap;
use std::fmt;

use super::servers::{Server, server};

/// Scheme, host and port of a URL.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Target {
    /// Whether it is over TLS.
    pub tls: bool,
    /// The host, in lower case; an address of IPv6 in brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl Target {
    /// Of a URL, if it is one with a host that is written plainly: no user, no odd characters.
    pub fn of(url: &str) -> Option<Self> {
        let (tls, rest) = match url.strip_prefix("https://") {
            Some(rest) => (true, rest),
            None => (false, url.strip_prefix("http://")?),
        };
        let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
        let (host, port) = match authority.strip_prefix('[') {
            Some(rest) => {
                let (address, port) = rest.split_once(']')?;
                let v6 = address.parse::<std::net::Ipv6Addr>().ok()?;
                (format!("[{v6}]"), port.strip_prefix(':'))
            }
            None => match authority.split_once(':') {
                Some((host, port)) => (host.to_ascii_lowercase(), Some(port)),
                None => (authority.to_ascii_lowercase(), None),
            },
        };
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.');
        let is_name = host.starts_with('[')
            || !host.is_empty() && host.bytes().all(plain) && !host.starts_with(['-', '.']);
        let port = match port {
            None => Some(if tls { 443 } else { 80 }),
            Some(digits) => {
                let all = digits.bytes().all(|b| b.is_ascii_digit());
                digits.parse().ok().filter(|p| *p > 0 && all)
            }
        };
        is_name.then_some(())?;
        Some(Self {
            tls,
            host,
            port: port?,
        })
    }

    /// Whether it is over TLS at the port that everybody uses.
    pub fn is_plain(&self) -> bool {
        self.tls && self.port == 443
    }

    /// The `Host` header of calls to it.
    pub fn host_header(&self) -> String {
        match (self.tls, self.port) {
            (true, 443) | (false, 80) => self.host.clone(),
            (_, port) => format!("{}:{port}", self.host),
        }
    }

    /// Its URL without a path.
    pub fn origin(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.host_header())
    }
}

/// A server that the user named for a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    target: Target,
    base: String,
    server: Option<Server>,
}

impl Endpoint {
    /// Reads `https://host[:port][/path]`, plain `http` for servers on this machine, or the URL of a
    /// server that does not speak HTTP: `postgres://user@host:port/database`.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in words that do not quote it.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(named) = server(text) {
            let (target, server) = named?;
            return Ok(Self {
                target,
                base: text.to_owned(),
                server: Some(server),
            });
        }
        let target =
            Target::of(text).ok_or("https://host, a port and a path if they are needed")?;
        if !target.tls && !target.is_here() {
            return Err("without TLS only a server on this machine is asked".into());
        }
        if text.contains(['?', '#', ' ']) || text.chars().any(char::is_control) {
            return Err("no query and no fragment: calls have their own".into());
        }
        let base = text.trim_end_matches('/').to_owned();
        Ok(Self {
            target,
            base,
            server: None,
        })
    }

    /// What it is, if it does not speak HTTP.
    pub(super) fn server(&self) -> Option<&Server> {
        self.server.as_ref()
    }

    /// Where it is.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The URL that calls are appended to.
    pub fn base(&self) -> &str {
        &self.base
    }
}

impl Target {
    /// Whether it names this machine.
    pub fn is_here(&self) -> bool {
        let inner = self.host.trim_start_matches('[').trim_end_matches(']');
        let address = inner.parse::<std::net::IpAddr>();
        self.host == "localhost" || address.is_ok_and(|a| a.is_loopback())
    }
}

/// The servers that the user named, by provider.
pub type Endpoints = BTreeMap<String, Endpoint>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_hosts_are_read() {
        for (url, want) in [
            ("https://api.example.com/x", Some("https://api.example.com")),
            ("https://API.Example.com", Some("https://api.example.com")),
            (
                "https://api.example.com:443/x",
                Some("https://api.example.com"),
            ),
            (
                "https://api.example.com:8443/x",
                Some("https://api.example.com:8443"),
            ),
            ("http://127.0.0.1:80", Some("http://127.0.0.1")),
            ("https://[::1]:1/", Some("https://[::1]:1")),
            ("https://user@api.example.com/", None),
            ("https://api.example.com\\@evil.example/", None),
            ("https://api.example.com:x/", None),
            ("https://api.example.com:0/", None),
            ("https://api.example.com:+1/", None),
            ("https:///x", None),
            ("https://.example.com", None),
            ("https://ex%61mple.com", None),
            ("https://b\u{fc}cher.example", None),
            ("ftp://example.com", None),
            ("//example.com", None),
        ] {
            let told = Target::of(url).map(|t| t.to_string());
            assert_eq!(told.as_deref(), want, "{url}");
        }
    }

    #[test]
    fn servers_that_can_be_named() {
        for (text, good) in [
            ("https://git.example.org", true),
            ("https://git.example.org/gitlab/", true),
            ("https://10.0.0.1:8443", true),
            ("http://localhost:8080", true),
            ("http://127.0.0.1", true),
            ("http://git.example.org", false),
            ("http://localhost.example.org", false),
            ("https://git.example.org/?x", false),
            ("git.example.org", false),
        ] {
            assert_eq!(Endpoint::parse(text).is_ok(), good, "{text}");
        }
    }
}
