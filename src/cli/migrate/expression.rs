//! Expressions of Go's syntax (RE2) as shapes of a pattern: what stands before the secret, the
//! secret, what stands after, and what may stand beside all of it.
//!
//! A shape has bounds and looks at nothing but itself and the bytes beside it. So repetitions
//! without a bound get one, and conditions in the middle (`\b`) are left out: the pattern then
//! finds more, never less. Both are told. Where the expression begins or ends with what need not be
//! there, that is left out too: it changes no secret.

use regex_syntax::hir::{Class, Hir, HirKind, Repetition};

use super::edges::{is_edge, left_of, right_of};
use super::go::from_go;
use super::print::{Bytes, Caps, Printer};

/// How deep groups may lie in each other.
const NEST: u32 = 50;
/// The longest expression, in bytes.
const LONGEST: usize = 16 << 10;
/// How many shapes one expression may become.
const SHAPES: usize = 16;

/// What may stand beside a match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Beside {
    /// Anything.
    Any,
    /// The text's end, or a byte of this class.
    Class(String),
}

/// A shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// What stands before the secret; may be empty.
    pub before: String,
    /// The secret.
    pub secret: String,
    /// What stands after it; may be empty.
    pub after: String,
    /// What may stand before the match.
    pub left: Beside,
    /// What may stand after the match.
    pub right: Beside,
    /// Whether a repetition had no bound.
    pub is_capped: bool,
    /// How the shape differs from the expression.
    pub notes: Vec<&'static str>,
}

/// An expression that was parsed.
#[derive(Debug)]
pub struct Expression {
    hir: Hir,
}

/// A step of one way through an expression.
#[derive(Clone, Debug)]
enum Item {
    /// A group that captures begins.
    Enter(u32),
    /// It ends.
    Leave(u32),
    /// What holds no such group.
    Part(Hir),
}

impl Expression {
    /// Parses an expression as Go would.
    ///
    /// # Errors
    ///
    /// Why it does not parse.
    pub fn parse(go: &str) -> Result<Self, String> {
        if go.len() > LONGEST {
            return Err(format!("the expression is longer than {LONGEST} bytes"));
        }
        let hir = regex_syntax::ParserBuilder::new()
            .unicode(false)
            .utf8(false)
            .octal(true)
            .nest_limit(NEST)
            .build()
            .parse(&from_go(go))
            .map_err(|e| match e {
                regex_syntax::Error::Parse(e) => e.kind().to_string(),
                regex_syntax::Error::Translate(e) => e.kind().to_string(),
                _ => "this is no regular expression".to_owned(),
            })?;
        Ok(Self { hir })
    }

    /// The expression as a tree.
    pub fn hir(&self) -> &Hir {
        &self.hir
    }

    /// The shapes: one for each way to the secret. `group` is the number of the group that is the
    /// secret; without one it is the first that a way has, or all of the match.
    ///
    /// # Errors
    ///
    /// Why there is no such shape.
    pub fn shapes(&self, group: Option<u32>, caps: Caps) -> Result<Vec<Shape>, String> {
        let mut notes = Vec::new();
        let ways = ways(&self.hir, &mut notes)?;
        let mut shapes = Vec::new();
        for way in ways {
            let shape = shape(way, group, caps, notes.clone());
            if !shapes.contains(&shape) {
                shapes.push(shape);
            }
        }
        Ok(shapes)
    }

    /// Whether every match holds one of these words (lower case), in any case of letters.
    pub fn always_holds(&self, words: &[String]) -> bool {
        super::print::always_holds(&self.hir, words)
    }
}

/// Every way through an expression that chooses among alternatives with groups in them.
fn ways(hir: &Hir, notes: &mut Vec<&'static str>) -> Result<Vec<Vec<Item>>, String> {
    if hir.properties().explicit_captures_len() == 0 {
        return Ok(match hir.kind() {
            HirKind::Empty => vec![Vec::new()],
            HirKind::Concat(parts) => vec![parts.iter().cloned().map(Item::Part).collect()],
            _ => vec![vec![Item::Part(hir.clone())]],
        });
    }
    let found = match hir.kind() {
        // `(^|[^0-9])` names what stands beside the match, whether it captures or not.
        HirKind::Capture(capture) if is_edge(&capture.sub) => {
            vec![vec![Item::Part(without_groups(&capture.sub))]]
        }
        HirKind::Capture(capture) => ways(&capture.sub, notes)?
            .into_iter()
            .map(|mut way| {
                way.insert(0, Item::Enter(capture.index));
                way.push(Item::Leave(capture.index));
                way
            })
            .collect(),
        HirKind::Concat(parts) => {
            let mut all: Vec<Vec<Item>> = vec![Vec::new()];
            for part in parts {
                let more = ways(part, notes)?;
                if all.len() * more.len() > SHAPES {
                    return Err(format!("its groups lie in more than {SHAPES} alternatives"));
                }
                let joined = all.iter().flat_map(|one| {
                    more.iter()
                        .map(move |way| [one.as_slice(), way.as_slice()].concat())
                });
                all = joined.collect();
            }
            all
        }
        HirKind::Alternation(parts) => {
            let mut all = Vec::new();
            for part in parts {
                all.extend(ways(part, notes)?);
            }
            all
        }
        HirKind::Repetition(repetition) if repetition.max == Some(1) => {
            let mut all = ways(&repetition.sub, notes)?;
            if repetition.min == 0 {
                all.push(Vec::new());
            }
            all
        }
        // Groups within what repeats name its last turn: nothing a shape can say.
        HirKind::Repetition(repetition) => {
            notes.push("a group that repeats does not name the secret");
            let bare = Repetition {
                sub: Box::new(without_groups(&repetition.sub)),
                ..repetition.clone()
            };
            vec![vec![Item::Part(Hir::repetition(bare))]]
        }
        _ => vec![vec![Item::Part(hir.clone())]],
    };
    if found.len() > SHAPES {
        return Err(format!("its groups lie in more than {SHAPES} alternatives"));
    }
    Ok(found)
}

fn without_groups(hir: &Hir) -> Hir {
    match hir.kind() {
        HirKind::Capture(capture) => without_groups(&capture.sub),
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(without_groups).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(without_groups).collect()),
        HirKind::Repetition(repetition) => Hir::repetition(Repetition {
            sub: Box::new(without_groups(&repetition.sub)),
            ..repetition.clone()
        }),
        _ => hir.clone(),
    }
}

fn shape(way: Vec<Item>, group: Option<u32>, caps: Caps, mut notes: Vec<&'static str>) -> Shape {
    let groups = way.iter().filter_map(|item| match item {
        Item::Enter(n) => Some(*n),
        _ => None,
    });
    let groups: Vec<u32> = groups.collect();
    let chosen = match group {
        Some(n) if groups.contains(&n) => Some(n),
        Some(_) if !groups.is_empty() => {
            notes.push("an alternative has no such group: its first one is taken");
            groups.first().copied()
        }
        Some(_) => None,
        None => likely(&way, &groups, caps, &mut notes),
    };
    let (mut before, mut secret, mut after) = (Vec::new(), Vec::new(), Vec::new());
    let mut into = u8::from(chosen.is_none());
    for item in way {
        match item {
            Item::Enter(n) if Some(n) == chosen => into = 1,
            Item::Leave(n) if Some(n) == chosen => into = 2,
            Item::Part(hir) => match into {
                0 => before.push(hir),
                1 => secret.push(hir),
                _ => after.push(hir),
            },
            _ => {}
        }
    }
    let whole = chosen.is_none();
    let left = if whole {
        left_of(&mut secret, None, &mut notes)
    } else {
        left_of(&mut before, secret.first(), &mut notes)
    };
    after.reverse();
    let right = if after.is_empty() {
        secret.reverse();
        let right = right_of(&mut secret, None, &mut notes);
        secret.reverse();
        right
    } else {
        let right = right_of(&mut after, secret.last(), &mut notes);
        after.reverse();
        right
    };
    let mut print = Printer::new(caps);
    let before = print.all(&before, false);
    let secret = print.all(&secret, true);
    let after = print.all(&after, false);
    if print.dropped {
        notes.push(
            "a condition in the middle (a word's edge or a line's end) is left out: it finds more",
        );
    }
    notes.sort_unstable();
    notes.dedup();
    Shape {
        before,
        secret,
        after,
        left,
        right,
        is_capped: print.capped,
        notes,
    }
}

/// The group that is the secret if none is named: the first; but if that is as short as a word and
/// another is not, then that one.
fn likely(way: &[Item], groups: &[u32], caps: Caps, notes: &mut Vec<&'static str>) -> Option<u32> {
    const SHORT: usize = 12;
    let longest = |n: u32| {
        let within = way
            .iter()
            .skip_while(|i| !matches!(i, Item::Enter(m) if *m == n))
            .take_while(|i| !matches!(i, Item::Leave(m) if *m == n));
        within
            .map(|item| match item {
                Item::Part(hir) => {
                    let most = hir.properties().maximum_len();
                    most.unwrap_or(usize::from(caps.secret))
                }
                _ => 0,
            })
            .fold(0, usize::saturating_add)
    };
    let first = groups.first().copied()?;
    let best = groups.iter().copied().max_by_key(|n| longest(*n))?;
    if longest(first) < SHORT && longest(best) >= SHORT {
        notes.push("the first group is too short for a secret: the longest is taken");
        return Some(best);
    }
    Some(first)
}

/// The bytes of a class.
pub(super) fn bytes_of(class: &Class) -> Bytes {
    let mut set = Bytes::default();
    match class {
        Class::Bytes(class) => {
            for range in class.iter() {
                set.add(range.start(), range.end());
            }
        }
        Class::Unicode(class) => {
            for range in class.iter() {
                let end = u8::try_from(range.end()).unwrap_or(u8::MAX);
                if let Ok(start) = u8::try_from(range.start()) {
                    set.add(start, end);
                }
            }
        }
    }
    set
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAPS: Caps = Caps {
        secret: 256,
        around: 64,
    };

    fn one(go: &str) -> Shape {
        let shapes = Expression::parse(go).unwrap().shapes(None, CAPS).unwrap();
        assert_eq!(shapes.len(), 1, "{shapes:?}");
        shapes[0].clone()
    }

    fn text(shape: &Shape) -> [&str; 3] {
        [&shape.before, &shape.secret, &shape.after]
    }

    fn class(text: &str) -> Beside {
        Beside::Class(text.to_owned())
    }

    #[test]
    fn the_group_is_the_secret() {
        let shape = one(r#"acme_key\s?=\s?"([0-9a-f]{32})""#);
        let [before, secret, after] = text(&shape);
        assert!(before.starts_with("acme_key") && before.ends_with('"'));
        assert_eq!((secret, after), ("[0-9a-f]{32}", "\""));
        assert_eq!((&shape.left, &shape.right), (&Beside::Any, &Beside::Any));
        assert!(!shape.is_capped && shape.notes.is_empty());

        let whole = one("acme_[0-9a-f]{32}");
        assert_eq!(text(&whole), ["", "acme_[0-9a-f]{32}", ""]);
    }

    #[test]
    fn edges_become_classes() {
        let shape = one(r#"\b(acme_[0-9A-Za-z]{36})(?:[\x60'"\s;]|\\[nr]|$)"#);
        assert_eq!(text(&shape), ["", "acme_[0-9A-Za-z]{36}", ""]);
        assert_eq!(shape.left, class("[^0-9A-Z_a-z]"));
        assert_eq!(shape.right, class(r#"[\x09-\x0d "';\x5c`]"#));
        assert!(shape.notes.is_empty(), "{:?}", shape.notes);
        let shape = one(r"acme_([0-9a-f]{32})(?:</a>|$)");
        assert_eq!(shape.right, class("[<]"));
        assert_eq!(shape.notes.len(), 1);

        let shape = one(r"(?m)^KEY=([0-9]{9})$");
        assert_eq!(shape.left, class(r"[\n]"));
        assert_eq!(shape.right, class(r"[\n\r]"));
        assert!(shape.notes.is_empty());
    }

    #[test]
    fn what_has_no_bound_gets_one_and_what_need_not_be_there_goes() {
        let shape = one(r"(?i)[\w.-]{0,50}?acme[ \t]*=\s*([a-z0-9]{20,})\s*");
        assert!(shape.is_capped);
        assert_eq!(
            text(&shape),
            [
                r"(?i:acme)[\x09 ]{0,64}=[\x09-\x0d ]{0,64}",
                "[0-9A-Za-z]{20,256}",
                ""
            ]
        );
    }

    #[test]
    fn every_way_to_the_secret_is_a_shape() {
        let shapes = Expression::parse(r#"k=(?:"([0-9]{20})"|'([a-z]{20})')"#).unwrap();
        let shapes = shapes.shapes(None, CAPS).unwrap();
        let told: Vec<_> = shapes.iter().map(text).collect();
        assert_eq!(
            told,
            [["k=\"", "[0-9]{20}", "\""], ["k='", "[a-z]{20}", "'"]]
        );
        let many = "(a)|".repeat(40) + "(b)";
        let many = Expression::parse(&many).unwrap();
        assert!(
            many.shapes(None, CAPS)
                .unwrap_err()
                .contains("alternatives")
        );
    }

    #[test]
    fn a_short_first_group_is_no_secret() {
        let shape = one("(key|token)=([0-9a-f]{32})");
        assert_eq!(text(&shape), ["(?:key|token)=", "[0-9a-f]{32}", ""]);
        assert_eq!(shape.notes.len(), 1);
        let named = Expression::parse("(key|token)=([0-9a-f]{32})").unwrap();
        let named = named.shapes(Some(1), CAPS).unwrap();
        assert_eq!(named[0].secret, "(?:key|token)");
    }

    #[test]
    fn what_does_not_parse_says_why() {
        for bad in ["(", "[a", "a**b(", r"\pL", "(?=a)b", &"(".repeat(1000)] {
            assert!(!Expression::parse(bad).unwrap_err().is_empty(), "{bad}");
        }
        assert!(Expression::parse(&"a".repeat(LONGEST + 1)).is_err());
    }
}
