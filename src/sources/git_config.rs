//! Git's own configuration, as far as it says where hooks are.
//!
//! Files are read as they lie; nothing is run. What a file includes is followed for the user's own
//! file only, and only as git would follow it: whoever made a repository must not lead the reader
//! through this machine. An include whose condition is not understood is told.

use std::path::{Path, PathBuf};

use super::globs::Globs;
use super::history::Places;
use super::read::{Links, small_file, words};
use super::repository::native;

/// A bigger file of configuration is not read, in bytes.
const MOST: u64 = 4 << 20;

/// How deep includes may be nested: git's own bound.
const DEPTH: usize = 10;

/// One setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The section, in lower case.
    pub section: String,
    /// What stands in quotes behind it.
    pub subsection: Option<String>,
    /// The key, in lower case.
    pub key: String,
    /// The value; `None` for a key alone, which means true.
    pub value: Option<String>,
    /// The line it begins on, 1-based.
    pub line: usize,
}

/// Reads the settings of a file, in their order.
///
/// # Errors
///
/// The line that does not parse.
pub fn settings(text: &str) -> Result<Vec<Setting>, usize> {
    let mut out = Vec::new();
    let (mut section, mut subsection) = (String::new(), None);
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = text.lines().zip(1..);
    while let Some((line, number)) = lines.next() {
        let mut rest = line.trim_start();
        if let Some(header) = rest.strip_prefix('[') {
            (section, subsection, rest) = self::header(header).ok_or(number)?;
            rest = rest.trim_start();
        }
        if rest.is_empty() || rest.starts_with(['#', ';']) {
            continue;
        }
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
        let (key, rest) = rest.split_at(end.unwrap_or(rest.len()));
        if key.is_empty() || section.is_empty() {
            return Err(number);
        }
        let rest = rest.trim_start();
        let value = match rest.strip_prefix('=') {
            Some(value) => {
                let mut next = || lines.next().map(|(line, _)| line);
                Some(self::value(value, &mut next).ok_or(number)?)
            }
            None if rest.is_empty() || rest.starts_with(['#', ';']) => None,
            None => return Err(number),
        };
        out.push(Setting {
            section: section.clone(),
            subsection: subsection.clone(),
            key: key.to_ascii_lowercase(),
            value,
            line: number,
        });
    }
    Ok(out)
}

/// What stands in brackets, and what follows on the line.
fn header(text: &str) -> Option<(String, Option<String>, &str)> {
    let name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    let end = text.find(|c| !name(c))?;
    let (section, rest) = text.split_at(end);
    let section = section.to_ascii_lowercase();
    if let Some(rest) = rest.strip_prefix(']') {
        // The old way of writing a subsection.
        return Some(match section.split_once('.') {
            Some((section, sub)) => (section.to_owned(), Some(sub.to_owned()), rest),
            None => (section, None, rest),
        });
    }
    let quoted = rest.trim_start().strip_prefix('"')?;
    let mut sub = String::new();
    let mut chars = quoted.char_indices();
    loop {
        match chars.next()? {
            (_, '\\') => sub.push(chars.next()?.1),
            (at, '"') => {
                let rest = quoted[at + 1..].strip_prefix(']')?;
                return Some((section, Some(sub), rest));
            }
            (_, c) => sub.push(c),
        }
    }
}

/// A value without its quotes, escapes and comments; it may go on in the next lines.
fn value<'a>(first: &'a str, next: &mut dyn FnMut() -> Option<&'a str>) -> Option<String> {
    let mut out = String::new();
    // What is kept at the end: blanks outside of quotes are not.
    let mut kept = 0;
    let mut quoted = false;
    let mut line = first.trim_start();
    'lines: loop {
        let mut chars = line.chars();
        while let Some(c) = chars.next() {
            match c {
                '\\' => {
                    out.push(match chars.next() {
                        None => {
                            line = next()?;
                            continue 'lines;
                        }
                        Some('n') => '\n',
                        Some('t') => '\t',
                        Some('b') => '\u{8}',
                        Some(c @ ('\\' | '"')) => c,
                        Some(_) => return None,
                    });
                    kept = out.len();
                }
                '"' => {
                    quoted = !quoted;
                    kept = out.len();
                }
                '#' | ';' if !quoted => break,
                c => {
                    out.push(c);
                    if quoted || !c.is_whitespace() {
                        kept = out.len();
                    }
                }
            }
        }
        out.truncate(kept);
        return (!quoted).then_some(out);
    }
}

/// What of the surroundings decides which files git reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GitHome {
    /// The user's home.
    pub home: Option<PathBuf>,
    /// `XDG_CONFIG_HOME`.
    pub config_home: Option<PathBuf>,
    /// `GIT_CONFIG_GLOBAL`: instead of the user's own files.
    pub global: Option<PathBuf>,
    /// `GIT_CONFIG_SYSTEM`: instead of the system's file.
    pub system: Option<PathBuf>,
    /// `GIT_CONFIG_NOSYSTEM`: not the system's file.
    pub no_system: bool,
}

impl GitHome {
    /// The user's own files, in the order in which git reads them.
    pub fn own_files(&self) -> Vec<PathBuf> {
        if let Some(file) = &self.global {
            return vec![file.clone()];
        }
        let config = self.config_home.clone();
        let config = config.or_else(|| Some(self.home.as_ref()?.join(".config")));
        let mut files: Vec<PathBuf> = config.map(|c| c.join("git/config")).into_iter().collect();
        files.extend(self.home.as_ref().map(|home| home.join(".gitconfig")));
        files
    }

    /// A path as configuration writes it: from home, absolute, or from the folder of its file.
    fn path(&self, text: &str, folder: &Path) -> Option<PathBuf> {
        if let Some(below) = text.strip_prefix("~/") {
            return Some(self.home.as_ref()?.join(below));
        }
        native(text.as_bytes().to_vec()).map(|path| folder.join(path))
    }
}

/// Whose setting it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The machine's: it counts in all repositories of all users.
    System,
    /// The user's: it counts in all of theirs.
    Global,
    /// The repository's, or one worktree's.
    Local,
}

/// Where git's configuration says that hooks are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HooksPath {
    /// As it is written, with home filled in: absolute, or from where hooks are run.
    pub path: PathBuf,
    /// The file that says so.
    pub file: PathBuf,
    /// Whose file that is.
    pub scope: Scope,
}

/// What is known of `core.hooksPath`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hooks {
    /// The setting that counts, if there is one.
    pub path: Option<HooksPath>,
    /// Things a person should know: files that do not parse, includes that were not followed.
    pub notices: Vec<String>,
}

impl Hooks {
    /// The setting that counts in a repository; without one, that of the user and the machine.
    pub fn read(home: &GitHome, places: Option<&Places>) -> Self {
        let mut reading = Reading {
            home,
            places,
            out: Self::default(),
        };
        if !home.no_system {
            let usual = || PathBuf::from("/etc/gitconfig");
            let file = home.system.clone().unwrap_or_else(usual);
            reading.file(&file, Scope::System, 0);
        }
        for file in home.own_files() {
            reading.file(&file, Scope::Global, 0);
        }
        if let Some(places) = places {
            reading.file(&places.common_dir.join("config"), Scope::Local, 0);
            if reading.has_own_files(places) {
                reading.file(&places.git_dir.join("config.worktree"), Scope::Local, 0);
            }
        }
        reading.out
    }
}

struct Reading<'a> {
    home: &'a GitHome,
    places: Option<&'a Places>,
    out: Hooks,
}

impl Reading<'_> {
    fn tell(&mut self, file: &Path, what: &str) {
        let file = crate::base::path_text(file);
        self.out.notices.push(format!("{file}: {what}"));
    }

    fn settings(&mut self, file: &Path) -> Vec<Setting> {
        let text = match small_file(file, Links::Follow, MOST) {
            Ok(text) => text,
            Err(error) => {
                if error.kind() != std::io::ErrorKind::NotFound {
                    self.tell(file, &words(&error));
                }
                return Vec::new();
            }
        };
        match settings(&String::from_utf8_lossy(&text)) {
            Ok(settings) => settings,
            Err(line) => {
                self.tell(file, &format!("line {line} does not parse"));
                Vec::new()
            }
        }
    }

    /// Whether worktrees have files of their own.
    fn has_own_files(&mut self, places: &Places) -> bool {
        let all = self.settings(&places.common_dir.join("config"));
        let own = all
            .iter()
            .rfind(|s| s.section == "extensions" && s.key == "worktreeconfig");
        own.is_some_and(|s| {
            let value = s.value.as_deref().unwrap_or("true");
            ["true", "yes", "on", "1"].contains(&value.to_ascii_lowercase().as_str())
        })
    }

    fn file(&mut self, file: &Path, scope: Scope, depth: usize) {
        let folder = file.parent().unwrap_or(Path::new("."));
        for setting in self.settings(file) {
            let name = (setting.section.as_str(), setting.key.as_str());
            match (name, &setting.subsection, &setting.value) {
                (("core", "hookspath"), None, Some(value)) => {
                    // An empty value takes back what was said before.
                    let from = Path::new("");
                    let path = self.home.path(value, from);
                    self.out.path = path.map(|path| HooksPath {
                        path,
                        file: file.to_owned(),
                        scope,
                    });
                }
                (("include", "path"), None, Some(value)) => {
                    self.include(file, folder, value, scope, depth);
                }
                (("includeif", "path"), Some(condition), Some(value)) => {
                    match self.holds(condition, folder) {
                        Some(true) => self.include(file, folder, value, scope, depth),
                        Some(false) => {}
                        None => {
                            let line = setting.line;
                            let what = format!(
                                "line {line}: what is included on this condition is not followed"
                            );
                            self.tell(file, &what);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn include(&mut self, file: &Path, folder: &Path, named: &str, scope: Scope, depth: usize) {
        if scope != Scope::Global {
            let what = "what it includes is not followed: should that set core.hooksPath, git \
                        looks for hooks elsewhere";
            return self.tell(file, what);
        }
        if depth == DEPTH {
            return self.tell(file, "includes are nested too deep");
        }
        if let Some(path) = self.home.path(named, folder) {
            self.file(&path, scope, depth + 1);
        }
    }

    /// Whether a condition holds; `None` if that is not known here.
    fn holds(&self, condition: &str, folder: &Path) -> Option<bool> {
        let (kind, pattern) = condition.split_once(':')?;
        let fold = match kind {
            "gitdir" => false,
            "gitdir/i" => true,
            _ => return None,
        };
        let Some(places) = self.places else {
            return Some(false);
        };
        let mut pattern = match pattern.strip_prefix("./") {
            Some(below) => format!("{}/{below}", folder.to_str()?),
            None => pattern.to_owned(),
        };
        if let Some(below) = pattern.strip_prefix("~/") {
            pattern = format!("{}/{below}", self.home.home.as_ref()?.to_str()?);
        } else if !pattern.starts_with('/') {
            pattern = format!("**/{pattern}");
        }
        if pattern.ends_with('/') {
            pattern.push_str("**");
        }
        let real = places.git_dir.canonicalize().ok();
        let matches = |path: &Path| is_in(&pattern, fold, path);
        let asked = matches(&places.git_dir)?;
        Some(asked || real.as_deref().and_then(matches).unwrap_or(false))
    }
}

/// Whether a folder matches the pattern of a condition.
fn is_in(pattern: &str, fold: bool, path: &Path) -> Option<bool> {
    let folded = |text: &str| {
        if fold {
            text.to_lowercase()
        } else {
            text.to_owned()
        }
    };
    let mut globs = Globs::default();
    globs.add(&folded(pattern), None).ok()?;
    Some(globs.matches(Path::new(&folded(path.to_str()?))))
}

#[cfg(test)]
mod tests {
    use super::super::history::PlacesOptions;
    use super::*;
    use std::fs;

    fn told(text: &str) -> Vec<(String, Option<String>)> {
        let all = settings(text).expect("it parses").into_iter();
        let name = |s: &Setting| match &s.subsection {
            Some(sub) => format!("{}.{sub}.{}", s.section, s.key),
            None => format!("{}.{}", s.section, s.key),
        };
        all.map(|s| (name(&s), s.value)).collect()
    }

    fn one(name: &str, value: &str) -> (String, Option<String>) {
        (name.to_owned(), Some(value.to_owned()))
    }

    #[test]
    fn settings_are_read_as_git_writes_them() {
        let text = "# why\n[Core]\n\tHooksPath = /a/b ; x\n  bare\n[remote \"o \\\"r\"]url=x # y\n\
                    [a.b] k = \" c # d \" e\n k2 = one \\\n  two\n";
        assert_eq!(
            told(text),
            [
                one("core.hookspath", "/a/b"),
                ("core.bare".into(), None),
                one("remote.o \"r.url", "x"),
                one("a.b.k", " c # d  e"),
                one("a.b.k2", "one   two"),
            ]
        );
        for (bad, line) in [
            ("k = v", 1),
            ("[a]\nk = \"x", 2),
            ("[a\n", 1),
            ("[a]\n= v", 2),
        ] {
            assert_eq!(settings(bad), Err(line), "{bad:?}");
        }
    }

    #[test]
    fn the_last_of_system_user_and_repository_counts() {
        let dir = tempfile::tempdir().expect("a folder");
        let top = dir.path().canonicalize().expect("it is there");
        let write = |name: &str, text: &str| {
            let path = top.join(name);
            fs::create_dir_all(path.parent().expect("it has one")).expect("made");
            fs::write(path, text).expect("written");
        };
        write("repo/.git/HEAD", "ref: refs/heads/main\n");
        write("repo/.git/objects/x", "");
        let home = GitHome {
            home: Some(top.join("home")),
            system: Some(top.join("system")),
            ..GitHome::default()
        };
        let places = Places::find(&top.join("repo"), &PlacesOptions::default()).expect("found");
        let read = || Hooks::read(&home, Some(&places));
        let path = || read().path.map(|p| (p.path, p.scope));
        assert_eq!(read(), Hooks::default());
        write("system", "[core]\nhooksPath = /s\n");
        assert_eq!(path(), Some(("/s".into(), Scope::System)));
        write("home/.gitconfig", "[include]\npath = more\n");
        write("home/more", "[core]\nhooksPath = ~/h\n");
        assert_eq!(path(), Some((top.join("home/h"), Scope::Global)));
        let elsewhere = "[includeIf \"gitdir:~/none/\"]\npath = other\n";
        write("home/.gitconfig", elsewhere);
        write("home/other", "[core]\nhooksPath = /o\n");
        assert_eq!(path(), Some(("/s".into(), Scope::System)));
        let here = format!("[includeIf \"gitdir:{}/\"]\npath = other\n", top.display());
        write("home/.gitconfig", &here);
        assert_eq!(path(), Some(("/o".into(), Scope::Global)));
        assert_eq!(
            Hooks::read(&home, None).path.map(|p| p.path),
            Some("/s".into())
        );
        write(
            "home/.gitconfig",
            "[includeIf \"onbranch:x\"]\npath = other\n",
        );
        assert_eq!(
            read().notices.len(),
            1,
            "a condition that is not understood is told"
        );
        write(
            "repo/.git/config",
            "[core]\nhooksPath = .githooks\n[include]\npath = /x\n",
        );
        assert_eq!(path(), Some((".githooks".into(), Scope::Local)));
        assert_eq!(read().notices.len(), 2, "and what a repository includes");
        write("repo/.git/config.worktree", "[core]\nhooksPath = /w\n");
        assert_eq!(path(), Some((".githooks".into(), Scope::Local)));
        write(
            "repo/.git/config",
            "[extensions]\nworktreeConfig\n[core]\nhooksPath = x\n",
        );
        assert_eq!(path(), Some(("/w".into(), Scope::Local)));
    }
}
