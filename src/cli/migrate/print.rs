//! Writes a parsed expression in the syntax of shapes: groups that capture nothing, repetitions with
//! bounds, classes in full.

use std::fmt::Write as _;

use regex_syntax::hir::{Hir, HirKind, Repetition};

use super::expression::bytes_of;

/// What a repetition without a bound gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// In the secret, in bytes.
    pub secret: u16,
    /// Before and after it, in bytes.
    pub around: u16,
}

/// How often a group may repeat that is more than one byte.
const TURNS: u32 = 8;

/// A set of bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bytes([bool; 256]);

impl Default for Bytes {
    fn default() -> Self {
        Self([false; 256])
    }
}

impl Bytes {
    /// All there are.
    pub fn all() -> Self {
        Self([true; 256])
    }

    /// Adds a range, both ends included.
    pub fn add(&mut self, start: u8, end: u8) {
        for byte in start..=end {
            self.0[usize::from(byte)] = true;
        }
    }

    /// Both together.
    pub fn or(&self, other: &Self) -> Self {
        let mut out = self.clone();
        for byte in other.iter() {
            out.add(byte, byte);
        }
        out
    }

    /// Those in it.
    pub fn iter(&self) -> impl Iterator<Item = u8> + '_ {
        (0..=u8::MAX).filter(|b| self.0[usize::from(*b)])
    }

    /// The two cases of one letter, if it is those.
    fn letter(&self) -> Option<u8> {
        let mut all = self.iter();
        let (upper, lower) = (all.next()?, all.next()?);
        let pair = upper.is_ascii_uppercase() && upper.to_ascii_lowercase() == lower;
        (pair && all.next().is_none()).then_some(lower)
    }
}

/// A set as a class in brackets.
pub fn class_of(set: &Bytes) -> String {
    let inside = set.iter().count();
    let negated = inside > 128 && inside < 256;
    let mut out = String::from(if negated { "[^" } else { "[" });
    let mut at = 0;
    while at < 256 {
        if set.0[at] == negated {
            at += 1;
            continue;
        }
        let mut end = at;
        while end < 255 && set.0[end + 1] != negated {
            end += 1;
        }
        byte(at as u8, &mut out);
        if end > at {
            if end > at + 1 {
                out.push('-');
            }
            byte(end as u8, &mut out);
        }
        at = end + 1;
    }
    out.push(']');
    out
}

/// A byte in a class.
fn byte(byte: u8, out: &mut String) {
    match byte {
        // A backslash before a letter would look like one of the names that shapes refuse.
        b'\\' => out.push_str("\\x5c"),
        b'[' | b']' | b'^' | b'-' | b'&' | b'~' => {
            out.push('\\');
            out.push(char::from(byte));
        }
        b' '..=b'~' => out.push(char::from(byte)),
        _ => {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
}

/// Writes, and remembers what it had to change.
#[derive(Debug)]
pub struct Printer {
    caps: Caps,
    /// Whether a repetition had no bound.
    pub capped: bool,
    /// Whether a condition was left out.
    pub dropped: bool,
}

impl Printer {
    /// A printer with these bounds.
    pub fn new(caps: Caps) -> Self {
        Self {
            caps,
            capped: false,
            dropped: false,
        }
    }

    /// Writes a sequence.
    pub fn all(&mut self, items: &[Hir], is_secret: bool) -> String {
        let mut out = String::new();
        let mut i = 0;
        while i < items.len() {
            // Letters of either case, and what lies between them: one group.
            let run = items[i..].iter().take_while(|h| folded(h).is_some());
            let (run, mut word) = (run.count(), String::new());
            for item in &items[i..i + run] {
                word.push_str(&folded(item).unwrap_or_default());
            }
            if run > 0 && word.bytes().any(|b| b.is_ascii_alphabetic()) {
                let _ = write!(out, "(?i:{word})");
                i += run;
                continue;
            }
            self.one(&items[i], is_secret, &mut out);
            i += 1;
        }
        out
    }

    fn one(&mut self, hir: &Hir, is_secret: bool, out: &mut String) {
        match hir.kind() {
            HirKind::Empty => {}
            HirKind::Literal(bytes) => bytes.0.iter().for_each(|b| literal(*b, out)),
            HirKind::Class(class) => out.push_str(&class_of(&bytes_of(class))),
            HirKind::Look(_) => self.dropped = true,
            HirKind::Capture(capture) => {
                out.push_str("(?:");
                self.sequence(&capture.sub, is_secret, out);
                out.push(')');
            }
            HirKind::Concat(_) => self.sequence(hir, is_secret, out),
            HirKind::Alternation(parts) => {
                out.push_str("(?:");
                for (i, part) in parts.iter().enumerate() {
                    if i > 0 {
                        out.push('|');
                    }
                    self.sequence(part, is_secret, out);
                }
                out.push(')');
            }
            HirKind::Repetition(repetition) => self.repeated(repetition, is_secret, out),
        }
    }

    fn sequence(&mut self, hir: &Hir, is_secret: bool, out: &mut String) {
        let text = match hir.kind() {
            HirKind::Concat(parts) => self.all(parts, is_secret),
            _ => self.all(std::slice::from_ref(hir), is_secret),
        };
        out.push_str(&text);
    }

    fn repeated(&mut self, repetition: &Repetition, is_secret: bool, out: &mut String) {
        let mut inner = String::new();
        self.sequence(&repetition.sub, is_secret, &mut inner);
        if inner.is_empty() {
            return;
        }
        let properties = repetition.sub.properties();
        let single = properties.maximum_len() == Some(1);
        let cap = match (single, is_secret) {
            (true, true) => u32::from(self.caps.secret),
            (true, false) => u32::from(self.caps.around),
            (false, _) => repetition.min.saturating_add(TURNS),
        };
        let max = repetition.max.unwrap_or_else(|| {
            self.capped = true;
            cap.max(repetition.min)
        });
        if matches!(repetition.sub.kind(), HirKind::Class(_)) || inner.chars().count() == 1 {
            out.push_str(&inner);
        } else {
            let _ = write!(out, "(?:{inner})");
        }
        match (repetition.min, max) {
            (1, 1) => return,
            (0, 1) => out.push('?'),
            (min, max) if min == max => {
                let _ = write!(out, "{{{min}}}");
            }
            (min, max) => {
                let _ = write!(out, "{{{min},{max}}}");
            }
        }
        if !repetition.greedy && repetition.min != max {
            out.push('?');
        }
    }

    /// The bytes that a text of it can begin with; all, if it may be empty.
    pub fn first(hir: &Hir) -> Bytes {
        edge(hir, true)
    }

    /// The bytes that a text of it can end with; all, if it may be empty.
    pub fn last(hir: &Hir) -> Bytes {
        edge(hir, false)
    }
}

fn edge(hir: &Hir, first: bool) -> Bytes {
    if hir.properties().minimum_len().unwrap_or(0) == 0 {
        return Bytes::all();
    }
    match hir.kind() {
        HirKind::Literal(bytes) => {
            let at = if first {
                bytes.0.first()
            } else {
                bytes.0.last()
            };
            let mut set = Bytes::default();
            if let Some(byte) = at {
                set.add(*byte, *byte);
            }
            set
        }
        HirKind::Class(class) => bytes_of(class),
        HirKind::Capture(capture) => edge(&capture.sub, first),
        HirKind::Repetition(repetition) => edge(&repetition.sub, first),
        HirKind::Alternation(parts) => parts
            .iter()
            .fold(Bytes::default(), |set, part| set.or(&edge(part, first))),
        HirKind::Concat(parts) => {
            let mut set = Bytes::default();
            let mut ordered: Vec<&Hir> = parts.iter().collect();
            if !first {
                ordered.reverse();
            }
            for part in ordered {
                if part.properties().maximum_len() == Some(0) {
                    continue;
                }
                if part.properties().minimum_len().unwrap_or(0) > 0 {
                    return set.or(&edge(part, first));
                }
                let inner = match part.kind() {
                    HirKind::Repetition(r) => edge(&r.sub, first),
                    _ => Bytes::all(),
                };
                set = set.or(&inner);
            }
            Bytes::all()
        }
        HirKind::Empty | HirKind::Look(_) => Bytes::all(),
    }
}

/// What of a group without case an item is: one letter, or bytes that have no case.
fn folded(hir: &Hir) -> Option<String> {
    let mut out = String::new();
    match hir.kind() {
        HirKind::Class(class) => literal(bytes_of(class).letter()?, &mut out),
        HirKind::Literal(bytes) if !bytes.0.iter().any(u8::is_ascii_alphabetic) => {
            bytes.0.iter().for_each(|b| literal(*b, &mut out));
        }
        _ => return None,
    }
    Some(out)
}

/// A byte outside of classes.
fn literal(byte: u8, out: &mut String) {
    match byte {
        b'\\' => out.push_str("\\x5c"),
        b' '..=b'~' => out.push_str(&regex_syntax::escape(&char::from(byte).to_string())),
        _ => {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
}

/// Whether every text of an expression holds one of these words (lower case), in any case of
/// letters: proved by structure, so it may say no where a cleverer proof would say yes.
pub fn always_holds(hir: &Hir, words: &[String]) -> bool {
    let within = |run: &str| {
        words
            .iter()
            .any(|w| !w.is_empty() && run.contains(w.as_str()))
    };
    match hir.kind() {
        HirKind::Literal(bytes) => within(&String::from_utf8_lossy(&bytes.0).to_lowercase()),
        HirKind::Capture(capture) => always_holds(&capture.sub, words),
        HirKind::Repetition(repetition) => {
            repetition.min > 0 && always_holds(&repetition.sub, words)
        }
        HirKind::Alternation(parts) => parts.iter().all(|p| always_holds(p, words)),
        HirKind::Concat(parts) => {
            let mut run = String::new();
            for part in parts {
                let more = match part.kind() {
                    HirKind::Literal(bytes) => {
                        Some(String::from_utf8_lossy(&bytes.0).to_lowercase())
                    }
                    HirKind::Class(class) => {
                        bytes_of(class).letter().map(|b| char::from(b).to_string())
                    }
                    _ => None,
                };
                match more {
                    Some(more) => run.push_str(&more),
                    None => run.clear(),
                }
                if within(&run) || always_holds(part, words) {
                    return true;
                }
            }
            false
        }
        HirKind::Empty | HirKind::Look(_) | HirKind::Class(_) => false,
    }
}
