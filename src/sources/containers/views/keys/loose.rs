//! Files that are a key themselves, and other stores of keys and passwords, told by their first bytes.

use super::ber::{INTEGER, Item, OCTETS, OID, SEQUENCE, head};

/// What the algorithm of a private key may be, by its object identifier.
const ALGORITHMS: [&[u8]; 8] = [
    // RSA, RSA-PSS.
    b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01",
    b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a",
    // DSA, Diffie-Hellman of PKCS #3.
    b"\x2a\x86\x48\xce\x38\x04\x01",
    b"\x2a\x86\x48\x86\xf7\x0d\x01\x03\x01",
    // Elliptic curves; Ed25519, Ed448, X25519.
    b"\x2a\x86\x48\xce\x3d\x02\x01",
    b"\x2b\x65\x70",
    b"\x2b\x65\x71",
    b"\x2b\x65\x6e",
];

/// What an encrypted private key's algorithm begins with: PKCS #5, and the ciphers of PKCS #12.
const CIPHERS: [&[u8]; 2] = [
    b"\x2a\x86\x48\x86\xf7\x0d\x01\x05",
    b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01",
];

/// Whether bytes begin as a private key in PKCS #8 does (RFC 5958).
pub(super) fn is_pkcs8(start: &[u8]) -> bool {
    let inner = inside(start, b"\x02\x01\x00").or_else(|| inside(start, b"\x02\x01\x01"));
    let algorithm = inner.and_then(Item::first);
    let Some((algorithm, rest)) = algorithm.filter(|(item, _)| item.tag == SEQUENCE) else {
        return false;
    };
    let id = algorithm.items().tagged(OID);
    id.is_some_and(|id| ALGORITHMS.contains(&id.body)) && rest.first() == Some(&OCTETS)
}

/// What a sequence holds behind a given begin.
fn inside<'a>(start: &'a [u8], begin: &[u8]) -> Option<&'a [u8]> {
    let (SEQUENCE, Some(_), at) = head(start)? else {
        return None;
    };
    start[at..].strip_prefix(begin)
}

/// The label that a private key in DER has in PEM, if these bytes begin one. The length that it says
/// must be that of the file, less a line break.
pub(super) fn label(start: &[u8]) -> Option<&'static str> {
    if is_pkcs8(start) {
        return Some("PRIVATE KEY");
    }
    // RSA (RFC 8017): version 0 and a modulus, which is odd and has its highest bit set behind a zero.
    if let Some(rest) = inside(start, b"\x02\x01\x00") {
        let (INTEGER, Some(length), at) = head(rest)? else {
            return None;
        };
        let is_modulus = (64..=2050).contains(&length) && rest.get(at) == Some(&0);
        return is_modulus.then_some("RSA PRIVATE KEY");
    }
    // Elliptic curves (RFC 5915): version 1 and a number as wide as the curve, then a tag of its own.
    if let Some(rest) = inside(start, b"\x02\x01\x01") {
        let (OCTETS, Some(length), at) = head(rest)? else {
            return None;
        };
        let behind = rest.get(at + length);
        let is_curve = matches!(length, 24 | 28 | 32 | 48 | 66);
        return (is_curve && matches!(behind, Some(0xa0 | 0xa1))).then_some("EC PRIVATE KEY");
    }
    let (algorithm, rest) = Item::first(inside(start, b"")?)?;
    let id = algorithm.items().tagged(OID)?;
    let is_cipher = CIPHERS.iter().any(|c| id.body.starts_with(c));
    (algorithm.tag == SEQUENCE && is_cipher && rest.first() == Some(&OCTETS))
        .then_some("ENCRYPTED PRIVATE KEY")
}

/// Whether a key in DER is all that a file holds.
pub(super) fn is_all(file: &[u8]) -> bool {
    Item::first(file).is_some_and(|(_, rest)| rest.trim_ascii().is_empty())
}

/// Whether bytes begin as a secret key packet of OpenPGP does (RFC 9580): its tag and length, a
/// version, a time, an algorithm, and the first number or curve.
pub(super) fn is_openpgp(start: &[u8]) -> bool {
    // The old form, with a length of two bytes or of four; the new one, of one byte or of two.
    let ([0x95, _, _, body @ ..]
    | [0x96, _, _, _, _, body @ ..]
    | [0xc5, 0..=191, body @ ..]
    | [0xc5, 192..=223, _, body @ ..]) = start
    else {
        return false;
    };
    match body {
        // RSA, ElGamal, DSA: how many bits its first number has, which begins with one that is set.
        [4, _, _, _, _, 1 | 2 | 3 | 16 | 17, high, low, first, ..] => {
            let bits = u16::from(*high) << 8 | u16::from(*low);
            let top = bits.wrapping_sub(1) % 8;
            (512..=16_384).contains(&bits) && *first >> top == 1
        }
        // Curves: the length of an object identifier, and what all of those in use begin with.
        // Version 6: the length of the public part comes first.
        [4, _, _, _, _, 18 | 19 | 22, 5..=10, 0x2a | 0x2b, ..]
        | [6, _, _, _, _, 1 | 18..=28, 0, 0, ..] => true,
        _ => false,
    }
}

/// A secret key in the armour of RFC 9580, section 6.
pub(super) fn armoured(packets: &[u8]) -> String {
    let sum = packets.iter().fold(0x00b7_04ce_u32, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte) << 16, |sum, _| {
            let next = sum << 1;
            if next & 0x0100_0000 == 0 {
                next
            } else {
                next ^ 0x0186_4cfb
            }
        })
    });
    let body = super::lines(packets);
    let sum = super::lines(&sum.to_be_bytes()[1..]);
    format!(
        "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n{body}={sum}-----END PGP PRIVATE KEY BLOCK-----\n"
    )
}

/// What another store begins with, and what it is called: see [`super::Known`].
pub(super) fn known(start: &[u8]) -> Option<super::Known> {
    use super::Known;
    let known = match start {
        // KeePass 1, 2 before its release, 2: its own `KdbxFile.cs`.
        [0x03, 0xd9, 0xa2, 0x9a, 0x65..=0x67, 0xfb, 0x4b, 0xb5, ..] => Known::KeePass,
        // MIT Kerberos, keytab file format, version 2.
        [0x05, 0x02, rest @ ..] if is_keytab(rest) => Known::Keytab,
        // MIT Kerberos, credential cache file format, version 4: the length of the header, and its
        // one field, a time.
        [0x05, 0x04, 0, 12, 0, 1, 0, 8, ..] => Known::Tickets,
        // Password Safe 3, formatV3.txt: a tag, 32 bytes of salt, rounds.
        [b'P', b'W', b'S', b'3', rest @ ..] if is_safe(rest) => Known::PasswordSafe,
        // Apple's keychain file: a magic, version 1.0, the length of the header.
        [b'k', b'y', b'c', b'h', 0, 1, 0, 0, 0, 0, 0, 20, ..] => Known::Keychain,
        _ => return None,
    };
    Some(known)
}

/// The first entry: its length, how many names there are, the realm.
fn is_keytab(rest: &[u8]) -> bool {
    let Some((size, entry)) = rest.split_first_chunk::<4>() else {
        return false;
    };
    let [_, 1..=8, high, low, realm @ ..] = entry else {
        return false;
    };
    let length = usize::from(*high) << 8 | usize::from(*low);
    let realm = realm.get(..length).unwrap_or_default();
    (16..=8192).contains(&i32::from_be_bytes(*size))
        && !realm.is_empty()
        && realm
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(b))
}

/// Rounds behind a salt of 32 bytes: the format wants 2,048 and more.
fn is_safe(rest: &[u8]) -> bool {
    let rounds = rest.get(32..36).and_then(|b| b.try_into().ok());
    rounds.is_some_and(|b| (2_048..=100_000_000).contains(&u32::from_le_bytes(b)))
}
