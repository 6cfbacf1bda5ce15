//! Findings that were known when a gate was put up: `.straykey/baseline`.
//!
//! One line each, sorted, so that two branches that add to it are joined line by line:
//!
//! ```text
//! FINGERPRINT PATTERN [@FILE[,FILE...]] [# REASON]
//! ```
//!
//! `FILE` is a hash of the path of a file that had the secret when the line was written. A gate, which
//! judges what a change brings in, asks for it: a known secret in another file spreads. A look at all
//! that there is does not ask, so that a line stays right while files move. A line without files covers
//! all of them; that of a weak secret is such a one, as its fingerprint holds the path already.
//!
//! Empty lines and lines that begin with `#` mean nothing. No line numbers, no dates, no secrets: a
//! line stays right while code moves, and a secret that changes is another one.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::path::Path;

use super::allowances::word;
use super::{AllowanceError, Finding, Fingerprint};
use crate::base::path_text;
use crate::sources::Names;

/// The first line of the file.
const HEAD: &str = "# Findings that were known when the gate was put up: \
                    FINGERPRINT PATTERN [@FILES] [# REASON]";

/// What a line has to look like, for who wrote another.
const FORM: &str = "FINGERPRINT PATTERN [@FILE,...] [# REASON]";

/// BLAKE3 context. A published constant: changing it changes every baseline there is.
const FILE: &str = "straykey 2026-11 file of a known finding";

/// A set of known findings.
#[derive(Clone, Debug, Default)]
pub struct Baseline {
    /// What the file is called in reports.
    file: String,
    /// By fingerprint; of two lines with the same the first.
    known: Vec<Known>,
    places: HashMap<String, usize>,
    /// Whether a finding has to be in the files of its line.
    by_file: bool,
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
    /// The files that had it when the line was written; empty for any file.
    pub files: BTreeSet<FileMark>,
    /// Its line, 1-based; 0 for what was not read from a file.
    pub line: usize,
}

/// Names a file in a baseline: 32 bits of a hash of its path from the top of the repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileMark(u32);

impl FileMark {
    /// Of a path from the top.
    pub fn of(path: &Path) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key(FILE);
        hasher.update(path_text(path).as_bytes());
        let hash = hasher.finalize();
        let hash = hash.as_bytes();
        Self(u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]))
    }

    /// As [`Display`](fmt::Display) writes it.
    fn parse(text: &str) -> Option<Self> {
        let is_hex = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
        let is_mark = text.len() == 8 && text.bytes().all(is_hex);
        is_mark.then_some(())?;
        u32::from_str_radix(text, 16).ok().map(Self)
    }
}

impl fmt::Display for FileMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

/// What [`Baseline::insert`] changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    /// The finding was known, in all of its files.
    Nothing,
    /// It was known, in other files.
    Files,
    /// It is known now.
    Finding,
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
                Ok(known) => {
                    out.add(Known {
                        line: number,
                        ..known
                    });
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

    /// From now on a finding is covered only where all of its places are in files of its line. What
    /// judges a change asks that.
    pub fn hold_to_files(&mut self) {
        self.by_file = true;
    }

    /// The number of the known finding that covers this one. Its places are named from the top of the
    /// repository.
    pub fn covering(&self, finding: &Finding) -> Option<usize> {
        let place = self.find(&finding.fingerprint)?;
        let files = &self.known[place].files;
        let any = !self.by_file || files.is_empty();
        let mut paths = finding.occurrences.iter().map(|o| &*o.path);
        (any || paths.all(|path| files.contains(&FileMark::of(path)))).then_some(place)
    }

    /// Takes away the places of a finding that its line covers, if some are left.
    pub fn leave_uncovered(&self, finding: &mut Finding) {
        let Some(place) = self.find(&finding.fingerprint).filter(|_| self.by_file) else {
            return;
        };
        let files = &self.known[place].files;
        let is_new = |path: &Path| !files.contains(&FileMark::of(path));
        if finding.occurrences.iter().any(|o| is_new(&o.path)) {
            finding.occurrences.retain(|o| is_new(&o.path));
        }
    }

    /// Adds a finding, in the files that have it. `names` tells what these are called from the top.
    pub fn insert(
        &mut self,
        finding: &Finding,
        names: &mut Names,
        reason: Option<&str>,
    ) -> Inserted {
        let is_weak = finding.fingerprint.is_weak();
        let places = finding.occurrences.iter().filter(|_| !is_weak);
        self.add(Known {
            fingerprint: finding.fingerprint.to_string(),
            pattern: finding.pattern.id.to_owned(),
            reason: reason.map(str::to_owned),
            files: places.map(|o| FileMark::of(&names.of(&o.path))).collect(),
            line: 0,
        })
    }

    fn add(&mut self, new: Known) -> Inserted {
        if let Some(place) = self.places.get(&new.fingerprint) {
            // Two branches may have given one a reason, and written it for files of their own.
            let known = &mut self.known[*place];
            known.reason = known.reason.take().or(new.reason);
            let before = known.files.clone();
            known.files.extend(new.files);
            return if known.files == before {
                Inserted::Nothing
            } else {
                Inserted::Files
            };
        }
        self.places
            .insert(new.fingerprint.clone(), self.known.len());
        self.known.push(new);
        Inserted::Finding
    }

    /// Keeps some; how many went.
    pub fn retain(&mut self, keep: impl FnMut(&Known) -> bool) -> usize {
        let before = self.known.len();
        self.known.retain(keep);
        let places = self.known.iter().enumerate();
        self.places = places.map(|(i, k)| (k.fingerprint.clone(), i)).collect();
        before - self.known.len()
    }
}

/// The whole file: one form for one set.
impl fmt::Display for Baseline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines: Vec<&Known> = self.known.iter().collect();
        lines.sort_by(|a, b| a.fingerprint.cmp(&b.fingerprint));
        writeln!(f, "{HEAD}")?;
        for known in lines {
            writeln!(f, "{known}")?;
        }
        Ok(())
    }
}

/// One line.
impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.fingerprint, self.pattern)?;
        for (number, file) in self.files.iter().enumerate() {
            write!(f, "{}{file}", if number == 0 { " @" } else { "," })?;
        }
        match &self.reason {
            Some(reason) => write!(f, " # {reason}"),
            None => Ok(()),
        }
    }
}

/// One line, without its number.
fn read(line: &str) -> Result<Known, String> {
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
    if pattern.is_empty() || pattern.starts_with(['#', '@']) {
        return Err(format!("no pattern: {FORM}"));
    }
    let mut files = BTreeSet::new();
    if let Some(list) = rest.strip_prefix('@') {
        rest = list;
        for file in word(&mut rest).split(',') {
            let mark = FileMark::parse(file);
            files.insert(mark.ok_or_else(|| format!("a file is 8 hex digits: {FORM}"))?);
        }
    }
    let reason = match rest.strip_prefix('#') {
        Some(reason) => Some(reason.trim()).filter(|r| !r.is_empty()),
        None if rest.is_empty() => None,
        None => return Err(format!("a reason begins with #: {FORM}")),
    };
    Ok(Known {
        fingerprint: fingerprint.to_owned(),
        pattern: pattern.to_owned(),
        reason: reason.map(str::to_owned),
        files,
        line: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "0123456789abcdef0123456789abcdef";
    const B: &str = "1123456789abcdef0123456789abcdef";

    #[test]
    fn it_is_written_in_one_form_whatever_form_it_had() {
        let text = format!(
            "\r\n{B} a.b  @0000000f,0000000a  #  why \r\n# old\n w:0123456789a c.d\n{A} a.b\n{B} a.b\n"
        );
        let baseline = Baseline::parse("f", &text).unwrap();
        let told = baseline.to_string();
        let lines: Vec<&str> = told.lines().collect();
        assert_eq!(lines[0], HEAD);
        let expected = [
            format!("{A} a.b"),
            format!("{B} a.b @0000000a,0000000f # why"),
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
        let text = format!(
            "{B} a.b @00000002\n{A} a.b # ours\n{A} a.b\n{B} a.b @00000001,00000002 # theirs\n"
        );
        let told = Baseline::parse("f", &text).unwrap().to_string();
        let joined = format!("{A} a.b # ours\n{B} a.b @00000001,00000002 # theirs\n");
        assert!(told.ends_with(&joined), "{told}");
    }

    #[test]
    fn each_bad_line_is_told_with_its_number() {
        let text = format!(
            "{A}\n{A} # x\n{A} a.b why\n{} a.b\n<<<<<<< ours\n=======\n\
             {A} @00000001\n{A} a.b @0000001\n{A} a.b @0000000A\n{A} a.b @\n{A} a.b @00000001, # x\n",
            &A[1..]
        );
        let errors = Baseline::parse("f", &text).unwrap_err();
        let lines: Vec<usize> = errors.iter().map(|e| e.line).collect();
        assert_eq!(lines, (1..=11).collect::<Vec<_>>());
        assert!(
            errors[4]
                .to_string()
                .starts_with("f:5: a merge that is not finished")
        );
        let pasted = Baseline::parse("f", "correct-horse-battery-staple x").unwrap_err();
        assert!(!pasted[0].to_string().contains("battery"));
    }

    #[test]
    fn some_are_kept() {
        let mut baseline = Baseline::parse("f", &format!("{A} a.b\n{B} a.b\n")).unwrap();
        assert_eq!(baseline.retain(|k| k.fingerprint == B), 1);
        assert_eq!(baseline.retain(|k| k.fingerprint == B), 0);
        assert_eq!(baseline.known().len(), 1);
    }
}
