//! The reference engine: every pattern as a regular expression, tried from every place.
//!
//! Slow, simple, and independent of shapes, programs and lanes; `--engine plain` and the property
//! tests use it. It shares with the fast engine only what is not a search: edges and keywords.

use std::fmt::Write as _;

use regex::bytes::{Regex, RegexBuilder};

use super::patterns::{ByteSet, Found, Lane, Pattern};
use crate::base::Span;

/// One compiled expression a pattern.
#[derive(Debug)]
pub(super) struct Plain {
    expressions: Vec<Option<Regex>>,
}

impl Plain {
    pub(super) fn new(patterns: &[&'static Pattern]) -> Self {
        let expressions = patterns
            .iter()
            .map(|p| {
                let [before, secret, after] = p.expression;
                let right = if p.program.right.is_empty() {
                    String::new()
                } else {
                    format!("(?:[^{}]|\\z)", class(p.program.right))
                };
                let all = format!("((?:{before})({secret})(?:{after})){right}");
                (!matches!(p.lane, Lane::Name | Lane::File)).then(|| {
                    RegexBuilder::new(&all)
                        .unicode(false)
                        .dot_matches_new_line(true)
                        .size_limit(64 << 20)
                        .build()
                        .expect("the catalogue's expressions are checked when it is built")
                })
            })
            .collect();
        Self { expressions }
    }

    /// Tells every mark: for each pattern, the match at every start that has one.
    pub(super) fn marks(
        &self,
        patterns: &[&'static Pattern],
        text: &[u8],
        mut tell: impl FnMut(u16, Found),
    ) {
        for (number, expression) in self.expressions.iter().enumerate() {
            let Some(expression) = expression else {
                continue;
            };
            let pattern = patterns[number];
            let mut at = 0;
            while at <= text.len() {
                let Some(groups) = expression.captures_at(text, at) else {
                    break;
                };
                let (Some(whole), Some(secret)) = (groups.get(1), groups.get(2)) else {
                    break;
                };
                let found = Found {
                    span: Span::new(whole.start(), whole.end()),
                    secret: Span::new(secret.start(), secret.end()),
                };
                let near = pattern.near.is_empty() || pattern.keyword_near(text, found);
                let edge = pattern.left_edge(text, whole.start());
                if edge && near && pattern.passes_gate(text, found) {
                    tell(number as u16, found);
                }
                at = whole.start() + 1;
            }
        }
    }
}

fn class(set: ByteSet) -> String {
    let mut out = String::new();
    for byte in set.iter() {
        let _ = write!(out, "\\x{byte:02x}");
    }
    out
}
