//! What a signed URL says of itself: from when, until when, for what.

use crate::base::time_of;

/// The longest value that is read.
const LONGEST: usize = 200;

/// What a signed URL says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignedUrl {
    /// When it begins, in seconds since 1970-01-01 UTC, and the parameter that says so.
    pub begins: Option<(i64, &'static str)>,
    /// When it ends, likewise.
    pub ends: Option<(i64, &'static str)>,
    /// Letters of what it allows, of a shared access signature.
    pub allowed: Option<String>,
    /// Whether it is a presigned URL of AWS or of Google.
    pub is_presigned: bool,
}

/// Shared access signatures of Azure Storage (`se`, `st`, `sp`: service SAS and account SAS in
/// its REST reference) and of Service Bus (`se` in seconds: "Service Bus access control with shared
/// access signatures"), and presigned URLs: `X-Amz-Date` and `X-Amz-Expires` of AWS Signature Version
/// 4, `X-Goog-...` of Cloud Storage, and those of before, which hold the second itself (Amazon S3, "Query
/// string request authentication alternative"; Cloud Storage, "V2 signing process"; Object Storage
/// Service, "Add signatures to a URL"; `CloudFront`, "Create a signed URL using a canned policy").
pub fn signed_url(line: &str) -> SignedUrl {
    let mut told = SignedUrl::default();
    let value = |name: &str| parameter(line, name);
    if value("sig").is_some() && value("sv").is_some() {
        let time = |name: &'static str| {
            let text = value(name)?;
            let text = if text.len() == 17 && text.ends_with('Z') {
                format!("{}:00Z", text.get(..16)?)
            } else {
                text
            };
            time_of(&text).map(|t| (t.0, name))
        };
        told.ends = time("se");
        told.begins = time("st");
        told.allowed = value("sp");
    }
    let second = |name: &str| value(name)?.parse::<i64>().ok().filter(|s| *s > 0);
    if value("sig").is_some() && value("skn").is_some() && told.ends.is_none() {
        told.ends = second("se").map(|s| (s, "se"));
    }
    let signer = [
        "AWSAccessKeyId",
        "GoogleAccessId",
        "OSSAccessKeyId",
        "Key-Pair-Id",
    ];
    if signer.iter().any(|name| value(name).is_some())
        && value("Signature").is_some()
        && let Some(end) = second("Expires")
    {
        told.ends = Some((end, "Expires"));
        told.is_presigned = true;
    }
    for (date, lasts) in [
        ("X-Amz-Date", "X-Amz-Expires"),
        ("X-Goog-Date", "X-Goog-Expires"),
    ] {
        let begin = value(date).and_then(|d| basic_time(&d));
        let seconds = value(lasts).and_then(|e| e.parse::<i64>().ok());
        if let (Some(begin), Some(seconds)) = (begin, seconds)
            && (0..=604_800).contains(&seconds)
        {
            told.ends = Some((begin.saturating_add(seconds), lasts));
            told.begins = Some((begin, date));
            told.is_presigned = true;
        }
    }
    told
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
        .filter(|v| !v.is_empty() && v.len() <= LONGEST)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_urls_say() {
        let line =
            "x \"https://a.blob.invalid/c?sv=2022-11-02&se=2027-01-31T08%3A00Z&sp=rw&sig=ab%2B\" y";
        let told = signed_url(line);
        // `date -u -d 2027-01-31T08:00Z +%s`
        assert_eq!(told.ends, Some((1_801_382_400, "se")));
        assert_eq!(told.allowed.as_deref(), Some("rw"));
        assert!(!told.is_presigned && told.begins.is_none());
        let line = "GET https://b.invalid/k?X-Goog-Date=20261124T120000Z&X-Goog-Expires=3600";
        let told = signed_url(line);
        // `date -u -d 2026-11-24T13:00:00Z +%s`
        assert_eq!(told.ends, Some((1_795_525_200, "X-Goog-Expires")));
        assert_eq!(told.begins, Some((1_795_521_600, "X-Goog-Date")));
        assert!(told.is_presigned);
        // The example of Amazon S3's page on query string authentication, its key id and signature cut.
        let line = "/photos/puppy.jpg?AWSAccessKeyId=A&Expires=1141889120&Signature=v%3D HTTP/1.1";
        let told = signed_url(line);
        assert_eq!(told.ends, Some((1_141_889_120, "Expires")));
        assert!(told.is_presigned);
        // The form of Service Bus's page, "Generate a shared access signature token".
        let line = "SharedAccessSignature sr=x&sig=ab%3D&se=1438205742&skn=KeyName";
        let told = signed_url(line);
        assert_eq!(told.ends, Some((1_438_205_742, "se")));
        assert!(!told.is_presigned);
        // Without a signature, or without who signed, it is any query.
        for line in [
            "/a?AWSAccessKeyId=A&Expires=1141889120",
            "/a?Expires=1141889120&Signature=x",
            "/a?sig=1&se=1438205742",
            "/a?Key-Pair-Id=A&Signature=x&Expires=soon",
        ] {
            assert_eq!(signed_url(line), SignedUrl::default(), "{line}");
        }
        assert_eq!(basic_time("2026112XT120000Z"), None);
        assert_eq!(signed_url("sig=1&se=2027-01-31"), SignedUrl::default());
    }
}
