//! What is wrong with a file of patterns, told with its line.

use toml::Spanned;

use super::PatternError;
use super::bytes::ByteSet;
use super::format::leak_all;
use super::shape::{self, Node};
use crate::base::quote;

/// What may stand beside a match.
pub(super) enum Beside {
    /// Nothing that could belong to it.
    Edge,
    /// Anything.
    Free,
    /// The text's end, or one of these bytes.
    After(ByteSet),
}

/// Collects what is wrong, with lines.
pub(super) struct Check<'a> {
    pub(super) file: &'a str,
    pub(super) text: &'a str,
    pub(super) errors: Vec<PatternError>,
}

impl Check<'_> {
    pub(super) fn tell(&mut self, offset: usize, message: impl Into<String>) {
        let upto = &self.text.as_bytes()[..offset.min(self.text.len())];
        let line = upto.split(|b| *b == b'\n').count();
        self.errors.push(PatternError {
            file: self.file.to_owned(),
            line,
            message: message.into(),
        });
    }

    pub(super) fn word<T: Copy>(
        &mut self,
        given: Option<&Spanned<String>>,
        default: T,
        read: impl Fn(&str) -> Option<T>,
        all: &[&str],
    ) -> T {
        let Some(given) = given else { return default };
        read(given.get_ref()).unwrap_or_else(|| {
            self.tell(
                given.span().start,
                format!(
                    "'{}' is none of: {}",
                    quote(given.get_ref()),
                    all.join(", ")
                ),
            );
            default
        })
    }

    pub(super) fn shape(&mut self, given: Option<&Spanned<String>>) -> Vec<Node> {
        let Some(given) = given else {
            return Vec::new();
        };
        shape::parse(given.get_ref()).unwrap_or_else(|why| {
            self.tell(given.span().start, why);
            Vec::new()
        })
    }

    /// What may stand beside the match.
    pub(super) fn edge(&mut self, given: Option<&Spanned<String>>) -> Beside {
        let Some(given) = given else {
            return Beside::Edge;
        };
        match given.get_ref().as_str() {
            "edge" => Beside::Edge,
            "free" => Beside::Free,
            class if class.starts_with('[') => match shape::parse(class).as_deref() {
                Ok(
                    [
                        Node::Set {
                            set,
                            min: 1,
                            max: 1,
                            ..
                        },
                    ],
                ) => Beside::After(*set),
                Ok([Node::Bytes(bytes)]) if bytes.len() == 1 => {
                    Beside::After(ByteSet::of(bytes[0]))
                }
                Ok(_) => {
                    self.tell(given.span().start, "one class is meant, such as [^0-9A-Z]");
                    Beside::Free
                }
                Err(why) => {
                    self.tell(given.span().start, why.clone());
                    Beside::Free
                }
            },
            other => {
                let other = quote(other);
                let all = "edge, free, or a class in brackets";
                self.tell(given.span().start, format!("'{other}' is none of: {all}"));
                Beside::Free
            }
        }
    }

    pub(super) fn keywords(&mut self, given: &[Spanned<String>]) -> &'static [&'static str] {
        for word in given {
            let text = word.get_ref();
            let letters = text.bytes().filter(u8::is_ascii_alphanumeric).count();
            let begins = text
                .as_bytes()
                .first()
                .is_some_and(u8::is_ascii_alphanumeric);
            let plain = text
                .bytes()
                .all(|b| b.is_ascii() && !b.is_ascii_uppercase());
            if letters < 2 || !begins || !plain {
                self.tell(
                    word.span().start,
                    format!(
                        "keyword '{}': lower case ASCII, two letters or digits at least, one of them first",
                        quote(text)
                    ),
                );
            }
        }
        leak_all(given.iter().map(|w| w.get_ref().clone()))
    }
}
