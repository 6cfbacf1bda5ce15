//! A filter on the first bytes of what is looked for, as tables of nibbles.

/// Tables of nibbles: a byte is in a group's set at a place if the bits of both nibbles say so.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nibbles {
    /// By the low nibble.
    pub low: [u8; 16],
    /// By the high one.
    pub high: [u8; 16],
}

impl Nibbles {
    /// Tables for three bytes in a row: they let in a superset of the openings.
    ///
    /// Openings that begin alike share a group, and groups are joined until there are eight: those
    /// two first that let in the fewest openings more together than apart.
    pub fn filter(openings: &[[u8; 3]]) -> [Self; 3] {
        let mut groups: Vec<(Vec<[u8; 3]>, Reached)> = Vec::new();
        for opening in openings {
            let alike = groups.iter_mut().find(|(all, _)| all[0][0] == opening[0]);
            match alike {
                Some((all, reached)) => {
                    all.push(*opening);
                    *reached = reached.with(Reached::of(*opening));
                }
                None => groups.push((vec![*opening], Reached::of(*opening))),
            }
        }
        while groups.len() > 8 {
            let mut best = (u64::MAX, 0, 1);
            for (i, (_, one)) in groups.iter().enumerate() {
                for (j, (_, other)) in groups.iter().enumerate().skip(i + 1) {
                    let more = one.with(*other).count() - one.count() - other.count();
                    best = best.min((more, i, j));
                }
            }
            let (_, i, j) = best;
            let (all, reached) = groups.swap_remove(j);
            groups[i].0.extend(all);
            groups[i].1 = groups[i].1.with(reached);
        }
        let mut places = [Self::default(); 3];
        for (number, (all, _)) in groups.iter().enumerate() {
            for opening in all {
                for (place, byte) in places.iter_mut().zip(opening) {
                    place.let_in(*byte, number);
                }
            }
        }
        places
    }

    /// Lets a byte into a group.
    pub fn let_in(&mut self, byte: u8, group: usize) {
        self.low[usize::from(byte & 15)] |= 1 << group;
        self.high[usize::from(byte >> 4)] |= 1 << group;
    }

    /// Lets all bytes into a group.
    pub fn let_any_in(&mut self, group: usize) {
        for nibble in 0..16 {
            self.low[nibble] |= 1 << group;
            self.high[nibble] |= 1 << group;
        }
    }

    /// The groups that a byte is in.
    #[inline]
    pub fn groups(&self, byte: u8) -> u8 {
        self.low[usize::from(byte & 15)] & self.high[usize::from(byte >> 4)]
    }
}

/// What the tables of nibbles let in for a set of openings: low and high nibbles, by place.
#[derive(Clone, Copy, Debug)]
struct Reached([(u16, u16); 3]);

impl Reached {
    fn of(opening: [u8; 3]) -> Self {
        Self(opening.map(|b| (1 << (b & 15), 1 << (b >> 4))))
    }

    fn with(self, other: Self) -> Self {
        let both = |i: usize| (self.0[i].0 | other.0[i].0, self.0[i].1 | other.0[i].1);
        Self([both(0), both(1), both(2)])
    }

    /// How many openings.
    fn count(self) -> u64 {
        let bytes = self
            .0
            .map(|(low, high)| low.count_ones() * high.count_ones());
        bytes.into_iter().map(u64::from).product()
    }
}
