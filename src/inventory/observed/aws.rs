//! The credential report of IAM: a row a user, two keys each, no ids.

use std::collections::BTreeMap;

use super::super::owner::cells;
use super::super::record::Stamp;
use super::{Key, Seen, Sink, Use};
use crate::base::time_of;

/// Rows of a report that are read.
const ROWS: usize = 1_000_000;
/// What a cell says that has no time: there is no key, it was never used, or not since IAM records that.
const NONE: &[&str] = &["", "N/A", "not_supported", "no_information"];
/// The report's word for the account's own user.
const ROOT: &str = "<root_account>";

/// Reads a report.
pub(super) fn report(name: &str, text: &str, sink: &mut Sink<'_>) -> Result<(), String> {
    let mut lines = text.lines().enumerate();
    let wrong = |line: usize, why: &str| format!("{name}:{}: {why}", line + 1);
    let (first, head) = lines
        .find(|(_, line)| !line.trim().is_empty())
        .ok_or_else(|| wrong(0, "it is empty"))?;
    let columns = cells(head);
    let column = |name: &str| columns.iter().position(|c| c.trim() == name);
    let (Some(user), Some(_)) = (column("user"), column("access_key_1_active")) else {
        let why = "no export that is known begins like this: neither JSON, nor a credential report, \
                   whose first line names the columns user and access_key_1_active";
        return Err(wrong(first, why));
    };
    let keys: Vec<(u8, [Option<usize>; 5])> = [1u8, 2]
        .map(|n| {
            let of = |what: &str| column(&format!("access_key_{n}_{what}"));
            let names = [
                "active",
                "last_rotated",
                "last_used_date",
                "last_used_service",
                "last_used_region",
            ];
            (n, names.map(of))
        })
        .into();
    for (number, line) in lines {
        if line.trim().is_empty() {
            continue;
        }
        if number > ROWS {
            return Err(wrong(number, "more than a million users: give it in parts"));
        }
        let cells = cells(line);
        let user = cells.get(user).map_or("", |c| c.trim());
        if user.is_empty() {
            return Err(wrong(number, "a row without a user"));
        }
        sink.entry("iam-credential-report", None);
        for (n, [active, rotated, used, service, region]) in &keys {
            let cell = |column: &Option<usize>| {
                let cell = column.and_then(|c| cells.get(c)).map(|c| c.trim());
                cell.filter(|c| !NONE.contains(c))
            };
            let time = |column: &Option<usize>| match cell(column) {
                None => Ok(None),
                Some(text) => time_of(text)
                    .map(|t| Some(Stamp(t.0.min(t.1))))
                    .ok_or_else(|| wrong(number, "a time is written as 2026-11-24T12:00:00+00:00")),
            };
            let is_active = cell(active).is_some_and(|word| word.eq_ignore_ascii_case("true"));
            let made = time(rotated)?;
            let last = time(used)?;
            // Without a day of birth there is no key.
            if made.is_none() && !is_active {
                continue;
            }
            let place = format!("{name}:{}", number + 1);
            let what = [service, region]
                .map(|c| cell(c).unwrap_or_default())
                .join(" ");
            let seen = Seen {
                whose: Some(user.to_owned()),
                created: made,
                active: Some((is_active, place.clone())),
                never: last.is_none().then(|| place.clone()),
                last: last.map(|at| Use {
                    at: at.0,
                    what: what.trim().to_owned(),
                    by: Some(user.to_owned()),
                    place: place.clone(),
                }),
                place,
                ..Seen::default()
            };
            sink.seen(Key::AwsUser(user.to_owned(), *n), seen);
        }
    }
    Ok(())
}

/// Gives what a report says of a user's keys to those keys whose ids are known: to the one that was made at
/// the same second, or to the only one, if the report has only one as well.
pub(super) fn settle(seen: &mut BTreeMap<Key, Seen>) {
    let mut users: BTreeMap<String, (Vec<Key>, Vec<Key>)> = BTreeMap::new();
    for (key, one) in seen.iter() {
        match key {
            Key::AwsUser(user, _) => users.entry(user.clone()).or_default().0.push(key.clone()),
            Key::AwsId(id) if !id.starts_with("ASIA") => {
                if let Some(user) = &one.whose {
                    users.entry(user.clone()).or_default().1.push(key.clone());
                }
            }
            _ => {}
        }
    }
    for (user, (rows, keys)) in users {
        if user == ROOT {
            continue;
        }
        for row in &rows {
            let Some(made) = seen.get(row).map(|one| one.created) else {
                continue;
            };
            let born = |key: &&Key| {
                let own = seen.get(*key).and_then(|one| one.created);
                own.is_some() && own == made
            };
            let same: Vec<&Key> = keys.iter().filter(born).collect();
            let target = match (&same[..], &rows[..], &keys[..]) {
                ([one], ..) => Some((*one).clone()),
                ([], [_], [only]) if seen.get(only).is_some_and(|o| o.created.is_none()) => {
                    Some(only.clone())
                }
                _ => None,
            };
            if let Some(target) = target
                && let Some(row) = seen.remove(row)
            {
                // A log that saw a use knows better than a report that was made before.
                let known = seen.entry(target).or_default();
                known.merge(row);
                if known.last.is_some() {
                    known.never = None;
                }
            }
        }
    }
}
