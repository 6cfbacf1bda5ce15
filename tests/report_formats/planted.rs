//! Results of every kind, with findings at names that try to be more than text.

use std::hash::{Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use straykey::base::Position;
use straykey::detect::patterns::{Sampler, Severity, sample_match};
use straykey::detect::{Catalogue, Detector, Engine, Scratch};
use straykey::findings::{Accepted, Collector, Finding, Fingerprint, ScanResult};
use straykey::reports::{Format, ReportOptions};
use straykey::sources::{Chunk, ContentKind, Origin, Skip, SkipReason};
use straykey::story::{
    Change, CommitInfo, Event, HistoriesResult, HistoryRead, HistoryResult, Narrowed, RangeRead,
    RangeResult, RepositoryRead, Standing, Story, StoryIn,
};

/// A name, and how it is told: what drives a terminal is escaped, all else as it is.
pub const NAMES: &[(&[u8], &str)] = &[
    (b"plain/a.env", "plain/a.env"),
    (b"./dot/a.env", "dot/a.env"),
    (b"a\nb.env", "a\\nb.env"),
    (b"\n::error::owned", "\\n::error::owned"),
    (b"::error file=x::owned", "::error file=x::owned"),
    (b"%0A::set-output name=x::y", "%0A::set-output name=x::y"),
    (b"%25%0D,:=.env", "%25%0D,:=.env"),
    (b"##[add-mask]a", "##[add-mask]a"),
    (
        b"##vso[task.setvariable variable=PATH]x",
        "##vso[task.setvariable variable=PATH]x",
    ),
    (b"a];type=warning;]b", "a];type=warning;]b"),
    (b"%AZP25%3B%5D", "%AZP25%3B%5D"),
    (b"a|b``c`.md", "a|b``c`.md"),
    (b"`", "`"),
    (b"<script>alert(1)</script>", "<script>alert(1)</script>"),
    (
        b"![i](https://example.org/i.png)",
        "![i](https://example.org/i.png)",
    ),
    (b"[x](javascript:alert(1))", "[x](javascript:alert(1))"),
    (
        b"@everyone www.example.org #1",
        "@everyone www.example.org #1",
    ),
    ("rtl\u{202e}gpj.cfg".as_bytes(), "rtl\\u{202e}gpj.cfg"),
    (b"esc\x1b[31m.ini", "esc\\u{1b}[31m.ini"),
    (b"bad\xff.env", "bad\\xff.env"),
    (b"=cmd()|' /C calc'!A0", "=cmd()|' /C calc'!A0"),
    (b"+1+1", "+1+1"),
    (b"-1+1", "-1+1"),
    (b"@SUM(1)", "@SUM(1)"),
    (b"\t=1", "\\t=1"),
    (b" =1", " =1"),
    (b"\"quoted\",'b'&amp;]]>", "\"quoted\",'b'&amp;]]>"),
    (b"back\\slash\\", "back\\slash\\"),
    (
        "na\u{ef}ve \u{1f511}.txt".as_bytes(),
        "na\u{ef}ve \u{1f511}.txt",
    ),
    ("\u{fffe}\u{ffff}".as_bytes(), "\u{fffe}\u{ffff}"),
];

/// A person who is as hostile as a file.
pub const AUTHOR: &str = "=Eve\n::error::<b>@x</b> `|` ##vso[a]b \u{202e}";

/// The four kinds of results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Scan,
    Range,
    History,
    Histories,
}

impl Kind {
    pub const ALL: &'static [Self] = &[Self::Scan, Self::Range, Self::History, Self::Histories];
}

/// Results of a kind.
pub enum Planted {
    Scan(ScanResult),
    Range(RangeResult),
    History(HistoryResult),
    Histories(HistoriesResult),
}

impl Planted {
    pub fn scan(&self) -> &ScanResult {
        match self {
            Self::Scan(all) => all,
            Self::Range(all) => &all.scan,
            Self::History(all) => &all.scan,
            Self::Histories(all) => &all.scan,
        }
    }
}

#[cfg(unix)]
fn path(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt as _;
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

#[cfg(not(unix))]
fn path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}

/// The catalogue's detector: made once.
static DETECTOR: LazyLock<Detector> =
    LazyLock::new(|| Detector::new(&Catalogue::embedded(), Engine::Fast));

/// One finding of a pattern, as a scan makes it.
pub fn finding(id: &str, seed: u64, file: &Path) -> Finding {
    let catalogue = Catalogue::embedded();
    let pattern = catalogue.get(id).expect("it is known");
    // What is assigned to a name is weighed: not everything that can be drawn looks like a password.
    let drawn = |more: u64| {
        let (text, _) = sample_match(pattern, &mut Sampler::new(seed + 1_000 * more));
        let text = [b"first line\n".to_vec(), text, b"\n".to_vec()].concat();
        let chunk = Chunk::whole(&text, ContentKind::Text);
        let judged = DETECTOR.scan(&chunk, file, &mut Scratch::default());
        let mut collector = Collector::new();
        collector.begin();
        collector.see(&chunk, &judged, &[]);
        let origin = Origin::new(file);
        collector.take(&origin, &chunk, &judged, "2026-01-01");
        let (findings, _) = collector.finish();
        findings.into_iter().find(|f| f.pattern.id == id)
    };
    let mut one = (0..64).find_map(drawn).expect("it is found");
    if id == "private-key.pem" {
        // Examples have no body: all would be the same key, on one line.
        one.fingerprint = Fingerprint::Strong([seed as u8; 16]);
        one.occurrences[0].end.line += 3;
    }
    one
}

/// A scan with a finding at each of the names.
pub fn scan(names: &[(&[u8], &str)], incomplete: bool) -> ScanResult {
    let ids = [
        "github.pat-classic",
        "slack.bot-token",
        "generic.password",
        "private-key.pem",
    ];
    let mut findings: Vec<Finding> = Vec::new();
    for (number, (name, _)) in names.iter().enumerate() {
        let id = ids[number % ids.len()];
        let mut one = finding(id, number as u64, &path(name));
        for occurrence in &mut one.occurrences {
            occurrence.committed = [Some(true), Some(false), None][number % 3];
        }
        findings.push(one);
    }
    let mut skips = vec![Skip {
        path: "ignored".into(),
        reason: SkipReason::IgnoredFolder,
    }];
    if incomplete {
        skips.push(Skip {
            path: "gone.env".into(),
            reason: SkipReason::Unreadable("no permission\n::error::".into()),
        });
        skips.extend(names.iter().map(|(name, _)| Skip {
            path: path(name),
            reason: SkipReason::Corrupt("=1".into()),
        }));
    }
    ScanResult {
        accepted: vec![Accepted {
            finding: finding("github.pat-classic", 99, &path(b"accepted/@x|`.env")),
            by: ".straykey/ignore:1".into(),
            reason: Some("a ![fixture](https://example.org/x)\n## no".into()),
        }],
        findings,
        hidden: 2,
        skips,
        files: 4,
        bytes: 4_000,
        patterns: 600,
        notices: vec!["<img src=x> `@y` | [z](javascript:0)".into()],
        ..ScanResult::default()
    }
}

/// A result of a kind with findings at all names.
pub fn all(kind: Kind, incomplete: bool) -> Planted {
    of(kind, scan(NAMES, incomplete))
}

/// A scan's result as one of a kind.
pub fn of(kind: Kind, scan: ScanResult) -> Planted {
    let count = scan.findings.len();
    let event = |change, path: &Path| Event {
        change,
        commit: "0123456789abcdef0123456789abcdef01234567".into(),
        author: AUTHOR.into(),
        author_mail: "eve@example.org".into(),
        author_time: 1_700_000_000,
        committer: AUTHOR.into(),
        time: 1_700_000_000,
        path: path.into(),
        line: Some(2),
        from: None,
        or_before: false,
        blob: String::new(),
        order: 0,
    };
    let story = |finding: &Finding| Story {
        standing: Standing::InHistory,
        events: vec![event(Change::In, &finding.occurrences[0].path)],
        references: vec!["refs/heads/`|<b>".into()],
        remotes: vec!["refs/remotes/origin/main".into()],
        holders: Vec::new(),
        blobs: Vec::new(),
        exposed_days: Some(3),
    };
    let read = |name: &str, narrowed| HistoryRead {
        repository: name.into(),
        objects: 10,
        objects_read: 10,
        narrowed,
        ..HistoryRead::default()
    };
    match kind {
        Kind::Scan => Planted::Scan(scan),
        Kind::Range => Planted::Range(RangeResult {
            commits: vec![CommitInfo {
                commit: "0123456789abcdef0123456789abcdef01234567".into(),
                author: AUTHOR.into(),
                author_mail: "eve@example.org".into(),
                author_time: 1_700_000_000,
                committer: AUTHOR.into(),
                time: 1_700_000_000,
            }],
            by: vec![0; count],
            read: RangeRead {
                repository: ".".into(),
                revisions: vec!["A..B".into()],
                commits: 3,
                older: 1,
                ..RangeRead::default()
            },
            scan,
        }),
        Kind::History => Planted::History(HistoryResult {
            stories: scan.findings.iter().map(story).collect(),
            read: read(
                ".",
                Some(Narrowed {
                    by: vec!["--branch".into(), "`|<b>".into()],
                    commits: 1,
                    commits_left_out: 2,
                    findings_left_out: 3,
                }),
            ),
            scan,
            store_failed: None,
        }),
        Kind::Histories => Planted::Histories(HistoriesResult {
            stories: scan
                .findings
                .iter()
                .map(|finding| {
                    vec![StoryIn {
                        repository: 0,
                        occurrences: 0..finding.occurrences.len(),
                        story: story(finding),
                    }]
                })
                .collect(),
            repositories: vec![RepositoryRead {
                read: read("repo", None),
                also: Vec::new(),
                complete: true,
            }],
            scan,
            store_failed: None,
        }),
    }
}

/// How a place is told in results of a kind.
pub fn told_path(kind: Kind, finding: &Finding) -> String {
    let path = &finding.occurrences[0].path;
    let (_, told) = NAMES
        .iter()
        .find(|(name, _)| *path == self::path(name))
        .expect("it is one of the names");
    let (name, _) = NAMES.iter().find(|(_, t)| t == told).expect("the same");
    match kind {
        // `./dot` joined with a repository keeps its dot.
        Kind::Histories if name.starts_with(b"./") => format!("repo/./{told}"),
        Kind::Histories => format!("repo/{told}"),
        _ => (*told).to_owned(),
    }
}

/// A report as text.
pub fn written(format: Format, planted: &Planted, options: &ReportOptions) -> String {
    let mut out = Vec::new();
    let report = format.report();
    let done = match planted {
        Planted::Scan(all) => report.write(all, options, &mut out),
        Planted::Range(all) => report.write_range(all, options, &mut out),
        Planted::History(all) => report.write_history(all, options, &mut out),
        Planted::Histories(all) => report.write_histories(all, options, &mut out),
    };
    done.expect("a vector takes all");
    let text = String::from_utf8(out).expect("reports are UTF-8");
    keep(format, &text);
    text
}

/// Keeps a report for other programs to read, if somebody asks for that (`benches/consumers/run`).
fn keep(format: Format, text: &str) {
    let Some(folder) = std::env::var_os("STRAYKEY_REPORTS") else {
        return;
    };
    let folder = Path::new(&folder).join(format.word());
    std::fs::create_dir_all(&folder).expect("a folder");
    let mut name = std::hash::DefaultHasher::new();
    text.hash(&mut name);
    let name = format!("{:016x}.txt", name.finish());
    std::fs::write(folder.join(name), text).expect("written");
}

/// A report without the times that GitLab wants.
pub fn without_times(text: &str) -> String {
    let timeless = |line: &&str| !line.contains("\"start_time\"") && !line.contains("\"end_time\"");
    text.lines().filter(timeless).collect::<Vec<_>>().join("\n")
}

/// Where a finding stands.
pub fn start(finding: &Finding) -> Position {
    finding.occurrences[0].start
}

/// Whether it fails by default.
pub fn fails(finding: &Finding) -> bool {
    finding.pattern.severity >= Severity::Medium
}

/// Whether all of what a log must tell of a finding is in a text.
pub fn assert_told(text: &str, finding: &Finding) {
    assert!(text.contains(finding.pattern.id), "no pattern: {text}");
    assert!(text.contains(&finding.masked), "no masked value: {text}");
    let allow = format!("straykey allow {} --reason \"...\"", finding.fingerprint);
    assert!(text.contains(&allow), "no way to allow it: {text}");
    let first = if finding.occurrences[0].committed == Some(false) {
        ["Remove it; if it has left", "Revoke it, then remove it:"]
    } else {
        ["Revoke it, then remove it:"; 2]
    };
    assert!(first.iter().any(|f| text.contains(f)), "what first: {text}");
}
