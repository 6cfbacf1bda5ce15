//! A line on standard error while a long scan runs: only for a person who is watching.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};
use straykey::scan::Progress;
use straykey::verify::VerifyProgress;

/// Before this nobody needs to be told.
const PATIENCE: Duration = Duration::from_millis(700);
const STEP: Duration = Duration::from_millis(100);

/// The line, while it is shown.
#[derive(Debug)]
pub struct Watch {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Watch {
    /// Begins to watch, if there is somebody to show it to: a terminal, no CI, no hook.
    pub fn begin(progress: &Arc<Progress>, quiet: bool) -> Option<Self> {
        let machine = ["CI", "PRE_COMMIT", "GIT_INDEX_FILE", "GIT_DIR"]
            .iter()
            .any(|name| std::env::var_os(name).is_some());
        if quiet || machine || !std::io::stderr().is_terminal() {
            return None;
        }
        let (stop, stopped) = mpsc::channel();
        let progress = Arc::clone(progress);
        let began = Instant::now();
        let thread = std::thread::spawn(move || {
            if stopped.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
                bar.set_style(style);
            }
            // The sweep at hand, and when it was first seen.
            let mut current = (0, began);
            while stopped.recv_timeout(STEP) == Err(RecvTimeoutError::Timeout) {
                bar.set_message(match progress.sweep.sweeps.load(Ordering::Relaxed) {
                    0 => of_files(&progress, began),
                    sweep => {
                        if sweep != current.0 {
                            current = (sweep, Instant::now());
                        }
                        of_histories(&progress, current.1)
                    }
                });
                bar.tick();
            }
            bar.finish_and_clear();
        });
        Some(Self { stop, thread })
    }

    /// Takes the line away.
    pub fn end(self) {
        drop(self.stop);
        let _ = self.thread.join();
    }
}

/// The line of verification, while it is shown.
#[derive(Debug)]
pub struct WatchCalls {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl WatchCalls {
    /// Begins to watch, if there is somebody to show it to.
    pub fn begin(progress: &Arc<VerifyProgress>, quiet: bool) -> Option<Self> {
        let machine = std::env::var_os("CI").is_some();
        if quiet || machine || !std::io::stderr().is_terminal() {
            return None;
        }
        let (stop, stopped) = mpsc::channel();
        let progress = Arc::clone(progress);
        let thread = std::thread::spawn(move || {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
                bar.set_style(style);
            }
            let count = |counter: &AtomicU64| HumanCount(counter.load(Ordering::Relaxed));
            while stopped.recv_timeout(STEP) == Err(RecvTimeoutError::Timeout) {
                bar.set_message(format!(
                    "{} of {} credentials asked for, {} calls",
                    count(&progress.done),
                    count(&progress.all),
                    count(&progress.calls)
                ));
                bar.tick();
            }
            bar.finish_and_clear();
        });
        Some(Self { stop, thread })
    }

    /// Takes the line away.
    pub fn end(self) {
        drop(self.stop);
        let _ = self.thread.join();
    }
}

fn of_files(progress: &Progress, began: Instant) -> String {
    let bytes = progress.bytes.load(Ordering::Relaxed);
    let rate = bytes as f64 / began.elapsed().as_secs_f64();
    format!(
        "{} files, {}, {}/s, {} matches",
        HumanCount(progress.files.load(Ordering::Relaxed)),
        HumanBytes(bytes),
        HumanBytes(rate as u64),
        HumanCount(progress.matches.load(Ordering::Relaxed)),
    )
}

fn of_histories(progress: &Progress, began: Instant) -> String {
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let sweep = &progress.sweep;
    let objects = count(&progress.objects);
    // What is judged is read twice.
    let read = count(&sweep.objects).min(objects);
    let mut parts = Vec::new();
    let (nth, all) = &progress.repositories;
    if count(all) > 0 {
        let (nth, all) = (HumanCount(count(nth)), HumanCount(count(all)));
        parts.push(format!("repository {nth} of {all}"));
    }
    parts.push(format!(
        "{} of {} objects",
        HumanCount(read),
        HumanCount(objects)
    ));
    parts.push(HumanBytes(count(&sweep.bytes)).to_string());
    parts.extend(left(
        count(&sweep.done),
        count(&sweep.work),
        began.elapsed(),
    ));
    parts.join(", ")
}

/// How long the rest of some work takes at the speed so far.
fn left(done: u64, work: u64, elapsed: Duration) -> Option<String> {
    // Before a hundredth is done nobody can tell.
    if done < work.div_ceil(100).max(1) {
        return None;
    }
    let rest = work.saturating_sub(done) as f64 / done as f64;
    let seconds = (elapsed.as_secs_f64() * rest).ceil().min(1e9) as u64;
    Some(match seconds {
        0..100 => format!("about {seconds} s left"),
        100..6_000 => format!("about {} min left", seconds.div_ceil(60)),
        _ => format!("about {} h left", seconds.div_ceil(3_600)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_told_once_it_can_be() {
        let second = Duration::from_secs(1);
        assert_eq!(left(0, 0, second), None);
        assert_eq!(left(99, 10_000, second), None, "too early");
        assert_eq!(left(100, 200, second).as_deref(), Some("about 1 s left"));
        assert_eq!(
            left(100, 10_000, second).as_deref(),
            Some("about 99 s left")
        );
        let minute = Duration::from_secs(60);
        assert_eq!(
            left(50, 100, 10 * minute).as_deref(),
            Some("about 10 min left")
        );
        assert_eq!(left(1, 4, 60 * minute).as_deref(), Some("about 3 h left"));
        assert_eq!(left(300, 200, second).as_deref(), Some("about 0 s left"));
    }
}
