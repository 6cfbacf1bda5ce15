//! One object that is no commit: what a push sends with it.

use std::path::PathBuf;

use super::absent;
use super::judge::{Teller, Told};
use super::pushed::Alone;
use super::renames::Renames;
use crate::findings::Collector;
use crate::sources::history::{Failed, ObjectKind, Tag, Touched, path_of, touched};
use crate::sources::{Skip, SkipReason};

impl Teller<'_> {
    /// Judges an object that is no commit: the text of a tag, a blob, all files of a tree.
    pub(super) fn alone(&mut self, one: &Alone) -> Told {
        let hex = self.with.lookup.hex(&one.id);
        let mut told = Told::default();
        told.info.commit.clone_from(&hex);
        let mut collector = Collector::from_the_top();
        let mut failed: Vec<Failed> = Vec::new();
        let file = |path: &str| Touched {
            path: path.as_bytes().to_vec(),
            blob: one.id,
            is_link: false,
            old: Vec::new(),
        };
        let files = match (one.kind, self.reader.read(&one.id)) {
            (_, Err(why)) => {
                failed.push((one.id, why));
                Vec::new()
            }
            (ObjectKind::Tag, Ok((_, data))) => {
                let path = PathBuf::from(format!("tag:{hex}"));
                let text = Tag::parse(&data).map(|t| t.text).unwrap_or_default();
                self.text(&path, &data, text, &mut collector, &mut told);
                Vec::new()
            }
            (ObjectKind::Tree, Ok(_)) => touched(&mut self.reader, &one.id, &[], &mut failed),
            _ => vec![file(&one.name)],
        };
        let mut moved = Renames::new(one.id, &[]);
        for (judged, file) in files.iter().enumerate() {
            if self.with.stop.is_asked() {
                let why = format!("{judged} of {} files were judged", files.len());
                told.skips.push(Skip {
                    path: PathBuf::from(&hex),
                    reason: SkipReason::Interrupted(why),
                });
                break;
            }
            let shown = path_of(&file.path);
            let (told, failed) = (&mut told, &mut failed);
            self.file(file, &shown, &mut moved, &mut collector, failed, told);
        }
        for (id, why) in &failed {
            let object = self.with.lookup.hex(id);
            let skip = absent(&hex, &object, why, self.with.is_partial);
            told.skips.push(skip);
        }
        (told.findings, told.accepted) = collector.finish();
        told
    }
}
