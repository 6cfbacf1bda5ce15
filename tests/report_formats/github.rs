//! `github`: every line read as the runner reads it.

use std::collections::BTreeMap;

use straykey::reports::{Format, ReportOptions};

use super::planted::{self, Kind, NAMES, Planted, all, assert_told, fails, of, scan, written};

/// A command as the runner sees it.
#[derive(Debug)]
struct Command {
    name: String,
    properties: BTreeMap<String, String>,
    message: String,
}

/// What the runner makes of a line. A command is a line whose begin, without blanks, is `::`; the
/// older form, `##[command]`, is found anywhere in a line.
fn command(line: &str) -> Option<Command> {
    let Some(rest) = line.trim_start().strip_prefix("::") else {
        assert!(!line.contains("##["), "a command of the old form: {line}");
        return None;
    };
    let (head, message) = rest.split_once("::").expect("the command ends");
    let (name, list) = head.split_once(' ').unwrap_or((head, ""));
    let unescaped = |text: &str| {
        let text = text.replace("%0D", "\r").replace("%0A", "\n");
        let text = text.replace("%3A", ":").replace("%2C", ",");
        text.replace("%25", "%")
    };
    let properties = list.trim().split(',').filter(|p| !p.is_empty()).map(|p| {
        let (key, value) = p.split_once('=').expect("key and value");
        (key.to_owned(), unescaped(value))
    });
    // A message is unescaped by the first and the last of these only.
    let message = message.replace("%0D", "\r").replace("%0A", "\n");
    Some(Command {
        name: name.to_owned(),
        properties: properties.collect(),
        message: message.replace("%25", "%"),
    })
}

fn commands(planted: &Planted) -> Vec<Command> {
    let text = written(Format::GitHub, planted, &ReportOptions::default());
    let all: Vec<Command> = text.lines().filter_map(command).collect();
    for one in &all {
        let known = ["error", "warning", "notice"];
        assert!(known.contains(&&*one.name), "{one:?}");
    }
    // The runner takes ten of a level.
    for level in ["error", "warning", "notice"] {
        assert!(all.iter().filter(|c| c.name == level).count() <= 10);
    }
    all
}

#[test]
fn each_name_stays_a_name() {
    for kind in Kind::ALL {
        for (number, name) in NAMES.iter().enumerate() {
            let planted = of(*kind, scan(&NAMES[number..=number], true));
            let finding = &planted.scan().findings[0];
            let commands = commands(&planted);
            let level = if fails(finding) { "error" } else { "warning" };
            let one = &commands[0];
            assert_eq!(one.name, level);
            let told = planted::told_path(*kind, finding);
            assert_eq!(one.properties["file"], told, "{name:?}");
            let start = planted::start(finding);
            assert_eq!(one.properties["line"], start.line.to_string());
            let end = finding.occurrences[0].end;
            assert_eq!(one.properties["endLine"], end.line.to_string());
            if start.line == end.line {
                assert_eq!(one.properties["col"], start.column.to_string());
                let last = (end.column - 1).to_string();
                assert_eq!(one.properties["endColumn"], last, "the last one in it");
            } else {
                // The runner would drop them with a warning.
                assert!(!one.properties.contains_key("col"));
            }
            assert_eq!(one.properties["title"], finding.pattern.id);
            assert_told(&one.message, finding);
            assert!(one.message.contains(&told), "{}", one.message);
            let missing = &commands[1];
            assert_eq!(missing.name, "error");
            assert!(missing.message.contains("INCOMPLETE: 2 inputs"));
            assert!(missing.message.contains("gone.env"));
        }
    }
}

#[test]
fn nine_are_annotated_and_the_rest_is_in_the_log() {
    for kind in Kind::ALL {
        let planted = all(*kind, true);
        let commands = commands(&planted);
        let of_files = commands
            .iter()
            .filter(|c| c.properties.contains_key("file"));
        let annotated: Vec<_> = of_files.collect();
        assert_eq!(annotated.len(), 9);
        // The worst ones.
        let mut severities: Vec<_> = planted.scan().findings.iter().collect();
        severities.sort_by_key(|f| std::cmp::Reverse(f.pattern.severity));
        for (one, finding) in annotated.iter().zip(severities) {
            let word = finding.pattern.severity.word().to_uppercase();
            assert!(one.message.starts_with(&word), "{}", one.message);
        }
        let text = written(Format::GitHub, &planted, &ReportOptions::default());
        for finding in &planted.scan().findings {
            let line = text
                .lines()
                .find(|l| l.contains(&finding.fingerprint.to_string()))
                .expect("every finding has a line");
            assert_told(&line.replace("%25", "%"), finding);
        }
        let more = format!("{} more places", NAMES.len() - 9);
        assert!(commands.iter().any(|c| c.message.starts_with(&more)));
    }
}

#[test]
fn what_is_no_file_is_annotated_without_one() {
    let mut result = scan(&NAMES[..2], false);
    result.findings[0].occurrences[0].path = "commit:0123456789abcdef".into();
    result.findings[1].occurrences[0].path = "-".into();
    let commands = commands(&Planted::Scan(result));
    assert_eq!(commands.len(), 2);
    for one in &commands {
        assert_eq!(one.properties.keys().collect::<Vec<_>>(), ["title"]);
    }
}

#[test]
fn nothing_found_is_no_annotation() {
    let planted = Planted::Scan(scan(&[], false));
    assert!(commands(&planted).is_empty());
    let text = written(Format::GitHub, &planted, &ReportOptions::default());
    assert_eq!(text, "straykey: nothing found; 4 files read\n");
    let commands = commands(&Planted::Scan(scan(&[], true)));
    assert_eq!(commands.len(), 1, "what was not read is an error");
}
