//! Damage of any byte of what git stored: never a panic, and never a result that looks whole and is
//! not.

use straykey::detect::patterns::Sampler;

use super::*;

/// A pack with deltas, its index, a packed list of references; every one of them with bytes changed.
#[test]
fn a_changed_byte_changes_nothing_or_is_told() {
    let repo = Repo::new();
    for i in 0..6 {
        repo.write("a", &format!("{}{}{i}\n", filler(1, 20), token(i)));
        repo.write(
            &format!("b/f{i}"),
            &format!("{}{}\n", filler(i, 20), token(i + 10)),
        );
        repo.commit();
    }
    for offsets in ["true", "false"] {
        let setting = format!("repack.useDeltaBaseOffset={offsets}");
        repo.git(&["-c", &setting, "repack", "-adfq"]);
        repo.git(&["pack-refs", "--all"]);
        let whole = repo.told(&["main~3..main"]);
        assert_eq!(whole.len(), 6);
        let folder = repo.path().join(".git/objects/pack");
        let listed = fs::read_dir(&folder).expect("listed").flatten();
        let mut files: Vec<PathBuf> = listed.map(|e| e.path()).collect();
        files.retain(|p| p.extension().is_some_and(|e| e == "pack" || e == "idx"));
        files.push(repo.path().join(".git/packed-refs"));
        assert_eq!(files.len(), 3);
        let mut sampler = Sampler::new(8);
        let (mut same, mut told) = (0, 0);
        for file in &files {
            let good = fs::read(file).expect("read");
            let mut permissions = fs::metadata(file).expect("there").permissions();
            #[allow(
                clippy::permissions_set_readonly_false,
                reason = "in a folder of the test"
            )]
            permissions.set_readonly(false);
            fs::set_permissions(file, permissions).expect("set");
            for round in 0..300 {
                let mut bad = good.clone();
                if round % 10 == 9 {
                    bad.truncate(sampler.below(good.len()));
                } else {
                    let place = sampler.below(good.len());
                    bad[place] ^= 1 << sampler.below(8);
                }
                fs::write(file, &bad).expect("written");
                match repo.judged(&["main~3..main"]) {
                    Ok(result) if !result.scan.is_incomplete() => {
                        assert_eq!(super::told(&result), whole, "{} {round}", file.display());
                        same += 1;
                    }
                    _ => told += 1,
                }
            }
            fs::write(file, &good).expect("written");
        }
        assert!(same > 50 && told > 200, "{same} the same, {told} told");
        assert_eq!(repo.told(&["main~3..main"]), whole);
    }
}

/// Another object's file in the place of one: whole, and not what the name says.
#[test]
fn an_object_that_is_another_is_told() {
    let repo = Repo::new();
    repo.write("a", "x\n");
    repo.commit();
    repo.write("b", &format!("{}\n", token(1)));
    let second = repo.commit();
    assert_eq!(repo.told(&["HEAD~1.."]), [at(&second, "b", 1)]);
    let file = |name: &str| {
        let id = repo.git(&["rev-parse", name]);
        repo.path()
            .join(".git/objects")
            .join(&id[..2])
            .join(&id[2..])
    };
    let (harmless, leak) = (file("HEAD:a"), file("HEAD:b"));
    fs::remove_file(&leak).expect("removed");
    fs::copy(harmless, &leak).expect("copied");
    let done = common::straykey(repo.path(), &["commits", "HEAD~1.."]);
    assert!(
        done.code == 2 && done.out.contains("not what its id says"),
        "{done:?}"
    );
}
