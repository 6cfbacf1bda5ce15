//! Verification against servers of ours, which play providers from their quoted answers, lie, stall,
//! redirect and flood; and what is never sent.

mod common;
#[path = "verify/declared.rs"]
mod declared;
#[path = "verify/format.rs"]
mod format;
#[path = "verify/hostile.rs"]
mod hostile;
#[path = "verify/lies.rs"]
mod lies;
#[cfg(target_os = "linux")]
#[path = "verify/namespace.rs"]
mod namespace;
#[path = "verify/played.rs"]
mod played;
#[path = "verify/program.rs"]
mod program;
#[cfg(target_os = "linux")]
#[path = "verify/real.rs"]
mod real;
#[cfg(target_os = "linux")]
#[path = "verify/revoke.rs"]
mod revoke;
#[path = "verify/server.rs"]
mod server;
