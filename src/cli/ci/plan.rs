//! Which commits an event means, in this repository; and whose word counts.

use straykey::sources::history::{Id, RevisionError};

use super::event::{Event, Proposal, Push, To, What};
use super::repository::{Reader, Repository};
use super::system::System;
use crate::cli::error::CliError;

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What is judged.
    pub what: Judge,
    /// The commit that configuration is read from, and in it alone.
    pub rules: Option<Id>,
    /// Whose word counts for what is brought in.
    pub trust: Trust,
    /// What is judged, for people.
    pub told: String,
    /// Things a person should know.
    pub notices: Vec<String>,
}

/// What is judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judge {
    /// Nothing.
    Nothing,
    /// Commits that `head` has and `without` have not; ids in hex.
    Range { without: Vec<String>, head: String },
    /// All that git holds.
    Everything,
}

/// Whose word counts for what is brought in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// It is in already: its configuration and its allowances count.
    Own,
    /// A change of somebody who may write here: what it allows counts if it says why.
    Proposed,
    /// A change of anybody: nothing that it allows counts.
    Fork,
}

/// What makes a plan.
pub struct Planner<'a, 'r> {
    pub system: System,
    pub repository: &'a Repository,
    pub reader: &'a Reader<'r>,
    pub notices: Vec<String>,
}

impl Planner<'_, '_> {
    /// Works out what an event means.
    ///
    /// # Errors
    ///
    /// If the clone lacks it: with what to do.
    pub fn plan(mut self, event: &Event) -> Result<Plan, CliError> {
        let (what, rules, trust, told) = match &event.what {
            What::Nothing(why) => (
                Judge::Nothing,
                None,
                Trust::Own,
                format!("{}: {why}: nothing to judge", event.name),
            ),
            What::Everything => {
                if self.repository.is_shallow() {
                    let depth = self.system.depth();
                    return Err(CliError::new(format!(
                        "{} is to judge all that git holds, and this clone is shallow: {depth} is \
                         needed",
                        event.name
                    )));
                }
                let head = self.reader.commit("HEAD", &mut self.notices).ok();
                let told = format!("{}: all that git holds", event.name);
                (Judge::Everything, head, Trust::Own, told)
            }
            What::Proposal(proposal) => self.proposal(&event.name, proposal)?,
            What::Push(push) => self.push(&event.name, push)?,
        };
        Ok(Plan {
            what,
            rules,
            trust,
            told,
            notices: self.notices,
        })
    }

    fn proposal(
        &mut self,
        name: &str,
        proposal: &Proposal,
    ) -> Result<(Judge, Option<Id>, Trust, String), CliError> {
        let head = self.found(name, &proposal.head, "the head", proposal.commits)?;
        let mut bases: Vec<Id> = Vec::new();
        let mut missing = None;
        for base in &proposal.bases {
            match self.reader.commit(base, &mut self.notices) {
                Ok(id) => bases.push(id),
                Err(error) => missing = Some(error),
            }
        }
        // The commit that tries the merge: its first parent is the base as it is now.
        if let Some(merge) = &proposal.merge
            && let Ok(merge) = self.reader.commit(merge, &mut self.notices)
            && let [base, second] = self.reader.parents(&merge)[..]
            && second == head
            && self.is_here(&base)
        {
            bases.push(base);
        }
        let Some(rules) = bases.last().copied() else {
            let error = missing.map_or_else(
                || CliError::new(format!("{name}: no base is known")),
                |error| self.lacking(name, "the base", &error, proposal.commits),
            );
            return Err(error);
        };
        let (trust, of) = if proposal.is_fork {
            (Trust::Fork, " of a fork")
        } else {
            (Trust::Proposed, "")
        };
        let mut without: Vec<String> = bases.iter().map(|id| self.reader.hex(id)).collect();
        without.dedup();
        let head = self.reader.hex(&head);
        let told = format!(
            "{name}{of}: what {} has and {} has not",
            &head[..9],
            &self.reader.hex(&rules)[..9]
        );
        Ok((Judge::Range { without, head }, Some(rules), trust, told))
    }

    fn push(
        &mut self,
        name: &str,
        push: &Push,
    ) -> Result<(Judge, Option<Id>, Trust, String), CliError> {
        let after = self.found(name, &push.after, "the pushed commit", push.commits)?;
        let head = self.reader.hex(&after);
        let short = head[..9].to_owned();
        let done = |without: Vec<String>, told: String| {
            let told = format!("{name}: {told}");
            let judge = Judge::Range { without, head };
            Ok((judge, Some(after), Trust::Own, told))
        };
        if let Some(before) = &push.before {
            match self.reader.commit(before, &mut self.notices) {
                Ok(before) => {
                    let before = self.reader.hex(&before);
                    let told = format!("what {short} has and {} has not", &before[..9]);
                    return done(vec![before], told);
                }
                Err(error) if !error.is_missing || self.repository.is_shallow() => {
                    let what = "where the branch was";
                    return Err(self.lacking(name, what, &error, push.commits));
                }
                // Nothing keeps what a forced push has taken away.
                Err(_) => self.notices.push(format!(
                    "{}, where the branch was, is not here (a forced push?): judged as a new branch",
                    &before[..before.len().min(9)]
                )),
            }
        }
        let default = push
            .default
            .clone()
            .or_else(|| self.repository.branch_of("refs/remotes/origin/HEAD"));
        let branch = match &push.to {
            To::Branch(branch) => Some(branch.clone()),
            // What is not known to be another branch may be the default one.
            To::Unknown => self.repository.branch_of("HEAD"),
            To::Tag => None,
        };
        let is_other = match (&push.to, &branch, &default) {
            (To::Tag, _, _) => true,
            (_, Some(branch), Some(default)) => branch != default,
            _ => false,
        };
        if let Some(default) = default.filter(|_| is_other) {
            let full = format!("refs/remotes/origin/{default}");
            match self.reader.commit(&full, &mut self.notices) {
                Ok(id) => {
                    let told = format!("what {short} has and origin/{default} has not");
                    return done(vec![self.reader.hex(&id)], told);
                }
                Err(_) => self.notices.push(format!(
                    "origin/{default} is not here: all that {short} reaches is judged; fetch it to \
                     judge only what is new"
                )),
            }
        }
        if self.repository.is_shallow() {
            let depth = self.system.depth();
            return Err(CliError::new(format!(
                "{name}: all that {short} reaches is to be judged, and this clone is shallow: \
                 {depth} is needed"
            )));
        }
        let told = format!("all that {short} reaches");
        done(Vec::new(), told)
    }

    fn is_here(&self, id: &Id) -> bool {
        let hex = self.reader.hex(id);
        self.reader.commit(&hex, &mut Vec::new()).is_ok()
    }

    fn found(
        &mut self,
        name: &str,
        revision: &str,
        what: &str,
        commits: Option<u64>,
    ) -> Result<Id, CliError> {
        let found = self.reader.commit(revision, &mut self.notices);
        found.map_err(|error| self.lacking(name, what, &error, commits))
    }

    /// What is not here, and what to do about it.
    fn lacking(
        &self,
        name: &str,
        what: &str,
        error: &RevisionError,
        commits: Option<u64>,
    ) -> CliError {
        let depth = self.system.depth();
        let hint = match (error.is_missing, self.repository.is_shallow()) {
            (false, _) => String::new(),
            (true, true) => {
                let has = commits.filter(|n| *n > 0);
                let has = has.map_or(String::new(), |n| {
                    let s = if n == 1 { "" } else { "s" };
                    format!(", whose range has {n} commit{s}")
                });
                format!("; this is a shallow clone{has}: {depth} is needed")
            }
            (true, false) => "; fetch it first (git fetch origin, and what is named here)".into(),
        };
        CliError::new(format!("{name}: {what}: {error}{hint}"))
    }
}
