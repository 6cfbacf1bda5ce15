//! `csv`: read as RFC 4180 says, and as a spreadsheet would.

use std::collections::HashMap;

use straykey::reports::{Format, ReportOptions};

use super::planted::{self, AUTHOR, Kind, NAMES, Planted, all, scan, written};

/// Records of cells, by RFC 4180 but for line ends: in quotes a quote is two.
fn records(text: &str) -> Vec<Vec<String>> {
    let (mut all, mut record, mut cell) = (Vec::new(), Vec::new(), String::new());
    let mut rest = text.chars().peekable();
    let mut quoted = false;
    while let Some(c) = rest.next() {
        match (c, quoted) {
            ('"', true) if rest.peek() == Some(&'"') => {
                rest.next();
                cell.push('"');
            }
            ('"', _) => quoted = !quoted,
            (',', false) => record.push(std::mem::take(&mut cell)),
            ('\n', false) => {
                record.push(std::mem::take(&mut cell));
                all.push(std::mem::take(&mut record));
            }
            (c, _) => cell.push(c),
        }
    }
    assert!(!quoted && cell.is_empty() && record.is_empty(), "it ends");
    all
}

fn rows(planted: &Planted) -> Vec<HashMap<String, String>> {
    let text = written(Format::Csv, planted, &ReportOptions::default());
    let mut records = records(&text).into_iter();
    let head = records.next().expect("a head");
    records
        .map(|cells| {
            assert_eq!(cells.len(), head.len());
            for cell in &cells {
                let sign = cell.trim_start().chars().next();
                assert!(!sign.is_some_and(|c| "=+-@".contains(c)), "{cell}");
                assert!(!cell.starts_with(['\t', '\r']));
            }
            head.iter().cloned().zip(cells).collect()
        })
        .collect()
}

#[test]
fn each_place_is_a_row_and_no_cell_a_formula() {
    for kind in Kind::ALL {
        let planted = all(*kind, true);
        let rows = rows(&planted);
        let of = |kind: &str| {
            rows.iter()
                .filter(|r| r["kind"] == kind)
                .collect::<Vec<_>>()
        };
        let found = of("occurrence");
        assert_eq!(found.len(), NAMES.len());
        for (row, finding) in found.iter().zip(&planted.scan().findings) {
            let told = planted::told_path(*kind, finding);
            let formula = told.trim_start().starts_with(['=', '+', '-', '@']);
            let told = if formula { format!("'{told}") } else { told };
            assert_eq!(row["path"], told);
            let start = planted::start(finding);
            assert_eq!(row["line"], start.line.to_string());
            assert_eq!(row["column"], start.column.to_string());
            assert_eq!(row["fingerprint"], finding.fingerprint.to_string());
            assert_eq!(row["masked"].trim_start_matches('\''), finding.masked);
            assert_eq!(row["severity"], finding.pattern.severity.word());
            let author = AUTHOR.replace('\n', "\\n").replace('\u{202e}', "\\u{202e}");
            let author = format!("'{author}");
            let want = if *kind == Kind::Scan { "" } else { &author };
            assert_eq!(row["author"], want);
        }
        assert_eq!(of("incomplete").len(), NAMES.len() + 1);
        assert_eq!(of("narrowed").len(), usize::from(*kind == Kind::History));
    }
    assert!(rows(&Planted::Scan(scan(&[], false))).is_empty());
    assert_eq!(rows(&Planted::Scan(scan(&[], true))).len(), 1);
}
