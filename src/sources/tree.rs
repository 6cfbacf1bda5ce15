//! interim
use super::*;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Mutex;
pub struct TreeOptions {
    pub targets: Vec<PathBuf>,
    pub ignored: bool,
    pub threads: usize,
}
pub fn walk<V: Visitor>(o: &TreeOptions, make: impl Fn() -> V + Sync) -> Vec<V> {
    let mut b = ignore::WalkBuilder::new(&o.targets[0]);
    for t in &o.targets[1..] {
        b.add(t);
    }
    b.hidden(false)
        .ignore(false)
        .git_global(false)
        .git_ignore(!o.ignored)
        .git_exclude(!o.ignored)
        .parents(!o.ignored)
        .require_git(true)
        .threads(o.threads);
    b.filter_entry(|e| e.file_name() != ".git");
    let out = Mutex::new(Vec::new());
    struct Put<'a, V>(Option<V>, &'a Mutex<Vec<V>>);
    impl<V> Drop for Put<'_, V> {
        fn drop(&mut self) {
            self.1.lock().unwrap().extend(self.0.take());
        }
    }
    b.build_parallel().run(|| {
        let mut v = Put(Some(make()), &out);
        let mut buf: Vec<u8> = Vec::new();
        Box::new(move |e| {
            let Ok(e) = e else {
                return ignore::WalkState::Continue;
            };
            if !e.file_type().is_some_and(|t| t.is_file()) {
                return ignore::WalkState::Continue;
            }
            buf.clear();
            let Ok(mut f) = std::fs::File::open(e.path()) else {
                return ignore::WalkState::Continue;
            };
            let _ = f.read_to_end(&mut buf);
            let kind = if buf[..buf.len().min(8192)].contains(&0) {
                ContentKind::Binary
            } else {
                ContentKind::Text
            };
            let o = Origin {
                path: e
                    .path()
                    .strip_prefix("./")
                    .unwrap_or(e.path())
                    .to_path_buf(),
            };
            let v = v.0.as_mut().unwrap();
            v.chunk(&o, &Chunk::whole(&buf, kind));
            v.done(&o, buf.len() as u64);
            ignore::WalkState::Continue
        })
    });
    out.into_inner().unwrap()
}
