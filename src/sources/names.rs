//! What a file is called from the top of its repository.
//!
//! The identity of a weak secret holds its path; the same file must be the same path whether the
//! scan began at the top, in a folder below, or in git's own objects.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Names of files; each folder is looked at once.
#[derive(Debug, Default)]
pub struct Names {
    /// By folder as reports show it; `None` for one that is in no repository.
    folders: HashMap<PathBuf, Option<PathBuf>>,
    /// Paths are names already: those of git's objects are.
    are_names: bool,
}

impl Names {
    /// For paths that begin at the top of their repository, and need not be files.
    pub fn from_the_top() -> Self {
        Self {
            are_names: true,
            ..Self::default()
        }
    }

    /// The path of `file` from the top of the repository it lies in; as it was given if it lies in
    /// none.
    pub fn of(&mut self, file: &Path) -> PathBuf {
        if self.are_names {
            return file.to_owned();
        }
        let (Some(folder), Some(name)) = (file.parent(), file.file_name()) else {
            return file.to_owned();
        };
        if !self.folders.contains_key(folder) {
            let below = below_top(folder).or_else(|| below_container(folder));
            self.folders.insert(folder.to_owned(), below);
        }
        match self.folders.get(folder) {
            Some(Some(below)) => below.join(name),
            _ => file.to_owned(),
        }
    }
}

/// The path of a folder in an archive (`a.zip!dir`) from the top of the repository that the archive
/// lies in.
fn below_container(folder: &Path) -> Option<PathBuf> {
    let shown = folder.to_str()?;
    let mut marks = shown.match_indices('!').map(|(at, _)| at);
    let end = marks.find(|at| Path::new(&shown[..*at]).is_file())?;
    let outer = Path::new(&shown[..end]);
    let below = below_top(outer.parent()?)?;
    let mut name = outer.file_name()?.to_owned();
    name.push(&shown[end..]);
    Some(below.join(name))
}

/// The path of a folder from the top of the repository it lies in.
fn below_top(folder: &Path) -> Option<PathBuf> {
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let folder = folder.canonicalize().ok()?;
    let top = top_of(&folder)?;
    folder.strip_prefix(top).ok().map(Path::to_owned)
}

/// The top of the repository that holds `folder`, which must be canonical: the nearest folder, it
/// or one above it, with a `.git`.
pub fn top_of(folder: &Path) -> Option<&Path> {
    folder
        .ancestors()
        .find(|up| up.join(".git").symlink_metadata().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_file_has_one_name_wherever_the_scan_began() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("repo/.git")).unwrap();
        std::fs::create_dir_all(dir.path().join("repo/a/b")).unwrap();
        std::fs::create_dir_all(dir.path().join("plain")).unwrap();
        let mut names = Names::default();
        for shown in ["repo/a/b/c.env", "repo/./a/b/c.env", "repo/a/../a/b/c.env"] {
            let told = names.of(&dir.path().join(shown));
            assert_eq!(told, Path::new("a/b/c.env"), "{shown}");
        }
        let archive = dir.path().join("repo/a/b.zip");
        std::fs::write(&archive, "PK").unwrap();
        for inside in ["b.zip!d.tar!e/c.env", "b.zip!c.env", "b.zip!../c.env"] {
            let told = names.of(&dir.path().join("repo/a").join(inside));
            assert_eq!(told, Path::new("a").join(inside));
        }
        let outside = dir.path().join("plain/c.env");
        assert_eq!(names.of(&outside), outside, "no repository");
        assert_eq!(names.of(Path::new("-")), Path::new("-"));
    }
}
