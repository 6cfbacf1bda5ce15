//! One known value, looked for as it is and in the encodings that values are written in. No pattern
//! is needed, and nothing is judged: where its bytes stand it is.
//!
//! A needle's hit depends on its own bytes alone. So, in a text that is built upon another, the hits
//! of what was copied are inherited, and only where something changed, with a needle's length less
//! one around it, anything is searched.

mod encode;
mod known;
mod wrapped;

use std::ops::Range;

use aho_corasick::{AhoCorasick, Input, MatchKind};

use super::patterns::Confidence;
use super::{Judged, Outcome};
use crate::base::{Secret, Span, limits};
use crate::sources::history::Segment;
use crate::sources::{Chunk, ContentKind};
pub use encode::Encoding;
pub use known::is_known;
use known::pattern;
use wrapped::{BREAK, HALF, divided, half, most_skipped, wrapped};

/// The shortest value that is looked for, in bytes: a shorter one stands in any text by chance.
pub const LEAST: usize = 8;
/// The longest, in bytes: the context of a chunk holds it in every encoding.
pub const MOST: usize = 4096;

/// How much of a needle the first search looks for, in bytes.
const KEY: usize = 16;

/// A value, in every encoding that is looked for.
pub struct Needles {
    value: Secret,
    /// Each is told apart from all others.
    written: Vec<(Secret, Encoding)>,
    /// How the needles begin.
    keys: AhoCorasick,
    /// Bytes of the longest needle.
    longest: usize,
}

impl std::fmt::Debug for Needles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Needles(........)")
    }
}

/// Where a needle stands in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NeedleHit {
    at: usize,
    end: usize,
    needle: u16,
}

impl Needles {
    /// The needles of a value.
    ///
    /// # Errors
    ///
    /// Words, if it is shorter than [`LEAST`] or longer than [`MOST`].
    pub fn new(value: &[u8]) -> Result<Self, String> {
        if value.len() < LEAST {
            return Err(format!("the value has fewer than {LEAST} bytes"));
        }
        if value.len() > MOST {
            return Err(format!("the value has more than {MOST} bytes"));
        }
        let needles = encode::all(value);
        let mut keys: Vec<&[u8]> = Vec::new();
        for (needle, encoding) in &needles {
            let needle = needle.expose();
            if encoding.is_wrapped() {
                let half = half(needle);
                keys.extend([&needle[..half], &needle[half..2 * half]]);
            } else {
                keys.push(&needle[..KEY.min(needle.len())]);
            }
        }
        let keys = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostFirst)
            .build(keys)
            .map_err(|e| format!("the value cannot be looked for: {e}"))?;
        let longest = needles.iter().map(|(needle, encoding)| {
            let len = needle.expose().len();
            len + if encoding.is_wrapped() {
                most_skipped(len)
            } else {
                0
            }
        });
        let longest = longest.max();
        Ok(Self {
            value: Secret::new(value),
            keys,
            longest: longest.unwrap_or(0),
            written: needles,
        })
    }

    /// How many ways of writing it are looked for.
    pub fn ways(&self) -> usize {
        Encoding::ALL.len()
    }

    /// Whether a text holds the value.
    pub fn is_in(&self, text: &[u8]) -> bool {
        let mut any = false;
        self.search(text, 0..text.len(), |_| {
            any = true;
            false
        });
        any
    }

    /// All hits in a text, sorted; `None` if there are more than are kept
    /// ([`limits::MATCHES`]).
    pub fn hits(&self, text: &[u8]) -> Option<Vec<NeedleHit>> {
        let mut hits = Vec::new();
        self.search(text, 0..text.len(), |hit| {
            hits.push(hit);
            hits.len() <= limits::MATCHES
        });
        hits.sort_unstable();
        (hits.len() <= limits::MATCHES).then_some(hits)
    }

    /// How many bytes are searched of a text that is made of `segments` of another.
    pub fn searched_upon(&self, segments: &[Segment]) -> u64 {
        let windows = self.windows(segments).into_iter();
        windows.map(|window| window.len() as u64).sum()
    }

    /// Where hits begin that are not in one copied range whole.
    fn windows(&self, segments: &[Segment]) -> Vec<Range<usize>> {
        let mut windows: Vec<Range<usize>> = Vec::new();
        for s in segments {
            let from_start = s.at.saturating_sub(self.longest - 1);
            let window = match s.from {
                None => from_start..s.end(),
                Some(_) => from_start..s.at,
            };
            match windows.last_mut() {
                Some(last) if last.end >= window.start => last.end = last.end.max(window.end),
                _ => windows.push(window),
            }
        }
        windows
    }

    /// The hits in a text that is made of `segments` of another whose hits are `base`: the same as
    /// [`Self::hits`], and less work.
    pub fn hits_upon(
        &self,
        base: &[NeedleHit],
        text: &[u8],
        segments: &[Segment],
    ) -> Option<Vec<NeedleHit>> {
        let mut hits = Vec::new();
        let windows = self.windows(segments);
        for s in segments {
            let Some(from) = s.from else { continue };
            let first = base.partition_point(|hit| hit.at < from);
            for hit in base[first..].iter().take_while(|hit| hit.at < from + s.len) {
                if hit.end <= from + s.len {
                    hits.push(NeedleHit {
                        at: hit.at - from + s.at,
                        end: hit.end - from + s.at,
                        ..*hit
                    });
                }
            }
            if hits.len() > limits::MATCHES {
                return None;
            }
        }
        for window in windows {
            self.search(text, window, |hit| {
                hits.push(hit);
                hits.len() <= 2 * limits::MATCHES
            });
        }
        hits.sort_unstable();
        hits.dedup();
        (hits.len() <= limits::MATCHES).then_some(hits)
    }

    /// The hits that begin in a chunk's core, as matches of the patterns that stand for them.
    pub fn judged(&self, chunk: &Chunk<'_>) -> Vec<Judged> {
        let mut out = Vec::new();
        self.search(chunk.text, chunk.core(), |hit| {
            let span = Span::new(hit.at, hit.end);
            let encoding = match self.written[usize::from(hit.needle)].1 {
                Encoding::Plain if chunk.kind == ContentKind::Utf16 => Encoding::Utf16,
                other => other,
            };
            out.push(Judged {
                pattern: pattern(encoding),
                span,
                secret: span,
                parts: Vec::new(),
                confidence: Confidence::High,
                canonical: Some(self.value.clone()),
                weighed: None,
                decoded: None,
                outcome: Outcome::Match,
            });
            out.len() <= limits::MATCHES
        });
        out.sort_by_key(|j| (j.span.start, j.span.end, j.pattern.id));
        out
    }

    /// A text in which neither the value nor any encoding of it is left.
    pub fn concealed(&self, text: &str) -> String {
        let (bytes, mut out, mut at) = (text.as_bytes(), Vec::new(), 0);
        let mut hits = Vec::new();
        self.search(bytes, 0..bytes.len(), |hit| {
            hits.push(hit);
            true
        });
        hits.sort_unstable();
        for hit in hits {
            if hit.at >= at {
                out.extend_from_slice(&bytes[at..hit.at]);
                out.extend_from_slice(b"........");
            }
            at = at.max(hit.end);
        }
        out.extend_from_slice(&bytes[at..]);
        String::from_utf8_lossy(&out).into_owned()
    }

    /// Tells the hits that begin in `starts`, nearly in order, until it is told to stop.
    fn search(&self, text: &[u8], starts: Range<usize>, mut tell: impl FnMut(NeedleHit) -> bool) {
        // A second key stands behind the first and a line break.
        let last = starts.end.saturating_add(HALF + BREAK);
        let end = text.len().min(last.saturating_add(KEY));
        let mut at = starts.start;
        while at < end {
            let Some(key) = self.keys.find(Input::new(text).range(at..end)) else {
                return;
            };
            at = key.start() + 1;
            for (number, (needle, encoding)) in self.written.iter().enumerate() {
                let needle = needle.expose();
                let mut begins = [Some(key.start()), None];
                if encoding.is_wrapped() {
                    begins[1] = divided(text, key.start(), needle);
                }
                for begin in begins.into_iter().flatten().filter(|b| starts.contains(b)) {
                    let end = if encoding.is_wrapped() {
                        wrapped(text, begin, needle)
                    } else {
                        let is_here = text[begin..].starts_with(needle);
                        is_here.then_some(begin + needle.len())
                    };
                    let hit = |end| NeedleHit {
                        at: begin,
                        end,
                        needle: number as u16,
                    };
                    if end.is_some_and(|end| !tell(hit(end))) {
                        return;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_too_short_or_too_long_is_refused() {
        assert!(Needles::new(&[b'x'; LEAST - 1]).is_err());
        assert!(Needles::new(&[b'x'; LEAST]).is_ok());
        assert!(Needles::new(&[b'x'; MOST]).is_ok());
        assert!(Needles::new(&[b'x'; MOST + 1]).is_err());
        let told = format!("{:?}", Needles::new(b"opensesame"));
        assert!(!told.contains("sesame"), "{told}");
    }

    #[test]
    fn the_longest_needle_fits_in_the_context_of_a_chunk() {
        let needles = Needles::new("\u{1}".repeat(MOST).as_bytes()).expect("made");
        assert!(
            needles.longest < limits::CHUNK_CONTEXT,
            "{}",
            needles.longest
        );
    }

    #[test]
    fn nothing_of_the_value_is_left_in_a_concealed_text() {
        let needles = Needles::new(b"opensesame").expect("made");
        assert_eq!(needles.concealed("a/opensesame/b"), "a/......../b");
        assert_eq!(
            needles.concealed("opensesameopensesame"),
            "................"
        );
        assert_eq!(
            needles.concealed("6f70656e736573616d65.txt"),
            ".........txt"
        );
        assert_eq!(needles.concealed("opensesam"), "opensesam");
        let repeated = Needles::new(b"aaaaaaaa").expect("made");
        assert_eq!(repeated.concealed("xaaaaaaaaaay"), "x........y");
    }

    /// Every place by comparing every needle there.
    fn plain(needles: &Needles, text: &[u8]) -> Vec<NeedleHit> {
        let mut out = Vec::new();
        for at in 0..text.len() {
            for (number, (needle, _)) in needles.written.iter().enumerate() {
                if text[at..].starts_with(needle.expose()) {
                    let (end, needle) = (at + needle.expose().len(), number as u16);
                    out.push(NeedleHit { at, end, needle });
                }
            }
        }
        out
    }

    proptest! {
        /// A value of few letters, so that pieces of it meet at the borders of copies.
        #[test]
        fn along_a_delta_the_same_is_found_as_in_full(
            value in "[ab]{8,24}",
            base in "[ab=]{0,80}",
            pieces in proptest::collection::vec((any::<bool>(), any::<u8>(), "[ab]{1,9}"), 0..9),
            planted in any::<u8>(),
        ) {
            let needles = Needles::new(value.as_bytes()).unwrap();
            let mut base = base.into_bytes();
            let place = usize::from(planted) % (base.len() + 1);
            base.splice(place..place, value.bytes());
            let (mut text, mut segments): (Vec<u8>, Vec<Segment>) = (Vec::new(), Vec::new());
            for (copied, number, bytes) in pieces {
                let from = usize::from(number) % base.len();
                let len = if copied { (bytes.len() * 8).min(base.len() - from) } else { bytes.len() };
                let at = text.len();
                if copied {
                    text.extend_from_slice(&base[from..from + len]);
                } else {
                    text.extend_from_slice(bytes.as_bytes());
                }
                segments.push(Segment { at, len, from: copied.then_some(from) });
            }
            let held = needles.hits(&base).unwrap();
            prop_assert_eq!(&held, &plain(&needles, &base));
            prop_assert!(!held.is_empty());
            let told = needles.hits_upon(&held, &text, &segments).unwrap();
            prop_assert_eq!(&told, &plain(&needles, &text));
            prop_assert_eq!(&told, &needles.hits(&text).unwrap());
            prop_assert_eq!(needles.is_in(&text), !told.is_empty());
        }
    }

    /// Base64 as tools write it: lines of 76 digits, or fewer, indented or not.
    #[test]
    fn what_line_breaks_divide_is_found_wherever_they_stand() {
        let value = b"a value >?>?>? of thirty and some bytes";
        let needles = Needles::new(value).expect("made");
        let short = Needles::new(b"eight8>?").expect("made");
        for before in 0..80 {
            let mut bytes = vec![b'.'; before];
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"eight8>? and more");
            // The needle of this alignment is a piece of the whole.
            let whole = encode::base64(&bytes, 0, encode::BASE64);
            for width in [16, 20, 60, 64, 76] {
                for line_break in ["\n", "\r\n", "\n    ", "\n\t", "\r\n          "] {
                    let lines: Vec<&[u8]> = whole.chunks(width).collect();
                    let text = lines.join(line_break.as_bytes());
                    let hits = needles.hits(&text).expect("few");
                    assert_eq!(hits.len(), 1, "{before} {width} {line_break:?}");
                    assert_eq!(short.hits(&text).expect("few").len(), 1);
                    // It ends where it ends: cut there it is found, cut before it is not.
                    assert_eq!(needles.hits(&text[..hits[0].end]).expect("few"), hits);
                    assert!(!needles.is_in(&text[..hits[0].end - 1]));
                    assert!(!needles.is_in(&text[hits[0].at + 1..]));
                    assert_eq!(
                        needles.hits_upon(
                            &hits,
                            &text,
                            &[Segment {
                                at: 0,
                                len: text.len(),
                                from: Some(0)
                            },]
                        ),
                        Some(hits.clone())
                    );
                    for cut in hits[0].at..hits[0].end {
                        let segments = [
                            Segment {
                                at: 0,
                                len: cut,
                                from: Some(0),
                            },
                            Segment {
                                at: cut,
                                len: text.len() - cut,
                                from: None,
                            },
                        ];
                        let told =
                            needles.hits_upon(&[], &text, &segments[usize::from(cut == 0)..]);
                        assert_eq!(told.as_ref(), Some(&hits), "cut at {cut}");
                    }
                }
            }
        }
        assert!(!needles.is_in(b"YSB2YWx1ZSA+Pz4/Pj8gb2YgdGhpcnR5\n\nIGFuZCBzb21lIGJ5dGVz"));
    }

    #[test]
    fn a_text_of_hits_alone_is_given_up_and_none_is_lost() {
        let needles = Needles::new(b"aaaaaaaa").expect("made");
        let text = vec![b'a'; limits::MATCHES + 100];
        assert_eq!(needles.hits(&text), None);
        assert!(needles.is_in(&text));
        let chunk = Chunk::whole(&text, ContentKind::Text);
        assert_eq!(needles.judged(&chunk).len(), limits::MATCHES + 1);
    }
}
