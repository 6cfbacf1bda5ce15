//! Files in files: archives, and streams that were made smaller.
//!
//! What is inside is handed to the same visitor as any file, under the name `outer!inner`. All of it
//! is read in memory, in pieces, and nothing is ever written; names of entries are shown, and never
//! used. What cannot be opened is told as a skip: damage, a method that is not known, a bound. The
//! container's own bytes are searched as before, so nothing is lost by opening it.

mod budget;
mod format;
mod peek;
mod pressed;
mod sevenz;
mod tar;
mod views;
mod zip;

#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::read::{Reader, words};
use super::{Chunk, Origin, Skip, SkipReason, Visitor, path_of_bytes};
use crate::base::limits::{CONTAINER_SKIPS, NAME_BYTES, PDF_BYTES, SNIFF_BYTES};
use budget::{Budget, Counted, Metered};
use peek::Peek;
use pressed::Pressed;
use views::pdf::Pdf;
use views::{keys, office, pyc, sqlite};

pub(crate) use budget::Bounds;
pub(crate) use format::Format;

/// Bytes with a way back.
pub(super) trait Seekable: Read + Seek {}

impl<T: Read + Seek> Seekable for T {}

/// What is opened.
pub(super) enum Input<'i> {
    /// A file, or bytes in memory, of so many bytes.
    Whole(&'i mut dyn Seekable, u64),
    /// A stream, from its begin.
    Stream(&'i mut dyn Read),
}

/// Opens containers that are at hand whole: objects of git.
#[derive(Default)]
pub struct Containers {
    reader: Option<Reader>,
}

impl std::fmt::Debug for Containers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Containers")
    }
}

impl Containers {
    /// Whether `content` is something that can be opened.
    pub fn is_one(content: &[u8]) -> bool {
        Format::of(content).is_some()
    }

    /// Hands on what is inside of a content, if it is a container; never the content itself.
    pub fn open<V: Visitor>(&mut self, content: &[u8], origin: &Origin, visitor: &mut V) {
        let Some(format) = Format::of(content) else {
            return;
        };
        let reader = self.reader.get_or_insert_with(Reader::new);
        let mut input = Cursor::new(content);
        let input = Input::Whole(&mut input, content.len() as u64);
        let opened = super::guard::guarded(|| {
            open(reader, input, format, origin, visitor, Bounds::default());
        });
        if let Err(bug) = opened {
            visitor.skip(Skip {
                path: origin.path.clone(),
                reason: SkipReason::Failed(bug),
            });
        }
    }
}

/// Opens one, and all that is nested in it.
pub(super) fn open(
    reader: &mut Reader,
    input: Input<'_>,
    format: Format,
    origin: &Origin,
    visitor: &mut dyn Visitor,
    bounds: Bounds,
) {
    let packed = match &input {
        Input::Whole(_, bytes) => *bytes,
        Input::Stream(_) => 0,
    };
    let budget = Budget::new(bounds, packed);
    let mut opener = Opener {
        reader,
        visitor,
        budget: &budget,
        outer: origin.path.as_os_str().len(),
        steps: keys::Steps::new(),
        told: (0, 0, 0),
    };
    let place = Place {
        shown: origin.path.clone(),
        around: origin.path.clone(),
        depth: 0,
    };
    match input {
        Input::Whole(input, _) => opener.whole(input, format, &place),
        Input::Stream(input) => {
            let inner = input;
            let budget = &budget;
            opener.stream(&mut Counted { inner, budget }, format, &place);
        }
    }
    opener.end(&origin.path);
}

/// How an entry is called.
#[derive(Clone, Copy)]
enum Name<'n> {
    Bytes(&'n [u8]),
    Text(&'n str),
}

/// Where something is that may be opened.
#[derive(Clone, Debug)]
struct Place {
    /// Its path.
    shown: PathBuf,
    /// The path that what is inside of it begins with: `a.tgz!c` and not `a.tgz!a.tar!c`.
    around: PathBuf,
    /// Containers around it.
    depth: usize,
}

impl Place {
    /// The place of an entry.
    fn entry(&self, name: Name<'_>) -> Self {
        let shown = match name {
            Name::Bytes(name) => {
                let name = &name[..name.len().min(NAME_BYTES)];
                joined(&self.around, path_of_bytes(name).as_os_str())
            }
            Name::Text(name) => {
                let short: String = name.chars().take(NAME_BYTES).collect();
                joined(&self.around, short.as_ref())
            }
        };
        Self {
            around: shown.clone(),
            shown,
            depth: self.depth + 1,
        }
    }

    /// The place of what a stream holds: named as its file, less the ending.
    fn unpressed(&self) -> Self {
        let name = self.shown.to_string_lossy();
        let name = name.rsplit(['/', '!']).next().unwrap_or_default();
        let inner = match name.rsplit_once('.') {
            Some((stem, ending)) if !stem.is_empty() => {
                match ending.to_ascii_lowercase().as_str() {
                    "tgz" | "tbz" | "tbz2" | "txz" | "tzst" => format!("{stem}.tar"),
                    "svgz" => format!("{stem}.svg"),
                    _ => stem.to_owned(),
                }
            }
            _ => "content".to_owned(),
        };
        Self {
            shown: joined(&self.around, inner.as_ref()),
            around: self.around.clone(),
            depth: self.depth + 1,
        }
    }
}

fn joined(outer: &Path, inner: &std::ffi::OsStr) -> PathBuf {
    let mut path = OsString::from(outer);
    path.push("!");
    path.push(inner);
    path.into()
}

/// Opens what is nested, on the way down.
struct Opener<'a> {
    reader: &'a mut Reader,
    visitor: &'a mut dyn Visitor,
    budget: &'a Budget,
    /// The length of the outermost container's path.
    outer: usize,
    /// What may be spent on passwords.
    steps: keys::Steps,
    /// Entries that were told as not read; of those that were not told, how many make the search
    /// incomplete, and how many do not.
    told: (u64, u64, u64),
}

impl<'a> Opener<'a> {
    fn budget(&self) -> &'a Budget {
        self.budget
    }

    /// Whether nothing more is to be opened.
    fn is_over(&self) -> bool {
        self.budget.is_over() || self.visitor.stop()
    }

    /// Tells of what was not read. Of very many the first are named, the others counted.
    fn not_read(&mut self, place: &Place, reason: SkipReason) {
        let path = place.shown.clone();
        self.skip(Skip { path, reason });
    }

    fn skip(&mut self, skip: Skip) {
        if self.told.0 < CONTAINER_SKIPS {
            self.told.0 += 1;
            self.visitor.skip(skip);
        } else if skip.reason.is_incomplete() {
            self.told.1 += 1;
        } else {
            self.told.2 += 1;
        }
    }

    /// Tells which bound was met, and of how many entries nothing was told.
    fn end(self, path: &Path) {
        let mut skip = |reason| {
            let path = path.to_owned();
            self.visitor.skip(Skip { path, reason });
        };
        if let Some(why) = self.budget.take_over() {
            skip(SkipReason::Unsupported(format!("{why}: the rest of it")));
        }
        let (_, more, notices) = self.told;
        if more > 0 {
            skip(SkipReason::Unsupported(format!(
                "{more} more of its entries"
            )));
        }
        if notices > 0 {
            skip(SkipReason::Encrypted);
        }
    }

    /// What went wrong when a container was read; nothing if that is told elsewhere.
    fn failed(&mut self, error: &io::Error, format: Format, place: &Place) {
        if !self.is_over() {
            let why = format!("{} (a {})", damage(error), format.word());
            self.not_read(place, SkipReason::Corrupt(why));
        }
    }

    /// Opens what has a way back.
    fn whole(&mut self, mut input: &mut dyn Seekable, format: Format, place: &Place) {
        let done = match input.seek(SeekFrom::Start(0)) {
            Err(error) => Err(SkipReason::Unreadable(words(&error))),
            Ok(_) => match format {
                Format::Zip => zip::open(self, input, place),
                Format::SevenZip => sevenz::open(self, input, place),
                _ if format.is_view() => return self.held(&mut input, format, place),
                _ => return self.stream(&mut input, format, place),
            },
        };
        if let Err(reason) = done
            && !self.is_over()
        {
            self.not_read(place, reason);
        }
    }

    /// Opens what is read from front to back.
    fn stream(&mut self, input: &mut dyn Read, format: Format, place: &Place) {
        match format {
            Format::Tar => {
                if let Err(error) = tar::open(self, input, place) {
                    self.failed(&error, format, place);
                }
            }
            Format::Zip | Format::SevenZip => self.held(input, format, place),
            _ if format.is_view() => self.held(input, format, place),
            _ => {
                let pressed = Pressed::new(format, Peek::new(input));
                let mut stream = Metered::new(pressed, self.budget);
                self.entry(&mut stream, &place.unpressed());
            }
        }
    }

    /// Opens what has to be in memory.
    fn held(&mut self, input: &mut dyn Read, format: Format, place: &Place) {
        match self.budget.whole(input) {
            Ok(Some(bytes)) => {
                if place.depth > 0 {
                    self.content(&mut &bytes[..], &place.shown);
                }
                if format.is_view() {
                    self.view(&bytes, format, place);
                } else {
                    self.whole(&mut Cursor::new(&bytes[..]), format, place);
                }
                self.budget.release(&bytes);
            }
            Ok(None) => {
                let most = self.budget.bounds.memory >> 20;
                let what = format.word();
                self.not_read(
                    place,
                    SkipReason::Unsupported(format!(
                        "a {what} of more than {most} MiB is not opened here"
                    )),
                );
            }
            Err(error) => self.failed(&error, format, place),
        }
    }

    /// The text that lies in a file which is no text.
    fn view(&mut self, bytes: &[u8], format: Format, place: &Place) {
        match format {
            Format::Office => self.text(&office::text(bytes), "text", place),
            Format::Pyc => self.text(&pyc::text(bytes), "strings", place),
            Format::Keys(kind) => {
                let text = keys::text(bytes, kind, &mut self.steps);
                self.text(text.as_bytes(), "keys", place);
            }
            Format::Pdf => {
                let pdf = Pdf::read(bytes, PDF_BYTES);
                if pdf.is_encrypted {
                    return self.not_read(place, SkipReason::Encrypted);
                }
                for (text, number) in pdf.texts().zip(1..) {
                    match number {
                        1 => self.text(&text, "text", place),
                        n => self.text(&text, &format!("text{n}"), place),
                    }
                }
                if pdf.is_cut {
                    let most = PDF_BYTES >> 20;
                    let why =
                        format!("it has streams of more than {most} MiB: the rest of its text");
                    self.not_read(place, SkipReason::Unsupported(why));
                }
            }
            _ => {
                let done = sqlite::open(bytes, |table, rows| {
                    let mut rows = Metered::new(rows, self.budget);
                    let place = place.entry(Name::Text(table));
                    self.content(&mut rows, &place.shown);
                    !self.is_over()
                });
                if done.is_err() && !self.is_over() {
                    let why = "a table of the database cannot be read".to_owned();
                    self.not_read(place, SkipReason::Corrupt(why));
                }
            }
        }
    }

    fn text(&mut self, text: &[u8], name: &str, place: &Place) {
        if !text.trim_ascii().is_empty() {
            let place = place.entry(Name::Text(name));
            let mut text = Metered::new(text, self.budget);
            self.content(&mut text, &place.shown);
        }
    }

    /// Whether somebody wants an entry.
    fn is_wanted(&mut self, place: &Place) -> bool {
        self.visitor.wants(&Origin {
            path: place.shown.clone(),
            container: Some(self.outer),
        })
    }

    /// An entry, whatever it is.
    fn entry(&mut self, input: &mut dyn Read, place: &Place) {
        if !self.budget.entry() || !self.is_wanted(place) {
            return;
        }
        let mut head = Vec::new();
        let begun = input.take(SNIFF_BYTES as u64).read_to_end(&mut head);
        let format = Format::inside(&head).filter(|_| begun.is_ok());
        // What was read before a failure is searched.
        let broken = Broken(begun.err());
        let mut input = Cursor::new(head).chain(broken).chain(input);
        match format {
            None => self.content(&mut input, &place.shown),
            Some(format) if place.depth >= self.budget.bounds.depth && !format.is_view() => {
                self.content(&mut input, &place.shown);
                let most = self.budget.bounds.depth;
                let what = format.word();
                let why = format!("a {what} that lies more than {most} deep in others");
                self.not_read(place, SkipReason::Unsupported(why));
            }
            Some(format) => self.stream(&mut input, format, place),
        }
    }

    /// A content that is searched as any file.
    fn content(&mut self, input: &mut dyn Read, shown: &Path) {
        let origin = Origin {
            path: shown.to_owned(),
            container: Some(self.outer),
        };
        let mut inner = Inner {
            visitor: self.visitor,
            skips: Vec::new(),
        };
        self.reader.plain(input, &origin, &mut inner);
        let skips = inner.skips;
        for skip in skips {
            let reason = match skip.reason {
                // That is told where it belongs.
                SkipReason::Unreadable(_) if self.is_over() => continue,
                SkipReason::Unreadable(_) => SkipReason::Corrupt(DAMAGED.to_owned()),
                reason => reason,
            };
            let path = skip.path;
            self.skip(Skip { path, reason });
        }
    }
}

const DAMAGED: &str = "what comes from here on cannot be unpacked";

/// What is said of damage. A decoder's own words are not told: they may quote what was read.
fn damage(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "it ends too early",
        io::ErrorKind::OutOfMemory => "it takes more memory than it may",
        _ => DAMAGED,
    }
}

/// Ends with an error, if there is one.
struct Broken(Option<io::Error>);

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// The visitor of what is inside: it is no file of its own.
struct Inner<'v> {
    visitor: &'v mut dyn Visitor,
    skips: Vec<Skip>,
}

impl Visitor for Inner<'_> {
    fn chunk(&mut self, origin: &Origin, chunk: &Chunk<'_>) {
        self.visitor.chunk(origin, chunk);
    }

    fn skip(&mut self, skip: Skip) {
        self.skips.push(skip);
    }

    fn done(&mut self, origin: &Origin, bytes: u64) {
        self.visitor.inside(origin, bytes);
    }

    fn stop(&self) -> bool {
        self.visitor.stop()
    }
}
