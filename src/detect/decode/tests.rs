//! What is found encoded, what is not, and where it is said to stand. The encoders are those of the
//! tests, written after the specifications, not after the decoders.

use std::fmt::Write as _;
use std::path::Path;

use super::Way;
use crate::base::limits;
use crate::detect::patterns::{Sampler, sample_match};
use crate::detect::{Catalogue, Detector, Engine, Judged, Outcome, Scratch};
use crate::sources::{Chunk, ContentKind};

/// RFC 4648, sections 4 and 5.
pub(in crate::detect) fn base64(bytes: &[u8], url: bool, pad: bool) -> String {
    let mut alphabet: Vec<u8> = (b'A'..=b'Z')
        .chain(b'a'..=b'z')
        .chain(b'0'..=b'9')
        .collect();
    alphabet.extend(if url { b"-_" } else { b"+/" });
    let bits: Vec<u8> = bytes
        .iter()
        .flat_map(|b| (0..8).rev().map(move |i| b >> i & 1))
        .collect();
    let mut out = String::new();
    for six in bits.chunks(6) {
        let value = (0..6).fold(0, |v, i| v << 1 | six.get(i).copied().unwrap_or(0));
        out.push(char::from(alphabet[usize::from(value)]));
    }
    while pad && !out.len().is_multiple_of(4) {
        out.push('=');
    }
    out
}

pub(in crate::detect) fn hex(bytes: &[u8]) -> String {
    each(bytes, |b| format!("{b:02x}"))
}

pub(in crate::detect) fn each(bytes: &[u8], one: impl Fn(u8) -> String) -> String {
    bytes.iter().map(|b| one(*b)).collect()
}

fn wrapped(text: &str, width: usize, line_break: &str) -> String {
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(width)
        .map(|l| std::str::from_utf8(l).unwrap())
        .collect();
    lines.join(line_break)
}

/// One of the ways to write text, as it stands in files.
pub(in crate::detect) fn encoded(bytes: &[u8], s: &mut Sampler) -> String {
    match s.below(16) {
        0 | 1 => base64(bytes, false, true),
        2 => base64(bytes, true, false),
        3 => wrapped(&base64(bytes, false, true), [16, 64, 76][s.below(3)], "\n"),
        4 => wrapped(&base64(bytes, false, true), 60, "\n    "),
        5 => wrapped(&base64(bytes, false, true), 64, "\\n"),
        6 => hex(bytes),
        7 => each(bytes, |b| format!("%{b:02X}")),
        8 => each(bytes, |b| format!("\\x{b:02x}")),
        9 => each(bytes, |b| format!("\\u00{b:02x}")),
        10 => each(bytes, |b| format!("&#{b};")),
        11 => each(bytes, |b| format!("&#x{b:x};")),
        // Only some are escaped, as by programs that must.
        12 => each(bytes, |b| match b {
            b'/' => "\\/".into(),
            b'=' | b'+' | b'&' => format!("\\u00{b:02x}"),
            _ => char::from(b).to_string(),
        }),
        13 => each(bytes, |b| {
            if b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.') {
                char::from(b).to_string()
            } else {
                format!("%{b:02X}")
            }
        }),
        14 => {
            let at = s.below(bytes.len() + 1);
            let [a, b] = [&bytes[..at], &bytes[at..]].map(String::from_utf8_lossy);
            let joint = ["\" + \"", "\"\n    \"", "\" .\n\"", "\" \\\n  \""][s.below(4)];
            format!("\"{a}{joint}{b}\"")
        }
        _ => base64(base64(bytes, false, true).as_bytes(), false, true),
    }
}

fn scan(text: &str) -> Vec<Judged> {
    thread_local! {
        static DETECTOR: Detector = Detector::new(&Catalogue::embedded(), Engine::Fast);
    }
    let chunk = Chunk::whole(text.as_bytes(), ContentKind::Text);
    DETECTOR.with(|d| d.scan(&chunk, Path::new("a.yaml"), &mut Scratch::default()))
}

/// The only match of a text: pattern, how it was decoded, what it is, and where.
fn only(text: &str) -> (String, Vec<&'static str>, String, (usize, usize)) {
    let judged = scan(text);
    let mut found: Vec<_> = judged
        .iter()
        .filter(|j| j.outcome == Outcome::Match)
        .collect();
    assert_eq!(found.len(), 1, "{text}: {:?}", brief(&judged));
    let j = found.remove(0);
    let ways = j
        .decoded
        .iter()
        .flat_map(|d| d.ways.iter().map(|w| w.word()));
    let value = String::from_utf8_lossy(j.value(text.as_bytes())).into_owned();
    let span = (j.secret.start, j.secret.end);
    (j.pattern.id.to_owned(), ways.collect(), value, span)
}

fn brief(judged: &[Judged]) -> Vec<String> {
    let one = |j: &Judged| {
        format!(
            "{} {:?} {:?} {:?}",
            j.pattern.id, j.secret, j.outcome, j.decoded
        )
    };
    judged.iter().map(one).collect()
}

fn token(seed: u64) -> String {
    let catalogue = Catalogue::embedded();
    let pattern = catalogue.get("github.pat-classic").unwrap();
    String::from_utf8(sample_match(pattern, &mut Sampler::new(seed)).1).unwrap()
}

const PAT: &str = "github.pat-classic";

#[test]
fn each_way_is_decoded_and_said() {
    let token = token(1);
    let bytes = token.as_bytes();
    let doubled = base64(base64(bytes, false, true).as_bytes(), false, true);
    let half = token.len() / 2;
    let (a, b) = token.split_at(half);
    let narrow: Vec<u8> = token.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let cases: Vec<(String, &[&str])> = vec![
        (base64(bytes, false, true), &["base64"]),
        (base64(bytes, false, false), &["base64"]),
        (
            base64(format!("\u{3bf}{token}??>").as_bytes(), true, false),
            &["base64url"],
        ),
        (hex(bytes), &["hex"]),
        (hex(bytes).to_uppercase(), &["hex"]),
        (format!("0x{}", hex(bytes)), &["hex"]),
        (each(bytes, |b| format!("%{b:02X}")), &["percent-encoding"]),
        (each(bytes, |b| format!("\\x{b:02x}")), &["escapes"]),
        (each(bytes, |b| format!("\\{b:03o}")), &["escapes"]),
        (each(bytes, |b| format!("\\u{b:04x}")), &["escapes"]),
        (each(bytes, |b| format!("\\u{{{b:x}}}")), &["escapes"]),
        (each(bytes, |b| format!("&#{b};")), &["entities"]),
        (each(bytes, |b| format!("&#x{b:X};")), &["entities"]),
        (token.replace('_', "\\u005f"), &["escapes"]),
        (token.replace('_', "%5f"), &["percent-encoding"]),
        (token.replace('_', "&lowbar;"), &["entities"]),
        (token.replace('_', "\\_"), &["escapes"]),
        (format!("{a}\" + \"{b}"), &["split-string"]),
        (format!("{a}\"\n      + \"{b}"), &["split-string"]),
        (format!("{a}\" \"{b}"), &["split-string"]),
        (format!("{a}\" . \"{b}"), &["split-string"]),
        (format!("{a}\" & _\n \"{b}"), &["split-string"]),
        (format!("{a}\" .. \"{b}"), &["split-string"]),
        (format!("{a}\" <> \"{b}"), &["split-string"]),
        (format!("{a}\" \\\n\"{b}"), &["split-string"]),
        (format!("ghp_\" + \"{}", &token[4..]), &["split-string"]),
        (doubled.clone(), &["base64", "base64"]),
        (hex(doubled.as_bytes()), &["hex", "base64", "base64"]),
        (base64(&narrow, false, true), &["base64", "utf-16"]),
        (hex(&narrow), &["hex", "utf-16"]),
    ];
    for (text, ways) in cases {
        for (before, behind) in [("x = \"", "\"\n"), ("\n- k: \"", "\"")] {
            let told = only(&format!("{before}{text}{behind}"));
            assert_eq!(
                (told.0.as_str(), told.2.as_str()),
                (PAT, token.as_str()),
                "{text}"
            );
            assert_eq!(told.1, ways, "{text}");
        }
    }
    // Four times is too deep.
    let deep = hex(hex(doubled.as_bytes()).as_bytes());
    assert!(scan(&deep).iter().all(|j| j.outcome != Outcome::Match));
}

#[test]
fn shells_write_strings_in_escapes() {
    let token = token(2);
    let text = format!(
        "export X=$'{}'",
        each(token.as_bytes(), |b| format!("\\x{b:x}"))
    );
    assert_eq!(only(&text).2, token);
}

#[test]
fn rows_over_several_lines_are_one_text() {
    let token = token(3);
    let inner = format!("# settings\nalpha = 1\nbeta = two\nkey = {token}\ngamma = 3\n");
    let whole = base64(inner.as_bytes(), false, true);
    for width in [20, 60, 64, 76] {
        for (before, line_break, behind) in [
            ("", "\n", "\n"),
            ("data: |\n    ", "\n    ", "\nkind: Secret\n"),
            ("{\"data\": \"", "\\n", "\\n\"}"),
            ("{\"data\": \"", "\\r\\n", "\"}"),
            ("x=", "\\\n", "\n"),
            ("", "\r\n", "\r\n"),
        ] {
            let text = format!("{before}{}{behind}", wrapped(&whole, width, line_break));
            let told = only(&text);
            assert_eq!(
                (told.0.as_str(), told.2.as_str()),
                (PAT, token.as_str()),
                "{text}"
            );
            assert_eq!(told.1, ["base64"]);
        }
    }
    // Lines of their own are told apart where padding ends them.
    let (a, b) = (token.as_str(), self::token(4));
    let lines = [a, &b]
        .map(|t| base64(t.as_bytes(), false, true))
        .join("\n");
    let found = scan(&lines)
        .into_iter()
        .filter(|j| j.outcome == Outcome::Match);
    assert_eq!(found.count(), 2);
}

/// By hand: `id: ` has 4 bytes, which are 5 digits and 2 bits of the sixth (4 * 8 = 32 bits, and five
/// digits have 30). So the token begins in the sixth digit, at 5 behind the begin. 44 bytes are 352
/// bits: 58 digits and 4 bits, so it ends in the 59th.
#[test]
fn the_place_is_that_of_the_digits_that_hold_it() {
    let token = token(5);
    assert_eq!(token.len(), 40);
    let text = format!(
        "abc: {}",
        base64(format!("id: {token}\n").as_bytes(), false, true)
    );
    assert_eq!(only(&text).3, (5 + 5, 5 + 59));
    // Hex: two digits a byte.
    let text = format!("abc: {}", hex(format!("id: {token}\n").as_bytes()));
    assert_eq!(only(&text).3, (5 + 8, 5 + 88));
    // Escapes: the whole word is what it was written as.
    let text = format!("url=x?t={}&b", token.replace('_', "%5F"));
    assert_eq!(only(&text).3, (8, 8 + 42));
}

#[test]
fn kubernetes_secrets_are_judged_with_their_names() {
    let password = ["Winter", "Tulip", "83!"].join("-");
    let text = format!(
        "kind: Secret\ndata:\n  password: {}\n  username: {}\n",
        base64(password.as_bytes(), false, true),
        base64(b"administrator", false, true),
    );
    let (id, ways, value, _) = only(&text);
    assert_eq!(
        (id.as_str(), value.as_str()),
        ("generic.password", password.as_str())
    );
    assert_eq!(ways, ["base64"]);
}

#[test]
fn what_holds_no_credential_changes_nothing() {
    let mut s = Sampler::new(9);
    let mut noise = |n: usize| -> Vec<u8> { (0..n).map(|_| s.below(256) as u8).collect() };
    let image = [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".as_slice(), &noise(3000)].concat();
    let texts = [
        format!(
            "src=\"data:image/png;base64,{}\"",
            base64(&image, false, true)
        ),
        format!("commit {}\ntree {}\n", hex(&noise(20)), hex(&noise(20))),
        format!(
            "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
            wrapped(
                &base64(
                    &[b"0\x82\x05\x10".as_slice(), &noise(900)].concat(),
                    false,
                    true
                ),
                64,
                "\n"
            )
        ),
        format!("integrity=\"sha512-{}\"", base64(&noise(64), false, true)),
        (0..200)
            .map(|_| base64(&noise(33), false, false) + "\n")
            .collect(),
        format!(
            "x={}",
            base64(
                b"Lorem ipsum dolor sit amet, consetetur sadipscing elitr, sed diam",
                false,
                true
            )
        ),
        "function(e,t){return\"\\x3cdiv\\x3e\"+e+\"\\u0026nbsp;\"+t}".to_owned(),
        "<p>&#8222;Gr&uuml;&#223;e&#8220; &#65;&#66;&#67;&#68;&#69;</p>".to_owned(),
        "https:\\/\\/example.org\\/a\\/very\\/long\\/path\\/of\\/words".to_owned(),
        "\"a string that \" + \"goes on for long\" + name + \"and on\"".to_owned(),
    ];
    for text in texts {
        let judged = scan(&text);
        assert!(
            judged
                .iter()
                .all(|j| j.outcome != Outcome::Match && j.decoded.is_none()),
            "{text}: {:?}",
            brief(&judged)
        );
    }
}

#[test]
fn the_decoded_secret_wins_over_its_digits() {
    // The digits alone are a token to the pattern that goes by names.
    let token = token(6);
    let text = format!("auth_token = \"{}\"", base64(token.as_bytes(), false, true));
    let (id, ways, value, _) = only(&text);
    assert_eq!((id.as_str(), value), (PAT, token));
    assert_eq!(ways, ["base64"]);
    // What stands there as it is stays that.
    let text = format!("x = \"{}\" + \"/b\"", self::token(7));
    assert_eq!(only(&text).1, Vec::<&str>::new());
}

#[test]
fn a_comment_beside_it_allows_it() {
    let text = format!(
        "a: {} # straykey:allow fixture\n",
        base64(token(8).as_bytes(), false, true)
    );
    let judged = scan(&text);
    let allowed = judged
        .iter()
        .filter(|j| matches!(j.outcome, Outcome::Allowed(_)));
    assert_eq!(allowed.count(), 1, "{:?}", brief(&judged));
}

#[test]
fn regions_of_any_length_are_decoded_to_their_end() {
    let mut s = Sampler::new(11);
    let tokens: Vec<String> = (0..8).map(|i| token(100 + i)).collect();
    let mut inner = String::new();
    for token in &tokens {
        while inner.len() % 20_000 < 19_000 {
            let _ = writeln!(inner, "line {} of {}", s.word(9), s.word(5));
        }
        let _ = writeln!(inner, "key = {token}");
        inner.push_str(&"filler text, ".repeat(100));
    }
    let whole = base64(inner.as_bytes(), false, true);
    assert!(whole.len() > 4 * limits::DECODE_BYTES);
    let texts = [
        format!("x: {whole}\n"),
        wrapped(&whole, 76, "\n"),
        each(inner.as_bytes(), |b| format!("%{b:02x}")),
    ];
    for (i, text) in texts.iter().enumerate() {
        let found: Vec<String> = scan(text)
            .iter()
            .filter(|j| j.outcome == Outcome::Match)
            .map(|j| String::from_utf8_lossy(j.value(text.as_bytes())).into_owned())
            .collect();
        assert_eq!(found, tokens, "text {i}");
    }
}

/// A long region is decoded in pieces: what stands at their borders, and at those of chunks, is found
/// once, whichever way the text is cut.
#[test]
fn what_stands_at_a_cut_is_found_once_in_pieces_and_in_chunks() {
    let piece = limits::DECODE_BYTES / 4 * 3;
    let overlap = limits::DECODE_OVERLAP / 4 * 3;
    let mut s = Sampler::new(12);
    let mut words = String::new();
    while words.len() < 3 * piece {
        let _ = writeln!(words, "line {} of {}", s.word(9), s.word(5));
    }
    let borders = [
        piece - overlap,
        piece,
        2 * (piece - overlap),
        2 * piece - overlap,
    ];
    let places = borders.into_iter().flat_map(|b| [b - 700, b - 30, b + 5]);
    for (i, at) in places.enumerate() {
        let token = token(300 + i as u64);
        let inner = format!("{}\nkey = {token}\n{}", &words[..at], &words[at..]);
        let whole = base64(inner.as_bytes(), false, true);
        for text in [format!("x: {whole}\n"), wrapped(&whole, 76, "\n")] {
            let told = |judged: &[Judged], text: &[u8], offset: usize| -> Vec<(usize, String)> {
                let matches = judged.iter().filter(|j| j.outcome == Outcome::Match);
                let one = |j: &Judged| {
                    let value = String::from_utf8_lossy(j.value(text)).into_owned();
                    (offset + j.secret.start, value)
                };
                matches.map(one).collect()
            };
            let found = told(&scan(&text), text.as_bytes(), 0);
            assert_eq!(found.len(), 1, "at {at}");
            assert_eq!(found[0].1, token, "at {at}");
            assert_eq!(
                in_chunks(text.as_bytes(), told),
                found,
                "at {at}, in chunks"
            );
        }
    }
}

/// What is told of a text that is read as big files are.
fn in_chunks<T>(text: &[u8], told: impl Fn(&[Judged], &[u8], usize) -> Vec<T>) -> Vec<T> {
    const CORE: usize = 20_000;
    let detector = Detector::new(&Catalogue::embedded(), Engine::Fast);
    let (mut scratch, mut all) = (Scratch::default(), Vec::new());
    for core in (0..text.len()).step_by(CORE) {
        let from = core.saturating_sub(limits::CHUNK_CONTEXT);
        let to = text.len().min(core + CORE + limits::CHUNK_CONTEXT);
        let chunk = Chunk {
            text: &text[from..to],
            core_start: core - from,
            core_end: text.len().min(core + CORE) - from,
            offset: from as u64,
            first: from == 0,
            last: to == text.len(),
            kind: ContentKind::Text,
        };
        let judged = detector.scan(&chunk, Path::new("a.yaml"), &mut scratch);
        all.extend(told(&judged, chunk.text, from));
    }
    all
}

/// Texts made to cost: a megabyte each, in ways that nest and overlap. Whoever decodes what was decoded
/// once more for every hint does not come to an end.
#[test]
fn hostile_text_costs_no_more_than_its_length() {
    let token = token(12);
    let once = base64(token.as_bytes(), false, true);
    let fill = |piece: &str| piece.repeat((1 << 20) / piece.len());
    let mut deep = fill("nested text; ");
    for _ in 0..6 {
        deep = base64(deep.as_bytes(), false, true);
        deep.truncate(1 << 20);
    }
    for text in [
        fill(&format!("{once}\n")),
        fill(&once.replace('=', "")),
        fill(&format!("\"{}\"", each(b"AAAA", |b| format!("\\x{b:02x}")))),
        fill(&each(b"ghp_", |b| format!("%{b:02x}"))),
        fill(&format!(
            "%2567%2568\\x41\\x42\\x43\\x44&#103;&#104;&#112;&#95;\" + \"{}\" + \"",
            &token[4..]
        )),
        fill("\"abcdefghijklmnop\" + "),
        fill("\\u005c"),
        fill("&#38;&#35;"),
        deep,
    ] {
        let text = &text.as_bytes()[..text.len().min(1 << 20)];
        let detector = Detector::new(&Catalogue::embedded(), Engine::Fast);
        let mut scratch = Scratch::default();
        detector.scan(
            &Chunk::whole(text, ContentKind::Text),
            Path::new("a"),
            &mut scratch,
        );
        let decoded = scratch.take_decoded();
        assert!(
            decoded < 12 << 20,
            "{}: {decoded}",
            String::from_utf8_lossy(&text[..60])
        );
    }
}

#[test]
fn words_are_distinct() {
    let mut words: Vec<&str> = Way::ALL.iter().map(|w| w.word()).collect();
    words.sort_unstable();
    words.dedup();
    assert_eq!(words.len(), Way::ALL.len());
}
