//! What was done with whose document, when, by whom, and how it ended.
//!
//! Each [`Entry`] is chained to the one before by its hash, so that none can be changed,
//! taken out or put in between without all that follow being written anew; a seal, which is
//! a signature over the hash that was reached, shows even that.

mod entry;
mod event;

pub use self::entry::{Actor, Entry, EntryHash, Noted};
pub use self::event::{
    Decision, DocumentFacts, Event, FileVerdict, Outcome, SignerVerdict, StatusEffect, TakenEffect,
};
