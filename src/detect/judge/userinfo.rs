//! Passwords in URLs: literals or references, secrets or words, and whose host they open.

use super::Scene;
use super::references::reference;
use super::words::COMMON;
use crate::base::Span;
use crate::detect::assignment::{Assignment, Wrapper};
use crate::detect::generic;
use crate::detect::patterns::Confidence;
use crate::detect::{Judged, Rejection};

/// The password in a URL: a literal, not a placeholder.
pub(super) fn judge(scene: &Scene<'_>, judged: &mut Judged) -> Result<(), Rejection> {
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
    if nearly_password(value) {
        return Err(Rejection::Placeholder(
            "the word password, with a sign in it",
        ));
    }
    let assignment = Assignment {
        name: Span::new(judged.secret.start, judged.secret.start),
        value: judged.secret,
        quote: 0,
        operator: b'@',
        wrapper: Wrapper::None,
    };
    let weighed = generic::weigh(scene.text, scene.whereabouts(), &assignment, true);
    judged.weighed = Some(weighed);
    let Some(confidence) = weighed.confidence(false) else {
        return Err(Rejection::Unlikely(weighed));
    };
    judged.confidence = confidence.min(judged.pattern.confidence);
    // A host of a name that is kept for examples has nothing to open (RFC 2606, RFC 6761).
    if weighed.probability() < SURELY && of_example(&scene.text[judged.secret.end..]) {
        judged.confidence = Confidence::Low;
    }
    // `mysql://mysql:mysql@localhost`: what a server for trying out is set up with.
    let before = &scene.text[judged.span.start..judged.secret.start];
    let user = before.rsplit(|b| *b == b'/').next().unwrap_or(before);
    if user.strip_suffix(b":") == Some(value) {
        judged.confidence = Confidence::Low;
    }
    Ok(())
}

/// Whether a value is the word with a sign in it or in place of a letter, as tests of URLs have it:
/// `pa%2Fssword`, `p@ssword`; or signs only.
fn nearly_password(value: &[u8]) -> bool {
    const WORD: &[u8] = b"password";
    let mut plain = Vec::new();
    let mut rest = value;
    while let Some((first, behind)) = rest.split_first() {
        let digits = behind
            .get(..2)
            .filter(|d| d.iter().all(u8::is_ascii_hexdigit));
        if let (b'%', Some(_)) = (first, digits) {
            rest = &behind[2..];
            plain.push(b'%');
        } else {
            rest = behind;
            plain.push(first.to_ascii_lowercase());
        }
    }
    let letters: Vec<u8> = plain
        .iter()
        .copied()
        .filter(u8::is_ascii_alphanumeric)
        .collect();
    let signs = plain.len() - letters.len();
    let less_one = (0..WORD.len()).any(|at| letters == [&WORD[..at], &WORD[at + 1..]].concat());
    signs == plain.len() || signs == 1 && (letters == WORD || less_one)
}

/// How likely a password must be a secret to count beside the name of a host for examples.
const SURELY: f32 = 0.9;

/// Whether what follows a password in a URL is a host that is kept for examples.
fn of_example(behind: &[u8]) -> bool {
    let host = behind.strip_prefix(b"@").unwrap_or(behind);
    let end = host
        .iter()
        .take(MOST_HOST)
        .position(|b| !b.is_ascii_alphanumeric() && !matches!(b, b'.' | b'-'));
    let host = host[..end.unwrap_or(host.len().min(MOST_HOST))].to_ascii_lowercase();
    let mut labels = host.rsplit(|b| *b == b'.');
    match (labels.next(), labels.next()) {
        (Some(b"com" | b"net" | b"org"), Some(second)) => second == b"example",
        (Some(top), Some(_)) => matches!(top, b"example" | b"invalid" | b"test"),
        _ => false,
    }
}

/// The longest name of a host, in bytes (RFC 1035).
const MOST_HOST: usize = 255;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_with_a_sign_in_it_is_no_password() {
        for (value, is) in [
            ("pa%2Fssword", true),
            ("p%40ssword", true),
            ("p@ssword", true),
            ("passwo^rd", true),
            ("%2F%40", true),
            ("p@ssw0rd", false),
            ("pa%2Fss%2Fword", false),
            ("passport", false),
        ] {
            assert_eq!(nearly_password(value.as_bytes()), is, "{value}");
        }
    }

    #[test]
    fn hosts_that_are_kept_for_examples() {
        for (behind, is) in [
            ("@example.com/x", true),
            ("@www.example.org", true),
            ("@db.test:80", true),
            ("@a.invalid\"", true),
            ("@example.io", false),
            ("@test", false),
            ("@db.example.com.internal", false),
        ] {
            assert_eq!(of_example(behind.as_bytes()), is, "{behind}");
        }
    }
}
