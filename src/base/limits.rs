//! Every bound of the tool, in one place, each with its reason.

/// Bytes of a file that are searched in one piece. Bigger files are read as overlapping chunks, so
/// that a worker's memory does not grow with the file.
pub const CHUNK_BYTES: usize = 4 << 20;

/// Bytes read beyond each end of a chunk's core, so that all that judgement may look at
/// (16 KiB of key body, 4 KiB of line, 5 lines around a part) is at hand.
pub const CHUNK_CONTEXT: usize = 40 << 10;

/// Bytes from the start of a file that decide what kind of content it is.
pub const SNIFF_BYTES: usize = 8 << 10;

/// The longest text a pattern may accept.
pub const MATCH_BYTES: usize = 8 << 10;

/// The farthest that judgement looks for the ends of a line.
pub const LINE_BYTES: usize = 4 << 10;

/// The farthest that judgement looks for a part of a credential, in bytes and in lines.
pub const PART_BYTES: usize = 1 << 10;
/// The most that a pattern may ask for in its place.
pub const PART_MOST_BYTES: usize = 4 << 10;
/// See [`PART_BYTES`].
pub const PART_LINES: usize = 5;

/// The farthest that judgement reads the body of a private key.
pub const KEY_BYTES: usize = 16 << 10;

/// Bytes of encoded text that are decoded in one piece, where they stand. Less than
/// [`CHUNK_CONTEXT`], so that whatever is found in a chunk's core has its whole piece at hand.
pub const DECODE_BYTES: usize = 32 << 10;

/// How far pieces of a longer region overlap: a credential in it is whole in one of them.
pub const DECODE_OVERLAP: usize = 8 << 10;

/// What is nearer than so many decoded bytes to a border between pieces is left to the other piece.
pub const DECODE_MARGIN: usize = 768;

/// How often what was decoded is decoded again.
pub const DECODE_DEPTH: usize = 3;

/// Steps a shape may take at one start; a shape that could take more is refused when it is
/// compiled.
pub const MATCH_STEPS: u64 = 1 << 16;

/// Matches of one content that are collected; the rest is told as a skip, so that a file made of
/// tokens cannot eat all memory. A place with its frame takes about a KiB.
pub const MATCHES: usize = 50_000;

/// Places of one finding in one content that keep their lines of source; the others are told by
/// line and column alone.
pub const FRAMES: usize = 100;

/// The farthest that a frame looks for the ends of its line: eight times what is shown of it.
pub const FRAME_BYTES: usize = 1 << 10;

/// The biggest object of a git repository that is read, in bytes.
pub const OBJECT_BYTES: u64 = 512 << 20;

/// Bytes of texts that a worker keeps alive on its way down a delta tree; beyond, texts are let
/// go and read anew.
pub const SWEEP_BYTES: usize = 64 << 20;

/// Bytes that are unpacked of one container, all that is nested in it together: what a minute or so
/// can search.
pub const CONTAINER_BYTES: u64 = 8 << 30;

/// How often a container may unpack to its own size. Text shrinks to a tenth, a log that repeats
/// itself to a hundredth; deflate can make a thousandth of nothing but zeros, others far less.
pub const CONTAINER_RATIO: u64 = 200;

/// Bytes that any container may unpack to, whatever its ratio.
pub const CONTAINER_FREE: u64 = 128 << 20;

/// How deep containers lie in each other. A compressed archive is two.
pub const CONTAINER_DEPTH: usize = 8;

/// Entries of one container, all that is nested in it together.
pub const CONTAINER_ENTRIES: u64 = 1 << 20;

/// Bytes of nested containers that are held in memory at once, by one worker: such as are read from
/// their end and lie in another.
pub const CONTAINER_MEMORY: usize = 128 << 20;

/// Entries of one container that are named as not read; more are counted.
pub const CONTAINER_SKIPS: u64 = 100;

/// The biggest dictionary or window that a compressed stream may ask for: twice what xz takes at its
/// highest level, and as much as zstd takes if it is not told otherwise.
pub const DICTIONARY_BYTES: usize = 128 << 20;

/// The longest name of an entry that is kept, as long as the longest path of most systems.
pub const NAME_BYTES: usize = 4 << 10;

/// Bytes of the streams of one PDF that are unpacked to look for text. Pages of text have some KiB.
pub const PDF_BYTES: usize = 32 << 20;

/// The rounds of hashing that a key store may ask for: more are not done, and the store counts as one
/// that stays shut. `keytool` asks for ten thousand, the most careful advice for 600,000.
pub const KEY_ROUNDS: u64 = 600_000;

/// Hashes that are made to try passwords on the key stores of one container, all that is nested in it
/// together: some seconds.
pub const KEY_STEPS: u64 = 20_000_000;
