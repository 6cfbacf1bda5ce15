//! `history --store`: the same as without a store, whatever happened to the repository, to the
//! store or to the runs before.
#![cfg(unix)]

mod common;
#[path = "store/equal.rs"]
mod equal;
#[path = "store/files.rs"]
mod files;
#[path = "store/kept.rs"]
mod kept;
#[path = "store/repository.rs"]
mod repository;
#[path = "store/runs.rs"]
mod runs;
#[path = "store/secrets.rs"]
mod secrets;
