//! Names fit to show. A file may have a secret where a name should be.

use std::borrow::Cow;

/// The longest name that is told, in characters.
const LENGTH: usize = 200;

/// The shortest run of letters and digits that may be a token.
const RUN: usize = 16;

/// A name without what looks like a token in it: of a run of sixteen or more letters and digits that mixes
/// lower and upper case and digits as no name in camel case does, or of one of twenty or more with digits and
/// letters of one case, its first four are left. Names of secrets, roles and accounts have no such runs; keys do.
pub fn shown(name: &str) -> Cow<'_, str> {
    let name = name.trim();
    let out = masked(name);
    if out.chars().nth(LENGTH).is_none() {
        return out;
    }
    Cow::Owned(out.chars().take(LENGTH).chain(['\u{2026}']).collect())
}

/// A text of any length with its tokens cut.
fn masked(text: &str) -> Cow<'_, str> {
    let runs = || text.split(|c: char| !c.is_ascii_alphanumeric());
    if !runs().any(is_token) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for run in runs() {
        if is_token(run) {
            out.push_str(&run[..4]);
            out.push('\u{2026}');
        } else {
            out.push_str(run);
        }
        at += run.len();
        if let Some(c) = text[at..].chars().next() {
            out.push(c);
            at += c.len_utf8();
        }
    }
    Cow::Owned(out)
}

/// The same of a text that is owned.
pub(super) fn without_tokens(text: String) -> String {
    let cut = match masked(&text) {
        Cow::Owned(cut) => Some(cut),
        Cow::Borrowed(_) => None,
    };
    cut.unwrap_or(text)
}

/// A version fit to show: the id of a commit is no token.
pub(super) fn version(text: &str) -> Cow<'_, str> {
    let is_id = matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit());
    if is_id {
        Cow::Borrowed(text)
    } else {
        shown(text)
    }
}

fn is_token(run: &str) -> bool {
    let bytes = run.as_bytes();
    let has = |is: fn(&u8) -> bool| bytes.iter().any(is);
    let (lower, upper) = (has(u8::is_ascii_lowercase), has(u8::is_ascii_uppercase));
    let digits = bytes.iter().filter(|b| b.is_ascii_digit()).count();
    if !(lower && upper) {
        return run.len() >= RUN + 4 && digits > 1 && (lower || upper);
    }
    // Where one kind of sign follows another; a capital before small letters is how words begin.
    let kind = |b: u8| (b.is_ascii_digit(), b.is_ascii_uppercase());
    let changes = bytes.windows(2).filter(|w| {
        let begins = w[0].is_ascii_uppercase() && w[1].is_ascii_lowercase();
        kind(w[0]) != kind(w[1]) && !begins
    });
    run.len() >= RUN && digits > 0 && changes.count() * 4 >= run.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_and_tokens_are_not() {
        for name in [
            "NPM_TOKEN",
            "arn:aws:iam::123456789012:role/github-deploy",
            "projects/123456789012/locations/global/workloadIdentityPools/github/providers/main",
            "deployer@my-project-123456.iam.gserviceaccount.com",
            "5f3c2b1a-0d9e-4c8b-a7f6-0123456789ab",
            "secret/data/team/app#password",
            "AmazonEC2ContainerRegistryReadOnly",
            "token.actions.githubusercontent.com",
        ] {
            assert_eq!(shown(name), name);
        }
        let key = ["AKIA", "Q3EGTXYZ", "ABCD2345"].concat();
        assert_eq!(shown(&key), "AKIA\u{2026}");
        let token = format!("ghp_{}", "aB3dE5fG7hJ9kL1mN3pQ".repeat(2));
        assert_eq!(shown(&token), "ghp_aB3d\u{2026}");
        assert_eq!(shown(&"x/".repeat(500)).chars().count(), LENGTH + 1);
    }
}
