//! Redis (RESP 2): `AUTH`, and what `ACL` tells of the user. Commands are written and answers read by the
//! `redis` crate, which is given no address: it neither connects nor reads by itself. It goes down a hundred
//! levels of lists, and makes room for no more than 4,096 values of each before they are there.

use std::io::{self, Read};

use redis::{Cmd, Parser, Value, cmd};

use super::super::{Trouble, Verdict};
use super::wire::Wire;
use super::{IN_THE_CLEAR, Login, Said};
use crate::detect::patterns::Power;

pub(super) fn ask(wire: Wire, login: &Login) -> Result<Said, Trouble> {
    if !wire.is_private(login) {
        return Ok(Said::unknown(IN_THE_CLEAR));
    }
    let mut server = Server::new(wire);
    // Where the default user has no password, any would do.
    let open = !is_error(&server.call(&cmd("PING"))?, "NOAUTH");
    let is_default = login.user.is_empty() || login.user == "default";
    if open && is_default {
        return Ok(Said::unknown("the server asks for no password"));
    }
    let mut auth = cmd("AUTH");
    if !login.user.is_empty() {
        auth.arg(&login.user);
    }
    auth.arg(login.secret.expose());
    match &server.call(&auth)? {
        Value::Okay => {}
        answer if is_error(answer, "WRONGPASS") => return Ok(Said::dead()),
        // Before version 6.
        Value::ServerError(error)
            if error.code() == "ERR"
                && error
                    .details()
                    .is_some_and(|d| d.starts_with("invalid password")) =>
        {
            return Ok(Said::dead());
        }
        _ => {
            return Ok(Said::unknown(
                "the server answers with an error that says nothing of the password",
            ));
        }
    }
    let mut said = Said::live();
    let name = server.call(cmd("ACL").arg("WHOAMI"))?;
    let whole = is_error(&name, "NOPERM");
    let name = text(&name).unwrap_or_else(|| login.user.clone());
    said.whose(&name);
    let user = server.call(cmd("ACL").arg("GETUSER").arg(&name))?;
    let Value::Array(user) = user else {
        // Whoever may not look at the rules has not all rights.
        if whole || is_error(&user, "NOPERM") {
            said.may(["may not read its own rules"]);
        }
        return Ok(said);
    };
    // Pairs of names and values; of the passwords' hashes nothing is told.
    let field = |wanted: &str| {
        let mut pairs = user.chunks_exact(2);
        pairs
            .find(|p| text(&p[0]).as_deref() == Some(wanted))
            .map(|p| &p[1])
    };
    if let Some(Value::Array(flags)) = field("flags")
        && flags.iter().any(|f| text(f).as_deref() == Some("nopass"))
    {
        let reason = "the server lets this user in with any password";
        return Ok(Said::new(Verdict::Unknown, reason));
    }
    let words = |wanted: &str| field(wanted).and_then(text).unwrap_or_default();
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

/// A value that is text.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::BulkString(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        Value::SimpleString(text) => Some(text.clone()),
        Value::Okay => Some("OK".into()),
        _ => None,
    }
}

fn is_error(value: &Value, code: &str) -> bool {
    matches!(value, Value::ServerError(error) if error.code() == code)
}

struct Server {
    wire: Wire,
    parser: Parser,
}

impl Server {
    fn new(wire: Wire) -> Self {
        Self {
            wire,
            parser: Parser::new(),
        }
    }

    fn call(&mut self, command: &Cmd) -> Result<Value, Trouble> {
        self.wire.write(&command.get_packed_command())?;
        let mut source = Source {
            wire: &mut self.wire,
            trouble: None,
        };
        // What the parser says of an answer may quote it.
        let value = self.parser.parse_value(&mut source);
        value.map_err(|_| source.trouble.unwrap_or(Trouble::Nonsense))
    }
}

/// What the parser reads from. What went wrong would be lost in its error, so it is kept here.
struct Source<'a> {
    wire: &'a mut Wire,
    trouble: Option<Trouble>,
}

impl Read for Source<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.wire.read(out).map_err(|trouble| {
            self.trouble = Some(trouble);
            io::ErrorKind::Other.into()
        })
    }
}
