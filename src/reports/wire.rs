//! What the JSON formats say, apart from the types of the floors above: changing those cannot
//! change the interface by accident. The schemas under `docs/schemas` are generated from here.

use std::borrow::Cow;
use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use super::ReportOptions;
use super::results::Entry;
use super::wire_history::{HistoryWire, RepositoryWire, StoryInWire, StoryWire};
use super::wire_range::{CommitWire, RangeWire};
use super::wire_staged::{BeforeWire, StagedWire};
use super::wire_verified::VerifiedWire;
use crate::base::path_text;
use crate::detect::patterns::Pattern;
use crate::findings::{Accepted, Finding, Occurrence, PartPlace, ScanResult};
use crate::story::{HistoriesResult, HistoryResult, RangeResult, StagedResult};

/// The version of the JSON documents. The second number grows with additions, the first when
/// something is taken away or changes its meaning.
pub(super) const SCHEMA_VERSION: &str = "1.4";

/// One scan.
#[derive(Serialize, JsonSchema)]
pub(super) struct Document<'a> {
    /// Version of this format, `major.minor`.
    schema_version: &'a str,
    /// What made it.
    tool: Tool<'a>,
    /// Whether everything that was asked for was read.
    complete: bool,
    /// Findings, worst first.
    findings: Vec<FindingWire<'a>>,
    /// Findings that somebody accepted.
    accepted: Vec<AcceptedWire<'a>>,
    /// How many findings are below the least confidence that is shown.
    hidden: usize,
    /// What was read.
    read: Read,
    /// What was not read, and why.
    skips: Vec<SkipWire<'a>>,
    /// What configuration removed.
    configuration: Vec<EffectWire<'a>>,
    /// Things a person should know.
    notices: &'a [String],
    /// What of a repository was read, if its history was swept.
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<HistoryWire<'a>>,
    /// What of an index was read, if what is staged was judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    staged: Option<StagedWire<'a>>,
    /// What of a range of commits was read, if one was judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<RangeWire<'a>>,
    /// What of each repository was read, if several were swept.
    #[serde(skip_serializing_if = "Option::is_none")]
    repositories: Option<Vec<RepositoryWire<'a>>>,
}

#[derive(Serialize, JsonSchema)]
struct Tool<'a> {
    name: &'a str,
    version: &'a str,
    /// How many patterns were looked for.
    patterns: usize,
}

#[derive(Serialize, JsonSchema)]
struct Read {
    /// Files read to their end.
    files: u64,
    /// Their size in KiB, rounded up.
    kib: u64,
}

#[derive(Serialize, JsonSchema)]
struct SkipWire<'a> {
    path: Cow<'a, str>,
    /// A stable word.
    reason: &'a str,
    message: String,
    /// Whether it makes the scan incomplete.
    incomplete: bool,
}

#[derive(Serialize, JsonSchema)]
struct EffectWire<'a> {
    source: &'a str,
    removes: &'a str,
    count: u64,
}

#[derive(Serialize, JsonSchema)]
struct AcceptedWire<'a> {
    /// A comment's token, or file and line of an allowance.
    by: &'a str,
    reason: Option<&'a str>,
    #[serde(flatten)]
    finding: FindingWire<'a>,
}

/// One distinct secret.
#[derive(Serialize, JsonSchema)]
struct FindingWire<'a> {
    #[serde(flatten)]
    what: What<'a>,
    pattern_name: &'a str,
    provider: &'a str,
    description: &'a str,
    /// token, password, private-key, identifier, connection-string or jwt.
    class: &'a str,
    /// until-revoked, expires, short or one-time.
    lifetime: &'a str,
    /// Rotate at least every so many days.
    rotation_days: u16,
    /// How to take its power away.
    revoke: &'a str,
    /// What to use instead.
    #[serde(skip_serializing_if = "str::is_empty")]
    replace: &'a str,
    /// OWASP Non-Human Identities Top 10 (2025).
    nhi: &'a [&'a str],
    cwe: &'a [u16],
    occurrences: Vec<OccurrenceWire<'a>>,
    /// What its provider said, if it was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    verification: Option<VerifiedWire<'a>>,
    /// What a history did with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    story: Option<StoryWire<'a>>,
    /// The commit of a range that brought it in.
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<CommitWire<'a>>,
    /// Where it was before, if it is staged.
    #[serde(skip_serializing_if = "Option::is_none")]
    staged: Option<BeforeWire>,
    /// What the history of each repository did with it, if several were swept.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stories: Vec<StoryInWire<'a>>,
}

/// What a finding is, in both formats.
#[derive(Serialize, JsonSchema)]
struct What<'a> {
    /// The pattern's id.
    pattern: &'a str,
    /// The finding's identity.
    fingerprint: String,
    /// The secret as it may be shown.
    masked: &'a str,
    /// The secret, only with `--show-secrets`; bytes that are not UTF-8 as `\xNN`.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    /// critical, high, medium or low.
    severity: &'a str,
    /// high, medium or low.
    confidence: &'a str,
}

/// One place.
#[derive(Serialize, JsonSchema)]
struct OccurrenceWire<'a> {
    /// The repository it is in, if several were swept.
    #[serde(skip_serializing_if = "Option::is_none")]
    repository: Option<Cow<'a, str>>,
    /// The file; bytes that are not UTF-8 as `\xNN`, `-` for standard input.
    path: Cow<'a, str>,
    #[serde(flatten)]
    place: PlaceWire,
    /// Whether the last commit has it; absent if not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    committed: Option<bool>,
    /// The credential's other parts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parts: Vec<PartWire<'a>>,
    /// How it was decoded, outermost first: base64, base64url, hex, percent-encoding, escapes,
    /// entities, utf-16, split-string. Absent if it stands there as it is. The place is that of the
    /// encoded text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    decoded: Vec<&'a str>,
}

/// From where to where: 1-based, columns in code points, end exclusive. Of a weak secret the end
/// tells nothing of its length.
#[derive(Serialize, JsonSchema)]
struct PlaceWire {
    line: u64,
    column: u64,
    end_line: u64,
    end_column: u64,
}

#[derive(Serialize, JsonSchema)]
struct PartWire<'a> {
    name: &'a str,
    masked: &'a str,
    #[serde(flatten)]
    place: PlaceWire,
}

/// A line of `jsonl`: one occurrence.
#[derive(Serialize, JsonSchema)]
pub(super) struct Line<'a> {
    /// Always `occurrence`.
    r#type: &'a str,
    #[serde(flatten)]
    what: What<'a>,
    #[serde(flatten)]
    occurrence: OccurrenceWire<'a>,
    /// What its provider said, if it was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    verification: Option<VerifiedWire<'a>>,
    /// What a history did with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    story: Option<StoryWire<'a>>,
    /// The commit of a range that brought it in.
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<CommitWire<'a>>,
    /// Where it was before, if it is staged.
    #[serde(skip_serializing_if = "Option::is_none")]
    staged: Option<BeforeWire>,
    /// What narrowed the report, in the words of the command line, if not everything is told.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    narrowed_by: &'a [String],
}

impl<'a> Document<'a> {
    pub(super) fn new(result: &'a ScanResult, options: &'a ReportOptions) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            tool: Tool {
                name: "straykey",
                version: env!("CARGO_PKG_VERSION"),
                patterns: result.patterns,
            },
            complete: !result.is_incomplete(),
            findings: result
                .findings
                .iter()
                .map(|f| finding(f, options))
                .collect(),
            accepted: result
                .accepted
                .iter()
                .map(|a| accepted(a, options))
                .collect(),
            hidden: result.hidden,
            read: Read {
                files: result.files,
                kib: result.bytes.div_ceil(1024),
            },
            skips: result
                .skips
                .iter()
                .map(|s| SkipWire {
                    path: path_text(&s.path),
                    reason: s.reason.code(),
                    message: s.reason.to_string(),
                    incomplete: s.reason.is_incomplete(),
                })
                .collect(),
            configuration: result
                .configuration
                .iter()
                .map(|e| EffectWire {
                    source: &e.source,
                    removes: e.removes,
                    count: e.count,
                })
                .collect(),
            notices: &result.notices,
            history: None,
            staged: None,
            range: None,
            repositories: None,
        }
    }

    pub(super) fn of_history(result: &'a HistoryResult, options: &'a ReportOptions) -> Self {
        let mut document = Self::new(&result.scan, options);
        for (finding, story) in document.findings.iter_mut().zip(&result.stories) {
            finding.story = Some(StoryWire::new(story));
        }
        document.history = Some(HistoryWire::new(&result.read));
        document
    }

    pub(super) fn of_staged(result: &'a StagedResult, options: &'a ReportOptions) -> Self {
        let mut document = Self::new(&result.scan, options);
        for (finding, before) in document.findings.iter_mut().zip(&result.before) {
            finding.staged = Some(BeforeWire::new(*before));
        }
        document.staged = Some(StagedWire::new(&result.read));
        document
    }

    pub(super) fn of_range(result: &'a RangeResult, options: &'a ReportOptions) -> Self {
        let mut document = Self::new(&result.scan, options);
        for (number, finding) in document.findings.iter_mut().enumerate() {
            finding.commit = result.commit_of(number).map(CommitWire::new);
        }
        document.range = Some(RangeWire::new(&result.read));
        document
    }

    pub(super) fn of_histories(result: &'a HistoriesResult, options: &'a ReportOptions) -> Self {
        let mut document = Self::new(&result.scan, options);
        let repositories = &result.repositories;
        for (finding, stories) in document.findings.iter_mut().zip(&result.stories) {
            for told in stories {
                let repository = &repositories[told.repository].read.repository;
                for occurrence in &mut finding.occurrences[told.occurrences.clone()] {
                    occurrence.repository = Some(path_text(repository));
                }
                let story = StoryInWire::new(repository, &told.story);
                finding.stories.push(story);
            }
        }
        document.repositories = Some(repositories.iter().map(RepositoryWire::new).collect());
        document
    }
}

impl<'a> Line<'a> {
    pub(super) fn new(entry: &Entry<'a>, options: &'a ReportOptions) -> Self {
        let mut place = occurrence(entry.occurrence);
        place.repository = entry.repository.map(path_text);
        let narrowed = entry.story.and_then(|(_, read)| read.narrowed.as_ref());
        Self {
            r#type: "occurrence",
            what: what(entry.finding, options),
            occurrence: place,
            verification: verification(entry.finding, options),
            story: entry.story.map(|(story, _)| StoryWire::new(story)),
            commit: entry.commit.map(CommitWire::new),
            staged: entry.before.map(BeforeWire::new),
            narrowed_by: narrowed.map_or(&[], |narrowed| &narrowed.by),
        }
    }
}

fn accepted<'a>(a: &'a Accepted, options: &'a ReportOptions) -> AcceptedWire<'a> {
    AcceptedWire {
        by: &a.by,
        reason: a.reason.as_deref(),
        finding: finding(&a.finding, options),
    }
}

fn finding<'a>(f: &'a Finding, options: &'a ReportOptions) -> FindingWire<'a> {
    let p: &'a Pattern = f.pattern;
    FindingWire {
        what: what(f, options),
        pattern_name: p.name,
        provider: p.provider,
        description: p.description,
        class: p.class.word(),
        lifetime: p.lifetime.word(),
        rotation_days: p.rotation_days,
        revoke: p.revoke,
        replace: p.replace,
        nhi: p.nhi,
        cwe: p.cwe,
        occurrences: f.occurrences.iter().map(occurrence).collect(),
        verification: verification(f, options),
        story: None,
        commit: None,
        staged: None,
        stories: Vec::new(),
    }
}

fn verification<'a>(f: &Finding, options: &'a ReportOptions) -> Option<VerifiedWire<'a>> {
    options.verdicts.of(f).map(VerifiedWire::new)
}

fn what<'a>(f: &'a Finding, options: &ReportOptions) -> What<'a> {
    What {
        pattern: f.pattern.id,
        fingerprint: f.fingerprint.to_string(),
        masked: &f.masked,
        secret: options.show_secrets.then(|| bytes_text(f.secret.expose())),
        severity: f.pattern.severity.word(),
        confidence: f.confidence.word(),
    }
}

fn occurrence(o: &Occurrence) -> OccurrenceWire<'_> {
    OccurrenceWire {
        repository: None,
        path: path_text(&o.path),
        place: PlaceWire {
            line: o.start.line,
            column: o.start.column,
            end_line: o.end.line,
            end_column: o.end.column,
        },
        committed: o.committed,
        parts: o.parts.iter().map(part).collect(),
        decoded: o.decoded.iter().map(|way| way.word()).collect(),
    }
}

fn part(p: &PartPlace) -> PartWire<'_> {
    PartWire {
        name: &p.name,
        masked: &p.masked,
        place: PlaceWire {
            line: p.start.line,
            column: p.start.column,
            end_line: p.end.line,
            end_column: p.end.column,
        },
    }
}

/// Bytes as text; what is not UTF-8 as `\xNN`.
fn bytes_text(bytes: &[u8]) -> String {
    let mut out = String::new();
    for piece in bytes.utf8_chunks() {
        out.push_str(piece.valid());
        for byte in piece.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out
}
