//! The masks with AVX2, 32 bytes an instruction.
//!
//! The tests of [`masks`](super::masks) hold each function against its portable form; run under
//! an address sanitizer they show that nothing is read past the text (`docs/performance.md`).

#[cfg(miri)]
use std::arch::x86_64::_mm256_movemask_epi8;
use std::arch::x86_64::{
    __m256i, _mm256_and_si256, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_or_si256,
    _mm256_set1_epi8, _mm256_setr_epi8, _mm256_setzero_si256, _mm256_shuffle_epi8,
    _mm256_slli_epi16, _mm256_srli_epi16,
};

use super::literals::Nibbles;
use super::masks::{Begins, Masks, Word};

// A byte is a token byte if the bits of its two nibbles meet. Rows by high nibble: 2 holds + - /,
// 3 the digits and =, 4 and 6 the letters from A, 5 the letters from P and _, 7 the letters from
// p. Digits have bit 2, capital letters 4 or 8, small ones 1 or 0x10, all others one of the
// three highest.
const ROWS: [u8; 16] = [0, 0, 0x80, 0x42, 4, 0x28, 1, 0x10, 0, 0, 0, 0, 0, 0, 0, 0];
const COLUMNS: [u8; 16] = {
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
};

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

/// Fills the masks of a text, but for the clear words at their end.
#[target_feature(enable = "avx2")]
pub(super) fn read(text: &[u8], places: &[Nibbles; 4], masks: &mut Masks) {
    let words = text.len().div_ceil(64);
    masks.words.reserve(words + 1);
    let tables = Tables {
        tokens: Place {
            low: twice(COLUMNS),
            high: twice(ROWS),
        },
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
    tokens: Place,
    places: [Place; 4],
}

impl Tables {
    /// # Safety
    ///
    /// 67 bytes from `from` on must be readable.
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn block(&self, from: *const u8, at: usize, masks: &mut Masks) {
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
            // Bit 2 moved into the sign; what comes over from the neighbour stays below it.
            word.digit |= bits(signs(_mm256_slli_epi16::<6>(class)));
            word.lower |= bits(nonzero(_mm256_and_si256(class, set(0x11))));
            word.upper |= bits(nonzero(_mm256_and_si256(class, set(0x0c))));
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
        masks.words.push(word);
        while hits != 0 {
            masks.hits.push(at + hits.trailing_zeros() as usize);
            hits &= hits - 1;
        }
    }
}

/// Where runs begin and which may begin three bytes that share a group, of each word that 66 bytes can
/// be read of.
#[target_feature(enable = "avx2")]
pub(super) fn begins(text: &[u8], places: &[Nibbles; 3], masks: &Masks, out: &mut Vec<Begins>) {
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
#[target_feature(enable = "avx2")]
unsafe fn filter(at: *const u8, [a, b, c]: [Place; 3]) -> u64 {
    both(|half| {
        // SAFETY: the caller's promise: the last load ends at 2 + 32 + 32 bytes.
        let ahead = |n: usize| unsafe { load(at.add(half + n)) };
        let groups = _mm256_and_si256(a.groups(ahead(0)), b.groups(ahead(1)));
        nonzero(_mm256_and_si256(groups, c.groups(ahead(2))))
    })
}
