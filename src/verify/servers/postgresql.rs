//! PostgreSQL, protocol 3.0 (documentation, "Frontend/Backend Protocol"). Messages and proofs of passwords
//! are made and read by the client's crate for that, `postgres-protocol`, which does nothing else: no
//! service file, no password file, no client's environment is read, and what is sent is told here.

use std::io;
use std::ops::Range;

use bytes::BytesMut;
use fallible_iterator::FallibleIterator as _;
use postgres_protocol::authentication::md5_hash;
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256};
use postgres_protocol::message::backend::{DataRowBody, ErrorResponseBody, Header, Message};
use postgres_protocol::message::frontend;

use super::super::{Trouble, Verdict};
use super::scram::is_answerable;
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
        send(&mut wire, |out| {
            frontend::ssl_request(out);
            Ok(())
        })?;
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
    let start = [
        ("user", login.user.as_str()),
        ("database", database),
        ("application_name", "straykey"),
    ];
    send(&mut wire, |out| frontend::startup_message(start, out))?;
    if let Some(said) = log_in(&mut wire, login)? {
        return Ok(said);
    }
    let mut said = Said::live();
    rights(&mut wire, &mut said)?;
    let _ = send(&mut wire, |out| {
        frontend::terminate(out);
        Ok(())
    });
    Ok(said)
}

fn send(
    wire: &mut Wire,
    made: impl FnOnce(&mut BytesMut) -> io::Result<()>,
) -> Result<(), Trouble> {
    let mut out = BytesMut::new();
    // Only a zero byte within a text cannot be sent, and no login has one.
    made(&mut out).map_err(|_| Trouble::Nonsense)?;
    wire.write(&out)
}

/// A message of the server's. The parser makes room for as much as it is told, so that is looked at first.
fn message(wire: &mut Wire) -> Result<Message, Trouble> {
    /// The longest that is read.
    const MOST: usize = 1 << 16;
    let head = wire.exact(5)?;
    let told = Header::parse(&head).ok().flatten().map(Header::len);
    let length = told.and_then(|l| usize::try_from(l).ok());
    let length = length.filter(|l| *l <= MOST).ok_or(Trouble::TooBig)?;
    let mut whole = BytesMut::from(&head[..]);
    whole.extend_from_slice(&wire.exact(length - 4)?);
    Message::parse(&mut whole)
        .ok()
        .flatten()
        .ok_or(Trouble::Nonsense)
}

/// `None` when the server is ready for questions.
fn log_in(wire: &mut Wire, login: &Login) -> Result<Option<Said>, Trouble> {
    let password = login.secret.expose();
    let mut scram: Option<ScramSha256> = None;
    // Whether it has shown that it knew the password; or let somebody in who had shown none.
    let (mut asked, mut proved, mut inside) = (false, true, false);
    loop {
        match message(wire)? {
            Message::AuthenticationOk if !asked => {
                return Ok(Some(Said::unknown("the server asks for no password")));
            }
            Message::AuthenticationOk if !proved => return Ok(Some(Said::unknown(NOT_PROVED))),
            Message::AuthenticationOk => inside = true,
            Message::AuthenticationCleartextPassword if !asked => {
                if !wire.is_private(login) || !wire.is_tls() {
                    return Ok(Some(Said::unknown(IN_THE_CLEAR)));
                }
                asked = true;
                send(wire, |out| frontend::password_message(password, out))?;
            }
            Message::AuthenticationMd5Password(body) if !asked => {
                if !wire.is_private(login) {
                    return Ok(Some(Said::unknown(IN_THE_CLEAR)));
                }
                asked = true;
                let proof = md5_hash(login.user.as_bytes(), password, body.salt());
                send(wire, |out| {
                    frontend::password_message(proof.as_bytes(), out)
                })?;
            }
            Message::AuthenticationSasl(body) if !asked => {
                let offers = body.mechanisms().any(|m| Ok(m == SCRAM_SHA_256));
                // What SASLprep makes of any other has not been tried on a real server.
                if !offers.unwrap_or(false) || !password.is_ascii() {
                    return Ok(Some(Said::unknown(OTHER_WAY)));
                }
                (asked, proved) = (true, false);
                let begun = ScramSha256::new(password, ChannelBinding::unsupported());
                send(wire, |out| {
                    frontend::sasl_initial_response(SCRAM_SHA_256, begun.message(), out)
                })?;
                scram = Some(begun);
            }
            Message::AuthenticationSaslContinue(body) if asked => {
                let begun = scram.as_mut().ok_or(Trouble::Nonsense)?;
                if !is_answerable(begun.message(), body.data()) {
                    return Err(Trouble::Nonsense);
                }
                begun.update(body.data()).map_err(|_| Trouble::Nonsense)?;
                send(wire, |out| frontend::sasl_response(begun.message(), out))?;
            }
            Message::AuthenticationSaslFinal(body) if asked => {
                proved = scram
                    .take()
                    .is_some_and(|mut s| s.finish(body.data()).is_ok());
            }
            Message::ErrorResponse(body) => return Ok(Some(refused(&body, inside))),
            Message::ReadyForQuery(_) if inside => return Ok(None),
            Message::NoticeResponse(_)
            | Message::ParameterStatus(_)
            | Message::BackendKeyData(_) => {}
            Message::AuthenticationCleartextPassword
            | Message::AuthenticationMd5Password(_)
            | Message::AuthenticationSasl(_)
            | Message::AuthenticationSaslContinue(_)
            | Message::AuthenticationSaslFinal(_)
            | Message::AuthenticationGss
            | Message::AuthenticationGssContinue(_)
            | Message::AuthenticationSspi
            | Message::AuthenticationKerberosV5
            | Message::AuthenticationScmCredential => return Ok(Some(Said::unknown(OTHER_WAY))),
            _ => return Err(Trouble::Nonsense),
        }
    }
}

const NOT_PROVED: &str = "the server did not show that it knows the password";
const OTHER_WAY: &str = "the server wants another way of login than a password's";

/// What an error means (documentation, "PostgreSQL Error Codes").
fn refused(body: &ErrorResponseBody, inside: bool) -> Said {
    let code = body.fields().find(|f| Ok(f.type_() == b'C')).ok().flatten();
    let code = code.as_ref().map_or(&b""[..], |f| f.value_bytes());
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
    send(wire, |out| frontend::query(RIGHTS, out))?;
    let mut row: Option<Vec<Option<String>>> = None;
    loop {
        match message(wire)? {
            Message::DataRow(body) if row.is_none() => row = columns(&body),
            // Errors end with readiness, too. A server that speaks like it and has no such tables tells
            // of no rights.
            Message::DataRow(_)
            | Message::RowDescription(_)
            | Message::CommandComplete(_)
            | Message::NoticeResponse(_)
            | Message::ParameterStatus(_)
            | Message::ErrorResponse(_) => {}
            Message::ReadyForQuery(_) => break,
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
fn columns(body: &DataRowBody) -> Option<Vec<Option<String>>> {
    let text = |at: Range<usize>| String::from_utf8_lossy(&body.buffer()[at]).into_owned();
    body.ranges().map(|at| Ok(at.map(text))).collect().ok()
}
