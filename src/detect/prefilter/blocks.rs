//! How a text is gone through, 64 bytes at a time: the same for each vector form.
//!
//! The vector instructions of a form may be used only in functions that say so, and what a function says
//! cannot be a parameter. So this is a macro.

/// The reader of a form whose `Tables` do one block (`block`, and `begin` for the one before), and what it
/// keeps between blocks. Takes the form's instructions.
macro_rules! reads {
    ($features:literal) => {
        /// Fills the masks of a text.
        #[target_feature(enable = $features)]
        pub(super) fn read(text: &[u8], sought: &Sought, masks: &mut Masks) {
            masks.words.reserve(text.len().div_ceil(64) + 1);
            let tables = Tables::new(sought);
            let mut at = 0;
            let mut before = Before {
                token: 0,
                from: std::ptr::null(),
            };
            // A window that begins in a block may end three bytes behind it.
            while at + 67 <= text.len() {
                // SAFETY: 67 bytes from `at` on are inside of `text`, and of the block before, too.
                unsafe { tables.block(text.as_ptr().add(at), &mut before, masks) };
                at += 64;
            }
            // At most 66 bytes are left: two blocks, with room behind them.
            let mut tail = [0; 64 * 2 + 3];
            let left = text.len() - at;
            tail[..left].copy_from_slice(&text[at..]);
            for block in 0..left.div_ceil(64) {
                // SAFETY: `tail` has 67 bytes from the begin of either block on; the block before is in
                // `tail` or in `text`, or it is none: then it has no token byte.
                unsafe { tables.block(tail.as_ptr().add(block * 64), &mut before, masks) };
            }
            // SAFETY: the last block is in `tail` or in `text`, or it is none: then it has no token byte.
            unsafe { tables.begin(before, 0, masks) };
            masks.finish();
        }

        /// The block before: its runs are known once the next one is.
        #[derive(Clone, Copy)]
        struct Before {
            token: u64,
            from: *const u8,
        }
    };
}

pub(super) use reads;
