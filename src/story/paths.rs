//! Paths of a history as numbers, and where asked-for blobs stand.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use super::trees::{State, Trees};

/// The top of a tree.
pub const TOP: u32 = 0;

/// Paths, each once: a number is a place in the table.
#[derive(Debug)]
pub struct Paths {
    /// The folder that a path is in, and its last name.
    rows: Vec<(u32, u32)>,
    known: HashMap<(u32, u32), u32>,
    /// Paths that are in no tree.
    others: Vec<PathBuf>,
}

/// Stands for a last name in rows whose first number is one of [`Paths::others`].
const OTHER: u32 = u32::MAX;

impl Default for Paths {
    fn default() -> Self {
        Self {
            rows: vec![(TOP, OTHER)],
            known: HashMap::new(),
            others: Vec::new(),
        }
    }
}

impl Paths {
    /// The path of `name` in a folder.
    pub fn below(&mut self, folder: u32, name: u32) -> u32 {
        let next = self.rows.len() as u32;
        let path = *self.known.entry((folder, name)).or_insert(next);
        if path == next {
            self.rows.push((folder, name));
        }
        path
    }

    /// A path that is in no tree: of a staged file, of a message.
    pub fn other(&mut self, path: PathBuf) -> u32 {
        let number = self.others.len() as u32;
        self.others.push(path);
        self.rows.push((number, OTHER));
        self.rows.len() as u32 - 1
    }

    /// A path as the system writes it.
    pub fn path(&self, path: u32, trees: &Trees) -> PathBuf {
        let mut names = Vec::new();
        let mut at = path;
        while at != TOP {
            let (folder, name) = self.rows[at as usize];
            if name == OTHER {
                return self.others[folder as usize].clone();
            }
            names.push(trees.name(name));
            at = folder;
        }
        names.reverse();
        crate::sources::history::path_of(&names.join(&b'/'))
    }
}

/// What was gone through: folders, and the states of trees that stood there.
pub type Visited = HashSet<(u32, State)>;

/// The blobs below a tree that have a state, each with its path. `visited` holds what was gone
/// through before and is not told again: the same content at the same path.
pub fn expand(
    trees: &Trees,
    states: &[State],
    paths: &mut Paths,
    tree: u32,
    visited: &mut Visited,
    mut tell: impl FnMut(u32, u32),
) {
    let mut stack = vec![(tree, TOP)];
    while let Some((tree, folder)) = stack.pop() {
        if states[tree as usize] == 0 || !visited.insert((folder, states[tree as usize])) {
            continue;
        }
        for entry in trees.entries(tree, states) {
            let path = paths.below(folder, entry.name);
            if entry.is_tree {
                stack.push((entry.child, path));
            } else {
                tell(entry.child, path);
            }
        }
    }
}
