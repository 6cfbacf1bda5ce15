//! The masks with AVX2, 32 bytes an instruction.
//!
//! The tests of [`masks`](super::masks) hold each function against its portable form; run under
//! an address sanitizer they show that nothing is read past the text (`docs/performance.md`).

#[cfg(miri)]
use std::arch::x86_64::_mm256_movemask_epi8;
use std::arch::x86_64::{
    __m256i, _mm256_and_si256, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_or_si256,
    _mm256_set1_epi8, _mm256_setr_epi8, _mm256_setzero_si256, _mm256_shuffle_epi8,
    _mm256_srli_epi16,
};

use super::blocks::reads;
use super::classes::{HIGH, LETTER, TOKENS};
use super::literals::Nibbles;
use super::masks::{Begins, Masks, Sought, Word, begins_row};

/// A table of 16 in both halves.
#[inline]
#[target_feature(enable = "avx2")]
fn twice(table: [u8; 16]) -> __m256i {
    let t = table.map(u8::cast_signed);
    _mm256_setr_epi8(
        t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7], t[8], t[9], t[10], t[11], t[12], t[13],
        t[14], t[15], t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7], t[8], t[9], t[10], t[11],
        t[12], t[13], t[14], t[15],
    )
}

/// 32 bytes from `at`.
///
/// # Safety
///
/// They must be readable.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn load(at: *const u8) -> __m256i {
    // SAFETY: the caller's promise; the load needs no alignment.
    unsafe { _mm256_loadu_si256(at.cast()) }
}

/// Two halves of 32 bytes as one mask of 64 bits.
#[inline]
#[target_feature(enable = "avx2")]
fn both(half: impl Fn(usize) -> u32) -> u64 {
    u64::from(half(0)) | u64::from(half(32)) << 32
}

/// The signs of 32 bytes, one bit each.
///
/// As an intrinsic it is taken apart by the optimiser, which then joins the masks bit by bit: three
/// times as slow as one instruction.
#[inline]
#[target_feature(enable = "avx2")]
fn signs(bytes: __m256i) -> u32 {
    #[cfg(miri)]
    return _mm256_movemask_epi8(bytes) as u32;
    #[cfg(not(miri))]
    {
        let mask: u32;
        // SAFETY: it reads one register and writes another; no memory, no flags, no stack.
        unsafe {
            std::arch::asm!(
                "vpmovmskb {mask:e}, {bytes}",
                mask = lateout(reg) mask,
                bytes = in(ymm_reg) bytes,
                options(pure, nomem, nostack, preserves_flags),
            );
        }
        mask
    }
}

/// One bit a byte that is not 0.
#[inline]
#[target_feature(enable = "avx2")]
fn nonzero(bytes: __m256i) -> u32 {
    !signs(_mm256_cmpeq_epi8(bytes, _mm256_setzero_si256()))
}

/// The tables of one place, in registers.
#[derive(Clone, Copy)]
struct Place {
    low: __m256i,
    high: __m256i,
}

impl Place {
    #[inline]
    #[target_feature(enable = "avx2")]
    fn new(nibbles: &Nibbles) -> Self {
        Self {
            low: twice(nibbles.low),
            high: twice(nibbles.high),
        }
    }

    /// The groups of each byte.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn groups(self, bytes: __m256i) -> __m256i {
        let nibble = _mm256_set1_epi8(0x0f);
        let low = _mm256_shuffle_epi8(self.low, _mm256_and_si256(bytes, nibble));
        let high = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), nibble);
        _mm256_and_si256(low, _mm256_shuffle_epi8(self.high, high))
    }
}

reads!("avx2");

struct Tables {
    tokens: Place,
    places: [Place; 4],
    inner: [Place; 3],
}

impl Tables {
    #[inline]
    #[target_feature(enable = "avx2")]
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
    #[target_feature(enable = "avx2")]
    unsafe fn block(&self, from: *const u8, before: &mut Before, masks: &mut Masks) {
        let (mut word, mut hits) = (Word::default(), 0);
        let set = |byte: u8| _mm256_set1_epi8(byte.cast_signed());
        for half in [0, 32] {
            let [a, b, c, d] = self.places;
            // SAFETY: the caller's promise: the last load ends at 3 + 32 + 32 bytes.
            let (first, second, third, fourth) = unsafe {
                (
                    load(from.add(half)),
                    load(from.add(half + 1)),
                    load(from.add(half + 2)),
                    load(from.add(half + 3)),
                )
            };
            let class = self.tokens.groups(first);
            let bits = |mask: u32| u64::from(mask) << half;
            word.token |= bits(nonzero(class));
            word.high |= bits(nonzero(_mm256_and_si256(class, set(HIGH))));
            word.letter |= bits(nonzero(_mm256_and_si256(class, set(LETTER))));
            word.escape |= bits(signs(_mm256_or_si256(
                _mm256_cmpeq_epi8(first, set(b'\\')),
                _mm256_or_si256(
                    _mm256_cmpeq_epi8(first, set(b'%')),
                    _mm256_cmpeq_epi8(first, set(b'&')),
                ),
            )));
            let groups = _mm256_and_si256(
                _mm256_and_si256(a.groups(first), b.groups(second)),
                _mm256_and_si256(c.groups(third), d.groups(fourth)),
            );
            hits |= bits(nonzero(groups));
        }
        // SAFETY: the caller's promise.
        unsafe { self.begin(*before, word.token, masks) };
        *before = Before {
            token: word.token,
            from,
        };
        masks.block(word, hits);
    }

    /// Lists the runs that begin in the last word, now that the next one's token bytes are known.
    ///
    /// # Safety
    ///
    /// 67 bytes of that block must be readable, if it has a token byte.
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn begin(&self, Before { token, from }: Before, next: u64, masks: &mut Masks) {
        let runs = begins_row(token, next);
        if runs != 0 {
            let [a, b, c] = self.inner;
            let opens = both(|half| {
                // SAFETY: the caller's promise: the last load ends at 2 + 32 + 32 bytes, and the
                // block has a token byte, since a run begins in it.
                let ahead = |n: usize| unsafe { load(from.add(half + n)) };
                let groups = _mm256_and_si256(a.groups(ahead(0)), b.groups(ahead(1)));
                nonzero(_mm256_and_si256(groups, c.groups(ahead(2))))
            });
            masks.begins.push(Begins {
                word: masks.words.len() - 1,
                runs,
                inner: runs & opens,
            });
        }
    }
}
