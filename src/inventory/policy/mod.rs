//! `.straykey/policy.toml`: what a team demands of its credentials, and who may have it otherwise.
//!
//! ```toml
//! version = 1
//! require = ["owner", "purpose"]
//!
//! [[age]]
//! pattern = "aws.*"
//! warn = 60
//! fail = 90
//!
//! [[deny]]
//! name = "no-literals-in-production"
//! standing = ["at-head"]
//! environment = ["production"]
//!
//! [[exception]]
//! id = "EX-014"
//! credential = "7f3a91c2"
//! rules = ["no-literals-in-production"]
//! reason = "the mainframe knows no workload identity"
//! approved_by = "security@example.com"
//! until = "2027-01-31"
//!
//! [budget]
//! overdue = 5
//!
//! [gate.pull-request]
//! fail_on = ["no-literals-in-production", "resurrected"]
//! ```
//!
//! Besides, some things fail by themselves: what is overdue, orphaned or back, a review that has
//! lapsed, an exception that has ended.

mod judge;

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::record::Stamp;
use crate::base::{quote, time_of};

pub use judge::Verdict;

/// What fails without being asked for: issues of records, by their words.
pub const ALWAYS: &[&str] = &[
    "rotation-overdue",
    "orphaned-owner",
    "owner-left-since-rotation",
    "used-after-retirement",
    "resurrected",
    "review-lapsed",
    "alive-after-removal",
];

/// What may be demanded of each record.
const REQUIRED: &[&str] = &["owner", "purpose", "revocation", "review", "expiry"];

/// What can be counted.
pub const COUNTED: &[&str] = &[
    "records", "literals", "overdue", "orphaned", "unowned", "standing", "reused", "broad",
];

/// A policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// The file, as messages show it; empty if there is none.
    file: String,
    require: Vec<(String, usize)>,
    ages: Vec<AgeRule>,
    deny: Vec<Deny>,
    exceptions: Vec<Exception>,
    budget: BTreeMap<String, (usize, usize)>,
    gates: BTreeMap<String, Vec<String>>,
    notice_days: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct AgeRule {
    line: usize,
    pattern: String,
    warn: Option<u32>,
    fail: Option<u32>,
}

/// What must not be: all that is named must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Deny {
    line: usize,
    name: String,
    warns: bool,
    /// What of a record, and the words of which one must be.
    wanted: Vec<(&'static str, Vec<String>)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Exception {
    line: usize,
    id: String,
    credential: String,
    rules: Vec<String>,
    reason: String,
    approved_by: String,
    until: Stamp,
    compensating: Vec<String>,
}

/// An exception, as a register tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excepted<'a> {
    /// Its id.
    pub id: &'a str,
    /// The credential.
    pub credential: &'a str,
    /// The rules; none means all.
    pub rules: &'a [String],
    /// Why.
    pub reason: &'a str,
    /// By whom.
    pub approved_by: &'a str,
    /// Its last day.
    pub until: Stamp,
    /// What is done instead.
    pub compensating: &'a [String],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    version: Option<Spanned<u32>>,
    #[serde(default)]
    require: Vec<Spanned<String>>,
    expiry_notice_days: Option<u32>,
    #[serde(default)]
    age: Vec<Spanned<AgeWire>>,
    #[serde(default)]
    deny: Vec<Spanned<DenyWire>>,
    #[serde(default)]
    exception: Vec<Spanned<ExceptionWire>>,
    #[serde(default)]
    budget: BTreeMap<String, Spanned<usize>>,
    #[serde(default)]
    gate: BTreeMap<String, GateWire>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AgeWire {
    pattern: String,
    warn: Option<u32>,
    fail: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DenyWire {
    name: String,
    #[serde(default)]
    warn: bool,
    #[serde(default)]
    kind: Vec<String>,
    #[serde(default)]
    pattern: Vec<String>,
    #[serde(default)]
    severity: Vec<String>,
    #[serde(default)]
    standing: Vec<String>,
    #[serde(default)]
    environment: Vec<String>,
    #[serde(default)]
    workload: Vec<String>,
    #[serde(default)]
    privilege: Vec<String>,
    #[serde(default)]
    owner: Vec<String>,
    #[serde(default)]
    lifetime: Vec<String>,
    #[serde(default)]
    liveness: Vec<String>,
    #[serde(default)]
    state: Vec<String>,
    #[serde(default)]
    issue: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExceptionWire {
    id: String,
    credential: Spanned<String>,
    #[serde(default)]
    rules: Vec<String>,
    reason: String,
    approved_by: String,
    until: Spanned<String>,
    #[serde(default)]
    compensating: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GateWire {
    fail_on: Vec<Spanned<String>>,
}

impl Policy {
    /// Reads a policy; `file` is its name for messages.
    ///
    /// # Errors
    ///
    /// What is wrong with it, each with its line.
    #[expect(clippy::too_many_lines, reason = "one table after the other")]
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<String>> {
        let line = |at: usize| text[..at.min(text.len())].split('\n').count();
        let wire: Wire = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            vec![format!("{file}:{}: {}", line(at), error.message())]
        })?;
        let mut errors = Vec::new();
        let mut wrong = |at: usize, why: String| errors.push(format!("{file}:{}: {why}", line(at)));
        if let Some(version) = wire.version.as_ref().filter(|v| *v.get_ref() != 1) {
            wrong(
                version.span().start,
                "version 1 is the only one that is known".into(),
            );
        }
        let mut this = Self {
            file: file.to_owned(),
            notice_days: i64::from(wire.expiry_notice_days.unwrap_or(30)),
            ..Self::default()
        };
        for word in wire.require {
            let at = word.span().start;
            let word = word.into_inner();
            if !REQUIRED.contains(&&*word) {
                let word = quote(&word);
                wrong(at, format!("'{word}' is none of: {}", REQUIRED.join(", ")));
            }
            this.require.push((word, line(at)));
        }
        for age in wire.age {
            let at = age.span().start;
            let age = age.into_inner();
            if age.warn.is_none() && age.fail.is_none() {
                wrong(at, "an age has warn, fail or both".into());
            }
            this.ages.push(AgeRule {
                line: line(at),
                pattern: age.pattern,
                warn: age.warn,
                fail: age.fail,
            });
        }
        for deny in wire.deny {
            let at = deny.span().start;
            let deny = deny.into_inner();
            let mut wanted = vec![
                ("kind", deny.kind),
                ("pattern", deny.pattern),
                ("severity", deny.severity),
                ("standing", deny.standing),
                ("environment", deny.environment),
                ("workload", deny.workload),
                ("privilege", deny.privilege),
                ("owner", deny.owner),
                ("lifetime", deny.lifetime),
                ("liveness", deny.liveness),
                ("state", deny.state),
                ("issue", deny.issue),
            ];
            wanted.retain(|(_, words)| !words.is_empty());
            if wanted.is_empty() {
                wrong(
                    at,
                    format!("'{}' says nothing of what it denies", quote(&deny.name)),
                );
            }
            for (what, words) in &wanted {
                for word in words.iter().filter(|word| !judge::is_word(what, word)) {
                    wrong(at, format!("no {what} is called '{}'", quote(word)));
                }
            }
            this.deny.push(Deny {
                line: line(at),
                name: deny.name,
                warns: deny.warn,
                wanted,
            });
        }
        for exception in wire.exception {
            let at = exception.span().start;
            let one = exception.into_inner();
            let until = time_of(one.until.get_ref()).map(|t| Stamp(t.1));
            if until.is_none() {
                wrong(
                    one.until.span().start,
                    "a day is written as 2027-01-31".into(),
                );
            }
            let credential = one.credential.get_ref().to_ascii_lowercase();
            if credential.len() < 8 {
                let why = "at least the first eight digits of a fingerprint are needed";
                wrong(one.credential.span().start, why.into());
            }
            if one.reason.trim().is_empty() || one.approved_by.trim().is_empty() {
                wrong(
                    at,
                    "an exception has a reason, and somebody who approved it".into(),
                );
            }
            this.exceptions.push(Exception {
                line: line(at),
                id: one.id,
                credential,
                rules: one.rules,
                reason: one.reason,
                approved_by: one.approved_by,
                until: until.unwrap_or(Stamp(0)),
                compensating: one.compensating,
            });
        }
        for (name, most) in wire.budget {
            let at = most.span().start;
            if !COUNTED.contains(&&*name) {
                let name = quote(&name);
                wrong(at, format!("'{name}' is none of: {}", COUNTED.join(", ")));
            }
            this.budget.insert(name, (most.into_inner(), line(at)));
        }
        for (name, gate) in wire.gate {
            for rule in &gate.fail_on {
                let word = rule.get_ref();
                if !this.rules().any(|known| known == *word) {
                    wrong(
                        rule.span().start,
                        format!("no rule is called '{}'", quote(word)),
                    );
                }
            }
            let rules = gate.fail_on.into_iter().map(Spanned::into_inner);
            this.gates.insert(name, rules.collect());
        }
        if errors.is_empty() {
            Ok(this)
        } else {
            Err(errors)
        }
    }

    /// The names of all rules.
    fn rules(&self) -> impl Iterator<Item = String> + '_ {
        let own = self.deny.iter().map(|d| d.name.clone());
        let required = REQUIRED.iter().map(|r| format!("require-{r}"));
        let always = ALWAYS.iter().map(|a| (*a).to_owned());
        let rest = ["max-age", "budget", "exception", "expiry-notice"].map(str::to_owned);
        own.chain(required).chain(always).chain(rest)
    }

    /// Its exceptions, as they stand in the file.
    pub fn excepted(&self) -> impl Iterator<Item = Excepted<'_>> {
        self.exceptions.iter().map(|one| Excepted {
            id: &one.id,
            credential: &one.credential,
            rules: &one.rules,
            reason: &one.reason,
            approved_by: &one.approved_by,
            until: one.until,
            compensating: &one.compensating,
        })
    }

    /// The stages that have a gate.
    pub fn gates(&self) -> Vec<&str> {
        self.gates.keys().map(String::as_str).collect()
    }

    /// Where this policy's budget allows more than `base` does: what, how much more.
    pub fn loosened(&self, base: &Self) -> Vec<String> {
        let more = base
            .budget
            .iter()
            .filter_map(|(name, (most, _))| match self.budget.get(name) {
                Some((now, line)) if now > most => Some(format!(
                    "{}:{line}: the budget of {name} grows from {most} to {now}",
                    self.file
                )),
                None => Some(format!(
                    "{}: the budget of {name} ({most}) is gone",
                    self.file
                )),
                Some(_) => None,
            });
        more.collect()
    }

    /// The text of this policy with a budget that allows no more than what is counted now. `None` if
    /// that changes nothing.
    pub fn tightened(&self, text: &str, counts: &BTreeMap<&str, usize>) -> Option<String> {
        let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
        let mut changed = false;
        for (name, (most, line)) in &self.budget {
            let count = counts.get(&**name).copied().filter(|count| count < most);
            if let (Some(count), Some(written)) = (count, lines.get_mut(line - 1)) {
                let (old, new) = (most.to_string(), count.to_string());
                let at = written.find('=').map_or(0, |at| at + 1);
                if let Some(found) = written[at..].find(&old) {
                    written.replace_range(at + found..at + found + old.len(), &new);
                    changed = true;
                }
            }
        }
        changed.then(|| lines.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_named_with_their_lines() {
        let text = "version = 2\nrequire = [\"owner\", \"wner\"]\n[[age]]\npattern = \"a\"\n\
                    [[deny]]\nname = \"x\"\n[[deny]]\nname = \"y\"\nenvironment = [\"prodction\"]\n\
                    [[exception]]\nid = \"E\"\ncredential = \"7f\"\nreason = \"\"\n\
                    approved_by = \"a\"\nuntil = \"soon\"\n[budget]\nwhat = 1\n\
                    [gate.pr]\nfail_on = [\"z\"]\n";
        let errors = Policy::parse("p", text).expect_err("wrong");
        let lines: Vec<usize> = errors
            .iter()
            .map(|e| {
                e.split(':')
                    .nth(1)
                    .and_then(|n| n.parse().ok())
                    .expect("a line")
            })
            .collect();
        assert_eq!(lines, [1, 2, 3, 5, 7, 15, 12, 10, 17, 19], "{errors:#?}");
        let errors = Policy::parse("p", "[[deny]]\nname = \"x\"\nkinds = [\"a\"]\n");
        assert!(errors.expect_err("wrong")[0].starts_with("p:3:"));
    }

    #[test]
    fn a_budget_only_tightens() {
        let text = "version = 1\n# keep\n[budget]\noverdue = 10 # ten\norphaned = 2\n";
        let policy = Policy::parse("p", text).expect("right");
        let counts = BTreeMap::from([("overdue", 4), ("orphaned", 7)]);
        let tight = policy.tightened(text, &counts).expect("one is lower");
        assert_eq!(tight, text.replace("10 # ten", "4 # ten"));
        let tight = Policy::parse("p", &tight).expect("right");
        assert_eq!(tight.tightened("", &counts), None);
        assert!(tight.loosened(&policy).is_empty());
        assert_eq!(
            policy.loosened(&tight),
            ["p:4: the budget of overdue grows from 4 to 10"]
        );
        let gone = Policy::parse("p", "version = 1").expect("right");
        assert_eq!(gone.loosened(&tight).len(), 2);
    }
}
