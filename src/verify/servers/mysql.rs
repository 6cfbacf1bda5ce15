//! MySQL and MariaDB, protocol 10 (MySQL internals, "Client/Server Protocol"). Packets, greetings and proofs
//! are read and made by the client's crate for that, `mysql_common`, which does nothing else. Of its ways of
//! login two are used, and none of its keys of servers. Files of this machine are not offered, and a server
//! that asks for one all the same (`LOCAL INFILE`) gets nothing.

use bytes::BytesMut;
use mysql_common::auth::plugins::{AuthProc, ChallengeResponsePlugin as _, Context};
use mysql_common::constants::{CapabilityFlags, Command};
use mysql_common::io::ParseBuf;
use mysql_common::packets::{
    AuthMoreData, AuthPlugin, AuthSwitchRequest, ErrPacket, HandshakePacket, HandshakeResponse,
    SslRequest,
};
use mysql_common::proto::MySerialize;
use mysql_common::proto::codec::PacketCodec;
use mysql_common::proto::codec::error::PacketCodecError;
use mysql_common::value::{TextValue, Value, ValueDeserializer};

use super::super::{Trouble, Verdict};
use super::wire::{Network, Wire};
use super::{IN_THE_CLEAR, Login, Said, Tls};
use crate::detect::patterns::Power;

/// The biggest packet that we would take, as the server is told.
const BIGGEST: u32 = 1 << 20;
/// The biggest that is read.
const MOST: usize = 1 << 16;
/// `utf8mb4_general_ci`.
const UTF8: u8 = 45;

/// Rows that are read.
const ROWS: usize = 200;

pub(super) fn ask(wire: Wire, login: &Login, network: &Network) -> Result<Said, Trouble> {
    let mut server = Server::new(wire);
    let greeting = server.packet()?;
    if greeting.first() == Some(&0xff) {
        return Ok(Said::unknown("the server takes no calls from here now"));
    }
    let greeting = read_greeting(&greeting).ok_or(Trouble::Nonsense)?;
    let mut can = CapabilityFlags::CLIENT_LONG_PASSWORD
        | CapabilityFlags::CLIENT_PROTOCOL_41
        | CapabilityFlags::CLIENT_SECURE_CONNECTION
        | CapabilityFlags::CLIENT_PLUGIN_AUTH;
    if login.tls == Tls::Upgrade {
        if !greeting
            .capabilities()
            .contains(CapabilityFlags::CLIENT_SSL)
        {
            return Ok(Said::unknown(
                "the server offers no TLS; without it only a server on this machine is asked",
            ));
        }
        can |= CapabilityFlags::CLIENT_SSL;
        server.send(&SslRequest::new(can, BIGGEST, UTF8))?;
        server = server.encrypted(network)?;
    }
    if !server.wire.is_private(login) {
        return Ok(Said::unknown(IN_THE_CLEAR));
    }
    let plugin = match greeting.auth_plugin() {
        Some(AuthPlugin::CachingSha2Password) => AuthPlugin::CachingSha2Password,
        _ => AuthPlugin::MysqlNativePassword,
    };
    let mut way = Way::new(&plugin, login, &server)?;
    let proof = way.answer(&greeting.nonce())?.unwrap_or_default();
    let answer = HandshakeResponse::new(
        Some(proof),
        // Only tells which UTF-8 it knows.
        (5, 5, 3),
        Some(login.user.as_bytes()),
        None::<&[u8]>,
        Some(plugin),
        can,
        None,
        BIGGEST,
    );
    server.send(&answer)?;
    if let Some(said) = log_in(&mut server, login, way)? {
        return Ok(said);
    }
    let mut said = Said::live();
    match server.rows("SELECT CURRENT_USER()")? {
        Rows::All(all) => said.whose(all.first().map_or("", String::as_str)),
        Rows::None => {}
        Rows::File => return Ok(Said::unknown(WANTS_A_FILE)),
    }
    match server.rows("SHOW GRANTS")? {
        Rows::All(all) => grants(&all, &mut said),
        Rows::None => {}
        Rows::File => return Ok(Said::unknown(WANTS_A_FILE)),
    }
    let _ = server.command(Command::COM_QUIT, "");
    Ok(said)
}

const WANTS_A_FILE: &str = "the server asked for a file of this machine, which it did not get";

/// What the server begins with.
fn read_greeting(body: &[u8]) -> Option<HandshakePacket<'_>> {
    // How long the salt is stands 21 bytes behind the end of the version. As much as no salt has would make
    // the parser count below the least number.
    let version = memchr::memchr(0, body.get(1..)?)?;
    body.get(version + 22).filter(|length| **length < 0x80)?;
    let greeting: HandshakePacket<'_> = ParseBuf(body).parse(()).ok()?;
    (greeting.protocol_version() == 10).then_some(greeting)
}

/// How the server wants to be shown that we know the password.
struct Way<'a> {
    inner: AuthProc,
    shown: ShownTo<'a>,
}

#[derive(Clone, Copy)]
struct ShownTo<'a> {
    password: &'a [u8],
    is_tls: bool,
}

impl Context for ShownTo<'_> {
    fn pass(&self) -> &[u8] {
        self.password
    }

    fn is_ipc_transport(&self) -> bool {
        false
    }

    fn is_tls_transport(&self) -> bool {
        self.is_tls
    }

    fn scramble(&self) -> &[u8] {
        &[]
    }

    fn server_key_pem(&self) -> Option<&[u8]> {
        None
    }
}

impl<'a> Way<'a> {
    fn new(plugin: &AuthPlugin<'_>, login: &'a Login, server: &Server) -> Result<Self, Trouble> {
        Ok(Self {
            inner: plugin.init().map_err(|_| Trouble::Nonsense)?,
            shown: ShownTo {
                password: login.secret.expose(),
                is_tls: server.wire.is_tls(),
            },
        })
    }

    fn answer(&mut self, challenge: &[u8]) -> Result<Option<Vec<u8>>, Trouble> {
        let answer = self.inner.run(self.shown, challenge);
        let answer = answer.map_err(|_| Trouble::Nonsense)?;
        Ok(answer.data().map(<[u8]>::to_vec))
    }

    /// Whether it may be asked for more than once.
    fn goes_on(&self) -> bool {
        matches!(self.inner, AuthProc::CachingSha2Password(_))
    }
}

/// `None` when the server takes questions.
fn log_in<'a>(
    server: &mut Server,
    login: &'a Login,
    mut way: Way<'a>,
) -> Result<Option<Said>, Trouble> {
    let mut changed = false;
    loop {
        let body = server.packet()?;
        match body.first() {
            Some(0x00) => return Ok(None),
            Some(0xff) => return Ok(Some(refused(&body))),
            // Another way of login: the same password, in another form, before it was judged.
            Some(0xfe) if !changed => {
                let asked: Option<AuthSwitchRequest<'_>> = ParseBuf(&body).parse(()).ok();
                let Some(asked) = asked.filter(|a| is_ours(&a.auth_plugin())) else {
                    // `mysql_clear_password` is one of them.
                    return Ok(Some(Said::unknown(
                        "the server wants another way of login than a password's",
                    )));
                };
                changed = true;
                way = Way::new(&asked.auth_plugin(), login, server)?;
                let proof = way.answer(asked.plugin_data())?;
                server.send_bytes(&proof.unwrap_or_default())?;
            }
            Some(0x01) if way.goes_on() => {
                /// It does not know the password by heart, and wants to see it.
                const SHOW_IT: &[u8] = &[4];
                let more: AuthMoreData<'_> =
                    ParseBuf(&body).parse(()).map_err(|_| Trouble::Nonsense)?;
                // Sealed with a key that the server names it would be shown, too: to anybody.
                if more.data() == SHOW_IT && !server.wire.is_tls() {
                    return Ok(Some(Said::unknown(IN_THE_CLEAR)));
                }
                if let Some(shown) = way.answer(more.data())? {
                    server.send_bytes(&shown)?;
                }
            }
            _ => return Err(Trouble::Nonsense),
        }
    }
}

fn is_ours(plugin: &AuthPlugin<'_>) -> bool {
    matches!(
        plugin,
        AuthPlugin::MysqlNativePassword | AuthPlugin::CachingSha2Password
    )
}

/// What an error means (MySQL, "Server Error Message Reference").
fn refused(body: &[u8]) -> Said {
    // Read as of before protocol 4.1, where only the number counts: proxies leave out what came with that.
    let code = match ParseBuf(body).parse(CapabilityFlags::empty()) {
        Ok(ErrPacket::Error(error)) => error.error_code(),
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

/// The server, packet by packet.
struct Server {
    wire: Wire,
    codec: PacketCodec,
    /// What was read and is of no packet yet.
    held: BytesMut,
}

enum Rows {
    All(Vec<String>),
    None,
    File,
}

impl Server {
    fn new(wire: Wire) -> Self {
        let mut codec = PacketCodec::default();
        codec.max_allowed_packet = MOST;
        Self {
            wire,
            codec,
            held: BytesMut::new(),
        }
    }

    /// Goes on with TLS.
    fn encrypted(self, network: &Network) -> Result<Self, Trouble> {
        // What came before the handshake came from anybody.
        if !self.held.is_empty() {
            return Err(Trouble::Tls);
        }
        Ok(Self {
            wire: self.wire.encrypted(network)?,
            ..self
        })
    }

    fn packet(&mut self) -> Result<Vec<u8>, Trouble> {
        let mut body = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            match self.codec.decode(&mut self.held, &mut body) {
                Ok(true) => return Ok(body),
                Ok(false) => {}
                Err(PacketCodecError::PacketTooLarge) => return Err(Trouble::TooBig),
                Err(_) => return Err(Trouble::Nonsense),
            }
            let count = self.wire.read(&mut buffer)?;
            self.held.extend_from_slice(&buffer[..count]);
        }
    }

    fn send(&mut self, message: &impl MySerialize) -> Result<(), Trouble> {
        let mut body = Vec::new();
        message.serialize(&mut body);
        self.send_bytes(&body)
    }

    fn send_bytes(&mut self, mut body: &[u8]) -> Result<(), Trouble> {
        let mut out = BytesMut::new();
        let made = self.codec.encode(&mut body, &mut out);
        made.map_err(|_| Trouble::TooBig)?;
        self.wire.write(&out)
    }

    fn command(&mut self, command: Command, text: &str) -> Result<(), Trouble> {
        self.codec.reset_seq_id();
        self.send_bytes(&[&[command as u8], text.as_bytes()].concat())
    }

    /// The first column of what a question is answered with.
    fn rows(&mut self, question: &str) -> Result<Rows, Trouble> {
        self.command(Command::COM_QUERY, question)?;
        let body = self.packet()?;
        let mut count = ParseBuf(&body);
        let count = match body.first() {
            Some(0xfb) => return Ok(Rows::File),
            Some(0x00 | 0xff) => return Ok(Rows::None),
            _ => count.checked_eat_lenenc_int().filter(|_| count.is_empty()),
        };
        let count = count.ok_or(Trouble::Nonsense)?;
        // What the columns are, and an end.
        for _ in 0..=count {
            self.packet()?;
        }
        let mut all = Vec::new();
        loop {
            let body = self.packet()?;
            match body.first() {
                Some(0xfe) if body.len() < 9 => return Ok(Rows::All(all)),
                Some(0xff) => return Ok(Rows::None),
                _ if all.len() == ROWS => return Err(Trouble::TooBig),
                _ => all.push(first(&body).ok_or(Trouble::Nonsense)?),
            }
        }
    }
}

/// The first text of a row.
fn first(row: &[u8]) -> Option<String> {
    let value: ValueDeserializer<TextValue> = ParseBuf(row).parse(()).ok()?;
    match value.0 {
        Value::NULL => Some(String::new()),
        Value::Bytes(text) => Some(String::from_utf8_lossy(&text).into_owned()),
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A greeting of protocol 10 that tells a length of its salt.
    fn greeting(length: u8) -> Vec<u8> {
        [
            b"\x0a8.0.0\0\x01\0\0\0saltsalt\0\xff\xf7\x2d\x02\0\xff\xff".as_slice(),
            &[length],
            &[0; 10],
            b"morepartsalt\0mysql_native_password\0",
        ]
        .concat()
    }

    #[test]
    fn a_greeting_is_read_whatever_the_length_of_its_salt() {
        let body = greeting(21);
        let read = read_greeting(&body).expect("it is one");
        assert_eq!(read.nonce(), b"saltsaltmorepartsalt");
        assert_eq!(read.auth_plugin(), Some(AuthPlugin::MysqlNativePassword));
        for length in 0x80..=0xff {
            assert!(read_greeting(&greeting(length)).is_none(), "{length}");
        }
        for end in 0..body.len() {
            let _ = read_greeting(&body[..end]);
        }
    }

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
