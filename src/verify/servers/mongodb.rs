//! MongoDB: SCRAM over `OP_MSG` (MongoDB specifications, "Driver Authentication"), and what
//! `connectionStatus` tells of the user.

mod bson;

use bson::{Document, Value};

use super::super::Trouble;
use super::postgresql::hex_md5;
use super::scram::{Hash, Scram};
use super::wire::Wire;
use super::{IN_THE_CLEAR, Login, Said};
use crate::detect::patterns::Power;

/// The longest message that is read.
const MOST: usize = 64 << 10;
const OP_MSG: u32 = 2013;
/// `AuthenticationFailed` (MongoDB, "Error Codes").
const REFUSED: i64 = 18;

pub(super) fn ask(mut wire: Wire, login: &Login) -> Result<Said, Trouble> {
    if !wire.is_private(login) {
        return Ok(Said::unknown(IN_THE_CLEAR));
    }
    let source = if login.path.is_empty() {
        "admin"
    } else {
        &login.path
    };
    let mut hello = Document::new();
    hello.number("hello", 1);
    hello.text("saslSupportedMechs", &format!("{source}.{}", login.user));
    let answer = call(&mut wire, hello, "admin")?;
    let known = answer
        .get("saslSupportedMechs")
        .map(Value::texts)
        .unwrap_or_default();
    let has = |name: &str| known.iter().any(|m| m == name);
    // Whom it does not know it tells nothing of.
    let hash = if has("SCRAM-SHA-1") && !has("SCRAM-SHA-256") {
        Hash::Sha1
    } else {
        Hash::Sha256
    };
    let Some(text) = login.text().filter(|t| t.is_ascii()) else {
        return Ok(Said::unknown("a password beyond ASCII is not tried here"));
    };
    let digested = hex_md5(format!("{}:mongo:{text}", login.user).as_bytes());
    let password = match hash {
        Hash::Sha1 => digested.as_bytes(),
        Hash::Sha256 => text.as_bytes(),
    };
    let mut scram = Scram::new(hash, &login.user, password).ok_or(Trouble::Nonsense)?;
    let mut begin = Document::new();
    begin.number("saslStart", 1);
    begin.text("mechanism", scram.mechanism());
    begin.bytes("payload", scram.first().as_bytes());
    let answer = call(&mut wire, begin, source)?;
    if let Some(said) = refused(&answer) {
        return Ok(said);
    }
    let payload = answer.get("payload").and_then(Value::bytes);
    let reply = payload
        .and_then(|p| scram.answer(p))
        .ok_or(Trouble::Nonsense)?;
    let id = answer
        .get("conversationId")
        .and_then(Value::number)
        .unwrap_or(1);
    let mut answer = call(&mut wire, next(id, reply.as_bytes()), source)?;
    if let Some(said) = refused(&answer) {
        return Ok(said);
    }
    if !answer
        .get("payload")
        .and_then(Value::bytes)
        .is_some_and(|p| scram.is_proved(p))
    {
        return Ok(Said::unknown(
            "the server did not show that it knows the password",
        ));
    }
    if !answer.get("done").is_some_and(Value::is_true) {
        answer = call(&mut wire, next(id, b""), source)?;
        if !answer.get("done").is_some_and(Value::is_true) {
            return Ok(Said::unknown("the server does not end the login"));
        }
    }
    let mut said = Said::live();
    said.whose(&login.user);
    let mut status = Document::new();
    status.number("connectionStatus", 1);
    if let Ok(answer) = call(&mut wire, status, "admin") {
        rights(&answer, &mut said);
    }
    Ok(said)
}

fn next(id: i64, payload: &[u8]) -> Document {
    let mut document = Document::new();
    document.number("saslContinue", 1);
    document.number("conversationId", i32::try_from(id).unwrap_or(1));
    document.bytes("payload", payload);
    document
}

/// What the roles are worth (MongoDB, "Built-In Roles").
fn rights(answer: &Value, said: &mut Said) {
    let roles = answer
        .get("authInfo")
        .and_then(|i| i.get("authenticatedUserRoles"));
    let Some(Value::List(roles)) = roles else {
        return;
    };
    let roles: Vec<(String, String)> = roles
        .iter()
        .filter_map(|role| {
            let of = |name| role.get(name).and_then(Value::text).map(str::to_owned);
            Some((of("role")?, of("db")?))
        })
        .collect();
    let is = |names: &[&str]| roles.iter().any(|(role, _)| names.contains(&role.as_str()));
    let admin = [
        "root",
        "dbOwner",
        "dbAdmin",
        "userAdmin",
        "clusterAdmin",
        "clusterManager",
        "restore",
        "userAdminAnyDatabase",
        "dbAdminAnyDatabase",
        "atlasAdmin",
        "__system",
    ];
    said.facts.power = if is(&admin) {
        Some(Power::Admin)
    } else if is(&["readWrite", "readWriteAnyDatabase"]) {
        Some(Power::Write)
    } else {
        is(&["read", "readAnyDatabase", "backup", "clusterMonitor"]).then_some(Power::Read)
    };
    let told: Vec<String> = roles
        .iter()
        .map(|(role, db)| format!("{role}@{db}"))
        .collect();
    said.may(told.iter().map(String::as_str));
}

fn refused(answer: &Value) -> Option<Said> {
    let ok = answer.get("ok").and_then(Value::number);
    let code = answer.get("code").and_then(Value::number);
    match (ok, code) {
        (Some(1), _) => None,
        (_, Some(REFUSED)) => Some(Said::dead().with(REFUSED as u16)),
        _ => Some(Said::unknown(
            "the server answers with an error that says nothing of the password",
        )),
    }
}

fn call(wire: &mut Wire, mut command: Document, database: &str) -> Result<Value, Trouble> {
    command.text("$db", database);
    let body = command.finish();
    let length = (body.len() + 21) as u32;
    let head = [length, 1, 0, OP_MSG, 0].map(u32::to_le_bytes).concat();
    wire.write(&[&head[..], &[0], &body].concat())?;
    let head = wire.exact(16)?;
    let word = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let length = word(0) as usize;
    if !(21..=MOST).contains(&length) {
        return Err(Trouble::TooBig);
    }
    let body = wire.exact(length - 16)?;
    if word(12) != OP_MSG || body[4] != 0 {
        return Err(Trouble::Nonsense);
    }
    bson::read(&body[5..]).ok_or(Trouble::Nonsense)
}
