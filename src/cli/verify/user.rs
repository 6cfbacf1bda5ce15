//! Servers that the user's own configuration names: `straykey/verify.toml` in the folder of
//! configurations, and the registries that package managers are configured for.
//!
//! A registry's token is checked at the registry that its user's own client asks; none is built in.
//! Text in a repository is written by whoever opened the pull request, so a file is believed only if it
//! belongs to the user, nobody else can write it, and it lies in no repository, links followed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use straykey::base::{path_text, quote_value};
use straykey::sources::top_of;
use straykey::verify::{Endpoint, Endpoints};
use toml::Spanned;

use crate::cli::error::CliError;
use crate::cli::home::{is_ours, read_named};

/// What files of the user's say.
#[derive(Debug, Default)]
pub struct Own {
    /// Servers by provider, and the file that names each.
    pub endpoints: BTreeMap<String, (Endpoint, String)>,
    /// Files that were not believed, and why; with the provider that they are of, or nothing.
    pub notices: Vec<(String, String)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    #[serde(default)]
    endpoint: BTreeMap<Spanned<String>, Spanned<String>>,
}

impl Own {
    /// Reads the files of whoever runs this. `provider` says whether a name is one, or what is wrong.
    ///
    /// # Errors
    ///
    /// If a file is there, is believed and cannot be followed.
    pub fn read(
        provider: impl Fn(&str, &str) -> Result<String, CliError>,
    ) -> Result<Self, CliError> {
        let mut own = Self::default();
        let named = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let absolute = |path: &PathBuf| path.is_absolute();
        let home = named("HOME").or_else(|| named("USERPROFILE"));
        let home = home.map(PathBuf::from).filter(absolute);
        let config = named("XDG_CONFIG_HOME").map(PathBuf::from).filter(absolute);
        let config = config.or_else(|| Some(home.as_ref()?.join(".config")));
        // Of two files that name a server for a provider the first counts.
        if let Some(path) = config.map(|c| c.join("straykey/verify.toml"))
            && let Some(text) = own.believed(&path, "")?
        {
            own.file(&path, &text, provider)?;
        }
        for (name, who, read) in CLIENTS {
            let Some(path) = home.as_ref().map(|home| home.join(name)) else {
                continue;
            };
            let url = own.believed(&path, who)?.and_then(|text| read(&text));
            if let Some(endpoint) = url.and_then(|url| Endpoint::parse(&url).ok()) {
                let shown = path_text(&path).into_owned();
                let entry = own.endpoints.entry((*who).to_owned());
                entry.or_insert((endpoint, shown));
            }
        }
        Ok(own)
    }

    /// Adds what is named for none of the providers yet, and says where it comes from.
    pub fn add_to(self, endpoints: &mut Endpoints) -> Vec<(String, String)> {
        let mut said = Vec::new();
        for (provider, (endpoint, file)) in self.endpoints {
            if !endpoints.contains_key(&provider) {
                let target = endpoint.target().clone();
                endpoints.insert(provider.clone(), endpoint);
                let told = format!("{provider} is asked at {target}: {file} says so");
                said.push((provider, told));
            }
        }
        said
    }

    /// The text of a file that may be believed.
    fn believed(&mut self, path: &Path, who: &str) -> Result<Option<String>, CliError> {
        let Ok(real) = path.canonicalize() else {
            return Ok(None);
        };
        let meta = real.metadata();
        let meta = meta.map_err(|e| CliError::file("cannot read", path, &e))?;
        let why = if real.parent().is_some_and(|folder| top_of(folder).is_some()) {
            "lies in a repository"
        } else if !is_ours(&meta) {
            "belongs to another user"
        } else if is_open_to_others(&meta) {
            "can be written by others"
        } else {
            return read_named(&real).map(Some);
        };
        let shown = path_text(path);
        self.notices
            .push((who.to_owned(), format!("{shown} {why} and is not followed")));
        Ok(None)
    }

    fn file(
        &mut self,
        path: &Path,
        text: &str,
        provider: impl Fn(&str, &str) -> Result<String, CliError>,
    ) -> Result<(), CliError> {
        let shown = path_text(path).into_owned();
        let line = |offset: usize| text[..offset.min(text.len())].split('\n').count();
        let wire: Wire = toml::from_str(text).map_err(|error| {
            let at = line(error.span().map_or(0, |span| span.start));
            CliError::new(format!("{shown}:{at}: {}", quote_value(error.message())))
        })?;
        for (name, url) in wire.endpoint {
            let place = format!("{shown}:{}", line(name.span().start));
            let name = provider(name.get_ref(), &place)?;
            let endpoint = Endpoint::parse(url.get_ref())
                .map_err(|why| CliError::new(format!("{place}: {name}: {why}")))?;
            self.endpoints.insert(name, (endpoint, shown.clone()));
        }
        Ok(())
    }
}

/// Reads the registry out of a client's configuration.
type Reader = fn(&str) -> Option<String>;

/// A client's file in the home folder, its provider, and how the registry stands in it.
const CLIENTS: &[(&str, &str, Reader)] = &[(".npmrc", "npm", npmrc), (".gemrc", "rubygems", gemrc)];

/// `registry = https://...` (npm documentation, npmrc and config: `registry`). What holds a variable is
/// not followed.
fn npmrc(text: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let (key, value) = line.split_once('=')?;
        let value = value.trim().trim_matches('"');
        (key.trim() == "registry" && !value.contains('$')).then(|| value.to_owned())
    })
}

/// The first of `:sources:` (guides of `RubyGems`, command reference, `gem environment`).
fn gemrc(text: &str) -> Option<String> {
    let mut lines = text.lines().map(str::trim);
    lines.find(|line| matches!(*line, ":sources:" | "sources:"))?;
    let first = lines.next()?.strip_prefix('-')?.trim();
    Some(first.trim_matches(['"', '\'']).to_owned())
}

#[cfg(unix)]
fn is_open_to_others(meta: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    meta.mode() & 0o022 != 0
}

#[cfg(not(unix))]
fn is_open_to_others(_: &std::fs::Metadata) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registries_of_clients() {
        for (text, want) in [
            (
                "registry=https://npm.example.org/\n",
                Some("https://npm.example.org/"),
            ),
            (
                "a=b\n registry = \"https://x.example\"",
                Some("https://x.example"),
            ),
            ("@scope:registry=https://x.example\n", None),
            ("//x.example/:_authToken=abc\n", None),
            ("registry=https://${HOST}/\n", None),
            ("; registry=https://x.example", None),
        ] {
            assert_eq!(npmrc(text).as_deref(), want, "{text}");
        }
        for (text, want) in [
            (
                "---\n:sources:\n- https://gems.example.org/\n:verbose: true\n",
                Some("https://gems.example.org/"),
            ),
            ("---\n:sources: []\n", None),
            (":verbose: true\n", None),
        ] {
            assert_eq!(gemrc(text).as_deref(), want, "{text}");
        }
    }
}
