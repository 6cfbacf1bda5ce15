//! Files in files: what is found in archives, what they are called, what is told of what cannot be
//! opened. The archives are made here, by other programs than the one that opens them.

#[path = "common/mod.rs"]
mod common;

#[path = "containers/hostile.rs"]
mod hostile;
#[path = "containers/keys.rs"]
mod keys;
#[path = "containers/make.rs"]
mod make;
#[path = "containers/modes.rs"]
mod modes;
#[path = "containers/named.rs"]
mod named;
#[path = "containers/opened.rs"]
mod opened;
