//! Which files are known: by name and folder, and some by what they say of themselves.

/// What kind of file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Format {
    /// A workflow of GitHub Actions.
    GitHubWorkflow,
    /// A composite action.
    GitHubAction,
    /// GitLab CI/CD.
    GitLabCi,
    /// `CircleCI`.
    CircleCi,
    /// A pipeline of Jenkins, in Groovy.
    Jenkinsfile,
    /// Azure Pipelines.
    AzurePipelines,
    /// Bitbucket Pipelines.
    BitbucketPipelines,
    /// Manifests of Kubernetes.
    Kubernetes,
    /// A template of a Helm chart: no YAML before it is filled in.
    HelmTemplate,
    /// The values of a Helm chart.
    HelmValues,
    /// Docker Compose.
    Compose,
    /// Terraform or `OpenTofu`.
    Terraform,
    /// AWS `CloudFormation`.
    CloudFormation,
    /// A file that sops encrypts.
    Sops,
    /// A file that ansible-vault encrypts.
    AnsibleVault,
    /// `NAME=value` lines.
    DotEnv,
    /// A list of MCP servers.
    Mcp,
    /// Settings of an agent that writes code.
    AgentSettings,
    /// The configuration of Codex.
    CodexConfig,
}

impl Format {
    /// A stable word for machines.
    pub const fn word(self) -> &'static str {
        match self {
            Self::GitHubWorkflow => "github-workflow",
            Self::GitHubAction => "github-action",
            Self::GitLabCi => "gitlab-ci",
            Self::CircleCi => "circleci",
            Self::Jenkinsfile => "jenkinsfile",
            Self::AzurePipelines => "azure-pipelines",
            Self::BitbucketPipelines => "bitbucket-pipelines",
            Self::Kubernetes => "kubernetes",
            Self::HelmTemplate => "helm-template",
            Self::HelmValues => "helm-values",
            Self::Compose => "compose",
            Self::Terraform => "terraform",
            Self::CloudFormation => "cloudformation",
            Self::Sops => "sops",
            Self::AnsibleVault => "ansible-vault",
            Self::DotEnv => "dotenv",
            Self::Mcp => "mcp",
            Self::AgentSettings => "agent-settings",
            Self::CodexConfig => "codex-config",
        }
    }
}

/// Bytes from a file's start in which it says what it is.
const SAID: usize = 64 << 10;

/// Whether a file of this name may be of a kind that is known: the rest need not be read.
pub fn may_be_known(path: &str) -> bool {
    let name = name_of(path);
    by_name(path).is_some()
        || ends(
            name,
            &[
                ".yml",
                ".yaml",
                ".json",
                ".template",
                ".env",
                ".ini",
                ".enc",
                ".vault",
                ".jsonc",
                ".toml",
                ".txt",
            ],
        )
        || !name.contains('.')
}

/// What kind of file it is; `bytes` are all of it, or as much of its begin as there is.
pub fn format_of(path: &str, bytes: &[u8]) -> Option<Format> {
    let begin = &bytes[..bytes.len().min(SAID)];
    if begin.starts_with(b"$ANSIBLE_VAULT;") {
        return Some(Format::AnsibleVault);
    }
    let has = |what: &[u8]| memchr::memmem::find(begin, what).is_some();
    // Its own words stand at the end of a file.
    let whole = |what: &[u8]| memchr::memmem::find(bytes, what).is_some();
    let name = name_of(path);
    let is_yaml = ends(name, &[".yml"]) || ends(name, &[".yaml"]);
    let is_json = ends(name, &[".json"]) || ends(name, &[".template"]) || ends(name, &[".jsonc"]);
    if (is_yaml
        || is_json
        || ends(name, &[".env"])
        || ends(name, &[".ini"])
        || ends(name, &[".enc"]))
        && is_sops(&whole)
    {
        return Some(Format::Sops);
    }
    if let Some(format) = by_name(path) {
        return Some(format);
    }
    if is_yaml || is_json {
        if has(b"AWSTemplateFormatVersion") || has(b"Type: AWS::") || has(b"AWS::Serverless") {
            return Some(Format::CloudFormation);
        }
        if has(b"\"Type\"") && has(b"\"AWS::") {
            return Some(Format::CloudFormation);
        }
    }
    if is_json && (has(b"\"mcpServers\"") || has(b"\"context_servers\"")) {
        return Some(Format::Mcp);
    }
    let is_manifest = |version: &[u8], kind: &[u8]| has(version) && has(kind);
    if is_yaml && is_manifest(b"apiVersion:", b"kind:") {
        return Some(Format::Kubernetes);
    }
    if is_json && is_manifest(b"\"apiVersion\"", b"\"kind\"") {
        return Some(Format::Kubernetes);
    }
    None
}

fn is_sops(whole: &dyn Fn(&[u8]) -> bool) -> bool {
    // A block of its own with a code over all values: https://getsops.io/docs/#encryption-protocol
    let yaml = whole(b"sops:") && (whole(b"lastmodified:") || whole(b"mac:"));
    let json = whole(b"\"sops\"") && whole(b"\"mac\"");
    let flat = whole(b"sops_mac=") || (whole(b"[sops]") && whole(b"mac"));
    (yaml || json || flat) && (whole(b"ENC[") || whole(b"lastmodified"))
}

/// Whether a name ends in one of these, as it is written.
pub(super) fn ends(name: &str, ends: &[&str]) -> bool {
    ends.iter().any(|end| name.ends_with(end))
}

fn name_of(path: &str) -> &str {
    path.rsplit(['/', '!']).next().unwrap_or(path)
}

/// The folders that lead to it, the nearest last.
fn folders(path: &str) -> Vec<&str> {
    let mut all: Vec<&str> = path.split(['/', '!']).collect();
    all.pop();
    all
}

fn by_name(path: &str) -> Option<Format> {
    let name = name_of(path);
    let lower = name.to_ascii_lowercase();
    let folders = folders(path);
    let below = |last: &[&str]| folders.ends_with(last);
    let within = |folder: &str| folders.contains(&folder);
    let is_yaml = ends(&lower, &[".yml"]) || ends(&lower, &[".yaml"]);
    if is_yaml {
        let stem = lower.trim_end_matches(".yaml").trim_end_matches(".yml");
        if below(&[".github", "workflows"])
            || below(&[".gitea", "workflows"])
            || below(&[".forgejo", "workflows"])
        {
            return Some(Format::GitHubWorkflow);
        }
        if within("templates") && !within(".github") && is_chart(&folders) {
            return Some(Format::HelmTemplate);
        }
        return match stem {
            "action" => Some(Format::GitHubAction),
            ".gitlab-ci" => Some(Format::GitLabCi),
            _ if ends(stem, &[".gitlab-ci"]) || within(".gitlab") && stem.contains("ci") => {
                Some(Format::GitLabCi)
            }
            _ if below(&[".gitlab", "ci"]) => Some(Format::GitLabCi),
            "config" | "continue-config" if below(&[".circleci"]) => Some(Format::CircleCi),
            "azure-pipelines" | ".azure-pipelines" => Some(Format::AzurePipelines),
            _ if stem.starts_with("azure-pipelines")
                || within(".azure-pipelines")
                || within("azure-pipelines") =>
            {
                Some(Format::AzurePipelines)
            }
            "bitbucket-pipelines" => Some(Format::BitbucketPipelines),
            "compose" | "docker-compose" => Some(Format::Compose),
            _ if stem.starts_with("docker-compose") || stem.starts_with("compose.") => {
                Some(Format::Compose)
            }
            "values" => Some(Format::HelmValues),
            _ if stem.starts_with("values-")
                || stem.starts_with("values.")
                || stem.ends_with("-values") =>
            {
                Some(Format::HelmValues)
            }
            _ => None,
        };
    }
    if ends(&lower, &[".tf"]) || ends(&lower, &[".tofu"]) {
        return Some(Format::Terraform);
    }
    if lower == "jenkinsfile"
        || lower.starts_with("jenkinsfile.")
        || ends(&lower, &[".jenkinsfile"])
    {
        return Some(Format::Jenkinsfile);
    }
    if lower == ".env" || lower.starts_with(".env.") || ends(&lower, &[".env"]) {
        return Some(Format::DotEnv);
    }
    // Where tools that use MCP look: each tool's own documentation, listed in docs/references.md.
    match lower.as_str() {
        ".mcp.json"
        | "mcp.json"
        | "mcp_config.json"
        | "mcp-config.json"
        | "mcp_settings.json"
        | "cline_mcp_settings.json"
        | "claude_desktop_config.json"
        | ".claude.json"
        | "opencode.json"
        | "opencode.jsonc" => Some(Format::Mcp),
        "settings.json" | "settings.local.json" if below(&[".claude"]) => {
            Some(Format::AgentSettings)
        }
        "settings.json" if below(&[".gemini"]) || below(&[".zed"]) || below(&[".vscode"]) => {
            Some(Format::Mcp)
        }
        "config.toml" if below(&[".codex"]) || below(&[".vibe"]) => Some(Format::CodexConfig),
        _ => None,
    }
}

/// Whether `templates` among the folders is that of a chart: Helm's charts are all laid out alike, and other
/// folders of that name hold what they will.
fn is_chart(folders: &[&str]) -> bool {
    let at = folders.iter().rposition(|f| *f == "templates").unwrap_or(0);
    let above = &folders[..at];
    above.iter().any(|f| {
        matches!(
            *f,
            "charts" | "chart" | "helm" | "helm-charts" | "helm-chart"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_names() {
        for (path, format) in [
            (".github/workflows/ci.yml", Some(Format::GitHubWorkflow)),
            ("x/.github/workflows/ci.yaml", Some(Format::GitHubWorkflow)),
            (
                ".github/actions/build/action.yml",
                Some(Format::GitHubAction),
            ),
            (".gitlab-ci.yml", Some(Format::GitLabCi)),
            (".circleci/config.yml", Some(Format::CircleCi)),
            ("Jenkinsfile", Some(Format::Jenkinsfile)),
            ("azure-pipelines.yml", Some(Format::AzurePipelines)),
            ("bitbucket-pipelines.yml", Some(Format::BitbucketPipelines)),
            ("docker-compose.prod.yml", Some(Format::Compose)),
            ("compose.yaml", Some(Format::Compose)),
            (
                "charts/api/templates/deployment.yaml",
                Some(Format::HelmTemplate),
            ),
            ("charts/api/values.yaml", Some(Format::HelmValues)),
            ("infra/main.tf", Some(Format::Terraform)),
            (".mcp.json", Some(Format::Mcp)),
            (".cursor/mcp.json", Some(Format::Mcp)),
            (".vscode/mcp.json", Some(Format::Mcp)),
            (".claude/settings.local.json", Some(Format::AgentSettings)),
            (".codex/config.toml", Some(Format::CodexConfig)),
            (".gemini/settings.json", Some(Format::Mcp)),
            (".env.production", Some(Format::DotEnv)),
            ("config.yml", None),
            ("settings.json", None),
            ("config.toml", None),
            ("src/main.rs", None),
        ] {
            assert_eq!(format_of(path, b""), format, "{path}");
            assert!(format.is_none() || may_be_known(path), "{path}");
        }
    }

    #[test]
    fn files_are_known_by_what_they_say() {
        for (path, text, format) in [
            (
                "a.yaml",
                "apiVersion: v1\nkind: Pod\n",
                Some(Format::Kubernetes),
            ),
            (
                "a.json",
                "{\"apiVersion\": \"v1\", \"kind\": \"Pod\"}",
                Some(Format::Kubernetes),
            ),
            (
                "a.yml",
                "AWSTemplateFormatVersion: '2010-09-09'\n",
                Some(Format::CloudFormation),
            ),
            ("a.json", "{\"mcpServers\": {}}", Some(Format::Mcp)),
            (
                "a.yaml",
                "x: ENC[AES256_GCM,data:]\nsops:\n  mac: y\n",
                Some(Format::Sops),
            ),
            ("a.yaml", "a: b\n", None),
            ("a.txt", "apiVersion: v1\nkind: Pod\n", None),
            (
                "group_vars/all/vault",
                "$ANSIBLE_VAULT;1.1;AES256\n",
                Some(Format::AnsibleVault),
            ),
        ] {
            assert_eq!(format_of(path, text.as_bytes()), format, "{path}: {text}");
            assert!(format.is_none() || may_be_known(path), "{path}");
        }
    }
}
