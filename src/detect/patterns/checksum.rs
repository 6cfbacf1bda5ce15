//! Checksums and inner structure of credentials: what lets a token prove that it is one.
//!
//! Each variant can verify a secret and complete a sampled one, so that examples are right. The
//! little decoders beside it serve the build script too, which is why they are not crates.

use super::bech32;
use super::coding::{
    BASE32, BASE62, BASE62_LOWER, STD, URL, base32, base64, crc16, crc32, digits, encode,
};
use super::sample::Sampler;

/// What is verified of a secret. `docs/patterns.md` holds the table for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Checksum {
    /// Nothing.
    None,
    /// GitHub's scheme: the last six are the CRC-32 of the characters between the prefix and
    /// them, in base 62.
    Crc32Base62,
    /// GitLab's routable tokens: the last seven are the CRC-32 of all before them, in base 36.
    Crc32Base36,
    /// Grafana's: the last eight are the CRC-32, in hex, of all before the last `_`.
    Crc32Hex,
    /// Atlassian's: the last eight are the CRC-32, in upper-case hex, of all before them.
    Crc32HexUpper,
    /// Bech32 (BIP 173), in either case.
    Bech32,
    /// NATS nkeys: base 32, a known prefix byte, CRC-16 (XMODEM) at the end.
    Nkey,
    /// A macaroon: base64url of packets, the first of which is the version and a location.
    Macaroon,
    /// A JSON web token: header and payload decode to JSON objects, the header names `alg`.
    Jwt,
    /// Base64 of a JSON web token: header and payload decode to JSON objects.
    JwtBase64,
    /// Base64 of `user:password`, as in HTTP basic authentication.
    BasicAuth,
    /// What follows the prefix (up to its last `_`, or `eyJ`) decodes to a JSON object.
    Base64Json,
    /// Base64 of exactly 64 bytes.
    Base64Of64,
    /// Discord: the first part decodes to the decimal digits of a user's id.
    Discord,
    /// JFrog: decodes to `reftkn:` and more.
    JfrogReference,
    /// Version and variant bits of a random UUID.
    Uuid4,
}

impl Checksum {
    /// Its word in pattern files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Crc32Base62 => "crc32-base62-6",
            Self::Crc32Base36 => "crc32-base36-7",
            Self::Crc32Hex => "crc32-hex-8",
            Self::Crc32HexUpper => "crc32-hex-upper-8",
            Self::Bech32 => "bech32",
            Self::Nkey => "nkey",
            Self::Macaroon => "macaroon",
            Self::Jwt => "jwt",
            Self::JwtBase64 => "jwt-base64",
            Self::BasicAuth => "basic-auth",
            Self::Base64Json => "base64-json",
            Self::Base64Of64 => "base64-64",
            Self::Discord => "discord",
            Self::JfrogReference => "jfrog-reference",
            Self::Uuid4 => "uuid4",
        }
    }

    const ALL: [Self; 16] = [
        Self::None,
        Self::Crc32Base62,
        Self::Crc32Base36,
        Self::Crc32Hex,
        Self::Crc32HexUpper,
        Self::Bech32,
        Self::Nkey,
        Self::Macaroon,
        Self::Jwt,
        Self::JwtBase64,
        Self::BasicAuth,
        Self::Base64Json,
        Self::Base64Of64,
        Self::Discord,
        Self::JfrogReference,
        Self::Uuid4,
    ];

    /// The one with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.word() == word)
    }

    /// All words, for messages.
    pub fn words() -> Vec<&'static str> {
        Self::ALL.iter().map(|c| c.word()).collect()
    }

    /// Its variant's name, for generated source.
    pub fn variant(self) -> String {
        format!("{self:?}")
    }

    /// Whether passing it is proof: a random string of the same shape passes less than once in
    /// 60,000.
    pub fn proves(self) -> bool {
        !matches!(self, Self::None | Self::Uuid4 | Self::Base64Of64)
    }

    /// Whether `secret` passes. `None` passes everything.
    pub fn holds(self, secret: &[u8]) -> bool {
        match self {
            Self::None => true,
            Self::Crc32Base62 => split_tail(secret, 6).is_some_and(|(head, tail)| {
                let body = after_last(head, b'_');
                tail == digits(crc32(body), BASE62, 6).as_slice()
            }),
            Self::Crc32Base36 => split_tail(secret, 7)
                .is_some_and(|(head, tail)| tail == digits(crc32(head), BASE62_LOWER, 7)),
            Self::Crc32Hex => split_tail(secret, 9).is_some_and(|(head, tail)| {
                tail[0] == b'_' && tail[1..] == *format!("{:08x}", crc32(head)).as_bytes()
            }),
            Self::Crc32HexUpper => split_tail(secret, 8)
                .is_some_and(|(head, tail)| tail == format!("{:08X}", crc32(head)).as_bytes()),
            Self::Bech32 => bech32::holds(secret),
            Self::Nkey => nkey_holds(secret),
            Self::Macaroon => macaroon_holds(secret),
            Self::Jwt => jwt_holds(secret),
            Self::BasicAuth => base64(secret).is_some_and(|pair| {
                let password = pair.splitn(2, |b| *b == b':').nth(1);
                password.is_some_and(|p| p.len() >= 3) && pair.iter().all(u8::is_ascii_graphic)
            }),
            Self::JwtBase64 => base64(secret).is_some_and(|token| {
                let mut parts = token.split(|b| *b == b'.');
                let object = |part: Option<&[u8]>| {
                    part.and_then(base64)
                        .is_some_and(|json| is_json_object(&json))
                };
                object(parts.next()) && object(parts.next()) && parts.next().is_some()
            }),
            Self::Base64Json => json_bodies(secret)
                .into_iter()
                .any(|body| base64(body).is_some_and(|bytes| is_json_object(&bytes))),
            Self::Base64Of64 => base64(secret).is_some_and(|bytes| bytes.len() == 64),
            Self::Discord => {
                let first = secret.split(|b| *b == b'.').next().unwrap_or_default();
                base64(first).is_some_and(|id| {
                    (15..=20).contains(&id.len()) && id.iter().all(u8::is_ascii_digit)
                })
            }
            Self::JfrogReference => base64(secret).is_some_and(|b| b.starts_with(b"reftkn:")),
            Self::Uuid4 => {
                secret.len() == 36
                    && secret[14] == b'4'
                    && matches!(secret[19], b'8' | b'9' | b'a' | b'b' | b'A' | b'B')
            }
        }
    }

    /// Makes a sampled secret pass, keeping its shape as far as the checksum allows.
    #[expect(clippy::too_many_lines, reason = "one checksum after the other")]
    pub fn complete(self, mut secret: Vec<u8>, sampler: &mut Sampler) -> Vec<u8> {
        let len = secret.len();
        match self {
            Self::None => {}
            Self::Crc32Base62 => {
                let sum = digits(crc32(after_last(&secret[..len - 6], b'_')), BASE62, 6);
                secret[len - 6..].copy_from_slice(&sum);
            }
            Self::Crc32Base36 => {
                let sum = digits(crc32(&secret[..len - 7]), BASE62_LOWER, 7);
                secret[len - 7..].copy_from_slice(&sum);
            }
            Self::Crc32Hex => {
                let sum = format!("{:08x}", crc32(&secret[..len - 9]));
                secret[len - 8..].copy_from_slice(sum.as_bytes());
            }
            Self::Crc32HexUpper => {
                let sum = format!("{:08X}", crc32(&secret[..len - 8]));
                secret[len - 8..].copy_from_slice(sum.as_bytes());
            }
            Self::Bech32 => bech32::complete(&mut secret),
            Self::Nkey => nkey_complete(&mut secret),
            Self::Macaroon => {
                let at = prefix_len(&secret, b"pypi-");
                // The sampled prefix spells the location: version, field, length, name.
                let whole = at + (len - at) / 4 * 4;
                let mut bytes = base64(&secret[at..whole]).unwrap_or_default();
                let location = bytes.get(2).map_or(0, |n| usize::from(*n));
                bytes.truncate(3 + location);
                bytes.extend_from_slice(&[2, 36]);
                bytes.extend((0..36).map(|_| sampler.pick(b"0123456789abcdef")));
                let want = (len - at).max(100) * 3 / 4;
                while bytes.len() < want {
                    bytes.push(sampler.below(256) as u8);
                }
                secret.truncate(at);
                secret.extend_from_slice(encode(&bytes, URL, false).as_bytes());
            }
            Self::Jwt => {
                let at = find(&secret, b"eyJ").unwrap_or(0);
                secret.truncate(at);
                let subject = sampler.word(12);
                let payload = format!("{{\"sub\":\"{subject}\",\"iat\":1767225600}}");
                secret.extend_from_slice(
                    encode(b"{\"alg\":\"HS256\",\"typ\":\"JWT\"}", URL, false).as_bytes(),
                );
                secret.push(b'.');
                secret.extend_from_slice(encode(payload.as_bytes(), URL, false).as_bytes());
                secret.push(b'.');
                secret.extend((0..43).map(|_| sampler.pick(URL)));
            }
            Self::BasicAuth => {
                let pair = format!("{}:{}", sampler.word(6), sampler.word(11));
                secret = encode(pair.as_bytes(), STD, true).into_bytes();
            }
            Self::JwtBase64 => {
                let token = Self::Jwt.complete(b"eyJ".to_vec(), sampler);
                secret = encode(&token, URL, false).into_bytes();
            }
            Self::Base64Json => {
                let at = find(&secret, b"eyJ").unwrap_or(0);
                // Behind a last `_` stands a signature, in some forms.
                let tail = secret
                    .iter()
                    .rposition(|b| *b == b'_')
                    .filter(|i| *i > at + 40);
                let tail = tail.map_or(Vec::new(), |i| secret[i..].to_vec());
                let groups = (len - at - tail.len()).div_ceil(4);
                let opening = opening_key(&secret[at..]);
                let frame = opening.len() + 7;
                let value = sampler.word((groups * 3).saturating_sub(frame));
                let json = format!("{{\"{opening}\":\"{value}\"}}");
                secret.truncate(at);
                secret.extend_from_slice(encode(json.as_bytes(), STD, false).as_bytes());
                secret.extend(tail);
            }
            Self::Base64Of64 => {
                let bytes: Vec<u8> = (0..64).map(|_| sampler.below(256) as u8).collect();
                secret = encode(&bytes, STD, true).into_bytes();
            }
            Self::Discord => {
                let first = secret.iter().position(|b| *b == b'.').unwrap_or(24);
                let mut id = vec![b'1' + sampler.below(9) as u8];
                while id.len() < (first * 3 / 4).clamp(17, 20) {
                    id.push(b'0' + sampler.below(10) as u8);
                }
                let told = encode(&id, URL, false);
                secret.splice(..first, told.into_bytes());
            }
            Self::JfrogReference => {
                let word = sampler.word(48 - 17);
                secret = encode(
                    format!("reftkn:01:0000000000:{}", &word[..27]).as_bytes(),
                    STD,
                    false,
                )
                .into_bytes();
            }
            Self::Uuid4 => {
                secret[14] = b'4';
                secret[19] = sampler.pick(b"89ab");
            }
        }
        secret
    }
}

fn split_tail(secret: &[u8], tail: usize) -> Option<(&[u8], &[u8])> {
    (secret.len() > tail).then(|| secret.split_at(secret.len() - tail))
}

fn after_last(bytes: &[u8], byte: u8) -> &[u8] {
    bytes.rsplit(|b| *b == byte).next().unwrap_or(bytes)
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|w| w == what)
}

fn prefix_len(text: &[u8], prefix: &[u8]) -> usize {
    if text.starts_with(prefix) {
        prefix.len()
    } else {
        0
    }
}

fn is_json_object(bytes: &[u8]) -> bool {
    let text = bytes.trim_ascii();
    text.first() == Some(&b'{')
        && text.last() == Some(&b'}')
        && std::str::from_utf8(text).is_ok()
        && text.contains(&b':')
}

/// What may be the base64 part of a token that wraps JSON: from its `eyJ` on, up to a `.`, the
/// first or the last `_`, or its end.
fn json_bodies(secret: &[u8]) -> [&[u8]; 3] {
    let body = &secret[find(secret, b"eyJ").unwrap_or(0)..];
    let end = |at: Option<usize>| &body[..at.unwrap_or(body.len())];
    [
        end(body.iter().position(|b| matches!(b, b'_' | b'.'))),
        end(body.iter().rposition(|b| *b == b'_')),
        body,
    ]
}

/// The first key of a JSON object whose base64 begins like this, as far as it can be read.
fn opening_key(body: &[u8]) -> String {
    let whole = body.len() / 4 * 4;
    let bytes = base64(&body[..whole.min(24)]).unwrap_or_default();
    let text: String = bytes
        .iter()
        .skip(2)
        .take_while(|b| b.is_ascii_lowercase())
        .map(|b| char::from(*b))
        .collect();
    if text.is_empty() { "key".into() } else { text }
}

fn jwt_holds(secret: &[u8]) -> bool {
    let at = find(secret, b"eyJ").unwrap_or(0);
    let mut parts = secret[at..].split(|b| *b == b'.');
    let (Some(header), Some(payload)) = (parts.next(), parts.next()) else {
        return false;
    };
    base64(header).is_some_and(|h| is_json_object(&h) && find(&h, b"\"alg\"").is_some())
        && base64(payload).is_some_and(|p| is_json_object(&p) || p.trim_ascii() == b"{}")
}

fn macaroon_holds(secret: &[u8]) -> bool {
    let at = prefix_len(secret, b"pypi-");
    let Some(bytes) = base64(&secret[at..]) else {
        return false;
    };
    // Version 2: 02, then field 1 (location) with its length, then field 2 (identifier).
    match bytes.as_slice() {
        [2, 1, len, rest @ ..] => {
            let len = usize::from(*len);
            rest.len() > len && rest[..len].iter().all(u8::is_ascii_graphic) && rest[len] == 2
        }
        _ => false,
    }
}

fn nkey_holds(secret: &[u8]) -> bool {
    let Some(bytes) = base32(secret) else {
        return false;
    };
    let Some((body, sum)) = split_tail(&bytes, 2) else {
        return false;
    };
    crc16(body).to_le_bytes() == sum
}

fn nkey_complete(secret: &mut [u8]) {
    // 58 characters are 36 bytes and two bits; the last two bytes are the sum.
    let Some(mut bytes) = base32(secret) else {
        return;
    };
    let len = bytes.len();
    let sum = crc16(&bytes[..len - 2]).to_le_bytes();
    bytes[len - 2..].copy_from_slice(&sum);
    let (mut bits, mut held, mut at) = (0u32, 0, 0);
    for byte in bytes {
        bits = bits << 8 | u32::from(byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            secret[at] = BASE32[(bits >> held & 31) as usize];
            at += 1;
        }
    }
    if at < secret.len() {
        secret[at] = BASE32[(bits << (5 - held) & 31) as usize];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_jwt_of_rfc_7519_holds_and_words_do_not() {
        // RFC 7519, section 3.1: header and payload; the signature is not looked at.
        let header = encode(b"{\"typ\":\"JWT\",\r\n \"alg\":\"HS256\"}", URL, false);
        let payload = encode(b"{\"iss\":\"joe\",\r\n \"exp\":1300819380}", URL, false);
        assert!(Checksum::Jwt.holds(format!("{header}.{payload}.c2ln").as_bytes()));
        assert!(!Checksum::Jwt.holds(format!("eyJhbGci.{payload}.c2ln").as_bytes()));
        assert!(!Checksum::Jwt.holds(b"eyJ"));
    }
}
