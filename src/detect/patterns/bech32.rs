//! Bech32, as BIP 173 has it: a name, `1`, data, and six characters of checksum.

const ALPHABET: &[u8] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";

fn polymod(values: impl Iterator<Item = u8>) -> u32 {
    let mut sum = 1u32;
    for value in values {
        let top = sum >> 25;
        sum = (sum & 0x01ff_ffff) << 5 ^ u32::from(value);
        for (i, generator) in [
            0x3b6a_57b2,
            0x2650_8e6d,
            0x1ea1_19fa,
            0x3d42_33dd,
            0x2a14_62b3,
        ]
        .iter()
        .enumerate()
        {
            if top >> i & 1 == 1 {
                sum ^= generator;
            }
        }
    }
    sum
}

/// The human-readable part expanded, and the position of the separator.
fn expand(lower: &[u8]) -> Option<(Vec<u8>, usize)> {
    let separator = lower.iter().rposition(|b| *b == b'1')?;
    let hrp = &lower[..separator];
    let mut out: Vec<u8> = hrp.iter().map(|b| b >> 5).collect();
    out.push(0);
    out.extend(hrp.iter().map(|b| b & 31));
    Some((out, separator))
}

pub(super) fn holds(secret: &[u8]) -> bool {
    let lower = secret.to_ascii_lowercase();
    if lower != secret && secret.to_ascii_uppercase() != secret {
        return false;
    }
    let Some((mut values, separator)) = expand(&lower) else {
        return false;
    };
    for byte in &lower[separator + 1..] {
        match ALPHABET.iter().position(|b| b == byte) {
            Some(value) => values.push(value as u8),
            None => return false,
        }
    }
    polymod(values.into_iter()) == 1
}

pub(super) fn complete(secret: &mut [u8]) {
    let upper = secret.iter().any(u8::is_ascii_uppercase);
    let lower = secret.to_ascii_lowercase();
    let len = secret.len();
    let Some((mut values, separator)) = expand(&lower) else {
        return;
    };
    for byte in &lower[separator + 1..len - 6] {
        values.push(ALPHABET.iter().position(|b| b == byte).unwrap_or(0) as u8);
    }
    values.extend([0; 6]);
    let sum = polymod(values.into_iter()) ^ 1;
    for i in 0..6 {
        let byte = ALPHABET[(sum >> (5 * (5 - i)) & 31) as usize];
        secret[len - 6 + i as usize] = if upper {
            byte.to_ascii_uppercase()
        } else {
            byte
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bech32_vectors_of_bip_173() {
        for good in ["A12UEL5L", "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw"] {
            assert!(holds(good.as_bytes()), "{good}");
        }
        for bad in [
            "A12UEL5M",
            "a12UEL5L",
            "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxq",
        ] {
            assert!(!holds(bad.as_bytes()), "{bad}");
        }
    }
}
