//! `straykey inventory` on histories that were built so that every field's right answer is known.

#[path = "inventory/built.rs"]
mod built;
mod common;

use std::fs;
use std::path::Path;

use built::{BEGIN, Built, access_key, day, inventory, json, of, texts, token};
use common::{command, straykey, with_input};
use git2::{Signature, Time};
use serde_json::Value;

/// Five tokens with five fates:
///
/// * 1, 2 and 3 stood in one slot, one after the other, and its file was moved meanwhile;
/// * 4 was brought in by Cid, who has committed nothing since;
/// * 5 went and came back.
fn fates() -> (Built, Vec<String>) {
    let mut built = Built::new();
    let all: Vec<String> = (0..6).map(token).collect();
    let env = |n: usize| format!("REGION=x\nGH_TOKEN={}\n", all[n]);
    let old = format!("#!/bin/sh\nexport OLD_TOKEN={}\n", all[4]);
    let python = format!("token = \"{}\"\n", all[5]);
    let owners = ("CODEOWNERS", "/deploy/ @acme/ops\n");
    let moved = "deploy/live/prod.env";
    built.commit(0, "Ann", &[owners, ("deploy/prod.env", &env(1))]);
    built.commit(30, "Bob", &[owners, ("deploy/prod.env", &env(2))]);
    built.commit(40, "Ann", &[owners, (moved, &env(2))]);
    built.commit(100, "Bob", &[owners, (moved, &env(3))]);
    let old = ("tools/old.sh", &*old);
    built.commit(110, "Cid", &[owners, (moved, &env(3)), old]);
    let python = ("src/a.py", &*python);
    built.commit(120, "Ann", &[owners, (moved, &env(3)), old, python]);
    built.commit(130, "Ann", &[owners, (moved, &env(3)), old]);
    built.commit(140, "Bob", &[owners, (moved, &env(3)), old, python]);
    let readme = ("README.md", "words\n");
    built.commit(400, "Ann", &[owners, (moved, &env(3)), old, python, readme]);
    (built, all)
}

#[test]
fn times_and_rotations_are_those_of_the_history() {
    let (built, all) = fates();
    let told = inventory(built.at(), &["--as-of", &day(400)]);
    assert_eq!(told["totals"]["records"], 5);
    let (first, second, third) = (of(&told, &all[1]), of(&told, &all[2]), of(&told, &all[3]));

    assert_eq!(first["introduced"]["value"]["author"], "Ann");
    assert_eq!(first["introduced"]["value"]["time"], "2023-11-14T22:13:20Z");
    assert_eq!(first["removed"]["value"]["author"], "Bob");
    assert_eq!(first["removed"]["value"]["time"], "2023-12-14T22:13:20Z");
    assert_eq!(first["standing"], "history-only");
    assert_eq!(first["retirement"]["state"], "rotating");
    assert_eq!(first["last_seen"]["value"], "2023-12-14T22:13:20Z");

    let events = second["rotation"]["events"].as_array().expect("events");
    let turns: Vec<(&Value, &Value)> = events.iter().map(|e| (&e["old"], &e["new"])).collect();
    assert_eq!(
        turns,
        [(&first["id"], &second["id"]), (&second["id"], &third["id"])]
    );
    assert_eq!(
        texts(&second["rotation"]["events"], "time"),
        ["2023-12-14T22:13:20Z", "2024-02-22T22:13:20Z"]
    );
    for record in [first, second, third] {
        let slots = record["rotation"]["slots"].as_array().expect("slots");
        assert_eq!(slots.len(), 1, "{slots:?}");
        assert_eq!(slots[0]["path"], "deploy/live/prod.env");
        assert_eq!(slots[0]["key"], "GH_TOKEN");
    }
    // The day ends 1 h 46 min 39 s after the hour of the commits.
    assert_eq!(third["age"]["value"]["days"], 300);
    assert_eq!(third["age"]["value"]["at_least"], true);
    let limit = third["rotation"]["every_days"]["value"]
        .as_i64()
        .expect("a limit");
    assert_eq!(third["rotation"]["overdue_days"], 300 - limit);
    assert_eq!(third["places"][0]["path"], "deploy/live/prod.env");
    assert_eq!(third["places"][0]["line"], 2);
    assert_eq!(third["environments"][0]["value"], "production");
    assert_eq!(third["retirement"]["state"], "active");
}

#[test]
fn owners_orphans_and_what_is_back() {
    let (built, all) = fates();
    let told = inventory(built.at(), &["--as-of", &day(400)]);
    let (third, fourth, fifth) = (of(&told, &all[3]), of(&told, &all[4]), of(&told, &all[5]));
    assert_eq!(third["owner"]["state"], "inferred");
    assert_eq!(third["owner"]["principal"]["value"], "@acme/ops");
    assert_eq!(third["owner"]["principal"]["place"], "CODEOWNERS:1");
    assert_eq!(fourth["owner"]["state"], "orphaned");
    assert_eq!(fourth["owner"]["principal"]["value"], "Cid <cid@x.invalid>");
    assert!(texts(&fourth["issues"], "class").contains(&"orphaned-owner"));
    assert_eq!(fifth["retirement"]["state"], "resurrected");
    assert_eq!(
        fifth["owner"]["state"], "inferred",
        "Bob worked on it 260 days ago: {fifth:#}"
    );
    assert_eq!(told["totals"]["orphaned"], 1);
    assert_eq!(told["totals"]["resurrected"], 1);

    // 280 days after he fell silent he still counts, if a year is allowed.
    let told = inventory(built.at(), &["--as-of", &day(390), "--silent-days", "365"]);
    assert_eq!(of(&told, &all[4])["owner"]["state"], "inferred");

    let people = built.at().join("people.csv");
    fs::write(
        &people,
        "mail,left\nann@x.invalid,\nbob@x.invalid,2024-03-01\n",
    )
    .expect("written");
    let list = people.to_str().expect("UTF-8");
    let told = inventory(built.at(), &["--as-of", &day(400), "--people", list]);
    let third = of(&told, &all[3]);
    assert_eq!(
        third["owner"]["state"], "inferred",
        "the list has no teams: {third:#}"
    );
    let fourth = of(&told, &all[4]);
    let why = fourth["owner"]["orphaned_because"]
        .as_str()
        .expect("a reason");
    assert!(why.contains("not in the list"), "{why}");
}

#[test]
fn a_past_day_is_answered_as_of_then() {
    let (built, all) = fates();
    let told = inventory(built.at(), &["--as-of", &day(50)]);
    assert_eq!(told["totals"]["records"], 2);
    assert_eq!(told["later"], 3);
    let second = of(&told, &all[2]);
    assert_eq!(second["standing"], "at-head");
    assert_eq!(second["age"]["value"]["days"], 20);
    assert_eq!(second["rotation"]["overdue_days"], Value::Null);
    assert_eq!(second["places"][0]["path"], "deploy/live/prod.env");
    let told = inventory(built.at(), &["--as-of", &day(-1)]);
    assert_eq!(
        (&told["totals"]["records"], &told["later"]),
        (&0.into(), &5.into())
    );
}

#[test]
fn sharing_across_workloads_environments_and_repositories() {
    let dir = tempfile::tempdir().expect("a folder");
    let (shared, crossed) = (token(11), token(12));
    let (mut a, mut b) = (Built::new(), Built::new());
    a.commit(
        1,
        "Ann",
        &[
            ("web/package.json", "{}"),
            ("web/.env", &format!("TOKEN={shared}\n")),
            ("api/go.mod", "module x"),
            ("api/config.yaml", &format!("github:\n  token: {shared}\n")),
            ("deploy/production.env", &format!("T={crossed}\n")),
            ("tests/fixtures/x.env", &format!("T={crossed}\n")),
        ],
    );
    b.commit(2, "Bob", &[("x.env", &format!("T={shared}\n"))]);
    let list = dir.path().join("list");
    let text = format!("{}\n{}\n", a.at().display(), b.at().display());
    fs::write(&list, text).expect("written");
    let told = inventory(dir.path(), &["--repos-from", "list"]);
    assert_eq!(told["totals"]["records"], 2);
    let shared = of(&told, &shared);
    assert_eq!(shared["reuse"]["repositories"], 2);
    assert_eq!(shared["reuse"]["files"], 3);
    assert_eq!(shared["reuse"]["workloads"], 3);
    assert_eq!(shared["introduced"]["value"]["author"], "Ann");
    let names: Vec<&str> = shared["workloads"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|w| w["value"]["name"].as_str())
        .collect();
    assert!(
        names.contains(&"web") && names.contains(&"api"),
        "{names:?}"
    );
    let keys = texts(&shared["places"], "key");
    assert!(
        keys.contains(&"github.token") && keys.contains(&"TOKEN"),
        "{keys:?}"
    );
    let crossed = of(&told, &crossed);
    let issues = texts(&crossed["issues"], "class");
    assert!(issues.contains(&"cross-environment"), "{issues:?}");
    let ids = texts(&crossed["requirements"], "id");
    assert!(
        ids.contains(&"NHI8:2025") && ids.contains(&"IA-5(7)"),
        "{ids:?}"
    );
}

#[test]
fn what_people_declare_counts_first_and_a_draft_is_made_for_the_rest() {
    let (built, all) = fates();
    let draft = straykey(built.at(), &["inventory", "init", "--dry-run"]);
    assert_eq!(draft.code, 0, "{}", draft.err);
    assert_eq!(draft.out.matches("[[credential]]").count(), 5);
    let run = straykey(built.at(), &["inventory", "init"]);
    assert_eq!(run.code, 0, "{}", run.err);
    let file = built.at().join(".straykey/inventory.toml");
    assert_eq!(fs::read_to_string(&file).expect("written"), draft.out);

    let told = inventory(built.at(), &["--as-of", &day(400)]);
    let id = of(&told, &all[3])["id"].as_str().expect("an id").to_owned();
    let text = format!(
        "version = 1\n[[credential]]\nid = \"{id}\"\nowner = \"team-pay\"\npurpose = \"settlement\"\n\
         environment = \"staging\"\nrotate_every = 200\n\
         reviewed = {{ by = \"ann\", on = \"2024-03-01\", next = \"2024-06-01\" }}\n"
    );
    fs::write(&file, text).expect("written");
    let told = inventory(built.at(), &["--as-of", &day(400)]);
    let third = of(&told, &all[3]);
    assert_eq!(third["owner"]["state"], "declared");
    assert_eq!(third["owner"]["principal"]["value"], "team-pay");
    assert_eq!(third["purpose"]["value"], "settlement");
    assert_eq!(third["rotation"]["overdue_days"], 100);
    let environments = &third["environments"];
    assert_eq!(environments[0]["value"], "staging");
    assert!(texts(&third["issues"], "class").contains(&"review-lapsed"));

    fs::write(&file, "[[credential]]\nid = \"x\"\n").expect("written");
    let run = straykey(built.at(), &["inventory"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("inventory.toml:2"), "{}", run.err);
}

#[test]
fn a_policy_gates_excepts_and_tightens() {
    let (built, all) = fates();
    let folder = built.at().join(".straykey");
    fs::create_dir_all(&folder).expect("made");
    let told = inventory(built.at(), &[]);
    let id = of(&told, &all[3])["id"].as_str().expect("an id").to_owned();
    let policy = format!(
        "version = 1\n[[deny]]\nname = \"no-production\"\nenvironment = [\"production\"]\n\
         standing = [\"at-head\"]\n[[exception]]\nid = \"E-1\"\ncredential = \"{id}\"\n\
         reason = \"r\"\napproved_by = \"a\"\nuntil = \"2024-12-31\"\n[budget]\nliterals = 9\n\
         [gate.pr]\nfail_on = [\"no-production\"]\n"
    );
    let file = folder.join("policy.toml");
    fs::write(&file, &policy).expect("written");
    let check =
        |more: &[&str]| straykey(built.at(), &[&["inventory", "check", "-q"], more].concat());
    // On a day on which the exception holds.
    let run = check(&["--as-of", &day(400), "--gate", "pr"]);
    assert_eq!(run.code, 0, "{}", run.out);
    let run = check(&["--as-of", &day(400)]);
    assert_eq!(
        run.code, 1,
        "the orphan and the returned one fail by themselves: {}",
        run.out
    );
    let run = check(&["--gate", "pr"]);
    assert_eq!(run.code, 1, "the exception has ended: {}", run.out);
    assert!(
        run.out.contains("exception E-1 ended on 2024-12-31"),
        "{}",
        run.out
    );
    let run = check(&["--gate", "nightly"]);
    assert_eq!(run.code, 2, "{}", run.err);

    let run = check(&["--as-of", &day(400), "--tighten"]);
    assert_eq!(run.code, 1);
    let text = fs::read_to_string(&file).expect("there");
    assert_eq!(text, policy.replace("literals = 9", "literals = 3"));
}

#[test]
fn a_pull_request_cannot_loosen_its_own_policy() {
    let mut built = Built::new();
    let strict =
        "version = 1\n[[deny]]\nname = \"none\"\nkind = [\"literal\"]\n[budget]\nliterals = 0\n";
    let env = format!("T={}\n", token(3));
    let base = built.commit(1, "Ann", &[(".straykey/policy.toml", strict)]);
    let loose = "version = 1\n[budget]\nliterals = 5\n";
    built.commit(
        2,
        "Eve",
        &[(".straykey/policy.toml", loose), ("a.env", &env)],
    );
    fs::create_dir_all(built.at().join(".straykey")).expect("made");
    fs::write(built.at().join(".straykey/policy.toml"), loose).expect("written");
    let run = straykey(built.at(), &["inventory", "check", "--as-of", &day(3)]);
    assert_eq!(run.code, 0, "{}\n{}", run.out, run.err);
    let run = straykey(
        built.at(),
        &["inventory", "check", "--as-of", &day(3), "--base", &base],
    );
    assert_eq!(run.code, 1, "{}", run.err);
    for part in ["none (", "grows from 0 to 5", "1 literals, the budget is 0"] {
        assert!(run.out.contains(part), "{part}: {}", run.out);
    }
}

#[test]
fn a_recheck_tells_what_is_back_and_what_cannot_be_asked_again() {
    let mut built = Built::new();
    let (kept, purged) = (token(1), token(2));
    let both = format!("A={kept}\nB={purged}\n");
    built.commit(1, "Ann", &[("a.env", &both)]);
    built.commit(2, "Ann", &[("a.env", "A=\n")]);
    let run = straykey(built.at(), &["inventory", "-f", "jsonl"]);
    assert_eq!(run.code, 0, "{}", run.err);
    let outside = tempfile::tempdir().expect("a folder");
    let before = outside.path().join("before.jsonl");
    fs::write(&before, &run.out).expect("written");

    // The history is written anew without the second, and the first is put back.
    let mut anew = Built::new();
    anew.commit(1, "Ann", &[("a.env", &format!("A={kept}\n"))]);
    let before = before.to_str().expect("UTF-8");
    let run = straykey(anew.at(), &["inventory", "recheck", before, "-f", "json"]);
    assert_eq!(run.code, 0, "{}", run.err);
    let told = json(&run);
    assert_eq!(of(&told, &kept)["retirement"]["state"], "resurrected");
    let gone = of(&told, &purged);
    assert_eq!(gone["retirement"]["state"], "cannot-be-rechecked");
    let steps = texts(&gone["retirement"]["steps"], "evidence");
    assert!(steps.iter().any(|s| s.contains("not retired")), "{steps:?}");
    assert_eq!(told["totals"]["retired"], 0);

    let run = straykey(anew.at(), &["inventory", "diff", before]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.out.contains("gone"), "{}", run.out);
    let (one, other) = (day(0), day(1));
    let run = straykey(anew.at(), &["inventory", "diff", &one, &other]);
    assert!(run.out.starts_with("added "), "{}", run.out);
    assert!(run.out.ends_with("1 change\n"), "{}", run.out);
}

#[test]
fn an_incident_is_found_by_all_of_its_names() {
    let (built, all) = fates();
    let told = inventory(built.at(), &[]);
    let record = of(&told, &all[3]);
    let id = record["id"].as_str().expect("an id");
    let hints = record["hints"].as_array().expect("hints");
    let hash = hints
        .iter()
        .find(|h| h["name"] == "hashed-token")
        .expect("one");
    let hash = hash["value"].as_str().expect("text");
    let by_id = straykey(built.at(), &["incident", &id[..8]]);
    assert_eq!(by_id.code, 0, "{}", by_id.err);
    let by_hash = straykey(built.at(), &["incident", hash]);
    let by_value = with_input(
        built.at(),
        &["incident", "-"],
        format!("{}\n", all[3]).as_bytes(),
    );
    assert_eq!(by_id.out, by_hash.out, "{}", by_hash.err);
    assert_eq!(by_id.out, by_value.out, "{}", by_value.err);
    for part in [
        "WHAT",
        "WHOSE",
        "@acme/ops",
        "deploy/live/prod.env:2",
        "hashed_token:",
        "STILL ALIVE?",
        "not checked",
        "KILL",
        "WAS IT RETIRED?",
    ] {
        assert!(by_id.out.contains(part), "{part}: {}", by_id.out);
    }
    let none = straykey(built.at(), &["incident", "ffffffffffff"]);
    assert_eq!(none.code, 2);

    let mut built = Built::new();
    let key = access_key(&mut built);
    let run = straykey(built.at(), &["incident", &key]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(
        run.out.contains(&format!("--access-key-id {key}")),
        "{}",
        run.out
    );
}

/// Every output, in every format: not one tells a secret.
#[test]
fn no_output_tells_a_secret() {
    let (built, all) = fates();
    let file = built.at().join("out.csv");
    let report = format!("csv:{}", file.display());
    let mut texts = Vec::new();
    for format in ["human", "tree", "json", "jsonl", "csv", "sarif"] {
        let run = straykey(
            built.at(),
            &["inventory", "-v", "-f", format, "-o", &report],
        );
        assert_eq!(run.code, 0, "{}", run.err);
        assert!(run.out.len() > 300, "{}", run.out);
        texts.extend([run.out, run.err]);
    }
    texts.push(fs::read_to_string(&file).expect("written"));
    for more in [
        &["inventory", "init", "--dry-run"][..],
        &["inventory", "check"],
    ] {
        let run = straykey(built.at(), more);
        texts.extend([run.out, run.err]);
    }
    let run = with_input(built.at(), &["incident", "-"], all[1].as_bytes());
    assert_eq!(run.code, 0, "{}", run.err);
    texts.extend([run.out, run.err]);
    for token in &all {
        assert!(texts.iter().all(|text| !text.contains(&token[4..])));
    }
}

#[test]
fn reports_follow_their_schemas_and_do_not_depend_on_threads() {
    let (built, _) = fates();
    let as_of = day(400);
    let run = |format: &str, threads: &str| {
        let args = ["inventory", "-f", format, "--as-of", &as_of, "-j", threads];
        straykey(built.at(), &args).out
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schemas");
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        let both = [
            ("inventory", straykey::reports::inventory_schema()),
            (
                "inventory-jsonl",
                straykey::reports::inventory_jsonl_schema(),
            ),
        ];
        for (name, schema) in both {
            let file = root.join(format!("straykey-{name}-1.schema.json"));
            let text = serde_json::to_string_pretty(&schema).expect("JSON");
            fs::write(file, format!("{text}\n")).expect("written");
        }
    }
    let schema = |name: &str| -> Value {
        let file = root.join(format!("straykey-{name}-1.schema.json"));
        serde_json::from_str(&fs::read_to_string(file).expect("shipped")).expect("JSON")
    };
    let validator = |name: &str| jsonschema::validator_for(&schema(name)).expect("a schema");
    let document: Value = serde_json::from_str(&run("json", "1")).expect("JSON");
    let check = validator("inventory");
    let wrong: Vec<String> = check
        .iter_errors(&document)
        .map(|e| e.to_string())
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let mut broken = document.clone();
    broken["records"][0]["owner"]["state"] = "perhaps".into();
    assert!(
        !check.is_valid(&broken),
        "the schema must tell right from wrong"
    );
    let check = validator("inventory-jsonl");
    let lines = run("jsonl", "1");
    assert_eq!(lines.lines().count(), 6);
    for line in lines.lines() {
        let line: Value = serde_json::from_str(line).expect("JSON");
        assert!(check.is_valid(&line), "{line:#}");
    }
    for format in ["json", "jsonl", "csv"] {
        let alone = run(format, "1");
        assert!(
            (2..5).all(|threads| run(format, &threads.to_string()) == alone),
            "{format}"
        );
    }
    let rows = run("csv", "1");
    assert_eq!(rows.lines().count(), 6);
}

#[test]
fn what_cannot_be_read_is_told_and_ends_with_two() {
    let mut built = Built::new();
    let env = format!("T={}\n", token(1));
    built.commit(1, "Ann", &[("a.env", &env), ("b", "words")]);
    let id = built.repository.blob(b"words").expect("there").to_string();
    let path = built
        .repository
        .path()
        .join("objects")
        .join(&id[..2])
        .join(&id[2..]);
    let mut permissions = fs::metadata(&path).expect("loose").permissions();
    #[expect(clippy::permissions_set_readonly_false, reason = "a test's own file")]
    permissions.set_readonly(false);
    fs::set_permissions(&path, permissions).expect("set");
    fs::write(&path, b"no zlib").expect("broken");
    for format in ["human", "json", "jsonl", "csv"] {
        let run = command(built.at(), &["inventory", "-f", format])
            .output()
            .expect("it runs");
        assert_eq!(run.status.code(), Some(2), "{format}");
        let out = String::from_utf8_lossy(&run.stdout);
        assert!(out.contains(&id[2..]), "{format}: {out}");
    }
    let run = straykey(built.at(), &["inventory", "-f", "json"]);
    let told = json(&run);
    assert_eq!(told["complete"], false);
    let steps = told["records"][0]["retirement"]["steps"]
        .as_array()
        .expect("steps");
    let dangling = steps
        .iter()
        .find(|s| s["check"] == "gone-from-stash-and-dangling");
    assert_ne!(dangling.expect("there")["result"], "yes");
}

/// What stands in a message of a commit has no key there, and nothing uses it from there.
#[test]
fn a_secret_in_a_message_has_no_key_and_no_workload() {
    let built = Built::new();
    let time = Time::new(BEGIN, 0);
    let who = Signature::new("Ann", "ann@x.invalid", &time).expect("who");
    let tree = built
        .repository
        .treebuilder(None)
        .expect("a builder")
        .write()
        .expect("a tree");
    let tree = built.repository.find_tree(tree).expect("found");
    let message = format!("deploy with token: {}\n", token(9));
    let made = built
        .repository
        .commit(Some("refs/heads/main"), &who, &who, &message, &tree, &[]);
    made.expect("committed");
    let told = inventory(built.at(), &[]);
    let record = of(&told, &token(9));
    assert_eq!(record["places"][0]["key"], Value::Null);
    assert_eq!(record["workloads"].as_array().map(Vec::len), Some(0));
    assert_eq!(
        record["rotation"]["slots"].as_array().map(Vec::len),
        Some(0)
    );
}
