//! Opens all stores of a repository.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::index::PackIndex;
use super::late::Late;
use super::loose::{self, Loose};
use super::{
    HashKind, Objects, Places, Skip, SkipReason, Stores, SweepProgress, corrupt, forest, unreadable,
};
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
    /// The biggest object that is at hand whole, in bytes; if it is not given,
    /// [`OBJECT_BYTES`](crate::base::limits::OBJECT_BYTES).
    pub most: Option<u64>,
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
        let (found, loose, mut skips) = listed(&places.stores, hash, &mut || {});
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
            late: Late::new(&places.stores),
            skips,
            options,
        }
    }
}

/// Loose objects as they are listed: the folder of a store, and sorted ids.
type Ids = (PathBuf, Vec<u8>);

/// Opens all packs and lists all loose objects. `between` is called after the packs were opened
/// and before loose objects are listed.
///
/// A gc moves objects from one into the other: it writes the new place before it takes the old one
/// away. So what went away after the packs were opened is in a pack that is there after the loose
/// objects were listed, and everything is listed anew if there is one that was not there before.
fn listed(
    stores: &[PathBuf],
    hash: HashKind,
    between: &mut dyn FnMut(),
) -> (Vec<Found>, Vec<Ids>, Vec<Skip>) {
    let mut attempt = 0;
    loop {
        attempt += 1;
        let (mut found, mut loose, mut skips) = (Vec::new(), Vec::new(), Vec::new());
        let before: Vec<Vec<PathBuf>> = stores.iter().map(|store| names(store)).collect();
        let mut moved = false;
        for store in stores {
            moved |= packs(store, hash, &mut found, &mut skips);
        }
        between();
        for store in stores {
            let ids = loose::list(store, hash, &mut |path, e| skips.push(unreadable(path, e)));
            if !ids.is_empty() {
                loose.push((store.clone(), ids));
            }
        }
        let came = stores.iter().zip(&before).find_map(|(store, before)| {
            let after = names(store);
            after.into_iter().find(|pack| !before.contains(pack))
        });
        if !moved && came.is_none() {
            return (found, loose, skips);
        }
        if attempt == TRIES {
            skips.extend(came.map(|path| Skip {
                path,
                reason: SkipReason::Changed(
                    "packs came and went while they were listed; run again".to_owned(),
                ),
            }));
            return (found, loose, skips);
        }
    }
}

/// The packs that a store has now, sorted; none if it cannot be listed, which [`packs`] tells.
fn names(store: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(store.join("pack"));
    let entries = entries.into_iter().flatten().filter_map(Result::ok);
    let mut names: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    names.retain(|path| path.extension().is_some_and(|e| e == "pack"));
    names.sort();
    names
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What git does when it packs loose objects while somebody lists: the pack comes, then the
    /// loose object goes.
    #[test]
    fn what_is_packed_while_stores_are_listed_is_found() {
        let dir = tempfile::tempdir().expect("a folder");
        let repository = git2::Repository::init(dir.path()).expect("a repository");
        let id = repository.blob(b"some text\n").expect("written");
        let store = repository.path().join("objects");
        let hex = id.to_string();
        let loose = store.join(&hex[..2]).join(&hex[2..]);
        let mut calls = 0;
        let stores = [store.clone()];
        let (found, ids, skips) = listed(&stores, HashKind::Sha1, &mut || {
            calls += 1;
            if calls == 1 {
                let mut builder = repository.packbuilder().expect("a builder");
                builder.insert_object(id, None).expect("inserted");
                builder
                    .write(&store.join("pack"), 0)
                    .expect("the pack is written");
                std::fs::remove_file(&loose).expect("removed");
            }
        });
        assert_eq!((calls, skips.len(), ids.len(), found.len()), (2, 0, 0, 1));
        assert_eq!(found[0].index.ids, id.as_bytes());
    }

    #[test]
    fn packs_that_never_stop_coming_are_told() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = dir.path().join("pack");
        std::fs::create_dir(&folder).expect("made");
        let mut calls = 0;
        let (_, _, skips) = listed(&[dir.path().to_owned()], HashKind::Sha1, &mut || {
            calls += 1;
            std::fs::write(folder.join(format!("{calls}.pack")), b"").expect("written");
        });
        assert_eq!(calls, TRIES);
        let changed = |skip: &&Skip| matches!(skip.reason, SkipReason::Changed(_));
        assert_eq!(skips.iter().filter(changed).count(), 1);
    }
}
