//! How fast calls follow each other: to one host, and in all.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::base::Stop;

/// The longest that a host may make everybody wait.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// How long one sleeps before asking whether to stop.
const NAP: Duration = Duration::from_millis(50);

/// Gives out moments.
#[derive(Debug)]
pub(super) struct Pace {
    host: Option<Duration>,
    total: Option<Duration>,
    next: Mutex<Next>,
}

#[derive(Debug, Default)]
struct Next {
    hosts: HashMap<String, Instant>,
    total: Option<Instant>,
}

impl Pace {
    /// So many calls a second to one host, and in all; 0 for no limit.
    pub(super) fn new(host: f64, total: f64) -> Self {
        let gap = |rate: f64| (rate > 0.0).then(|| Duration::from_secs_f64(1.0 / rate));
        Self {
            host: gap(host),
            total: gap(total),
            next: Mutex::default(),
        }
    }

    /// Waits until a call to `host` may be made; false if somebody asked to stop meanwhile.
    pub(super) fn wait(&self, host: &str, stop: &Stop) -> bool {
        let at = self.reserve(host, Instant::now());
        loop {
            if stop.is_asked() {
                return false;
            }
            let left = at.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            std::thread::sleep(left.min(NAP));
        }
    }

    /// The moment for the next call to `host`; nobody else gets it.
    fn reserve(&self, host: &str, now: Instant) -> Instant {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let of_host = next.hosts.get(host).copied().unwrap_or(now);
        let at = now.max(of_host).max(next.total.unwrap_or(now));
        if let Some(gap) = self.host {
            next.hosts.insert(host.to_owned(), at + gap);
        }
        if let Some(gap) = self.total {
            // What one host waits for is no reason for others to wait.
            let base = next.total.unwrap_or(now).max(now);
            next.total = Some(base + gap);
        }
        at
    }

    /// Lets nobody call `host` for a while.
    pub(super) fn hold(&self, host: &str, wait: Duration) {
        let until = Instant::now() + wait.min(PATIENCE);
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let held = next.hosts.entry(host.to_owned()).or_insert(until);
        *held = until.max(*held);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_apart_by_host_and_in_all() {
        let now = Instant::now();
        let pace = Pace::new(2.0, 10.0);
        let ms = |at: Instant| at.duration_since(now).as_millis();
        let got: Vec<u128> = ["a", "a", "b", "a", "c"]
            .iter()
            .map(|host| ms(pace.reserve(host, now)))
            .collect();
        // By hand: a second apart by halves on one host, tenths in all.
        assert_eq!(got, [0, 500, 200, 1000, 400]);
        let free = Pace::new(0.0, 0.0);
        assert!((0..5).all(|_| free.reserve("a", now) == now));
    }

    #[test]
    fn whoever_is_told_to_wait_waits_no_longer_than_is_patient() {
        let pace = Pace::new(0.0, 0.0);
        pace.hold("a", Duration::from_secs(3600));
        let now = Instant::now();
        let wait = pace.reserve("a", now).duration_since(now);
        assert!(wait <= PATIENCE && wait > PATIENCE / 2);
        assert_eq!(pace.reserve("b", now), now);
    }
}
