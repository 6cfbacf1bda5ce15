//! Signed calls: the secret stays here, what goes out proves that it is here.
//!
//! Each scheme is a file. Some write headers of a finished call (`aws`, `azure`), others make a value
//! that the declaration places itself (`hmac`: `{signature}`, `jwt`: `{assertion}`).

mod aws;
mod azure;
mod clock;
mod jwt;
mod keyed;

pub(super) use aws::{Aws, aws};
pub(super) use azure::{Shared, shared_key};
pub(super) use clock::{basic_date, http_date, mail_date, nonce};
pub(super) use jwt::{Claims, jwt};
pub(super) use keyed::{Hmac, hmac};
