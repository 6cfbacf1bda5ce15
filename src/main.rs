//! The `straykey` program.

fn main() {}
