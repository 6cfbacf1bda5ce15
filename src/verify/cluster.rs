//! Credentials of Kubernetes clusters: who somebody is there, and what may be done.
//!
//! They stand in files as tokens of no form of their own, and as keys with a certificate beside them, so
//! that what is beside a finding says that it is one, not its pattern. They are asked for at a cluster
//! that the user named: the `server:` of a kubeconfig is text of whoever wrote it, and so are its
//! commands (`exec`, `auth-provider`), its files (`tokenFile`, `client-key`) and its proxy, none of which
//! is read here.
//!
//! Kubernetes documentation, "Authenticating" (`SelfSubjectReview`, anonymous requests) and
//! "Authorization" (`SelfSubjectRulesReview`), read 2026-11-28.

use serde_json::Value;

use super::reading::shown;
use super::{Answer, Facts};
use crate::detect::patterns::{
    Basis, BodyKind, Call, Case, Facts as Places, Meaning, Power, Privilege, Scalar, Sign, Verifier,
};
use crate::findings::{CLUSTER_TOKEN, Finding};

/// By what the user names a cluster: `--endpoint kubernetes=...`.
pub(super) const PROVIDER: &str = "kubernetes";
/// Rules that are kept.
const RULES: usize = 200;

const WHO: &str = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
const MAY: &str = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";
const WHO_BODY: &str = r#"{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}"#;
const MAY_BODY: &str = r#"{"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectRulesReview","spec":{"namespace":"{namespace}"}}"#;
const MAY_BODY_OF_KEY: &str = r#"{"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectRulesReview","spec":{"namespace":"default"}}"#;

/// A case without anything in it.
const CASE: Case = Case {
    means: Meaning::Unknown,
    status: &[],
    json: &[],
    has: &[],
    contains: &[],
    headers: &[],
    empty: false,
    any: false,
    says: "",
};
const ANONYMOUS: &str = "system:anonymous";

/// What a cluster says to who somebody is.
static WHO_CASES: &[Case] = &[
    Case {
        status: &[200, 201],
        json: &[("/status/userInfo/username", &[Scalar::Text(ANONYMOUS)])],
        says: "the cluster takes it for nobody: it did not look at it",
        ..CASE
    },
    Case {
        means: Meaning::Next,
        status: &[200, 201],
        json: &[("/kind", &[Scalar::Text("SelfSubjectReview")])],
        has: &["/status/userInfo/username"],
        ..CASE
    },
    Case {
        means: Meaning::Dead,
        status: &[401],
        json: &[
            ("/kind", &[Scalar::Text("Status")]),
            ("/reason", &[Scalar::Text("Unauthorized")]),
        ],
        says: "this cluster does not know it",
        ..CASE
    },
    Case {
        status: &[403],
        contains: &[ANONYMOUS],
        says: "the cluster takes it for nobody: it did not look at it",
        ..CASE
    },
    Case {
        means: Meaning::Restricted,
        status: &[403],
        json: &[
            ("/kind", &[Scalar::Text("Status")]),
            ("/reason", &[Scalar::Text("Forbidden")]),
        ],
        says: "the cluster knows it, and does not let it ask who it is",
        ..CASE
    },
    Case {
        status: &[404],
        json: &[("/kind", &[Scalar::Text("Status")])],
        says: "the cluster cannot be asked who somebody is: it is older than 1.28",
        ..CASE
    },
];

/// What a cluster says to what somebody may do, who is known there.
static MAY_CASES: &[Case] = &[
    Case {
        means: Meaning::Live,
        status: &[200, 201],
        json: &[("/kind", &[Scalar::Text("SelfSubjectRulesReview")])],
        has: &["/status/resourceRules"],
        says: "the cluster knows it",
        ..CASE
    },
    Case {
        means: Meaning::Live,
        status: &[403, 404],
        json: &[("/kind", &[Scalar::Text("Status")])],
        says: "the cluster knows it, and does not tell what it may do",
        ..CASE
    },
];

const CALL: Call = Call {
    method: "POST",
    url: WHO,
    headers: &[],
    basic: "",
    body: WHO_BODY,
    body_kind: BodyKind::Json,
    sign: Sign::None,
    with: &[],
    cases: WHO_CASES,
    take: &[],
};
const BEARER: &[(&str, &str)] = &[("authorization", "Bearer {cluster token}")];
const SHOWN: &[(&str, &str)] = &[("certificate", "{client certificate}"), ("key", "{secret}")];

const EITHER: Verifier = Verifier {
    patterns: &[],
    provider: PROVIDER,
    revokes: false,
    basis: Basis::Sourced,
    off: "",
    endpoint: "",
    hosts: &[],
    cut: &[],
    warning: "",
    calls: &[],
    facts: Places {
        identity: &["/status/userInfo/username"],
        scopes: &[],
        expires: &[],
        created: &[],
        last_used: &[],
    },
    privilege: Privilege {
        always: None,
        scopes: &[],
    },
    reviewed: "2026-11-28",
    quotes: &[],
};

static TOKEN: Verifier = Verifier {
    patterns: &["kubernetes.cluster-token"],
    calls: &[
        Call {
            headers: BEARER,
            ..CALL
        },
        Call {
            url: MAY,
            headers: BEARER,
            body: MAY_BODY,
            cases: MAY_CASES,
            ..CALL
        },
    ],
    ..EITHER
};

static KEY: Verifier = Verifier {
    patterns: &["kubernetes.client-key-data"],
    calls: &[
        Call {
            sign: Sign::ClientCertificate,
            with: SHOWN,
            ..CALL
        },
        Call {
            url: MAY,
            body: MAY_BODY_OF_KEY,
            sign: Sign::ClientCertificate,
            with: SHOWN,
            cases: MAY_CASES,
            ..CALL
        },
    ],
    ..EITHER
};

/// How a credential of a cluster is asked for, if a finding is one.
pub(super) fn verifier(finding: &Finding) -> Option<&'static Verifier> {
    let has = |name: &str| finding.credential.parts.iter().any(|(n, _)| *n == name);
    if has(CLUSTER_TOKEN) {
        Some(&TOKEN)
    } else {
        (finding.pattern.id == KEY.patterns[0]).then_some(&KEY)
    }
}

/// Adds what a cluster says that somebody may do: rules as `verbs resources`, and what they are worth.
/// What everybody may, to ask just this, is left out.
pub(super) fn rights(verifier: &Verifier, answer: &Answer, facts: &mut Facts) {
    if verifier.provider != PROVIDER || !verifier.endpoint.is_empty() {
        return;
    }
    let Ok(json) = serde_json::from_slice::<Value>(&answer.body) else {
        return;
    };
    let rules = json
        .pointer("/status/resourceRules")
        .and_then(Value::as_array);
    let mut power = None;
    for rule in rules.into_iter().flatten() {
        let all = |name: &str| -> Vec<&str> {
            let members = rule.get(name).and_then(Value::as_array);
            let members = members.into_iter().flatten().filter_map(Value::as_str);
            members.take(RULES).collect()
        };
        let (verbs, groups, resources) = (all("verbs"), all("apiGroups"), all("resources"));
        if resources.iter().all(|r| r.starts_with("selfsubject")) {
            continue;
        }
        power = power.max(worth(&verbs, &resources));
        let group = groups.iter().find(|g| !g.is_empty());
        let group = group.map_or(String::new(), |g| format!(".{g}"));
        let only = all("resourceNames");
        let only = if only.is_empty() {
            String::new()
        } else {
            format!(" ({})", only.join(","))
        };
        if facts.scopes.len() < RULES {
            let told = format!("{} {}{group}{only}", verbs.join(","), resources.join(","));
            facts.scopes.push(shown(&told));
        }
    }
    if json.pointer("/status/incomplete") == Some(&Value::Bool(true)) {
        facts
            .scopes
            .push("and more that the cluster does not tell".into());
    }
    facts.power = facts.power.max(power);
}

/// Kubernetes documentation, "Role Based Access Control Good Practices": who may do everything, or change
/// who may do what, is an administrator.
fn worth(verbs: &[&str], resources: &[&str]) -> Option<Power> {
    let may = |wanted: &[&str]| verbs.iter().any(|v| wanted.contains(v));
    let everything = resources.contains(&"*");
    let of_roles = [
        "roles",
        "clusterroles",
        "rolebindings",
        "clusterrolebindings",
    ];
    let roles = everything || resources.iter().any(|r| of_roles.contains(r));
    let changes = may(&[
        "*",
        "create",
        "update",
        "patch",
        "delete",
        "deletecollection",
    ]);
    if may(&["escalate", "bind", "impersonate"]) || may(&["*"]) && everything || roles && changes {
        Some(Power::Admin)
    } else if changes {
        Some(Power::Write)
    } else if may(&["get", "list", "watch"]) {
        Some(Power::Read)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::reading::read;
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status,
            headers: Vec::new(),
            body: body.as_bytes().to_vec(),
        }
    }

    /// The example of the page "Authenticating", and the words of API servers in its sections on anonymous
    /// requests and of the page "Authorization".
    #[test]
    fn what_a_cluster_says_of_who_somebody_is() {
        let forbidden = |who: &str| {
            format!(
                r#"{{"kind":"Status","apiVersion":"v1","metadata":{{}},"status":"Failure","message":"selfsubjectreviews.authentication.k8s.io is forbidden: User \"{who}\" cannot create resource","reason":"Forbidden","code":403}}"#
            )
        };
        for (status, body, want) in [
            (
                201,
                r#"{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview","status":{"userInfo":{"username":"jane.doe","groups":["system:authenticated"]}}}"#.to_owned(),
                Meaning::Next,
            ),
            (
                201,
                r#"{"kind":"SelfSubjectReview","status":{"userInfo":{"username":"system:anonymous"}}}"#.into(),
                Meaning::Unknown,
            ),
            (
                401,
                r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401}"#.into(),
                Meaning::Dead,
            ),
            (401, r#"{"message":"Unauthorized"}"#.into(), Meaning::Unknown),
            (401, "Unauthorized".into(), Meaning::Unknown),
            (403, forbidden("jane.doe"), Meaning::Restricted),
            (403, forbidden("system:anonymous"), Meaning::Unknown),
            (200, "{}".into(), Meaning::Unknown),
        ] {
            let told = read(&TOKEN.calls[0], &answer(status, &body));
            assert_eq!(told.means, want, "{status} {body}");
        }
    }

    #[test]
    fn rules_and_what_they_are_worth() {
        let mut facts = Facts::default();
        let body = r#"{"kind":"SelfSubjectRulesReview","status":{"incomplete":false,"resourceRules":[
            {"verbs":["create"],"apiGroups":["authorization.k8s.io"],"resources":["selfsubjectaccessreviews","selfsubjectrulesreviews"]},
            {"verbs":["get","list"],"apiGroups":[""],"resources":["pods"]},
            {"verbs":["update"],"apiGroups":["apps"],"resources":["deployments"],"resourceNames":["web"]}]}}"#;
        rights(&TOKEN, &answer(201, body), &mut facts);
        assert_eq!(
            facts.scopes,
            ["get,list pods", "update deployments.apps (web)"]
        );
        assert_eq!(facts.power, Some(Power::Write));
        for (verbs, resources, want) in [
            (&["*"][..], &["*"][..], Some(Power::Admin)),
            (&["get"], &["*"], Some(Power::Read)),
            (&["impersonate"], &["users"], Some(Power::Admin)),
            (&["patch"], &["clusterroles"], Some(Power::Admin)),
            (&["create"], &["pods"], Some(Power::Write)),
            (&["use"], &["podsecuritypolicies"], None),
        ] {
            assert_eq!(worth(verbs, resources), want, "{verbs:?} {resources:?}");
        }
    }
}
