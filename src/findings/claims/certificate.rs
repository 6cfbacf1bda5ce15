//! A certificate's days and serial number, as far as they are needed beside its key: RFC 5280, section
//! 4.1. Nothing is verified.

use std::fmt::Write as _;

use crate::base::time_of;
use crate::detect::patterns::base64;

/// The longest certificate that is read, in bytes of its text.
const MOST: usize = 64 << 10;

/// What a certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Not valid before, in seconds since 1970-01-01 UTC.
    pub begins: i64,
    /// Not valid after, likewise.
    pub ends: i64,
    /// Its serial number, in hex.
    pub serial: String,
    /// What tells its public key from others: the modulus, or the point.
    pub public: Vec<u8>,
}

impl Certificate {
    /// Whether a private key, in DER or in whatever holds that, is of this certificate, as far as it says so:
    /// keys of RSA and most of elliptic curves hold their public half.
    pub fn is_of(&self, key: &[u8]) -> bool {
        self.public.len() >= 32 && memchr::memmem::find(key, &self.public).is_some()
    }
}

/// The first certificate in a text: of a chain, the one that belongs to the key.
pub fn certificate(text: &[u8]) -> Option<Certificate> {
    const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
    let start = memchr::memmem::find(text, BEGIN)? + BEGIN.len();
    let rest = &text[start..text.len().min(start + MOST)];
    let der = decoded(&rest[..memchr::memmem::find(rest, b"-----END")?])?;
    let (_, certificate, _) = element(&der)?;
    let (_, signed, _) = element(certificate)?;
    let mut rest = signed;
    let (mut tag, mut value, after) = element(rest)?;
    if tag == 0xa0 {
        // The version.
        (tag, value, rest) = element(after)?;
    } else {
        rest = after;
    }
    let serial = (tag == 0x02).then_some(value)?;
    for _ in 0..2 {
        // The algorithm and the issuer.
        rest = element(rest)?.2;
    }
    let (_, validity, after) = element(rest)?;
    let public = public(after).unwrap_or_default();
    let (begin_tag, begins, rest) = element(validity)?;
    let (end_tag, ends, _) = element(rest)?;
    let mut hex = String::new();
    for byte in serial.iter().take(40) {
        let _ = write!(hex, "{byte:02x}");
    }
    Some(Certificate {
        begins: time(begin_tag, begins)?,
        ends: time(end_tag, ends)?,
        serial: hex,
        public,
    })
}

/// Of what comes behind the validity: the subject, then the public key.
fn public(rest: &[u8]) -> Option<Vec<u8>> {
    let (_, info, _) = element(element(rest)?.2)?;
    let (tag, bits, _) = element(element(info)?.2)?;
    let key = bits.get(1..).filter(|_| tag == 0x03)?;
    let of_rsa = || {
        let (tag, inner, after) = element(key)?;
        let (_, modulus, _) = element(inner)?;
        // Of an integer that would be negative the first byte is 0.
        let zeros = usize::from(modulus.first() == Some(&0));
        (tag == 0x30 && after.is_empty()).then(|| modulus[zeros..].to_vec())
    };
    Some(of_rsa().unwrap_or_else(|| key.to_vec()))
}

/// The DER of a key in PEM, or of what stands between its first and its last line.
pub fn key_der(pem: &[u8]) -> Option<Vec<u8>> {
    const HEAD: &[u8] = b"KEY-----";
    let begin = memchr::memmem::find(pem, HEAD).map_or(0, |at| at + HEAD.len());
    let rest = &pem[begin..];
    decoded(&rest[..memchr::memmem::find(rest, b"-----END").unwrap_or(rest.len())])
}

/// What the lines of a PEM body stand for.
fn decoded(body: &[u8]) -> Option<Vec<u8>> {
    let all = body.iter().copied();
    let digits: Vec<u8> = all.filter(|b| !b.is_ascii_whitespace()).collect();
    base64(&digits)
}

/// The first element of DER: its tag, its content, what comes behind it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = if *first < 0x80 {
        (usize::from(*first), rest)
    } else {
        let count = usize::from(first & 0x7f);
        let digits = rest.get(..count).filter(|_| (1..=4).contains(&count))?;
        let length = digits.iter().fold(0usize, |n, b| n << 8 | usize::from(*b));
        (length, &rest[count..])
    };
    Some((*tag, rest.get(..length)?, &rest[length..]))
}

/// `UTCTime` (of 1950 to 2049) or `GeneralizedTime`.
fn time(tag: u8, value: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(value).ok().filter(|t| t.is_ascii())?;
    let text = match tag {
        0x17 if text.len() == 13 => {
            let century = if text < "50" { "20" } else { "19" };
            format!("{century}{text}")
        }
        0x18 if text.len() == 15 => text.to_owned(),
        _ => return None,
    };
    let spelled = format!(
        "{}-{}-{}T{}:{}:{}Z",
        &text[..4],
        &text[4..6],
        &text[6..8],
        &text[8..10],
        &text[10..12],
        &text[12..14]
    );
    time_of(&spelled).map(|t| t.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `openssl req -x509 -newkey ec ... -days 397 -set_serial 0x1234abcd`; the key is gone.
    const MADE: &str = "-----BEGIN CERTIFICATE-----
MIIBbTCCAROgAwIBAgIEEjSrzTAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAl4Lmlu
dmFsaWQwHhcNMjYxMTI4MTEyOTU2WhcNMjcxMjMwMTEyOTU2WjAUMRIwEAYDVQQD
DAl4LmludmFsaWQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQcY2PCtGa0FqZO
Fc2qEDz4DnU3fGGIBuqbxVeFlspcp7ZtNLqUhYfD+ewqnf+FT3dZ1AetQYsX8D4r
D5LOqGzzo1MwUTAdBgNVHQ4EFgQU5x1YelPYhrZPJMH2uuE2WfYkgacwHwYDVR0j
BBgwFoAU5x1YelPYhrZPJMH2uuE2WfYkgacwDwYDVR0TAQH/BAUwAwEB/zAKBggq
hkjOPQQDAgNIADBFAiBzEAvmIGcjuc+eQIN5CpECTPGM4JtrmmDYBLUR0zo8JwIh
AMpaM0KKbr1f9K9zRsfBPmF8lSnmUxqkjf61wK8qPPoc
-----END CERTIFICATE-----
";

    #[test]
    fn days_and_serial_as_openssl_tells_them() {
        let told = certificate(MADE.as_bytes()).expect("it is one");
        // `openssl x509 -noout -dates -serial`
        assert_eq!((told.begins, told.ends), (1_795_865_396, 1_830_166_196));
        assert_eq!(told.serial, "1234abcd");
    }

    #[test]
    fn damage_is_none() {
        for cut in (0..MADE.len()).step_by(7) {
            let text = format!("{}-----END", &MADE[..cut]);
            let told = certificate(text.as_bytes());
            assert!(told.is_none_or(|c| c.serial == "1234abcd"), "{cut}");
        }
        assert_eq!(
            certificate(b"-----BEGIN CERTIFICATE-----MIIBbTCCAROgAwIBAgIE-----END"),
            None
        );
    }
}
