//! What is granted, and whether it is all there is.

use super::rules::ADMIN;
use super::sink::Sink;
use super::{Grant, ThingKind};

/// Roles and policies that grant everything, or whatever they do not: the owner's own words for them.
///
/// * AWS, job function policies: <https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_job-functions.html>
/// * Google Cloud, basic roles: <https://cloud.google.com/iam/docs/roles-overview#basic>
/// * Azure, privileged administrator roles: <https://learn.microsoft.com/en-us/azure/role-based-access-control/built-in-roles>
/// * Kubernetes, user-facing roles: <https://kubernetes.io/docs/reference/access-authn-authz/rbac/#user-facing-roles>
const ADMINS: &[&str] = &[
    "AdministratorAccess",
    "PowerUserAccess",
    "IAMFullAccess",
    "roles/owner",
    "roles/editor",
    "roles/resourcemanager.organizationAdmin",
    "Owner",
    "Contributor",
    "User Access Administrator",
    "cluster-admin",
];

/// A grant of this name: a policy, a role, or an ARN of one.
pub(super) fn grant(name: &str) -> Grant {
    let last = match name.rsplit_once("policy/") {
        Some((_, last)) if name.starts_with("arn:") => last,
        _ => name,
    };
    let last = last
        .rsplit('/')
        .next()
        .filter(|_| name.starts_with("arn:"))
        .unwrap_or(last);
    Grant {
        is_admin: ADMINS.contains(&last),
        name: last.to_owned(),
    }
}

/// Says of grants of everything that they are.
pub(super) fn judge(sink: &mut Sink<'_>, subject: &str, line: u64, grants: &[Grant]) {
    for grant in grants.iter().filter(|g| g.is_admin) {
        let what = format!("{subject} is granted {}", super::shown(&grant.name));
        sink.observe(&ADMIN, subject, line, what);
    }
}

/// A role's name, of its ARN: what a template calls it, too.
pub(super) fn role_name(arn: &str) -> &str {
    let name = arn.split_once(":role/").map_or(arn, |(_, name)| name);
    name.rsplit('/').next().unwrap_or(name)
}

/// A thing of a kind.
pub(super) fn thing(kind: ThingKind, name: impl Into<String>) -> super::Thing {
    super::Thing {
        kind,
        name: name.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_policies_and_roles() {
        for (name, told, is_admin) in [
            (
                "arn:aws:iam::aws:policy/AdministratorAccess",
                "AdministratorAccess",
                true,
            ),
            (
                "arn:aws:iam::aws:policy/service-role/AWSLambdaRole",
                "AWSLambdaRole",
                false,
            ),
            (
                "arn:${AWS::Partition}:iam::aws:policy/PowerUserAccess",
                "PowerUserAccess",
                true,
            ),
            ("roles/owner", "roles/owner", true),
            (
                "roles/storage.objectViewer",
                "roles/storage.objectViewer",
                false,
            ),
            ("cluster-admin", "cluster-admin", true),
        ] {
            let grant = grant(name);
            assert_eq!((grant.name.as_str(), grant.is_admin), (told, is_admin));
        }
        assert_eq!(
            role_name("arn:aws:iam::123456789012:role/ci/deploy"),
            "deploy"
        );
        assert_eq!(role_name("${{ vars.ROLE }}"), "${{ vars.ROLE }}");
    }
}
