//! Ctrl-C: the first asks for an early end with a report, the second ends at once.

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use straykey::base::Stop;

/// How a shell tells that Ctrl-C ended a program.
const KILLED: i32 = 130;

/// The wish to stop, which Ctrl-C is from now on.
pub fn watch() -> Stop {
    let stop = Stop::default();
    // In this order: at the second signal the first has set the flag. A system that refuses leaves
    // Ctrl-C as it was.
    let _ = flag::register_conditional_shutdown(SIGINT, KILLED, stop.flag());
    let _ = flag::register(SIGINT, stop.flag());
    stop
}

/// The same, and the wish of whoever ends programs by name: for what leaves things to clean up.
pub fn watch_all() -> Stop {
    let stop = watch();
    let _ = flag::register(SIGTERM, stop.flag());
    stop
}
