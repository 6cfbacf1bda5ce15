//! Which commits an event means, in this repository; and whose word counts.

use straykey::scan::Pushed;
use straykey::sources::history::{Id, RevisionError};

use super::event::{Event, Proposal, Push, To, What, Whose};
use super::repository::{Reader, Repository};
use super::system::{Enough, System};
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
    /// How deep a clone is enough, if the event says it.
    pub enough: Option<Enough>,
}

/// What is judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judge {
    /// Nothing.
    Nothing,
    /// Commits that `head` has and `without` have not, ids in hex; and the annotated tag that is
    /// pushed with them.
    Range {
        without: Vec<String>,
        head: String,
        tag: Option<Pushed>,
    },
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
    /// A change of which nobody says whose it is: as of a fork.
    Unknown,
}

impl Trust {
    /// Why nothing counts that a change allows itself; `None` if it may count.
    pub const fn refusal(self) -> Option<&'static str> {
        match self {
            Self::Own | Self::Proposed => None,
            Self::Fork => Some("the change comes from a fork"),
            Self::Unknown => Some("whose change it is is not known"),
        }
    }
}

/// What is judged, the commit whose rules count, and how far the change is believed.
type Ruled = (Judge, Option<Id>, Trust, String);

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
                    let depth = self.system.depth(None);
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
        let enough = match &event.what {
            What::Proposal(proposal) => enough(proposal),
            What::Push(push) => push.before.as_ref().and_then(|_| just(push)),
            What::Everything | What::Nothing(_) => None,
        };
        Ok(Plan {
            enough: self.deeper(enough),
            what,
            rules,
            trust,
            told,
            notices: self.notices,
        })
    }

    fn proposal(&mut self, name: &str, proposal: &Proposal) -> Result<Ruled, CliError> {
        let head = self.found(name, &proposal.head, "the head", enough(proposal))?;
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
                |error| self.lacking(name, "the base", &error, enough(proposal)),
            );
            return Err(error);
        };
        let (trust, of) = match proposal.whose {
            Whose::Repository => (Trust::Proposed, ""),
            Whose::Fork => (Trust::Fork, " of a fork"),
            Whose::Unknown => (Trust::Unknown, ""),
        };
        let mut without: Vec<String> = bases.iter().map(|id| self.reader.hex(id)).collect();
        without.dedup();
        let head = self.reader.hex(&head);
        let told = format!(
            "{name}{of}: what {} has and {} has not",
            &head[..9],
            &self.reader.hex(&rules)[..9]
        );
        let tag = None;
        let judge = Judge::Range { without, head, tag };
        Ok((judge, Some(rules), trust, told))
    }

    fn push(&mut self, name: &str, push: &Push) -> Result<Ruled, CliError> {
        let after = self.found(name, &push.after, "the pushed commit", just(push))?;
        let mut before = None;
        if let Some(id) = &push.before {
            match self.reader.commit(id, &mut self.notices) {
                Ok(id) => before = Some(id),
                Err(error) if !error.is_missing || self.repository.is_shallow() => {
                    let what = "where the branch was";
                    return Err(self.lacking(name, what, &error, just(push)));
                }
                // Nothing keeps what a forced push has taken away.
                Err(_) => self.notices.push(format!(
                    "{}, where the branch was, is not here (a forced push?): judged as a new branch",
                    &id[..id.len().min(9)]
                )),
            }
        }
        let default = self.default(push, &after);
        let head = self.reader.hex(&after);
        let short = &head[..9];
        let (without, told) = match (before, &default) {
            (Some(before), _) => {
                let before = self.reader.hex(&before);
                let told = format!("what {short} has and {} has not", &before[..9]);
                (vec![before], told)
            }
            (None, Default::Other(branch, Some(tip))) => {
                let told = format!("what {short} has and origin/{branch} has not");
                (vec![self.reader.hex(tip)], told)
            }
            (None, _) if self.repository.is_shallow() => {
                let depth = self.system.depth(None);
                return Err(CliError::new(format!(
                    "{name}: all that {short} reaches is to be judged, and this clone is shallow: \
                     {depth} is needed"
                )));
            }
            (None, _) => (Vec::new(), format!("all that {short} reaches")),
        };
        let proposed = match self.system {
            // Nobody says who has brought it here.
            System::Plain => Trust::Unknown,
            _ => Trust::Proposed,
        };
        let (rules, trust) = match (default, before) {
            (Default::This, _) => (after, Trust::Own),
            (Default::Other(_, Some(tip)) | Default::Doubtful(Some(tip)), _) => (tip, proposed),
            // No word of what is not merged yet counts for itself.
            (_, Some(before)) => (before, proposed),
            (Default::Other(branch, None), None) => {
                return Err(CliError::new(format!(
                    "{name}: origin/{branch} is not here, and a branch that is not merged is judged \
                     by its rules: fetch it first (git fetch origin {branch}:refs/remotes/origin/{branch})"
                )));
            }
            (Default::Doubtful(None), None) => {
                self.notices.push(format!(
                    "which branch is the default one is not known: the rules of {short} itself \
                     count, and all that it allows; say --base"
                ));
                (after, Trust::Own)
            }
        };
        let tag = match &push.to {
            To::Tag(tag) => self.tag(tag, &push.after),
            To::Branch(_) | To::Unknown => None,
        };
        let told = format!("{name}: {told}");
        let judge = Judge::Range { without, head, tag };
        Ok((judge, Some(rules), trust, told))
    }

    /// What is known of the default branch: whether it is the one that was pushed, and where it is.
    fn default(&mut self, push: &Push, after: &Id) -> Default {
        let name = push.default.clone();
        let name = name.or_else(|| self.repository.branch_of("refs/remotes/origin/HEAD"));
        let Some(name) = name else {
            return Default::Doubtful(None);
        };
        let pushed = match &push.to {
            To::Branch(branch) => Some(branch.clone()),
            To::Tag(_) => None,
            // What is checked out, if that is what is judged.
            To::Unknown => {
                let head = self.reader.commit("HEAD", &mut Vec::new());
                let is_head = head.is_ok_and(|head| head == *after);
                self.repository.branch_of("HEAD").filter(|_| is_head)
            }
        };
        if pushed.as_ref() == Some(&name) {
            return Default::This;
        }
        let full = format!("refs/remotes/origin/{name}");
        let tip = self.reader.commit(&full, &mut self.notices).ok();
        match (&push.to, pushed) {
            (To::Unknown, None) => Default::Doubtful(tip),
            _ => Default::Other(name, tip),
        }
    }

    /// The annotated tag that is pushed, if it is one.
    fn tag(&mut self, name: &str, given: &str) -> Option<Pushed> {
        let full = format!("refs/tags/{name}");
        let object = self.reader.tag(given).or_else(|| self.reader.tag(&full));
        if object.is_none() && !self.reader.has(&full) {
            self.notices.push(format!(
                "the tag '{}' is not here: if it has a message of its own, that was not judged; fetch it",
                straykey::base::quote(name)
            ));
        }
        object.map(|object| Pushed { name: full, object })
    }

    /// Of a number of commits that this clone has already: that it was not enough.
    fn deeper(&self, enough: Option<Enough>) -> Option<Enough> {
        let has = self.reader.depth();
        enough.filter(|enough| has.is_none_or(|has| has < enough.depth()))
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
        enough: Option<Enough>,
    ) -> Result<Id, CliError> {
        let found = self.reader.commit(revision, &mut self.notices);
        found.map_err(|error| self.lacking(name, what, &error, enough))
    }

    /// What is not here, and what to do about it.
    fn lacking(
        &self,
        name: &str,
        what: &str,
        error: &RevisionError,
        enough: Option<Enough>,
    ) -> CliError {
        let hint = match (error.is_missing, self.repository.is_shallow()) {
            (false, _) => String::new(),
            (true, true) => {
                let depth = self.system.depth(self.deeper(enough));
                format!("; this is a shallow clone: {depth} is needed")
            }
            (true, false) => "; fetch it first (git fetch origin, and what is named here)".into(),
        };
        CliError::new(format!("{name}: {what}: {error}{hint}"))
    }
}

/// What is known of the default branch.
enum Default {
    /// It is the one that was pushed.
    This,
    /// Another one: its name, and where it is, if it is here.
    Other(String, Option<Id>),
    /// It is not known which it is, or what was pushed; where it is, if that is known all the same.
    Doubtful(Option<Id>),
}

/// How deep a clone must be for a change.
fn enough(proposal: &Proposal) -> Option<Enough> {
    proposal.commits.map(|commits| Enough {
        commits,
        is_trial: proposal.merge.is_some(),
    })
}

/// How deep a clone must be for a push.
fn just(push: &Push) -> Option<Enough> {
    push.commits.map(|commits| Enough {
        commits,
        is_trial: false,
    })
}
