//! Reports of references, one file a format.

mod dot;
mod human;
mod jsonl;
mod wire;

pub use dot::dot as references_dot;
pub use human::human as references_human;
pub use jsonl::jsonl as references_jsonl;
pub use wire::schema as references_schema;
