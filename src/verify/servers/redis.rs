//! Redis (RESP 2): `AUTH`, and what `ACL` tells of the user.

use super::super::{Trouble, Verdict};
use super::wire::Wire;
use super::{IN_THE_CLEAR, Login, Said};
use crate::detect::patterns::Power;

/// Values of one answer that are read.
const VALUES: usize = 10_000;
/// How deep they may lie in each other.
const DEEP: usize = 8;

/// A value of the protocol.
#[derive(Debug)]
enum Value {
    Text(Vec<u8>),
    Error(Vec<u8>),
    List(Vec<Value>),
    Other,
}

impl Value {
    fn text(&self) -> Option<String> {
        match self {
            Self::Text(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
            _ => None,
        }
    }

    fn is_error(&self, code: &[u8]) -> bool {
        matches!(self, Self::Error(e) if e.split(|b| *b == b' ').next() == Some(code))
    }
}

pub(super) fn ask(mut wire: Wire, login: &Login) -> Result<Said, Trouble> {
    if !wire.is_private(login) {
        return Ok(Said::unknown(IN_THE_CLEAR));
    }
    // Where the default user has no password, any would do.
    let open = !call(&mut wire, &[b"PING"])?.is_error(b"NOAUTH");
    let is_default = login.user.is_empty() || login.user == "default";
    if open && is_default {
        return Ok(Said::unknown("the server asks for no password"));
    }
    let password = login.secret.expose();
    let answer = if login.user.is_empty() {
        call(&mut wire, &[b"AUTH", password])?
    } else {
        call(&mut wire, &[b"AUTH", login.user.as_bytes(), password])?
    };
    match &answer {
        Value::Text(text) if text == b"OK" => {}
        Value::Error(_) if answer.is_error(b"WRONGPASS") => return Ok(Said::dead()),
        // Before version 6.
        Value::Error(text) if text.starts_with(b"ERR invalid password") => return Ok(Said::dead()),
        _ => {
            return Ok(Said::unknown(
                "the server answers with an error that says nothing of the password",
            ));
        }
    }
    let mut said = Said::live();
    let name = call(&mut wire, &[b"ACL", b"WHOAMI"])?;
    let whole = name.is_error(b"NOPERM");
    let name = name.text().unwrap_or_else(|| login.user.clone());
    said.whose(&name);
    let user = call(&mut wire, &[b"ACL", b"GETUSER", name.as_bytes()])?;
    let Value::List(user) = user else {
        // Whoever may not look at the rules has not all rights.
        if whole || user.is_error(b"NOPERM") {
            said.may(["may not read its own rules"]);
        }
        return Ok(said);
    };
    // Pairs of names and values; of the passwords' hashes nothing is told.
    let field = |wanted: &str| {
        let mut pairs = user.chunks_exact(2);
        pairs
            .find(|p| p[0].text().as_deref() == Some(wanted))
            .map(|p| &p[1])
    };
    if let Some(Value::List(flags)) = field("flags")
        && flags.iter().any(|f| f.text().as_deref() == Some("nopass"))
    {
        let reason = "the server lets this user in with any password";
        return Ok(Said::new(Verdict::Unknown, reason));
    }
    let words = |wanted: &str| field(wanted).and_then(Value::text).unwrap_or_default();
    let (commands, keys) = (words("commands"), words("keys"));
    said.may(
        commands
            .split(' ')
            .chain(keys.split(' '))
            .filter(|w| !w.is_empty()),
    );
    let has = |all: &[&str]| commands.split(' ').any(|w| all.contains(&w));
    said.facts.power = if has(&["+@all", "+@admin", "+@dangerous", "+acl", "+config"]) {
        Some(Power::Admin)
    } else if has(&["+@write", "+set", "+del", "+@string", "+@keyspace"]) {
        Some(Power::Write)
    } else {
        has(&["+@read", "+get"]).then_some(Power::Read)
    };
    Ok(said)
}

fn call(wire: &mut Wire, words: &[&[u8]]) -> Result<Value, Trouble> {
    let mut out = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        out.extend(format!("${}\r\n", word.len()).bytes());
        out.extend_from_slice(word);
        out.extend(b"\r\n");
    }
    wire.write(&out)?;
    let mut left = VALUES;
    value(wire, &mut left, 0)
}

fn value(wire: &mut Wire, left: &mut usize, deep: usize) -> Result<Value, Trouble> {
    *left = left.checked_sub(1).ok_or(Trouble::TooBig)?;
    let line = wire.line()?;
    let (kind, rest) = line.split_first().ok_or(Trouble::Nonsense)?;
    let number = || {
        let text = std::str::from_utf8(rest).ok();
        text.and_then(|t| t.parse::<i64>().ok())
            .ok_or(Trouble::Nonsense)
    };
    Ok(match kind {
        b'+' => Value::Text(rest.to_vec()),
        b'-' => Value::Error(rest.to_vec()),
        b':' => Value::Other,
        b'$' => match usize::try_from(number()?) {
            Err(_) => Value::Other,
            Ok(length) => {
                let mut text = wire.exact(length.saturating_add(2))?;
                text.truncate(length);
                Value::Text(text)
            }
        },
        b'*' => match usize::try_from(number()?) {
            Err(_) => Value::Other,
            Ok(count) if count > *left || deep >= DEEP => return Err(Trouble::TooBig),
            Ok(count) => {
                let all = (0..count).map(|_| value(wire, left, deep + 1));
                Value::List(all.collect::<Result<_, _>>()?)
            }
        },
        _ => return Err(Trouble::Nonsense),
    })
}
