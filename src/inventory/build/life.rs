//! When a credential came and went, when it is to be replaced, and what is left of it.

use std::collections::BTreeSet;

use super::{Builder, PLACES, REFERENCES, Turned};
use crate::findings::Finding;
use crate::inventory::annotations::Annotation;
use crate::inventory::consumers::Naming;
use crate::inventory::declared::Declaration;
use crate::inventory::defaults;
use crate::inventory::facts::Facts;
use crate::inventory::ground::Told as Found;
use crate::inventory::owner::within;
use crate::inventory::past::{Past, commit};
use crate::inventory::record::{
    Age, LifetimeClass, Record, Rotation, Source, Stamp, Sureness, Told,
};
use crate::inventory::retirement::{Remains, best};
use crate::story::Standing;

impl Builder<'_, '_> {
    /// When it came, changed and went; how old it is; when it ends.
    pub(super) fn when(
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

    pub(super) fn standing(&self, record: &mut Record, group: &[Found<'_>], past: &Past<'_>) {
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

    /// When it is to be replaced, and when it was.
    pub(super) fn rotation(
        &self,
        record: &mut Record,
        finding: &Finding,
        certified: Option<Stamp>,
        turned: &Turned,
        declared: Option<&Declaration>,
        note: Option<&Told<Annotation>>,
    ) {
        let made = record.created.as_ref().map(|t| t.value);
        let ends = record
            .expires
            .as_ref()
            .filter(|t| matches!(t.source, Source::Token | Source::Observed));
        record.lifetime = defaults::lifetime(finding, made, ends.map(|t| t.value));
        let short = matches!(
            record.lifetime.value,
            LifetimeClass::Ephemeral | LifetimeClass::Short
        );
        let default = defaults::max_age(finding.pattern);
        let every = if let Some((declared, days)) =
            declared.and_then(|d| Some((d, d.rotate_every?)))
        {
            let place = &declared.place;
            Some(Told::new(days, Source::Declared, place, Sureness::Certain))
        } else if let Some((note, days)) = note.and_then(|n| Some((n, n.value.rotate_days?))) {
            Some(note.clone().map(|_| days))
        } else if let Some(begins) = certified {
            let days = defaults::certificate_days(begins);
            let place = "CA/Browser Forum Baseline Requirements, 6.3.2, by the day of issue, if a \
                             public authority issued its certificate";
            Some(Told::new(days, Source::Token, place, Sureness::Guess))
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
        let begin = certified
            .or(made)
            .or(record.introduced.as_ref().map(|t| t.value.time));
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

    pub(super) fn remains(
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
            naming: Naming::default(),
        }
    }
}
