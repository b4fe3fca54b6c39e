//! What was read of the files beside signatures: many documents of one container refer to the
//! same ones.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};

use crate::crypto::{Digest, DigestAlgorithm};
use crate::error::{Error, Result};
use crate::limits::Limits;

/// The digests of whole files, and how much more may be read of all.
#[derive(Debug)]
pub(crate) struct ReadFiles {
    digests: RefCell<HashMap<(String, DigestAlgorithm), Digest>>,
    names: RefCell<HashSet<String>>,
    factor: u64,
    left: Cell<u64>,
}

impl ReadFiles {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            digests: RefCell::default(),
            names: RefCell::default(),
            factor: limits.xml_file_factor,
            left: Cell::new(limits.xml_digest_bytes),
        }
    }

    pub(super) fn digest(&self, name: &str, by: DigestAlgorithm) -> Option<Digest> {
        self.digests.borrow().get(&(name.to_owned(), by)).cloned()
    }

    pub(super) fn keep(&self, name: &str, digest: Digest) {
        self.digests.borrow_mut().insert((name.to_owned(), digest.algorithm()), digest);
    }

    /// # Errors
    /// `LimitExceeded` when too much was read of the files together.
    pub(super) fn spend(&self, name: &str, octets: u64) -> Result<()> {
        if self.names.borrow_mut().insert(name.to_owned()) {
            let more = octets.saturating_mul(self.factor);
            self.left.set(self.left.get().saturating_add(more));
        }
        let left = self.left.get().checked_sub(octets);
        self.left
            .set(left.ok_or_else(|| Error::limit("octets read of the files beside signatures"))?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn a_file_is_read_some_times_and_no_more() {
        let limits = Limits { xml_file_factor: 3, xml_digest_bytes: 10, ..Limits::default() };
        let read = ReadFiles::new(&limits);
        // An empty file costs nothing.
        read.spend("empty", 0).unwrap();
        (0..3).for_each(|_| read.spend("a", 100).unwrap());
        let error = read.spend("a", 100).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LimitExceeded);
        read.spend("b", 100).unwrap();
    }
}
