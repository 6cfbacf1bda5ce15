//! Judgement: of all marks of a text, what is a credential, and why the rest is none.
//!
//! A pure function of the marks, the bytes, the kind of content and the path. Filters run
//! cheapest first; each is one file and can say why it rejected. What is left is ordered by a
//! total order, and a mark that overlaps a better one loses.

mod allow;
mod assigned;
pub(super) mod filters;
mod harmless;
mod integrity;
mod known;
mod literal;
mod made;
mod parts;
mod pem;
mod references;
mod sealed;
mod userinfo;
mod words;

use std::cell::OnceCell;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::Path;

use self::allow::Comments;
pub(super) use self::known::LazyKnown;
use self::parts::Spots;
use super::engine::Mark;
use super::generic::place::Whereabouts;
use super::patterns::{Checksum, Class, Confidence, Pattern, Steps, is_called, is_token};
use super::{Judged, Outcome, Rejection};
use crate::base::Span;
use crate::sources::ContentKind;

/// What is judged: one text and what is known of it.
#[derive(Debug)]
pub(super) struct Scene<'a> {
    pub(super) text: &'a [u8],
    pub(super) kind: ContentKind,
    pub(super) path: &'a Path,
    pub(super) patterns: &'a [&'static Pattern],
    /// Made when it is asked for first.
    pub(super) known: &'a LazyKnown,
    pub(super) inline_allow: bool,
    /// What the path says, found out when it is asked for first.
    pub(super) whereabouts: OnceCell<Whereabouts>,
}

impl Scene<'_> {
    /// The providers of the catalogue.
    fn known(&self) -> &known::Known {
        self.known.get_or_init(|| known::Known::new(self.patterns))
    }

    /// What the path says of the text.
    fn whereabouts(&self) -> Whereabouts {
        *self.whereabouts.get_or_init(|| Whereabouts::of(self.path))
    }
}

/// Judges all marks of a text, beside what was found in it `decoded`.
pub(super) fn judge(
    scene: &Scene<'_>,
    marks: &[Mark],
    decoded: Vec<Judged>,
    steps: &mut Steps,
) -> Vec<Judged> {
    let mut spots = Spots::default();
    let mut all: Vec<Judged> = marks
        .iter()
        .map(|mark| one(scene, mark, steps, &mut spots))
        .collect();
    all.extend(decoded);
    if scene.inline_allow {
        let matches = all.iter().filter(|j| j.outcome == Outcome::Match);
        if let Some(comments) = Comments::find(scene.text, matches.map(|j| j.span)) {
            let comments = comments.without(&all);
            for judged in all.iter_mut().filter(|j| j.outcome == Outcome::Match) {
                if let Some(allow) = comments.beside(judged.span, judged.secret, judged.pattern.id)
                {
                    judged.outcome = Outcome::Allowed(allow);
                }
            }
        }
    }
    overlaps(scene.text, &mut all);
    all.sort_by_key(|j| (j.span.start, j.pattern.id, j.span.end));
    all
}

fn one<'a>(scene: &Scene<'a>, mark: &Mark, steps: &mut Steps, spots: &mut Spots<'a>) -> Judged {
    let pattern = scene.patterns[usize::from(mark.pattern)];
    let mut judged = Judged {
        pattern,
        span: mark.span,
        secret: mark.secret,
        parts: Vec::new(),
        confidence: pattern.confidence,
        canonical: None,
        weighed: None,
        decoded: None,
        outcome: Outcome::Match,
    };
    if let Err(why) = examine(scene, mark, steps, spots, &mut judged) {
        judged.outcome = Outcome::Rejected(why);
    }
    judged
}

/// The filters, cheapest first. Lowers the confidence and adds parts on its way.
fn examine<'a>(
    scene: &Scene<'a>,
    mark: &Mark,
    steps: &mut Steps,
    spots: &mut Spots<'a>,
    judged: &mut Judged,
) -> Result<(), Rejection> {
    let pattern = judged.pattern;
    let secret = mark.secret.of(scene.text);
    let distinctive = pattern.near.is_empty() && pattern.names.is_empty();
    if scene.kind == ContentKind::Binary && !(distinctive && pattern.confidence == Confidence::High)
    {
        return Err(Rejection::Kind);
    }
    // Of what has no path yet it is told later.
    let path = scene.path.as_os_str().as_encoded_bytes();
    if !pattern.files.is_empty() && !path.is_empty() && !is_called(pattern.files, path) {
        return Err(Rejection::File);
    }
    if !pattern.checksum.holds(secret) {
        return Err(Rejection::Checksum);
    }
    if pattern.class == Class::PrivateKey && secret.starts_with(b"-----BEGIN") {
        return pem::body(scene.text, judged);
    }
    if pattern.class == Class::PrivateKey && secret.starts_with(b"PuTTY") {
        return pem::putty(scene.text, judged);
    }
    filters::randomness(pattern, secret)?;
    filters::placeholder(pattern, secret)?;
    if let Some(assignment) = mark.assignment
        && !pattern.checksum.proves()
    {
        assigned::judge(scene, pattern, assignment, judged)?;
    } else if mark.assignment.is_some() {
        made::stands_in(secret)?;
    } else if pattern.class == Class::ConnectionString {
        userinfo::judge(scene, judged)?;
    } else if pattern.provider == "generic" && !pattern.checksum.proves() {
        assigned::token(secret, judged)?;
    }
    if pattern.class == Class::Token && !pattern.checksum.proves() {
        sealed::judge(scene.text, mark.span)?;
    }
    if !distinctive && pattern.names.is_empty() {
        sealed::of_host(scene.text, mark.span)?;
    }
    if !distinctive {
        integrity::judge(scene.text, mark.span)?;
        integrity::of_message(scene.path, scene.text, mark.span)?;
    }
    if pattern.class == Class::Token && !pattern.checksum.proves() && goes_on(scene.text, mark.span)
    {
        judged.confidence = Confidence::Low;
    }
    parts::find(scene.text, judged, steps, spots)
}

/// The longest name of a parameter, in bytes.
const NAME: usize = 40;

/// The least that a text goes on behind a match for the match to be a part of it, in bytes.
const REST: usize = 6;

/// Whether a text goes on behind a match after a character that no token has, as a broken token does
/// and the query of an address does not: `abc?def`, not `abc?a=b`.
fn goes_on(text: &[u8], span: Span) -> bool {
    let Some((b'?', rest)) = text[span.end..].split_first() else {
        return false;
    };
    let window = &rest[..rest.len().min(NAME)];
    let more = window.iter().take_while(|b| is_token(**b) && **b != b'=');
    let length = more.count();
    length >= REST && rest.get(length) != Some(&b'=')
}

/// Where the bytes are that no other match may claim.
fn claims(judged: &Judged) -> impl Iterator<Item = Span> + '_ {
    std::iter::once(judged.secret).chain(judged.parts.iter().map(|p| p.span))
}

/// A total order, best first: checksum proved, a kind of a provider, of generic ones the surer, more
/// specific, nearer to its keyword, longer, of a smaller alphabet, earlier, id. A match loses to any better accepted match
/// that it overlaps.
fn overlaps(text: &[u8], all: &mut [Judged]) {
    let mut order: Vec<usize> = (0..all.len())
        .filter(|i| !matches!(all[*i].outcome, Outcome::Rejected(_)))
        .collect();
    order.sort_by_cached_key(|i| {
        let j = &all[*i];
        (
            Reverse(proves_owner(j.pattern.checksum)),
            j.pattern.provider == "generic",
            // `passwordCredential`: what it is more likely, it is.
            Reverse((j.pattern.provider == "generic").then_some(j.confidence)),
            // What a name is assigned is what it says when it is decoded.
            !j.pattern.names.is_empty() && j.decoded.is_none(),
            Reverse(specificity(j.pattern)),
            j.pattern.keyword_distance(text, j.span),
            Reverse(j.span.len()),
            j.pattern.program.alphabet(),
            j.span.start,
            j.pattern.id,
        )
    });
    let mut taken = Taken::default();
    for (rank, i) in order.into_iter().enumerate() {
        // What belongs to a credential may be one itself; a name of one is none without it.
        let names = all[i].pattern.class == Class::Identifier;
        let secret = taken.best(all[i].secret);
        let part = || claims(&all[i]).find_map(|c| taken.best(c));
        if let Some(id) = secret.or_else(|| if names { part() } else { None }) {
            all[i].outcome = Outcome::Rejected(Rejection::Overlap(id));
        } else {
            all[i].parts.retain(|p| taken.best(p.span).is_none());
            let id = all[i].pattern.id;
            for claim in claims(&all[i]) {
                taken.add(claim, rank, id);
            }
        }
    }
}

/// What accepted matches have claimed: disjoint spans, by begin and end, with the rank of who
/// claimed each.
#[derive(Default)]
struct Taken(BTreeMap<(usize, usize), (usize, &'static str)>);

impl Taken {
    fn add(&mut self, claim: Span, rank: usize, id: &'static str) {
        self.0.insert((claim.start, claim.end), (rank, id));
    }

    /// The best of those whose claims overlap this one.
    fn best(&self, claim: Span) -> Option<&'static str> {
        // Disjoint spans end in the order in which they begin: the first that ends before the
        // claim has none behind it that does not.
        self.0
            .range(..(claim.end, 0))
            .rev()
            .take_while(|((_, end), _)| *end > claim.start)
            .min_by_key(|(_, (rank, _))| *rank)
            .map(|(_, (_, id))| *id)
    }
}

/// Whether a checksum proves a kind. A JSON web token's structure proves that it is one, not
/// whose.
fn proves_owner(checksum: Checksum) -> bool {
    checksum.proves() && !matches!(checksum, Checksum::Jwt | Checksum::JwtBase64)
}

/// How much a pattern knows of what it finds: its form, whether a keyword stands near beside, and
/// how many bytes of its form are given.
fn specificity(pattern: &Pattern) -> (u8, bool, usize) {
    let opening = pattern.program.opening();
    let known = opening >= 3 || !pattern.expression[0].is_empty();
    let level = match (known, pattern.near.is_empty(), pattern.names.is_empty()) {
        (true, ..) => 3,
        (false, true, true) => 2,
        (false, false, _) => 1,
        (false, true, false) => 0,
    };
    (level, !pattern.near.is_empty(), opening)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::patterns::Sampler;

    #[test]
    fn what_goes_on_behind_an_odd_character_is_a_part() {
        for (text, is) in [
            ("abc?defghi'", true),
            ("abc?format=json", false),
            ("abc?x", false),
            ("abc", false),
            ("abc\"", false),
        ] {
            assert_eq!(goes_on(text.as_bytes(), Span::new(0, 3)), is, "{text}");
        }
    }

    #[test]
    fn the_best_of_what_is_taken_is_what_a_plain_search_tells() {
        let mut s = Sampler::new(5);
        for _ in 0..200 {
            let (mut taken, mut plain) = (Taken::default(), Vec::<Span>::new());
            let mut overlapped = 0;
            for rank in 0..60 {
                let start = s.below(300);
                let claim = Span::new(start, start + 1 + s.below(30));
                let want = plain.iter().position(|t| t.overlaps(claim));
                let told = taken.best(claim);
                assert_eq!(told, want.map(|i| ID[i % ID.len()]));
                if want.is_some() {
                    overlapped += 1;
                } else {
                    taken.add(claim, rank, ID[plain.len() % ID.len()]);
                    plain.push(claim);
                }
            }
            assert!(overlapped > 10);
        }
    }

    const ID: [&str; 7] = ["a", "b", "c", "d", "e", "f", "g"];
}
