//! Rules of other scanners that our own patterns stand for.
//!
//! Worked out by experiment: examples of each of our patterns, generated as the tests do, were given
//! to the other scanner, and each rule that found the same secret stands beside the pattern.

/// The ids of our patterns that find what a rule finds; none if that is not known.
pub fn of_rule(rule: &str) -> impl Iterator<Item = &'static str> {
    let at = RULES.partition_point(|(name, _)| *name < rule);
    let same = RULES[at..]
        .iter()
        .take_while(move |(name, _)| *name == rule);
    same.map(|(_, id)| *id).collect::<Vec<_>>().into_iter()
}

/// Rule and pattern; sorted.
const RULES: &[(&str, &str)] = &[
    ("aws-access-token", "aws.access-key"),
    ("github-pat", "github.pat-classic"),
];

#[cfg(test)]
mod tests {
    use straykey::detect::Catalogue;

    use super::*;

    #[test]
    fn the_table_is_sorted_and_names_patterns_that_are_there() {
        assert!(RULES.is_sorted());
        let catalogue = Catalogue::embedded();
        for (rule, id) in RULES {
            assert!(catalogue.get(id).is_some(), "{rule}: {id}");
        }
        assert_eq!(
            of_rule("github-pat").collect::<Vec<_>>(),
            ["github.pat-classic"]
        );
        assert_eq!(of_rule("no-such-rule").count(), 0);
    }
}
