//! The working tree: folders and files that the user named, walked by several workers.

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
        if self.targets.found.iter().all(|target| !target.is_folder) {
            threads = threads.min(self.targets.found.len());
        }
        builder
            .standard_filters(false)
            .threads(threads)
            .build_parallel()
            .visit(&mut Workers { shared });
    }
}

struct Workers<'s, V> {
    shared: &'s Shared<'s, V>,
}

impl<'s, V: Visitor> ParallelVisitorBuilder<'s> for Workers<'s, V> {
    fn build(&mut self) -> Box<dyn ParallelVisitor + 's> {
        Box::new(Worker::new(self.shared))
    }
}
