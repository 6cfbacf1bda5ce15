//! Stored keys in jobs where an identity that lasts minutes would do, and what to write instead.
//!
//! The table is of public facts; each line has the page that says so. Whether the other side is set up for it, no
//! file of a repository tells.

use std::fmt::Write as _;

use super::rules::STATIC;
use super::sink::Sink;
use super::tree::Node;

/// A secret that a job uses.
#[derive(Clone, Copy, Debug)]
pub(super) struct Use<'a> {
    /// The variable or the input that it is given to.
    pub(super) input: &'a str,
    /// What it is called where it is kept.
    pub(super) secret: &'a str,
    /// The action that gets it, and its step.
    pub(super) action: Option<(&'a str, &'a Node)>,
    /// Where.
    pub(super) line: u64,
}

/// For each provider whose stored key is among what a job uses, the first such variable and where it
/// is used.
pub(super) fn stored_keys<'u, N: AsRef<str>>(
    used: &'u [(N, u64)],
    commands: &str,
) -> impl Iterator<Item = (&'static Provider, &'u str, u64)> {
    PROVIDERS.iter().filter_map(move |provider| {
        let is_run = provider.is_run_by(commands);
        let mut used = used.iter().map(|(name, line)| (name.as_ref(), *line));
        let (variable, line) = used.find(|(name, line)| {
            let one = Use {
                input: name,
                secret: name,
                action: None,
                line: *line,
            };
            provider.takes(&one, is_run)
        })?;
        Some((provider, variable, line))
    })
}

/// The job.
pub(super) struct Job<'a> {
    pub(super) label: &'a str,
    /// All that it runs.
    pub(super) commands: &'a str,
    pub(super) permissions: Option<&'a Node>,
    pub(super) line: u64,
}

/// One provider that takes identities of jobs.
pub(super) struct Provider {
    /// What people call it.
    pub(super) name: &'static str,
    /// Variables that hold its stored key, by convention of its own tools.
    variables: &'static [&'static str],
    /// Action, its input that takes the stored key, and an input whose presence means something else.
    inputs: &'static [(&'static str, &'static str)],
    /// It counts only if the job runs or uses one of these; nothing for always.
    only_with: &'static [&'static str],
    /// Steps to write instead, in a workflow of GitHub.
    steps: &'static str,
    /// Who says so.
    pub(super) source: &'static str,
}

/// Providers, the first that fits counts.
pub(super) static PROVIDERS: &[Provider] = &[
    Provider {
        name: "AWS",
        variables: &["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"],
        inputs: &[
            ("aws-actions/configure-aws-credentials", "aws-access-key-id"),
            (
                "aws-actions/configure-aws-credentials",
                "aws-secret-access-key",
            ),
        ],
        only_with: &[],
        steps: "- uses: aws-actions/configure-aws-credentials@{version:v5}\n  with:\n    role-to-assume: \
                arn:aws:iam::<ACCOUNT>:role/<ROLE>\n    aws-region: {with:aws-region:<REGION>}",
        source: "https://docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-aws",
    },
    Provider {
        name: "Google Cloud",
        variables: &[
            "GOOGLE_CREDENTIALS",
            "GCP_SA_KEY",
            "GCLOUD_SERVICE_KEY",
            "GOOGLE_APPLICATION_CREDENTIALS_JSON",
        ],
        inputs: &[
            ("google-github-actions/auth", "credentials_json"),
            ("google-github-actions/setup-gcloud", "service_account_key"),
        ],
        only_with: &[],
        steps: "- uses: google-github-actions/auth@{version:v3}\n  with:\n    workload_identity_provider: \
                projects/<NUMBER>/locations/global/workloadIdentityPools/<POOL>/providers/<PROVIDER>\n    \
                service_account: <NAME>@<PROJECT>.iam.gserviceaccount.com",
        source: "https://github.com/google-github-actions/auth",
    },
    Provider {
        name: "Azure",
        variables: &[
            "AZURE_CREDENTIALS",
            "AZURE_CLIENT_SECRET",
            "ARM_CLIENT_SECRET",
        ],
        inputs: &[("azure/login", "creds")],
        only_with: &[],
        steps: "- uses: azure/login@{version:v2}\n  with:\n    client-id: ${{ vars.AZURE_CLIENT_ID }}\n    tenant-id: \
                ${{ vars.AZURE_TENANT_ID }}\n    subscription-id: ${{ vars.AZURE_SUBSCRIPTION_ID }}",
        source: "https://docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-azure",
    },
    Provider {
        name: "Vault",
        variables: &["VAULT_TOKEN"],
        inputs: &[
            ("hashicorp/vault-action", "token"),
            ("hashicorp/vault-action", "secretId"),
        ],
        only_with: &[],
        steps: "- uses: hashicorp/vault-action@{version:v3}\n  with:\n    url: {with:url:<URL>}\n    method: jwt\n    role: <ROLE>",
        source: "https://github.com/hashicorp/vault-action#jwt-with-github-oidc-tokens",
    },
    Provider {
        name: "npm",
        variables: &["NPM_TOKEN", "NODE_AUTH_TOKEN", "NPM_AUTH_TOKEN"],
        inputs: &[],
        only_with: &[
            "npm publish",
            "pnpm publish",
            "semantic-release",
            "changeset publish",
            "lerna publish",
        ],
        steps: "# name this workflow as the package's trusted publisher; npm 11.5.1 or newer asks for the token itself\n\
                - run: npm publish",
        source: "https://github.com/npm/documentation/blob/main/content/packages-and-modules/securing-your-code/trusted-publishers.mdx",
    },
    Provider {
        name: "PyPI",
        variables: &["TWINE_PASSWORD", "PYPI_TOKEN", "PYPI_API_TOKEN"],
        inputs: &[("pypa/gh-action-pypi-publish", "password")],
        only_with: &[
            "gh-action-pypi-publish",
            "twine upload",
            "uv publish",
            "flit publish",
            "poetry publish",
        ],
        steps: "# name this workflow as the project's trusted publisher\n- uses: pypa/gh-action-pypi-publish@{version:release/v1}",
        source: "https://github.com/pypa/gh-action-pypi-publish#trusted-publishing",
    },
    Provider {
        name: "the registry of Rust crates",
        variables: &["CARGO_REGISTRY_TOKEN", "CRATES_TOKEN", "CRATES_IO_TOKEN"],
        inputs: &[],
        only_with: &[
            "cargo publish",
            "cargo release",
            "cargo-release",
            "release-plz",
        ],
        steps: "- uses: rust-lang/crates-io-auth-action@v1\n  id: auth\n- run: cargo publish\n  env:\n    \
                CARGO_REGISTRY_TOKEN: ${{ steps.auth.outputs.token }}",
        source: "https://github.com/rust-lang/crates-io-auth-action",
    },
    Provider {
        name: "RubyGems",
        variables: &[
            "GEM_HOST_API_KEY",
            "RUBYGEMS_API_KEY",
            "RUBYGEMS_AUTH_TOKEN",
        ],
        inputs: &[("rubygems/configure-rubygems-credentials", "api-token")],
        only_with: &["gem push", "rake release", "configure-rubygems-credentials"],
        steps: "- uses: rubygems/configure-rubygems-credentials@{version:main}",
        source: "https://github.com/rubygems/configure-rubygems-credentials",
    },
    Provider {
        name: "NuGet",
        variables: &["NUGET_API_KEY", "NUGET_TOKEN"],
        inputs: &[],
        only_with: &["nuget push"],
        steps: "- uses: NuGet/login@v1\n  id: login\n  with:\n    user: <USER>\n- run: dotnet nuget push <PACKAGE> --api-key \
                \"${{ steps.login.outputs.NUGET_API_KEY }}\"",
        source: "https://github.com/NuGet/login",
    },
    Provider {
        name: "Docker Hub",
        variables: &[],
        inputs: &[("docker/login-action", "password")],
        only_with: &[],
        steps: "- uses: docker/login-action@{version:v4}\n  env:\n    DOCKERHUB_OIDC_CONNECTIONID: ${{ \
                vars.DOCKERHUB_OIDC_CONNECTIONID }}\n  with:\n    username: <ORGANISATION>",
        source: "https://github.com/docker/login-action",
    },
    Provider {
        name: "OpenAI",
        variables: &["OPENAI_API_KEY"],
        inputs: &[],
        only_with: &[],
        steps: "# the job exchanges its token for one of OpenAI: see the page",
        source: "https://developers.openai.com/api/docs/guides/workload-identity-federation/github-actions",
    },
    Provider {
        name: "Anthropic",
        variables: &["ANTHROPIC_API_KEY"],
        inputs: &[("anthropics/claude-code-action", "anthropic_api_key")],
        only_with: &[],
        steps: "# the job exchanges its token for one of Anthropic: see the page",
        source: "https://platform.claude.com/docs/en/manage-claude/wif-providers/github-actions",
    },
];

impl Provider {
    /// Whether a job with these commands may have to do with it at all.
    pub(super) fn is_run_by(&self, commands: &str) -> bool {
        self.only_with.is_empty() || self.only_with.iter().any(|what| commands.contains(what))
    }

    /// Whether a secret that a job uses is this provider's stored key.
    pub(super) fn takes(&self, one: &Use<'_>, is_run: bool) -> bool {
        let action = one.action.map(|(action, _)| action);
        let name = action.map(|a| a.split('@').next().unwrap_or(a));
        let by_input = self.inputs.iter().any(|(a, input)| {
            name.is_some_and(|n| n.eq_ignore_ascii_case(a)) && one.input.eq_ignore_ascii_case(input)
        });
        let by_name = self.variables.contains(&one.input);
        let is_used = || {
            let mut words = self.only_with.iter();
            is_run || words.any(|what| action.is_some_and(|a| a.contains(what)))
        };
        (by_input && is_its_own(self, one)) || (by_name && is_used())
    }
}

/// An action that logs in to any registry logs in to Docker Hub only if no other is named.
fn is_its_own(provider: &Provider, one: &Use<'_>) -> bool {
    if provider.name != "Docker Hub" {
        return true;
    }
    let registry = one
        .action
        .and_then(|(_, step)| step.at(&["with", "registry"]));
    registry
        .and_then(Node::text)
        .is_none_or(|r| matches!(r, "" | "docker.io" | "index.docker.io"))
}

/// Says of each provider's stored key in a job of GitHub that the job could do without, and how.
pub(super) fn judge(job: &Job<'_>, uses: &[Use<'_>], sink: &mut Sink<'_>) {
    for provider in PROVIDERS {
        let is_run = provider.is_run_by(job.commands);
        let of_it = uses.iter().filter(|u| provider.takes(u, is_run));
        let of_it: Vec<_> = of_it.collect();
        let Some(first) = of_it.first() else { continue };
        let mut names: Vec<_> = of_it.iter().map(|u| u.secret).collect();
        names.sort_unstable();
        names.dedup();
        let names = super::shown(&names.join(", ")).into_owned();
        let what = format!(
            "{} uses {names}, a stored key of {}",
            job.label, provider.name
        );
        let step = of_it.iter().find_map(|u| u.action);
        let instead = format!(
            "{}{}# {}",
            permissions(job.permissions),
            indented(&filled(provider.steps, step)),
            provider.source
        );
        let line = if first.line == 0 {
            job.line
        } else {
            first.line
        };
        sink.observe_instead(&STATIC, job.label, line, what, Some(instead));
    }
}

/// The steps with what the step that is there has, if it is of the same action: its version, its inputs.
fn filled(steps: &str, there: Option<(&str, &Node)>) -> String {
    let there = there.and_then(|(action, step)| {
        let (name, version) = action.split_once('@')?;
        let is_it = steps.contains(&format!("uses: {name}@"));
        is_it.then_some((version, step))
    });
    let mut out = String::new();
    let mut rest = steps;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((inside, behind)) = after.split_once('}') else {
            break;
        };
        match inside.split_once(':') {
            Some(("version", other)) => {
                let version = there.map_or(other, |(version, _)| version);
                out.push_str(&super::shown::version(version));
            }
            Some(("with", named)) => {
                let (name, other) = named.split_once(':').unwrap_or((named, ""));
                let given = there.and_then(|(_, step)| step.at(&["with", name])?.text());
                out.push_str(&super::shown(given.unwrap_or(other)));
            }
            _ => {
                out.push('{');
                out.push_str(inside);
                out.push('}');
            }
        }
        rest = behind;
    }
    out.push_str(rest);
    out
}

fn indented(steps: &str) -> String {
    let mut out = String::from("steps:\n");
    for line in steps.lines() {
        out.push_str("  ");
        out.push_str(line);
        out.push('\n');
    }
    out
}

/// The permissions that a job has, and the one to ask for a token.
pub(super) fn permissions(has: Option<&Node>) -> String {
    let mut out = String::from("permissions:\n  id-token: write\n");
    let mut others = 0;
    for entry in has.map(Node::entries).unwrap_or_default() {
        let (Some(level), false) = (entry.node.text(), entry.key == "id-token") else {
            continue;
        };
        others += 1;
        let (name, level) = (super::shown(&entry.key), super::shown(level));
        let _ = writeln!(out, "  {name}: {level}");
    }
    if others == 0 {
        out.push_str("  contents: read\n");
    }
    out
}
