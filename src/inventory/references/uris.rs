//! Names of secrets that have a form of their own, wherever they stand: URIs, ARNs, dynamic references.
//!
//! * 1Password: <https://developer.1password.com/docs/cli/secret-reference-syntax/>
//! * AWS: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html>
//! * Google Cloud: <https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets>
//! * Azure: <https://learn.microsoft.com/en-us/azure/app-service/app-service-key-vault-references>
//! * Vault, injected: <https://bank-vaults.dev/docs/mutating-webhook/>
//! * vals: <https://github.com/helmfile/vals>

use std::cell::Cell;

use super::Kept;
use super::shell;
use super::sink::Sink;
use super::tree::Node;

/// The lines of a file, to find again on which of them a name stands.
pub(super) struct Source<'a> {
    lines: Vec<&'a str>,
    /// Bytes that may still be looked through: who looks for ten thousand names in a long file is told where
    /// their values begin.
    left: Cell<usize>,
}

/// Bytes that are looked through for the places of names, of one file.
const LOOKED: usize = 256 << 20;

/// How far below a value's begin a name in it is looked for.
const LINES: usize = 2_000;

impl<'a> Source<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self {
            lines: text.lines().collect(),
            left: Cell::new(LOOKED),
        }
    }

    /// The first line from `from` on that has `what`; `from` if none does.
    pub(super) fn line_of(&self, what: &str, from: u64) -> u64 {
        let start = (from.max(1) - 1) as usize;
        for (at, line) in self.lines.iter().enumerate().skip(start).take(LINES) {
            let Some(left) = self.left.get().checked_sub(line.len()) else {
                break;
            };
            self.left.set(left);
            if line.contains(what) {
                return at as u64 + 1;
            }
        }
        from
    }
}

/// All that the texts of a tree name.
pub(super) fn tree(document: &Node, source: &Source<'_>, sink: &mut Sink<'_>) {
    document.texts(&mut |key, node| {
        let text = node.text().unwrap_or_default();
        each(text, &mut |kept, name, raw| {
            let line = source.line_of(raw, node.line);
            let used_as = (!key.is_empty()).then_some(key);
            sink.reference_as(kept, name, line, used_as);
        });
    });
}

/// All that one text names: where it is kept, its name, and the words by which its line is found.
pub(super) fn each<'a>(text: &'a str, tell: &mut dyn FnMut(Kept, &str, &'a str)) {
    for (mark, read) in FORMS {
        // What a form holds is not looked at again for the same form.
        let mut next = 0;
        for (at, _) in text.match_indices(mark) {
            if at < next {
                continue;
            }
            let before = text[..at].chars().next_back();
            if before.is_some_and(|c| c.is_ascii_alphanumeric()) {
                continue;
            }
            let whole = word(&text[at..]);
            next = at + whole.len();
            if let Some((kept, name)) = read(whole.trim_end_matches(['.', ','])) {
                tell(kept, &name, whole);
            }
        }
    }
    shell::commands(text, tell);
}

/// `NAME=value` lines: values that name a secret elsewhere.
pub(super) fn dotenv(text: &str, sink: &mut Sink<'_>) {
    for (at, line) in text.lines().enumerate() {
        let line = line.trim_start();
        if line.starts_with('#') {
            continue;
        }
        let Some((name, value)) = line.split_once('=') else {
            continue;
        };
        let name = name.trim().trim_start_matches("export ").to_owned();
        let is_name = name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'.');
        each(value, &mut |kept, secret, _| {
            let used_as = is_name.then_some(name.as_str());
            sink.reference_as(kept, secret, at as u64 + 1, used_as);
        });
    }
}

type Read = fn(&str) -> Option<(Kept, String)>;

/// How each form begins, and what it says.
const FORMS: &[(&str, Read)] = &[
    ("op://", |uri| {
        let path = uri.strip_prefix("op://")?;
        let is_whole = path.split('/').filter(|p| !p.is_empty()).count() >= 2;
        is_whole.then(|| (Kept::OnePassword, path.to_owned()))
    }),
    ("arn:", arn),
    ("{{resolve:", |text| {
        let mut parts = text.strip_prefix("{{resolve:")?.split(':');
        let kept = match parts.next()? {
            "secretsmanager" => Kept::AwsSecretsManager,
            "ssm-secure" => Kept::AwsParameterStore,
            _ => return None,
        };
        let rest: Vec<&str> = parts.collect();
        if rest.first() == Some(&"arn") {
            return None;
        }
        let name = rest.first()?.trim_end_matches('}');
        Some((kept, name.to_owned()))
    }),
    ("projects/", |path| {
        let parts: Vec<&str> = path.split('/').collect();
        let at = parts.iter().position(|p| *p == "secrets")?;
        let is_it = at == 2 || (at == 4 && parts[2] == "locations");
        let name = parts.get(at + 1).filter(|n| is_it && !n.is_empty())?;
        Some((Kept::GcpSecretManager, format!("{}/{name}", parts[1])))
    }),
    ("https://", |url| {
        let (host, path) = url.strip_prefix("https://")?.split_once('/')?;
        let vault = host.strip_suffix(".vault.azure.net")?;
        let name = path.strip_prefix("secrets/")?.split('/').next()?;
        (!name.is_empty()).then(|| (Kept::AzureKeyVault, format!("{vault}/{name}")))
    }),
    ("@Microsoft.KeyVault(", |text| {
        let inside = text.strip_prefix("@Microsoft.KeyVault(")?;
        let field = |name: &str| {
            let mut fields = inside.split([';', ')']);
            fields.find_map(|f| f.trim().strip_prefix(name)?.strip_prefix('='))
        };
        let (vault, name) = (field("VaultName")?, field("SecretName")?);
        Some((Kept::AzureKeyVault, format!("{vault}/{name}")))
    }),
    ("vault:", |text| {
        let path = text.strip_prefix("vault:")?;
        let (path, key) = path.split_once('#')?;
        let is_path = path.contains('/') && !path.starts_with('/') && !key.is_empty();
        is_path.then(|| (Kept::Vault, format!("{path}#{key}")))
    }),
    ("ref+", |text| {
        let (backend, rest) = text.strip_prefix("ref+")?.split_once("://")?;
        let kept = match backend {
            "vault" => Kept::Vault,
            "awssecrets" => Kept::AwsSecretsManager,
            "awsssm" => Kept::AwsParameterStore,
            "gcpsecrets" => Kept::GcpSecretManager,
            "azurekeyvault" => Kept::AzureKeyVault,
            "op" => Kept::OnePassword,
            "sops" => Kept::Sops,
            _ => return None,
        };
        let end = rest.find('?').unwrap_or(rest.len());
        let path = rest[..end].split('#').next()?;
        (!path.is_empty()).then(|| (kept, path.to_owned()))
    }),
];

/// `arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:NAME`, and a parameter's.
fn arn(text: &str) -> Option<(Kept, String)> {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let [_, _, service, _, _, resource] = parts.as_slice() else {
        return None;
    };
    match *service {
        "secretsmanager" => {
            let name = resource.strip_prefix("secret:")?;
            let name = name
                .split(':')
                .next()
                .filter(|n| !n.is_empty() && *n != "*")?;
            Some((Kept::AwsSecretsManager, without_suffix(name).to_owned()))
        }
        "ssm" => {
            let name = resource
                .strip_prefix("parameter/")
                .filter(|n| !n.is_empty() && *n != "*")?;
            Some((Kept::AwsParameterStore, format!("/{name}")))
        }
        _ => None,
    }
}

/// Without the six signs that Secrets Manager puts behind a name in an ARN.
fn without_suffix(name: &str) -> &str {
    match name.rsplit_once('-') {
        Some((before, six))
            if six.len() == 6 && six.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'?') =>
        {
            let mixed = six
                .bytes()
                .any(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'?');
            if mixed { before } else { name }
        }
        _ => name,
    }
}

/// The longest form that is read, in bytes.
const LONG: usize = 512;

/// The begin of a text, of at most so many bytes.
pub(super) fn begin(text: &str, most: usize) -> &str {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Up to where a form can go.
fn word(text: &str) -> &str {
    let text = begin(text, LONG);
    let ends = |c: char| c.is_whitespace() || "\"'`<>|,;\\".contains(c);
    // The names of an application's settings are between brackets, and have semicolons.
    if text.starts_with('@') {
        return text.split_inclusive(')').next().unwrap_or(text);
    }
    let end = text.find(ends).unwrap_or(text.len());
    text[..end].trim_end_matches([')', ']'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_that_name_a_secret() {
        for (text, kept, name) in [
            (
                "op://prod/db/password",
                Kept::OnePassword,
                "prod/db/password",
            ),
            (
                "arn:aws:secretsmanager:eu-west-1:123456789012:secret:app/db-AbC123",
                Kept::AwsSecretsManager,
                "app/db",
            ),
            (
                "arn:aws:ssm:eu-west-1:123456789012:parameter/app/key",
                Kept::AwsParameterStore,
                "/app/key",
            ),
            (
                "{{resolve:secretsmanager:MyDb:SecretString:password}}",
                Kept::AwsSecretsManager,
                "MyDb",
            ),
            (
                "{{resolve:ssm-secure:/app/key:1}}",
                Kept::AwsParameterStore,
                "/app/key",
            ),
            (
                "projects/p-1/secrets/db/versions/latest",
                Kept::GcpSecretManager,
                "p-1/db",
            ),
            (
                "https://kv1.vault.azure.net/secrets/db/",
                Kept::AzureKeyVault,
                "kv1/db",
            ),
            (
                "@Microsoft.KeyVault(VaultName=kv1;SecretName=db)",
                Kept::AzureKeyVault,
                "kv1/db",
            ),
            (
                "vault:secret/data/app#key",
                Kept::Vault,
                "secret/data/app#key",
            ),
            ("ref+vault://secret/app#/key", Kept::Vault, "secret/app"),
        ] {
            let text = format!("x = '{text}' # so");
            let mut told = Vec::new();
            each(&text, &mut |kept, name, _| {
                told.push((kept, name.to_owned()));
            });
            assert_eq!(told, [(kept, name.to_owned())], "{text}");
        }
        for text in [
            "http://op//",
            "vault: x#y",
            "default://a/b",
            "projects/a/b",
            "arn:aws:s3:::b",
        ] {
            each(text, &mut |_, name, _| panic!("{text}: {name}"));
        }
    }
}
