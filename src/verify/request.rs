//! What is sent, and how it is written: as it is, and with every secret masked.

use std::fmt;

use super::Unchecked;
use super::endpoint::{Endpoint, Target};
use super::identity::Identity;
use super::sign;
use crate::base::{Secret, base64, second_of};
use crate::detect::patterns::{BodyKind, CLOCK, Call, Piece, Sign, Verifier, pieces};

/// How a secret is written where calls are shown.
pub(super) const MASK: &str = "........";

/// One call, filled in. Its `Debug` shows no secret.
pub struct Request {
    /// `GET`, `POST`, ...
    pub method: &'static str,
    /// Where to.
    pub target: Target,
    /// The URL.
    pub url: String,
    /// Names in lower case, and what they hold.
    pub headers: Vec<(String, String)>,
    /// What is sent; `None` if nothing is.
    pub body: Option<String>,
    /// The certificate that is shown to the server.
    pub identity: Option<Identity>,
    /// The same as it may be shown.
    pub shown: Shown,
}

/// A call as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// `GET https://...`.
    pub line: String,
    /// Headers, in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<String>,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shown.fmt(f)
    }
}

/// What places are filled with: a name, what it is, and how it is shown.
#[derive(Clone, Debug, Default)]
pub struct Values {
    all: Vec<(String, Secret, String)>,
}

impl Values {
    /// Adds what a name stands for. `shown` is how it is written where calls are shown.
    pub fn put(&mut self, name: &str, value: Secret, shown: &str) {
        self.all.retain(|(n, _, _)| n != name);
        self.all.push((name.to_owned(), value, shown.to_owned()));
    }

    fn get(&self, name: &str, real: bool) -> Result<&str, Unchecked> {
        let found = self.all.iter().find(|(n, _, _)| n == name);
        let Some((_, value, shown)) = found else {
            return Err(Unchecked::NoPart(name.to_owned()));
        };
        if !real {
            return Ok(shown);
        }
        std::str::from_utf8(value.expose())
            .map_err(|_| Unchecked::Unfit("it is not text".to_owned()))
    }
}

/// How what is filled in is written.
#[derive(Clone, Copy)]
enum Way {
    Url,
    Form,
    Json,
    Header,
    Raw,
}

/// Fills in a call. `now` is the time that signatures hold, in seconds since 1970-01-01 UTC.
///
/// # Errors
///
/// Why it cannot be made: a part that is not there, a host that is none of the provider's.
pub fn fill(
    verifier: &Verifier,
    call: &Call,
    values: &Values,
    endpoint: Option<&Endpoint>,
    now: i64,
) -> Result<Request, Unchecked> {
    let mut values = values.clone();
    clock(&mut values, now)?;
    signature(call, &mut values, now)?;
    let values = &values;
    // A server that does not speak HTTP is none for this.
    let endpoint = endpoint.filter(|e| e.server().is_none());
    let (target, url) = address(verifier, call, values, endpoint)?;
    let mut headers = Vec::new();
    let mut shown_headers = Vec::new();
    for (name, template) in call.headers {
        headers.push((
            (*name).to_owned(),
            filled(template, values, Way::Header, true)?,
        ));
        shown_headers.push((
            (*name).to_owned(),
            filled(template, values, Way::Header, false)?,
        ));
    }
    if !call.basic.is_empty() {
        let pair = filled(call.basic, values, Way::Raw, true)?;
        headers.push((
            "authorization".into(),
            format!("Basic {}", base64(pair.as_bytes())),
        ));
        shown_headers.push(("authorization".into(), format!("Basic {MASK}")));
    }
    let (body, shown_body) = match call.body_kind {
        BodyKind::None => (None, None),
        kind => {
            let (way, of_type) = match kind {
                BodyKind::Json => (Way::Json, "application/json"),
                _ => (Way::Form, "application/x-www-form-urlencoded"),
            };
            if !headers.iter().any(|(name, _)| name == "content-type") {
                headers.push(("content-type".into(), of_type.into()));
                shown_headers.push(("content-type".into(), of_type.into()));
            }
            (
                Some(filled(call.body, values, way, true)?),
                Some(filled(call.body, values, way, false)?),
            )
        }
    };
    let mut request = Request {
        method: call.method,
        shown: Shown {
            line: String::new(),
            headers: shown_headers,
            body: shown_body,
        },
        target,
        url,
        headers,
        body,
        identity: None,
    };
    // Made of the same pieces, so what it names is there.
    let line = shown_address(call, values, endpoint, verifier)?;
    request.shown.line = format!("{} {line}", call.method);
    let with = |name: &str| of(call, values, name);
    match call.sign {
        Sign::None | Sign::Hmac | Sign::JwtRs256 => {}
        Sign::ClientCertificate => show(&mut request, call, values)?,
        Sign::AzureSharedKey => {
            let (account, key) = (with("account")?, with("key")?);
            let with = sign::Shared {
                account: &account,
                key: &key,
                now,
            };
            if !sign::shared_key(&mut request, &with) {
                return Err(Unchecked::Unfit("its key is no base64".into()));
            }
        }
        Sign::AwsSigV4 => {
            let token = call.with.iter().any(|(n, _)| *n == "token");
            // A token is sent if one was found: without one the pair may be a lasting one.
            let token = if token { with("token").ok() } else { None };
            sign::aws(
                &mut request,
                &sign::Aws {
                    id: &with("id")?,
                    key: &with("key")?,
                    token: token.as_deref(),
                    region: &with("region")?,
                    service: &with("service")?,
                    now,
                },
            );
        }
    }
    Ok(request)
}

/// Adds the certificate that is shown to the server.
fn show(request: &mut Request, call: &Call, values: &Values) -> Result<(), Unchecked> {
    if !request.target.tls {
        return Err(Unchecked::Unfit(
            "a certificate is shown over TLS only".into(),
        ));
    }
    let certificate = of(call, values, "certificate")?;
    let made = Identity::of(&certificate, &of(call, values, "key")?);
    request.identity = Some(made.map_err(|why| Unchecked::Unfit(why.into()))?);
    let told = ("TLS certificate".to_owned(), MASK.to_owned());
    request.shown.headers.push(told);
    Ok(())
}

/// Adds the time and a number that is used once.
fn clock(values: &mut Values, now: i64) -> Result<(), Unchecked> {
    let nonce = sign::nonce().ok_or_else(|| Unchecked::Unfit("no random number".into()))?;
    let all = [
        now.to_string(),
        (now * 1_000).to_string(),
        format!("{}Z", second_of(now)),
        sign::http_date(now),
        sign::mail_date(now),
        sign::basic_date(now),
        (now + 60).to_string(),
        nonce,
    ];
    for (name, value) in CLOCK.iter().zip(all) {
        values.put(name, Secret::new(value.as_bytes()), &format!("<{name}>"));
    }
    Ok(())
}

/// Adds the signature that the declaration places itself, if it has one.
fn signature(call: &Call, values: &mut Values, now: i64) -> Result<(), Unchecked> {
    let with = |name: &str| of(call, values, name);
    let made = match call.sign {
        Sign::Hmac => sign::hmac(&sign::Hmac {
            hash: &with("hash")?,
            form: &with("form")?,
            key_form: &with("key form")?,
            key: &with("key")?,
            key_of: &with("key of")?,
            text: &with("text")?,
            quoted: &made_of(call, values, "quoted", Way::Form)?,
            digest: &with("digest")?,
        }),
        Sign::JwtRs256 => sign::jwt(&sign::Claims {
            key: &with("key")?,
            key_id: &with("key id")?,
            issuer: &with("issuer")?,
            audience: &with("audience")?,
            subject: &with("subject")?,
            scope: &with("scope")?,
            now,
        }),
        Sign::None | Sign::AwsSigV4 | Sign::AzureSharedKey | Sign::ClientCertificate => {
            return Ok(());
        }
    };
    let made = made.ok_or_else(|| Unchecked::Unfit("its key cannot sign".into()))?;
    if let Some(name) = call.sign.makes() {
        values.put(name, Secret::new(made.as_bytes()), MASK);
    }
    Ok(())
}

/// What a signature is made of; nothing of what is not given.
fn of(call: &Call, values: &Values, name: &str) -> Result<String, Unchecked> {
    made_of(call, values, name, Way::Raw)
}

fn made_of(call: &Call, values: &Values, name: &str, way: Way) -> Result<String, Unchecked> {
    let template = call.with.iter().find(|(n, _)| *n == name);
    let template = template.map_or("", |(_, template)| template);
    filled(template, values, way, true)
}

/// The finished URL and what it leads to: a host of the verifier's, or what the user named.
fn address(
    verifier: &Verifier,
    call: &Call,
    values: &Values,
    endpoint: Option<&Endpoint>,
) -> Result<(Target, String), Unchecked> {
    if call.url.starts_with("{+") {
        // An earlier answer told it: it leads to a host that is named, or to the server that the user named.
        let url = filled(call.url, values, Way::Url, true)?;
        let target = Target::of(&url).ok_or(Unchecked::Host)?;
        let named = endpoint.is_some_and(|e| *e.target() == target);
        let declared = target.is_plain() && verifier.allows(&target.host);
        return match endpoint {
            _ if named => Ok((target, url)),
            _ if !declared => Err(Unchecked::Host),
            // The secret itself is a URL of its provider: the server that the user named stands for it.
            Some(endpoint) if !is_told(verifier, call) => {
                let rest = &url[host_end(&url)..];
                let url = format!("{}{rest}", endpoint.base());
                Ok((endpoint.target().clone(), url))
            }
            _ => Ok((target, url)),
        };
    }
    let (path, declared) = if call.url.starts_with('/') {
        let path = filled(call.url, values, Way::Url, true)?;
        (path, None)
    } else {
        let url = filled(call.url, values, Way::Url, true)?;
        let target = Target::of(&url).ok_or(Unchecked::Host)?;
        // A port of one's own would be another service than the one that is declared.
        if !target.is_plain() || !verifier.allows(&target.host) {
            return Err(Unchecked::Host);
        }
        let path = url[target.origin().len().min(url.len())..].to_owned();
        (path, Some((target, url)))
    };
    let path = if path.starts_with('/') {
        path
    } else {
        format!("/{path}")
    };
    if let Some(endpoint) = endpoint {
        let url = format!("{}{path}", endpoint.base());
        return Ok((endpoint.target().clone(), url));
    }
    if let Some(declared) = declared {
        return Ok(declared);
    }
    if verifier.endpoint.is_empty() {
        return Err(Unchecked::NoEndpoint(verifier.provider));
    }
    let url = format!("{}{path}", verifier.endpoint);
    let target = Target::of(&url).ok_or(Unchecked::Host)?;
    Ok((target, url))
}

/// Whether an earlier answer told the URL. Else it is the credential's own, scheme and all.
fn is_told(verifier: &Verifier, call: &Call) -> bool {
    let mut taken = verifier.calls.iter().flat_map(|call| call.take);
    taken.any(|(name, _)| call.url.starts_with(&format!("{{+{name}}}")))
}

/// Where the path of a URL begins, or its end.
fn host_end(url: &str) -> usize {
    let host = url.find("://").map_or(0, |at| at + 3);
    url[host..]
        .find(['/', '?', '#'])
        .map_or(url.len(), |at| host + at)
}

/// The same as it may be shown.
fn shown_address(
    call: &Call,
    values: &Values,
    endpoint: Option<&Endpoint>,
    verifier: &Verifier,
) -> Result<String, Unchecked> {
    let url = filled(call.url, values, Way::Raw, false)?;
    if call.url.starts_with("{+") {
        return Ok(match endpoint {
            Some(endpoint) if !is_told(verifier, call) => format!("{url} at {}", endpoint.base()),
            _ => url,
        });
    }
    let path = match url.strip_prefix("https://") {
        Some(rest) => rest.find('/').map_or("/", |i| &rest[i..]),
        None => &url,
    };
    let line = match endpoint {
        Some(endpoint) => format!("{}{path}", endpoint.base()),
        None if call.url.starts_with('/') => format!("{}{path}", verifier.endpoint),
        None => url,
    };
    Ok(line)
}

fn filled(template: &str, values: &Values, way: Way, real: bool) -> Result<String, Unchecked> {
    let mut out = String::with_capacity(template.len() + 64);
    for piece in pieces(template) {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Hole(hole) => {
                let value = values.get(hole.name, real)?;
                if real {
                    write(&mut out, value, way, hole.open)?;
                } else {
                    out.push_str(value);
                }
            }
        }
    }
    Ok(out)
}

fn write(out: &mut String, value: &str, way: Way, open: bool) -> Result<(), Unchecked> {
    let unfit = |why: &str| Err(Unchecked::Unfit(why.to_owned()));
    match way {
        Way::Raw => out.push_str(value),
        Way::Header => {
            if !value.bytes().all(|b| matches!(b, b' '..=b'~')) {
                return unfit("a header holds printable characters only");
            }
            out.push_str(value);
        }
        Way::Json => {
            let quoted = serde_json::Value::from(value).to_string();
            out.push_str(&quoted[1..quoted.len() - 1]);
        }
        Way::Url if open => {
            let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~/?=&:%,+".contains(&b);
            if !value.bytes().all(plain) || value.contains("..") {
                return unfit("it holds what may not stand in a URL");
            }
            out.push_str(value);
        }
        Way::Url | Way::Form => percent(out, value),
    }
    Ok(())
}

/// RFC 3986, section 2: whatever is not unreserved is encoded.
pub(super) fn percent(out: &mut String, text: &str) {
    use std::fmt::Write as _;
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4648, section 10.
    #[test]
    fn base64_of_the_standard() {
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }

    fn values(secret: &str) -> Values {
        let mut values = Values::default();
        values.put("secret", Secret::new(secret.as_bytes()), "ab....");
        values
    }

    #[test]
    fn what_is_filled_in_cannot_leave_its_place() {
        let fill = |template, secret, way| filled(template, &values(secret), way, true);
        for (template, secret, way, want) in [
            (
                "/a?k={secret}",
                "a&b=c/d#e?",
                Way::Url,
                Some("/a?k=a%26b%3Dc%2Fd%23e%3F"),
            ),
            ("k={secret}", "a&b", Way::Form, Some("k=a%26b")),
            (
                r#"{"k":"{secret}"}"#,
                "a\"},{\"",
                Way::Json,
                Some(r#"{"k":"a\"},{\""}"#),
            ),
            ("Bearer {secret}", "a\r\nx: y", Way::Header, None),
            (
                "https://{+secret}",
                "host/a/b?c=d",
                Way::Url,
                Some("https://host/a/b?c=d"),
            ),
            ("https://{+secret}", "me@evil.example/", Way::Url, None),
            ("https://{+secret}", "host/../b", Way::Url, None),
            ("https://{+secret}", "host\\@evil/", Way::Url, None),
            ("https://{+secret}", "host#x", Way::Url, None),
        ] {
            assert_eq!(
                fill(template, secret, way).ok().as_deref(),
                want,
                "{template} {secret}"
            );
        }
    }

    #[test]
    fn what_is_shown_holds_no_secret() {
        let shown = filled("Bearer {secret}", &values("abcdefgh"), Way::Header, false);
        assert_eq!(shown.as_deref(), Ok("Bearer ab...."));
    }
}
