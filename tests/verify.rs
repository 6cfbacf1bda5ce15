//! Verification against servers of ours, which play providers from their quoted answers, lie, stall,
//! redirect and flood; and what is never sent.

mod common;
#[path = "verify/declared.rs"]
mod declared;
#[path = "verify/format.rs"]
mod format;
#[path = "verify/fuzzed.rs"]
mod fuzzed;
#[path = "verify/hosts.rs"]
mod hosts;
#[path = "verify/lies.rs"]
mod lies;
#[cfg(target_os = "linux")]
#[path = "verify/namespace.rs"]
mod namespace;
#[path = "verify/program.rs"]
mod program;
#[path = "verify/proxy.rs"]
mod proxy;
#[path = "verify/schemes.rs"]
mod schemes;
#[path = "verify/server.rs"]
mod server;
