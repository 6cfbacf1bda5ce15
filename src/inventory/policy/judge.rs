//! Holds records against a policy.

use std::collections::{BTreeMap, BTreeSet};

use super::super::declared::choice;
use super::super::issues::CLASSES;
use super::super::record::{
    Environment, Kind, LifetimeClass, Liveness, OwnerState, PrivilegeClass, Record,
    RetirementState, RuleResult, Stamp,
};
use super::{ALWAYS, Exception, Policy};
use crate::base::quote;
use crate::detect::patterns::Severity;
use crate::story::Standing;

/// What a policy said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Lines for a person: budgets that are spent, exceptions that have ended.
    pub lines: Vec<String>,
    /// How many results fail.
    pub fails: usize,
    /// How many warn.
    pub warns: usize,
    /// How many an exception covers.
    pub excepted: usize,
    /// What budgets count.
    pub counts: BTreeMap<&'static str, usize>,
}

/// Whether something of a record can have this word.
pub(super) fn is_word(what: &str, word: &str) -> bool {
    match what {
        "kind" => choice::<Kind>(word).is_some(),
        "severity" => Severity::from_word(word).is_some(),
        "standing" => [Standing::AtHead, Standing::InHistory, Standing::Unreachable]
            .iter()
            .any(|s| s.word() == word),
        "environment" => choice::<Environment>(word).is_some(),
        "privilege" => choice::<PrivilegeClass>(word).is_some(),
        "owner" => choice::<OwnerState>(word).is_some(),
        "lifetime" => choice::<LifetimeClass>(word).is_some(),
        "liveness" => choice::<Liveness>(word).is_some(),
        "state" => choice::<RetirementState>(word).is_some(),
        "issue" => CLASSES.iter().any(|(class, _)| *class == word),
        // Patterns of a person's own may come later; workloads are open words.
        _ => !word.is_empty(),
    }
}

/// Whether `id`, a pattern's or `provider.*`, names a record's pattern.
fn names(id: &str, record: &Record) -> bool {
    let pattern = record.pattern.as_deref().unwrap_or_default();
    match id.strip_suffix(".*") {
        Some(provider) => pattern.split('.').next() == Some(provider),
        None => id == "*" || pattern == id,
    }
}

fn has(record: &Record, what: &str, word: &str) -> bool {
    match what {
        "kind" => record.kind.word() == word,
        "pattern" => names(word, record),
        "severity" => record.severity == word,
        "standing" => record.standing == word,
        "environment" => record.environments.iter().any(|e| e.value.word() == word),
        "workload" => record.workloads.iter().any(|w| w.value.kind == word),
        "privilege" => record.privilege.class.value.word() == word,
        "owner" => record.owner.state.word() == word,
        "lifetime" => record.lifetime.value.word() == word,
        "liveness" => record.life.state.value.word() == word,
        "state" => record.retirement.state.word() == word,
        "issue" => record.has_issue(word),
        _ => false,
    }
}

impl Policy {
    /// Holds records against this policy on a day; each record gets what failed, warned or is
    /// excepted. `gate` is a stage: what is not named there warns only. `new` are the ids of those that
    /// may fail, if not all may: others warn, and a budget fails if one of these is counted in it.
    ///
    /// # Errors
    ///
    /// If the policy has no such gate.
    pub fn judge(
        &self,
        records: &mut [Record],
        gate: Option<&str>,
        on: Stamp,
        new: Option<&BTreeSet<String>>,
    ) -> Result<Verdict, String> {
        let fails = match gate {
            None => None,
            Some(name) => Some(self.gates.get(name).ok_or_else(|| {
                let known = self.gates().join(", ");
                format!(
                    "{}: there is no gate '{}'; gates: {known}",
                    self.file,
                    quote(name)
                )
            })?),
        };
        let mut verdict = Verdict {
            counts: counts(&records.iter().collect::<Vec<_>>()),
            ..Verdict::default()
        };
        let is_new = |record: &Record| new.is_none_or(|new| new.contains(&record.id));
        let brought = counts(&records.iter().filter(|r| is_new(r)).collect::<Vec<_>>());
        let mut used = vec![false; self.exceptions.len()];
        for record in records.iter_mut() {
            let mut said = self.said(record, on);
            for result in &mut said {
                let name = result.rule.split(' ').next().unwrap_or_default().to_owned();
                if fails.is_some_and(|fails| !fails.contains(&name)) {
                    "warn".clone_into(&mut result.result);
                }
                if !is_new(record) && result.result == "fail" {
                    "warn".clone_into(&mut result.result);
                    result.why.push_str("; the base has it already");
                }
                let covers =
                    |e: &&(usize, &Exception)| e.1.covers(record, &name) && e.1.until >= on;
                let exceptions: Vec<(usize, &Exception)> =
                    self.exceptions.iter().enumerate().collect();
                if let Some((number, exception)) = exceptions.iter().find(covers) {
                    used[*number] = true;
                    "excepted".clone_into(&mut result.result);
                    result.exception = Some(format!(
                        "{} until {}: {} ({})",
                        exception.id,
                        exception.until.day(),
                        exception.reason,
                        exception.approved_by
                    ));
                }
                match &*result.result {
                    "fail" => verdict.fails += 1,
                    "warn" => verdict.warns += 1,
                    _ => verdict.excepted += 1,
                }
            }
            record.policy = said;
        }
        let counts_here = |name: &str| fails.is_none_or(|fails| fails.iter().any(|f| f == name));
        for (number, exception) in self.exceptions.iter().enumerate() {
            let place = format!("{}:{}", self.file, exception.line);
            if exception.until < on {
                let day = exception.until.day();
                verdict.lines.push(format!(
                    "{place}: exception {} ended on {day}",
                    exception.id
                ));
                verdict.fails += usize::from(counts_here("exception"));
            } else if !used[number] {
                let line = format!("{place}: exception {} covers nothing now", exception.id);
                verdict.lines.push(line);
            }
        }
        for (name, (most, line)) in &self.budget {
            let count = verdict.counts.get(&**name).copied().unwrap_or(0);
            if count > *most {
                let why = format!("{}:{line}: {count} {name}, the budget is {most}", self.file);
                verdict.lines.push(why);
                let is_brought = brought.get(&**name).is_some_and(|count| *count > 0);
                verdict.fails += usize::from(counts_here("budget") && is_brought);
            }
        }
        Ok(verdict)
    }

    /// What rules say of a record.
    fn said(&self, record: &Record, on: Stamp) -> Vec<RuleResult> {
        let mut out = Vec::new();
        let mut say = |rule: &str, line: Option<usize>, warns: bool, why: String| {
            let place = line.map_or(" (always)".to_owned(), |line| {
                format!(" ({}:{line})", self.file)
            });
            out.push(RuleResult {
                rule: format!("{rule}{place}"),
                result: if warns { "warn" } else { "fail" }.to_owned(),
                why,
                exception: None,
            });
        };
        let over = matches!(
            record.retirement.state,
            RetirementState::Retired | RetirementState::CannotBeRechecked
        );
        let own_age = self.ages.iter().find(|age| names(&age.pattern, record));
        for issue in record.issues.iter().filter(|i| ALWAYS.contains(&&*i.class)) {
            // A rule of one's own says how old such a one may become.
            if issue.class != "rotation-overdue" || own_age.is_none() {
                say(&issue.class, None, false, issue.why.clone());
            }
        }
        if over {
            return out;
        }
        if let (Some(rule), Some(age)) = (own_age, &record.age)
            && record.is_at_head()
        {
            let days = age.value.days;
            let past = |limit: Option<u32>| limit.filter(|limit| days > i64::from(*limit));
            if let Some(limit) = past(rule.fail) {
                say(
                    "max-age",
                    Some(rule.line),
                    false,
                    format!("{days} days, {limit} fail"),
                );
            } else if let Some(limit) = past(rule.warn) {
                say(
                    "max-age",
                    Some(rule.line),
                    true,
                    format!("{days} days, {limit} warn"),
                );
            }
        }
        for (what, line) in &self.require {
            let missing = match &**what {
                "owner" => record.owner.state != OwnerState::Declared,
                "purpose" => !record.purpose.as_ref().is_some_and(|p| {
                    use super::super::record::Source::{Annotation, Declared};
                    matches!(p.source, Declared | Annotation)
                }),
                "revocation" => record.revoke.is_empty(),
                "review" => record.reviewed.is_none(),
                "expiry" => record.expires.is_none(),
                _ => false,
            };
            if missing {
                let why = format!("nobody declared its {what}");
                say(&format!("require-{what}"), Some(*line), false, why);
            }
        }
        for deny in &self.deny {
            let all = deny.wanted.iter();
            if all
                .clone()
                .all(|(what, words)| words.iter().any(|w| has(record, what, w)))
            {
                let why: Vec<String> = all
                    .map(|(what, words)| {
                        let words = words.iter().filter(|w| has(record, what, w));
                        format!("{what} {}", words.cloned().collect::<Vec<_>>().join(", "))
                    })
                    .collect();
                say(&deny.name, Some(deny.line), deny.warns, why.join("; "));
            }
        }
        if let Some(end) = &record.expires {
            let days = on.days_to(end.value);
            if (0..self.notice_days).contains(&days) && record.is_at_head() {
                let why = format!("it ends on {}, in {days} days", end.value.day());
                say("expiry-notice", Some(0), true, why);
            }
        }
        out
    }
}

impl Exception {
    fn covers(&self, record: &Record, rule: &str) -> bool {
        let mut ids = std::iter::once(&record.id).chain(&record.also);
        ids.any(|id| id.starts_with(&self.credential))
            && (self.rules.is_empty() || self.rules.iter().any(|r| r == rule))
    }
}

/// What budgets count.
fn counts(records: &[&Record]) -> BTreeMap<&'static str, usize> {
    let count = |of: &dyn Fn(&Record) -> bool| records.iter().filter(|r| of(r)).count();
    BTreeMap::from([
        ("records", records.len()),
        ("literals", count(&|r| r.has_issue("literal-secret"))),
        ("overdue", count(&|r| r.has_issue("rotation-overdue"))),
        (
            "orphaned",
            count(&|r| r.owner.state == OwnerState::Orphaned),
        ),
        ("unowned", count(&|r| r.owner.state == OwnerState::Unknown)),
        ("standing", count(&|r| r.has_issue("no-expiry"))),
        ("reused", count(&|r| r.has_issue("reuse"))),
        ("broad", count(&|r| r.has_issue("broad-privilege"))),
    ])
}

#[cfg(test)]
mod tests {
    use super::super::super::record::{Age, Issue, Source, Sureness, Told};
    use super::super::COUNTED;
    use super::*;

    fn record(id: &str, days: i64) -> Record {
        let mut record = Record::new(id, Kind::Literal, "x");
        record.pattern = Some("aws.access-key".into());
        "at-head".clone_into(&mut record.standing);
        let age = Age {
            days,
            at_least: true,
        };
        record.age = Some(Told::plain(age, Source::Derived, Sureness::Likely));
        record
    }

    fn on(day: &str) -> Stamp {
        Stamp(crate::base::time_of(day).expect("a day").0)
    }

    fn judged(policy: &str, records: &mut [Record], gate: Option<&str>, day: &str) -> Verdict {
        let policy = Policy::parse("p", policy).expect("right");
        policy
            .judge(records, gate, on(day), None)
            .expect("the gate is there")
    }

    #[test]
    fn ages_requirements_and_denials() {
        let policy = "require = [\"owner\"]\n[[age]]\npattern = \"aws.*\"\nwarn = 60\nfail = 90\n\
                      [[deny]]\nname = \"d\"\nstanding = [\"at-head\"]\npattern = [\"aws.*\"]\n";
        let mut records = [
            record("11111111aa", 91),
            record("22222222aa", 90),
            record("33333333aa", 60),
        ];
        let verdict = judged(policy, &mut records, None, "2026-11-28");
        let ages: Vec<&str> = records
            .iter()
            .map(|r| {
                r.policy
                    .iter()
                    .find(|p| p.rule.starts_with("max-age"))
                    .map_or("none", |p| &p.result)
            })
            .collect();
        assert_eq!(ages, ["fail", "warn", "none"]);
        assert_eq!((verdict.fails, verdict.warns), (1 + 3 + 3, 1));
        assert_eq!(records[0].policy[0].rule, "max-age (p:2)");
    }

    #[test]
    fn exceptions_cover_until_they_end_and_then_fail_themselves() {
        let policy = "[[deny]]\nname = \"d\"\nkind = [\"literal\"]\n[[exception]]\nid = \"E\"\n\
                      credential = \"11111111\"\nrules = [\"d\"]\nreason = \"r\"\n\
                      approved_by = \"a\"\nuntil = \"2026-11-28\"\n";
        let mut records = [record("11111111aa", 1)];
        let verdict = judged(policy, &mut records, None, "2026-11-28");
        assert_eq!((verdict.fails, verdict.excepted), (0, 1));
        assert!(
            records[0].policy[0]
                .exception
                .as_ref()
                .is_some_and(|e| e.starts_with("E until"))
        );
        let verdict = judged(policy, &mut records, None, "2026-11-29");
        assert_eq!((verdict.fails, verdict.excepted), (2, 0));
        assert_eq!(verdict.lines, ["p:4: exception E ended on 2026-11-28"]);
    }

    #[test]
    fn gates_and_budgets() {
        let policy = "[[deny]]\nname = \"d\"\nkind = [\"literal\"]\n[budget]\noverdue = 0\n\
                      [gate.pr]\nfail_on = [\"budget\"]\n[gate.none]\nfail_on = []\n";
        let mut one = record("11111111aa", 1);
        one.issues.push(Issue {
            class: "rotation-overdue".into(),
            why: "w".into(),
        });
        let mut records = [one];
        assert_eq!(judged(policy, &mut records, None, "2026-11-28").fails, 3);
        let verdict = judged(policy, &mut records, Some("pr"), "2026-11-28");
        assert_eq!((verdict.fails, verdict.warns), (1, 2), "{verdict:?}");
        assert_eq!(
            judged(policy, &mut records, Some("none"), "2026-11-28").fails,
            0
        );
        let policy = Policy::parse("p", policy).expect("right");
        assert!(
            policy
                .judge(&mut records, Some("x"), on("2026-11-28"), None)
                .is_err()
        );
        let old = policy.judge(&mut records, None, on("2026-11-28"), Some(&BTreeSet::new()));
        let old = old.expect("judged");
        assert_eq!(
            (old.fails, old.warns),
            (0, 2),
            "what the base has only warns"
        );
        let new = BTreeSet::from([records[0].id.clone()]);
        let brought = policy.judge(&mut records, None, on("2026-11-28"), Some(&new));
        assert_eq!(brought.expect("judged").fails, 3);
        let all = counts(&records.iter().collect::<Vec<_>>());
        assert!(COUNTED.iter().all(|name| all.contains_key(name)));
    }
}
