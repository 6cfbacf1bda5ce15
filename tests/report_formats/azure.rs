//! `azure`: every line read as the agent reads it.

use std::collections::BTreeMap;

use straykey::reports::{Format, ReportOptions};

use super::planted::{self, Kind, Planted, all, assert_told, fails, scan, written};

struct Issue {
    properties: BTreeMap<String, String>,
    message: String,
}

/// What the agent makes of a line: the first `##vso[` in it begins a command, the next `]` ends
/// its head.
fn issue(line: &str) -> Option<Issue> {
    let at = line.find("##vso[")?;
    assert_eq!(at, 0, "a command in the middle of a line: {line}");
    let rest = &line["##vso[".len()..];
    let (head, message) = rest.split_once(']').expect("the command ends");
    let list = head.strip_prefix("task.logissue ").expect("an issue");
    let unescaped = |text: &str| {
        let text = text.replace("%3B", ";").replace("%0D", "\r");
        let text = text.replace("%0A", "\n").replace("%5D", "]");
        text.replace("%AZP25", "%")
    };
    let properties = list.split(';').filter(|p| !p.is_empty()).map(|p| {
        let (key, value) = p.split_once('=').expect("key and value");
        (key.to_owned(), unescaped(value))
    });
    Some(Issue {
        properties: properties.collect(),
        message: unescaped(message),
    })
}

fn issues(planted: &Planted) -> Vec<Issue> {
    let text = written(Format::Azure, planted, &ReportOptions::default());
    text.lines().filter_map(issue).collect()
}

#[test]
fn each_finding_is_an_issue_at_its_place() {
    for kind in Kind::ALL {
        let planted = all(*kind, true);
        let (missing, found): (Vec<Issue>, Vec<Issue>) = issues(&planted)
            .into_iter()
            .partition(|i| i.properties["code"].starts_with("straykey."));
        assert_eq!(found.len(), planted.scan().findings.len());
        for finding in &planted.scan().findings {
            let id = finding.fingerprint.to_string();
            let one = found.iter().find(|i| i.message.contains(&id));
            let one = one.expect("it is an issue");
            assert_told(&one.message, finding);
            let properties = &one.properties;
            assert_eq!(properties["code"], finding.pattern.id);
            let told = planted::told_path(*kind, finding);
            assert_eq!(properties["sourcepath"], told);
            let start = planted::start(finding);
            assert_eq!(properties["linenumber"], start.line.to_string());
            assert_eq!(properties["columnnumber"], start.column.to_string());
            let level = if fails(finding) { "error" } else { "warning" };
            assert_eq!(properties["type"], level);
            assert_eq!(properties.len(), 5, "nothing was smuggled in");
        }
        let failed = planted.scan().skips.len() - 1;
        let errors = missing.iter().filter(|i| i.properties["type"] == "error");
        assert_eq!(errors.count(), failed);
        let narrowed = usize::from(*kind == Kind::History);
        assert_eq!(missing.len(), failed + narrowed);
    }
}

#[test]
fn nothing_found_is_no_issue() {
    assert!(issues(&Planted::Scan(scan(&[], false))).is_empty());
    let missing = issues(&Planted::Scan(scan(&[], true)));
    assert_eq!(missing.len(), 1, "what was not read is an issue");
    assert_eq!(missing[0].properties["sourcepath"], "gone.env");
}
