use std::fmt;
use std::path::Path;

use straykey::base::path_text;

/// Why the job could not be done: one line for each thing that is wrong, each with what, where,
/// and what to do.
#[derive(Debug)]
pub struct CliError(Vec<String>);

impl CliError {
    /// One thing is wrong.
    pub fn new(line: impl Into<String>) -> Self {
        Self(vec![line.into()])
    }

    /// Several things are.
    pub fn all<T: fmt::Display>(errors: impl IntoIterator<Item = T>) -> Self {
        Self(errors.into_iter().map(|e| e.to_string()).collect())
    }

    /// A file that could not be read or written.
    pub fn file(doing: &str, path: &Path, error: &std::io::Error) -> Self {
        Self::new(format!("{doing} {}: {error}", path_text(path)))
    }

    /// The lines.
    pub fn lines(&self) -> &[String] {
        &self.0
    }
}

impl From<straykey::scan::ScanError> for CliError {
    fn from(error: straykey::scan::ScanError) -> Self {
        Self::new(error.to_string())
    }
}

/// The known word that is nearest to a mistyped one, as a question.
pub fn suggestion<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let near = known
        .into_iter()
        .map(|k| (strsim::damerau_levenshtein(word, k), k))
        .min()
        .filter(|(distance, k)| *distance <= 1 + k.len() / 4);
    near.map_or(String::new(), |(_, k)| format!("; did you mean '{k}'?"))
}

#[cfg(test)]
mod tests {
    use super::suggestion;

    #[test]
    fn only_what_is_near_is_suggested() {
        let known = ["exclude", "disable", "patterns"];
        assert_eq!(suggestion("exlude", known), "; did you mean 'exclude'?");
        assert_eq!(suggestion("pattrens", known), "; did you mean 'patterns'?");
        assert_eq!(suggestion("endpoint", known), "");
    }
}
