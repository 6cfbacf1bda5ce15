//! Reads one content and hands it to a visitor in chunks.
//!
//! Four system calls for a small file: open, read, read, close. Memory does not grow with the
//! content. Nothing blocks: a FIFO or a device that took the place of a file is not waited for.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

use super::aligned::{Aligned, PAGE};
use super::containers::{self, Bounds, Format, Input};
use super::guard::guarded;
use super::kind::{Sniffed, is_lfs_pointer, sniff};
use super::utf16::Utf16Reader;
use super::{Chunk, ContentKind, Origin, Skip, SkipReason, Visitor};
use crate::base::limits::{CHUNK_BYTES, CHUNK_CONTEXT};

/// A worker's reader: one buffer, used again for every content.
pub(super) struct Reader {
    /// A core, context on both sides, and something more: whether a chunk is the last is known when
    /// it is handed out. Fresh pages are zeroed by the system, and only those that are touched.
    buffer: Aligned,
    core: usize,
    context: usize,
}

/// Whether a symbolic link is opened as what it points to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Links {
    /// For what the user named.
    Follow,
    /// For what was found.
    Refuse,
}

impl Reader {
    pub(super) fn new() -> Self {
        Self::with(CHUNK_BYTES, CHUNK_CONTEXT, PAGE)
    }

    #[cfg(test)]
    fn with_sizes(core: usize, context: usize) -> Self {
        Self::with(core, context, 1)
    }

    fn with(core: usize, context: usize, more: usize) -> Self {
        Self {
            buffer: Aligned::new(core + 2 * context + more),
            core,
            context,
        }
    }

    /// Reads a regular file.
    pub(super) fn file<V: Visitor>(
        &mut self,
        path: &Path,
        links: Links,
        origin: &Origin,
        visitor: &mut V,
    ) {
        match open(path, links) {
            Ok(file) => self.content(file, size, Opens::Again, origin, visitor),
            Err(error) => visitor.skip(Skip {
                path: origin.path.clone(),
                reason: refusal(&error, links),
            }),
        }
    }

    /// Reads a stream to its end.
    pub(super) fn stream<V: Visitor>(
        &mut self,
        stream: impl Read,
        origin: &Origin,
        visitor: &mut V,
    ) {
        let stream = Stream(stream);
        self.content(stream, |_| None, Opens::Once, origin, visitor);
    }

    /// Reads a stream to its end, and opens nothing.
    pub(super) fn plain<V: Visitor>(
        &mut self,
        stream: &mut dyn Read,
        origin: &Origin,
        visitor: &mut V,
    ) {
        let stream = Stream(stream);
        self.content(stream, |_| None, Opens::Not, origin, visitor);
    }

    fn content<R: Source, V: Visitor>(
        &mut self,
        input: R,
        size: fn(&R) -> Option<u64>,
        opens: Opens,
        origin: &Origin,
        visitor: &mut V,
    ) {
        let reason = match guarded(|| self.read(input, size, opens, origin, visitor)) {
            Ok(Ok(())) => return,
            Ok(Err(reason)) => reason,
            Err(bug) => SkipReason::Failed(bug),
        };
        visitor.skip(Skip {
            path: origin.path.clone(),
            reason,
        });
    }

    fn read<R: Source, V: Visitor>(
        &mut self,
        mut input: R,
        size: fn(&R) -> Option<u64>,
        opens: Opens,
        origin: &Origin,
        visitor: &mut V,
    ) -> Result<(), SkipReason> {
        let (len, trouble) = fill(&mut input, &mut self.buffer, 0);
        let format = match opens {
            Opens::Not => None,
            _ => Format::of(&self.buffer[..len]).filter(|_| trouble.is_none()),
        };
        if let (Opens::Once, Some(format)) = (opens, format) {
            self.opened(input, len, format, origin, visitor);
            return Ok(());
        }
        let size = if len < self.buffer.len() {
            None
        } else {
            size(&input)
        };
        // A file that grows as fast as it is read would never end: its size now is its end.
        let limit = size.map_or(u64::MAX, |size| size.saturating_sub(len as u64));
        let mut rest = (&mut input).take(limit);

        let (total, trouble) = match sniff(&self.buffer[..len]) {
            Sniffed::Wide(order, width) => {
                let head = self.buffer[..len].to_vec();
                let mut text = Utf16Reader::new(head.chain(rest), order, width);
                let (len, failed) = fill(&mut text, &mut self.buffer, 0);
                let trouble = trouble.or(failed);
                let (_, trouble) =
                    self.cut(&mut text, len, trouble, ContentKind::Utf16, origin, visitor);
                (text.count(), trouble)
            }
            plain => {
                if len < self.buffer.len() && is_lfs_pointer(&self.buffer[..len]) {
                    visitor.skip(Skip {
                        path: origin.path.clone(),
                        reason: SkipReason::LfsPointer,
                    });
                }
                self.cut(&mut rest, len, trouble, plain.kind(), origin, visitor)
            }
        };
        match (trouble, size) {
            (Some(Trouble::Stopped), _) => Ok(()),
            // Who stops says so.
            (Some(Trouble::Failed(_)), _) if visitor.stop() => Ok(()),
            (Some(Trouble::Failed(error)), _) => Err(SkipReason::Unreadable(words(&error))),
            (None, Some(size)) if total < size => Err(SkipReason::Changed(format!(
                "it had {size} bytes when it was opened, and {total} could be read"
            ))),
            (None, _) => {
                visitor.done(origin, total);
                if let Some(format) = format
                    && let Some(file) = input.file()
                {
                    let input = Input::Whole(file, total);
                    containers::open(self, input, format, origin, visitor, Bounds::default());
                }
                Ok(())
            }
        }
    }

    /// Opens a container that comes as a stream, of which `len` bytes were read. A short one is
    /// searched as it is, too; of a long one only what is inside is.
    fn opened<V: Visitor>(
        &mut self,
        mut input: impl Read,
        len: usize,
        format: Format,
        origin: &Origin,
        visitor: &mut V,
    ) {
        let head = self.buffer[..len].to_vec();
        if len < self.buffer.len() {
            let kind = sniff(&head).kind();
            let (total, _) = self.cut(&mut input, len, None, kind, origin, visitor);
            visitor.done(origin, total);
            let (mut whole, bytes) = (io::Cursor::new(&head[..]), head.len() as u64);
            let input = Input::Whole(&mut whole, bytes);
            containers::open(self, input, format, origin, visitor, Bounds::default());
            return;
        }
        let mut all = Counter(head.chain(input), 0);
        let stream = Input::Stream(&mut all);
        containers::open(self, stream, format, origin, visitor, Bounds::default());
        if !visitor.stop() {
            visitor.done(origin, all.1);
        }
    }

    /// Hands on what the buffer holds (`len` bytes) and what `input` still gives. Whatever goes
    /// wrong, what was read is handed on.
    fn cut<V: Visitor>(
        &mut self,
        input: &mut impl Read,
        mut len: usize,
        mut trouble: Option<Trouble>,
        kind: ContentKind,
        origin: &Origin,
        visitor: &mut V,
    ) -> (u64, Option<Trouble>) {
        let mut offset = 0;
        let mut core_start = 0;
        loop {
            // The buffer is not full only if there is no more to read.
            let ended = len < self.buffer.len();
            let (core_end, text_end) = if ended && len - core_start <= self.core {
                (len, len)
            } else {
                let core_end = core_start + self.core;
                (core_end, len.min(core_end + self.context))
            };
            visitor.chunk(
                origin,
                &Chunk {
                    text: &self.buffer[..text_end],
                    core_start,
                    core_end,
                    offset,
                    first: offset == 0,
                    last: ended && text_end == len,
                    kind,
                },
            );
            if core_end == len {
                return (offset + len as u64, trouble);
            }
            if visitor.stop() {
                return (offset + len as u64, Some(Trouble::Stopped));
            }
            let kept = core_end - self.context.min(core_end);
            self.buffer.copy_within(kept..len, 0);
            len -= kept;
            core_start = core_end - kept;
            offset += kept as u64;
            if !ended {
                let (filled, failed) = fill(input, &mut self.buffer, len);
                len = filled;
                trouble = failed.or(trouble);
            }
        }
    }
}

/// Whether what is read is opened if it is a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Opens {
    /// After it was searched as it is.
    Again,
    /// It can be read once only.
    Once,
    Not,
}

/// What contents are read from.
trait Source: Read {
    /// The file, if it can be read from its begin once more.
    fn file(&mut self) -> Option<&mut File>;
}

impl Source for File {
    fn file(&mut self) -> Option<&mut File> {
        let is_file = self.metadata().is_ok_and(|meta| meta.is_file());
        is_file.then_some(self)
    }
}

/// What can be read once.
struct Stream<R>(R);

impl<R: Read> Read for Stream<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.0.read(out)
    }
}

impl<R: Read> Source for Stream<R> {
    fn file(&mut self) -> Option<&mut File> {
        None
    }
}

/// Counts what is read.
struct Counter<R>(R, u64);

impl<R: Read> Read for Counter<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(out)?;
        self.1 += read as u64;
        Ok(read)
    }
}

/// What kept a content from being read to its end.
enum Trouble {
    Failed(io::Error),
    Stopped,
}

/// The size of a regular file that says one (files of the system's own often say 0).
fn size(file: &File) -> Option<u64> {
    let meta = file.metadata().ok()?;
    (meta.is_file() && meta.len() > 0).then_some(meta.len())
}

/// Reads until the buffer is full, or there is no more; gives the length that is filled.
fn fill(input: &mut impl Read, buffer: &mut [u8], mut len: usize) -> (usize, Option<Trouble>) {
    while len < buffer.len() {
        match input.read(&mut buffer[len..]) {
            Ok(0) => break,
            Ok(read) => len += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (len, Some(Trouble::Failed(error))),
        }
    }
    (len, None)
}

/// Opens a file to read it, without waiting for anybody.
pub(super) fn open(path: &Path, links: Links) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        let refuse = match links {
            Links::Follow => 0,
            Links::Refuse => libc::O_NOFOLLOW,
        };
        options.custom_flags(libc::O_NONBLOCK | refuse);
    }
    #[cfg(not(unix))]
    let _ = links;
    options.open(path)
}

/// A small file of git's: its whole content, or an error if it is longer than `limit`.
pub(super) fn small_file(path: &Path, links: Links, limit: u64) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    let mut file = open(path, links)?.take(limit + 1);
    file.read_to_end(&mut content)?;
    if content.len() as u64 > limit {
        return Err(io::Error::other("it is too long"));
    }
    Ok(content)
}

/// The system's words for an error.
pub(super) fn words(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

/// Why a file that had been there could not be opened.
fn refusal(error: &io::Error, links: Links) -> SkipReason {
    #[cfg(unix)]
    if links == Links::Refuse && error.raw_os_error() == Some(libc::ELOOP) {
        return SkipReason::Changed("a symbolic link took its place".to_owned());
    }
    if links == Links::Refuse && error.kind() == io::ErrorKind::NotFound {
        return SkipReason::Changed("it went away before it could be read".to_owned());
    }
    SkipReason::Unreadable(words(error))
}

#[cfg(test)]
mod tests {
    use super::super::tests::Recorder;
    use super::*;
    use proptest::prelude::*;

    fn origin() -> Origin {
        Origin::new("x")
    }

    /// Checks that every chunk is the content at its place, with all the context there is.
    struct Checker<'a> {
        content: &'a [u8],
        core: usize,
        context: usize,
        at: usize,
    }

    impl Visitor for Checker<'_> {
        fn chunk(&mut self, _: &Origin, chunk: &Chunk<'_>) {
            let start = chunk.offset as usize;
            let end = start + chunk.text.len();
            assert_eq!(chunk.text, &self.content[start..end]);
            assert_eq!(start + chunk.core_start, self.at);
            let core_end = start + chunk.core_end;
            assert!(core_end - self.at <= self.core);
            assert_eq!(start, self.at.saturating_sub(self.context));
            assert_eq!(end, self.content.len().min(core_end + self.context));
            assert_eq!(chunk.first, start == 0);
            assert_eq!(chunk.last, end == self.content.len());
            self.at = core_end;
        }

        fn skip(&mut self, skip: Skip) {
            panic!("{skip:?}");
        }

        fn done(&mut self, _: &Origin, bytes: u64) {
            assert_eq!(bytes, self.content.len() as u64);
            assert_eq!(self.at, self.content.len());
        }
    }

    proptest! {
        #[test]
        fn cores_are_the_content(
            content in proptest::collection::vec(b'a'..=b'z', 0..200),
            core in 10usize..60,
            context in 0usize..10,
        ) {
            let mut visitor = Checker { content: &content, core, context, at: 0 };
            let mut reader = Reader::with_sizes(core, context);
            reader.read(Stream(&content[..]), |_| None, Opens::Not, &origin(), &mut visitor).unwrap();
            prop_assert_eq!(visitor.at, content.len());
        }

        #[test]
        fn utf16_in_pieces_is_utf16_as_a_whole(text in "[a-z\u{e9}\u{1f511}]{0,120}", core in 10usize..60) {
            let units = std::iter::once(0xfeff).chain(text.encode_utf16());
            let raw: Vec<u8> = units.flat_map(u16::to_le_bytes).collect();
            let mut visitor = Recorder::default();
            let mut reader = Reader::with_sizes(core, 5);
            reader.read(Stream(&raw[..]), |_| None, Opens::Not, &origin(), &mut visitor).unwrap();
            prop_assert_eq!(&visitor.contents[&origin().path], text.as_bytes());
            prop_assert_eq!(visitor.done[&origin().path], raw.len() as u64);
        }
    }

    /// Fails once its bytes are used up.
    struct Broken<'a>(&'a [u8]);

    impl Read for Broken<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            match self.0.read(out)? {
                0 => Err(io::Error::other("the disk is gone")),
                read => Ok(read),
            }
        }
    }

    #[test]
    fn what_was_read_before_a_failure_is_searched() {
        for size in [0, 1, 30, 41, 42, 100] {
            let content = vec![b'a'; size];
            let mut seen = Recorder::default();
            Reader::with_sizes(30, 5).stream(Broken(&content), &origin(), &mut seen);
            assert_eq!(seen.contents[&origin().path], content);
            assert!(seen.done.is_empty());
            let reason = SkipReason::Unreadable("the disk is gone".to_owned());
            assert_eq!(seen.skips[0].reason, reason);
        }
    }

    #[test]
    fn a_file_that_shrinks_is_told_and_one_that_grows_ends() {
        let content = vec![b'a'; 100];
        let mut seen = Recorder::default();
        let mut reader = Reader::with_sizes(30, 5);
        let short = Stream(&content[..]);
        reader.content(short, |_| Some(200), Opens::Not, &origin(), &mut seen);
        assert_eq!(seen.contents[&origin().path], content);
        assert_eq!(seen.skips[0].reason.code(), "changed");
        assert!(seen.done.is_empty());

        let mut seen = Recorder::default();
        let long = Stream(io::repeat(b'a'));
        reader.content(long, |_| Some(1000), Opens::Not, &origin(), &mut seen);
        assert_eq!(seen.done[&origin().path], 1000);
        assert!(seen.skips.is_empty());
    }
}
