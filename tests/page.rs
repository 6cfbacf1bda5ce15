//! `straykey inventory -f html`: the page as a document, and as a browser draws it; and the bill of
//! materials.

#![expect(
    clippy::manual_is_multiple_of,
    reason = "one rest of a number among others"
)]

#[path = "page/browser.rs"]
mod browser;
mod common;
#[path = "page/cyclonedx.rs"]
mod cyclonedx;

use std::fs;
use std::path::{Path, PathBuf};

use browser::{Page, browser};
use common::{secret, straykey};
use serde_json::Value;
use straykey::findings::ScanResult;
use straykey::inventory::record::{
    Age, Commit, Environment, Issue, Kind, LifetimeClass, OwnerState, Place, PrivilegeClass,
    Replaced, RetirementState, Slot, Step, StepResult, Workload,
};
use straykey::inventory::{Record, Source, Stamp, Sureness, Told};
use straykey::reports::{Inventory, InventoryFormat, ReportOptions};

const DAY: i64 = 86_400;
/// 2026-11-01T00:00:00Z.
const NOW: i64 = 1_793_491_200;

fn told<T>(value: T) -> Told<T> {
    Told::new(value, Source::Git, "a test", Sureness::Certain)
}

fn at(days_ago: i64) -> Stamp {
    Stamp(NOW - days_ago * DAY)
}

fn commit(days_ago: i64, author: &str) -> Told<Commit> {
    told(Commit {
        time: at(days_ago),
        id: "0123456789abcdef".to_owned(),
        author: author.to_owned(),
        mail: format!("{author}@x.invalid"),
        repository: None,
        path: "x".to_owned(),
        or_before: false,
    })
}

/// The record with this number: what is true of it follows from the number, so that tests can count.
fn record(n: usize) -> Record {
    let kinds = [
        "GitHub token",
        "AWS access key",
        "Stripe secret key",
        "npm token",
        "private key",
        "database password",
    ];
    let teams = [
        "@acme/payments",
        "@acme/platform",
        "@acme/data",
        "@acme/web",
        "@acme/mobile",
    ];
    let mut r = Record::new(format!("{n:08x}00"), Kind::Literal, kinds[n % 6]);
    r.label = format!("abcd\u{2026}{n:04}");
    r.provider = "a provider".into();
    r.rank.place = n + 1;
    let age = ((n * 37) % 1400) as i64;
    r.introduced = Some(commit(age, "ana"));
    r.age = Some(told(Age {
        days: age,
        at_least: true,
    }));
    r.places = vec![Place {
        repository: None,
        path: format!(
            "services/{}/config/settings-{n}.yaml",
            ["billing", "search", "web"][n % 3]
        ),
        line: 12,
        key: None,
        at_head: n % 4 != 0,
    }];
    r.places_total = 1;
    r.standing = if n % 4 == 0 {
        "history-only"
    } else {
        "at-head"
    }
    .into();
    r.lifetime = told(LifetimeClass::Standing);
    if n % 7 == 6 {
        r.owner.state = OwnerState::Unknown;
    } else {
        r.owner.state = if n % 5 == 4 {
            OwnerState::Orphaned
        } else {
            OwnerState::Inferred
        };
        r.owner.principal = Some(told(teams[(n / 3) % 5].to_owned()));
    }
    r.environments = vec![told(if n % 2 == 0 {
        Environment::Production
    } else {
        Environment::Ci
    })];
    let workload = |name: &str| Workload {
        kind: "kubernetes".to_owned(),
        name: name.to_owned(),
        repository: None,
        path: "k8s.yaml".to_owned(),
    };
    r.workloads = vec![told(workload(["billing", "search", "web"][n % 3]))];
    if n % 10 == 3 {
        r.workloads.push(told(workload("nightly-export")));
        r.issues.push(Issue {
            class: "reuse".to_owned(),
            why: "two workloads".to_owned(),
        });
    }
    lived(&mut r, n, age);
    r
}

/// What became of it.
fn lived(r: &mut Record, n: usize, age: i64) {
    r.rotation.due = Some(Stamp(at(age).0 + 90 * DAY));
    r.retirement.state = RetirementState::Active;
    if n % 4 == 0 {
        r.removed = Some(commit(age / 2, "bo"));
        r.retirement.state = RetirementState::Removed;
        if n % 8 == 0 {
            r.retirement.state = RetirementState::Retired;
            r.retirement.steps.push(Step {
                check: "dead-at-provider".to_owned(),
                result: StepResult::Yes,
                at: at(age / 3),
                source: Source::Network,
                evidence: "its provider refuses it".to_owned(),
            });
        }
    } else if age > 90 {
        r.rotation.overdue_days = Some(age - 90);
        r.issues.push(Issue {
            class: "rotation-overdue".to_owned(),
            why: format!("{age} days of 90"),
        });
    }
    if n % 9 == 2 {
        let slot = Slot {
            repository: None,
            path: "x".to_owned(),
            key: "k".to_owned(),
        };
        r.rotation.events.push(Replaced {
            time: at(age / 2),
            commit: "01".to_owned(),
            slot,
            old: "older".to_owned(),
            new: r.id.clone(),
            gap_days: 0,
            confidence: Sureness::Certain,
        });
    }
    if n % 11 == 5 {
        r.privilege.class = told(PrivilegeClass::Admin);
    }
    r.last_used.kept_in = Some(told("the audit log of the organisation".to_owned()));
    r.last_used.query = Some("gh api /orgs/ORG/audit-log\n  --jq '.[]'".to_owned());
    r.revoke = "delete it under Settings, Tokens".into();
}

fn page(records: &[Record], scan: &ScanResult) -> Vec<u8> {
    let inventory = Inventory {
        records,
        as_of: Stamp(NOW),
        later: 0,
        scan,
        repositories: &[],
        verdicts: &[],
        observed: None,
    };
    let mut out = Vec::new();
    InventoryFormat::Html
        .write(&inventory, &ReportOptions::default(), &mut out)
        .expect("written");
    out
}

fn saved(dir: &Path, records: &[Record], scan: &ScanResult) -> (PathBuf, String) {
    let path = dir.join("inventory.html");
    fs::write(&path, page(records, scan)).expect("written");
    let address = format!("file://{}", path.display());
    (path, address)
}

/// What would be code, markup or a picture elsewhere.
const HOSTILE: [&str; 14] = [
    "</script><script>console.error('ran')</script>",
    "<!--<script>",
    "<img src=x onerror=console.error('ran')>",
    "<svg/onload=console.error('ran')>",
    "javascript:console.error('ran')",
    "![x](http://outside.invalid/x.png)",
    "[click](javascript:console.error(1)) **bold** `code`",
    "\"]; evil [label=\"x\", URL=\"javascript:1\"]; \"",
    "'\"><style>@import 'http://outside.invalid/x.css'</style>",
    "@data@@script@",
    "__proto__",
    "constructor",
    "\u{202e}gpj.exe\u{2028}\0",
    "${console.error('ran')}`+console.error(1)+`",
];

fn hostile() -> Vec<Record> {
    let all = HOSTILE.iter().enumerate().map(|(n, text)| {
        let mut r = record(n);
        r.name = (*text).into();
        r.label = (*text).into();
        r.id = format!("{n:04}{text}");
        r.places[0].path = (*text).into();
        r.owner.principal = Some(told((*text).to_owned()));
        r.workloads[0].value.name = (*text).into();
        r.workloads[0].value.kind = (*text).into();
        r.purpose = Some(told((*text).to_owned()));
        r.revoke = (*text).into();
        r.references = vec![(*text).to_owned()];
        r.last_used.query = Some((*text).to_owned());
        r.issues.push(Issue {
            class: (*text).to_owned(),
            why: (*text).to_owned(),
        });
        r.issues.push(Issue {
            class: "reuse".to_owned(),
            why: String::new(),
        });
        r
    });
    all.collect()
}

#[test]
fn nothing_in_a_value_can_end_a_block_of_data() {
    let scan = ScanResult {
        notices: HOSTILE.map(str::to_owned).to_vec(),
        ..ScanResult::default()
    };
    let told = String::from_utf8(page(&hostile(), &scan)).expect("UTF-8");
    // Totals, rows, one block of cards, the script: no other begins or ends.
    assert_eq!(told.matches("<script").count(), 4);
    assert_eq!(told.matches("</script").count(), 4);
    assert_eq!(told.matches("<style").count(), 1);
    for word in ["<img", "<svg", "<!--"] {
        assert!(!told.contains(word), "{word}");
    }
    assert!(!told.contains('\u{202e}'));
    let plain = String::from_utf8(page(&[record(1)], &ScanResult::default())).expect("UTF-8");
    let addresses = |text: &str| text.matches("http").count();
    // The name of SVG, and the two words of the policy's element.
    assert_eq!(addresses(&plain), 2, "an address of something outside");
}

#[test]
#[expect(clippy::too_many_lines, reason = "one page, looked at from all sides")]
fn what_is_drawn_is_what_was_told() {
    let Some(program) = browser() else { return };
    let dir = tempfile::tempdir().expect("a folder");
    let records: Vec<Record> = (0..240).map(record).collect();
    let (_, address) = saved(dir.path(), &records, &ScanResult::default());
    let mut page = Page::start(&program, 1400, 1000);
    page.open(&address);
    page.shot("light");
    let counted = |of: &dyn Fn(usize) -> bool| (0..240).filter(|n| of(*n)).count().to_string();
    let tile = |page: &mut Page, flag: &str| page.text(&format!("[data-flag='{flag}'] b"));
    // Counted by the rules of `record`, without the program.
    assert_eq!(tile(&mut page, ""), "240");
    assert_eq!(tile(&mut page, "head"), "180");
    assert_eq!(tile(&mut page, "reused"), "24");
    assert_eq!(tile(&mut page, "retired"), "30");
    assert_eq!(tile(&mut page, "standing"), "240");
    assert_eq!(tile(&mut page, "unowned"), counted(&|n| n % 7 == 6));
    assert_eq!(
        tile(&mut page, "overdue"),
        counted(&|n| n % 4 != 0 && (n * 37) % 1400 > 90)
    );
    assert_eq!(tile(&mut page, "broad"), counted(&|n| n % 11 == 5));
    assert!(page.count(".row") > 5);
    assert!(page.text(".row").contains("GitHub token"));

    // The address chooses: a search, a flag, an order, one record.
    page.open(&format!("{address}#q=nightly-export&show=reused&sort=-age"));
    assert_eq!(page.text("#count"), "24 of 240 records");
    let oldest = (0..240)
        .filter(|n| n % 10 == 3)
        .max_by_key(|n| (n * 37) % 1400)
        .expect("one");
    assert!(
        page.text(".row")
            .contains(&format!("settings-{oldest}.yaml"))
    );
    page.shot("filtered");
    page.open(&format!("{address}#open=00000008"));
    assert_eq!(
        page.value("document.querySelector('dialog').open"),
        Value::Bool(true)
    );
    let card = page.text("#card-body");
    for word in [
        "WHOSE",
        "USED LAST",
        "gh api /orgs/ORG/audit-log",
        "its provider refuses it",
        "taken from the last commit",
    ] {
        assert!(card.contains(word), "{word}: {card}");
    }
    page.shot("card");
    page.press("Escape");
    assert_eq!(
        page.value("document.querySelector('dialog').open"),
        Value::Bool(false)
    );
    // Keys: two down from the first, and open.
    for key in ["ArrowDown", "ArrowDown", "Enter"] {
        page.press(key);
    }
    assert!(
        page.text("#card-title").contains("Stripe secret key"),
        "{}",
        page.text("#card-title")
    );
    assert!(page.text("#card-body").contains("delete it under Settings"));
    page.press("Escape");
    page.press("/");
    assert_eq!(page.value("document.activeElement.id"), "search");

    // Words of the address that mean something in the language of the script mean nothing here.
    page.open(&format!(
        "{address}#show=constructor,__proto__&sort=toString&age=length&owner=&open=zz"
    ));
    assert_eq!(page.text("#count"), "240 of 240 records");
    page.scheme("dark");
    page.open(&address);
    page.shot("dark");
    // On a phone nothing is wider than the glass, closed or open.
    page.scheme("light");
    page.size(390, 844, true);
    for (name, chosen) in [("phone", ""), ("phone-card", "#open=00000008")] {
        page.open(&format!("{address}{chosen}"));
        let wide = page.value("document.documentElement.scrollWidth");
        assert!(
            wide.as_u64().is_some_and(|w| w <= 390),
            "{name}: {wide} wide"
        );
        page.shot(name);
        page.shot(&format!("{name}-whole"));
    }
    page.size(1400, 1000, false);
    page.open(&address);
    page.shot("light-whole");
    // On paper there is a plain table of what fits, and nothing that scrolls.
    page.size(794, 1123, false);
    page.as_paper(true);
    page.value("dispatchEvent(new Event('beforeprint'))");
    assert_eq!(page.count("#paper tbody tr"), 240);
    let shown = page.value(
        "['#paper', '#table', '#search'].map((s) => getComputedStyle(document.querySelector(s)).display)",
    );
    assert_eq!(shown, serde_json::json!(["block", "none", "none"]));
    page.shot("print-whole");
    page.value("dispatchEvent(new Event('afterprint'))");
    page.as_paper(false);
    // "%PDF" in base64: it can be printed.
    assert!(page.paper("paper").starts_with("JVBERi"));
    assert_eq!(page.complaints, Vec::<String>::new());
    let outside: Vec<&String> = page
        .requests
        .iter()
        .filter(|url| !url.starts_with(&address) && *url != "about:blank")
        .collect();
    assert!(outside.is_empty(), "{outside:?}");
}

#[test]
fn hostile_values_are_shown_as_text() {
    let Some(program) = browser() else { return };
    let dir = tempfile::tempdir().expect("a folder");
    let scan = ScanResult {
        notices: HOSTILE.map(str::to_owned).to_vec(),
        ..ScanResult::default()
    };
    let records = hostile();
    let (_, address) = saved(dir.path(), &records, &scan);
    let mut page = Page::start(&program, 1400, 1000);
    page.open(&address);
    page.shot("hostile");
    assert_eq!(page.count(".row"), HOSTILE.len() as u64);
    // Only what the page itself is made of is an element.
    for selector in [
        "img",
        "a:not(.skip)",
        "iframe",
        "style:not(head *)",
        "[onerror]",
        "[onload]",
    ] {
        assert_eq!(page.count(selector), 0, "{selector}");
    }
    assert_eq!(page.count("script"), 4);
    for (n, text) in HOSTILE.iter().enumerate() {
        if text.contains('\0') {
            continue;
        }
        let row = page.text(&format!("#r{n}"));
        assert!(row.contains(text), "{text}: {row}");
        let opened = page.value(&format!(
            "new Promise((done) => {{ document.getElementById('r{n}').click(); const wait = () => \
             'opens' in document.documentElement.dataset ? setTimeout(wait, 5) : \
             done(document.getElementById('card-body').textContent); wait(); }})"
        ));
        assert!(
            opened.as_str().is_some_and(|t| t.matches(text).count() > 5),
            "{text}: {opened}"
        );
        page.value("document.getElementById('close').click()");
    }
    // As an owner, a search, an address.
    for text in HOSTILE.iter().filter(|t| !t.contains('\0')) {
        let coded = page.value(&format!("encodeURIComponent({})", Value::from(*text)));
        let coded = coded.as_str().expect("text").to_owned();
        page.open(&format!("{address}#owner={coded}&q={coded}"));
        assert_eq!(page.text("#count"), "1 of 14 records", "{text}");
    }
    assert_eq!(page.complaints, Vec::<String>::new());
    assert!(
        page.requests
            .iter()
            .all(|url| url.starts_with(&address) || url == "about:blank"),
        "{:?}",
        page.requests
    );
}

#[test]
fn of_a_hundred_thousand_records_only_those_in_sight_are_elements() {
    let Some(program) = browser() else { return };
    let dir = tempfile::tempdir().expect("a folder");
    let mut records: Vec<Record> = (0..100_000).map(record).collect();
    for (n, record) in records.iter_mut().enumerate() {
        record.places[0].repository = Some(format!("acme/service-{:03}", n % 1_000));
    }
    let (path, address) = saved(dir.path(), &records, &ScanResult::default());
    let size = fs::metadata(&path).expect("there").len();
    assert!(
        size < 100_000 * 1_000,
        "{size} bytes: more than 1,000 a record"
    );
    let mut page = Page::start(&program, 1400, 1000);
    page.open(&address);
    let told = page.value(
        "JSON.stringify({drawn: window.straykeyDrawn, navigation: performance.getEntriesByType('navigation')[0].toJSON()})",
    );
    eprintln!("{size} bytes; in milliseconds since the page was asked for: {told}");
    for chosen in [
        "q=settings-5",
        "q=service-77 search",
        "show=reused,overdue",
        "sort=-age",
        "sort=owner",
    ] {
        // From the change of what is chosen to the picture of it.
        let took = page.value(&format!(
            "new Promise((done) => {{ const begin = performance.now(); addEventListener('hashchange', () => \
             requestAnimationFrame(() => setTimeout(() => done(performance.now() - begin))), {{ once: true }}); \
             location.hash = '#{chosen}'; }})"
        ));
        eprintln!("{chosen}: {took} ms");
    }
    page.open(&address);
    page.shot("many");
    assert_eq!(page.text("#count"), "100,000 of 100,000 records");
    assert!(page.count(".row") < 60);
    assert!(page.count("*") < 2_500, "{}", page.count("*"));
    page.value("new Promise((done) => { document.getElementById('view').scrollTop = 1e9; requestAnimationFrame(() => requestAnimationFrame(done)); })");
    assert!(
        page.value("[...document.querySelectorAll('.row')].at(-1).textContent")
            .as_str()
            .is_some_and(|t| t.contains("settings-99999.yaml"))
    );
    assert!(page.count(".row") < 60);
    page.open(&format!("{address}#q=settings-54321&open=0000d431"));
    assert_eq!(page.text("#count"), "1 of 100,000 records");
    assert!(
        page.text("#card-title").contains("4321"),
        "{}",
        page.text("#card-title")
    );
    assert_eq!(page.complaints, Vec::<String>::new());
}

/// A repository whose one commit is by somebody.
fn repository(dir: &Path, token: &str) {
    let repository = git2::Repository::init(dir).expect("a repository");
    fs::write(dir.join("deploy.env"), format!("TOKEN={token}\n")).expect("written");
    fs::write(dir.join("CODEOWNERS"), "* @zelda-owns\n").expect("written");
    let mut index = repository.index().expect("an index");
    for path in ["deploy.env", "CODEOWNERS"] {
        index.add_path(Path::new(path)).expect("added");
    }
    let tree = repository
        .find_tree(index.write_tree().expect("written"))
        .expect("a tree");
    let time = git2::Time::new(NOW - 400 * DAY, 0);
    let who = git2::Signature::new("Quentin Vole", "quentin@vole.invalid", &time).expect("who");
    repository
        .commit(Some("HEAD"), &who, &who, "it", &tree, &[])
        .expect("committed");
}

/// A report, and behind it what lies packed in it, if it is a page.
fn unpacked(report: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = report.to_owned();
    for block in report
        .split("<script type=\"text/plain\" id=\"cards-")
        .skip(1)
    {
        let data = &block[block.find('>').expect("a block") + 1..block.find('<').expect("its end")];
        let mut bits = (0u32, 0);
        let mut bytes = Vec::new();
        for digit in data.bytes().filter(|b| *b != b'=') {
            let place = DIGITS.iter().position(|d| *d == digit).expect("base64");
            bits = (bits.0 << 6 | place as u32, bits.1 + 6);
            if bits.1 >= 8 {
                bits.1 -= 8;
                bytes.push((bits.0 >> bits.1) as u8);
                bits.0 &= (1 << bits.1) - 1;
            }
        }
        let plain = miniz_oxide::inflate::decompress_to_vec(&bytes).expect("packed");
        out.push_str(&String::from_utf8(plain).expect("UTF-8"));
    }
    if report.starts_with("<!doctype html>") {
        assert!(out.contains("WHOSE"), "cards were looked at");
    }
    out
}

#[test]
fn people_can_be_left_out_of_every_report() {
    let dir = tempfile::tempdir().expect("a folder");
    let token = secret("github.pat-classic", 7);
    repository(dir.path(), &token);
    let names = ["quentin", "vole", "zelda"];
    for format in ["html", "cyclonedx", "json", "jsonl", "csv", "human", "tree"] {
        let named = straykey(dir.path(), &["inventory", "-f", format]);
        let text = named.out.to_lowercase();
        assert!(
            names.iter().any(|n| text.contains(n)),
            "{format}: the test sees no name either way"
        );
        let without = straykey(dir.path(), &["inventory", "-f", format, "--no-names"]);
        assert_eq!(without.code, 0, "{}", without.err);
        let text = unpacked(&without.out).to_lowercase();
        for name in names {
            assert!(!text.contains(name), "{format} tells {name}");
        }
        assert!(
            !unpacked(&without.out).contains(&token),
            "{format} tells the secret"
        );
    }
    let at = dir.path().join("out.html");
    let run = straykey(
        dir.path(),
        &["inventory", "-q", "-o", &format!("html:{}", at.display())],
    );
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(
        fs::read_to_string(at)
            .expect("written")
            .starts_with("<!doctype html>")
    );
}
