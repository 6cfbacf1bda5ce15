//! What decoded bytes are: text, or text in UTF-16.

use super::{Region, Way};

/// Which byte of a unit comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Little,
    Big,
}

/// Whether a byte may stand in an ASCII text.
pub(super) const fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r')
}

/// Whether bytes that something begins with are those of a text.
pub(super) fn begins_text(bytes: &[u8]) -> bool {
    is_utf8(bytes) || order(bytes).is_some()
}

/// Whether they are UTF-8 without control characters. The last character may be cut.
fn is_utf8(bytes: &[u8]) -> bool {
    // The first byte decides nearly always.
    if !bytes.iter().all(|b| is_plain(*b) || *b >= 0x80) {
        return false;
    }
    match std::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none() && error.valid_up_to() > 0,
    }
}

/// The order of bytes that are ASCII in UTF-16.
fn order(bytes: &[u8]) -> Option<Order> {
    let units = bytes.as_chunks::<2>().0;
    let units = match units.first()? {
        [0xff, 0xfe] | [0xfe, 0xff] => &units[1..],
        _ => units,
    };
    if units.len() < 2 {
        return None;
    }
    if units.iter().all(|[a, b]| is_plain(*a) && *b == 0) {
        Some(Order::Little)
    } else if units.iter().all(|[a, b]| *a == 0 && is_plain(*b)) {
        Some(Order::Big)
    } else {
        None
    }
}

/// Makes UTF-8 of a region that is UTF-16.
pub(super) fn narrow(region: &mut Region) {
    let Some(order) = order(&region.bytes[..region.bytes.len().min(12)]) else {
        return;
    };
    let bytes = std::mem::take(&mut region.bytes);
    let places = std::mem::take(&mut region.places);
    let units: Vec<u16> = bytes
        .as_chunks::<2>()
        .0
        .iter()
        .map(|unit| match order {
            Order::Little => u16::from_le_bytes(*unit),
            Order::Big => u16::from_be_bytes(*unit),
        })
        .collect();
    let mut at = 0;
    for c in char::decode_utf16(units) {
        let c = c.unwrap_or(char::REPLACEMENT_CHARACTER);
        let end = (at + 2 * c.len_utf16()).min(places.len());
        let (from, to) = (places[at].0, places[end - 1].1);
        at = end;
        let mut utf8 = [0; 4];
        for byte in c.encode_utf8(&mut utf8).bytes() {
            region.push(byte, from as usize, to as usize);
        }
    }
    region.ways.push(Way::Utf16);
}
