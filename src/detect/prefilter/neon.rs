//! The masks with NEON, 64 bytes in four registers.
//!
//! Whatever runs a system of 64-bit ARM has NEON, and the compiler takes it for granted there: asking for
//! it ([`masks`](super::masks)) costs nothing. The tests there hold each function against its
//! portable form.
//!
//! A register holds every fourth byte. So bytes further on are other registers, not other loads, what
//! is looked up of a byte's nibbles is taken apart once, and four shifts make a mask.

use std::arch::aarch64::{
    uint8x16_t, uint8x16x4_t, vandq_u8, vceqq_u8, vdupq_n_u8, vextq_u8, vget_lane_u64,
    vld1q_lane_u8, vld1q_u8, vld4q_u8, vorrq_u8, vqtbl1q_u8, vreinterpret_u64_u8,
    vreinterpretq_u16_u8, vshrn_n_u16, vshrq_n_u8, vsriq_n_u8, vtstq_u8,
};

use super::blocks::reads;
use super::classes::{HIGH, LETTER, TOKENS};
use super::literals::Nibbles;
use super::masks::{Begins, Masks, Sought, Word, begins_row};

/// Something of each of 64 bytes: of the first, the fifth and so on in the first register.
type Block = [uint8x16_t; 4];

/// 67 bytes: register `n` has byte `n` and every fourth behind it, 16 of them.
#[derive(Clone, Copy)]
struct Bytes([uint8x16_t; 7]);

impl Bytes {
    /// # Safety
    ///
    /// 67 bytes from `at` on must be readable.
    #[inline]
    #[target_feature(enable = "neon")]
    unsafe fn load(at: *const u8) -> Self {
        // SAFETY: the caller's promise: the last byte is 66 behind `at`. No load needs an alignment.
        unsafe {
            let uint8x16x4_t(a, b, c, d) = vld4q_u8(at);
            let e = vld1q_lane_u8::<15>(at.add(64), vextq_u8::<1>(a, a));
            let f = vld1q_lane_u8::<15>(at.add(65), vextq_u8::<1>(b, b));
            let g = vld1q_lane_u8::<15>(at.add(66), vextq_u8::<1>(c, c));
            Self([a, b, c, d, e, f, g])
        }
    }

    /// The 64 bytes from `n` on, which is 3 at most.
    #[inline]
    fn from(self, n: usize) -> Block {
        std::array::from_fn(|i| self.0[n + i])
    }
}

/// A table of 16 in a register.
#[inline]
#[target_feature(enable = "neon")]
fn table(bytes: [u8; 16]) -> uint8x16_t {
    // SAFETY: the table has the 16 bytes that are loaded.
    unsafe { vld1q_u8(bytes.as_ptr()) }
}

/// What is true of each byte (all its bits are set, or none) as one bit a byte.
#[inline]
#[target_feature(enable = "neon")]
fn bits([a, b, c, d]: Block) -> u64 {
    // From the highest bit down, four bytes in a row: d, c, b, a. Then in both halves of a byte, of
    // which the narrowing keeps one of either neighbour.
    let (ab, cd) = (vsriq_n_u8::<1>(b, a), vsriq_n_u8::<1>(d, c));
    let four = vsriq_n_u8::<2>(cd, ab);
    let twice = vsriq_n_u8::<4>(four, four);
    let eights = vshrn_n_u16::<4>(vreinterpretq_u16_u8(twice));
    vget_lane_u64::<0>(vreinterpret_u64_u8(eights))
}

/// One bit a byte that has a bit of `set`.
#[inline]
#[target_feature(enable = "neon")]
fn having(bytes: Block, set: u8) -> u64 {
    bits(bytes.map(|b| vtstq_u8(b, vdupq_n_u8(set))))
}

/// The tables of one place, in registers.
#[derive(Clone, Copy)]
struct Place {
    low: uint8x16_t,
    high: uint8x16_t,
}

impl Place {
    #[inline]
    #[target_feature(enable = "neon")]
    fn new(nibbles: &Nibbles) -> Self {
        Self {
            low: table(nibbles.low),
            high: table(nibbles.high),
        }
    }

    /// The groups of each byte.
    #[inline]
    #[target_feature(enable = "neon")]
    fn groups(self, bytes: Block) -> Block {
        let nibble = vdupq_n_u8(0x0f);
        bytes.map(|b| {
            let low = vqtbl1q_u8(self.low, vandq_u8(b, nibble));
            vandq_u8(low, vqtbl1q_u8(self.high, vshrq_n_u8::<4>(b)))
        })
    }
}

/// The groups that are in both.
#[inline]
#[target_feature(enable = "neon")]
fn and(this: Block, that: Block) -> Block {
    std::array::from_fn(|i| vandq_u8(this[i], that[i]))
}

reads!("neon");

struct Tables {
    tokens: Place,
    places: [Place; 4],
    inner: [Place; 3],
}

impl Tables {
    #[inline]
    #[target_feature(enable = "neon")]
    fn new(sought: &Sought) -> Self {
        Self {
            tokens: Place::new(&TOKENS),
            places: sought.literals.places.each_ref().map(|p| Place::new(p)),
            inner: sought.inner.places.each_ref().map(|p| Place::new(p)),
        }
    }

    /// # Safety
    ///
    /// 67 bytes from `from` on must be readable, and of the block before, too, if it has a token byte.
    #[inline]
    #[target_feature(enable = "neon")]
    unsafe fn block(&self, from: *const u8, before: &mut Before, masks: &mut Masks) {
        // SAFETY: the caller's promise.
        let bytes = unsafe { Bytes::load(from) };
        let classes = self.tokens.groups(bytes.from(0));
        let token = having(classes, u8::MAX);
        let escapes = bytes.from(0).map(|bytes| {
            let is = |byte: u8| vceqq_u8(bytes, vdupq_n_u8(byte));
            vorrq_u8(is(b'\\'), vorrq_u8(is(b'%'), is(b'&')))
        });
        let [a, b, c, d] = self.places;
        let front = and(a.groups(bytes.from(0)), b.groups(bytes.from(1)));
        let back = and(c.groups(bytes.from(2)), d.groups(bytes.from(3)));
        let hits = having(and(front, back), u8::MAX);
        // SAFETY: the caller's promise.
        unsafe { self.begin(*before, token, masks) };
        *before = Before { token, from };
        masks.block(
            Word {
                token,
                high: having(classes, HIGH),
                letter: having(classes, LETTER),
                escape: bits(escapes),
            },
            hits,
        );
    }

    /// Lists the runs that begin in the last word, now that the next one's token bytes are known.
    ///
    /// # Safety
    ///
    /// 67 bytes of that block must be readable, if it has a token byte.
    #[inline]
    #[target_feature(enable = "neon")]
    unsafe fn begin(&self, Before { token, from }: Before, next: u64, masks: &mut Masks) {
        let runs = begins_row(token, next);
        if runs != 0 {
            let [a, b, c] = self.inner;
            // SAFETY: the caller's promise: the block has a token byte, since a run begins in it.
            let bytes = unsafe { Bytes::load(from) };
            let front = and(a.groups(bytes.from(0)), b.groups(bytes.from(1)));
            let groups = and(front, c.groups(bytes.from(2)));
            masks.begins.push(Begins {
                word: masks.words.len() - 1,
                runs,
                inner: runs & having(groups, u8::MAX),
            });
        }
    }
}
