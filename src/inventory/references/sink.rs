//! Where the readers of a file put what they find: bounded, and each name looked at.

use super::shown::without_tokens;
use super::{
    Edge, Format, Found, Grant, Identity, IdentityKind, Kept, Observation, Place, Reference, Rule,
    TOLD, Thing, Trust, Unread, Workload, WorkloadKind, shown,
};

/// What is found in one file.
pub(super) struct Sink<'a> {
    path: &'a str,
    format: Format,
    found: Found,
    /// What uses the references that come.
    pub(super) workload: Option<Workload>,
    /// The environment that the file says of them.
    pub(super) environment: Option<String>,
    full: bool,
}

impl<'a> Sink<'a> {
    pub(super) fn new(path: &'a str, format: Format) -> Self {
        Self {
            path,
            format,
            found: Found::default(),
            workload: None,
            environment: None,
            full: false,
        }
    }

    /// The file's path.
    pub(super) fn path(&self) -> &'a str {
        self.path
    }

    /// All that was found, in order.
    pub(super) fn finish(mut self) -> Found {
        self.found.sort();
        self.found
    }

    fn place(&self, line: u64) -> Place {
        Place {
            path: self.path.to_owned(),
            line,
        }
    }

    /// Whether one more has room. The first that has none is told as not read.
    fn has_room(&mut self, so_many: usize, line: u64) -> bool {
        if so_many < TOLD {
            return true;
        }
        if !self.full {
            self.full = true;
            self.unread(
                line,
                format!("more than {TOLD} things of a kind: the rest is not told"),
            );
        }
        false
    }

    /// Sets what uses the references that come.
    pub(super) fn used_by(&mut self, kind: WorkloadKind, name: &str) {
        self.workload = Some(Workload {
            kind,
            name: shown(name).into_owned(),
        });
    }

    /// A credential is named.
    pub(super) fn reference(&mut self, kept: Kept, name: &str, line: u64) {
        self.reference_as(kept, name, line, None);
    }

    /// A credential is named, and given to something.
    pub(super) fn reference_as(
        &mut self,
        kept: Kept,
        name: &str,
        line: u64,
        used_as: Option<&str>,
    ) {
        if name.trim().is_empty() || !self.has_room(self.found.references.len(), line) {
            return;
        }
        self.found.references.push(Reference {
            place: self.place(line),
            kept,
            name: shown(name).into_owned(),
            format: self.format,
            workload: self.workload.clone(),
            environment: self.environment.clone(),
            used_as: used_as.map(|name| shown(name).into_owned()),
        });
    }

    /// An identity is declared.
    pub(super) fn identity(
        &mut self,
        kind: IdentityKind,
        name: &str,
        line: u64,
        mut grants: Vec<Grant>,
        mut trusts: Vec<Trust>,
    ) {
        if !self.has_room(self.found.identities.len(), line) {
            return;
        }
        for grant in &mut grants {
            grant.name = shown(&grant.name).into_owned();
        }
        for trust in &mut trusts {
            trust.issuer = shown(&trust.issuer).into_owned();
            let all = trust.subjects.iter_mut().chain(&mut trust.audiences);
            all.for_each(|one| *one = shown(one).into_owned());
        }
        grants.sort();
        grants.dedup();
        self.found.identities.push(Identity {
            place: self.place(line),
            kind,
            name: shown(name).into_owned(),
            format: self.format,
            grants,
            trusts,
        });
    }

    /// Somebody takes or gives something.
    pub(super) fn edge(&mut self, from: Thing, to: Thing, via: &str, line: u64) {
        if !self.has_room(self.found.edges.len(), line) {
            return;
        }
        let tidy = |thing: Thing| Thing {
            name: shown(&thing.name).into_owned(),
            ..thing
        };
        self.found.edges.push(Edge {
            place: self.place(line),
            from: tidy(from),
            to: tidy(to),
            via: shown(via).into_owned(),
        });
    }

    /// Something is worth a look.
    pub(super) fn observe(&mut self, rule: &'static Rule, subject: &str, line: u64, what: String) {
        self.observe_instead(rule, subject, line, what, None);
    }

    /// Something is worth a look, and there is something to write instead.
    pub(super) fn observe_instead(
        &mut self,
        rule: &'static Rule,
        subject: &str,
        line: u64,
        what: String,
        instead: Option<String>,
    ) {
        if !self.has_room(self.found.observations.len(), line) {
            return;
        }
        self.found.observations.push(Observation {
            place: self.place(line),
            rule,
            subject: shown(subject).into_owned(),
            what: without_tokens(what),
            instead,
        });
    }

    /// Something was not read.
    pub(super) fn unread(&mut self, line: u64, why: String) {
        self.found.unread.push(Unread {
            place: self.place(line),
            format: self.format,
            why,
        });
    }
}
