//! Joins references with records: who consumes a credential that stands, or stood, in a repository.
//!
//! A reference names a slot of some store, not a value. So what ties it to a credential is told with
//! each ([`Consumer::by`]), and how sure that is:
//!
//! * certain: the very file, variable or manifest that holds the credential is what is named;
//! * likely: a reference stands where the credential stood, or code that let go of it uses its name;
//! * a guess: the names are the same, and say enough not to be anybody's.
//!
//! References are those of the last commit, and are joined within one repository: the same name in two is
//! no tie at all.

mod names;
mod things;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::ground::Ground;
use super::keys::has_ending;
use super::owner::within;
use super::record::{Chain, Consumer, Link, Place, Record, Source, Sureness, Told};
use super::references::{Chain as Edges, Format, Kept, Listing, Reference, chains, shown};
use names::{folder_of, in_folder, is_telling, last_of, plain, slot_name};
use things::{identities, key_of, own};

/// Consumers and chains of one record that are told; more consumers are counted.
const CONSUMERS: usize = 100;
const CHAINS: usize = 12;

/// What all repositories name.
#[derive(Debug, Default)]
pub struct Named {
    grounds: Vec<OfGround>,
    /// Why nothing was looked for.
    not_looked: Option<String>,
}

/// What one repository names, by what it can be found by.
#[derive(Debug, Default)]
struct OfGround {
    name: Option<String>,
    listing: Listing,
    /// References by the plain last part of their name, and by what they are given to.
    by_name: HashMap<String, BTreeSet<usize>>,
    /// Files that are named, by path from the top.
    by_file: HashMap<String, Vec<usize>>,
    /// Secrets of Kubernetes, by name without key.
    by_secret: HashMap<String, Vec<usize>>,
    /// Chains, by each thing in them.
    by_thing: HashMap<String, Vec<usize>>,
    chains: Vec<Told<Chain>>,
}

/// What the names of a credential come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Naming {
    /// Places that name it for certain.
    pub certain: usize,
    /// Places that use its name, or stand where it stood.
    pub maybe: usize,
    /// The first of these.
    pub first: Option<String>,
    /// Why nobody knows.
    pub unknown: Option<String>,
    /// What was looked through in vain.
    pub looked: String,
}

impl Named {
    /// Reads what the last commits name. `is_now` is whether the day that is asked for is that of the
    /// last commits.
    pub fn read(grounds: &mut [Box<dyn Ground + '_>], is_now: bool) -> Self {
        if !is_now {
            let why = "files are looked through as of the last commit, not as of a past day";
            return Self {
                grounds: Vec::new(),
                not_looked: Some(why.to_owned()),
            };
        }
        let all = grounds.iter_mut().map(|ground| {
            let name = ground.name().map(str::to_owned);
            OfGround::new(name, ground.references())
        });
        Self {
            grounds: all.collect(),
            not_looked: None,
        }
    }

    /// What could not be read of what names credentials: for a person.
    pub fn unread(&self) -> Vec<String> {
        let mut out = Vec::new();
        for ground in &self.grounds {
            let unread = &ground.listing.found.unread;
            if let Some(first) = unread.first() {
                let place = format!("{}:{}", first.place.path, first.place.line);
                let more = match unread.len() {
                    1 => String::new(),
                    n => format!("; {} more", n - 1),
                };
                out.push(format!(
                    "what names credentials was not read: {}: {}{more}",
                    within(ground.name.as_deref(), &place),
                    first.why
                ));
            }
        }
        out
    }

    /// Adds to a record what names it, its identities and its chains. `is_followed` is whether another
    /// credential stands in its slot now: then names are that one's.
    pub fn join(&self, record: &mut Record, is_followed: bool) -> Naming {
        let mut naming = Naming::default();
        if let Some(why) = &self.not_looked {
            naming.unknown = Some(why.clone());
            return naming;
        }
        let mut found: Vec<Told<Consumer>> = Vec::new();
        let (mut references, mut files, mut unread, mut has_name) = (0, 0, None, false);
        let mut grounds: BTreeMap<usize, Vec<&Place>> = BTreeMap::new();
        for place in &record.places {
            let same = |g: &OfGround| g.name == place.repository;
            if let Some(number) = self.grounds.iter().position(same) {
                grounds.entry(number).or_default().push(place);
            }
        }
        let mut chains: Vec<Told<Chain>> = Vec::new();
        let mut declared = Vec::new();
        for (number, places) in grounds {
            let ground = &self.grounds[number];
            references += ground.listing.found.references.len();
            files += ground.listing.files;
            unread = unread.or(ground.listing.found.unread.first());
            let slots = places.iter().filter_map(|p| p.key.as_deref());
            has_name |= slots.filter_map(slot_name).any(is_telling);
            let ties = ground.ties(record, &places, is_followed);
            declared.extend(identities(record, ground));
            let mut things: BTreeSet<(String, Option<String>)> = BTreeSet::new();
            for (index, (by, sure, how)) in ties {
                let reference = &ground.listing.found.references[index];
                if sure > Sureness::Guess {
                    let secret = format!("{} {}", reference.kept.word(), reference.name);
                    things.insert((secret, None));
                    let user = reference.workload.as_ref();
                    things.extend(user.map(|w| (key_of(w), Some(reference.place.path.clone()))));
                }
                found.push(ground.consumer(reference, by, sure, how));
            }
            things.extend(own(record, ground.name.as_deref()));
            things.extend(declared.iter().map(|told| {
                let identity = &told.value;
                (format!("{} {}", identity.kind, identity.name), None)
            }));
            chains.extend(ground.of(&things));
        }
        found.sort_by(|a, b| b.confidence.cmp(&a.confidence).then(a.value.cmp(&b.value)));
        found.dedup();
        let is_certain = |told: &&Told<Consumer>| told.confidence == Sureness::Certain;
        naming.certain = found.iter().filter(is_certain).count();
        naming.maybe = found.len() - naming.certain;
        naming.first = found.first().map(|told| told.value.place());
        naming.looked = match references {
            0 => "the last commit names nothing that is kept elsewhere".to_owned(),
            n => format!("none of {n} references in {files} files of the last commit names it"),
        };
        naming.unknown = match unread {
            _ if !found.is_empty() => None,
            Some(first) => Some(format!(
                "not all that may name it was read: {}:{}",
                first.place.path, first.place.line
            )),
            None if record.places.is_empty() => {
                Some("no place of it is known, so no name".to_owned())
            }
            None if !has_name && references > 0 => Some(
                "no file, manifest or variable that holds it is named, and its own name says too \
                 little to look for"
                    .to_owned(),
            ),
            None => None,
        };
        found.truncate(CONSUMERS);
        chains.sort_by(|a, b| a.value.cmp(&b.value));
        chains.dedup();
        chains.truncate(CHAINS);
        record.consumers = found;
        record.identities = declared;
        record.chains = chains;
        naming
    }
}

type Tie = (&'static str, Sureness, String);

impl OfGround {
    fn new(name: Option<String>, listing: Listing) -> Self {
        let mut this = Self {
            name,
            listing,
            ..Self::default()
        };
        for (index, reference) in this.listing.found.references.iter().enumerate() {
            let names = [Some(last_of(&reference.name)), reference.used_as.as_deref()];
            for name in names.into_iter().flatten() {
                let all = this.by_name.entry(plain(name)).or_default();
                all.insert(index);
            }
            match reference.kept {
                Kept::File => {
                    let file = in_folder(folder_of(&reference.place.path), &reference.name);
                    this.by_file.entry(file).or_default().push(index);
                }
                Kept::KubernetesSecret => {
                    let secret = reference.name.split('/').next().unwrap_or_default();
                    let all = this.by_secret.entry(secret.to_owned()).or_default();
                    all.push(index);
                }
                _ => {}
            }
        }
        let told: Vec<Told<Chain>> = chains(&this.listing.found.edges)
            .iter()
            .map(|edges| chain(this.name.as_deref(), edges))
            .collect();
        for (index, chain) in told.iter().enumerate() {
            let links = chain.value.links.iter();
            let things: BTreeSet<&String> = links.flat_map(|l| [&l.from, &l.to]).collect();
            for thing in things {
                this.by_thing.entry(thing.clone()).or_default().push(index);
            }
        }
        this.chains = told;
        this
    }

    fn consumer(
        &self,
        reference: &Reference,
        by: &str,
        sure: Sureness,
        how: String,
    ) -> Told<Consumer> {
        let consumer = Consumer {
            kept: reference.kept.word().to_owned(),
            name: reference.name.clone(),
            used_as: reference.used_as.clone(),
            workload: reference.workload.as_ref().map(key_of),
            environment: reference.environment.clone(),
            repository: self.name.clone(),
            path: reference.place.path.clone(),
            line: reference.place.line,
            by: by.to_owned(),
        };
        Told::new(consumer, Source::Config, how, sure)
    }

    /// Which references are tied to a record, each by the surest rule.
    fn ties(&self, record: &Record, places: &[&Place], is_followed: bool) -> BTreeMap<usize, Tie> {
        let mut out: BTreeMap<usize, Tie> = BTreeMap::new();
        let mut tie = |index: usize, by: &'static str, sure: Sureness, how: String| {
            let known = out.get(&index);
            if known.is_none_or(|(_, known, _)| *known < sure) {
                out.insert(index, (by, sure, how));
            }
        };
        let references = &self.listing.found.references;
        for place in places {
            let slot = place.key.as_deref().and_then(slot_name);
            if place.at_head {
                for index in self.by_file.get(&place.path).into_iter().flatten() {
                    let how = format!("it is given the file {}", place.path);
                    tie(*index, "same-file", Sureness::Certain, how);
                }
                let manifest = record.workloads.iter().find_map(|w| {
                    let w = &w.value;
                    let is_here = w.path == place.path && w.repository == place.repository;
                    let is_manifest = is_here && w.kind == "kubernetes";
                    w.name.strip_prefix("Secret/").filter(|_| is_manifest)
                });
                for index in manifest
                    .and_then(|m| self.by_secret.get(m))
                    .into_iter()
                    .flatten()
                {
                    let key = references[*index].name.split_once('/').map(|(_, key)| key);
                    if key.is_none_or(|key| slot.is_none_or(|slot| slot == key)) {
                        let how = format!("it names the Secret of {}", place.path);
                        tie(*index, "same-manifest", Sureness::Certain, how);
                    }
                }
            }
            let Some(slot) = slot else { continue };
            for index in self.by_name.get(&plain(slot)).into_iter().flatten() {
                let reference = &references[*index];
                if let Some((by, sure, how)) = rule(reference, place, slot, is_followed) {
                    tie(*index, by, sure, how);
                }
            }
        }
        out
    }

    /// Chains from these things on; a thing may have to be of a certain file.
    fn of(&self, things: &BTreeSet<(String, Option<String>)>) -> Vec<Told<Chain>> {
        let mut out = Vec::new();
        for (thing, path) in things {
            for index in self.by_thing.get(thing).into_iter().flatten() {
                let told = &self.chains[*index];
                let begins = told.value.links.iter().position(|link| {
                    let own = path.as_deref().is_none_or(|path| {
                        let place = within(self.name.as_deref(), path);
                        link.place.rsplit_once(':').is_some_and(|(p, _)| p == place)
                    });
                    link.from == *thing && own
                });
                // What a chain ends in is told with the whole of it.
                let is_end =
                    path.is_none() && told.value.links.last().is_some_and(|l| l.to == *thing);
                if begins.is_some() || is_end {
                    let links = told.value.links[begins.unwrap_or(0)..].to_vec();
                    out.push(told.clone().map(|_| Chain { links }));
                }
            }
        }
        out
    }
}

/// Whether a reference that has the name of a slot is tied to what stands, or stood, in it.
fn rule(reference: &Reference, place: &Place, slot: &str, is_followed: bool) -> Option<Tie> {
    let own = last_of(&reference.name);
    let same_folder = folder_of(&reference.place.path) == folder_of(&place.path);
    let file = place.path.rsplit('/').next().unwrap_or_default();
    let named = shown(slot).into_owned();
    if place.at_head && own == slot {
        let is_dotenv = file.starts_with(".env");
        if reference.kept == Kept::Environment
            && reference.format == Format::Compose
            && is_dotenv
            && same_folder
        {
            // Compose reads `.env` beside its file by itself, others if it is told to.
            let sure = if file == ".env" {
                Sureness::Certain
            } else {
                Sureness::Likely
            };
            let how = format!("variable {named} is set by {}", place.path);
            return Some(("same-variable", sure, how));
        }
        let is_values = file.contains(".tfvars") || has_ending(file, &[".tf"]);
        if reference.kept == Kept::TerraformVariable && is_values {
            let sure = if same_folder {
                Sureness::Certain
            } else {
                Sureness::Likely
            };
            let how = format!("variable {named} is set by {}", place.path);
            return Some(("same-variable", sure, how));
        }
    }
    if is_followed {
        return None;
    }
    if !place.at_head && reference.place.path == place.path {
        let how = format!("it stands where {named} stood");
        return Some(("same-slot", Sureness::Likely, how));
    }
    if !is_telling(slot) {
        return None;
    }
    let is_its_name = plain(own) == plain(slot);
    let sure = if !place.at_head && is_its_name {
        Sureness::Likely
    } else {
        Sureness::Guess
    };
    Some(("same-name", sure, format!("the name {named} is the same")))
}

fn chain(repository: Option<&str>, edges: &Edges<'_>) -> Told<Chain> {
    let links: Vec<Link> = edges
        .iter()
        .map(|edge| Link {
            from: format!("{} {}", edge.from.kind.word(), edge.from.name),
            to: format!("{} {}", edge.to.kind.word(), edge.to.name),
            via: edge.via.clone(),
            place: within(
                repository,
                &format!("{}:{}", edge.place.path, edge.place.line),
            ),
        })
        .collect();
    let place = links.first().map_or(String::new(), |l| l.place.clone());
    Told::new(Chain { links }, Source::Config, place, Sureness::Certain)
}

#[cfg(test)]
mod tests;
