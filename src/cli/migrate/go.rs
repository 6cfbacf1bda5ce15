//! Expressions of Go's syntax in the syntax of the `regex` crate.

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

#[cfg(test)]
mod tests {
    use super::*;

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
}
