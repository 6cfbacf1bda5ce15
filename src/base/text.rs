//! Text from outside made fit to show: file names and contents are written by anybody.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::path::Path;

/// A path as text, without loss: bytes that are not UTF-8 become `\xNN`, and so do a backslash
/// that such an escape could be confused with. Separators are `/` on every system.
pub fn path_text(path: &Path) -> Cow<'_, str> {
    if let Some(text) = path.to_str() {
        if cfg!(windows) && text.contains('\\') {
            return Cow::Owned(text.replace('\\', "/"));
        }
        return Cow::Borrowed(text);
    }
    let bytes = path.as_os_str().as_encoded_bytes();
    let mut out = String::with_capacity(bytes.len() + 8);
    for piece in bytes.utf8_chunks() {
        out.push_str(&piece.valid().replace('\\', "\\x5c"));
        for byte in piece.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    Cow::Owned(out)
}

/// Text with every control character and every character that can reorder or hide text escaped,
/// so that a file name or a line of source cannot drive the terminal it is shown on.
pub fn escape_controls(text: &str) -> Cow<'_, str> {
    fn unsafe_to_show(c: char) -> bool {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}')
    }
    if !text.chars().any(unsafe_to_show) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if unsafe_to_show(c) => {
                let _ = write!(out, "\\u{{{:x}}}", c as u32);
            }
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_and_reordering_are_escaped() {
        assert_eq!(
            escape_controls("plain/na\u{ef}ve.rs"),
            "plain/na\u{ef}ve.rs"
        );
        assert_eq!(escape_controls("a\x1b[2Jb\nc"), "a\\u{1b}[2Jb\\nc");
        assert_eq!(escape_controls("x\u{202e}y"), "x\\u{202e}y");
    }

    #[cfg(unix)]
    #[test]
    fn a_path_that_is_not_utf8_is_told_without_loss() {
        use std::os::unix::ffi::OsStrExt;
        let path = Path::new(std::ffi::OsStr::from_bytes(b"a/\xff\\b"));
        assert_eq!(path_text(path), "a/\\xff\\x5cb");
        assert_eq!(
            path_text(Path::new("a\\b")),
            if cfg!(windows) { "a/b" } else { "a\\b" }
        );
    }
}
