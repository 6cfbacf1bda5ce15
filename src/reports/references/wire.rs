//! What a line of JSON says of references.

use schemars::JsonSchema;
use serde::Serialize;

use crate::inventory::references::{self as inner, Listing, chains};

/// One line.
#[derive(Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub(super) enum Line<'a> {
    /// What all lines together are; the first.
    Summary(Summary<'a>),
    /// A credential that is named, and kept elsewhere.
    Reference(Reference<'a>),
    /// An identity that is declared.
    Identity(Identity<'a>),
    /// Who takes what, or gives it to whom.
    Edge(Edge<'a>),
    /// Edges that follow each other.
    Chain(Chain<'a>),
    /// What is worth a look.
    Observation(Observation<'a>),
    /// What was not read.
    Unread(Unread<'a>),
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Summary<'a> {
    /// The version of this form.
    schema: &'a str,
    /// The program's version.
    version: &'a str,
    files: u64,
    references: usize,
    identities: usize,
    edges: usize,
    observations: usize,
    /// Whether all was read.
    complete: bool,
}

#[derive(Serialize, JsonSchema)]
struct Place<'a> {
    path: &'a str,
    line: u64,
}

#[derive(Serialize, JsonSchema)]
struct Workload<'a> {
    kind: &'static str,
    name: &'a str,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Reference<'a> {
    place: Place<'a>,
    /// Where it is kept.
    kept: &'static str,
    /// What it is called there.
    name: &'a str,
    format: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    workload: Option<Workload<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    used_as: Option<&'a str>,
}

#[derive(Serialize, JsonSchema)]
struct Grant<'a> {
    name: &'a str,
    admin: bool,
}

#[derive(Serialize, JsonSchema)]
struct Trust<'a> {
    issuer: &'a str,
    subjects: &'a [String],
    audiences: &'a [String],
    /// Whether a token of the issuer is all that it takes.
    by_token: bool,
    /// Whether `*` and `?` in the subjects stand for anything.
    pattern: bool,
    line: u64,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Identity<'a> {
    place: Place<'a>,
    kind: &'static str,
    name: &'a str,
    format: &'static str,
    grants: Vec<Grant<'a>>,
    trusts: Vec<Trust<'a>>,
}

#[derive(Serialize, JsonSchema)]
struct Thing<'a> {
    kind: &'static str,
    name: &'a str,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Edge<'a> {
    place: Place<'a>,
    from: Thing<'a>,
    to: Thing<'a>,
    via: &'a str,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Chain<'a> {
    edges: Vec<Edge<'a>>,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Observation<'a> {
    place: Place<'a>,
    /// The rule's stable id.
    rule: &'a str,
    title: &'a str,
    severity: &'a str,
    /// The risk of the OWASP Non-Human Identities Top 10 2025.
    nhi: &'a str,
    subject: &'a str,
    what: &'a str,
    remedy: &'a str,
    source: &'a str,
    /// What to write instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    instead: Option<&'a str>,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Unread<'a> {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'a str>,
    why: String,
    /// Whether something may have been missed.
    incomplete: bool,
}

/// The schema of a line.
pub fn schema() -> serde_json::Value {
    super::super::schema::written::<Line<'static>>()
}

/// All lines.
pub(super) fn lines(listing: &Listing) -> impl Iterator<Item = Line<'_>> {
    let found = &listing.found;
    let summary = Line::Summary(Summary {
        schema: "straykey.references/1",
        version: env!("CARGO_PKG_VERSION"),
        files: listing.files,
        references: found.references.len(),
        identities: found.identities.len(),
        edges: found.edges.len(),
        observations: found.observations.len(),
        complete: !listing.is_incomplete(),
    });
    let unread = found.unread.iter().map(|one| {
        Line::Unread(Unread {
            path: one.place.path.clone(),
            line: Some(one.place.line),
            format: Some(one.format.word()),
            why: one.why.clone(),
            incomplete: true,
        })
    });
    let skips = listing.skips.iter().map(|skip| {
        Line::Unread(Unread {
            path: crate::base::path_text(&skip.path).into_owned(),
            line: None,
            format: None,
            why: skip.reason.to_string(),
            incomplete: skip.reason.is_incomplete(),
        })
    });
    let all_chains = chains(&found.edges).into_iter().map(|chain| {
        Line::Chain(Chain {
            edges: chain.into_iter().map(edge).collect(),
        })
    });
    std::iter::once(summary)
        .chain(found.references.iter().map(reference))
        .chain(found.identities.iter().map(identity))
        .chain(found.edges.iter().map(|e| Line::Edge(edge(e))))
        .chain(all_chains)
        .chain(found.observations.iter().map(observation))
        .chain(unread)
        .chain(skips)
}

fn place(place: &inner::Place) -> Place<'_> {
    Place {
        path: &place.path,
        line: place.line,
    }
}

fn reference(one: &inner::Reference) -> Line<'_> {
    Line::Reference(Reference {
        place: place(&one.place),
        kept: one.kept.word(),
        name: &one.name,
        format: one.format.word(),
        workload: one.workload.as_ref().map(|w| Workload {
            kind: w.kind.word(),
            name: &w.name,
        }),
        environment: one.environment.as_deref(),
        used_as: one.used_as.as_deref(),
    })
}

fn identity(one: &inner::Identity) -> Line<'_> {
    let grants = one.grants.iter().map(|g| Grant {
        name: &g.name,
        admin: g.is_admin,
    });
    let trusts = one.trusts.iter().map(|t| Trust {
        issuer: &t.issuer,
        subjects: &t.subjects,
        audiences: &t.audiences,
        by_token: t.by_token,
        pattern: t.is_pattern,
        line: t.line,
    });
    Line::Identity(Identity {
        place: place(&one.place),
        kind: one.kind.word(),
        name: &one.name,
        format: one.format.word(),
        grants: grants.collect(),
        trusts: trusts.collect(),
    })
}

fn edge(one: &inner::Edge) -> Edge<'_> {
    let thing = |thing: &'_ inner::Thing| thing.kind.word();
    Edge {
        place: place(&one.place),
        from: Thing {
            kind: thing(&one.from),
            name: &one.from.name,
        },
        to: Thing {
            kind: thing(&one.to),
            name: &one.to.name,
        },
        via: &one.via,
    }
}

fn observation(one: &inner::Observation) -> Line<'_> {
    Line::Observation(Observation {
        place: place(&one.place),
        rule: one.rule.id,
        title: one.rule.title,
        severity: one.rule.severity.word(),
        nhi: one.rule.nhi,
        subject: &one.subject,
        what: &one.what,
        remedy: one.rule.remedy,
        source: one.rule.source,
        instead: one.instead.as_deref(),
    })
}
