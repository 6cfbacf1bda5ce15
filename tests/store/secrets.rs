//! Nothing that could be a secret, or tell where one is, is in a store.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::common;
use super::repository::{Made, swept, token, with_store};

/// A text in the forms in which it might lie in a file.
pub fn forms(text: &str) -> Vec<Vec<u8>> {
    let bytes = text.as_bytes();
    let wide = |little: bool| -> Vec<u8> {
        let units = bytes.iter().map(|b| u16::from(*b));
        units
            .flat_map(|u| {
                if little {
                    u.to_le_bytes()
                } else {
                    u.to_be_bytes()
                }
            })
            .collect()
    };
    let hex = straykey::sources::history::hex(bytes);
    let mut forms = vec![
        bytes.to_vec(),
        wide(true),
        wide(false),
        hex.to_uppercase().into_bytes(),
        hex.into_bytes(),
        bytes.iter().rev().copied().collect(),
        bytes.to_ascii_uppercase(),
        bytes.to_ascii_lowercase(),
    ];
    // Base64 at each of its three phases, without what the neighbours decide.
    for phase in 0..3 {
        let padded = [&vec![0; phase], bytes].concat();
        let coded = base64(&padded[..padded.len() / 3 * 3]);
        forms.push(coded[(phase * 8).div_ceil(6)..].to_vec());
    }
    // Half of one is as bad.
    forms.push(bytes[..bytes.len() / 2].to_vec());
    forms.push(bytes[bytes.len() / 2..].to_vec());
    forms
}

fn base64(bytes: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = |n: u32| DIGITS[(n & 63) as usize];
    bytes
        .as_chunks::<3>()
        .0
        .iter()
        .flat_map(|[a, b, c]| {
            let n = u32::from(*a) << 16 | u32::from(*b) << 8 | u32::from(*c);
            [digit(n >> 18), digit(n >> 12), digit(n >> 6), digit(n)]
        })
        .collect()
}

/// Whether a file holds these bytes.
pub fn holds(file: &[u8], needle: &[u8]) -> bool {
    file.windows(needle.len()).any(|w| w == needle)
}

#[test]
fn a_store_holds_ids_and_nothing_of_the_repository() {
    let Some(mut made) = Made::new("sha1") else {
        return;
    };
    assert_eq!(base64(b"Man"), b"TWFu", "as RFC 4648 has it");
    let mut planted: Vec<String> = (0..6).map(token).collect();
    planted.extend((0..4).map(common::password));
    for (i, secret) in planted.iter().enumerate() {
        made.write(
            &format!("folder-of-{i}/settings-{i}.env"),
            &format!("password = \"{secret}\"\n"),
        );
    }
    made.commit(&format!("message that tells {}", token(20)));
    planted.push(token(20));
    planted.extend(
        [
            "folder-of-",
            "settings-",
            "message that tells",
            "Ann Wright",
            "ann@example",
            "password",
        ]
        .map(str::to_owned),
    );
    let (told, _) = swept(&with_store(&made.options(), &made.store()));
    assert!(told.matches("\"fingerprint\"").count() >= 10, "{told}");

    // A connection that stays open keeps the log that stands beside the file.
    let open = rusqlite::Connection::open(made.store()).expect("opened");
    let count: u32 = open
        .query_row("SELECT count(*) FROM chunk", [], |row| row.get(0))
        .expect("read");
    assert!(count > 0);
    made.write("more.env", &format!("key = {}\n", token(21)));
    planted.push(token(21));
    made.commit("more");
    swept(&with_store(&made.options(), &made.store()));
    let mut looked = 0;
    for end in ["", "-wal", "-shm"] {
        let path = made.store().with_file_name(format!("store.db{end}"));
        let Ok(file) = fs::read(&path) else { continue };
        looked += 1;
        let mode = fs::metadata(&path).expect("it is there").permissions();
        assert_eq!(mode.mode() & 0o777, 0o600, "{}", path.display());
        for secret in &planted {
            for form in forms(secret) {
                assert!(!holds(&file, &form), "a form of what was planted is there");
            }
        }
        // The same search finds what is there.
        if end.is_empty() {
            let id = made.must(&["rev-parse", "HEAD~1:folder-of-0/settings-0.env"]);
            let id: Vec<u8> = (0..20)
                .map(|i| u8::from_str_radix(&id[2 * i..2 * i + 2], 16).expect("hex"))
                .collect();
            assert!(holds(&file, &id), "the id of a blob is in the store");
        }
    }
    assert!(looked >= 2, "the log was looked at, too");
    drop(open);
}
