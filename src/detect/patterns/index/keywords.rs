//! Keywords by their first letters, for those that stand near a run.

use std::collections::HashMap;

use super::super::keyword::keyword_end;
use super::table::{Row, Seen, Table, key};

/// Keywords, looked for without case near a run.
#[derive(Clone, Debug)]
pub struct Keywords {
    /// Whether some keyword begins with four bytes, without case: asked first.
    pub seen: Seen,
    /// The same bytes to the short keywords that can begin with them.
    pub short: Table<4>,
    /// A mix of the first six, to all others: a word of English begins as many keywords do.
    pub long: Table<4>,
    /// By number.
    pub words: Row<Keyword>,
    /// Patterns that want keywords, those of one keyword in a row.
    pub wanting: Row<u16>,
}

/// A keyword with the patterns that want it.
#[derive(Clone, Copy, Debug)]
pub struct Keyword {
    /// In small letters.
    pub text: &'static str,
    /// Its first bytes, eight at most, up to the first that may be another: bit by bit what all that
    /// is this keyword has alike, without case.
    pub head: u64,
    /// Which bits of them count.
    pub mask: u64,
    /// Where in [`Keywords::wanting`] its patterns are: from here on, up to there.
    pub wanting: (u16, u16),
}

impl Keyword {
    fn new(text: &'static str, wanting: (u16, u16)) -> Self {
        let fixed = text.bytes().take_while(|b| !is_separator(*b));
        let (mut head, mut mask) = ([0; 8], [0; 8]);
        for ((head, mask), byte) in head.iter_mut().zip(&mut mask).zip(fixed) {
            (*head, *mask) = (byte | 0x20, 0xff);
        }
        Self {
            text,
            head: u64::from_le_bytes(head),
            mask: u64::from_le_bytes(mask),
            wanting,
        }
    }

    /// Whether it may begin at `at`.
    #[inline]
    fn may_begin(&self, text: &[u8], at: usize) -> bool {
        match text[at..].first_chunk::<8>() {
            Some(eight) => {
                let folded = u64::from_le_bytes(*eight) | 0x2020_2020_2020_2020;
                folded & self.mask == self.head
            }
            None => true,
        }
    }
}

impl Keywords {
    /// Keywords with the patterns that want them, in order of pattern.
    pub fn new(pairs: impl IntoIterator<Item = (&'static str, u16)>) -> Self {
        let mut texts: Vec<(&'static str, Vec<u16>)> = Vec::new();
        let mut numbers = HashMap::new();
        for (text, pattern) in pairs {
            let number = *numbers.entry(text).or_insert(texts.len());
            match texts.get_mut(number) {
                Some((_, patterns)) if patterns.last() == Some(&pattern) => {}
                Some((_, patterns)) => patterns.push(pattern),
                None => texts.push((text, vec![pattern])),
            }
        }
        let (mut words, mut wanting) = (Vec::new(), Vec::new());
        for (text, patterns) in texts {
            let from = wanting.len() as u16;
            wanting.extend(patterns);
            words.push(Keyword::new(text, (from, wanting.len() as u16)));
        }
        let (mut seen, mut short, mut long) = (Vec::new(), Vec::new(), Vec::new());
        for (number, word) in (0u16..).zip(&words) {
            let word = word.text.as_bytes();
            openings(word, &mut |four: [u8; 4]| {
                seen.push(Table::<4>::hash(key(four)));
            });
            let letters = word.iter().filter(|b| !is_separator(**b)).count();
            if letters >= SIX {
                openings(word, &mut |six: [u8; SIX]| {
                    long.push((mixed(padded(&six)).to_le_bytes(), number));
                });
            } else {
                openings(word, &mut |four: [u8; 4]| short.push((four, number)));
            }
        }
        Self {
            seen: Seen::new(seen),
            short: Table::new(short),
            long: Table::new(long),
            words: words.into(),
            wanting: wanting.into(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The patterns that want the keyword with this number.
    pub fn patterns(&self, word: u16) -> &[u16] {
        let (from, to) = self.words[usize::from(word)].wanting;
        &self.wanting[usize::from(from)..usize::from(to)]
    }

    /// Tells the numbers of the keywords that begin at a place (what ends them is the mark's business).
    #[inline]
    pub fn at(&self, text: &[u8], at: usize, mut tell: impl FnMut(u16)) {
        let eight = match text[at..].first_chunk::<8>() {
            Some(eight) => u64::from_le_bytes(*eight),
            None => padded(&text[at..]),
        };
        let folded = eight | 0x2020_2020_2020_2020;
        if !self.seen.has(Table::<4>::hash(folded as u32)) {
            return;
        }
        for (table, key) in [(&self.short, folded as u32), (&self.long, mixed(folded))] {
            if table.may_have(key) {
                self.compare(text, at, table.get(key), &mut tell);
            }
        }
    }

    #[inline]
    fn compare(
        &self,
        text: &[u8],
        at: usize,
        words: impl Iterator<Item = u16>,
        tell: &mut impl FnMut(u16),
    ) {
        for word in words {
            let keyword = &self.words[usize::from(word)];
            if keyword.may_begin(text, at)
                && keyword_end(text, at, keyword.text.as_bytes()).is_some()
            {
                tell(word);
            }
        }
    }
}

/// How many bytes of a keyword are looked up that has so many letters and digits.
const SIX: usize = 6;

/// A key of the first six of eight bytes. Others may have the same: what is found is compared.
#[inline]
fn mixed(eight: u64) -> u32 {
    ((eight << 16).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as u32
}

/// Fewer than eight bytes, and zeros behind them.
#[cold]
fn padded(text: &[u8]) -> u64 {
    let mut eight = [0; 8];
    eight[..text.len()].copy_from_slice(text);
    u64::from_le_bytes(eight)
}

/// Whether a byte of a keyword stands for any separator, or for none.
const fn is_separator(byte: u8) -> bool {
    matches!(byte, b' ' | b'-' | b'_')
}

/// Tells the folded openings of a keyword: a separator stands for any, or for none. The byte
/// behind a keyword that is one too short may be any.
fn openings<const N: usize>(word: &[u8], tell: &mut impl FnMut([u8; N])) {
    fn go<const N: usize>(rest: &[u8], done: [u8; N], len: usize, tell: &mut impl FnMut([u8; N])) {
        let with = |byte: u8| {
            let mut more = done;
            more[len] = byte | 0x20;
            more
        };
        match rest.split_first() {
            _ if len == N => tell(done),
            None if len + 1 == N => (0..=255)
                .filter(|b| b & 0x20 != 0)
                .for_each(|b| tell(with(b))),
            None => {}
            Some((first, rest)) if is_separator(*first) => {
                go(rest, done, len, tell);
                for separator in *b" -_." {
                    go(rest, with(separator), len + 1, tell);
                }
            }
            Some((first, rest)) => go(rest, with(*first), len + 1, tell),
        }
    }
    go(word, [0; N], 0, tell);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(words: &Keywords, text: &[u8]) -> Vec<(usize, u16)> {
        let mut told = Vec::new();
        for at in 0..text.len() {
            words.at(text, at, |word| told.push((at, word)));
        }
        told
    }

    #[test]
    fn a_separator_may_be_any_or_none() {
        let words = Keywords::new([("gh-token", 1)]);
        for text in ["gh-token", "GH_TOKEN", "ghToken", "gh.token", "gh token"] {
            assert_eq!(told(&words, text.as_bytes()), [(0, 0)], "{text}");
        }
    }

    #[test]
    fn keywords_are_found_in_any_case() {
        let words = Keywords::new([("heroku", 1), ("api-key", 2), ("heroku", 3)]);
        let text = b"x HeRoKu API_KEY apikey";
        assert_eq!(told(&words, text), [(2, 0), (9, 1), (17, 1)]);
        assert_eq!(
            (words.patterns(0), words.patterns(1)),
            (&[1, 3][..], &[2][..])
        );
    }

    #[test]
    fn short_keywords_are_found_before_any_byte_and_at_the_end() {
        let words = Keywords::new([("dsn", 1), ("8x8", 2), ("dsnx", 3)]);
        for behind in (0..=255u8).filter(|b| !b.is_ascii_alphanumeric()) {
            let text = [b"-8X8", &[behind][..], b"=dsn"].concat();
            let told = told(&words, &text);
            let told: Vec<(usize, u16)> = told
                .into_iter()
                .map(|(at, word)| (at, words.patterns(word)[0]))
                .collect();
            assert_eq!(told, [(1, 2), (6, 1)], "{behind}");
        }
    }
}
