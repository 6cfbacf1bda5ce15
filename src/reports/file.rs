//! Report files: written whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Writes a file through `write`: into a temporary file beside it, which takes its place only when
/// it is whole and on the disk. Pipes and devices are written directly. On any error what stood
/// there before stands there still.
///
/// # Errors
///
/// What the system says, or what `write` returns.
pub fn write_atomically(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let kind = fs::metadata(path).ok().map(|m| m.file_type());
    if kind.is_some_and(|k| !k.is_file() && !k.is_dir()) {
        let file = OpenOptions::new().write(true).open(path)?;
        let mut out = BufWriter::new(file);
        write(&mut out)?;
        return out.flush();
    }
    // A link is kept: what it points to is replaced.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".straykey-").suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // As an ordinary new file: the process's mask applies.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut temporary = builder.tempfile_in(folder)?;
    {
        let mut out = BufWriter::new(temporary.as_file_mut());
        write(&mut out)?;
        out.flush()?;
    }
    temporary.as_file().sync_all()?;
    temporary.persist(&target).map_err(|e| e.error)?;
    // The name is on the disk only when the folder is.
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_what_was_there() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("report.json");
        fs::write(&path, "old").expect("written");
        let told = write_atomically(&path, |out| {
            out.write_all(b"half")?;
            Err(io::Error::other("full"))
        });
        assert!(told.is_err());
        assert_eq!(fs::read_to_string(&path).expect("read"), "old");
        assert_eq!(
            fs::read_dir(dir.path()).expect("listed").count(),
            1,
            "no file is left behind"
        );

        write_atomically(&path, |out| out.write_all(b"new")).expect("written");
        assert_eq!(fs::read_to_string(&path).expect("read"), "new");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_device_is_an_error() {
        let told = write_atomically(Path::new("/dev/full"), |out| out.write_all(b"x"));
        assert_eq!(told.map_err(|e| e.kind()), Err(io::ErrorKind::StorageFull));
    }

    #[test]
    fn a_folder_is_not_replaced() {
        let dir = tempfile::tempdir().expect("a folder");
        assert!(write_atomically(dir.path(), |out| out.write_all(b"x")).is_err());
    }
}
