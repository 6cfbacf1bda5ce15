//! What holds in each folder of a walk: its rules, its repository, and how it is shown.
//!
//! Only folders in which something changes are kept; all others are as the nearest one above.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::repository::{Repository, Tracked};
use super::rules::{Budget, Rules};
use super::targets::{Target, Targets};
use super::{Skip, SkipReason};

/// A folder in which something changes.
pub(super) struct Folder {
    /// As the walk names it.
    walked: PathBuf,
    /// As reports show it.
    shown: PathBuf,
    /// Canonical.
    absolute: PathBuf,
    repository: Option<Arc<Repository>>,
    rules: Option<Arc<Rules>>,
    /// The ignored folder that this one is, or lies in: only what git tracks is read.
    ignored: Option<Arc<Ignored>>,
}

/// The top of a folder that is ignored though git tracks something in it.
struct Ignored {
    shown: PathBuf,
    told: AtomicBool,
}

impl Ignored {
    /// The notice, the first time.
    fn notice(&self) -> Option<Skip> {
        (!self.told.swap(true, Ordering::Relaxed)).then(|| Skip {
            path: self.shown.clone(),
            reason: SkipReason::IgnoredFolder,
        })
    }
}

/// What becomes of a folder.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Enter,
    /// Not entered; the notice, if none was given.
    Leave(Option<Skip>),
}

/// How far below the nearest kept folder another is kept though nothing changes in it, in bytes of
/// its path: looking for it costs the square of that.
const NEAR: usize = 128;

/// All folders of a walk in which something changes.
pub(super) struct Folders {
    all: RwLock<HashMap<OsString, Arc<Folder>>>,
    /// Repositories around the targets, by their tops: many targets may lie in one.
    around: Mutex<HashMap<PathBuf, Arc<Repository>>>,
    /// Whether ignore rules count.
    rules: bool,
    budget: Budget,
}

impl Folders {
    pub(super) fn new(rules: bool) -> Self {
        Self {
            all: RwLock::default(),
            around: Mutex::default(),
            rules,
            budget: Budget::new(),
        }
    }

    /// Makes ready for a walk from `target`: what holds in the folders around it holds in it, but
    /// it is never ignored itself. Gives the repository that it lies in.
    pub(super) fn begin(&self, target: &Target) -> Option<Arc<Repository>> {
        let mut repository = None;
        let mut rules = None;
        let inside = target.is_folder.then_some(target.absolute.as_path());
        let around = target.absolute.ancestors().skip(1);
        let around: Vec<&Path> = inside.into_iter().chain(around).collect();
        for &folder in around.iter().rev() {
            let shown = match folder.strip_prefix(&target.absolute) {
                Ok(_) => &target.shown,
                Err(_) => folder,
            };
            if let Some(found) = self.around(folder, shown, repository.as_ref()) {
                rules = self.first_rules(folder, &found);
                repository = Some(found);
            }
            if self.rules && repository.is_some() {
                rules = Rules::of_folder(folder, rules.as_ref(), &self.budget).or(rules);
            }
        }
        self.keep(Folder {
            walked: target.walked.clone(),
            shown: target.shown.clone(),
            absolute: target.absolute.clone(),
            repository: repository.clone(),
            rules,
            ignored: None,
        });
        repository
    }

    fn around(
        &self,
        root: &Path,
        shown: &Path,
        outer: Option<&Arc<Repository>>,
    ) -> Option<Arc<Repository>> {
        let mut known = self.around.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(root) {
            return Some(Arc::clone(known));
        }
        let found = Repository::open(root, shown, outer)?;
        known.insert(root.to_owned(), Arc::clone(&found));
        Some(found)
    }

    fn first_rules(&self, root: &Path, repository: &Repository) -> Option<Arc<Rules>> {
        let wanted = self.rules.then_some(repository)?;
        Rules::of_repository(root, wanted, &self.budget)
    }

    /// Keeps the folder `name` in `view`, in which nothing changes, if the last one kept is far.
    fn keep_far(&self, view: &View, name: &Path) {
        let around = &view.folder;
        if view.walked.as_os_str().len() > around.walked.as_os_str().len() + NEAR {
            self.keep(Folder {
                walked: view.walked.join(name),
                shown: view.shown.join(name),
                absolute: view.absolute.join(name),
                repository: around.repository.clone(),
                rules: around.rules.clone(),
                ignored: around.ignored.clone(),
            });
        }
    }

    fn keep(&self, folder: Folder) {
        let mut all = self.all.write().unwrap_or_else(PoisonError::into_inner);
        all.insert(folder.walked.clone().into_os_string(), Arc::new(folder));
    }

    /// The view of a folder that the walk has entered.
    pub(super) fn view(&self, walked: &Path) -> Option<View> {
        let all = self.all.read().unwrap_or_else(PoisonError::into_inner);
        let mut known = walked.ancestors().filter_map(|up| all.get(up.as_os_str()));
        let folder = Arc::clone(known.next()?);
        drop(all);
        let below = walked.strip_prefix(&folder.walked).ok()?;
        Some(View {
            walked: walked.to_owned(),
            shown: join(&folder.shown, below),
            absolute: join(&folder.absolute, below),
            folder,
        })
    }

    /// What becomes of the folder `name` in `view`. If it is entered, what changes in it is kept.
    pub(super) fn enter(&self, view: &mut View, name: &Path, skip: &mut dyn FnMut(Skip)) -> Fate {
        if !self.rules {
            self.keep_far(view, name);
            return Fate::Enter;
        }
        let around = Arc::clone(&view.folder);
        let mut ignored = around.ignored.clone();
        if let Some(top) = &ignored {
            match view.tracked(name, skip) {
                Tracked::No => return Fate::Leave(top.notice()),
                Tracked::Yes => {}
                Tracked::Submodule => ignored = None,
            }
        } else if view.ignores(name, true) {
            let shown = view.shown.join(name);
            match view.tracked(name, skip) {
                Tracked::No => {
                    return Fate::Leave(Some(Skip {
                        path: shown,
                        reason: SkipReason::IgnoredFolder,
                    }));
                }
                Tracked::Yes => {
                    let told = AtomicBool::new(false);
                    ignored = Some(Arc::new(Ignored { shown, told }));
                }
                Tracked::Submodule => {}
            }
        }

        view.absolute.push(name);
        let absolute = &view.absolute;
        let mut rules = around.rules.clone();
        let shown = || view.shown.join(name);
        let repository = Repository::open(absolute, &shown(), around.repository.as_ref());
        let far = view.walked.as_os_str().len() > around.walked.as_os_str().len() + NEAR;
        let mut changed =
            far || repository.is_some() || ignored.is_some() != around.ignored.is_some();
        if let Some(found) = &repository {
            rules = self.first_rules(absolute, found);
        }
        let repository = repository.or_else(|| around.repository.clone());
        if repository.is_some()
            && let Some(more) = Rules::of_folder(absolute, rules.as_ref(), &self.budget)
        {
            rules = Some(more);
            changed = true;
        }
        if changed {
            self.keep(Folder {
                walked: view.walked.join(name),
                shown: shown(),
                absolute: absolute.clone(),
                repository,
                rules,
                ignored,
            });
        }
        view.absolute.pop();
        Fate::Enter
    }
}

/// A worker's view of the folder whose entries it is at.
pub(super) struct View {
    pub(super) walked: PathBuf,
    pub(super) shown: PathBuf,
    pub(super) absolute: PathBuf,
    folder: Arc<Folder>,
}

impl View {
    /// Runs `work` with the canonical path of the entry `name`.
    fn with<T>(&mut self, name: &Path, work: impl FnOnce(&Folder, &Path) -> T) -> T {
        self.absolute.push(name);
        let result = work(&self.folder, &self.absolute);
        self.absolute.pop();
        result
    }

    /// Whether the entry `name` is one of the targets, and read as such.
    pub(super) fn is_target(&mut self, name: &Path, targets: &Targets) -> bool {
        targets.found.len() > 1 && self.with(name, |_, path| targets.names(path))
    }

    /// Whether the file `name` is read.
    pub(super) fn reads(&mut self, name: &Path, skip: &mut dyn FnMut(Skip)) -> bool {
        let is_left_out = self.folder.ignored.is_some() || self.ignores(name, false);
        !is_left_out || self.tracked(name, skip) != Tracked::No
    }

    /// How it is told that the file `name` is not read, if it was not told of its folder already.
    pub(super) fn notice(&self, name: &Path) -> Option<Skip> {
        match &self.folder.ignored {
            Some(top) => top.notice(),
            None => Some(Skip {
                path: self.shown.join(name),
                reason: SkipReason::IgnoredFile,
            }),
        }
    }

    /// The repository that begins in this folder.
    pub(super) fn repository(&self) -> Option<Arc<Repository>> {
        let known = self.folder.repository.as_ref();
        match known.filter(|known| known.is_at(&self.absolute)) {
            Some(known) => Some(Arc::clone(known)),
            // Without ignore rules nobody has looked for it.
            None => Repository::open(&self.absolute, &self.shown, None),
        }
    }

    fn ignores(&mut self, name: &Path, is_folder: bool) -> bool {
        self.folder.rules.is_some()
            && self.with(name, |folder, path| {
                let rules = folder.rules.as_ref();
                rules.is_some_and(|rules| rules.ignores(path, is_folder))
            })
    }

    fn tracked(&mut self, name: &Path, skip: &mut dyn FnMut(Skip)) -> Tracked {
        self.with(name, |folder, path| match &folder.repository {
            Some(repository) => repository.tracks(path, skip),
            None => Tracked::No,
        })
    }
}

/// `a` joined with nothing is `a`, not `a/`.
fn join(base: &Path, below: &Path) -> PathBuf {
    if below.as_os_str().is_empty() {
        base.to_owned()
    } else {
        base.join(below)
    }
}
