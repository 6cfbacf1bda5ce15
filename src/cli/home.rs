//! The `.straykey` folder of a tree: where it is, and whether it is believed.
//!
//! It is looked for from the target upwards, no further than the top of the repository. What
//! belongs to another user is not read, and that is told.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use straykey::base::{path_text, quote};
use straykey::reports::write_atomically;
use straykey::scan::Exclude;
use straykey::sources::top_of;

use super::error::CliError;

/// The folder's name.
pub const FOLDER: &str = ".straykey";
/// The configuration in it.
pub const CONFIG: &str = "config.toml";
/// The baseline in it.
pub const BASELINE: &str = "baseline";
/// The allowances in it.
pub const IGNORE: &str = "ignore";

/// The biggest file of configuration that is read, in bytes.
pub const MOST: u64 = 16 << 20;

/// Where the words of a configuration are read from: a folder, or a commit.
pub trait Words {
    /// Reads one of the files. `None` if it is not there, or must not be followed: then a notice says
    /// so.
    ///
    /// # Errors
    ///
    /// If it is there and cannot be read.
    fn read(
        &self,
        name: &Path,
        notices: &mut Vec<String>,
    ) -> Result<Option<(String, String)>, CliError>;

    /// Reads a file of patterns that the configuration names at `place`.
    ///
    /// # Errors
    ///
    /// If it is not there, cannot be read or lies outside of the tree.
    fn patterns(
        &self,
        name: &Path,
        place: &str,
        notices: &mut Vec<String>,
    ) -> Result<Option<(String, String)>, CliError>;

    /// What leaves out the files that a glob of the configuration means.
    fn exclude(&self, glob: &str, source: String) -> Exclude;
}

/// A `.straykey` folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    /// The folder itself.
    pub folder: PathBuf,
    /// The folder that holds it: what its globs begin at. Canonical.
    pub base: PathBuf,
    /// Whether the user named it. One that was found may hold links to anywhere: those out of its
    /// tree are not followed.
    pub named: bool,
}

impl Home {
    /// The home in `base`, which must be canonical, whether it is there or not.
    pub fn at(base: &Path) -> Self {
        Self {
            folder: base.join(FOLDER),
            base: base.to_owned(),
            named: false,
        }
    }

    /// The home of all targets together.
    ///
    /// # Errors
    ///
    /// If two targets have different ones: the words of one must not count for the other.
    pub fn of(targets: &[PathBuf]) -> Result<Option<Self>, CliError> {
        let mut found: Option<(&PathBuf, Option<Self>)> = None;
        for target in targets {
            let one = nearest(target);
            match &found {
                None => found = Some((target, one)),
                Some((_, first)) if *first == one => {}
                Some((other, _)) => {
                    return Err(CliError::new(format!(
                        "'{}' and '{}' have different configurations: scan them one by one, or \
                         choose with --config FOLDER or --no-config",
                        path_text(other),
                        path_text(target)
                    )));
                }
            }
        }
        Ok(found.and_then(|(_, home)| home))
    }

    /// Refuses a file that links lead out of the tree: whoever can open a pull request chooses
    /// them, and neither what they point to may be read in the tree's name nor written.
    ///
    /// # Errors
    ///
    /// If it lies outside.
    pub fn refuse_outside(&self, path: &Path) -> Result<(), CliError> {
        match path.canonicalize() {
            Ok(real) if !self.named && !real.starts_with(&self.base) => {
                Err(CliError::new(format!(
                    "{} is a link out of the tree, and is not followed",
                    shown(path)
                )))
            }
            _ => Ok(()),
        }
    }
}

impl Home {
    /// Changes one of its files, whole or not at all: `change` is given what it holds (nothing if it
    /// is not there), and gives what it shall hold, if that is something else. Gives the file as
    /// messages show it.
    ///
    /// # Errors
    ///
    /// What `change` says, or why it cannot be written.
    pub fn replace(
        &self,
        name: &str,
        change: impl FnOnce(&str) -> Result<Option<String>, CliError>,
    ) -> Result<String, CliError> {
        let file = self.folder.join(name);
        let wrong = |e: io::Error| CliError::file("cannot write", &file, &e);
        fs::create_dir_all(&self.folder).map_err(wrong)?;
        self.refuse_outside(&self.folder)?;
        self.refuse_outside(&file)?;
        // Two of these at once must not lose a line. Not every system can lock a folder.
        let lock = File::open(&self.folder).ok();
        if let Some(lock) = &lock {
            let _ = lock.lock();
        }
        let shown = shown(&file);
        let old = match open(&file) {
            Ok(open) if open.metadata().is_ok_and(|meta| meta.is_file()) => {
                read_text(open, &shown, MOST)?
            }
            Ok(_) => return Err(wrong(io::Error::other("it is no regular file"))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(wrong(error)),
        };
        if let Some(new) = change(&old)? {
            write_atomically(&file, |out| out.write_all(new.as_bytes())).map_err(wrong)?;
        }
        Ok(shown)
    }
}

impl Words for Home {
    /// `None`, too, if it belongs to somebody else.
    fn read(
        &self,
        name: &Path,
        notices: &mut Vec<String>,
    ) -> Result<Option<(String, String)>, CliError> {
        let path = self.folder.join(name);
        let shown = shown(&path);
        self.refuse_outside(&path)?;
        let file = match open(&path) {
            Ok(file) => file,
            Err(error) if is_absent(&error) => return Ok(None),
            Err(error) => return Err(CliError::file("cannot read", Path::new(&shown), &error)),
        };
        let meta = file.metadata();
        let meta = meta.map_err(|e| CliError::file("cannot read", Path::new(&shown), &e))?;
        if !is_ours(&meta) {
            notices.push(format!(
                "{shown} belongs to another user and is not followed"
            ));
            return Ok(None);
        }
        if !meta.is_file() {
            return Err(CliError::new(format!("{shown} is no regular file")));
        }
        read_text(file, &shown, MOST).map(|text| Some((shown, text)))
    }

    /// It must lie below the folder that holds the configuration, links followed: nothing else may be
    /// read in the name of a repository.
    fn patterns(
        &self,
        name: &Path,
        place: &str,
        notices: &mut Vec<String>,
    ) -> Result<Option<(String, String)>, CliError> {
        let named = quote(&name.to_string_lossy()).into_owned();
        let path = self.folder.join(name);
        let real = path.canonicalize();
        let real = real.map_err(|e| CliError::new(format!("{place}: '{named}': {e}")))?;
        if !real.starts_with(&self.base) {
            let what = "lies outside of the tree";
            return Err(CliError::new(format!("{place}: '{named}' {what}")));
        }
        self.read(name, notices)
    }

    fn exclude(&self, glob: &str, source: String) -> Exclude {
        Exclude {
            glob: glob.to_owned(),
            base: Some(self.base.clone()),
            source,
        }
    }
}

/// Reads a text file that the user named.
///
/// # Errors
///
/// If it cannot be read, is too big or is not UTF-8.
pub fn read_named(path: &Path) -> Result<String, CliError> {
    read_at_most(path, MOST)
}

/// The same with a bound of its own, in bytes.
///
/// # Errors
///
/// If it cannot be read, is too big or is not UTF-8.
pub fn read_at_most(path: &Path, most: u64) -> Result<String, CliError> {
    let file = open(path).map_err(|e| CliError::file("cannot read", path, &e))?;
    read_text(file, &path_text(path), most)
}

fn read_text(file: File, shown: &str, most: u64) -> Result<String, CliError> {
    let mut bytes = Vec::new();
    file.take(most + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| CliError::file("cannot read", Path::new(shown), &e))?;
    text(bytes, shown, most)
}

/// The text of a file of configuration.
///
/// # Errors
///
/// If it is too big or is not UTF-8.
pub fn text(bytes: Vec<u8>, shown: &str, most: u64) -> Result<String, CliError> {
    if bytes.len() as u64 > most {
        let most = most.div_ceil(1 << 20);
        return Err(CliError::new(format!("{shown} is bigger than {most} MiB")));
    }
    String::from_utf8(bytes).map_err(|e| {
        let line = e.as_bytes()[..e.utf8_error().valid_up_to()]
            .split(|b| *b == b'\n')
            .count();
        CliError::new(format!("{shown}:{line}: this is not UTF-8"))
    })
}

/// Opens without waiting: a FIFO in place of a file must not hold the scan up.
fn open(path: &Path) -> io::Result<File> {
    let is_plain = |meta: &fs::Metadata| meta.is_file() || meta.is_dir();
    let refused = || io::Error::other("it is no regular file");
    // Opening some devices does something.
    if !is_plain(&fs::metadata(path)?) {
        return Err(refused());
    }
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.custom_flags(libc::O_NONBLOCK);
    }
    let file = options.open(path)?;
    if is_plain(&file.metadata()?) {
        Ok(file)
    } else {
        Err(refused())
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// The nearest home above a target that is there.
fn nearest(target: &Path) -> Option<Home> {
    let start = if target == Path::new("-") {
        Path::new(".")
    } else {
        target
    };
    let start = start.canonicalize().ok()?;
    let folder = if start.is_dir() {
        start.as_path()
    } else {
        start.parent()?
    };
    // Outside of a repository only the folder itself is asked.
    let top = top_of(folder).unwrap_or(folder);
    folder
        .ancestors()
        .take_while(|up| up.starts_with(top))
        .map(Home::at)
        .find(|home| home.folder.is_dir())
}

/// A path as messages show it: from the folder one is in, if it lies below.
pub fn shown(path: &Path) -> String {
    let here = std::env::current_dir().and_then(|here| here.canonicalize());
    let below = here.ok().and_then(|here| path.strip_prefix(here).ok());
    path_text(below.unwrap_or(path)).into_owned()
}

/// Whether a file belongs to the user who runs this, to the one who used `sudo`, or to root.
#[cfg(unix)]
pub fn is_ours(meta: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let me = rustix::process::geteuid().as_raw();
    let sudo = std::env::var("SUDO_UID").ok().filter(|_| me == 0);
    let sudo = sudo.and_then(|uid| uid.parse().ok());
    meta.uid() == me || meta.uid() == 0 || Some(meta.uid()) == sudo
}

#[cfg(not(unix))]
pub fn is_ours(_: &fs::Metadata) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_home_up_to_the_top_of_the_repository() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        for folder in [".straykey", "repo/.git", "repo/a/b", "repo/a/.straykey"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        fs::write(root.join("repo/a/b/f"), "").unwrap();
        let home = |path: &str| nearest(&root.join(path)).map(|home| home.base);
        assert_eq!(home("repo/a/b"), Some(root.join("repo/a")));
        assert_eq!(home("repo/a/b/f"), Some(root.join("repo/a")));
        assert_eq!(
            home("repo"),
            None,
            "what lies above the repository does not count"
        );
        assert_eq!(home(""), Some(root.clone()));
        fs::create_dir(root.join("plain")).unwrap();
        assert_eq!(home("plain"), None, "no repository: only the folder itself");
        let both = [root.join("repo/a"), root.join("repo")];
        assert!(Home::of(&both).is_err());
        assert!(Home::of(&both[..1]).unwrap().is_some());
    }
}
