//! Rotations, read from histories: a slot is a file, followed through renames, and a key in it; two
//! credentials of one kind that stand in a slot one after the other are a rotation.
//!
//! All of this is a function of what stories tell. Events come with their places in the order of
//! commits, parents first; branches that did the same twice tell it once.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::record::{Replaced, Slot, Stamp, Sureness};
use crate::story::Change;

/// One event of one credential at one path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Which credential.
    pub credential: usize,
    /// The pattern's id.
    pub pattern: &'static str,
    /// The path.
    pub path: String,
    /// The key, if the file has one there; of what goes that of what came.
    pub key: Option<String>,
    /// Whether it came or went.
    pub change: Change,
    /// The place of the commit, parents first.
    pub order: u32,
    /// When it was committed.
    pub time: Stamp,
    /// The commit.
    pub commit: String,
    /// The path it was moved from, in the same commit.
    pub from: Option<String>,
}

/// What one repository tells of slots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slots {
    /// The slots of each credential.
    pub of: BTreeMap<usize, BTreeSet<Slot>>,
    /// What replaced what: old, new, and the rest of it (ids are filled in later).
    pub replaced: Vec<(usize, usize, Replaced)>,
    /// Credentials that came back to where they had gone from, and when.
    pub back: BTreeMap<usize, Stamp>,
}

/// Reads the moments of one repository; `name` is what reports call it, if there are several.
pub fn slots(name: Option<&str>, mut moments: Vec<Moment>) -> Slots {
    moments.sort_by(|a, b| order(a).cmp(&order(b)));
    fill_keys(&mut moments);
    let names = Names::follow(&moments);
    let mut out = Slots::default();
    let mut by_slot: BTreeMap<(String, String, &str), Vec<&Moment>> = BTreeMap::new();
    for moment in &moments {
        let path = names.last(&moment.path);
        let key = moment.key.clone().unwrap_or_default();
        let slot = Slot {
            repository: name.map(str::to_owned),
            path: path.clone(),
            key: key.clone(),
        };
        out.of.entry(moment.credential).or_default().insert(slot);
        let slot = by_slot.entry((path, key, moment.pattern)).or_default();
        slot.push(moment);
    }
    for ((path, key, _), moments) in by_slot {
        let slot = Slot {
            repository: name.map(str::to_owned),
            path,
            key,
        };
        turns(&slot, &moments, &mut out);
    }
    out.replaced.sort_by(|a, b| {
        (a.2.time, &a.2.slot, a.0, a.1, &a.2.commit).cmp(&(
            b.2.time,
            &b.2.slot,
            b.0,
            b.1,
            &b.2.commit,
        ))
    });
    out
}

/// In one commit what goes comes first.
fn order(moment: &Moment) -> (u32, bool, &str, usize, Option<&str>) {
    let comes = moment.change == Change::In;
    let path = &*moment.path;
    (
        moment.order,
        comes,
        path,
        moment.credential,
        moment.key.as_deref(),
    )
}

/// What goes from a path had the key under which it came to it.
fn fill_keys(moments: &mut [Moment]) {
    let mut keys: HashMap<(usize, String), Option<String>> = HashMap::new();
    for moment in moments.iter_mut() {
        let place = (moment.credential, moment.path.clone());
        match moment.change {
            Change::In => {
                keys.insert(place, moment.key.clone());
            }
            Change::Out => moment.key = keys.get(&place).cloned().flatten(),
        }
    }
}

/// Follows files from name to name.
struct Names {
    next: HashMap<String, String>,
}

impl Names {
    fn follow(moments: &[Moment]) -> Self {
        let mut next: HashMap<String, String> = HashMap::new();
        let mut join = |from: &str, to: &str| {
            if from != to {
                // A file that is moved back has its old name again.
                next.remove(to);
                next.insert(from.to_owned(), to.to_owned());
            }
        };
        let mut keys: HashMap<(usize, &str), Option<&str>> = HashMap::new();
        let mut start = 0;
        while start < moments.len() {
            let commit = moments[start].order;
            let end = start + moments[start..].partition_point(|m| m.order == commit);
            let group = &moments[start..end];
            for new in group.iter().filter(|m| m.change == Change::In) {
                if let Some(from) = new.from.as_deref() {
                    let before = keys.get(&(new.credential, from)).copied().flatten();
                    // A secret that is moved to another key of another file went to another slot.
                    if before == new.key.as_deref() || file_name(from) == file_name(&new.path) {
                        join(from, &new.path);
                    }
                }
            }
            // A file that is renamed while its secret is replaced.
            for new in group
                .iter()
                .filter(|m| m.change == Change::In && m.from.is_none())
            {
                let stays = |m: &&Moment| m.change == Change::Out && m.path == new.path;
                if group.iter().any(|m| stays(&m)) {
                    continue;
                }
                let mut old = group.iter().filter(|m| {
                    m.change == Change::Out
                        && m.pattern == new.pattern
                        && m.path != new.path
                        && m.credential != new.credential
                        && m.key.is_some()
                        && m.key == new.key
                        && (file_name(&m.path) == file_name(&new.path)
                            || folder(&m.path) == folder(&new.path))
                });
                // Of several nobody knows which.
                if let (Some(old), None) = (old.next(), old.next()) {
                    join(&old.path, &new.path);
                }
            }
            for m in group.iter().filter(|m| m.change == Change::In) {
                keys.insert((m.credential, &m.path), m.key.as_deref());
            }
            start = end;
        }
        Self { next }
    }

    /// The last name of a file.
    fn last(&self, path: &str) -> String {
        let (mut at, mut seen) = (path, BTreeSet::new());
        while let Some(next) = self.next.get(at)
            && seen.insert(at)
        {
            at = next;
        }
        at.to_owned()
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Who stood in a slot, one after the other.
fn turns(slot: &Slot, moments: &[&Moment], out: &mut Slots) {
    let mut here: BTreeSet<usize> = BTreeSet::new();
    let mut gone: Option<(usize, u32, Stamp)> = None;
    // All that went in that commit.
    let mut went: BTreeSet<usize> = BTreeSet::new();
    let mut ever: BTreeSet<usize> = BTreeSet::new();
    let mut told: BTreeSet<(usize, usize)> = BTreeSet::new();
    for moment in moments {
        match moment.change {
            Change::Out => {
                here.remove(&moment.credential);
                if gone.is_none_or(|(_, order, _)| order != moment.order) {
                    went.clear();
                }
                went.insert(moment.credential);
                gone = Some((moment.credential, moment.order, moment.time));
            }
            Change::In => {
                let new = moment.credential;
                if let Some((old, order, time)) = gone {
                    let at_once = order == moment.order;
                    // Without a key, of several that went or came nobody knows which took whose
                    // place; what went with the other took nobody's.
                    let come = |m: &&&Moment| m.change == Change::In && m.order == moment.order;
                    let is_clear = !went.contains(&new)
                        && (!slot.key.is_empty()
                            || went.len() == 1 && moments.iter().filter(come).count() == 1);
                    let free = at_once || here.is_empty();
                    if old != new && is_clear && free && told.insert((old, new)) {
                        let replaced = Replaced {
                            time: moment.time,
                            commit: moment.commit.clone(),
                            slot: slot.clone(),
                            old: String::new(),
                            new: String::new(),
                            gap_days: if at_once {
                                0
                            } else {
                                time.days_to(moment.time).max(0)
                            },
                            confidence: if slot.key.is_empty() {
                                Sureness::Likely
                            } else {
                                Sureness::Certain
                            },
                        };
                        out.replaced.push((old, new, replaced));
                    }
                    // In one commit it was only moved.
                    if ever.contains(&new) && !here.contains(&new) && !(old == new && at_once) {
                        let time = out.back.entry(new).or_insert(moment.time);
                        *time = (*time).max(moment.time);
                    }
                }
                here.insert(new);
                ever.insert(new);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One moment: day, credential, whether it comes, path, key, where from.
    fn moment(day: u32, credential: usize, comes: bool, path: &str, from: Option<&str>) -> Moment {
        let (path, key) = path
            .split_once('#')
            .map_or((path, None), |(p, k)| (p, Some(k)));
        Moment {
            credential,
            pattern: "a.b",
            path: path.to_owned(),
            key: key.filter(|_| comes).map(str::to_owned),
            change: if comes { Change::In } else { Change::Out },
            order: day,
            time: Stamp(i64::from(day) * 86_400),
            commit: format!("c{day}"),
            from: from.map(str::to_owned),
        }
    }

    fn pairs(slots: &Slots) -> Vec<(usize, usize, i64)> {
        slots
            .replaced
            .iter()
            .map(|r| (r.0, r.1, r.2.gap_days))
            .collect()
    }

    #[test]
    fn one_after_the_other_is_a_rotation_and_two_at_once_are_none() {
        let told = slots(
            None,
            vec![
                moment(1, 0, true, "e#K", None),
                moment(1, 9, true, "e#L", None),
                moment(5, 0, false, "e", None),
                moment(5, 1, true, "e#K", None),
                moment(7, 1, false, "e", None),
                moment(9, 2, true, "e#K", None),
                moment(10, 3, true, "e#K", None),
            ],
        );
        assert_eq!(pairs(&told), [(0, 1, 0), (1, 2, 2)]);
        assert!(told.back.is_empty());
    }

    #[test]
    fn of_several_in_one_file_without_keys_none_took_the_place_of_another() {
        let side_by_side = vec![
            moment(1, 0, true, "a_test.go", None),
            moment(1, 1, true, "a_test.go", None),
            moment(2, 0, false, "a_test.go", None),
            moment(2, 1, false, "a_test.go", None),
            moment(3, 0, true, "a_test.go", None),
            moment(3, 1, true, "a_test.go", None),
        ];
        let told = slots(None, side_by_side.clone());
        assert!(pairs(&told).is_empty());
        assert_eq!(told.back.keys().collect::<Vec<_>>(), [&0, &1]);
        // One alone is clear.
        let one = side_by_side[..1].iter().chain(&side_by_side[2..3]);
        let mut one: Vec<_> = one.cloned().collect();
        one.push(moment(2, 1, true, "a_test.go", None));
        assert_eq!(pairs(&slots(None, one)), [(0, 1, 0)]);
    }

    #[test]
    fn files_are_followed_through_renames_also_while_the_secret_changes() {
        let told = slots(
            None,
            vec![
                moment(1, 0, true, "old/a.env#K", None),
                moment(2, 0, false, "old/a.env", None),
                moment(2, 0, true, "new/a.env#K", Some("old/a.env")),
                moment(3, 0, false, "new/a.env", None),
                moment(3, 1, true, "new/b.env#K", None),
            ],
        );
        assert_eq!(pairs(&told), [(0, 1, 0)]);
        let slot = told.of[&0].iter().next().expect("one");
        assert_eq!((&*slot.path, told.of[&0].len()), ("new/b.env", 1));
        assert!(told.back.is_empty(), "a move is no return");
    }

    #[test]
    fn a_secret_that_goes_to_another_key_elsewhere_leaves_its_slot() {
        let told = slots(
            None,
            vec![
                moment(1, 0, true, "a.py#password", None),
                moment(2, 0, false, "a.py", None),
                moment(2, 0, true, "prod.env#DB", Some("a.py")),
                moment(3, 1, true, "a.py#password", None),
            ],
        );
        assert_eq!(told.of[&0].len(), 2);
        assert_eq!(pairs(&told), [(0, 1, 1)]);
    }

    #[test]
    fn what_comes_back_is_told_and_a_branch_that_did_the_same_is_not() {
        let told = slots(
            None,
            vec![
                moment(1, 0, true, "e#K", None),
                moment(2, 0, false, "e", None),
                moment(2, 1, true, "e#K", None),
                // The same on a branch from day 1.
                moment(3, 0, false, "e", None),
                moment(3, 1, true, "e#K", None),
            ],
        );
        assert_eq!(pairs(&told), [(0, 1, 0)]);
        assert!(told.back.is_empty());
        let told = slots(
            None,
            vec![
                moment(1, 0, true, "e#K", None),
                moment(2, 0, false, "e", None),
                moment(6, 0, true, "e#K", None),
            ],
        );
        assert_eq!(told.back.get(&0), Some(&Stamp(6 * 86_400)));
        assert!(told.replaced.is_empty());
    }
}
