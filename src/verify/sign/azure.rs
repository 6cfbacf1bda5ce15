//! Shared Key of Azure Storage, version 2015-02-21 and later (Microsoft, "Authorize with Shared Key":
//! blob, queue and file services).

use super::clock::http_date;
use super::keyed::{Hmac, hmac};
use crate::verify::request::{MASK, Request};

/// The version of the service that is asked.
const VERSION: &str = "2021-08-06";
/// The headers that have a line of their own, in order; `Content-Length` is empty if it is nothing.
const LINES: &[&str] = &[
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
];

/// What a signature is made of.
pub(in crate::verify) struct Shared<'a> {
    pub(in crate::verify) account: &'a str,
    /// In base64.
    pub(in crate::verify) key: &'a str,
    /// Seconds since 1970-01-01 UTC.
    pub(in crate::verify) now: i64,
}

/// Signs a request without a body; false if the key is not base64.
pub(in crate::verify) fn shared_key(request: &mut Request, with: &Shared<'_>) -> bool {
    for (name, value) in [
        ("x-ms-date", &*http_date(with.now)),
        ("x-ms-version", VERSION),
    ] {
        request.headers.push((name.to_owned(), value.to_owned()));
        let shown = (name.to_owned(), value.to_owned());
        request.shown.headers.push(shown);
    }
    let text = string_to_sign(request, with.account);
    let signature = hmac(&Hmac {
        hash: "sha256",
        form: "base64",
        key_form: "base64",
        key: with.key,
        text: &text,
        ..Hmac::default()
    });
    let Some(signature) = signature else {
        return false;
    };
    let told = |account: &str, signature: &str| {
        (
            "authorization".to_owned(),
            format!("SharedKey {account}:{signature}"),
        )
    };
    request.headers.push(told(with.account, &signature));
    request.shown.headers.push(told(MASK, MASK));
    true
}

fn string_to_sign(request: &Request, account: &str) -> String {
    let mut lines = vec![request.method.to_owned()];
    let of = |name: &&str| {
        let found = request.headers.iter().find(|(n, _)| n == *name);
        found.map_or(String::new(), |(_, value)| value.clone())
    };
    lines.extend(LINES.iter().map(of));
    let mut own: Vec<String> = request
        .headers
        .iter()
        .filter(|(name, _)| name.starts_with("x-ms-"))
        .map(|(name, value)| format!("{name}:{}", value.trim()))
        .collect();
    own.sort();
    lines.extend(own);
    let rest = request.url.split_once("://").map_or("", |(_, rest)| rest);
    let path = rest.find(['/', '?']).map_or("/", |i| &rest[i..]);
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    lines.push(format!(
        "/{account}{}",
        if path.is_empty() { "/" } else { path }
    ));
    let mut pairs: Vec<String> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            format!("{}:{value}", name.to_ascii_lowercase())
        })
        .collect();
    pairs.sort();
    lines.extend(pairs);
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::endpoint::Target;
    use crate::verify::request::Shown;

    fn request(url: &str, headers: &[(&str, &str)]) -> Request {
        Request {
            method: "GET",
            target: Target::of(url).unwrap(),
            url: url.to_owned(),
            headers: headers
                .iter()
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                .collect(),
            body: None,
            identity: None,
            shown: Shown {
                line: String::new(),
                headers: Vec::new(),
                body: None,
            },
        }
    }

    /// The string that Microsoft's page shows: a container's metadata.
    #[test]
    fn strings_that_microsoft_published() {
        let date = ("x-ms-date", "Fri, 26 Jun 2015 23:39:12 GMT");
        let one = request(
            "https://myaccount.blob.core.windows.net/mycontainer?restype=container&comp=metadata&timeout=20",
            &[date, ("x-ms-version", "2015-02-21")],
        );
        assert_eq!(
            string_to_sign(&one, "myaccount"),
            "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\n\
             x-ms-version:2015-02-21\n/myaccount/mycontainer\ncomp:metadata\nrestype:container\n\
             timeout:20"
        );
        // What the emulator says that it signed (AzureStorageExplorer, issue 3776): there the path holds
        // the account, too.
        let all = request(
            "http://127.0.0.1:10000/devstoreaccount1/?comp=list&include=metadata",
            &[
                ("x-ms-date", "Mon, 16 Nov 2020 08:46:39 GMT"),
                ("x-ms-client-request-id", "c7b3f9b3"),
                ("x-ms-version", "2019-07-07"),
            ],
        );
        assert_eq!(
            string_to_sign(&all, "devstoreaccount1"),
            "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-client-request-id:c7b3f9b3\n\
             x-ms-date:Mon, 16 Nov 2020 08:46:39 GMT\nx-ms-version:2019-07-07\n\
             /devstoreaccount1/devstoreaccount1/\ncomp:list\ninclude:metadata"
        );
    }

    #[test]
    fn the_signature_stands_in_the_header_and_nowhere_else() {
        let mut all = request("https://myaccount.blob.core.windows.net/?comp=list", &[]);
        let with = Shared {
            account: "myaccount",
            key: "SmVmZQ==",
            // `date -u -d '2015-06-26 23:39:12' +%s`
            now: 1_435_361_952,
        };
        assert!(shared_key(&mut all, &with));
        // printf 'GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\n
        // x-ms-version:2021-08-06\n/myaccount/\ncomp:list' | openssl dgst -sha256 -hmac Jefe -binary | base64
        let want = "MlCm79XEwl/oq0F+5VbhzON2VVaG3RLI8QH6rkKFLuw=";
        let (_, told) = all.headers.last().unwrap();
        assert_eq!(*told, format!("SharedKey myaccount:{want}"));
        assert!(!format!("{all:?}").contains(want));
        let bad = Shared {
            key: "no base64!",
            ..with
        };
        assert!(!shared_key(&mut all, &bad));
    }
}
