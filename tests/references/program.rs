use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::common::{secret, straykey};

/// A repository in which a job takes a role that its Terraform declares.
fn tree() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().expect("it has one")).expect("made");
        fs::write(path, text).expect("written");
    };
    write(
        ".github/workflows/ci.yml",
        "on: push\njobs:\n  deploy:\n    permissions: {id-token: write}\n    steps:\n      - uses: aws-actions/configure-aws-credentials@v4\n        \
         with:\n          role-to-assume: arn:aws:iam::123456789012:role/deploy\n      - run: x\n        env:\n          KEY: ${{ secrets.KEY }}\n",
    );
    write(
        "infra/main.tf",
        "resource \"aws_iam_role\" \"deploy\" {\n  name = \"deploy\"\n  managed_policy_arns = [\"arn:aws:iam::aws:policy/AdministratorAccess\"]\n}\n",
    );
    write("README.md", "text\n");
    dir
}

fn lines(dir: &Path, args: &[&str]) -> (Vec<Value>, i32) {
    let run = straykey(dir, args);
    let all = run
        .out
        .lines()
        .map(|l| serde_json::from_str(l).expect("a line is JSON"));
    (all.collect(), run.code)
}

#[test]
fn lines_of_json_follow_the_schema_and_say_all() {
    let dir = tree();
    let (all, code) = lines(dir.path(), &["references", "--format", "jsonl"]);
    assert_eq!(code, 0);
    let schema = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/docs/schemas/straykey-references-1.schema.json"
    );
    let schema: Value =
        serde_json::from_str(&fs::read_to_string(schema).expect("it is shipped")).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    for line in &all {
        assert!(validator.is_valid(line), "{line}");
    }
    assert_eq!(all[0]["type"], "summary");
    assert_eq!(all[0]["files"], 2);
    assert_eq!(all[0]["complete"], true);
    let of = |kind: &str| all.iter().filter(|l| l["type"] == kind).collect::<Vec<_>>();
    assert_eq!(of("reference")[0]["name"], "KEY");
    let chain = of("chain")[0]["edges"].as_array().expect("edges");
    assert_eq!(chain[0]["to"]["name"], "deploy");
    assert_eq!(of("observation")[0]["rule"], "iam.admin-grant");
}

#[test]
fn exit_codes() {
    let dir = tree();
    assert_eq!(straykey(dir.path(), &["references"]).code, 0);
    assert_eq!(
        straykey(dir.path(), &["references", "--fail-on", "high"]).code,
        1
    );
    assert_eq!(
        straykey(dir.path(), &["references", "--fail-on", "critical"]).code,
        0
    );
    assert_eq!(
        straykey(
            dir.path(),
            &["references", "--exclude", "*.tf", "--fail-on", "low"]
        )
        .code,
        0
    );
    fs::write(dir.path().join(".mcp.json"), "{").expect("written");
    let run = straykey(dir.path(), &["references"]);
    assert_eq!(run.code, 2, "{}", run.out);
    assert!(run.out.contains("not read .mcp.json:1"), "{}", run.out);
    assert_eq!(
        straykey(dir.path(), &["references", "nothing-there"]).code,
        2
    );
}

#[test]
fn the_same_at_any_number_of_threads() {
    let dir = tree();
    for i in 0..30 {
        let text =
            format!("services:\n  s{i}:\n    environment:\n      KEY_TOKEN: ${{T{i}_TOKEN}}\n");
        fs::create_dir(dir.path().join(format!("d{i}"))).expect("made");
        fs::write(dir.path().join(format!("d{i}/compose.yml")), text).expect("written");
    }
    let one = straykey(dir.path(), &["references", "-f", "jsonl", "-j", "1"]).out;
    assert!(one.lines().count() > 30);
    for _ in 0..3 {
        assert_eq!(
            straykey(dir.path(), &["references", "-f", "jsonl", "-j", "4"]).out,
            one
        );
    }
}

#[test]
fn a_graph_for_graphviz() {
    let dir = tree();
    let out = straykey(dir.path(), &["references", "-f", "dot"]).out;
    assert!(out.starts_with("digraph straykey {\n") && out.ends_with("}\n"));
    assert!(out.contains("label=\"ci-job\\nci.yml/deploy\""), "{out}");
    assert!(
        out.contains("n0 -> n1 [label=\"role-to-assume\", tooltip=\".github/workflows/ci.yml:8\"]"),
        "{out}"
    );
}

/// No output has a value, whatever the form.
#[test]
fn no_output_has_a_secret() {
    let dir = tree();
    let token = secret("github.pat-classic", 12);
    let text = format!(
        "{{\"mcpServers\": {{\"a\": {{\"command\": \"npx\", \"args\": [\"x\", \"--token\", \"{token}\"], \"env\": {{\"K_TOKEN\": \"{token}\"}}}}}}}}"
    );
    fs::write(dir.path().join(".mcp.json"), text).expect("written");
    for args in [
        &["references", "-v"][..],
        &["references", "-f", "jsonl"],
        &["references", "-f", "dot"],
    ] {
        let run = straykey(dir.path(), args);
        assert!(!run.out.contains(&token) && !run.err.contains(&token));
        assert!(run.out.contains('a'));
    }
}

/// What a tree's own names hold does not drive the terminal.
#[test]
fn control_signs_are_escaped() {
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(
        dir.path().join("compose.yml"),
        "services:\n  \"a\\e[31mb\":\n    secrets: [\"x\\e]0;t\\a\", \"\\u202eq\"]\n",
    )
    .expect("written");
    for format in ["human", "jsonl", "dot"] {
        let out = straykey(dir.path(), &["references", "-f", format]).out;
        assert!(
            !out.contains(['\u{1b}', '\u{7}', '\u{202e}']),
            "{format}: {out:?}"
        );
    }
}
