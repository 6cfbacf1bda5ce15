//! Calls that take a user's name before the secret: `NetworkCredential("user", "secret")`,
//! `set_password("service", "user", "secret")`.

use super::{Assignment, blanks, peek, quoted};
use crate::base::Span;

/// How many arguments are looked at.
const MOST: usize = 3;

/// How far before a name its line is read for a call of Gradle's, in bytes.
const BUILD: usize = 64;

/// What begins the names of calls that take a password behind whose it is. What hashes one takes
/// it first.
const VERBS: &[&str] = &[
    "set", "store", "save", "add", "verify", "check", "validate", "change", "update", "reset",
];

/// Of a call's quoted arguments the one that is secret, given the first.
pub(super) fn secret_of(text: &[u8], first: Assignment) -> Assignment {
    if first.operator != b'(' {
        return first;
    }
    let name = first.name.of(text);
    let most = if is_credential(name) {
        2
    } else if takes_user(name) {
        MOST
    } else {
        1
    };
    let mut told = first;
    for _ in 1..most {
        let Some(next) = next(text, told) else {
            break;
        };
        told = next;
    }
    told
}

/// Whether a name makes credentials of a user's name and a password: `NetworkCredential`.
fn is_credential(name: &[u8]) -> bool {
    let name = name.strip_suffix(b"s").unwrap_or(name);
    name.len() > 10 && name.ends_with(b"Credential")
}

/// Whether a name is a verb and a password: `db.store_password`, `setPassword`.
fn takes_user(name: &[u8]) -> bool {
    let last = name.rsplit(|b| *b == b'.').next().unwrap_or(name);
    let word: String = last
        .iter()
        .filter(|b| **b != b'_')
        .map(|b| char::from(b.to_ascii_lowercase()))
        .collect();
    word.strip_suffix("password")
        .is_some_and(|verb| VERBS.contains(&verb.strip_suffix("user").unwrap_or(verb)))
}

/// The quoted argument behind another one.
fn next(text: &[u8], before: Assignment) -> Option<Assignment> {
    // Within a string quotes have backslashes before them.
    let ends = usize::from(peek(text, before.value.end) == b'\\');
    let comma = blanks(text, before.value.end + ends + 1);
    let begin = blanks(text, comma + 1);
    let escaped = peek(text, begin) == b'\\';
    let open = begin + usize::from(escaped);
    let quote = peek(text, open);
    let is_quoted = peek(text, comma) == b',' && matches!(quote, b'"' | b'\'');
    is_quoted.then(|| quoted(text, before.name, before.operator, open, quote, escaped))?
}

/// Whether a quoted name stands behind a type in a line of Gradle that makes a constant of it:
/// `buildConfigField "String", "API_KEY", "..."`.
pub(super) fn of_build(text: &[u8], name: Span) -> bool {
    let before = &text[name.start.saturating_sub(BUILD)..name.start];
    let line = before.rsplit(|b| *b == b'\n').next().unwrap_or(before);
    [b"buildConfigField".as_slice(), b"resValue"]
        .iter()
        .any(|call| memchr::memmem::find(line, call).is_some())
}

/// The value of such a constant, without the quotes that Java wants around it.
pub(super) fn field(text: &[u8], name: Span, at: usize) -> Option<Assignment> {
    let open = blanks(text, at);
    let quote = peek(text, open);
    if !matches!(quote, b'"' | b'\'') {
        return None;
    }
    let told = quoted(text, name, b',', open, quote, false)?;
    let inner = |b: &&u8| matches!(b, b'"' | b'\\');
    let value = told.value.of(text);
    let (before, behind) = (
        value.iter().take_while(inner).count(),
        value.iter().rev().take_while(inner).count(),
    );
    (before + behind < value.len()).then(|| Assignment {
        value: Span::new(told.value.start + before, told.value.end - behind),
        ..told
    })
}

#[cfg(test)]
mod tests {
    use super::super::assignment_at;

    #[test]
    fn the_secret_stands_behind_whose_it_is() {
        for (line, value) in [
            ("new PasswordCredential(\"a\", \"b\")", "b"),
            ("db.store_password(\"alice\", \"b\")", "b"),
            ("keyring.set_password('service', 'alice', 'b')", "b"),
            ("checkUserPassword(\"alice\", \"b\")", "b"),
            ("setPassword(\"b\")", "b"),
            (r#""check_password(\"alice\", \"b\")""#, "b"),
            (
                "buildConfigField \"String\", \"PASSWORD\", \"\\\"b\\\"\"",
                "b",
            ),
            ("resValue 'string' , 'password' , 'b'", "b"),
            ("setPassword(\"b\", alice)", "b"),
            ("hashPassword(\"b\", \"salt\")", "b"),
        ] {
            let stem = line.to_lowercase().find("password").expect("a name");
            let told = assignment_at(line.as_bytes(), stem).expect("an assignment");
            assert_eq!(&line[told.value.start..told.value.end], value, "{line}");
        }
    }
}
