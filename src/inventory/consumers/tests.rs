use std::sync::Arc;

use super::*;
use crate::inventory::record::{Hint, Kind, Stamp, Workload};
use crate::inventory::references::{Found, read};

struct Files(&'static [(&'static str, &'static str)]);

impl Ground for Files {
    fn name(&self) -> Option<&str> {
        None
    }
    fn file(&mut self, _: &str) -> Option<Arc<[u8]>> {
        None
    }
    fn has(&mut self, _: &str) -> bool {
        false
    }
    fn blob(&mut self, _: &str) -> Option<Arc<[u8]>> {
        None
    }
    fn last_active(&mut self, _: &str) -> Option<Stamp> {
        None
    }
    fn proper(&mut self, name: &str, mail: &str) -> (String, String) {
        (name.to_owned(), mail.to_owned())
    }
    fn references(&mut self) -> Listing {
        let mut found = Found::default();
        for (path, text) in self.0 {
            found.merge(read(path, text.as_bytes()));
        }
        Listing::new(found, self.0.len() as u64, Vec::new())
    }
    fn last_committer(&mut self, _: &str) -> Option<(String, String, Stamp)> {
        None
    }
}

fn named(files: &'static [(&'static str, &'static str)]) -> Named {
    let mut grounds: Vec<Box<dyn Ground>> = vec![Box::new(Files(files))];
    Named::read(&mut grounds, true)
}

fn record(path: &str, key: Option<&str>, at_head: bool) -> Record {
    let mut record = Record::new("00", Kind::Literal, "x");
    record.places.push(Place {
        repository: None,
        path: path.to_owned(),
        line: 1,
        key: key.map(str::to_owned),
        at_head,
    });
    record
}

/// Name, why, how sure; and how many are certain or not.
fn told(named: &Named, record: &mut Record) -> (Vec<(String, String, Sureness)>, usize, usize) {
    let naming = named.join(record, false);
    let all = record.consumers.iter().map(|told| {
        let consumer = &told.value;
        let user = consumer.workload.clone().unwrap_or_default();
        (user, consumer.by.clone(), told.confidence)
    });
    (all.collect(), naming.certain, naming.maybe)
}

const COMPOSE: &[(&str, &str)] = &[(
    "app/compose.yml",
    "services:\n  api:\n    env_file: ./.env.api\n    environment:\n      DB_PASSWORD: ${DB_PASSWORD}\n  \
     web:\n    image: x\n",
)];

#[test]
fn compose_reads_the_env_file_beside_it_and_those_it_is_told_to() {
    let named = named(COMPOSE);
    let api = "compose-service api".to_owned();
    let mut one = record("app/.env.api", Some("MAIL_TOKEN"), true);
    let file = (api.clone(), "same-file".to_owned(), Sureness::Certain);
    assert_eq!(told(&named, &mut one), (vec![file], 1, 0));
    let mut one = record("app/.env", Some("DB_PASSWORD"), true);
    let variable = (api.clone(), "same-variable".to_owned(), Sureness::Certain);
    assert_eq!(told(&named, &mut one), (vec![variable], 1, 0));
    // In another folder it is another file, and another variable.
    let mut one = record(".env", Some("DB_PASSWORD"), true);
    let name = (api, "same-name".to_owned(), Sureness::Guess);
    assert_eq!(told(&named, &mut one), (vec![name], 0, 1));
    let mut one = record("app/.env", Some("MAIL_TOKEN"), true);
    assert_eq!(told(&named, &mut one), (vec![], 0, 0));
}

const MANIFESTS: &[(&str, &str)] = &[(
    "k8s/api.yaml",
    "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: api\nspec:\n  template:\n    spec:\n      \
     containers:\n        - name: api\n          env:\n            - name: PASS\n              valueFrom:\n                \
     secretKeyRef:\n                  name: db\n                  key: password\n",
)];

#[test]
fn a_manifest_is_named_by_its_own_name_and_key() {
    let named = named(MANIFESTS);
    let in_secret = |secret: &str, key: &str| {
        let mut one = record("k8s/secret.yaml", Some(key), true);
        let workload = Workload {
            kind: "kubernetes".into(),
            name: format!("Secret/{secret}"),
            repository: None,
            path: "k8s/secret.yaml".into(),
        };
        one.workloads = vec![Told::plain(workload, Source::Config, Sureness::Certain)];
        one
    };
    let api = "kubernetes Deployment/api".to_owned();
    let certain = (api, "same-manifest".to_owned(), Sureness::Certain);
    let mut one = in_secret("db", "stringData.password");
    assert_eq!(told(&named, &mut one), (vec![certain], 1, 0));
    for mut other in [
        in_secret("db", "stringData.user"),
        in_secret("cache", "stringData.password"),
    ] {
        assert_eq!(told(&named, &mut other), (vec![], 0, 0));
    }
}

const WORKFLOW: &[(&str, &str)] = &[(
    ".github/workflows/release.yml",
    "on: push\njobs:\n  publish:\n    runs-on: x\n    permissions:\n      id-token: write\n    env:\n      \
         NPM_PUBLISH_TOKEN: ${{ secrets.NPM_PUBLISH_TOKEN }}\n      TOKEN: ${{ secrets.OTHER }}\n    steps:\n      \
         - uses: aws-actions/configure-aws-credentials@v4\n        with:\n          role-to-assume: \
         arn:aws:iam::123456789012:role/release\n",
)];

#[test]
fn what_left_its_slot_is_likely_and_a_name_alone_is_a_guess() {
    let named = named(WORKFLOW);
    let file = ".github/workflows/release.yml";
    let job = "ci-job release.yml/publish".to_owned();
    let mut one = record(file, Some("jobs.publish.env.TOKEN"), false);
    let slot = (job.clone(), "same-slot".to_owned(), Sureness::Likely);
    assert_eq!(told(&named, &mut one), (vec![slot], 0, 1));
    let chains: Vec<String> = one.chains.iter().map(|c| c.value.told()).collect();
    // The job takes a role, and somebody else's action takes it for the job.
    assert_eq!(chains.len(), 2, "{chains:?}");
    assert_eq!(
        chains[0],
        "ci-job release.yml/publish > aws-iam-role release"
    );

    let npmrc = || record(".npmrc", Some("NPM_PUBLISH_TOKEN"), false);
    let name = |sure| (job.clone(), "same-name".to_owned(), sure);
    let mut one = npmrc();
    assert_eq!(told(&named, &mut one), (vec![name(Sureness::Likely)], 0, 1));
    let mut one = record(".npmrc", Some("NPM_PUBLISH_TOKEN"), true);
    assert_eq!(told(&named, &mut one), (vec![name(Sureness::Guess)], 0, 1));
    assert!(one.chains.is_empty(), "a guess leads nowhere");
    // Another stands in its slot: the name is that one's.
    let mut one = npmrc();
    let naming = named.join(&mut one, true);
    assert_eq!((naming.certain, naming.maybe), (0, 0));
    // A name that is anybody's ties nothing.
    let mut one = record("src/x.py", Some("token"), false);
    let naming = named.join(&mut one, false);
    assert_eq!((naming.certain, naming.maybe), (0, 0));
    assert!(naming.unknown.is_some(), "nobody knows, and that is said");
}

const TERRAFORM: &[(&str, &str)] = &[(
    "infra/main.tf",
    "variable \"db_password\" {\n  sensitive = true\n}\n\nresource \"google_service_account\" \"d\" {\n  account_id = \"deployer\"\n}\n\nresource \"google_project_iam_member\" \"d\" {\n  role = \"roles/owner\"\n  member = \"serviceAccount:deployer@p.iam.gserviceaccount.com\"\n}\n",
)];

#[test]
fn a_variable_is_set_in_its_own_folder_and_an_identity_is_known_by_its_account() {
    let named = named(TERRAFORM);
    let one = |path: &str| told(&named, &mut record(path, Some("db_password"), true));
    let variable = |sure| (String::new(), "same-variable".to_owned(), sure);
    let (all, ..) = one("infra/prod.auto.tfvars");
    assert_eq!(
        (&all[0].1, all[0].2),
        (&variable(Sureness::Certain).1, Sureness::Certain)
    );
    let (all, ..) = one("infra/envs/prod.tfvars");
    assert_eq!(all[0].2, Sureness::Likely);

    let mut key = record("key.json", Some("private_key"), true);
    key.provider = "google".into();
    key.hints.push(Hint {
        name: "account".into(),
        value: "deployer@p.iam.gserviceaccount.com".into(),
    });
    named.join(&mut key, false);
    let names: Vec<(&str, bool)> = key
        .identities
        .iter()
        .map(|told| (told.value.name.as_str(), told.value.is_admin))
        .collect();
    assert_eq!(names, [("deployer", true)]);
    assert_eq!(key.identities[0].value.grants, ["roles/owner"]);
}

#[test]
fn names_of_keys_and_what_says_nothing() {
    for (key, name) in [
        ("jobs.build.env.TOKEN", Some("TOKEN")),
        ("spec.containers[web].env[DB].value", Some("DB")),
        ("list[0]", Some("list")),
        ("GH_TOKEN", Some("GH_TOKEN")),
        ("", None),
    ] {
        assert_eq!(slot_name(key), name, "{key}");
    }
    for (name, telling) in [
        ("DB_PASSWORD", true),
        ("npmPublishToken", true),
        ("API_KEY", false),
        ("client-secret", false),
        ("token", false),
        ("password1", false),
        ("stripe", false),
    ] {
        assert_eq!(is_telling(name), telling, "{name}");
    }
    assert_eq!(in_folder("a/b", "../.env"), "a/.env");
    assert_eq!(in_folder("a", "../../etc/passwd"), "../../etc/passwd");
}
