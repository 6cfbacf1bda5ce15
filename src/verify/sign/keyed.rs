//! Calls that carry the HMAC of a text that the declaration puts together.

use std::fmt::Write as _;

use ring::{digest, hmac as mac};

use crate::base::base64;
use crate::detect::patterns::base64 as decoded;
use crate::verify::request::percent;

/// What a signature is made of.
#[derive(Default)]
pub(in crate::verify) struct Hmac<'a> {
    /// `sha1`, `sha256`, `sha384` or `sha512`; empty for `sha256`.
    pub(in crate::verify) hash: &'a str,
    /// `hex` or `base64`; empty for `hex`.
    pub(in crate::verify) form: &'a str,
    /// How the key is written: `text`, or `base64` for the bytes that it stands for; empty for `text`.
    pub(in crate::verify) key_form: &'a str,
    pub(in crate::verify) key: &'a str,
    /// If it is not empty, the key is the signature of this, in base64.
    pub(in crate::verify) key_of: &'a str,
    pub(in crate::verify) text: &'a str,
    /// Stands behind the text, percent-encoded.
    pub(in crate::verify) quoted: &'a str,
    /// If it is not empty, the bytes of its SHA-256 stand behind that.
    pub(in crate::verify) digest: &'a str,
}

/// The signature (RFC 2104); `None` if the key is not written as it should be.
pub(in crate::verify) fn hmac(with: &Hmac<'_>) -> Option<String> {
    let algorithm = match with.hash {
        "sha1" => mac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        "sha384" => mac::HMAC_SHA384,
        "sha512" => mac::HMAC_SHA512,
        _ => mac::HMAC_SHA256,
    };
    let sign = |key: &[u8], text: &[u8]| mac::sign(&mac::Key::new(algorithm, key), text);
    let mut key = match with.key_form {
        "base64" => decoded(with.key.as_bytes())?,
        _ => with.key.as_bytes().to_vec(),
    };
    if !with.key_of.is_empty() {
        key = base64(sign(&key, with.key_of.as_bytes()).as_ref()).into_bytes();
    }
    let mut text = with.text.to_owned();
    percent(&mut text, with.quoted);
    let mut text = text.into_bytes();
    if !with.digest.is_empty() {
        let hashed = digest::digest(&digest::SHA256, with.digest.as_bytes());
        text.extend_from_slice(hashed.as_ref());
    }
    let tag = sign(&key, &text);
    Some(match with.form {
        "base64" => base64(tag.as_ref()),
        _ => hex(tag.as_ref()),
    })
}

/// In lower case.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test case 2 (SHA-2), and RFC 2202, test case 2 (SHA-1).
    #[test]
    fn vectors_of_the_standards() {
        let text = "what do ya want for nothing?";
        let sha256 = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        for (hash, want) in [
            ("sha256", sha256),
            ("", sha256),
            (
                "sha384",
                "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
            ),
            (
                "sha512",
                "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
            ),
            ("sha1", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
        ] {
            for (key, key_form) in [("Jefe", "text"), ("SmVmZQ==", "base64")] {
                let made = hmac(&Hmac {
                    hash,
                    form: "hex",
                    key_form,
                    key,
                    text,
                    ..Hmac::default()
                });
                assert_eq!(made.as_deref(), Some(want), "{hash} {key_form}");
            }
        }
        // `printf 'what do ya want for nothing?' | openssl dgst -sha256 -hmac Jefe -binary | base64`
        let made = hmac(&Hmac {
            form: "base64",
            key: "Jefe",
            text,
            ..Hmac::default()
        });
        assert_eq!(
            made.as_deref(),
            Some("W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=")
        );
        let none = hmac(&Hmac {
            key_form: "base64",
            key: "no base64!",
            text,
            ..Hmac::default()
        });
        assert_eq!(none, None);
    }

    /// What providers show in their documentation. Keys are cut by blanks here.
    #[test]
    fn vectors_of_providers() {
        let whole = |cut: &str| cut.replace(' ', "");
        // BitMEX's page on API keys: `GET`, the path and the second at which it ends.
        let made = hmac(&Hmac {
            key: &whole("chNOOS4KvNXR _Xq4k4c9qsfo KWvnDecLATCR lcBwyKDYnWgO"),
            text: "GET/api/v1/instrument1518064236",
            ..Hmac::default()
        });
        let want = "c7682d435d0cfe87c16098df34ef2eb5a549d4c5a3c2b1f0f77b8af73423bf00";
        assert_eq!(made.as_deref(), Some(want));
        // Duo's documentation of its Auth API, Authentication.
        let made = hmac(&Hmac {
            hash: "sha1",
            key: &whole("Zh5eGmUq9z pfQnyUIu5O L9iWoMMv5Z Nmk3zLJ4Ep"),
            text: "Tue, 21 Aug 2012 17:29:18 -0000\nPOST\napi-xxxxxxxx.duosecurity.com\n/accounts/v1/account/list\nrealname=First%20Last&username=root",
            ..Hmac::default()
        });
        let want = "2d97d6166319781b5a3a07af39d366f491234edc";
        assert_eq!(made.as_deref(), Some(want));
        // Kraken's documentation, Spot REST authentication: the digest is of the nonce and of the form.
        let made = hmac(&Hmac {
            hash: "sha512",
            form: "base64",
            key_form: "base64",
            key: &whole(
                "kQH5HW/8p1uGOVjbgWA7 FunAmGO8lsSUXNsu3eow 76sz84Q18fWxnyRzBHCd 3pd5nE9qa99HAZtuZuj6 F1huXg==",
            ),
            text: "/0/private/AddOrder",
            digest: "1616492376594nonce=1616492376594&ordertype=limit&pair=XBTUSD&price=37500&type=buy&volume=1.25",
            ..Hmac::default()
        });
        let want = "4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0nmbRn6H8ndwLUQ==";
        assert_eq!(made.as_deref(), Some(want));
        // Alibaba Cloud's documentation of signatures of the RPC style, the example of DescribeRegions.
        let made = hmac(&Hmac {
            hash: "sha1",
            form: "base64",
            key: "testsecret&",
            text: "GET&%2F&",
            quoted: "AccessKeyId=testid&Action=DescribeRegions&Format=XML&SignatureMethod=HMAC-SHA1&SignatureNonce=3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf&SignatureVersion=1.0&Timestamp=2016-02-23T12%3A46%3A24Z&Version=2014-05-26",
            ..Hmac::default()
        });
        assert_eq!(made.as_deref(), Some("OLeaidS1JvxuMvnyHOwuJ+uX5qY="));
        // The first of the test data that Akamai's clients share: a plain GET.
        let made = hmac(&Hmac {
            form: "base64",
            key: &format!("{}=", "x".repeat(43)),
            key_of: "20140321T19:34:21+0000",
            text: "GET\thttps\takaa-baseurl-xxxxxxxxxxx-xxxxxxxxxxxxx.luna.akamaiapis.net\t/\t\t\tEG1-HMAC-SHA256 client_token=akab-client-token-xxx-xxxxxxxxxxxxxxxx;access_token=akab-access-token-xxx-xxxxxxxxxxxxxxxx;timestamp=20140321T19:34:21+0000;nonce=nonce-xx-xxxx-xxxx-xxxx-xxxxxxxxxxxx;",
            ..Hmac::default()
        });
        let want = "tL+y4hxyHxgWVD30X3pWnGKHcPzmrIF+LThiAOhMxYU=";
        assert_eq!(made.as_deref(), Some(want));
    }
}
