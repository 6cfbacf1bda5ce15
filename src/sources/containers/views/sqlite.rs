//! The rows of an SQLite database, a line each, with the names of their columns.
//!
//! The database is a copy in memory, read only and not trusted: no view, no virtual table and no
//! trigger of it is used, and its schema may call nothing.

use std::io::{self, Cursor, Read};

use rusqlite::config::DbConfig;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Rows};

/// What such a file begins with.
pub(in super::super) const MAGIC: &[u8] = b"SQLite format 3\0";

/// The bytes of its header that say whether it has a log beside it: then it would not be opened.
const LOGGED: std::ops::Range<usize> = 18..20;

/// Opens one, and gives each of its tables: its name, and its rows as text.
pub(in super::super) fn open(
    bytes: &[u8],
    mut each: impl FnMut(&str, &mut dyn Read) -> bool,
) -> Result<(), rusqlite::Error> {
    let mut copy = bytes.to_vec();
    if let Some(versions) = copy.get_mut(LOGGED) {
        versions.fill(1);
    }
    let mut database = Connection::open_in_memory()?;
    database.deserialize_read_exact("main", Cursor::new(&copy), copy.len(), true)?;
    drop(copy);
    for (config, on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
    ] {
        database.set_db_config(config, on)?;
    }
    let query =
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 ORDER BY name";
    let mut tables = database.prepare(query)?;
    let tables = tables.query_map([], |row| row.get::<_, String>(0))?;
    let tables: Vec<String> = tables.collect::<Result<_, _>>()?;
    // Every row takes two bytes of the file at least: more are told of a page that is used again
    // and again.
    let mut left = bytes.len() / 2;
    let mut wrong = None;
    for table in tables {
        let quoted = table.replace('"', "\"\"");
        let mut statement = match database.prepare(&format!("SELECT * FROM \"{quoted}\"")) {
            Ok(statement) => statement,
            Err(error) => {
                wrong.get_or_insert(error);
                continue;
            }
        };
        let names = statement.column_names();
        let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        let mut text = Text {
            rows: statement.query([])?,
            names,
            line: Vec::new(),
            at: 0,
            left: &mut left,
        };
        if !each(&table, &mut text) {
            break;
        }
    }
    wrong.map_or(Ok(()), Err)
}

/// Rows as text.
struct Text<'s> {
    rows: Rows<'s>,
    names: Vec<String>,
    line: Vec<u8>,
    at: usize,
    /// How many rows may still be told.
    left: &'s mut usize,
}

impl Text<'_> {
    /// The next row, as `name = "value"`, one behind the other.
    fn next(&mut self) -> io::Result<bool> {
        self.line.clear();
        self.at = 0;
        let Some(row) = self.rows.next().map_err(damaged)? else {
            return Ok(false);
        };
        *self.left = self.left.checked_sub(1).ok_or(io::ErrorKind::InvalidData)?;
        for (i, name) in self.names.iter().enumerate() {
            let value = match row.get_ref(i).map_err(damaged)? {
                ValueRef::Text(text) => text,
                ValueRef::Blob(bytes) if std::str::from_utf8(bytes).is_ok() => bytes,
                _ => continue,
            };
            if !self.line.is_empty() {
                self.line.push(b'\t');
            }
            self.line.extend_from_slice(name.as_bytes());
            self.line.extend_from_slice(b" = \"");
            for byte in value {
                match byte {
                    // A row is a line.
                    b'\n' => self.line.extend_from_slice(b"\\n"),
                    b'\r' => self.line.extend_from_slice(b"\\r"),
                    byte => self.line.push(*byte),
                }
            }
            self.line.push(b'"');
        }
        self.line.push(b'\n');
        Ok(true)
    }
}

impl Read for Text<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at == self.line.len() && !self.next()? {
            return Ok(0);
        }
        let read = (&self.line[self.at..]).read(out)?;
        self.at += read;
        Ok(read)
    }
}

fn damaged(_: rusqlite::Error) -> io::Error {
    io::ErrorKind::InvalidData.into()
}
