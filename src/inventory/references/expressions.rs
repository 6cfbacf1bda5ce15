//! The expressions of GitHub Actions: which secrets they name.
//!
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/expressions>

/// What a text says of secrets.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Named<'a> {
    /// Names of secrets, as they are written.
    pub(super) secrets: Vec<&'a str>,
    /// Whether all secrets are meant at once: `toJSON(secrets)`, `secrets[inputs.x]`.
    pub(super) all: bool,
}

/// The token that a job is given: it ends with the job, and nobody keeps it.
const OF_THE_JOB: &str = "GITHUB_TOKEN";

/// What `text` says of secrets in its expressions, `${{ ... }}`.
pub(super) fn secrets(text: &str) -> Named<'_> {
    let mut named = Named::default();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("${{") {
        let (inside, after) = after.split_once("}}").unwrap_or((after, ""));
        one(inside, &mut named);
        rest = after;
    }
    named
}

/// The same of a condition, which is an expression without signs around it.
pub(super) fn secrets_of_condition(text: &str) -> Named<'_> {
    let mut named = Named::default();
    one(text, &mut named);
    named
}

fn one<'a>(expression: &'a str, named: &mut Named<'a>) {
    // Texts of expressions stand between apostrophes.
    let (mut in_quotes, mut counted) = (false, 0);
    for (at, _) in expression.match_indices("secrets") {
        let marks = memchr::memchr_iter(b'\'', &expression.as_bytes()[counted..at]).count();
        in_quotes ^= marks % 2 == 1;
        counted = at;
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-' || c == '.';
        if expression[..at].ends_with(is_word) {
            continue;
        }
        let after = &expression[at + "secrets".len()..];
        let name = |text: &'a str| {
            let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'));
            &text[..end.unwrap_or(text.len())]
        };
        let found = if let Some(after) = after.strip_prefix('.') {
            name(after)
        } else if let Some(after) = after.trim_start().strip_prefix('[') {
            let after = after.trim_start();
            after.strip_prefix(['\'', '"']).map_or("", name)
        } else if after.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-') {
            continue;
        } else {
            ""
        };
        if found.is_empty() {
            named.all |= !in_quotes;
        } else if !found.eq_ignore_ascii_case(OF_THE_JOB) {
            named.secrets.push(found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_read() {
        for (text, names, all) in [
            ("${{ secrets.NPM_TOKEN }}", vec!["NPM_TOKEN"], false),
            (
                "${{secrets.A}} and ${{ secrets['b-c'] }}",
                vec!["A", "b-c"],
                false,
            ),
            ("${{ secrets.A || secrets.B }}", vec!["A", "B"], false),
            ("${{ secrets.GITHUB_TOKEN }}", vec![], false),
            ("${{ needs.secrets.outputs.x }}", vec![], false),
            ("${{ toJSON(secrets) }}", vec![], true),
            ("${{ secrets[matrix.name] }}", vec![], true),
            ("${{ inputs.my_secrets }} secrets.X", vec![], false),
            ("${{ format('secrets {0}', 1) }}", vec![], false),
            ("${{ secrets.A", vec!["A"], false),
        ] {
            let named = secrets(text);
            assert_eq!((named.secrets, named.all), (names, all), "{text}");
        }
        assert_eq!(secrets_of_condition("secrets.A != ''").secrets, ["A"]);
    }
}
