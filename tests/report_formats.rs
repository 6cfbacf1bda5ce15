//! Each format that other programs read, held against what they read: parsed as they parse it,
//! with names and people that try to be more than text.

#[path = "report_formats/azure.rs"]
mod azure;
#[path = "report_formats/csv.rs"]
mod csv;
#[path = "report_formats/github.rs"]
mod github;
#[path = "report_formats/gitlab.rs"]
mod gitlab;
#[path = "report_formats/junit.rs"]
mod junit;
#[path = "report_formats/lists.rs"]
mod lists;
#[path = "report_formats/markdown.rs"]
mod markdown;
#[path = "report_formats/planted.rs"]
mod planted;
#[path = "report_formats/rdjson.rs"]
mod rdjson;
#[path = "report_formats/schemas.rs"]
mod schemas;

use planted::{Kind, all, written};
use straykey::reports::{Format, ReportOptions};

/// Results tell the same in each format whenever they are written; times are blanked.
#[test]
fn the_same_results_give_the_same_bytes() {
    for format in Format::ALL {
        for kind in Kind::ALL {
            let told = |planted: &planted::Planted| {
                let text = written(*format, planted, &ReportOptions::default());
                planted::without_times(&text)
            };
            let (one, other) = (all(*kind, true), all(*kind, true));
            assert_eq!(told(&one), told(&other), "{} {kind:?}", format.word());
        }
    }
}

/// Whatever the kind of results: what was found and what is missing is told.
#[test]
fn every_finding_and_every_gap_is_told() {
    for format in Format::ALL.iter().filter(|f| **f != Format::Jsonl) {
        for kind in Kind::ALL {
            let planted = all(*kind, true);
            let text = written(*format, &planted, &ReportOptions::default());
            let what = format!("{} {kind:?}", format.word());
            for finding in &planted.scan().findings {
                assert!(text.contains(finding.pattern.id), "{what}: no pattern");
                let id = finding.fingerprint.short();
                assert!(text.contains(&id), "{what}: no fingerprint {id} in {text}");
            }
            assert!(text.contains("gone.env"), "{what}: the gap is not told");
            let whole = all(*kind, false);
            let text = written(*format, &whole, &ReportOptions::default());
            assert!(!text.contains("INCOMPLETE"), "{what}: all was read");
            assert!(!text.contains("gone.env"), "{what}: nothing is missing");
        }
    }
}

/// The formats of other systems show no secret, even if asked: their readers keep what they get.
#[test]
fn secrets_are_shown_in_our_own_formats_only() {
    let ours = [Format::Human, Format::Json, Format::Jsonl, Format::Sarif];
    let asked = ReportOptions {
        show_secrets: true,
        ..ReportOptions::default()
    };
    for format in Format::ALL {
        for kind in Kind::ALL {
            let planted = all(*kind, false);
            let text = written(*format, &planted, &asked);
            let secret = planted.scan().findings[0].secret.expose();
            let secret = String::from_utf8_lossy(secret);
            let is_shown = text.contains(&*secret);
            assert_eq!(
                is_shown,
                ours.contains(format),
                "{} {kind:?}",
                format.word()
            );
        }
    }
}

/// No output drives a terminal or the log of a job.
#[test]
fn no_control_and_no_reordering_gets_through() {
    for format in Format::ALL {
        for kind in Kind::ALL {
            let text = written(*format, &all(*kind, true), &ReportOptions::default());
            for c in text.chars() {
                let harmless = c == '\n';
                assert!(
                    harmless || !straykey::base::is_unsafe_to_show(c),
                    "{} {kind:?}: {:?}",
                    format.word(),
                    c
                );
            }
        }
    }
}
