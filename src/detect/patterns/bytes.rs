/// A set of bytes.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct ByteSet(pub [u64; 4]);

/// The bytes of token runs: what machine credentials are made of.
pub const TOKEN: ByteSet = ByteSet::from_ranges(&[
    (b'0', b'9'),
    (b'A', b'Z'),
    (b'a', b'z'),
    (b'_', b'_'),
    (b'+', b'+'),
    (b'/', b'/'),
    (b'=', b'='),
    (b'-', b'-'),
]);

/// Letters, digits, `_` and `-`: what names and most tokens are made of.
pub const NAME_BYTES: ByteSet = ByteSet::ALNUM.or(ByteSet::of(b'_')).or(ByteSet::of(b'-'));

/// Whether a byte may stand in a token run.
pub const fn is_token(byte: u8) -> bool {
    TOKEN.has(byte)
}

impl ByteSet {
    /// No byte.
    pub const EMPTY: Self = Self([0; 4]);
    /// Every byte.
    pub const ALL: Self = Self([u64::MAX; 4]);
    /// ASCII letters and digits.
    pub const ALNUM: Self = Self::from_ranges(&[(b'0', b'9'), (b'A', b'Z'), (b'a', b'z')]);

    /// The bytes in the given inclusive ranges.
    pub const fn from_ranges(ranges: &[(u8, u8)]) -> Self {
        let mut set = Self::EMPTY;
        let mut i = 0;
        while i < ranges.len() {
            let mut b = ranges[i].0 as usize;
            while b <= ranges[i].1 as usize {
                set.0[b >> 6] |= 1 << (b & 63);
                b += 1;
            }
            i += 1;
        }
        set
    }

    /// Only this byte.
    pub const fn of(byte: u8) -> Self {
        Self::from_ranges(&[(byte, byte)])
    }

    /// Whether `byte` is in it.
    #[inline]
    pub const fn has(&self, byte: u8) -> bool {
        self.0[(byte >> 6) as usize] >> (byte & 63) & 1 != 0
    }

    /// Both together.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        let (a, b) = (self.0, other.0);
        Self([a[0] | b[0], a[1] | b[1], a[2] | b[2], a[3] | b[3]])
    }

    /// What is in both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        let (a, b) = (self.0, other.0);
        Self([a[0] & b[0], a[1] & b[1], a[2] & b[2], a[3] & b[3]])
    }

    /// All bytes that are not in it.
    #[must_use]
    pub const fn not(self) -> Self {
        let a = self.0;
        Self([!a[0], !a[1], !a[2], !a[3]])
    }

    /// Whether no byte is in it.
    pub const fn is_empty(self) -> bool {
        self.0[0] | self.0[1] | self.0[2] | self.0[3] == 0
    }

    /// Whether every byte of it is in `other`.
    pub fn within(self, other: Self) -> bool {
        self.and(other) == self
    }

    /// How many bytes it holds.
    pub fn len(self) -> u32 {
        self.0.iter().map(|w| w.count_ones()).sum()
    }

    /// Its bytes, ascending.
    pub fn iter(self) -> impl Iterator<Item = u8> {
        (0..4u8).flat_map(move |word| {
            let bits = std::iter::successors(Some(self.0[usize::from(word)]), |bits| {
                Some(bits & bits.wrapping_sub(1))
            });
            let bits = bits.take_while(|bits| *bits != 0);
            bits.map(move |bits| word * 64 + bits.trailing_zeros() as u8)
        })
    }
}

impl std::fmt::Debug for ByteSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ByteSet({:?})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_set_is_what_the_design_says() {
        let told: String = TOKEN.iter().map(char::from).collect();
        assert_eq!(
            told,
            "+-/0123456789=ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
        );
    }

    #[test]
    fn algebra() {
        let hex = ByteSet::from_ranges(&[(b'0', b'9'), (b'a', b'f')]);
        assert!(hex.within(ByteSet::ALNUM) && !ByteSet::ALNUM.within(hex));
        assert_eq!(hex.len(), 16);
        assert_eq!(hex.and(ByteSet::of(b'f')), ByteSet::of(b'f'));
        assert!(hex.and(ByteSet::of(b'g')).is_empty());
        assert_eq!(ByteSet::of(255).iter().collect::<Vec<_>>(), [255]);
    }
}
