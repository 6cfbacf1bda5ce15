//! Verification against servers of ours, which play providers from their quoted answers, lie, stall,
//! redirect and flood; and what is never sent.

#[path = "verify/cluster.rs"]
mod cluster;
mod common;
#[path = "verify/crafted.rs"]
mod crafted;
#[path = "verify/declared.rs"]
mod declared;
#[path = "verify/figures.rs"]
mod figures;
#[path = "verify/format.rs"]
mod format;
#[path = "verify/fuzzed.rs"]
mod fuzzed;
#[path = "verify/gate.rs"]
mod gate;
#[path = "verify/hostile.rs"]
mod hostile;
#[path = "verify/hosts.rs"]
mod hosts;
#[path = "verify/keyed.rs"]
mod keyed;
#[path = "verify/lies.rs"]
mod lies;
#[cfg(target_os = "linux")]
#[path = "verify/namespace.rs"]
mod namespace;
#[path = "verify/played.rs"]
mod played;
#[path = "verify/program.rs"]
mod program;
#[path = "verify/proxy.rs"]
mod proxy;
#[cfg(target_os = "linux")]
#[path = "verify/real.rs"]
mod real;
#[cfg(target_os = "linux")]
#[path = "verify/revoke.rs"]
mod revoke;
#[path = "verify/schemes.rs"]
mod schemes;
#[path = "verify/server.rs"]
mod server;
