//! `/ByteRange`: reading it, and hashing what it covers.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::facts::{ByteRange, Finding};
use crate::crypto::{Digest, DigestAlgorithm, DigestContext};
use crate::encoding::pdf::Object;
use crate::error::Result;
use crate::source::{Source, for_each_piece};

impl ByteRange {
    /// The array of a signature dictionary, for a file of `len` bytes.
    pub(super) fn read(value: &Object, len: u64) -> Result<Self, Finding> {
        let items = value.as_array().ok_or(Finding::ByteRangeMissing)?;
        let [a, b, c, d] = items else { return Err(Finding::ByteRangeNotFourIntegers) };
        let number = |item: &Object| {
            let value = item.as_integer().ok_or(Finding::ByteRangeNotFourIntegers)?;
            u64::try_from(value).map_err(|_| Finding::ByteRangeNegative)
        };
        let range = Self { before: (number(a)?, number(b)?), after: (number(c)?, number(d)?) };
        let ends = [range.before, range.after].map(|(start, length)| start.checked_add(length));
        match ends {
            [Some(first), Some(second)] if first <= range.after.0 && second <= len => Ok(range),
            _ => Err(Finding::ByteRangeOutOfFile),
        }
    }
}

/// The digest of what each byte range covers, in one pass over the document: what
/// signatures of later revisions cover too is hashed once for all of them.
///
/// # Errors
/// `Malformed` when a range does not lie within the document; `Io`.
pub(crate) fn digests<S: Source + ?Sized>(
    source: &S,
    wanted: &[(ByteRange, DigestAlgorithm)],
) -> Result<Vec<Digest>> {
    let mut hashing = Hashing::new(wanted);
    let mut bounds: Vec<u64> = wanted
        .iter()
        .flat_map(|(range, _)| range.ranges())
        .flat_map(|range| [range.start, range.end])
        .collect();
    bounds.sort_unstable();
    bounds.dedup();
    for pair in bounds.windows(2) {
        let &[start, end] = pair else { continue };
        let mut active = hashing.covering(start);
        if active.is_empty() {
            continue;
        }
        for_each_piece(source, start..end, |piece| {
            // Small enough to stay in the cache when several digests share it.
            for part in piece.chunks(PART) {
                active.iter_mut().for_each(|context| context.update(part));
            }
            Ok(())
        })?;
    }
    Ok(hashing.finish())
}

const PART: usize = 256 << 10;

/// One trunk per algorithm hashes from the first byte on; a signature whose first
/// stretch begins there branches off where its gap begins.
struct Hashing<'a> {
    wanted: &'a [(ByteRange, DigestAlgorithm)],
    trunks: Vec<Trunk>,
    branches: Vec<Option<DigestContext>>,
}

struct Trunk {
    algorithm: DigestAlgorithm,
    context: DigestContext,
    /// Where its last signature branches off.
    end: u64,
}

impl<'a> Hashing<'a> {
    fn new(wanted: &'a [(ByteRange, DigestAlgorithm)]) -> Self {
        let mut trunks: Vec<Trunk> = Vec::new();
        for (range, algorithm) in wanted.iter().filter(|it| it.0.before.0 == 0) {
            let end = range.before.1;
            match trunks.iter_mut().find(|trunk| trunk.algorithm == *algorithm) {
                Some(trunk) => trunk.end = trunk.end.max(end),
                None => trunks.push(Trunk {
                    algorithm: *algorithm,
                    context: DigestContext::new(*algorithm),
                    end,
                }),
            }
        }
        Self { wanted, trunks, branches: vec![None; wanted.len()] }
    }

    /// What has to be fed with the bytes from `at` up to the next bound.
    fn covering(&mut self, at: u64) -> Vec<&mut DigestContext> {
        self.branch_off(at);
        let trunks = self.trunks.iter_mut().filter(|it| at < it.end).map(|it| &mut it.context);
        let branches =
            self.branches.iter_mut().zip(self.wanted).filter_map(|(branch, (range, _))| {
                let [before, after] = range.ranges();
                let own = before.start != 0 && before.contains(&at);
                if own || after.contains(&at) { branch.as_mut() } else { None }
            });
        trunks.chain(branches).collect()
    }

    fn branch_off(&mut self, at: u64) {
        for (branch, (range, algorithm)) in self.branches.iter_mut().zip(self.wanted) {
            let (start, length) = range.before;
            if branch.is_some() || start.saturating_add(length) > at && start == 0 || start > at {
                continue;
            }
            let trunk = self.trunks.iter().find(|it| start == 0 && it.algorithm == *algorithm);
            *branch = Some(match trunk {
                Some(trunk) => trunk.context.clone(),
                None => DigestContext::new(*algorithm),
            });
        }
    }

    fn finish(mut self) -> Vec<Digest> {
        self.branch_off(u64::MAX);
        self.branches
            .into_iter()
            .zip(self.wanted)
            .map(|(branch, (_, algorithm))| {
                branch.unwrap_or_else(|| DigestContext::new(*algorithm)).finish()
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_pass_gives_what_many_give() {
        let document: Vec<u8> = (0..9_999_u32).map(|n| n.to_le_bytes()[0]).collect();
        let range = |a, b, c, d| ByteRange { before: (a, b), after: (c, d) };
        let wanted = [
            (range(0, 100, 200, 300), DigestAlgorithm::Sha256),
            (range(0, 5_000, 6_000, 3_999), DigestAlgorithm::Sha256),
            (range(0, 700, 800, 0), DigestAlgorithm::Sha256),
            (range(0, 0, 0, 9_999), DigestAlgorithm::Sha384),
            (range(7, 700, 900, 1), DigestAlgorithm::Sha1),
            (range(0, 100, 200, 300), DigestAlgorithm::Sha512),
            (range(0, 0, 50, 0), DigestAlgorithm::Sha256),
            (range(0, 5_000, 5_000, 1), DigestAlgorithm::Sha256),
        ];
        let together = digests(&document, &wanted).unwrap();
        for (n, (range, algorithm)) in wanted.iter().enumerate() {
            let covered: Vec<u8> = range
                .ranges()
                .into_iter()
                .flat_map(|it| document.window(it).unwrap().into_owned())
                .collect();
            assert_eq!(together[n], algorithm.digest(&covered), "{n}");
        }
    }

    #[test]
    fn every_defect_has_its_name() {
        let read = |numbers: &[i64]| {
            let items = numbers.iter().copied().map(Object::Integer).collect();
            ByteRange::read(&Object::Array(items), 1000)
        };
        assert!(read(&[0, 10, 20, 980]).is_ok());
        assert_eq!(read(&[0, 10, 20]), Err(Finding::ByteRangeNotFourIntegers));
        assert_eq!(read(&[0, 10, 20, 1, 1]), Err(Finding::ByteRangeNotFourIntegers));
        assert_eq!(read(&[0, -10, 20, 1]), Err(Finding::ByteRangeNegative));
        assert_eq!(read(&[0, 30, 20, 1]), Err(Finding::ByteRangeOutOfFile));
        assert_eq!(read(&[0, 10, 20, 981]), Err(Finding::ByteRangeOutOfFile));
        assert_eq!(read(&[0, i64::MAX, i64::MAX, i64::MAX]), Err(Finding::ByteRangeOutOfFile));
        assert_eq!(ByteRange::read(&Object::Null, 9), Err(Finding::ByteRangeMissing));
    }
}
