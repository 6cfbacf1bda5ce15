//! Whose a credential is, and what for.

use std::collections::BTreeSet;

use super::places::line_start;
use super::{Builder, PLACES};
use crate::inventory::annotations::Annotation;
use crate::inventory::declared::Declaration;
use crate::inventory::owner::{OfFile, Person, Presence, Watch, within};
use crate::inventory::past::Past;
use crate::inventory::record::{Environment, Record, Source, Sureness, Told};

impl Builder<'_, '_> {
    /// Owner and purpose.
    pub(super) fn whose(
        &mut self,
        record: &mut Record,
        past: &Past<'_>,
        declared: Option<&Declaration>,
        note: Option<&Told<Annotation>>,
    ) {
        let any_present = past.spots.iter().any(|s| s.present);
        let counted = past.spots.iter().filter(|s| s.present || !any_present);
        let files: Vec<OfFile> = counted
            .take(PLACES)
            .map(|spot| {
                let text = self
                    .grounds
                    .get_mut(spot.ground)
                    .and_then(|g| g.file(&spot.path));
                OfFile {
                    ground: spot.ground,
                    path: spot.path.clone(),
                    at: text.and_then(|text| line_start(&text, spot.line)),
                }
            })
            .collect();
        let mut people: Vec<Person> = Vec::new();
        let mut push = |person: Person| {
            if !people.iter().any(|known| known.mail == person.mail) {
                people.push(person);
            }
        };
        for file in files.iter().take(3) {
            let ground = self.grounds.get_mut(file.ground);
            if let Some(ground) = ground
                && let Some((name, mail, time)) = ground.last_committer(&file.path)
            {
                let name_of = ground.name().map(str::to_owned);
                let place = format!("last committed a change to {} on {}", file.path, time.day());
                push(Person {
                    name,
                    mail,
                    place: within(name_of.as_deref(), &place),
                });
            }
        }
        for (told, did) in [
            (&record.last_changed, "changed it"),
            (&record.introduced, "brought it in"),
        ] {
            if let Some(told) = told {
                let commit = &told.value;
                let id = commit.id.get(..9).unwrap_or(&commit.id);
                push(Person {
                    name: commit.author.clone(),
                    mail: commit.mail.clone(),
                    place: format!("{did} on {} ({id})", commit.time.day()),
                });
            }
        }
        let watch = Watch {
            people: self.options.people.as_ref(),
            silent_days: self.options.silent_days,
            as_of: self.options.as_of,
        };
        let place = declared.map_or(String::new(), |d| d.place.clone());
        record.owner = self.responsible.owner(
            self.grounds,
            (declared, &place),
            note,
            &files,
            &people,
            watch,
        );
        record.owner.left_since_rotation = self.left(record);
        let mut owners: BTreeSet<String> = BTreeSet::new();
        for file in &files {
            let told = self.responsible.of_file(self.grounds, file);
            owners.extend(told.into_iter().next().map(|o| o.value));
        }
        record.reuse.owners = owners.len();
        record.purpose = match (declared.and_then(|d| d.purpose.clone()), note) {
            (Some(text), _) => Some(Told::new(text, Source::Declared, &place, Sureness::Certain)),
            (None, Some(note)) if note.value.purpose.is_some() => {
                let text = note.value.purpose.clone().unwrap_or_default();
                Some(note.clone().map(|_| text))
            }
            _ => inferred_purpose(record),
        };
        if let Some(environment) = declared.and_then(|d| d.environment) {
            let told = Told::new(environment, Source::Declared, &place, Sureness::Certain);
            record
                .environments
                .retain(|e| e.value != environment && e.value != Environment::Unknown);
            record.environments.insert(0, told);
            record.reuse.environments = record.known_environments().len();
        }
        if let Some(review) = declared.and_then(|d| d.reviewed.clone()) {
            record.reviewed = Some(Told::new(
                review,
                Source::Declared,
                &place,
                Sureness::Certain,
            ));
        }
        if let Some(revoke) = declared.and_then(|d| d.revoke.clone()) {
            record.revoke = revoke;
        }
    }
}

impl Builder<'_, '_> {
    /// Who knew a value that still stands there, and has left since. Only a list of people tells that
    /// somebody left; who is silent may be here.
    fn left(&self, record: &Record) -> Option<String> {
        let list = self.options.people.as_ref()?;
        let began = record.introduced.as_ref().filter(|_| record.is_at_head())?;
        let commit = &began.value;
        let owner = record.owner.principal.as_ref();
        let owner = owner.filter(|told| told.source != Source::Config);
        let owner = owner.map(|told| {
            let (name, mail) = told.value.split_once('<').unwrap_or((&told.value, ""));
            (name.trim(), mail.trim_end_matches('>'), "owns it")
        });
        let brought = (&*commit.author, &*commit.mail, "brought it in");
        let day = commit.time.day();
        [Some(brought), owner]
            .into_iter()
            .flatten()
            .find_map(|(name, mail, did)| {
                let names: Vec<&str> = [mail, name].into_iter().filter(|n| !n.is_empty()).collect();
                let gone = match list.presence(&names, self.options.as_of) {
                    // Who left before brought it in from outside, or the clock was wrong.
                    Presence::Left(Some(left)) if left >= commit.time => {
                        format!("left on {}", left.day())
                    }
                    Presence::Left(None) => "left".to_owned(),
                    Presence::NotListed => "is not in the list of people".to_owned(),
                    _ => return None,
                };
                Some(format!(
                    "{name}, who {did}, {gone}; it is the same since {day}"
                ))
            })
    }
}

/// What it may be for, by the names around it.
fn inferred_purpose(record: &Record) -> Option<Told<String>> {
    let workload = record.workloads.first().map(|w| &w.value);
    let place = record.places.first()?;
    let key = place
        .key
        .as_deref()
        .map(|key| key.rsplit('.').next().unwrap_or(key));
    let what = key.unwrap_or(&record.name);
    let text = match workload {
        Some(w) if w.kind == "folder" && w.name == "." => what.to_owned(),
        Some(w) => format!("{what} of {} {}", w.kind, w.name),
        None => what.to_owned(),
    };
    let shown = format!("{}:{}, by the names around it", place.path, place.line);
    Some(Told::new(text, Source::Derived, shown, Sureness::Guess))
}
