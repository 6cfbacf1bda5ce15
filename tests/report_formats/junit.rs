//! `junit`: well-formed, and of the form that Jenkins reads.

use roxmltree::{Document, Node};
use straykey::reports::{Format, ReportOptions};

use super::planted::{self, Kind, NAMES, Planted, all, assert_told, fails, scan, written};
use super::schemas;

/// What Jenkins's schema for JUnit allows of what is written: elements in elements, and which
/// attributes each must and may have.
fn check(node: Node<'_, '_>) {
    let (inner, must, may): (&[&str], &[&str], &[&str]) = match node.tag_name().name() {
        "testsuites" => (
            &["testsuite"],
            &[],
            &["name", "tests", "failures", "errors"],
        ),
        "testsuite" => (
            &["testcase"],
            &["name", "tests", "failures", "errors"],
            &["skipped"],
        ),
        "testcase" => (&["failure", "error", "skipped"], &["name"], &["classname"]),
        "failure" | "error" | "skipped" => (&[], &[], &["type", "message"]),
        other => panic!("{other} is no element of it"),
    };
    for name in must {
        assert!(node.has_attribute(*name), "{node:?} has no {name}");
    }
    for attribute in node.attributes() {
        let name = attribute.name();
        assert!(must.contains(&name) || may.contains(&name), "{name}");
    }
    for child in node.children().filter(Node::is_element) {
        assert!(inner.contains(&child.tag_name().name()), "{child:?}");
        check(child);
    }
}

/// Test cases of an outcome: class, name, what is said.
type Cases = Vec<(String, String, String)>;

/// The failed ones, those in error, those left out, and the rest.
fn cases(planted: &Planted, options: &ReportOptions) -> [Cases; 4] {
    let text = written(Format::JUnit, planted, options);
    schemas::assert_valid_xml(&text, "junit-10.xsd");
    let document = Document::parse(&text).expect("it is well-formed");
    let root = document.root_element();
    assert_eq!(root.tag_name().name(), "testsuites");
    check(root);
    let mut all = [Cases::new(), Cases::new(), Cases::new(), Cases::new()];
    let is_case = |n: &Node| n.has_tag_name("testcase");
    for case in root.descendants().filter(is_case) {
        let get = |name| case.attribute(name).unwrap_or_default().to_owned();
        let outcome = case.first_element_child();
        let kind = outcome.map_or("", |o| o.tag_name().name());
        let place = ["failure", "error", "skipped", ""];
        let place = place.iter().position(|k| *k == kind).expect("one of them");
        let said = outcome.map_or(String::new(), |o| {
            let message = o.attribute("message").unwrap_or_default();
            format!("{message} {}", o.text().unwrap_or_default())
        });
        all[place].push((get("classname"), get("name"), said));
    }
    let suite = root.first_element_child().expect("a suite");
    for (name, count) in [
        ("tests", all.iter().map(Vec::len).sum()),
        ("failures", all[0].len()),
        ("errors", all[1].len()),
        ("skipped", all[2].len()),
    ] {
        assert_eq!(suite.attribute(name), Some(&*count.to_string()), "{name}");
    }
    all
}

#[test]
fn each_place_is_a_test_and_so_is_what_was_not_read() {
    let options = ReportOptions::default();
    for kind in Kind::ALL {
        let planted = all(*kind, true);
        let [failed, errors, skipped, passed] = cases(&planted, &options);
        let findings = &planted.scan().findings;
        let failing: Vec<_> = findings.iter().filter(|f| fails(f)).collect();
        assert_eq!(failed.len(), failing.len());
        for ((class, name, said), finding) in failed.iter().zip(failing) {
            assert_eq!(class, finding.pattern.id);
            let start = planted::start(finding);
            let told = planted::told_path(*kind, finding);
            // Two characters that XML cannot have.
            let told = told.replace('\u{fffe}', "\\u{fffe}");
            let told = told.replace('\u{ffff}', "\\u{ffff}");
            assert_eq!(*name, format!("{told}:{}:{}", start.line, start.column));
            assert_told(said, finding);
        }
        assert_eq!(errors.len(), NAMES.len() + 1);
        assert!(errors.iter().any(|(_, name, _)| name == "gone.env"));
        let narrowed = usize::from(*kind == Kind::History);
        assert_eq!(skipped.len(), findings.len() - failed.len() + narrowed);
        assert!(passed.is_empty());
    }
}

#[test]
fn what_is_below_the_threshold_does_not_fail() {
    let options = ReportOptions {
        threshold: straykey::detect::patterns::Severity::Critical,
        ..ReportOptions::default()
    };
    let planted = all(Kind::Scan, false);
    let [failed, _, skipped, passed] = cases(&planted, &options);
    let findings = &planted.scan().findings;
    let critical = findings
        .iter()
        .filter(|f| f.pattern.severity.word() == "critical");
    assert_eq!(failed.len(), critical.count());
    assert_eq!(failed.len() + skipped.len(), findings.len());
    assert!(passed.is_empty());
}

#[test]
fn one_test_passes_if_nothing_was_found_in_everything() {
    let options = ReportOptions::default();
    let [failed, errors, skipped, passed] = cases(&Planted::Scan(scan(&[], false)), &options);
    assert_eq!(
        [failed.len(), errors.len(), skipped.len(), passed.len()],
        [0, 0, 0, 1]
    );
    let [failed, errors, skipped, passed] = cases(&Planted::Scan(scan(&[], true)), &options);
    assert_eq!(
        [failed.len(), errors.len(), skipped.len(), passed.len()],
        [0, 1, 0, 0]
    );
}
