//! `.straykey/config.toml`: adds to the defaults.
//!
//! It is written by whoever can open a pull request. So it can leave out, and what it leaves out is
//! counted; it cannot name hosts, outputs or programs, nor files outside of its own tree.

use std::path::{Component, Path, PathBuf};

use serde::Deserialize;
use straykey::base::{quote, quote_value};
use straykey::detect::patterns::{Confidence, Severity};
use toml::Spanned;

use super::error::{CliError, suggestion};

/// What a configuration says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// Globs of files that are left out, from the folder that holds `.straykey`; with lines.
    pub exclude: Vec<(String, usize)>,
    /// Patterns whose findings are left out; with lines.
    pub disable: Vec<(String, usize)>,
    /// Files of more patterns, from the `.straykey` folder; with lines.
    pub patterns: Vec<(PathBuf, usize)>,
    /// The least confidence that is reported.
    pub confidence: Option<Confidence>,
    /// The least severity that fails.
    pub severity: Option<Severity>,
}

/// The keys there are.
const KEYS: &[&str] = &["exclude", "disable", "patterns", "confidence", "severity"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    #[serde(default)]
    exclude: Vec<Spanned<String>>,
    #[serde(default)]
    disable: Vec<Spanned<String>>,
    #[serde(default)]
    patterns: Vec<Spanned<String>>,
    confidence: Option<Spanned<String>>,
    severity: Option<Spanned<String>>,
}

impl Config {
    /// Reads a configuration; `file` is its name for messages.
    ///
    /// # Errors
    ///
    /// What is wrong, with the line.
    pub fn parse(file: &str, text: &str) -> Result<Self, CliError> {
        let line = |offset: usize| text[..offset.min(text.len())].split('\n').count();
        let wrong = |offset, what: &str| CliError::new(format!("{file}:{}: {what}", line(offset)));
        let wire: Wire = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            match unknown_key(error.message()) {
                Some(key) => {
                    let keys = KEYS.join(", ");
                    let near = suggestion(key, KEYS.iter().copied());
                    let key = quote(key);
                    wrong(at, &format!("there is no key '{key}'{near} (keys: {keys})"))
                }
                None => wrong(at, &quote_value(error.message())),
            }
        })?;
        let none_of = |word: &Spanned<String>, all: &str| {
            let what = format!("'{}' is none of: {all}", quote(word.get_ref()));
            wrong(word.span().start, &what)
        };
        let confidence = wire.confidence.map(|word| {
            Confidence::from_word(word.get_ref()).ok_or_else(|| none_of(&word, "low, medium, high"))
        });
        let severity = wire.severity.map(|word| {
            Severity::from_word(word.get_ref())
                .ok_or_else(|| none_of(&word, "low, medium, high, critical"))
        });
        let with_lines = |all: Vec<Spanned<String>>| -> Vec<(String, usize)> {
            let place = |one: Spanned<String>| (line(one.span().start), one.into_inner());
            all.into_iter().map(place).map(|(l, t)| (t, l)).collect()
        };
        let mut patterns = Vec::new();
        for (name, at) in with_lines(wire.patterns) {
            let path = PathBuf::from(&name);
            if !is_below(&path) {
                let what = "a pattern file is named by a relative path without '..'";
                let name = quote(&name);
                return Err(CliError::new(format!("{file}:{at}: '{name}': {what}")));
            }
            patterns.push((path, at));
        }
        Ok(Self {
            exclude: with_lines(wire.exclude),
            disable: with_lines(wire.disable),
            patterns,
            confidence: confidence.transpose()?,
            severity: severity.transpose()?,
        })
    }
}

fn is_below(path: &Path) -> bool {
    let plain = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    path.components().all(plain)
}

/// The key that a message of the parser complains of.
fn unknown_key(message: &str) -> Option<&str> {
    let rest = message.strip_prefix("unknown field `")?;
    rest.split('`').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_keys() {
        let text = "exclude = [\n  'vendor/',\n  '*.min.js',\n]\ndisable = ['a.b']\n\
                    patterns = ['own/x.toml']\nconfidence = 'low'\nseverity = 'high'\n";
        let config = Config::parse("c", text).unwrap();
        assert_eq!(
            config.exclude,
            [("vendor/".into(), 2), ("*.min.js".into(), 3)]
        );
        assert_eq!(config.disable, [("a.b".into(), 5)]);
        assert_eq!(config.patterns, [("own/x.toml".into(), 6)]);
        assert_eq!(config.confidence, Some(Confidence::Low));
        assert_eq!(config.severity, Some(Severity::High));
        assert_eq!(Config::parse("c", "").unwrap(), Config::default());
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, told) in [
            (
                "\nexlude = []",
                "c:2: there is no key 'exlude'; did you mean 'exclude'?",
            ),
            (
                "endpoint = 'https://x'",
                "c:1: there is no key 'endpoint' (keys:",
            ),
            ("exclude = 'x'", "c:1: invalid type"),
            ("\n\nconfidence = 'certain'", "c:3: 'certain' is none of"),
            ("exclude = [", "c:1: "),
            (
                "patterns = ['../x.toml']",
                "c:1: '../x\u{2026}': a pattern file is named",
            ),
            (
                "patterns = ['/etc/x.toml']",
                "c:1: '/etc\u{2026}': a pattern file is named",
            ),
        ] {
            let error = Config::parse("c", text).unwrap_err();
            let line = &error.lines()[0];
            assert!(line.starts_with(told), "{text}: {line}");
        }
    }
}
