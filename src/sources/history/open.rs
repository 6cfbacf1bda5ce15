//! Opens all stores of a repository.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::index::PackIndex;
use super::loose::{self, Loose};
use super::{HashKind, Objects, Places, Skip, Stores, SweepProgress, corrupt, forest, unreadable};
use crate::base::Stop;

/// How often the stores are listed anew because a pack went away while it was opened.
const TRIES: usize = 5;

/// How stores are opened, and how they are read from then on.
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    /// Worker threads; at least 1.
    pub threads: usize,
    /// Whether each object that a sweep hands out is hashed: one whose bytes do not have its id is
    /// told as a skip, and handed out all the same.
    pub verify: bool,
    /// Asks for an early end. A pack that is not opened by then is a skip; visitors of sweeps ask
    /// themselves.
    pub stop: Stop,
    /// What sweeps count.
    pub progress: Option<Arc<SweepProgress>>,
}

struct Found {
    pack: PathBuf,
    file: File,
    index: PackIndex,
}

impl Stores {
    /// Opens every pack and lists every loose object. A damaged store is told as a skip; what is
    /// whole is opened.
    pub fn open(places: &Places, threads: usize) -> Self {
        let options = OpenOptions {
            threads,
            ..OpenOptions::default()
        };
        Self::open_with(places, options)
    }

    /// The same with more options.
    pub fn open_with(places: &Places, options: OpenOptions) -> Self {
        let hash = places.format.hash;
        let (mut found, mut skips) = (Vec::new(), Vec::new());
        for attempt in 0..TRIES {
            (found, skips) = (Vec::new(), Vec::new());
            let mut moved = false;
            for store in &places.stores {
                moved |= packs(store, hash, &mut found, &mut skips);
            }
            // A gc replaced packs: what they held is in others now.
            if !moved || attempt + 1 == TRIES {
                break;
            }
        }
        let mut loose: Vec<(PathBuf, Vec<u8>)> = Vec::new();
        for store in &places.stores {
            let ids = loose::list(store, hash, &mut |path, e| skips.push(unreadable(path, e)));
            if !ids.is_empty() {
                loose.push((store.clone(), ids));
            }
        }
        let lists: Vec<&[u8]> = found
            .iter()
            .map(|f| &f.index.ids[..])
            .chain(loose.iter().map(|l| &l.1[..]))
            .collect();
        let objects = Objects::new(hash, &lists);
        let loose = loose
            .into_iter()
            .map(|(folder, ids)| Loose {
                folder,
                numbers: objects.numbers(&ids),
            })
            .collect();
        let mut packs = Vec::new();
        for Found { pack, file, index } in found {
            match forest::open(&pack, file, &index, &objects, &options, &mut skips) {
                Ok(pack) => packs.push(pack),
                Err(skip) => skips.push(skip),
            }
        }
        skips.sort();
        skips.dedup();
        Self {
            objects,
            packs,
            loose,
            skips,
            options,
        }
    }
}

/// Opens the packs of one store; whether one went away meanwhile.
fn packs(store: &Path, hash: HashKind, found: &mut Vec<Found>, skips: &mut Vec<Skip>) -> bool {
    let folder = store.join("pack");
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return false,
        Err(error) => {
            skips.push(unreadable(folder, &error));
            return false;
        }
    };
    let mut names = Vec::new();
    for entry in entries {
        match entry {
            Ok(entry) => names.push(entry.path()),
            Err(error) => skips.push(unreadable(&*folder, &error)),
        }
    }
    // Temporary files of git's begin with `tmp_` and end in nothing.
    names.retain(|p| p.extension().is_some_and(|e| e == "pack" || e == "idx"));
    names.sort();
    let mut moved = false;
    for pack in names
        .iter()
        .filter(|p| p.extension().is_some_and(|e| e == "pack"))
    {
        match open_one(pack, hash) {
            Ok(one) => found.push(one),
            Err(skip) => {
                moved |= !pack.exists();
                skips.push(skip);
            }
        }
    }
    for index in names
        .iter()
        .filter(|p| p.extension().is_some_and(|e| e == "idx"))
    {
        if !names.contains(&index.with_extension("pack")) {
            moved |= !index.exists();
            skips.push(corrupt(&**index, "there is no pack for this index"));
        }
    }
    moved
}

fn open_one(pack: &Path, hash: HashKind) -> Result<Found, Skip> {
    let file = File::open(pack).map_err(|e| unreadable(pack, &e))?;
    let path = pack.with_extension("idx");
    let data = match std::fs::read(&path) {
        Ok(data) => data,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(corrupt(pack, "it has no index"));
        }
        Err(error) => return Err(unreadable(path, &error)),
    };
    let index = PackIndex::parse(&data, hash).map_err(|why| corrupt(path, why))?;
    Ok(Found {
        pack: pack.to_owned(),
        file,
        index,
    })
}
