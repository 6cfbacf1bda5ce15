//! What a value looks like.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::language::{self, Cover};

/// Words that stand where a secret would: of placeholders, examples, references, labels.
const STANDINS: &[&str] = &[
    "password",
    "passwords",
    "passwd",
    "passwort",
    "pass",
    "pwd",
    "passphrase",
    "secret",
    "secrets",
    "token",
    "tokens",
    "apikey",
    "key",
    "keys",
    "api",
    "change",
    "changeme",
    "changeit",
    "your",
    "example",
    "sample",
    "test",
    "testing",
    "tests",
    "dummy",
    "demo",
    "fake",
    "foo",
    "bar",
    "baz",
    "user",
    "username",
    "admin",
    "root",
    "name",
    "none",
    "null",
    "nil",
    "true",
    "false",
    "undefined",
    "empty",
    "default",
    "string",
    "value",
    "required",
    "optional",
    "invalid",
    "wrong",
    "correct",
    "incorrect",
    "bad",
    "good",
    "valid",
    "missing",
    "unknown",
    "old",
    "new",
    "current",
    "confirm",
    "confirmation",
    "reset",
    "forgot",
    "enter",
    "input",
    "field",
    "type",
    "login",
    "credential",
    "credentials",
    "auth",
    "oauth",
    "here",
    "insert",
    "replace",
    "with",
    "todo",
    "redacted",
    "hidden",
    "masked",
    "xxx",
    "some",
    "this",
    "that",
    "the",
    "my",
    "is",
    "a",
    "an",
    "of",
    "for",
    "not",
    "no",
    "hash",
    "encrypted",
    "plain",
    "text",
    "plaintext",
    "random",
    "generated",
    "mock",
    "stub",
    "local",
    "localhost",
    "database",
    "db",
    "mysql",
    "postgres",
    "postgresql",
    "redis",
    "mongo",
    "rabbitmq",
    "guest",
    "server",
    "client",
    "access",
    "private",
    "public",
    "application",
    "app",
    "service",
    "super",
    "very",
    "me",
    "please",
    "set",
    "get",
    "in",
    "to",
    "env",
    "from",
    "it",
    "safe",
    "secure",
    "strong",
    "another",
    "other",
    "first",
    "second",
    "one",
    "two",
    "bearer",
    "basic",
    "session",
    "id",
    "refresh",
    "expired",
    "expires",
    "system",
    "development",
    "dev",
    "production",
    "prod",
    "config",
    "setting",
    "header",
    "param",
    "query",
    "request",
    "response",
    "code",
    "signing",
    "jwt",
    "encryption",
    "master",
    "shared",
    "internal",
    "external",
    "temp",
    "tmp",
    "initial",
    "blah",
    "asdf",
    "abc",
    "aaa",
    "real",
    "opensesame",
    "sesame",
    "file",
    "path",
    "data",
    "email",
    "account",
    "number",
    "must",
    "be",
    "long",
    "length",
    "min",
    "max",
    "error",
    "message",
    "label",
    "title",
    "hint",
    "prompt",
];

/// What a value looks like, as far as judgement asks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Looks {
    pub(super) length: usize,
    pub(super) lowers: usize,
    pub(super) uppers: usize,
    pub(super) digits: usize,
    pub(super) symbols: usize,
    pub(super) others: usize,
    pub(super) bits: f32,
    pub(super) cost: Option<f32>,
    pub(super) cover: Cover,
    pub(super) human: Human,
    /// Every word in it stands in for a secret.
    pub(super) all_standin: bool,
    /// Some word of four letters and more does.
    pub(super) some_standin: bool,
    pub(super) repeat: usize,
    pub(super) sequence: usize,
}

/// The ways in which people make passwords.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Human {
    #[default]
    No,
    /// One word of the list.
    Word,
    /// Words of the list and nothing else.
    Words,
    WordDigits,
    WordSymbolDigits,
    Leet,
    Keyboard,
}

/// Looks at a value.
pub(super) fn looks(value: &[u8]) -> Looks {
    let count = |is: fn(&u8) -> bool| value.iter().filter(|b| is(b)).count();
    let cover = language::cover(value);
    Looks {
        length: value.len(),
        lowers: count(u8::is_ascii_lowercase),
        uppers: count(u8::is_ascii_uppercase),
        digits: count(u8::is_ascii_digit),
        symbols: count(u8::is_ascii_punctuation),
        others: count(|b| !b.is_ascii()),
        bits: crate::detect::entropy(value),
        cost: language::cost(value),
        cover,
        human: human(value, cover),
        all_standin: all_standin(value),
        some_standin: some_standin(value),
        repeat: longest(value, |a, b| a == b),
        sequence: longest(value, |a, b| b == a.wrapping_add(1))
            .max(longest(value, |a, b| a == b.wrapping_add(1))),
    }
}

fn human(value: &[u8], cover: Cover) -> Human {
    let letters = value.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    let rest = &value[letters..];
    let wordy = cover.share() >= 0.75;
    if rest.is_empty() && cover.share() >= 1.0 {
        return if cover.words == 1 {
            Human::Word
        } else {
            Human::Words
        };
    }
    let digits = |text: &[u8]| text.iter().take_while(|b| b.is_ascii_digit()).count();
    let symbols = |text: &[u8]| text.iter().take_while(|b| b.is_ascii_punctuation()).count();
    if letters >= 3 && wordy {
        let n = digits(rest);
        if (1..=6).contains(&n) && symbols(&rest[n..]) == rest.len() - n && rest.len() <= n + 3 {
            return Human::WordDigits;
        }
        let s = symbols(rest);
        let n = digits(&rest[s..]);
        let end = &rest[s + n..];
        if (1..=2).contains(&s) && n <= 6 && end.len() <= 2 && symbols(end) == end.len() {
            return Human::WordSymbolDigits;
        }
    }
    if on_keyboard(value) {
        return Human::Keyboard;
    }
    let plain: Vec<u8> = value.iter().map(|b| unleet(*b)).collect();
    let changed = plain.iter().zip(value).any(|(a, b)| a != b);
    if changed && letters < value.len() && value.len() <= 24 {
        let told = language::cover(&plain);
        if told.letters >= 4 && told.share() >= 0.8 && told.covered > cover.covered {
            return Human::Leet;
        }
    }
    Human::No
}

fn unleet(byte: u8) -> u8 {
    match byte {
        b'4' | b'@' => b'a',
        b'3' => b'e',
        b'1' | b'!' => b'i',
        b'0' => b'o',
        b'5' | b'$' => b's',
        b'7' => b't',
        b'8' => b'b',
        b'9' => b'g',
        other => other,
    }
}

/// The rows of a keyboard, and its columns.
const ROWS: [&[u8]; 4] = [
    b"1234567890-=",
    b"qwertyuiop[]",
    b"asdfghjkl;'",
    b"zxcvbnm,./",
];

fn key_of(byte: u8) -> Option<(i32, i32)> {
    let shifted = b"!@#$%^&*()".iter().position(|s| *s == byte);
    let byte = shifted.map_or(byte.to_ascii_lowercase(), |i| ROWS[0][i]);
    ROWS.iter().enumerate().find_map(|(row, keys)| {
        let column = keys.iter().position(|k| *k == byte)?;
        Some((row as i32, column as i32))
    })
}

/// Whether most of a value is a walk over neighbouring keys.
fn on_keyboard(value: &[u8]) -> bool {
    if !(4..=32).contains(&value.len()) {
        return false;
    }
    let keys: Vec<_> = value.iter().map(|b| key_of(*b)).collect();
    let step = |pair: &&[Option<(i32, i32)>]| match (pair[0], pair[1]) {
        // One key on in a row, or down a column (`1qaz`).
        (Some(a), Some(b)) => {
            a.0 == b.0 && (a.1 - b.1).abs() == 1 || (a.0 - b.0).abs() == 1 && a.1 == b.1
        }
        _ => false,
    };
    let steps = keys.windows(2).filter(step).count();
    steps >= 3 && steps * 10 >= (value.len() - 1) * 6
}

/// Whether all words of a value, however they are joined, stand in for a secret.
pub(super) fn all_standin(value: &[u8]) -> bool {
    let mut any = false;
    value
        .split(|b| !b.is_ascii_alphabetic())
        .filter(|w| !w.is_empty())
        .all(|stretch| {
            any = true;
            stretch.len() <= 40 && made_of_standins(stretch)
        })
        && any
}

/// Whether a stretch of forty letters at most is one stand-in after the other.
fn made_of_standins(stretch: &[u8]) -> bool {
    let mut reached = [false; 41];
    reached[0] = true;
    // Told in order of their ends: what is reached before a begin is known.
    for word in ALL.find_overlapping_iter(stretch) {
        reached[word.end()] |= reached[word.start()];
    }
    reached[stretch.len()]
}

/// All of them, in one search.
static ALL: LazyLock<AhoCorasick> = LazyLock::new(|| search(0));

/// Those of four letters and more, in one search.
static LONGER: LazyLock<AhoCorasick> = LazyLock::new(|| search(4));

/// A search for stand-ins of so many letters and more.
fn search(least: usize) -> AhoCorasick {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(STANDINS.iter().filter(|w| w.len() >= least))
        .expect("some dozens of short literals compile")
}

fn some_standin(value: &[u8]) -> bool {
    LONGER.is_match(value)
}

/// The length of the longest stretch in which each byte goes on from the one before it; 0 of nothing.
pub(in crate::detect) fn longest(text: &[u8], goes_on: impl Fn(u8, u8) -> bool) -> usize {
    let (mut best, mut length) = (usize::from(!text.is_empty()), 1);
    for pair in text.windows(2) {
        length = if goes_on(pair[0], pair[1]) {
            length + 1
        } else {
            1
        };
        best = best.max(length);
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ways_people_make_passwords() {
        for (value, way) in [
            ("connection", Human::Word),
            ("bufferwindow", Human::Words),
            ("Station42", Human::WordDigits),
            ("Station!2019", Human::WordSymbolDigits),
            ("qwerty123456", Human::Keyboard),
            ("1qaz2wsx", Human::Keyboard),
            ("St4t1on", Human::Leet),
            ("xk2Pq9vRt", Human::No),
        ] {
            assert_eq!(looks(value.as_bytes()).human, way, "{value}");
        }
    }

    #[test]
    fn what_stands_in_for_a_secret() {
        for value in [
            "my-secret-token",
            "YOUR_API_KEY",
            "testpassword1",
            "changeme",
        ] {
            assert!(all_standin(value.as_bytes()), "{value}");
        }
        for value in ["winter2019", "q8Zk2m", "1234", "monkeybar-9"] {
            assert!(!all_standin(value.as_bytes()), "{value}");
        }
    }
}
