//! Token runs: where 16 or more token bytes stand in a row.
//!
//! Text becomes a bit mask, one bit a byte, 64 bytes a word. With AVX2 that is a table lookup by
//! nibbles, eight instructions for 32 bytes; the portable path is a table of 256 and is tested
//! to be equal. What random looks like ([`changes`]) is counted on the same kind of masks.

use crate::detect::patterns::is_token;

/// Classes of 64 bytes, one bit a byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Kinds {
    digit: u64,
    lower: u64,
    upper: u64,
    dash: u64,
}

/// Fills `out` with the token mask of `text`: bit `i % 64` of word `i / 64` says whether byte
/// `i` is a token byte. Bits past the end are clear; one clear word follows.
pub(super) fn token_mask(text: &[u8], out: &mut Vec<u64>) {
    out.clear();
    out.reserve(text.len() / 64 + 2);
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2, as was just asked.
        unsafe { avx2::token_mask(text, out) };
        out.push(0);
        return;
    }
    token_mask_portable(text, out);
    out.push(0);
}

fn token_mask_portable(text: &[u8], out: &mut Vec<u64>) {
    for block in text.chunks(64) {
        out.push(
            block
                .iter()
                .rev()
                .fold(0, |word, b| word << 1 | u64::from(is_token(*b))),
        );
    }
}

/// Bits of `mask[word]` whose byte begins 16 token bytes in a row.
#[inline]
pub(super) fn begins_run(mask: &[u64], word: usize) -> u64 {
    let this = mask[word];
    if this == 0 {
        return 0;
    }
    let x = u128::from(this) | u128::from(mask[word + 1]) << 64;
    let x = x & x >> 1;
    let x = x & x >> 2;
    let x = x & x >> 4;
    (x & x >> 8) as u64
}

/// The end of the run that holds byte `at`: the first byte that is no token byte.
#[inline]
pub(super) fn run_end(mask: &[u64], at: usize) -> usize {
    let (mut word, bit) = (at / 64, at % 64);
    let mut clear = !mask[word] >> bit << bit;
    while clear == 0 {
        word += 1;
        clear = !mask[word];
    }
    word * 64 + clear.trailing_zeros() as usize
}

/// Whether a run passes the gate ([`Gate`](crate::detect::patterns::Gate)): 16 letters and
/// digits in a row, or the dashes of a UUID, or `least` changes between neighbouring digits, lower and upper case.
#[inline]
pub(super) fn passes_gate(text: &[u8], run: (usize, usize), least: usize) -> bool {
    let (mut at, end) = run;
    let mut count = 0;
    while at < end {
        let len = (end - at).min(64);
        let keep = u64::MAX >> (64 - len);
        let k = kinds(text, at);
        let (digit, lower, upper) = (k.digit & keep, k.lower & keep, k.upper & keep);
        let mut row = digit | lower | upper;
        for step in [1, 2, 4, 8] {
            row &= row >> step;
        }
        // Dashes as in a UUID: after 8, 13, 18 and 23.
        let dash = k.dash & keep;
        if row != 0 || dash & dash >> 5 & dash >> 10 & dash >> 15 != 0 {
            return true;
        }
        let changed = digit & (lower | upper) << 1
            | lower & (digit | upper) << 1
            | upper & (digit | lower) << 1;
        // Blocks overlap by 16 bytes, so that nothing is torn apart; each change counts once.
        count += (changed & ((1 << 49) - 1)).count_ones() as usize;
        if count >= least {
            return true;
        }
        at += 48;
    }
    false
}

/// The kinds of the 64 bytes from `at` on; bytes past the end are of no kind.
#[inline]
fn kinds(text: &[u8], at: usize) -> Kinds {
    #[cfg(target_arch = "x86_64")]
    if text.len() - at >= 64 && std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2, and 64 bytes from `at` on are inside of `text`.
        return unsafe { avx2::kinds(text.as_ptr().add(at)) };
    }
    kinds_portable(&text[at..text.len().min(at + 64)])
}

fn kinds_portable(block: &[u8]) -> Kinds {
    let mut k = Kinds::default();
    for (i, byte) in block.iter().enumerate() {
        k.digit |= u64::from(byte.is_ascii_digit()) << i;
        k.lower |= u64::from(byte.is_ascii_lowercase()) << i;
        k.upper |= u64::from(byte.is_ascii_uppercase()) << i;
        k.dash |= u64::from(*byte == b'-') << i;
    }
    k
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::{
        __m256i, _mm256_add_epi8, _mm256_and_si256, _mm256_cmpeq_epi8, _mm256_cmpgt_epi8,
        _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_set1_epi8, _mm256_setr_epi8,
        _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_srli_epi16,
    };

    use super::Kinds;

    // A byte is a token byte if the bits of its two nibbles meet. Rows by high nibble: 2 holds
    // + - /, 3 the digits and =, 4 and 6 the letters from A, 5 the letters from P and _, 7 the
    // letters from p.
    const ROWS: [u8; 16] = [0, 0, 1, 2, 4, 8, 4, 16, 0, 0, 0, 0, 0, 0, 0, 0];
    const COLUMNS: [u8; 16] = {
        let mut columns = [0; 16];
        let mut low = 0;
        while low < 16u8 {
            let mut bits = 0;
            if low == 0xb || low == 0xd || low == 0xf {
                bits |= 1;
            }
            if low <= 9 || low == 0xd {
                bits |= 2;
            }
            if low >= 1 {
                bits |= 4;
            }
            if low <= 0xa || low == 0xf {
                bits |= 8;
            }
            if low <= 0xa {
                bits |= 16;
            }
            columns[low as usize] = bits;
            low += 1;
        }
        columns
    };

    #[target_feature(enable = "avx2")]
    fn twice(table: [u8; 16]) -> __m256i {
        let t = table.map(|b| b as i8);
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
    #[target_feature(enable = "avx2")]
    unsafe fn load(at: *const u8) -> __m256i {
        // SAFETY: the caller's promise; the load needs no alignment.
        unsafe { _mm256_loadu_si256(at.cast()) }
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn token_mask(text: &[u8], out: &mut Vec<u64>) {
        let (rows, columns) = (twice(ROWS), twice(COLUMNS));
        let low_nibbles = _mm256_set1_epi8(0x0f);
        let zero = _mm256_setzero_si256();
        let half = |bytes: __m256i| -> u32 {
            // A shuffle takes the low nibble of an index, and gives 0 if its high bit is set:
            // so bytes beyond ASCII have no column.
            let column = _mm256_shuffle_epi8(columns, bytes);
            let high = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), low_nibbles);
            let row = _mm256_shuffle_epi8(rows, high);
            let apart = _mm256_cmpeq_epi8(_mm256_and_si256(row, column), zero);
            !(_mm256_movemask_epi8(apart) as u32)
        };
        let mut blocks = text.chunks_exact(64);
        for block in &mut blocks {
            // SAFETY: a block has 64 bytes.
            let (a, b) = unsafe { (load(block.as_ptr()), load(block.as_ptr().add(32))) };
            out.push(u64::from(half(a)) | u64::from(half(b)) << 32);
        }
        super::token_mask_portable(blocks.remainder(), out);
    }

    /// The kinds of 64 bytes.
    ///
    /// # Safety
    ///
    /// 64 bytes from `at` on must be readable.
    #[target_feature(enable = "avx2")]
    pub(super) unsafe fn kinds(at: *const u8) -> Kinds {
        // SAFETY: the caller's promise.
        let (a, b) = unsafe { (load(at), load(at.add(32))) };
        // x in [low, high], as signed bytes: x + (127 - high) > 126 - (high - low), where
        // neither sum of ASCII wraps; bytes beyond ASCII are negative and are pushed no further
        // than they could wrap for these three ranges.
        let range = |bytes: __m256i, low: u8, high: u8| -> u32 {
            let moved = _mm256_add_epi8(bytes, _mm256_set1_epi8(127 - high as i8));
            let least = _mm256_set1_epi8(126 - (high - low) as i8);
            _mm256_movemask_epi8(_mm256_cmpgt_epi8(moved, least)) as u32
        };
        let both =
            |low, high| u64::from(range(a, low, high)) | u64::from(range(b, low, high)) << 32;
        Kinds {
            digit: both(b'0', b'9'),
            lower: both(b'a', b'z'),
            upper: both(b'A', b'Z'),
            dash: both(b'-', b'-'),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every byte value at every place of a block, in blocks of every length up to 130.
    fn texts() -> impl Iterator<Item = Vec<u8>> {
        (0..=255u8).flat_map(|byte| {
            [1usize, 31, 32, 33, 63, 64, 65, 127, 128, 130]
                .into_iter()
                .map(move |len| {
                    (0..len)
                        .map(|i| byte.wrapping_add((i * 7) as u8))
                        .collect::<Vec<u8>>()
                })
        })
    }

    #[test]
    fn the_vector_path_is_the_portable_path() {
        for text in texts() {
            let (mut fast, mut slow) = (Vec::new(), Vec::new());
            token_mask(&text, &mut fast);
            token_mask_portable(&text, &mut slow);
            slow.push(0);
            assert_eq!(fast, slow, "{text:?}");
            for at in 0..text.len() {
                let block = &text[at..text.len().min(at + 64)];
                assert_eq!(kinds(&text, at), kinds_portable(block), "{at} {text:?}");
            }
        }
    }

    #[test]
    fn runs_begin_and_end_where_a_plain_loop_says() {
        let mut text = vec![b' '; 70];
        text.extend(b"0123456789abcdef ");
        text.extend([b'x'; 150]);
        text.push(b'.');
        text.extend([b'y'; 15]);
        let mut mask = Vec::new();
        token_mask(&text, &mut mask);
        for at in 0..text.len() {
            let run = text[at..].iter().take_while(|b| is_token(**b)).count();
            let told = begins_run(&mask, at / 64) >> (at % 64) & 1 == 1;
            assert_eq!(told, run >= 16, "at {at}");
            if run > 0 {
                assert_eq!(run_end(&mask, at), at + run);
            }
        }
    }

    #[test]
    fn the_gate_is_what_a_plain_loop_says() {
        fn plain(run: &[u8], least: usize) -> bool {
            let kind = |b: u8| match b {
                b'0'..=b'9' => 1,
                b'a'..=b'z' => 2,
                b'A'..=b'Z' => 3,
                _ => 0,
            };
            let changes = run
                .windows(2)
                .filter(|w| kind(w[0]) * kind(w[1]) != 0 && kind(w[0]) != kind(w[1]))
                .count();
            changes >= least
                || run
                    .windows(16)
                    .any(|w| w.iter().all(u8::is_ascii_alphanumeric))
        }
        let mut sampler = crate::detect::patterns::Sampler::new(3);
        for case in 0..4000 {
            let len = 1 + sampler.below(200);
            // Some dashes five apart; few alphanumerics in a row, so that both ways through the gate are tried.
            let text: Vec<u8> = (0..len)
                .map(|i| {
                    if i % (3 + case % 17) == 0 {
                        b'_'
                    } else {
                        sampler.pick(b"aaaaaaaaab1Z")
                    }
                })
                .collect();
            for least in [1, 3, 20] {
                assert_eq!(
                    passes_gate(&text, (0, len), least),
                    plain(&text, least),
                    "{least} {:?}",
                    text.escape_ascii().to_string()
                );
            }
        }
    }
}
