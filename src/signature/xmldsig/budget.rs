//! What following the references of one document may cost.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::cell::Cell;
use std::rc::Rc;

use crate::encoding::xml::{Document, NodeId, Sink};
use crate::error::{Error, Result};
use crate::limits::Limits;

/// How much may still be digested for one document.
#[derive(Clone)]
pub(super) struct Budget(Rc<Cell<u64>>);

impl Budget {
    pub(super) fn of(document: &Document<'_>, limits: &Limits) -> Self {
        let length = u64::try_from(document.place(NodeId::ROOT).len()).unwrap_or(u64::MAX);
        let most = length.saturating_mul(limits.xml_digest_factor);
        Self(Rc::new(Cell::new(most.saturating_add(limits.xml_digest_bytes))))
    }

    pub(super) fn spend(&self, octets: usize) -> Result<()> {
        let octets = u64::try_from(octets).unwrap_or(u64::MAX);
        match self.0.get().checked_sub(octets) {
            Some(left) => {
                self.0.set(left);
                Ok(())
            }
            None => Err(Error::limit("octets digested for one XML document")),
        }
    }
}

/// What is written is spent.
pub(super) struct Metered<'s> {
    pub(super) sink: &'s mut dyn Sink,
    pub(super) budget: Budget,
}

impl Sink for Metered<'_> {
    fn write(&mut self, octets: &[u8]) -> Result<()> {
        self.budget.spend(octets.len())?;
        self.sink.write(octets)
    }

    fn effort(&mut self, octets: usize) -> Result<()> {
        self.budget.spend(octets)
    }
}
