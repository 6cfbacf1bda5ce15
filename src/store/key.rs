//! What the answers in a store are a function of.

/// BLAKE3 contexts; changing one makes every store be filled anew.
const KEY: &str = "straykey 2026-11 key of a sweep store";
const PART: &str = "straykey 2026-11 part of the key of a sweep store";

/// What was looked for, and how: under another key nothing that a store told counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub(super) whole: [u8; 32],
    /// The program's version.
    pub(super) program: String,
    pub(super) engine: [u8; 16],
    pub(super) patterns: [u8; 16],
}

impl Key {
    /// The key of a program's version, of its way of searching, and of the patterns: of each any
    /// text that changes whenever an answer could.
    pub fn new(program: &str, engine: &str, patterns: &str) -> Self {
        let part = |text: &str| {
            let mut out = [0; 16];
            let hash = blake3::derive_key(PART, text.as_bytes());
            out.copy_from_slice(&hash[..16]);
            out
        };
        let (engine, patterns) = (part(engine), part(patterns));
        let whole = blake3::Hasher::new_derive_key(KEY)
            .update(&engine)
            .update(&patterns)
            .update(program.as_bytes())
            .finalize();
        Self {
            whole: *whole.as_bytes(),
            program: program.to_owned(),
            engine,
            patterns,
        }
    }

    /// How the key differs from another that has these parts, in words.
    pub(super) fn differs(&self, program: &str, engine: &[u8], patterns: &[u8]) -> String {
        if program != self.program {
            let theirs: String = program.chars().take(40).collect();
            format!(
                "straykey {theirs} filled the store, this is {}",
                self.program
            )
        } else if engine != self.engine {
            "this build of straykey searches in another way than the one that filled the store"
                .to_owned()
        } else if patterns != self.patterns {
            "the patterns are not those that the store was filled with".to_owned()
        } else {
            "the store was filled under another key".to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_makes_another_key_and_is_named() {
        let key = Key::new("1.2.3", "engine", "patterns");
        assert_eq!(key, Key::new("1.2.3", "engine", "patterns"));
        for (other, word) in [
            (Key::new("1.2.4", "engine", "patterns"), "1.2.4"),
            (Key::new("1.2.3", "other", "patterns"), "searches"),
            (Key::new("1.2.3", "engine", "others"), "patterns"),
        ] {
            assert_ne!(other.whole, key.whole);
            let why = key.differs(&other.program, &other.engine, &other.patterns);
            assert!(why.contains(word), "{why}");
        }
        let moved = Key::new("1.2.3", "patterns", "engine");
        assert_ne!(moved.whole, key.whole);
    }
}
