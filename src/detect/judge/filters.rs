//! Filters for every token: randomness, placeholders, documented examples.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use crate::detect::generic::{self, longest};
use crate::detect::patterns::{Class, Pattern, base64_text};
use crate::detect::{Rejection, entropy};

/// The secret's Shannon entropy against the pattern's floor.
pub(in crate::detect) fn randomness(pattern: &Pattern, secret: &[u8]) -> Result<(), Rejection> {
    if pattern.randomness <= 0.0 {
        return Ok(());
    }
    let body = secret
        .get(pattern.prefix.len()..)
        .filter(|b| b.len() >= 8)
        .unwrap_or(secret);
    // A text of n characters cannot have more than log2 n bits a character.
    let reachable = (body.len() as f32).log2() * 0.9;
    let floor = pattern.randomness.min(reachable);
    let bits = entropy(body);
    if bits < floor {
        let hundredths = |x: f32| (x * 100.0).round() as u16;
        return Err(Rejection::Randomness(hundredths(bits), hundredths(floor)));
    }
    Ok(())
}

/// Words that only placeholders hold. Compared without case, separators left out.
const WORDS: &[&str] = &[
    "example",
    "placeholder",
    "changeme",
    "change_me",
    "replaceme",
    "replace_me",
    "replace_with",
    "your_",
    "your-",
    "yourapi",
    "yourtoken",
    "yoursecret",
    "yourkey",
    "yourpass",
    "redacted",
    "dummy",
    "notreal",
    "not_real",
    "not-real",
    "fakefake",
    "samplekey",
    "sampletoken",
    "insert_",
    "xxxxxx",
    "todo_",
    "_here",
    "-here",
    "keyhere",
    "tokenhere",
    "secrethere",
    "passwordhere",
    "foobar",
    "lorem",
];

/// How the keys begin that vendors print in their manuals or build into their emulators, without
/// case. Only a beginning is kept: it tells them, and is no key.
const DOCUMENTED: &[&str] = &[
    // AWS documentation, "access keys": the secret beside AKIAIOSFODNN7EXAMPLE.
    "wjalrxutnfemi",
    // Azure Storage emulator (Azurite): the account key of devstoreaccount1.
    "eby8vdm02xnocqfl",
    // RFC 6749, the example access and refresh tokens.
    "2yotnfzfejr1",
    "tgzv3jokf0xg",
    // Azure Cosmos DB emulator.
    "c2y6yddjf5/r+ob0n8a7cgv30",
];

/// Placeholders: telling words, one character repeated, counting, the alphabet.
pub(in crate::detect) fn placeholder(pattern: &Pattern, secret: &[u8]) -> Result<(), Rejection> {
    let body = secret.get(pattern.prefix.len()..).unwrap_or(secret);
    if pattern.class == Class::Jwt {
        // Its claims may speak of examples; its signature does not by chance.
        let signature = body.rsplit(|b| *b == b'.').next().unwrap_or(body);
        return word_in(signature).map_or(Ok(()), |word| Err(Rejection::Placeholder(word)));
    }
    if pattern.class == Class::PrivateKey {
        return Ok(());
    }
    // Vendors write it in capitals into the keys of their manuals, also into those that are JSON.
    let of_manual = |text: Vec<u8>| text.windows(7).any(|w| w == b"EXAMPLE");
    if secret.starts_with(b"eyJ") && base64_text(secret).is_some_and(of_manual) {
        return Err(Rejection::Placeholder("example"));
    }
    if pattern.checksum.proves() {
        return Ok(());
    }
    if let Some(word) = word_in(body) {
        return Err(Rejection::Placeholder(word));
    }
    let documented = |known: &&str| {
        secret.len() >= known.len() && secret[..known.len()].eq_ignore_ascii_case(known.as_bytes())
    };
    if DOCUMENTED.iter().any(documented) {
        return Err(Rejection::Placeholder("a key of the vendor's manual"));
    }
    let person = matches!(pattern.class, Class::Password | Class::ConnectionString);
    // Some forms have a long stretch of one letter in them; twelve are too much, or an eighth
    // of a long body.
    let repeat = longest_repeat(body);
    if repeat >= if person { 5 } else { 12.max(body.len() / 8) } || body.len() >= 4 && alike(body) {
        return Err(Rejection::Placeholder("one character repeated"));
    }
    // Six in a row come by chance once in ten million tokens of 40 letters and digits; in hex
    // seven are as rare.
    let hex = body.iter().all(u8::is_ascii_hexdigit);
    let most = match (pattern.names.is_empty(), hex) {
        (false, _) => 10,
        (true, true) => 8,
        (true, false) => 6,
    };
    // Beside its provider's name a value that has the provider's form is no stand-in because a part
    // of it counts: half of it must.
    let beside = !pattern.near.is_empty() && pattern.prefix.is_empty();
    if !person && longest_sequence(body) >= most && !(beside && counted(body, 5) * 2 <= body.len())
    {
        return Err(Rejection::Placeholder("a sequence"));
    }
    // What is assigned to a name is weighed by more than this.
    if !pattern.names.is_empty() {
        return Ok(());
    }
    // Where digits may stand, letters of one case alone are words written without spaces.
    let may_have_digits = pattern.expression[1].contains("0-9");
    let one_case =
        body.iter().all(u8::is_ascii_lowercase) || body.iter().all(u8::is_ascii_uppercase);
    if !person && may_have_digits && body.len() >= 20 && one_case {
        return Err(Rejection::Words);
    }
    // Among 30 and more letters and digits there is a digit, but for one in 170: a name in camels.
    let named = !pattern.near.is_empty() || pattern.provider == "generic";
    if named && may_have_digits && body.len() >= 30 && !body.iter().any(u8::is_ascii_digit) {
        return Err(Rejection::Words);
    }
    // Fewer may be without one by chance, but change their kind at every second place.
    if named && may_have_digits && body.len() >= 16 && joined_words(body) {
        return Err(Rejection::Words);
    }
    // Words by which most letters are covered do not come by chance, whatever stands before them.
    if !person && may_have_digits && body.len() >= 16 && generic::is_worded(body) {
        return Err(Rejection::Words);
    }
    Ok(())
}

/// The placeholder word in a text, if any.
pub(super) fn word_in(text: &[u8]) -> Option<&'static str> {
    // Of several the first of the list is told.
    let found = ANY.find_overlapping_iter(text);
    let first = found.map(|m| m.pattern().as_usize()).min()?;
    WORDS.get(first).copied()
}

/// All of them in one search.
static ANY: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(WORDS)
        .expect("some dozens of short literals compile")
});

fn alike(text: &[u8]) -> bool {
    text.iter().all(|b| *b == text[0])
}

/// The length of the longest stretch of one character.
fn longest_repeat(text: &[u8]) -> usize {
    longest(text, |a, b| a == b)
}

/// Whether a text has no digit and is words in camels, or joined by dashes.
fn joined_words(text: &[u8]) -> bool {
    let kind = |b: u8| match b {
        b'a'..=b'z' => 1,
        b'A'..=b'Z' => 2,
        _ => 0,
    };
    let changes = text.windows(2).filter(|p| kind(p[0]) != kind(p[1])).count();
    let capitals = text.iter().filter(|b| b.is_ascii_uppercase()).count();
    let joined = text.iter().any(|b| kind(*b) == 0);
    changes > 0
        && changes * 3 <= text.len()
        && (joined || capitals * 4 <= text.len())
        && !text.iter().any(u8::is_ascii_digit)
}

/// Whether `b` follows `a` where one counts or says the alphabet.
fn follows(a: u8, b: u8) -> bool {
    b == a.wrapping_add(1) || (a, b) == (b'9', b'0') || (a, b) == (b'9', b'a')
}

/// The length of the longest stretch that counts up or down by one, in either case.
fn longest_sequence(text: &[u8]) -> usize {
    let text = &text.to_ascii_lowercase()[..];
    longest(text, follows).max(longest(text, |a, b| follows(b, a)))
}

/// How many bytes of a text lie in stretches of `least` and more that count up or down by one, in
/// either case.
fn counted(text: &[u8], least: usize) -> usize {
    let text = text.to_ascii_lowercase();
    let mut in_some = vec![false; text.len()];
    for up in [true, false] {
        let goes_on = |i: usize| {
            let (a, b) = (text[i - 1], text[i]);
            if up { follows(a, b) } else { follows(b, a) }
        };
        let mut start = 0;
        for i in 1..=text.len() {
            if i == text.len() || !goes_on(i) {
                if i - start >= least {
                    in_some[start..i].fill(true);
                }
                start = i;
            }
        }
    }
    in_some.iter().filter(|c| **c).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_and_repeats() {
        assert_eq!(longest_sequence(b"0123456789abcdef"), 16);
        assert_eq!(longest_sequence(b"zyxw1"), 4);
        assert_eq!(longest_repeat(b"abbbbc"), 4);
        assert_eq!(longest_sequence(b""), 0);
    }

    #[test]
    fn how_much_of_a_text_counts() {
        assert_eq!(counted(b"", 5), 0);
        assert_eq!(counted(b"0123", 5), 0);
        assert_eq!(counted(b"q0123456z", 5), 7);
        // Down and up, with the turn in both.
        assert_eq!(counted(b"xedcbabcdex", 5), 9);
        assert_eq!(counted(b"7Bcdefg2k98765", 5), 11);
    }

    #[test]
    fn words_are_found_in_any_case() {
        assert_eq!(word_in(b"AKIAIOSFODNN7EXAMPLE"), Some("example"));
        assert_eq!(word_in(b"my-Change_Me-token"), Some("change_me"));
        assert_eq!(word_in(b"q8Zk2mN4"), None);
    }
}
