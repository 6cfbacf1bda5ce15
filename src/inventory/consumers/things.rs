//! Which identities and which users of edges are those of a record.

use super::OfGround;
use crate::inventory::owner::within;
use crate::inventory::record::{DeclaredIdentity, Record, Source, Sureness, Told};
use crate::inventory::references::{Identity, IdentityKind, Workload};

/// How a workload is called in edges.
pub(super) fn key_of(workload: &Workload) -> String {
    format!("{} {}", workload.kind.word(), workload.name)
}

/// What a record's own places are used by, as edges call it, each with its file.
pub(super) fn own(record: &Record, repository: Option<&str>) -> Vec<(String, Option<String>)> {
    let here = record.workloads.iter().map(|told| &told.value);
    let here = here.filter(|w| w.repository.as_deref() == repository);
    here.filter_map(|w| {
        let name = match &*w.kind {
            "ci-job" => w.name.replacen(": ", "/", 1),
            "mcp-server" | "kubernetes" | "compose-service" => w.name.clone(),
            _ => return None,
        };
        Some((format!("{} {name}", w.kind), Some(w.path.clone())))
    })
    .collect()
}

/// Identities that files of a repository declare, and whose credential a record is: by what it says of
/// itself.
pub(super) fn identities(record: &Record, ground: &OfGround) -> Vec<Told<DeclaredIdentity>> {
    let hint = |name: &str| {
        let found = record.hints.iter().find(|h| h.name == name);
        found.map(|h| h.value.as_str())
    };
    let mut out: Vec<Told<DeclaredIdentity>> = Vec::new();
    for identity in &ground.listing.found.identities {
        let Some((sure, how)) = is_its(record, identity, &hint) else {
            continue;
        };
        let place = format!("{}:{}", identity.place.path, identity.place.line);
        let grants = identity.grants.iter().map(|g| g.name.clone());
        let is_admin = identity.grants.iter().any(|g| g.is_admin);
        let (kind, name) = (identity.kind.word(), &identity.name);
        let known = out.iter_mut().map(|told| &mut told.value);
        // Files declare it in one place, and grant in others.
        if let Some(known) = known
            .into_iter()
            .find(|k| k.kind == kind && k.name == *name)
        {
            known.grants.extend(grants);
            known.grants.sort();
            known.grants.dedup();
            known.is_admin |= is_admin;
            continue;
        }
        let declared = DeclaredIdentity {
            kind: kind.to_owned(),
            name: name.clone(),
            grants: grants.collect(),
            is_admin,
            place: within(ground.name.as_deref(), &place),
        };
        out.push(Told::new(declared, Source::Config, how, sure));
    }
    out
}

fn is_its<'r>(
    record: &Record,
    identity: &Identity,
    hint: &dyn Fn(&str) -> Option<&'r str>,
) -> Option<(Sureness, String)> {
    let name = identity.name.as_str();
    match identity.kind {
        // The name in front of `@` is the `account_id` of its template.
        IdentityKind::GcpServiceAccount if record.provider == "google" => {
            let account = hint("account")?;
            let (own, _) = account.split_once('@')?;
            let sure = match name {
                _ if name == account => Sureness::Certain,
                _ if name == own => Sureness::Likely,
                _ => return None,
            };
            Some((sure, "its client_email".to_owned()))
        }
        // `system:serviceaccount:NAMESPACE:NAME`, Kubernetes' documentation on authentication.
        IdentityKind::KubernetesServiceAccount => {
            let subject = hint("subject")?.strip_prefix("system:serviceaccount:")?;
            let (_, own) = subject.split_once(':')?;
            let is_whole = name.replacen('/', ":", 1) == subject;
            let sure = if is_whole {
                Sureness::Certain
            } else {
                Sureness::Likely
            };
            (is_whole || name == own).then(|| (sure, "its claim sub".to_owned()))
        }
        IdentityKind::AwsUser if record.provider == "aws" => {
            let sure = Sureness::Likely;
            (hint("user")? == name).then(|| (sure, "the user that its provider names".to_owned()))
        }
        _ => None,
    }
}
