//! What a name says: the words in it, and what kind of secret they promise.

/// The most words of a name that are looked at, from its end.
const MOST: usize = 12;

/// Words for what a person types.
const PASSWORDS: &[&str] = &[
    "password",
    "passwords",
    "passwd",
    "pwd",
    "pass",
    "passphrase",
    "passcode",
    "pw",
    "passwort",
    "passwrd",
    "psw",
    "pswd",
    "passe",
    "requirepass",
    "masterpass",
    "rootpass",
    "dbpass",
    "dbpassword",
    "dbpasswd",
    "userpass",
    "userpassword",
    "rootpw",
    "pgpassword",
    "pgpass",
    "storepass",
    "keypass",
    "sshpass",
    "smtppass",
    "mysqlpassword",
    "ftppassword",
    "ldappassword",
    "adminpassword",
    "adminpass",
    "masterpassword",
    "dbpwd",
    "kennwort",
    "senha",
    "contrasena",
    "wachtwoord",
    "bindpw",
];
/// Words before `pass` that say that it is a run over something: of a renderer, of a compiler.
const PASSES: &[&str] = &[
    "render",
    "shadow",
    "depth",
    "color",
    "shader",
    "effect",
    "blur",
    "bloom",
    "pipeline",
    "add",
    "find",
    "create",
    "all",
    "any",
    "both",
    "first",
    "second",
    "last",
    "next",
    "final",
    "multi",
    "single",
    "two",
    "one",
    "low",
    "high",
    "band",
    "compile",
    "compiler",
    "optimize",
    "optimization",
    "function",
    "module",
    "loop",
    "analysis",
    "boarding",
    "season",
    "test",
    "tests",
];
/// Words for what a machine makes.
const SECRETS: &[&str] = &[
    "secret",
    "secrets",
    "secretkey",
    "clientsecret",
    "appsecret",
    "apisecret",
    "consumersecret",
    "sharedsecret",
    "credential",
    "credentials",
    "cred",
    "creds",
];
const TOKENS: &[&str] = &[
    "token",
    "tokens",
    "authtoken",
    "accesstoken",
    "apitoken",
    "bearertoken",
    "refreshtoken",
    "oauthtoken",
    "usertoken",
    "bottoken",
];
const AUTHS: &[&str] = &["auth", "authorization", "masterauth", "oauth", "apiauth"];
const KEYS: &[&str] = &[
    "key",
    "keys",
    "apikey",
    "apikeys",
    "authkey",
    "accesskey",
    "appkey",
    "secretkey",
    "privatekey",
    "encryptionkey",
    "masterkey",
    "signingkey",
    "licensekey",
    "accountkey",
    "userkey",
    "devkey",
    "writekey",
    "cipherkey",
    "aeskey",
    "mackey",
    "hmackey",
    "servicekey",
    "consumerkey",
    "clientkey",
];
/// Words before `key` that say that it is a secret one.
const QUALIFIERS: &[&str] = &[
    "api",
    "secret",
    "private",
    "access",
    "auth",
    "encryption",
    "encrypt",
    "master",
    "signing",
    "sign",
    "aws",
    "account",
    "service",
    "consumer",
    "client",
    "app",
    "application",
    "user",
    "license",
    "session",
    "cipher",
    "hmac",
    "jwt",
    "aes",
    "crypto",
    "write",
    "admin",
    "server",
    "shared",
    "storage",
    "subscription",
    "integration",
    "developer",
    "dev",
    "security",
    "mac",
    "cookie",
    "oauth",
    "token",
    "webhook",
];
/// Words that say that the value is something else.
const OTHERS: &[&str] = &[
    "hash",
    "hashed",
    "digest",
    "csrf",
    "xsrf",
    "public",
    "pub",
    "cert",
    "certificate",
    "fingerprint",
    "thumbprint",
    "checksum",
    "signature",
    "primary",
    "foreign",
    "sort",
    "partition",
    "map",
    "dict",
    "next",
    "continuation",
    "page",
    "change",
    "idempotency",
    "nonce",
    "salt",
    "sync",
    "cancellation",
    "lexer",
    "parser",
    "symbol",
    "encrypted",
    "wrapped",
    "registry",
    "cache",
    "object",
    "row",
    "column",
    "field",
    "index",
    "route",
    "translation",
    "i18n",
    "menu",
    "hot",
    "short",
    "event",
    "metric",
    "label",
    "group",
    "test",
    "example",
    "dummy",
    "fake",
    "old",
    "invalid",
    "wrong",
    "bad",
    "no",
    "not",
    "is",
    "has",
    "use",
    "allow",
    "allowed",
    "require",
    "requires",
    "required",
    "reset",
    "forgot",
    "confirm",
    "min",
    "max",
    "expired",
    "show",
    "hide",
    "placeholder",
    "challenge",
    "verifier",
    "state",
    "request",
    "response",
    "trace",
    "span",
    "job",
    "upload",
    "device",
    "push",
    "message",
    "issue",
    "ssh",
    "host",
    "pem",
    "data",
    "etag",
    "cursor",
    "sha",
    "md",
    "exporter",
    "traffic",
    "resumption",
    "premaster",
];

/// What a name promises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) class: Promise,
    /// Whether the promise is the name's last word.
    pub(super) last: bool,
    pub(super) words: usize,
    /// A word in it says that the value is something else.
    pub(super) other: bool,
    pub(super) upper: bool,
}

/// What kind of value a name promises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Promise {
    #[default]
    Nothing,
    Password,
    Secret,
    Token,
    Auth,
    /// A key that a word before it calls secret.
    SecretKey,
    Key,
}

/// Reads a name.
pub(super) fn name(text: &[u8]) -> Name {
    let words = words(text);
    let mut told = Name {
        words: words.len(),
        upper: !text.iter().any(u8::is_ascii_lowercase),
        ..Name::default()
    };
    for (i, word) in words.iter().enumerate().rev() {
        let word = word.as_str();
        if told.class == Promise::Nothing {
            told.class = promise(word, i.checked_sub(1).map(|b| words[b].as_str()));
            told.last = i + 1 == words.len();
        }
        told.other |= OTHERS.contains(&word);
    }
    told
}

/// Whether a name is of a run over something, not of a password: `renderPass`, `find_pass`.
pub(in crate::detect) fn means_run(text: &[u8]) -> bool {
    match words(text).as_slice() {
        [.., before, word] => word == "pass" && PASSES.contains(&before.as_str()),
        _ => false,
    }
}

fn promise(word: &str, before: Option<&str>) -> Promise {
    if PASSWORDS.contains(&word) {
        Promise::Password
    } else if SECRETS.contains(&word) {
        Promise::Secret
    } else if TOKENS.contains(&word) {
        Promise::Token
    } else if word.len() > 4 && KEYS.contains(&word) {
        Promise::SecretKey
    } else if KEYS.contains(&word) {
        match before {
            Some(before) if QUALIFIERS.contains(&before) => Promise::SecretKey,
            _ => Promise::Key,
        }
    } else if AUTHS.contains(&word) {
        Promise::Auth
    } else {
        Promise::Nothing
    }
}

/// The words of a name in small letters: `dbPasswordHash2` is `db`, `password`, `hash`.
fn words(text: &[u8]) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    for (i, byte) in text.iter().enumerate() {
        let before = i.checked_sub(1).map_or(0, |b| text[b]);
        let behind = text.get(i + 1).copied().unwrap_or(0);
        // `dbPass`, `DBPass`
        let hump = byte.is_ascii_uppercase()
            && (before.is_ascii_lowercase()
                || before.is_ascii_uppercase() && behind.is_ascii_lowercase());
        if (hump || !byte.is_ascii_alphabetic()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if byte.is_ascii_alphabetic() {
            word.push(byte.to_ascii_lowercase() as char);
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    let more = words.len().saturating_sub(MOST);
    words.split_off(more)
}

/// The letters of a name or a value, small.
pub(super) fn letters(text: &[u8]) -> Vec<u8> {
    let only = text.iter().filter(|b| b.is_ascii_alphabetic());
    only.map(u8::to_ascii_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_at_humps_and_joints() {
        assert_eq!(words(b"dbPasswordHash2"), ["db", "password", "hash"]);
        assert_eq!(words(b"AWS_SECRET_KEY"), ["aws", "secret", "key"]);
        assert_eq!(words(b"APIKey"), ["api", "key"]);
        assert!(words(b"__").is_empty());
    }

    #[test]
    fn what_names_promise() {
        for (text, class) in [
            ("db_pass", Promise::Password),
            ("clientSecret", Promise::Secret),
            ("API_KEY", Promise::SecretKey),
            ("apikey", Promise::SecretKey),
            ("sort_key", Promise::Key),
            ("oauth_token", Promise::Token),
            ("bypass", Promise::Nothing),
            ("compass", Promise::Nothing),
            ("author", Promise::Nothing),
            ("keyboard", Promise::Nothing),
            ("monkey", Promise::Nothing),
        ] {
            assert_eq!(name(text.as_bytes()).class, class, "{text}");
        }
        for (text, is) in [
            ("renderPass", true),
            ("find_pass", true),
            ("userPass", false),
            ("pass", false),
        ] {
            assert_eq!(means_run(text.as_bytes()), is, "{text}");
        }
        assert!(name(b"passwordHash").other && !name(b"passwordHash").last);
    }
}
