//! The inventory of machine credentials: what a repository knows of them beyond where they leaked.

pub mod references;
