//! Records without people: `--no-names`.
//!
//! Owners, committers and reviewers become numbers, the same one for the same person in all records, so
//! that who shares what can still be seen. Names are taken out of the sentences of their record, and
//! whatever looks like a mail address out of all. What a repository calls by a person's name (a
//! folder, an account, a branch) stays, and so do ids of commits.

use std::collections::HashMap;

use super::record::{Commit, Record, Told};

/// The shortest name that is looked for in sentences.
const SHORTEST: usize = 3;

/// Takes people out of records, and of lines about them.
pub fn unnamed(records: &mut [Record], lines: &mut [String]) {
    let mut people = People::default();
    let here: Vec<Vec<usize>> = records.iter_mut().map(|r| people.record(r)).collect();
    let by_number = people.by_number();
    for (record, here) in records.iter_mut().zip(here) {
        // Another record may have told another name of the same person.
        let names = here.iter().flat_map(|number| &by_number[*number]);
        let names = longest_first(names.cloned().collect());
        for text in sentences(record) {
            clean(text, &names);
        }
    }
    let all: Vec<(String, String)> = people
        .numbers
        .iter()
        .map(|(name, number)| (name.clone(), label(*number)))
        .collect();
    let all = longest_first(all);
    for line in lines {
        clean(line, &all);
    }
}

#[derive(Default)]
struct People {
    /// By name or address, in lower case.
    numbers: HashMap<String, usize>,
    last: usize,
}

fn label(number: usize) -> String {
    format!("person or team {number}")
}

impl People {
    /// The label for whoever has one of these names.
    fn of(&mut self, names: &[&str], here: &mut Vec<usize>) -> String {
        let mut keys: Vec<String> = Vec::new();
        for name in names {
            let name = name.trim();
            // `Name <address>` is both.
            if let Some((name, address)) = name.strip_suffix('>').and_then(|n| n.split_once(" <")) {
                keys.push(address.to_lowercase());
                keys.push(name.to_lowercase());
            }
            keys.push(name.to_lowercase());
        }
        keys.retain(|key| !key.is_empty());
        let known = keys.iter().find_map(|key| self.numbers.get(key));
        let number = known.copied().unwrap_or(self.last + 1);
        self.last = self.last.max(number);
        for key in keys {
            // A name of this one that is another's already: both are taken out.
            here.push(*self.numbers.entry(key).or_insert(number));
        }
        here.push(number);
        label(number)
    }

    /// All names of each number, with its label.
    fn by_number(&self) -> Vec<Vec<(String, String)>> {
        let mut out = vec![Vec::new(); self.last + 1];
        for (name, number) in &self.numbers {
            out[*number].push((name.clone(), label(*number)));
        }
        out
    }

    /// Makes numbers of a record's people; which ones.
    fn record(&mut self, record: &mut Record) -> Vec<usize> {
        let mut here = Vec::new();
        let owners = record.owner.principal.iter_mut();
        for told in owners.chain(&mut record.owner.candidates) {
            told.value = self.of(&[&told.value], &mut here);
        }
        if let Some(by) = &mut record.last_used.by {
            *by = self.of(&[&*by], &mut here);
        }
        let mut commit = |told: &mut Option<Told<Commit>>| {
            if let Some(told) = told {
                let commit = &mut told.value;
                commit.author = self.of(&[&commit.mail, &commit.author], &mut here);
                commit.mail.clear();
            }
        };
        commit(&mut record.introduced);
        commit(&mut record.last_changed);
        commit(&mut record.removed);
        if let Some(review) = &mut record.reviewed {
            review.value.by = self.of(&[&review.value.by], &mut here);
        }
        for rule in &mut record.policy {
            // It ends with who approved it, and for which reason.
            if let Some(exception) = &mut rule.exception {
                exception.truncate(exception.find(": ").unwrap_or(exception.len()));
            }
        }
        here.sort_unstable();
        here.dedup();
        here
    }
}

/// What is written for people in a record, and may name some.
fn sentences(record: &mut Record) -> Vec<&mut String> {
    let mut all: Vec<&mut String> = Vec::new();
    let owner = &mut record.owner;
    for told in owner.principal.iter_mut().chain(&mut owner.candidates) {
        all.extend(&mut told.place);
    }
    all.extend(
        owner
            .last_active
            .iter_mut()
            .filter_map(|t| t.place.as_mut()),
    );
    all.extend(&mut owner.orphaned_because);
    all.extend(&mut owner.left_since_rotation);
    for told in [
        &mut record.introduced,
        &mut record.last_changed,
        &mut record.removed,
    ] {
        all.extend(told.iter_mut().filter_map(|t| t.place.as_mut()));
    }
    if let Some(purpose) = &mut record.purpose {
        all.push(&mut purpose.value);
        all.extend(&mut purpose.place);
    }
    all.extend(record.hints.iter_mut().map(|h| &mut h.value));
    all.extend(record.last_used.query.iter_mut());
    all.push(&mut record.revoke);
    all.extend(record.retirement.steps.iter_mut().map(|s| &mut s.evidence));
    all.extend(&mut record.rank.because);
    all.extend(record.issues.iter_mut().map(|i| &mut i.why));
    all.extend(record.policy.iter_mut().map(|r| &mut r.why));
    all
}

fn longest_first(mut names: Vec<(String, String)>) -> Vec<(String, String)> {
    names.retain(|(name, _)| name.chars().count() >= SHORTEST);
    names.sort_unstable_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.cmp(b)));
    names.dedup();
    names
}

/// Takes names and addresses out of a sentence.
fn clean(text: &mut String, names: &[(String, String)]) {
    for (name, label) in names {
        // Lower case of some letters is longer: then places would not be those of the text.
        let lower = text.to_lowercase();
        let same = lower.len() == text.len();
        let inside = if same { &lower } else { &*text };
        if !inside.contains(&**name) {
            continue;
        }
        let mut out = String::with_capacity(text.len());
        let mut from = 0;
        for (at, _) in inside.match_indices(&**name) {
            let end = at + name.len();
            let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
            if is_word(text[..at].chars().next_back()) || is_word(text[end..].chars().next()) {
                continue;
            }
            out.push_str(&text[from..at]);
            out.push_str(label);
            from = end;
        }
        out.push_str(&text[from..]);
        *text = out;
    }
    if text.contains('@') {
        let words: Vec<&str> = text
            .split(' ')
            .map(|w| if is_address(w) { "somebody" } else { w })
            .collect();
        *text = words.join(" ");
    }
}

fn is_address(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    word.split_once('@').is_some_and(|(who, host)| {
        let plain = |c: char| c.is_alphanumeric() || "._%+-".contains(c);
        !who.is_empty() && host.contains('.') && who.chars().all(plain) && host.chars().all(plain)
    })
}

#[cfg(test)]
mod tests {
    use super::super::record::{Kind, Source, Stamp, Sureness};
    use super::*;

    fn record(author: &str, mail: &str, owner: &str) -> Record {
        let mut record = Record::new("a1", Kind::Literal, "a token");
        let commit = Commit {
            time: Stamp(0),
            id: "0123".into(),
            author: author.into(),
            mail: mail.into(),
            repository: None,
            path: "ana/x".into(),
            or_before: false,
        };
        record.introduced = Some(Told::new(commit, Source::Git, "x", Sureness::Certain));
        record.owner.principal = Some(Told::new(
            owner.into(),
            Source::Git,
            "Ana Lyst brought it in",
            Sureness::Likely,
        ));
        record.owner.orphaned_because = Some("Ana Lyst <ana@x.invalid> left".into());
        record.retirement.steps = Vec::new();
        record
    }

    #[test]
    fn a_person_is_one_number_and_no_name_is_left() {
        let mut all = vec![
            record("Ana Lyst", "ana@x.invalid", "Ana Lyst <ana@x.invalid>"),
            record("Bo", "bo@x.invalid", "ANA@x.invalid"),
        ];
        let mut lines = vec!["Ana Lyst, and dora@y.invalid".to_owned()];
        unnamed(&mut all, &mut lines);
        let told = serde_json::to_string(&all)
            .unwrap_or_default()
            .to_lowercase();
        for name in ["lyst", "ana@", "\"bo\"", "invalid"] {
            assert!(!told.contains(name), "{name}: {told}");
        }
        let owner = |n: usize| all[n].owner.principal.as_ref().map(|o| &*o.value);
        assert_eq!(owner(0), Some("person or team 1"));
        assert_eq!(owner(1), Some("person or team 1"));
        assert_eq!(
            all[1].introduced.as_ref().map(|i| &*i.value.author),
            Some("person or team 2")
        );
        // What the repository calls so stays.
        assert_eq!(
            all[0].introduced.as_ref().map(|i| &*i.value.path),
            Some("ana/x")
        );
        assert_eq!(lines, ["person or team 1, and somebody"]);
    }
}
