//! UTF-16 and UTF-32 read as UTF-8, piece by piece.

use std::io::{self, Read};

/// Raw bytes decoded at a time.
const BLOCK_BYTES: usize = 64 << 10;

/// Which byte of a unit comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

/// How many bytes a unit has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Width {
    /// UTF-16.
    Two,
    /// UTF-32.
    Four,
}

/// Reads UTF-16 or UTF-32 and gives UTF-8. A byte-order mark at the start is dropped; unpaired
/// surrogates and what is no character become U+FFFD; odd bytes at the end are kept if they are ASCII,
/// else become U+FFFD.
pub(super) struct Utf16Reader<R> {
    input: R,
    order: Order,
    width: Width,
    raw: Vec<u8>,
    /// Bytes at the start of `raw` that wait for more: half a unit, half a pair.
    pending: usize,
    text: Vec<u8>,
    /// What of `text` was handed out.
    given: usize,
    started: bool,
    ended: bool,
    /// Raw bytes read so far.
    count: u64,
}

impl<R: Read> Utf16Reader<R> {
    pub(super) fn new(input: R, order: Order, width: Width) -> Self {
        Self {
            input,
            order,
            width,
            raw: vec![0; BLOCK_BYTES],
            pending: 0,
            text: Vec::new(),
            given: 0,
            started: false,
            ended: false,
            count: 0,
        }
    }

    /// How many bytes were read.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    fn unit(&self, at: usize) -> Option<u16> {
        let bytes = [*self.raw.get(at)?, *self.raw.get(at + 1)?];
        Some(match self.order {
            Order::Little => u16::from_le_bytes(bytes),
            Order::Big => u16::from_be_bytes(bytes),
        })
    }

    fn push(&mut self, c: char) {
        let mut bytes = [0; 4];
        self.text
            .extend_from_slice(c.encode_utf8(&mut bytes).as_bytes());
    }

    /// Decodes the first `len` bytes of `raw`, but for what waits for more; where that begins.
    fn decode_wide(&mut self, len: usize) -> usize {
        let units = len / 4;
        for unit in 0..units {
            let bytes = self.raw[unit * 4..].first_chunk::<4>();
            let bytes = *bytes.unwrap_or(&[0; 4]);
            let code = match self.order {
                Order::Little => u32::from_le_bytes(bytes),
                Order::Big => u32::from_be_bytes(bytes),
            };
            let c = char::from_u32(code).unwrap_or('\u{fffd}');
            if self.started || c != '\u{feff}' {
                self.push(c);
            }
            self.started = true;
        }
        units * 4
    }

    /// The same of UTF-16.
    fn decode_narrow(&mut self, len: usize) -> usize {
        let mut at = 0;
        while at + 2 <= len {
            let Some(first) = self.unit(at) else { break };
            let is_high = matches!(first, 0xd800..=0xdbff);
            if is_high && at + 4 > len && !self.ended {
                break;
            }
            let second = if is_high && at + 4 <= len {
                self.unit(at + 2)
            } else {
                None
            };
            let units = [first, second.unwrap_or(0)];
            let taken = &units[..=usize::from(second.is_some())];
            let c = char::decode_utf16(taken.iter().copied()).next();
            let c = c.map_or('\u{fffd}', |c| c.unwrap_or('\u{fffd}'));
            at += 2 * c.len_utf16();
            if self.started || c != '\u{feff}' {
                self.push(c);
            }
            self.started = true;
        }
        at
    }

    /// Decodes the first `len` bytes of `raw`.
    fn decode(&mut self, len: usize) {
        let mut at = match self.width {
            Width::Two => self.decode_narrow(len),
            Width::Four => self.decode_wide(len),
        };
        while self.ended && at < len {
            let byte = self.raw[at];
            self.push(if byte.is_ascii() {
                char::from(byte)
            } else {
                '\u{fffd}'
            });
            at += 1;
        }
        self.raw.copy_within(at..len, 0);
        self.pending = len - at;
    }
}

impl<R: Read> Read for Utf16Reader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.given == self.text.len() && !self.ended {
            let read = match self.input.read(&mut self.raw[self.pending..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                result => result?,
            };
            self.count += read as u64;
            self.ended = read == 0;
            self.text.clear();
            self.given = 0;
            self.decode(self.pending + read);
        }
        let given = out.len().min(self.text.len() - self.given);
        out[..given].copy_from_slice(&self.text[self.given..self.given + given]);
        self.given += given;
        Ok(given)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Gives its bytes a few at a time.
    struct Trickle<'a>(&'a [u8], usize);

    impl Read for Trickle<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let some = self.1.min(out.len()).min(self.0.len());
            out[..some].copy_from_slice(&self.0[..some]);
            self.0 = &self.0[some..];
            Ok(some)
        }
    }

    fn decoded(raw: &[u8], order: Order, step: usize) -> (Vec<u8>, u64) {
        let mut reader = Utf16Reader::new(Trickle(raw, step), order, Width::Two);
        let mut text = Vec::new();
        reader.read_to_end(&mut text).unwrap();
        (text, reader.count())
    }

    #[test]
    fn what_is_broken_is_shown_as_such() {
        let cases: [(&[u8], &str); 7] = [
            (b"\xff\xfek\0", "k"),
            (b"k\0\xff\xfe", "k\u{feff}"),
            (b"k\0\x00\xd8", "k\u{fffd}"),
            (b"\x00\xd8k\0", "\u{fffd}k"),
            (b"\x00\xdck\0", "\u{fffd}k"),
            (b"k\0e", "ke"),
            (b"k\0\xe9", "k\u{fffd}"),
        ];
        for (raw, text) in cases {
            for step in 1..4 {
                let (read, count) = decoded(raw, Order::Little, step);
                assert_eq!(read, text.as_bytes(), "{raw:?} by {step}");
                assert_eq!(count, raw.len() as u64);
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_comes_back(text: String, step in 1usize..9, big: bool) {
            let order = if big { Order::Big } else { Order::Little };
            let raw: Vec<u8> = text
                .encode_utf16()
                .flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() })
                .collect();
            let (read, _) = decoded(&raw, order, step);
            let plain = text.strip_prefix('\u{feff}').unwrap_or(&text);
            prop_assert_eq!(read, plain.as_bytes());
        }

        #[test]
        fn any_text_comes_back_from_utf32(text: String, step in 1usize..9, big: bool) {
            let order = if big { Order::Big } else { Order::Little };
            let raw: Vec<u8> = text
                .chars()
                .map(u32::from)
                .flat_map(|code| if big { code.to_be_bytes() } else { code.to_le_bytes() })
                .collect();
            let mut reader = Utf16Reader::new(Trickle(&raw, step), order, Width::Four);
            let mut read = Vec::new();
            reader.read_to_end(&mut read).unwrap();
            let plain = text.strip_prefix('\u{feff}').unwrap_or(&text);
            prop_assert_eq!(read, plain.as_bytes());
            prop_assert_eq!(reader.count(), raw.len() as u64);
        }

        #[test]
        fn any_bytes_give_utf8(raw: Vec<u8>, step in 1usize..9) {
            let (whole, _) = decoded(&raw, Order::Little, usize::MAX);
            let (parts, _) = decoded(&raw, Order::Little, step);
            prop_assert!(std::str::from_utf8(&whole).is_ok());
            prop_assert_eq!(whole, parts);
        }
    }
}
