//! Values that are assigned to names: literals or references, secrets or words.

use super::Scene;
use super::literal::Standing;
use super::made::{made, no_value, stands_in};
use super::references::reference;
use super::words::ABOUT;
use crate::detect::assignment::Assignment;
use crate::detect::generic::{self, place};
use crate::detect::patterns::{Class, Confidence, Pattern, Program, Steps, is_token};
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
    let standing = Standing {
        scene,
        assignment,
        name,
        value,
        family: scene.whereabouts().family,
        before: place::line_before(scene.text, assignment.name.start),
    };
    if ABOUT.contains(&last_word(name).as_str()) || is_of_a_hash(name) {
        return Err(Rejection::Reference(
            "the name is about a secret, not of one",
        ));
    }
    if is_kept_elsewhere(scene, assignment) {
        return Err(Rejection::Reference("the name of a secret kept elsewhere"));
    }
    if names_another(scene, assignment) {
        return Err(Rejection::Reference("the name of a value behind it"));
    }
    reference(value)?;
    if made(value) {
        return Err(Rejection::Integrity(
            "a password's hash, a public key or a sealed value",
        ));
    }
    standing.spoken()?;
    stands_in(value)?;
    standing.expression()?;
    standing.beside()?;
    no_value(value)?;
    let is_password = pattern.class == Class::Password;
    let mut weighed = generic::weigh(scene.text, scene.whereabouts(), &assignment, is_password);
    // What is unlikely already is asked no more.
    if !is_password && weighed.probability() > 0.03 {
        weighed = weighed.of_known_form(of_known_provider(scene, assignment));
    }
    judged.weighed = Some(weighed);
    let named = pattern.provider != "generic";
    let Some(confidence) = weighed.confidence(named) else {
        return Err(Rejection::Unlikely(weighed));
    };
    judged.confidence = confidence;
    let hex = value.iter().all(u8::is_ascii_hexdigit);
    let vector = scene.whereabouts().of_vectors && hex || is_mixed_hex(value);
    if !is_password && confidence > Confidence::Low && is_broken(scene, assignment) {
        judged.confidence = Confidence::Low;
    }
    if !is_password && (vector || !named && scene.known().begins_like_one(value)) {
        judged.confidence = judged.confidence.min(Confidence::Low);
    }
    Ok(())
}

/// Whether a value is the name of the one behind it: `<add key="ApiKey" value="..."/>`.
fn names_another(scene: &Scene<'_>, assignment: Assignment) -> bool {
    let behind = scene.text.get(assignment.value.end + 1..).unwrap_or(b"");
    let behind = behind[..behind.len().min(16)].trim_ascii_start();
    let name = assignment.name.of(scene.text);
    assignment.quote != 0 && name.eq_ignore_ascii_case(b"key") && behind.starts_with(b"value=")
}

/// Whether a value names a secret of a cluster or of a store: `existingSecret: name`, and the key
/// below `extract:` or `remoteRef:`.
fn is_kept_elsewhere(scene: &Scene<'_>, assignment: Assignment) -> bool {
    let name = assignment.name.of(scene.text);
    if name.len() > 8 && name[..8].eq_ignore_ascii_case(b"existing") {
        return true;
    }
    if name != b"key" || assignment.operator != b':' {
        return false;
    }
    let start = assignment.name.start;
    let before = &scene.text[start.saturating_sub(ABOVE)..start];
    // The line that the name itself stands in, then those above it, less comments.
    let mut above = before
        .rsplit(|b| *b == b'\n')
        .skip(1)
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.starts_with(b"#"));
    above.next().is_some_and(|line| {
        let line = line.strip_prefix(b"- ").unwrap_or(line).trim_ascii();
        line == b"extract:" || line == b"remoteRef:"
    })
}

/// How far above a key what it belongs to is looked for, in bytes.
const ABOVE: usize = 256;

/// Whether a value says that it is for trying things out.
fn of_a_sandbox(value: &[u8]) -> bool {
    let lower = value.to_ascii_lowercase();
    ["sandbox", "sbx_", "sbx-", "test_", "test-"]
        .iter()
        .any(|w| lower.windows(w.len()).any(|l| l == w.as_bytes()))
}

/// Whether a value is hex in both cases, as no machine writes it.
fn is_mixed_hex(value: &[u8]) -> bool {
    value.len() >= 24
        && value.iter().all(u8::is_ascii_hexdigit)
        && value.iter().any(u8::is_ascii_uppercase)
        && value.iter().any(u8::is_ascii_lowercase)
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
    // A provider that is called by an ordinary word is meant only in the name itself.
    scene.known().names_one(before, name)
}

/// Whether a value is a broken token: none of a provider's patterns accepts it, and it has nearly the
/// form of one, or its name is but `key`, and the provider is named beside it; or the name says no
/// more than whose token it is. It is cut short, mistyped or made up.
fn is_broken(scene: &Scene<'_>, assignment: Assignment) -> bool {
    let mut steps = Steps::default();
    let value = assignment.value;
    // A UUID is an id more often than a broken token; in `app.api.token` it is the app's own.
    let told = assignment.name.of(scene.text);
    let own = told.contains(&b'.') || generic::is_uuid(value.of(scene.text));
    let name: Vec<u8> = if own {
        Vec::new()
    } else {
        letters(told).collect()
    };
    let nearly = |form: &Program| {
        let (least, most) = (usize::from(form.min), usize::from(form.max));
        let slack = 1 + least / 12;
        value.len() + slack >= least && value.len() <= most + slack
    };
    // As long as the keys are, and of letters that keys have: of a newer form, more likely than
    // broken.
    let whole = value
        .of(scene.text)
        .iter()
        .all(|b| is_token(*b) || *b == b'.');
    let sized = |form: &Program| {
        let (least, most) = (usize::from(form.min), usize::from(form.max));
        whole && name != b"key" && (least..=most).contains(&value.len()) && most - least <= 8
    };
    let text = &scene.text[..value.end];
    let mut fits = |p: &Pattern| {
        let found = p.program.at(text, value.start, &mut steps);
        found.is_some_and(|found| found.span == value)
    };
    let mut broken = false;
    for number in scene
        .known()
        .near(scene.text, value.start..value.end, &name)
    {
        let p = scene.patterns[usize::from(number)];
        let near = (name == b"key" || nearly(&p.program)) && p.provider_near(scene.text, value);
        // A value that has the form was not taken for another reason, which does not speak of
        // others.
        if (near || only_of(&name, p.provider)) && (sized(&p.program) || fits(p)) {
            return false;
        }
        broken |= near || only_of(&name, p.provider);
    }
    broken
}

/// The letters and digits of a text, small.
fn letters(text: &[u8]) -> impl Iterator<Item = u8> + '_ {
    let all = text.iter().filter(|b| b.is_ascii_alphanumeric());
    all.map(u8::to_ascii_lowercase)
}

/// Whether a name, of which the letters are given, says no more than that it is a provider's key or
/// token: `WANDB_API_KEY`. Providers that are called by a short word are not asked.
fn only_of(name: &[u8], provider: &str) -> bool {
    const KINDS: &[&str] = &["api", "access", "auth", "private", "key", "token"];
    let mut whose = letters(provider.as_bytes());
    let length = whose
        .by_ref()
        .zip(name)
        .take_while(|(a, b)| a == *b)
        .count();
    if length < 4
        || letters(provider.as_bytes()).count() != length
        || length < 7 && generic::is_word(provider)
    {
        return false;
    }
    let mut rest = &name[length..];
    let some = !rest.is_empty();
    while let Some(kind) = KINDS.iter().find(|k| rest.starts_with(k.as_bytes())) {
        rest = &rest[kind.len()..];
    }
    some && rest.is_empty()
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

/// Whether a name says that its value is a hash of a secret: `hashed_secret`.
fn is_of_a_hash(name: &[u8]) -> bool {
    name.get(..6)
        .is_some_and(|first| first.eq_ignore_ascii_case(b"hashed"))
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
    use super::super::LazyKnown;
    use super::*;
    use crate::base::Span;
    use crate::detect::assignment::Wrapper;

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
    fn a_hash_is_told_by_the_names_begin() {
        for (name, is) in [
            ("hashed_secret", true),
            ("HashedPassword", true),
            ("hash", false),
            ("unhashed_secret", false),
        ] {
            assert_eq!(is_of_a_hash(name.as_bytes()), is, "{name}");
        }
    }

    #[test]
    fn what_a_store_is_asked_for_is_a_name() {
        for (text, is) in [
            ("existingSecret: value", true),
            ("- extract:\n    key: value", true),
            ("remoteRef:\n  # of the vault\n  key: value", true),
            ("- name: a\n  key: value", false),
            ("key: value", false),
            ("existing: value", false),
        ] {
            let begin = text.rfind('\n').map_or(0, |at| at + 1);
            let begin = begin + (text.len() - begin - text[begin..].trim_start().len());
            let colon = text.rfind(':').unwrap();
            let assignment = Assignment {
                name: Span::new(begin, colon),
                value: Span::new(colon + 2, text.len()),
                quote: 0,
                operator: b':',
                wrapper: Wrapper::None,
            };
            let scene = Scene {
                text: text.as_bytes(),
                kind: crate::sources::ContentKind::Text,
                path: std::path::Path::new("a.yaml"),
                patterns: &[],
                known: &LazyKnown::new(),
                inline_allow: false,
                whereabouts: std::cell::OnceCell::new(),
            };
            assert_eq!(is_kept_elsewhere(&scene, assignment), is, "{text}");
        }
    }

    #[test]
    fn hex_has_one_case() {
        let (small, large) = ("0a1b2c3d".repeat(4), "0A1B2C3D".repeat(4));
        assert!(is_mixed_hex([&small[..], &large].concat().as_bytes()));
        for one in [small, large, "0aBcDe".to_owned(), "12".repeat(20)] {
            assert!(!is_mixed_hex(one.as_bytes()), "{one}");
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
