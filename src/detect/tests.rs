//! The properties that the engine stands on, over the whole catalogue.

use std::path::Path;

use proptest::prelude::*;

use super::patterns::{Lane, Pattern, Sampler, sample_match};
use super::{Catalogue, Detector, Engine, Judged, Outcome, Scratch};
use crate::base::limits;
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
    detector.scan(chunk, Path::new("a.env"), &mut Scratch::default())
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
        assert!(
            whole == pieces,
            "seed {seed}: {} whole, {} in pieces",
            whole.len(),
            pieces.len()
        );
    }
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
        for seed in 0..20 {
            let (text, _) = sample_match(pattern, &mut Sampler::new(7_000 + seed));
            let judged = scan(&detector, &Chunk::whole(&text, ContentKind::Text));
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
        for form in pattern.names.iter().flat_map(|n| forms(n)) {
            let found = super::prefilter::STEMS.iter().any(|s| form.contains(s));
            assert!(found, "{}: no stem finds {form}", pattern.id);
        }
    }
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
