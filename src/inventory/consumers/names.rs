//! Names, as they are compared.

/// Words that say nothing of whose a name is. A name of such words alone is anybody's.
const ANYBODYS: &[&str] = &[
    "access",
    "api",
    "app",
    "auth",
    "authorization",
    "bearer",
    "client",
    "config",
    "credential",
    "credentials",
    "data",
    "default",
    "env",
    "id",
    "key",
    "login",
    "main",
    "my",
    "name",
    "pass",
    "passphrase",
    "passwd",
    "password",
    "private",
    "pwd",
    "secret",
    "secrets",
    "string",
    "test",
    "the",
    "token",
    "tokens",
    "user",
    "username",
    "value",
    "x",
];

/// What a key's path calls its value: `TOKEN` of `jobs.build.env.TOKEN`, `DB` of
/// `spec.containers[web].env[DB].value`.
pub(super) fn slot_name(key: &str) -> Option<&str> {
    let mut parts = key.rsplit('.');
    let mut last = parts.next()?;
    if matches!(last, "value" | "default")
        && let Some(before) = parts.next()
    {
        last = before;
    }
    let (name, item) = match last.split_once('[') {
        Some((name, item)) => (name, item.split(']').next().unwrap_or_default()),
        None => (last, ""),
    };
    let is_number = item.bytes().all(|b| b.is_ascii_digit());
    let told = if is_number { name } else { item };
    (!told.is_empty()).then_some(told)
}

/// The last part of a name in a store: `password` of `db-credentials/password`, `key` of
/// `secret/data/app#key`.
pub(super) fn last_of(name: &str) -> &str {
    name.rsplit(['/', '#', '.', ':']).next().unwrap_or(name)
}

/// A name without signs, in lower case: `DB_PASSWORD` and `db-password` are the same.
pub(super) fn plain(name: &str) -> String {
    let kept = name.chars().filter(|c| c.is_alphanumeric());
    kept.flat_map(char::to_lowercase).collect()
}

/// Whether a name says enough not to be anybody's: it has a word that is not one of a hundred others.
pub(super) fn is_telling(name: &str) -> bool {
    let mut words: Vec<String> = Vec::new();
    let mut before_lower = false;
    for c in name.chars() {
        let begins = before_lower && c.is_uppercase();
        before_lower = c.is_lowercase() || c.is_ascii_digit();
        if !c.is_alphanumeric() {
            words.push(String::new());
            continue;
        }
        if begins || words.is_empty() {
            words.push(String::new());
        }
        if let Some(last) = words.last_mut() {
            last.extend(c.to_lowercase());
        }
    }
    let says = |w: &String| {
        w.len() > 1 && !ANYBODYS.contains(&&**w) && !w.bytes().all(|b| b.is_ascii_digit())
    };
    plain(name).len() >= 6
        && words.iter().filter(|w| !w.is_empty()).count() > 1
        && words.iter().any(says)
}

/// The folder of a file; empty at the top.
pub(super) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// What a path means that a file of this folder names: `./x`, `../y`. What leads above the top stays as
/// it is, and is no file of the repository.
pub(super) fn in_folder(folder: &str, named: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|p| !p.is_empty()).collect();
    if named.starts_with(['/', '~', '$']) {
        return named.to_owned();
    }
    for part in named.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                if parts.pop().is_none() {
                    return named.to_owned();
                }
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}
