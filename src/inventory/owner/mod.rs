//! Who owns a credential: the first of these that tells.
//!
//! 1. `.straykey/inventory.toml`, for this very credential;
//! 2. a comment beside it, `straykey:owner=team-x`;
//! 3. CODEOWNERS, for its file;
//! 4. `catalog-info.yaml` of the nearest folder above;
//! 5. labels of the manifest it stands in;
//! 6. who last worked on its file;
//! 7. who brought it in.
//!
//! Only the first two declare an owner; all else makes candidates.

mod codeowners;
mod people;

use std::collections::HashMap;

pub use codeowners::{Codeowners, Flavour, Owners, PLACES};
pub(super) use people::cells;
pub use people::{People, Presence};

use super::annotations::Annotation;
use super::declared::Declaration;
use super::ground::Ground;
use super::keys::{is_yaml, yaml_value};
use super::record::{Owner, OwnerState, Source, Stamp, Sureness, Told};

/// How many of a credential's files are asked for their owners.
const FILES: usize = 32;
/// The biggest catalogue file, in bytes.
const CATALOG: usize = 1 << 20;

/// What is known of who works here.
#[derive(Clone, Copy, Debug)]
pub struct Watch<'a> {
    /// The list of people, if one was given.
    pub people: Option<&'a People>,
    /// Who has not committed anything for so many days has fallen silent.
    pub silent_days: i64,
    /// The day that is asked for.
    pub as_of: Stamp,
}

/// A file of a credential.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OfFile {
    /// Which repository.
    pub ground: usize,
    /// The file, from its top.
    pub path: String,
    /// Where in the file the credential stands, in bytes; if it is there.
    pub at: Option<usize>,
}

/// Somebody who worked on a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Their name.
    pub name: String,
    /// Their mail address.
    pub mail: String,
    /// What they did, in words, with the commit.
    pub place: String,
}

/// What repositories say of who is responsible; each file is read once.
#[derive(Debug, Default)]
pub struct Responsible {
    codeowners: HashMap<usize, Option<Codeowners>>,
    catalogs: HashMap<(usize, String), Option<(String, String)>>,
}

impl Responsible {
    /// Who owns what stands in these files. `people` are those who worked on it, the surest first.
    pub fn owner(
        &mut self,
        grounds: &mut [Box<dyn Ground + '_>],
        (declared, place): (Option<&Declaration>, &str),
        annotation: Option<&Told<Annotation>>,
        files: &[OfFile],
        people: &[Person],
        watch: Watch<'_>,
    ) -> Owner {
        let mut all: Vec<Told<String>> = Vec::new();
        let push = |all: &mut Vec<Told<String>>, told: Told<String>| {
            if !all.iter().any(|known| known.value == told.value) {
                all.push(told);
            }
        };
        if let Some(owner) = declared.and_then(|d| d.owner.clone()) {
            let told = Told::new(owner, Source::Declared, place, Sureness::Certain);
            push(&mut all, told);
        }
        if let Some(told) = annotation
            && let Some(owner) = &told.value.owner
        {
            push(&mut all, told.clone().map(|_| owner.clone()));
        }
        let is_declared = all.len();
        for file in files.iter().take(FILES) {
            for told in self.of_file(grounds, file) {
                push(&mut all, told);
            }
        }
        for file in files.iter().take(FILES) {
            let catalog = self.catalog(grounds, file);
            for told in catalog.into_iter().chain(labels(grounds, file)) {
                push(&mut all, told);
            }
        }
        for person in people {
            let who = format!("{} <{}>", person.name, person.mail);
            let told = Told::new(who, Source::Git, &person.place, Sureness::Guess);
            push(&mut all, told);
        }
        let mut owner = Owner {
            candidates: all,
            ..Owner::default()
        };
        owner.last_active = people.iter().find_map(|person| {
            let times = grounds
                .iter_mut()
                .filter_map(|g| g.last_active(&person.mail));
            let time = times.max().filter(|_| !person.mail.is_empty())?;
            let place = format!("last commit of {}", person.name);
            Some(Told::new(time, Source::Git, place, Sureness::Likely))
        });
        owner.state = match () {
            () if is_declared > 0 => OwnerState::Declared,
            () if owner.candidates.is_empty() => OwnerState::Unknown,
            () => OwnerState::Inferred,
        };
        owner.orphaned_because = orphaned(&owner, grounds, people, watch);
        if owner.orphaned_because.is_some() {
            owner.state = OwnerState::Orphaned;
        }
        if !owner.candidates.is_empty() {
            owner.principal = Some(owner.candidates.remove(0));
        }
        owner
    }

    /// The owners that CODEOWNERS names for a file.
    pub fn of_file(
        &mut self,
        grounds: &mut [Box<dyn Ground + '_>],
        file: &OfFile,
    ) -> Vec<Told<String>> {
        let Some(ground) = grounds.get_mut(file.ground) else {
            return Vec::new();
        };
        let known = self.codeowners.entry(file.ground).or_insert_with(|| {
            PLACES.iter().find_map(|(place, flavour)| {
                let text = ground.file(place)?;
                let flavour = flavour.unwrap_or_else(|| {
                    if ground.file(".gitlab-ci.yml").is_some() {
                        Flavour::GitLab
                    } else {
                        Flavour::GitHub
                    }
                });
                let text = String::from_utf8_lossy(&text);
                Some(Codeowners::parse(place, &text, flavour))
            })
        });
        let told = known.as_ref().and_then(|owners| owners.of(&file.path));
        told.into_iter()
            .flat_map(|told| {
                let place = within(ground.name(), &told.place);
                told.owners
                    .into_iter()
                    .map(move |o| Told::new(o, Source::Config, place.clone(), Sureness::Likely))
            })
            .collect()
    }

    /// `spec.owner` of the nearest `catalog-info.yaml` above a file (Backstage, "Descriptor Format of
    /// Catalog Entities").
    fn catalog(
        &mut self,
        grounds: &mut [Box<dyn Ground + '_>],
        file: &OfFile,
    ) -> Option<Told<String>> {
        let ground = grounds.get_mut(file.ground)?;
        let mut folder = file.path.as_str();
        loop {
            folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
            let known = self.catalogs.entry((file.ground, folder.to_owned()));
            let known = known.or_insert_with(|| {
                ["catalog-info.yaml", "catalog-info.yml"]
                    .iter()
                    .find_map(|name| {
                        let path = if folder.is_empty() {
                            (*name).to_owned()
                        } else {
                            format!("{folder}/{name}")
                        };
                        let text = ground.file(&path).filter(|text| text.len() <= CATALOG)?;
                        Some((yaml_value(&text, 0, &["spec", "owner"])?, path))
                    })
            });
            if let Some((owner, path)) = known {
                let place = within(ground.name(), path);
                let (owner, sure) = (owner.clone(), Sureness::Likely);
                return Some(Told::new(owner, Source::Config, place, sure));
            }
            if folder.is_empty() {
                return None;
            }
        }
    }
}

/// What the labels of the manifest say that a credential stands in.
fn labels(grounds: &mut [Box<dyn Ground + '_>], file: &OfFile) -> Option<Told<String>> {
    let at = file.at.filter(|_| is_yaml(&file.path))?;
    let ground = grounds.get_mut(file.ground)?;
    let text = ground.file(&file.path)?;
    yaml_value(&text, at, &["kind"])?;
    ["owner", "team", "app.kubernetes.io/part-of"]
        .iter()
        .find_map(|label| {
            let owner = ["labels", "annotations"]
                .iter()
                .find_map(|kind| yaml_value(&text, at, &["metadata", kind, label]))?;
            let place = within(ground.name(), &format!("{}: label {label}", file.path));
            Some(Told::new(owner, Source::Config, place, Sureness::Likely))
        })
}

/// Why a credential has no owner any more.
fn orphaned(
    owner: &Owner,
    grounds: &mut [Box<dyn Ground + '_>],
    people: &[Person],
    watch: Watch<'_>,
) -> Option<String> {
    if let Some(list) = watch.people {
        let first = owner.candidates.first()?;
        let gone = |told: &Told<String>| {
            let mail = told
                .value
                .split_once('<')
                .map(|(_, m)| m.trim_end_matches('>'));
            let name = told.value.split('<').next().unwrap_or_default().trim();
            let names: Vec<&str> = mail.into_iter().chain([name]).collect();
            match list.presence(&names, watch.as_of) {
                Presence::Here => None,
                Presence::Left(Some(day)) => Some(format!("{name} left on {}", day.day())),
                Presence::Left(None) => Some(format!("{name} left")),
                Presence::NotListed => Some(format!("{name} is not in the list of people")),
            }
        };
        // A declared owner must be here; of candidates one is enough.
        if owner.state == OwnerState::Declared {
            return gone(first);
        }
        return owner
            .candidates
            .iter()
            .all(|c| gone(c).is_some())
            .then(|| gone(first))?;
    }
    let is_told = owner.candidates.iter().any(|c| c.source != Source::Git);
    if is_told || people.is_empty() {
        return None;
    }
    let mut last: Option<Stamp> = None;
    for person in people {
        let times = grounds
            .iter_mut()
            .filter_map(|g| g.last_active(&person.mail));
        // Nobody knows of somebody whose commits were not counted.
        last = last.max(Some(times.max()?));
    }
    let days = last?.days_to(watch.as_of);
    (days > watch.silent_days).then(|| {
        format!(
            "nobody is named for its files, and those who worked on it have committed nothing \
             for {days} days"
        )
    })
}

/// A place, with its repository if there are several.
pub(super) fn within(repository: Option<&str>, place: &str) -> String {
    match repository {
        Some(name) => format!("{name}: {place}"),
        None => place.to_owned(),
    }
}
