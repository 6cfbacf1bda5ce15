//! PostgreSQL, protocol 3.0 (documentation, "Frontend/Backend Protocol"). No service file, no password
//! file, no client's environment is read: all that is sent stands here.

use md5::{Digest as _, Md5};

use super::super::{Trouble, Verdict};
use super::scram::{Hash, Scram};
use super::wire::{Network, Wire};
use super::{IN_THE_CLEAR, Login, Said, Tls};
use crate::detect::patterns::Power;

/// What a role may do, in one row. Names are whole, so that no path of a schema leads elsewhere.
const RIGHTS: &str = "\
SELECT r.rolname, r.rolsuper, r.rolcreaterole, r.rolcreatedb, r.rolreplication, r.rolbypassrls, \
pg_catalog.to_char(r.rolvaliduntil AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), \
pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE'), \
EXISTS (SELECT 1 FROM pg_catalog.pg_class c WHERE c.relkind IN ('r', 'p') \
AND c.relnamespace NOT IN (SELECT n.oid FROM pg_catalog.pg_namespace n \
WHERE n.nspname IN ('pg_catalog', 'information_schema')) \
AND pg_catalog.has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')), \
EXISTS (SELECT 1 FROM pg_catalog.pg_class c WHERE c.relkind IN ('r', 'p') \
AND c.relnamespace NOT IN (SELECT n.oid FROM pg_catalog.pg_namespace n \
WHERE n.nspname IN ('pg_catalog', 'information_schema')) \
AND pg_catalog.has_table_privilege(c.oid, 'SELECT')), \
(SELECT pg_catalog.string_agg(g.rolname, ',' ORDER BY g.rolname) FROM pg_catalog.pg_roles g \
WHERE g.rolname <> r.rolname AND NOT r.rolsuper AND pg_catalog.pg_has_role(r.oid, g.oid, 'MEMBER')) \
FROM pg_catalog.pg_roles r WHERE r.rolname = current_user";

pub(super) fn ask(mut wire: Wire, login: &Login, network: &Network) -> Result<Said, Trouble> {
    if login.tls == Tls::Upgrade {
        // SSLRequest.
        wire.write(&[0, 0, 0, 8, 4, 210, 22, 47])?;
        if wire.exact(1)? != b"S" {
            return Ok(Said::unknown(
                "the server offers no TLS; without it only a server on this machine is asked",
            ));
        }
        wire = wire.encrypted(network)?;
    }
    let database = if login.path.is_empty() {
        &login.user
    } else {
        &login.path
    };
    let mut start = vec![0, 3, 0, 0];
    for (name, value) in [
        ("user", login.user.as_str()),
        ("database", database),
        ("application_name", "straykey"),
    ] {
        start.extend([name.as_bytes(), b"\0", value.as_bytes(), b"\0"].concat());
    }
    start.push(0);
    wire.write(&[&(start.len() as u32 + 4).to_be_bytes()[..], &start].concat())?;
    if let Some(said) = log_in(&mut wire, login)? {
        return Ok(said);
    }
    let mut said = Said::live();
    rights(&mut wire, &mut said)?;
    let _ = wire.write(&[b'X', 0, 0, 0, 4]);
    Ok(said)
}

/// A message of the server's.
fn message(wire: &mut Wire) -> Result<(u8, Vec<u8>), Trouble> {
    let head = wire.exact(5)?;
    let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
    if !(4..=1 << 16).contains(&length) {
        return Err(Trouble::TooBig);
    }
    Ok((head[0], wire.exact(length - 4)?))
}

fn send(wire: &mut Wire, kind: u8, body: &[u8]) -> Result<(), Trouble> {
    let length = (body.len() as u32 + 4).to_be_bytes();
    wire.write(&[&[kind], &length[..], body].concat())
}

/// `None` when the server is ready for questions.
fn log_in(wire: &mut Wire, login: &Login) -> Result<Option<Said>, Trouble> {
    let password = login.secret.expose();
    let mut scram: Option<Scram<'_>> = None;
    // Whether it has shown that it knew the password; or let somebody in who had shown none.
    let (mut asked, mut proved, mut inside) = (false, true, false);
    loop {
        let (kind, body) = message(wire)?;
        match kind {
            b'R' => {
                let (code, rest) = body.split_at_checked(4).ok_or(Trouble::Nonsense)?;
                match (
                    u32::from_be_bytes([code[0], code[1], code[2], code[3]]),
                    asked,
                ) {
                    (0, false) => {
                        return Ok(Some(Said::unknown("the server asks for no password")));
                    }
                    (0, true) if !proved => return Ok(Some(Said::unknown(NOT_PROVED))),
                    (0, true) => inside = true,
                    (3, false) => {
                        if !wire.is_private(login) || !wire.is_tls() {
                            return Ok(Some(Said::unknown(IN_THE_CLEAR)));
                        }
                        asked = true;
                        send(wire, b'p', &[password, b"\0"].concat())?;
                    }
                    (5, false) if rest.len() == 4 => {
                        if !wire.is_private(login) {
                            return Ok(Some(Said::unknown(IN_THE_CLEAR)));
                        }
                        asked = true;
                        let inner = hex_md5(&[password, login.user.as_bytes()].concat());
                        let whole = hex_md5(&[inner.as_bytes(), rest].concat());
                        send(wire, b'p', format!("md5{whole}\0").as_bytes())?;
                    }
                    (10, false) => {
                        let offers = rest.split(|b| *b == 0).any(|m| m == b"SCRAM-SHA-256");
                        // SASLprep would have to be done to any other.
                        if !offers || !password.is_ascii() {
                            return Ok(Some(Said::unknown(OTHER_WAY)));
                        }
                        (asked, proved) = (true, false);
                        let begun = Scram::new(Hash::Sha256, "", password);
                        let begun = begun.ok_or(Trouble::Nonsense)?;
                        let first = begun.first();
                        let name = begun.mechanism();
                        let length = (first.len() as u32).to_be_bytes();
                        send(
                            wire,
                            b'p',
                            &[name.as_bytes(), b"\0", &length, first.as_bytes()].concat(),
                        )?;
                        scram = Some(begun);
                    }
                    (11, true) => {
                        let answer = scram.as_mut().and_then(|s| s.answer(rest));
                        let answer = answer.ok_or(Trouble::Nonsense)?;
                        send(wire, b'p', answer.as_bytes())?;
                    }
                    (12, true) => proved = scram.as_ref().is_some_and(|s| s.is_proved(rest)),
                    _ => return Ok(Some(Said::unknown(OTHER_WAY))),
                }
            }
            b'E' => return Ok(Some(refused(&body, inside))),
            b'Z' if inside => return Ok(None),
            // Notices, settings, the key to cancel with.
            b'N' | b'S' | b'K' | b'v' => {}
            _ => return Err(Trouble::Nonsense),
        }
    }
}

const NOT_PROVED: &str = "the server did not show that it knows the password";
const OTHER_WAY: &str = "the server wants another way of login than a password's";

/// What an error means (documentation, "PostgreSQL Error Codes").
fn refused(body: &[u8], inside: bool) -> Said {
    let mut fields = body.split(|b| *b == 0);
    let code = fields.find_map(|f| f.strip_prefix(b"C")).unwrap_or(b"");
    match (code, inside) {
        (b"28P01", false) => Said::dead(),
        // The password is looked at before the database is.
        (b"3D000", true) => Said::new(
            Verdict::Live,
            "the server lets it in; it has no such database",
        ),
        (b"42501", true) => Said::new(
            Verdict::Restricted,
            "user and password are right, and may not use this database",
        ),
        (b"28000", _) => Said::unknown("the server lets this user in by no way from here"),
        (b"53300", _) => Said::unknown("the server has too many connections"),
        _ => Said::unknown("the server answers with an error that says nothing of the password"),
    }
}

/// Reads what the role may do.
fn rights(wire: &mut Wire, said: &mut Said) -> Result<(), Trouble> {
    send(wire, b'Q', &[RIGHTS.as_bytes(), b"\0"].concat())?;
    let mut row: Option<Vec<Option<String>>> = None;
    loop {
        let (kind, body) = message(wire)?;
        match kind {
            b'D' if row.is_none() => row = columns(&body),
            // Errors end with readiness, too. A server that speaks like it and has no such tables tells
            // of no rights.
            b'D' | b'T' | b'C' | b'N' | b'S' | b'E' => {}
            b'Z' => break,
            _ => return Err(Trouble::Nonsense),
        }
    }
    let Some(row) = row.filter(|r| r.len() == 11) else {
        return Ok(());
    };
    let at = |i: usize| row[i].as_deref().unwrap_or_default();
    let is = |i: usize| at(i) == "t";
    said.whose(at(0));
    let flags = [
        (1, "superuser"),
        (2, "createrole"),
        (3, "createdb"),
        (4, "replication"),
        (5, "bypassrls"),
        (7, "create in database"),
        (8, "write tables"),
        (9, "read tables"),
    ];
    let roles = at(10).split(',').filter(|r| !r.is_empty());
    let roles: Vec<String> = roles.map(|r| format!("role {r}")).collect();
    let flags = flags.iter().filter(|(i, _)| is(*i)).map(|(_, name)| *name);
    said.may(flags.chain(roles.iter().map(String::as_str)));
    said.facts.power = if is(1) || is(2) || is(4) || is(5) {
        Some(Power::Admin)
    } else if is(3) || is(7) || is(8) {
        Some(Power::Write)
    } else {
        is(9).then_some(Power::Read)
    };
    said.facts.expires =
        Some(at(6).to_owned()).filter(|t| t.starts_with(|c: char| c.is_ascii_digit()));
    Ok(())
}

/// The columns of a row.
fn columns(body: &[u8]) -> Option<Vec<Option<String>>> {
    let (count, mut rest) = body.split_at_checked(2)?;
    let mut out = Vec::new();
    for _ in 0..u16::from_be_bytes([count[0], count[1]]) {
        let (length, after) = rest.split_at_checked(4)?;
        rest = after;
        let length = i32::from_be_bytes([length[0], length[1], length[2], length[3]]);
        out.push(match usize::try_from(length) {
            Err(_) => None,
            Ok(length) => {
                let (value, after) = rest.split_at_checked(length)?;
                rest = after;
                Some(String::from_utf8_lossy(value).into_owned())
            }
        });
    }
    Some(out)
}

pub(super) fn hex_md5(text: &[u8]) -> String {
    use std::fmt::Write as _;
    Md5::digest(text).iter().fold(String::new(), |mut out, b| {
        let _ = write!(out, "{b:02x}");
        out
    })
}
