//! What is inside of a container that a commit touches.

use super::{Counted, Older, Teller, Told, is_match};
use crate::base::limits;
use crate::detect::Outcome;
use crate::findings::Collector;
use crate::sources::{Chunk, Origin, Skip, SkipReason, Visitor};

/// Takes what is inside of a container.
pub(super) struct Inside<'t, 'a> {
    pub(super) teller: &'t mut Teller<'a>,
    pub(super) is_new: std::vec::IntoIter<bool>,
    pub(super) into: Option<(&'t mut Collector, &'t mut Told)>,
    pub(super) matches: Vec<Counted>,
    pub(super) skips: Vec<Skip>,
    /// Whether what is left out of it counts: each version is opened several times.
    pub(super) is_counted: bool,
}

impl Visitor for Inside<'_, '_> {
    fn wants(&mut self, origin: &Origin) -> bool {
        let exclude = self.teller.with.exclude;
        if self.is_counted {
            !exclude.leave_out(&origin.place())
        } else {
            !exclude.matches(&origin.place())
        }
    }

    fn chunk(&mut self, origin: &Origin, chunk: &Chunk<'_>) {
        let begins = chunk.offset == 0 && chunk.core_start == 0;
        if let (true, Some((collector, _))) = (begins, &mut self.into) {
            collector.begin();
        }
        let (judged, refused) = self.teller.judged(chunk, &origin.path);
        let Some((collector, told)) = &mut self.into else {
            let room = limits::MATCHES.saturating_sub(self.matches.len());
            let counted = self.teller.counted(chunk.text, &judged);
            self.matches.extend(counted.take(room));
            return;
        };
        let mut new = Vec::new();
        for j in &judged {
            if matches!(j.outcome, Outcome::Rejected(_)) {
                continue;
            }
            // Of more than are counted the rest is new: so it is told.
            if self.is_new.next().unwrap_or(true) {
                new.push(j.clone());
            } else if is_match(j, self.teller.with.today) {
                told.older.push(Older {
                    pattern: j.pattern,
                    secret: j.identity(chunk.text),
                    path: origin.path.clone(),
                    confidence: j.confidence,
                });
            }
        }
        told.refused += new.iter().filter(|j| refused.contains(&j.secret)).count() as u64;
        let beyond = self.teller.scratch.beyond();
        collector.see(chunk, &judged, beyond);
        let today = self.teller.with.today;
        let found = new.iter().filter(|j| is_match(j, today));
        let found = found.map(|j| (j.pattern.id, j.identity(chunk.text)));
        told.new.extend(found);
        let was_full = collector.is_full();
        collector.take(origin, chunk, &new, today);
        if collector.is_full() && !was_full {
            told.skips.push(Skip {
                path: origin.path.clone(),
                reason: SkipReason::TooMany(limits::MATCHES),
            });
        }
    }

    fn skip(&mut self, skip: Skip) {
        self.skips.push(skip);
    }

    fn done(&mut self, _: &Origin, _: u64) {}
}
