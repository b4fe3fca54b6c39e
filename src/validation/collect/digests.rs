//! Digests of the entries of a container, each entry read once for all algorithms that are
//! asked for together.

use std::collections::{BTreeMap, BTreeSet};

use crate::crypto::{Digest, DigestAlgorithm, DigestContext};
use crate::error::Result;
use crate::signature::asic::Container;

/// What was computed so far.
pub(super) struct Digests<'c, 's> {
    container: &'c Container<'s>,
    known: BTreeMap<String, BTreeMap<DigestAlgorithm, Digest>>,
}

impl<'c, 's> Digests<'c, 's> {
    pub(super) fn new(container: &'c Container<'s>) -> Self {
        Self { container, known: BTreeMap::new() }
    }

    /// The digests of an entry by these algorithms; none where there is no such entry.
    ///
    /// # Errors
    /// `Malformed` when its data is not what its headers say; `Io`.
    pub(super) fn compute(
        &mut self,
        name: &str,
        algorithms: BTreeSet<DigestAlgorithm>,
    ) -> Result<Vec<Digest>> {
        let Some(entry) = self.container.archive().entry(name) else { return Ok(Vec::new()) };
        let known = self.known.entry(name.to_owned()).or_default();
        let missing = algorithms.iter().filter(|it| !known.contains_key(*it));
        let mut contexts: Vec<_> = missing.map(|it| DigestContext::new(*it)).collect();
        if !contexts.is_empty() {
            self.container.archive().for_each_piece(entry, &mut |piece| {
                contexts.iter_mut().for_each(|it| it.update(piece));
                Ok(())
            })?;
            let computed = contexts.into_iter().map(DigestContext::finish);
            known.extend(computed.map(|it| (it.algorithm(), it)));
        }
        Ok(algorithms.iter().filter_map(|it| known.get(it).cloned()).collect())
    }
}
