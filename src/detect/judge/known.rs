//! Which providers a text names: asked of every assignment, so looked up, not gone through.

use crate::detect::generic;
use crate::detect::initials::{Initials, pair};
use crate::detect::patterns::{Class, NEAR_AFTER, Pattern, begins_word, keyword_at};

/// What is known, made when it is asked for first.
pub(in crate::detect) type LazyKnown = std::sync::OnceLock<Known>;

/// The providers of a catalogue, and what their tokens are found by.
#[derive(Debug)]
pub(in crate::detect) struct Known {
    /// Ids of providers of tokens, and whether one is an ordinary word, too.
    providers: Initials<bool>,
    /// Keywords that name the provider of the token with this number.
    keywords: Initials<u16>,
    /// The same, by the letters of the provider's id alone.
    owners: Initials<u16>,
    /// How tokens begin that begin in a way of their own.
    prefixes: Initials<()>,
    /// Those of them with other signs in front.
    signs: Vec<&'static str>,
    /// The farthest that a keyword may stand before a token, in bytes.
    near: usize,
}

impl Known {
    pub(in crate::detect) fn new(patterns: &[&'static Pattern]) -> Self {
        let numbered = || patterns.iter().copied().zip(0u16..);
        let tokens = || numbered().filter(|(p, _)| p.class == Class::Token);
        let mut last = "";
        let providers = patterns.iter().filter(|p| {
            let counts = p.provider != "generic" && p.class != Class::Password;
            let first = counts && last != p.provider;
            if counts {
                last = p.provider;
            }
            first && p.provider.len() >= 4
        });
        let telling = patterns.iter().map(|p| p.prefix).filter(|prefix| {
            prefix.len() >= 4 || prefix.len() == 3 && prefix.ends_with(['-', '_'])
        });
        let telling: Vec<&'static str> = telling.collect();
        let (lettered, signs): (Vec<_>, Vec<_>) = telling
            .into_iter()
            .partition(|prefix| pair(prefix.as_bytes(), 0).is_some());
        let near = tokens().map(|(p, _)| usize::from(p.near_bytes)).max();
        Self {
            providers: Initials::new(providers.map(|p| (p.provider, generic::is_word(p.provider)))),
            keywords: Initials::new(
                tokens().flat_map(|(p, n)| p.naming_keywords().map(move |k| (k, n))),
            ),
            owners: Initials::new(tokens().map(|(p, n)| (p.provider, n))),
            prefixes: Initials::new(lettered.into_iter().map(|prefix| (prefix, ()))),
            signs,
            near: near.unwrap_or(0),
        }
    }

    /// Whether a provider is named in `before`, or, if it is called by an ordinary word, in `name`.
    pub(super) fn names_one(&self, before: &[u8], name: &[u8]) -> bool {
        let in_text = |text: &[u8], asked: fn(bool) -> bool| {
            (0..text.len())
                .filter(|at| begins_word(text, *at))
                .any(|at| {
                    let mut words = self.providers.at(text, at).iter();
                    words.any(|(id, is_word)| {
                        asked(*is_word) && keyword_at(text, at, id.as_bytes()).is_some()
                    })
                })
        };
        in_text(before, |is_word| !is_word) || in_text(name, |is_word| is_word)
    }

    /// Whether a value begins as the tokens of a known kind do.
    pub(super) fn begins_like_one(&self, value: &[u8]) -> bool {
        let lettered = self.prefixes.at(value, 0).iter().map(|(prefix, ())| prefix);
        let mut prefixes = lettered.chain(&self.signs).map(|prefix| prefix.as_bytes());
        prefixes.any(|prefix| {
            value.starts_with(prefix) || value.starts_with(&prefix.to_ascii_uppercase())
        })
    }

    /// Numbers of the tokens of which a keyword may stand near to a value, and of those whose
    /// provider's letters a name, of which the letters are given, begins with: some more than do.
    pub(super) fn near<'a>(
        &'a self,
        text: &'a [u8],
        value: std::ops::Range<usize>,
        name: &'a [u8],
    ) -> impl Iterator<Item = u16> + 'a {
        let from = value.start.saturating_sub(self.near);
        let to = text.len().min(value.end + NEAR_AFTER);
        let places = (from..value.start).chain(value.end..to);
        let near = places
            .filter(|at| begins_word(text, *at))
            .flat_map(|at| self.keywords.at(text, at).iter().map(move |k| (at, k)))
            .filter(|(at, (keyword, _))| keyword_at(text, *at, keyword.as_bytes()).is_some())
            .map(|(_, (_, number))| *number);
        near.chain(self.owners.at(name, 0).iter().map(|(_, number)| *number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::Catalogue;

    /// Nothing of the catalogue is left out of a table because its letters stand too far apart.
    #[test]
    fn every_keyword_and_provider_has_two_letters() {
        let catalogue = Catalogue::embedded();
        let all = catalogue.patterns().iter().copied();
        for word in all.flat_map(|p| p.near.iter().copied().chain([p.provider])) {
            assert!(pair(word.as_bytes(), 0).is_some(), "{word}");
        }
    }

    /// What is looked up is what going through all of them finds.
    #[test]
    fn providers_are_looked_up_as_they_are_gone_through() {
        let catalogue = Catalogue::embedded();
        let known = Known::new(catalogue.patterns());
        let (mut named, mut unnamed) = (0, 0);
        for p in catalogue.patterns() {
            let counts =
                p.provider.len() >= 4 && p.provider != "generic" && p.class == Class::Token;
            for text in [
                format!("my_{}_key", p.provider),
                format!("x{}y", p.provider),
                p.provider.to_ascii_uppercase().replace('-', "_"),
            ] {
                let text = text.as_bytes();
                let by_hand = catalogue.patterns().iter().any(|other| {
                    let counts = other.provider.len() >= 4
                        && other.provider != "generic"
                        && other.class != Class::Password;
                    let mut places = 0..text.len();
                    counts
                        && places
                            .any(|at| keyword_at(text, at, other.provider.as_bytes()).is_some())
                });
                assert_eq!(known.names_one(text, text), by_hand);
                named += usize::from(by_hand && counts);
                unnamed += usize::from(!by_hand);
            }
        }
        assert!(named > 1000 && unnamed > 100, "{named} {unnamed}");
    }

    #[test]
    fn a_value_begins_like_a_known_one() {
        let known = Known::new(Catalogue::embedded().patterns());
        for (value, is) in [
            ("ghp_cut", true),
            ("GHP_CUT", true),
            ("xoxb-1", true),
            ("hello", false),
            ("", false),
            ("-", false),
        ] {
            assert_eq!(known.begins_like_one(value.as_bytes()), is, "{value}");
        }
    }

    /// Of the tokens whose provider is named beside a value none is missing.
    #[test]
    fn tokens_near_a_value_are_all_told() {
        let catalogue = Catalogue::embedded();
        let known = Known::new(catalogue.patterns());
        let mut told = 0;
        for (p, number) in catalogue.patterns().iter().copied().zip(0u16..) {
            let Some(keyword) = p
                .naming_keywords()
                .next()
                .filter(|_| p.class == Class::Token)
            else {
                continue;
            };
            let text = format!("{keyword}: 0123456789abcdef\n");
            let start = keyword.len() + 2;
            let value = crate::base::Span::new(start, start + 16);
            assert!(p.provider_near(text.as_bytes(), value), "{}", p.id);
            let mut all = known.near(text.as_bytes(), start..start + 16, b"");
            assert!(all.any(|n| n == number), "{}", p.id);
            told += 1;
        }
        assert!(told > 500, "{told}");
    }
}
