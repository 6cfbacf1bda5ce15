//! Which objects are here without damage, as far as can be told without inflating them.

use super::{ObjectSet, Stores};

impl Stores {
    /// The objects of which a copy is here whose stored bytes have the checksum of the index, and
    /// those of all that it is built upon; of loose objects those that are listed.
    pub fn sound(&self) -> ObjectSet {
        let sound = ObjectSet::new(self.objects.len());
        for pack in &self.packs {
            for entry in pack.entries.iter().filter(|e| e.kind.is_some()) {
                sound.insert(entry.number);
            }
            // What is built upon a base in another store has no kind before that is read.
            let mut left: Vec<u32> = pack.elsewhere.iter().map(|e| e.0).collect();
            while let Some(entry) = left.pop() {
                sound.insert(pack.entries[entry as usize].number);
                left.extend(pack.children(entry));
            }
        }
        for loose in &self.loose {
            for number in &loose.numbers {
                sound.insert(*number);
            }
        }
        sound
    }
}
