//! The fast engine tells what the plain one tells, whatever the text.
//!
//! A byte of 0xf0 and more stands for an example of a kind, which the two bytes behind it choose, so
//! that what is searched for is there; all others stand for themselves.

#![no_main]

use std::path::Path;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use straykey::base::Span;
use straykey::detect::patterns::{Sampler, sample_match};
use straykey::detect::{Catalogue, Detector, Engine, Judged, Outcome, Scratch};
use straykey::sources::{Chunk, ContentKind};

/// The longest text: the plain engine tries every pattern at every byte.
const LONGEST: usize = 1 << 9;

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(Catalogue::embedded);
static ENGINES: LazyLock<[Detector; 2]> =
    LazyLock::new(|| [Engine::Fast, Engine::Plain].map(|e| Detector::new(&CATALOGUE, e)));

fuzz_target!(|data: &[u8]| {
    let text = text(data);
    let chunk = Chunk::whole(&text, ContentKind::Text);
    let [fast, plain] = ENGINES.each_ref().map(|engine| {
        let judged = engine.scan(&chunk, Path::new("a.txt"), &mut Scratch::default());
        judged.iter().map(told).collect::<Vec<_>>()
    });
    assert_eq!(fast, plain);
});

/// What a judged match says. No byte of it: examples look like what is secret.
fn told(judged: &Judged) -> (&'static str, usize, usize, String) {
    let outcome = match &judged.outcome {
        Outcome::Rejected(why) => why.code().to_owned(),
        other => format!("{other:?}"),
    };
    let Span { start, end } = judged.span;
    (judged.pattern.id, start, end, outcome)
}

fn text(data: &[u8]) -> Vec<u8> {
    let patterns = CATALOGUE.patterns();
    let mut text = Vec::with_capacity(LONGEST);
    let mut bytes = data.iter().copied();
    while let Some(byte) = bytes.next() {
        match byte {
            0xf0.. => {
                let seed = usize::from(byte) << 16
                    | usize::from(bytes.next().unwrap_or(0)) << 8
                    | usize::from(bytes.next().unwrap_or(0));
                let pattern = patterns[seed % patterns.len()];
                let (example, _) = sample_match(pattern, &mut Sampler::new(seed as u64));
                text.extend(example);
            }
            _ => text.push(byte),
        }
    }
    text.truncate(LONGEST);
    text
}
