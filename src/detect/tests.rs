//! The properties that the engine stands on, over the whole catalogue.

use std::path::Path;

use proptest::prelude::*;

use super::decode::tests::encoded;
use super::patterns::{Confidence, Gate, Lane, Pattern, Sampler, sample_match};
use super::{Catalogue, Detector, Engine, Judged, Outcome, Scratch};
use crate::base::limits;
use crate::sources::history::Segment;
use crate::sources::{Chunk, ContentKind};

/// Bytes that stand between tokens in real text, and those that could confuse an edge.
const JOINTS: &[&str] = &[
    " ",
    "\n",
    "\"",
    "'",
    "=",
    ":",
    "\\n",
    "\\t",
    "%3D",
    "%22",
    "\\u003d",
    "\\x3d",
    "/",
    "_",
    "-",
    "x",
    "7",
    ".",
    ",",
    "\\",
    "%",
    "://",
    "@",
    "//",
    "+",
    "\0",
    "\u{e9}",
    "key: ",
    "-----BEGIN",
    "Q~",
];

/// A text of samples of the catalogue, cut or whole, between joints and noise.
fn text_of(seed: u64, pieces: usize) -> Vec<u8> {
    let catalogue = Catalogue::embedded();
    let mut s = Sampler::new(seed);
    let mut out = Vec::new();
    for _ in 0..pieces {
        match s.below(10) {
            0..=3 => {
                let pattern = catalogue.patterns()[s.below(catalogue.patterns().len())];
                let (mut text, _) = sample_match(pattern, &mut s);
                if s.below(4) == 0 {
                    let (a, b) = (s.below(text.len()), s.below(text.len()));
                    text = text[a.min(b)..a.max(b)].to_vec();
                }
                if s.below(6) == 0 {
                    let at = s.below(text.len().max(1));
                    if let Some(b) = text.get_mut(at) {
                        *b = s.below(256) as u8;
                    }
                }
                if s.below(3) == 0 {
                    text = encoded(&text, &mut s).into_bytes();
                }
                out.extend(text);
            }
            4 => {
                let pattern = catalogue.patterns()[s.below(catalogue.patterns().len())];
                let words: Vec<_> = pattern.near.iter().chain(pattern.names).collect();
                if !words.is_empty() {
                    out.extend(words[s.below(words.len())].bytes());
                }
            }
            5 => {
                let len = s.below(80);
                out.extend(s.word(len).bytes());
            }
            6 => out.extend(
                (0..s.below(30))
                    .map(|_| b'a' + s.below(26) as u8)
                    .collect::<Vec<_>>(),
            ),
            _ => out.extend(JOINTS[s.below(JOINTS.len())].bytes()),
        }
    }
    out
}

/// What a judged match is, for comparing: everything but the bytes.
fn told(judged: &[Judged], offset: usize) -> Vec<(usize, usize, &'static str, usize, String)> {
    judged
        .iter()
        .map(|j| {
            let outcome = match &j.outcome {
                Outcome::Rejected(why) => why.code().to_owned(),
                other => format!("{other:?}"),
            };
            (
                j.span.start + offset,
                j.span.end + offset,
                j.pattern.id,
                j.parts.len(),
                outcome,
            )
        })
        .collect()
}

fn scan(detector: &Detector, chunk: &Chunk<'_>) -> Vec<Judged> {
    scan_at(detector, chunk, "a.env")
}

fn scan_at(detector: &Detector, chunk: &Chunk<'_>, path: &str) -> Vec<Judged> {
    detector.scan(chunk, Path::new(path), &mut Scratch::default())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..Default::default() })]

    #[test]
    fn the_fast_engine_finds_what_the_plain_one_finds(seed in any::<u64>(), pieces in 1..60usize) {
        thread_local! {
            static ENGINES: (Detector, Detector) = (
                Detector::new(&Catalogue::embedded(), Engine::Fast),
                Detector::new(&Catalogue::embedded(), Engine::Plain),
            );
        }
        let text = text_of(seed, pieces);
        let chunk = Chunk::whole(&text, ContentKind::Text);
        let (fast, plain) = ENGINES.with(|(f, p)| (told(&scan(f, &chunk), 0), told(&scan(p, &chunk), 0)));
        // The texts are generated: showing them tells no secret.
        prop_assert_eq!(fast, plain, "seed {} pieces {}", seed, pieces);
    }
}

#[test]
fn a_match_between_any_joints_is_found_by_both_engines() {
    let mut s = Sampler::new(77);
    let (mut text, mut bound) = (Vec::new(), 0);
    for pattern in Catalogue::embedded().patterns() {
        let (Lane::Run { gate, .. } | Lane::Prefix { gate, .. } | Lane::Lead { gate, .. }) =
            pattern.lane
        else {
            continue;
        };
        // Most are sure of a row of letters and digits; the others are what could go wrong.
        let tries = if gate == Gate::Sure { 1 } else { 6 };
        bound += tries;
        for _ in 0..tries {
            let word = pattern.near.first().unwrap_or(&"");
            let joint = |s: &mut Sampler| JOINTS[s.below(JOINTS.len())];
            let (before, behind) = (joint(&mut s), joint(&mut s));
            let (sample, _) = sample_match(pattern, &mut s);
            // Nothing that is near to one is near to the next.
            text.extend(format!("{:>120}\n\n\n\n{word} = {before}", "").bytes());
            text.extend(sample);
            text.extend(format!("{behind} ").bytes());
        }
    }
    let chunk = Chunk::whole(&text, ContentKind::Text);
    let [fast, plain] = [Engine::Fast, Engine::Plain].map(|engine| {
        told(
            &scan(&Detector::new(&Catalogue::embedded(), engine), &chunk),
            0,
        )
    });
    assert!(fast.len() > bound / 2, "{} of {bound}", fast.len());
    assert!(fast == plain, "{:#?}", difference(&fast, &plain));
}

/// What is in one list only.
fn difference<'a, T: PartialEq>(a: &'a [T], b: &'a [T]) -> Vec<&'a T> {
    let only = |a: &'a [T], b: &'a [T]| a.iter().filter(|x| !b.contains(x)).collect::<Vec<_>>();
    [only(a, b), only(b, a)].concat()
}

#[test]
fn a_text_in_chunks_is_judged_as_the_whole() {
    let detector = Detector::new(&Catalogue::embedded(), Engine::Fast);
    for seed in 0..6 {
        let text = text_of(1000 + seed, 2500);
        let whole = told(&scan(&detector, &Chunk::whole(&text, ContentKind::Text)), 0);
        assert!(whole.len() > 100, "the text must have something to lose");
        let core = 10_000 + 777 * seed as usize;
        let mut pieces = Vec::new();
        for start in (0..text.len()).step_by(core) {
            let end = text.len().min(start + core);
            let from = start.saturating_sub(limits::CHUNK_CONTEXT);
            let to = text.len().min(end + limits::CHUNK_CONTEXT);
            let chunk = Chunk {
                text: &text[from..to],
                core_start: start - from,
                core_end: end - from,
                offset: from as u64,
                first: from == 0,
                last: to == text.len(),
                kind: ContentKind::Text,
            };
            pieces.extend(told(&scan(&detector, &chunk), from));
        }
        let apart = whole.iter().zip(&pieces).find(|(a, b)| a != b);
        assert!(whole == pieces, "seed {seed}: {apart:?}");
    }
}

/// A text made of pieces of another and of new ones, with its segments.
fn built_upon(base: &[u8], s: &mut Sampler) -> (Vec<u8>, Vec<Segment>) {
    let (mut text, mut segments): (Vec<u8>, Vec<Segment>) = (Vec::new(), Vec::new());
    let mut at = 0;
    let pieces = 1 + s.below(7);
    for _ in 0..pieces {
        let from = match s.below(8) {
            // Mostly what comes next, with some bytes left out; at times from anywhere.
            0 => s.below(base.len() + 1),
            1 => at,
            _ => (at + s.below(12)).min(base.len()),
        };
        let len = match s.below(4) {
            0 => s.below(40),
            1 => s.below(400),
            _ => s.below(base.len() + 1),
        };
        let len = len.min(base.len() - from);
        if len > 0 {
            segments.push(Segment {
                at: text.len(),
                len,
                from: Some(from),
            });
            text.extend_from_slice(&base[from..from + len]);
            at = from + len;
        }
        let new = match s.below(6) {
            0 => Vec::new(),
            1 => JOINTS[s.below(JOINTS.len())].as_bytes().to_vec(),
            2 => {
                let letters = 1 + s.below(3);
                s.word(letters).into_bytes()
            }
            3 => vec![b'A'; s.below(600)],
            _ => text_of(s.below(1 << 40) as u64, 1 + s.below(4)),
        };
        if !new.is_empty() {
            segments.push(Segment {
                at: text.len(),
                len: new.len(),
                from: None,
            });
            text.extend(new);
        }
    }
    if s.below(2) == 0 && at < base.len() {
        segments.push(Segment {
            at: text.len(),
            len: base.len() - at,
            from: Some(at),
        });
        text.extend_from_slice(&base[at..]);
    }
    (text, segments)
}

/// `may_match` asks without a path: what is rejected then must be rejected at every path.
#[test]
fn no_path_is_the_most_lenient_path() {
    let detector = Detector::new(&Catalogue::embedded(), Engine::Fast);
    let mut scratch = Scratch::default();
    let (mut hopes, mut matches) = (0, 0);
    for seed in 0..60 {
        let text = text_of(80_000 + seed, 1 + seed as usize % 30);
        let marks = detector.marks_of(&text, &mut scratch);
        let may = detector.may_match(&text, ContentKind::Text, &marks, &mut scratch);
        hopes += usize::from(may);
        for path in [
            "a.env",
            "b.py",
            "src/c.rs",
            "package-lock.json",
            "docs/d.md",
            "test/e.yml",
        ] {
            let chunk = Chunk::whole(&text, ContentKind::Text);
            let judged = detector.scan(&chunk, Path::new(path), &mut scratch);
            let found = judged
                .iter()
                .any(|j| !matches!(j.outcome, Outcome::Rejected(_)));
            matches += usize::from(found);
            assert!(may || !found, "seed {seed}: a match at {path} only");
        }
    }
    assert!(hopes > 20 && matches > 100, "{hopes} {matches}");
}

/// Along chains of texts, each built upon the last, inherited marks are those of a full search,
/// and those are the marks that a scan judges.
#[test]
fn marks_are_inherited_as_a_full_search_finds_them() {
    let detector = Detector::new(&Catalogue::embedded(), Engine::Fast);
    let mut scratch = Scratch::default();
    let (mut inherited, mut changed) = (0, 0);
    for seed in 0..400 {
        let mut s = Sampler::new(40_000 + seed);
        let mut text = text_of(seed, 1 + s.below(60));
        let mut marks = detector.marks_of(&text, &mut scratch);
        for step in 0..6 {
            let (next, segments) = built_upon(&text, &mut s);
            let upon = detector.marks_upon(&marks, &next, &segments, &mut scratch);
            let full = detector.marks_of(&next, &mut scratch);
            let apart = upon.apart_from(&full, &detector);
            assert!(upon == full, "seed {seed} step {step}: {apart:?}");
            let chunk = Chunk::whole(&next, ContentKind::Text);
            let path = Path::new("a.env");
            let judged = detector.judge(&next, ContentKind::Text, path, &upon, &mut scratch);
            assert_eq!(
                told(&judged, 0),
                told(&scan(&detector, &chunk), 0),
                "seed {seed} step {step}"
            );
            inherited += usize::from(!upon.is_empty());
            changed += usize::from(upon != marks);
            (text, marks) = (next, upon);
        }
    }
    assert!(inherited > 100 && changed > 100, "{inherited} {changed}");
}

/// Every pattern's generated examples are found by the whole engine, and nothing rejects them but
/// a better pattern.
#[test]
fn generated_examples_are_found() {
    let catalogue = Catalogue::embedded();
    let detector = Detector::new(&catalogue, Engine::Fast);
    let mut lost: Vec<String> = Vec::new();
    for pattern in catalogue.patterns() {
        let mut kept = 0;
        // In a file that is called as the pattern wants it.
        let own = pattern.files.first().map(|form| form.replace('*', "a"));
        let path = own.as_deref().unwrap_or("a.env");
        for seed in 0..20 {
            let (text, _) = sample_match(pattern, &mut Sampler::new(7_000 + seed));
            let judged = scan_at(&detector, &Chunk::whole(&text, ContentKind::Text), path);
            kept += usize::from(
                judged
                    .iter()
                    .any(|j| j.pattern.id == pattern.id && !rejected_for_good(j)),
            );
        }
        // A sampled password may be a word by chance, a sampled token a sequence.
        if kept < 14 {
            lost.push(format!("{}: {kept} of 20", pattern.id));
        }
    }
    assert!(lost.is_empty(), "{lost:#?}");
}

fn rejected_for_good(judged: &Judged) -> bool {
    matches!(&judged.outcome, Outcome::Rejected(why) if why.code() != "overlap")
}

#[test]
fn nothing_embedded_is_in_the_slow_lane() {
    let slow: Vec<_> = Catalogue::embedded()
        .patterns()
        .iter()
        .filter(|p| p.lane == Lane::Slow)
        .map(|p| p.id)
        .collect();
    assert_eq!(slow, Vec::<&str>::new());
}

#[test]
fn every_name_is_found_by_a_stem() {
    let forms = |name: &str| -> Vec<String> {
        let words: Vec<&str> = name.split('-').collect();
        let camel: String = words
            .iter()
            .enumerate()
            .map(|(i, w)| {
                if i == 0 {
                    (*w).into()
                } else {
                    w[..1].to_uppercase() + &w[1..]
                }
            })
            .collect();
        vec![
            words.join("_"),
            words.join("_").to_uppercase(),
            camel.clone(),
            camel[..1].to_uppercase() + &camel[1..],
        ]
    };
    for pattern in Catalogue::embedded().patterns() {
        for name in pattern.names {
            // Commands and directives are written in small letters, and a blank follows.
            let command = ["curl", "mysql", "mysqldump", "mysqladmin", "masterauth"].contains(name);
            let forms = match *name {
                _ if command => vec![format!("{name} ")],
                // The name of a header: a colon follows.
                "authorization" => ["authorization:", "Authorization:", "AUTHORIZATION:"]
                    .map(str::to_owned)
                    .to_vec(),
                name => forms(name),
            };
            for form in forms {
                // A short name counts where an assignment goes on behind it.
                let found = ["=", " "].iter().any(|behind| {
                    let form = format!("{form}{behind}");
                    super::prefilter::STEMS.iter().any(|s| form.contains(s))
                });
                assert!(found, "{}: no stem finds {form}", pattern.id);
            }
        }
    }
}

/// What is confident of a value, told in an assignment: the generic pattern's id, or a provider's.
fn confident(name: &str, value: &str) -> Vec<(&'static str, Confidence)> {
    let text = format!("{name} = \"{value}\"\n");
    let detector = Detector::new(&Catalogue::embedded(), Engine::Fast);
    let judged = scan(&detector, &Chunk::whole(text.as_bytes(), ContentKind::Text));
    let matches = judged.iter().filter(|j| j.outcome == Outcome::Match);
    matches.map(|j| (j.pattern.id, j.confidence)).collect()
}

#[test]
fn a_broken_token_beside_its_provider_is_of_low_confidence() {
    let mut s = Sampler::new(4);
    let mut drawn = |n: usize| -> String {
        let hex = (0..n).map(|_| char::from(s.pick(b"0123456789abcdef")));
        hex.collect()
    };
    // Meraki's keys are 40 hexadecimal digits.
    let (whole, short) = (drawn(40), drawn(39));
    let known = confident("meraki_api_token", &whole);
    assert_eq!(known, [("meraki.api-key", Confidence::Medium)]);
    let broken = confident("meraki_api_token", &short);
    assert_eq!(broken, [("generic.token", Confidence::Low)]);
    // Far from the form, and the name says more: it may be another's.
    let other = confident("meraki_webhook_token", &drawn(24));
    assert_eq!(other, [("generic.token", Confidence::Medium)]);
    // Nobody is named.
    let free = confident("deploy_token", &short);
    assert_eq!(free, [("generic.token", Confidence::Medium)]);
}

#[test]
fn ids_are_unique_and_sorted() {
    let catalogue = Catalogue::embedded();
    let ids: Vec<&str> = catalogue
        .patterns()
        .iter()
        .map(|p: &&Pattern| p.id)
        .collect();
    assert!(ids.windows(2).all(|w| w[0] < w[1]));
    assert_eq!(catalogue.get(ids[0]).map(|p| p.id), Some(ids[0]));
    assert!(catalogue.get("no.such").is_none());
}

/// How many marks of a tree reach judgement, a megabyte: `STRAYKEY_TREE=/path cargo test --lib
/// marks_of_a_tree -- --ignored --nocapture`. What has a NUL byte in its first 8,000 is passed over.
#[test]
#[ignore = "measures a folder that is named from outside"]
fn marks_of_a_tree() {
    let root = std::env::var_os("STRAYKEY_TREE").expect("STRAYKEY_TREE names a folder");
    let detector = Detector::new(&Catalogue::embedded(), Engine::Fast);
    let mut scratch = Scratch::default();
    let (mut marks, mut bytes, mut folders) =
        (0usize, 0usize, vec![std::path::PathBuf::from(root)]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let kind = entry.file_type().expect("a type");
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                let text = std::fs::read(entry.path()).unwrap_or_default();
                if text[..text.len().min(8000)].contains(&0) {
                    continue;
                }
                bytes += text.len();
                detector.marks(&text, &mut scratch);
                marks += scratch.marks.len();
            }
        }
    }
    let share = marks as f64 / (bytes as f64 / 1e6);
    println!("{marks} marks in {bytes} bytes: {share:.0} a megabyte");
    assert!(bytes > 0);
}
