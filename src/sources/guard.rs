//! A panic in a visitor costs one file, is never silent, and never shows what the visitor held.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::path::Path;
use std::sync::Once;

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs `work`; a panic becomes an error that says where in the code it was.
///
/// A panic's message is not told: it may quote the text that was searched (a slice out of a
/// character's bounds does).
pub(super) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    install();
    let outer = GUARDED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    GUARDED.set(outer);
    result.map_err(|_| match PLACE.take() {
        Some(place) => format!("a bug at {place}"),
        None => "a bug".to_owned(),
    })
}

/// Keeps the standard hook from printing the message of a guarded panic. All other panics go to the
/// hook that was there before.
fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let previous = take_hook();
        set_hook(Box::new(move |info| {
            if !GUARDED.try_with(Cell::get).unwrap_or(false) {
                return previous(info);
            }
            let place = info.location().map(|at| {
                // The name is enough to find it; the folders are those of the machine it was built on.
                let file = Path::new(at.file()).file_name().unwrap_or_default();
                format!("{}:{}", file.to_string_lossy(), at.line())
            });
            let _ = PLACE.try_with(|cell| cell.replace(place));
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::guarded;

    #[test]
    fn a_panic_tells_its_place_and_not_its_words() {
        let why = guarded(|| panic!("hunter2")).unwrap_err();
        assert!(why.starts_with("a bug at guard.rs:"), "{why}");
        assert!(!why.contains("hunter2"));
        assert_eq!(guarded(|| 7), Ok(7));
    }

    #[test]
    fn guards_nest() {
        let inner = guarded(|| guarded(|| panic!("inside")).is_err());
        assert_eq!(inner, Ok(true));
    }
}
