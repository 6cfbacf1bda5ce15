//! Passwords that commands and statements take without a name of their own: `mysql -psecret`,
//! `curl -u user:secret`, `Basic dXNl...`, `IDENTIFIED BY 'secret'`, `requirepass secret`.

use super::{Assignment, Behind, Wrapper, blanks, peek, value};
use crate::base::Span;

/// How much of a command line is read, in bytes.
const LINE: usize = 200;

/// Reads what stands behind a command's or a statement's name.
pub(super) fn read(text: &[u8], name: Span) -> Behind {
    let word = name.of(text);
    let is = |wanted: &str| word.eq_ignore_ascii_case(wanted.as_bytes());
    if is("identified") {
        return identified(text, name).into();
    }
    if is("basic") {
        let at = blanks(text, name.end);
        return value(text, name, b' ', at).into();
    }
    if is("authorization") {
        return header(text, name).map_or(Behind::Other, Behind::Value);
    }
    if is("requirepass") || is("masterauth") {
        let at = blanks(text, name.end);
        let is_plain = at > name.end && !matches!(peek(text, at), b'=' | b':');
        return if is_plain {
            value(text, name, b' ', at).into()
        } else {
            Behind::Other
        };
    }
    if is("password") && is_of_machine(&text[name.start.saturating_sub(MACHINE)..name.start]) {
        let behind = &text[name.end..text.len().min(name.end + 16)];
        let gap = behind
            .iter()
            .take_while(|b| b.is_ascii_whitespace())
            .count();
        return if gap > 0 {
            value(text, name, b' ', name.end + gap).into()
        } else {
            Behind::Other
        };
    }
    if is("curl") {
        let options: [&[u8]; 4] = [b" -u ", b" --user ", b" -u", b" --user="];
        return after_option(text, name, &options, true).into();
    }
    if is("sshpass") {
        return after_option(text, name, &[b" -p ", b" -p"], false).into();
    }
    if word.starts_with(b"mysql") || word.starts_with(b"mariadb") {
        let told = after_option(text, name, &[b" -p"], false);
        return told.map_or(Behind::Other, Behind::Value);
    }
    Behind::Other
}

/// How far before a password the login of a machine is looked for, in bytes.
const MACHINE: usize = 96;

/// Whether a text ends with the login of a machine, as in netrc: `machine host login alice `.
fn is_of_machine(before: &[u8]) -> bool {
    let mut words = before
        .rsplit(u8::is_ascii_whitespace)
        .filter(|w| !w.is_empty());
    let ends = before.last().is_some_and(u8::is_ascii_whitespace);
    words.next();
    ends && words.next() == Some(b"login") && {
        words.next();
        words.next().is_some_and(|word| word.ends_with(b"machine"))
    }
}

/// `Authorization: Token x`, also within a string, and `authorization: 'Token x'`: what stands behind
/// the scheme. `Basic` and `Bearer` have patterns of their own.
fn header(text: &[u8], name: Span) -> Option<Assignment> {
    let is_quote = |b: u8| matches!(b, b'"' | b'\'');
    let colon = name.end + usize::from(is_quote(peek(text, name.end)));
    if peek(text, colon) != b':' {
        return None;
    }
    let mut at = blanks(text, colon + 1);
    let quote = peek(text, at);
    if is_quote(quote) {
        return in_quotes(text, name, at + 1, quote);
    }
    if colon > name.end {
        return None;
    }
    let is_word = |b: &u8| b.is_ascii_alphabetic() || *b == b'-';
    let word = text[at.min(text.len())..]
        .iter()
        .take(20)
        .take_while(|b| is_word(b))
        .count();
    let scheme = &text[at.min(text.len())..][..word];
    if scheme.eq_ignore_ascii_case(b"basic") || scheme.eq_ignore_ascii_case(b"bearer") {
        return None;
    }
    if word > 0 && peek(text, at + word) == b' ' {
        at += word + 1;
    }
    let told = value(text, name, b':', at)?;
    (told.quote == 0).then_some(told)
}

/// The second of two words between quotes: a scheme, and what belongs to it.
fn in_quotes(text: &[u8], name: Span, start: usize, quote: u8) -> Option<Assignment> {
    let window = &text[start..text.len().min(start + LINE)];
    let inside = &window[..window.iter().position(|b| *b == quote)?];
    let (scheme, rest) = inside.split_at(inside.iter().position(|b| *b == b' ')?);
    let is_scheme = scheme.len() >= 3
        && scheme[0].is_ascii_uppercase()
        && scheme.iter().all(|b| b.is_ascii_alphabetic() || *b == b'-')
        && !scheme.eq_ignore_ascii_case(b"basic")
        && !scheme.eq_ignore_ascii_case(b"bearer");
    let (begin, end) = (start + scheme.len() + 1, start + inside.len());
    (is_scheme && end > begin && rest[1..].iter().all(u8::is_ascii_graphic)).then_some(Assignment {
        name,
        value: Span::new(begin, end),
        quote,
        operator: b':',
        wrapper: Wrapper::None,
    })
}

/// `IDENTIFIED BY 'x'`, `IDENTIFIED WITH plugin BY 'x'`.
fn identified(text: &[u8], name: Span) -> Option<Assignment> {
    let window = &text[name.end..text.len().min(name.end + 60)];
    let by = window
        .windows(4)
        .position(|w| w.eq_ignore_ascii_case(b" by "))?;
    let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b' ' | b'_' | b'\'' | b'"');
    if !window[..by].iter().all(plain) {
        return None;
    }
    value(text, name, b' ', blanks(text, name.end + by + 4))
}

/// The value of the first of some options in the rest of a command's line; of `user:password` the
/// second half.
fn after_option(text: &[u8], name: Span, options: &[&[u8]], pair: bool) -> Option<Assignment> {
    let window = &text[name.end..text.len().min(name.end + LINE)];
    // A backslash before the line's end goes on with the command.
    let ends = |i: &usize| match window[*i] {
        b'\n' => *i == 0 || window[i - 1] != b'\\',
        b => matches!(b, b'|' | b';'),
    };
    let line = &window[..(0..window.len()).find(ends).unwrap_or(window.len())];
    let (option, found) = options.iter().find_map(|option| {
        let at = line.windows(option.len()).position(|w| w == *option)?;
        Some((option, at))
    })?;
    let mut at = name.end + found + option.len();
    if option.ends_with(b" ") {
        at = blanks(text, at);
    }
    if !pair && !peek(text, at).is_ascii_graphic() {
        return None;
    }
    let told = value(text, name, b' ', at)?;
    if !pair {
        return Some(told);
    }
    let colon = told.value.of(text).iter().position(|b| *b == b':')?;
    let start = told.value.start + colon + 1;
    (start < told.value.end).then(|| Assignment {
        value: Span::new(start, told.value.end),
        wrapper: Wrapper::None,
        ..told
    })
}

#[cfg(test)]
mod tests {
    use super::super::assignment_at;

    /// What is read of a line behind the word that begins at `word`.
    fn value<'a>(line: &'a str, word: &str) -> Option<&'a str> {
        let told = assignment_at(line.as_bytes(), line.find(word)?)?;
        Some(&line[told.value.start..told.value.end])
    }

    #[test]
    fn what_commands_and_statements_take() {
        for (line, word) in [
            ("mysql -h db -u root -pvalue app", "mysql"),
            ("mysqldump -u root -p'value' app", "mysqldump"),
            ("curl -u user:value https://x", "curl"),
            ("curl -s --user 'user:value' https://x", "curl"),
            ("curl -X POST \\\n  -u user:value \\\n  https://x", "curl"),
            ("curl --user   'user:value' https://x", "curl"),
            ("sshpass -p 'value' ssh host", "sshpass"),
            ("sshpass -pvalue ssh host", "sshpass"),
            ("CREATE USER a IDENTIFIED BY 'value';", "IDENTIFIED"),
            (
                "ALTER USER a IDENTIFIED WITH sha2 BY 'value';",
                "IDENTIFIED",
            ),
            ("requirepass value", "requirepass"),
            ("Authorization: Basic value", "Basic"),
            ("-H 'Authorization: Api-Token value'", "Authorization"),
            ("-H \"Authorization:  value\"", "Authorization"),
            ("{ authorization: 'ApiKey value' }", "authorization"),
            ("{\"Authorization\": \"Token value\"}", "Authorization"),
            ("machine h.x login alice password value", "password"),
            (
                "RUN echo 'machine h.x login alice password value' > x",
                "password",
            ),
        ] {
            assert_eq!(value(line, word), Some("value"), "{line}");
        }
        for (line, word) in [
            ("mysql -u root -p app", "mysql"),
            ("curl https://x; echo -u user:value", "curl"),
            ("it is identified by the name", "identified by\n"),
            ("curl -u user https://x", "curl"),
            ("the login page password value", "password"),
            ("machine learning login password value", "password"),
        ] {
            assert_eq!(value(line, word), None, "{line}");
        }
    }
}
