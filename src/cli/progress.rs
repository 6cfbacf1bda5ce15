//! A line on standard error while a long scan runs: only for a person who is watching.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};
use straykey::scan::Progress;

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
            while stopped.recv_timeout(STEP) == Err(RecvTimeoutError::Timeout) {
                let bytes = progress.bytes.load(Ordering::Relaxed);
                let rate = bytes as f64 / began.elapsed().as_secs_f64();
                bar.set_message(format!(
                    "{} files, {}, {}/s, {} matches",
                    HumanCount(progress.files.load(Ordering::Relaxed)),
                    HumanBytes(bytes),
                    HumanBytes(rate as u64),
                    HumanCount(progress.matches.load(Ordering::Relaxed)),
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
