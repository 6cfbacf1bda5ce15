//! Makes records: everything that is known of a credential, put together.

mod life;
mod places;
mod whose;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::base::path_text;
use crate::detect::patterns::Class;
use crate::findings::{Finding, Fingerprint};
use crate::inventory::consumers::Named;
use crate::inventory::declared::{Declaration, Declarations};
use crate::inventory::facts::Facts;
use crate::inventory::ground::{Ground, Told as Found};
use crate::inventory::keys::key_at;
use crate::inventory::observed::{Key, Observed, ObservedTold};
use crate::inventory::owner::{People, Responsible};
use crate::inventory::past::{Past, is_file};
use crate::inventory::record::{Kind, Record, Replaced, Slot, Source, Stamp, Sureness, Told};
use crate::inventory::retirement::retirement;
use crate::inventory::slots::{Moment, slots};
use crate::inventory::workload::Packages;
use crate::inventory::{audit, issues, privilege, rank, requirements};
use crate::story::Change;

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
    /// What providers recorded, if somebody gave exports of that.
    pub observed: Option<Observed>,
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
    /// What could not be read of what names credentials.
    pub unread: Vec<String>,
    /// What exports of providers say beside records, if any were given.
    pub observed: Option<ObservedTold>,
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
    let named = if groups.is_empty() {
        Named::default()
    } else {
        Named::read(grounds, is_now)
    };
    let mut out = Records {
        unread: named.unread(),
        ..Records::default()
    };
    let mut builder = Builder {
        grounds,
        named,
        known: BTreeSet::new(),
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
    let mut used: BTreeSet<&str> = BTreeSet::new();
    for (number, (group, past)) in groups.iter().zip(&pasts).enumerate() {
        if !past.is_known {
            out.later += 1;
            continue;
        }
        let own: Vec<&str> = ids[number].iter().map(|id| &**id).collect();
        let declared = options.declared.of(&own);
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
    let known = &builder.known;
    let observed = options.observed.as_ref();
    out.observed = observed.map(|o| o.told(&|key| known.contains(key)));
    rank::rank(&mut out.all);
    out
}

/// The findings of each credential: one secret of one kind, in all repositories and at all paths.
fn groups<'a>(found: &[Found<'a>]) -> Vec<Vec<Found<'a>>> {
    type Same<'a> = (&'static str, Option<Fingerprint>, &'a [u8]);
    let mut places: HashMap<Same<'a>, usize> = HashMap::new();
    let mut groups: Vec<Vec<Found<'a>>> = Vec::new();
    for told in found {
        // Fingerprints of weak secrets are short, and differ from file to file.
        let finding = told.finding;
        let key: Same<'a> = match finding.fingerprint {
            weak if weak.is_weak() => (finding.pattern.id, None, finding.secret.expose()),
            strong => (finding.pattern.id, Some(strong), &[]),
        };
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
    named: Named,
    /// Credentials of exports that have a record.
    known: BTreeSet<Key>,
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
        if blob.is_empty() || line == 0 || !is_file(path) {
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
                    if !is_file(&path) {
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
        if let Some(observed) = &self.options.observed {
            let id = declared.and_then(|d| d.provider_id.as_deref());
            let key = observed.key_of(&record, id);
            observed.tell(&mut record, key.as_ref(), self.options.as_of);
            self.known.extend(key);
        }
        self.whose(&mut record, past, declared, note.as_ref());
        let begins = facts.certified;
        self.rotation(
            &mut record,
            finding,
            begins,
            turned,
            declared,
            note.as_ref(),
        );
        let mut remains = self.remains(&record, group, past, turned);
        let is_followed = remains.replaced_by.is_some() && !past.at_head;
        remains.naming = self.named.join(&mut record, is_followed);
        privilege::granted(&mut record);
        record.retirement = retirement(&record, &remains, self.options.as_of);
        record.issues = issues::issues(&record, self.options.as_of);
        record.requirements = requirements::requirements(&record, pattern.provider, pattern.cwe);
        record
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
