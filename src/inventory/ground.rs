//! What records are made of: findings with their stories, and what each repository can be asked.

use std::sync::Arc;

use super::record::Stamp;
use super::references::Listing;
use crate::findings::Finding;
use crate::story::Story;

/// One repository, as far as records need it. Paths are from its top, with `/`.
pub trait Ground {
    /// How reports call it; `None` if there is only one.
    fn name(&self) -> Option<&str>;

    /// A file of the last commit; `None` if there is none, or if it cannot be read.
    fn file(&mut self, path: &str) -> Option<Arc<[u8]>>;

    /// Whether the last commit has a file.
    fn has(&mut self, path: &str) -> bool;

    /// The content of a blob, by its id in hex.
    fn blob(&mut self, id: &str) -> Option<Arc<[u8]>>;

    /// When somebody last committed anything here, by mail address; before the time that is given.
    fn last_active(&mut self, mail: &str) -> Option<Stamp>;

    /// The proper name and address of somebody, as the mailmap has it.
    fn proper(&mut self, name: &str, mail: &str) -> (String, String);

    /// What files of the last commit name of credentials that are kept elsewhere.
    fn references(&mut self) -> Listing;

    /// Who last committed a change to a file of the last commit, and when: name, address, time.
    fn last_committer(&mut self, path: &str) -> Option<(String, String, Stamp)>;
}

/// One finding in one repository.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// Which repository.
    pub ground: usize,
    /// What was found.
    pub finding: &'a Finding,
    /// Which of its places are in that repository.
    pub places: (usize, usize),
    /// What happened to it there.
    pub story: &'a Story,
}
