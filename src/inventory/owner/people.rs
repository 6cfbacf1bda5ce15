//! `--people FILE`: who works here, and who left.
//!
//! A table of comma-separated values whose first line names its columns. `mail`, `handle`, `name` and
//! `team` say who; `left` (a day) or `active` (`yes`, `no`) whether they are still here.

use std::collections::HashMap;

use crate::base::time_of;
use crate::inventory::record::Stamp;

/// The biggest list that is read, in lines.
const LINES: usize = 2_000_000;

/// Who works here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct People {
    /// By mail address, handle, name or team, in lower case.
    known: HashMap<String, Presence>,
    /// Whether teams are listed: if not, nothing is known of any.
    has_teams: bool,
}

/// Whether somebody is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Yes.
    Here,
    /// No longer; since then, if that is known.
    Left(Option<Stamp>),
    /// The list does not name them.
    NotListed,
}

impl People {
    /// Reads a list; `file` is its name for messages.
    ///
    /// # Errors
    ///
    /// What is wrong with it, with its line.
    pub fn parse(file: &str, text: &str) -> Result<Self, String> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut lines = text.lines().enumerate();
        let wrong = |line: usize, why: &str| format!("{file}:{}: {why}", line + 1);
        let (_, head) = lines.next().ok_or_else(|| wrong(0, "it is empty"))?;
        let columns: Vec<String> = cells(head)
            .iter()
            .map(|c| c.trim().to_ascii_lowercase())
            .collect();
        let column = |names: &[&str]| columns.iter().position(|c| names.contains(&&**c));
        let who: Vec<usize> = [
            &["mail", "email", "e-mail"][..],
            &["handle", "login", "github", "gitlab", "username"],
            &["name"],
        ]
        .iter()
        .filter_map(|names| column(names))
        .collect();
        let team = column(&["team", "teams", "group"]);
        let left = column(&["left", "left_on", "end", "leaving"]);
        let active = column(&["active", "status"]);
        if who.is_empty() {
            let why = "the first line must name a column mail, handle or name";
            return Err(wrong(0, why));
        }
        let mut known = HashMap::new();
        for (number, line) in lines.take(LINES) {
            if line.trim().is_empty() {
                continue;
            }
            let cells = cells(line);
            let cell = |column: Option<usize>| {
                let cell = column.and_then(|c| cells.get(c)).map(|c| c.trim());
                cell.filter(|c| !c.is_empty())
            };
            let mut presence = Presence::Here;
            if let Some(day) = cell(left) {
                let time = time_of(day).ok_or_else(|| {
                    wrong(
                        number,
                        "a day in the column of leavers is written as 2026-11-24",
                    )
                })?;
                presence = Presence::Left(Some(Stamp(time.0)));
            }
            if let Some(word) = cell(active) {
                match &*word.to_ascii_lowercase() {
                    "yes" | "true" | "1" | "active" | "here" => {}
                    "no" | "false" | "0" | "inactive" | "left" | "suspended" => {
                        if presence == Presence::Here {
                            presence = Presence::Left(None);
                        }
                    }
                    _ => return Err(wrong(number, "active is yes or no")),
                }
            }
            for name in who.iter().filter_map(|c| cell(Some(*c))) {
                known.insert(plain(name), presence);
            }
            if presence == Presence::Here
                && let Some(teams) = cell(team)
            {
                for one in teams.split([';', ' ']).filter(|t| !t.is_empty()) {
                    known.insert(plain(one), Presence::Here);
                }
            }
        }
        Ok(Self {
            known,
            has_teams: team.is_some(),
        })
    }

    /// Whether somebody is here on a day: by any of their names. A team of an organisation is, if the
    /// list names no teams.
    pub fn presence(&self, names: &[&str], on: Stamp) -> Presence {
        let found = names.iter().find_map(|name| self.known.get(&plain(name)));
        match found {
            Some(Presence::Left(Some(day))) if *day > on => Presence::Here,
            Some(known) => *known,
            None if !self.has_teams && names.iter().all(|n| n.contains('/')) => Presence::Here,
            None => Presence::NotListed,
        }
    }
}

/// A name as it is compared: a team of an organisation by its own name.
fn plain(name: &str) -> String {
    let name = name.trim().trim_start_matches('@').to_lowercase();
    match name.rsplit_once('/') {
        Some((_, team)) => team.to_owned(),
        None => name,
    }
}

/// The cells of a line of RFC 4180; a cell has no line break.
pub fn cells(line: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    let (mut chars, mut quoted) = (line.chars().peekable(), false);
    while let Some(c) = chars.next() {
        let Some(last) = all.last_mut() else { break };
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                last.push('"');
            }
            '"' if quoted || last.is_empty() => quoted = !quoted,
            ',' if !quoted => all.push(String::new()),
            c => last.push(c),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_here() {
        let text = "Name,Mail,handle,team,left\n\"Doe, Ann\",ann@x.invalid,ann,core;db,\n\
                    Bob,bob@x.invalid,bob,core,2026-05-01\n";
        let people = People::parse("p", text).expect("right");
        let on = |day: &str| Stamp(time_of(day).expect("a day").0);
        let of = |name: &str, day| people.presence(&[name], on(day));
        assert_eq!(of("ANN@x.invalid", "2026-11-01"), Presence::Here);
        assert_eq!(of("Doe, Ann", "2026-11-01"), Presence::Here);
        assert_eq!(of("@org/db", "2026-11-01"), Presence::Here);
        assert!(matches!(of("@bob", "2026-11-01"), Presence::Left(Some(_))));
        assert_eq!(of("@bob", "2026-04-01"), Presence::Here, "he left later");
        assert_eq!(of("eve", "2026-04-01"), Presence::NotListed);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, line) in [
            ("", 1),
            ("a,b\n", 1),
            ("mail,left\nx,soon\n", 2),
            ("mail,active\nx,?\n", 2),
        ] {
            let why = People::parse("p", text).expect_err("wrong");
            assert!(why.starts_with(&format!("p:{line}: ")), "{why}");
        }
    }
}
