//! Values that are assigned to names: literals or references, secrets or words.

use super::Scene;
use super::words::{ABOUT, COMMON, REFERENCES};
use crate::base::Span;
use crate::detect::assignment::{Assignment, Wrapper};
use crate::detect::generic::{self, place, place::Family};
use crate::detect::patterns::{Class, Confidence, Pattern, keyword_at};
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
    if made(value) {
        return Err(Rejection::Integrity(
            "a password's hash, a public key or a sealed value",
        ));
    }
    spoken(scene, assignment)?;
    stands_in(value)?;
    let family = place::family(scene.path);
    let before = || place::line_before(scene.text, assignment.name.start);
    if assignment.quote == 0
        && family == Family::Code
        && assignment.operator != b'>'
        && !place::in_string(before())
    {
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
    if unasked(name) {
        return Err(Rejection::Reference("a token of a form, or a public one"));
    }
    // `'group.token:artifact:1.2'`, a library's coordinates; `Read-Host`, a command.
    let coordinates = assignment.operator == b':'
        && name.contains(&b'.')
        && scene.text[assignment.name.end] == b':'
        && value[0] != b' '
        && assignment.value.start == assignment.name.end + 1;
    if same_letters(name, value) {
        return Err(Rejection::Words);
    }
    // `"password: expected bytes"`
    let prose = matches!(family, Family::Code | Family::Prose | Family::Other);
    if assignment.quote == 0 && prose && assignment.operator != b'>' {
        let lower = value.to_ascii_lowercase();
        if std::str::from_utf8(&lower).is_ok_and(generic::is_word) {
            return Err(Rejection::Words);
        }
    }
    if assignment.quote == 0 && matches!(value[0], b'[' | b'*' | b'(' | b'&') {
        return Err(Rejection::Reference("markup, or a list"));
    }
    if assignment
        .value
        .of(scene.text)
        .split(|b| *b == b'%')
        .skip(1)
        .all(|p| p.len() == 2)
        && value[0] == b'%'
    {
        return Err(Rejection::Placeholder("escaped bytes only"));
    }
    // `ok ? "pass" : "failed"`
    let chosen = before().strip_suffix(b"\"").or(before().strip_suffix(b"'"));
    if chosen.is_some_and(|text| text.trim_ascii_end().ends_with(b"?")) {
        return Err(Rejection::Reference("one of two strings"));
    }
    // `userPassword("name", "...")`
    let behind = scene.text[assignment.value.end..]
        .iter()
        .skip(1)
        .find(|b| **b != b' ');
    let of_user = name.to_ascii_lowercase().windows(4).any(|w| w == b"user");
    if assignment.operator == b'(' && of_user && behind == Some(&b',') {
        return Err(Rejection::Reference("the user's name"));
    }
    let badge = |w: &&[u8]| before().windows(w.len()).any(|l| l == *w);
    if [b"badge.svg?".as_slice(), b"/badge?"].iter().any(badge) {
        return Err(Rejection::Reference(
            "the token of a badge, which is made to be shown",
        ));
    }
    if assignment.quote == 0 && (coordinates || is_command(value)) {
        return Err(Rejection::Reference("a library's name, or a command"));
    }
    if assignment.quote == 0 && another_assignment(value) {
        return Err(Rejection::Reference("another assignment"));
    }
    let lower = value.to_ascii_lowercase();
    if COMMON.iter().any(|w| w.as_bytes() == lower) {
        return Err(Rejection::Placeholder("a word that stands for a secret"));
    }
    if is_number(value) {
        return Err(Rejection::Placeholder("a number"));
    }
    let telling = |b: &&u8| b.is_ascii_alphanumeric() || !b.is_ascii();
    if value.iter().filter(telling).count() < 3 {
        return Err(Rejection::Placeholder("hardly a letter or digit"));
    }
    let is_password = pattern.class == Class::Password;
    let mut weighed = generic::weigh(scene.text, scene.path, &assignment, is_password);
    // What is unlikely already is asked no more.
    if !is_password && weighed.probability() > 0.03 {
        weighed = weighed.of_known_form(of_known_provider(scene, assignment));
    }
    judged.weighed = Some(weighed);
    let Some(confidence) = weighed.confidence() else {
        return Err(Rejection::Unlikely(weighed));
    };
    judged.confidence = confidence;
    let vector = place::of_vectors(scene.path) && value.iter().all(u8::is_ascii_hexdigit);
    if !is_password && (vector || begins_like_known(scene, value)) {
        judged.confidence = judged.confidence.min(Confidence::Low);
    }
    Ok(())
}

/// Rejects what is said of passing and of identifying: `PASS: test 3`, `pass "x" to`, `identified
/// by its name`.
fn spoken(scene: &Scene<'_>, assignment: Assignment) -> Result<(), Rejection> {
    let name = assignment.name.of(scene.text);
    let value = assignment.value.of(scene.text);
    let line = place::line_before(scene.text, assignment.name.start);
    let is = |word: &str| name.eq_ignore_ascii_case(word.as_bytes());
    if is("identified") {
        let lower = line.to_ascii_lowercase();
        let holds = |word: &&[u8]| lower.windows(word.len()).any(|w| w == *word);
        let statement = [b"user".as_slice(), b"role", b"grant", b"alter", b"create"]
            .iter()
            .any(|w| holds(&w));
        return if statement {
            Ok(())
        } else {
            Err(Rejection::Words)
        };
    }
    let pass = is("pass")
        || name.len() > 5 && name[..name.len() - 4].ends_with(b".") && name.ends_with(b"pass");
    if !pass {
        return Ok(());
    }
    let family = place::family(scene.path);
    let of_option = line
        .trim_ascii_end()
        .rsplit(|b| *b == b' ')
        .find(|word| !word.is_empty())
        .is_some_and(|word| word[0] == b'-' && word.get(1).is_some_and(u8::is_ascii_alphabetic));
    let said = match assignment.operator {
        b' ' | b'(' | b',' => true,
        b':' if assignment.quote == 0 => {
            !of_option && family != Family::Config || matches!(value[0], b'[' | b'\\')
        }
        _ => false,
    };
    if said { Err(Rejection::Words) } else { Ok(()) }
}

/// Rejects base64 of words that stand in for a secret: `user:not my real password`.
pub(super) fn stands_in(value: &[u8]) -> Result<(), Rejection> {
    let Some(text) = crate::detect::patterns::base64_text(value) else {
        return Ok(());
    };
    let password = text.rsplit(|b| *b == b':').next().unwrap_or(&text);
    if generic::is_standin(password) {
        return Err(Rejection::Placeholder(
            "base64 of words that stand for a secret",
        ));
    }
    Ok(())
}

/// Whether a value is the name once more.
fn same_letters(name: &[u8], value: &[u8]) -> bool {
    let letters = |text: &[u8]| -> Vec<u8> {
        let only = text.iter().filter(|b| b.is_ascii_alphabetic());
        only.map(u8::to_ascii_lowercase).collect()
    };
    letters(name) == letters(value)
}

/// Whether a value is a number: `0x1f`, `-1.5E+10`.
fn is_number(value: &[u8]) -> bool {
    let digits = value.strip_prefix(b"0x").or(value.strip_prefix(b"0X"));
    if let Some(digits) = digits {
        return digits.iter().all(u8::is_ascii_hexdigit);
    }
    value.iter().any(|b| matches!(b, b'.' | b'+' | b'-'))
        && value
            .iter()
            .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'+' | b'-' | b'e' | b'E'))
}

/// Whether a value is a command in the way of PowerShell: `Get-Secret`.
fn is_command(value: &[u8]) -> bool {
    let word = |w: &[u8]| {
        w.len() >= 3 && w[0].is_ascii_uppercase() && w[1..].iter().all(u8::is_ascii_alphabetic)
    };
    let mut parts = value.split(|b| *b == b'-');
    const VERBS: &[&[u8]] = &[
        b"Get",
        b"Read",
        b"Convert",
        b"ConvertTo",
        b"ConvertFrom",
        b"New",
        b"Import",
        b"Select",
    ];
    parts.next().is_some_and(|verb| VERBS.contains(&verb))
        && parts.next().is_some_and(word)
        && parts.next().is_none()
}

/// Whether a value was made of a secret so that it does not give it away.
fn made(value: &[u8]) -> bool {
    const MADE: &[&str] = &[
        "$2a$",
        "$2b$",
        "$2x$",
        "$2y$",
        "$1$",
        "$5$",
        "$6$",
        "$y$",
        "$7$",
        "$apr1$",
        "$argon2",
        "$scrypt$",
        "$pbkdf2",
        "pbkdf2_",
        "pbkdf2:",
        "scrypt:",
        "bcrypt_",
        "argon2$",
        "{SSHA",
        "{SHA",
        "{MD5}",
        "{CRYPT}",
        "{bcrypt}",
        "ssh-rsa",
        "ssh-ed25519",
        "ecdsa-sha2",
        "sha1$",
        "sha256$",
        "sha512$",
        "MFkw",
        "MCow",
        "MHYw",
        "MIGfMA",
        "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS",
        "ENC(",
        "ENC[",
        "AgA",
        "SCRAM-SHA-",
    ];
    // DER of a certificate or a public key. A private key's begins with a version number.
    let head = &value[..value.len().min(40)];
    let version = |w: &&[u8]| head.windows(w.len()).any(|h| h == *w);
    let private = [b"IBAAK".as_slice(), b"IBADAN"].iter().any(version);
    head.starts_with(b"MII") && head.len() == 40 && !private
        || MADE.iter().any(|m| value.starts_with(m.as_bytes()))
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

/// How far before a name, in its line, a provider's name counts, in bytes.
const NEAR: usize = 64;

/// Whether a provider is named whose keys have a form that is known. The value has another form, or
/// that provider's own pattern would have taken it.
fn of_known_provider(scene: &Scene<'_>, assignment: Assignment) -> bool {
    let line = place::line_before(scene.text, assignment.name.start);
    let begin = assignment.name.start - line.len().min(NEAR);
    let before = &scene.text[begin..assignment.name.end];
    let name = assignment.name.of(scene.text);
    let holds = |text: &[u8], word: &str| {
        (0..text.len()).any(|at| keyword_at(text, at, word.as_bytes()).is_some())
    };
    // A provider that is called by an ordinary word is meant only in the name itself.
    let named = |word: &str| {
        let text = if generic::is_word(word) { name } else { before };
        word.len() >= 4 && holds(text, word)
    };
    let mut last = "";
    scene
        .patterns
        .iter()
        .filter(|p| p.provider != "generic" && p.class != Class::Password)
        .any(|p| {
            let first = last != p.provider;
            last = p.provider;
            first && named(p.provider)
        })
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
    let assignment = Assignment {
        name: Span::new(judged.secret.start, judged.secret.start),
        value: judged.secret,
        quote: 0,
        operator: b'@',
        wrapper: Wrapper::None,
    };
    let weighed = generic::weigh(scene.text, scene.path, &assignment, true);
    judged.weighed = Some(weighed);
    let Some(confidence) = weighed.confidence() else {
        return Err(Rejection::Unlikely(weighed));
    };
    judged.confidence = confidence.min(judged.pattern.confidence);
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
    // `%d`, `0x%08x`
    let printed = |at: usize| {
        let rest = &value[at + 1..];
        let flags = rest
            .iter()
            .take_while(|b| b.is_ascii_digit() || matches!(b, b'.' | b'l'))
            .count();
        matches!(
            rest.get(flags),
            Some(b'd' | b's' | b'x' | b'X' | b'u' | b'v' | b'q')
        ) && rest
            .get(flags + 1)
            .is_none_or(|b| !b.is_ascii_alphanumeric())
    };
    if value
        .iter()
        .enumerate()
        .any(|(at, b)| *b == b'%' && printed(at))
    {
        return Err(Rejection::Reference("a template"));
    }
    // `%s`, `{0}`, `{name}`
    let hole =
        value.first() == Some(&b'{') && value.last() == Some(&b'}') && !value.contains(&b'"');
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
