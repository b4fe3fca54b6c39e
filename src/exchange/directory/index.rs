//! From codes and identifiers to agencies.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::unit::Unit;
use crate::envelope::edxml::{OrganId, OrganIdForm};
use crate::error::{Error, Result};

/// Positions by code and by identifier. No two agencies on the list have a code in common.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    ids: HashMap<Box<str>, usize>,
    live: HashMap<Box<str>, usize>,
    /// The last holder of codes that nobody on the list has.
    former: HashMap<Box<str>, usize>,
}

/// One text for all codes that are the same agency's for certain.
fn key(code: &OrganId) -> &str {
    const FIRST_LEVEL: &str = "000.00.00.";
    match code.form() {
        OrganIdForm::Qcvn102 => code.as_str().strip_prefix(FIRST_LEVEL).unwrap_or(code.as_str()),
        OrganIdForm::Decision20 | OrganIdForm::Other => code.as_str(),
    }
}

impl Index {
    pub(super) fn live(&self, code: &OrganId) -> Option<usize> {
        self.live.get(key(code)).copied()
    }

    pub(super) fn former(&self, code: &OrganId) -> Option<usize> {
        self.former.get(key(code)).copied()
    }

    pub(super) fn by_id(&self, id: &str) -> Option<usize> {
        self.ids.get(id).copied()
    }

    /// The one under this identifier or code.
    pub(super) fn parent(&self, parent: &str) -> Option<usize> {
        self.by_id(parent).or_else(|| self.live(&parent.into()))
    }

    /// Whether nobody on the list but the one at this position has the code.
    pub(super) fn is_free(&self, code: &OrganId, for_position: usize) -> bool {
        self.live(code).is_none_or(|holder| holder == for_position)
    }

    /// Notes an agency.
    ///
    /// # Errors
    /// `Malformed` when another one on the list has one of its codes, or its identifier.
    pub(super) fn insert(&mut self, position: usize, unit: &Unit) -> Result<()> {
        if let Some(code) = unit.codes().find(|it| !unit.deleted && !self.is_free(it, position)) {
            return Err(Error::malformed(format!("two agencies have the code {code}")));
        }
        if self.by_id(&unit.id).is_some_and(|it| it != position) {
            return Err(Error::malformed(format!("two agencies have the identifier {}", unit.id)));
        }
        self.identify(position, &unit.id);
        for code in unit.codes() {
            if unit.deleted {
                self.former.insert(key(code).into(), position);
            } else {
                self.former.remove(key(code));
                self.live.insert(key(code).into(), position);
            }
        }
        Ok(())
    }

    /// Forgets the codes of an agency, before they change.
    pub(super) fn release(&mut self, position: usize, unit: &Unit) {
        for code in unit.codes() {
            for map in [&mut self.live, &mut self.former] {
                if let Entry::Occupied(held) = map.entry(key(code).into())
                    && *held.get() == position
                {
                    held.remove();
                }
            }
        }
    }

    pub(super) fn identify(&mut self, position: usize, id: &str) {
        if !id.is_empty() {
            self.ids.insert(id.into(), position);
        }
    }

    pub(super) fn forget_id(&mut self, id: &str) {
        self.ids.remove(id);
    }
}
