//! The order in which to act: the one that those ask for who have to. Nothing is weighed in secret:
//! records are compared by these facts, one after the other, and each says which ones it has.
//!
//! 1. what may write in production; 2. tokens of continuous integration and delivery; 3. what opens
//!    the service of a partner or vendor; 4. all else; 5. what is known not to work.
//!
//! Within a tier: what is known to work first; then what stands in the last commit; then what its
//! kind opens; what it may do; whether it has left this machine; how often it is used; how old it is.

use std::cmp::Reverse;

use super::record::{
    Environment, Kind, Liveness, OwnerState, Party, PrivilegeClass, Rank, Record, RetirementState,
};

/// Works out tiers and reasons, and sorts records by them.
pub fn rank(records: &mut [Record]) {
    for record in records.iter_mut() {
        record.rank = judged(record);
    }
    records.sort_by_cached_key(order);
    for (place, record) in records.iter_mut().enumerate() {
        record.rank.place = place + 1;
    }
}

fn severity(word: &str) -> u8 {
    match word {
        "critical" => 0,
        "high" => 1,
        "medium" => 2,
        _ => 3,
    }
}

fn works(record: &Record) -> u8 {
    match record.life.state.value {
        Liveness::Live => 0,
        Liveness::Restricted => 1,
        _ => 2,
    }
}

type Order = (
    (u8, bool, u8, bool),
    (u8, Reverse<PrivilegeClass>, bool, Reverse<usize>),
    (Reverse<i64>, String),
);

fn order(record: &Record) -> Order {
    let age = record.age.as_ref().map_or(0, |age| age.value.days);
    (
        (
            record.rank.tier,
            record.kind == Kind::Reference,
            works(record),
            !record.is_at_head(),
        ),
        (
            severity(&record.severity),
            Reverse(record.privilege.class.value),
            record.pushed_to.is_empty(),
            Reverse(record.reuse.workloads + record.reuse.repositories),
        ),
        (Reverse(age), record.id.clone()),
    )
}

fn judged(record: &Record) -> Rank {
    let production = record
        .environments
        .iter()
        .find(|e| e.value == Environment::Production);
    let class = &record.privilege.class;
    let writes = matches!(class.value, PrivilegeClass::Write | PrivilegeClass::Admin);
    let ci = record
        .environments
        .iter()
        .find(|e| e.value == Environment::Ci);
    let job = record.workloads.iter().find(|w| w.value.kind == "ci-job");
    let is_over = matches!(
        record.retirement.state,
        RetirementState::Dead | RetirementState::Retired | RetirementState::CannotBeRechecked
    );
    let mut because = Vec::new();
    let said = |place: &Option<String>| place.clone().unwrap_or_default();
    let tier = if is_over {
        because.push(format!(
            "not known to work: {}",
            record.retirement.state.word()
        ));
        5
    } else if let Some(production) = production.filter(|_| writes) {
        because.push(format!("production ({})", said(&production.place)));
        because.push(format!(
            "{} access ({})",
            class.value.word(),
            said(&class.place)
        ));
        1
    } else if record.delivery || ci.is_some() || job.is_some() {
        because.push(match (ci, job) {
            (Some(ci), _) => format!("continuous integration ({})", said(&ci.place)),
            (_, Some(job)) => format!("continuous integration ({})", job.value.name),
            _ => format!(
                "a kind of continuous integration and delivery: {}",
                record.name
            ),
        });
        2
    } else if record.party.value == Party::Third {
        because.push(said(&record.party.place));
        3
    } else {
        4
    };
    match record.life.state.value {
        Liveness::Live => because.push("it works".into()),
        Liveness::Restricted => because.push("it works in part".into()),
        Liveness::NotChecked if !is_over => because.push("nobody asked whether it works".into()),
        _ => {}
    }
    because.push(match &*record.standing {
        "at-head" => "in the last commit".to_owned(),
        "history-only" => "in the history only".to_owned(),
        "gone" => "in no object any more".to_owned(),
        other => other.to_owned(),
    });
    because.push(format!("severity {}", record.severity));
    if !record.pushed_to.is_empty() {
        because.push(format!("pushed ({})", record.pushed_to[0]));
    }
    if record.reuse.workloads > 1 || record.reuse.repositories > 1 {
        because.push(format!(
            "{} workloads in {} repositories",
            record.reuse.workloads, record.reuse.repositories
        ));
    }
    if let Some(days) = record.rotation.overdue_days {
        because.push(format!("{days} days overdue"));
    }
    if record.owner.state == OwnerState::Orphaned {
        because.push("orphaned".into());
    }
    Rank {
        tier,
        place: 0,
        because,
    }
}
