//! LDAP 3 (RFC 4511): StartTLS, a simple bind, and "Who am I?" (RFC 4532). Referrals are not followed:
//! they would send the password to whomever the answer names.

use super::super::{Trouble, Verdict};
use super::wire::{Network, Wire};
use super::{IN_THE_CLEAR, Login, Said, Tls};

const START_TLS: &str = "1.3.6.1.4.1.1466.20037";
const WHO_AM_I: &str = "1.3.6.1.4.1.4203.1.11.3";

/// The longest message that is read.
const MOST: usize = 64 << 10;

pub(super) fn ask(mut wire: Wire, login: &Login, network: &Network) -> Result<Said, Trouble> {
    if login.tls == Tls::Upgrade {
        let (code, _) = extended(&mut wire, 1, START_TLS)?;
        if code != 0 {
            return Ok(Said::unknown(
                "the server offers no TLS; without it only a server on this machine is asked",
            ));
        }
        wire = wire.encrypted(network)?;
    }
    if !wire.is_private(login) {
        return Ok(Said::unknown(IN_THE_CLEAR));
    }
    let password = login.secret.expose();
    // An empty password binds as nobody and always succeeds: the plan lets none come here.
    let bind = [
        element(0x02, &[3]),
        element(0x04, login.user.as_bytes()),
        element(0x80, password),
    ]
    .concat();
    let (tag, body) = exchange(&mut wire, 2, &element(0x60, &bind))?;
    let result = Outcome::of(tag, 0x61, &body)?;
    let said = match result.code {
        0 => Said::live(),
        49 => said_of_directory(&result.words),
        10 => Said::unknown("the server refers to another one; that is not followed"),
        53 => Said::unknown("the server does not want to say"),
        8 | 13 => Said::unknown("the server wants more than a password here"),
        34 => Said::unknown("the user is no name that the server knows the form of"),
        _ => Said::unknown("the server answers with a code that says nothing of the password"),
    };
    let mut said = said.with(result.code);
    if result.code == 0 {
        // A server may let in whom it does not know, as nobody.
        if let Ok((0, Some(who))) = extended(&mut wire, 3, WHO_AM_I) {
            if who.is_empty() {
                return Ok(Said::unknown("the server lets anybody in, as nobody"));
            }
            said.whose(&who);
        } else {
            said.whose(&login.user);
        }
        let _ = wire.write(&message(4, &[0x42, 0]));
    }
    Ok(said)
}

/// Active Directory says in its words why it refuses (Microsoft, "LDAP Wldap32 error codes", data of
/// `AcceptSecurityContext`).
fn said_of_directory(words: &str) -> Said {
    let data = words.split_once("data ").map(|(_, rest)| rest);
    let data = data.and_then(|d| d.split([',', ' ']).next());
    match data {
        Some("532") => Said::new(Verdict::Expired, "the password has ended"),
        Some("701") => Said::new(Verdict::Expired, "the account has ended"),
        Some("773") => Said::new(
            Verdict::Restricted,
            "the password is right, and must be changed",
        ),
        Some("533") => Said::new(Verdict::Dead, "the account is disabled"),
        Some("775") => Said::unknown("the account is locked"),
        Some("530" | "531") => Said::unknown("the account may not log in now, or not from here"),
        _ => Said::dead(),
    }
}

/// What a result says.
struct Outcome {
    code: u16,
    words: String,
    rest: Vec<u8>,
}

impl Outcome {
    fn of(tag: u8, wanted: u8, body: &[u8]) -> Result<Self, Trouble> {
        if tag != wanted {
            return Err(Trouble::Nonsense);
        }
        let (code, rest) = next(body, 0x0a)?;
        let (_matched, rest) = next(rest, 0x04)?;
        let (words, rest) = next(rest, 0x04)?;
        let code = match code {
            [one] => u16::from(*one),
            [high, low] => u16::from_be_bytes([*high, *low]),
            _ => return Err(Trouble::Nonsense),
        };
        Ok(Self {
            code,
            words: String::from_utf8_lossy(words).into_owned(),
            rest: rest.to_vec(),
        })
    }
}

/// An extended operation without a value: its code, and the value that came back.
fn extended(wire: &mut Wire, id: u8, oid: &str) -> Result<(u16, Option<String>), Trouble> {
    let request = element(0x77, &element(0x80, oid.as_bytes()));
    let (tag, body) = exchange(wire, id, &request)?;
    let outcome = Outcome::of(tag, 0x78, &body)?;
    let mut rest = &outcome.rest[..];
    let mut value = None;
    while let [tag, ..] = rest {
        let tag = *tag;
        let (inner, after) = next(rest, tag)?;
        if tag == 0x8b {
            value = Some(String::from_utf8_lossy(inner).into_owned());
        }
        rest = after;
    }
    Ok((outcome.code, value))
}

/// Sends an operation and reads the answer to it: tag and content.
fn exchange(wire: &mut Wire, id: u8, operation: &[u8]) -> Result<(u8, Vec<u8>), Trouble> {
    wire.write(&message(id, operation))?;
    let head = wire.exact(2)?;
    if head[0] != 0x30 {
        return Err(Trouble::Nonsense);
    }
    let length = match head[1] {
        short @ 0..=0x7f => usize::from(short),
        long @ 0x81..=0x84 => {
            let digits = wire.exact(usize::from(long & 0x7f))?;
            digits.iter().fold(0, |n, b| n << 8 | usize::from(*b))
        }
        _ => return Err(Trouble::Nonsense),
    };
    if length > MOST {
        return Err(Trouble::TooBig);
    }
    let whole = wire.exact(length)?;
    let (answered, rest) = next(&whole, 0x02)?;
    // A message that answers nothing (id 0) is a notice of the end.
    if answered != [id] {
        return Err(Trouble::Connection);
    }
    let tag = *rest.first().ok_or(Trouble::Nonsense)?;
    let (body, _controls) = next(rest, tag)?;
    Ok((tag, body.to_vec()))
}

fn message(id: u8, operation: &[u8]) -> Vec<u8> {
    element(0x30, &[&element(0x02, &[id]), operation].concat())
}

/// BER (X.690) with definite lengths.
fn element(tag: u8, body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u32).to_be_bytes();
    let mut out = vec![tag];
    if body.len() < 0x80 {
        out.push(length[3]);
    } else {
        out.push(0x84);
        out.extend(length);
    }
    out.extend_from_slice(body);
    out
}

/// The element at the begin of `bytes`, which must have this tag, and what comes behind it.
fn next(bytes: &[u8], tag: u8) -> Result<(&[u8], &[u8]), Trouble> {
    let split = || {
        let (first, rest) = bytes.split_first()?;
        let (length, rest) = rest.split_first()?;
        let (length, rest) = match length {
            0..=0x7f => (usize::from(*length), rest),
            0x81..=0x84 => {
                let (digits, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
                (digits.iter().fold(0, |n, b| n << 8 | usize::from(*b)), rest)
            }
            _ => return None,
        };
        (*first == tag).then_some(())?;
        rest.split_at_checked(length)
    };
    split().ok_or(Trouble::Nonsense)
}
