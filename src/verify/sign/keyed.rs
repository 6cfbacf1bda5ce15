//! Calls that carry the HMAC of a text that the declaration puts together.

use std::fmt::Write as _;

use ring::hmac as mac;

use crate::base::base64;
use crate::detect::patterns::base64 as decoded;

/// What a signature is made of.
pub(in crate::verify) struct Hmac<'a> {
    /// `sha1`, `sha256`, `sha384` or `sha512`; empty for `sha256`.
    pub(in crate::verify) hash: &'a str,
    /// `hex` or `base64`; empty for `hex`.
    pub(in crate::verify) form: &'a str,
    /// How the key is written: `text`, or `base64` for the bytes that it stands for; empty for `text`.
    pub(in crate::verify) key_form: &'a str,
    pub(in crate::verify) key: &'a str,
    pub(in crate::verify) text: &'a str,
}

/// The signature (RFC 2104); `None` if the key is not written as it should be.
pub(in crate::verify) fn hmac(with: &Hmac<'_>) -> Option<String> {
    let algorithm = match with.hash {
        "sha1" => mac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        "sha384" => mac::HMAC_SHA384,
        "sha512" => mac::HMAC_SHA512,
        _ => mac::HMAC_SHA256,
    };
    let key = match with.key_form {
        "base64" => decoded(with.key.as_bytes())?,
        _ => with.key.as_bytes().to_vec(),
    };
    let tag = mac::sign(&mac::Key::new(algorithm, &key), with.text.as_bytes());
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
        for (hash, want) in [
            (
                "sha256",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                "",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
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
                });
                assert_eq!(made.as_deref(), Some(want), "{hash} {key_form}");
            }
        }
        // `printf 'what do ya want for nothing?' | openssl dgst -sha256 -hmac Jefe -binary | base64`
        let made = hmac(&Hmac {
            hash: "sha256",
            form: "base64",
            key_form: "text",
            key: "Jefe",
            text,
        });
        assert_eq!(
            made.as_deref(),
            Some("W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=")
        );
        // The example of BitMEX's page on API keys: `GET`, the path and the second at which it ends.
        let published = "chNOOS4KvNXR _Xq4k4c9qsfo KWvnDecLATCR lcBwyKDYnWgO".replace(' ', "");
        let made = hmac(&Hmac {
            hash: "",
            form: "",
            key_form: "",
            key: &published,
            text: "GET/api/v1/instrument1518064236",
        });
        assert_eq!(
            made.as_deref(),
            Some("c7682d435d0cfe87c16098df34ef2eb5a549d4c5a3c2b1f0f77b8af73423bf00")
        );
        let none = hmac(&Hmac {
            hash: "",
            form: "",
            key_form: "base64",
            key: "no base64!",
            text,
        });
        assert_eq!(none, None);
    }
}
