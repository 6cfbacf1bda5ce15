//! Text as bit masks, one bit a byte, 64 bytes a word: what the lanes read instead of the text.
//!
//! One pass over the text fills the masks, finds the windows of the literals ([`Literals`]), and lists
//! the words in which something begins; all else is made of masks, a word at a time. It has three vector
//! forms (`avx512`, `avx2`, `neon`) and a portable one, which are tested to be equal.

#[cfg(target_arch = "x86_64")]
use super::literals::Spread;
use super::literals::{Literals, Nibbles};
#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
use super::neon;
#[cfg(target_arch = "x86_64")]
use super::{avx2, avx512};
#[cfg(doc)]
use crate::detect::patterns::Gate;
use crate::detect::patterns::is_token;

/// Classes of 64 bytes, one bit a byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Word {
    /// Token bytes.
    pub(super) token: u64,
    /// Digits and capital letters.
    pub(super) high: u64,
    /// All letters.
    pub(super) letter: u64,
    /// What begins an escape: backslash, percent sign and ampersand.
    pub(super) escape: u64,
}

impl Word {
    /// Letters and digits.
    #[inline]
    pub(super) fn alnum(&self) -> u64 {
        self.high | self.letter
    }

    /// Small letters.
    #[inline]
    fn lower(&self) -> u64 {
        self.letter & !self.high
    }

    /// Capital letters.
    #[inline]
    fn upper(&self) -> u64 {
        self.letter & self.high
    }
}

/// Of digits, small and capital letters, told by two bits each as in a [`Word`], those that are of
/// another kind than the one before them. `before` is the word before.
#[inline]
fn apart((high, letter): (u64, u64), before: (u64, u64)) -> u64 {
    let behind = |this: u64, before: u64| this << 1 | before >> 63;
    let (high_behind, letter_behind) = (behind(high, before.0), behind(letter, before.1));
    let both = (high | letter) & (high_behind | letter_behind);
    both & (high ^ high_behind | letter ^ letter_behind)
}

/// The masks of one text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Masks {
    /// One clear word follows the last.
    pub(super) words: Vec<Word>,
    /// Where a window of a literal may begin, ascending.
    pub(super) hits: Vec<usize>,
    /// The words in which runs begin, ascending.
    pub(super) begins: Vec<Begins>,
    /// The words in which escapes stand, ascending.
    pub(super) escaped: Vec<usize>,
}

/// What the masks are filled with.
#[derive(Clone, Debug)]
pub(super) struct Sought {
    pub(super) literals: Literals,
    /// What begins where runs do.
    pub(super) inner: Filter,
}

impl Sought {
    /// All stems and anchors, and what a filter lets in.
    pub(super) fn of(filter: [Nibbles; 3]) -> Self {
        Self {
            literals: Literals::new(),
            inner: Filter::new(filter),
        }
    }
}

impl Masks {
    /// Reads a text.
    pub(super) fn read(&mut self, text: &[u8], sought: &Sought) {
        #[cfg(target_arch = "x86_64")]
        if avx512::is_there() {
            self.clear();
            // SAFETY: the processor has AVX-512 with bytes, as was just asked.
            unsafe { avx512::read(text, sought, self) };
            return;
        }
        self.read_narrow(text, sought);
    }

    /// Reads a text on a processor without AVX-512.
    fn read_narrow(&mut self, text: &[u8], sought: &Sought) {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            self.clear();
            // SAFETY: the processor has AVX2, as was just asked.
            unsafe { avx2::read(text, sought, self) };
            return;
        }
        // The compiler takes NEON for granted on such a processor: this is always true.
        #[cfg(all(target_arch = "aarch64", target_endian = "little"))]
        if std::arch::is_aarch64_feature_detected!("neon") {
            self.clear();
            // SAFETY: the processor has NEON, as was just asked.
            unsafe { neon::read(text, sought, self) };
            return;
        }
        self.read_portable(text, sought);
    }

    fn clear(&mut self) {
        self.words.clear();
        self.hits.clear();
        self.begins.clear();
        self.escaped.clear();
    }

    /// Adds a word.
    #[inline]
    pub(super) fn push(&mut self, word: Word) {
        if word.escape != 0 {
            self.escaped.push(self.words.len());
        }
        self.words.push(word);
    }

    /// Adds a word, and the places in it where windows begin.
    #[inline]
    pub(super) fn block(&mut self, word: Word, mut hits: u64) {
        let at = self.words.len() * 64;
        self.push(word);
        while hits != 0 {
            self.hits.push(at + hits.trailing_zeros() as usize);
            hits &= hits - 1;
        }
    }

    /// Ends the words with a clear one.
    pub(super) fn finish(&mut self) {
        self.words.push(Word::default());
    }

    fn read_portable(&mut self, text: &[u8], sought: &Sought) {
        self.clear();
        let Sought { literals, inner } = sought;
        for block in text.chunks(64) {
            let bits = |is: fn(u8) -> bool| {
                let bytes = block.iter().rev();
                bytes.fold(0, |word, b| word << 1 | u64::from(is(*b)))
            };
            self.push(Word {
                token: bits(is_token),
                high: bits(|b| b.is_ascii_digit() || b.is_ascii_uppercase()),
                letter: bits(|b| b.is_ascii_alphabetic()),
                escape: bits(|b| matches!(b, b'\\' | b'%' | b'&')),
            });
        }
        self.finish();
        for word in 0..self.len() {
            let runs = self.begins_run(word);
            if runs != 0 {
                let inner = runs & inner.bits(text, word * 64);
                self.begins.push(Begins { word, runs, inner });
            }
        }
        let [a, b, c, d] = &literals.places;
        for at in 0..text.len().saturating_sub(2) {
            let fourth = text.get(at + 3).copied().unwrap_or(0);
            let groups = a.groups(text[at]) & b.groups(text[at + 1]);
            if groups & c.groups(text[at + 2]) & d.groups(fourth) != 0 {
                self.hits.push(at);
            }
        }
    }

    /// How many words hold text.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.words.len() - 1
    }

    #[inline]
    fn before(&self, word: usize) -> Word {
        word.checked_sub(1)
            .map_or(Word::default(), |w| self.words[w])
    }

    /// Bits of a word whose byte begins 16 token bytes in a row.
    #[inline]
    pub(super) fn begins_run(&self, word: usize) -> u64 {
        begins_row(self.words[word].token, self.words[word + 1].token)
    }

    /// Bits of a word whose byte begins a run of token bytes.
    #[inline]
    pub(super) fn starts(&self, word: usize) -> u64 {
        let token = self.words[word].token;
        token & !(token << 1 | self.before(word).token >> 63)
    }

    /// Bits of a word whose byte is behind no letter or digit.
    #[inline]
    pub(super) fn edges(&self, word: usize) -> u64 {
        !(self.words[word].alnum() << 1 | self.before(word).alnum() >> 63)
    }

    /// Bits of a word whose byte may stand behind an escape: two (`\n`), four (`\x3d`) or six
    /// bytes (`\u003d`) behind a backslash, three (`%3D`) behind a percent sign.
    #[inline]
    pub(super) fn behind_escapes(&self, word: usize) -> u64 {
        let (this, before) = (self.words[word].escape, self.before(word).escape);
        if this | before >> 58 == 0 {
            return 0;
        }
        let back = |n: u32| this << n | before >> (64 - n);
        back(2) | back(3) | back(4) | back(6)
    }

    /// Whether a match may begin at `at` that begins behind no letter or digit but those of an escape.
    #[inline]
    pub(super) fn may_begin(&self, at: usize) -> bool {
        let (word, bit) = (at / 64, at % 64);
        self.edges(word) >> bit & 1 != 0 || self.behind_escapes(word) >> bit & 1 != 0
    }

    /// Bits of a word at which escapes stand as in a row of them: two that are two bytes apart
    /// (`\/\/`), or three of the same length (`%41%42%43`, `\x41\x42\x43`, `\u0041\u0042\u0043`) or
    /// of five or six bytes (`&#99;&#100;&#101;`).
    #[inline]
    pub(super) fn escape_rows(&self, word: usize) -> u64 {
        let (this, next) = (self.words[word].escape, self.words[word + 1].escape);
        if this == 0 {
            return 0;
        }
        let ahead = |n: u32| this >> n | next << (64 - n);
        let entities = (ahead(5) | ahead(6)) & (ahead(10) | ahead(11) | ahead(12));
        this & (ahead(2) | ahead(3) & ahead(6) | ahead(4) & ahead(8) | entities)
    }

    /// Bits of a word at which a word of a language may begin: after no letter, at the hump of a
    /// camel, or two bytes behind a backslash.
    #[inline]
    pub(super) fn word_begins(&self, word: usize) -> u64 {
        let (this, before, next) = (self.words[word], self.before(word), self.words[word + 1]);
        let lower = this.lower() << 1 | before.lower() >> 63;
        let letter = this.letter << 1 | before.letter >> 63;
        // A capital behind a letter begins a word behind a small one, and before a small one.
        let hump = this.upper() & (lower | this.lower() >> 1 | next.lower() << 63);
        !letter | hump | this.escape << 2 | before.escape >> 62
    }

    /// The bits of the 64 bytes from `at` on.
    #[inline]
    pub(super) fn from(&self, at: usize, of: impl Fn(&Word) -> u64) -> u64 {
        let (word, bit) = (at / 64, at % 64);
        let (this, next) = (of(&self.words[word]), of(&self.words[word + 1]));
        ((u128::from(next) << 64 | u128::from(this)) >> bit) as u64
    }

    /// The run that begins at `at`: its end, and what it looks like to the gates.
    #[inline]
    pub(super) fn run(&self, text: &[u8], at: usize) -> (usize, Look) {
        let (word, bit) = (at / 64, at % 64);
        let (this, next) = (self.words[word], self.words[word + 1]);
        let from = |this: u64, next: u64| (u128::from(next) << 64 | u128::from(this)) >> bit;
        let from = |this: u64, next: u64| from(this, next) as u64;
        let length = from(this.token, next.token).trailing_ones();
        if length == 64 {
            let end = self.run_end(at);
            return (end, self.look(text, (at, end)));
        }
        // Most runs are shorter than a word: nothing here is a branch that could be mistaken.
        let keep = (1 << length) - 1;
        let high = from(this.high, next.high) & keep;
        let letter = from(this.letter, next.letter) & keep;
        let alnum = high | letter;
        let end = at + length as usize;
        let dashes = five_apart(keep & !alnum, 0);
        let look = Look {
            row: begins_row(alnum, 0) != 0 || has_dashes(text, at, dashes, end),
            changes: apart((high, letter), (0, 0)).count_ones(),
        };
        (end, look)
    }

    /// The end of the run that holds byte `at`: the first byte that is no token byte.
    #[inline]
    fn run_end(&self, at: usize) -> usize {
        let (mut word, bit) = (at / 64, at % 64);
        let mut clear = !self.words[word].token >> bit << bit;
        while clear == 0 {
            word += 1;
            clear = !self.words[word].token;
        }
        word * 64 + clear.trailing_zeros() as usize
    }

    /// What a run of any length looks like to the gates.
    fn look(&self, text: &[u8], (at, end): (usize, usize)) -> Look {
        let (first, last) = (at / 64, (end - 1) / 64);
        let mut look = Look::default();
        let mut before = (0, 0);
        for number in first..=last {
            let mut keep = u64::MAX;
            if number == first {
                keep = keep >> (at % 64) << (at % 64);
            }
            if number == last {
                keep &= u64::MAX >> (63 - (end - 1) % 64);
            }
            let word = self.words[number];
            let next = self.words[number + 1];
            let others = |w: Word| w.token & !w.alnum();
            // A row or dashes that begin in the run do not leave it: its bytes are token bytes.
            look.row |= begins_row(word.alnum(), next.alnum()) & keep != 0
                || has_dashes(
                    text,
                    number * 64,
                    five_apart(others(word), others(next)) & keep,
                    end,
                );
            let this = (word.high & keep, word.letter & keep);
            look.changes += apart(this, before).count_ones();
            before = this;
        }
        look
    }
}

/// What a run looks like to the gates ([`Gate`]).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Look {
    /// It has 16 letters and digits in a row, or the dashes of a UUID.
    pub(super) row: bool,
    /// How many neighbouring digits, lower and upper case letters are of different kind.
    pub(super) changes: u32,
}

impl Look {
    /// Whether it passes a gate that asks for so many changes.
    #[inline]
    pub(super) fn passes(self, changes: u8) -> bool {
        self.row || self.changes >= u32::from(changes)
    }
}

/// Whether a run that ends at `end` has dashes as in a UUID (after 8, 13, 18 and 23), the first at
/// one of `places`, bits of the word that begins at `base`.
#[inline]
fn has_dashes(text: &[u8], base: usize, mut places: u64, end: usize) -> bool {
    while places != 0 {
        let dash = base + places.trailing_zeros() as usize;
        places &= places - 1;
        let is_dash = |n: usize| text.get(dash + n) == Some(&b'-');
        if dash + 15 < end && is_dash(0) && is_dash(5) && is_dash(10) && is_dash(15) {
            return true;
        }
    }
    false
}

/// Bits of `this` that begin 16 set bits in a row; `next` is the next word.
#[inline]
pub(super) fn begins_row(mut this: u64, mut next: u64) -> u64 {
    // Of the next word only the low 15 bits count, and those stay right.
    for step in [1, 2, 4, 8] {
        this &= this >> step | next << (64 - step);
        next &= next >> step;
    }
    this
}

/// Bits of `this` with three more after them, five apart; `next` is the next word.
#[inline]
fn five_apart(this: u64, next: u64) -> u64 {
    let ahead = |n: u32| this >> n | next << (64 - n);
    this & ahead(5) & ahead(10) & ahead(15)
}

/// A filter on three bytes: a superset of the openings it was made of.
#[derive(Clone, Debug)]
pub(super) struct Filter {
    pub(super) places: [Nibbles; 3],
    /// The same places as tables of bytes, for AVX-512.
    #[cfg(target_arch = "x86_64")]
    pub(super) spreads: [Spread; 3],
}

/// Where runs begin in a word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Begins {
    /// Its number.
    pub(super) word: usize,
    /// Bits whose byte begins 16 token bytes in a row.
    pub(super) runs: u64,
    /// Those of them that may begin an opening.
    pub(super) inner: u64,
}

impl Filter {
    /// The filter that an index has.
    pub(super) fn new(places: [Nibbles; 3]) -> Self {
        Self {
            places,
            #[cfg(target_arch = "x86_64")]
            spreads: places.map(Spread::of),
        }
    }

    /// Which of the 64 bytes from `at` on may begin an opening.
    fn bits(&self, text: &[u8], at: usize) -> u64 {
        let [a, b, c] = &self.places;
        let windows = text[at..text.len().min(at + 66)].windows(3).enumerate();
        windows.fold(0, |bits, (i, w)| {
            let groups = a.groups(w[0]) & b.groups(w[1]) & c.groups(w[2]);
            bits | u64::from(groups != 0) << i
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::patterns::{Sampler, begins_word};

    /// All bytes, in blocks that begin and end everywhere; and text with much of what counts.
    fn texts() -> Vec<Vec<u8>> {
        let all: Vec<u8> = (0..=255u8).cycle().take(700).collect();
        let mut texts: Vec<Vec<u8>> = (0..70).map(|cut| all[cut..].to_vec()).collect();
        texts.extend((0..70).map(|len| all[..len].to_vec()));
        let mut s = Sampler::new(9);
        texts.extend((0..200).map(|_| {
            let len = s.below(300);
            (0..len)
                .map(|_| s.pick(b"aZ9-_\\%=/: \nkeypwdassoken\xe9\xffAPI_KEY://-BEGIN"))
                .collect()
        }));
        // Miri takes seconds for each: some, one of them of 66 bytes, a byte too short for a block.
        let every = if cfg!(miri) { 17 } else { 1 };
        texts.into_iter().step_by(every).collect()
    }

    #[test]
    fn the_vector_paths_are_the_portable_path() {
        let sought = Sought::of(Nibbles::filter(&[*b"CDE", *b"efg", *b"-aa", *b"key"]));
        let mut begun = 0;
        // Each is read into what the one before has left.
        let [mut wide, mut narrow, mut slow] = [(); 3].map(|()| Masks::default());
        for text in texts() {
            wide.read(&text, &sought);
            narrow.read_narrow(&text, &sought);
            slow.read_portable(&text, &sought);
            assert_eq!(wide, slow, "{text:?}");
            assert_eq!(narrow, slow, "{text:?}");
            begun += slow.begins.iter().filter(|b| b.inner != 0).count();
        }
        assert!(begun > if cfg!(miri) { 0 } else { 20 }, "{begun}");
    }

    #[test]
    fn every_byte_of_a_window_counts_across_blocks() {
        let sought = Sought::of(Nibbles::filter(&[*b"key"]));
        let [mut wide, mut narrow, mut slow] = [(); 3].map(|()| Masks::default());
        let near = |at: &usize| !cfg!(miri) || (60..66).contains(at);
        for at in (0..140).filter(near) {
            for (what, hit, opens) in [
                ("pass ", true, false),
                ("pas- ", false, false),
                ("key456789abcdef0", true, true),
                ("ke=456789abcdef0", false, false),
            ] {
                let mut text = [b' '; 200];
                text[at..at + what.len()].copy_from_slice(what.as_bytes());
                wide.read(&text, &sought);
                narrow.read_narrow(&text, &sought);
                slow.read_portable(&text, &sought);
                assert_eq!(wide, slow, "{what} at {at}");
                assert_eq!(narrow, slow, "{what} at {at}");
                assert_eq!(wide.hits.contains(&at), hit, "{what} at {at}");
                let inner = wide.begins.iter().any(|b| b.inner == 1 << (at % 64));
                assert_eq!(inner, opens, "{what} at {at}");
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
        let mut masks = Masks::default();
        masks.read(&text, &Sought::of([Nibbles::default(); 3]));
        for at in 0..text.len() {
            let run = text[at..].iter().take_while(|b| is_token(**b)).count();
            let told = masks.begins_run(at / 64) >> (at % 64) & 1 == 1;
            assert_eq!(told, run >= 16, "at {at}");
            let edge = at == 0 || !text[at - 1].is_ascii_alphanumeric();
            assert_eq!(masks.edges(at / 64) >> (at % 64) & 1 == 1, edge, "at {at}");
            if run > 0 {
                assert_eq!(masks.run_end(at), at + run);
            }
        }
    }

    #[test]
    fn words_begin_where_keywords_do_and_escapes_end_where_a_plain_loop_says() {
        let mut masks = Masks::default();
        for text in texts() {
            masks.read(&text, &Sought::of([Nibbles::default(); 3]));
            for at in 0..text.len() {
                let back = |n: usize| at.checked_sub(n).map_or(0, |i| text[i]);
                let has = |bits: u64| bits >> (at % 64) & 1 == 1;
                if begins_word(&text, at) {
                    assert!(has(masks.word_begins(at / 64)), "{at} {text:?}");
                } else if !(1..7).any(|n| matches!(back(n), b'\\' | b'%' | b'&')) {
                    assert!(!has(masks.word_begins(at / 64)), "{at} {text:?}");
                    assert!(!has(masks.behind_escapes(at / 64)), "{at} {text:?}");
                }
                if [2, 4, 6].iter().any(|n| back(*n) == b'\\') || back(3) == b'%' {
                    assert!(has(masks.behind_escapes(at / 64)), "{at} {text:?}");
                }
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
            let before = case % 67;
            let framed = [&vec![b'.'; before], &text[..], b" aB3"].concat();
            let mut masks = Masks::default();
            masks.read(&framed, &Sought::of([Nibbles::default(); 3]));
            let (end, look) = masks.run(&framed, before);
            assert_eq!(end, before + len);
            for least in [1, 3, 20] {
                assert_eq!(
                    look.passes(least),
                    plain(&text, usize::from(least)),
                    "{least} {:?}",
                    text.escape_ascii().to_string()
                );
            }
        }
    }
}
