use std::fmt;
use std::path::PathBuf;

/// An input that was not read, and why. A skip is data: it is counted, named, and decides the exit
/// code; it never looks like "clean".
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skip {
    /// Which input, as reports show paths.
    pub path: PathBuf,
    /// Why.
    pub reason: SkipReason,
}

/// Why an input was not read. The first group makes a run incomplete (exit 2), the second is told
/// as a notice.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum SkipReason {
    /// The system refused to open or read it; the system's words.
    Unreadable(String),
    /// It changed or shrank while it was read: what had been read was searched.
    Changed(String),
    /// It is damaged (a git index that does not parse, say).
    Corrupt(String),
    /// The search itself failed on it. A bug, and never a silent one.
    Failed(String),
    /// It holds more matches than are collected of one content: the first so many were.
    TooMany(usize),
    /// It is of a kind, or of a size, that is not read.
    Unsupported(String),
    /// Somebody asked to stop (Ctrl-C) before it was read to its end: how far it came.
    Interrupted(String),

    /// A device, a socket or a FIFO.
    SpecialFile,
    /// A symbolic link to somewhere outside of the targets, or to nothing.
    Link,
    /// An entry of an archive that is encrypted: what it says is not here without its key.
    Encrypted,
    /// A Git LFS pointer: the content is elsewhere.
    LfsPointer,
    /// A submodule that is not checked out.
    EmptySubmodule,
    /// A folder that an ignore rule leaves out (counted once, at its top).
    IgnoredFolder,
    /// A file that an ignore rule leaves out.
    IgnoredFile,
    /// A file that git tracks and that is not in the working tree.
    Deleted,
}

impl SkipReason {
    /// Whether a run with this skip is incomplete: something may have been missed that was asked
    /// for.
    pub fn is_incomplete(&self) -> bool {
        matches!(
            self,
            Self::Unreadable(_)
                | Self::Changed(_)
                | Self::Corrupt(_)
                | Self::Failed(_)
                | Self::TooMany(_)
                | Self::Unsupported(_)
                | Self::Interrupted(_)
        )
    }

    /// A stable word for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "unreadable",
            Self::Changed(_) => "changed",
            Self::Corrupt(_) => "corrupt",
            Self::Failed(_) => "failed",
            Self::TooMany(_) => "too-many-matches",
            Self::Unsupported(_) => "unsupported",
            Self::Interrupted(_) => "interrupted",
            Self::SpecialFile => "special-file",
            Self::Link => "link",
            Self::Encrypted => "encrypted",
            Self::LfsPointer => "lfs-pointer",
            Self::EmptySubmodule => "empty-submodule",
            Self::IgnoredFolder => "ignored-folder",
            Self::IgnoredFile => "ignored-file",
            Self::Deleted => "deleted",
        }
    }
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(why) => write!(f, "cannot be read: {why}"),
            Self::Changed(why) => write!(f, "changed while it was read: {why}"),
            Self::Corrupt(why) => write!(f, "damaged: {why}"),
            Self::Failed(why) => write!(f, "the search failed: {why}"),
            Self::TooMany(most) => {
                write!(f, "more than {most} matches: the rest was not collected")
            }
            Self::Unsupported(why) => write!(f, "not read: {why}"),
            Self::Interrupted(how) => write!(f, "interrupted: {how}"),
            Self::SpecialFile => f.write_str("a device, socket or FIFO"),
            Self::Link => f.write_str("a symbolic link, not followed"),
            Self::Encrypted => f.write_str("encrypted; it cannot be read without its key"),
            Self::LfsPointer => f.write_str("a Git LFS pointer; its content is not here"),
            Self::EmptySubmodule => f.write_str("a submodule that is not checked out"),
            Self::IgnoredFolder => f.write_str("a folder that git ignores"),
            Self::IgnoredFile => f.write_str("a file that git ignores"),
            Self::Deleted => f.write_str("tracked by git, but not in the working tree"),
        }
    }
}
