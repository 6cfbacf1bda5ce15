//! Places in what is sent: `{secret}`, `{name of a part}`, `{+host}`.

/// A piece of what is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// As it is.
    Text(&'a str),
    /// What stands there is filled in.
    Hole(Hole<'a>),
}

/// A place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hole<'a> {
    /// `secret`, the name of a part, or what an earlier call took.
    pub name: &'a str,
    /// Written with a `+`: in a URL, `/` and what else divides one stays as it is.
    pub open: bool,
}

/// Cuts a text into pieces. A place is a name in braces, a letter first; any other brace is text.
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut out = Vec::new();
    let (mut from, mut at) = (0, 0);
    while let Some(open) = text[at..].find('{').map(|i| at + i) {
        at = open + 1;
        let Some(close) = text[at..].find('}').map(|i| at + i) else {
            break;
        };
        let inner = &text[at..close];
        let name = inner.strip_prefix('+').unwrap_or(inner);
        let begins = name.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b' ' | b'-' | b'_');
        if !begins || !name.bytes().all(plain) {
            continue;
        }
        if from < open {
            out.push(Piece::Text(&text[from..open]));
        }
        out.push(Piece::Hole(Hole {
            name,
            open: inner.len() > name.len(),
        }));
        from = close + 1;
        at = from;
    }
    if from < text.len() {
        out.push(Piece::Text(&text[from..]));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hole(name: &str, open: bool) -> Piece<'_> {
        Piece::Hole(Hole { name, open })
    }

    #[test]
    fn a_place_is_a_name_in_braces_and_nothing_else_is() {
        use Piece::Text;
        for (text, want) in [
            ("", vec![]),
            ("plain", vec![Text("plain")]),
            (
                "Bearer {secret}",
                vec![Text("Bearer "), hole("secret", false)],
            ),
            (
                "https://{+host}/a?k={secret access key}",
                vec![
                    Text("https://"),
                    hole("host", true),
                    Text("/a?k="),
                    hole("secret access key", false),
                ],
            ),
            (
                r#"{"query":"{ viewer { id } }","t":"{secret}"}"#,
                vec![
                    Text(r#"{"query":"{ viewer { id } }","t":""#),
                    hole("secret", false),
                    Text(r#""}"#),
                ],
            ),
            ("{", vec![Text("{")]),
            ("{}{1a}{A}", vec![Text("{}{1a}{A}")]),
            ("a{b", vec![Text("a{b")]),
        ] {
            assert_eq!(pieces(text), want, "{text}");
        }
    }
}
