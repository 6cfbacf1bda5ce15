//! Commands in scripts that ask a secret manager for a secret: what they ask for.
//!
//! * <https://developer.hashicorp.com/vault/docs/commands/kv/get>
//! * <https://docs.aws.amazon.com/cli/latest/reference/secretsmanager/get-secret-value.html>
//! * <https://cloud.google.com/sdk/gcloud/reference/secrets/versions/access>
//! * <https://learn.microsoft.com/en-us/cli/azure/keyvault/secret>

use super::Kept;
use super::uris::begin;

/// Bytes of one command that are looked at.
const LONG: usize = 1 << 10;

/// Words of one command that are looked at.
const WORDS: usize = 40;

/// Commands, where the secret is kept, and the options that name it; none if a plain word does.
const COMMANDS: &[(&str, Kept, &[&str])] = &[
    ("vault kv get ", Kept::Vault, &[]),
    ("vault read ", Kept::Vault, &[]),
    ("bao kv get ", Kept::Vault, &[]),
    (
        "aws secretsmanager get-secret-value ",
        Kept::AwsSecretsManager,
        &["--secret-id"],
    ),
    (
        "aws ssm get-parameter ",
        Kept::AwsParameterStore,
        &["--name"],
    ),
    (
        "gcloud secrets versions access ",
        Kept::GcpSecretManager,
        &["--secret"],
    ),
    (
        "az keyvault secret show ",
        Kept::AzureKeyVault,
        &["--name", "-n"],
    ),
];

/// What the commands in a text ask for.
pub(super) fn commands<'a>(text: &'a str, tell: &mut dyn FnMut(Kept, &str, &'a str)) {
    for (command, kept, options) in COMMANDS {
        let mut next = 0;
        for (at, _) in text.match_indices(command) {
            if at < next {
                continue;
            }
            let after = begin(&text[at + command.len()..], LONG);
            let end = after
                .find(['\n', '|', ';', ')', '&', '`'])
                .unwrap_or(after.len());
            next = at + command.len() + end;
            // A line that goes on has a backslash at its end.
            let words = after[..end].split_whitespace().take(WORDS).map(plain);
            if let Some(name) = named(words, options) {
                tell(*kept, name, name);
            }
        }
    }
}

fn plain(word: &str) -> &str {
    word.trim_matches(['"', '\''])
}

fn named<'a>(mut words: impl Iterator<Item = &'a str>, options: &[&str]) -> Option<&'a str> {
    let is_name = |word: &&str| !word.is_empty() && !word.starts_with(['-', '$', '\\']);
    while let Some(word) = words.next() {
        if options.is_empty() {
            if is_name(&word) {
                return Some(word);
            }
            continue;
        }
        let (option, value) = word
            .split_once('=')
            .map_or((word, None), |(o, v)| (o, Some(plain(v))));
        if options.contains(&option) {
            return value.or_else(|| words.next()).filter(is_name);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_commands_ask_for() {
        for (text, kept, name) in [
            (
                "vault kv get -field=password secret/app/db",
                Kept::Vault,
                "secret/app/db",
            ),
            (
                "X=$(aws secretsmanager get-secret-value --secret-id app/db --query SecretString)",
                Kept::AwsSecretsManager,
                "app/db",
            ),
            (
                "gcloud secrets versions access latest --secret=\"db\" > x",
                Kept::GcpSecretManager,
                "db",
            ),
            (
                "az keyvault secret show --vault-name kv -n db -o tsv",
                Kept::AzureKeyVault,
                "db",
            ),
        ] {
            let mut told = Vec::new();
            commands(text, &mut |kept, name, _| {
                told.push((kept, name.to_owned()));
            });
            assert_eq!(told, [(kept, name.to_owned())], "{text}");
        }
        commands(
            "vault kv get \"$SECRET\"\naws ssm get-parameter",
            &mut |_, name, _| panic!("{name}"),
        );
    }
}
