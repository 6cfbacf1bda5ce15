//! The masks with AVX-512, 64 bytes an instruction: one look-up in a table of 128 tells all classes
//! of a byte.
//!
//! The tests of [`masks`](super::masks) hold each function against its portable form.

use std::arch::x86_64::{
    __m512i, _mm512_and_si512, _mm512_loadu_si512, _mm512_mask_blend_epi8, _mm512_movepi8_mask,
    _mm512_or_si512, _mm512_permutex2var_epi8, _mm512_set1_epi8, _mm512_test_epi8_mask,
};

use super::blocks::reads;
use super::literals::Spread;
use super::masks::{Begins, Masks, Sought, Word, begins_row};
use crate::detect::patterns::is_token;

const TOKEN: u8 = 1;
const HIGH: u8 = 2;
const LETTER: u8 = 4;
const ESCAPE: u8 = 8;

/// The classes of each ASCII byte; all others have none.
const CLASSES: Spread = {
    let mut table = [0; 128];
    let mut byte = 0u8;
    while byte < 128 {
        let mut class = 0;
        if is_token(byte) {
            class |= TOKEN;
        }
        if byte.is_ascii_digit() || byte.is_ascii_uppercase() {
            class |= HIGH;
        }
        if byte.is_ascii_alphabetic() {
            class |= LETTER;
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

    /// What the table tells of each byte, if all are ASCII.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    fn ascii(self, bytes: __m512i) -> __m512i {
        _mm512_permutex2var_epi8(self.low, bytes, self.high)
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

reads!("avx512f,avx512bw,avx512vbmi");

struct Tables {
    classes: Place,
    places: [Place; 4],
    inner: [Place; 3],
}

impl Tables {
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    fn new(sought: &Sought) -> Self {
        Self {
            classes: Place::new(&CLASSES),
            places: sought.literals.spreads.each_ref().map(|p| Place::new(p)),
            inner: sought.inner.spreads.each_ref().map(|p| Place::new(p)),
        }
    }

    /// # Safety
    ///
    /// 67 bytes from `from` on must be readable, and of the block before, too, if it has a token byte.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    unsafe fn block(&self, from: *const u8, before: &mut Before, masks: &mut Masks) {
        // SAFETY: the caller's promise: the last load ends at 3 + 64 bytes.
        let (first, second, third, fourth) = unsafe {
            (
                load(from),
                load(from.add(1)),
                load(from.add(2)),
                load(from.add(3)),
            )
        };
        let [a, b, c, d] = self.places;
        // All 67 bytes are in the first and in the last of the four.
        let is_ascii = _mm512_movepi8_mask(_mm512_or_si512(first, fourth)) == 0;
        let (classes, front, back) = if is_ascii {
            (
                self.classes.ascii(first),
                _mm512_and_si512(a.ascii(first), b.ascii(second)),
                _mm512_and_si512(c.ascii(third), d.ascii(fourth)),
            )
        } else {
            (
                self.classes.groups(first),
                _mm512_and_si512(a.groups(first), b.groups(second)),
                _mm512_and_si512(c.groups(third), d.groups(fourth)),
            )
        };
        let bits =
            |class: u8| _mm512_test_epi8_mask(classes, _mm512_set1_epi8(class.cast_signed()));
        let token = bits(TOKEN);
        // SAFETY: the caller's promise.
        unsafe { self.begin(*before, token, masks) };
        *before = Before { token, from };
        let hits = _mm512_test_epi8_mask(front, back);
        masks.block(
            Word {
                token,
                high: bits(HIGH),
                letter: bits(LETTER),
                escape: bits(ESCAPE),
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
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    unsafe fn begin(&self, Before { token, from }: Before, next: u64, masks: &mut Masks) {
        let runs = begins_row(token, next);
        if runs != 0 {
            let [a, b, c] = self.inner;
            // SAFETY: the caller's promise: the last load ends at 2 + 64 bytes, and it has a token
            // byte, since a run begins in it.
            let (first, second, third) =
                unsafe { (load(from), load(from.add(1)), load(from.add(2))) };
            let front = _mm512_and_si512(a.groups(first), b.groups(second));
            masks.begins.push(Begins {
                word: masks.words.len() - 1,
                runs,
                inner: runs & _mm512_test_epi8_mask(front, c.groups(third)),
            });
        }
    }
}
