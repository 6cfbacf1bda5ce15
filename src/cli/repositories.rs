//! Which repositories `history` is to sweep: one, or those of a list, or all in folders of clones.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use straykey::base::{Stop, path_text};
use straykey::sources::history::Discovery;
use straykey::sources::{Skip, SkipReason, Stdin, path_of_bytes};

use super::args::WhichRepositories;
use super::error::CliError;

/// The longest list that is read, in bytes.
const LIST_BYTES: u64 = 64 << 20;

/// What is to be swept.
#[derive(Debug)]
pub enum Repositories {
    /// The repository of a folder, which may be in a folder above.
    One(PathBuf),
    /// Several: even one of a list, so that the report's form does not depend on what is found.
    Several(Discovery),
}

impl Repositories {
    /// Works out what was named.
    ///
    /// # Errors
    ///
    /// If a list cannot be read, or names nothing.
    pub fn resolve(args: &WhichRepositories, stop: &Stop) -> Result<Self, CliError> {
        let mut named = args.repositories.clone();
        if let Some(list) = &args.repos_from {
            named.extend(listed(list, stop)?);
            if named.is_empty() && !stop.is_asked() {
                return Err(CliError::new(format!(
                    "--repos-from {}: it names no repository",
                    path_text(list)
                )));
            }
        } else if named.is_empty() {
            named.push(PathBuf::from("."));
        }
        match &mut named[..] {
            [one] if !args.recursive && args.repos_from.is_none() => {
                return Ok(Self::One(std::mem::take(one)));
            }
            _ => {}
        }
        for name in ["GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES"] {
            if std::env::var_os(name).is_some_and(|value| !value.is_empty()) {
                return Err(CliError::new(format!(
                    "{name} names the objects of one repository: unset it to sweep several"
                )));
            }
        }
        let mut found = if args.recursive {
            Discovery::below(&named, stop)
        } else {
            Discovery::at(&named)
        };
        if let Some(list) = &args.repos_from
            && stop.is_asked()
        {
            let how = "the list may not have been read to its end";
            found.skips.push(Skip {
                path: list.clone(),
                reason: SkipReason::Interrupted(how.to_owned()),
            });
        }
        Ok(Self::Several(found))
    }
}

/// The paths of a list: one a line; blank lines and those that begin with `#` are none.
fn listed(path: &Path, stop: &Stop) -> Result<Vec<PathBuf>, CliError> {
    let failed = |error| CliError::file("cannot read", path, &error);
    let mut text = Vec::new();
    if path.as_os_str() == "-" {
        let read = Stdin::new(stop).take(LIST_BYTES + 1).read_to_end(&mut text);
        // What is named after an interruption would not be swept either.
        if !stop.is_asked() {
            read.map_err(failed)?;
        }
    } else {
        let file = std::fs::File::open(path).map_err(failed)?;
        file.take(LIST_BYTES + 1)
            .read_to_end(&mut text)
            .map_err(failed)?;
    }
    if text.len() as u64 > LIST_BYTES {
        return Err(CliError::new(format!(
            "{}: a list of more than {LIST_BYTES} bytes is not read",
            path_text(path)
        )));
    }
    let lines = text.split(|b| *b == b'\n');
    let lines = lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let paths = lines.filter(|line| !line.trim_ascii().is_empty() && line[0] != b'#');
    Ok(paths.map(path_of_bytes).collect())
}
