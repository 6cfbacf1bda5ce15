//! Bytes a second of the detector, on named inputs. `cargo bench`; measures, asserts nothing.
//!
//! The inputs are generated, the same on every machine. Real trees are measured by
//! `benches/peers/run`.

use std::path::Path;

use divan::counter::BytesCount;
use straykey::detect::patterns::{Sampler, sample_match};
use straykey::detect::{Catalogue, Detector, Engine, Scratch};
use straykey::sources::{Chunk, ContentKind};

const SIZE: usize = 4 << 20;

/// Named inputs: what it is, and how it is made.
const INPUTS: &[&str] = &[
    "source-no-hits",
    "source-few-hits",
    "source-dense-hits",
    "minified",
    "json-hashes",
    "base64",
    "binary",
];

fn main() {
    divan::main();
}

fn input(name: &str) -> Vec<u8> {
    let mut s = Sampler::new(1);
    let mut out = Vec::with_capacity(SIZE + 4096);
    while out.len() < SIZE {
        match name {
            "source-no-hits" => source(&mut s, &mut out),
            "source-few-hits" => {
                source(&mut s, &mut out);
                if s.below(2_000) == 0 {
                    hit(&mut s, &mut out);
                }
            }
            "source-dense-hits" => {
                source(&mut s, &mut out);
                if s.below(4) == 0 {
                    hit(&mut s, &mut out);
                }
            }
            "minified" => minified(&mut s, &mut out),
            "json-hashes" => {
                let hex: String = (0..40)
                    .map(|_| char::from(s.pick(b"0123456789abcdef")))
                    .collect();
                let line = format!(
                    "{{\"id\":{},\"object\":\"{hex}\",\"name\":\"{}\"}},",
                    s.below(99_999),
                    s.word(9)
                );
                out.extend(line.bytes());
            }
            "base64" => {
                out.extend(s.word(76).bytes());
                out.push(b'\n');
            }
            _ => out.extend((0..4096).map(|_| s.below(256) as u8).collect::<Vec<_>>()),
        }
    }
    out.truncate(SIZE);
    out
}

/// A line as in C.
fn source(s: &mut Sampler, out: &mut Vec<u8>) {
    const WORDS: &[&str] = &[
        "static",
        "int",
        "struct",
        "device_register_flags",
        "return",
        "if",
        "(ret < 0)",
        "unsigned",
        "long",
        "spin_lock_irqsave",
        "&priv->lock",
        "=",
        "->",
        "0x1f",
        "NULL",
        "goto err_free;",
        "EXPORT_SYMBOL_GPL",
        "module_platform_driver",
        "{",
        "}",
        "/* the caller holds the lock */",
    ];
    out.push(b'\t');
    for _ in 0..3 + s.below(5) {
        out.extend(WORDS[s.below(WORDS.len())].bytes());
        out.push(b' ');
    }
    out.push(b'\n');
}

fn minified(s: &mut Sampler, out: &mut Vec<u8>) {
    const WORDS: &[&str] = &[
        "function",
        "(e,t,n)",
        "{return",
        "this.props.children",
        "&&",
        "void 0!==",
        "Object.defineProperty",
        "(exports,\"__esModule\",{value:!0})",
        "getDerivedStateFromProps",
        "componentDidMount",
        ";",
    ];
    out.extend(WORDS[s.below(WORDS.len())].bytes());
    out.push(s.pick(b"abcdefghij.,;=("));
}

fn hit(s: &mut Sampler, out: &mut Vec<u8>) {
    let catalogue = Catalogue::embedded();
    let pattern = catalogue.patterns()[s.below(catalogue.patterns().len())];
    out.extend(sample_match(pattern, s).0);
}

#[divan::bench(args = INPUTS, max_time = 2)]
fn fast(bencher: divan::Bencher<'_, '_>, name: &str) {
    run(bencher, name, Engine::Fast);
}

#[divan::bench(args = &["source-few-hits"], max_time = 2, sample_count = 2)]
fn plain(bencher: divan::Bencher<'_, '_>, name: &str) {
    run(bencher, name, Engine::Plain);
}

/// What a process pays before it reads its first byte.
#[divan::bench]
fn start() -> Detector {
    Detector::new(&Catalogue::embedded(), Engine::Fast)
}

fn run(bencher: divan::Bencher<'_, '_>, name: &str, engine: Engine) {
    let text = input(name);
    let detector = Detector::new(&Catalogue::embedded(), engine);
    let kind = if name == "binary" {
        ContentKind::Binary
    } else {
        ContentKind::Text
    };
    let mut scratch = Scratch::default();
    bencher
        .counter(BytesCount::new(text.len()))
        .bench_local(|| {
            detector
                .scan(&Chunk::whole(&text, kind), Path::new("a.c"), &mut scratch)
                .len()
        });
}
