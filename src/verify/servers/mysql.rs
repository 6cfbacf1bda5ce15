//! MySQL and MariaDB, protocol 10 (MySQL internals, "Client/Server Protocol"). Files of this machine are
//! not offered, and a server that asks for one all the same (`LOCAL INFILE`) gets nothing.

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};

use super::super::{Trouble, Verdict};
use super::wire::{Network, Wire};
use super::{IN_THE_CLEAR, Login, Said, Tls};
use crate::detect::patterns::Power;

/// What we can: long passwords, protocol 4.1, answers of one's own length, ways of login by name.
const CAN: u32 = 0x1 | 0x200 | 0x8000 | 0x8_0000;
const CAN_TLS: u32 = 0x800;
const NATIVE: &str = "mysql_native_password";
const CACHING: &str = "caching_sha2_password";

/// Rows that are read.
const ROWS: usize = 200;

pub(super) fn ask(mut wire: Wire, login: &Login, network: &Network) -> Result<Said, Trouble> {
    let (mut number, greeting) = packet(&mut wire)?;
    if greeting.first() == Some(&0xff) {
        return Ok(Said::unknown("the server takes no calls from here now"));
    }
    let greeting = Greeting::of(&greeting).ok_or(Trouble::Nonsense)?;
    let mut can = CAN;
    if login.tls == Tls::Upgrade {
        if greeting.can & CAN_TLS == 0 {
            return Ok(Said::unknown(
                "the server offers no TLS; without it only a server on this machine is asked",
            ));
        }
        can |= CAN_TLS;
        number = number.wrapping_add(1);
        send(&mut wire, number, &head(can))?;
        wire = wire.encrypted(network)?;
    }
    if !wire.is_private(login) {
        return Ok(Said::unknown(IN_THE_CLEAR));
    }
    let password = login.secret.expose();
    let plugin = if greeting.plugin == CACHING {
        CACHING
    } else {
        NATIVE
    };
    let proof = proof(plugin, password, &greeting.salt);
    let answer = [
        &head(can)[..],
        login.user.as_bytes(),
        b"\0",
        &[proof.len() as u8],
        &proof,
        plugin.as_bytes(),
        b"\0",
    ]
    .concat();
    send(&mut wire, number.wrapping_add(1), &answer)?;
    if let Some(said) = log_in(&mut wire, login, plugin)? {
        return Ok(said);
    }
    let mut said = Said::live();
    match rows(&mut wire, "SELECT CURRENT_USER()")? {
        Rows::All(all) => said.whose(all.first().map_or("", String::as_str)),
        Rows::None => {}
        Rows::File => return Ok(Said::unknown(WANTS_A_FILE)),
    }
    match rows(&mut wire, "SHOW GRANTS")? {
        Rows::All(all) => grants(&all, &mut said),
        Rows::None => {}
        Rows::File => return Ok(Said::unknown(WANTS_A_FILE)),
    }
    let _ = send(&mut wire, 0, &[1]);
    Ok(said)
}

const WANTS_A_FILE: &str = "the server asked for a file of this machine, which it did not get";

/// What the server begins with.
struct Greeting {
    can: u32,
    salt: Vec<u8>,
    plugin: String,
}

impl Greeting {
    fn of(body: &[u8]) -> Option<Self> {
        let (version, rest) = body.split_first()?;
        let end = memchr::memchr(0, rest).filter(|_| *version == 10)?;
        let rest = rest.get(end + 1..)?;
        // The connection's number, the first part of the salt, what the server can, and more of both.
        let mut salt = rest.get(4..12)?.to_vec();
        let low = rest.get(13..15)?;
        let high = rest.get(18..20)?;
        let length = usize::from(*rest.get(20)?).saturating_sub(8).max(13);
        let more = rest.get(31..)?;
        salt.extend(more.iter().take(length.min(12)));
        let plugin = more.get(length.min(more.len())..)?;
        let plugin = plugin.split(|b| *b == 0).next()?;
        Some(Self {
            can: u32::from_le_bytes([low[0], low[1], high[0], high[1]]),
            salt,
            plugin: String::from_utf8_lossy(plugin).into_owned(),
        })
    }
}

/// What an answer to the greeting begins with.
fn head(can: u32) -> Vec<u8> {
    // The biggest packet, and UTF-8.
    [
        &can.to_le_bytes()[..],
        &(1_u32 << 20).to_le_bytes(),
        &[45],
        &[0; 23],
    ]
    .concat()
}

fn proof(plugin: &str, password: &[u8], salt: &[u8]) -> Vec<u8> {
    let sha = |text: &[u8]| match plugin {
        CACHING => digest(&SHA256, text),
        _ => digest(&SHA1_FOR_LEGACY_USE_ONLY, text),
    };
    let once = sha(password);
    let twice = sha(once.as_ref());
    let mask = match plugin {
        CACHING => sha(&[twice.as_ref(), salt].concat()),
        _ => sha(&[salt, twice.as_ref()].concat()),
    };
    once.as_ref()
        .iter()
        .zip(mask.as_ref())
        .map(|(a, b)| a ^ b)
        .collect()
}

/// `None` when the server takes questions.
fn log_in(wire: &mut Wire, login: &Login, first: &str) -> Result<Option<Said>, Trouble> {
    let password = login.secret.expose();
    let (mut plugin, mut changed) = (first.to_owned(), false);
    loop {
        let (number, body) = packet(wire)?;
        let next = number.wrapping_add(1);
        match body.split_first() {
            Some((0x00, _)) => return Ok(None),
            Some((0xff, rest)) => return Ok(Some(refused(rest))),
            // Another way of login: the same password, in another form, before it was judged.
            Some((0xfe, rest)) if !changed => {
                let mut parts = rest.splitn(2, |b| *b == 0);
                let name = parts.next().unwrap_or_default();
                let salt = parts.next().unwrap_or_default();
                let salt = salt.strip_suffix(b"\0").unwrap_or(salt);
                plugin = String::from_utf8_lossy(name).into_owned();
                if plugin != NATIVE && plugin != CACHING {
                    // `mysql_clear_password` is one of them.
                    return Ok(Some(Said::unknown(
                        "the server wants another way of login than a password's",
                    )));
                }
                changed = true;
                send(wire, next, &proof(&plugin, password, salt))?;
            }
            // It knows the password by heart.
            Some((0x01, [0x03])) if plugin == CACHING => {}
            // It does not, and wants to see it.
            Some((0x01, [0x04])) if plugin == CACHING => {
                if !wire.is_tls() {
                    return Ok(Some(Said::unknown(IN_THE_CLEAR)));
                }
                send(wire, next, &[password, b"\0"].concat())?;
            }
            _ => return Err(Trouble::Nonsense),
        }
    }
}

/// What an error means (MySQL, "Server Error Message Reference").
fn refused(rest: &[u8]) -> Said {
    let code = match rest {
        [low, high, ..] => u16::from_le_bytes([*low, *high]),
        _ => 0,
    };
    let said = match code {
        // It does not say whether the same user may log in from elsewhere.
        1045 => Said::new(
            Verdict::Dead,
            "the server refuses user and password, for logins from this machine",
        ),
        1862 | 1820 => Said::new(Verdict::Expired, "the password has ended"),
        3118 | 4151 => Said::unknown("the account is locked"),
        1129 | 1130 => Said::unknown("the server takes no logins from here"),
        1040 | 1203 => Said::unknown("the server has too many connections"),
        _ => Said::unknown("the server answers with an error that says nothing of the password"),
    };
    said.with(code)
}

enum Rows {
    All(Vec<String>),
    None,
    File,
}

/// The first column of what a question is answered with.
fn rows(wire: &mut Wire, question: &str) -> Result<Rows, Trouble> {
    send(wire, 0, &[&[3], question.as_bytes()].concat())?;
    let (_, body) = packet(wire)?;
    let count = match body.split_first() {
        Some((0xfb, _)) => return Ok(Rows::File),
        Some((0x00 | 0xff, _)) => return Ok(Rows::None),
        Some((count @ 1..=0xfa, [])) => usize::from(*count),
        _ => return Err(Trouble::Nonsense),
    };
    // What the columns are, and an end.
    for _ in 0..=count {
        packet(wire)?;
    }
    let mut all = Vec::new();
    loop {
        let (_, body) = packet(wire)?;
        match body.first() {
            Some(0xfe) if body.len() < 9 => return Ok(Rows::All(all)),
            Some(0xff) => return Ok(Rows::None),
            _ if all.len() == ROWS => return Err(Trouble::TooBig),
            _ => all
                .push(String::from_utf8_lossy(first(&body).ok_or(Trouble::Nonsense)?).into_owned()),
        }
    }
}

/// The first text of a row, with its length before it.
fn first(row: &[u8]) -> Option<&[u8]> {
    match row.split_first()? {
        (0xfb, _) => Some(b""),
        (0xfc, rest) => {
            let (length, rest) = rest.split_at_checked(2)?;
            rest.get(..usize::from(u16::from_le_bytes([length[0], length[1]])))
        }
        (0xfd, rest) => {
            let (length, rest) = rest.split_at_checked(3)?;
            rest.get(..u32::from_le_bytes([length[0], length[1], length[2], 0]) as usize)
        }
        (length @ 0..=0xfa, rest) => rest.get(..usize::from(*length)),
        _ => None,
    }
}

/// What grants allow. Behind `TO` a server may write the hash of the password: that is left out.
fn grants(all: &[String], said: &mut Said) {
    let rights: Vec<String> = all
        .iter()
        .filter_map(|line| {
            let inner = line.strip_prefix("GRANT ")?;
            let (inner, rest) = inner.split_once(" TO ")?;
            let handed = rest.ends_with("WITH GRANT OPTION");
            Some(format!(
                "{inner}{}",
                if handed { " with grant option" } else { "" }
            ))
        })
        .collect();
    let any = |words: &[&str], on: &str| {
        rights.iter().any(|right| {
            let (what, place) = right.split_once(" ON ").unwrap_or((right, ""));
            place.starts_with(on) && what.split(", ").any(|w| words.contains(&w))
        })
    };
    let over_all = [
        "ALL PRIVILEGES",
        "SUPER",
        "CREATE USER",
        "SET USER",
        "CONNECTION ADMIN",
        "FILE",
        "SYSTEM_USER",
        "ROLE_ADMIN",
        "SHUTDOWN",
    ];
    let writes = [
        "ALL PRIVILEGES",
        "INSERT",
        "UPDATE",
        "DELETE",
        "DROP",
        "ALTER",
        "CREATE",
    ];
    said.facts.power =
        if any(&over_all, "*.*") || rights.iter().any(|r| r.ends_with("grant option")) {
            Some(Power::Admin)
        } else if any(&writes, "") {
            Some(Power::Write)
        } else {
            any(&["SELECT"], "").then_some(Power::Read)
        };
    said.may(rights.iter().map(String::as_str));
}

fn send(wire: &mut Wire, number: u8, body: &[u8]) -> Result<(), Trouble> {
    let length = (body.len() as u32).to_le_bytes();
    wire.write(&[&length[..3], &[number], body].concat())
}

fn packet(wire: &mut Wire) -> Result<(u8, Vec<u8>), Trouble> {
    let head = wire.exact(4)?;
    let length = u32::from_le_bytes([head[0], head[1], head[2], 0]) as usize;
    if length > 1 << 16 {
        return Err(Trouble::TooBig);
    }
    Ok((head[3], wire.exact(length)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_is_told_without_the_hash_of_the_password() {
        let lines = [
            "GRANT SELECT, INSERT ON `app`.* TO `app`@`%` IDENTIFIED BY PASSWORD '*'",
            "GRANT USAGE ON *.* TO `app`@`%`",
        ];
        let mut said = Said::live();
        grants(&lines.map(str::to_owned), &mut said);
        assert_eq!(
            said.facts.scopes,
            ["SELECT, INSERT ON `app`.*", "USAGE ON *.*"]
        );
        assert_eq!(said.facts.power, Some(Power::Write));
        let mut root = Said::live();
        grants(
            &["GRANT ALL PRIVILEGES ON *.* TO `root`@`%` WITH GRANT OPTION".to_owned()],
            &mut root,
        );
        assert_eq!(root.facts.power, Some(Power::Admin));
    }
}
