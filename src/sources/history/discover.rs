//! Which repositories are meant: those that were named, or all in a folder of clones.
//!
//! Worktrees and submodules may lead to one git folder by several paths: each repository is told
//! once. Symbolic links are not followed. What looks like a repository and is none is a skip, and
//! nothing is looked for in the folders above: a clone that failed must not become the repository
//! around it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::places::{at, common_dir};
use super::{Skip, SkipReason, corrupt, unreadable};
use crate::base::Stop;

/// A repository that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// Its folder: as the user named it, or the named folder joined with what is below it.
    pub path: PathBuf,
    /// Other folders that lead to the same repository: its linked worktrees, say.
    pub also: Vec<PathBuf>,
}

/// Repositories, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Discovery {
    /// In the order in which they were named; those below one named folder by path.
    pub repositories: Vec<Located>,
    /// What could not be read, and what is no repository.
    pub skips: Vec<Skip>,
}

/// A folder that leads to a repository.
struct Candidate {
    /// Inside of another repository's git folder: the better name is elsewhere, if there is one.
    inner: bool,
    /// A worktree that shares the git folder of another.
    linked: bool,
    path: PathBuf,
    /// The canonical folder that all worktrees share.
    common: PathBuf,
}

impl Discovery {
    /// The repositories at the named folders: working trees, or git folders themselves.
    pub fn at(named: &[PathBuf]) -> Self {
        let mut found = Self::default();
        let mut known = HashMap::new();
        for path in named {
            match candidate(path, false) {
                Ok(Some(one)) => found.add(one, &mut known),
                Ok(None) => found.skips.push(none(path, "no git repository is here")),
                Err(skip) => found.skips.push(skip),
            }
        }
        found
    }

    /// All repositories in the named folders and below them: working trees, bare repositories,
    /// submodules that are checked out or not. `stop` may be asked meanwhile.
    pub fn below(named: &[PathBuf], stop: &Stop) -> Self {
        let mut found = Self::default();
        let mut known = HashMap::new();
        for folder in named {
            let (mut all, known_skips) = (Vec::new(), found.skips.len());
            walk(folder, stop, &mut all, &mut found.skips);
            if all.is_empty() && found.skips.len() == known_skips && !stop.is_asked() {
                let why = "no git repository is here or in a folder below";
                found.skips.push(none(folder, why));
            }
            // The best name of each repository comes first, and is the one that is told.
            all.sort_by(|a, b| (a.inner, a.linked, &a.path).cmp(&(b.inner, b.linked, &b.path)));
            let mut groups: HashMap<PathBuf, Vec<Candidate>> = HashMap::new();
            for one in all {
                groups.entry(one.common.clone()).or_default().push(one);
            }
            let mut groups: Vec<Vec<Candidate>> = groups.into_values().collect();
            groups.sort_by(|a, b| a[0].path.cmp(&b[0].path));
            for one in groups.into_iter().flatten() {
                found.add(one, &mut known);
            }
        }
        if stop.is_asked() {
            found.skips.extend(named.iter().map(|folder| Skip {
                path: folder.clone(),
                reason: SkipReason::Interrupted(
                    "not all repositories below it were looked for".to_owned(),
                ),
            }));
        }
        found
    }

    /// Adds a repository, or another name of one. `known` has their numbers by common folder.
    fn add(&mut self, one: Candidate, known: &mut HashMap<PathBuf, usize>) {
        if let Some(number) = known.get(&one.common) {
            let located = &mut self.repositories[*number];
            if !one.inner && located.path != one.path && !located.also.contains(&one.path) {
                located.also.push(one.path);
            }
            return;
        }
        known.insert(one.common, self.repositories.len());
        self.repositories.push(Located {
            path: one.path,
            also: Vec::new(),
        });
    }
}

fn none(path: &Path, why: &str) -> Skip {
    Skip {
        path: path.to_owned(),
        reason: SkipReason::Unreadable(why.to_owned()),
    }
}

/// The repository that begins at a folder; `None` if none does.
fn candidate(path: &Path, inner: bool) -> Result<Option<Candidate>, Skip> {
    let Some(git_dir) = at(path) else {
        if path.join(".git").symlink_metadata().is_ok() {
            return Err(corrupt(path, "its .git is no git folder and leads to none"));
        }
        return match path.metadata() {
            Ok(_) => Ok(None),
            Err(error) => Err(unreadable(path, &error)),
        };
    };
    let common = common_dir(&git_dir);
    let common = common.canonicalize().map_err(|e| unreadable(path, &e))?;
    let linked = git_dir.canonicalize().is_ok_and(|own| own != common);
    Ok(Some(Candidate {
        inner,
        linked,
        path: path.to_owned(),
        common,
    }))
}

/// Walks a folder on an explicit stack.
fn walk(top: &Path, stop: &Stop, all: &mut Vec<Candidate>, skips: &mut Vec<Skip>) {
    let mut stack = vec![(top.to_owned(), false)];
    while let Some((folder, inner)) = stack.pop() {
        if stop.is_asked() {
            return;
        }
        let mut git_dir = None;
        match candidate(&folder, inner) {
            Ok(Some(one)) => {
                all.push(one);
                let dot_git = folder.join(".git");
                let has_tree = dot_git.symlink_metadata().is_ok();
                git_dir = Some(if has_tree { dot_git } else { folder.clone() });
                // Of a git folder itself only the submodules' are looked at.
                if !has_tree {
                    push_modules(&folder, &mut stack);
                    continue;
                }
            }
            Ok(None) => {}
            Err(skip) => skips.push(skip),
        }
        if let Some(git_dir) = git_dir {
            push_modules(&git_dir, &mut stack);
        }
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) => {
                skips.push(unreadable(&*folder, &error));
                continue;
            }
        };
        for entry in entries {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    skips.push(unreadable(&*folder, &error));
                    continue;
                }
            };
            // The type of a link is that of the link.
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && entry.file_name() != ".git" => {
                    stack.push((entry.path(), inner));
                }
                Ok(_) => {}
                Err(error) => skips.push(unreadable(entry.path(), &error)),
            }
        }
    }
}

/// The git folders of submodules lie in `modules` of the one around them.
fn push_modules(git_dir: &Path, stack: &mut Vec<(PathBuf, bool)>) {
    let modules = git_dir.join("modules");
    if modules.symlink_metadata().is_ok_and(|meta| meta.is_dir()) {
        stack.push((modules, true));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn shown(found: &Discovery, top: &Path) -> Vec<String> {
        let below = |path: &PathBuf| {
            let below = path.strip_prefix(top).expect("below");
            below.to_string_lossy().into_owned()
        };
        found
            .repositories
            .iter()
            .map(|one| {
                let also: Vec<String> = one.also.iter().map(below).collect();
                format!("{} {}", below(&one.path), also.join(" "))
                    .trim()
                    .to_owned()
            })
            .collect()
    }

    /// A git folder as git takes it for one.
    fn git_dir(path: &Path) {
        fs::create_dir_all(path.join("objects")).expect("made");
        fs::write(path.join("HEAD"), "ref: refs/heads/main\n").expect("written");
    }

    #[test]
    fn each_repository_below_a_folder_is_found_once() {
        let dir = tempfile::tempdir().expect("a folder");
        let top = dir.path();
        git_dir(&top.join("z/main/.git"));
        git_dir(&top.join("bare.git"));
        git_dir(&top.join("z/main/nested/.git"));
        // A submodule that is checked out, and one that is not.
        git_dir(&top.join("z/main/.git/modules/lib"));
        git_dir(&top.join("z/main/.git/modules/deep/gone"));
        fs::create_dir_all(top.join("z/main/lib")).expect("made");
        fs::write(top.join("z/main/lib/.git"), "gitdir: ../.git/modules/lib\n").expect("written");
        // A linked worktree, whose name comes before that of its main one.
        let own = top.join("z/main/.git/worktrees/w");
        fs::create_dir_all(&own).expect("made");
        fs::write(own.join("HEAD"), "ref: refs/heads/w\n").expect("written");
        fs::write(own.join("commondir"), "../..\n").expect("written");
        fs::create_dir_all(top.join("a")).expect("made");
        fs::write(
            top.join("a/.git"),
            format!("gitdir: {}\n", own.to_string_lossy()),
        )
        .expect("written");
        // What looks like one, and is none.
        fs::create_dir_all(top.join("failed/.git")).expect("made");
        #[cfg(unix)]
        std::os::unix::fs::symlink(top.join("z"), top.join("link")).expect("linked");

        let found = Discovery::below(&[top.to_owned()], &Stop::default());
        assert_eq!(
            shown(&found, top),
            [
                "bare.git",
                "z/main a",
                "z/main/.git/modules/deep/gone",
                "z/main/lib",
                "z/main/nested"
            ]
        );
        let skipped: Vec<_> = found.skips.iter().map(|s| s.path.clone()).collect();
        assert_eq!(skipped, [top.join("failed")]);

        let named = [
            "z/main/nested",
            "a",
            "z/main",
            "bare.git",
            "failed",
            "gone",
            "z",
        ];
        let named: Vec<PathBuf> = named.iter().map(|name| top.join(name)).collect();
        let found = Discovery::at(&named);
        assert_eq!(
            shown(&found, top),
            ["z/main/nested", "a z/main", "bare.git"]
        );
        let skipped: Vec<_> = found.skips.iter().map(|s| s.path.clone()).collect();
        assert_eq!(
            skipped,
            [top.join("failed"), top.join("gone"), top.join("z")]
        );
        assert!(found.skips.iter().all(|s| s.reason.is_incomplete()));
    }

    #[test]
    fn a_folder_without_any_is_told_and_so_is_an_interruption() {
        let dir = tempfile::tempdir().expect("a folder");
        let found = Discovery::below(&[dir.path().to_owned()], &Stop::default());
        assert_eq!(found.skips.len(), 1);
        assert!(found.skips[0].reason.is_incomplete());
        let stop = Stop::default();
        stop.ask();
        git_dir(&dir.path().join("x.git"));
        let found = Discovery::below(&[dir.path().to_owned()], &stop);
        assert!(found.repositories.is_empty());
        assert_eq!(found.skips[0].reason.code(), "interrupted");
    }
}
