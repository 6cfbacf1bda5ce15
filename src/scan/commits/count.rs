//! Which matches of a file are new: a matter of counting.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::judge::{Key, Matches};
use crate::base::limits;

/// A hash of the line that byte `at` is on.
pub(super) fn line_of(text: &[u8], at: usize) -> u64 {
    let low = at.saturating_sub(limits::LINE_BYTES);
    let start = memchr::memrchr(b'\n', &text[low..at]).map_or(low, |i| low + i + 1);
    let high = text.len().min(at + limits::LINE_BYTES);
    let end = memchr::memchr(b'\n', &text[at..high]).map_or(high, |i| at + i);
    let mut hasher = DefaultHasher::new();
    text[start..end].hash(&mut hasher);
    hasher.finish()
}

/// Which matches are new: more of a secret than any parent's version has. Of several places those on
/// lines that the older version has as well are the old ones.
pub(super) fn introduced(matches: &[((Key, bool), u64)], olds: &[Matches]) -> Vec<bool> {
    let mut is_new = vec![true; matches.len()];
    let mut by_key: HashMap<&(Key, bool), Vec<usize>> = HashMap::new();
    for (place, (key, _)) in matches.iter().enumerate() {
        by_key.entry(key).or_default().push(place);
    }
    for (key, places) in by_key {
        let lines = |old: &Matches| -> Vec<u64> {
            let same = old.iter().filter(|(k, _)| k == key);
            same.map(|(_, line)| *line).collect()
        };
        let most = olds.iter().map(lines).max_by_key(Vec::len);
        let Some(mut old) = most else { continue };
        let mut left = old.len();
        for place in &places {
            let line = matches[*place].1;
            if let Some(i) = old.iter().position(|o| *o == line) {
                old.swap_remove(i);
                is_new[*place] = false;
                left -= 1;
            }
        }
        for place in &places {
            if left > 0 && is_new[*place] {
                is_new[*place] = false;
                left -= 1;
            }
        }
    }
    is_new
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::base::Secret;

    #[test]
    fn what_a_version_has_more_of_is_new() {
        let of = |list: &[(&str, u64)]| -> Matches {
            let key = |secret: &str| (("p", Secret::new(secret.as_bytes())), false);
            let one = |(secret, line): &(&str, u64)| (key(secret), *line);
            Arc::new(list.iter().map(one).collect())
        };
        let told = |new: &[(&str, u64)], olds: &[&[(&str, u64)]]| {
            let olds: Vec<Matches> = olds.iter().map(|old| of(old)).collect();
            introduced(&of(new), &olds)
        };
        assert_eq!(told(&[("a", 1)], &[]), [true]);
        assert_eq!(told(&[("a", 1)], &[&[("b", 1)]]), [true]);
        assert_eq!(
            told(&[("a", 1)], &[&[("a", 2)]]),
            [false],
            "the line does not matter"
        );
        assert_eq!(told(&[("a", 1), ("a", 2)], &[&[("a", 2)]]), [true, false]);
        assert_eq!(told(&[("a", 1), ("a", 2)], &[&[("a", 3)]]), [false, true]);
        assert_eq!(told(&[("a", 1), ("a", 1)], &[&[("a", 1)]]), [false, true]);
        // At a merge each secret may come from another parent.
        assert_eq!(
            told(&[("a", 1), ("b", 1), ("c", 1)], &[&[("a", 1)], &[("b", 1)]]),
            [false, false, true]
        );
        assert_eq!(
            told(&[("a", 1), ("a", 2)], &[&[("a", 1)], &[("a", 2)]])
                .iter()
                .filter(|n| **n)
                .count(),
            1
        );
    }
}
