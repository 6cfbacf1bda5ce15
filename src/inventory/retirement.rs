//! How far a credential is retired: each step with what shows it.
//!
//! Retired is only what is dead at its provider, or over by its own word, and gone from the last
//! commit; what nobody asked about is at most removed. What no object has any more cannot be asked
//! about again: that is not retired.

use super::consumers::Naming;
use super::record::{
    Liveness, Record, Retirement, RetirementState, Source, Stamp, Step, StepResult,
};
use crate::story::Standing;

/// What histories tell of a credential, for all repositories together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remains {
    /// Its best standing.
    pub at_head: bool,
    /// References whose history has it.
    pub references: usize,
    /// Whether nothing that git holds has been looked through to its end.
    pub incomplete: bool,
    /// What holds it beside references: the stash, reflogs, dangling objects.
    pub holders: usize,
    /// The record that replaced it, and when.
    pub replaced_by: Option<(String, Stamp)>,
    /// When it came back after it was gone.
    pub back: Option<Stamp>,
    /// What names it.
    pub naming: Naming,
}

#[expect(clippy::too_many_lines, reason = "one step after the other")]
/// The state of a record, and its steps. `at` is the time of the sweep.
pub fn retirement(record: &Record, remains: &Remains, at: Stamp) -> Retirement {
    let gone = !remains.at_head;
    let unsure = |done: bool| match (done, remains.incomplete) {
        (true, true) => StepResult::Unknown,
        (true, false) => StepResult::Yes,
        (false, _) => StepResult::No,
    };
    let life = record.life.state.value;
    let over = record.expires.as_ref().is_some_and(|e| e.value <= at);
    let dead = matches!(life, Liveness::Dead | Liveness::Expired) || over;
    let mut steps = Vec::new();
    let mut step =
        |check: &str, result: StepResult, source: Source, at: Stamp, evidence: String| {
            steps.push(Step {
                check: check.to_owned(),
                result,
                at,
                source,
                evidence,
            });
        };
    let places = record.places.iter().filter(|p| p.at_head).count();
    step(
        "gone-from-head",
        unsure(gone),
        Source::Git,
        at,
        if gone {
            "no worktree's last commit has it".to_owned()
        } else {
            format!("it stands at {places} places of the last commit")
        },
    );
    let reached = remains.references;
    step(
        "gone-from-references",
        unsure(reached == 0),
        Source::Git,
        at,
        match reached {
            0 => "no reference reaches a commit that had it".to_owned(),
            n => format!("the history of {n} references has it"),
        },
    );
    let held = remains.holders;
    step(
        "gone-from-stash-and-dangling",
        unsure(held == 0 && reached == 0 && gone),
        Source::Git,
        at,
        match held {
            0 if reached == 0 && gone => "no object that git holds has it".to_owned(),
            0 => "references hold its objects".to_owned(),
            n => format!("{n} other holders: {}", record.standing),
        },
    );
    let checked = record.life.checked_at;
    let state = &record.life.state;
    let listed = state
        .place
        .clone()
        .filter(|_| state.source == Source::Observed);
    let (result, source, when, evidence) = match (life, &record.expires) {
        (Liveness::Dead, _) => (
            StepResult::Yes,
            record.life.state.source,
            checked.unwrap_or(at),
            listed.unwrap_or_else(|| "its provider refuses it".to_owned()),
        ),
        (Liveness::Live, _) if listed.is_some() => (
            StepResult::No,
            Source::Observed,
            at,
            listed.unwrap_or_default(),
        ),
        (Liveness::Live | Liveness::Restricted, _) => (
            StepResult::No,
            record.life.state.source,
            checked.unwrap_or(at),
            "its provider accepts it".to_owned(),
        ),
        (_, Some(expires)) if over => (
            StepResult::Yes,
            expires.source,
            expires.value,
            format!("over since {} by its own word", expires.value.day()),
        ),
        (Liveness::Unknown, _) => (
            StepResult::Unknown,
            record.life.state.source,
            checked.unwrap_or(at),
            "its provider's answer told nothing".to_owned(),
        ),
        _ => (
            StepResult::Unknown,
            Source::Derived,
            at,
            "nobody asked its provider".to_owned(),
        ),
    };
    step("dead-at-provider", result, source, when, evidence);
    match &remains.replaced_by {
        Some((id, time)) => step(
            "replacement-seen",
            StepResult::Yes,
            Source::Git,
            *time,
            format!("{} took its place on {}", short(id), time.day()),
        ),
        None => step(
            "replacement-seen",
            StepResult::No,
            Source::Git,
            at,
            "no other stands in its place".to_owned(),
        ),
    }
    let (result, source, evidence) = named(&remains.naming);
    step("no-longer-referenced", result, source, at, evidence);
    let replaced = remains.replaced_by.as_ref().map(|(_, time)| *time);
    let removed = record.removed.as_ref().map(|told| told.value.time);
    let since = replaced.into_iter().chain(removed).min().filter(|_| gone);
    let (result, source, at, evidence) = used(record, since, at);
    step("no-longer-used", result, source, at, evidence);
    let state = match () {
        () if !gone && remains.back.is_some() => RetirementState::Resurrected,
        () if dead && gone && !remains.incomplete && remains.naming.certain == 0 => {
            RetirementState::Retired
        }
        () if dead => RetirementState::Dead,
        () if remains.replaced_by.is_some() => RetirementState::Rotating,
        () if gone => RetirementState::Removed,
        () => RetirementState::Active,
    };
    Retirement { state, steps }
}

/// Whether its provider still sees it used, `since` it was replaced or taken out of the code.
fn used(record: &Record, since: Option<Stamp>, at: Stamp) -> (StepResult, Source, Stamp, String) {
    let used = &record.last_used;
    let Some(last) = &used.at else {
        if let Some(unused) = &used.unused {
            return (StepResult::Yes, unused.source, at, unused.value.clone());
        }
        let why = "nobody gave its provider's records (--observed)".to_owned();
        return (StepResult::Unknown, Source::Derived, at, why);
    };
    let what = used
        .what
        .as_ref()
        .map_or(String::new(), |what| format!(" for {what}"));
    let day = last.value.day();
    match (since, &used.unused) {
        (Some(since), _) if last.value > since => {
            let days = since.days_to(last.value);
            let after = match days {
                0 => "on the day it was let go".to_owned(),
                1 => "1 day after it was let go".to_owned(),
                n => format!("{n} days after it was let go"),
            };
            let why = format!("used on {day}{what}, {after}");
            (StepResult::No, last.source, last.value, why)
        }
        (Some(since), _) => {
            let why = format!("last used on {day}{what}; let go on {}", since.day());
            (StepResult::Yes, last.source, last.value, why)
        }
        (None, Some(unused)) => {
            let why = format!("last used on {day}{what}: {}", unused.value);
            (StepResult::Yes, unused.source, last.value, why)
        }
        (None, None) => {
            let why = format!("used on {day}{what}");
            (StepResult::No, last.source, last.value, why)
        }
    }
}

/// Whether anything still names it. A name that is kept elsewhere may have a new value by now: only what
/// keeps it can tell.
fn named(naming: &Naming) -> (StepResult, Source, String) {
    let first = naming.first.as_deref().unwrap_or_default();
    let places = |n: usize| match n {
        1 => format!("1 place names it: {first}"),
        n => format!("{n} places name it, the first is {first}"),
    };
    match (&naming.unknown, naming.certain, naming.maybe) {
        (_, 1.., _) => (StepResult::No, Source::Config, places(naming.certain)),
        (Some(why), ..) => (StepResult::Unknown, Source::Derived, why.clone()),
        (None, 0, 0) => (StepResult::Yes, Source::Config, naming.looked.clone()),
        (None, 0, n) => (
            StepResult::Unknown,
            Source::Config,
            format!(
                "{}; whether that is this value or a newer one, only what keeps it can tell",
                match n {
                    1 => format!("1 place uses its name: {first}"),
                    n => format!("{n} places use its name, the first is {first}"),
                }
            ),
        ),
    }
}

fn short(id: &str) -> &str {
    if id.starts_with("w:") {
        id
    } else {
        id.get(..8).unwrap_or(id)
    }
}

/// The word of the best standing of several.
pub fn best(standings: impl Iterator<Item = Standing>) -> Standing {
    standings.min().unwrap_or(Standing::Unknown)
}

/// What became of a record of an earlier inventory that no repository has any more.
pub fn purged(mut before: Record, at: Stamp) -> Record {
    before.retirement.state = RetirementState::CannotBeRechecked;
    before.retirement.steps.push(Step {
        check: "recheck".to_owned(),
        result: StepResult::Unknown,
        at,
        source: Source::Previous,
        evidence:
            "no object of these repositories has it: nobody can ask about it again, and that \
                   is not retired"
                .to_owned(),
    });
    "gone".clone_into(&mut before.standing);
    for place in &mut before.places {
        place.at_head = false;
    }
    before
}

/// Adds what an earlier inventory knew to a record that is still there: its dated evidence, and that
/// it was retired or gone before.
pub fn recheck(record: &mut Record, before: &Record) {
    use RetirementState::{CannotBeRechecked, Dead, Removed, Resurrected, Retired};
    let was = before.retirement.state;
    let came_back = record.is_at_head() && matches!(was, Retired | Removed | CannotBeRechecked);
    let lives = record.life.state.value == Liveness::Live && matches!(was, Retired | Dead);
    if came_back || lives {
        record.retirement.state = Resurrected;
    }
    let mut steps: Vec<Step> = before.retirement.steps.clone();
    steps.append(&mut record.retirement.steps);
    steps.sort_by(|a, b| (a.at, &a.check).cmp(&(b.at, &b.check)));
    // The same answer at a later time says since when: the first and the last one stay.
    steps.dedup();
    record.retirement.steps = steps;
}

#[cfg(test)]
mod tests {
    use super::super::record::{Kind, Sureness, Told};
    use super::*;

    const NOW: Stamp = Stamp(1_000_000_000);

    fn state(remains: &Remains, life: Liveness, expires: Option<i64>) -> RetirementState {
        let mut record = Record::new("00", Kind::Literal, "x");
        record.life.state = Told::plain(life, Source::Network, Sureness::Certain);
        let ends = expires.map(|t| Told::plain(Stamp(t), Source::Token, Sureness::Certain));
        record.expires = ends;
        retirement(&record, remains, NOW).state
    }

    #[test]
    fn the_states() {
        use Liveness::{Dead, Live, NotChecked};
        let there = Remains {
            at_head: true,
            references: 1,
            ..Remains::default()
        };
        let gone = Remains {
            at_head: false,
            ..there.clone()
        };
        let replaced = |r: &Remains| Remains {
            replaced_by: Some(("11".into(), NOW)),
            ..r.clone()
        };
        assert_eq!(state(&there, NotChecked, None), RetirementState::Active);
        assert_eq!(state(&there, Dead, None), RetirementState::Dead);
        assert_eq!(state(&gone, NotChecked, None), RetirementState::Removed);
        assert_eq!(
            state(&replaced(&gone), NotChecked, None),
            RetirementState::Rotating
        );
        assert_eq!(
            state(&replaced(&gone), Live, None),
            RetirementState::Rotating
        );
        assert_eq!(state(&gone, Dead, None), RetirementState::Retired);
        assert_eq!(
            state(&gone, NotChecked, Some(999_999_999)),
            RetirementState::Retired
        );
        assert_eq!(
            state(&gone, NotChecked, Some(1_000_000_001)),
            RetirementState::Removed
        );
        let back = Remains {
            back: Some(NOW),
            ..there
        };
        assert_eq!(state(&back, Dead, None), RetirementState::Resurrected);
        let naming = |certain, maybe| Naming {
            certain,
            maybe,
            ..Naming::default()
        };
        let named = |naming: Naming| Remains {
            naming,
            ..gone.clone()
        };
        assert_eq!(
            state(&named(naming(2, 0)), Dead, None),
            RetirementState::Dead,
            "something still names it"
        );
        assert_eq!(
            state(&named(naming(0, 2)), Dead, None),
            RetirementState::Retired,
            "what has its name may have a newer value"
        );
    }

    #[test]
    fn what_was_not_read_to_its_end_is_not_gone() {
        let remains = Remains {
            incomplete: true,
            ..Remains::default()
        };
        let record = Record::new("00", Kind::Literal, "x");
        let told = retirement(&record, &remains, NOW);
        assert_eq!(told.result("gone-from-head"), StepResult::Unknown);
        assert_eq!(told.result("gone-from-references"), StepResult::Unknown);
    }
}
