//! Where a credential is used, as far as names tell: of its file, of its key, of its own prefix.

use super::record::{Environment, Source, Sureness, Told};
use crate::detect::patterns::Pattern;

/// Words of names, and what they mean; a word is what stands between signs and changes of case.
const WORDS: &[(&str, Environment)] = &[
    ("prod", Environment::Production),
    ("production", Environment::Production),
    ("prd", Environment::Production),
    ("live", Environment::Production),
    ("staging", Environment::Staging),
    ("stage", Environment::Staging),
    ("stg", Environment::Staging),
    ("preprod", Environment::Staging),
    ("uat", Environment::Staging),
    ("qa", Environment::Staging),
    ("dev", Environment::Development),
    ("devel", Environment::Development),
    ("develop", Environment::Development),
    ("development", Environment::Development),
    ("local", Environment::Development),
    ("localhost", Environment::Development),
    ("sandbox", Environment::Development),
    ("test", Environment::Test),
    ("tests", Environment::Test),
    ("testing", Environment::Test),
    ("testdata", Environment::Test),
    ("fixture", Environment::Test),
    ("fixtures", Environment::Test),
    ("spec", Environment::Test),
    ("specs", Environment::Test),
    ("mock", Environment::Test),
    ("mocks", Environment::Test),
    ("ci", Environment::Ci),
];

/// Files of continuous integration.
const CI: &[&str] = &[
    ".github/workflows/",
    ".gitlab-ci.yml",
    ".gitlab-ci.yaml",
    ".circleci/",
    "azure-pipelines",
    ".azure-pipelines/",
    "bitbucket-pipelines.yml",
    "jenkinsfile",
    ".buildkite/",
    ".drone.yml",
    ".travis.yml",
    ".woodpecker",
    "appveyor.yml",
    "cloudbuild.yaml",
    "buildspec.yml",
];

/// Whether a file is one of continuous integration.
pub fn is_ci(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    let name = path.rsplit('/').next().unwrap_or(&path);
    CI.iter().any(|begin| {
        if begin.ends_with('/') {
            path.starts_with(begin) || path.contains(&format!("/{begin}"))
        } else {
            name.starts_with(begin)
        }
    })
}

/// Where a credential of a pattern is used, that stands at a path, with a key. The surest rule that
/// tells anything: its own kind, then its key, then the file's name, then folders from the nearest.
pub fn environment(pattern: &Pattern, path: &str, key: Option<&str>) -> Told<Environment> {
    let kind = pattern.id.rsplit('.').next().unwrap_or_default();
    let by_kind = words(kind).find_map(|word| match &*word {
        "live" => Some(Environment::Production),
        "test" | "sandbox" => Some(Environment::Test),
        _ => None,
    });
    if let Some(environment) = by_kind {
        let place = format!("kind {}", pattern.id);
        return Told::new(environment, Source::Match, place, Sureness::Certain);
    }
    if let Some((environment, word)) = key.and_then(told) {
        let place = format!("key, word '{word}'");
        return Told::new(environment, Source::Config, place, Sureness::Likely);
    }
    let parts: Vec<&str> = path.split('/').collect();
    let named = parts.iter().rev().find_map(|part| {
        let (environment, word) = told(part)?;
        Some((environment, format!("path, word '{word}' of '{part}'")))
    });
    if let Some((environment, place)) = named
        && environment != Environment::Ci
    {
        return Told::new(environment, Source::Config, place, Sureness::Likely);
    }
    if is_ci(path) {
        let place = format!("file of continuous integration: {path}");
        return Told::new(Environment::Ci, Source::Config, place, Sureness::Certain);
    }
    if let Some((environment, place)) = named_ci(&parts) {
        return Told::new(environment, Source::Config, place, Sureness::Likely);
    }
    let place = "no rule tells".to_owned();
    Told::new(
        Environment::Unknown,
        Source::Derived,
        place,
        Sureness::Guess,
    )
}

fn named_ci(parts: &[&str]) -> Option<(Environment, String)> {
    let part = parts
        .iter()
        .rev()
        .find(|part| words(part).any(|w| w == "ci"))?;
    Some((Environment::Ci, format!("path, word 'ci' of '{part}'")))
}

/// What a name tells. Of several words the first that means anything.
fn told(name: &str) -> Option<(Environment, String)> {
    words(name).find_map(|word| {
        let found = WORDS.iter().find(|(known, _)| *known == word)?;
        Some((found.1, word))
    })
}

/// The words of a name, in lower case.
fn words(name: &str) -> impl Iterator<Item = String> + '_ {
    let mut all: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut before = ' ';
    for c in name.chars() {
        let new = c.is_uppercase() && before.is_lowercase();
        if (!c.is_alphanumeric() || new) && !word.is_empty() {
            all.push(std::mem::take(&mut word).to_lowercase());
        }
        if c.is_alphanumeric() {
            word.push(c);
        }
        before = c;
    }
    if !word.is_empty() {
        all.push(word.to_lowercase());
    }
    all.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::Catalogue;

    #[test]
    fn names_tell_environments() {
        let catalogue = Catalogue::embedded();
        let of = |id: &str, path: &str, key: Option<&str>| {
            environment(catalogue.get(id).expect(id), path, key).value
        };
        let plain = "github.pat-classic";
        for (path, key, expected) in [
            ("deploy/prod.env", None, Environment::Production),
            ("prod/test/a.env", None, Environment::Test),
            ("a.env", Some("STAGING_TOKEN"), Environment::Staging),
            ("prod.env", Some("testToken"), Environment::Test),
            (".github/workflows/a.yml", None, Environment::Ci),
            (
                ".github/workflows/deploy-prod.yml",
                None,
                Environment::Production,
            ),
            ("ci/notify.sh", None, Environment::Ci),
            ("src/product/latest.py", None, Environment::Unknown),
            ("src/__tests__/x.js", None, Environment::Test),
        ] {
            assert_eq!(of(plain, path, key), expected, "{path} {key:?}");
        }
    }
}
