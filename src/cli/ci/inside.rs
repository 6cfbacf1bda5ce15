//! Where a folder of configuration lies: in the tree that is judged, or outside of it.
//!
//! Whoever writes a change chooses the links of the working tree. So from where a path enters that
//! tree nothing is followed: what comes behind is names, which the commit of the base is asked for.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use straykey::base::path_text;
use straykey::sources::history::Places;

use crate::cli::error::CliError;

/// How many links a path may have: more than any system follows.
const LINKS: usize = 64;

/// Where a folder lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Where {
    /// In the working tree: names from its top.
    Inside(Vec<String>),
    /// Elsewhere: a path without links, for whoever runs this has put it there.
    Outside(PathBuf),
}

/// Where `folder` lies, which the argument `named` names.
///
/// # Errors
///
/// If it has a name that is no text, or links that do not end.
pub fn find(places: &Places, named: &str, folder: &Path) -> Result<Where, CliError> {
    let here = std::env::current_dir().and_then(|here| here.canonicalize());
    let here = here.map_err(|e| CliError::file("cannot find", Path::new("."), &e))?;
    let top = top(places);
    if top.is_none() && folder.is_relative() {
        return Err(CliError::new(format!(
            "{named} {}: where the working tree is is not known here: name it by its whole path",
            path_text(folder)
        )));
    }
    place(top.as_deref(), &here, folder)
        .map_err(|why| CliError::new(format!("{named} {}: {why}", path_text(folder))))
}

fn place(top: Option<&Path>, here: &Path, folder: &Path) -> Result<Where, &'static str> {
    // Steps up are words, too: the system would take them from where a link leads.
    let whole = plain(&here.join(folder));
    let mut left: VecDeque<OsString> = names(&whole);
    let mut at = root(&whole);
    let mut links = 0;
    loop {
        if top.is_some_and(|top| is_same(&at, top)) {
            let names = left.iter().map(|name| name.to_str().map(str::to_owned));
            let names: Option<Vec<String>> = names.collect();
            return names.map(Where::Inside).ok_or("is no text");
        }
        let Some(name) = left.pop_front() else {
            return Ok(Where::Outside(at));
        };
        let next = at.join(&name);
        match next.read_link() {
            Ok(target) => {
                links += 1;
                if links > LINKS {
                    return Err("its links do not end");
                }
                let target = plain(&at.join(target));
                let mut all = names(&target);
                all.append(&mut left);
                (at, left) = (root(&target), all);
            }
            Err(_) => at = next,
        }
    }
}

/// A whole path without steps up and steps that lead nowhere.
fn plain(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                out.pop();
            }
            Component::CurDir => {}
            part => out.push(part),
        }
    }
    out
}

/// Where a whole path begins.
fn root(path: &Path) -> PathBuf {
    let is_root = |part: &Component<'_>| !matches!(part, Component::Normal(_));
    path.components().take_while(is_root).collect()
}

/// What comes after that.
fn names(path: &Path) -> VecDeque<OsString> {
    let normal = path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_owned()),
        _ => None,
    });
    normal.collect()
}

/// Whether a path without links is the top, however it is written.
fn is_same(at: &Path, top: &Path) -> bool {
    at == top || at.canonicalize().is_ok_and(|at| at == top)
}

/// The top of the working tree that a git folder belongs to, canonical.
fn top(places: &Places) -> Option<PathBuf> {
    let start = places.shown.canonicalize().ok()?;
    let mut above = start.ancestors();
    let top = above.find(|folder| folder.join(".git").symlink_metadata().is_ok());
    top.map(Path::to_owned)
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn from_the_top_of_the_tree_nothing_is_followed() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        for folder in ["real/repo/sub", "org/rules", "evil"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        let top = root.join("real/repo");
        for (link, to) in [
            ("build", root.join("real")),
            ("loop", root.join("loop")),
            ("into", root.join("build/repo/rules")),
            // These are in the tree: the change brought them.
            ("real/repo/rules", root.join("evil")),
            ("real/repo/out", root.join("org")),
        ] {
            symlink(to, root.join(link)).unwrap();
        }
        let find = |here: &Path, folder: &str| place(Some(&top), here, Path::new(folder)).unwrap();
        let inside =
            |names: &[&str]| Where::Inside(names.iter().map(|n| (*n).to_owned()).collect());
        let shown = |name: &str| root.join(name).to_str().unwrap().to_owned();
        for folder in [
            "rules",
            "./rules",
            "sub/../rules",
            &shown("build/repo/rules"),
            &shown("into"),
        ] {
            assert_eq!(find(&top, folder), inside(&["rules"]), "{folder}");
        }
        assert_eq!(
            find(&top.join("sub"), "../rules/x"),
            inside(&["rules", "x"])
        );
        assert_eq!(find(&top, "out/rules"), inside(&["out", "rules"]));
        // Steps up out of a link of the tree lead to where the words do.
        let outside = |name: &str| Where::Outside(root.join(name));
        assert_eq!(find(&top, "out/../../../org/rules"), outside("org/rules"));
        assert_eq!(find(&top, &shown("org/rules")), outside("org/rules"));
        assert_eq!(find(&top, "../nothing"), outside("real/nothing"));
        assert!(place(Some(&top), &top, &root.join("loop")).is_err());
        assert_eq!(
            place(None, &top, Path::new("rules")).unwrap(),
            outside("evil")
        );
    }
}
