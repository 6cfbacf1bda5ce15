//! Works the ten parts out.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::wire::{
    Changes, ControlTest, Count, Evidence, Exception, Exceptions, Hashed, Held, Integrity, Missing,
    Overdue, Period, PolicyResults, Population, Remote, Repository, Rotations, Scope, Spans, Tool,
    Turn, VERSION, Verification,
};
use super::{Facts, SIGNATURE, SUMS};
use crate::base::path_text;
use crate::inventory::record::StepResult;
use crate::inventory::{Record, Stamp, concerns, controls, diff};
use crate::sources::history::hex;

/// How many exceptions to a requirement are chosen to be looked at.
const SAMPLE: usize = 25;

/// What the report says of itself.
const STATEMENT: &str = "This report supports evidence for the requirements that it names. It does \
    not state that anybody complies with anything.";

/// What no report of this kind sees.
const OUT_OF_SCOPE: [&str; 5] = [
    "credentials that were made elsewhere and never committed to these repositories",
    "forks, clones, caches, logs, chats and machines that are not these repositories",
    "what submodules and large-file pointers name and what was not fetched",
    "what a credential was used for, unless a log of its provider was given",
    "privileges that the credential, its kind or a provider's answer does not state",
];

/// SHA-256 in hex.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// The report. `files` are those that stand beside it: name, SHA-256.
pub(super) fn evidence(facts: &Facts<'_>, files: &[(&'static str, String)]) -> Evidence {
    let records = facts.inventory.records;
    let to = facts.inventory.as_of;
    Evidence {
        schema_version: VERSION,
        statement: STATEMENT,
        period: Period {
            from: facts.from,
            to,
        },
        scope: scope(facts),
        tool: tool(facts),
        population: population(records, facts.inventory.later),
        controls: tests(facts),
        credentials: records.iter().map(held).collect(),
        rotation: rotations(facts),
        exceptions: exceptions(facts),
        changes: changes(facts),
        verification: Verification {
            source: match &facts.calls {
                Some(_) => "the audit log of verification, as far as it falls in the period",
                None => "no audit log was given: whether anybody was asked is not known here",
            },
            calls: facts.calls.clone().unwrap_or_default(),
        },
        integrity: integrity(facts, files),
    }
}

fn scope(facts: &Facts<'_>) -> Scope {
    let scan = facts.inventory.scan;
    let repositories = facts.inventory.repositories.iter().map(|one| {
        let read = &one.read;
        let path = path_text(&read.repository).into_owned();
        let names = facts.names.iter().find(|n| n.repository == path);
        let names = names.cloned().unwrap_or_default();
        let remotes = names.remotes.into_iter();
        Repository {
            path,
            objects: read.objects,
            objects_read: read.objects_read,
            commits: read.commits,
            references: read.references,
            stashes: read.stashes,
            dangling_commits: read.dangling_commits,
            shallow: read.shallow,
            partial: names.partial,
            promised: read.promised,
            lfs_pointers: read.lfs_pointers,
            complete: one.complete,
            remotes: remotes.map(|(name, url)| Remote { name, url }).collect(),
            names: names.references.len(),
            unread: names.unread,
        }
    });
    let repositories: Vec<Repository> = repositories.collect();
    let not_read = scan.skips.iter().filter(|s| s.reason.is_incomplete());
    let not_read: Vec<Missing> = not_read
        .map(|skip| Missing {
            path: path_text(&skip.path).into_owned(),
            reason: skip.reason.to_string(),
        })
        .collect();
    let mut left_out: BTreeMap<&str, usize> = BTreeMap::new();
    for skip in scan.skips.iter().filter(|s| !s.reason.is_incomplete()) {
        *left_out.entry(skip.reason.code()).or_default() += 1;
    }
    let sum = |of: fn(&Repository) -> u64| repositories.iter().map(of).sum::<u64>();
    let (objects, read) = (sum(|r| r.objects), sum(|r| r.objects_read));
    let beyond = sum(|r| r.shallow) + sum(|r| r.promised) + sum(|r| r.lfs_pointers);
    let complete = !scan.is_incomplete();
    let mut completeness = format!(
        "{read} of {objects} objects that exist in the stores of {} were read",
        match repositories.len() {
            1 => "1 repository".to_owned(),
            n => format!("{n} repositories"),
        }
    );
    if complete {
        completeness.push_str(": all of them, as far as they are here");
    } else {
        let n = not_read.len();
        let _ = write!(
            completeness,
            "; {n} inputs were not read, so there may be more than is told"
        );
    }
    if beyond > 0 {
        completeness.push_str(
            "; commits that were not fetched, promised objects or large-file contents are elsewhere",
        );
    }
    Scope {
        complete,
        completeness,
        repositories,
        not_read,
        left_out: counts(left_out.into_iter().map(|(what, n)| (what.to_owned(), n))),
        notices: scan.notices.clone(),
        beyond: OUT_OF_SCOPE.to_vec(),
    }
}

fn counts(all: impl Iterator<Item = (String, usize)>) -> Vec<Count> {
    all.map(|(what, count)| Count { what, count }).collect()
}

fn tool(facts: &Facts<'_>) -> Tool {
    let inputs = facts.inputs.iter().map(|input| Hashed {
        role: input.role.to_owned(),
        path: input.path.clone(),
        sha256: input.sha256.clone(),
    });
    Tool {
        name: "straykey",
        version: env!("CARGO_PKG_VERSION"),
        program_sha256: facts.tool.program.clone(),
        patterns: facts.inventory.scan.patterns,
        patterns_sha256: facts.tool.patterns.clone(),
        command: facts.tool.command.clone(),
        ci_run: facts.tool.run.clone(),
        clock: facts.tool.clock,
        inputs: inputs.collect(),
    }
}

fn owner_of(record: &Record) -> Option<&str> {
    record.owner.principal.as_ref().map(|told| &*told.value)
}

fn population(records: &[Record], later: usize) -> Population {
    let by = |words: &dyn Fn(&Record) -> Vec<String>| {
        let mut all: BTreeMap<String, usize> = BTreeMap::new();
        for word in records.iter().flat_map(words) {
            *all.entry(word).or_default() += 1;
        }
        counts(all.into_iter())
    };
    Population {
        credentials: records.len(),
        at_head: records.iter().filter(|r| r.is_at_head()).count(),
        by_name: by(&|r| vec![r.name.clone()]),
        by_owner: by(&|r| vec![owner_of(r).unwrap_or("nobody is named").to_owned()]),
        by_owner_state: by(&|r| vec![r.owner.state.word()]),
        by_environment: by(&|r| {
            let known: BTreeSet<String> = r.environments.iter().map(|e| e.value.word()).collect();
            known.into_iter().collect()
        }),
        by_state: by(&|r| vec![r.retirement.state.word()]),
        later,
    }
}

fn tests(facts: &Facts<'_>) -> Vec<ControlTest> {
    let records = facts.inventory.records;
    let complete = !facts.inventory.scan.is_incomplete();
    let of = |control: crate::inventory::Control| {
        let fails = |record: &&Record| {
            let mut all = record.requirements.iter();
            all.any(|r| r.framework == control.framework && r.id == control.id)
        };
        let exceptions: Vec<&Record> = records.iter().filter(fails).collect();
        let told_of = records.iter().filter(|r| concerns(control.framework, r));
        // What is an exception is told of it, whatever its kind.
        let population = told_of.count().max(exceptions.len());
        ControlTest {
            framework: control.framework,
            id: control.id,
            title: control.title,
            query: control.issues,
            population,
            exceptions: exceptions.len(),
            result: match (exceptions.len(), population, complete) {
                (1.., _, _) => "exceptions found",
                (_, _, false) => "not all was read",
                (_, 0, _) => "nothing to test",
                _ => "no exception found",
            },
            sample: sample(&exceptions, facts.inventory.as_of),
            command: format!("straykey incident ID --as-of {}", facts.inventory.as_of),
        }
    };
    controls().into_iter().map(of).collect()
}

/// Ids by the hashes of them and of a time: nobody chooses them, and anybody can choose them again.
fn sample(exceptions: &[&Record], at: Stamp) -> Vec<String> {
    let hash = |record: &&&Record| sha256(format!("{at} {}", record.id).as_bytes());
    let mut all: Vec<&&Record> = exceptions.iter().collect();
    all.sort_by_cached_key(|record| (hash(record), record.id.clone()));
    all.iter().take(SAMPLE).map(|r| r.id.clone()).collect()
}

fn held(record: &Record) -> Held {
    let source = |source: String, place: Option<&String>| match place {
        Some(place) => format!("{source}: {place}"),
        None => source,
    };
    let owner = record.owner.principal.as_ref();
    let expires = record.expires.as_ref();
    let steps = record.retirement.steps.iter();
    Held {
        id: record.id.clone(),
        name: format!("{} {}", record.name, record.label)
            .trim_end()
            .to_owned(),
        owner: owner.map(|told| told.value.clone()),
        owner_state: record.owner.state.word(),
        owner_source: owner.map_or_else(
            || "nothing tells".to_owned(),
            |told| source(told.source.word(), told.place.as_ref()),
        ),
        expires: expires.map(|told| told.value),
        expiry_source: expires.map_or_else(
            || "it states none".to_owned(),
            |told| source(told.source.word(), told.place.as_ref()),
        ),
        lifetime: record.lifetime.value.word(),
        liveness: record.life.state.value.word(),
        checked_at: record.life.checked_at,
        state: record.retirement.state.word(),
        revocation: steps
            .map(|s| {
                let (check, result) = (&s.check, s.result.word());
                format!(
                    "{check}: {result}, {} ({}, {})",
                    s.evidence,
                    s.source.word(),
                    s.at
                )
            })
            .collect(),
        issues: record.issues.iter().map(|i| i.class.clone()).collect(),
    }
}

/// When a record began: its own word, or the first commit that has it.
fn birth(record: &Record) -> Option<Stamp> {
    let created = record.created.as_ref().map(|told| told.value);
    created.or_else(|| record.introduced.as_ref().map(|told| told.value.time))
}

fn rotations(facts: &Facts<'_>) -> Rotations {
    let records = facts.inventory.records;
    let births: HashMap<&str, Stamp> = records
        .iter()
        .filter_map(|r| Some((&*r.id, birth(r)?)))
        .collect();
    let mut events = BTreeSet::new();
    for event in records.iter().flat_map(|r| &r.rotation.events) {
        if event.time >= facts.from && event.time <= facts.inventory.as_of {
            let born = births.get(&*event.old);
            events.insert(Turn {
                time: event.time,
                old: event.old.clone(),
                new: event.new.clone(),
                age_days: born.map(|born| born.days_to(event.time)),
                commit: event.commit.clone(),
            });
        }
    }
    let overdue = records.iter().filter_map(|record| {
        let every = record.rotation.every_days.as_ref();
        Some(Overdue {
            id: record.id.clone(),
            days: record.rotation.overdue_days.filter(|days| *days > 0)?,
            every_days: every.map(|told| told.value),
            source: every
                .and_then(|told| told.place.clone())
                .unwrap_or_default(),
        })
    });
    let seen: HashMap<&str, Stamp> = facts
        .first_seen
        .iter()
        .flatten()
        .map(|(id, at)| (&**id, *at))
        .collect();
    let (mut detection, mut death) = (Vec::new(), Vec::new());
    let mut dead = 0;
    for record in records {
        let seen = seen.get(&*record.id).copied();
        let first = record.introduced.as_ref().map(|told| told.value.time);
        if let (Some(first), Some(seen)) = (first, seen) {
            detection.push(first.days_to(seen).max(0));
        }
        let steps = record.retirement.steps.iter();
        let mut steps =
            steps.filter(|s| s.check == "dead-at-provider" && s.result == StepResult::Yes);
        if let Some(step) = steps.next() {
            dead += 1;
            // What was dead before anybody looked took no time.
            death.extend(seen.map(|seen| seen.days_to(step.at).max(0)));
        }
    }
    let why = match &facts.first_seen {
        Some(_) => "known of what an inventory in the store has",
        None => "no store of earlier inventories was given",
    };
    let events: Vec<Turn> = events.into_iter().collect();
    Rotations {
        median_age_days: median(events.iter().filter_map(|turn| turn.age_days).collect()),
        events,
        overdue: overdue.collect(),
        to_detection: spans(detection, records.len(), why),
        to_death: spans(death, dead, why),
    }
}

/// The middle one; of an even number the lower of the two.
fn median(mut all: Vec<i64>) -> Option<i64> {
    all.sort_unstable();
    let middle = all.len().checked_sub(1)? / 2;
    all.get(middle).copied()
}

fn spans(all: Vec<i64>, of: usize, why: &'static str) -> Spans {
    let known = all.len();
    Spans {
        known,
        unknown: of - known,
        mean_days: (known > 0).then(|| all.iter().sum::<i64>() / known as i64),
        median_days: median(all),
        why,
    }
}

fn exceptions(facts: &Facts<'_>) -> Exceptions {
    let register = facts.exceptions.iter().map(|one| Exception {
        id: one.id.to_owned(),
        credential: one.credential.to_owned(),
        rules: one.rules.to_vec(),
        reason: one.reason.to_owned(),
        approved_by: one.approved_by.to_owned(),
        compensating: one.compensating.to_vec(),
        until: one.until,
        ended: one.until < facts.inventory.as_of,
    });
    Exceptions {
        policy: facts.policy.map(|(fails, warns, excepted)| PolicyResults {
            fails,
            warns,
            excepted,
        }),
        register: register.collect(),
    }
}

fn changes(facts: &Facts<'_>) -> Changes {
    let Some(before) = &facts.before else {
        return Changes {
            against: None,
            against_as_of: None,
            complete: false,
            counts: Vec::new(),
            all: Vec::new(),
        };
    };
    let all = diff(&before.records, facts.inventory.records);
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for change in &all {
        *kinds.entry(change.what.clone()).or_default() += 1;
    }
    Changes {
        against: Some(before.what.clone()),
        against_as_of: before.as_of,
        complete: before.complete && !facts.inventory.scan.is_incomplete(),
        counts: counts(kinds.into_iter()),
        all,
    }
}

fn integrity(facts: &Facts<'_>, files: &[(&'static str, String)]) -> Integrity {
    let files = files.iter().map(|(name, sha256)| Hashed {
        role: match *name {
            "inventory.json" => "every record, each field with its source",
            "inventory.csv" => "the population, as a table",
            _ => "every reference of every repository, with what it stood for",
        }
        .to_owned(),
        path: (*name).to_owned(),
        sha256: sha256.clone(),
    });
    let mut how = vec![
        "straykey evidence verify FOLDER".to_owned(),
        format!("sha256sum -c {SUMS}"),
    ];
    if facts.signer.is_some() {
        how.push(format!(
            "ssh-keygen -Y verify -f ALLOWED_SIGNERS -I WHO -n {} -s {SIGNATURE} < {SUMS}",
            super::NAMESPACE
        ));
    }
    Integrity {
        files: files.collect(),
        previous_sha256: facts.previous.clone(),
        signer: facts.signer.clone(),
        how_to_check: how,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_one() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![9, 1, 5]), Some(5));
        assert_eq!(median(vec![9, 1, 5, 7]), Some(5));
    }

    #[test]
    fn hashes_are_those_of_the_standard() {
        // FIPS 180-2, appendix B.1.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(b"abc"), expected);
    }
}
