//! One worker of a walk: decides what becomes of each entry, and reads it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ignore::{DirEntry, ParallelVisitor, WalkState};

use super::folders::{Fate, Folders, View};
use super::read::{Links, Reader, words};
use super::repository::Repository;
use super::targets::Targets;
use super::{Origin, Skip, SkipReason, Stdin, Visitor};
use crate::base::Stop;

/// What the workers of one walk share.
pub(super) struct Shared<'s, V> {
    targets: &'s Targets,
    folders: Folders,
    /// Repositories that may have submodules, and the folder (canonical) below which they count.
    modules: Mutex<Vec<(Arc<Repository>, PathBuf)>>,
    /// Visitors that no worker has.
    visitors: Mutex<Vec<V>>,
    stop: &'s Stop,
    make: &'s (dyn Fn() -> V + Sync),
}

impl<'s, V> Shared<'s, V> {
    pub(super) fn new(
        targets: &'s Targets,
        rules: bool,
        stop: &'s Stop,
        make: &'s (dyn Fn() -> V + Sync),
    ) -> Self {
        Self {
            targets,
            folders: Folders::new(rules),
            modules: Mutex::default(),
            visitors: Mutex::default(),
            stop,
            make,
        }
    }

    /// The visitors, once all workers are gone.
    pub(super) fn into_visitors(self) -> Vec<V> {
        let visitors = self.visitors.into_inner();
        visitors.unwrap_or_else(PoisonError::into_inner)
    }

    fn take_visitor(&self) -> V {
        lock(&self.visitors).pop().unwrap_or_else(self.make)
    }
}

/// Nothing that is behind these locks can be left half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One worker.
pub(super) struct Worker<'s, V> {
    shared: &'s Shared<'s, V>,
    /// Taken when first needed, given back at the end.
    visitor: Option<V>,
    reader: Option<Reader>,
    /// The folder that the last entry was in.
    view: Option<View>,
    /// Used again for each file.
    origin: Origin,
}

impl<'s, V> Worker<'s, V> {
    pub(super) fn new(shared: &'s Shared<'s, V>) -> Self {
        Self {
            shared,
            visitor: None,
            reader: None,
            view: None,
            origin: Origin::new(PathBuf::new()),
        }
    }
}

impl<V> Drop for Worker<'_, V> {
    fn drop(&mut self) {
        lock(&self.shared.visitors).extend(self.visitor.take());
    }
}

impl<V: Visitor> Worker<'_, V> {
    fn visitor(&mut self) -> &mut V {
        let shared = self.shared;
        self.visitor.get_or_insert_with(|| shared.take_visitor())
    }

    fn skip(&mut self, path: PathBuf, reason: SkipReason) {
        // Only the target that is the folder one is in has an empty path.
        let path = if path.as_os_str().is_empty() {
            PathBuf::from(".")
        } else {
            path
        };
        self.visitor().skip(Skip { path, reason });
    }

    /// What comes before the walk. Whether to go on.
    pub(super) fn begin(&mut self) -> bool {
        let shared = self.shared;
        for skip in &shared.targets.skips {
            self.visitor().skip(skip.clone());
        }
        if shared.targets.stdin {
            self.origin.path = PathBuf::from("-");
            let visitor = self.visitor.get_or_insert_with(|| shared.take_visitor());
            let reader = self.reader.get_or_insert_with(Reader::new);
            reader.stream(Stdin::new(shared.stop), &self.origin, visitor);
        }
        for target in shared.targets.found.iter().filter(|t| t.is_folder) {
            if let Some(repository) = shared.folders.begin(target) {
                let below = target.absolute.clone();
                lock(&shared.modules).push((repository, below));
            }
        }
        !self.visitor().stop()
    }

    /// What comes after the walk.
    pub(super) fn end(&mut self) {
        let mut empty = BTreeMap::new();
        let modules = std::mem::take(&mut *lock(&self.shared.modules));
        for (repository, below) in modules {
            let visitor = self.visitor();
            for (absolute, shown) in
                repository.empty_submodules(&below, &mut |skip| visitor.skip(skip))
            {
                empty.entry(absolute).or_insert(shown);
            }
        }
        for shown in empty.into_values() {
            self.skip(shown, SkipReason::EmptySubmodule);
        }
    }

    /// Makes `view` the folder that `path` is in. None only if the walk went astray.
    fn look(&mut self, folder: &Path) -> bool {
        let is_there = |view: &View| view.walked.as_os_str() == folder.as_os_str();
        if !self.view.as_ref().is_some_and(is_there) {
            self.view = self.shared.folders.view(folder);
        }
        self.view.is_some()
    }

    fn entry(&mut self, entry: &DirEntry) -> WalkState {
        let path = entry.path();
        let file_type = entry.file_type();
        let is_folder = file_type.is_some_and(|kind| kind.is_dir());
        if entry.depth() == 0 {
            if !is_folder && let Some(target) = self.shared.targets.at(path) {
                self.origin.path.clone_from(&target.shown);
                self.read(path, Links::Follow);
            }
            return WalkState::Continue;
        }
        let (Some(folder), Some(name)) = (path.parent(), path.file_name().map(Path::new)) else {
            return WalkState::Continue;
        };
        if !self.look(folder) {
            let why = "it lies outside of what is walked".to_owned();
            self.skip(path.to_owned(), SkipReason::Failed(why));
            return WalkState::Skip;
        }
        let shared = self.shared;
        let Some(view) = &mut self.view else {
            return WalkState::Skip;
        };
        if view.is_target(name, shared.targets) || (is_folder && name.as_os_str() == ".git") {
            return WalkState::Skip;
        }
        let visitor = self.visitor.get_or_insert_with(|| shared.take_visitor());
        let mut skip = |skip| visitor.skip(skip);
        if is_folder {
            return match shared.folders.enter(view, name, &mut skip) {
                Fate::Enter => WalkState::Continue,
                Fate::Leave(notice) => {
                    notice.into_iter().for_each(skip);
                    WalkState::Skip
                }
            };
        }
        let is_link = file_type.is_some_and(|kind| kind.is_symlink());
        if !view.reads(name, &mut skip) {
            // A link has no content that could be missed.
            if !is_link && let Some(notice) = view.notice(name) {
                skip(notice);
            }
            return WalkState::Continue;
        }
        if name.as_os_str() == ".gitmodules"
            && let Some(repository) = view.repository()
        {
            lock(&shared.modules).push((repository, view.absolute.clone()));
        }
        let shown = self.origin.path.as_mut_os_string();
        shown.clear();
        shown.push(&view.shown);
        self.origin.path.push(name);
        if is_link {
            self.link(path);
        } else if file_type.is_some_and(|kind| kind.is_file()) {
            self.read(path, Links::Refuse);
        } else {
            self.skip(self.origin.path.clone(), SkipReason::SpecialFile);
        }
        WalkState::Continue
    }

    fn read(&mut self, path: &Path, links: Links) {
        let shared = self.shared;
        let visitor = self.visitor.get_or_insert_with(|| shared.take_visitor());
        if visitor.wants(&self.origin) {
            let reader = self.reader.get_or_insert_with(Reader::new);
            reader.file(path, links, &self.origin, visitor);
        }
    }

    /// A link is not followed. That is worth a word unless what it points to is read anyway.
    fn link(&mut self, path: &Path) {
        let inside = path
            .canonicalize()
            .is_ok_and(|target| self.shared.targets.cover(&target));
        if !inside {
            self.skip(self.origin.path.clone(), SkipReason::Link);
        }
    }

    /// A folder that could not be listed, or an entry that could not be looked at.
    fn failed(&mut self, error: &ignore::Error) {
        let reason = SkipReason::Unreadable(match error.io_error() {
            Some(error) => words(error),
            None => error.to_string(),
        });
        let path = path_of(error).unwrap_or(Path::new(""));
        let shown = match self.shared.targets.at(path) {
            Some(target) => target.shown.clone(),
            None => match self.shared.folders.view(path) {
                Some(view) => view.shown,
                None => path.to_owned(),
            },
        };
        self.skip(shown, reason);
    }
}

impl<V: Visitor> ParallelVisitor for Worker<'_, V> {
    fn visit(&mut self, entry: Result<DirEntry, ignore::Error>) -> WalkState {
        if self.visitor().stop() {
            return WalkState::Quit;
        }
        match entry {
            Ok(entry) => self.entry(&entry),
            Err(error) => {
                self.failed(&error);
                WalkState::Continue
            }
        }
    }
}

/// The path that an error is about.
fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
            path_of(err)
        }
        ignore::Error::Partial(errors) => errors.iter().find_map(path_of),
        _ => None,
    }
}
