//! Hashes that stand where tokens could: lock files, integrity attributes, digests, commits.
//!
//! Asked only of patterns without a prefix of their own: they see any hex or base64 of the right
//! length.

use std::path::Path;

use crate::base::Span;
use crate::detect::Rejection;
use crate::detect::generic;

/// Words that stand directly before a hash on its line.
const BEFORE: &[&str] = &[
    "sha",
    "sha1",
    "sha-1",
    "sha224",
    "sha256",
    "sha-256",
    "sha384",
    "sha512",
    "sha-512",
    "md5",
    "blake2",
    "integrity",
    "checksum",
    "digest",
    "commit",
    "revision",
    "rev",
    "git-tree",
    "etag",
    "h1:",
    "fingerprint",
    "thumbprint",
    "hash",
    "blob",
    "blobs",
    "tree",
    "trees",
    "commits",
    "compare",
    "statuses",
    "formerly",
    "parent",
    "raw/",
    "ref=",
    "<<<<<<<",
    ">>>>>>>",
    "x-amz-content",
    "nonce",
    "nix/store",
];

/// Those of them that name an object of git.
const OBJECTS: &[&str] = &[
    "commit", "commits", "compare", "statuses", "formerly", "revision", "rev", "git-tree", "blob",
    "blobs", "tree", "trees", "parent", "raw/", "ref=", "<<<<<<<", ">>>>>>>",
];

/// How far before the match such a word may end, in bytes.
const REACH: usize = 24;

/// The longest hash in base64, in bytes.
const HASH: usize = 88;

/// Rejects a match that a digest's name stands before.
pub(super) fn judge(text: &[u8], span: Span) -> Result<(), Rejection> {
    // `owner/name@<commit>`, `package.tgz#<sha1>`
    let hex = |b: &u8| b.is_ascii_hexdigit();
    let pinned = span
        .start
        .checked_sub(1)
        .is_some_and(|i| matches!(text[i], b'@' | b'#'));
    if pinned && matches!(span.len(), 40 | 64) && span.of(text).iter().all(hex) {
        return Err(Rejection::Integrity("pinned"));
    }
    // `17680888/40040137-8e3323a6-...`: a part of a longer name.
    let number = text[..span.start].strip_suffix(b"-");
    let digits = number.map_or(0, |n| {
        n.iter().rev().take_while(|b| b.is_ascii_digit()).count()
    });
    if digits >= 4 && generic::is_uuid(span.of(text)) {
        return Err(Rejection::Integrity("a part of a longer name"));
    }
    // `h1:ab/...`, `sha512-ab/...`: behind a slash within the hash itself.
    let run = text[span.start.saturating_sub(HASH)..span.start]
        .iter()
        .rev()
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'))
        .count();
    let opening = &text[..span.start - run];
    let algorithm = [
        b"h1:".as_slice(),
        b"sha1-",
        b"sha256-",
        b"sha384-",
        b"sha512-",
    ]
    .iter()
    .any(|word| opening.ends_with(word));
    if run > 0 && algorithm {
        return Err(Rejection::Integrity("a part of a hash"));
    }
    // `/entities/<id>/factors`; in `/forecast/<key>/52,13` nothing is one of many.
    let within = text[..span.start].ends_with(b"s/") && text.get(span.end) == Some(&b'/');
    if within && span.of(text).iter().all(hex) {
        return Err(Rejection::Integrity("an id within a path"));
    }
    let low = span.start.saturating_sub(REACH);
    let before = text[low..span.start].to_ascii_lowercase();
    let line = before.rsplit(|b| *b == b'\n').next().unwrap_or(&before);
    for word in BEFORE {
        let found = line.windows(word.len()).rposition(|w| w == word.as_bytes());
        let Some(at) = found else { continue };
        let begins = at == 0 || !line[at - 1].is_ascii_alphanumeric();
        let behind = &line[at + word.len()..];
        // Only joints may stand between: `sha256-`, `integrity="`, `commit: `. What git names so
        // is hex.
        if OBJECTS.contains(word) && !span.of(text).iter().all(u8::is_ascii_hexdigit) {
            continue;
        }
        // `Former-commit-id: `
        // `thumbprint_list = ["`, `thumbprints: `
        let behind = [b"-id".as_slice(), b"_list", b"s"]
            .iter()
            .find_map(|more| behind.strip_prefix(*more))
            .unwrap_or(behind);
        if begins && behind.iter().all(|b| !b.is_ascii_alphanumeric()) {
            return Err(Rejection::Integrity(word));
        }
    }
    // `compare/<commit>...<commit>`
    let first = text[..span.start].strip_suffix(b"...");
    let is_range = first.is_some_and(|first| {
        first.len() >= span.len() && first[first.len() - span.len()..].iter().all(hex)
    });
    if is_range && span.of(text).iter().all(hex) {
        return Err(Rejection::Integrity("a range of commits"));
    }
    Ok(())
}

/// Rejects hex as long as a commit's name in what people wrote into a commit or a tag, unless it is
/// assigned there: messages name other commits.
pub(super) fn of_message(path: &Path, text: &[u8], span: Span) -> Result<(), Rejection> {
    let path = path.as_os_str().as_encoded_bytes();
    let hex = || matches!(span.len(), 40 | 64) && span.of(text).iter().all(u8::is_ascii_hexdigit);
    if path.ends_with(b".git-blame-ignore-revs") && hex() {
        return Err(Rejection::Integrity("a commit, in a list of them"));
    }
    // One string of many in JSON, and no name before it.
    if path.ends_with(b".json") && hex() && is_of_list(text, span) {
        return Err(Rejection::Integrity("an id, in a list"));
    }
    if !path.starts_with(b"commit:") && !path.starts_with(b"tag:") {
        return Ok(());
    }
    let is_name = matches!(span.len(), 40 | 64) && span.of(text).iter().all(u8::is_ascii_hexdigit);
    let before = text[..span.start].trim_ascii_end();
    let before = before
        .strip_suffix(b"\"")
        .or(before.strip_suffix(b"'"))
        .unwrap_or(before);
    if is_name && !matches!(before.trim_ascii_end().last(), Some(b'=' | b':')) {
        return Err(Rejection::Integrity("a commit, in a message"));
    }
    Ok(())
}

/// Whether a match is all of a string that has a line of its own in a list: `"...",`.
fn is_of_list(text: &[u8], span: Span) -> bool {
    let before = text[..span.start]
        .strip_suffix(b"\"")
        .map(<[u8]>::trim_ascii_end);
    let behind = text[span.end..].strip_prefix(b"\"");
    let begins = before.is_some_and(|b| {
        matches!(b.last(), Some(b'[' | b',')) && text[b.len()..span.start].contains(&b'\n')
    });
    begins && behind.is_some_and(|b| matches!(b.trim_ascii_start().first(), Some(b',' | b']')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_lists_and_parts_of_hashes() {
        let hex = "0a1b2c3d".repeat(5);
        for (before, after, path, is) in [
            ("[\n  1,\n  \"", "\",\n  2\n]", "jobs.json", true),
            ("[\n  1,\n  \"", "\",\n  2\n]", "jobs.py", false),
            ("{\n  \"key\": \"", "\",\n", "jobs.json", false),
            ("key\n", "\n", ".git-blame-ignore-revs", true),
            ("key\n", "\n", ".git-ignore-revs", false),
        ] {
            let text = format!("{before}{hex}{after}");
            let span = Span::new(before.len(), before.len() + hex.len());
            let told = of_message(Path::new(path), text.as_bytes(), span);
            assert_eq!(told.is_err(), is, "{text}");
        }
        let inner = "Kq7ZpXw3RtVn5LmY8sHd";
        for (before, is) in [
            ("x v1.0.0 h1:fE/", true),
            ("\"integrity\": \"sha512-fE/Kx+", true),
            ("key: fE/", false),
        ] {
            let text = format!("{before}{inner}");
            let span = Span::new(before.len(), text.len());
            assert_eq!(judge(text.as_bytes(), span).is_err(), is, "{text}");
        }
    }

    #[test]
    fn a_message_names_commits_and_a_range_has_two() {
        let hex = "0a1b2c3d".repeat(5);
        for (before, is) in [
            ("Bumps the scanner from ", true),
            ("- [`", true),
            ("SCANNER_TOKEN=", false),
            ("token: '", false),
        ] {
            let text = format!("{before}{hex}`");
            let span = Span::new(before.len(), before.len() + hex.len());
            let told = |path: &str| of_message(Path::new(path), text.as_bytes(), span).is_err();
            assert_eq!(told("commit:00"), is, "{text}");
            assert!(!told("a.env"), "{text}");
        }
        let range = format!("compare/{hex}...{hex}");
        let second = Span::new(range.len() - hex.len(), range.len());
        assert!(judge(range.as_bytes(), second).is_err());
    }

    #[test]
    fn what_git_names_is_hex() {
        let hex = "0a1b2c3d".repeat(5);
        for (before, value, is) in [
            ("commit: ", hex.as_str(), true),
            ("do_not_commit = ", "Kq7ZpXw3RtVn5LmY8sHd", false),
            ("sha256-", "Kq7ZpXw3RtVn5LmY8sHd", true),
        ] {
            let text = format!("{before}{value}");
            let span = Span::new(before.len(), text.len());
            assert_eq!(judge(text.as_bytes(), span).is_err(), is, "{text}");
        }
    }

    #[test]
    fn a_digest_by_name_is_no_credential() {
        let hex = "0f".repeat(20);
        for (line, rejected) in [
            (format!("\"integrity\": \"{hex}\""), true),
            (format!("sha256-{hex}"), true),
            (format!("commit {hex}"), true),
            (format!("SHA:    \"{hex}"), true),
            (format!("alpha: \"{hex}"), false),
            (format!("api_key = {hex}"), false),
            (format!("commit: x\nkey = {hex}"), false),
            (format!("recommit_key {hex}"), false),
            (format!("owner/name@{hex}"), true),
            (format!("name-1.0.tgz#{hex}"), true),
            (format!("/v2/entities/{hex}/factors"), true),
            (
                format!("https://git.example.com/api/v1/git/blobs/{hex}\""),
                true,
            ),
            (
                format!("https://git.example.com/x/compare/{hex}...main"),
                true,
            ),
            (format!("Former-commit-id: {hex}"), true),
            (format!("[formerly {hex}]"), true),
            (format!(">>>>>>> {hex}"), true),
            (format!("https://h.example/a/raw/{hex}/.ci"), true),
            (format!("schema.graphql?ref={hex}"), true),
            (format!("thumbprint_list = [\"{hex}"), true),
            (format!("thumbprints: {hex}"), true),
            (format!("commit-key: {hex}"), false),
            (format!("https://api.example.com/{hex}"), false),
            (
                format!("https://api.example.com/forecast/{hex}/52,13"),
                false,
            ),
        ] {
            let start = line.find(&hex).unwrap();
            let told = judge(line.as_bytes(), Span::new(start, start + hex.len()));
            assert_eq!(told.is_err(), rejected, "{line}");
        }
    }
}
