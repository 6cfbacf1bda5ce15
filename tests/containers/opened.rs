//! What is found inside, and what it is called.

use super::common::{password, secret, with_input};
use super::make::{pack, run, told, write};

/// A file with a token on its third line and a password on its fourth.
pub fn env(seed: u64) -> String {
    let token = secret("github.pat-classic", seed);
    let password = password(seed);
    format!("A=1\nB=2\nTOKEN={token}\nDB_PASSWORD = \"{password}\"\n")
}

pub fn folder(seed: u64) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    write(dir.path(), "src/c.env", env(seed));
    write(dir.path(), "src/readme", "nothing to see\n");
    dir
}

/// Moves what is to be packed out of what is scanned, and scans.
fn scanned(dir: &std::path::Path) -> super::make::Told {
    told(dir, &["scan", "--no-ignore", "made"])
}

#[test]
fn every_format_tells_the_line_in_the_inner_file() {
    let dir = folder(1);
    let dir = dir.path();
    std::fs::create_dir(dir.join("made")).expect("made");
    let both = [("d/c.env", "src/c.env"), ("readme", "src/readme")];
    let one = [("", "src/c.env")];
    let mut expected = Vec::new();
    for (kind, name) in [
        ("zip", "a.zip"),
        ("zip", "b.jar"),
        ("zip", "no-ending"),
        ("stored", "stored.whl"),
        ("zip-bz2", "bz2.zip"),
        ("tar", "c.tar"),
        ("tar:gz", "d.tgz"),
        ("tar:bz2", "e.tar.bz2"),
        ("tar:xz", "f.txz"),
    ] {
        if !pack(dir, kind, &format!("made/{name}"), &both) {
            return;
        }
        expected.push(format!("made/{name}!d/c.env"));
    }
    for (kind, name, inner) in [
        ("gz", "g.env.gz", "g.env"),
        ("bz2", "h.bz2", "h"),
        ("xz", "i.xz", "i"),
        ("gz", "j", "content"),
    ] {
        pack(dir, kind, &format!("made/{name}"), &one);
        expected.push(format!("made/{name}!{inner}"));
    }
    if run(dir, "zstd", &["-q", "src/c.env", "-o", "made/k.env.zst"]).is_some() {
        expected.push("made/k.env.zst!k.env".to_owned());
    }
    let told = scanned(dir);
    let mut lines: Vec<String> = expected
        .iter()
        .flat_map(|path| [format!("{path}:3"), format!("{path}:4")])
        .collect();
    lines.sort();
    assert_eq!(told.places(), lines);
    assert_eq!(told.skips, []);
    assert_eq!(told.code, 1);
    assert_eq!(told.strong().len(), 1, "one token, wherever it lies");

    // The token has the fingerprint that it has in a plain file.
    let plain = super::make::told(dir, &["scan", "--no-ignore", "src"]);
    assert_eq!(plain.strong(), told.strong());
}

#[test]
fn seven_zip_by_each_of_its_methods() {
    use sevenz_rust2::{ArchiveEntry, ArchiveWriter, EncoderConfiguration, EncoderMethod};
    let dir = tempfile::tempdir().expect("a folder");
    let text = env(2);
    let methods: [(&str, Vec<EncoderConfiguration>); 5] = [
        ("lzma2", vec![EncoderMethod::LZMA2.into()]),
        ("lzma", vec![EncoderMethod::LZMA.into()]),
        ("copy", vec![EncoderMethod::COPY.into()]),
        ("bzip2", vec![EncoderMethod::BZIP2.into()]),
        (
            "bcj",
            vec![
                EncoderMethod::BCJ_X86_FILTER.into(),
                EncoderMethod::LZMA2.into(),
            ],
        ),
    ];
    let mut expected = Vec::new();
    for (name, methods) in methods {
        let path = dir.path().join(format!("{name}.7z"));
        let mut writer = ArchiveWriter::create(&path).expect("created");
        writer.set_content_methods(methods);
        let push = |writer: &mut ArchiveWriter<std::fs::File>, name: &str, data: &str| {
            let entry = ArchiveEntry::new_file(name);
            writer
                .push_archive_entry(entry, Some(data.as_bytes()))
                .expect("packed");
        };
        push(&mut writer, "readme", "nothing to see\n");
        push(&mut writer, "d/c.env", &text);
        // Two in one stream.
        let entries = vec![
            ArchiveEntry::new_file("s/one"),
            ArchiveEntry::new_file("s/two.env"),
        ];
        let readers = vec![
            sevenz_rust2::SourceReader::new(std::io::Cursor::new(b"one\n".to_vec())),
            sevenz_rust2::SourceReader::new(std::io::Cursor::new(text.clone().into_bytes())),
        ];
        writer
            .push_archive_entries(entries, readers)
            .expect("packed");
        writer.finish().expect("written");
        for (inner, line) in [
            ("d/c.env", 3),
            ("d/c.env", 4),
            ("s/two.env", 3),
            ("s/two.env", 4),
        ] {
            expected.push(format!("{name}.7z!{inner}:{line}"));
        }
    }
    expected.sort();
    let told = told(dir.path(), &["scan", "."]);
    assert_eq!(told.skips, [], "{}", told.json["skips"]);
    assert_eq!(told.places(), expected);
}

#[test]
fn archives_in_archives() {
    let dir = folder(3);
    let dir = dir.path();
    std::fs::create_dir(dir.join("made")).expect("made");
    if !pack(dir, "tar", "b.tar", &[("c.env", "src/c.env")]) {
        return;
    }
    pack(dir, "zip", "made/a.zip", &[("dir/b.tar", "b.tar")]);
    pack(dir, "zip", "in.zip", &[("c.env", "src/c.env")]);
    pack(
        dir,
        "tar:gz",
        "made/out.tgz",
        &[("x/in.zip", "in.zip"), ("y/in.zip", "in.zip")],
    );
    pack(dir, "gz", "c.gz", &[("", "src/c.env")]);
    pack(dir, "zip", "made/p.zip", &[("logs/c.log.gz", "c.gz")]);
    let told = scanned(dir);
    let mut expected = Vec::new();
    for line in [3, 4] {
        for path in [
            "made/a.zip!dir/b.tar!c.env",
            "made/out.tgz!x/in.zip!c.env",
            "made/out.tgz!y/in.zip!c.env",
            "made/p.zip!logs/c.log.gz!c.log",
        ] {
            expected.push(format!("{path}:{line}"));
        }
    }
    expected.sort();
    assert_eq!(told.places(), expected);
    assert_eq!(told.skips, []);
}

#[test]
fn several_streams_in_a_row_are_one() {
    let dir = folder(4);
    let dir = dir.path();
    let two = [("", "src/readme"), ("", "src/c.env")];
    for kind in ["gz", "bz2", "xz"] {
        let name = format!("made/two.{kind}");
        std::fs::create_dir_all(dir.join("made")).expect("made");
        if !pack(dir, kind, &name, &two) {
            return;
        }
        // What pads a stream is none of it.
        let mut bytes = std::fs::read(dir.join(&name)).expect("read");
        bytes.extend([0; 512]);
        std::fs::write(dir.join(&name), bytes).expect("written");
    }
    let told = scanned(dir);
    let expected = ["bz2:4", "bz2:5", "gz:4", "gz:5", "xz:4", "xz:5"];
    let expected: Vec<String> = expected
        .iter()
        .map(|e| format!("made/two.{}!two:{}", &e[..e.len() - 2], &e[e.len() - 1..]))
        .collect();
    assert_eq!(told.places(), expected);
    assert_eq!(told.skips, []);
}

#[test]
fn names_of_any_length_and_of_any_make() {
    let dir = folder(5);
    let dir = dir.path();
    std::fs::create_dir(dir.join("made")).expect("made");
    let long = format!("{}/c.env", "x".repeat(190));
    for (kind, out) in [("tar", "gnu.tar"), ("tar-pax", "pax.tar"), ("zip", "z.zip")] {
        let names = [(&*long, "src/c.env"), ("\u{e4}\u{f6}/c.env", "src/c.env")];
        if !pack(dir, kind, &format!("made/{out}"), &names) {
            return;
        }
    }
    let told = scanned(dir);
    let places = told.places();
    for out in ["gnu.tar", "pax.tar", "z.zip"] {
        for inner in [&long, "\u{e4}\u{f6}/c.env"] {
            let place = format!("made/{out}!{inner}:3");
            assert!(places.contains(&place), "{place}: {places:?}");
        }
    }
    assert_eq!(places.len(), 12);
}

#[test]
fn standard_input_may_be_an_archive() {
    let dir = folder(6);
    let dir = dir.path();
    for (kind, out) in [("tar:gz", "a.tgz"), ("zip", "a.zip")] {
        if !pack(dir, kind, out, &[("c.env", "src/c.env")]) {
            return;
        }
        let bytes = std::fs::read(dir.join(out)).expect("read");
        let run = with_input(dir, &["scan", "-", "--format", "json"], &bytes);
        assert_eq!(run.code, 1, "{}", run.err);
        assert!(run.out.contains("\"-!c.env\""), "{out}: {}", run.out);
    }
    // A long one is not held in memory.
    let lines: Vec<String> = (0..200_000u64)
        .map(|i| format!("{:x}", i.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
        .collect();
    let filler = lines.join("\n");
    write(dir, "filler", filler.repeat(4));
    pack(
        dir,
        "tar",
        "long.tar",
        &[("f", "filler"), ("c.env", "src/c.env")],
    );
    let bytes = std::fs::read(dir.join("long.tar")).expect("read");
    assert!(bytes.len() > 8 << 20, "longer than what is read at once");
    let run = with_input(dir, &["scan", "-", "--format", "json"], &bytes);
    assert!(run.out.contains("\"-!c.env\""), "{}", run.out);
}

#[test]
fn a_file_with_the_mark_in_its_name_is_a_file() {
    let dir = tempfile::tempdir().expect("a folder");
    write(dir.path(), "a", env(7));
    write(dir.path(), "a!b", env(7));
    let told = told(dir.path(), &["scan", "."]);
    assert_eq!(told.places(), ["a!b:3", "a!b:4", "a:3", "a:4"]);
}

#[test]
fn a_known_value_is_found_inside() {
    let dir = folder(8);
    let dir = dir.path();
    if !pack(dir, "zip", "a.zip", &[("c.env", "src/c.env")]) {
        return;
    }
    let args = ["scan", "a.zip", "--find", "-"];
    let run = with_input(dir, &args, password(8).as_bytes());
    assert!(run.out.contains("a.zip!c.env:4"), "{} {}", run.out, run.err);
}

#[test]
fn text_in_files_that_are_no_text() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let token = secret("github.pat-classic", 9);
    let program = format!(
        r#"
import zlib, zipfile, sqlite3, py_compile
token = '{token}'
a, b = token[:9], token[9:]
db = sqlite3.connect('a.db')
db.execute('pragma journal_mode=wal')
db.execute('create table keys(id integer, note text)')
db.execute('insert into keys values(1, ?)', ('x' * 9000 + chr(10),))
db.execute('insert into keys values(2, ?)', (token,))
db.commit()
db.close()
ns = 'http://schemas.openxmlformats.org/wordprocessingml/2006/main'
xml = '<?xml version="1.0"?><w:document xmlns:w="' + ns + '"><w:p><w:t>One</w:t></w:p><w:p><w:r><w:t>'
xml += a + '</w:t></w:r><w:r><w:t>' + b + '</w:t></w:r></w:p></w:document>'
with zipfile.ZipFile('b.docx', 'w', zipfile.ZIP_DEFLATED) as z:
    z.writestr('word/document.xml', xml)
page = zlib.compress(('BT (One) Tj 0 -9 Td [(' + a + ') -3 (' + b + ')] TJ ET').encode())
head = '%PDF-1.4\n1 0 obj\n<< /Length ' + str(len(page)) + ' /Filter /FlateDecode >>\nstream\n'
open('c.pdf', 'wb').write(head.encode() + page + b'\nendstream\nendobj\n')
open('d.py', 'w').write('ONE = "x"\nKEY = "' + token + '"\n')
py_compile.compile('d.py', 'd.pyc')
"#
    );
    if run(dir, "python3", &["-c", &program]).is_none() {
        return;
    }
    std::fs::remove_file(dir.join("d.py")).expect("removed");
    let told = told(dir, &["scan", "."]);
    assert_eq!(told.skips, []);
    assert_eq!(told.strong().len(), 1);
    let places = told.places();
    let expected = [
        "a.db!keys:2",
        "b.docx!word/document.xml!text:2",
        "c.pdf!text:2",
    ];
    assert_eq!(places[..3], expected);
    assert!(places[3].starts_with("d.pyc!strings:"), "{places:?}");
    assert_eq!(places.len(), 4);
}
