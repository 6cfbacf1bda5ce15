use std::fmt::Write as _;

use straykey::inventory::references::{FILE_BYTES, TOLD, read};

/// Files that every reader is given; names that choose it.
const PATHS: &[&str] = &[
    ".github/workflows/a.yml",
    "action.yml",
    ".gitlab-ci.yml",
    ".circleci/config.yml",
    "Jenkinsfile",
    "azure-pipelines.yml",
    "bitbucket-pipelines.yml",
    "charts/x/templates/a.yaml",
    "charts/x/values.yaml",
    "compose.yml",
    "main.tf",
    ".env",
    ".mcp.json",
    ".claude/settings.json",
    ".codex/config.toml",
];

/// Whatever a file has, its reader comes back and tells what it could not read.
#[test]
fn every_reader_survives_what_is_no_such_file() {
    let deep = "[".repeat(200_000);
    let nested = "{\"a\":".repeat(100_000);
    let indented: Vec<String> = (0..2_000)
        .map(|i| format!("{}a:\n", " ".repeat(i)))
        .collect();
    let texts: Vec<Vec<u8>> = vec![
        b"".to_vec(),
        b"\xff\xfe\x00\x01".to_vec(),
        b"\0\0\0\0".to_vec(),
        deep.into_bytes(),
        nested.into_bytes(),
        indented.concat().into_bytes(),
        b"on: &a [*a]\njobs: *a\n".to_vec(),
        b"jobs: {a: {steps: [{uses: 1, with: x}]}}".to_vec(),
        b"jobs: [1, 2]\nservices: x\n? {a: b}\n: c\n".to_vec(),
        b"resource \"a\" {\n".to_vec(),
        "a = \"${\"${\"${\"".repeat(5_000).into_bytes(),
        b"{\"mcpServers\": {\"a\": {\"command\": [], \"args\": {}, \"url\": 1, \"env\": [1]}}}"
            .to_vec(),
        b"${{ secrets. }} ${{ secrets[ }} ${{ secrets['".to_vec(),
        "$".repeat(100_000).into_bytes(),
        "\u{e4}\u{1f511}".repeat(10_000).into_bytes(),
        b"mcp_servers = 1\nmodel_providers = []\n".to_vec(),
        // What begins again and again, and never ends: each would take hours if it were looked at to the end.
        format!("a: {}\n", "projects/secrets/".repeat(20_000)).into_bytes(),
        format!("a: {}\n", "vault read ".repeat(30_000)).into_bytes(),
        format!(
            "jobs: {{a: {{env: {{b: \"${{{{ {} }}}}\"}}}}}}\n",
            "secrets ".repeat(40_000)
        )
        .into_bytes(),
        format!("a: x {}\n", "$(".repeat(100_000)).into_bytes(),
        format!("x {}\n", "credentialsId:'a' ".repeat(20_000)).into_bytes(),
        format!(
            "{{\"servers\": {{\"a\": {{\"env\": {{\"K_TOKEN\": \"{}\"}}}}}}}}",
            "${env:".repeat(50_000)
        )
        .into_bytes(),
    ];
    for path in PATHS {
        for text in &texts {
            let found = read(path, text);
            assert!(found.observations.len() <= TOLD, "{path}");
        }
        let not_text = read(path, b"a: b\n\xff\n");
        assert_eq!(not_text.unread.len(), 1, "{path}");
        assert_eq!(not_text.unread[0].place.line, 2, "{path}");
    }
    for (path, text) in [
        (".github/workflows/a.yml", "jobs: [\n"),
        ("main.tf", "resource \"a\" {\n"),
        (".mcp.json", "{\"mcpServers\": "),
        (".codex/config.toml", "a = \n"),
    ] {
        let found = read(path, text.as_bytes());
        assert_eq!(found.unread.len(), 1, "{path}");
    }
}

#[test]
fn what_is_too_much_is_said() {
    let big = vec![b' '; FILE_BYTES + 1];
    let found = read("main.tf", &big);
    assert!(found.unread[0].why.contains("more than 4 MiB"));
    let steps: Vec<String> = (0..TOLD + 5)
        .map(|i| format!("          A{i}: ${{{{ secrets.S{i} }}}}\n"))
        .collect();
    let steps = steps.concat();
    let text = format!("jobs:\n  a:\n    steps:\n      - run: x\n        env:\n{steps}");
    let found = read(".github/workflows/a.yml", text.as_bytes());
    assert_eq!(found.references.len(), TOLD);
    assert_eq!(found.unread.len(), 1);
    assert_eq!(found.unread[0].place.line, 6 + TOLD as u64);
}

#[test]
fn aliases_cannot_stand_for_billions_of_secrets() {
    let mut text = String::from("on: push\nx0: &x0 [\"${{ secrets.A }}\"]\n");
    for i in 1..20 {
        let before = format!("*x{}, ", i - 1).repeat(10);
        writeln!(text, "x{i}: &x{i} [{before}]").expect("written");
    }
    let found = read(".github/workflows/a.yml", text.as_bytes());
    assert!(found.unread[0].why.contains("aliases"));
}

/// Names of everything, in every place that a name can have.
#[test]
fn a_token_where_a_name_should_be_is_not_told() {
    let token = crate::common::secret("github.pat-classic", 9);
    for (path, text) in [
        (
            ".github/workflows/a.yml",
            format!(
                "jobs:\n  {token}:\n    env:\n      {token}: ${{{{ secrets.{token} }}}}\n    steps:\n      - uses: {token}/x@{token}\n        with: {{role-to-assume: {token}}}\n"
            ),
        ),
        (
            ".mcp.json",
            format!(
                "{{\"mcpServers\": {{\"{token}\": {{\"url\": \"http://{token}.example.net/{token}\", \"env\": {{\"{token}_KEY\": \"${{{token}}}\"}}}}}}}}"
            ),
        ),
        (
            "compose.yml",
            format!(
                "services:\n  {token}:\n    environment:\n      - {token}\n      - PASSWORD={token}\n    secrets: [{token}]\n"
            ),
        ),
        (
            "main.tf",
            format!(
                "resource \"aws_iam_role\" \"x\" {{\n  name = \"{token}\"\n  managed_policy_arns = [\"{token}\"]\n}}\nvariable \"{token}\" {{\n  sensitive = true\n  default = \"{token}\"\n}}\n"
            ),
        ),
        (
            "a.yaml",
            format!(
                "apiVersion: v1\nkind: Pod\nmetadata: {{name: {token}}}\nspec:\n  x: {{secretKeyRef: {{name: {token}, key: {token}}}}}\n"
            ),
        ),
        (".env", format!("{token}=op://{token}/{token}/{token}\n")),
        ("Jenkinsfile", format!("x = credentials('{token}')\n")),
    ] {
        let found = read(path, text.as_bytes());
        assert_eq!(found.unread, [], "{path}");
        assert!(!format!("{found:?}").contains(&token), "{path}");
    }
}
