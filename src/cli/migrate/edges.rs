//! What stands at the two ends of an expression: conditions on what is beside the match, and what need
//! not be there.

use regex_syntax::hir::{Hir, HirKind, Look, Repetition};

use super::expression::Beside;
use super::print::{Bytes, Printer, class_of};

/// Takes from the front what is about the edge, and what need not be there; `beyond` comes behind the
/// items. Without it they are a secret, which keeps all its bytes.
pub fn left_of(
    items: &mut Vec<Hir>,
    beyond: Option<&Hir>,
    notes: &mut Vec<&'static str>,
) -> Beside {
    let is_secret = beyond.is_none();
    let mut beside = Beside::Any;
    while let Some(first) = items.first() {
        let next = items.get(1).or(beyond);
        if let HirKind::Look(look) = first.kind() {
            beside = edge_of(*look, next.map(Printer::first), notes);
        } else if let Some(set) = edge_set(first, false, notes) {
            beside = Beside::Class(class_of(&set));
        } else if !is_secret
            && items.len() > 1
            && let Some(less) = less_of(first)
        {
            let same = less.as_ref() == Some(first);
            if same {
                break;
            }
            if beside != Beside::Any {
                notes.push("what may stand before the match is not checked: it finds more");
                beside = Beside::Any;
            }
            if let Some(less) = less {
                items[0] = less;
                break;
            }
        } else {
            break;
        }
        items.remove(0);
    }
    beside
}

/// The same from the end; `items` come in reverse.
pub fn right_of(
    items: &mut Vec<Hir>,
    beyond: Option<&Hir>,
    notes: &mut Vec<&'static str>,
) -> Beside {
    let is_secret = beyond.is_none();
    let mut beside = Beside::Any;
    while let Some(last) = items.first() {
        let before = items.get(1).or(beyond);
        if let HirKind::Look(look) = last.kind() {
            beside = edge_of(*look, before.map(Printer::last), notes);
        } else if let Some(set) = edge_set(last, true, notes) {
            beside = Beside::Class(class_of(&set));
        } else if !is_secret && let Some(less) = less_of(last) {
            if less.as_ref() == Some(last) {
                break;
            }
            if beside != Beside::Any {
                notes.push("what may stand after the match is not checked: it finds more");
                beside = Beside::Any;
            }
            if let Some(less) = less {
                items[0] = less;
                break;
            }
        } else {
            break;
        }
        items.remove(0);
    }
    beside
}

/// What an edge of the match may need of a repetition: nothing if it may be empty, else as few as
/// it can have. `None` if it is no repetition.
#[expect(
    clippy::option_option,
    reason = "no repetition, one to leave out, one to shorten"
)]
fn less_of(hir: &Hir) -> Option<Option<Hir>> {
    let HirKind::Repetition(repetition) = hir.kind() else {
        return None;
    };
    if repetition.min == 0 {
        return Some(None);
    }
    Some(Some(Hir::repetition(Repetition {
        max: Some(repetition.min),
        greedy: true,
        ..repetition.clone()
    })))
}

/// What a condition at the edge asks of the byte beside it; `inner` are the bytes on its other side.
fn edge_of(look: Look, inner: Option<Bytes>, notes: &mut Vec<&'static str>) -> Beside {
    match look {
        Look::Start | Look::StartLF | Look::StartCRLF => {
            if look == Look::Start {
                notes.push("the begin of a line counts as the begin of the text");
            }
            Beside::Class("[\\n]".to_owned())
        }
        Look::End | Look::EndLF | Look::EndCRLF => {
            if look == Look::End {
                notes.push("the end of a line counts as the end of the text");
            }
            Beside::Class("[\\n\\r]".to_owned())
        }
        Look::WordAscii => {
            let is_word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
            let inner = inner.unwrap_or_else(Bytes::all);
            if inner.iter().all(|b| is_word(&b)) {
                Beside::Class("[^0-9A-Z_a-z]".to_owned())
            } else {
                if inner.iter().any(|b| is_word(&b)) {
                    notes.push("a word's edge is not checked: it finds more");
                }
                Beside::Any
            }
        }
        _ => {
            notes.push("a word's edge is not checked: it finds more");
            Beside::Any
        }
    }
}

/// Whether an expression says what stands beside a match.
pub fn is_edge(hir: &Hir) -> bool {
    let notes = &mut Vec::new();
    edge_set(hir, true, notes).is_some() || edge_set(hir, false, notes).is_some()
}

/// The bytes that alternatives such as `(?:['"\s]|$)` ask for: some bytes, or the text's end.
/// `None` if it is not of that form.
fn edge_set(hir: &Hir, at_end: bool, notes: &mut Vec<&'static str>) -> Option<Bytes> {
    let HirKind::Alternation(parts) = hir.kind() else {
        return None;
    };
    let (mut set, mut ends, mut long) = (Bytes::default(), false, false);
    for part in parts {
        match part.kind() {
            HirKind::Look(Look::Start | Look::StartLF | Look::StartCRLF) if !at_end => ends = true,
            HirKind::Look(Look::End | Look::EndLF | Look::EndCRLF) if at_end => ends = true,
            HirKind::Empty | HirKind::Look(_) => return None,
            _ => {
                let beside = if at_end {
                    Printer::first(part)
                } else {
                    Printer::last(part)
                };
                if part.properties().minimum_len() == Some(0) {
                    return None;
                }
                // An escape (`\\[nr]`) is told by its backslash as well as by all of it.
                let is_escape = at_end && beside.iter().eq([b'\\']);
                long |= !is_escape && part.properties().maximum_len() != Some(1);
                set = set.or(&beside);
            }
        }
    }
    if !ends {
        return None;
    }
    if long {
        notes.push("of longer alternatives beside the match only the nearest byte is checked");
    }
    Some(set)
}
