//! The rules of a walk, each on a real tree in a temporary folder.

mod ignoring;
mod reading;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Chunk, ContentKind, Origin, Skip, SkipReason, TreeOptions, TreeSource, Visitor};

/// Keeps what it is given.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    pub(super) contents: BTreeMap<PathBuf, Vec<u8>>,
    pub(super) kinds: BTreeMap<PathBuf, ContentKind>,
    pub(super) done: BTreeMap<PathBuf, u64>,
    pub(super) skips: Vec<Skip>,
    pub(super) chunks: usize,
    /// Panics on contents with these bytes.
    pub(super) dreads: Option<&'static [u8]>,
    /// Wants no file of this name.
    pub(super) unwanted: Option<&'static str>,
}

impl Visitor for Recorder {
    fn wants(&mut self, origin: &Origin) -> bool {
        !self
            .unwanted
            .is_some_and(|name| origin.path.ends_with(name))
    }

    fn chunk(&mut self, origin: &Origin, chunk: &Chunk<'_>) {
        if let Some(dread) = self.dreads
            && chunk.text.windows(dread.len()).any(|w| w == dread)
        {
            panic!("cannot bear {:?}", String::from_utf8_lossy(chunk.text));
        }
        self.chunks += 1;
        let content = self.contents.entry(origin.path.clone()).or_default();
        assert_eq!(chunk.offset + chunk.core_start as u64, content.len() as u64);
        assert_eq!(chunk.first, chunk.offset == 0);
        content.extend_from_slice(&chunk.text[chunk.core()]);
        self.kinds.insert(origin.path.clone(), chunk.kind);
    }

    fn skip(&mut self, skip: Skip) {
        self.skips.push(skip);
    }

    fn done(&mut self, origin: &Origin, bytes: u64) {
        let before = self.done.insert(origin.path.clone(), bytes);
        assert_eq!(before, None, "{origin:?} was read twice");
    }
}

/// A temporary tree, with files written by name.
struct Tree(tempfile::TempDir);

impl Tree {
    fn new(files: &[&str]) -> Self {
        let tree = Self(tempfile::tempdir().unwrap());
        for file in files {
            tree.write(file, file.as_bytes());
        }
        tree
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, file: impl AsRef<Path>, content: &[u8]) -> PathBuf {
        let path = self.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    fn folder(&self, path: &str) -> PathBuf {
        let path = self.path().join(path);
        std::fs::create_dir_all(&path).unwrap();
        path
    }

    /// Makes `folder` a repository that tracks `files`.
    fn repository(&self, folder: &str, files: &[&str]) -> git2::Repository {
        let repository = git2::Repository::init(self.folder(folder)).unwrap();
        let mut index = repository.index().unwrap();
        for file in files {
            index.add_path(Path::new(file)).unwrap();
        }
        index.write().unwrap();
        repository
    }

    /// Reads `targets` (below the top) with several workers.
    fn read(&self, targets: &[&str]) -> Seen {
        self.read_by(targets, |_| {}, Recorder::default)
    }

    fn read_by(
        &self,
        targets: &[&str],
        set: impl FnOnce(&mut TreeOptions),
        make: impl Fn() -> Recorder + Sync,
    ) -> Seen {
        let mut options = TreeOptions {
            targets: targets.iter().map(|t| self.path().join(t)).collect(),
            threads: 3,
            ..TreeOptions::default()
        };
        set(&mut options);
        let mut all = Recorder::default();
        for one in TreeSource::new(&options).walk(make) {
            let before = all.done.len();
            all.chunks += one.chunks;
            all.contents.extend(one.contents);
            all.kinds.extend(one.kinds);
            let more = one.done.len();
            all.done.extend(one.done);
            assert_eq!(all.done.len(), before + more, "a file was read twice");
            all.skips.extend(one.skips);
        }
        let short = |path: &Path| {
            let path = path.strip_prefix(self.path()).unwrap_or(path);
            path.to_string_lossy().replace('\\', "/")
        };
        let mut seen = Seen {
            read: all.done.keys().map(|path| short(path)).collect(),
            skipped: Vec::new(),
            all,
        };
        let skips = seen.all.skips.iter();
        seen.skipped = skips
            .map(|skip| format!("{} {}", skip.reason.code(), short(&skip.path)))
            .collect();
        seen.read.sort();
        seen.skipped.sort();
        seen
    }
}

/// What a walk gave, paths below the top of the tree.
struct Seen {
    read: Vec<String>,
    skipped: Vec<String>,
    all: Recorder,
}

impl Seen {
    /// What was read but `.gitignore` and its like.
    fn plain(&self) -> Vec<&str> {
        let names = self.read.iter().map(String::as_str);
        names.filter(|name| !name.contains(".git")).collect()
    }

    fn reason(&self) -> &SkipReason {
        assert_eq!(self.all.skips.len(), 1, "{:?}", self.all.skips);
        &self.all.skips[0].reason
    }
}
