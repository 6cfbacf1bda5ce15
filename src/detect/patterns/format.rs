//! Reads a pattern file and checks all that can be checked of it.

use serde::Deserialize;
use toml::Spanned;

use super::bytes::ByteSet;
use super::check::{Beside, Check};
use super::head::Head;
use super::shape::{self, Node};
use super::verifier::{self, VerifierSpec};
use super::{
    Checksum, Class, Confidence, Gate, Lane, Lifetime, Part, Pattern, PatternError, Program,
    Sampler, Severity, Status, Steps, Verifier, files, lane, program, sample_match,
};
use crate::base::{limits, quote, quote_value};

/// How many examples of each pattern are drawn and checked.
const EXAMPLES: u64 = 24;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    provider: Spanned<String>,
    name: String,
    #[serde(default)]
    site: String,
    pattern: Vec<Kind>,
    #[serde(default)]
    verifier: Vec<VerifierSpec>,
    #[serde(default)]
    revoker: Vec<VerifierSpec>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Kind {
    id: Spanned<String>,
    name: String,
    description: String,
    #[serde(default)]
    status: Option<Spanned<String>>,
    secret: Spanned<String>,
    #[serde(default)]
    before: Option<Spanned<String>>,
    #[serde(default)]
    after: Option<Spanned<String>>,
    #[serde(default)]
    left: Option<Spanned<String>>,
    #[serde(default)]
    right: Option<Spanned<String>>,
    #[serde(default)]
    near: Vec<Spanned<String>>,
    #[serde(default)]
    near_bytes: Option<Spanned<u16>>,
    #[serde(default)]
    names: Vec<Spanned<String>>,
    #[serde(default)]
    files: Vec<Spanned<String>>,
    #[serde(default)]
    anchors: Vec<Spanned<String>>,
    #[serde(default)]
    randomness: f32,
    #[serde(default)]
    checksum: Option<Spanned<String>>,
    #[serde(default)]
    class: Option<Spanned<String>>,
    #[serde(default)]
    confidence: Option<Spanned<String>>,
    #[serde(default)]
    severity: Option<Spanned<String>>,
    #[serde(default)]
    lifetime: Option<Spanned<String>>,
    #[serde(default)]
    rotation_days: Option<u16>,
    revoke: String,
    #[serde(default)]
    replace: String,
    #[serde(default)]
    nhi: Option<Vec<Spanned<String>>>,
    #[serde(default)]
    cwe: Option<Vec<u16>>,
    sources: Vec<String>,
    #[serde(default)]
    part: Vec<PartSpec>,
    #[serde(default)]
    example: Option<Spanned<String>>,
    #[serde(default)]
    counter: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PartSpec {
    name: String,
    secret: Spanned<String>,
    #[serde(default)]
    near: Vec<Spanned<String>>,
    #[serde(default)]
    randomness: f32,
    #[serde(default)]
    required: bool,
    within: Option<Spanned<usize>>,
}

/// What a file holds.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// Its patterns, in its order.
    pub patterns: Vec<Pattern>,
    /// How some of them are checked with their provider.
    pub verifiers: Vec<Verifier>,
    /// How some of them can be revoked by whoever holds them.
    pub revokers: Vec<Verifier>,
}

/// Reads the patterns of one file, as [`parse_file`] does.
///
/// # Errors
///
/// Everything that is wrong with the file, each with its line.
pub fn parse(
    file: &str,
    stem: Option<&str>,
    text: &str,
) -> Result<Vec<Pattern>, Vec<PatternError>> {
    parse_file(file, stem, text).map(|parsed| parsed.patterns)
}

/// Reads one file. `file` is its name for messages; its stem must be the provider's id when
/// `stem` is given.
///
/// # Errors
///
/// Everything that is wrong with the file, each with its line.
pub fn parse_file(file: &str, stem: Option<&str>, text: &str) -> Result<Parsed, Vec<PatternError>> {
    let mut check = Check {
        file,
        text,
        errors: Vec::new(),
    };
    let parsed: File = match toml::from_str(text) {
        Ok(parsed) => parsed,
        Err(e) => {
            let message = quote_value(e.message());
            let message = message.lines().collect::<Vec<_>>().join("; ");
            check.tell(e.span().map_or(0, |s| s.start), message);
            return Err(check.errors);
        }
    };
    let provider = parsed.provider.get_ref();
    let told = quote(provider);
    if !is_slug(provider) || stem.is_some_and(|s| s != provider) {
        check.tell(
            parsed.provider.span().start,
            format!("provider '{told}' must be the file's stem, in lower case, digits and '-'"),
        );
    }
    let mut patterns: Vec<Pattern> = Vec::new();
    for kind in &parsed.pattern {
        let id = kind.id.get_ref();
        if patterns.iter().any(|p| p.id == id) {
            let id = quote(id);
            check.tell(kind.id.span().start, format!("id '{id}' is used twice"));
        }
        let known = check.errors.len();
        let pattern = compile(&mut check, &parsed, kind);
        let open = matches!(
            pattern.lane,
            Lane::Run {
                gate: Gate::Open,
                ..
            }
        );
        let mut pattern = pattern;
        if (open || pattern.lane == Lane::Slow) && !pattern.files.is_empty() {
            pattern.lane = Lane::File;
        } else if stem.is_some()
            && (open || pattern.lane == Lane::Slow)
            && check.errors.len() == known
        {
            check.tell(
                kind.secret.span().start,
                format!(
                    "'{id}' escapes the prefilter: begin with a literal of three characters, or \
                     have 16 token characters in a row between edges, or hold one of {:?}",
                    lane::ANCHORS
                ),
            );
        }
        if check.errors.len() == known {
            examine(&mut check, kind, &pattern);
        }
        patterns.push(pattern);
    }
    let verifiers = verifier::read(&mut check, provider, &patterns, &parsed.verifier, false);
    let revokers = verifier::read(&mut check, provider, &patterns, &parsed.revoker, true);
    if check.errors.is_empty() {
        Ok(Parsed {
            patterns,
            verifiers,
            revokers,
        })
    } else {
        Err(check.errors)
    }
}

#[expect(
    clippy::too_many_lines,
    reason = "one key after the other, no branches to follow"
)]
fn compile(check: &mut Check<'_>, file: &File, kind: &Kind) -> Pattern {
    let provider = file.provider.get_ref();
    let (id, at) = (kind.id.get_ref(), kind.id.span().start);
    let told = quote(id);
    let well_named = id
        .split_once('.')
        .is_some_and(|(p, k)| p == provider && is_slug(k) && k.len() <= 60);
    if !well_named {
        check.tell(
            at,
            format!(
                "id '{told}' must be '{}.<kind>' in lower case, digits and '-'",
                quote(provider)
            ),
        );
    }
    for (key, text) in [
        ("name", &kind.name),
        ("description", &kind.description),
        ("revoke", &kind.revoke),
    ] {
        if text.trim().is_empty() {
            check.tell(at, format!("{key} of '{told}' is empty"));
        }
    }
    if kind.sources.is_empty() {
        check.tell(at, format!("'{told}' names no source of its facts"));
    }
    if !(0.0..=6.0).contains(&kind.randomness) {
        check.tell(at, "randomness is bits a character: 0 to 6");
    }

    if kind.secret.get_ref().is_empty() {
        check.tell(kind.secret.span().start, "the secret's shape is empty");
    }
    let before = check.shape(kind.before.as_ref());
    let secret = check.shape(Some(&kind.secret));
    let after = check.shape(kind.after.as_ref());
    let whole = [before.as_slice(), &secret, &after].concat();
    let bare = !kind.names.is_empty();
    let left = match check.edge(kind.left.as_ref()) {
        _ if bare => None,
        Beside::Edge => Some(left_set(&whole)),
        Beside::Free => None,
        Beside::After(set) => Some(set.not()),
    };
    // What is proved of edges holds for any set that forbids as much.
    let left_edged = left.is_some_and(|left| left_set(&whole).within(left));
    let right = match check.edge(kind.right.as_ref()) {
        _ if bare => ByteSet::EMPTY,
        Beside::Edge => ByteSet::ALNUM.or(shape::trailing_sets(&whole)),
        Beside::Free => ByteSet::EMPTY,
        Beside::After(set) => set.not(),
    };
    let program = program::compile(&before, &secret, &after, right).unwrap_or_else(|why| {
        if !whole.is_empty() {
            check.tell(kind.secret.span().start, why);
        }
        NOTHING
    });
    for anchor in &kind.anchors {
        if !always_holds(&whole, anchor.get_ref().as_bytes()) {
            check.tell(
                anchor.span().start,
                format!(
                    "anchor '{}' is not in every match of '{told}'",
                    quote(anchor.get_ref())
                ),
            );
        }
    }

    let near = check.keywords(&kind.near);
    let near_bytes = kind.near_bytes.as_ref().map_or(80, |n| *n.get_ref());
    if !(16..=256).contains(&near_bytes) {
        check.tell(
            kind.near_bytes.as_ref().map_or(at, |n| n.span().start),
            "near_bytes: 16 to 256",
        );
    }
    let names = check.keywords(&kind.names);
    for form in &kind.files {
        if let Some(why) = files::fault(form.get_ref()) {
            let told = quote(form.get_ref());
            check.tell(form.span().start, format!("'{told}': a file's name {why}"));
        }
    }
    let checksum = check.word(
        kind.checksum.as_ref(),
        Checksum::None,
        Checksum::from_word,
        &Checksum::words(),
    );
    let default_confidence = if near.is_empty() && names.is_empty() {
        Confidence::High
    } else {
        Confidence::Medium
    };
    let nhi = match &kind.nhi {
        None => leak_all(["NHI2".to_owned()]),
        Some(ids) => {
            for given in ids {
                let number = given
                    .get_ref()
                    .strip_prefix("NHI")
                    .and_then(|n| n.parse::<u8>().ok());
                if !number.is_some_and(|n| (1..=10).contains(&n)) {
                    check.tell(
                        given.span().start,
                        format!("'{}' is none of NHI1 to NHI10", quote(given.get_ref())),
                    );
                }
            }
            leak_all(ids.iter().map(|s| s.get_ref().clone()))
        }
    };
    let example = kind.example.as_ref().map_or("", |e| {
        if e.get_ref().matches("{}").count() != 1 {
            check.tell(e.span().start, "an example frame holds {} once");
        }
        leak(e.get_ref().clone())
    });
    let parts: Vec<Part> = kind.part.iter().map(|p| part(check, p)).collect();
    Pattern {
        id: leak(id.clone()),
        provider: leak(provider.clone()),
        provider_name: leak(file.name.clone()),
        site: leak(file.site.clone()),
        name: leak(kind.name.clone()),
        description: leak(kind.description.clone()),
        status: check.word(
            kind.status.as_ref(),
            Status::Stable,
            Status::from_word,
            &Status::ALL.map_words(),
        ),
        class: check.word(
            kind.class.as_ref(),
            Class::Token,
            Class::from_word,
            &Class::ALL.map_words(),
        ),
        confidence: check.word(
            kind.confidence.as_ref(),
            default_confidence,
            Confidence::from_word,
            &Confidence::ALL.map_words(),
        ),
        severity: check.word(
            kind.severity.as_ref(),
            Severity::High,
            Severity::from_word,
            &Severity::ALL.map_words(),
        ),
        lifetime: check.word(
            kind.lifetime.as_ref(),
            Lifetime::UntilRevoked,
            Lifetime::from_word,
            &Lifetime::ALL.map_words(),
        ),
        rotation_days: kind.rotation_days.unwrap_or(90),
        revoke: leak(kind.revoke.clone()),
        replace: leak(kind.replace.clone()),
        nhi,
        cwe: kind.cwe.clone().unwrap_or_else(|| vec![798]).leak(),
        sources: leak_all(kind.sources.iter().cloned()),
        expression: [
            leak(
                kind.before
                    .as_ref()
                    .map_or_else(String::new, |s| s.get_ref().clone()),
            ),
            leak(kind.secret.get_ref().clone()),
            leak(
                kind.after
                    .as_ref()
                    .map_or_else(String::new, |s| s.get_ref().clone()),
            ),
        ],
        lane: if names.is_empty() {
            lane::derive(&whole, left_edged, !near.is_empty())
        } else {
            Lane::Name
        },
        prefix: common_prefix(&secret),
        program,
        left,
        near,
        near_bytes,
        names,
        files: leak_all(kind.files.iter().map(|f| f.get_ref().clone())),
        randomness: kind.randomness,
        checksum,
        parts: parts.leak(),
        example,
        counter: leak_all(kind.counter.iter().map(|c| c.get_ref().clone())),
    }
}

fn part(check: &mut Check<'_>, spec: &PartSpec) -> Part {
    let nodes = check.shape(Some(&spec.secret));
    let right = ByteSet::ALNUM.or(shape::trailing_sets(&nodes));
    let program = program::compile(&[], &nodes, &[], right).unwrap_or_else(|why| {
        if !nodes.is_empty() {
            check.tell(spec.secret.span().start, why);
        }
        NOTHING
    });
    let within = match &spec.within {
        None => limits::PART_BYTES,
        Some(given) => {
            if !(1..=limits::PART_MOST_BYTES).contains(given.get_ref()) {
                let most = limits::PART_MOST_BYTES;
                check.tell(given.span().start, format!("within: 1 to {most} bytes"));
            }
            *given.get_ref()
        }
    };
    Part {
        name: leak(spec.name.clone()),
        expression: leak(spec.secret.get_ref().clone()),
        program,
        left: left_set(&nodes),
        near: check.keywords(&spec.near),
        randomness: spec.randomness,
        required: spec.required,
        within,
    }
}

/// Draws examples and holds the pattern to them; holds the counter-examples against it.
fn examine(check: &mut Check<'_>, kind: &Kind, pattern: &Pattern) {
    let at = kind.secret.span().start;
    let mut steps = Steps::default();
    for seed in 0..EXAMPLES {
        let (text, secret) = sample_match(pattern, &mut Sampler::new(seed));
        if !pattern.checksum.holds(&secret) {
            check.tell(
                at,
                format!(
                    "a generated example of '{}' fails its checksum",
                    quote(pattern.id)
                ),
            );
            return;
        }
        if pattern.names.is_empty() {
            let found = (0..text.len())
                .filter_map(|i| pattern.mark_at(&text, i, &mut steps))
                .any(|found| found.secret.of(&text) == secret);
            if !found {
                check.tell(
                    at,
                    format!(
                        "a generated example of '{}' does not match in its frame",
                        quote(pattern.id)
                    ),
                );
                return;
            }
        }
    }
    for counter in &kind.counter {
        let text = counter.get_ref().as_bytes();
        let hit = (0..text.len())
            .filter_map(|i| pattern.mark_at(text, i, &mut steps))
            .find(|f| pattern.checksum.holds(f.secret.of(text)));
        if pattern.names.is_empty() && hit.is_some() {
            check.tell(
                counter.span().start,
                format!("'{}' matches this counter-example", quote(pattern.id)),
            );
        }
    }
}

/// Whether every text of the shape holds `literal`: proved by structure, so it may say no where
/// a cleverer proof would say yes.
fn always_holds(nodes: &[Node], literal: &[u8]) -> bool {
    nodes.iter().any(|node| match node {
        Node::Bytes(bytes) => bytes.windows(literal.len().max(1)).any(|w| w == literal),
        Node::Either(alternatives) => alternatives.iter().all(|a| always_holds(a, literal)),
        Node::Set { .. } => false,
    })
}

/// What must not stand before a match. `=` may: it ends a name more often than it belongs to
/// what follows.
fn left_set(nodes: &[Node]) -> ByteSet {
    let mut set = ByteSet::ALNUM.or(shape::leading_sets(nodes));
    set.0[usize::from(b'=' >> 6)] &= !(1 << (b'=' & 63));
    set
}

/// The literal that every secret begins with, at most twelve bytes of it.
fn common_prefix(secret: &[Node]) -> &'static str {
    match secret.first() {
        Some(Node::Bytes(bytes)) => {
            let text = String::from_utf8_lossy(&bytes[..bytes.len().min(12)]);
            if text.contains('\u{fffd}') {
                ""
            } else {
                leak(text.into_owned())
            }
        }
        _ => "",
    }
}

/// Stands in for a program that did not compile; the file is refused anyway.
const NOTHING: Program = Program {
    ops: &[],
    right: ByteSet::EMPTY,
    first: ByteSet::EMPTY,
    head: Head::NOTHING,
    min: 1,
    max: 1,
};

fn is_slug(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

// A catalogue lives as long as the process: its strings are leaked once, when it is loaded.
pub(super) fn leak(text: String) -> &'static str {
    text.leak()
}

pub(super) fn leak_all(texts: impl IntoIterator<Item = String>) -> &'static [&'static str] {
    texts.into_iter().map(leak).collect::<Vec<_>>().leak()
}

trait Words {
    fn map_words(&self) -> Vec<&'static str>;
}

macro_rules! words_of {
    ($($name:ident)*) => {
        $(impl Words for &[$name] {
            fn map_words(&self) -> Vec<&'static str> { self.iter().map(|v| v.word()).collect() }
        })*
    };
}
words_of!(Status Class Confidence Severity Lifetime);
