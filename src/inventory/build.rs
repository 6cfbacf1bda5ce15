//! Makes records: everything that is known of a credential, put together.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::annotations::{Annotation, annotation};
use super::declared::{Declaration, Declarations};
use super::environment::environment;
use super::facts::Facts;
use super::ground::{Ground, Told as Found};
use super::keys::key_at;
use super::owner::{OfFile, People, Person, Responsible, Watch, within};
use super::past::{Past, Spot, commit};
use super::record::{
    Age, Environment, Kind, LifetimeClass, Place, Record, Replaced, Reuse, Rotation, Slot, Source,
    Stamp, Sureness, Told,
};
use super::retirement::{Remains, best, retirement};
use super::slots::{Moment, slots};
use super::workload::Packages;
use super::{audit, defaults, issues, privilege, rank, requirements};
use crate::base::path_text;
use crate::detect::patterns::Class;
use crate::findings::Finding;
use crate::story::{Change, Standing};

/// Events of one credential in one repository whose keys are looked up.
const KEYS: usize = 256;
/// Places, references and workloads of a record that are told; more are counted.
const PLACES: usize = 100;
const REFERENCES: usize = 20;
const WORKLOADS: usize = 32;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// The time of the sweep.
    pub now: Stamp,
    /// The time that is asked for; not after `now`.
    pub as_of: Stamp,
    /// What people declared.
    pub declared: Declarations,
    /// Who works here, if a list was given.
    pub people: Option<People>,
    /// Who has not committed anything for so many days has fallen silent.
    pub silent_days: i64,
}

/// All records of some repositories.
#[derive(Clone, Debug, Default)]
pub struct Records {
    /// In the order in which to act.
    pub all: Vec<Record>,
    /// Credentials that came after the day that is asked for.
    pub later: usize,
    /// Declarations that no record has.
    pub unused: Vec<String>,
}

/// Makes the records. `incomplete` says which repositories were not read to their end.
pub fn records(
    found: &[Found<'_>],
    grounds: &mut [Box<dyn Ground + '_>],
    incomplete: &[bool],
    options: &Options,
) -> Records {
    let groups = groups(found);
    let is_now = options.as_of >= options.now;
    let mut builder = Builder {
        grounds,
        incomplete,
        options,
        responsible: Responsible::default(),
        packages: Packages::default(),
        keys: HashMap::new(),
    };
    let pasts: Vec<Past<'_>> = groups
        .iter()
        .map(|group| Past::read(group, options.as_of, is_now))
        .collect();
    let ids: Vec<Vec<String>> = groups.iter().map(|group| ids(group)).collect();
    let turned = builder.turns(&groups, &ids);
    let mut out = Records::default();
    let mut used: BTreeSet<&str> = BTreeSet::new();
    for (number, (group, past)) in groups.iter().zip(&pasts).enumerate() {
        if !past.is_known {
            out.later += 1;
            continue;
        }
        let declared = options.declared.of(ids[number].iter().map(|id| &**id));
        used.extend(declared.map(|d| &*d.place));
        let empty = Turned::default();
        let turned = turned.get(&number).unwrap_or(&empty);
        let record = builder.record(group, past, &ids[number], turned, declared);
        out.all.push(record);
    }
    let unused = options
        .declared
        .entries()
        .iter()
        .filter(|d| !used.contains(&*d.place));
    out.unused = unused.map(|d| d.place.clone()).collect();
    rank::rank(&mut out.all);
    out
}

/// The findings of each credential: one secret of one kind, in all repositories and at all paths.
fn groups<'a>(found: &[Found<'a>]) -> Vec<Vec<Found<'a>>> {
    let mut places: HashMap<(&str, &[u8]), usize> = HashMap::new();
    let mut groups: Vec<Vec<Found<'a>>> = Vec::new();
    for told in found {
        let key = (told.finding.pattern.id, told.finding.secret.expose());
        let place = *places.entry(key).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[place].push(*told);
    }
    groups
}

/// The fingerprints of a credential; the first is its identity.
fn ids(group: &[Found<'_>]) -> Vec<String> {
    let all: BTreeSet<String> = group
        .iter()
        .map(|t| t.finding.fingerprint.to_string())
        .collect();
    all.into_iter().collect()
}

/// What slots tell of one credential.
#[derive(Clone, Debug, Default)]
struct Turned {
    slots: BTreeSet<Slot>,
    events: Vec<Replaced>,
    back: Option<Stamp>,
}

struct Builder<'a, 'g> {
    grounds: &'a mut [Box<dyn Ground + 'g>],
    incomplete: &'a [bool],
    options: &'a Options,
    responsible: Responsible,
    packages: Packages,
    /// Keys by repository, blob and line.
    keys: HashMap<(usize, String, u64), Option<String>>,
}

impl Builder<'_, '_> {
    fn name(&self, ground: usize) -> Option<String> {
        self.grounds
            .get(ground)
            .and_then(|g| g.name().map(str::to_owned))
    }

    /// The key of a secret in a blob.
    fn key(
        &mut self,
        ground: usize,
        path: &str,
        blob: &str,
        line: u64,
        finding: &Finding,
    ) -> Option<String> {
        if blob.is_empty() || line == 0 {
            return None;
        }
        let place = (ground, blob.to_owned(), line);
        if let Some(known) = self.keys.get(&place) {
            return known.clone();
        }
        let text = self.grounds.get_mut(ground)?.blob(blob);
        let key = text.and_then(|text| key_at(path, &text, line, finding.secret.expose()));
        self.keys.insert(place, key.clone());
        key
    }

    /// What slots tell of every credential that has turned.
    fn turns(&mut self, groups: &[Vec<Found<'_>>], ids: &[Vec<String>]) -> BTreeMap<usize, Turned> {
        let mut by_ground: BTreeMap<usize, Vec<Moment>> = BTreeMap::new();
        for (number, group) in groups.iter().enumerate() {
            for told in group {
                let events = told.story.events.iter();
                let events = events.filter(|e| e.time <= self.options.as_of.0);
                for (place, event) in events.enumerate() {
                    let path = path_text(&event.path).into_owned();
                    if path.starts_with("commit:") || path.starts_with("tag:") {
                        continue;
                    }
                    let is_in = event.change == Change::In && place < KEYS;
                    let line = event.line.unwrap_or(0);
                    let key = is_in
                        .then(|| self.key(told.ground, &path, &event.blob, line, told.finding))
                        .flatten();
                    by_ground.entry(told.ground).or_default().push(Moment {
                        credential: number,
                        pattern: told.finding.pattern.id,
                        key,
                        change: event.change,
                        order: event.order,
                        time: Stamp(event.time),
                        commit: event.commit.clone(),
                        from: event.from.as_ref().map(|from| path_text(from).into_owned()),
                        path,
                    });
                }
            }
        }
        let mut out: BTreeMap<usize, Turned> = BTreeMap::new();
        for (ground, moments) in by_ground {
            let told = slots(self.name(ground).as_deref(), moments);
            for (credential, slots) in told.of {
                out.entry(credential).or_default().slots.extend(slots);
            }
            for (old, new, mut replaced) in told.replaced {
                replaced.old.clone_from(&ids[old][0]);
                replaced.new.clone_from(&ids[new][0]);
                for one in BTreeSet::from([old, new]) {
                    out.entry(one).or_default().events.push(replaced.clone());
                }
            }
            for (credential, time) in told.back {
                let back = &mut out.entry(credential).or_default().back;
                *back = (*back).max(Some(time));
            }
        }
        for turned in out.values_mut() {
            turned
                .events
                .sort_by(|a, b| (a.time, &a.slot, &a.new).cmp(&(b.time, &b.slot, &b.new)));
        }
        out
    }

    fn record(
        &mut self,
        group: &[Found<'_>],
        past: &Past<'_>,
        ids: &[String],
        turned: &Turned,
        declared: Option<&Declaration>,
    ) -> Record {
        let finding = group[0].finding;
        let pattern = finding.pattern;
        let kind = match pattern.class {
            Class::PrivateKey => Kind::Key,
            _ => Kind::Literal,
        };
        let mut record = Record::new(ids[0].clone(), kind, pattern.name);
        record.also = ids[1..].to_vec();
        record.pattern = Some(pattern.id.to_owned());
        pattern.provider.clone_into(&mut record.provider);
        record.party = privilege::party(pattern);
        record.delivery = privilege::is_ci_kind(pattern);
        record.label.clone_from(&finding.masked);
        pattern.severity.word().clone_into(&mut record.severity);
        let confidence = group.iter().map(|t| t.finding.confidence).max();
        confidence
            .unwrap_or(finding.confidence)
            .word()
            .clone_into(&mut record.confidence);
        pattern.revoke.clone_into(&mut record.revoke);
        pattern.replace.clone_into(&mut record.replace);

        let mut note = None;
        let mut facts = Facts::default();
        self.places(&mut record, past, finding, &mut facts, &mut note);
        record.hints = facts.hints();
        self.when(&mut record, past, &facts, declared);
        self.standing(&mut record, group, past);
        record.storage = storage(group);
        record.privilege = privilege::privilege(pattern, &facts);
        if let Some((declared, class)) = declared.and_then(|d| Some((d, d.privilege?))) {
            let place = &declared.place;
            record.privilege.class = Told::new(class, Source::Declared, place, Sureness::Certain);
        }
        record.last_used = audit::last_used(pattern, &record.hints);
        self.whose(&mut record, past, declared, note.as_ref());
        self.rotation(&mut record, finding, turned, declared, note.as_ref());
        let remains = self.remains(&record, group, past, turned);
        record.retirement = retirement(&record, &remains, self.options.as_of);
        record.issues = issues::issues(&record, self.options.as_of);
        record.requirements = requirements::requirements(&record, pattern.provider, pattern.cwe);
        record
    }

    /// Places, environments and workloads; facts that the text around tells.
    fn places(
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
            let key = self.key(spot.ground, &spot.path, &spot.blob, spot.line, finding);
            let (mut line, mut at) = (spot.line, None);
            let text = self
                .grounds
                .get_mut(spot.ground)
                .and_then(|ground| match spot.present {
                    true => ground.file(&spot.path).or_else(|| ground.blob(&spot.blob)),
                    false => ground.blob(&spot.blob),
                });
            if let Some(text) = &text {
                let place = memchr::memmem::find(text, secret).or_else(|| line_start(text, line));
                if let Some(place) = place {
                    at = Some(place);
                    if spot.present && memchr::memmem::find(&text[place..], secret) == Some(0) {
                        line = memchr::memchr_iter(b'\n', &text[..place]).count() as u64 + 1;
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
            if counted && record.workloads.len() < WORKLOADS {
                let file = OfFile {
                    ground: spot.ground,
                    path: spot.path.clone(),
                    at,
                };
                let told = self.packages.workload(self.grounds, &file, key.as_deref());
                let same = |w: &Told<super::record::Workload>| {
                    (&w.value.kind, &w.value.name, &w.value.repository)
                        == (&told.value.kind, &told.value.name, &told.value.repository)
                };
                if !record.workloads.iter().any(|w| same(w)) {
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

    /// When it came, changed and went; how old it is; when it ends.
    fn when(
        &mut self,
        record: &mut Record,
        past: &Past<'_>,
        facts: &Facts,
        declared: Option<&Declaration>,
    ) {
        let as_of = self.options.as_of;
        let mut told = |found: Option<(usize, &crate::story::Event)>| {
            let (ground, event) = found?;
            let proper = self.proper(ground, &event.author, &event.author_mail);
            let name = self.name(ground);
            let sure = if event.or_before {
                Sureness::Likely
            } else {
                Sureness::Certain
            };
            let made = commit(event, name.as_deref(), proper);
            Some(Told::new(
                made,
                Source::Git,
                format!("commit {}", &event.commit),
                sure,
            ))
        };
        record.introduced = told(past.first());
        record.last_changed = told(past.last());
        if !past.at_head {
            record.removed = told(past.out());
        }
        record.last_seen = if past.at_head {
            let place = "the last commit has it";
            Some(Told::new(as_of, Source::Git, place, Sureness::Certain))
        } else {
            let last = record.removed.as_ref().or(record.last_changed.as_ref());
            last.map(|told| told.clone().map(|commit| commit.time))
        };
        record.created = facts
            .created
            .as_ref()
            .map(|(time, field)| Told::new(*time, Source::Token, field, Sureness::Certain));
        record.expires = facts
            .expires
            .as_ref()
            .map(|(time, field)| Told::new(*time, Source::Token, field, Sureness::Certain));
        if let Some((declared, end)) = declared.and_then(|d| Some((d, d.expires?)))
            && record.expires.is_none()
        {
            let place = &declared.place;
            record.expires = Some(Told::new(end, Source::Declared, place, Sureness::Likely));
        }
        record.age = match (&record.created, &record.introduced) {
            (Some(made), _) => Some(made.clone().map(|time| Age {
                days: time.days_to(as_of),
                at_least: false,
            })),
            (None, Some(introduced)) => Some(Told::new(
                Age {
                    days: introduced.value.time.days_to(as_of),
                    at_least: true,
                },
                Source::Derived,
                "days since the first commit that has it: it may be older",
                Sureness::Likely,
            )),
            _ => None,
        };
    }

    fn proper(&mut self, ground: usize, name: &str, mail: &str) -> (String, String) {
        match self.grounds.get_mut(ground) {
            Some(ground) => ground.proper(name, mail),
            None => (name.to_owned(), mail.to_owned()),
        }
    }

    fn standing(&self, record: &mut Record, group: &[Found<'_>], past: &Past<'_>) {
        let is_now = self.options.as_of >= self.options.now;
        let standing = best(group.iter().map(|t| t.story.standing));
        let standing = match (is_now, past.at_head) {
            (true, _) => standing,
            (false, true) => Standing::AtHead,
            (false, false) => Standing::InHistory,
        };
        standing.word().clone_into(&mut record.standing);
        let named = |all: &dyn Fn(&Found<'_>) -> Vec<String>| -> Vec<String> {
            let names = group.iter().flat_map(|told| {
                let repository = self.name(told.ground);
                let names = all(told).into_iter();
                names.map(move |name| within(repository.as_deref(), &name))
            });
            let set: BTreeSet<String> = names.collect();
            set.into_iter().take(REFERENCES).collect()
        };
        record.references = named(&|told| told.story.references.clone());
        record.pushed_to = named(&|told| told.story.remotes.clone());
    }

    /// Owner and purpose.
    fn whose(
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

    /// When it is to be replaced, and when it was.
    fn rotation(
        &self,
        record: &mut Record,
        finding: &Finding,
        turned: &Turned,
        declared: Option<&Declaration>,
        note: Option<&Told<Annotation>>,
    ) {
        let made = record.created.as_ref().map(|t| t.value);
        let ends = record
            .expires
            .as_ref()
            .filter(|t| t.source == Source::Token);
        record.lifetime = defaults::lifetime(finding, made, ends.map(|t| t.value));
        let short = matches!(
            record.lifetime.value,
            LifetimeClass::Ephemeral | LifetimeClass::Short
        );
        let default = defaults::max_age(finding.pattern);
        let every =
            if let Some((declared, days)) = declared.and_then(|d| Some((d, d.rotate_every?))) {
                let place = &declared.place;
                Some(Told::new(days, Source::Declared, place, Sureness::Certain))
            } else if let Some((note, days)) = note.and_then(|n| Some((n, n.value.rotate_days?))) {
                Some(note.clone().map(|_| days))
            } else {
                (!short && default.fail > 0).then(|| {
                    Told::new(
                        default.fail,
                        Source::Catalogue,
                        default.source,
                        Sureness::Likely,
                    )
                })
            };
        let begin = made.or(record.introduced.as_ref().map(|t| t.value.time));
        let due = begin
            .zip(every.as_ref())
            .map(|(b, e)| b.plus_days(i64::from(e.value)));
        let over = ends.is_some_and(|t| t.value <= self.options.as_of);
        let overdue = due.filter(|due| *due < self.options.as_of && record.is_at_head() && !over);
        let last = turned.events.iter().map(|e| e.time).max();
        record.rotation = Rotation {
            every_days: every,
            due,
            overdue_days: overdue.map(|due| due.days_to(self.options.as_of)),
            slots: turned.slots.iter().take(PLACES).cloned().collect(),
            events: turned.events.clone(),
            last,
        };
    }

    fn remains(
        &self,
        record: &Record,
        group: &[Found<'_>],
        past: &Past<'_>,
        turned: &Turned,
    ) -> Remains {
        let held = group.iter().map(|t| t.story.holders.len()).sum();
        let references = group
            .iter()
            .map(|t| t.story.references.len() + t.story.remotes.len());
        let replaced = turned.events.iter().rev().find(|e| e.old == record.id);
        Remains {
            at_head: past.at_head,
            references: references.sum(),
            incomplete: self.incomplete.iter().any(|i| *i),
            holders: held,
            replaced_by: replaced.map(|e| (e.new.clone(), e.time)),
            back: past.back.max(turned.back),
            named: None,
        }
    }
}

/// How it is kept.
fn storage(group: &[Found<'_>]) -> Told<String> {
    let mut occurrences = group.iter().flat_map(|t| &t.finding.occurrences);
    let encoded = occurrences.all(|o| !o.decoded.is_empty());
    let first = group[0].finding.occurrences.first();
    match first.and_then(crate::findings::Occurrence::decoded_from) {
        Some(how) if encoded => Told::new("encoded".into(), Source::Match, how, Sureness::Certain),
        _ => Told::plain("plaintext".into(), Source::Match, Sureness::Certain),
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

/// Where a line begins, in bytes; lines count from 1.
fn line_start(text: &[u8], line: u64) -> Option<usize> {
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
