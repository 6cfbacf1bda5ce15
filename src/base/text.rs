//! Text from outside made fit to show: file names and contents are written by anybody.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::path::Path;

/// A path as text, without loss: bytes that are not UTF-8 become `\xNN`, and so do a backslash
/// that such an escape could be confused with. Separators are `/` on every system.
pub fn path_text(path: &Path) -> Cow<'_, str> {
    if let Some(text) = path.to_str() {
        if cfg!(windows) && text.contains('\\') {
            return Cow::Owned(text.replace('\\', "/"));
        }
        return Cow::Borrowed(text);
    }
    let bytes = path.as_os_str().as_encoded_bytes();
    let mut out = String::with_capacity(bytes.len() + 8);
    for piece in bytes.utf8_chunks() {
        out.push_str(&piece.valid().replace('\\', "\\x5c"));
        for byte in piece.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    Cow::Owned(out)
}

/// Whether a character can drive a terminal, or reorder or hide text.
pub fn is_unsafe_to_show(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

/// Text with every control character and every character that can reorder or hide text escaped,
/// so that a file name or a line of source cannot drive the terminal it is shown on.
pub fn escape_controls(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe_to_show) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_unsafe_to_show(c) => {
                let _ = write!(out, "\\u{{{:x}}}", c as u32);
            }
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// A remote's URL without user and password, which may be a token: for whatever tells a remote.
/// What has no `://` (a path, or `user@host:path`, which holds no password) is left as it is.
pub fn without_userinfo(url: &str) -> Cow<'_, str> {
    let Some((scheme, rest)) = url.split_once("://") else {
        return Cow::Borrowed(url);
    };
    // A password may hold any sign: the last `@` before the path ends it. One that holds a `/` is
    // no URL any more, but somebody's password all the same.
    let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let end = match rest[..authority].rfind('@') {
        Some(at) => Some(at),
        None if rest[..authority].contains(':') => rest.rfind('@'),
        None => None,
    };
    match end {
        Some(at) => Cow::Owned(format!("{scheme}://{}", &rest[at + 1..])),
        None => Cow::Borrowed(url),
    }
}

/// What a message quotes of a text that somebody may have pasted anything into: short plain words
/// and ids whole, of all else its first four characters.
pub fn quote(text: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let words: Vec<&str> = text.split(['.', '-', '_', '*']).collect();
    let is_word = |word: &&str| {
        word.len() <= 14
            && word.chars().all(plain)
            && word.chars().filter(char::is_ascii_digit).count() <= 2
    };
    // Ids have a point; several words without one may be a passphrase.
    let few = words.len() <= 2 || (text.contains('.') && words.len() <= 6);
    if few && words.iter().all(is_word) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().take(4).chain(['\u{2026}']).collect())
}

/// A message of serde's in which the value or key that it complains of is [quoted](quote).
pub fn quote_value(message: &str) -> Cow<'_, str> {
    let of_serde = ["invalid ", "unknown ", "duplicate field "];
    let told = message
        .rfind(", expected")
        .or_else(|| message.rfind(", there are no"));
    let told = &message[..told.unwrap_or(message.len())];
    let (begin, end) = (told.find(['"', '`']), told.rfind(['"', '`']));
    match (begin, end) {
        (Some(begin), Some(end))
            if begin < end && of_serde.iter().any(|word| message.starts_with(word)) =>
        {
            let value = quote(&message[begin + 1..end]);
            Cow::Owned([&message[..=begin], &value, &message[end..]].concat())
        }
        _ => Cow::Borrowed(message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_a_parser_keep_values_to_themselves() {
        for (message, told) in [
            (
                "invalid type: string \"ab\\\"cd12EF\", expected a sequence",
                "invalid type: string \"ab\\\"\u{2026}\", expected a sequence",
            ),
            (
                "unknown field `nmae`, expected one of `name`, `near`",
                "unknown field `nmae`, expected one of `name`, `near`",
            ),
            (
                "unknown field `ABCD1234efgh`, expected `a` or `b`",
                "unknown field `ABCD\u{2026}`, expected `a` or `b`",
            ),
            (
                "key with no value, expected `=`",
                "key with no value, expected `=`",
            ),
        ] {
            assert_eq!(quote_value(message), told);
        }
    }

    #[test]
    fn only_plain_words_are_quoted_whole() {
        for whole in [
            "",
            "exlude",
            "github.pat-classic",
            "aws.*",
            "azure.sas-v2-key",
        ] {
            assert_eq!(quote(whole), whole);
        }
        for (text, told) in [
            ("correct-horse-battery-staple", "corr\u{2026}"),
            ("abcd efgh ijkl mnop", "abcd\u{2026}"),
            ("Xy", "Xy\u{2026}"),
            ("0a1b2c3d", "0a1b\u{2026}"),
            ("abcdefghijklmnopqrst", "abcd\u{2026}"),
        ] {
            assert_eq!(quote(text), told);
        }
    }

    #[test]
    fn remotes_are_told_without_who_and_how() {
        for (url, told) in [
            ("https://example.org/a.git", "https://example.org/a.git"),
            ("https://me@example.org/a", "https://example.org/a"),
            (
                concat!("https://me:", "%40@example.org:8443/a"),
                "https://example.org:8443/a",
            ),
            ("https://me:p@ss@example.org/a@b", "https://example.org/a@b"),
            ("https://me:p/s@example.org/a", "https://example.org/a"),
            ("https://me:p#s@example.org", "https://example.org"),
            ("https://example.org/a@b", "https://example.org/a@b"),
            ("ssh://git@example.org/a", "ssh://example.org/a"),
            ("git@example.org:a.git", "git@example.org:a.git"),
            ("../a@b", "../a@b"),
        ] {
            assert_eq!(without_userinfo(url), told);
        }
    }

    #[test]
    fn controls_and_reordering_are_escaped() {
        assert_eq!(
            escape_controls("plain/na\u{ef}ve.rs"),
            "plain/na\u{ef}ve.rs"
        );
        assert_eq!(escape_controls("a\x1b[2Jb\nc"), "a\\u{1b}[2Jb\\nc");
        assert_eq!(escape_controls("x\u{202e}y"), "x\\u{202e}y");
    }

    #[cfg(unix)]
    #[test]
    fn a_path_that_is_not_utf8_is_told_without_loss() {
        use std::os::unix::ffi::OsStrExt;
        let path = Path::new(std::ffi::OsStr::from_bytes(b"a/\xff\\b"));
        assert_eq!(path_text(path), "a/\\xff\\x5cb");
        assert_eq!(
            path_text(Path::new("a\\b")),
            if cfg!(windows) { "a/b" } else { "a\\b" }
        );
    }
}
