//! Ignore rules: the `.gitignore` files of one repository, innermost first, then its
//! `info/exclude`.
//!
//! Where rules cannot be read or a negated rule cannot be understood, nothing is ignored: reading
//! too much is the safe side.

use std::borrow::Cow;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::read::{Links, small_file};
use super::repository::Repository;

/// A file of rules beyond this size is not followed. A rule can cost some 400 times its length.
const RULES_BYTES: u64 = 128 << 10;

/// All rules of a walk together, in bytes of those that are dear to compile. Measured: one takes
/// 250 times its length.
const DEAR_BYTES: usize = 512 << 10;

/// The same for plain names and endings.
const PLAIN_BYTES: usize = 8 << 20;

/// What the rules of one walk may still take. What goes beyond it ignores nothing.
pub(super) struct Budget {
    dear: AtomicUsize,
    plain: AtomicUsize,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self {
            dear: AtomicUsize::new(DEAR_BYTES),
            plain: AtomicUsize::new(PLAIN_BYTES),
        }
    }

    /// Whether a file of rules still fits in; then it is taken off.
    fn takes(&self, content: &[u8]) -> bool {
        let is_dear = |line: &&[u8]| {
            let stars = memchr::memchr_iter(b'*', line).count();
            stars > 1 || line.iter().any(|b| matches!(b, b'?' | b'['))
        };
        let lines = content.split(|b| *b == b'\n').filter(is_dear);
        let dear = lines.map(<[u8]>::len).sum();
        let take = |left: &AtomicUsize, bytes: usize| {
            left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(bytes)
            })
        };
        take(&self.dear, dear).is_ok() && take(&self.plain, content.len() - dear).is_ok()
    }
}

/// The rules of one folder, and those of the folders around it up to the top of the repository.
pub(super) struct Rules {
    matcher: Gitignore,
    outer: Option<Arc<Rules>>,
}

impl Rules {
    /// The rules that hold at the top of a repository before any `.gitignore`.
    pub(super) fn of_repository(
        root: &Path,
        repository: &Repository,
        budget: &Budget,
    ) -> Option<Arc<Self>> {
        // Git follows a link here, as nobody can commit one.
        let file = repository.exclude_file();
        let matcher = matcher(root, &file, Links::Follow, budget)?;
        Some(Arc::new(Self {
            matcher,
            outer: None,
        }))
    }

    /// The rules that hold in `folder` (canonical), which lies in a repository, given those around
    /// it. Nothing if the folder adds none.
    pub(super) fn of_folder(
        folder: &Path,
        outer: Option<&Arc<Rules>>,
        budget: &Budget,
    ) -> Option<Arc<Self>> {
        let matcher = matcher(folder, &folder.join(".gitignore"), Links::Refuse, budget)?;
        Some(Arc::new(Self {
            matcher,
            outer: outer.cloned(),
        }))
    }

    /// Whether `path` (canonical) is left out. The innermost rules that say anything decide.
    pub(super) fn ignores(&self, path: &Path, is_folder: bool) -> bool {
        let mut rules = Some(self);
        while let Some(here) = rules {
            match here.matcher.matched(path, is_folder) {
                Match::Ignore(_) => return true,
                Match::Whitelist(_) => return false,
                Match::None => rules = here.outer.as_deref(),
            }
        }
        false
    }
}

fn matcher(folder: &Path, file: &Path, links: Links, budget: &Budget) -> Option<Gitignore> {
    let content = match small_file(file, links, RULES_BYTES) {
        Ok(content) if budget.takes(&content) => content,
        Ok(_) => b"!*".to_vec(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        // Git does not follow a `.gitignore` that is a link: there are no rules.
        #[cfg(unix)]
        Err(error) if error.raw_os_error() == Some(libc::ELOOP) => return None,
        Err(_) => b"!*".to_vec(),
    };
    let matcher = parse(folder, &content).unwrap_or_else(|| {
        // All rules of this file together are too much for the matcher.
        parse(folder, b"!*").unwrap_or_else(Gitignore::empty)
    });
    (!matcher.is_empty()).then_some(matcher)
}

fn parse(folder: &Path, content: &[u8]) -> Option<Gitignore> {
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    let mut builder = GitignoreBuilder::new(folder);
    for line in content.split(|&byte| byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let added = match std::str::from_utf8(line) {
            Ok(line) => builder.add_line(None, &literal_braces(line)).is_ok(),
            Err(_) => false,
        };
        // A rule that is not understood ignores nothing; a negated one takes all back.
        if !added && line.starts_with(b"!") {
            builder.add_line(None, "!*").ok()?;
        }
    }
    builder.build().ok()
}

/// A rule with its braces escaped: to git they are letters, to the matcher alternatives.
fn literal_braces(line: &str) -> Cow<'_, str> {
    if !line.contains(['{', '}']) {
        return Cow::Borrowed(line);
    }
    let mut out = String::with_capacity(line.len() + 8);
    let (mut in_class, mut escaped) = (false, false);
    for c in line.chars() {
        match c {
            '{' | '}' if !in_class && !escaped => out.push('\\'),
            '[' if !escaped => in_class = true,
            ']' => in_class = false,
            _ => {}
        }
        escaped = c == '\\' && !escaped;
        out.push(c);
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ignored(rules: &str, path: &str, is_folder: bool) -> bool {
        let matcher = parse(Path::new("/r"), rules.as_bytes()).unwrap();
        matcher
            .matched(Path::new("/r").join(path), is_folder)
            .is_ignore()
    }

    #[test]
    fn rules_mean_what_git_means() {
        assert!(ignored("*.log\n", "a/b.log", false));
        assert!(ignored("\u{feff}*.log\r\n", "b.log", false));
        assert!(!ignored("*.log\n!keep.log\n", "keep.log", false));
        assert!(ignored("/build/\n", "build", true));
        assert!(!ignored("/build/\n", "build", false));
        assert!(!ignored("/build\n", "a/build", false));
        assert!(ignored("a/**/z\n", "a/b/c/z", false));
        assert!(!ignored("# *\n", "x", false));
        assert!(ignored("\\#x\n", "#x", false));
        // `git check-ignore` says so: braces are letters.
        assert!(!ignored("*.{env,key}\n", "x.env", false));
        assert!(ignored("*.{env,key}\n", "x.{env,key}", false));
        assert!(ignored("\\{[{x]}\n", "{{}", false));
    }

    #[test]
    fn what_is_not_understood_ignores_nothing() {
        let broken = parse(Path::new("/r"), b"*.env\n!caf\xe9.env\n").unwrap();
        assert!(!broken.matched("/r/x.env", false).is_ignore());
        let broken = parse(Path::new("/r"), b"caf\xe9\n*.env\n").unwrap();
        assert!(broken.matched("/r/x.env", false).is_ignore());
    }
}
