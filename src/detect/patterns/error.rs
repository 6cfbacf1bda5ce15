use std::fmt;

/// What is wrong with a pattern file, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternError {
    /// The file as it was named.
    pub file: String,
    /// Line, 1-based; 0 if the whole file is meant.
    pub line: usize,
    /// What is wrong and what to do.
    pub message: String,
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            write!(f, "{}: {}", self.file, self.message)
        } else {
            write!(f, "{}:{}: {}", self.file, self.line, self.message)
        }
    }
}

impl std::error::Error for PatternError {}
