//! What stands where a value would, and names one that is kept elsewhere: variables, templates, stores.

use super::words::REFERENCES;
use crate::detect::Rejection;

/// Rejects what names a secret kept elsewhere.
pub(super) fn reference(value: &[u8]) -> Result<(), Rejection> {
    // Quotes and escapes around a variable are left over from a string within a string.
    let value = match value
        .iter()
        .position(|b| !matches!(b, b'\'' | b'"' | b'\\'))
    {
        Some(at) if value[at] == b'$' => &value[at..],
        _ => value,
    };
    let begins =
        |r: &&&str| value.len() >= r.len() && value[..r.len()].eq_ignore_ascii_case(r.as_bytes());
    // A bare `$` begins a variable only if a name follows; `$2a$` begins a hash.
    if let Some(found) = REFERENCES.iter().find(begins) {
        let variable = *found != "$"
            || value
                .get(1)
                .is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'{' | b'(' | b'_'))
                && value[1..]
                    .iter()
                    .all(|b| b.is_ascii_alphanumeric() || b"_{}()[].-:>$'\"\\".contains(b));
        if variable {
            return Err(Rejection::Reference("it names a secret kept elsewhere"));
        }
    }
    // Random text has two of these characters side by side now and then: `%(name)s` is whole.
    let whole = |at: usize| {
        let name = value[at + 2..]
            .iter()
            .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'));
        let name = name.count();
        name > 0 && matches!(value.get(at + 2 + name), Some(b')') | None)
    };
    if (0..value.len().saturating_sub(1)).any(|at| value[at..].starts_with(b"%(") && whole(at)) {
        return Err(Rejection::Reference("it has a variable in it"));
    }
    for inside in ["${", "{{", "#{", "$(", "<%"] {
        if value.windows(inside.len()).any(|w| w == inside.as_bytes()) {
            return Err(Rejection::Reference("it has a variable in it"));
        }
    }
    // `%d`, `0x%08x`; what is long and random has such a pair by chance.
    let random = value.len() >= 32 && crate::detect::entropy(value) >= 4.3;
    let printed = |at: usize| {
        let rest = &value[at + 1..];
        let flags = rest
            .iter()
            .take_while(|b| b.is_ascii_digit() || matches!(b, b'.' | b'l'))
            .count();
        matches!(
            rest.get(flags),
            Some(b'd' | b's' | b'x' | b'X' | b'u' | b'v' | b'q')
        ) && rest
            .get(flags + 1)
            .is_none_or(|b| !b.is_ascii_alphanumeric())
    };
    if !random
        && value
            .iter()
            .enumerate()
            .any(|(at, b)| *b == b'%' && printed(at))
    {
        return Err(Rejection::Reference("a template"));
    }
    // `%s`, `{0}`, `{name}`
    let hole =
        value.first() == Some(&b'{') && value.last() == Some(&b'}') && !value.contains(&b'"');
    if hole || value == b"%s" || value.first() == Some(&b'[') && value.last() == Some(&b']') {
        return Err(Rejection::Reference("a template"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_told_from_literals() {
        for value in [
            "$DB_PASS",
            "${X}",
            "{{ .Values.x }}",
            "vault:secret/x",
            "a${b}c",
            "{0}",
            "%(x)s",
        ] {
            assert!(reference(value.as_bytes()).is_err(), "{value}");
        }
        for value in [
            "$2a$10$abc",
            "p$ss",
            "winter-2019",
            "100%sure",
            "q!%(^+=gr@cu",
            "wq*2#86t64!fgh6yav$ao&%6x_wbd4uz9",
        ] {
            assert!(reference(value.as_bytes()).is_ok(), "{value}");
        }
    }
}
