//! `.straykey/inventory.toml`: what people say of credentials, by their ids. No secret is in it.
//!
//! ```toml
//! version = 1
//!
//! [[credential]]
//! id = "7f3a91c2..."
//! owner = "team-payments"
//! purpose = "nightly settlement export"
//! environment = "production"
//! rotate_every = 90
//! reviewed = { by = "alice", on = "2026-11-20", next = "2027-02-20" }
//! ```

use std::fmt::Write as _;

use serde::Deserialize;
use toml::Spanned;

use super::record::{Environment, Record, Review, Stamp};
use crate::base::{quote, time_of};

/// What people say of all credentials.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Declarations {
    entries: Vec<Declaration>,
}

/// What people say of one credential.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Declaration {
    /// Where it stands: file and line, as messages show them.
    pub place: String,
    /// The fingerprint, whole or at least its first eight digits.
    pub id: String,
    /// Who owns it.
    pub owner: Option<String>,
    /// What it is for.
    pub purpose: Option<String>,
    /// Where it is used.
    pub environment: Option<Environment>,
    /// Replace it at least every so many days.
    pub rotate_every: Option<u32>,
    /// When it ends.
    pub expires: Option<Stamp>,
    /// Who reviewed it.
    pub reviewed: Option<Review>,
    /// How to take its power away.
    pub revoke: Option<String>,
    /// What it can do.
    pub privilege: Option<super::record::PrivilegeClass>,
    /// What its provider calls it, where lists of theirs have nothing else: a number, a key's id.
    pub provider_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    version: Option<Spanned<u32>>,
    #[serde(default)]
    credential: Vec<Spanned<CredentialWire>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CredentialWire {
    id: Spanned<String>,
    owner: Option<String>,
    purpose: Option<String>,
    environment: Option<Spanned<String>>,
    rotate_every: Option<u32>,
    expires: Option<Spanned<String>>,
    reviewed: Option<ReviewWire>,
    revoke: Option<String>,
    privilege: Option<Spanned<String>>,
    provider_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReviewWire {
    by: String,
    on: Spanned<String>,
    next: Option<Spanned<String>>,
}

/// A word of the file as the choice that it is.
pub(super) fn choice<T: serde::de::DeserializeOwned>(word: &str) -> Option<T> {
    serde_json::from_value(serde_json::Value::String(word.to_owned())).ok()
}

impl Declarations {
    /// Reads a file; `file` is its name for messages.
    ///
    /// # Errors
    ///
    /// What is wrong with it, each with its line.
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<String>> {
        let line = |at: usize| text[..at.min(text.len())].split('\n').count();
        let wire: Wire = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            vec![format!("{file}:{}: {}", line(at), error.message())]
        })?;
        let mut errors = Vec::new();
        let mut wrong = |at: usize, why: String| errors.push(format!("{file}:{}: {why}", line(at)));
        if let Some(version) = &wire.version
            && *version.get_ref() != 1
        {
            wrong(
                version.span().start,
                "version 1 is the only one that is known".into(),
            );
        }
        let mut entries: Vec<Declaration> = Vec::new();
        for spanned in wire.credential {
            let begin = spanned.span().start;
            let one = spanned.into_inner();
            let id = one.id.get_ref().trim().to_ascii_lowercase();
            let hex = id.strip_prefix("w:").unwrap_or(&id);
            if hex.len() < 8 || !hex.bytes().all(|b| b.is_ascii_hexdigit() || b == b':') {
                wrong(
                    one.id.span().start,
                    format!(
                        "'{}' is no fingerprint: at least its first eight digits",
                        quote(&id)
                    ),
                );
            }
            if entries.iter().any(|e| e.id == id) {
                wrong(
                    one.id.span().start,
                    format!("'{}' is there twice", quote(&id)),
                );
            }
            let mut day = |text: &Option<Spanned<String>>| {
                let text = text.as_ref()?;
                let time = time_of(text.get_ref()).map(|t| Stamp(t.0));
                if time.is_none() {
                    let why = "a day is written as 2026-11-24";
                    wrong(text.span().start, why.to_owned());
                }
                time
            };
            let expires = day(&one.expires);
            let reviewed = one.reviewed.and_then(|review| {
                Some(Review {
                    on: day(&Some(review.on))?,
                    next: day(&review.next),
                    by: review.by,
                })
            });
            let environment = one.environment.as_ref().and_then(|word| {
                let known = choice(word.get_ref());
                if known.is_none() {
                    let why =
                        "environments are production, staging, development, test, ci, unknown";
                    wrong(word.span().start, why.to_owned());
                }
                known
            });
            let privilege = one.privilege.as_ref().and_then(|word| {
                let known = choice(word.get_ref());
                if known.is_none() {
                    let why = "privileges are admin, write, read, unknown";
                    wrong(word.span().start, why.to_owned());
                }
                known
            });
            let said = |text: Option<String>| text.filter(|t| !t.trim().is_empty());
            entries.push(Declaration {
                place: format!("{file}:{}", line(begin)),
                id,
                owner: said(one.owner),
                purpose: said(one.purpose),
                environment,
                rotate_every: one.rotate_every.filter(|days| *days > 0),
                expires,
                reviewed,
                revoke: said(one.revoke),
                privilege,
                provider_id: said(one.provider_id),
            });
        }
        if errors.is_empty() {
            Ok(Self { entries })
        } else {
            Err(errors)
        }
    }

    /// Adds those of another file.
    pub fn join(&mut self, more: Self) {
        self.entries.extend(more.entries);
    }

    /// What is said of a record with one of these fingerprints.
    pub fn of(&self, ids: &[&str]) -> Option<&Declaration> {
        let is_one = |entry: &&Declaration| ids.iter().any(|id| id.starts_with(&entry.id));
        self.entries.iter().find(is_one)
    }

    /// All entries, in the order of the file.
    pub fn entries(&self) -> &[Declaration] {
        &self.entries
    }

    /// The text with entries for records that have none yet, all entries sorted by id: what people
    /// wrote stays as it is, what is not known is left for them to fill in. `None` if nothing is to
    /// be added and all is sorted.
    pub fn drafted(&self, text: &str, records: &[Record]) -> Option<String> {
        let mut blocks: Vec<(String, String)> = Vec::new();
        let mut head = String::new();
        let starts: Vec<usize> = text
            .match_indices("[[credential]]")
            .map(|(at, _)| at)
            .filter(|at| text[..*at].ends_with('\n') || *at == 0)
            .collect();
        let mut cut = starts.first().copied().unwrap_or(text.len());
        // A comment above an entry goes with it.
        let with_comment = |at: usize| {
            let mut at = at;
            while let Some(line) = text[..at].trim_end_matches('\n').rsplit('\n').next() {
                let is_comment = line.starts_with('#') && at > 0 && !text[..at].ends_with("\n\n");
                if !is_comment {
                    break;
                }
                at -= line.len() + 1;
            }
            at
        };
        cut = with_comment(cut).min(cut);
        head.push_str(text[..cut].trim_end());
        for (entry, (i, _)) in self.entries.iter().zip(starts.iter().enumerate()) {
            let from = with_comment(starts[i]);
            let to = starts
                .get(i + 1)
                .map_or(text.len(), |next| with_comment(*next));
            blocks.push((entry.id.clone(), text[from..to].trim().to_owned()));
        }
        for record in records {
            let ids = std::iter::once(&*record.id).chain(record.also.iter().map(|id| &**id));
            if self.of(&ids.collect::<Vec<_>>()).is_none() {
                blocks.push((record.id.clone(), draft(record)));
            }
        }
        blocks.sort();
        if head.is_empty() {
            "# Who owns which credential, and what for. No secret is in here: ids are fingerprints.\n\
             # Fill in what is empty; straykey inventory check tells what is missing.\nversion = 1"
                .clone_into(&mut head);
        }
        let mut out = head;
        for (_, block) in &blocks {
            out.push_str("\n\n");
            out.push_str(block);
        }
        out.push('\n');
        (out != text).then_some(out)
    }
}

/// An entry for a record, with what is inferred as comments: only a person can declare it.
fn draft(record: &Record) -> String {
    let mut out = String::new();
    let plain = |text: &str| -> String {
        let kept = text.chars().filter(|c| !c.is_control());
        kept.take(200).collect()
    };
    let place = record.places.first();
    let place = place.map_or(String::new(), |p| {
        format!(", {}:{}", plain(&p.path), p.line)
    });
    let _ = writeln!(out, "# {}{place}", plain(&record.name));
    let _ = writeln!(out, "[[credential]]");
    let _ = writeln!(out, "id = \"{}\"", record.id);
    let candidate = record.owner.principal.as_ref();
    let guess = candidate.map_or(String::new(), |c| {
        let place = c.place.as_deref().unwrap_or_default();
        format!(" # perhaps {}, says {}", plain(&c.value), plain(place))
    });
    let _ = writeln!(out, "owner = \"\"{guess}");
    let guess = record.purpose.as_ref();
    let guess = guess.map_or(String::new(), |p| format!(" # perhaps {}", plain(&p.value)));
    let _ = write!(out, "purpose = \"\"{guess}");
    if let Some(environment) = record.known_environments().first() {
        let _ = write!(out, "\nenvironment = \"{}\"", environment.word());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::record::Kind;
    use super::*;

    #[test]
    fn a_file_is_read_and_mistakes_are_named_with_their_lines() {
        let text = "version = 1\n\n[[credential]]\nid = \"7f3a91c2\"\nowner = \"team\"\n\
                    environment = \"production\"\nrotate_every = 30\nexpires = \"2027-02-01\"\n\
                    reviewed = { by = \"alice\", on = \"2026-11-20\", next = \"2027-02-20\" }\n";
        let told = Declarations::parse("f", text).expect("it is right");
        let one = told.of(&["7f3a91c2ffff"]).expect("it is there");
        assert_eq!(one.owner.as_deref(), Some("team"));
        assert_eq!(one.environment, Some(Environment::Production));
        assert_eq!((&*one.place, one.rotate_every), ("f:3", Some(30)));
        let review = one.reviewed.as_ref().expect("reviewed");
        assert_eq!(review.next.map(Stamp::day).as_deref(), Some("2027-02-20"));
        assert!(told.of(&["8f3a91c2ffff"]).is_none());

        let text = "version = 2\n[[credential]]\nid = \"7f3a\"\nexpires = \"soon\"\n";
        let errors = Declarations::parse("f", text).expect_err("wrong");
        let lines: Vec<&str> = errors.iter().map(|e| &e[..4]).collect();
        assert_eq!(lines, ["f:1:", "f:3:", "f:4:"], "{errors:?}");
        let errors = Declarations::parse("f", "[[credential]]\nid = \"7f3a91c2\"\nowners = 1\n");
        assert!(errors.expect_err("wrong")[0].starts_with("f:3:"));
    }

    #[test]
    fn a_draft_adds_sorts_and_keeps_what_people_wrote() {
        let record = |id: &str| Record::new(id, Kind::Literal, "A thing");
        let (a, b) = ("11111111aaaa", "99999999bbbb");
        let first = Declarations::default()
            .drafted("", &[record(b), record(a)])
            .expect("something is to be written");
        assert!(first.find(a) < first.find(b), "{first}");
        let told = Declarations::parse("f", &first).expect("the draft is right");
        assert_eq!(told.entries().len(), 2);
        assert_eq!(
            told.entries()[0].owner,
            None,
            "only a person declares an owner"
        );
        assert_eq!(told.drafted(&first, &[record(b)]), None, "nothing to do");
        let edited = first.replacen("owner = \"\"", "owner = \"team-x\" # mine", 1);
        let told = Declarations::parse("f", &edited).expect("right");
        let second = told
            .drafted(&edited, &[record("55555555cccc")])
            .expect("one more");
        assert!(second.contains("owner = \"team-x\" # mine"));
        let order = ["11111111", "55555555", "99999999"].map(|id| second.find(id));
        assert!(order.is_sorted() && order[0].is_some(), "{second}");
        assert_eq!(second.matches("# A thing").count(), 3);
    }
}
