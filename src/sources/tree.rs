//! The working tree: folders and files that the user named, walked by several workers.

use std::fs::{self, Metadata};
use std::io;
use std::path::PathBuf;
use std::thread;

use ignore::{ParallelVisitor, ParallelVisitorBuilder, WalkBuilder};

use super::Visitor;
use super::targets::Targets;
use super::worker::{Shared, Worker};
use crate::base::Stop;

/// What to read.
#[derive(Clone, Debug, Default)]
pub struct TreeOptions {
    /// Files and folders; `-` is standard input. Nothing is read if there is none. What is named
    /// here is read even if an ignore rule matches it, and links are followed.
    pub targets: Vec<PathBuf>,
    /// Read what git ignores, too. Default: no.
    pub ignored: bool,
    /// Worker threads; 0, the default, for as many as there are cores.
    pub threads: usize,
    /// Whoever waits for standard input sees whether this is asked.
    pub stop: Stop,
}

/// Named files and folders, and standard input.
#[derive(Debug)]
pub struct TreeSource {
    targets: Targets,
    ignored: bool,
    threads: usize,
    stop: Stop,
}

impl TreeSource {
    /// Looks at each target once. What cannot be read is told by [`walk`](Self::walk).
    pub fn new(options: &TreeOptions) -> Self {
        Self {
            targets: Targets::resolve(&options.targets),
            ignored: options.ignored,
            threads: options.threads,
            stop: options.stop.clone(),
        }
    }

    /// Reads everything. `make` gives each worker its visitor; they come back at the end, at least
    /// one. Which of them saw what depends on chance.
    ///
    /// Each file is read once, however often it is named. Its path is the target as the user named
    /// it, without a leading `./`, joined with what is below.
    pub fn walk<V: Visitor>(&self, make: impl Fn() -> V + Sync) -> Vec<V> {
        let shared = Shared::new(&self.targets, !self.ignored, &self.stop, &make);
        let mut first = Worker::new(&shared);
        let go_on = first.begin();
        // Gives its visitor back, for one of the others.
        drop(first);
        if go_on {
            self.run(&shared);
            Worker::new(&shared).end();
        }
        shared.into_visitors()
    }

    fn run<V: Visitor>(&self, shared: &Shared<'_, V>) {
        let Some((one, more)) = self.targets.found.split_first() else {
            return;
        };
        let mut builder = WalkBuilder::new(&one.walked);
        for target in more {
            builder.add(&target.walked);
        }
        let mut threads = match self.threads {
            0 => thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        };
        if threads > 1 && self.is_little() {
            threads = 1;
        }
        if self.targets.found.iter().all(|target| !target.is_folder) {
            threads = threads.min(self.targets.found.len());
        }
        builder
            .standard_filters(false)
            .threads(threads)
            .build_parallel()
            .visit(&mut Workers { shared });
    }

    /// Whether one worker has read everything before a second one would have begun.
    fn is_little(&self) -> bool {
        let (mut files, mut bytes) = (0, 0);
        self.targets.found.iter().all(|target| {
            if target.is_folder {
                fs::read_dir(&target.walked).is_ok_and(|entries| {
                    entries.into_iter().all(|entry| {
                        entry.is_ok_and(|entry| add(entry.metadata(), &mut files, &mut bytes))
                    })
                })
            } else {
                add(fs::metadata(&target.walked), &mut files, &mut bytes)
            }
        })
    }
}

/// So few files, and bytes in all of them, are read by one worker.
const LITTLE_FILES: usize = 32;
const LITTLE_BYTES: u64 = 1 << 20;

/// Counts what was found; whether it is little still.
fn add(found: io::Result<Metadata>, files: &mut usize, bytes: &mut u64) -> bool {
    *files += 1;
    found.is_ok_and(|found| {
        *bytes = bytes.saturating_add(found.len());
        !found.is_dir() && *files <= LITTLE_FILES && *bytes <= LITTLE_BYTES
    })
}

struct Workers<'s, V> {
    shared: &'s Shared<'s, V>,
}

impl<'s, V: Visitor> ParallelVisitorBuilder<'s> for Workers<'s, V> {
    fn build(&mut self) -> Box<dyn ParallelVisitor + 's> {
        Box::new(Worker::new(self.shared))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Few and small files, and no folder among them, are little; of anything else several workers read.
    #[test]
    fn what_one_worker_reads() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let is_little = |targets: &[PathBuf]| {
            let options = TreeOptions {
                targets: targets.to_vec(),
                ..TreeOptions::default()
            };
            TreeSource::new(&options).is_little()
        };
        let make = |folder: &str, files: usize, bytes: usize| {
            fs::create_dir(at(folder)).unwrap();
            for file in 0..files {
                fs::write(at(folder).join(file.to_string()), vec![b'x'; bytes]).unwrap();
            }
        };
        make("few", LITTLE_FILES, 10);
        make("many", LITTLE_FILES + 1, 10);
        make("big", 1, LITTLE_BYTES as usize + 1);
        make("deep", 1, 10);
        fs::create_dir(at("deep/er")).unwrap();
        assert!(is_little(&[at("few")]) && is_little(&[at("few/0"), at("few/1")]));
        for folder in ["many", "big", "deep"] {
            assert!(!is_little(&[at(folder)]), "{folder}");
        }
        assert!(!is_little(&[at("big/0")]));
        assert!(!is_little(&[at("few"), at("many/0")]), "counted together");
    }
}
