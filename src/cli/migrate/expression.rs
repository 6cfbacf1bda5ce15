//! Expressions of Go's syntax (RE2) as shapes of a pattern: what stands before the secret, the
//! secret, what stands after, and what may stand beside all of it.
//!
//! A shape has bounds and looks at nothing but itself and the bytes beside it. So repetitions
//! without a bound get one, and conditions in the middle (`\b`) are left out: the pattern then
//! finds more, never less. Both are told. Where the expression begins or ends with what need not be
//! there, that is left out too: it changes no secret.

use regex_syntax::hir::{Class, Hir, HirKind, Look, Repetition};

use super::print::{Bytes, Caps, Printer, class_of};

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

/// Writes an expression of Go's as one of the `regex` crate's that means the same: in Go a `[` in a
/// class, a `{` that opens no bounds, `&&`, `--` and `~~` are themselves, and `\Q...\E` quotes.
pub fn from_go(go: &str) -> String {
    let chars: Vec<char> = go.chars().collect();
    let mut out = String::with_capacity(go.len() + 8);
    let (mut i, mut in_class) = (0, false);
    while i < chars.len() {
        let c = chars[i];
        let next = chars.get(i + 1).copied();
        match (c, next) {
            ('\\', Some('Q')) => {
                i += 2;
                while i < chars.len() && !(chars[i] == '\\' && chars.get(i + 1) == Some(&'E')) {
                    out.push_str(&regex_syntax::escape(&chars[i].to_string()));
                    i += 1;
                }
                i += 2;
                continue;
            }
            ('\\', Some(n @ ('<' | '>'))) => {
                out.push(n);
                i += 2;
                continue;
            }
            ('\\', Some(n)) => {
                out.push(c);
                out.push(n);
                i += 2;
                continue;
            }
            ('[', _) if !in_class => {
                in_class = true;
                out.push('[');
                i += 1;
                if chars.get(i) == Some(&'^') {
                    out.push('^');
                    i += 1;
                }
                if chars.get(i) == Some(&']') {
                    out.push_str("\\]");
                    i += 1;
                }
                continue;
            }
            ('[', Some(':')) if in_class && closes(&chars[i..]) => {
                while chars[i] != ']' {
                    out.push(chars[i]);
                    i += 1;
                }
                out.push(']');
            }
            ('[', _) if in_class => out.push_str("\\["),
            (']', _) if in_class => {
                in_class = false;
                out.push(']');
            }
            ('&' | '~', Some(n)) if in_class && n == c => {
                out.push('\\');
                out.push(c);
            }
            ('-', Some('-')) if in_class => out.push_str("\\-"),
            ('{', _) if !in_class && !is_bound(&chars[i..]) => out.push_str("\\{"),
            _ => out.push(c),
        }
        i += 1;
    }
    out
}

/// Whether `[:name:]` begins here.
fn closes(rest: &[char]) -> bool {
    let name = rest[2..].iter();
    let letters = name
        .take_while(|c| c.is_ascii_alphabetic() || **c == '^')
        .count();
    rest.get(2 + letters) == Some(&':') && rest.get(3 + letters) == Some(&']')
}

/// Whether `{m}`, `{m,}` or `{m,n}` begins here.
fn is_bound(rest: &[char]) -> bool {
    let digits = |from: usize| {
        let some = rest[from.min(rest.len())..].iter();
        some.take_while(|c| c.is_ascii_digit()).count()
    };
    let first = digits(1);
    let mut end = 1 + first;
    if rest.get(end) == Some(&',') {
        end += 1 + digits(end + 1);
    }
    first > 0 && rest.get(end) == Some(&'}')
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
    let mut into = if chosen.is_some() { 0 } else { 1 };
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

/// Takes from the front what is about the edge, and what need not be there; `beyond` comes behind the
/// items. Without it they are a secret, which keeps all its bytes.
fn left_of(items: &mut Vec<Hir>, beyond: Option<&Hir>, notes: &mut Vec<&'static str>) -> Beside {
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
fn right_of(items: &mut Vec<Hir>, beyond: Option<&Hir>, notes: &mut Vec<&'static str>) -> Beside {
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

fn is_edge(hir: &Hir) -> bool {
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
    fn what_go_reads_otherwise_is_rewritten() {
        for (go, ours) in [
            (r"[[a]", r"[\[a]"),
            (r"[[:alpha:]_]", r"[[:alpha:]_]"),
            (r"[a&&b~~c--d]", r"[a\&&b\~~c\--d]"),
            (r"a{,5}{x", r"a\{,5}\{x"),
            (r"a{2}b{2,}c{2,3}", r"a{2}b{2,}c{2,3}"),
            (r"\Qa.b\E.", r"a\.b."),
            (r"\<\>", r"<>"),
            (r"[]a]", r"[\]a]"),
            (r"[^]a]", r"[^\]a]"),
        ] {
            assert_eq!(from_go(go), ours, "{go}");
        }
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
