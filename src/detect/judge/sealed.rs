//! Matches by chance in text that is sealed or encoded, and labels of hosts.
//!
//! In a thousand characters of base64 something has the length and the alphabet of nearly any
//! token; between a `+` and a `/` it even stands at edges.

use crate::base::Span;
use crate::detect::Rejection;

/// How far to each side encoded text is followed, in bytes.
const REACH: usize = 256;

/// From so many bytes in a row on, base64 text is no token: a key of 1,024 bits is shorter.
const LONG: usize = 200;

/// How far before a match the begin of a sealed value is looked for, in its line, in bytes.
const OPENING: usize = 512;

/// Rejects a match in the midst of sealed or of long base64 text.
pub(super) fn judge(text: &[u8], span: Span) -> Result<(), Rejection> {
    let before = &text[span.start.saturating_sub(OPENING)..span.start];
    let line = before.rsplit(|b| *b == b'\n').next().unwrap_or(before);
    for opening in [b"ENC[", b"EJ[1"] {
        if let Some(at) = line.windows(4).rposition(|w| w == opening)
            && !line[at..].contains(&b']')
        {
            return Err(Rejection::Integrity("within a sealed value"));
        }
    }
    if !span.of(text).iter().copied().all(is_base64) {
        return Ok(());
    }
    let left = text[span.start.saturating_sub(REACH)..span.start]
        .iter()
        .rev()
        .take_while(|b| is_base64(**b))
        .count();
    let right = text[span.end..text.len().min(span.end + REACH)]
        .iter()
        .take_while(|b| is_base64(**b))
        .count();
    let run = &text[span.start - left..span.end + right];
    // What fills most of it is no part of it, but a long token.
    if run.len() >= LONG && span.len() * 2 <= run.len() && run.contains(&b'+') {
        return Err(Rejection::Integrity("within encoded text"));
    }
    Ok(())
}

/// Rejects a match that is a label of a host's name, which anybody may ask for:
/// `0a1b2c.status.example.com`.
pub(super) fn of_host(text: &[u8], span: Span) -> Result<(), Rejection> {
    let Some((b'.', rest)) = text[span.end..].split_first() else {
        return Ok(());
    };
    let rest = &rest[..rest.len().min(REACH)];
    let host = rest
        .iter()
        .take_while(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.'))
        .count();
    let mut labels = rest[..host]
        .strip_suffix(b".")
        .unwrap_or(&rest[..host])
        .split(|b| *b == b'.');
    let top = labels.next_back().unwrap_or(b"");
    let is_top = (2..=6).contains(&top.len()) && top.iter().all(u8::is_ascii_lowercase);
    let known = |label: &[u8]| label.iter().all(|b| b.is_ascii_lowercase() || *b == b'-');
    if is_top && labels.next_back().is_some_and(|l| l.len() >= 3 && known(l)) {
        return Err(Rejection::Integrity("a label of a host's name"));
    }
    Ok(())
}

/// Less the `=` that pads it: before a match it is an assignment's.
fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::patterns::Sampler;

    const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    fn random(length: usize) -> String {
        let mut s = Sampler::new(7);
        let draw = |_| char::from(BASE64[s.below(64)]);
        (0..length).map(draw).collect()
    }

    #[test]
    fn a_match_within_encoded_text_is_by_chance() {
        let (token, other) = ("k3y".repeat(8), format!("{}+", random(199)));
        for (before, after, is) in [
            (other.as_str(), "/", true),
            ("/", other.as_str(), true),
            ("values: ", "\n", false),
            ("", &other[..20], false),
            ("data: ENC[AES256_GCM,data:8X+", "=,iv:", true),
            ("data: EJ[1:8X+=:", ":x]", true),
            ("ENC[a], then: ", "\n", false),
            ("ENC[a\nthen: ", "\n", false),
        ] {
            let text = format!("{before}{token}{after}");
            let span = Span::new(before.len(), before.len() + token.len());
            assert_eq!(judge(text.as_bytes(), span).is_err(), is, "{text}");
        }
    }

    #[test]
    fn a_hosts_label_is_no_secret() {
        let label = "0a1b2c3d".repeat(4);
        for (after, is) in [
            (".hosted-status.pagerduty.com\"", true),
            (".example.org/x", true),
            (".example.org.", true),
            (".", false),
            (". Then", false),
            (".json", false),
            (".a1b2c3d4", false),
            ("", false),
        ] {
            let text = format!("{label}{after}");
            let told = of_host(text.as_bytes(), Span::new(0, label.len()));
            assert_eq!(told.is_err(), is, "{after}");
        }
    }
}
