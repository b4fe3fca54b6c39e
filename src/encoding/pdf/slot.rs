//! Where each object is, by its number and by revision, in little memory: a file has a hundred
//! thousand of them.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::section::Location;

/// An entry of a cross-reference section, in sixteen bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) number: u32,
    /// Which revision, which section of it, and in the lowest bits the kind of place.
    rank: u32,
    /// Offset and generation, or object stream and index.
    place: u64,
}

/// For what later revisions add, so that nothing is moved for it.
pub(super) const FEW: usize = 256;
/// Sections that one revision may consist of: two of a linearized file.
const SECTIONS: u32 = 4;
const KINDS: u32 = 4;
const FREE: u32 = 0;
const AT: u32 = 1;
const IN_STREAM: u32 = 2;
/// Beyond the end of any file, as what is larger is, too.
const FARTHEST: u64 = u64::MAX >> u16::BITS;

impl Slot {
    /// In the only section of the first revision.
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

    /// In a section, counted from the newest, of a revision, counted from the oldest.
    pub(super) fn of(self, revision: usize, section: usize) -> Self {
        let small = |it| u32::try_from(it).unwrap_or(u32::MAX);
        let section = small(section).min(SECTIONS - 1);
        let rank = small(revision).saturating_mul(SECTIONS).saturating_add(section);
        let rank = rank.min(u32::MAX / KINDS).saturating_mul(KINDS);
        Self { rank: rank | self.kind(), ..self }
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

    pub(super) fn revision(self) -> usize {
        usize::try_from(self.rank / (KINDS * SECTIONS)).unwrap_or_default()
    }

    /// By number, then by revision, of one revision the section that wins first.
    fn order(self) -> u64 {
        u64::from(self.number) << u32::BITS | u64::from(self.rank / KINDS)
    }
}

/// Sorts slots, those of one number and section as they stand. Most of all mostly are sorted
/// already, as those of the first revision are, and are but moved up where they have to.
pub(super) fn sort(slots: &mut Vec<Slot>) {
    let pairs = slots.iter().zip(slots.iter().skip(1));
    let sorted = pairs.take_while(|(one, next)| one.order() <= next.order()).count();
    let mut rest = slots.split_off(sorted.saturating_add(1).min(slots.len()));
    rest.sort_by_key(|slot| slot.order());
    let mut end = slots.len();
    slots.extend_from_slice(&rest);
    for (n, slot) in rest.iter().enumerate().rev() {
        let below = slots.get(..end).unwrap_or_default();
        let at = below.partition_point(|it| it.order() <= slot.order());
        let to = at.saturating_add(n);
        slots.copy_within(at..end, to.saturating_add(1));
        slots.get_mut(to).into_iter().for_each(|it| *it = *slot);
        end = at;
    }
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
            for revision in [0, 1, 9_999, (1 << 28) - 1] {
                let of = slot.of(revision, n);
                assert_eq!((of.location(), of.revision()), (location, revision));
                assert!(of.is_where(slot) && of.is_free() == (n == 0));
                assert_eq!(
                    all.map(|it| Slot::new(1, it).is_where(of)),
                    all.map(|it| it == location)
                );
            }
        }
        assert_eq!(Slot::new(1, at(u64::MAX, 5)).location(), at(FARTHEST, 5));
        assert_eq!(Slot::new(1, at(1, 0)).of(usize::MAX, usize::MAX).location(), at(1, 0));
        assert_eq!(size_of::<Slot>(), 16);
    }

    #[test]
    fn sorted_as_by_a_stable_sort() {
        let mut state = 5_u64;
        let mut random = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % below
        };
        for round in 0..400 {
            let (front, behind) = (random(40), random(if round % 2 == 0 { 5 } else { 40 }));
            let mut slots: Vec<_> = (0..front + behind)
                .map(|n| {
                    let number = u32::try_from(random(20)).unwrap();
                    let place = Location::At { offset: n, generation: 0 };
                    let revision = usize::from(n >= front) * usize::try_from(random(3)).unwrap();
                    Slot::new(number, place).of(revision, usize::try_from(random(2)).unwrap())
                })
                .collect();
            let front = usize::try_from(front).unwrap();
            // Now and then nothing is.
            if round % 8 != 0 {
                slots[..front].sort_by_key(|it| it.order());
            }
            let mut expected = slots.clone();
            expected.sort_by_key(|it| it.order());
            sort(&mut slots);
            assert_eq!(slots, expected);
        }
    }
}
