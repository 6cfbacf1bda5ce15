//! Tables that git made say what git says of them; tables made here, by the documentation of the
//! format alone, say what was written, and hostile ones cost little and are told.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use super::super::{HolderKind, Holders, Lookup, Places, PlacesOptions, Revisions, Stores, hex};
use super::*;

fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("testdata/reftable")
        .join(name)
}

/// What a stack says, in the words of `testdata/reftable/make`.
fn told(stack: &Stack, hash: HashKind) -> BTreeSet<String> {
    let shown = |id: &Id| hex(&id[..hash.bytes()]);
    let name = |name: &[u8]| String::from_utf8(name.to_vec()).expect("UTF-8");
    let mut told = BTreeSet::new();
    for (full, value) in &stack.refs {
        let value = match value {
            Value::Object(id) => shown(id),
            Value::Name(other) => name(other),
        };
        told.insert(format!("ref {} {value}", name(full)));
    }
    for (full, ids) in stack.numbered() {
        // The last is what was before the oldest entry.
        for (age, id) in ids.iter().enumerate().take(ids.len().saturating_sub(1)) {
            told.insert(format!("log {} {age} {}", name(full), shown(id)));
        }
    }
    told
}

#[test]
fn tables_of_gits_say_what_git_says() {
    for (name, hash) in [
        ("sha1", HashKind::Sha1),
        ("sha1-side", HashKind::Sha1),
        ("sha256", HashKind::Sha256),
        ("sha256-side", HashKind::Sha256),
    ] {
        let expected = fs::read_to_string(data(name).join("expected")).expect("read");
        let (mut lines, mut ages) = (BTreeSet::new(), BTreeMap::new());
        for line in expected.lines() {
            match line.strip_prefix("log ").and_then(|l| l.split_once(' ')) {
                Some((log, id)) => {
                    let age = ages.entry(log).or_insert(0);
                    lines.insert(format!("log {log} {age} {id}"));
                    *age += 1;
                }
                None => {
                    lines.insert(line.to_owned());
                }
            }
        }
        assert!(lines.len() > 5, "{name}");
        let stack = Stack::read(&data(name), hash);
        assert_eq!(stack.skips, [], "{name}");
        assert_eq!(told(&stack, hash), lines, "{name}");
    }
}

/// A stack of tables in a folder.
fn stack_of(tables: &[Vec<u8>]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    write(dir.path(), tables);
    dir
}

fn write(folder: &Path, tables: &[Vec<u8>]) {
    let mut list = String::new();
    for (number, table) in tables.iter().enumerate() {
        let name = format!("{number}.ref");
        fs::write(folder.join(&name), table).expect("written");
        list += &name;
        list.push('\n');
    }
    fs::write(folder.join("tables.list"), list).expect("written");
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut out = vec![value as u8 & 0x7f];
    while value > 0x7f {
        value = (value >> 7) - 1;
        out.insert(0, value as u8 & 0x7f | 0x80);
    }
    out
}

/// A record whose key shares so many bytes with the one before.
fn record(shared: u64, own: &[u8], kind: u8, rest: &[u8]) -> Vec<u8> {
    let head = varint((own.len() as u64) << 3 | u64::from(kind));
    [&varint(shared), &head[..], own, rest].concat()
}

fn reference(name: &str, kind: u8, value: &[u8]) -> Vec<u8> {
    record(0, name.as_bytes(), kind, &[&[0], value].concat())
}

fn log(name: &str, time: u64, ids: Option<(&[u8], &[u8])>) -> Vec<u8> {
    let key = [name.as_bytes(), b"\0", &(!time).to_be_bytes()].concat();
    match ids {
        None => record(0, &key, 0, b""),
        Some((old, new)) => {
            let who = b"\x01A\x01a\x05\x00\x00\x02hi";
            record(0, &key, 1, &[old, new, who].concat())
        }
    }
}

/// A block of records that begins `before` bytes after the place from which it is counted.
fn block(kind: u8, before: usize, records: &[Vec<u8>]) -> Vec<u8> {
    let mut body = records.concat();
    let place = (before + 4) as u32;
    body.extend(&place.to_be_bytes()[1..]);
    body.extend([0, 1]);
    let len = (before + 4 + body.len()) as u32;
    let head = [&[kind], &len.to_be_bytes()[1..]].concat();
    if kind == b'g' {
        let mut packer = libdeflater::Compressor::new(libdeflater::CompressionLvl::default());
        let mut out = vec![0; packer.zlib_compress_bound(body.len())];
        let len = packer.zlib_compress(&body, &mut out).expect("deflated");
        body = out[..len].to_vec();
    }
    [head, body].concat()
}

/// A table of blocks: one of references, one of logs.
fn table(hash: HashKind, refs: &[Vec<u8>], logs: &[Vec<u8>]) -> Vec<u8> {
    let mut header = b"REFT\x01\0\0\0".to_vec();
    header.extend([0; 16]);
    if hash == HashKind::Sha256 {
        header[4] = 2;
        header.extend(b"s256");
    }
    let mut body = header.clone();
    let mut log_place = 0u64;
    if !refs.is_empty() {
        body.extend(block(b'r', header.len(), refs));
        log_place = body.len() as u64;
    }
    if logs.is_empty() {
        log_place = 0;
    } else {
        let before = if refs.is_empty() { header.len() } else { 0 };
        body.extend(block(b'g', before, logs));
    }
    ended(&header, body, log_place)
}

/// With a footer.
fn ended(header: &[u8], mut body: Vec<u8>, log_place: u64) -> Vec<u8> {
    let mut footer = header.to_vec();
    footer.extend([0; 24]);
    footer.extend(log_place.to_be_bytes());
    footer.extend([0; 8]);
    let sum = libdeflater::crc32(&footer);
    footer.extend(sum.to_be_bytes());
    body.extend(footer);
    body
}

const A: [u8; 20] = [0xaa; 20];
const B: [u8; 20] = [0xbb; 20];
const ZERO: [u8; 20] = [0; 20];

#[test]
fn newer_tables_win_and_what_they_delete_is_gone() {
    let tables = [
        table(
            HashKind::Sha1,
            &[
                reference("HEAD", 3, b"\x0frefs/heads/main"),
                reference("refs/heads/gone", 1, &A),
                reference("refs/heads/main", 1, &A),
                reference("refs/tags/v1", 2, &[A, B].concat()),
            ],
            &[
                log("refs/empty", 1, Some((&ZERO, &ZERO))),
                log("refs/stash", 3, Some((&B, &A))),
                log("refs/stash", 2, Some((&A, &B))),
                log("refs/stash", 1, Some((&ZERO, &A))),
            ],
        ),
        table(
            HashKind::Sha1,
            &[
                reference("refs/heads/gone", 0, b""),
                reference("refs/heads/main", 1, &B),
            ],
            &[],
        ),
        table(HashKind::Sha1, &[], &[log("refs/stash", 2, None)]),
        table(HashKind::Sha1, &[], &[]),
    ];
    let dir = stack_of(&tables);
    let stack = Stack::read(dir.path(), HashKind::Sha1);
    assert_eq!(stack.skips, []);
    let (a, b) = ("aa".repeat(20), "bb".repeat(20));
    let expected = [
        "ref HEAD refs/heads/main".to_owned(),
        format!("ref refs/heads/main {b}"),
        format!("ref refs/tags/v1 {a}"),
        format!("log refs/stash 0 {a}"),
        format!("log refs/stash 1 {a}"),
    ];
    // The log of nothing has no entry, not even one before it.
    assert_eq!(told(&stack, HashKind::Sha1), expected.into());
    // Ids of another kind are not believed.
    let other = Stack::read(dir.path(), HashKind::Sha256);
    assert_eq!((other.skips.len(), other.refs.len()), (4, 0));
}

#[test]
fn damage_is_told_and_never_a_panic() {
    for (name, hash) in [
        ("sha1-side", HashKind::Sha1),
        ("sha256-side", HashKind::Sha256),
    ] {
        let list = fs::read_to_string(data(name).join("tables.list")).expect("read");
        let table = list.lines().next().expect("a table");
        let whole = fs::read(data(name).join(table)).expect("read");
        let dir = stack_of(std::slice::from_ref(&whole));
        assert_eq!(Stack::read(dir.path(), hash).skips, []);
        let footer = whole.len() - if hash == HashKind::Sha1 { 68 } else { 72 };
        for at in 0..whole.len() {
            write(dir.path(), &[whole[..at].to_vec()]);
            assert_eq!(
                Stack::read(dir.path(), hash).skips.len(),
                1,
                "{name} cut at {at}"
            );
            for bit in [1, 0x80] {
                let mut changed = whole.clone();
                changed[at] ^= bit;
                write(dir.path(), &[changed]);
                let stack = Stack::read(dir.path(), hash);
                if at >= footer {
                    assert_eq!(stack.skips.len(), 1, "{name} changed at {at}");
                }
            }
        }
    }
}

#[test]
fn hostile_tables_are_told() {
    let refs = |records: &[Vec<u8>]| table(HashKind::Sha1, records, &[]);
    let good = refs(&[reference("refs/heads/a", 1, &A)]);
    let header = good[..24].to_vec();
    let with = |body: &[u8]| ended(&header, [&header[..], body].concat(), 0);
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("empty file", Vec::new()),
        (
            "other file",
            b"DIRC and more of it, for as long as a table would be".repeat(3),
        ),
        ("a block of no kind", with(b"q\0\0\x08\0\0\0\x1c\0\x01")),
        ("a block without a length", with(b"r\0\0\0")),
        (
            "a block that claims all",
            with(b"r\xff\xff\xff\0\0\x1c\0\x01"),
        ),
        ("more places than bytes", with(b"r\0\0\x21\0\0\x1c\xff\xff")),
        (
            "not in order",
            refs(&[reference("refs/b", 1, &A), reference("refs/a", 1, &A)]),
        ),
        (
            "twice the same",
            refs(&[reference("refs/a", 1, &A), reference("refs/a", 1, &A)]),
        ),
        ("a kind to come", refs(&[reference("refs/a", 5, &A)])),
        ("shared with nothing", refs(&[record(3, b"a", 1, &A)])),
        (
            "an id that is cut",
            refs(&[reference("refs/a", 1, &A[..7])]),
        ),
        (
            "a name without an end",
            refs(&[record(0, b"x", 3, &[&[0][..], &[0xff; 12]].concat())]),
        ),
        ("a number without an end", refs(&[vec![0xff; 40]])),
        (
            "a long name",
            refs(&[record(0, &[b'a'; (64 << 10) + 1], 0, &[0])]),
        ),
        (
            "a log with no name",
            table(HashKind::Sha1, &[], &[record(0, b"short", 0, b"")]),
        ),
        (
            "places beyond the end",
            ended(&header, good[..good.len() - 68].to_vec(), 1 << 60),
        ),
        (
            "logs that are not deflated",
            ended(&header, [&header[..], b"g\0\xff\xffhello"].concat(), 0),
        ),
    ];
    for (what, table) in cases {
        let dir = stack_of(&[good.clone(), table]);
        let stack = Stack::read(dir.path(), HashKind::Sha1);
        assert_eq!(stack.skips.len(), 1, "{what}: {stack:?}");
        assert!(stack.skips[0].path.ends_with("1.ref"), "{what}");
        assert!(stack.skips[0].reason.is_incomplete(), "{what}");
        assert!(
            stack.refs.contains_key(&b"refs/heads/a"[..]),
            "{what}: the other is read"
        );
    }
    // Names that share nearly all of their bytes, and a log that is nothing but the same byte.
    let mut many = vec![record(0, &[b'a'; 60_000], 0, &[0])];
    many.extend(
        (0..2_000u32).map(|n| record(60_000, &n.to_be_bytes(), 1, &[&[0], &A[..]].concat())),
    );
    let dir = stack_of(&[refs(&many)]);
    let stack = Stack::read_within(dir.path(), HashKind::Sha1, 1 << 20);
    assert!(
        stack.refs.len() < 20 && stack.skips.len() == 1,
        "{:?}",
        stack.skips
    );
    let wide = [record(
        0,
        b"refs/a\0\0\0\0\0\0\0\0\0",
        1,
        &vec![b'a'; 3 << 20],
    )];
    let dir = stack_of(&[table(HashKind::Sha1, &[], &wide)]);
    let stack = Stack::read_within(dir.path(), HashKind::Sha1, 1 << 20);
    assert!(
        stack.skips[0]
            .reason
            .to_string()
            .contains("more than is read")
    );
    // A list that leads out of its folder, a table that is gone, no list.
    for list in ["../0.ref\n", "/0.ref\n", "gone.ref\n"] {
        fs::write(dir.path().join("tables.list"), list).expect("written");
        assert_eq!(
            Stack::read(dir.path(), HashKind::Sha1).skips.len(),
            1,
            "{list}"
        );
    }
    fs::remove_file(dir.path().join("tables.list")).expect("removed");
    assert_eq!(Stack::read(dir.path(), HashKind::Sha1).skips.len(), 1);
}

#[allow(clippy::too_many_lines)] // one repository, and all that is read of it
#[test]
fn holders_and_names_come_from_reftables() {
    let dir = tempfile::tempdir().expect("a folder");
    let repository = git2::Repository::init(dir.path()).expect("a repository");
    let git = repository.path().to_owned();
    let who = git2::Signature::new("x", "x@x.invalid", &git2::Time::new(0, 0)).expect("who");
    let tree = repository.treebuilder(None).expect("a builder").write();
    let tree = repository.find_tree(tree.expect("written")).expect("found");
    let [one, two, three] = ["one", "two", "three"].map(|text| {
        let made = repository.commit(None, &who, &who, text, &tree, &[]);
        made.expect("committed")
    });
    // As git leaves it beside a reftable.
    let extension = "[core]\nrepositoryformatversion = 1\n[extensions]\nrefstorage = reftable\n";
    fs::write(git.join("config"), extension).expect("written");
    fs::write(git.join("HEAD"), "ref: refs/heads/.invalid\n").expect("written");
    fs::remove_dir_all(git.join("refs")).expect("removed");
    fs::create_dir_all(git.join("refs")).expect("made");
    fs::write(
        git.join("refs/heads"),
        "this repository uses the reftable format\n",
    )
    .expect("written");
    let own = git.join("worktrees/side");
    for folder in [git.join("reftable"), own.join("reftable")] {
        fs::create_dir_all(folder).expect("made");
    }
    fs::write(own.join("HEAD"), "ref: refs/heads/.invalid\n").expect("written");
    fs::write(own.join("commondir"), "../..\n").expect("written");
    let shared = table(
        HashKind::Sha1,
        &[
            reference("HEAD", 3, b"\x0frefs/heads/main"),
            reference("refs/heads/main", 1, one.as_bytes()),
            reference("refs/heads/side", 1, two.as_bytes()),
            reference("refs/remotes/origin/main", 1, one.as_bytes()),
            reference("refs/stash", 1, three.as_bytes()),
        ],
        &[
            log("HEAD", 2, Some((two.as_bytes(), one.as_bytes()))),
            log("refs/stash", 1, Some((&ZERO, three.as_bytes()))),
        ],
    );
    write(&git.join("reftable"), &[shared]);
    let side = table(
        HashKind::Sha1,
        &[
            reference("HEAD", 3, b"\x0frefs/heads/side"),
            reference("ORIG_HEAD", 1, three.as_bytes()),
        ],
        &[log("HEAD", 1, Some((&ZERO, two.as_bytes())))],
    );
    write(&own.join("reftable"), &[side]);

    let places = Places::find(dir.path(), &PlacesOptions::default()).expect("found");
    let stores = Stores::open(&places, 1);
    let holders = Holders::read(&places, stores.objects());
    assert_eq!(holders.skips, []);
    assert_eq!(holders.references, 4);
    let all: BTreeSet<(HolderKind, &str, String)> = holders
        .all
        .iter()
        .map(|h| (h.kind, &*h.name, stores.objects().hex(h.object)))
        .collect();
    let [one, two, three] = [one, two, three].map(|id| id.to_string());
    let expected = [
        (HolderKind::Head, "HEAD", &one),
        (HolderKind::Head, "worktrees/side/HEAD", &two),
        (HolderKind::Reference, "main", &one),
        (HolderKind::Reference, "side", &two),
        (HolderKind::Remote, "origin/main", &one),
        (HolderKind::Stash, "stash@{0}", &three),
        (HolderKind::Reflog, "HEAD@{0}", &one),
        (HolderKind::Reflog, "HEAD@{1}", &two),
        (HolderKind::Reflog, "worktrees/side/HEAD@{0}", &two),
        (HolderKind::Reflog, "worktrees/side/ORIG_HEAD", &three),
    ];
    assert_eq!(
        all,
        expected
            .map(|(kind, name, id)| (kind, name, id.clone()))
            .into()
    );

    let resolved = |at: &Path, name: &str| {
        let places = Places::find(at, &PlacesOptions::default()).expect("found");
        let lookup = Lookup::open(&places);
        let mut reader = lookup.reader();
        let commit = Revisions::new(&places, &mut reader).commit(name);
        commit.map_or_else(|error| error.why, |id| lookup.hex(&id))
    };
    assert_eq!(resolved(dir.path(), "HEAD"), one);
    assert_eq!(resolved(dir.path(), "side"), two);
    assert_eq!(resolved(dir.path(), "origin/main"), one);
    assert_eq!(resolved(dir.path(), "stash"), three);
    assert!(resolved(dir.path(), "gone").contains("no commit that is here"));
    // A linked worktree has a head of its own, and shares the branches.
    assert_eq!(resolved(&own, "HEAD"), two);
    assert_eq!(resolved(&own, "ORIG_HEAD"), three);
    assert_eq!(resolved(&own, "main"), one);
    // Of what cannot be read nothing is believed.
    fs::write(git.join("reftable/0.ref"), b"REFT").expect("written");
    assert!(resolved(dir.path(), "main").contains("cannot be looked up"));
    let skips = Holders::read(&places, stores.objects()).skips;
    assert!(
        skips.iter().any(|skip| skip.reason.is_incomplete()),
        "{skips:?}"
    );
}
