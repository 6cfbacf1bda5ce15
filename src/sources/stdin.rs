//! Standard input that is not waited for once somebody asked to stop.

use std::io::{self, Read};

use crate::base::Stop;

/// How long is waited before it is asked anew whether to stop, in milliseconds.
#[cfg(unix)]
const WAIT: i64 = 50;

/// Standard input. While it waits for somebody to write it sees whether to stop; then reading
/// fails.
#[derive(Debug)]
pub struct Stdin<'s> {
    stop: &'s Stop,
}

impl<'s> Stdin<'s> {
    /// Standard input, until `stop` is asked.
    pub fn new(stop: &'s Stop) -> Self {
        Self { stop }
    }
}

impl Read for Stdin<'_> {
    #[cfg(unix)]
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let stdin = io::stdin();
        let wait = Timespec {
            tv_sec: 0,
            tv_nsec: WAIT * 1_000_000,
        };
        loop {
            if self.stop.is_asked() {
                return Err(io::Error::other("interrupted"));
            }
            let mut fds = [PollFd::new(&stdin, PollFlags::IN)];
            match poll(&mut fds, Some(&wait)) {
                Ok(0) | Err(rustix::io::Errno::INTR) => {}
                // What cannot be polled can be read, or tells why not. Nothing of it is buffered
                // where polling would not see it.
                Ok(_) | Err(_) => match rustix::io::read(&stdin, &mut *out) {
                    Err(rustix::io::Errno::INTR) => {}
                    done => return Ok(done?),
                },
            }
        }
    }

    #[cfg(not(unix))]
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.stop.is_asked() {
            return Err(io::Error::other("interrupted"));
        }
        io::stdin().read(out)
    }
}
