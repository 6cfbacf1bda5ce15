//! AWS Signature Version 4.

use std::fmt::Write as _;

use ring::digest;
use ring::hmac as mac;

use super::keyed::hex;
use crate::base::second_of;
use crate::verify::request::{MASK, Request};

/// What AWS Signature Version 4 is made of.
pub(in crate::verify) struct Aws<'a> {
    pub(in crate::verify) id: &'a str,
    pub(in crate::verify) key: &'a str,
    /// The session token of a temporary pair.
    pub(in crate::verify) token: Option<&'a str>,
    pub(in crate::verify) region: &'a str,
    pub(in crate::verify) service: &'a str,
    /// Seconds since 1970-01-01 UTC.
    pub(in crate::verify) now: i64,
}

/// Signs a request as AWS does (Signature Version 4, AWS documentation, "Create a signed AWS API
/// request"): all headers that it has, its host and the time.
pub(in crate::verify) fn aws(request: &mut Request, with: &Aws<'_>) {
    let time: String = second_of(with.now)
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect();
    let (time, day) = (format!("{time}Z"), time[..8].to_owned());
    let mut add = |name: &str, value: &str, shown: &str| {
        request.headers.push((name.to_owned(), value.to_owned()));
        let shown = (name.to_owned(), shown.to_owned());
        request.shown.headers.push(shown);
    };
    add("x-amz-date", &time, &time);
    if let Some(token) = with.token {
        add("x-amz-security-token", token, MASK);
    }
    let mut headers: Vec<(String, String)> = request.headers.clone();
    headers.push(("host".into(), request.target.host_header()));
    headers.sort();
    let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
    let names = names.join(";");
    let lines: String = headers
        .iter()
        .fold(String::new(), |mut out, (name, value)| {
            let words: Vec<&str> = value.split_whitespace().collect();
            let _ = writeln!(out, "{name}:{}", words.join(" "));
            out
        });
    let (path, query) = path_and_query(&request.url);
    let body = request.body.as_deref().unwrap_or_default();
    let canonical = format!(
        "{}\n{path}\n{query}\n{lines}\n{names}\n{}",
        request.method,
        hex(digest::digest(&digest::SHA256, body.as_bytes()).as_ref())
    );
    let scope = format!("{day}/{}/{}/aws4_request", with.region, with.service);
    let hashed = hex(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref());
    let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{hashed}");
    let mut key = hmac_of(format!("AWS4{}", with.key).as_bytes(), day.as_bytes());
    for part in [with.region, with.service, "aws4_request"] {
        key = hmac_of(key.as_ref(), part.as_bytes());
    }
    let signature = hex(hmac_of(key.as_ref(), to_sign.as_bytes()).as_ref());
    let head = format!("AWS4-HMAC-SHA256 Credential={}/{scope}", with.id);
    let signed = format!("{head}, SignedHeaders={names}, Signature={signature}");
    request.headers.push(("authorization".into(), signed));
    let shown = format!("AWS4-HMAC-SHA256 Credential={MASK}/{scope}, Signature={MASK}");
    request.shown.headers.push(("authorization".into(), shown));
}

/// Path and sorted query of a URL whose parts are percent-encoded already.
fn path_and_query(url: &str) -> (String, String) {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let inner = rest.find(['/', '?']).map_or("/", |i| &rest[i..]);
    let (path, query) = inner.split_once('?').unwrap_or((inner, ""));
    let path = if path.is_empty() { "/" } else { path };
    let mut pairs: Vec<String> = query
        .split('&')
        .filter(|p| !p.is_empty())
        .map(|p| {
            if p.contains('=') {
                p.to_owned()
            } else {
                format!("{p}=")
            }
        })
        .collect();
    pairs.sort();
    (path.to_owned(), pairs.join("&"))
}

fn hmac_of(key: &[u8], text: &[u8]) -> mac::Tag {
    mac::sign(&mac::Key::new(mac::HMAC_SHA256, key), text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::endpoint::Target;
    use crate::verify::request::Shown;

    fn request(method: &'static str, url: &str, headers: &[(&str, &str)], body: &str) -> Request {
        Request {
            method,
            target: Target::of(url).unwrap(),
            url: url.to_owned(),
            headers: headers
                .iter()
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                .collect(),
            body: (!body.is_empty()).then(|| body.to_owned()),
            identity: None,
            shown: Shown {
                line: String::new(),
                headers: Vec::new(),
                body: None,
            },
        }
    }

    /// The vectors of the test suite that AWS publishes for Signature Version 4 (`get-vanilla`,
    /// `get-vanilla-query-order-key-case`, `post-x-www-form-urlencoded`), and the example of its
    /// documentation (IAM, `ListUsers`).
    #[test]
    fn vectors_that_aws_published() {
        let key = concat!("wJalrXUtnFEMI/K7MDENG", "+bPxRfiCYEXAMPLEKEY");
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let utf8 = [(
            "content-type",
            "application/x-www-form-urlencoded; charset=utf-8",
        )];
        for (service, mut request, want) in [
            (
                "service",
                request("GET", "https://example.amazonaws.com/", &[], ""),
                "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
            ),
            (
                "service",
                request(
                    "GET",
                    "https://example.amazonaws.com/?Param2=value2&Param1=value1",
                    &[],
                    "",
                ),
                "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            ),
            (
                "service",
                request(
                    "POST",
                    "https://example.amazonaws.com/",
                    &form,
                    "Param1=value1",
                ),
                "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
            ),
            (
                "iam",
                request(
                    "GET",
                    "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08",
                    &utf8,
                    "",
                ),
                "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
            ),
        ] {
            aws(
                &mut request,
                &Aws {
                    id: "AKIDEXAMPLE",
                    key,
                    token: None,
                    region: "us-east-1",
                    service,
                    // `date -u -d 2015-08-30T12:36:00Z +%s`
                    now: 1_440_938_160,
                },
            );
            let (_, signed) = request.headers.last().unwrap();
            assert!(signed.ends_with(&format!("Signature={want}")), "{signed}");
            let shown = format!("{request:?}");
            assert!(
                !shown.contains(want) && !shown.contains("EXAMPLEKEY"),
                "{shown}"
            );
        }
    }
}
