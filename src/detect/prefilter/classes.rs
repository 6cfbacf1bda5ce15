//! The classes of bytes as two tables of nibbles: what the forms look up that have tables of 16.

use super::literals::Nibbles;

/// A byte is a token byte if the bits of its two nibbles meet. Rows by high nibble: 2 holds + - /,
/// 3 the digits and =, 4 and 6 the letters from A, 5 the letters from P and _, 7 the letters from
/// p. Digits have bit 2, capital letters 4 or 8, small ones 1 or 0x10, all others one of the
/// three highest.
pub(super) const TOKENS: Nibbles = Nibbles {
    low: columns(),
    high: [0, 0, 0x80, 0x42, 4, 0x28, 1, 0x10, 0, 0, 0, 0, 0, 0, 0, 0],
};

/// The bits of digits and capital letters.
pub(super) const HIGH: u8 = 0x0e;

/// The bits of all letters.
pub(super) const LETTER: u8 = 0x1d;

const fn columns() -> [u8; 16] {
    let mut columns = [0; 16];
    let mut low = 0;
    while low < 16u8 {
        let mut bits = 0;
        if low == 0xb || low == 0xd || low == 0xf {
            bits |= 0x80;
        }
        if low == 0xd {
            bits |= 0x40;
        }
        if low == 0xf {
            bits |= 0x20;
        }
        if low <= 9 {
            bits |= 2;
        }
        if low >= 1 {
            bits |= 1 | 4;
        }
        if low <= 0xa {
            bits |= 8 | 0x10;
        }
        columns[low as usize] = bits;
        low += 1;
    }
    columns
}
