//! `sarif`: SARIF 2.1.0, for code scanning and other tools that read results.
//!
//! One run; one result an occurrence. Within the limits that GitHub states for uploads: what is
//! over a limit is left out, best known first, and a notification says so. Accepted findings are
//! left out: GitHub does not read suppressions and would open alerts for them. There is no
//! snippet, no time and no duration, so the same input gives the same bytes.
//! `primaryLocationLineHash` is left to the uploader, which has the files.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::Path;

use serde_json::{Value, json};
use serde_sarif::sarif::{
    ArtifactLocation, Invocation, Location, Message, Notification, PhysicalLocation, PropertyBag,
    Region, ReportingDescriptor, Result as SarifResult, ResultLevel, Run, Sarif as Log, Tool,
    ToolComponent,
};

use super::results::{Entry, Results};
use super::{Report, ReportOptions, sarif_rules, taxonomies};
use crate::base::{Position, day_of, path_text};
use crate::detect::patterns::Pattern;
use crate::findings::{Finding, Occurrence, ScanResult};
use crate::sources::Skip;
use crate::story::{HistoriesResult, Narrowed};

/// GitHub refuses a run with more results.
pub(super) const RESULTS: usize = 25_000;
/// How many skips are told one by one.
const NOTIFICATIONS: usize = 1_000;
/// How many other places a result points to.
const RELATED: usize = 20;

/// SARIF 2.1.0.
#[derive(Clone, Copy, Debug)]
pub struct Sarif;

impl Report for Sarif {
    /// Commits and stories are in the properties of results.
    fn write_results(
        &self,
        results: Results<'_>,
        options: &ReportOptions,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let entries = results.entries();
        let mut run = match results {
            Results::Histories(all) => run(&within(all), options),
            _ => run(results.scan(), options),
        };
        for (result, entry) in run.results.iter_mut().flatten().zip(&entries) {
            if let Some(bag) = &mut result.properties {
                bag.additional_properties.extend(told(entry));
            }
        }
        if let Results::Staged(staged) = results {
            say_older(&mut run, staged.read.older);
        }
        say_narrowed(&mut run, results.narrowed().as_deref());
        log(run, out)
    }
}

/// What several repositories hold, with places in which a repository is joined with what is in it.
fn within(all: &HistoriesResult) -> ScanResult {
    let mut scan = all.scan.clone();
    for (finding, stories) in scan.findings.iter_mut().zip(&all.stories) {
        for one in stories {
            let repository = &all.repositories[one.repository].read.repository;
            for occurrence in &mut finding.occurrences[one.occurrences.clone()] {
                occurrence.path = repository.join(&occurrence.path);
            }
        }
    }
    scan
}

/// Says that files have secrets that were there before: they are no results.
fn say_older(run: &mut Run, older: u64) {
    let invocation = run.invocations.iter_mut().flatten().next();
    if let (Some(invocation), 1..) = (invocation, older) {
        let told = super::human_staged::older(older);
        let all = &mut invocation.tool_execution_notifications;
        all.get_or_insert_default()
            .push(notification("note", &told, None));
    }
}

/// Says that not everything is told.
fn say_narrowed(run: &mut Run, narrowed: Option<&Narrowed>) {
    let invocation = run.invocations.iter_mut().flatten().next();
    if let (Some(narrowed), Some(invocation)) = (narrowed, invocation) {
        let told = notification("warning", &narrowed.to_string(), None);
        let all = &mut invocation.tool_execution_notifications;
        all.get_or_insert_default().insert(0, told);
    }
}

pub(super) fn log(run: Run, out: &mut dyn Write) -> io::Result<()> {
    let log = Log::builder()
        .schema("https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json")
        .version(json!("2.1.0"))
        .runs(vec![run])
        .build();
    serde_json::to_writer_pretty(super::escaping::Escaping(&mut *out), &log)?;
    out.write_all(b"\n")
}

/// What is known of how an entry came there, as properties of a result.
fn told(entry: &Entry<'_>) -> BTreeMap<String, Value> {
    let mut out = BTreeMap::new();
    let mut tell = |name: &str, value: Value| out.insert(name.to_owned(), value);
    if let Some(commit) = entry.commit {
        tell("introducedBy", json!(commit.commit));
        tell("author", json!(commit.author));
        tell("date", json!(day_of(commit.time)));
    }
    if let Some(before) = entry.before {
        tell("before", json!(before.word()));
        tell("spreads", json!(before.spreads()));
    }
    if let Some(repository) = entry.repository {
        tell("repository", json!(path_text(repository)));
    }
    let Some((story, _)) = entry.story else {
        return out;
    };
    tell("standing", json!(story.standing.word()));
    tell("references", json!(story.references));
    tell("remotes", json!(story.remotes));
    tell("holders", json!(story.holders));
    let commits = [
        ("introducedBy", story.first_in()),
        ("removedBy", story.last_out()),
    ];
    for (name, event) in commits {
        if let Some(event) = event {
            tell(name, json!(event.commit));
        }
    }
    if let Some(days) = story.exposed_days {
        tell("exposedDays", json!(days));
    }
    out
}

fn run(result: &ScanResult, options: &ReportOptions) -> Run {
    let mut rules: BTreeMap<&'static str, &'static Pattern> = BTreeMap::new();
    for finding in &result.findings {
        rules.insert(finding.pattern.id, finding.pattern);
    }
    let index: BTreeMap<&str, i64> = rules.keys().zip(0..).map(|(id, i)| (*id, i)).collect();
    let descriptors: Vec<ReportingDescriptor> =
        rules.values().map(|p| sarif_rules::descriptor(p)).collect();
    let driver = ToolComponent::builder()
        .name("straykey")
        .semantic_version(env!("CARGO_PKG_VERSION"))
        .rules(descriptors)
        .supported_taxonomies(taxonomies::supported())
        .build();
    let all: Vec<(&Finding, &Occurrence)> = result
        .findings
        .iter()
        .flat_map(|f| f.occurrences.iter().map(move |o| (f, o)))
        .collect();
    let results: Vec<SarifResult> = all
        .iter()
        .take(RESULTS)
        .map(|(f, o)| one(f, o, index[f.pattern.id], options))
        .collect();
    let mut notifications = notifications(&result.skips);
    if all.len() > RESULTS {
        notifications.push(notification(
            "error",
            &format!(
                "{} results are left out: a run holds {RESULTS}",
                all.len() - RESULTS
            ),
            None,
        ));
    }
    let invocation = Invocation::builder()
        .execution_successful(!result.is_incomplete())
        .tool_execution_notifications(notifications)
        .build();
    Run::builder()
        .tool(Tool::builder().driver(driver).build())
        .results(results)
        .invocations(vec![invocation])
        .taxonomies(taxonomies::all())
        .column_kind(json!("unicodeCodePoints"))
        .redaction_tokens(vec!["....".to_owned()])
        .build()
}

fn one(f: &Finding, o: &Occurrence, rule: i64, options: &ReportOptions) -> SarifResult {
    let p = f.pattern;
    let others = f.occurrences.len() - 1;
    let mut text = format!("{}: {}.", p.name, f.masked);
    if let Some(decoded) = o.decoded_from() {
        let _ = write!(text, " It was {decoded}.");
    }
    if others > 0 {
        let _ = write!(text, " It stands in {} places.", others + 1);
    }
    let _ = write!(text, " Now: {}", p.revoke);
    let mut related: Vec<Location> = Vec::new();
    for part in &o.parts {
        related.push(location(&o.path, part.start, part.end, Some(&part.name)));
    }
    for other in f
        .occurrences
        .iter()
        .filter(|other| *other != o)
        .take(RELATED)
    {
        related.push(location(
            &other.path,
            other.start,
            other.end,
            Some("the same secret"),
        ));
    }
    for (location, id) in related.iter_mut().zip(1..) {
        location.id = Some(id);
    }
    let mut properties: BTreeMap<String, Value> = BTreeMap::new();
    properties.insert("confidence".into(), json!(f.confidence.word()));
    properties.insert("severity".into(), json!(p.severity.word()));
    properties.insert("fingerprint".into(), json!(f.fingerprint.to_string()));
    if !o.decoded.is_empty() {
        let ways: Vec<&str> = o.decoded.iter().map(|way| way.word()).collect();
        properties.insert("decoded".into(), json!(ways));
    }
    if let Some(committed) = o.committed {
        properties.insert("committed".into(), json!(committed));
    }
    if let Some(verified) = options.verdicts.of(f) {
        let told = json!(super::wire_verified::VerifiedWire::new(verified));
        properties.insert("verification".into(), told);
        let word = verified.verdict.word();
        let _ = write!(text, " Verification: {word}.");
    }
    if options.show_secrets {
        let secret = String::from_utf8_lossy(f.secret.expose()).into_owned();
        properties.insert("secret".into(), json!(secret));
    }
    let level = match sarif_rules::level(p) {
        "error" => ResultLevel::Error,
        "warning" => ResultLevel::Warning,
        _ => ResultLevel::Note,
    };
    let fingerprints = BTreeMap::from([(
        "straykeyFingerprint/v1".to_owned(),
        f.fingerprint.to_string(),
    )]);
    SarifResult::builder()
        .rule_id(p.id)
        .rule_index(rule)
        .level(level)
        .message(Message::builder().text(text).build())
        .locations(vec![location(&o.path, o.start, o.end, None)])
        .related_locations(related)
        .partial_fingerprints(fingerprints)
        .properties(
            PropertyBag::builder()
                .additional_properties(properties)
                .build(),
        )
        .build()
}

fn location(path: &Path, start: Position, end: Position, told: Option<&str>) -> Location {
    let region = Region::builder()
        .start_line(start.line as i64)
        .start_column(start.column as i64)
        .end_line(end.line as i64)
        .end_column(end.column as i64)
        .build();
    let physical = PhysicalLocation::builder()
        .artifact_location(artifact(path))
        .region(region)
        .build();
    let mut location = Location::builder().physical_location(physical).build();
    location.message = told.map(|t| Message::builder().text(t).build());
    location
}

pub(super) fn artifact(path: &Path) -> ArtifactLocation {
    if path == Path::new("-") {
        return ArtifactLocation::builder().uri("stdin").build();
    }
    let encoded = percent(path);
    if path.is_absolute() {
        ArtifactLocation::builder()
            .uri(format!("file://{encoded}"))
            .build()
    } else {
        let inner = encoded.strip_prefix("./").unwrap_or(&encoded).to_owned();
        ArtifactLocation::builder()
            .uri(inner)
            .uri_base_id("%SRCROOT%")
            .build()
    }
}

/// A path as a URI reference (RFC 3986): every byte that is not unreserved or `/` is encoded.
fn percent(path: &Path) -> String {
    let mut out = String::new();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(*byte));
            }
            b'\\' if cfg!(windows) => out.push('/'),
            byte => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

pub(super) fn notifications(skips: &[Skip]) -> Vec<Notification> {
    let mut out: Vec<Notification> = Vec::new();
    // What makes the run incomplete comes first.
    let mut sorted: Vec<&Skip> = skips.iter().collect();
    sorted.sort_by_key(|s| !s.reason.is_incomplete());
    for skip in sorted.iter().take(NOTIFICATIONS) {
        let level = if skip.reason.is_incomplete() {
            "error"
        } else {
            "note"
        };
        let text = format!("{}: {}", path_text(&skip.path), skip.reason);
        out.push(notification(level, &text, Some(&skip.path)));
    }
    if skips.len() > NOTIFICATIONS {
        let text = format!("{} more inputs were not read", skips.len() - NOTIFICATIONS);
        let failed = sorted[NOTIFICATIONS..]
            .iter()
            .any(|s| s.reason.is_incomplete());
        out.push(notification(
            if failed { "error" } else { "note" },
            &text,
            None,
        ));
    }
    out
}

pub(super) fn notification(level: &str, text: &str, path: Option<&Path>) -> Notification {
    let message = Message::builder().text(text).build();
    let mut told = Notification::builder()
        .message(message)
        .level(json!(level))
        .build();
    told.locations = path.map(|path| {
        let physical = PhysicalLocation::builder()
            .artifact_location(artifact(path))
            .build();
        vec![Location::builder().physical_location(physical).build()]
    });
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_uris_without_loss() {
        assert_eq!(percent(Path::new("a b/c#d%e?.rs")), "a%20b/c%23d%25e%3F.rs");
        assert_eq!(percent(Path::new("na\u{ef}ve\n")), "na%C3%AFve%0A");
        #[cfg(unix)]
        {
            use std::os::unix::ffi::OsStrExt;
            let path = Path::new(std::ffi::OsStr::from_bytes(b"\xff/x"));
            assert_eq!(percent(path), "%FF/x");
        }
    }
}
