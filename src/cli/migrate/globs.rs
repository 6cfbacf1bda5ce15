//! Expressions over paths as globs in the syntax of `.gitignore`.
//!
//! Only what says the same as a glob: names, `.*`, `[^/]*`, classes, alternatives, the begin and the
//! end. A glob leaves files out, so one that said more than its expression would hide findings.

use regex_syntax::hir::{Hir, HirKind, Look};

use super::expression::{Expression, bytes_of};
use super::print::Bytes;

/// How many globs one expression may become.
const GLOBS: usize = 48;

/// What a path is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    /// This byte.
    Byte(u8),
    /// One of these bytes, `/` not among them.
    Class(Vec<u8>),
    /// Any bytes, `/` too.
    Any,
    /// Any bytes but `/`.
    Name,
    /// The path begins (ends) here.
    End,
    /// The path or a name in it begins here.
    NameStart,
}

/// The globs of an expression, which is looked for anywhere in the path from the top of the
/// repository.
///
/// # Errors
///
/// Why there are none.
pub fn globs(go: &str) -> Result<Vec<String>, String> {
    let expression = Expression::parse(go)?;
    let mut globs: Vec<String> = Vec::new();
    for way in ways(expression.hir())? {
        for glob in written(way)? {
            if !globs.contains(&glob) {
                globs.push(glob);
            }
        }
    }
    if globs.is_empty() || globs.iter().any(|g| g.trim_matches(['*', '/']).is_empty()) {
        return Err("it matches every path".to_owned());
    }
    Ok(globs)
}

fn no_glob(what: &str) -> String {
    format!("no glob says {what}")
}

fn ways(hir: &Hir) -> Result<Vec<Vec<Piece>>, String> {
    let single = |piece| Ok(vec![vec![piece]]);
    let found = match hir.kind() {
        HirKind::Empty => vec![Vec::new()],
        HirKind::Literal(bytes) => vec![bytes.0.iter().copied().map(Piece::Byte).collect()],
        HirKind::Class(class) => return single(one_of(&bytes_of(class))),
        HirKind::Look(Look::Start | Look::End) => return single(Piece::End),
        HirKind::Look(_) => return Err(no_glob("a word's edge")),
        HirKind::Capture(capture) => ways(&capture.sub)?,
        HirKind::Concat(parts) => {
            let mut all: Vec<Vec<Piece>> = vec![Vec::new()];
            for part in parts {
                let more = ways(part)?;
                if all.len() * more.len() > GLOBS {
                    return Err(format!("it would take more than {GLOBS} globs"));
                }
                let joined = all.iter().flat_map(|one| {
                    more.iter()
                        .map(move |way| [one.as_slice(), way.as_slice()].concat())
                });
                all = joined.collect();
            }
            all
        }
        HirKind::Alternation(parts) => {
            let mut all = Vec::new();
            for part in parts {
                all.extend(ways(part)?);
            }
            // `(^|/)`: where a name begins.
            if all.len() == 2
                && all.contains(&vec![Piece::End])
                && all.contains(&vec![Piece::Byte(b'/')])
            {
                return single(Piece::NameStart);
            }
            all
        }
        HirKind::Repetition(repetition) => {
            let class = match repetition.sub.kind() {
                HirKind::Class(class) => bytes_of(class).iter().collect(),
                _ => Vec::new(),
            };
            let most = |without: &[u8]| {
                let all = (0..=u8::MAX).filter(|b| *b != b'\n' && !without.contains(b));
                all.clone().all(|b| class.contains(&b)) && class.len() <= all.count() + 1
            };
            let many = match repetition.max {
                None if most(&[]) => Some(Piece::Any),
                None if most(b"/") && !class.contains(&b'/') => Some(Piece::Name),
                _ => None,
            };
            let (times, tail) = match (many, repetition.max) {
                (Some(many), _) => (repetition.min, Some(many)),
                (None, Some(max)) if max <= repetition.min + 1 && max <= 64 => {
                    (repetition.min, None)
                }
                _ => return Err(no_glob("how often a class of characters may repeat")),
            };
            let mut all: Vec<Vec<Piece>> = vec![Vec::new()];
            let inner = ways(&repetition.sub)?;
            let is_any = matches!(tail, Some(Piece::Any | Piece::Name));
            for turn in 0..repetition
                .max
                .map_or(times, |max| if is_any { times } else { max })
            {
                let mut next = if turn >= times {
                    all.clone()
                } else {
                    Vec::new()
                };
                for one in &all {
                    next.extend(inner.iter().map(|way| [one.as_slice(), way].concat()));
                }
                all = next;
                if all.len() > GLOBS {
                    return Err(format!("it would take more than {GLOBS} globs"));
                }
            }
            for way in &mut all {
                way.extend(tail.clone());
            }
            all
        }
    };
    if found.len() > GLOBS {
        return Err(format!("it would take more than {GLOBS} globs"));
    }
    Ok(found)
}

/// A class without `/`: a `.` in a name means any byte, and most often a dot. What it leaves in is
/// found.
fn one_of(set: &Bytes) -> Piece {
    let bytes: Vec<u8> = set.iter().filter(|b| *b != b'/').collect();
    match bytes.as_slice() {
        [] => Piece::Byte(b'/'),
        [one] if set.iter().count() == 1 => Piece::Byte(*one),
        _ => Piece::Class(bytes),
    }
}

/// The globs of one way.
fn written(mut way: Vec<Piece>) -> Result<Vec<String>, String> {
    let mut start = "/";
    match way.first() {
        Some(Piece::End) => drop(way.remove(0)),
        Some(Piece::NameStart) => {
            way.remove(0);
            start = "**/";
        }
        _ => way.insert(0, Piece::Any),
    }
    let mut is_open = true;
    // `(/|$)` ends a name as it begins one.
    while matches!(way.last(), Some(Piece::End | Piece::NameStart)) {
        way.pop();
        is_open = false;
    }
    while way.last() == Some(&Piece::Any) || is_open && way.last() == Some(&Piece::Name) {
        way.pop();
        is_open = true;
    }
    let mut all = vec![start.to_owned()];
    for piece in &way {
        let mut next = Vec::new();
        for mut glob in std::mem::take(&mut all) {
            match piece {
                Piece::End | Piece::NameStart => {
                    return Err(no_glob("an end in the middle of a path"));
                }
                Piece::Byte(b'/') if glob.ends_with('/') => {
                    return Err("no path has an empty name".to_owned());
                }
                Piece::Byte(b'/') => glob.push('/'),
                Piece::Byte(byte) => plain(*byte, &mut glob),
                Piece::Class(bytes) => class(bytes, &mut glob),
                Piece::Any if glob.ends_with("**/") => glob.push('*'),
                Piece::Any if glob.ends_with('/') => glob.push_str("**/*"),
                Piece::Any if glob.ends_with('*') => next.push(format!("{glob}/**/*")),
                Piece::Any => {
                    next.push(format!("{glob}*/**/*"));
                    glob.push('*');
                }
                Piece::Name if glob.ends_with('*') => {}
                Piece::Name => glob.push('*'),
            }
            next.push(glob);
        }
        if next.len() > GLOBS {
            return Err(format!("it would take more than {GLOBS} globs"));
        }
        all = next;
    }
    let finish = |mut glob: String| {
        if is_open && !glob.ends_with('/') && !glob.ends_with('*') {
            glob.push('*');
        }
        if glob.starts_with("/**/*") && !glob.starts_with("/**/*/") {
            glob.remove(0);
        }
        shorter(glob)
    };
    Ok(all.into_iter().map(finish).collect())
}

/// Without what says nothing.
fn shorter(glob: String) -> String {
    match glob.strip_prefix("**/") {
        Some(rest)
            if !rest.trim_end_matches('/').contains('/')
                && !rest.starts_with(['!', '#', '\\', ' '])
                && !rest.is_empty() =>
        {
            rest.to_owned()
        }
        _ => glob,
    }
}

fn plain(byte: u8, out: &mut String) {
    match byte {
        b'*' | b'?' | b'[' | b']' | b'{' | b'}' | b'\\' | b'!' | b'#' | b' ' => {
            out.push('\\');
            out.push(char::from(byte));
        }
        0x21..=0x7e => out.push(char::from(byte)),
        _ => out.push('?'),
    }
}

fn class(bytes: &[u8], out: &mut String) {
    if bytes.len() > 128 {
        // `.`, or nearly all: any one character.
        out.push('?');
        return;
    }
    out.push('[');
    for byte in bytes {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'_' | b'.' | b'+' | b'=' | b',' => {
                out.push(char::from(*byte));
            }
            _ => {
                out.push('\\');
                out.push(char::from(*byte));
            }
        }
    }
    out.push(']');
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// Expressions, paths they match and paths they do not; the matches are worked out by hand.
    #[test]
    fn globs_leave_out_what_the_expression_matches() {
        for (go, matched, not) in [
            (r"\.png$", &["a.png", "x/y.png"][..], &["png", "a.png2"][..]),
            (
                r"^vendor/",
                &["vendor/a", "vendor/a/b"],
                &["x/vendor/a", "vendored"],
            ),
            (
                r"vendor/",
                &["vendor/a", "x/vendor/a", "my-vendor/a"],
                &["vendor"],
            ),
            (r"/vendor/", &["x/vendor/a", "x/y/vendor/a"], &["vendor/a"]),
            (r"(^|/)test/", &["test/a", "x/test/a"], &["mytest/a"]),
            (
                r"(?:^|/)node_modules(?:/.*)?$",
                &["node_modules/a/b", "x/node_modules/a"],
                &["my_node_modules/a"],
            ),
            (
                r"go\.(mod|sum)$",
                &["go.mod", "x/go.sum", "cargo.mod"],
                &["go.mods", "x.mod"],
            ),
            (
                r"^src/.*_test\.go$",
                &["src/a_test.go", "src/x/y/b_test.go"],
                &["a_test.go", "src/a.go"],
            ),
            (
                r"fixtures",
                &["fixtures/a", "x/my-fixtures-2/a/b"],
                &["fixture/a"],
            ),
            (
                r"a/[^/]+/b\.txt$",
                &["a/x/b.txt", "y/a/x/b.txt"],
                &["a/b.txt", "a/x/y/b.txt"],
            ),
            (
                r"^package-lock.json$",
                &["package-lock.json"],
                &["x/package-lock.json"],
            ),
            (
                r"(?i)readme\.md",
                &["README.md", "x/ReadMe.md"],
                &["read.md"],
            ),
            (r"v[0-9]{2}/k$", &["v12/k"], &["v1/k", "v123/k2"]),
            (
                r".*\.lock",
                &["a.lock", "x/b.lock", "b.lock.old"],
                &["lock"],
            ),
            (r"a.*b/c$", &["ab/c", "axb/c", "ax/yb/c"], &["a/c"]),
            (
                r"(^|/)dist(/|$)",
                &["dist/a", "x/dist", "x/dist/b/c"],
                &["dist2/a"],
            ),
        ] {
            let all = globs(go).unwrap();
            let mut set = straykey::sources::Globs::default();
            for glob in &all {
                set.add(glob, None).unwrap();
            }
            for path in matched {
                assert!(set.matches(Path::new(path)), "{go} {path}: {all:?}");
            }
            for path in not {
                assert!(!set.matches(Path::new(path)), "{go} {path}: {all:?}");
            }
        }
    }

    #[test]
    fn what_no_glob_says_is_refused() {
        for go in [
            r"",
            r".*",
            r"x\d+\.txt$",
            r"\bx\b",
            r"[a-z]*\.key$",
            "(",
            r"^",
        ] {
            assert!(globs(go).is_err(), "{go}");
        }
        assert_eq!(globs(r"\.png$").unwrap(), ["*.png"]);
        assert_eq!(globs(r"^vendor/").unwrap(), ["/vendor/"]);
        assert_eq!(globs(r"(^|/)test/").unwrap(), ["test/"]);
    }
}
