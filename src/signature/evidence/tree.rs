//! Reduced hash trees (RFC 4998 §4.2, RFC 6283 §3.2): the digests that lead from a document
//! to the one that was time-stamped.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::borrow::Cow;

use crate::crypto::{Digest, DigestAlgorithm, DigestContext};

/// Lists of digests, from the documents up. The digest of each list belongs to the next.
#[derive(Debug, Clone, Default)]
pub(crate) struct HashTree<'a> {
    lists: Vec<Vec<Cow<'a, [u8]>>>,
}

impl<'a> HashTree<'a> {
    /// The first list is the documents'.
    pub(super) fn new(lists: Vec<Vec<Cow<'a, [u8]>>>) -> Self {
        Self { lists }
    }

    /// Digests that stand side by side with the document's own: of its group, or of the
    /// leaves beside it.
    pub(crate) fn first(&self) -> &[Cow<'a, [u8]>] {
        self.lists.first().map_or(&[], Vec::as_slice)
    }

    /// The digest at the top (RFC 4998 §4.3 step 3): each list in binary ascending order,
    /// whatever order it stands in. A list of one digest is that digest.
    ///
    /// Nothing where a list is empty, or a digest is not as long as those of the
    /// algorithm: what is concatenated could be cut at other places otherwise.
    pub(crate) fn root(&self, algorithm: DigestAlgorithm) -> Option<Digest> {
        let mut below: Option<Digest> = None;
        for list in &self.lists {
            let mut all: Vec<&[u8]> = list.iter().map(AsRef::as_ref).collect();
            all.extend(below.as_ref().map(Digest::value));
            if list.is_empty() || all.iter().any(|it| it.len() != algorithm.octets()) {
                return None;
            }
            below = Some(group(algorithm, all)?);
        }
        below
    }
}

/// One digest for several, in binary ascending order; one stands for itself.
pub(crate) fn group(algorithm: DigestAlgorithm, mut all: Vec<&[u8]>) -> Option<Digest> {
    if let [one] = all.as_slice() {
        return Digest::new(algorithm, *one).ok();
    }
    all.sort_unstable();
    let mut context = DigestContext::new(algorithm);
    all.iter().for_each(|it| context.update(it));
    Some(context.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA256: DigestAlgorithm = DigestAlgorithm::Sha256;

    fn tree(lists: &[&[&Digest]]) -> HashTree<'static> {
        let list = |it: &&[&Digest]| it.iter().map(|it| it.value().to_vec().into()).collect();
        HashTree::new(lists.iter().map(list).collect())
    }

    fn joined(one: &Digest, other: &Digest) -> Digest {
        let (first, second) = (one.value().min(other.value()), one.value().max(other.value()));
        SHA256.digest(&[first, second].concat())
    }

    #[test]
    fn lists_are_sorted_and_one_digest_is_itself() {
        let [a, b, c] = [b"a", b"b", b"c"].map(|it| SHA256.digest(it));
        assert_eq!(tree(&[&[&a]]).root(SHA256).unwrap(), a);
        let both = joined(&a, &b);
        assert_eq!(tree(&[&[&a, &b]]).root(SHA256).unwrap(), both);
        assert_eq!(tree(&[&[&b, &a]]).root(SHA256).unwrap(), both);
        assert_eq!(tree(&[&[&b, &a], &[&c]]).root(SHA256).unwrap(), joined(&both, &c));
        assert_ne!(tree(&[&[&b, &c], &[&a]]).root(SHA256), tree(&[&[&b, &a], &[&c]]).root(SHA256));
    }

    #[test]
    fn what_is_no_digest_leads_nowhere() {
        let a = SHA256.digest(b"a");
        let long = HashTree::new(vec![vec![[a.value(), a.value()].concat().into()]]);
        assert_eq!(long.root(SHA256), None);
        assert_eq!(tree(&[&[&a], &[]]).root(SHA256), None);
        assert_eq!(tree(&[]).root(SHA256), None);
        assert_eq!(tree(&[&[&a]]).root(DigestAlgorithm::Sha512), None);
    }
}
