//! What is to be carried over: what the foreign files say, in our own words.

use std::collections::BTreeSet;
use std::fmt;

use regex::bytes::{Regex, RegexBuilder};
use straykey::base::Secret;

use super::go::from_go;
use super::node::{Fields, Node};

/// A place in a file that is carried over.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// The file, as messages show it.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// Everything that is to be carried over, and what cannot be.
#[derive(Debug, Default)]
pub struct Plan {
    /// The files that were read.
    pub files: Vec<String>,
    /// Globs of files to leave out.
    pub excludes: Vec<(String, Source)>,
    /// Patterns to leave out.
    pub disable: Vec<(String, Source)>,
    /// Rules that became patterns.
    pub rules: Vec<Rule>,
    /// Accepted places.
    pub places: Vec<Place>,
    /// Accepted values.
    pub values: Vec<Value>,
    /// What allows values by what they look like.
    pub allowed: Vec<Allowed>,
    /// What was carried over, but means something else here.
    pub differs: BTreeSet<(Source, String)>,
    /// What was not carried over.
    pub lost: BTreeSet<(Source, String)>,
    /// How many expressions were compiled, and how many patterns tried: both cost memory, and a
    /// hostile file may hold any number.
    pub compiled: usize,
    /// See [`Self::compiled`].
    pub tried: usize,
}

/// A rule that became one or more patterns.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its name in its own file.
    pub name: String,
    /// The ids of its patterns.
    pub ids: Vec<String>,
    /// The patterns, as our files write them.
    pub text: String,
}

/// Where an accepted finding goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sink {
    /// Somebody said that it is no secret: `.straykey/ignore`.
    Ignore,
    /// It was known when the list was made: `.straykey/baseline`.
    Baseline,
}

/// A place that a list accepts.
#[derive(Clone, Debug)]
pub struct Place {
    /// Where it is listed.
    pub source: Source,
    /// The file from the top, with `/`.
    pub path: String,
    /// First and last line.
    pub lines: (u64, u64),
    /// The commit in which it has these lines; the working tree without one.
    pub commit: Option<String>,
    /// The rule that found it.
    pub rule: String,
    /// What it found there, if the list says so.
    pub secret: Option<Secret>,
}

/// A value that a list accepts.
#[derive(Clone, Debug)]
pub struct Value {
    /// Where it is listed.
    pub source: Source,
    /// The only file in which it is accepted.
    pub path: Option<String>,
    /// The line it was on.
    pub line: Option<u64>,
    /// What is known of it.
    pub known: Known,
    /// Where it goes.
    pub sink: Sink,
    /// Why it is accepted, if the list says so.
    pub reason: Option<String>,
}

/// What a list tells of a value.
#[derive(Clone, Debug)]
pub enum Known {
    /// The value.
    Plain(Secret),
    /// Its SHA-1, in hex.
    Sha1(String),
    /// SHA-256 of the value and a word for its kind, in hex.
    Sha256(String),
}

/// What regular expressions of an allowlist look at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// The secret.
    #[default]
    Secret,
    /// A part of the line that touches the secret.
    Match,
    /// The line.
    Line,
}

/// What allows values by what they look like.
#[derive(Clone, Debug)]
pub struct Allowed {
    /// Where it is listed.
    pub source: Source,
    /// Why, if the list says so.
    pub reason: Option<String>,
    /// The patterns it is for; all without.
    pub patterns: Option<Vec<String>>,
    /// All conditions must hold; else one is enough.
    pub is_all: bool,
    /// Any of these paths.
    pub paths: Vec<Regex>,
    /// Any of these expressions.
    pub regexes: Vec<Regex>,
    /// What they look at.
    pub target: Target,
    /// Any of these words, in lower case, in the secret.
    pub words: Vec<String>,
    /// Any of these commits brought it in.
    pub commits: Vec<String>,
}

impl Allowed {
    /// Whether it has no condition.
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
            && self.regexes.is_empty()
            && self.words.is_empty()
            && self.commits.is_empty()
    }
}

impl Plan {
    /// Tells of something that was not carried over.
    pub fn lose(&mut self, source: &Source, why: impl Into<String>) {
        self.lost.insert((source.clone(), why.into()));
    }

    /// Tells of something that means something else here.
    pub fn differ(&mut self, source: &Source, how: impl Into<String>) {
        self.differs.insert((source.clone(), how.into()));
    }

    /// Tells of the keys that nobody knows.
    pub fn lose_rest(&mut self, file: &str, fields: Fields<'_>) {
        for (key, line) in fields.rest() {
            let what = format!("the key '{}' is not known here", shown(key));
            self.lose(&at(file, line), what);
        }
    }

    /// The patterns that stand for a rule of another scanner: those it was carried over as, and our
    /// own that find the same.
    pub fn patterns_of(&self, rule: &str) -> Vec<String> {
        let carried = self.rules.iter().filter(|r| r.name == rule);
        let mut ids: Vec<String> = carried.flat_map(|r| r.ids.clone()).collect();
        ids.extend(super::names::of_rule(rule).map(str::to_owned));
        ids
    }

    /// An expression that decides what is allowed; `None`, and told, if it does not compile.
    pub fn regex(&mut self, source: &Source, go: &str) -> Option<Regex> {
        /// A program beyond this size is not run, in bytes; nor are more than so many.
        const SIZE: usize = 256 << 10;
        const MOST: usize = 1_000;
        self.compiled += 1;
        if self.compiled > MOST {
            self.lose(source, format!("more than {MOST} expressions"));
            return None;
        }
        let built = RegexBuilder::new(&from_go(go))
            .unicode(false)
            .octal(true)
            .nest_limit(50)
            .size_limit(SIZE)
            .dfa_size_limit(SIZE)
            .build();
        match built {
            Ok(regex) => Some(regex),
            Err(regex::Error::CompiledTooBig(_)) => {
                self.lose(source, "the expression is too large");
                None
            }
            Err(_) => {
                self.lose(source, "the expression does not parse here");
                None
            }
        }
    }
}

/// A place in a file.
pub fn at(file: &str, line: usize) -> Source {
    Source {
        file: file.to_owned(),
        line,
    }
}

/// A name out of a foreign file as messages show it. Somebody may have pasted a secret for one:
/// only what looks like a name is shown in full.
pub fn shown(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ' ' | '/');
    let digits = name.bytes().filter(u8::is_ascii_digit).count();
    if name.len() <= 48 && digits <= 4 && name.chars().all(plain) {
        name.to_owned()
    } else {
        straykey::base::quote(name).into_owned()
    }
}

/// A text of one line for a reason, cut; `None` if nothing is left.
pub fn reason(text: &str) -> Option<String> {
    const LONG: usize = 120;
    let words: Vec<&str> = text.split_whitespace().collect();
    let text: String = words
        .join(" ")
        .chars()
        .filter(|c| !c.is_control())
        .collect();
    let cut: String = text.chars().take(LONG).collect();
    let cut = cut.trim_matches(['#', ' ']).to_owned();
    (!cut.is_empty()).then_some(cut)
}

/// A path of a list as one from the top, with `/`; `None` if it leads out of the tree.
pub fn inner(path: &str) -> Option<String> {
    let path = path.replace('\\', "/");
    let path = path.trim_end_matches('/');
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "." => {}
            "" | ".." => return None,
            part => parts.push(part),
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

/// A number of a foreign file.
pub fn number<T: std::str::FromStr>(node: Option<&Node>) -> Option<T> {
    node.and_then(Node::text)?.parse().ok()
}

/// Whether a value says yes.
pub fn is_yes(node: Option<&Node>) -> bool {
    let text = node.and_then(Node::text).unwrap_or_default();
    matches!(text.to_ascii_lowercase().as_str(), "true" | "yes" | "on")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_in_the_tree() {
        assert_eq!(inner("./a\\b/c").as_deref(), Some("a/b/c"));
        assert_eq!(inner("a.rb/").as_deref(), Some("a.rb"));
        for out in ["/etc/x", "../x", "a/../../x", "", ".", "a//b"] {
            assert_eq!(inner(out), None, "{out}");
        }
    }

    #[test]
    fn a_reason_is_one_line_without_a_mark() {
        assert_eq!(
            reason(" # a\nkey \t of\u{1b} docs ").as_deref(),
            Some("a key of docs")
        );
        assert_eq!(reason(" \n"), None);
        assert_eq!(reason(&"x".repeat(500)).map(|r| r.len()), Some(120));
    }
}
