use straykey::inventory::references::{Found, shared};

use crate::common::secret;
use crate::{edges, observations, references, told};

/// VS Code's form, with comments: <https://code.visualstudio.com/docs/copilot/reference/mcp-configuration>
#[test]
fn servers_that_name_what_they_need() {
    let text = r#"{
  // asked for once
  "inputs": [{"type": "promptString", "id": "perplexity-key", "password": true}],
  "servers": {
    "perplexity": {
      "command": "npx",
      "args": ["-y", "server-perplexity-ask@1.0.3"],
      "env": {"PERPLEXITY_API_KEY": "${input:perplexity-key}"}
    },
    "remote": {
      "type": "http",
      "url": "https://mcp.example.net/mcp",
      "headers": {"Authorization": "Bearer ${env:REMOTE_TOKEN}", "Accept": "x"},
    },
    "local": {"url": "http://127.0.0.1:8080/mcp"}
  }
}"#;
    let found = told(".vscode/mcp.json", text);
    assert_eq!(
        references(&found),
        [
            "8 mcp-input perplexity-key > PERPLEXITY_API_KEY @ perplexity",
            "13 environment REMOTE_TOKEN > Authorization @ remote",
        ]
    );
    assert_eq!(observations(&found), Vec::<String>::new());
    assert_eq!(
        edges(&found),
        [
            "7 mcp-server perplexity > package server-perplexity-ask : npx",
            "8 mcp-server perplexity > mcp-input perplexity-key : PERPLEXITY_API_KEY",
            "12 mcp-server remote > host mcp.example.net : url",
            "13 mcp-server remote > environment REMOTE_TOKEN : Authorization",
            "15 mcp-server local > host 127.0.0.1:8080 : url",
        ]
    );
}

#[test]
fn servers_that_hold_credentials() {
    let token = secret("github.pat-classic", 5);
    let text = format!(
        r#"{{"mcpServers": {{
  "github": {{
    "command": "npx",
    "args": ["-y", "@modelcontextprotocol/server-github"],
    "env": {{"GITHUB_PERSONAL_ACCESS_TOKEN": "{token}"}}
  }},
  "mirror": {{
    "command": "docker",
    "args": ["run", "-i", "-e", "TOKEN={token}", "ghcr.io/acme/mirror:latest"]
  }},
  "search": {{"url": "http://mcp.example.net/sse?api_key={finds}"}},
  "db": {{"command": "uvx", "args": ["postgres-mcp==0.3.0", "postgresql://app:{opens}@db/x"]}},
  "mine": {{"command": "node", "args": ["./x.js"], "env": {{"API_KEY": "<YOUR_API_KEY>", "PORT": "8080"}}}}
}}}}"#,
        opens = "h7Tq2vW9",
        finds = "k4Tq81Zx",
    );
    let found = told(".cursor/mcp.json", &text);
    assert_eq!(
        observations(&found),
        [
            "4 mcp.unpinned-package github",
            "5 mcp.literal-credential github",
            "5 mcp.shared-credential github, mirror",
            "9 mcp.literal-credential mirror",
            "9 mcp.unpinned-package mirror",
            "11 mcp.literal-credential search",
            "11 mcp.plain-http search",
            "12 mcp.literal-credential db",
        ]
    );
    let all = format!("{found:?}");
    for value in [token.as_str(), "k4Tq81Zx", "h7Tq2vW9"] {
        assert!(!all.contains(value));
    }
}

/// <https://developers.openai.com/codex/mcp>
#[test]
fn codex() {
    let text = "[mcp_servers.figma]\nurl = \"https://mcp.example.net/mcp\"\nbearer_token_env_var = \"FIGMA_OAUTH_TOKEN\"\n\
                env_http_headers = { \"X-Key\" = \"OTHER_KEY\" }\n\n[mcp_servers.local]\ncommand = \"npx\"\nargs = [\"-y\", \"x\"]\n\
                env_vars = [\"LOCAL_TOKEN\"]\n\n[model_providers.azure]\nenv_key = \"AZURE_OPENAI_API_KEY\"\n";
    let found = told(".codex/config.toml", text);
    assert_eq!(
        references(&found),
        [
            "3 environment FIGMA_OAUTH_TOKEN > Authorization @ figma",
            "4 environment OTHER_KEY > X-Key @ figma",
            "9 environment LOCAL_TOKEN @ local",
            "12 environment AZURE_OPENAI_API_KEY > azure @ .codex/config.toml",
        ]
    );
    assert_eq!(observations(&found), ["8 mcp.unpinned-package local"]);
}

/// <https://docs.anthropic.com/en/docs/claude-code/settings>
#[test]
fn settings_of_an_agent() {
    let token = secret("github.pat-classic", 6);
    let text = format!(
        "{{\n  \"env\": {{\"API_TOKEN\": \"{token}\", \"MODE\": \"fast\"}},\n  \"permissions\": {{\n    \"allow\": [\n      \"Bash(npm test:*)\",\n      \
         \"Bash(curl -H \\\"Authorization: Bearer {token}\\\" https://x)\",\n      \"Bash(TOKEN=$TOKEN make)\"\n    ]\n  }}\n}}"
    );
    let found = told(".claude/settings.local.json", &text);
    assert_eq!(
        observations(&found),
        [
            "2 agent.literal-credential .claude/settings.local.json",
            "6 agent.permission-secret .claude/settings.local.json",
        ]
    );
    assert!(!format!("{found:?}").contains(&token));
}

#[test]
fn one_credential_over_the_files_of_several_agents() {
    let server = |name: &str, variable: &str| {
        format!(
            "{{\"mcpServers\": {{\"{name}\": {{\"command\": \"x\", \"env\": {{\"TOKEN\": \"${{{variable}}}\"}}}}}}}}"
        )
    };
    let mut all = Found::default();
    all.merge(told(".mcp.json", &server("a", "ONE_TOKEN")));
    all.merge(told(".cursor/mcp.json", &server("a", "ONE_TOKEN")));
    assert_eq!(shared(&all), [], "one server in two files is one server");
    all.merge(told(".gemini/settings.json", &server("b", "ONE_TOKEN")));
    all.merge(told("x/mcp.json", &server("c", "OTHER_TOKEN")));
    let seen = shared(&all);
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].rule.id, "mcp.shared-credential");
    assert_eq!(seen[0].subject, "a, b");
}
