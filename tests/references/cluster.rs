use crate::{edges, identities, observations, references, told};

/// <https://kubernetes.io/docs/concepts/configuration/secret/>
#[test]
fn a_workload_of_kubernetes() {
    let text = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: api
  namespace: prod
spec:
  template:
    metadata:
      annotations:
        vault.hashicorp.com/role: api
        vault.hashicorp.com/agent-inject-secret-db: database/creds/api
    spec:
      serviceAccountName: api
      imagePullSecrets:
        - name: regcred
      containers:
        - name: api
          env:
            - name: DB_PASSWORD
              valueFrom:
                secretKeyRef:
                  name: db
                  key: password
            - name: KEY
              value: vault:secret/data/api#key
          envFrom:
            - secretRef:
                name: all
      volumes:
        - name: tls
          secret:
            secretName: api-tls
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: api
  namespace: prod
  annotations:
    eks.amazonaws.com/role-arn: arn:aws:iam::123456789012:role/api
---
apiVersion: v1
kind: Secret
metadata:
  name: old-token
  annotations:
    kubernetes.io/service-account.name: api
type: kubernetes.io/service-account-token
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: api}
roleRef: {kind: ClusterRole, name: cluster-admin}
subjects:
  - {kind: ServiceAccount, name: api, namespace: prod}
";
    let found = told("deploy/api.yaml", text);
    assert_eq!(
        references(&found),
        [
            "11 vault database/creds/api > db @ Deployment/api",
            "15 kubernetes-secret regcred > imagePullSecrets @ Deployment/api",
            "21 kubernetes-secret db/password > DB_PASSWORD @ Deployment/api",
            "25 vault secret/data/api#key > value @ Deployment/api",
            "27 kubernetes-secret all > secretRef @ Deployment/api",
            "31 kubernetes-secret api-tls > tls @ Deployment/api",
        ]
    );
    assert_eq!(found.references[0].environment.as_deref(), Some("prod"));
    assert_eq!(
        identities(&found),
        [
            "37 kubernetes-service-account prod/api",
            "55 kubernetes-service-account prod/api cluster-admin",
        ]
    );
    assert_eq!(
        observations(&found),
        [
            "48 kubernetes.long-lived-token old-token",
            "53 iam.admin-grant prod/api",
        ]
    );
    assert_eq!(
        edges(&found),
        [
            "10 kubernetes Deployment/api > vault-role api : vault.hashicorp.com/role",
            "13 kubernetes Deployment/api > kubernetes-service-account prod/api : serviceAccountName",
            "40 kubernetes-service-account prod/api > aws-iam-role api : eks.amazonaws.com/role-arn",
        ]
    );
}

/// <https://external-secrets.io/latest/api/externalsecret/>, <https://github.com/bitnami-labs/sealed-secrets>,
/// <https://secrets-store-csi-driver.sigs.k8s.io/>
#[test]
fn what_brings_secrets_in() {
    let text = "\
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: db}
spec:
  secretStoreRef: {name: aws, kind: SecretStore}
  target: {name: db-credentials}
  data:
    - secretKey: password
      remoteRef: {key: prod/db, property: password}
  dataFrom:
    - extract:
        key: prod/all
---
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {name: mine}
spec:
  encryptedData:
    token: AgBy
---
apiVersion: secrets-store.csi.x-k8s.io/v1
kind: SecretProviderClass
metadata: {name: azure}
spec:
  provider: azure
  parameters:
    keyvaultName: kv1
    objects: |
      array:
        - |
          objectName: secret1
          objectType: secret
";
    let found = told("a.yaml", text);
    assert_eq!(
        references(&found),
        [
            "9 external-secret aws:prod/db#password > password @ ExternalSecret/db",
            "12 external-secret aws:prod/all @ ExternalSecret/db",
            "19 sealed-secret mine/token @ SealedSecret/mine",
            "31 azure-key-vault kv1/secret1 @ SecretProviderClass/azure",
        ]
    );
    assert_eq!(
        edges(&found),
        ["6 kubernetes ExternalSecret/db > kubernetes-secret db-credentials : target"]
    );
}

#[test]
fn a_chart_of_helm() {
    let text = "\
{{- if .Values.enabled }}
env:
  - name: PASSWORD
    valueFrom:
      secretKeyRef:
        name: {{ .Values.existingSecret }}
        key: password
{{- end }}
";
    let found = told("charts/api/templates/deployment.yaml", text);
    assert_eq!(
        references(&found),
        [
            "5 kubernetes-secret {{ .Values.existingSecret }}/password > PASSWORD @ charts/api/templates/deployment.yaml"
        ]
    );
    let values = "auth:\n  existingSecret: db\nserviceAccount:\n  annotations:\n    iam.gke.io/gcp-service-account: api@p-1.iam.gserviceaccount.com\n";
    let found = told("charts/api/values.yaml", values);
    assert_eq!(
        references(&found),
        ["2 kubernetes-secret db > auth @ charts/api/values.yaml"]
    );
    assert_eq!(
        edges(&found),
        [
            "5 kubernetes-service-account charts/api/values.yaml > gcp-service-account api : iam.gke.io/gcp-service-account"
        ]
    );
}

/// A manifest that is a template is read line by line, wherever it lies; one that is YAML all the same is read as such.
#[test]
fn a_manifest_that_is_a_template() {
    let text = "\
{{- if .Values.on }}
apiVersion: v1
kind: Pod
spec:
  volumes:
    - secret:
        secretName: {{ include \"x.name\" . }}-tls
{{- end }}
";
    let found = told("install/tetragon/templates/pod.yaml", text);
    assert_eq!(
        references(&found),
        [
            "7 kubernetes-secret {{ include \"x.name\" . }}-tls @ install/tetragon/templates/pod.yaml"
        ]
    );
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  x: \"{{ .y }}\"\n  imagePullSecrets: [{name: r}]\n";
    assert_eq!(
        references(&told("p.yaml", text)),
        ["6 kubernetes-secret r > imagePullSecrets @ Pod/p"]
    );
}

/// <https://docs.docker.com/reference/compose-file/secrets/>
#[test]
fn compose() {
    let text = "\
services:
  web:
    environment:
      DB_PASSWORD_FILE: /run/secrets/db_password
      API_KEY: ${API_KEY:?missing}
      SESSION_SECRET:
      LEVEL: ${LEVEL}
      PRICE_KEY: $$5
    secrets:
      - db_password
      - source: cert
        target: tls
    env_file: .env.web
  worker:
    environment:
      - QUEUE_TOKEN
      - PASSWORD=${PW}
secrets:
  db_password:
    file: ./db_password.txt
  cert:
    external: true
  key:
    environment: SIGNING_KEY
";
    let found = told("compose.yaml", text);
    assert_eq!(
        references(&found),
        [
            "4 compose-secret db_password > DB_PASSWORD_FILE @ web",
            "5 environment API_KEY > API_KEY @ web",
            "6 environment SESSION_SECRET > SESSION_SECRET @ web",
            "10 compose-secret db_password @ web",
            "11 compose-secret cert > tls @ web",
            "13 file .env.web @ web",
            "16 environment QUEUE_TOKEN > QUEUE_TOKEN @ worker",
            "17 environment PW > PASSWORD @ worker",
            "20 file ./db_password.txt > db_password",
            "21 compose-secret cert",
            "24 environment SIGNING_KEY > key",
        ]
    );
}

/// <https://getsops.io/docs/#encryption-protocol>
#[test]
fn files_of_sops() {
    let file = |plain: &str, rule: &str| {
        format!(
            "db:\n  password: ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]\n  host_unencrypted: localhost\n{plain}sops:\n  lastmodified: \
             \"2026-01-01T00:00:00Z\"\n  mac: ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]\n{rule}"
        )
    };
    let found = told("secrets.yaml", &file("", ""));
    assert_eq!(references(&found), ["2 sops db.password"]);
    assert_eq!(observations(&found), Vec::<String>::new());
    let found = told("secrets.yaml", &file("token: hunter22\n", ""));
    assert_eq!(observations(&found), ["4 sops.plain-text secrets.yaml"]);
    let found = told(
        "secrets.yaml",
        &file("name: x\n", "  encrypted_regex: ^(data|password)$\n"),
    );
    assert_eq!(observations(&found), Vec::<String>::new());
    let all_plain = "a: b\nsops:\n  mac: ENC[x]\n  lastmodified: x\n  encrypted_regex: ^c$\n";
    assert_eq!(
        observations(&told("x.yaml", all_plain)),
        ["3 sops.plain-text x.yaml"]
    );
    let json = "{\"a\": \"b\", \"sops\": {\"mac\": \"ENC[x]\", \"lastmodified\": \"x\"}}";
    assert_eq!(
        observations(&told("x.json", json)),
        ["1 sops.plain-text x.json"]
    );
}
