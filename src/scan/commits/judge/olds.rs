//! What the parents of a commit have of a file that it touches.

use std::sync::Arc;

use super::super::renames::Renames;
use super::{Matches, REMEMBERED, Teller};
use crate::sources::history::{Failed, Id, Touched, path_of};
use crate::sources::{Chunk, content};

impl Teller<'_> {
    /// What each parent has of a file, where it is or where it was moved from, as `told` tells it;
    /// nothing if the file has no match.
    pub(super) fn olds(
        &mut self,
        file: &Touched,
        matches: &Matches,
        moved: &mut Renames,
        failed: &mut Vec<Failed>,
        told: fn(&mut Self, Id, Vec<u8>, &mut Vec<Failed>) -> Option<Matches>,
    ) -> Vec<Matches> {
        let mut olds: Vec<Matches> = Vec::new();
        if !matches.is_empty() {
            for (parent, old) in file.old.iter().enumerate() {
                let before = match old {
                    Some(blob) => Some((file.path.clone(), *blob)),
                    None => moved.source(&mut self.reader, parent, &file.path, failed),
                };
                if let Some((path, blob)) = before {
                    olds.extend(told(self, blob, path, failed));
                }
            }
        }
        olds
    }

    #[allow(
        clippy::needless_pass_by_value,
        reason = "it stands for `old`, which keeps the path"
    )]
    /// The matches inside of an older version of a file; none if it cannot be read.
    pub(super) fn old_inside(
        &mut self,
        blob: Id,
        path: Vec<u8>,
        failed: &mut Vec<Failed>,
    ) -> Option<Matches> {
        let data = match self.reader.read(&blob) {
            Ok((_, data)) => data,
            Err(why) => {
                failed.push((blob, why));
                return None;
            }
        };
        // What of it cannot be read was told when it came in.
        let (matches, _) = self.within((&data, &path_of(&path)), false, Vec::new(), None);
        Some(Arc::new(matches))
    }

    /// The matches of an older version of a file; none if it cannot be read.
    pub(super) fn old(
        &mut self,
        blob: Id,
        path: Vec<u8>,
        failed: &mut Vec<Failed>,
    ) -> Option<Matches> {
        if let Some(known) = self.remembered.get(&(blob, path.clone())) {
            return Some(Arc::clone(known));
        }
        let data = match self.reader.read(&blob) {
            Ok((_, data)) => data,
            Err(why) => {
                failed.push((blob, why));
                return None;
            }
        };
        let (text, kind) = content(&data);
        let chunk = Chunk::whole(&text, kind);
        let (judged, _) = self.judged(&chunk, &path_of(&path));
        let matches = self.matches(&text, &judged);
        self.remember((blob, path), &matches);
        Some(matches)
    }

    pub(super) fn remember(&mut self, version: (Id, Vec<u8>), matches: &Matches) {
        if self.remembered.len() == REMEMBERED {
            self.remembered.clear();
        }
        self.remembered.insert(version, Arc::clone(matches));
    }
}
