//! References: places that name a credential which is kept elsewhere, and what is declared around them.
//!
//! [`read`] is a pure function of one file's path and bytes. It tells
//!
//! * references: `${{ secrets.X }}`, `secretKeyRef`, a path of Vault. They are no leak;
//! * identities that a file declares: service accounts, roles, users, trusts, with what is granted to them;
//! * edges, from a job to the role it takes and to the third party that gets its secret;
//! * observations: what about them is worth a person's look, each with the rule that says so.
//!
//! Names only, never a value: what stands where a value may stand is not told, and a name that looks like a
//! token is cut (`shown`). Files are anybody's: depth, values, things told of a file and its size are bounded;
//! what looks like a file that is known here and cannot be read is told as [`Unread`].
//!
//! Absent on purpose: whatever would need a look at the system that keeps the credential (does it exist, how
//! old is it), and files that no format here knows.

mod bitbucket;
mod chains;
mod circleci;
mod cloudformation;
mod compose;
mod expressions;
mod federation;
mod format;
mod github;
mod gitlab;
mod grants;
mod helm;
mod jenkins;
mod kubernetes;
mod listing;
mod mcp;
mod mcp_command;
mod mcp_value;
mod pipelines;
mod policy;
mod rules;
mod shared;
mod shell;
mod shown;
mod sink;
mod sops;
mod terraform;
mod terraform_google;
mod tree;
mod uris;

#[cfg(test)]
mod tests;

pub use chains::{Chain, chains};
pub use format::{Format, format_of, may_be_known};
pub use listing::Listing;
pub use rules::{RULES, Rule};
pub use shared::shared;
pub use shown::shown;

use crate::base::limits;
use sink::Sink;

/// Bytes of one file that are read. A workflow or a template has some KiB.
pub const FILE_BYTES: usize = limits::CHUNK_BYTES;

/// References, identities, edges and observations that are told of one file, each.
pub const TOLD: usize = 10_000;

/// What a file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Credentials that are named, and kept elsewhere.
    pub references: Vec<Reference>,
    /// Identities that are declared.
    pub identities: Vec<Identity>,
    /// Who takes what, and gives it to whom.
    pub edges: Vec<Edge>,
    /// What is worth a look.
    pub observations: Vec<Observation>,
    /// What was not read, and why.
    pub unread: Vec<Unread>,
}

impl Found {
    /// Adds what another file says.
    pub fn merge(&mut self, other: Self) {
        self.references.extend(other.references);
        self.identities.extend(other.identities);
        self.edges.extend(other.edges);
        self.observations.extend(other.observations);
        self.unread.extend(other.unread);
    }

    /// Puts all in order of place, and takes away what is told twice.
    pub fn sort(&mut self) {
        fn tidy<T: Ord>(all: &mut Vec<T>) {
            all.sort();
            all.dedup();
        }
        tidy(&mut self.references);
        tidy(&mut self.identities);
        tidy(&mut self.edges);
        tidy(&mut self.observations);
        tidy(&mut self.unread);
    }
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The file, as reports show paths.
    pub path: String,
    /// Its line, from 1.
    pub line: u64,
}

/// Where a credential is kept that a file names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Kept {
    /// A secret of a GitHub repository, organisation or environment.
    GitHubSecret,
    /// A CI/CD variable of a GitLab project or group.
    GitLabVariable,
    /// A context of `CircleCI`.
    CircleContext,
    /// The credentials store of Jenkins.
    JenkinsCredential,
    /// A variable group, or a secret variable, of Azure Pipelines.
    AzurePipelineVariable,
    /// A service connection of Azure Pipelines.
    AzureServiceConnection,
    /// A secured variable of Bitbucket.
    BitbucketVariable,
    /// A Secret of Kubernetes.
    KubernetesSecret,
    /// A secret manager behind an `ExternalSecret`; which one, its store says.
    ExternalSecret,
    /// A `SealedSecret`: encrypted in the file, for one cluster.
    SealedSecret,
    /// `HashiCorp` Vault or `OpenBao`.
    Vault,
    /// AWS Secrets Manager.
    AwsSecretsManager,
    /// The parameter store of AWS Systems Manager.
    AwsParameterStore,
    /// Google Cloud Secret Manager.
    GcpSecretManager,
    /// Azure Key Vault.
    AzureKeyVault,
    /// Encrypted in the file, by sops.
    Sops,
    /// Encrypted in the file, by ansible-vault.
    AnsibleVault,
    /// A sensitive variable of Terraform: given from outside.
    TerraformVariable,
    /// A parameter of `CloudFormation` that is not shown: given from outside.
    StackParameter,
    /// A secret of Docker Compose.
    ComposeSecret,
    /// 1Password.
    OnePassword,
    /// What a person is asked for when an MCP server starts.
    McpInput,
    /// An environment variable, set from outside.
    Environment,
    /// A file that is not in the repository.
    File,
}

impl Kept {
    /// A stable word for machines.
    pub const fn word(self) -> &'static str {
        match self {
            Self::GitHubSecret => "github-secret",
            Self::GitLabVariable => "gitlab-variable",
            Self::CircleContext => "circleci-context",
            Self::JenkinsCredential => "jenkins-credential",
            Self::AzurePipelineVariable => "azure-pipelines-variable",
            Self::AzureServiceConnection => "azure-service-connection",
            Self::BitbucketVariable => "bitbucket-variable",
            Self::KubernetesSecret => "kubernetes-secret",
            Self::ExternalSecret => "external-secret",
            Self::SealedSecret => "sealed-secret",
            Self::Vault => "vault",
            Self::AwsSecretsManager => "aws-secrets-manager",
            Self::AwsParameterStore => "aws-parameter-store",
            Self::GcpSecretManager => "gcp-secret-manager",
            Self::AzureKeyVault => "azure-key-vault",
            Self::Sops => "sops",
            Self::AnsibleVault => "ansible-vault",
            Self::TerraformVariable => "terraform-variable",
            Self::StackParameter => "cloudformation-parameter",
            Self::ComposeSecret => "compose-secret",
            Self::OnePassword => "1password",
            Self::McpInput => "mcp-input",
            Self::Environment => "environment",
            Self::File => "file",
        }
    }
}

/// A place that names a credential which is kept elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference {
    /// Where it is named.
    pub place: Place,
    /// Where it is kept.
    pub kept: Kept,
    /// What it is called there: `NPM_TOKEN`, `db-credentials/password`, `secret/data/app#key`.
    pub name: String,
    /// What kind of file names it.
    pub format: Format,
    /// What uses it.
    pub workload: Option<Workload>,
    /// The environment that the file itself says: GitHub's `environment`, a namespace. Guesses from paths and
    /// names are made elsewhere.
    pub environment: Option<String>,
    /// What it is given to there: a variable, an input of an action.
    pub used_as: Option<String>,
}

/// What uses a credential: the nearest thing that is deployed or run by itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Workload {
    /// What it is.
    pub kind: WorkloadKind,
    /// What its file calls it.
    pub name: String,
}

/// What a workload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum WorkloadKind {
    /// A job of continuous integration.
    Job,
    /// A composite action.
    Action,
    /// A workload of Kubernetes: `Deployment/api`.
    Kubernetes,
    /// A service of Docker Compose.
    ComposeService,
    /// A module of Terraform: its folder.
    Terraform,
    /// A stack of `CloudFormation`: its file.
    Stack,
    /// An MCP server.
    McpServer,
    /// An agent that writes code, and its settings.
    Agent,
}

impl WorkloadKind {
    /// A stable word for machines.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Job => "ci-job",
            Self::Action => "action",
            Self::Kubernetes => "kubernetes",
            Self::ComposeService => "compose-service",
            Self::Terraform => "terraform-module",
            Self::Stack => "cloudformation-stack",
            Self::McpServer => "mcp-server",
            Self::Agent => "agent",
        }
    }
}

/// An identity that a file declares.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity {
    /// Where it is declared.
    pub place: Place,
    /// What it is.
    pub kind: IdentityKind,
    /// What its file calls it.
    pub name: String,
    /// What kind of file declares it.
    pub format: Format,
    /// What is granted to it, there.
    pub grants: Vec<Grant>,
    /// Who may take it, from outside.
    pub trusts: Vec<Trust>,
}

/// What an identity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum IdentityKind {
    /// A `ServiceAccount` of Kubernetes.
    KubernetesServiceAccount,
    /// A user of AWS IAM: the kind that has access keys.
    AwsUser,
    /// A role of AWS IAM.
    AwsRole,
    /// An access key of AWS IAM, made by a template: its secret is in the state.
    AwsAccessKey,
    /// A provider of identities that AWS IAM trusts.
    AwsOidcProvider,
    /// A service account of Google Cloud.
    GcpServiceAccount,
    /// A key of one, made by a template: it is in the state.
    GcpServiceAccountKey,
    /// A provider of identities that Google Cloud trusts.
    GcpIdentityProvider,
    /// An application or service principal of Entra.
    AzureApplication,
    /// A managed identity of Azure.
    AzureManagedIdentity,
    /// A secret of an application of Entra, made by a template: it is in the state.
    AzureClientSecret,
    /// Who may take an identity of Azure, from outside.
    AzureFederatedCredential,
    /// A deploy key of a repository.
    DeployKey,
    /// A role of Vault that tokens of others can take.
    VaultRole,
}

impl IdentityKind {
    /// A stable word for machines.
    pub const fn word(self) -> &'static str {
        match self {
            Self::KubernetesServiceAccount => "kubernetes-service-account",
            Self::AwsUser => "aws-iam-user",
            Self::AwsRole => "aws-iam-role",
            Self::AwsAccessKey => "aws-access-key",
            Self::AwsOidcProvider => "aws-oidc-provider",
            Self::GcpServiceAccount => "gcp-service-account",
            Self::GcpServiceAccountKey => "gcp-service-account-key",
            Self::GcpIdentityProvider => "gcp-identity-provider",
            Self::AzureApplication => "azure-application",
            Self::AzureManagedIdentity => "azure-managed-identity",
            Self::AzureClientSecret => "azure-client-secret",
            Self::AzureFederatedCredential => "azure-federated-credential",
            Self::DeployKey => "deploy-key",
            Self::VaultRole => "vault-role",
        }
    }
}

/// Something that is granted to an identity.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Grant {
    /// A policy's name, a role, or an action.
    pub name: String,
    /// Whether it is all there is, or nearly: `AdministratorAccess`, `roles/owner`, `*` on `*`.
    pub is_admin: bool,
}

/// Who may take an identity, without a credential of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Trust {
    /// Who says who it is: the issuer's host, or its ARN; as the file has it.
    pub issuer: String,
    /// What the subject must be, as patterns; none if nothing is asked of it.
    pub subjects: Vec<String>,
    /// Whether a token of the issuer is all that it takes; else whoever takes it has a credential there.
    pub by_token: bool,
    /// Whether `*` and `?` in the subjects stand for anything.
    pub is_pattern: bool,
    /// What the audience must be; none if nothing is asked of it.
    pub audiences: Vec<String>,
    /// The line that says so.
    pub line: u64,
}

/// One end of an edge.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Thing {
    /// What it is.
    pub kind: ThingKind,
    /// Its name, the same wherever it is named.
    pub name: String,
}

/// What one end of an edge is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ThingKind {
    /// What uses credentials.
    Workload(WorkloadKind),
    /// A credential that is kept elsewhere.
    Secret(Kept),
    /// An identity.
    Identity(IdentityKind),
    /// Somebody else's action, reusable workflow, orb or image.
    ThirdParty,
    /// A reusable workflow of the same repository.
    Workflow,
    /// What issues identities to jobs, clusters, clouds.
    Issuer,
    /// A host on the network.
    Host,
    /// A package that is fetched and run.
    Package,
}

impl ThingKind {
    /// A stable word for machines.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Workload(kind) => kind.word(),
            Self::Secret(kept) => kept.word(),
            Self::Identity(kind) => kind.word(),
            Self::ThirdParty => "third-party",
            Self::Workflow => "workflow",
            Self::Issuer => "issuer",
            Self::Host => "host",
            Self::Package => "package",
        }
    }
}

/// Who takes what, or gives it to whom.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Edge {
    /// Where that is written.
    pub place: Place,
    /// From here.
    pub from: Thing,
    /// To there.
    pub to: Thing,
    /// By what: `role-to-assume`, `secrets: inherit`.
    pub via: String,
}

/// What about a reference or an identity is worth a look.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Observation {
    /// Where.
    pub place: Place,
    /// Which rule says so.
    pub rule: &'static Rule,
    /// What it is about: a job, a role, a server.
    pub subject: String,
    /// What was seen, in a sentence.
    pub what: String,
    /// What to write instead, for this very file; lines.
    pub instead: Option<String>,
}

/// What was not read, and why.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Unread {
    /// Where it ended.
    pub place: Place,
    /// What kind of file it looks like.
    pub format: Format,
    /// Why.
    pub why: String,
}

/// What a file says. Nothing, if no format here knows such a file.
///
/// `path` is as reports show it; its name and its folders say, with the first bytes, what kind of file it is.
pub fn read(path: &str, bytes: &[u8]) -> Found {
    let Some(format) = format_of(path, bytes) else {
        return Found::default();
    };
    let mut sink = Sink::new(path, format);
    if bytes.len() > FILE_BYTES {
        let why = format!("it has more than {} MiB", FILE_BYTES >> 20);
        sink.unread(1, why);
        return sink.finish();
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => read_text(format, text, &mut sink),
        Err(error) => {
            let line = 1 + memchr::memchr_iter(b'\n', &bytes[..error.valid_up_to()]).count();
            sink.unread(line as u64, "it is not UTF-8".to_owned());
        }
    }
    sink.finish()
}

fn read_text(format: Format, text: &str, sink: &mut Sink<'_>) {
    let done = match format {
        Format::GitHubWorkflow | Format::GitHubAction => github::read(format, text, sink),
        Format::GitLabCi => gitlab::read(text, sink),
        Format::CircleCi => circleci::read(text, sink),
        Format::Jenkinsfile => {
            jenkins::read(text, sink);
            Ok(())
        }
        Format::AzurePipelines => pipelines::read(text, sink),
        Format::BitbucketPipelines => bitbucket::read(text, sink),
        Format::Kubernetes => kubernetes::read(text, sink),
        Format::HelmTemplate => {
            helm::read(text, sink);
            Ok(())
        }
        Format::HelmValues => helm::values(text, sink),
        Format::Compose => compose::read(text, sink),
        Format::Terraform => terraform::read(text, sink),
        Format::CloudFormation => cloudformation::read(text, sink),
        Format::Sops => sops::read(text, sink),
        Format::AnsibleVault => {
            sink.reference(Kept::AnsibleVault, "the whole file", 1);
            Ok(())
        }
        Format::DotEnv => {
            uris::dotenv(text, sink);
            Ok(())
        }
        Format::Mcp | Format::AgentSettings | Format::CodexConfig => mcp::read(format, text, sink),
    };
    let Err(wrong) = done else { return };
    // Files of Kubernetes are often made by a template, wherever they lie.
    let is_template = text.contains("{{") || text.contains("{%");
    if is_template && matches!(format, Format::Kubernetes | Format::HelmValues) {
        helm::read(text, sink);
    } else {
        sink.unread(wrong.line, wrong.why);
    }
}
