//! The graph of commits, parents first.

use super::trees::NONE;

/// What is known of one commit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CommitFact {
    /// Its number among the objects.
    pub number: u32,
    /// Its tree; [`NONE`] if no store has it.
    pub tree: u32,
    /// Its parents; [`NONE`] for those that no store has.
    pub parents: Vec<u32>,
    /// When it was committed.
    pub time: i64,
}

/// All commits, in an order in which parents come before their children.
#[derive(Debug, Default)]
pub struct Commits {
    /// In that order.
    facts: Vec<CommitFact>,
    /// Places of the parents that are here.
    parents: Vec<u32>,
    starts: Vec<u32>,
    /// By number of the object; [`NONE`] for what is no commit.
    places: Vec<u32>,
}

impl Commits {
    /// Orders the facts; the same commit may come several times.
    pub fn new(mut facts: Vec<CommitFact>) -> Self {
        facts.sort_unstable_by_key(|f| f.number);
        facts.dedup_by_key(|f| f.number);
        let unordered = places_of(&facts);
        let mut order: Vec<u32> = Vec::with_capacity(facts.len());
        let mut done = vec![0u8; facts.len()];
        let mut stack: Vec<u32> = Vec::new();
        // The oldest first, so that the order does not depend on ids more than it must.
        let mut seeds: Vec<u32> = (0..facts.len() as u32).collect();
        seeds.sort_unstable_by_key(|i| (facts[*i as usize].time, *i));
        for seed in seeds {
            stack.push(seed);
            while let Some(at) = stack.last().copied() {
                if done[at as usize] == 2 {
                    stack.pop();
                    continue;
                }
                let waiting = stack.len();
                if done[at as usize] == 0 {
                    done[at as usize] = 1;
                    let parents = facts[at as usize].parents.iter().rev();
                    let here = parents.filter_map(|p| at_place(&unordered, *p));
                    stack.extend(here.filter(|p| done[*p as usize] == 0));
                }
                if stack.len() > waiting {
                    continue;
                }
                done[at as usize] = 2;
                order.push(at);
                stack.pop();
            }
        }
        let mut slots: Vec<Option<CommitFact>> = facts.into_iter().map(Some).collect();
        let facts: Vec<CommitFact> = order
            .iter()
            .filter_map(|i| slots[*i as usize].take())
            .collect();
        let places = places_of(&facts);
        let (mut parents, mut starts) = (Vec::new(), vec![0]);
        for (place, fact) in facts.iter().enumerate() {
            let here = fact.parents.iter().filter_map(|p| at_place(&places, *p));
            // A commit cannot be its own ancestor but in a damaged store.
            parents.extend(here.filter(|p| (*p as usize) < place));
            starts.push(parents.len() as u32);
        }
        Self {
            facts,
            parents,
            starts,
            places,
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.facts.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty()
    }

    /// The commit at a place.
    pub fn fact(&self, place: u32) -> &CommitFact {
        &self.facts[place as usize]
    }

    /// The place of an object, if it is a commit.
    pub fn place(&self, number: u32) -> Option<u32> {
        at_place(&self.places, number)
    }

    /// Places of the parents that are here.
    pub fn parents(&self, place: u32) -> &[u32] {
        let place = place as usize;
        &self.parents[self.starts[place] as usize..self.starts[place + 1] as usize]
    }

    /// Whether a parent of the commit is in no store: what it had is not known.
    pub fn is_border(&self, place: u32) -> bool {
        self.fact(place).parents.len() > self.parents(place).len()
            || self.fact(place).parents.contains(&NONE)
    }
}

/// Places of facts, by number of their commits.
fn places_of(facts: &[CommitFact]) -> Vec<u32> {
    let last = facts.iter().map(|f| f.number).max();
    let mut places = vec![NONE; last.map_or(0, |last| last as usize + 1)];
    for (fact, place) in facts.iter().zip(0..) {
        places[fact.number as usize] = place;
    }
    places
}

fn at_place(places: &[u32], number: u32) -> Option<u32> {
    let place = places.get(number as usize).copied();
    place.filter(|place| *place != NONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parents_come_first_whatever_the_dates_say() {
        let fact = |number, parents: &[u32], time| CommitFact {
            number,
            tree: 0,
            parents: parents.to_vec(),
            time,
        };
        let commits = Commits::new(vec![
            fact(5, &[9, 2], 1),
            fact(9, &[2], 50),
            fact(2, &[], 99),
            fact(9, &[2], 50),
            fact(7, &[5, NONE], 0),
        ]);
        assert_eq!(commits.len(), 4);
        for place in 0..4 {
            assert!(commits.parents(place).iter().all(|p| *p < place));
        }
        let place = |n| commits.place(n).expect("it is here");
        assert_eq!(commits.parents(place(5)), [place(9), place(2)]);
        assert!(commits.is_border(place(7)) && !commits.is_border(place(5)));
        assert_eq!(commits.place(4), None);
    }
}
