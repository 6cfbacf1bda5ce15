use crate::{edges, identities, observations, references, told};

const TERRAFORM: &str = r#"
variable "db_password" {
  type      = string
  sensitive = true
}
variable "token" {
  sensitive = true
  default   = "abc-not-empty"
}
variable "empty" {
  sensitive = true
  default   = ""
}
data "aws_secretsmanager_secret_version" "db" {
  secret_id = "prod/db"
}
data "vault_generic_secret" "rundeck" {
  path = "secret/rundeck_auth"
}
data "aws_ssm_parameter" "key" {
  name = "/prod/key"
}
resource "aws_iam_user" "ci" {
  name = "ci-bot"
}
resource "aws_iam_access_key" "ci" {
  user = aws_iam_user.ci.name
}
resource "aws_iam_user_policy_attachment" "ci" {
  user       = aws_iam_user.ci.name
  policy_arn = "arn:aws:iam::aws:policy/AdministratorAccess"
}
resource "aws_iam_openid_connect_provider" "github" {
  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}
resource "aws_iam_role" "deploy" {
  name = "deploy"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = aws_iam_openid_connect_provider.github.arn }
      Condition = {
        StringLike = {
          "token.actions.githubusercontent.com:sub" = "repo:octo-org/*"
        }
      }
    }]
  })
  managed_policy_arns = ["arn:aws:iam::aws:policy/ReadOnlyAccess"]
}
"#;

#[test]
fn terraform_of_aws() {
    let found = told("infra/main.tf", TERRAFORM);
    assert_eq!(
        references(&found),
        [
            "2 terraform-variable db_password @ infra",
            "6 terraform-variable token @ infra",
            "10 terraform-variable empty @ infra",
            "15 aws-secrets-manager prod/db > db @ infra",
            "18 vault secret/rundeck_auth > rundeck @ infra",
            "21 aws-parameter-store /prod/key > key @ infra",
        ]
    );
    assert_eq!(
        identities(&found),
        [
            "23 aws-iam-user ci-bot",
            "26 aws-access-key ci",
            "29 aws-iam-user ci AdministratorAccess",
            "33 aws-oidc-provider token.actions.githubusercontent.com",
            "37 aws-iam-role deploy ReadOnlyAccess",
        ]
    );
    assert_eq!(
        observations(&found),
        [
            "8 terraform.sensitive-default token",
            "26 iam.static-key ci",
            "29 iam.admin-grant ci",
            "41 oidc.no-audience deploy",
            "41 oidc.wildcard-subject deploy",
        ]
    );
    assert_eq!(
        edges(&found),
        ["41 issuer token.actions.githubusercontent.com > aws-iam-role deploy : repo:octo-org/*"]
    );
}

/// The trust policy of GitHub's page on AWS, as it should be and with each part taken away:
/// <https://docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-aws>
#[test]
fn trusts_as_documents() {
    let document = |test: &str, subject: &str, audience: &str| {
        format!(
            "data \"aws_iam_policy_document\" \"trust\" {{\n  statement {{\n    actions = [\"sts:AssumeRoleWithWebIdentity\"]\n    principals {{\n      \
             type = \"Federated\"\n      identifiers = [\"arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com\"]\n    \
             }}\n{}{}  }}\n}}\n",
            if subject.is_empty() {
                String::new()
            } else {
                format!(
                    "    condition {{\n      test = \"{test}\"\n      variable = \"token.actions.githubusercontent.com:sub\"\n      values = [\"{subject}\"]\n    }}\n"
                )
            },
            if audience.is_empty() {
                String::new()
            } else {
                format!(
                    "    condition {{\n      test = \"StringEquals\"\n      variable = \"token.actions.githubusercontent.com:aud\"\n      values = [\"{audience}\"]\n    }}\n"
                )
            },
        )
    };
    let sts = "sts.amazonaws.com";
    let main = "repo:octo-org/octo-repo:ref:refs/heads/octo-branch";
    for (test, subject, audience, told_of) in [
        ("StringEquals", main, sts, vec![]),
        (
            "StringLike",
            "repo:octo-org/octo-repo:*",
            sts,
            vec!["2 oidc.any-ref trust"],
        ),
        (
            "StringLike",
            "repo:octo-org/*",
            sts,
            vec!["2 oidc.wildcard-subject trust"],
        ),
        (
            "ForAnyValue:StringLike",
            "repo:octo-org/*",
            sts,
            vec!["2 oidc.wildcard-subject trust"],
        ),
        // A star means itself there.
        ("StringEquals", "repo:octo-org/*", sts, vec![]),
        ("", "", sts, vec!["2 oidc.no-subject trust"]),
        (
            "StringNotEquals",
            main,
            sts,
            vec!["2 oidc.no-subject trust"],
        ),
        ("StringEquals", main, "", vec!["2 oidc.no-audience trust"]),
    ] {
        let found = told("iam.tf", &document(test, subject, audience));
        assert_eq!(observations(&found), told_of, "{test} {subject}");
    }
}

/// A role whose trust stands by itself has it all the same; what a template leaves open counts as asked.
#[test]
fn a_role_and_its_document() {
    let text = r#"
resource "aws_iam_role" "r" {
  name               = "ci"
  assume_role_policy = data.aws_iam_policy_document.trust[0].json
}
data "aws_iam_policy_document" "trust" {
  dynamic "statement" {
    for_each = var.providers
    content {
      actions = ["sts:AssumeRoleWithWebIdentity"]
      principals {
        type        = "Federated"
        identifiers = [aws_iam_openid_connect_provider.x.arn]
      }
      condition {
        test     = var.test
        variable = "gitlab.com:sub"
        values   = ["project_path:g/p:*"]
      }
      condition {
        test     = var.test
        variable = "gitlab.com:aud"
        values   = ["https://gitlab.com"]
      }
    }
  }
}
"#;
    let found = told("main.tf", text);
    assert_eq!(observations(&found), Vec::<String>::new());
    assert_eq!(
        edges(&found),
        ["9 issuer gitlab.com > aws-iam-role ci : project_path:g/p:*"]
    );
    assert_eq!(
        found.identities[0].trusts[0].audiences,
        ["https://gitlab.com"]
    );
}

#[test]
fn a_trust_in_json_within_a_text() {
    let text = "resource \"aws_iam_role\" \"r\" {\n  assume_role_policy = <<EOF\n{\n  \"Statement\": [{\n    \"Effect\": \"Allow\",\n    \
                \"Principal\": {\"AWS\": \"*\"},\n    \"Action\": \"sts:AssumeRole\"\n  }]\n}\nEOF\n}\n\
                resource \"aws_iam_role_policy\" \"p\" {\n  role = aws_iam_role.r.id\n  policy = jsonencode({\n    Statement = [{ Effect = \"Allow\", Action = \"*\", Resource = \"*\" }]\n  })\n}\n";
    let found = told("a.tf", text);
    assert_eq!(
        observations(&found),
        ["4 iam.trusts-anybody r", "14 iam.admin-grant r"]
    );
}

#[test]
fn terraform_of_other_clouds() {
    let text = r#"
resource "google_service_account" "ci" {
  account_id = "ci-deployer"
}
resource "google_service_account_key" "ci" {
  service_account_id = google_service_account.ci.name
}
resource "google_project_iam_member" "ci" {
  role   = "roles/editor"
  member = "serviceAccount:${google_service_account.ci.email}"
}
resource "google_iam_workload_identity_pool_provider" "github" {
  workload_identity_pool_provider_id = "github"
  oidc {
    issuer_uri = "https://token.actions.githubusercontent.com"
  }
}
resource "google_iam_workload_identity_pool_provider" "asked" {
  workload_identity_pool_provider_id = "asked"
  attribute_condition                = "assertion.repository_owner == 'octo-org'"
  oidc {
    issuer_uri = "https://token.actions.githubusercontent.com"
  }
}
resource "google_service_account_iam_member" "wif" {
  service_account_id = google_service_account.ci.name
  role               = "roles/iam.workloadIdentityUser"
  member             = "principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/attribute.repository/octo-org/octo-repo"
}
resource "azuread_application_federated_identity_credential" "gh" {
  display_name = "gh"
  issuer       = "https://token.actions.githubusercontent.com"
  subject      = "repo:octo-org/octo-repo:environment:prod"
  audiences    = ["api://AzureADTokenExchange"]
}
resource "azuread_application_password" "old" {
  application_id = "x"
}
resource "github_repository_deploy_key" "key" {
  title     = "deploy"
  read_only = false
}
"#;
    let found = told("main.tf", text);
    assert_eq!(
        identities(&found),
        [
            "2 gcp-service-account ci-deployer",
            "5 gcp-service-account-key ci",
            "8 gcp-service-account ci roles/editor",
            "12 gcp-identity-provider github",
            "18 gcp-identity-provider asked",
            "30 azure-federated-credential gh",
            "36 azure-client-secret old",
            "39 deploy-key deploy write",
        ]
    );
    assert_eq!(
        observations(&found),
        [
            "5 iam.static-key ci",
            "8 iam.admin-grant ci",
            "12 oidc.no-subject github",
            "36 iam.static-key old",
        ]
    );
    assert_eq!(
        edges(&found),
        [
            "25 issuer pool > gcp-service-account ci : attribute.repository/octo-org/octo-repo",
            "30 issuer token.actions.githubusercontent.com > azure-federated-credential gh : repo:octo-org/octo-repo:environment:prod",
        ]
    );
}

/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-role.html>
#[test]
fn cloudformation() {
    let text = "\
AWSTemplateFormatVersion: '2010-09-09'
Parameters:
  DbPassword:
    Type: String
    NoEcho: true
  Bad:
    Type: String
    NoEcho: 'true'
    Default: some-value
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: ci
      ManagedPolicyArns: [arn:aws:iam::aws:policy/PowerUserAccess]
      AssumeRolePolicyDocument:
        Statement:
          - Effect: Allow
            Action: sts:AssumeRoleWithWebIdentity
            Principal:
              Federated: !Ref Oidc
            Condition:
              StringEquals:
                token.actions.githubusercontent.com:aud: sts.amazonaws.com
              StringLike:
                token.actions.githubusercontent.com:sub: !Sub repo:${Org}/*
  Db:
    Type: AWS::RDS::DBInstance
    Properties:
      MasterUserPassword: '{{resolve:secretsmanager:MyRDSSecret:SecretString:password}}'
  Key:
    Type: AWS::IAM::AccessKey
    Properties: {UserName: !Ref Bot}
";
    let found = told("stack.yaml", text);
    assert_eq!(
        references(&found),
        [
            "3 cloudformation-parameter DbPassword @ stack.yaml",
            "6 cloudformation-parameter Bad @ stack.yaml",
            "30 aws-secrets-manager MyRDSSecret > MasterUserPassword @ stack.yaml",
        ]
    );
    assert_eq!(
        identities(&found),
        [
            "11 aws-iam-role ci PowerUserAccess",
            "31 aws-access-key Key"
        ]
    );
    assert_eq!(
        observations(&found),
        [
            "9 terraform.sensitive-default Bad",
            "11 iam.admin-grant ci",
            "18 oidc.wildcard-subject ci",
            "31 iam.static-key Key",
        ]
    );
}
