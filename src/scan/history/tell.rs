//! Makes stories of what happened: who, when, what still reaches it.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::BuildHasher as _;
use std::time::{SystemTime, UNIX_EPOCH};

use super::{Hit, Identity};
use crate::findings::Finding;
use crate::sources::history::{Commit, Holder, HolderKind, Holders, ObjectReader, Stores};
use crate::story::{
    Change, Commits, Event, Happened, Historian, NONE, Paths, Spot, Standing, State, Story, Trees,
    ever_had, expand,
};

/// How many tags may point to tags.
const TAGS: usize = 16;

/// What stories are made of.
pub(super) struct Telling<'a> {
    pub(super) stores: &'a Stores,
    pub(super) trees: &'a Trees,
    pub(super) commits: &'a Commits,
    pub(super) holders: &'a Holders,
    /// What annotated tags point to.
    pub(super) tags: &'a HashMap<u32, u32>,
    /// Sorted.
    pub(super) hits: &'a [Hit],
    pub(super) identities: &'a HashMap<Identity, Vec<(u32, u32)>>,
    /// Commits and tags with a secret in their text, and the path that stands for it.
    pub(super) extra: &'a [(u32, u32)],
    /// The paths of each blob that was judged.
    pub(super) placed: &'a HashMap<u32, Vec<u32>>,
}

impl Telling<'_> {
    /// The story of each finding, in their order. `None` if the sweep was interrupted: of a part
    /// of a history nothing is known for certain.
    pub(super) fn stories(&self, paths: &mut Paths, findings: &[Finding]) -> Option<Vec<Story>> {
        let stop = self.stores.stop();
        if stop.is_asked() {
            return None;
        }
        let stories = self.known(paths, findings);
        (!stop.is_asked()).then_some(stories)
    }

    /// What is told of findings then.
    pub(super) fn unknown(&self, findings: &[Finding]) -> Vec<Story> {
        let unknown = findings.iter().map(|finding| {
            let places = self.spots(finding);
            Story::unknown(self.blobs(&places))
        });
        unknown.collect()
    }

    /// The places of a finding.
    fn spots(&self, finding: &Finding) -> Vec<Spot> {
        let places = self
            .identities
            .get(&(finding.pattern.id, finding.fingerprint));
        let places = places.into_iter().flatten();
        places
            .map(|(secret, path)| Spot {
                secret: *secret,
                path: *path,
            })
            .collect()
    }

    fn known(&self, paths: &mut Paths, findings: &[Finding]) -> Vec<Story> {
        let stop = self.stores.stop();
        let mut holds: HashMap<(u32, u32), Vec<u32>> = HashMap::new();
        for hit in self.hits {
            let secrets = holds.entry((hit.blob, hit.path)).or_default();
            if !secrets.contains(&hit.secret) {
                secrets.push(hit.secret);
            }
        }
        for secrets in holds.values_mut() {
            secrets.sort_unstable();
        }
        let states = self.trees.states(&states(&holds, self.placed));
        let extra: Vec<(u32, Spot)> = self
            .extra
            .iter()
            .filter_map(|(object, path)| Some((self.commits.place(*object)?, *object, *path)))
            .flat_map(|(place, object, path)| {
                let secrets = holds.get(&(object, path)).into_iter().flatten();
                secrets.map(move |secret| {
                    (
                        place,
                        Spot {
                            secret: *secret,
                            path,
                        },
                    )
                })
            })
            .collect();
        let historian = Historian::new(self.trees, self.commits, &states, paths, &holds, stop);
        let happened = historian.tell(&extra);

        let spots: Vec<Vec<Spot>> = findings.iter().map(|f| self.spots(f)).collect();
        let reach = self.reach(paths, &spots, &happened, &holds, &states);
        let mut reader = self.stores.reader();
        spots
            .iter()
            .take_while(|_| !stop.is_asked())
            .map(|spots| self.story(spots, &happened, &reach, paths, &mut reader))
            .collect()
    }

    /// How many commits no reference reaches.
    pub(super) fn dangling(&self) -> usize {
        let mut reached = vec![false; self.commits.len()];
        for holder in self.holders.all.iter().filter(|h| is_reference(h.kind)) {
            if let Some(place) = self.commits.place(self.peeled(holder.object)) {
                reached[place as usize] = true;
            }
        }
        for place in (0..self.commits.len() as u32).rev() {
            if reached[place as usize] {
                let parents = self.commits.parents(place);
                for parent in parents {
                    reached[*parent as usize] = true;
                }
            }
        }
        reached.iter().filter(|r| !**r).count()
    }

    /// What a tag points to in the end; any other object itself.
    fn peeled(&self, object: u32) -> u32 {
        (0..TAGS).fold(object, |at, _| self.tags.get(&at).copied().unwrap_or(at))
    }

    /// Which holders reach which spots.
    fn reach(
        &self,
        paths: &mut Paths,
        spots: &[Vec<Spot>],
        happened: &HashMap<Spot, Vec<Happened>>,
        holds: &HashMap<(u32, u32), Vec<u32>>,
        states: &[State],
    ) -> Reach {
        let mut reach = Reach::default();
        let mut all: Vec<Spot> = spots.iter().flatten().copied().collect();
        all.sort_unstable();
        all.dedup();
        let tips: Vec<(u32, u32)> = self
            .holders
            .all
            .iter()
            .zip(0..)
            .filter_map(|(h, i)| Some((i, self.commits.place(self.peeled(h.object))?)))
            .collect();
        for batch in all.chunks(64) {
            if self.stores.stop().is_asked() {
                break;
            }
            let had = ever_had(self.commits, batch, happened);
            for (holder, place) in &tips {
                let bits = had[*place as usize];
                for (bit, spot) in batch.iter().enumerate() {
                    if bits >> bit & 1 == 1 {
                        reach.holders.entry(*spot).or_default().push(*holder);
                    }
                }
            }
        }
        // What holders hold without a commit between: a tag of a blob or a tree, a staged file, a
        // secret in the text of a tag itself.
        let mut by_blob: HashMap<u32, Vec<Spot>> = HashMap::new();
        for ((blob, path), secrets) in holds {
            let spots = secrets.iter().map(|secret| Spot {
                secret: *secret,
                path: *path,
            });
            by_blob.entry(*blob).or_default().extend(spots);
        }
        for (holder, number) in self.holders.all.iter().zip(0u32..) {
            let mut at = holder.object;
            for _ in 0..TAGS {
                for spot in by_blob.get(&at).into_iter().flatten() {
                    // A staged file holds what stands at its path.
                    let is_there = holder.kind != HolderKind::Index
                        || paths.path(spot.path, self.trees).to_string_lossy() == holder.name;
                    if is_there {
                        reach.holders.entry(*spot).or_default().push(number);
                    }
                }
                match self.tags.get(&at) {
                    Some(next) => at = *next,
                    None => break,
                }
            }
            let is_tree = self.trees.numbers().binary_search(&at).is_ok();
            let is_head = holder.kind == HolderKind::Head;
            let tree = match self.commits.place(at) {
                Some(place) if is_head => self.commits.fact(place).tree,
                None if is_tree => at,
                _ => NONE,
            };
            if tree == NONE {
                continue;
            }
            expand(
                self.trees,
                states,
                paths,
                tree,
                &mut HashSet::new(),
                |blob, path| {
                    for secret in holds.get(&(blob, path)).into_iter().flatten() {
                        let spot = Spot {
                            secret: *secret,
                            path,
                        };
                        if is_head {
                            reach.at_head.insert(spot);
                        } else {
                            reach.holders.entry(spot).or_default().push(number);
                        }
                    }
                },
            );
        }
        reach
    }

    fn story(
        &self,
        spots: &[Spot],
        happened: &HashMap<Spot, Vec<Happened>>,
        reach: &Reach,
        paths: &Paths,
        reader: &mut ObjectReader<'_>,
    ) -> Story {
        let mut events: Vec<(u32, Event)> = Vec::new();
        let mut people: HashMap<u32, Option<Event>> = HashMap::new();
        for spot in spots {
            for h in happened.get(spot).into_iter().flatten() {
                let known = people
                    .entry(h.commit)
                    .or_insert_with(|| self.commit_event(h.commit, reader));
                let Some(known) = known else { continue };
                let line = self.line(h.blob, *spot).filter(|_| h.change == Change::In);
                let event = Event {
                    change: h.change,
                    path: paths.path(spot.path, self.trees),
                    line,
                    from: h.from.map(|from| paths.path(from, self.trees)),
                    or_before: h.change == Change::In && self.commits.is_border(h.commit),
                    blob: match h.blob {
                        NONE => String::new(),
                        blob => self.stores.objects().hex(blob),
                    },
                    order: h.commit,
                    ..known.clone()
                };
                events.push((h.commit, event));
            }
        }
        events.sort();
        events.dedup();
        let mut holders: BTreeSet<&Holder> = BTreeSet::new();
        for spot in spots {
            let numbers = reach.holders.get(spot).into_iter().flatten();
            holders.extend(numbers.map(|n| &self.holders.all[*n as usize]));
        }
        let names = |wanted: &dyn Fn(HolderKind) -> bool| -> Vec<String> {
            let named = holders.iter().filter(|h| wanted(h.kind));
            let set: BTreeSet<String> = named.map(|h| h.name.clone()).collect();
            set.into_iter().collect()
        };
        let mut references = names(&|kind| kind == HolderKind::Reference);
        // Of a reference that has it now older states say nothing new.
        let mut remotes = names(&|kind| kind == HolderKind::Remote);
        let known = |name: &String| remotes.iter().any(|r| name.split("@{").next() == Some(r));
        let mut older = names(&|kind| kind == HolderKind::RemoteLog);
        older.retain(|name| !known(name));
        remotes.append(&mut older);
        let is_remote = holders.iter().any(|h| h.kind == HolderKind::Remote);
        if references.is_empty() && !is_remote {
            // A detached head alone.
            references = names(&|kind| kind == HolderKind::Head);
        }
        let standing = if spots.iter().any(|spot| reach.at_head.contains(spot)) {
            Standing::AtHead
        } else if holders.iter().any(|h| is_reference(h.kind)) {
            Standing::InHistory
        } else {
            Standing::Unreachable
        };
        let mut held = Vec::new();
        if standing == Standing::Unreachable {
            held = names(&|kind| {
                use HolderKind::{Reflog, RemoteLog, Stash};
                matches!(kind, Stash | Reflog | RemoteLog)
            });
            let staged = names(&|kind| kind == HolderKind::Index);
            held.extend(staged.into_iter().map(|path| format!("index: {path}")));
        }
        let blobs = self.blobs(spots);
        if standing == Standing::Unreachable && held.is_empty() {
            held.push(
                match (
                    events.iter().rev().find(|e| e.1.change == Change::In),
                    blobs.first(),
                ) {
                    (Some((_, event)), _) => format!("dangling commit {}", &event.commit[..12]),
                    (None, Some(object)) => format!("dangling object {}", &object[..12]),
                    (None, None) => "dangling".to_owned(),
                },
            );
        }
        let exposed_days = exposure(spots, happened, self.commits, standing);
        Story {
            standing,
            events: events.into_iter().map(|e| e.1).collect(),
            references,
            remotes,
            holders: held,
            blobs,
            exposed_days,
        }
    }

    /// The line on which a secret stands in a blob.
    fn line(&self, blob: u32, spot: Spot) -> Option<u64> {
        let first = Hit {
            blob,
            path: spot.path,
            secret: spot.secret,
            line: 0,
        };
        let hit = self.hits.get(self.hits.partition_point(|h| *h < first))?;
        ((hit.blob, hit.path, hit.secret) == (blob, spot.path, spot.secret)).then_some(hit.line)
    }

    /// The objects that secrets stand in, in hex.
    fn blobs(&self, spots: &[Spot]) -> Vec<String> {
        let wanted: HashSet<(u32, u32)> = spots.iter().map(|s| (s.secret, s.path)).collect();
        let hits = self
            .hits
            .iter()
            .filter(|h| wanted.contains(&(h.secret, h.path)));
        let blobs: BTreeSet<u32> = hits.map(|h| h.blob).collect();
        blobs
            .into_iter()
            .map(|blob| self.stores.objects().hex(blob))
            .collect()
    }

    /// What a commit says of itself.
    fn commit_event(&self, place: u32, reader: &mut ObjectReader<'_>) -> Option<Event> {
        let number = self.commits.fact(place).number;
        let (_, data) = reader.read(number).ok()?;
        let commit = Commit::parse(&data)?;
        let (author, committer) = (commit.author(), commit.committer());
        Some(Event {
            change: Change::In,
            commit: self.stores.objects().hex(number),
            author: author.name,
            author_mail: author.mail,
            author_time: author.time,
            committer: committer.name,
            time: committer.time,
            path: std::path::PathBuf::new(),
            line: None,
            from: None,
            or_before: false,
            blob: String::new(),
            order: place,
        })
    }
}

/// Who reaches what.
#[derive(Default)]
struct Reach {
    /// Numbers of holders.
    holders: HashMap<Spot, Vec<u32>>,
    /// What stands in the last commit of a worktree.
    at_head: HashSet<Spot>,
}

/// Whether what such a holder reaches counts as reachable.
fn is_reference(kind: HolderKind) -> bool {
    matches!(
        kind,
        HolderKind::Head | HolderKind::Reference | HolderKind::Remote
    )
}

/// States of blobs: the same for the same secrets, if a blob holds them at all of its paths; else
/// one of its own.
fn states(
    holds: &HashMap<(u32, u32), Vec<u32>>,
    placed: &HashMap<u32, Vec<u32>>,
) -> HashMap<u32, State> {
    let mut by_blob: HashMap<u32, Vec<&Vec<u32>>> = HashMap::new();
    for ((blob, _), secrets) in holds {
        by_blob.entry(*blob).or_default().push(secrets);
    }
    let keys = [RandomState::new(), RandomState::new()];
    by_blob
        .into_iter()
        .map(|(blob, lists)| {
            let everywhere = placed
                .get(&blob)
                .is_some_and(|paths| paths.len() == lists.len());
            let alike = everywhere && lists.iter().all(|l| *l == lists[0]);
            let own = if alike { NONE } else { blob };
            let [a, b] = keys
                .each_ref()
                .map(|k| u128::from(k.hash_one((own, lists[0]))));
            (blob, (a << 64 | b) | 1)
        })
        .collect()
}

/// Days from the first commit that had a secret to the last that took it away, or to now.
fn exposure(
    spots: &[Spot],
    happened: &HashMap<Spot, Vec<Happened>>,
    commits: &Commits,
    standing: Standing,
) -> Option<u64> {
    let time = |h: &Happened| commits.fact(h.commit).time;
    let all = || spots.iter().filter_map(|spot| happened.get(spot));
    let first = all()
        .flatten()
        .filter(|h| h.change == Change::In)
        .map(time)
        .min()?;
    let ended = all().all(|list| list.iter().any(|h| h.change == Change::Out));
    let last = all()
        .flatten()
        .filter(|h| h.change == Change::Out)
        .map(time)
        .max();
    let end = match last {
        Some(last) if ended && standing != Standing::AtHead => last,
        _ => SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs() as i64,
    };
    u64::try_from((end - first) / 86_400).ok()
}

/// Leaves of each finding's places those at which it came in, or all if none of them is known:
/// a file of a thousand versions holds a secret on as many lines. Where no commit brings it in, within an
/// archive or in the text of a tag, say, its places stay.
pub(super) fn narrow(findings: &mut [Finding], stories: &[Story]) {
    for (finding, story) in findings.iter_mut().zip(stories) {
        let came_in: HashSet<(&std::path::Path, Option<u64>)> = story
            .events
            .iter()
            .filter(|e| e.change == Change::In)
            .map(|e| (e.path.as_path(), e.line))
            .collect();
        let paths: HashSet<&std::path::Path> = came_in.iter().map(|(path, _)| *path).collect();
        let is_one = |o: &crate::findings::Occurrence| {
            let line = o.start.line;
            came_in.contains(&(&*o.path, Some(line)))
                || o.parts
                    .iter()
                    .any(|p| came_in.contains(&(&*o.path, Some(p.start.line))))
        };
        if finding.occurrences.iter().any(is_one) {
            let stays = |o: &crate::findings::Occurrence| is_one(o) || !paths.contains(&*o.path);
            finding.occurrences.retain(stays);
        }
    }
}
