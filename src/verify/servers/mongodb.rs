//! MongoDB: SCRAM over `OP_MSG` (MongoDB specifications, "Driver Authentication"), and what
//! `connectionStatus` tells of the user. Documents are made and read by the driver's `bson`, where they lie
//! and as deep as they are asked for; the proof is made by `rsasl`.

use std::fmt::Write as _;

use bson::raw::{RawBsonRef, RawDocument, RawDocumentBuf};
use bson::spec::BinarySubtype;
use bson::{Binary, rawdoc};
use md5::{Digest as _, Md5};
use rsasl::prelude::{Mechname, SASLClient, SASLConfig, Session};

use super::super::Trouble;
use super::scram::is_answerable;
use super::wire::Wire;
use super::{IN_THE_CLEAR, Login, Said};
use crate::detect::patterns::Power;

/// The longest message that is read.
const MOST: usize = 64 << 10;
const OP_MSG: u32 = 2013;
/// `AuthenticationFailed` (MongoDB, "Error Codes").
const REFUSED: i64 = 18;
const SHA_1: &str = "SCRAM-SHA-1";
const SHA_256: &str = "SCRAM-SHA-256";

pub(super) fn ask(mut wire: Wire, login: &Login) -> Result<Said, Trouble> {
    if !wire.is_private(login) {
        return Ok(Said::unknown(IN_THE_CLEAR));
    }
    let source = if login.path.is_empty() {
        "admin"
    } else {
        &login.path
    };
    let answer = call(
        &mut wire,
        &rawdoc! {
            "hello": 1,
            "saslSupportedMechs": format!("{source}.{}", login.user),
            "$db": "admin",
        },
    )?;
    let known = answer.get_array("saslSupportedMechs").ok();
    let has = |name: &str| {
        let mut known = known.into_iter().flatten();
        known.any(|m| m.is_ok_and(|m| m.as_str() == Some(name)))
    };
    // Whom it does not know it tells nothing of.
    let mechanism = if has(SHA_1) && !has(SHA_256) {
        SHA_1
    } else {
        SHA_256
    };
    let Some(text) = login.text().filter(|t| t.is_ascii()) else {
        return Ok(Said::unknown("a password beyond ASCII is not tried here"));
    };
    let password = if mechanism == SHA_1 {
        hex_md5(format!("{}:mongo:{text}", login.user).as_bytes())
    } else {
        text.to_owned()
    };
    let (mut scram, first) = begun(mechanism, login, password).ok_or(Trouble::Nonsense)?;
    let answer = call(
        &mut wire,
        &rawdoc! {
            "saslStart": 1,
            "mechanism": mechanism,
            "payload": binary(first.clone()),
            "$db": source,
        },
    )?;
    if let Some(said) = refused(&answer) {
        return Ok(said);
    }
    let mut reply = Vec::new();
    let made = payload(&answer)
        .filter(|p| is_answerable(&first, p))
        .and_then(|p| scram.step(Some(p), &mut reply).ok());
    if made.is_none() {
        return Err(Trouble::Nonsense);
    }
    let id = number(&answer, "conversationId").and_then(|id| i32::try_from(id).ok());
    let next = |proof: Vec<u8>| {
        rawdoc! {
            "saslContinue": 1,
            "conversationId": id.unwrap_or(1),
            "payload": binary(proof),
            "$db": source,
        }
    };
    let mut answer = call(&mut wire, &next(reply))?;
    if let Some(said) = refused(&answer) {
        return Ok(said);
    }
    let proved = payload(&answer).and_then(|p| scram.step(Some(p), &mut Vec::new()).ok());
    if !proved.is_some_and(|state| state.is_finished()) {
        return Ok(Said::unknown(
            "the server did not show that it knows the password",
        ));
    }
    if !is_done(&answer) {
        answer = call(&mut wire, &next(Vec::new()))?;
        if !is_done(&answer) {
            return Ok(Said::unknown("the server does not end the login"));
        }
    }
    let mut said = Said::live();
    said.whose(&login.user);
    let status = rawdoc! { "connectionStatus": 1, "$db": "admin" };
    if let Ok(answer) = call(&mut wire, &status) {
        rights(&answer, &mut said);
    }
    Ok(said)
}

/// An exchange, and what is sent first.
fn begun(mechanism: &str, login: &Login, password: String) -> Option<(Session, Vec<u8>)> {
    let config = SASLConfig::with_credentials(None, login.user.clone(), password).ok()?;
    let name = Mechname::parse(mechanism.as_bytes()).ok()?;
    let mut session = SASLClient::new(config).start_suggested(&[name]).ok()?;
    let mut first = Vec::new();
    session.step(None, &mut first).ok()?;
    Some((session, first))
}

fn hex_md5(text: &[u8]) -> String {
    Md5::digest(text).iter().fold(String::new(), |mut out, b| {
        let _ = write!(out, "{b:02x}");
        out
    })
}

fn binary(bytes: Vec<u8>) -> Binary {
    Binary {
        subtype: BinarySubtype::Generic,
        bytes,
    }
}

fn payload(answer: &RawDocument) -> Option<&[u8]> {
    answer.get_binary("payload").ok().map(|b| b.bytes)
}

fn is_done(answer: &RawDocument) -> bool {
    answer.get_bool("done").is_ok_and(|d| d)
}

/// A number, in whichever form it comes.
fn number(answer: &RawDocument, name: &str) -> Option<i64> {
    match answer.get(name).ok()?? {
        RawBsonRef::Int32(number) => Some(number.into()),
        RawBsonRef::Int64(number) => Some(number),
        RawBsonRef::Double(number) => Some(number as i64),
        _ => None,
    }
}

/// What the roles are worth (MongoDB, "Built-In Roles").
fn rights(answer: &RawDocument, said: &mut Said) {
    let info = answer.get_document("authInfo");
    let Ok(roles) = info.and_then(|i| i.get_array("authenticatedUserRoles")) else {
        return;
    };
    let roles: Vec<(String, String)> = roles
        .into_iter()
        .filter_map(|role| {
            let role = role.ok()?.as_document()?;
            let of = |name| role.get_str(name).ok().map(str::to_owned);
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

fn refused(answer: &RawDocument) -> Option<Said> {
    match (number(answer, "ok"), number(answer, "code")) {
        (Some(1), _) => None,
        (_, Some(REFUSED)) => Some(Said::dead().with(REFUSED as u16)),
        _ => Some(Said::unknown(
            "the server answers with an error that says nothing of the password",
        )),
    }
}

fn call(wire: &mut Wire, command: &RawDocument) -> Result<RawDocumentBuf, Trouble> {
    let body = command.as_bytes();
    let length = (body.len() + 21) as u32;
    let head = [length, 1, 0, OP_MSG, 0].map(u32::to_le_bytes).concat();
    wire.write(&[&head[..], &[0], body].concat())?;
    let head = wire.exact(16)?;
    let word = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let length = word(0) as usize;
    if !(21..=MOST).contains(&length) {
        return Err(Trouble::TooBig);
    }
    let mut body = wire.exact(length - 16)?;
    if word(12) != OP_MSG || body[4] != 0 {
        return Err(Trouble::Nonsense);
    }
    RawDocumentBuf::from_bytes(body.split_off(5)).map_err(|_| Trouble::Nonsense)
}
