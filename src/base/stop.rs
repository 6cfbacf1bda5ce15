use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// What was found so far is finished for as long as this after a stop was asked for.
const GRACE: Duration = Duration::from_millis(500);

/// The wish that work ends early (Ctrl-C), shared by whoever may wish it and whoever works. Copies
/// are the same wish.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<Wish>);

#[derive(Debug)]
struct Wish {
    /// Apart, so that a signal handler can set it.
    asked: Arc<AtomicBool>,
    /// How many more questions are answered with no.
    left: AtomicU64,
    /// When somebody first saw it.
    seen: OnceLock<Instant>,
}

impl Default for Wish {
    fn default() -> Self {
        Self {
            asked: Arc::default(),
            left: AtomicU64::new(u64::MAX),
            seen: OnceLock::new(),
        }
    }
}

impl Stop {
    /// A wish that wakes when it was asked about so many times: each place at which work can end
    /// is reached without a clock.
    pub fn after(questions: u64) -> Self {
        let stop = Self::default();
        stop.0.left.store(questions, Ordering::Relaxed);
        stop
    }

    /// Asks for it.
    pub fn ask(&self) {
        self.0.asked.store(true, Ordering::Relaxed);
    }

    /// The flag that a signal handler sets.
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0.asked)
    }

    /// Whether somebody asked for it: what was not begun is left.
    pub fn is_asked(&self) -> bool {
        let wish = &*self.0;
        if wish.left.load(Ordering::Relaxed) != u64::MAX {
            let less = |left: u64| left.checked_sub(1);
            let order = Ordering::Relaxed;
            if wish.left.fetch_update(order, order, less).is_err() {
                wish.asked.store(true, order);
            }
        }
        let asked = wish.asked.load(Ordering::Relaxed);
        if asked {
            wish.seen.get_or_init(Instant::now);
        }
        asked
    }

    /// Whether somebody asked for it so long ago that what was begun is left, too.
    pub fn is_over(&self) -> bool {
        self.is_asked() && self.0.seen.get().is_some_and(|at| at.elapsed() > GRACE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_one_wish() {
        let stop = Stop::default();
        let copy = stop.clone();
        assert!(!copy.is_asked() && !copy.is_over());
        stop.ask();
        assert!(copy.is_asked() && stop.is_asked());
        let flagged = Stop::default();
        flagged.flag().store(true, Ordering::Relaxed);
        assert!(flagged.is_asked());
    }

    #[test]
    fn questions_can_be_counted() {
        let stop = Stop::after(2);
        let told: Vec<bool> = (0..4).map(|_| stop.is_asked()).collect();
        assert_eq!(told, [false, false, true, true]);
    }
}
