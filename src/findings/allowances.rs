//! Findings that somebody accepted, each with a reason: `.straykey/ignore`.
//!
//! One line each, sorted by nobody, so that a change is one line of a diff:
//!
//! ```text
//! FINGERPRINT PATTERN [until=YYYY-MM-DD] REASON
//! ```
//!
//! Empty lines and lines that begin with `#` mean nothing. A line `path: GLOB` leaves files out, in the
//! syntax of `.gitignore`: no fingerprint begins so.

use std::fmt;

use super::Fingerprint;
use crate::base::quote;

/// A set of accepted fingerprints.
#[derive(Clone, Debug, Default)]
pub struct Allowances {
    entries: Vec<Allowance>,
    /// Globs, each with its line.
    paths: Vec<(String, usize)>,
}

/// What begins a line that leaves files out.
const PATH: &str = "path:";

/// One accepted finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// The fingerprint, in full.
    pub fingerprint: String,
    /// The pattern's id; for people, it decides nothing.
    pub pattern: String,
    /// Why.
    pub reason: String,
    /// Accepted up to and including this day (`YYYY-MM-DD`), if there is an end.
    pub until: Option<String>,
    /// Where it stands: file and line.
    pub source: (String, usize),
}

impl Allowance {
    /// Whether its end lies before the day `today` (`YYYY-MM-DD`).
    pub fn is_over(&self, today: &str) -> bool {
        self.until.as_deref().is_some_and(|until| until < today)
    }
}

/// The line of the file, without its end.
impl fmt::Display for Allowance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ", self.fingerprint, self.pattern)?;
        if let Some(day) = &self.until {
            write!(f, "until={day} ")?;
        }
        f.write_str(&self.reason)
    }
}

/// A line that is no allowance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowanceError {
    /// The file as it was named.
    pub file: String,
    /// Line, 1-based.
    pub line: usize,
    /// What is wrong with it.
    pub message: String,
}

impl fmt::Display for AllowanceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.message)
    }
}

impl std::error::Error for AllowanceError {}

impl Allowances {
    /// Reads a file of allowances; `file` is its name for messages.
    ///
    /// # Errors
    ///
    /// Every line that is no allowance.
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<AllowanceError>> {
        let (mut entries, mut paths, mut errors) = (Vec::new(), Vec::new(), Vec::new());
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(glob) = line.strip_prefix(PATH) {
                paths.push((glob.trim_start().to_owned(), number));
                continue;
            }
            match read(line) {
                Ok(allowance) => entries.push(Allowance {
                    source: (file.to_owned(), number),
                    ..allowance
                }),
                Err(message) => errors.push(AllowanceError {
                    file: file.to_owned(),
                    line: number,
                    message,
                }),
            }
        }
        if errors.is_empty() {
            Ok(Self { entries, paths })
        } else {
            Err(errors)
        }
    }

    /// Adds one.
    pub fn add(&mut self, allowance: Allowance) {
        self.entries.push(allowance);
    }

    /// Globs of files that are left out, from the folder that holds `.straykey`, each with its line.
    pub fn paths(&self) -> &[(String, usize)] {
        &self.paths
    }

    /// The allowances.
    pub fn entries(&self) -> &[Allowance] {
        &self.entries
    }

    /// The number of the entry that accepts a finding on the day `today` (`YYYY-MM-DD`).
    pub fn find(&self, fingerprint: &Fingerprint, today: &str) -> Option<usize> {
        let told = fingerprint.to_string();
        self.entries
            .iter()
            .position(|e| e.fingerprint == told && !e.is_over(today))
    }
}

fn read(line: &str) -> Result<Allowance, String> {
    let mut rest = line;
    let fingerprint = word(&mut rest);
    if !Fingerprint::is_whole(fingerprint) {
        return Err(format!(
            "'{}' is no whole fingerprint (32 hex digits, or w: and 11)",
            quote(fingerprint)
        ));
    }
    let pattern = word(&mut rest);
    let until = match rest.strip_prefix("until=") {
        Some(_) => word(&mut rest).strip_prefix("until=").map(str::to_owned),
        None => None,
    };
    if let Some(day) = until.as_deref().filter(|day| !is_day(day)) {
        return Err(format!("until={}: a day is YYYY-MM-DD", quote(day)));
    }
    if rest.is_empty() {
        return Err("no reason: FINGERPRINT PATTERN [until=YYYY-MM-DD] REASON".into());
    }
    Ok(Allowance {
        fingerprint: fingerprint.to_owned(),
        pattern: pattern.to_owned(),
        reason: rest.to_owned(),
        until,
        source: (String::new(), 0),
    })
}

/// Takes the first word.
pub(super) fn word<'a>(rest: &mut &'a str) -> &'a str {
    let (word, behind) = rest.split_once(char::is_whitespace).unwrap_or((*rest, ""));
    *rest = behind.trim_start();
    word
}

/// Whether a text is a day, `YYYY-MM-DD`.
pub fn is_day(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let number = |i: usize, digits: usize| -> Option<u32> {
        let part: &str = parts.get(i)?;
        let plain = part.len() == digits && part.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| part.parse().ok()).flatten()
    };
    let (Some(year), Some(month), Some(day)) = (number(0, 4), number(1, 2), number(2, 2)) else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    };
    parts.len() == 3 && (1..=days).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRONG: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn a_line_comes_back_as_it_was_written() {
        let text = format!(
            "# why\n\n{STRONG} a.b until=2027-02-28 a key of the docs\n  w:0123456789a c.d x \n"
        );
        let read = Allowances::parse("ignore", &text).unwrap();
        let [strong, weak] = read.entries() else {
            panic!("two entries")
        };
        assert_eq!(
            strong.to_string(),
            format!("{STRONG} a.b until=2027-02-28 a key of the docs")
        );
        assert_eq!(strong.source, ("ignore".to_owned(), 3));
        assert_eq!((weak.reason.as_str(), &weak.until), ("x", &None));
        assert!(strong.is_over("2027-03-01") && !strong.is_over("2027-02-28"));
        assert!(!weak.is_over("9999-12-31"));
    }

    #[test]
    fn a_path_is_marked_and_nothing_else_is_one() {
        let text = format!("path: /vendor/\n{STRONG} a.b x\npath:!vendor/own # x\n");
        let read = Allowances::parse("ignore", &text).unwrap();
        let paths = [
            ("/vendor/".to_owned(), 1),
            ("!vendor/own # x".to_owned(), 3),
        ];
        assert_eq!(read.paths(), paths);
        assert_eq!(read.entries().len(), 1);
        // A fingerprint with a digit too few is no path.
        for line in [&STRONG[1..], "vendor/", "*.js a.b reason", "Path: x"] {
            assert!(Allowances::parse("ignore", line).is_err(), "{line}");
        }
    }

    #[test]
    fn each_bad_line_is_told_with_its_number() {
        let text = format!(
            "{STRONG} a.b\n0123 a.b reason\n{STRONG} a.b until=2027-13-01 r\n{STRONG} a.b ok\n"
        );
        let errors = Allowances::parse("f", &text).unwrap_err();
        let lines: Vec<usize> = errors.iter().map(|e| e.line).collect();
        assert_eq!(lines, [1, 2, 3]);
        assert!(errors[0].to_string().starts_with("f:1: no reason"));
        let pasted = Allowances::parse("f", "correct-horse-battery-staple").unwrap_err();
        assert!(
            !pasted[0].to_string().contains("battery"),
            "not all of a pasted secret is told"
        );
    }

    #[test]
    fn days() {
        for day in ["2027-01-31", "2024-02-29", "2000-02-29", "2026-11-30"] {
            assert!(is_day(day), "{day}");
        }
        for no in [
            "2027-1-31",
            "2027-02-29",
            "1900-02-29",
            "2026-11-31",
            "2026-00-01",
            "2026-01-00",
            "soon",
            "2026-01-01-01",
            "+026-01-01",
        ] {
            assert!(!is_day(no), "{no}");
        }
    }
}
