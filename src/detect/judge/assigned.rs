//! Values that are assigned to names: literals or references, secrets or words.

use super::Scene;
use super::words::{ABOUT, COMMON, REFERENCES};
use crate::detect::assignment::Assignment;
use crate::detect::patterns::{Class, Confidence, Pattern};
use crate::detect::{Judged, Rejection, entropy};

/// Judges an assignment whose name and value have the right look.
pub(super) fn judge(
    scene: &Scene<'_>,
    pattern: &Pattern,
    assignment: Assignment,
    judged: &mut Judged,
) -> Result<(), Rejection> {
    let (name, value) = (
        assignment.name.of(scene.text),
        assignment.value.of(scene.text),
    );
    let last = last_word(name);
    if ABOUT.contains(&last.as_str()) {
        return Err(Rejection::Reference(
            "the name is about a secret, not of one",
        ));
    }
    reference(value)?;
    if assignment.quote == 0 && is_code(scene) && assignment.operator != b'>' {
        return Err(Rejection::Reference("an expression in code"));
    }
    if assignment.quote == 0 && (value.contains(&b'(') || value.ends_with(b":") || dotted(value)) {
        return Err(Rejection::Reference("an expression"));
    }
    if value.contains(&b' ') {
        return Err(Rejection::Words);
    }
    // Markup within a string, or a string within markup.
    let entity = |w: &&[u8]| value.windows(w.len()).any(|l| l == *w);
    if [b"&lt".as_slice(), b"&gt", b"&quot", b"\\["]
        .iter()
        .any(entity)
    {
        return Err(Rejection::Reference("markup"));
    }
    // `label: "Password:", hint: "..."`: what stands between two strings.
    if assignment.quote != 0 && matches!(value[0], b',' | b';' | b')') {
        return Err(Rejection::Reference("text between two strings"));
    }
    if like_name(name, value) {
        return Err(Rejection::Words);
    }
    if unasked(name) {
        return Err(Rejection::Reference("a token of a form, or a public one"));
    }
    if assignment.quote == 0 && another_assignment(value) {
        return Err(Rejection::Reference("another assignment"));
    }
    // `user/password: ...` labels two values at once, or is a path.
    if assignment.name.start > 0 && scene.text[assignment.name.start - 1] == b'/' {
        judged.confidence = Confidence::Low;
    }
    if pattern.class == Class::Password {
        password(value, judged)
    } else {
        token(value, judged)?;
        if begins_like_known(scene, value) {
            judged.confidence = Confidence::Low;
        }
        Ok(())
    }
}

/// Whether a bare value is an assignment itself (`password=,domain=x`).
fn another_assignment(value: &[u8]) -> bool {
    let Some(equals) = value.iter().position(|b| *b == b'=') else {
        return false;
    };
    let name = &value[..equals];
    name.len() >= 3
        && name
            .iter()
            .all(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'.'))
        && !value.ends_with(b"==")
}

/// Whether a value says that it is for trying things out.
fn of_a_sandbox(value: &[u8]) -> bool {
    let lower = value.to_ascii_lowercase();
    ["sandbox", "sbx_", "sbx-", "test_", "test-"]
        .iter()
        .any(|w| lower.windows(w.len()).any(|l| l == w.as_bytes()))
}

/// Whether a name tells of a token that opens nothing: against forged forms, or published.
fn unasked(name: &[u8]) -> bool {
    let lower = name.to_ascii_lowercase();
    ["csrf", "xsrf", "authenticity", "public"]
        .iter()
        .any(|w| lower.windows(w.len()).any(|l| l == w.as_bytes()))
}

/// Whether a value begins as the tokens of a known kind do. It is not one, or that kind's own
/// pattern would have taken it: cut short, made up, or mistyped.
fn begins_like_known(scene: &Scene<'_>, value: &[u8]) -> bool {
    scene
        .patterns
        .iter()
        .filter(|p| p.prefix.len() >= 4 || p.prefix.len() == 3 && p.prefix.ends_with(['-', '_']))
        .any(|p| value.starts_with(p.prefix.as_bytes()))
}

/// The password in a URL: a literal, not a placeholder.
pub(super) fn userinfo(scene: &Scene<'_>, judged: &mut Judged) -> Result<(), Rejection> {
    let value = judged.secret.of(scene.text);
    reference(value)?;
    if value
        .iter()
        .any(|b| matches!(b, b'{' | b'<' | b'[' | b'\\'))
    {
        return Err(Rejection::Reference("a template"));
    }
    let lower = value.to_ascii_lowercase();
    if COMMON.iter().any(|w| w.as_bytes() == lower) {
        return Err(Rejection::Placeholder("a word that stands for a password"));
    }
    if !value.iter().any(|b| !b.is_ascii_lowercase()) && value.len() < 12 {
        judged.confidence = Confidence::Low;
    }
    Ok(())
}

/// Rejects what names a secret kept elsewhere.
fn reference(value: &[u8]) -> Result<(), Rejection> {
    // Quotes and escapes around a variable are left over from a string within a string.
    let value = match value
        .iter()
        .position(|b| !matches!(b, b'\'' | b'"' | b'\\'))
    {
        Some(at) if value[at] == b'$' => &value[at..],
        _ => value,
    };
    let begins =
        |r: &&&str| value.len() >= r.len() && value[..r.len()].eq_ignore_ascii_case(r.as_bytes());
    // A bare `$` begins a variable only if a name follows; `$2a$` begins a hash.
    if let Some(found) = REFERENCES.iter().find(begins) {
        let variable = *found != "$"
            || value
                .get(1)
                .is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'{' | b'(' | b'_'))
                && value[1..]
                    .iter()
                    .all(|b| b.is_ascii_alphanumeric() || b"_{}()[].-:>$'\"\\".contains(b));
        if variable {
            return Err(Rejection::Reference("it names a secret kept elsewhere"));
        }
    }
    for inside in ["${", "{{", "#{", "%(", "$(", "<%"] {
        if value.windows(inside.len()).any(|w| w == inside.as_bytes()) {
            return Err(Rejection::Reference("it has a variable in it"));
        }
    }
    // `%s`, `{0}`, `{name}`
    let hole = value.first() == Some(&b'{') && value.last() == Some(&b'}');
    if hole || value == b"%s" || value.first() == Some(&b'[') && value.last() == Some(&b']') {
        return Err(Rejection::Reference("a template"));
    }
    Ok(())
}

/// A generic token: long, and too random to be words.
pub(super) fn token(value: &[u8], judged: &mut Judged) -> Result<(), Rejection> {
    let has = |f: fn(&u8) -> bool| value.iter().any(f);
    let mixed = usize::from(has(u8::is_ascii_digit))
        + usize::from(has(u8::is_ascii_lowercase))
        + usize::from(has(u8::is_ascii_uppercase));
    let bits = entropy(value);
    let digits = value.iter().filter(|b| b.is_ascii_digit()).count();
    if mixed < 2 || digits == 0 && bits < 4.0 {
        return Err(Rejection::Words);
    }
    // `db.example.net`
    let mut labels = value.rsplit(|b| *b == b'.');
    let top = labels
        .next()
        .is_some_and(|t| (2..=6).contains(&t.len()) && t.iter().all(u8::is_ascii_lowercase));
    if top && labels.clone().count() >= 2 && labels.all(|l| l.len() < 16) {
        return Err(Rejection::Reference("a host name"));
    }
    // Words joined by dashes, dots or underscores: every piece is a word or a short number.
    let wordy = value
        .split(|b| matches!(b, b'-' | b'_' | b'.' | b'/' | b':' | b'#' | b'@'))
        .filter(|w| !w.is_empty())
        .all(|w| {
            let letters = w
                .iter()
                .rposition(|b| !b.is_ascii_digit())
                .map_or(0, |i| i + 1);
            let number = w.len() - letters;
            number <= 4 && (letters == 0 || is_word(&w[..letters]) && number <= 3)
        });
    if wordy {
        return Err(Rejection::Words);
    }
    if bits < 3.0 || value.iter().all(u8::is_ascii_digit) {
        let told = (bits * 100.0).round() as u16;
        return Err(Rejection::Randomness(told, 300));
    }
    // Two things in one (`id:secret`); hex of odd length or of few bytes, which is cut short or
    // an id.
    let hex = value.iter().all(u8::is_ascii_hexdigit);
    let pair = value.contains(&b':');
    let cut = hex && (value.len() % 2 == 1 || value.len() < 24);
    if digits < 2 || bits < 3.4 || pair || cut || of_a_sandbox(value) {
        judged.confidence = Confidence::Low;
    }
    Ok(())
}

/// A password: people's passwords are words with something added; plain words are labels,
/// translations and documentation.
fn password(value: &[u8], judged: &mut Judged) -> Result<(), Rejection> {
    let lower = value.to_ascii_lowercase();
    if COMMON.iter().any(|w| w.as_bytes() == lower) || lower.starts_with(b"your") {
        return Err(Rejection::Placeholder("a word that stands for a password"));
    }
    if value.starts_with(b"0x") && value[2..].iter().all(u8::is_ascii_hexdigit) {
        return Err(Rejection::Placeholder("a number"));
    }
    let telling = |b: &&u8| b.is_ascii_alphanumeric() || !b.is_ascii();
    if value.iter().filter(telling).count() < 3 {
        return Err(Rejection::Placeholder("hardly a letter or digit"));
    }
    // A long name in camels: people do not type 24 letters without a blank or a digit.
    if value.len() >= 24 && value.iter().all(u8::is_ascii_alphabetic) {
        return Err(Rejection::Words);
    }
    if value
        .split(|b| matches!(b, b'-' | b'_' | b'.' | b'/' | b'#' | b':'))
        .filter(|w| !w.is_empty())
        .all(is_word)
    {
        return Err(Rejection::Words);
    }
    let short_number = value.len() <= 8 && value.iter().all(u8::is_ascii_digit);
    if short_number
        || value.iter().any(|b| !b.is_ascii())
        || value.contains(&b'/') && value.starts_with(b"/")
    {
        judged.confidence = Confidence::Low;
    }
    Ok(())
}

/// Letters only, in the case of a word.
fn is_word(text: &[u8]) -> bool {
    let humps = text
        .windows(2)
        .filter(|p| p[0].is_ascii_lowercase() && p[1].is_ascii_uppercase())
        .count();
    !text.is_empty()
        && text.iter().all(u8::is_ascii_alphabetic)
        && (text.iter().all(u8::is_ascii_uppercase)
            || humps <= 1 + text.len() / 6 && entropy(text) < 3.9)
}

/// Whether a bare value is a path of names (`settings.DB_PASSWORD`).
fn dotted(value: &[u8]) -> bool {
    value.contains(&b'.')
        && value.split(|b| *b == b'.').all(|w| {
            w.first()
                .is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_')
                && w.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
                && w.iter().filter(|b| b.is_ascii_digit()).count() <= 2
        })
}

/// Whether the value merely repeats the name (`password: "user_password"`).
fn like_name(name: &[u8], value: &[u8]) -> bool {
    let plain = |t: &[u8]| -> Vec<u8> {
        t.iter()
            .filter(|b| b.is_ascii_alphabetic())
            .map(u8::to_ascii_lowercase)
            .collect()
    };
    let (name, value_letters) = (plain(name), plain(value));
    let most = value.iter().filter(|b| b.is_ascii_digit()).count() <= 2;
    most && !value_letters.is_empty()
        && (name == value_letters
            || name.len() >= 6 && value_letters.windows(name.len()).any(|w| w == name)
            || value_letters.len() >= 6
                && name
                    .windows(value_letters.len())
                    .any(|w| w == value_letters))
}

/// The last word of a name, lower case: `dbPasswordHash` ends in `hash`.
fn last_word(name: &[u8]) -> String {
    let end = name.len();
    let mut start = end;
    while start > 0 {
        let here = name[start - 1];
        if !here.is_ascii_alphabetic() {
            break;
        }
        start -= 1;
        let hump =
            here.is_ascii_uppercase() && (start == 0 || !name[start - 1].is_ascii_uppercase());
        if hump {
            break;
        }
    }
    String::from_utf8_lossy(&name[start..end]).to_ascii_lowercase()
}

/// Whether the file is of a programming language, where a bare value is an expression.
fn is_code(scene: &Scene<'_>) -> bool {
    const CODE: &[&str] = &[
        "c", "h", "cc", "cpp", "cxx", "hpp", "hh", "java", "js", "jsx", "mjs", "cjs", "ts", "tsx",
        "py", "pyi", "go", "rs", "rb", "php", "cs", "swift", "kt", "kts", "scala", "lua", "pl",
        "pm", "m", "mm", "dart", "ex", "exs", "erl", "hs", "clj", "groovy", "vb", "fs", "r", "jl",
        "vue", "svelte", "sol", "zig", "nim", "d", "pas", "asm", "s", "tcl", "ml", "mli",
    ];
    scene
        .path
        .extension()
        .and_then(|e| e.to_str())
        .is_some_and(|e| CODE.contains(&e.to_ascii_lowercase().as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_of_a_name() {
        for (name, word) in [
            ("dbPasswordHash", "hash"),
            ("DB_PASSWORD_MIN", "min"),
            ("password", "password"),
            ("user.secretID", "id"),
            ("token2", ""),
        ] {
            assert_eq!(last_word(name.as_bytes()), word, "{name}");
        }
    }

    #[test]
    fn references_are_told_from_literals() {
        for value in [
            "$DB_PASS",
            "${X}",
            "{{ .Values.x }}",
            "vault:secret/x",
            "a${b}c",
            "{0}",
            "%(x)s",
        ] {
            assert!(reference(value.as_bytes()).is_err(), "{value}");
        }
        for value in ["$2a$10$abc", "p$ss", "winter-2019", "100%sure"] {
            assert!(reference(value.as_bytes()).is_ok(), "{value}");
        }
    }

    #[test]
    fn words_and_random_text() {
        for word in ["password", "Benutzerkennwort", "PASSWORD", "secretToken"] {
            assert!(is_word(word.as_bytes()), "{word}");
        }
        for other in ["hunter2", "xKqPzRvTnWbYcMdF", ""] {
            assert!(!is_word(other.as_bytes()), "{other}");
        }
    }
}
