//! Alphabets and codes that credentials are written in: base 62, 64 and 32, CRC-16 and CRC-32.

pub(super) const BASE62: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

pub(super) const BASE62_LOWER: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";

pub(super) const STD: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub(super) const URL: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

pub(super) const BASE32: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// CRC-32 (IEEE 802.3), as in zlib.
pub(super) fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = crc >> 1 ^ (0xedb8_8320 & 0u32.wrapping_sub(crc & 1));
        }
    }
    !crc
}

/// CRC-16 with the polynomial 0x1021 and start 0 (XMODEM).
pub(super) fn crc16(bytes: &[u8]) -> u16 {
    let mut crc = 0u16;
    for byte in bytes {
        crc ^= u16::from(*byte) << 8;
        for _ in 0..8 {
            crc = if crc & 0x8000 == 0 {
                crc << 1
            } else {
                crc << 1 ^ 0x1021
            };
        }
    }
    crc
}

/// The low `len` digits of a number, padded with the alphabet's zero.
pub(super) fn digits(mut number: u32, alphabet: &[u8], len: usize) -> Vec<u8> {
    let base = alphabet.len() as u32;
    let mut out = vec![alphabet[0]; len];
    for slot in out.iter_mut().rev() {
        *slot = alphabet[(number % base) as usize];
        number /= base;
    }
    out
}

/// Decodes base64 in the standard or the URL alphabet, padded or not.
pub fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let end = text.iter().rposition(|b| *b != b'=').map_or(0, |i| i + 1);
    let (text, padding) = (&text[..end], text.len() - end);
    if padding > 2 || text.len() % 4 == 1 {
        return None;
    }
    let mut out = Vec::with_capacity(text.len() * 3 / 4 + 2);
    let (mut bits, mut held) = (0u32, 0);
    for byte in text {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
        }
    }
    Some(out)
}

/// What base64 of eight characters and more says, if that is printable ASCII.
pub fn base64_text(text: &[u8]) -> Option<Vec<u8>> {
    let told = (text.len() >= 8).then(|| base64(text))??;
    told.iter()
        .all(|b| matches!(b, b' '..=b'~'))
        .then_some(told)
}

pub(super) fn encode(bytes: &[u8], alphabet: &[u8], pad: bool) -> String {
    let mut out = String::new();
    for group in bytes.chunks(3) {
        let n = group.iter().fold(0u32, |n, b| n << 8 | u32::from(*b)) << (8 * (3 - group.len()));
        for i in 0..4 {
            if i <= group.len() {
                out.push(char::from(alphabet[(n >> (18 - 6 * i) & 63) as usize]));
            } else if pad {
                out.push('=');
            }
        }
    }
    out
}

pub(super) fn base32(text: &[u8]) -> Option<Vec<u8>> {
    let (mut bits, mut held, mut out) = (0u32, 0, Vec::new());
    for byte in text {
        let value = BASE32.iter().position(|b| b == byte)? as u32;
        bits = bits << 5 | value;
        held += 5;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crc_known_answers() {
        // The check values of the CRC catalogue (RevEng) for "123456789".
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc16(b"123456789"), 0x31c3);
        assert_eq!(digits(0xcbf4_3926, BASE62, 6), b"3jZRME".as_slice());
    }

    #[test]
    fn base64_vectors_of_rfc_4648() {
        for (plain, coded) in [
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(coded.as_bytes()).as_deref(), Some(plain.as_bytes()));
            assert_eq!(encode(plain.as_bytes(), STD, true), coded);
        }
        assert_eq!(base64(b"Zm9vYmFy!"), None);
        assert_eq!(base64(b"A"), None);
    }
}
