//! Pipelines of Jenkins: `credentials('id')`, `withCredentials([... credentialsId: 'id'])`, and other steps that
//! take a `credentialsId`, or ids of keys.
//!
//! They are programs in Groovy; only the calls are looked for. A name that is worked out at run time is not told.
//!
//! * <https://www.jenkins.io/doc/book/pipeline/jenkinsfile/#handling-credentials>
//! * <https://www.jenkins.io/doc/pipeline/steps/credentials-binding/>

use super::sink::Sink;
use super::uris;
use super::{Kept, WorkloadKind};

/// Bytes behind a call's begin in which its arguments are looked for.
const NEAR: usize = 512;

pub(super) fn read(text: &str, sink: &mut Sink<'_>) {
    let path = sink.path().to_owned();
    sink.used_by(WorkloadKind::Job, &path);
    let code = without_comments(text);
    for (at, line) in code.lines().enumerate() {
        let number = at as u64 + 1;
        for (mark, closes) in [
            ("credentials(", true),
            ("credentialsId:", false),
            ("credentialsId =", false),
            ("credentials:", false),
            ("sshagent(", false),
        ] {
            for (start, _) in line.match_indices(mark) {
                let before = line[..start].chars().next_back();
                if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
                    continue;
                }
                let after = uris::begin(&line[start + mark.len()..], NEAR);
                let Some(name) = quoted(after) else { continue };
                let used_as = if closes {
                    variable_before(&line[..start])
                } else {
                    variable_after(after)
                };
                sink.reference_as(Kept::JenkinsCredential, name, number, used_as);
            }
        }
        uris::each(line, &mut |kept, name, _| {
            sink.reference(kept, name, number);
        });
    }
}

/// The text between quotes that comes next, the first of a list. One with a dollar sign is worked out at run time.
fn quoted(text: &str) -> Option<&str> {
    let text = text.trim_start().trim_start_matches('[').trim_start();
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let inside = text[1..].split(quote).next()?;
    (!inside.is_empty() && !inside.contains('$')).then_some(inside)
}

/// `NAME = credentials(...)`
fn variable_before(text: &str) -> Option<&str> {
    let name = text.trim_end().strip_suffix('=')?.trim_end();
    let name = name
        .rsplit(|c: char| c.is_whitespace() || c == '{')
        .next()?;
    (!name.is_empty()).then_some(name)
}

/// `credentialsId: 'id', variable: 'NAME'`
fn variable_after(text: &str) -> Option<&str> {
    let marks = ["ariable: ", "ariable:"];
    let found = marks.iter().find_map(|mark| text.split_once(mark));
    quoted(found?.1)
}

/// The text with comments blank; lines stay where they are.
fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut block = false;
    for line in text.lines() {
        let mut rest = line;
        while !rest.is_empty() {
            if block {
                match rest.split_once("*/") {
                    Some((_, after)) => {
                        block = false;
                        rest = after;
                    }
                    None => break,
                }
                continue;
            }
            let (mut quote, mut end) = (None, None);
            for (at, c) in rest.char_indices() {
                match (c, quote) {
                    ('\'' | '"', None) => quote = Some(c),
                    (c, Some(q)) if c == q => quote = None,
                    ('/', None) if rest[at..].starts_with("//") || rest[at..].starts_with("/*") => {
                        end = Some(at);
                        break;
                    }
                    _ => {}
                }
            }
            let Some(at) = end else {
                out.push_str(rest);
                break;
            };
            out.push_str(&rest[..at]);
            if rest[at..].starts_with("//") {
                break;
            }
            block = true;
            rest = &rest[at + 2..];
        }
        out.push('\n');
    }
    out
}
