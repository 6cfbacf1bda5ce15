//! Path globs that leave files out, each with a count of what it removed.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// A set of globs in the syntax of `.gitignore`, shared by all workers.
#[derive(Debug, Default)]
pub struct Globs {
    globs: Vec<(Gitignore, AtomicU64)>,
}

impl Globs {
    /// Adds a glob.
    ///
    /// # Errors
    ///
    /// Why it does not parse.
    pub fn add(&mut self, glob: &str) -> Result<(), String> {
        let mut builder = GitignoreBuilder::new("");
        builder.allow_unclosed_class(false);
        builder.add_line(None, glob).map_err(|e| e.to_string())?;
        let built = builder.build().map_err(|e| e.to_string())?;
        self.globs.push((built, AtomicU64::new(0)));
        Ok(())
    }

    /// Whether a file is left out; counts it for the first glob that says so.
    pub fn leave_out(&self, path: &Path) -> bool {
        let below = |glob: &Gitignore| {
            if path.has_root() {
                glob.matched(path, false).is_ignore()
            } else {
                glob.matched_path_or_any_parents(path, false).is_ignore()
            }
        };
        let hit = self.globs.iter().find(|(glob, _)| below(glob));
        if let Some((_, count)) = hit {
            count.fetch_add(1, Ordering::Relaxed);
        }
        hit.is_some()
    }

    /// How many files each glob left out, in the order in which they were added.
    pub fn counts(&self) -> Vec<u64> {
        self.globs
            .iter()
            .map(|(_, count)| count.load(Ordering::Relaxed))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_are_those_of_gitignore() {
        let mut globs = Globs::default();
        globs.add("vendor/").expect("parses");
        globs.add("*.min.js").expect("parses");
        assert!(globs.leave_out(Path::new("a/vendor/b.c")));
        assert!(globs.leave_out(Path::new("x/y.min.js")));
        assert!(!globs.leave_out(Path::new("vendored.c")));
        assert_eq!(globs.counts(), [1, 1]);
        assert!(globs.add("a[").is_err());
    }
}
