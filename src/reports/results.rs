//! What reports are made of, whichever command found it: entries, one a place, and gaps, which keep
//! a report from being the whole truth. A format that needs no more than these is short.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::path::Path;

use super::ReportOptions;
use super::human::{inputs, thousands};
use crate::base::{escape_controls, path_text};
use crate::findings::{Finding, Fingerprint, Occurrence, ScanResult, place_id};
use crate::sources::Skip;
use crate::story::{
    Before, CommitInfo, HistoriesResult, HistoryRead, HistoryResult, Narrowed, RangeResult,
    StagedResult, Story,
};

/// The most gaps that a report tells one by one.
const GAPS: usize = 1_000;

/// What formats that want an id of everything call a gap: of what could not be read, and of what
/// nobody asked for.
pub(super) const INCOMPLETE: &str = "straykey.incomplete";
pub(super) const NARROWED: &str = "straykey.narrowed";

/// What a command found.
#[derive(Clone, Copy, Debug)]
pub enum Results<'a> {
    /// Of files.
    Scan(&'a ScanResult),
    /// Of what is staged.
    Staged(&'a StagedResult),
    /// Of a range of commits.
    Range(&'a RangeResult),
    /// Of a history.
    History(&'a HistoryResult),
    /// Of several.
    Histories(&'a HistoriesResult),
}

/// One place of a finding, with what is known of how it came there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'a> {
    pub(super) finding: &'a Finding,
    pub(super) occurrence: &'a Occurrence,
    /// The commit of a range that brought it in.
    pub(super) commit: Option<&'a CommitInfo>,
    /// Where it was before, if it is staged.
    pub(super) before: Option<Before>,
    /// What the history that it is in did with it, and what of that history was read.
    pub(super) story: Option<(&'a Story, &'a HistoryRead)>,
    /// The repository it is in, if several were swept.
    pub(super) repository: Option<&'a Path>,
    /// How many entries before this one have the same fingerprint and path.
    nth: u64,
}

/// Who brought something in, and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct By<'a> {
    /// The commit, in hex.
    pub(super) commit: &'a str,
    pub(super) author: &'a str,
    /// Seconds since 1970-01-01 UTC.
    pub(super) time: i64,
}

/// Something that a report does not tell, though it was asked for or found.
#[derive(Debug)]
pub(super) struct Gap<'a> {
    /// The input it is about.
    pub(super) path: Option<&'a Path>,
    /// What is missing, in words that are safe to show.
    pub(super) text: String,
    /// Whether the run is incomplete for it; else somebody asked for less.
    pub(super) incomplete: bool,
}

impl<'a> Results<'a> {
    /// Findings, skips and notices.
    pub fn scan(self) -> &'a ScanResult {
        match self {
            Self::Scan(scan) => scan,
            Self::Staged(staged) => &staged.scan,
            Self::Range(range) => &range.scan,
            Self::History(history) => &history.scan,
            Self::Histories(histories) => &histories.scan,
        }
    }

    /// What narrowed the report, and what it left out.
    pub(super) fn narrowed(self) -> Option<Cow<'a, Narrowed>> {
        match self {
            Self::Scan(_) | Self::Staged(_) | Self::Range(_) => None,
            Self::History(history) => history.read.narrowed.as_ref().map(Cow::Borrowed),
            Self::Histories(histories) => histories.narrowed().map(Cow::Owned),
        }
    }

    /// Every place of every finding, in the order of findings.
    pub(super) fn entries(self) -> Vec<Entry<'a>> {
        let mut all = Vec::new();
        let mut seen: HashMap<(Fingerprint, Option<&Path>, &Path), u64> = HashMap::new();
        for (number, finding) in self.scan().findings.iter().enumerate() {
            let from = all.len();
            all.extend(finding.occurrences.iter().map(|occurrence| Entry {
                finding,
                occurrence,
                commit: None,
                before: None,
                story: None,
                repository: None,
                nth: 0,
            }));
            let entries = &mut all[from..];
            match self {
                Self::Scan(_) => {}
                Self::Staged(staged) => {
                    let before = staged.before.get(number).copied();
                    for entry in &mut *entries {
                        entry.before = before;
                    }
                }
                Self::Range(range) => {
                    let commit = range.commit_of(number);
                    for entry in &mut *entries {
                        entry.commit = commit;
                    }
                }
                Self::History(history) => {
                    let story = history.stories.get(number).map(|s| (s, &history.read));
                    for entry in &mut *entries {
                        entry.story = story;
                    }
                }
                Self::Histories(histories) => {
                    for told in histories.stories.get(number).into_iter().flatten() {
                        let read = &histories.repositories[told.repository].read;
                        for entry in &mut entries[told.occurrences.clone()] {
                            entry.story = Some((&told.story, read));
                            entry.repository = Some(&read.repository);
                        }
                    }
                }
            }
            for entry in entries {
                let path = &*entry.occurrence.path;
                let count = seen.entry((finding.fingerprint, entry.repository, path));
                let count = count.or_default();
                entry.nth = *count;
                *count += 1;
            }
        }
        all
    }

    /// The same, worst first: of a range findings come in the order of its commits.
    pub(super) fn worst_first(self) -> Vec<Entry<'a>> {
        let mut all = self.entries();
        all.sort_by_key(|e| Reverse((e.finding.pattern.severity, e.finding.confidence)));
        all
    }

    /// What is not told, what makes the run incomplete first. Past a thousand inputs one gap
    /// counts the rest.
    pub(super) fn gaps(self) -> Vec<Gap<'a>> {
        let failed = self.failed();
        let mut all: Vec<Gap> = failed.iter().take(GAPS).map(|skip| Gap::of(skip)).collect();
        if failed.len() > GAPS {
            let more = inputs(failed.len() - GAPS);
            all.push(Gap {
                path: None,
                text: format!("{more} more could not be read"),
                incomplete: true,
            });
        }
        all.extend(self.narrowed().map(|narrowed| Gap {
            path: None,
            text: escape_controls(&narrowed.to_string()).into_owned(),
            incomplete: false,
        }));
        all
    }

    /// The skips that make the run incomplete.
    pub(super) fn failed(self) -> Vec<&'a Skip> {
        let skips = self.scan().skips.iter();
        skips.filter(|s| s.reason.is_incomplete()).collect()
    }

    /// The outcome in a line: what was found, in how much, and whether something is missing.
    pub(super) fn outcome(self) -> String {
        let scan = self.scan();
        let found = match scan.findings.len() {
            0 => "nothing found".to_owned(),
            1 => "1 finding".to_owned(),
            count => format!("{} findings", thousands(count as u64)),
        };
        let read = match self {
            Self::Scan(_) if scan.files == 1 => "1 file read".to_owned(),
            Self::Scan(_) => format!("{} files read", thousands(scan.files)),
            Self::Staged(_) => format!("{} staged files read", thousands(scan.files)),
            Self::Range(range) => match range.read.commits {
                1 => "1 commit judged".to_owned(),
                count => format!("{} commits judged", thousands(count)),
            },
            Self::History(history) => told_objects(&[&history.read]),
            Self::Histories(all) => {
                let reads: Vec<_> = all.repositories.iter().map(|one| &one.read).collect();
                told_objects(&reads)
            }
        };
        match self.failed().len() {
            0 => format!("{found}; {read}"),
            count => format!(
                "INCOMPLETE: {} could not be read; {found} in what was; {read}",
                inputs(count)
            ),
        }
    }
}

fn told_objects(reads: &[&HistoryRead]) -> String {
    let sum = |of: fn(&HistoryRead) -> u64| thousands(reads.iter().map(|read| of(read)).sum());
    format!(
        "{}/{} objects read",
        sum(|read| read.objects_read),
        sum(|read| read.objects)
    )
}

impl<'a> Gap<'a> {
    fn of(skip: &'a Skip) -> Self {
        let path = path_text(&skip.path);
        let text = format!("{path}: {}", skip.reason);
        Self {
            path: Some(&skip.path),
            text: escape_controls(&text).into_owned(),
            incomplete: true,
        }
    }

    /// The input, or what else it is about; safe to show.
    pub(super) fn name(&self) -> String {
        let all = if self.incomplete {
            "inputs"
        } else {
            "not everything is told"
        };
        self.path.map_or(all.to_owned(), shown_path)
    }

    /// What is missing, in a line that begins with our words and is safe to show.
    pub(super) fn line(&self) -> String {
        let told = if self.incomplete {
            "INCOMPLETE, not read: "
        } else {
            ""
        };
        format!("{told}{}", self.text)
    }
}

impl<'a> Entry<'a> {
    /// The file: of several repositories, the repository joined with what is in it.
    pub(super) fn path(&self) -> Cow<'a, Path> {
        let path = &*self.occurrence.path;
        match self.repository {
            Some(repository) => Cow::Owned(repository.join(path)),
            None => Cow::Borrowed(path),
        }
    }

    /// The file as text that is safe to show, without a leading `./`.
    pub(super) fn shown_path(&self) -> String {
        shown_path(&self.path())
    }

    /// File, line and column, safe to show.
    pub(super) fn place(&self) -> String {
        let start = self.occurrence.start;
        format!("{}:{}:{}", self.shown_path(), start.line, start.column)
    }

    /// Whether the place is a file: standard input and what a commit says of itself are none.
    pub(super) fn is_file(&self) -> bool {
        let path = self.occurrence.path.to_string_lossy();
        path != "-" && !path.starts_with("commit:")
    }

    /// Whether it was found in the files as they are: the lines of a commit may be no lines of
    /// today's.
    pub(super) fn is_of_today(&self) -> bool {
        self.commit.is_none() && self.story.is_none()
    }

    /// Who brought it in: the commit of a range, or the first of a history.
    pub(super) fn by(&self) -> Option<By<'a>> {
        if let Some(commit) = self.commit {
            return Some(By {
                commit: &commit.commit,
                author: &commit.author,
                time: commit.time,
            });
        }
        let (story, _) = self.story?;
        story.first_in().map(|event| By {
            commit: &event.commit,
            author: &event.author,
            time: event.time,
        })
    }

    /// Whether it fails the run.
    pub(super) fn fails(&self, options: &ReportOptions) -> bool {
        self.finding.pattern.severity >= options.threshold
    }

    /// Its identity in systems that want one for each place: 16 bytes that do not change when the
    /// line does.
    pub(super) fn id(&self) -> [u8; 16] {
        let path = path_text(&self.path()).into_owned();
        place_id(&self.finding.fingerprint, &path, self.nth)
    }

    /// Whether no commit has it, as far as is known.
    pub(super) fn is_only_here(&self) -> bool {
        self.occurrence.committed == Some(false) && self.by().is_none()
    }

    /// What to do first. A commit that others may have makes removal too little.
    pub(super) fn advice(&self) -> String {
        let revoke = self.finding.pattern.revoke;
        let text = if self.is_only_here() {
            format!("Remove it; if it has left this machine, revoke it: {revoke}")
        } else {
            format!("Revoke it, then remove it: {revoke}")
        };
        escape_controls(&text).into_owned()
    }

    /// The exact way to accept it.
    pub(super) fn allow(&self) -> String {
        format!(
            "straykey allow {} --reason \"...\"",
            self.finding.fingerprint
        )
    }

    /// What it is, in a line that is safe to show: severity, pattern, masked value, name.
    pub(super) fn what(&self) -> String {
        let p = self.finding.pattern;
        let decoded = self.occurrence.decoded_from();
        let text = format!(
            "{} {} {}: {}{}",
            p.severity.word().to_uppercase(),
            p.id,
            self.finding.masked,
            p.name,
            decoded.map_or(String::new(), |told| format!(", {told}")),
        );
        escape_controls(&text).into_owned()
    }

    /// All that a log should tell of it, in a line that is safe to show. It does not begin with
    /// anything that somebody else chose.
    pub(super) fn line(&self) -> String {
        let place = self.place();
        let by = self.by().map_or(String::new(), |by| {
            format!(", in commit {}", &by.commit[..by.commit.len().min(9)])
        });
        format!(
            "{} at {place}{by}. {} Not real: {}",
            self.what(),
            self.advice(),
            self.allow()
        )
    }
}

/// A path as text that is safe to show, without a leading `./`.
pub(super) fn shown_path(path: &Path) -> String {
    let text = path_text(path);
    let text = text.strip_prefix("./").unwrap_or(&text);
    escape_controls(text).into_owned()
}

/// At most so many characters of a text; the last one says if there were more.
pub(super) fn clipped(text: &str, most: usize) -> Cow<'_, str> {
    if text.len() <= most || text.chars().count() <= most {
        return Cow::Borrowed(text);
    }
    let kept = text.chars().take(most.saturating_sub(1));
    Cow::Owned(kept.chain(['\u{2026}']).collect())
}

/// Bytes in hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}
