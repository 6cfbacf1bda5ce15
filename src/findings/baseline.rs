//! Findings that were known when a gate was put up: `.straykey/baseline`.
//!
//! One line each, sorted, so that two branches that add to it are joined line by line:
//!
//! ```text
//! FINGERPRINT PATTERN [# REASON]
//! ```
//!
//! Empty lines and lines that begin with `#` mean nothing. No line numbers, no dates, no secrets: a
//! line stays right while code moves, and a secret that changes is another one.

use std::collections::HashMap;
use std::fmt;

use super::allowances::word;
use super::{AllowanceError, Finding, Fingerprint};

/// The first line of the file.
const HEAD: &str = "# Findings that were known when the gate was put up: \
                    FINGERPRINT PATTERN [# REASON]";

/// A set of known findings.
#[derive(Clone, Debug, Default)]
pub struct Baseline {
    /// What the file is called in reports.
    file: String,
    /// By fingerprint; of two lines with the same the first.
    known: Vec<Known>,
    places: HashMap<String, usize>,
}

/// One known finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The fingerprint, in full.
    pub fingerprint: String,
    /// The pattern's id; for people, it decides nothing.
    pub pattern: String,
    /// Why it may stay, if somebody said.
    pub reason: Option<String>,
    /// Its line, 1-based; 0 for what was not read from a file.
    pub line: usize,
    /// Whether it was known before that which is judged: it covers the places of then, and no new
    /// one.
    pub is_settled: bool,
}

impl Baseline {
    /// Reads a baseline; `file` is its name for messages.
    ///
    /// # Errors
    ///
    /// Every line that is none of a baseline.
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<AllowanceError>> {
        let mut out = Self {
            file: file.to_owned(),
            ..Self::default()
        };
        let mut errors = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match read(line) {
                Ok((fingerprint, pattern, reason)) => {
                    out.add(fingerprint, pattern, reason, number);
                }
                Err(message) => errors.push(AllowanceError {
                    file: file.to_owned(),
                    line: number,
                    message,
                }),
            }
        }
        if errors.is_empty() {
            Ok(out)
        } else {
            Err(errors)
        }
    }

    /// What the file is called in reports.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The known findings.
    pub fn known(&self) -> &[Known] {
        &self.known
    }

    /// The number of the known finding with this fingerprint.
    pub fn find(&self, fingerprint: &Fingerprint) -> Option<usize> {
        if self.places.is_empty() {
            return None;
        }
        self.places.get(&fingerprint.to_string()).copied()
    }

    /// Whether a finding is known.
    pub fn contains(&self, fingerprint: &Fingerprint) -> bool {
        self.find(fingerprint).is_some()
    }

    /// Adds a finding; whether it was not known.
    pub fn insert(&mut self, finding: &Finding, reason: Option<&str>) -> bool {
        let fingerprint = finding.fingerprint.to_string();
        self.add(fingerprint, finding.pattern.id, reason, 0)
    }

    fn add(
        &mut self,
        fingerprint: impl Into<String>,
        pattern: &str,
        reason: Option<&str>,
        line: usize,
    ) -> bool {
        let fingerprint = fingerprint.into();
        if let Some(place) = self.places.get(&fingerprint) {
            // Two branches may have given one a reason.
            let known = &mut self.known[*place];
            known.reason = known.reason.take().or(reason.map(str::to_owned));
            return false;
        }
        self.places.insert(fingerprint.clone(), self.known.len());
        self.known.push(Known {
            fingerprint,
            pattern: pattern.to_owned(),
            reason: reason.map(str::to_owned),
            line,
            is_settled: false,
        });
        true
    }

    /// Keeps some; how many went.
    pub fn retain(&mut self, keep: impl FnMut(&Known) -> bool) -> usize {
        let before = self.known.len();
        self.known.retain(keep);
        let places = self.known.iter().enumerate();
        self.places = places.map(|(i, k)| (k.fingerprint.clone(), i)).collect();
        before - self.known.len()
    }

    /// Says that all that `earlier` knows was known before: see [`Known::is_settled`].
    pub fn settle(&mut self, earlier: &Self) {
        for known in &mut self.known {
            known.is_settled |= earlier.places.contains_key(&known.fingerprint);
        }
    }
}

/// The whole file: one form for one set.
impl fmt::Display for Baseline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines: Vec<&Known> = self.known.iter().collect();
        lines.sort_by(|a, b| a.fingerprint.cmp(&b.fingerprint));
        writeln!(f, "{HEAD}")?;
        for known in lines {
            write!(f, "{} {}", known.fingerprint, known.pattern)?;
            match &known.reason {
                Some(reason) => writeln!(f, " # {reason}")?,
                None => writeln!(f)?,
            }
        }
        Ok(())
    }
}

/// Fingerprint, pattern, reason.
fn read(line: &str) -> Result<(&str, &str, Option<&str>), String> {
    let mut rest = line;
    let fingerprint = word(&mut rest);
    if fingerprint.starts_with("<<<<") || fingerprint.starts_with(">>>>") || line == "=======" {
        return Err("a merge that is not finished: keep the lines of both sides".to_owned());
    }
    if !Fingerprint::is_whole(fingerprint) {
        // Anything may have been pasted there: the line's number says which is meant.
        let why = "it does not begin with a whole fingerprint (32 hex digits, or w: and 11)";
        return Err(why.to_owned());
    }
    let pattern = word(&mut rest);
    if pattern.is_empty() || pattern.starts_with('#') {
        return Err("no pattern: FINGERPRINT PATTERN [# REASON]".to_owned());
    }
    let reason = match rest.strip_prefix('#') {
        Some(reason) => Some(reason.trim()).filter(|r| !r.is_empty()),
        None if rest.is_empty() => None,
        None => return Err("a reason begins with #: FINGERPRINT PATTERN [# REASON]".to_owned()),
    };
    Ok((fingerprint, pattern, reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "0123456789abcdef0123456789abcdef";
    const B: &str = "1123456789abcdef0123456789abcdef";

    #[test]
    fn it_is_written_in_one_form_whatever_form_it_had() {
        let text = format!("\r\n{B} a.b  #  why \r\n# old\n w:0123456789a c.d\n{A} a.b\n{B} a.b\n");
        let baseline = Baseline::parse("f", &text).unwrap();
        let told = baseline.to_string();
        let lines: Vec<&str> = told.lines().collect();
        assert_eq!(lines[0], HEAD);
        let expected = [
            format!("{A} a.b"),
            format!("{B} a.b # why"),
            "w:0123456789a c.d".to_owned(),
        ];
        assert_eq!(lines[1..], expected);
        let again = Baseline::parse("f", &told).unwrap();
        assert_eq!(again.to_string(), told);
        assert_eq!(again.known().len(), 3);
    }

    #[test]
    fn what_two_branches_added_is_joined() {
        // `merge=union` keeps the lines of both, in any order, with some of them twice.
        let text = format!("{B} a.b\n{A} a.b # ours\n{A} a.b\n{B} a.b # theirs\n");
        let told = Baseline::parse("f", &text).unwrap().to_string();
        assert!(told.ends_with(&format!("{A} a.b # ours\n{B} a.b # theirs\n")));
    }

    #[test]
    fn each_bad_line_is_told_with_its_number() {
        let text = format!(
            "{A}\n{A} # x\n{A} a.b why\n{} a.b\n<<<<<<< ours\n=======\n",
            &A[1..]
        );
        let errors = Baseline::parse("f", &text).unwrap_err();
        let lines: Vec<usize> = errors.iter().map(|e| e.line).collect();
        assert_eq!(lines, [1, 2, 3, 4, 5, 6]);
        assert!(
            errors[4]
                .to_string()
                .starts_with("f:5: a merge that is not finished")
        );
        let pasted = Baseline::parse("f", "correct-horse-battery-staple x").unwrap_err();
        assert!(!pasted[0].to_string().contains("battery"));
    }

    #[test]
    fn some_are_kept_and_some_are_settled() {
        let mut baseline = Baseline::parse("f", &format!("{A} a.b\n{B} a.b\n")).unwrap();
        baseline.settle(&Baseline::parse("g", &format!("{B} a.b\n")).unwrap());
        let settled: Vec<bool> = baseline.known().iter().map(|k| k.is_settled).collect();
        assert_eq!(settled, [false, true]);
        assert_eq!(baseline.retain(|k| k.fingerprint == B), 1);
        assert_eq!(baseline.retain(|k| k.fingerprint == B), 0);
        assert_eq!(baseline.known().len(), 1);
    }
}
