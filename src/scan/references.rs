//! Reads the files of a tree that name credentials kept elsewhere.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::base::{Stop, path_text};
use crate::inventory::references::{
    FILE_BYTES, Found, Listing, format_of, may_be_known, read as read_file,
};
use crate::sources::history::{Id, LookupReader, touched};
use crate::sources::{
    Chunk, ContentKind, Globs, Origin, Skip, SkipReason, TreeOptions, TreeSource, Visitor,
};

use super::{Exclude, ScanError};

/// What to read.
#[derive(Clone, Debug, Default)]
pub struct ReferencesOptions {
    /// Files and folders; `-` is standard input.
    pub targets: Vec<PathBuf>,
    /// Read what git ignores, too.
    pub ignored: bool,
    /// Files that are left out.
    pub exclude: Vec<Exclude>,
    /// Worker threads; 0 for as many as there are cores.
    pub threads: usize,
    /// Asks for an early end.
    pub stop: Stop,
}

/// Reads all files of kinds that are known, and tells what they name.
///
/// # Errors
///
/// If a glob does not parse. Inputs that cannot be read are skips.
pub fn references(options: &ReferencesOptions) -> Result<Listing, ScanError> {
    let mut exclude = Globs::default();
    for one in &options.exclude {
        exclude
            .add(&one.glob, one.base.as_deref())
            .map_err(|why| ScanError::Glob(one.source.clone(), why))?;
    }
    let source = TreeSource::new(&TreeOptions {
        targets: options.targets.clone(),
        ignored: options.ignored,
        threads: options.threads,
        stop: options.stop.clone(),
    });
    let workers = source.walk(|| Worker {
        exclude: &exclude,
        stop: &options.stop,
        bytes: Vec::new(),
        wanted: false,
        found: Found::default(),
        files: 0,
        skips: Vec::new(),
        stopped: AtomicBool::new(false),
    });
    let (mut found, mut files, mut skips, mut stopped) = (Found::default(), 0, Vec::new(), false);
    for worker in workers {
        found.merge(worker.found);
        files += worker.files;
        skips.extend(worker.skips);
        stopped |= worker.stopped.into_inner();
    }
    if stopped {
        skips.push(Skip {
            path: options.targets.first().cloned().unwrap_or_default(),
            reason: SkipReason::Interrupted(format!("{files} files were read to their end")),
        });
    }
    Ok(Listing::new(found, files, skips))
}

/// What files of a commit name, by its tree: they are read as those of a working tree are.
pub(super) fn of_tree(reader: &mut LookupReader<'_>, tree: &Id) -> Listing {
    let mut failed = Vec::new();
    let (mut found, mut files) = (Found::default(), 0);
    for file in touched(reader, tree, &[], &mut failed) {
        let path = String::from_utf8_lossy(&file.path);
        if file.is_link || !may_be_known(&path) {
            continue;
        }
        match reader.read(&file.blob) {
            Ok((_, bytes)) if format_of(&path, &bytes).is_some() => {
                files += 1;
                found.merge(read_file(&path, &bytes));
            }
            Ok(_) => {}
            Err(why) => failed.push((file.blob, why)),
        }
    }
    let skips = failed.iter().map(|(id, why)| Skip {
        path: PathBuf::from(reader.lookup().hex(id)),
        reason: SkipReason::Corrupt(why.to_string()),
    });
    let skips = skips.collect();
    Listing::new(found, files, skips)
}

struct Worker<'a> {
    exclude: &'a Globs,
    stop: &'a Stop,
    /// What came of the file so far; one byte more than is read says that there is more.
    bytes: Vec<u8>,
    /// Whether the file is of a kind that is known, as far as its begin says.
    wanted: bool,
    found: Found,
    files: u64,
    skips: Vec<Skip>,
    stopped: AtomicBool,
}

impl Visitor for Worker<'_> {
    fn wants(&mut self, origin: &Origin) -> bool {
        may_be_known(&path_text(&origin.path)) && !self.exclude.leave_out(&origin.path)
    }

    fn chunk(&mut self, origin: &Origin, chunk: &Chunk<'_>) {
        if chunk.offset == 0 && chunk.core_start == 0 {
            self.bytes.clear();
            let path = path_text(&origin.path);
            self.wanted = may_be_known(&path) && format_of(&path, chunk.text).is_some();
            // A picture may be called anything; what is no text at all names nothing.
            self.wanted &= chunk.kind != ContentKind::Binary;
        }
        if self.wanted {
            let room = (FILE_BYTES + 1).saturating_sub(self.bytes.len());
            let core = &chunk.text[chunk.core()];
            self.bytes.extend_from_slice(&core[..core.len().min(room)]);
        }
    }

    fn skip(&mut self, skip: Skip) {
        self.skips.push(skip);
    }

    fn done(&mut self, origin: &Origin, _bytes: u64) {
        if self.wanted {
            self.wanted = false;
            self.files += 1;
            let bytes = std::mem::take(&mut self.bytes);
            self.found
                .merge(read_file(&path_text(&origin.path), &bytes));
            self.bytes = bytes;
        }
    }

    fn inside(&mut self, origin: &Origin, bytes: u64) {
        self.done(origin, bytes);
    }

    fn stop(&self) -> bool {
        let asked = self.stop.is_asked();
        if asked {
            self.stopped.store(true, Ordering::Relaxed);
        }
        asked
    }
}
