//! Archives that were made to do harm: no panic, no hang, no byte written, never clean.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::make::{Told, pack, run, told, write};
use super::opened::{env, folder};

/// Makes files by a Python program; whether there is one.
fn python(dir: &Path, program: &str) -> bool {
    run(dir, "python3", &["-c", program]).is_some()
}

fn skips(told: &Told) -> Vec<(&str, &str)> {
    let skips = told.skips.iter();
    skips.map(|(p, r)| (p.as_str(), r.as_str())).collect()
}

#[test]
fn a_bomb_is_told_and_what_comes_before_it_is_found() {
    let dir = folder(21);
    let dir = dir.path();
    let program = "
import zipfile, gzip
with zipfile.ZipFile('bomb.zip', 'w', zipfile.ZIP_DEFLATED) as z:
    z.write('src/c.env', 'c.env')
    z.writestr('zeros', bytes(200 << 20))
    z.writestr('after', 'x')
gzip.open('bomb.gz', 'wb').write(bytes(200 << 20))
";
    if !python(dir, program) {
        return;
    }
    fs::remove_dir_all(dir.join("src")).expect("removed");
    let told = told(dir, &["scan", "."]);
    assert_eq!(told.places(), ["bomb.zip!c.env:3", "bomb.zip!c.env:4"]);
    assert_eq!(
        skips(&told),
        [("bomb.gz", "unsupported"), ("bomb.zip", "unsupported")]
    );
    assert!(told.json.to_string().contains("a bomb"));
    assert_eq!(told.code, 2);
}

#[test]
fn ten_deep_is_deeper_than_is_opened() {
    let dir = folder(22);
    let dir = dir.path();
    for (kind, end) in [("zip", "zip"), ("tar", "tar"), ("tar:gz", "tgz")] {
        if !pack(dir, kind, &format!("1.{end}"), &[("c.env", "src/c.env")]) {
            return;
        }
        for n in 2..=10 {
            let (name, out) = (format!("{}.{end}", n - 1), format!("{n}.{end}"));
            pack(dir, kind, &out, &[(&name, &name)]);
        }
    }
    for (end, most) in [("zip", 8), ("tar", 8), ("tgz", 4)] {
        for n in 1..=10 {
            let name = format!("{n}.{end}");
            let told = told(dir, &["scan", &name]);
            let is_found = told.places().iter().any(|p| p.ends_with("!c.env:3"));
            let is_told = told.skips.iter().any(|(_, r)| r == "unsupported");
            // A chain of plain tars holds the token in its own bytes.
            assert_eq!(is_found, n <= most, "{name} {told:?}");
            assert_eq!(is_told, n > most, "{name}");
            assert_eq!(told.code, if n <= most { 1 } else { 2 }, "{name}");
        }
    }
}

#[test]
fn cut_off_anywhere() {
    let dir = folder(23);
    let dir = dir.path();
    let both = [("d/c.env", "src/c.env"), ("readme", "src/readme")];
    let one = [("", "src/c.env")];
    for (kind, out, pairs) in [
        ("zip", "a.zip", &both[..]),
        ("tar", "b.tar", &both),
        ("tar:gz", "c.tgz", &both),
        ("tar:bz2", "d.tbz", &both),
        ("tar:xz", "e.txz", &both),
        ("gz", "f.gz", &one),
    ] {
        if !pack(dir, kind, out, pairs) {
            return;
        }
    }
    run(dir, "zstd", &["-q", "src/c.env", "-o", "g.zst"]);
    let path = dir.join("h.7z");
    let mut writer = sevenz_rust2::ArchiveWriter::create(&path).expect("created");
    let entry = sevenz_rust2::ArchiveEntry::new_file("c.env");
    let text = env(23);
    let pushed = writer.push_archive_entry(entry, Some(text.as_bytes()));
    pushed.expect("packed");
    writer.finish().expect("written");

    let cut = dir.join("cut");
    for out in [
        "a.zip", "b.tar", "c.tgz", "d.tbz", "e.txz", "f.gz", "g.zst", "h.7z",
    ] {
        let Ok(whole) = fs::read(dir.join(out)) else {
            continue;
        };
        fs::create_dir(&cut).expect("made");
        let mut count = 0;
        for end in (0..whole.len()).step_by(64) {
            fs::write(cut.join(format!("{end}-{out}")), &whole[..end]).expect("written");
            count += 1;
        }
        let told = told(&cut, &["scan", "."]);
        let codes: Vec<&str> = told.skips.iter().map(|(_, r)| r.as_str()).collect();
        assert!(codes.iter().all(|c| *c == "corrupt"), "{out}: {codes:?}");
        assert_eq!(told.code, if count > 1 { 2 } else { 0 }, "{out}");
        // Nothing of a stream that was cut off looks whole. Of a tar the cut may fall between files.
        if out != "b.tar" {
            assert_eq!(codes.len(), count - 1, "{out}: {:?}", told.skips);
        }
        fs::remove_dir_all(&cut).expect("removed");
    }
}

#[test]
fn every_byte_changed() {
    let dir = folder(24);
    let dir = dir.path();
    let both = [("d/c.env", "src/readme"), ("readme", "src/readme")];
    for (kind, out) in [("zip", "a.zip"), ("tar:gz", "c.tgz"), ("tar:xz", "e.txz")] {
        if !pack(dir, kind, out, &both) {
            return;
        }
    }
    let path = dir.join("h.7z");
    let mut writer = sevenz_rust2::ArchiveWriter::create(&path).expect("created");
    let entry = sevenz_rust2::ArchiveEntry::new_file("readme");
    let pushed = writer.push_archive_entry(entry, Some(&b"nothing to see\n"[..]));
    pushed.expect("packed");
    writer.finish().expect("written");
    let changed = dir.join("changed");
    for out in ["a.zip", "c.tgz", "e.txz", "h.7z"] {
        let whole = fs::read(dir.join(out)).expect("read");
        fs::create_dir(&changed).expect("made");
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            for (n, value) in [0xff, bytes[at] ^ 0x55].into_iter().enumerate() {
                bytes[at] = value;
                fs::write(changed.join(format!("{at}-{n}-{out}")), &bytes).expect("written");
            }
        }
        let told = told(&changed, &["scan", "."]);
        let bugs: Vec<_> = told.skips.iter().filter(|(_, r)| r == "failed").collect();
        assert!(bugs.is_empty(), "{out}: {bugs:?}");
        fs::remove_dir_all(&changed).expect("removed");
    }
}

#[test]
fn what_is_encrypted_is_told_and_is_no_failure() {
    let dir = folder(25);
    let dir = dir.path();
    if run(dir, "zip", &["-q", "-P", "hunter", "a.zip", "src/c.env"]).is_none() {
        return;
    }
    run(dir, "zip", &["-q", "a.zip", "src/readme"]);
    let told = told(dir, &["scan", "a.zip"]);
    assert_eq!(skips(&told), [("a.zip!src/c.env", "encrypted")]);
    assert_eq!(told.places(), Vec::<String>::new());
    assert_eq!(told.code, 0);
}

#[test]
fn names_go_nowhere() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let work = dir.join("work");
    write(&work, "c.env", env(26));
    let program = r"
import zipfile, tarfile, io
data = open('c.env', 'rb').read()
names = ['../up', '/tmp/straykey-absolute', 'a/../../b', 'esc\x1b[31m\n\r\x07', 'C:\\x', 'a!b', '.', '']
with zipfile.ZipFile('n.zip', 'w') as z:
    for name in names:
        z.writestr(zipfile.ZipInfo(name or 'x'), data)
with tarfile.open('n.tar', 'w', format=tarfile.GNU_FORMAT) as t:
    for name in names + ['b\udcff\udcfe']:
        info = tarfile.TarInfo(name)
        info.size = len(data)
        t.addfile(info, io.BytesIO(data))
";
    if !python(&work, program) {
        return;
    }
    let before = listed(dir);
    for format in ["human", "json", "sarif", "github", "gitlab", "markdown"] {
        let run = super::common::straykey(&work, &["scan", ".", "--format", format]);
        assert_eq!(run.code, 1, "{format}: {}", run.err);
        let controls = |c: char| c.is_control() && c != '\n';
        assert!(!run.out.contains(controls), "{format}: {}", run.out);
    }
    assert_eq!(listed(dir), before, "nothing is written");
    assert!(!Path::new("/tmp/straykey-absolute").exists());
    let told = told(&work, &["scan", "n.zip", "n.tar"]);
    let places = told.places();
    for place in [
        "n.zip!../up:3",
        "n.tar!../up:3",
        "n.tar!/tmp/straykey-absolute:3",
    ] {
        assert!(places.iter().any(|p| p == place), "{place}: {places:?}");
    }
    // Each of the eight and nine, its token and its password.
    assert_eq!(places.len(), 2 * (8 + 9), "{places:#?}");
}

fn listed(dir: &Path) -> Vec<String> {
    let done = Command::new("find").arg(dir).output().expect("find runs");
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

#[test]
fn two_entries_of_one_name_are_two() {
    let dir = folder(27);
    let dir = dir.path();
    let program = "
import zipfile, warnings
warnings.simplefilter('ignore')
with zipfile.ZipFile('a.zip', 'w', zipfile.ZIP_DEFLATED) as z:
    z.write('src/c.env', 'same')
    z.write('src/readme', 'same')
";
    if !python(dir, program) {
        return;
    }
    let told = told(dir, &["scan", "a.zip"]);
    assert_eq!(told.places(), ["a.zip!same:3", "a.zip!same:4"]);
}

#[test]
fn a_method_that_is_not_known_is_told() {
    let dir = folder(28);
    let dir = dir.path();
    if !pack(
        dir,
        "zip",
        "a.zip",
        &[("c.env", "src/c.env"), ("readme", "src/readme")],
    ) {
        return;
    }
    let mut bytes = fs::read(dir.join("a.zip")).expect("read");
    // The method of the first entry, in both of its headers: 6, which nobody makes any more.
    let central = memchr::memmem::find(&bytes, b"PK\x01\x02").expect("a directory");
    bytes[8] = 6;
    bytes[central + 10] = 6;
    fs::write(dir.join("a.zip"), bytes).expect("written");
    let told = told(dir, &["scan", "a.zip"]);
    assert_eq!(skips(&told), [("a.zip!c.env", "unsupported")]);
    assert_eq!(told.code, 2);
}

/// Files with text in them that are no text: made by Python's own modules.
const VIEWS: &str = r#"
import zlib, zipfile, sqlite3, py_compile
db = sqlite3.connect('a.db')
db.execute('create table t(id integer primary key, note text)')
db.executemany('insert into t values(?, ?)', [(i, 'word ' * 40) for i in range(400)])
db.commit()
db.close()
ns = 'http://schemas.openxmlformats.org/wordprocessingml/2006/main'
xml = '<?xml version="1.0"?><w:document xmlns:w="' + ns + '"><w:p><w:r><w:t>One</w:t></w:r></w:p></w:document>'
with zipfile.ZipFile('b.docx', 'w', zipfile.ZIP_DEFLATED) as z:
    z.writestr('word/document.xml', xml)
def pdf(name, streams):
    out = b'%PDF-1.4\n'
    for n, stream in enumerate(streams, 1):
        out += b'%d 0 obj\n<< /Length %d /Filter /FlateDecode >>\nstream\n' % (n, len(stream))
        out += stream + b'\nendstream\nendobj\n'
    open(name, 'wb').write(out)
text = zlib.compress(b'BT (One) Tj 0 -9 Td [(Two) -3 (Three)] TJ ET')
table = zlib.compress(b'1 beginbfrange <0000> <ffff> <0041> endbfrange')
pdf('c.pdf', [text, table])
open('d.py', 'w').write('ONE = "some words"\n')
py_compile.compile('d.py', 'd.pyc')
"#;

#[test]
fn views_of_files_that_are_cut_or_changed_do_no_harm() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    if !python(dir, VIEWS) {
        return;
    }
    let changed = dir.join("changed");
    for out in ["a.db", "b.docx", "c.pdf", "d.pyc"] {
        let whole = fs::read(dir.join(out)).expect("read");
        fs::create_dir(&changed).expect("made");
        // Some 200 places in each, whatever its length; of a database the headers of pages, too.
        for at in (0..whole.len()).step_by(whole.len() / 200 + 1) {
            fs::write(changed.join(format!("{at}-cut-{out}")), &whole[..at]).expect("written");
            for place in [at, at / 4096 * 4096 + at % 12] {
                let mut bytes = whole.clone();
                bytes[place] ^= 0x55;
                let name = format!("{at}-{place}-{out}");
                fs::write(changed.join(name), &bytes).expect("written");
            }
        }
        let told = told(&changed, &["scan", "."]);
        let bugs: Vec<_> = told.skips.iter().filter(|(_, r)| r == "failed").collect();
        assert!(bugs.is_empty(), "{out}: {bugs:?}");
        assert_eq!(told.findings.len(), 0, "{out}");
        // Of a database that was cut not all tables can be read, and that is told.
        let is_told = |(path, code): &(String, String)| path.contains("-cut-") && code == "corrupt";
        if matches!(out, "a.db" | "b.docx") {
            assert!(
                told.skips.iter().filter(|s| is_told(s)).count() > 50,
                "{out}"
            );
        }
        fs::remove_dir_all(&changed).expect("removed");
    }
}

#[test]
fn views_that_grow_or_go_in_circles_are_told() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let program = format!(
        r#"{VIEWS}
# A table whose last page is its first one again.
data = bytearray(open('a.db', 'rb').read())
root = 4096
assert data[root] == 5, data[root]
data[root + 8:root + 12] = (2).to_bytes(4, 'big')
open('circle.db', 'wb').write(data)
# Streams that unpack to more than is read of one file.
zeros = zlib.compress(b'BT (' + b'a' * (15 << 20) + b') Tj ET')
pdf('bomb.pdf', [zeros] * 6)
# Tables of glyphs that cover everything, again and again.
pdf('tables.pdf', [text] + [zlib.compress(b'9 beginbfrange ' + b'<0000> <ffff> <0041> ' * 9000 + b'endbfrange')] * 40)
# Entities that would grow, if anybody expanded them.
laugh = ''.join('<!ENTITY l%d "%s">' % (n, '&l%d;' % (n - 1) * 10) for n in range(1, 12))
with zipfile.ZipFile('laugh.docx', 'w', zipfile.ZIP_DEFLATED) as z:
    z.writestr('word/document.xml', '<!DOCTYPE x [<!ENTITY l0 "ha">' + laugh + ']><x xmlns="' + ns + '">&l11;</x>')
"#
    );
    if !python(dir, &program) {
        return;
    }
    for file in ["a.db", "b.docx", "c.pdf", "d.pyc", "d.py"] {
        fs::remove_file(dir.join(file)).expect("removed");
    }
    let told = told(dir, &["scan", "."]);
    assert_eq!(
        skips(&told),
        [("bomb.pdf", "unsupported"), ("circle.db!t", "corrupt")]
    );
    assert_eq!(told.code, 2);
}
