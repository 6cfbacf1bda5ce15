//! Words looked up by the letters that they begin with, without case: asked at every place of a name or a
//! line, so that nothing goes through a catalogue of words.

/// Words by their first two letters or digits.
#[derive(Debug)]
pub(super) struct Initials<T> {
    /// The words of pair `n` are `words[starts[n]..starts[n + 1]]`.
    starts: Vec<u32>,
    words: Vec<(&'static str, T)>,
}

/// How many letters and digits there are.
const LETTERS: usize = 36;

impl<T: Copy> Initials<T> {
    pub(super) fn new(words: impl Iterator<Item = (&'static str, T)>) -> Self {
        let paired = words.filter_map(|(word, told)| Some((pair(word.as_bytes(), 0)?, word, told)));
        let mut sorted: Vec<(usize, &'static str, T)> = paired.collect();
        sorted.sort_by_key(|word| word.0);
        let mut starts = vec![0; LETTERS * LETTERS + 1];
        for (pair, ..) in &sorted {
            starts[pair + 1] += 1;
        }
        for pair in 1..starts.len() {
            starts[pair] += starts[pair - 1];
        }
        Self {
            starts,
            words: sorted.into_iter().map(|w| (w.1, w.2)).collect(),
        }
    }

    /// All words that may stand in `text` at `at`.
    pub(super) fn at(&self, text: &[u8], at: usize) -> &[(&'static str, T)] {
        pair(text, at).map_or(&[], |pair| {
            &self.words[self.starts[pair] as usize..self.starts[pair + 1] as usize]
        })
    }
}

/// The number of the first two letters or digits from `at` on, which may stand apart.
pub(super) fn pair(text: &[u8], at: usize) -> Option<usize> {
    let letter = |byte: u8| match byte {
        b'0'..=b'9' => Some(usize::from(byte - b'0')),
        b'a'..=b'z' => Some(usize::from(byte - b'a') + 10),
        b'A'..=b'Z' => Some(usize::from(byte - b'A') + 10),
        _ => None,
    };
    let first = letter(*text.get(at)?)?;
    let second = text[at + 1..].iter().take(3).find_map(|b| letter(*b))?;
    Some(first * LETTERS + second)
}
