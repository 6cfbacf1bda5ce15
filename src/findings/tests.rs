//! The collector's bounds, and what frames and columns show, with results that can be counted by
//! hand.

use std::path::Path;

use super::{Collector, Finding, WEAK_MASK};
use crate::base::{Position, limits};
use crate::detect::patterns::{Sampler, sample_match};
use crate::detect::{Catalogue, Detector, Engine, Scratch};
use crate::sources::{Chunk, ContentKind, Origin};

fn token(sampler: &mut Sampler) -> String {
    let catalogue = Catalogue::embedded();
    let pattern = catalogue.get("github.pat-classic").expect("it is known");
    String::from_utf8(sample_match(pattern, sampler).1).expect("ASCII")
}

/// What chunks of one content give; and whether the collector is full.
fn collected<'a>(chunks: impl IntoIterator<Item = Chunk<'a>>) -> (Vec<Finding>, bool) {
    let detector = Detector::new(&Catalogue::embedded(), Engine::Fast);
    let mut scratch = Scratch::default();
    let mut collector = Collector::new();
    let origin = Origin::new("a.env");
    collector.begin();
    for chunk in chunks {
        let judged = detector.scan(&chunk, Path::new("a.env"), &mut scratch);
        collector.see(&chunk, &judged, scratch.beyond());
        collector.take(&origin, &chunk, &judged, "2026-01-01");
    }
    let full = collector.is_full();
    (collector.finish().0, full)
}

fn of(text: &str) -> Vec<Finding> {
    collected([Chunk::whole(text.as_bytes(), ContentKind::Text)]).0
}

#[test]
fn one_content_gives_so_many_matches_and_says_that_there_are_more() {
    let token = token(&mut Sampler::new(1));
    for (count, full) in [(limits::MATCHES, false), (limits::MATCHES + 1, true)] {
        let text = format!("{token}\n").repeat(count);
        let chunk = Chunk::whole(text.as_bytes(), ContentKind::Text);
        let (findings, told) = collected([chunk]);
        assert_eq!(findings.len(), 1);
        let places = &findings[0].occurrences;
        assert_eq!((places.len(), told), (limits::MATCHES, full));
        // The first are kept, each on its own line, and the first of them with their source.
        for (i, place) in places.iter().enumerate() {
            assert_eq!(
                place.start,
                Position {
                    line: i as u64 + 1,
                    column: 1
                }
            );
            assert_eq!(place.frame.is_empty(), i >= limits::FRAMES, "place {i}");
        }
    }
}

#[test]
fn a_frame_shows_no_token_that_begins_or_ends_in_another_chunk() {
    let mut sampler = Sampler::new(2);
    let (one, two, three) = (
        token(&mut sampler),
        token(&mut sampler),
        token(&mut sampler),
    );
    let text = format!("a={one} b={two} c={three}\n");
    let at = text.find(&two).expect("it is there");
    let whole = Chunk::whole(text.as_bytes(), ContentKind::Text);
    for cut in [at, at + 1, at + 20, at + two.len()] {
        let chunks = [
            Chunk {
                core_end: cut,
                last: false,
                ..whole
            },
            Chunk {
                core_start: cut,
                ..whole
            },
        ];
        let (findings, _) = collected(chunks);
        assert_eq!(findings.len(), 3, "cut at {cut}");
        for finding in &findings {
            let frame = &finding.occurrences[0].frame[0].text;
            for token in [&one, &two, &three] {
                // Six characters in a row, away from the prefix and the last four.
                let leaks = (4..token.len() - 10).any(|i| frame.contains(&token[i..i + 6]));
                assert!(!leaks, "cut at {cut}");
            }
        }
    }
}

#[test]
fn a_frame_hides_a_secret_that_stands_on_the_line_once_more() {
    let word = ["tr0ub", "4dor"].concat();
    let findings = of(&format!("password = \"{word}\" # x{word}x\n"));
    assert_eq!(findings.len(), 1);
    let frame = &findings[0].occurrences[0].frame[0];
    assert_eq!(
        frame.text,
        format!("password = \"{WEAK_MASK}\" # x{WEAK_MASK}x")
    );
    assert_eq!(frame.underline, (12, 20));
}

#[test]
fn the_second_part_of_a_credential_shows_nothing() {
    let catalogue = Catalogue::embedded();
    let pattern = catalogue.get("aws.access-key").expect("it is known");
    let (text, _) = sample_match(pattern, &mut Sampler::new(3));
    let text = String::from_utf8(text).expect("ASCII");
    let line = text
        .lines()
        .nth(1)
        .expect("its secret is on the second line");
    let secret = line.split('"').nth(1).expect("in quotes");
    assert_eq!(secret.len(), 40);
    let findings = of(&text);
    let frames: Vec<&str> = findings
        .iter()
        .flat_map(|f| &f.occurrences[0].frame)
        .map(|l| l.text.as_str())
        .collect();
    assert!(!frames.is_empty());
    for frame in frames {
        assert!(!(0..36).any(|i| frame.contains(&secret[i..i + 4])));
    }
}

#[test]
fn a_token_behind_a_password_stands_where_the_mask_says() {
    let token = token(&mut Sampler::new(4));
    for word in ["tr0ub4dor", "k4lo", "s0lver-nimdar-quozel-1177"] {
        let text = format!("password='{word}' t={token} u={token}\n");
        let findings = of(&text);
        let mut starts: Vec<u64> = findings
            .iter()
            .flat_map(|f| &f.occurrences)
            .map(|o| o.start.column)
            .collect();
        starts.sort_unstable();
        // password=' is ten wide, the mask eight, `' t=` four, the token forty, ` u=` three.
        assert_eq!(starts, [11, 23, 66], "{} bytes", word.len());
    }
}
