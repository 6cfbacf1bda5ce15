//! Puts what exports say into records.

use super::super::record::{Age, Hint, Life, Liveness, Record, Source, Stamp, Sureness, Told};
use super::{Key, Observed, Seen, UNUSED_DAYS};

impl Observed {
    /// How exports call a record's credential. `provider_id` is what people declared of it.
    pub fn key_of(&self, record: &Record, provider_id: Option<&str>) -> Option<Key> {
        let by_hint = || {
            let hint = record.hints.iter().find(|h| h.name == "hashed-token")?;
            Some(Key::HashedToken(hint.value.clone()))
        };
        let by_declared = || {
            let id = provider_id?;
            match &*record.provider {
                "gitlab" => id.parse().ok().map(Key::GitLabToken),
                "aws" => Some(Key::AwsId(id.to_owned())),
                _ => None,
            }
        };
        let mut ids = std::iter::once(&record.id).chain(&record.also);
        let by_id = ids.find_map(|id| self.by_fingerprint.get(id).cloned());
        by_id.or_else(by_declared).or_else(by_hint)
    }

    /// Tells a record what its provider saw up to a time, by what exports call its credential.
    pub fn tell(&self, record: &mut Record, key: Option<&Key>, as_of: Stamp) {
        let Some((key, seen)) = key.and_then(|key| Some((key, self.seen.get(key)?))) else {
            self.not_seen(record);
            return;
        };
        if let Some(user) = &seen.whose
            && matches!(key, Key::AwsId(_))
        {
            record.hints.push(Hint {
                name: "user".to_owned(),
                value: user.clone(),
            });
        }
        record.privilege.scopes.extend(seen.scopes.iter().cloned());
        if let Some(made) = seen.created
            && record.created.is_none()
        {
            let told = Told::new(made, Source::Observed, &seen.place, Sureness::Certain);
            record.age = Some(told.clone().map(|made| Age {
                days: made.days_to(as_of),
                at_least: false,
            }));
            record.created = Some(told);
        }
        if let Some(end) = seen.expires
            && record.expires.is_none()
        {
            let told = Told::new(end, Source::Observed, &seen.place, Sureness::Certain);
            record.expires = Some(told);
        }
        if let Some((active, place)) = &seen.active {
            record.life = life(*active, place);
        }
        let last = seen.last.as_ref().filter(|last| last.at <= as_of.0);
        if let Some(last) = last {
            let (at, place) = (Stamp(last.at), &last.place);
            record.last_used.at = Some(Told::new(at, Source::Observed, place, Sureness::Certain));
            record.last_used.what = Some(last.what.clone()).filter(|what| !what.is_empty());
            record.last_used.by.clone_from(&last.by);
        }
        record.last_used.unused = unused(seen, last.map(|last| Stamp(last.at)), as_of);
    }

    /// Of a credential that no export names: those that would, and from when to when they reach.
    fn not_seen(&self, record: &mut Record) {
        let is_hashed = record.hints.iter().any(|h| h.name == "hashed-token");
        let pattern = record.pattern.as_deref();
        let log = match &*record.provider {
            // Its fingerprint is that of its id, and no id of the log has it.
            "aws" if pattern.is_some_and(|id| self.of_ids.contains(&id)) => "cloudtrail",
            "github" if is_hashed => "github-audit-log",
            _ => return,
        };
        let logs = self.files.iter().filter(|file| file.format == log);
        let logs: Vec<_> = logs.collect();
        let from = logs.iter().filter_map(|file| file.from).min();
        let to = logs.iter().filter_map(|file| file.to).max();
        let name = logs.first().map(|file| &file.path);
        if let (Some(from), Some(to), Some(name)) = (from, to, name) {
            let why = format!("no event from {} to {} is of it", from.day(), to.day());
            let told = Told::new(why, Source::Observed, name, Sureness::Likely);
            record.last_used.unused = Some(told);
        }
    }
}

fn life(active: bool, place: &str) -> Life {
    let (state, place) = if active {
        (
            Liveness::Live,
            format!("{place}: its provider lists it as active"),
        )
    } else {
        let why = "its provider lists it as inactive or revoked";
        (Liveness::Dead, format!("{place}: {why}"))
    };
    Life {
        state: Told::new(state, Source::Observed, place, Sureness::Likely),
        checked_at: None,
    }
}

/// Why a credential counts as unused.
fn unused(seen: &Seen, last: Option<Stamp>, as_of: Stamp) -> Option<Told<String>> {
    if let Some(last) = last {
        let days = last.days_to(as_of);
        let place = seen.last.as_ref().map_or(&seen.place, |last| &last.place);
        let why = format!("not used for {days} days");
        return (days > UNUSED_DAYS)
            .then(|| Told::new(why, Source::Observed, place, Sureness::Likely));
    }
    let place = seen.never.as_ref().filter(|_| seen.last.is_none())?;
    let why = "never used, as far as its provider records that".to_owned();
    Some(Told::new(why, Source::Observed, place, Sureness::Certain))
}
