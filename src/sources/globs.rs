//! Path globs that leave files out, each with a count of what it removed.

use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::base::quote;

/// A longer glob is refused, in bytes; and so is a longer list. Each glob is tried on each file.
const GLOB_BYTES: usize = 4 << 10;
/// See [`GLOB_BYTES`].
const GLOBS: usize = 1_000;

/// A set of globs in the syntax of `.gitignore`, shared by all workers.
#[derive(Debug, Default)]
pub struct Globs {
    globs: Vec<Glob>,
    /// Whether a glob takes files in again.
    any_in: bool,
    /// Where relative paths begin; empty if it cannot be told.
    here: PathBuf,
}

#[derive(Debug)]
struct Glob {
    rule: Gitignore,
    base: Option<PathBuf>,
    count: AtomicU64,
}

impl Globs {
    /// Adds a glob. With a `base` (canonical) it counts for the files below that folder, and is
    /// compared with their paths from there; without one with paths as reports show them.
    ///
    /// # Errors
    ///
    /// Why it does not parse.
    pub fn add(&mut self, glob: &str, base: Option<&Path>) -> Result<(), String> {
        if glob.len() > GLOB_BYTES {
            return Err(format!(
                "a glob of more than {GLOB_BYTES} bytes is not followed"
            ));
        }
        if self.globs.len() == GLOBS {
            return Err(format!("more than {GLOBS} globs are not followed"));
        }
        let mut builder = GitignoreBuilder::new("");
        builder.allow_unclosed_class(false);
        builder.add_line(None, glob).map_err(|e| why(glob, &e))?;
        let rule = builder.build().map_err(|e| why(glob, &e))?;
        if rule.is_empty() {
            return Err(format!("'{}' leaves nothing out", quote(glob)));
        }
        if base.is_some() && self.here.as_os_str().is_empty() {
            let here = std::env::current_dir().and_then(|here| here.canonicalize());
            self.here = here.unwrap_or_default();
        }
        self.any_in |= rule.num_whitelists() > 0;
        self.globs.push(Glob {
            rule,
            base: base.map(Path::to_owned),
            count: AtomicU64::new(0),
        });
        Ok(())
    }

    /// Takes relative paths for paths below this folder (canonical), not the current one.
    pub fn begin_at(&mut self, folder: &Path) {
        folder.clone_into(&mut self.here);
    }

    /// Whether a glob matches a file; nothing is counted.
    pub fn matches(&self, path: &Path) -> bool {
        self.first(path).is_some()
    }

    fn first(&self, path: &Path) -> Option<&Glob> {
        let matched = |glob: &Glob| match &glob.base {
            None => glob.matched(path),
            Some(base) => match tidy(&self.here.join(path)).strip_prefix(base) {
                Ok(below) => glob.matched(below),
                Err(_) => Says::Nothing,
            },
        };
        let mut hit = None;
        for glob in &self.globs {
            match matched(glob) {
                Says::Nothing => {}
                Says::Out if hit.is_some() => {}
                Says::Out => hit = Some(glob),
                Says::In => hit = None,
            }
            // Only a glob that takes files in again can change that.
            if hit.is_some() && !self.any_in {
                break;
            }
        }
        hit
    }

    /// Whether a file is left out; counts it for the first glob that says so.
    pub fn leave_out(&self, path: &Path) -> bool {
        let hit = self.first(path);
        if let Some(glob) = hit {
            glob.count.fetch_add(1, Ordering::Relaxed);
        }
        hit.is_some()
    }

    /// How many files each glob left out, in the order in which they were added.
    pub fn counts(&self) -> Vec<u64> {
        let counts = self.globs.iter().map(|g| g.count.load(Ordering::Relaxed));
        counts.collect()
    }
}

impl Glob {
    fn matched(&self, path: &Path) -> Says {
        // The matcher knows of no roots: what is absolute begins below its own.
        let is_name = |part: &Component| !matches!(part, Component::Prefix(_) | Component::RootDir);
        let rootless: PathBuf;
        let path = if path.has_root() {
            rootless = path.components().filter(is_name).collect();
            &rootless
        } else {
            path
        };
        let below = self.rule.matched_path_or_any_parents(path, false);
        match below {
            Match::None => Says::Nothing,
            Match::Ignore(_) => Says::Out,
            Match::Whitelist(_) => Says::In,
        }
    }
}

/// What a glob says of a file.
enum Says {
    Nothing,
    Out,
    /// `!GLOB`: what globs before it left out is read all the same.
    In,
}

/// Why a glob does not parse, without the whole of it: anything may have been pasted there.
fn why(glob: &str, error: &ignore::Error) -> String {
    match error {
        ignore::Error::Glob { err, .. } => format!("'{}' is no glob: {err}", quote(glob)),
        ignore::Error::WithPath { err, .. }
        | ignore::Error::WithLineNumber { err, .. }
        | ignore::Error::WithDepth { err, .. } => why(glob, err),
        _ => format!("'{}' is no glob", quote(glob)),
    }
}

/// A path without `.` and `..`, by its words alone.
fn tidy(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            part => out.push(part),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_are_those_of_gitignore() {
        let mut globs = Globs::default();
        globs.add("vendor/", None).unwrap();
        globs.add("*.min.js", None).unwrap();
        assert!(globs.leave_out(Path::new("a/vendor/b.c")));
        assert!(globs.leave_out(Path::new("x/y.min.js")));
        assert!(!globs.leave_out(Path::new("vendored.c")));
        assert_eq!(globs.counts(), [1, 1]);
        assert!(globs.leave_out(Path::new("/r/vendor/b.c")), "all the same");
        assert!(!globs.leave_out(Path::new("/")));
        assert!(globs.add("a[", None).is_err());
        assert!(globs.add("# a comment", None).is_err());
        assert!(globs.add(&"a/".repeat(GLOB_BYTES), None).is_err());
    }

    #[test]
    fn a_later_glob_takes_files_in_again() {
        let mut globs = Globs::default();
        for glob in ["*.js", "!own.js", "/gen/"] {
            globs.add(glob, None).unwrap();
        }
        assert!(globs.leave_out(Path::new("a/x.js")));
        assert!(!globs.leave_out(Path::new("a/own.js")));
        assert!(
            globs.leave_out(Path::new("gen/own.js")),
            "the last one decides"
        );
        assert_eq!(globs.counts(), [1, 0, 1]);
    }

    #[test]
    fn a_glob_of_a_folder_is_read_from_there() {
        let here = std::env::current_dir().unwrap().canonicalize().unwrap();
        let base = here.parent().unwrap();
        let name = here.file_name().unwrap().to_str().unwrap();
        let mut globs = Globs::default();
        globs.add(&format!("/{name}/a/"), Some(base)).unwrap();
        assert!(globs.leave_out(Path::new("a/x.c")), "seen from below");
        assert!(globs.leave_out(Path::new("./b/../a/x.c")));
        assert!(globs.leave_out(&here.join("a/x.c")), "seen from the root");
        assert!(!globs.leave_out(Path::new("b/a/x.c")));
        assert!(!globs.leave_out(Path::new("/elsewhere/a/x.c")));
    }
}
