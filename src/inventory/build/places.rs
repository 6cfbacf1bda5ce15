//! Where a credential stands, what uses it, and what the text around it tells.

use std::collections::BTreeSet;

use super::{Builder, PLACES, WORKLOADS};
use crate::findings::Finding;
use crate::inventory::annotations::{Annotation, annotation};
use crate::inventory::environment::environment;
use crate::inventory::facts::Facts;
use crate::inventory::keys::key_at;
use crate::inventory::owner::{OfFile, within};
use crate::inventory::past::{Past, Spot, is_file};
use crate::inventory::record::{Environment, Place, Record, Reuse, Told, Workload};

impl Builder<'_, '_> {
    /// Places, environments and workloads; facts that the text around tells.
    pub(super) fn places(
        &mut self,
        record: &mut Record,
        past: &Past<'_>,
        finding: &Finding,
        facts: &mut Facts,
        note: &mut Option<Told<Annotation>>,
    ) {
        let mut spots: Vec<&Spot> = past.spots.iter().collect();
        spots.sort_by_key(|spot| !spot.present);
        record.places_total = spots.len();
        let any_present = past.spots.iter().any(|s| s.present);
        let (mut read, mut files, mut repositories) = (false, BTreeSet::new(), BTreeSet::new());
        for spot in spots.iter().take(PLACES) {
            let name = self.name(spot.ground);
            let counted = spot.present || !any_present;
            if counted {
                files.insert((spot.ground, &spot.path));
                repositories.insert(spot.ground);
            }
            let secret = finding.secret.expose();
            let mut key = self.key(spot.ground, &spot.path, &spot.blob, spot.line, finding);
            let (mut line, mut at) = (spot.line, None);
            let text = self.grounds.get_mut(spot.ground).and_then(|ground| {
                let file = spot.present.then(|| ground.file(&spot.path)).flatten();
                file.or_else(|| ground.blob(&spot.blob))
            });
            if let Some(text) = &text {
                let place = memchr::memmem::find(text, secret).or_else(|| line_start(text, line));
                if let Some(place) = place {
                    at = Some(place);
                    if spot.present && memchr::memmem::find(&text[place..], secret) == Some(0) {
                        line = memchr::memchr_iter(b'\n', &text[..place]).count() as u64 + 1;
                        key = key_at(&spot.path, text, line, secret).or(key);
                    }
                    if note.is_none() {
                        let shown = within(name.as_deref(), &spot.path);
                        *note = annotation(&shown, text, place);
                    }
                    if !read {
                        *facts = Facts::read(finding, line_around(text, place), text);
                        read = true;
                    }
                }
            }
            let told = environment(finding.pattern, &spot.path, key.as_deref());
            if counted
                && !record
                    .environments
                    .iter()
                    .any(|known| known.value == told.value)
            {
                record.environments.push(told);
            }
            if counted && is_file(&spot.path) && record.workloads.len() < WORKLOADS {
                let file = OfFile {
                    ground: spot.ground,
                    path: spot.path.clone(),
                    at,
                };
                let told = self.packages.workload(self.grounds, &file, key.as_deref());
                let same = |w: &Told<Workload>| {
                    (&w.value.kind, &w.value.name, &w.value.repository)
                        == (&told.value.kind, &told.value.name, &told.value.repository)
                };
                if !record.workloads.iter().any(same) {
                    record.workloads.push(told);
                }
            }
            record.places.push(Place {
                repository: name,
                path: spot.path.clone(),
                line,
                key,
                at_head: spot.present,
            });
        }
        if !read {
            *facts = Facts::read(finding, b"", b"");
        }
        let known = |e: &Told<Environment>| e.value != Environment::Unknown;
        if record.environments.iter().any(known) {
            record.environments.retain(known);
        }
        record.reuse = Reuse {
            files: files.len(),
            repositories: repositories.len(),
            workloads: record.workloads.len(),
            environments: record.known_environments().len(),
            owners: 0,
        };
    }
}

/// Where a line begins, in bytes; lines count from 1.
pub(super) fn line_start(text: &[u8], line: u64) -> Option<usize> {
    match line.checked_sub(1)? {
        0 => Some(0),
        n => memchr::memchr_iter(b'\n', text)
            .nth(usize::try_from(n - 1).ok()?)
            .map(|at| at + 1),
    }
}

/// The line around a place.
fn line_around(text: &[u8], at: usize) -> &[u8] {
    let at = at.min(text.len());
    let start = memchr::memrchr(b'\n', &text[..at]).map_or(0, |i| i + 1);
    let end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |i| at + i);
    &text[start..end]
}
