//! Where each object is, by its number and by revision, in little memory: a file has a hundred
//! thousand of them.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::section::Location;

/// An entry of a cross-reference section, in sixteen bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) number: u32,
    /// Which revision, and in the lowest bits the kind of place.
    rank: u32,
    /// Offset and generation, or object stream and index.
    place: u64,
}

/// For what later revisions add, so that nothing is moved for it.
pub(super) const FEW: usize = 256;
const KINDS: u32 = 4;
const FREE: u32 = 0;
const AT: u32 = 1;
const IN_STREAM: u32 = 2;
/// Beyond the end of any file, as what is larger is, too.
const FARTHEST: u64 = u64::MAX >> u16::BITS;

impl Slot {
    /// In the first revision.
    pub(super) fn new(number: u32, location: Location) -> Self {
        let (rank, place) = match location {
            Location::Free => (FREE, 0),
            Location::At { offset, generation } => {
                (AT, offset.min(FARTHEST) << u16::BITS | u64::from(generation))
            }
            Location::InStream { stream, index } => {
                (IN_STREAM, u64::from(stream) << u32::BITS | u64::from(index))
            }
        };
        Self { number, rank, place }
    }

    /// In a revision, counted from the oldest.
    pub(super) fn of(self, revision: usize) -> Self {
        let revision = u32::try_from(revision).unwrap_or(u32::MAX).min(u32::MAX / KINDS);
        Self { rank: revision.saturating_mul(KINDS) | self.kind(), ..self }
    }

    fn kind(self) -> u32 {
        self.rank % KINDS
    }

    pub(super) fn location(self) -> Location {
        const LOW: u64 = 0xFFFF_FFFF;
        match self.kind() {
            AT => Location::At {
                offset: self.place >> u16::BITS,
                generation: u16::try_from(self.place & u64::from(u16::MAX)).unwrap_or_default(),
            },
            IN_STREAM => Location::InStream {
                stream: u32::try_from(self.place >> u32::BITS).unwrap_or_default(),
                index: u32::try_from(self.place & LOW).unwrap_or_default(),
            },
            _ => Location::Free,
        }
    }

    pub(super) fn is_free(self) -> bool {
        self.kind() == FREE
    }

    pub(super) fn is_where(self, other: Self) -> bool {
        (self.kind(), self.place) == (other.kind(), other.place)
    }

    /// Whether the same revision says of both that they are in the same object stream.
    pub(super) fn is_beside(self, other: Self) -> bool {
        let [one, another] = [self, other].map(|it| it.place >> u32::BITS);
        self.kind() == IN_STREAM && self.rank == other.rank && one == another
    }

    pub(super) fn revision(self) -> usize {
        usize::try_from(self.rank / KINDS).unwrap_or_default()
    }

    /// By number, then by revision.
    fn order(self) -> u64 {
        u64::from(self.number) << u32::BITS | u64::from(self.rank / KINDS)
    }
}

/// Whether they are in the order of their numbers, each of which stands once, as those of
/// nearly every section do.
pub(super) fn ascend(slots: &[Slot]) -> bool {
    slots.is_sorted_by(|one, next| one.number < next.number)
}

/// Sorts those of one revision by number, and of each keeps the one that stands first.
pub(super) fn settle(slots: &mut Vec<Slot>) {
    slots.sort_by_key(|it| it.number);
    slots.dedup_by_key(|it| it.number);
}

/// Puts what later revisions say among what the first one says, in order. Mostly that is little:
/// the others are but moved up where they have to.
pub(super) fn merge(slots: &mut Vec<Slot>, mut later: Vec<Slot>) {
    later.sort_by_key(|slot| slot.order());
    let mut end = slots.len();
    slots.extend_from_slice(&later);
    for (n, slot) in later.iter().enumerate().rev() {
        let below = slots.get(..end).unwrap_or_default();
        let at = below.partition_point(|it| it.order() <= slot.order());
        let to = at.saturating_add(n);
        slots.copy_within(at..end, to.saturating_add(1));
        slots.get_mut(to).into_iter().for_each(|it| *it = *slot);
        end = at;
    }
}

/// Where an object is as of a revision, if anything says so.
pub(super) fn find(slots: &[Slot], number: u32, revision: usize) -> Option<Slot> {
    let behind = slots.partition_point(|slot| {
        slot.number < number || (slot.number == number && slot.revision() <= revision)
    });
    let slot = behind.checked_sub(1).and_then(|at| slots.get(at));
    slot.filter(|slot| slot.number == number).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_what_they_were() {
        let at = |offset, generation| Location::At { offset, generation };
        let within = |stream, index| Location::InStream { stream, index };
        let all = [
            Location::Free,
            at(0, 0),
            at(9, 1),
            at(FARTHEST, u16::MAX),
            within(0, 0),
            within(7, 3),
            within(u32::MAX, u32::MAX),
        ];
        for (n, location) in all.into_iter().enumerate() {
            let slot = Slot::new(u32::MAX, location);
            assert_eq!((slot.location(), slot.revision()), (location, 0));
            for revision in [0, 1, 9_999, (1 << 30) - 2] {
                let of = slot.of(revision);
                assert_eq!((of.location(), of.revision()), (location, revision));
                assert!(of.is_where(slot) && of.is_free() == (n == 0));
                let beside = of.is_beside(Slot::new(2, within(7, 9)).of(revision));
                assert_eq!(beside, location == within(7, 3));
                assert!(!of.is_beside(slot.of(revision + 1)));
                assert_eq!(
                    all.map(|it| Slot::new(1, it).is_where(of)),
                    all.map(|it| it == location)
                );
            }
        }
        assert_eq!(Slot::new(1, at(u64::MAX, 5)).location(), at(FARTHEST, 5));
        assert_eq!(Slot::new(1, at(1, 0)).of(usize::MAX).location(), at(1, 0));
        assert_eq!(size_of::<Slot>(), 16);
    }

    /// As by a sort of all, which keeps the order of those of one number and revision.
    #[test]
    fn first_of_each_number_and_revision_in_order() {
        let mut state = 5_u64;
        let mut random = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            usize::try_from((state >> 33) % below).unwrap()
        };
        for round in 0..400 {
            let revisions = random(4);
            let (mut all, mut slots, mut later) = (Vec::new(), Vec::new(), Vec::new());
            for revision in 0..=revisions {
                let few = revision > 0 && round % 2 == 0;
                let count = random(if few { 5 } else { 40 });
                let place = |n| Location::At { offset: n, generation: 0 };
                let mut own: Vec<_> = (0..count)
                    .map(|n| Slot::new(u32::try_from(random(20)).unwrap(), place(n as u64)))
                    .map(|it| it.of(revision))
                    .collect();
                all.extend_from_slice(&own);
                settle(&mut own);
                assert!(ascend(&own));
                match revision {
                    0 => slots = own,
                    _ => later.extend(own),
                }
            }
            merge(&mut slots, later);
            all.sort_by_key(|it| it.order());
            all.dedup_by_key(|it| it.order());
            assert_eq!(slots, all);
            for (number, revision) in (0..21).flat_map(|it| (0..5).map(move |n| (it, n))) {
                let mut known = all.iter().filter(|it| it.number == number);
                let last = known.rfind(|it| it.revision() <= revision);
                assert_eq!(find(&slots, number, revision), last.copied());
            }
        }
    }
}
