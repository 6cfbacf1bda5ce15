//! One tree that holds nearly everything keeps all workers busy.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use super::*;

/// The visitors that were handed an object.
type Busy = Mutex<BTreeSet<usize>>;

/// A recorder that takes its time as long as no other has anything to do.
struct Slow<'a> {
    number: usize,
    busy: &'a Busy,
    recorder: Recorder,
}

impl ObjectVisitor for Slow<'_> {
    type Held = Vec<u8>;

    fn object(&mut self, object: &Object<'_>, base: Option<Base<'_, Vec<u8>>>) -> Vec<u8> {
        let busy = {
            let mut busy = self.busy.lock().expect("no visitor fails");
            busy.insert(self.number);
            busy.len()
        };
        if busy == 1 {
            std::thread::sleep(Duration::from_millis(100));
        }
        self.recorder.object(object, base)
    }

    fn skip(&mut self, skip: Skip) {
        self.recorder.skip(skip);
    }
}

#[test]
fn parts_of_a_giant_tree_are_left_to_workers_that_wait() {
    let dir = tempfile::tempdir().expect("a folder");
    let name = |branch: u8, n: u8| {
        let mut id = [1; 20];
        (id[0], id[1]) = (branch, n);
        id
    };
    let root: Vec<u8> = (0..8192u32).map(|n| ((n * n) >> 3) as u8).collect();
    let mut expected = vec![(id(0xff), root.clone())];
    let mut entries = vec![(id(0xff), Stored::Whole(root.clone()))];
    for branch in 0..6u8 {
        let (mut base, mut text) = (id(0xff), root.clone());
        for n in 0..40u8 {
            let delta = encode(text.len(), &[Ok((0, text.len())), Err(vec![branch, n])]);
            entries.push((name(branch, n), Stored::Against(base, delta)));
            text.extend([branch, n]);
            base = name(branch, n);
            expected.push((base, text.clone()));
        }
    }
    hand_made(dir.path(), &entries);
    let stores = opened(dir.path());
    assert_eq!(stores.skips(), []);
    let (busy, made) = (Busy::default(), Mutex::new(0));
    let seen = ObjectSet::new(stores.objects().len());
    let options = SweepOptions {
        threads: 2,
        kinds: ObjectKind::ALL,
        only: None,
        without: None,
        seen: &seen,
    };
    let visitors = stores.sweep(options, || {
        let mut made = made.lock().expect("no visitor fails");
        *made += 1;
        Slow {
            number: *made,
            busy: &busy,
            recorder: Recorder::default(),
        }
    });
    let handed: Vec<usize> = visitors.iter().map(|v| v.recorder.objects.len()).collect();
    assert_eq!(handed.len(), 2);
    assert!(
        handed.iter().all(|n| *n > 0),
        "one of them idled: {handed:?}"
    );
    // Each once, by whomever.
    assert_eq!(handed.iter().sum::<usize>(), expected.len());
    assert_eq!(seen.len(), expected.len());
    for (id, text) in expected {
        let number = stores.objects().find(&id).expect("known");
        let mut all = visitors
            .iter()
            .filter_map(|v| v.recorder.objects.get(&number));
        assert!(all.next().expect("handed out").1 == text);
    }
    let based: usize = visitors.iter().map(|v| v.recorder.based).sum();
    assert_eq!(
        based, 240,
        "what a base was for is not forgotten on the way"
    );
}

/// A worker that fails while another waits must not be waited for.
#[test]
fn nobody_waits_for_a_worker_that_is_gone() {
    use super::super::share::Shared;

    let shared: Shared<()> = Shared::new(2);
    let mut waits = shared.seat();
    let gone = shared.seat();
    std::thread::scope(|scope| {
        scope.spawn(move || drop(gone));
        assert!(waits.take().is_none());
    });
}
