//! Private keys in PEM and OpenPGP armour: the mark is the BEGIN line, the body is read here.
//!
//! Bodies stand in code in many ways: with real line breaks, with `\n`, as string pieces joined
//! by `+`, behind comment signs. Only the base64 characters count; they are the canonical form,
//! so the same key has the same fingerprint in all of them.

use crate::base::{Secret, Span, limits};
use crate::detect::patterns::{Confidence, base64};
use crate::detect::{Judged, Rejection};

/// The shortest body of a private key that there is: an Ed25519 seed in PKCS #8 has 48 bytes.
const LEAST: usize = 60;

/// The shortest line of base64 that a body has at least one of: code that only names the BEGIN line
/// goes on in words.
const ROW: usize = 32;

/// How much may stand before the first such line: what joins pieces of a string (`PHP_EOL`), signs of
/// comments, numbers of lines. Where more does, the BEGIN line is all there is, and code follows.
const STRAY: usize = 24;

/// How far behind the BEGIN line headers are looked for that say how a body is encrypted, in bytes.
const HEADERS: usize = 160;

/// Reads the body behind the BEGIN line: widens the match to it, or rejects.
pub(super) fn body(text: &[u8], judged: &mut Judged) -> Result<(), Rejection> {
    let begin = judged.span.end;
    let window = &text[begin..text.len().min(begin + limits::KEY_BYTES)];
    let mut held: Vec<u8> = Vec::new();
    let mut at = 0;
    let mut end = None;
    let (mut row, mut longest) = (0, 0);
    while at < window.len() {
        let byte = window[at];
        if byte == b'-' && window[at..].starts_with(b"-----") {
            end = window[at..].starts_with(b"-----END").then_some(at);
            break;
        }
        // Line breaks as they are written in strings.
        if byte == b'\\' && at + 1 < window.len() && window[at + 1].is_ascii_alphabetic() {
            at += 2;
            continue;
        }
        // `Proc-Type: 4,ENCRYPTED`, `DEK-Info: ...`, `Version: ...`, `Comment: ...`
        if let Some(length) = header(&window[at..]) {
            at += length;
            continue;
        }
        if byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=') {
            held.push(byte);
            row += 1;
            if longest < ROW && row == ROW && held.len() > STRAY + ROW {
                return Err(Rejection::NotAKey);
            }
            longest = longest.max(row);
            at += 1;
            continue;
        } else if !byte.is_ascii_whitespace() && !byte.is_ascii_punctuation() {
            break;
        }
        row = 0;
        at += 1;
    }
    // `+` joins string pieces more often than not when a quote or a blank stands beside it; a
    // stray one in the canonical form does no harm to identity within one way of writing.
    let joined = held.iter().filter(|b| **b != b'=').count();
    if joined < LEAST
        || longest < ROW
        || held.iter().collect::<std::collections::HashSet<_>>().len() < 12
    {
        return Err(Rejection::NotAKey);
    }
    let stop = end.map_or(at, |e| {
        let line = &window[e..];
        let dashes = line[8..].windows(5).position(|w| w == b"-----");
        e + dashes.map_or(8, |d| 8 + d + 5)
    });
    let head = &text[judged.span.start..text.len().min(begin + HEADERS)];
    if !is_container(&held) || is_cut_short(&held) || is_sealed(head, &held) {
        judged.confidence = Confidence::Medium;
    }
    judged.span = Span::new(judged.span.start, begin + stop);
    judged.secret = judged.span;
    judged.canonical = Some(Secret::new(&held));
    Ok(())
}

/// Reads the private lines of a PuTTY key file behind its first line.
pub(super) fn putty(text: &[u8], judged: &mut Judged) -> Result<(), Rejection> {
    const TITLE: &[u8] = b"Private-Lines: ";
    // What is not encrypted says so (PuTTY manual, appendix C).
    const OPEN: &[u8] = b"Encryption: none";
    let begin = judged.span.end;
    let window = &text[begin..text.len().min(begin + limits::KEY_BYTES)];
    // A body belongs to the last header before it.
    let next = memchr::memmem::find(window, b"PuTTY-User-Key-File-").unwrap_or(window.len());
    let window = &window[..next];
    let title = memchr::memmem::find(window, TITLE).ok_or(Rejection::NotAKey)?;
    let lines = memchr::memchr(b'\n', &window[title..]).ok_or(Rejection::NotAKey)?;
    let start = title + lines + 1;
    let base64 =
        |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'\r' | b'\n');
    let length = window[start..].iter().take_while(|b| base64(b)).count();
    // The last line taken is the begin of `Private-MAC`, up to its dash.
    let body = &window[start..start + length];
    let end = body
        .iter()
        .rposition(|b| *b == b'\n')
        .ok_or(Rejection::NotAKey)?;
    let held: Vec<u8> = body[..end]
        .iter()
        .copied()
        .filter(|b| !b.is_ascii_whitespace())
        .collect();
    if held.len() < 40 {
        return Err(Rejection::NotAKey);
    }
    if !window[..title].windows(OPEN.len()).any(|w| w == OPEN) {
        judged.confidence = Confidence::Medium;
    }
    judged.span = Span::new(judged.span.start, begin + start + end);
    judged.secret = judged.span;
    judged.canonical = Some(Secret::new(&held));
    Ok(())
}

/// The length of an armour header line at the begin of `text`.
fn header(text: &[u8]) -> Option<usize> {
    const NAMES: [&[u8]; 7] = [
        b"Proc-Type:",
        b"DEK-Info:",
        b"Version:",
        b"Comment:",
        b"Hash:",
        b"Charset:",
        b"X-Info:",
    ];
    NAMES.iter().find(|n| text.starts_with(n))?;
    let window = &text[..text.len().min(256)];
    let real = window.iter().position(|b| *b == b'\n');
    let written = window.windows(2).position(|w| w == b"\\n");
    real.into_iter().chain(written).min().map(|i| i + 1)
}

/// Whether the decoded body begins as private keys do: a DER sequence, an OpenSSH key, an OpenPGP
/// secret key packet.
fn is_container(held: &[u8]) -> bool {
    held.starts_with(b"MI")
        || held.starts_with(b"MH")
        || held.starts_with(b"MF")
        || held.starts_with(b"MC")
        || held.starts_with(b"MG")
        || held.starts_with(b"b3BlbnNzaC1rZXkt")
        || matches!(held.first(), Some(b'l' | b'x'))
}

/// Whether a key opens nothing without its pass phrase: PKCS #8 says so in the BEGIN line, RFC 1421
/// in a header, OpenSSH in the name of the cipher, which is `none` where there is none.
fn is_sealed(head: &[u8], held: &[u8]) -> bool {
    // Base64 of `openssh-key-v1`, a zero, and the cipher's name with its length.
    const OPENSSH: &[u8] = b"b3BlbnNzaC1rZXktdjEA";
    const OPEN: &[u8] = b"AAAABG5vbmU";
    let cipher = held.strip_prefix(OPENSSH);
    memchr::memmem::find(head, b"ENCRYPTED").is_some()
        || cipher.is_some_and(|name| !name.starts_with(OPEN))
}

/// Whether a body holds less than nine tenths of what its outer DER sequence says it holds: somebody
/// left the middle out.
fn is_cut_short(held: &[u8]) -> bool {
    let Some(head) = held.get(..8).and_then(base64) else {
        return false;
    };
    let length = match head[..] {
        [0x30, 0x82, high, low, ..] => 4 + (usize::from(high) << 8) + usize::from(low),
        [0x30, 0x81, low, ..] => 3 + usize::from(low),
        [0x30, low @ ..=0x7f, ..] => 2 + usize::from(low),
        _ => return false,
    };
    held.len() * 3 / 4 * 10 < length * 9
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::detect::patterns::Confidence;
    use crate::detect::{Catalogue, Detector, Engine, Outcome, Scratch};
    use crate::sources::{Chunk, ContentKind};

    /// Whether a private key is told in a text.
    fn is_key(text: &str) -> bool {
        confidence_of(text).is_some()
    }

    /// How sure the private key in a text is one.
    fn confidence_of(text: &str) -> Option<Confidence> {
        let detector = Detector::new(&Catalogue::embedded(), Engine::Fast);
        let chunk = Chunk::whole(text.as_bytes(), ContentKind::Text);
        let judged = detector.scan(&chunk, Path::new("a.go"), &mut Scratch::default());
        let mut keys = judged.iter().filter(|j| j.pattern.id == "private-key.pem");
        keys.find(|j| j.outcome == Outcome::Match)
            .map(|j| j.confidence)
    }

    #[test]
    fn what_its_pass_phrase_protects_or_the_middle_was_left_out_of_is_less_sure() {
        let body = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+/".repeat(3);
        // DER: a sequence of 140 bytes; of 1,140 bytes.
        let (whole, cut) = (format!("MIGM{body}"), format!("MIIEcA{body}"));
        let openssh = |cipher: &str| format!("b3BlbnNzaC1rZXktdjEA{cipher}{body}");
        for (kind, head, body, confidence) in [
            ("", "", &whole, Confidence::High),
            ("ENCRYPTED ", "", &whole, Confidence::Medium),
            (
                "RSA ",
                "Proc-Type: 4,ENCRYPTED\n\n",
                &whole,
                Confidence::Medium,
            ),
            ("RSA ", "", &cut, Confidence::Medium),
            ("OPENSSH ", "", &openssh("AAAABG5vbmU"), Confidence::High),
            ("OPENSSH ", "", &openssh("AAAACmFlczI1"), Confidence::Medium),
        ] {
            let title = format!("{kind}PRIVATE KEY-----");
            let text = format!("-----BEGIN {title}\n{head}{body}\n-----END {title}\n");
            assert_eq!(confidence_of(&text), Some(confidence), "{kind}{head}");
        }
    }

    #[test]
    fn a_begin_line_alone_is_no_key_whatever_follows() {
        // 160 bytes of base64, wrapped as some do: no key, and as good as one.
        let all: Vec<char> = ('A'..='Z').chain('a'..='z').chain('0'..='9').collect();
        let some = |count: usize| -> String {
            let at = |i: usize| all[(i * i * 7 + i * 13 + 5) % all.len()];
            (0..count).map(at).collect()
        };
        let begin = ["-----BEGIN RSA PRIVATE", " KEY-----"].concat();
        let rows = |joint: &str, width: usize| -> String {
            let body: Vec<char> = some(160).chars().collect();
            let rows = body.chunks(width).map(|row| row.iter().collect::<String>());
            rows.collect::<Vec<_>>().join(joint)
        };
        for joint in [
            "\n",
            "\\n",
            "\\n\" +\n    \"",
            "' . PHP_EOL .\n '",
            "\" + Environment.NewLine +\n \"",
            "\n// ",
            "\n  12  ",
            "\",\n\"",
        ] {
            for width in [32, 64, 76] {
                let text = format!("\"{begin}{joint}{}\"", rows(joint, width));
                assert!(is_key(&text), "{joint:?} {width}");
            }
        }
        let code = format!(
            "Key: \"{begin}\",\n Token: \"short\",\n CertificateOfSomebodyElse: \"x\",\n Cert: \"{}\"",
            some(200)
        );
        assert!(!is_key(&code));
    }
}
