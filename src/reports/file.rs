//! Report files: written whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::Path;
#[cfg(unix)]
use std::time::{Duration, Instant};

/// Writes a file through `write`: into a temporary file beside it, which takes its place only when
/// it is whole and on the disk. Pipes and devices are written directly. On any error what stood
/// there before stands there still. Who may read a file that is replaced may read the new one.
///
/// # Errors
///
/// What the system says, or what `write` returns.
pub fn write_atomically(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let there = fs::metadata(path).ok();
    let is_plain = |m: &fs::Metadata| m.is_file() || m.is_dir();
    if there.as_ref().is_some_and(|m| !is_plain(m)) {
        let mut out = BufWriter::new(open_special(path)?);
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
    if let Some(there) = there.filter(fs::Metadata::is_file) {
        temporary.as_file().set_permissions(there.permissions())?;
    }
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

/// How long a FIFO's reader is waited for.
#[cfg(unix)]
const PATIENCE: Duration = Duration::from_secs(3);

/// Opens a pipe or a device. A FIFO that nobody reads would be waited for without end.
#[cfg(unix)]
fn open_special(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let began = Instant::now();
    loop {
        let mut options = OpenOptions::new();
        options.write(true).custom_flags(libc::O_NONBLOCK);
        match options.open(path) {
            Ok(file) => {
                let flags = rustix::fs::fcntl_getfl(&file)?;
                rustix::fs::fcntl_setfl(&file, flags - rustix::fs::OFlags::NONBLOCK)?;
                return Ok(file);
            }
            Err(error) if error.raw_os_error() != Some(libc::ENXIO) => return Err(error),
            Err(_) if began.elapsed() > PATIENCE => {
                return Err(io::Error::other("nobody reads from it"));
            }
            Err(_) => std::thread::sleep(Duration::from_millis(20)),
        }
    }
}

#[cfg(not(unix))]
fn open_special(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_file_that_only_its_owner_reads_stays_so() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("report.json");
        fs::write(&path, "old").expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("set");
        write_atomically(&path, |out| out.write_all(b"new")).expect("written");
        let mode = fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

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
