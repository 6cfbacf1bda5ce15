//! The program as an attacker meets it: names, contents, git's own files, configuration and the
//! places where reports go are all chosen to do harm. No panic, no hang, nothing on the terminal
//! that drives it, and nothing silently left out.
//!
//! Sizes that take long stay small here; with `STRAYKEY_BIG` set they are the real ones. What a
//! system cannot do (a mount, another user) is skipped, and says so.

#![cfg(unix)]
#![allow(
    clippy::format_collect, // Small texts; it reads best so.
    clippy::unwrap_used,
    reason = "what stands outside of test functions is test all the same"
)]

#[path = "hostile/config.rs"]
mod config;
#[path = "hostile/files.rs"]
mod files;
#[path = "hostile/git.rs"]
mod git;
#[path = "hostile/output.rs"]
mod output;
#[path = "hostile/run.rs"]
mod run;
#[path = "hostile/sizes.rs"]
mod sizes;
