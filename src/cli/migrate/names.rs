//! Rules of other scanners that our own patterns stand for.
//!
//! Worked out by experiment: examples of each of our patterns, generated as the tests do, were given
//! to the other scanner, and each rule that found the same secret stands beside the pattern. A pattern of
//! another provider than the rule's is left out: to disable the rule must not disable that.

/// The ids of our patterns that find what a rule finds; none if that is not known.
pub fn of_rule(rule: &str) -> impl Iterator<Item = &'static str> {
    let at = RULES.partition_point(|(name, _)| *name < rule);
    let same = RULES[at..]
        .iter()
        .take_while(move |(name, _)| *name == rule);
    same.map(|(_, id)| *id).collect::<Vec<_>>().into_iter()
}

/// Rule and pattern; sorted.
const RULES: &[(&str, &str)] = &[
    ("1password-secret-key", "1password.secret-key"),
    ("adafruit-api-key", "adafruit.api-key-legacy"),
    ("adobe-client-id", "adobe.client-id"),
    ("adobe-client-secret", "adobe.client-secret"),
    ("age-secret-key", "age.secret-key"),
    ("airtable-api-key", "airtable.api-key"),
    ("algolia-api-key", "algolia.admin-key"),
    ("alibaba-secret-key", "alibaba.access-key-secret"),
    ("artifactory-api-key", "jfrog.api-key"),
    ("artifactory-reference-token", "jfrog.reference-token"),
    ("asana-client-secret", "asana.client-secret"),
    ("authress-service-client-access-key", "authress.service-key"),
    ("aws-access-token", "aws.access-key"),
    ("aws-access-token", "aws.service-credential"),
    ("aws-access-token", "aws.temporary-access-key"),
    (
        "aws-amazon-bedrock-api-key-long-lived",
        "aws.bedrock-long-key",
    ),
    ("azure-ad-client-secret", "azure.entra-client-secret"),
    ("beamer-api-token", "beamer.api-key"),
    ("bitbucket-client-id", "bitbucket.oauth-secret"),
    ("bitbucket-client-secret", "bitbucket.oauth-secret-long"),
    ("bittrex-access-key", "bittrex.api-key"),
    ("bittrex-secret-key", "bittrex.api-key"),
    ("cisco-meraki-api-key", "meraki.api-key"),
    ("clickhouse-cloud-api-secret-key", "clickhouse.secret-key"),
    ("clojars-api-token", "clojars.api-token"),
    ("cloudflare-api-key", "cloudflare.api-token-legacy"),
    ("cloudflare-global-api-key", "cloudflare.global-key"),
    ("codecov-access-token", "codecov.access-token"),
    ("cohere-api-token", "cohere.api-key"),
    ("coinbase-access-token", "coinbase.api-secret"),
    ("contentful-delivery-api-token", "contentful.delivery-token"),
    ("databricks-api-token", "databricks.personal-access-token"),
    ("datadog-access-token", "datadog.application-key"),
    ("digitalocean-access-token", "digitalocean.oauth-token"),
    ("digitalocean-pat", "digitalocean.personal-access-token"),
    ("digitalocean-refresh-token", "digitalocean.refresh-token"),
    ("discord-client-secret", "discord.client-secret"),
    ("discord-client-secret", "discord.client-secret"),
    ("droneci-access-token", "droneci.access-token"),
    (
        "dropbox-long-lived-api-token",
        "dropbox.access-token-legacy",
    ),
    ("duffel-api-token", "duffel.live-token"),
    ("duffel-api-token", "duffel.test-token"),
    ("dynatrace-api-token", "dynatrace.api-token"),
    ("easypost-api-token", "easypost.api-key"),
    ("easypost-test-api-token", "easypost.test-key"),
    ("etsy-access-token", "etsy.api-key"),
    ("facebook-secret", "meta.app-secret"),
    ("fastly-api-token", "fastly.api-token"),
    ("finicity-api-token", "finicity.app-key"),
    ("finicity-client-secret", "finicity.client-secret"),
    ("finnhub-access-token", "finnhub.api-key"),
    ("flickr-access-token", "flickr.api-key"),
    ("flutterwave-encryption-key", "flutterwave.encryption-key"),
    ("flutterwave-encryption-key", "flutterwave.test-secret-key"),
    ("flutterwave-secret-key", "flutterwave.test-secret-key"),
    ("flyio-access-token", "flyio.access-token"),
    ("frameio-api-token", "frameio.api-key"),
    ("freshbooks-access-token", "freshbooks.access-token"),
    ("gcp-api-key", "google.api-key"),
    ("github-app-token", "github.app-installation-token"),
    ("github-app-token", "github.app-user-token"),
    ("github-fine-grained-pat", "github.pat-fine-grained"),
    ("github-oauth", "github.oauth-token"),
    ("github-pat", "github.pat-classic"),
    ("gitlab-cicd-job-token", "gitlab.ci-build-token"),
    ("gitlab-deploy-token", "gitlab.deploy-token"),
    (
        "gitlab-feature-flag-client-token",
        "gitlab.feature-flags-token",
    ),
    ("gitlab-feed-token", "gitlab.feed-token"),
    ("gitlab-incoming-mail-token", "gitlab.incoming-mail-token"),
    (
        "gitlab-kubernetes-agent-token",
        "gitlab.kubernetes-agent-token",
    ),
    ("gitlab-oauth-app-secret", "gitlab.oauth-app-secret"),
    ("gitlab-pat", "gitlab.personal-access-token"),
    ("gitlab-pat", "gitlab.personal-access-token-routable"),
    ("gitlab-ptt", "gitlab.pipeline-trigger-token"),
    ("gitlab-rrt", "gitlab.runner-registration-token"),
    ("gitlab-runner-authentication-token", "gitlab.runner-token"),
    ("gitlab-scim-token", "gitlab.scim-token"),
    ("gitlab-session-cookie", "gitlab.session-cookie"),
    ("gitter-access-token", "gitter.access-token"),
    ("gocardless-api-token", "gocardless.access-token"),
    ("grafana-cloud-api-token", "grafana.cloud-token"),
    ("grafana-cloud-api-token", "grafana.cloud-token-opaque"),
    (
        "grafana-service-account-token",
        "grafana.service-account-token",
    ),
    ("harness-api-key", "harness.access-token"),
    ("hashicorp-tf-api-token", "terraform-cloud.api-token"),
    ("heroku-api-key", "heroku.api-key-legacy"),
    ("hubspot-api-key", "hubspot.api-key"),
    ("huggingface-access-token", "huggingface.user-token"),
    (
        "huggingface-organization-api-token",
        "huggingface.organization-token",
    ),
    ("infracost-api-token", "infracost.api-key"),
    ("intra42-client-secret", "intra42.client-secret"),
    ("jfrog-api-key", "jfrog.access-token"),
    ("jfrog-identity-token", "jfrog.access-token"),
    ("jwt", "jwt.token"),
    ("kraken-access-token", "kraken.private-key"),
    ("kucoin-access-token", "kucoin.api-key"),
    ("kucoin-secret-key", "kucoin.api-secret"),
    ("launchdarkly-access-token", "launchdarkly.access-token"),
    ("launchdarkly-access-token", "launchdarkly.api-access-token"),
    ("linear-api-key", "linear.api-key"),
    ("linear-client-secret", "linear.client-secret"),
    ("linkedin-client-secret", "linkedin.client-secret-short"),
    ("looker-client-id", "looker.client-id"),
    ("looker-client-secret", "looker.client-secret"),
    ("mattermost-access-token", "mattermost.access-token"),
    ("maxmind-license-key", "maxmind.license-key"),
    ("messagebird-api-token", "messagebird.access-key"),
    ("messagebird-client-id", "messagebird.client-id"),
    ("netlify-access-token", "netlify.access-token-legacy"),
    ("new-relic-user-api-id", "newrelic.api-user-id"),
    ("npm-access-token", "npm.access-token"),
    ("nytimes-access-token", "nytimes.api-key"),
    ("okta-access-token", "okta.api-token"),
    ("openshift-user-token", "openshift.access-token"),
    ("perplexity-api-key", "perplexity.api-key"),
    ("plaid-client-id", "plaid.client-id"),
    ("plaid-secret-key", "plaid.secret"),
    ("planetscale-api-token", "planetscale.service-token"),
    ("planetscale-oauth-token", "planetscale.oauth-token"),
    ("planetscale-password", "planetscale.password"),
    ("postman-api-token", "postman.api-key"),
    ("prefect-api-token", "prefect.api-key"),
    ("privateai-api-token", "privateai.api-key"),
    ("pypi-upload-token", "pypi.api-token"),
    ("readme-api-token", "readme.api-key"),
    ("rubygems-api-token", "rubygems.api-token"),
    ("scalingo-api-token", "scalingo.api-token"),
    ("sendbird-access-token", "sendbird.api-token"),
    ("sendgrid-api-token", "sendgrid.api-key"),
    ("sendinblue-api-token", "brevo.api-key"),
    ("sentry-access-token", "sentry.auth-token-legacy"),
    ("sentry-user-token", "sentry.user-auth-token"),
    ("settlemint-service-access-token", "settlemint.access-token"),
    ("shippo-api-token", "shippo.live-token"),
    ("shippo-api-token", "shippo.test-token"),
    ("shopify-access-token", "shopify.admin-token"),
    ("shopify-custom-access-token", "shopify.custom-app-token"),
    (
        "shopify-private-app-access-token",
        "shopify.private-app-password",
    ),
    ("shopify-shared-secret", "shopify.shared-secret"),
    ("slack-bot-token", "slack.bot-token"),
    ("slack-legacy-bot-token", "slack.bot-token"),
    ("slack-legacy-workspace-token", "slack.legacy-token"),
    ("sourcegraph-access-token", "sourcegraph.access-token"),
    (
        "sourcegraph-access-token",
        "sourcegraph.access-token-legacy",
    ),
    ("square-access-token", "square.access-token"),
    ("square-access-token", "square.access-token-legacy"),
    ("squarespace-access-token", "squarespace.api-key"),
    ("stripe-access-token", "stripe.restricted-key"),
    ("stripe-access-token", "stripe.restricted-test-key"),
    ("stripe-access-token", "stripe.secret-key"),
    ("stripe-access-token", "stripe.secret-test-key"),
    ("sumologic-access-token", "sumologic.access-key"),
    ("travisci-access-token", "travisci.access-token"),
    ("twilio-api-key", "twilio.api-key"),
    ("twitch-api-token", "twitch.client-secret"),
    ("twitter-access-secret", "twitter.access-token-secret"),
    ("twitter-access-token", "twitter.access-token"),
    ("twitter-api-key", "twitter.api-key"),
    ("twitter-api-secret", "twitter.api-secret"),
    ("vault-service-token", "hashicorp-vault.service-token"),
    (
        "vault-service-token",
        "hashicorp-vault.service-token-legacy",
    ),
    ("zendesk-secret-key", "zendesk.api-token"),
];

#[cfg(test)]
mod tests {
    use straykey::detect::Catalogue;

    use super::*;

    #[test]
    fn the_table_is_sorted_and_names_patterns_that_are_there() {
        assert!(RULES.is_sorted());
        let catalogue = Catalogue::embedded();
        for (rule, id) in RULES {
            assert!(catalogue.get(id).is_some(), "{rule}: {id}");
        }
        assert_eq!(
            of_rule("github-pat").collect::<Vec<_>>(),
            ["github.pat-classic"]
        );
        assert_eq!(of_rule("no-such-rule").count(), 0);
    }
}
