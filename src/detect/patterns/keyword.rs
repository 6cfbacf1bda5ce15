//! Keywords: the names beside a secret that has no prefix of its own.
//!
//! A keyword is compared without case, at word borders, and its separators stand for any or none,
//! so that `api-key` is found in `apiKey`, `API_KEY` and `api.key`.

/// Whether `keyword` (lower case) stands in `text` at `at`; the end of it if so.
pub fn keyword_at(text: &[u8], at: usize, keyword: &[u8]) -> Option<usize> {
    let end = keyword_end(text, at, keyword)?;
    if !begins_word(text, at) {
        return None;
    }
    if keyword.len() <= 4
        && end < text.len()
        && !begins_word(text, end)
        && text[end].is_ascii_alphabetic()
    {
        return None;
    }
    Some(end)
}

/// Where `keyword` may stand in `text`: its first letter does, in either case.
pub fn keyword_places<'t>(text: &'t [u8], keyword: &[u8]) -> impl Iterator<Item = usize> + 't {
    let first = keyword.first().copied().unwrap_or_default();
    memchr::memchr2_iter(first, first.to_ascii_uppercase(), text)
}

/// Compares the letters only: the end of `keyword` when it stands at `at`.
pub fn keyword_end(text: &[u8], at: usize, keyword: &[u8]) -> Option<usize> {
    let mut end = at;
    for want in keyword {
        if matches!(want, b' ' | b'-' | b'_') {
            if text
                .get(end)
                .is_some_and(|b| matches!(b, b' ' | b'-' | b'_' | b'.'))
            {
                end += 1;
            }
        } else if text.get(end)?.to_ascii_lowercase() == *want {
            end += 1;
        } else {
            return None;
        }
    }
    Some(end)
}

/// Whether a word can begin at `at`: after no letter, or at the hump of a camel. After capitals
/// the last of them begins one: `T` in `ETSYToken`.
pub fn begins_word(text: &[u8], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).map(|i| text[i]) else {
        return true;
    };
    let is = |i: usize, kind: fn(&u8) -> bool| text.get(i).is_some_and(kind);
    !before.is_ascii_alphabetic()
        || before.is_ascii_uppercase()
            && is(at, u8::is_ascii_uppercase)
            && is(at + 1, u8::is_ascii_lowercase)
        || before.is_ascii_lowercase() && text.get(at).is_some_and(u8::is_ascii_uppercase)
        // An escape such as `\n` ends in a letter that is none.
        || at >= 2 && text[at - 2] == b'\\' && matches!(before, b'n' | b't' | b'r')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, keyword: &str) -> bool {
        (0..text.len()).any(|i| keyword_at(text.as_bytes(), i, keyword.as_bytes()).is_some())
    }

    #[test]
    fn separators_and_case_are_free_and_words_have_borders() {
        for text in [
            "API_KEY",
            "apiKey",
            "x.api.key",
            "my_api-key2",
            "\\napi_key",
        ] {
            assert!(found(text, "api-key"), "{text}");
        }
        for text in ["rapikey", "apik", "api  key"] {
            assert!(!found(text, "api-key"), "{text}");
        }
        assert!(found("myBox: 1", "box") && found("box_id", "box") && found("BOX1", "box"));
        assert!(found("BOXToken", "box") && found("XMLBox", "box"));
        assert!(!found("boxes", "box") && !found("inbox", "box") && !found("BOXED", "box"));
    }
}
