//! The masks with AVX-512, 64 bytes an instruction: one look-up in a table of 128 tells all classes
//! of a byte.
//!
//! The tests of [`masks`](super::masks) hold each function against its portable form.

use std::arch::x86_64::{
    __m512i, _mm512_and_si512, _mm512_loadu_si512, _mm512_mask_blend_epi8, _mm512_movepi8_mask,
    _mm512_permutex2var_epi8, _mm512_set1_epi8, _mm512_test_epi8_mask,
};

use super::literals::Spread;
use super::masks::{Begins, Masks, Word};
use crate::detect::patterns::is_token;

const TOKEN: u8 = 1;
const DIGIT: u8 = 2;
const LOWER: u8 = 4;
const UPPER: u8 = 8;
const ESCAPE: u8 = 16;

/// The classes of each ASCII byte; all others have none.
const CLASSES: Spread = {
    let mut table = [0; 128];
    let mut byte = 0u8;
    while byte < 128 {
        let mut class = 0;
        if is_token(byte) {
            class |= TOKEN;
        }
        if byte.is_ascii_digit() {
            class |= DIGIT;
        }
        if byte.is_ascii_lowercase() {
            class |= LOWER;
        }
        if byte.is_ascii_uppercase() {
            class |= UPPER;
        }
        if matches!(byte, b'\\' | b'%' | b'&') {
            class |= ESCAPE;
        }
        table[byte as usize] = class;
        byte += 1;
    }
    Spread { table, beyond: 0 }
};

/// Whether the processor has what this file needs.
#[inline]
pub(super) fn is_there() -> bool {
    std::arch::is_x86_feature_detected!("avx512bw")
        && std::arch::is_x86_feature_detected!("avx512vbmi")
}

/// 64 bytes from `at`.
///
/// # Safety
///
/// They must be readable.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn load(at: *const u8) -> __m512i {
    // SAFETY: the caller's promise; the load needs no alignment.
    unsafe { _mm512_loadu_si512(at.cast()) }
}

/// One table, in registers.
#[derive(Clone, Copy)]
struct Place {
    low: __m512i,
    high: __m512i,
    beyond: __m512i,
}

impl Place {
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn new(spread: &Spread) -> Self {
        let (low, high) = spread.table.split_at(64);
        // SAFETY: both halves of the table have 64 bytes.
        let (low, high) = unsafe { (load(low.as_ptr()), load(high.as_ptr())) };
        Self {
            low,
            high,
            beyond: _mm512_set1_epi8(spread.beyond.cast_signed()),
        }
    }

    /// What the table tells of each byte.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    fn groups(self, bytes: __m512i) -> __m512i {
        // The look-up does not see a byte's highest bit.
        let known = _mm512_permutex2var_epi8(self.low, bytes, self.high);
        _mm512_mask_blend_epi8(_mm512_movepi8_mask(bytes), known, self.beyond)
    }
}

/// Fills the masks of a text, but for the clear words at their end.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
pub(super) fn read(text: &[u8], places: &[Spread; 4], masks: &mut Masks) {
    masks.words.reserve(text.len().div_ceil(64) + 1);
    let tables = Tables {
        classes: Place::new(&CLASSES),
        places: [
            Place::new(&places[0]),
            Place::new(&places[1]),
            Place::new(&places[2]),
            Place::new(&places[3]),
        ],
    };
    let mut at = 0;
    // A window that begins in a block may end three bytes behind it.
    while at + 67 <= text.len() {
        // SAFETY: 67 bytes from `at` on are inside of `text`.
        unsafe { tables.block(text.as_ptr().add(at), at, masks) };
        at += 64;
    }
    // At most 66 bytes are left: two blocks, with room behind them.
    let mut tail = [0; 64 * 2 + 3];
    let left = text.len() - at;
    tail[..left].copy_from_slice(&text[at..]);
    for block in 0..left.div_ceil(64) {
        // SAFETY: `tail` has 67 bytes from the begin of either block on.
        unsafe { tables.block(tail.as_ptr().add(block * 64), at + block * 64, masks) };
    }
}

struct Tables {
    classes: Place,
    places: [Place; 4],
}

impl Tables {
    /// # Safety
    ///
    /// 67 bytes from `from` on must be readable.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    unsafe fn block(&self, from: *const u8, at: usize, masks: &mut Masks) {
        let [a, b, c, d] = self.places;
        // SAFETY: the caller's promise: the last load ends at 3 + 64 bytes.
        let (first, second, third, fourth) = unsafe {
            (
                load(from),
                load(from.add(1)),
                load(from.add(2)),
                load(from.add(3)),
            )
        };
        let classes = self.classes.groups(first);
        let bits =
            |class: u8| _mm512_test_epi8_mask(classes, _mm512_set1_epi8(class.cast_signed()));
        masks.words.push(Word {
            token: bits(TOKEN),
            digit: bits(DIGIT),
            lower: bits(LOWER),
            upper: bits(UPPER),
            escape: bits(ESCAPE),
        });
        let front = _mm512_and_si512(a.groups(first), b.groups(second));
        let back = _mm512_and_si512(c.groups(third), d.groups(fourth));
        let mut hits = _mm512_test_epi8_mask(front, back);
        while hits != 0 {
            masks.hits.push(at + hits.trailing_zeros() as usize);
            hits &= hits - 1;
        }
    }
}

/// Where runs begin and which may begin three bytes that share a group, of each word that 66 bytes can
/// be read of.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
pub(super) fn begins(text: &[u8], places: &[Spread; 3], masks: &Masks, out: &mut Vec<Begins>) {
    let [a, b, c] = places;
    let tables = [Place::new(a), Place::new(b), Place::new(c)];
    out.reserve(masks.len());
    let mut at = 0;
    while at + 66 <= text.len() {
        let runs = masks.begins_run(at / 64);
        let inner = match runs {
            0 => 0,
            // SAFETY: 66 bytes from `at` on are inside of `text`.
            runs => runs & unsafe { filter(text.as_ptr().add(at), tables) },
        };
        out.push(Begins { runs, inner });
        at += 64;
    }
}

/// Which of 64 bytes begin three that share a group.
///
/// # Safety
///
/// 66 bytes from `at` on must be readable.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
unsafe fn filter(at: *const u8, [a, b, c]: [Place; 3]) -> u64 {
    // SAFETY: the caller's promise: the last load ends at 2 + 64 bytes.
    let (first, second, third) = unsafe { (load(at), load(at.add(1)), load(at.add(2))) };
    let front = _mm512_and_si512(a.groups(first), b.groups(second));
    _mm512_test_epi8_mask(front, c.groups(third))
}
