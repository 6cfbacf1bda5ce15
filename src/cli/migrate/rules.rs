//! Rules of other scanners as patterns.

use std::fmt::Write as _;

use straykey::detect::Catalogue;

use super::expression::{Beside, Expression, Shape};
use super::node::toml_text;
use super::plan::{Plan, Rule, Source, reason, shown};
use super::print::Caps;

/// The provider of carried-over patterns: the first half of their ids.
pub const PROVIDER: &str = "imported";

/// Bounds for what has none, the widest first: a shape that could take too many steps gets the next.
const CAPS: &[Caps] = &[
    Caps {
        secret: 512,
        around: 128,
    },
    Caps {
        secret: 256,
        around: 64,
    },
    Caps {
        secret: 128,
        around: 32,
    },
    Caps {
        secret: 128,
        around: 12,
    },
];

/// What may stand around a generated example. The first one that does not run into it is taken.
const FRAMES: &[&str] = &["{}", "\"{}\"", "'{}'", "{} ", "({})", "{};", " {},"];

/// More rules of one migration than these are not carried over; nor are more patterns tried. What is
/// tried stays in memory.
const RULES: usize = 2_000;
/// See [`RULES`].
const TRIED: usize = 8_000;

/// A rule of another scanner.
#[derive(Debug)]
pub struct Foreign<'a> {
    /// Where it stands.
    pub source: Source,
    /// Its name.
    pub name: &'a str,
    /// What it says of itself.
    pub description: &'a str,
    /// Its expression, in Go's syntax, and where that stands.
    pub regex: (&'a str, Source),
    /// The group that is the secret.
    pub group: Option<u32>,
    /// The least Shannon entropy, in bits a character.
    pub entropy: f64,
    /// Words of which a file must hold one.
    pub keywords: Vec<String>,
}

/// Makes patterns of a rule, or tells why there are none. Gives whether it did.
pub fn import(plan: &mut Plan, rule: &Foreign<'_>) -> bool {
    let name = shown(rule.name);
    let known: Vec<&str> = super::names::of_rule(rule.name).collect();
    let instead = match known.as_slice() {
        [] => String::new(),
        ids => format!("; straykey looks for {} of its own", ids.join(", ")),
    };
    if plan.rules.len() >= RULES || plan.tried > TRIED {
        plan.lose(&rule.source, format!("more than {RULES} rules"));
        return false;
    }
    let expression = match Expression::parse(rule.regex.0) {
        Ok(expression) => expression,
        Err(why) => {
            plan.lose(&rule.regex.1, format!("rule '{name}': {why}{instead}"));
            return false;
        }
    };
    let base = free_id(plan, rule.name);
    let mut why = String::new();
    for caps in CAPS {
        let shapes = match expression.shapes(rule.group, *caps) {
            Ok(shapes) => shapes,
            Err(told) => {
                why = told;
                break;
            }
        };
        match written(rule, &base, &shapes, &mut plan.tried) {
            Ok((ids, text)) => {
                tell(plan, rule, &name, &expression, &shapes, *caps);
                plan.rules.push(Rule {
                    name: rule.name.to_owned(),
                    ids,
                    text,
                });
                return true;
            }
            Err(told) => why = told,
        }
    }
    plan.lose(&rule.regex.1, format!("rule '{name}': {why}{instead}"));
    false
}

/// Tells how the patterns differ from the rule.
fn tell(
    plan: &mut Plan,
    rule: &Foreign<'_>,
    name: &str,
    expression: &Expression,
    shapes: &[Shape],
    caps: Caps,
) {
    if shapes.iter().any(|s| s.is_capped) {
        let (secret, around) = (caps.secret, caps.around);
        plan.differ(
            &rule.regex.1,
            format!(
                "rule '{name}' has repetitions without a bound: at most {secret} characters in the \
                 secret, {around} beside it"
            ),
        );
    }
    for note in shapes.iter().flat_map(|s| &s.notes) {
        plan.differ(&rule.regex.1, format!("rule '{name}': {note}"));
    }
    if !rule.keywords.is_empty() && !expression.always_holds(&rule.keywords) {
        plan.differ(
            &rule.source,
            format!("rule '{name}': its keywords need not be in the file: it finds more"),
        );
    }
    if rule.entropy > 6.0 {
        plan.differ(
            &rule.source,
            format!("rule '{name}': an entropy above 6 bits a character counts as 6"),
        );
    }
}

/// The patterns of the shapes, checked one by one as those of a user's file are.
fn written(
    rule: &Foreign<'_>,
    base: &str,
    shapes: &[Shape],
    tried: &mut usize,
) -> Result<(Vec<String>, String), String> {
    let (mut ids, mut text) = (Vec::new(), String::new());
    for (number, shape) in shapes.iter().enumerate() {
        let id = match number {
            0 => format!("{PROVIDER}.{base}"),
            n => format!("{PROVIDER}.{base}-way-{}", n + 1),
        };
        let mut why = String::new();
        let mut done = None;
        for frame in FRAMES {
            *tried += 1;
            let pattern = pattern(rule, &id, shape, frame);
            match check(&format!("{}{pattern}", header())) {
                Ok(()) => {
                    done = Some(pattern);
                    break;
                }
                Err(told) => {
                    let of_frame = told.contains("generated example");
                    why = told;
                    if !of_frame {
                        break;
                    }
                }
            }
        }
        text.push_str(&done.ok_or(why)?);
        ids.push(id);
    }
    Ok((ids, text))
}

/// Whether a file of patterns is right.
///
/// # Errors
///
/// The first thing that is wrong.
pub fn check(text: &str) -> Result<(), String> {
    let checked = Catalogue::empty().add_file(PROVIDER, text);
    checked.map(|_| ()).map_err(|errors| {
        let first = errors.into_iter().next();
        first.map_or_else(String::new, |e| e.message)
    })
}

/// How the file of patterns begins.
pub fn header() -> String {
    format!(
        "# Rules of other scanners, carried over by `straykey migrate`.\n\nprovider = \
         '{PROVIDER}'\nname = 'Imported'\n"
    )
}

fn pattern(rule: &Foreign<'_>, id: &str, shape: &Shape, frame: &str) -> String {
    let name = reason(rule.name).unwrap_or_else(|| "a rule without a name".to_owned());
    let description = reason(rule.description).unwrap_or_else(|| name.clone());
    let mut out = String::from("\n[[pattern]]\n");
    let mut line = |key: &str, value: &str| {
        if !value.is_empty() {
            let _ = writeln!(out, "{key} = {}", toml_text(value));
        }
    };
    line("id", id);
    line("name", &name);
    line("description", &description);
    line("before", &shape.before);
    line("secret", &shape.secret);
    line("after", &shape.after);
    for (key, beside) in [("left", &shape.left), ("right", &shape.right)] {
        match beside {
            Beside::Any => line(key, "free"),
            Beside::Class(class) => line(key, class),
        }
    }
    line("confidence", "medium");
    line("example", frame);
    line(
        "revoke",
        "Ask its owner: the rule it was carried over from does not say",
    );
    if rule.entropy > 0.0 {
        let bits = rule.entropy.min(6.0);
        let _ = writeln!(out, "randomness = {bits:?}");
    }
    let _ = writeln!(out, "sources = [{}]", toml_text(&rule.source.to_string()));
    out
}

/// The second half of an id, of a rule's name, that no other has.
fn free_id(plan: &Plan, name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars().take(48) {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.ends_with('-') && !slug.is_empty() {
            slug.push('-');
        }
    }
    let slug = match slug.trim_end_matches('-') {
        "" => "rule",
        slug => slug,
    };
    let taken = |id: &str| {
        let id = format!("{PROVIDER}.{id}");
        plan.rules.iter().any(|r| r.ids.contains(&id))
    };
    let mut free = slug.to_owned();
    let mut number = 2;
    while taken(&free) {
        free = format!("{slug}-{number}");
        number += 1;
    }
    free
}
