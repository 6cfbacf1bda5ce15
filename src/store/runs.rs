//! Inventories over time: what each run made, to be held against a later one.
//!
//! A run is one transaction: a run that is killed leaves nothing, never half of itself. Of one
//! group of repositories one run a day stays, the last one that read all; so a store that is
//! written to every hour grows by days. Texts are packed by [`CHUNK`], and a checksum over the
//! whole run is looked at before any of them is believed.

use std::path::Path;

use rusqlite::{Row, TransactionBehavior, params};

use super::StoreError;
use super::error::Failure;
use super::file::Opened;

/// BLAKE3 context.
const SUM: &str = "straykey 2026-11 checksum of a run in a store";
/// How many texts are packed together.
const CHUNK: usize = 256;
/// How hard they are packed: more takes twice the time and saves a twentieth.
const LEVEL: u8 = 4;
/// What a pack may unfold to: some texts, even long ones.
const MOST: usize = 256 << 20;
/// The seconds of a day.
const DAY: i64 = 86_400;

/// The part of a store that keeps inventories. The file may be that of sweeps and of verdicts, too.
#[derive(Debug)]
pub struct RunStore(Opened);

/// What is known of a run. Times are seconds since 1970-01-01 UTC.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// Which repositories: their places, sorted, one a line.
    pub scope: String,
    /// The time that was asked for.
    pub as_of: i64,
    /// When it was made.
    pub taken: i64,
    /// The version of the program that made it.
    pub program: String,
    /// What else the records are a function of, in words.
    pub how: String,
    /// Whether everything was read.
    pub complete: bool,
    /// How many records it has.
    pub records: usize,
}

impl RunStore {
    /// Opens the store at `path`, or makes one where nothing is.
    ///
    /// # Errors
    ///
    /// If it is no store of ours, or one that cannot be read or written. Then nothing was changed.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Opened::open(path).map(Self)
    }

    /// Whether others than the owner can write to it, and so say that something is retired.
    pub fn is_open_to_others(&self) -> bool {
        self.0.is_open_to_others()
    }

    /// Keeps a run: its records, each as a text. Earlier runs of that day and of these repositories
    /// go, unless they read more.
    ///
    /// # Errors
    ///
    /// If it cannot be written; then nothing of it is there, and what was there is.
    pub fn add(&self, run: &Run, texts: &[String]) -> Result<(), StoreError> {
        let sum = sum(run, texts);
        let packs: Vec<Vec<u8>> = texts.chunks(CHUNK).map(packed).collect();
        self.0.with(|connection| {
            let change = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let begin = run.as_of.div_euclid(DAY) * DAY;
            let old = "SELECT id FROM run WHERE scope = ? AND as_of >= ? AND as_of < ? \
                       AND complete <= ?";
            let which = params![run.scope, begin, begin + DAY, run.complete];
            change.execute(&format!("DELETE FROM pack WHERE run IN ({old})"), which)?;
            change.execute(&format!("DELETE FROM run WHERE id IN ({old})"), which)?;
            change.execute(
                "INSERT INTO run (scope, as_of, taken, program, how, complete, records, sum) \
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                params![
                    run.scope,
                    run.as_of,
                    run.taken,
                    run.program,
                    run.how,
                    run.complete,
                    texts.len() as i64,
                    &sum[..]
                ],
            )?;
            let id = change.last_insert_rowid();
            for (place, pack) in packs.iter().enumerate() {
                change.execute(
                    "INSERT INTO pack (run, place, data) VALUES (?, ?, ?)",
                    params![id, place as i64, pack],
                )?;
            }
            change.commit()?;
            Ok(())
        })
    }

    /// All runs, by repositories, then by time.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn runs(&self) -> Result<Vec<Run>, StoreError> {
        self.0.with(|connection| {
            let sql = "SELECT scope, as_of, taken, program, how, complete, records FROM run \
                       ORDER BY scope, as_of, taken, id";
            let mut statement = connection.prepare(sql)?;
            let rows = statement.query_map([], told)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// The last run of some repositories up to a time, with its records; of one day's runs the one
    /// that read all. `None` if there is none.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or is damaged.
    pub fn at(&self, scope: &str, until: i64) -> Result<Option<(Run, Vec<String>)>, StoreError> {
        self.0.with(|connection| {
            // A run at the same time may take this one away: both looks are at one state.
            let state = connection.transaction()?;
            let sql = "SELECT scope, as_of, taken, program, how, complete, records, id, sum \
                       FROM run WHERE scope = ? AND as_of <= ? \
                       ORDER BY as_of / 86400 DESC, complete DESC, as_of DESC, id DESC LIMIT 1";
            let mut statement = state.prepare(sql)?;
            let mut rows = statement.query(params![scope, until])?;
            let Some(row) = rows.next()? else {
                return Ok(None);
            };
            let run = told(row)?;
            let (id, kept): (i64, Vec<u8>) = (row.get(7)?, row.get(8)?);
            let sql = "SELECT data FROM pack WHERE run = ? ORDER BY place";
            let mut statement = state.prepare(sql)?;
            let mut rows = statement.query(params![id])?;
            let mut texts = Vec::new();
            while let Some(row) = rows.next()? {
                unpacked(row.get_ref(0)?.as_blob()?, &mut texts)?;
            }
            if texts.len() != run.records || sum(&run, &texts)[..] != kept[..] {
                let why = "the checksum of a run in it does not hold";
                return Err(Failure::Damaged(why.to_owned()));
            }
            Ok(Some((run, texts)))
        })
    }
}

/// What a row says of a run.
fn told(row: &Row<'_>) -> rusqlite::Result<Run> {
    Ok(Run {
        scope: row.get(0)?,
        as_of: row.get(1)?,
        taken: row.get(2)?,
        program: row.get(3)?,
        how: row.get(4)?,
        complete: row.get(5)?,
        records: usize::try_from(row.get::<_, i64>(6)?).unwrap_or(usize::MAX),
    })
}

/// The checksum of a run: nothing of it may be moved, cut, or be another's.
fn sum(run: &Run, texts: &[String]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key(SUM);
    let mut text = |text: &str| {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    };
    for part in [&run.scope, &run.program, &run.how] {
        text(part);
    }
    for number in [run.as_of, run.taken, i64::from(run.complete)] {
        text(&number.to_string());
    }
    for one in texts {
        text(one);
    }
    *hasher.finalize().as_bytes()
}

/// Texts, each after its length, packed.
fn packed(texts: &[String]) -> Vec<u8> {
    let mut all = Vec::with_capacity(texts.iter().map(|t| t.len() + 4).sum());
    for text in texts {
        all.extend_from_slice(&(text.len() as u32).to_le_bytes());
        all.extend_from_slice(text.as_bytes());
    }
    miniz_oxide::deflate::compress_to_vec_zlib(&all, LEVEL)
}

/// What is in a pack.
fn unpacked(pack: &[u8], texts: &mut Vec<String>) -> Result<(), Failure> {
    let damaged = || Failure::Damaged("what it keeps of a run does not parse".to_owned());
    let all = miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(pack, MOST)
        .map_err(|_| damaged())?;
    let mut rest = &all[..];
    while let Some((len, after)) = rest.split_first_chunk::<4>() {
        let len = u32::from_le_bytes(*len) as usize;
        let (text, after) = after.split_at_checked(len).ok_or_else(damaged)?;
        texts.push(String::from_utf8(text.to_vec()).map_err(|_| damaged())?);
        rest = after;
    }
    if rest.is_empty() {
        Ok(())
    } else {
        Err(damaged())
    }
}
