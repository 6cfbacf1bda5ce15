//! `markdown`: read by a parser of `CommonMark` and of GitHub's tables.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use straykey::findings::Finding;
use straykey::reports::{Format, ReportOptions};

use super::planted::{self, AUTHOR, Kind, NAMES, Planted, all, of, scan, written};

/// Checks that all that is not ours stands in code spans; returns them, and the rows of tables with
/// how many cells each has.
pub fn read(text: &str) -> (Vec<String>, Vec<usize>) {
    let (mut spans, mut rows, mut in_head) = (Vec::new(), Vec::new(), false);
    let mut options = Options::empty();
    options.insert(Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES);
    options.insert(Options::ENABLE_STRIKETHROUGH | Options::ENABLE_MATH);
    for event in Parser::new_ext(text, options) {
        match event {
            Event::Code(code) => spans.push(code.into_string()),
            Event::Text(text) => {
                // What GitHub would make a link of, though no parser does.
                for sign in ["@", "://", "www.", "#", "<", "Eve", "example"] {
                    assert!(!text.contains(sign), "{sign} outside of code: {text}");
                }
            }
            Event::Start(Tag::TableHead) => in_head = true,
            Event::End(TagEnd::TableHead) => in_head = false,
            Event::Start(Tag::TableRow) => rows.push(0),
            Event::End(TagEnd::TableCell) if !in_head => {
                *rows.last_mut().expect("a cell is in a row") += 1;
            }
            Event::Start(
                Tag::Heading { .. }
                | Tag::Paragraph
                | Tag::List(None)
                | Tag::Item
                | Tag::Table(_)
                | Tag::TableCell,
            )
            | Event::End(_)
            | Event::SoftBreak => {}
            other => panic!("{other:?} in {text}"),
        }
    }
    (spans, rows)
}

fn place(kind: Kind, finding: &Finding) -> String {
    let start = planted::start(finding);
    let path = planted::told_path(kind, finding).replace('|', "\\u{7c}");
    format!("{path}:{}:{}", start.line, start.column)
}

#[test]
fn all_that_was_scanned_stands_in_code() {
    for kind in Kind::ALL {
        let planted = all(*kind, true);
        let text = written(Format::Markdown, &planted, &ReportOptions::default());
        let (spans, rows) = read(&text);
        for finding in &planted.scan().findings {
            let place = place(*kind, finding);
            assert!(spans.contains(&place), "{place} in {text}");
            assert!(spans.contains(&finding.masked), "{text}");
            assert!(spans.contains(&finding.fingerprint.to_string()));
        }
        // A row each, and one of what is accepted.
        assert_eq!(rows.len(), NAMES.len() + 1);
        let cells = if *kind == Kind::Scan { 5 } else { 6 };
        assert!(rows[..NAMES.len()].iter().all(|row| *row == cells));
        assert_eq!(rows[NAMES.len()], 5);
        let author = AUTHOR.replace('\n', "\\n").replace('|', "\\u{7c}");
        let author = author.replace('\u{202e}', "\\u{202e}");
        assert_eq!(spans.contains(&author), *kind != Kind::Scan);
        assert!(text.starts_with("## straykey: INCOMPLETE: "));
    }
}

#[test]
fn what_to_do_first_depends_on_who_may_have_it() {
    let mut result = scan(&NAMES[..1], false);
    let mut told = |committed, kind| {
        result.findings[0].occurrences[0].committed = committed;
        let planted = of(kind, result.clone());
        written(Format::Markdown, &planted, &ReportOptions::default())
    };
    assert!(told(Some(false), Kind::Scan).contains("`Remove it; if it has left this machine"));
    assert!(told(Some(true), Kind::Scan).contains("`Revoke it, then remove it: "));
    assert!(told(None, Kind::Scan).contains("`Revoke it, then remove it: "));
    assert!(told(Some(false), Kind::Range).contains("`Revoke it, then remove it: "));
}

#[test]
fn a_summary_is_small_enough_and_says_what_it_left_out() {
    let mut result = scan(&NAMES[..1], false);
    let one = result.findings[0].occurrences[0].clone();
    for number in 0..40_000 {
        let mut other = one.clone();
        other.path = format!("{}/{number}", "long".repeat(200)).into();
        result.findings[0].occurrences.push(other);
    }
    result.accepted = vec![result.accepted[0].clone(); 10_000];
    result.notices = vec![result.notices[0].clone(); 10_000];
    let text = written(
        Format::Markdown,
        &Planted::Scan(result),
        &ReportOptions::default(),
    );
    assert!(text.len() < 1 << 20, "{} bytes", text.len());
    let (_, rows) = read(&text);
    let left_out: usize = text
        .lines()
        .filter_map(|line| {
            let (count, _) = line.split_once(" more ")?;
            count.replace(',', "").parse::<usize>().ok()
        })
        .sum();
    assert_eq!(rows.len() + left_out, 40_001 + 10_000);
    assert!(text.contains("and 9,950 more"));
}

#[test]
fn nothing_found_is_said() {
    let mut result = scan(&[], false);
    result.accepted.clear();
    result.notices.clear();
    result.hidden = 0;
    let text = written(
        Format::Markdown,
        &Planted::Scan(result),
        &ReportOptions::default(),
    );
    assert_eq!(text, "## straykey: nothing found; 4 files read\n");
}
