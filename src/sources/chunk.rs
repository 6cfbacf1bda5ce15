use std::borrow::Cow;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// What a content is. It is decided from the first
/// [`SNIFF_BYTES`](crate::base::limits::SNIFF_BYTES) bytes alone, so that it does not
/// depend on how the content is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentKind {
    /// Text in UTF-8 or any encoding that keeps ASCII.
    Text,
    /// Text that was UTF-16 or UTF-32 and is handed on as UTF-8. Offsets are those of the UTF-8 text.
    Utf16,
    /// Anything else: searched for distinctive tokens and private keys only.
    Binary,
}

/// Where a content came from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin {
    /// The path as reports show it: as the user named the target, joined with what is below it.
    /// Standard input is `-`. What lies in a container is `outer!inner`.
    pub path: PathBuf,
    /// The length of the container's own path, in bytes, if it lies in one: a file may have a `!` in
    /// its name.
    pub container: Option<usize>,
}

impl Origin {
    /// A content of its own.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            container: None,
        }
    }

    /// Its path as globs see it: what lies in a container is below it, as in a folder.
    pub fn place(&self) -> Cow<'_, Path> {
        let Some(outer) = self.container else {
            return Cow::Borrowed(&self.path);
        };
        let path = self.path.as_os_str().as_encoded_bytes();
        let (outer, inner) = path.split_at(outer.min(path.len()));
        let below = inner.iter().map(|b| if *b == b'!' { b'/' } else { *b });
        let all: Vec<u8> = outer.iter().copied().chain(below).collect();
        Cow::Owned(super::path_of_bytes(&all))
    }

    /// The paths of the containers that it lies in, from the outermost inwards.
    pub fn around(&self) -> impl Iterator<Item = PathBuf> + '_ {
        let path = self.path.as_os_str().as_encoded_bytes();
        let from = self.container.unwrap_or(path.len()).min(path.len());
        let marks = memchr::memchr_iter(b'!', &path[from..]);
        marks.map(move |at| super::path_of_bytes(&path[..from + at]))
    }
}

/// A piece of one content.
///
/// Small contents come whole. Of a bigger one each chunk has a core, and context on both sides
/// of it that belongs to its neighbours: what starts in the core belongs to this chunk.
#[derive(Clone, Copy, Debug)]
pub struct Chunk<'a> {
    /// The bytes, context included.
    pub text: &'a [u8],
    /// First byte of the core in `text`.
    pub core_start: usize,
    /// One past the last byte of the core in `text`.
    pub core_end: usize,
    /// Offset of `text[0]` in the whole content.
    pub offset: u64,
    /// Whether `text` begins where the content begins.
    pub first: bool,
    /// Whether `text` ends where the content ends.
    pub last: bool,
    /// What the content is.
    pub kind: ContentKind,
}

impl<'a> Chunk<'a> {
    /// A whole content as one chunk.
    pub fn whole(text: &'a [u8], kind: ContentKind) -> Self {
        Self {
            text,
            core_start: 0,
            core_end: text.len(),
            offset: 0,
            first: true,
            last: true,
            kind,
        }
    }

    /// The core's range in `text`.
    pub fn core(&self) -> Range<usize> {
        self.core_start..self.core_end
    }
}
