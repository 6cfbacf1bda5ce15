//! Which runs of token bytes look random enough to be tried: one look at a run, for all patterns.

use super::bytes::{ByteSet, TOKEN};
use super::lane::RUN;
use super::shape::{self, Node};

/// The share of random secrets that the gate on runs may lose.
const GATE_LOSS: f64 = 1e-4;

/// The fewest changes that a gate asks for: less is no gate.
const GATE_LEAST: u8 = 3;

/// The most that a gate asks for: tokens of a smaller alphabet than was written are to pass, too.
pub const GATE_MOST: u8 = 6;

/// So many bytes of a run decide whether a mark passes its gate: what is far behind a mark does not.
pub const GATE_BYTES: usize = 128;

/// Which token runs a pattern is tried on: those that look random enough. A run is looked at once,
/// for all patterns; most runs of ordinary text are words, and end there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Every match has [`RUN`] letters and digits in a row, or the dashes of a UUID: a run without
    /// has none.
    Sure,
    /// A match has those, or so many changes between neighbouring digits, lower and upper case.
    /// Random ones nearly always do: all but one in 10,000.
    Changes(u8),
    /// A gate would lose too much: tried on every run.
    Open,
}

impl Gate {
    /// How many changes open the gate to a run without a row of letters and digits.
    pub const fn changes(self) -> u8 {
        match self {
            Self::Sure => u8::MAX,
            Self::Changes(least) => least,
            Self::Open => 0,
        }
    }
}

/// The gate of a run that begins with `nodes`.
pub(super) fn gate(nodes: &[Node]) -> Gate {
    if has_row(nodes) {
        return Gate::Sure;
    }
    let spread = changes(nodes);
    let lost = |least: u8| spread[..usize::from(least)].iter().sum::<f64>();
    let least = (GATE_LEAST..=GATE_MOST).rev();
    least
        .into_iter()
        .find(|least| lost(*least) <= GATE_LOSS)
        .map_or(Gate::Open, Gate::Changes)
}

/// What stands right behind the run of token bytes that `nodes` begin with, in every text that has
/// neither a row nor dashes: such a text is no match where anything else stands. All bytes if
/// nothing is known.
pub(super) fn behind(nodes: &[Node]) -> ByteSet {
    if has_row(nodes) {
        return ByteSet::EMPTY;
    }
    let mut all = ByteSet::EMPTY;
    for (i, node) in nodes.iter().enumerate() {
        match node {
            Node::Bytes(bytes) => {
                if let Some(end) = bytes.iter().find(|b| !TOKEN.has(**b)) {
                    return all.or(ByteSet::of(*end));
                }
            }
            Node::Set { set, .. } if set.within(TOKEN) => {}
            Node::Set { set, min, .. } if set.and(TOKEN).is_empty() => {
                all = all.or(*set);
                if *min > 0 {
                    return all;
                }
            }
            Node::Set { .. } => return ByteSet::ALL,
            Node::Either(alternatives) => {
                let texts = alternatives
                    .iter()
                    .map(|a| [&nodes[..i], a, &nodes[i + 1..]].concat());
                return texts.fold(all, |all, nodes| all.or(behind(&nodes)));
            }
        }
    }
    ByteSet::ALL
}

/// Whether every text has [`RUN`] letters and digits in a row among the token bytes it begins with,
/// or the dashes of a UUID.
fn has_row(nodes: &[Node]) -> bool {
    if has_uuid_dashes(nodes) {
        return true;
    }
    for (i, node) in nodes.iter().enumerate() {
        if shape::length(&nodes[..i]).1 > GATE_BYTES - RUN {
            return false;
        }
        if shape::leading_run(&nodes[i..], ByteSet::ALNUM) >= RUN {
            return true;
        }
        let goes_on = match node {
            Node::Bytes(bytes) => bytes.iter().all(|b| TOKEN.has(*b)),
            Node::Set { set, .. } => set.within(TOKEN),
            Node::Either(alternatives) => {
                let rest = &nodes[i + 1..];
                let mut texts = alternatives.iter().map(|a| [a.as_slice(), rest].concat());
                return texts.all(|nodes| has_row(&nodes));
            }
        };
        if !goes_on {
            return false;
        }
    }
    false
}

/// Whether every text has dashes at four places five apart, as a UUID has.
fn has_uuid_dashes(nodes: &[Node]) -> bool {
    let mut dashes = Vec::new();
    let mut at = 0;
    for node in nodes {
        match node {
            Node::Bytes(bytes) => {
                let places = bytes.iter().enumerate().filter(|(_, b)| **b == b'-');
                dashes.extend(places.map(|(i, _)| at + i));
                at += bytes.len();
            }
            Node::Set { set, min, max, .. } if min == max && set.within(TOKEN) => {
                at += usize::from(*min);
            }
            _ => break,
        }
    }
    dashes
        .iter()
        .any(|d| [5, 10, 15].iter().all(|step| dashes.contains(&(d + step))))
}

/// For each number of changes of kind below [`GATE_MOST`], the share of texts of a shape, drawn at
/// random, whose leading run has just so many. A change is two neighbours that are both letters or
/// digits and of different kind; other bytes (`_`, `-`, `/`) count nothing.
fn changes(nodes: &[Node]) -> [f64; GATE_MOST as usize] {
    // State: changes so far (capped) and the kind of the last letter or digit.
    type State = [[f64; 4]; GATE_MOST as usize + 1];
    fn kind(byte: u8) -> usize {
        match byte {
            b'0'..=b'9' => 1,
            b'a'..=b'z' => 2,
            b'A'..=b'Z' => 3,
            _ => 0,
        }
    }
    fn step(state: &State, set: ByteSet) -> State {
        let mut next = State::default();
        let mut share = [0.0; 4];
        for byte in set.iter() {
            share[kind(byte)] += 1.0 / f64::from(set.len());
        }
        for (changes, kinds) in state.iter().enumerate() {
            for (last, p) in kinds.iter().enumerate() {
                for (now, q) in share.iter().enumerate() {
                    let differs = now != 0 && last != 0 && now != last;
                    let changes = (changes + usize::from(differs)).min(next.len() - 1);
                    next[changes][now] += p * q;
                }
            }
        }
        next
    }
    fn walk(nodes: &[Node], mut state: State, mut room: usize) -> State {
        for (i, node) in nodes.iter().enumerate() {
            match node {
                Node::Bytes(bytes) => {
                    for byte in bytes {
                        if !TOKEN.has(*byte) || room == 0 {
                            return state;
                        }
                        state = step(&state, ByteSet::of(*byte));
                        room -= 1;
                    }
                }
                Node::Set { set, min, .. } => {
                    if !set.within(TOKEN) {
                        return state;
                    }
                    for _ in 0..usize::from(*min).min(room) {
                        state = step(&state, *set);
                        room -= 1;
                    }
                }
                Node::Either(alternatives) => {
                    // Each number of changes as likely as with the alternative that has it most.
                    let rest = &nodes[i + 1..];
                    let ends = alternatives
                        .iter()
                        .map(|a| walk(&[a.as_slice(), rest].concat(), state, room));
                    return ends.fold(State::default(), |mut most, end| {
                        for (most, end) in most.iter_mut().flatten().zip(end.iter().flatten()) {
                            *most = f64::max(*most, *end);
                        }
                        most
                    });
                }
            }
        }
        state
    }
    let mut start = State::default();
    start[0][0] = 1.0;
    let end = walk(nodes, start, GATE_BYTES);
    std::array::from_fn(|changes| end[changes].iter().sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_asks_for_what_every_text_has_or_nearly_every_random_one() {
        let gate = |expression: &str| gate(&shape::parse(expression).unwrap());
        // A row may begin behind a literal, and be another thing in each alternative.
        assert_eq!(gate("x-[0-9a-f]{16}"), Gate::Sure);
        let uuid = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
        assert_eq!(gate(&format!("[0-9a-f]{{40}}|{uuid}")), Gate::Sure);
        assert_ne!(gate(&format!("[0-9a-f_]{{40}}|{uuid}")), Gate::Sure);
        // 15 letters or digits, twice: 28 neighbours, each a change with probability 1/2. Of 2^28
        // texts 24,158 have less than five changes (0.9 of 10,000), 122,438 less than six.
        let fifteen = "[0-9a-j]{15}_";
        assert_eq!(gate(&fifteen.repeat(2)), Gate::Changes(5));
        assert_eq!(gate(&fifteen.repeat(3)), Gate::Changes(GATE_MOST));
        // Ten, twice: 18 neighbours; 172 of 2^18 have less than three changes, 6.6 of 10,000.
        assert_eq!(gate(&"[0-9a-j]{10}_".repeat(2)), Gate::Open);
        assert_eq!(gate("[a-z_]{40}"), Gate::Open);
    }

    #[test]
    fn the_loss_of_the_gate_is_what_a_hand_count_gives() {
        // One letter or one digit after another: a change of kind with probability 1/2 each.
        // Of 16 characters there are 15 neighbours; P(0, 1 or 2 changes) = (1 + 15 + 105) / 2^15.
        let nodes = shape::parse("[0-9a-j]{16}").unwrap();
        let lost: f64 = changes(&nodes)[..3].iter().sum();
        assert!((lost - 121.0 / 32768.0).abs() < 1e-12);
    }
}
