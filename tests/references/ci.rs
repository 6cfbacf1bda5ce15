use crate::{edges, observations, references, told};

/// The parts are those of the syntax's reference: environment, permissions, reusable workflows, steps.
const WORKFLOW: &str = "\
name: Release
on:
  push:
    tags: ['v*']
permissions:
  contents: write
env:
  REGION: eu-central-1
jobs:
  deploy:
    runs-on: ubuntu-latest
    environment: production
    steps:
      - uses: actions/checkout@v4
      - uses: aws-actions/configure-aws-credentials@v4
        with:
          aws-access-key-id: ${{ secrets.AWS_ACCESS_KEY_ID }}
          aws-secret-access-key: ${{ secrets.AWS_SECRET_ACCESS_KEY }}
          aws-region: eu-central-1
      - name: Tell
        if: secrets.CHAT_URL != ''
        run: |
          echo start
          curl -d done \"${{ secrets.CHAT_URL }}\"
  publish:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/setup-node@v4
      - run: npm publish
        env:
          NODE_AUTH_TOKEN: ${{ secrets.NPM_TOKEN }}
  call:
    uses: acme/workflows/.github/workflows/notify.yml@main
    secrets: inherit
";

#[test]
fn a_workflow_of_github() {
    let found = told(".github/workflows/release.yml", WORKFLOW);
    assert_eq!(
        references(&found),
        [
            "17 github-secret AWS_ACCESS_KEY_ID > aws-access-key-id @ release.yml/deploy",
            "18 github-secret AWS_SECRET_ACCESS_KEY > aws-secret-access-key @ release.yml/deploy",
            "21 github-secret CHAT_URL > if @ release.yml/deploy",
            "24 github-secret CHAT_URL > run @ release.yml/deploy",
            "31 github-secret NPM_TOKEN > NODE_AUTH_TOKEN @ release.yml/publish",
        ]
    );
    assert_eq!(
        observations(&found),
        [
            "15 ci.unpinned-action-with-secret release.yml/deploy",
            "17 ci.static-credential release.yml/deploy",
            "31 ci.static-credential release.yml/publish",
            "34 ci.secrets-inherit release.yml/call",
        ]
    );
    assert_eq!(
        edges(&found),
        [
            "15 ci-job release.yml/deploy > third-party aws-actions/configure-aws-credentials : secrets: AWS_ACCESS_KEY_ID, \
         AWS_SECRET_ACCESS_KEY",
            "34 ci-job release.yml/call > third-party acme/workflows/.github/workflows/notify.yml : secrets: inherit",
        ]
    );
    assert_eq!(
        found.references[0].environment.as_deref(),
        Some("production")
    );
    assert_eq!(found.references[4].environment, None);
}

/// What to write instead is for this very workflow: its permissions, its action's version, its region.
#[test]
fn the_replacement_is_that_of_the_workflow() {
    let found = told(".github/workflows/release.yml", WORKFLOW);
    let of = |line| {
        found
            .observations
            .iter()
            .find(|o| o.place.line == line && o.rule.id == "ci.static-credential")
    };
    assert_eq!(
        of(17).unwrap().instead.as_deref(),
        Some(
            "permissions:\n  id-token: write\n  contents: write\nsteps:\n  - uses: aws-actions/configure-aws-credentials@v4\n    \
             with:\n      role-to-assume: arn:aws:iam::<ACCOUNT>:role/<ROLE>\n      aws-region: eu-central-1\n\
             # https://docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-aws"
        )
    );
    assert!(
        of(31)
            .unwrap()
            .instead
            .as_deref()
            .unwrap()
            .contains("- run: npm publish")
    );
}

#[test]
fn roles_that_are_taken_by_oidc() {
    let step = "jobs:\n  deploy:\n    permissions:\n      PERMISSION\n    steps:\n      - uses: aws-actions/configure-aws-credentials@v4\n        \
                with:\n          role-to-assume: arn:aws:iam::123456789012:role/ci/deploy\n          aws-region: x\n      \
                - uses: google-github-actions/auth@v2\n        with:\n          workload_identity_provider: \
                projects/1/locations/global/workloadIdentityPools/p/providers/github\n          service_account: \
                deployer@p-1.iam.gserviceaccount.com\n";
    let with = |permission: &str| {
        told(
            ".github/workflows/a.yml",
            &format!("on: push\n{}", step.replace("PERMISSION", permission)),
        )
    };
    let found = with("id-token: write");
    assert_eq!(
        edges(&found),
        [
            "9 ci-job a.yml/deploy > aws-iam-role deploy : role-to-assume",
            "13 ci-job a.yml/deploy > gcp-identity-provider github : workload_identity_provider",
            "14 ci-job a.yml/deploy > gcp-service-account deployer : service_account",
        ]
    );
    assert_eq!(observations(&found), Vec::<String>::new());
    let found = with("contents: read");
    assert_eq!(
        observations(&found),
        ["9 ci.no-id-token-permission a.yml/deploy"]
    );
    let instead = found.observations[0].instead.as_deref();
    assert_eq!(
        instead,
        Some("permissions:\n  id-token: write\n  contents: read\n")
    );
}

/// `pull_request_target` runs with the base's rights; what makes it dangerous is the head's code.
/// <https://docs.github.com/en/actions/reference/security/secure-use>
#[test]
fn workflows_that_run_what_forks_propose() {
    let workflow = |trigger: &str, reference: &str, secret: &str| {
        let text = format!(
            "on: {trigger}\njobs:\n  test:\n    steps:\n      - uses: actions/checkout@v4\n        with:\n          ref: {reference}\n      \
             - run: make test\n        env:\n          KEY: {secret}\n"
        );
        observations(&told(".github/workflows/t.yml", &text))
    };
    let head = "${{ github.event.pull_request.head.sha }}";
    let secret = "${{ secrets.KEY }}";
    assert_eq!(
        workflow("pull_request_target", head, secret),
        ["5 ci.pull-request-target-secret t.yml/test"]
    );
    assert_eq!(
        workflow("[pull_request_target, push]", head, secret).len(),
        1
    );
    for (trigger, reference, secret) in [
        ("pull_request", head, secret),
        ("pull_request_target", "main", secret),
        ("pull_request_target", head, "x"),
        ("pull_request_target", head, "${{ secrets.GITHUB_TOKEN }}"),
    ] {
        assert_eq!(workflow(trigger, reference, secret), Vec::<String>::new());
    }
}

#[test]
fn permissions_and_pins() {
    let pinned = format!("someone/action@{}", "0a".repeat(20));
    let text = format!(
        "on: push\npermissions: write-all\njobs:\n  a:\n    steps:\n      - uses: {pinned}\n        with:\n          token: ${{{{ secrets.T }}}}\n      \
         - uses: someone/other@v1\n        with:\n          token: ${{{{ secrets.T }}}}\n      - uses: someone/third@v1\n      \
         - uses: ./local\n        with:\n          token: ${{{{ secrets.T }}}}\n      - uses: actions/cache@v4\n        with:\n          \
         token: ${{{{ secrets.T }}}}\n"
    );
    let found = told(".github/workflows/p.yml", &text);
    assert_eq!(
        observations(&found),
        [
            "2 ci.write-all p.yml",
            "9 ci.unpinned-action-with-secret p.yml/a"
        ]
    );
}

/// <https://docs.gitlab.com/ci/yaml/#secrets>, <https://docs.gitlab.com/ci/yaml/#id_tokens>
#[test]
fn a_pipeline_of_gitlab() {
    let text = "\
variables:
  IMAGE: registry.example.net/app
.base: &base
  tags: [linux]
deploy:
  <<: *base
  environment:
    name: production
  script:
    - aws s3 sync . s3://bucket --profile $AWS_SECRET_ACCESS_KEY
    - docker login -u x -p \"${REGISTRY_PASSWORD}\" $CI_REGISTRY
    - echo $CI_JOB_TOKEN $IMAGE
migrate:
  id_tokens:
    VAULT_ID_TOKEN:
      aud: https://vault.example.net
  secrets:
    DATABASE_PASSWORD:
      vault: production/db/password@ops
      token: $VAULT_ID_TOKEN
    OTHER:
      vault:
        engine: {name: kv-v2, path: ops}
        path: production/db
        field: user
    AZURE:
      azure_key_vault:
        name: my-secret
    GCP:
      gcp_secret_manager:
        name: their-secret
  script: [./migrate]
";
    let found = told(".gitlab-ci.yml", text);
    assert_eq!(
        references(&found),
        [
            "10 gitlab-variable AWS_SECRET_ACCESS_KEY @ deploy",
            "11 gitlab-variable REGISTRY_PASSWORD @ deploy",
            "19 vault production/db/password@ops > DATABASE_PASSWORD @ migrate",
            "22 vault ops/production/db#user > OTHER @ migrate",
            "27 azure-key-vault my-secret > AZURE @ migrate",
            "30 gcp-secret-manager their-secret > GCP @ migrate",
        ]
    );
    assert_eq!(observations(&found), ["10 ci.static-credential deploy"]);
    assert!(
        found.observations[0]
            .instead
            .as_deref()
            .unwrap()
            .contains("id_tokens:")
    );
    assert_eq!(
        edges(&found),
        ["15 ci-job migrate > host vault.example.net : id_tokens"]
    );
    assert_eq!(
        found.references[0].environment.as_deref(),
        Some("production")
    );
}

/// <https://circleci.com/docs/contexts/>
#[test]
fn contexts_of_circleci() {
    let text = "\
version: 2.1
orbs:
  aws-ecr: circleci/aws-ecr@9.0.0
jobs:
  build:
    docker: [{image: cimg/base:stable}]
    steps:
      - run: echo $DEPLOY_TOKEN $AWS_SECRET_ACCESS_KEY
workflows:
  main:
    jobs:
      - build:
          context: [org-global, deploy]
      - aws-ecr/build-and-push-image:
          context: aws
";
    let found = told(".circleci/config.yml", text);
    assert_eq!(
        references(&found),
        [
            "8 circleci-context AWS_SECRET_ACCESS_KEY @ build",
            "8 circleci-context DEPLOY_TOKEN @ build",
            "13 circleci-context deploy @ main/build",
            "13 circleci-context org-global @ main/build",
            "15 circleci-context aws @ main/aws-ecr/build-and-push-image",
        ]
    );
    assert_eq!(
        edges(&found),
        [
            "15 ci-job main/aws-ecr/build-and-push-image > third-party circleci/aws-ecr : context: aws"
        ]
    );
}

/// <https://www.jenkins.io/doc/book/pipeline/jenkinsfile/#handling-credentials>
#[test]
fn a_pipeline_of_jenkins() {
    let text = "\
pipeline {
    environment {
        AWS_ACCESS_KEY_ID     = credentials('jenkins-aws-secret-key-id')
        // OLD = credentials('gone')
    }
    stages {
        stage('a') {
            steps {
                withCredentials([usernamePassword(credentialsId: 'amazon', usernameVariable: 'USERNAME', passwordVariable: 'PASSWORD')]) {
                    sh 'vault kv get secret/app'
                }
                /* credentials('no')
                   credentialsId: 'neither' */
                git url: 'https://example.net/x.git', credentialsId: \"deploy-key\"
                sshagent(credentials: ['git-ssh']) { }
                x(credentialsId: \"${params.ID}\")
            }
        }
    }
}
";
    let found = told("Jenkinsfile", text);
    assert_eq!(
        references(&found),
        [
            "3 jenkins-credential jenkins-aws-secret-key-id > AWS_ACCESS_KEY_ID @ Jenkinsfile",
            "9 jenkins-credential amazon > USERNAME @ Jenkinsfile",
            "10 vault secret/app @ Jenkinsfile",
            "14 jenkins-credential deploy-key @ Jenkinsfile",
            "15 jenkins-credential git-ssh @ Jenkinsfile",
        ]
    );
}

/// <https://learn.microsoft.com/en-us/azure/devops/pipelines/process/set-secret-variables>
#[test]
fn a_pipeline_of_azure() {
    let text = "\
variables:
  - group: my-variable-group
  - name: plain
    value: x
jobs:
  - job: build
    steps:
      - task: AzureKeyVault@2
        inputs:
          azureSubscription: 'my-connection'
          KeyVaultName: 'my-vault'
          SecretsFilter: 'one, two'
      - bash: ./deploy.sh
        env:
          MY_MAPPED: $(mySecret)
          DB_PASSWORD: $(db-pw)
";
    let found = told("azure-pipelines.yml", text);
    assert_eq!(
        references(&found),
        [
            "2 azure-pipelines-variable my-variable-group @ azure-pipelines.yml",
            "10 azure-service-connection my-connection > azureSubscription @ build",
            "12 azure-key-vault my-vault/one @ build",
            "12 azure-key-vault my-vault/two @ build",
            "15 azure-pipelines-variable mySecret > MY_MAPPED @ build",
            "16 azure-pipelines-variable db-pw > DB_PASSWORD @ build",
        ]
    );
}

/// <https://support.atlassian.com/bitbucket-cloud/docs/integrate-pipelines-with-resource-servers-using-oidc/>
#[test]
fn a_pipeline_of_bitbucket() {
    let text = |oidc: &str| {
        format!(
            "pipelines:\n  default:\n    - step:\n        name: Ship\n        oidc: {oidc}\n        deployment: production\n        script:\n          \
             - echo $AWS_SECRET_ACCESS_KEY\n          - pipe: acme/notify:1.0.0\n            variables:\n              \
             TOKEN: $CHAT_TOKEN\n"
        )
    };
    let found = told("bitbucket-pipelines.yml", &text("false"));
    assert_eq!(
        references(&found),
        [
            "8 bitbucket-variable AWS_SECRET_ACCESS_KEY @ Ship",
            "11 bitbucket-variable CHAT_TOKEN > TOKEN @ Ship",
        ]
    );
    assert_eq!(
        edges(&found),
        ["9 ci-job Ship > third-party acme/notify : secrets: CHAT_TOKEN"]
    );
    assert_eq!(observations(&found), ["8 ci.static-credential Ship"]);
    let found = told("bitbucket-pipelines.yml", &text("true"));
    assert_eq!(observations(&found), Vec::<String>::new());
}
