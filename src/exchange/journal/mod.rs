//! What was done with whose document, when, by whom, and how it ended.
//!
//! Each [`Entry`] is chained to the one before by its hash, so that none can be changed,
//! taken out or put in between without all that follow being written anew; a seal, which is
//! a signature over the hash that was reached, shows even that.

mod chain;
mod entry;
mod event;
mod kept;

pub use self::chain::{Break, Chain};
pub use self::entry::{Actor, Entry, EntryHash, Noted};
pub use self::event::{
    Decision, DocumentFacts, Event, FileVerdict, Outcome, SignerVerdict, StatusEffect, TakenEffect,
};
pub use self::kept::{Journal, Sealed};
