//! Whether a journal is whole.

use std::fmt;

use super::entry::{Entry, EntryHash};

/// Follows a journal from its first entry on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chain {
    sequence: u64,
    hash: EntryHash,
}

/// Where a journal is not whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Break {
    /// An entry is missing, or stands where it does not belong.
    Missing {
        /// The entry that had to come.
        expected: u64,
        /// The one that came.
        found: u64,
    },
    /// An entry, or the one before it, is not as it was written.
    Changed {
        /// Which.
        sequence: u64,
    },
}

impl Default for Chain {
    fn default() -> Self {
        Self { sequence: 0, hash: EntryHash::NONE }
    }
}

impl Chain {
    /// Takes the next entry.
    ///
    /// # Errors
    /// Where it does not belong there.
    pub fn follow(&mut self, entry: &Entry) -> Result<(), Break> {
        let expected = self.sequence.saturating_add(1);
        if entry.sequence != expected {
            return Err(Break::Missing { expected, found: entry.sequence });
        }
        if entry.chained_to(self.hash) != entry.hash {
            return Err(Break::Changed { sequence: entry.sequence });
        }
        self.sequence = expected;
        self.hash = entry.hash;
        Ok(())
    }

    /// How many entries were followed.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.sequence
    }

    /// The hash of the last of them.
    #[must_use]
    pub fn hash(&self) -> EntryHash {
        self.hash
    }
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { expected, found } => {
                write!(f, "entry {expected} of the journal is missing: {found} stands there")
            }
            Self::Changed { sequence } => {
                write!(f, "entry {sequence} of the journal, or the one before, was changed")
            }
        }
    }
}

impl std::error::Error for Break {}
