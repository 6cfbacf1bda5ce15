//! The repository of a run: names become commits, and commits give files.

use std::cell::RefCell;
use std::collections::HashSet;
use std::path::Path;

use straykey::base::{path_text, quote};
use straykey::scan::Exclude;
use straykey::sources::history::{
    Commit, FileIn, Id, Lookup, LookupReader, ObjectKind, Places, RevisionError, Revisions, file_in,
};

use crate::cli::error::CliError;
use crate::cli::history::environment;
use crate::cli::home::{BASELINE, FOLDER, MOST, Words, text};

/// An opened repository.
pub struct Repository {
    pub places: Places,
    lookup: Lookup,
}

impl Repository {
    /// Opens the one at `path` or above.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub fn open(path: &Path) -> Result<Self, CliError> {
        let places = Places::find(path, &environment());
        let places = places
            .map_err(|skip| CliError::new(format!("{}: {}", path_text(&skip.path), skip.reason)))?;
        let lookup = Lookup::open(&places);
        Ok(Self { places, lookup })
    }

    /// Whether commits were left out when it was cloned.
    pub fn is_shallow(&self) -> bool {
        !self.places.shallow.is_empty()
    }

    /// A reader of it.
    pub fn reader(&self) -> Reader<'_> {
        Reader {
            repository: self,
            reader: RefCell::new(self.lookup.reader()),
        }
    }

    /// The branch that a symbolic reference of git's own stands for (`HEAD`,
    /// `refs/remotes/origin/HEAD`).
    pub fn branch_of(&self, reference: &str) -> Option<String> {
        let folder = match reference {
            "HEAD" => &self.places.git_dir,
            _ => &self.places.common_dir,
        };
        let text = crate::cli::home::read_at_most(&folder.join(reference), 4 << 10).ok()?;
        let full = text.strip_prefix("ref:")?.trim();
        let name = full.strip_prefix("refs/heads/");
        let name = name.or_else(|| full.strip_prefix("refs/remotes/origin/"))?;
        Some(name.to_owned())
    }
}

/// Reads single objects.
pub struct Reader<'a> {
    repository: &'a Repository,
    reader: RefCell<LookupReader<'a>>,
}

impl Reader<'_> {
    /// The commit that a name means; things a person should know are added to `notices`.
    ///
    /// # Errors
    ///
    /// If it means none.
    pub fn commit(&self, name: &str, notices: &mut Vec<String>) -> Result<Id, RevisionError> {
        let mut reader = self.reader.borrow_mut();
        let mut revisions = Revisions::new(&self.repository.places, &mut reader);
        let found = revisions.commit(name);
        notices.append(&mut revisions.notices);
        found
    }

    /// The annotated tag that a full name of a reference or an id means: its id in hex.
    pub fn tag(&self, name: &str) -> Option<String> {
        let id = match self.repository.lookup.hash().parse(name.as_bytes()) {
            Some(id) => id,
            None => self.object(name)?,
        };
        let (kind, _) = self.reader.borrow_mut().read(&id).ok()?;
        (kind == ObjectKind::Tag).then(|| self.hex(&id))
    }

    /// Whether there is a reference with this full name.
    pub fn has(&self, reference: &str) -> bool {
        self.object(reference).is_some()
    }

    fn object(&self, reference: &str) -> Option<Id> {
        let mut reader = self.reader.borrow_mut();
        let mut revisions = Revisions::new(&self.repository.places, &mut reader);
        revisions.object(reference).ok()?
    }

    /// How many commits deep a shallow clone is, counted from what is checked out; `None` if nothing
    /// is missing there.
    pub fn depth(&self) -> Option<u64> {
        let shallow = &self.repository.places.shallow;
        if shallow.is_empty() {
            return None;
        }
        let mut seen = HashSet::new();
        let mut level: Vec<Id> = self.commit("HEAD", &mut Vec::new()).into_iter().collect();
        let mut depth = 0;
        while !level.is_empty() {
            depth += 1;
            if level.iter().any(|id| shallow.contains(&self.hex(id))) {
                return Some(depth);
            }
            let parents = level.iter().flat_map(|id| self.parents(id));
            level = parents.filter(|id| seen.insert(*id)).collect();
        }
        None
    }

    /// The parents of a commit; none if it cannot be read.
    pub fn parents(&self, commit: &Id) -> Vec<Id> {
        let Ok((_, data)) = self.reader.borrow_mut().read(commit) else {
            return Vec::new();
        };
        let hash = self.repository.lookup.hash();
        let parsed = Commit::parse(&data).map(|c| {
            let parents = c.parents.iter();
            parents.filter_map(|hex| hash.parse(hex)).collect()
        });
        parsed.unwrap_or_default()
    }

    /// An id in hex.
    pub fn hex(&self, id: &Id) -> String {
        self.repository.lookup.hex(id)
    }
}

/// The `.straykey` folder of a commit.
pub struct CommitHome<'r, 'a> {
    reader: &'r Reader<'a>,
    commit: Id,
    /// The folder, names from the top.
    folder: Vec<String>,
    /// What its files are called in messages: `abcdef012:.straykey/config.toml`.
    shown: String,
    baseline: Known,
}

/// Where a baseline is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// In the folder of the configuration.
    Usual,
    /// In this file: names from the top.
    At(Vec<String>),
    /// In no commit.
    Elsewhere,
}

impl<'r, 'a> CommitHome<'r, 'a> {
    /// The configuration that `commit` has in `folder`, a path from the top.
    pub fn new(reader: &'r Reader<'a>, commit: Id, folder: &[String]) -> Self {
        let shown = reader.hex(&commit)[..9].to_owned();
        Self {
            reader,
            commit,
            folder: folder.to_vec(),
            shown,
            baseline: Known::Usual,
        }
    }

    /// The same with its baseline in another place.
    pub fn with_baseline(self, baseline: Known) -> Self {
        Self { baseline, ..self }
    }

    /// The folder that is asked if none is named.
    pub fn usual() -> Vec<String> {
        vec![FOLDER.to_owned()]
    }

    /// Whether the commit has the folder.
    ///
    /// # Errors
    ///
    /// If it is something else there, or cannot be read.
    pub fn is_there(&self) -> Result<bool, CliError> {
        let names: Vec<&str> = self.folder.iter().map(String::as_str).collect();
        let shown = format!("{}:{}", self.shown, names.join("/"));
        let mut reader = self.reader.reader.borrow_mut();
        match file_in(&mut reader, &self.commit, &names) {
            Ok(FileIn::Nothing) => Ok(false),
            Ok(FileIn::Other("a folder")) => Ok(true),
            Ok(FileIn::File(_)) => Err(CliError::new(format!("{shown} is a file, and no folder"))),
            Ok(FileIn::Other(what)) => Err(CliError::new(format!(
                "{shown} is {what}, and is not followed"
            ))),
            Err((id, why)) => {
                let hex = self.reader.hex(&id);
                Err(CliError::new(format!("{shown}: object {hex}: {why}")))
            }
        }
    }

    /// The names of a path from here, `..` not followed out of the top.
    fn names(&self, name: &Path) -> Option<Vec<String>> {
        let mut names = self.folder.clone();
        for part in name.components() {
            match part {
                std::path::Component::Normal(part) => names.push(part.to_str()?.to_owned()),
                std::path::Component::CurDir => {}
                _ => return None,
            }
        }
        Some(names)
    }

    /// The content of one of its files, with the name it has in messages.
    fn file(&self, name: &Path) -> Result<Option<(String, String)>, CliError> {
        let names = self.names(name);
        let names = names.ok_or_else(|| {
            let name = name.to_string_lossy();
            CliError::new(format!("'{}' is no path of a commit", quote(&name)))
        })?;
        self.file_at(&names)
    }

    /// The same of a path from the top.
    fn file_at(&self, names: &[String]) -> Result<Option<(String, String)>, CliError> {
        let shown = format!("{}:{}", self.shown, names.join("/"));
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut reader = self.reader.reader.borrow_mut();
        match file_in(&mut reader, &self.commit, &names) {
            Ok(FileIn::Nothing) => Ok(None),
            Ok(FileIn::File(content)) => {
                text(content, &shown, MOST).map(|text| Some((shown, text)))
            }
            Ok(FileIn::Other(what)) => Err(CliError::new(format!(
                "{shown} is {what}, and is not followed"
            ))),
            Err((id, why)) => {
                let hex = self.reader.hex(&id);
                Err(CliError::new(format!("{shown}: object {hex}: {why}")))
            }
        }
    }
}

impl Words for CommitHome<'_, '_> {
    fn read(&self, name: &Path, _: &mut Vec<String>) -> Result<Option<(String, String)>, CliError> {
        match &self.baseline {
            Known::At(names) if name == Path::new(BASELINE) => self.file_at(names),
            Known::Elsewhere if name == Path::new(BASELINE) => Ok(None),
            _ => self.file(name),
        }
    }

    fn patterns(
        &self,
        name: &Path,
        place: &str,
        _: &mut Vec<String>,
    ) -> Result<Option<(String, String)>, CliError> {
        let found = self.file(name)?;
        let lacks = || {
            let name = name.to_string_lossy();
            CliError::new(format!("{place}: '{}' is not in that commit", quote(&name)))
        };
        found.map(Some).ok_or_else(lacks)
    }

    /// Paths of a range begin at the top, and so do globs; those of a folder further down are led
    /// there.
    fn exclude(&self, glob: &str, source: String) -> Exclude {
        let above = &self.folder[..self.folder.len().saturating_sub(1)];
        Exclude {
            glob: below(above, glob),
            base: None,
            source,
        }
    }
}

/// A glob that counts in a folder, as one that counts from the top.
fn below(folder: &[String], glob: &str) -> String {
    if folder.is_empty() {
        return glob.to_owned();
    }
    let mut plain = String::new();
    for name in folder {
        plain.push('/');
        for c in name.chars() {
            if matches!(c, '*' | '?' | '[' | ']' | '\\' | '!' | '#' | '{' | '}') {
                plain.push('\\');
            }
            plain.push(c);
        }
    }
    let (not, glob) = match glob.strip_prefix('!') {
        Some(rest) => ("!", rest),
        None => ("", glob),
    };
    let is_anchored = glob.trim_end_matches('/').contains('/');
    let glob = glob.strip_prefix('/').unwrap_or(glob);
    let anywhere = if is_anchored { "" } else { "**/" };
    format!("{not}{plain}/{anywhere}{glob}")
}

#[cfg(test)]
mod tests {
    use super::below;

    #[test]
    fn globs_of_a_folder_count_there() {
        let folder = ["services".to_owned(), "a[1]".to_owned()];
        for (glob, from_the_top) in [
            ("*.min.js", "/services/a\\[1\\]/**/*.min.js"),
            ("vendor/", "/services/a\\[1\\]/**/vendor/"),
            ("/vendor/", "/services/a\\[1\\]/vendor/"),
            ("a/b", "/services/a\\[1\\]/a/b"),
            ("!a/b", "!/services/a\\[1\\]/a/b"),
        ] {
            assert_eq!(below(&folder, glob), from_the_top);
            assert_eq!(below(&[], glob), glob);
        }
    }
}
