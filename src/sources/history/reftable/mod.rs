//! References and reflogs in a reftable: a stack of tables, of which the newer one wins.
//!
//! By git's technical documentation of the format, versions 1 and 2. A table is read from front to
//! back: its indexes and its map of objects are for single look-ups, and are passed over. Claimed
//! sizes are held against what is there, names are bounded, and all that a stack may make of its
//! bytes (shared prefixes, deflated logs) is counted against one budget.

mod table;

#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use super::super::read::{Links, small_file};
use super::lookup::Id;
use super::{HashKind, Skip, corrupt, unreadable};

/// The longest list of tables, in bytes.
const LIST_BYTES: u64 = 1 << 20;
/// What reading one stack may cost: bytes of tables, of names and of inflated logs, and
/// [`RECORD`](table::RECORD) for each record.
const STACK_BYTES: u64 = 512 << 20;
/// How often a stack is read anew because a table went away: git joins tables now and then.
const TRIES: usize = 5;

/// What a reference leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Object(Id),
    /// The full name of another reference.
    Name(Vec<u8>),
}

/// The entries of one reflog, the newest first: the object before, and after.
pub(super) type Log = BTreeMap<Reverse<u64>, (Id, Id)>;

/// All tables of a stack, joined.
#[derive(Debug, Default)]
pub(super) struct Stack {
    /// By full name.
    pub(super) refs: BTreeMap<Vec<u8>, Value>,
    /// By full name.
    pub(super) logs: BTreeMap<Vec<u8>, Log>,
    /// What could not be read: some references may be older than they are, or not be here.
    pub(super) skips: Vec<Skip>,
}

impl Stack {
    /// Reads the stack in a folder (`reftable` of a git folder).
    pub(super) fn read(folder: &Path, hash: HashKind) -> Self {
        Self::read_within(folder, hash, STACK_BYTES)
    }

    fn read_within(folder: &Path, hash: HashKind, most: u64) -> Self {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let mut stack = Self::default();
            let mut budget = Budget(most);
            let moved = stack.fill(folder, hash, &mut budget);
            if !moved || attempt == TRIES {
                return stack;
            }
        }
    }

    /// Joins all tables, the oldest first; whether one of them is not there.
    fn fill(&mut self, folder: &Path, hash: HashKind, budget: &mut Budget) -> bool {
        let list = folder.join("tables.list");
        let names = match small_file(&list, Links::Follow, LIST_BYTES) {
            Ok(names) => names,
            Err(error) => {
                self.skips.push(unreadable(list, &error));
                return false;
            }
        };
        let mut moved = false;
        for name in names.split(|b| *b == b'\n').filter(|name| !name.is_empty()) {
            let name = std::str::from_utf8(name).ok().filter(|n| is_plain(n));
            let Some(name) = name else {
                let why = "it names a table that is not in its folder";
                self.skips.push(corrupt(&*list, why));
                continue;
            };
            let path = folder.join(name);
            let data = match small_file(&path, Links::Follow, budget.0) {
                Ok(data) => data,
                Err(error) => {
                    moved |= error.kind() == ErrorKind::NotFound;
                    self.skips.push(unreadable(path, &error));
                    continue;
                }
            };
            let done = budget.take(data.len() as u64);
            if let Err(why) = done.and_then(|()| table::join(&data, hash, budget, self)) {
                self.skips.push(corrupt(path, why));
            }
        }
        moved
    }

    /// The reflogs as git numbers their entries: ids, the newest first, and last the one that was
    /// before the oldest entry.
    pub(super) fn numbered(&self) -> impl Iterator<Item = (&[u8], Vec<&Id>)> {
        self.logs.iter().map(|(name, log)| {
            // An entry from nothing to nothing only says that there is a log.
            let mut entries = log
                .values()
                .filter(|(old, new)| old != new || *new != [0; 32]);
            let mut ids: Vec<&Id> = entries.clone().map(|(_, new)| new).collect();
            ids.extend(entries.next_back().map(|(old, _)| old));
            (&**name, ids)
        })
    }
}

/// Whether a name is that of a file in the very folder.
fn is_plain(name: &str) -> bool {
    !name.starts_with('.') && !name.contains(['/', '\\', ':', '\0'])
}

/// What may still be made of a stack.
#[derive(Debug)]
struct Budget(u64);

impl Budget {
    fn take(&mut self, cost: u64) -> Result<(), String> {
        match self.0.checked_sub(cost) {
            Some(left) => {
                self.0 = left;
                Ok(())
            }
            None => Err("it and those before it hold more than is read of references".to_owned()),
        }
    }
}
