//! `.secretsignore`: globs, and behind a line `[secrets]` values.

use straykey::base::Secret;

use super::plan::{Known, Plan, Sink, Value, at};

/// Reads the file.
pub fn read(plan: &mut Plan, file: &str, text: &str) {
    let lines: Vec<(usize, &str)> = (1..).zip(text.lines()).collect();
    let secrets = lines.iter().position(|(_, line)| *line == "[secrets]");
    let (globs, values) = lines.split_at(secrets.unwrap_or(lines.len()));
    let meant = |line: &str| !line.trim().is_empty() && !line.starts_with('#');
    // A glob that is taken back in part would leave out more here than there.
    let back = globs.iter().rposition(|(_, line)| line.starts_with('!'));
    for (i, (number, line)) in globs.iter().enumerate() {
        let source = at(file, *number);
        if !meant(line) {
            continue;
        }
        match back {
            Some(last) if i == last || line.starts_with('!') => {
                plan.lose(&source, "a glob that takes files back in has no place here");
            }
            Some(last) if i < last => {
                plan.lose(
                    &source,
                    "a later line takes back some of what it leaves out",
                );
            }
            _ => plan.excludes.push((line.trim_end().to_owned(), source)),
        }
    }
    for (number, line) in values.iter().skip(1).filter(|(_, line)| meant(line)) {
        plan.values.push(Value {
            source: at(file, *number),
            path: None,
            line: None,
            known: Known::Plain(Secret::new(line.as_bytes())),
            sink: Sink::Ignore,
            reason: None,
        });
    }
}
