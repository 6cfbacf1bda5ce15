//! `straykey inventory` joined with what files name, and with what providers recorded: on histories of
//! which every right answer is known.

#[path = "inventory/built.rs"]
mod built;
mod common;

use std::fs;
use std::path::Path;

use built::{BEGIN, Built, DAY, access_key, day, inventory, json, of, texts, token};
use common::straykey;
use serde_json::Value;

/// Four tokens:
///
/// * 1 stood in a workflow, which has it from a secret of the same name since day 10;
/// * 2 stands in a file that a service of Compose is given;
/// * 3 stands in code, under a name that is anybody's;
/// * 4 stood in a file and went on day 10; nothing names it.
fn joined() -> (Built, Vec<String>) {
    let mut built = Built::new();
    let all: Vec<String> = (0..6).map(|n| token(n + 40)).collect();
    let workflow = |value: &str| {
        format!(
            "on: push\njobs:\n  publish:\n    runs-on: ubuntu-latest\n    env:\n      \
             GH_RELEASE_TOKEN: {value}\n    steps:\n      - run: make release\n      - uses: \
             aws-actions/configure-aws-credentials@v4\n        with:\n          role-to-assume: \
             arn:aws:iam::123456789012:role/release\n"
        )
    };
    let file = ".github/workflows/release.yml";
    let (old, new) = (
        workflow(&all[1]),
        workflow("${{ secrets.GH_RELEASE_TOKEN }}"),
    );
    let env = format!("GH_READ_TOKEN={}\n", all[2]);
    let compose = "services:\n  api:\n    image: x\n    env_file: ./api.env\n";
    let code = format!("token = \"{}\"\n", all[3]);
    let status = format!("DEPLOY_STATUS_TOKEN={}\n", all[4]);
    let stay = [
        ("app/api.env", &*env),
        ("app/compose.yml", compose),
        ("src/x.py", &*code),
    ];
    let first = [(file, &*old), ("status.env", &*status)];
    built.commit(0, "Ann", &[&stay[..], &first].concat());
    built.commit(10, "Bob", &[&stay[..], &[(file, &*new)]].concat());
    (built, all)
}

/// A step of a record: its result and what was seen.
fn step<'v>(record: &'v Value, check: &str) -> (&'v str, &'v str) {
    let steps = record["retirement"]["steps"].as_array().expect("steps");
    let step = steps.iter().find(|s| s["check"] == check).expect("a step");
    let text = |name: &str| step[name].as_str().expect("text");
    (text("result"), text("evidence"))
}

fn written(built: &Built, name: &str, text: &str) -> String {
    let path = built.at().join(name);
    fs::write(&path, text).expect("written");
    path.to_str().expect("UTF-8").to_owned()
}

#[test]
fn who_consumes_a_credential_and_whether_anything_still_names_it() {
    let (built, all) = joined();
    let told = inventory(built.at(), &[]);
    let first = of(&told, &all[1]);
    let consumers = first["consumers"].as_array().expect("a list");
    assert_eq!(consumers.len(), 1, "{consumers:#?}");
    let one = &consumers[0];
    assert_eq!(one["confidence"], "likely");
    assert_eq!(one["source"], "config");
    let value = &one["value"];
    assert_eq!(value["kept"], "github-secret");
    assert_eq!(value["name"], "GH_RELEASE_TOKEN");
    assert_eq!(value["by"], "same-slot");
    assert_eq!(value["workload"], "ci-job release.yml/publish");
    assert_eq!(
        (&value["path"], &value["line"]),
        (&".github/workflows/release.yml".into(), &6.into())
    );
    let (result, why) = step(first, "no-longer-referenced");
    assert_eq!(result, "unknown");
    assert!(
        why.starts_with("1 place uses its name: .github/workflows/release.yml:6;"),
        "{why}"
    );
    let chains = first["chains"].as_array().expect("a list");
    let ends: Vec<&str> = chains
        .iter()
        .filter_map(|c| c["value"]["links"].as_array()?.last()?["to"].as_str())
        .collect();
    assert!(ends.contains(&"aws-iam-role release"), "{ends:?}");

    let second = of(&told, &all[2]);
    assert_eq!(texts(&second["consumers"], "confidence"), ["certain"]);
    assert_eq!(
        second["consumers"][0]["value"]["workload"],
        "compose-service api"
    );
    assert_eq!(
        step(second, "no-longer-referenced"),
        ("no", "1 place names it: app/compose.yml:4")
    );

    let third = of(&told, &all[3]);
    assert_eq!(third["consumers"].as_array().map(Vec::len), Some(0));
    assert_eq!(step(third, "no-longer-referenced").0, "unknown");

    let fourth = of(&told, &all[4]);
    // `env_file` and the secret: two references; the workflow, the compose file and the env file are of known kinds.
    assert_eq!(
        step(fourth, "no-longer-referenced"),
        (
            "yes",
            "none of 2 references in 3 files of the last commit names it"
        )
    );
    assert_eq!(told["totals"]["named"], 2);

    // Of a past day nobody looked what files named then.
    let past = inventory(built.at(), &["--as-of", &day(20)]);
    let (result, why) = step(of(&past, &all[4]), "no-longer-referenced");
    assert!(result == "unknown" && why.contains("past day"), "{why}");

    let id = first["id"].as_str().expect("an id");
    let run = straykey(built.at(), &["incident", &id[..8]]);
    for part in [
        "probably ci-job release.yml/publish, as github-secret GH_RELEASE_TOKEN",
        "leads on: ci-job release.yml/publish > aws-iam-role release",
        "put it where it is kept under a name: github-secret GH_RELEASE_TOKEN",
        "nobody asked",
    ] {
        assert!(run.out.contains(part), "{part}: {}", run.out);
    }
}

#[test]
fn a_symbolic_link_is_no_file_of_its_kind() {
    let mut built = Built::new();
    let env = format!("GH_READ_TOKEN={}\n", token(60));
    // As a file this does not parse, and what was not read is told.
    for (name, told) in [("main.tf", true), ("main.link.tf", false)] {
        built.commit(0, "Ann", &[("a.env", &*env), (name, "../common/main.tf")]);
        let run = straykey(built.at(), &["inventory", "--format", "json"]);
        assert_eq!(
            run.err.contains("does not parse as HCL"),
            told,
            "{}",
            run.err
        );
    }
}

#[test]
fn what_was_used_after_it_was_let_go_is_a_finding() {
    let (built, all) = joined();
    let hash = straykey::findings::claims::hashed_token(all[1].as_bytes());
    let event = |days: i64, hash: &str| {
        let at = (BEGIN + days * DAY) * 1000;
        format!(
            "{{\"@timestamp\": {at}, \"action\": \"git.clone\", \"actor\": \"ann\", \"hashed_token\": \"{hash}\"}}\n"
        )
    };
    let other = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";
    let log = [event(5, &hash), event(15, &hash), event(16, other)].concat();
    let log = written(&built, "audit.jsonl", &log);
    let seen = ["--observed", &log, "--as-of", &day(20)];
    let told = inventory(built.at(), &seen);
    let first = of(&told, &all[1]);
    // 15 days after 2023-11-14, 5 after it went.
    assert_eq!(first["last_used"]["at"]["value"], "2023-11-29T22:13:20Z");
    assert_eq!(first["last_used"]["at"]["source"], "observed");
    assert_eq!(first["last_used"]["by"], "ann");
    let why = "used on 2023-11-29 for git.clone, 5 days after it was let go";
    assert_eq!(step(first, "no-longer-used"), ("no", why));
    assert!(texts(&first["issues"], "class").contains(&"used-after-retirement"));
    // On day 12 it had last been used before it went.
    let then = inventory(built.at(), &["--observed", &log, "--as-of", &day(12)]);
    assert!(!texts(&of(&then, &all[1])["issues"], "class").contains(&"used-after-retirement"));
    // The log has nothing of the second, which still stands there.
    let second = of(&told, &all[2]);
    assert_eq!(
        second["last_used"]["unused"]["value"],
        "no event from 2023-11-19 to 2023-11-30 is of it"
    );
    assert!(texts(&second["issues"], "class").contains(&"unused"));
    let observed = &told["observed"];
    assert_eq!(
        (&observed["known"], &observed["unknown_total"]),
        (&1.into(), &1.into())
    );
    assert_eq!(observed["unknown"][0]["id"], other);

    let run = straykey(built.at(), &[&["inventory", "check"][..], &seen].concat());
    assert_eq!(run.code, 1, "{}", run.err);
    assert!(
        run.out
            .contains("fail used-after-retirement (always): used on"),
        "{}",
        run.out
    );
    let run = straykey(
        built.at(),
        &[&["inventory", "--no-names", "-f", "json"][..], &seen].concat(),
    );
    assert!(!run.out.contains("\"ann\""), "{}", run.out);
    let run = straykey(built.at(), &[&["inventory"][..], &seen].concat());
    assert!(
        run.out.contains("1 here, 1 issued and not known here"),
        "{}",
        run.out
    );

    let wrong = written(
        &built,
        "wrong.json",
        "[{\"action\": \"x\", \"@timestamp\": \"soon\"}]",
    );
    let run = straykey(built.at(), &["inventory", "--observed", &wrong]);
    assert_eq!(run.code, 2);
    assert!(
        run.err.contains("wrong.json: entry 1: a time is written"),
        "{}",
        run.err
    );
}

#[test]
fn an_access_key_of_cloudtrail_is_told_in_its_incident() {
    let mut built = Built::new();
    let key = access_key(&mut built);
    built.commit(2, "Ann", &[("prod.env", "")]);
    let time = straykey::base::day_of(BEGIN + 9 * DAY);
    let trail = format!(
        "{{\"Records\": [{{\"eventTime\": \"{time}T01:02:03Z\", \"eventSource\": \"s3.amazonaws.com\", \"eventName\": \
         \"GetObject\", \"userIdentity\": {{\"accessKeyId\": \"{key}\", \"userName\": \"exporter\"}}}}]}}"
    );
    let trail = written(&built, "trail.json", &trail);
    let run = straykey(built.at(), &["incident", &key, "--observed", &trail]);
    assert_eq!(run.code, 0, "{}", run.err);
    let used = format!("{time}T01:02:03Z for s3.amazonaws.com GetObject by exporter (observed, ");
    assert!(run.out.contains(&used), "{}", run.out);
    assert!(run.out.contains("[ ] no-longer-used: "), "{}", run.out);
}

#[test]
fn whoever_knew_it_has_left_and_it_is_still_the_same() {
    let (built, all) = joined();
    let people = "mail,left\nann@x.invalid,2023-11-20\nbob@x.invalid,\n";
    let people = written(&built, "people.csv", people);
    let on = |days: i64| {
        let told = inventory(built.at(), &["--as-of", &day(days), "--people", &people]);
        let issues = of(&told, &all[2])["issues"].clone();
        let issues = issues.as_array().expect("a list").iter();
        let mut left = issues.filter(|i| i["class"] == "owner-left-since-rotation");
        left.next()
            .and_then(|i| i["why"].as_str().map(str::to_owned))
    };
    assert_eq!(on(4), None, "she is still here");
    assert_eq!(
        on(20).as_deref(),
        Some("Ann, who brought it in, left on 2023-11-20; it is the same since 2023-11-14")
    );
    let asked = [
        "inventory",
        "check",
        "--as-of",
        &day(20),
        "--people",
        &people,
    ];
    let run = straykey(built.at(), &asked);
    assert_eq!(run.code, 1, "{}", run.err);
    assert!(
        run.out
            .contains("fail owner-left-since-rotation (always): Ann"),
        "{}",
        run.out
    );
    // What nobody has any more in the last commit is not the same any longer.
    let told = inventory(built.at(), &["--as-of", &day(20), "--people", &people]);
    assert!(!texts(&of(&told, &all[1])["issues"], "class").contains(&"owner-left-since-rotation"));
}

#[test]
fn a_gate_on_what_is_new_lets_the_rest_be_and_counts_it() {
    let policy =
        "version = 1\n[[deny]]\nname = \"none\"\nkind = [\"literal\"]\n[budget]\nliterals = 0\n";
    let mut built = Built::new();
    let (old, new) = (format!("T={}\n", token(61)), format!("T={}\n", token(62)));
    let rules = (".straykey/policy.toml", policy);
    let base = built.commit(1, "Ann", &[rules, ("old.env", &old)]);
    fs::create_dir_all(built.at().join(".straykey")).expect("made");
    written(&built, ".straykey/policy.toml", policy);
    let check = |built: &Built, more: &[&str]| {
        let all = ["inventory", "check", "--as-of", &day(5), "--base", &base];
        straykey(built.at(), &[&all[..], more].concat())
    };
    // Nothing came: without the choice the base's own credential fails, with it it warns.
    assert_eq!(check(&built, &[]).code, 1);
    let run = check(&built, &["--new-only"]);
    assert_eq!(run.code, 0, "{}\n{}", run.out, run.err);
    assert!(run.out.contains("policy: 0 fail, 1 warn"), "{}", run.out);
    // A file that moves brings nothing; another token does, and spends the budget.
    built.commit(2, "Eve", &[rules, ("moved.env", &old)]);
    assert_eq!(check(&built, &["--new-only"]).code, 0);
    built.commit(3, "Eve", &[rules, ("moved.env", &old), ("new.env", &new)]);
    let run = check(&built, &["--new-only"]);
    assert_eq!(run.code, 1, "{}", run.err);
    assert!(run.out.contains("policy: 2 fail, 1 warn"), "{}", run.out);
    let alone = straykey(built.at(), &["inventory", "check", "--new-only"]);
    assert_eq!(alone.code, 2, "new is said against a base");
}

#[test]
fn sarif_names_frameworks_as_taxa_that_are_there() {
    let (built, _) = joined();
    let run = straykey(built.at(), &["inventory", "-f", "sarif"]);
    assert_eq!(run.code, 0, "{}", run.err);
    let sarif = json(&run);
    // Its one stray bracket, which strict engines refuse, means the same escaped.
    let schema = include_str!("../testdata/sarif-schema-2.1.0.json");
    let schema = schema.replace("{2}]?$", r"{2}\\]?$");
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    let schema = jsonschema::validator_for(&schema).expect("a schema");
    if let Err(e) = schema.validate(&sarif) {
        panic!("{} at {}", e.masked(), e.instance_path());
    }
    let run = &sarif["runs"][0];
    assert_eq!(run["automationDetails"]["id"], "straykey/inventory/");
    let names = texts(&run["taxonomies"], "name");
    assert_eq!(names.len(), 11, "{names:?}");
    let is_there = |taxon: &Value| {
        let at = |value: &Value| value.as_u64().expect("a number") as usize;
        let component = &run["taxonomies"][at(&taxon["toolComponent"]["index"])];
        let there = &component["taxa"][at(&taxon["index"])];
        component["name"] == taxon["toolComponent"]["name"] && there["id"] == taxon["id"]
    };
    let results = run["results"].as_array().expect("results");
    let mut taxa = 0;
    for result in results {
        let rule =
            &run["tool"]["driver"]["rules"][result["ruleIndex"].as_u64().expect("one") as usize];
        assert_eq!(rule["id"], result["ruleId"]);
        for taxon in result["taxa"].as_array().into_iter().flatten() {
            assert!(is_there(taxon), "{taxon:#}");
            taxa += 1;
        }
        for relation in rule["relationships"].as_array().into_iter().flatten() {
            assert!(is_there(&relation["target"]), "{relation:#}");
        }
    }
    assert!(
        taxa > results.len(),
        "{taxa} taxa of {} results",
        results.len()
    );
    let overdue = results
        .iter()
        .find(|r| r["ruleId"] == "inventory.rotation-overdue");
    let overdue = overdue.expect("tokens of 2023 are overdue");
    assert_eq!(overdue["level"], "error");
    let ids = texts(&overdue["taxa"], "id");
    assert!(
        ids.contains(&"NHI7:2025") && ids.contains(&"CWE-262"),
        "{ids:?}"
    );

    // A scan's rules name the same frameworks.
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("a.env"), format!("T={}\n", token(70))).expect("written");
    let scan = json(&straykey(Path::new(dir.path()), &["scan", "-f", "sarif"]));
    let relations = &scan["runs"][0]["tool"]["driver"]["rules"][0]["relationships"];
    let ids: Vec<&str> = relations
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|r| r["target"]["id"].as_str())
        .collect();
    for id in [
        "CWE-798",
        "NHI2:2025",
        "PR.AA-01",
        "IA-5(7)",
        "A.5.17",
        "13.3.1",
    ] {
        assert!(ids.contains(&id), "{id}: {ids:?}");
    }
}
