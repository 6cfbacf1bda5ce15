//! The patterns that a scan looks for: the embedded ones, and a user's own.

use super::patterns::{
    self, ByteSet, Checksum, Class, Confidence, Gate, Head, Index, Keyword, Keywords, Lane,
    Lifetime, Near, Nibbles, Op, Part, Pattern, PatternError, Program, Row, Seen, Severity, Status,
    Table,
};

/// The embedded catalogue, sorted by id; checked and written by the build script.
#[expect(clippy::unreadable_literal, reason = "generated: nobody reads it")]
static EMBEDDED: &[Pattern] = include!(concat!(env!("OUT_DIR"), "/catalogue.rs"));

/// The tables of those of its patterns that are looked for; written by the build script, too.
#[expect(clippy::unreadable_literal, reason = "generated: nobody reads it")]
static INDEX: Index = include!(concat!(env!("OUT_DIR"), "/index.rs"));

/// The tables of patterns, their numbers being their places: those that the build made, if it is the embedded
/// catalogue.
pub(super) fn index_of(patterns: &[&'static Pattern]) -> Index {
    let embedded = EMBEDDED.iter().filter(|p| p.status != Status::Removed);
    if patterns
        .iter()
        .copied()
        .map(std::ptr::from_ref)
        .eq(embedded.map(std::ptr::from_ref))
    {
        INDEX.clone()
    } else {
        Index::new(patterns.iter().copied())
    }
}

/// A set of patterns.
#[derive(Clone, Debug)]
pub struct Catalogue {
    patterns: Vec<&'static Pattern>,
}

impl Default for Catalogue {
    fn default() -> Self {
        Self::embedded()
    }
}

impl Catalogue {
    /// All patterns that come with straykey.
    pub fn embedded() -> Self {
        Self {
            patterns: EMBEDDED
                .iter()
                .filter(|p| p.status != Status::Removed)
                .collect(),
        }
    }

    /// No pattern, to be filled with [`Self::add_file`].
    pub fn empty() -> Self {
        Self {
            patterns: Vec::new(),
        }
    }

    /// Keeps only the patterns that `keep` says yes to.
    pub fn retain(&mut self, keep: impl Fn(&Pattern) -> bool) {
        self.patterns.retain(|p| keep(p));
    }

    /// The patterns, sorted by id.
    pub fn patterns(&self) -> &[&'static Pattern] {
        &self.patterns
    }

    /// The pattern with this id.
    pub fn get(&self, id: &str) -> Option<&'static Pattern> {
        self.patterns
            .binary_search_by_key(&id, |p| p.id)
            .ok()
            .map(|i| self.patterns[i])
    }

    /// Adds the patterns of a user's file; `name` is the file's name for messages. A pattern
    /// whose id is known already is refused: a file adds, it does not replace.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the file, each with its line; then nothing was added.
    pub fn add_file(&mut self, name: &str, text: &str) -> Result<usize, Vec<PatternError>> {
        let found = patterns::parse(name, None, text)?;
        let taken: Vec<PatternError> = found
            .iter()
            .filter(|p| self.get(p.id).is_some())
            .map(|p| PatternError {
                file: name.to_owned(),
                line: text
                    .lines()
                    .position(|l| l.trim_start().starts_with("id") && l.contains(p.id))
                    .map_or(0, |i| i + 1),
                message: format!("id '{}' is in the catalogue already; choose another", p.id),
            })
            .collect();
        if !taken.is_empty() {
            return Err(taken);
        }
        let count = found.len();
        self.patterns.extend(found.leak().iter());
        self.patterns.sort_by_key(|p| p.id);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the build wrote is what would be made now; and a catalogue that lacks a pattern has tables of its
    /// own.
    #[test]
    fn the_tables_of_the_build_are_those_of_the_catalogue() {
        let all = Catalogue::embedded();
        let patterns = all.patterns();
        let told = format!("{:?}", index_of(patterns));
        assert!(told.contains("Made(") && !told.contains("Grown("));
        let made = format!("{:?}", Index::new(patterns.iter().copied()));
        assert_eq!(told.replace("Made(", "Grown("), made);
        assert!(format!("{:?}", index_of(&patterns[1..])).contains("Grown("));
    }
}
