//! What the stories of a credential come to: the first commit, the last one, what is there on the day
//! that is asked for.

use std::collections::BTreeMap;

use super::ground::Told as Found;
use super::record::{Commit, Stamp};
use crate::base::path_text;
use crate::story::{Change, Event, Standing};

/// One path of a credential in one repository, on the day that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// Which repository.
    pub ground: usize,
    /// The path.
    pub path: String,
    /// The line on which it last came in; 0 if it is not known.
    pub line: u64,
    /// The blob it last came in with, in hex; empty if it is not known.
    pub blob: String,
    /// Whether it is there still.
    pub present: bool,
}

/// What became of a credential up to a day.
#[derive(Clone, Debug, Default)]
pub struct Past<'a> {
    /// All its paths; sorted by repository and path.
    pub spots: Vec<Spot>,
    /// The first commit of each repository that had it, parents first.
    pub firsts: Vec<(usize, &'a Event)>,
    /// The last event of each repository.
    pub lasts: Vec<(usize, &'a Event)>,
    /// The last event of each that took it from somewhere.
    pub outs: Vec<(usize, &'a Event)>,
    /// When it came back after it was gone everywhere in a repository.
    pub back: Option<Stamp>,
    /// Whether a worktree's last commit has it, on that day.
    pub at_head: bool,
    /// Whether anything of it happened up to that day; of what no commit has nothing is known.
    pub is_known: bool,
}

impl<'a> Past<'a> {
    /// Reads stories up to a time; `is_now` if that is today, so that what stands in the last commit
    /// is known and not worked out.
    pub fn read(found: &[Found<'a>], until: Stamp, is_now: bool) -> Self {
        let mut past = Self::default();
        let mut spots: BTreeMap<(usize, String), Spot> = BTreeMap::new();
        for told in found {
            let events = told.story.events.iter();
            let events: Vec<&'a Event> = events.filter(|e| e.time <= until.0).collect();
            past.is_known |= !events.is_empty() || is_now;
            for event in &events {
                let path = path_text(&event.path).into_owned();
                let spot = spots
                    .entry((told.ground, path.clone()))
                    .or_insert_with(|| Spot {
                        ground: told.ground,
                        path,
                        line: 0,
                        blob: String::new(),
                        present: false,
                    });
                spot.present = event.change == Change::In;
                if spot.present {
                    spot.line = event.line.unwrap_or(0);
                    spot.blob.clone_from(&event.blob);
                }
            }
            // What no commit brought in: a stash, a dangling blob, a message.
            if is_now {
                let (from, to) = told.places;
                for occurrence in told.finding.occurrences.get(from..to).unwrap_or_default() {
                    let path = path_text(&occurrence.path).into_owned();
                    let place = (told.ground, path.clone());
                    spots.entry(place).or_insert_with(|| Spot {
                        ground: told.ground,
                        path,
                        line: occurrence.start.line,
                        blob: String::new(),
                        present: false,
                    });
                }
            }
            let at_head = told.story.standing == Standing::AtHead;
            past.at_head |= if is_now {
                at_head
            } else {
                spots.values().any(|s| s.ground == told.ground && s.present)
            };
            if is_now && !at_head {
                // On a branch that is no worktree's it may be still.
                let own = spots.values_mut().filter(|s| s.ground == told.ground);
                own.for_each(|spot| spot.present = false);
            }
            let first = events.iter().find(|e| e.change == Change::In);
            past.firsts.extend(first.map(|e| (told.ground, *e)));
            past.lasts.extend(events.last().map(|e| (told.ground, *e)));
            let out = events.iter().rev().find(|e| e.change == Change::Out);
            past.outs.extend(out.map(|e| (told.ground, *e)));
            past.back = past.back.max(back(&events));
        }
        past.spots = spots.into_values().collect();
        past
    }

    /// The first of all repositories, by its committer's clock.
    pub fn first(&self) -> Option<(usize, &'a Event)> {
        self.firsts
            .iter()
            .copied()
            .min_by_key(|(g, e)| (e.time, *g))
    }

    /// The last of all repositories.
    pub fn last(&self) -> Option<(usize, &'a Event)> {
        self.lasts.iter().copied().max_by_key(|(g, e)| (e.time, *g))
    }

    /// The last one that took it away.
    pub fn out(&self) -> Option<(usize, &'a Event)> {
        self.outs.iter().copied().max_by_key(|(g, e)| (e.time, *g))
    }
}

/// Whether a path is one of a file, and not what stands for a message of git or for a blob without a
/// name.
pub fn is_file(path: &str) -> bool {
    let others = ["commit:", "tag:", "blob:"];
    !others.iter().any(|begin| path.starts_with(begin))
}

/// When a credential came back that was gone from every path of a repository.
fn back(events: &[&Event]) -> Option<Stamp> {
    let mut here: Vec<&std::path::Path> = Vec::new();
    let (mut gone_at, mut back) = (None, None);
    for event in events {
        match event.change {
            Change::In => {
                if here.is_empty() && gone_at.is_some_and(|order| order < event.order) {
                    back = Some(Stamp(event.time));
                }
                if !here.contains(&&*event.path) {
                    here.push(&event.path);
                }
                gone_at = None;
            }
            Change::Out => {
                here.retain(|path| *path != event.path);
                if here.is_empty() {
                    gone_at = Some(event.order);
                }
            }
        }
    }
    back
}

/// An event as a record tells it; `name` and `mail` are the author's proper ones.
pub fn commit(event: &Event, repository: Option<&str>, (name, mail): (String, String)) -> Commit {
    Commit {
        time: Stamp(event.time),
        id: event.commit.clone(),
        author: name,
        mail,
        repository: repository.map(str::to_owned),
        path: path_text(&event.path).into_owned(),
        or_before: event.or_before,
    }
}
